/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * content.c - what is in a file, seen by read, write, maps and truncation at
 * once; and the calls that bring it to the medium.
 */
#include "files.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096, PAGES = 24 };

/* A new file of PAGES pages, page n filled with the letter 'a' + n. */
static int letters(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	char page[PAGE];

	CHECK_OK(fd);
	for (int n = 0; n < PAGES; n++) {
		memset(page, 'a' + n, PAGE);
		CHECK_EQ(write(fd, page, PAGE), PAGE);
	}
	return fd;
}

static char *map(int fd, int prot, int flags, size_t size)
{
	char *m = mmap(NULL, size, prot, flags, fd, 0);

	CHECK(m != MAP_FAILED);
	return m;
}

static void forget(int fd)	/* so that pages must be read again, if they can */
{
	CHECK_OK(fsync(fd));
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
}

static char byte_at(int fd, off_t at)
{
	char c = 0;

	CHECK_EQ(pread(fd, &c, 1, at), 1);
	return c;
}

/* --- one content ------------------------------------------------------------ */

TEST(map_shows_what_is_written)
{
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	forget(fd);
	m = map(fd, PROT_READ, MAP_SHARED, PAGES * PAGE);
	CHECK_EQ(m[5 * PAGE], 'f');
	CHECK_EQ(pwrite(fd, "XYZ", 3, 5 * PAGE + 4094), 3);
	CHECK_EQ(m[5 * PAGE + 4094], 'X');
	CHECK_EQ(m[6 * PAGE], 'Z');
	CHECK_EQ(m[6 * PAGE + 1], 'g');
}

TEST(read_gives_what_a_map_wrote)
{
	char *m, *other;
	int fd;

	fresh();
	fd = letters("f");
	forget(fd);
	m = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, PAGES * PAGE);
	other = map(fd, PROT_READ, MAP_SHARED, PAGES * PAGE);
	CHECK_EQ(other[7 * PAGE], 'h');
	m[7 * PAGE] = '7';
	CHECK_EQ(byte_at(fd, 7 * PAGE), '7');
	CHECK_EQ(other[7 * PAGE], '7');
	/* Once it is written back, the next write has to be noticed anew. */
	CHECK_OK(fsync(fd));
	m[7 * PAGE] = '8';
	forget(fd);
	CHECK_OK(munmap(m, PAGES * PAGE));
	CHECK_OK(munmap(other, PAGES * PAGE));
	forget(fd);
	CHECK_EQ(byte_at(fd, 7 * PAGE), '8');
	CHECK_EQ(byte_at(fd, 7 * PAGE + 1), 'h');
}

TEST(private_map_keeps_its_writes)
{
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	m = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGES * PAGE);
	m[0] = 'M';
	CHECK_OK(msync(m, PAGES * PAGE, MS_SYNC));
	CHECK_EQ(byte_at(fd, 0), 'a');
	CHECK_EQ(pwrite(fd, "WW", 2, 0), 2);
	CHECK_EQ(m[0], 'M');
}

/* The source of a write is a map of the very file, not in memory yet. */
TEST(write_from_a_map_of_the_file)
{
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	m = map(fd, PROT_READ, MAP_SHARED, PAGES * PAGE);
	for (int n = 0; n < PAGES - 1; n++) {
		forget(fd);
		CHECK_EQ(pwrite(fd, m + (n + 1) * PAGE, PAGE, n * PAGE), PAGE);
		forget(fd);
		CHECK_EQ(pwrite(fd, m + n * PAGE, PAGE, n * PAGE), PAGE);
	}
	forget(fd);
	for (int n = 0; n < PAGES; n++)
		CHECK_EQ(byte_at(fd, n * PAGE + 17),
			 'a' + (n + 1 < PAGES ? n + 1 : n));
}

TEST(read_into_a_map_of_the_file)
{
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	forget(fd);
	m = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, PAGES * PAGE);
	CHECK_EQ(pread(fd, m, 10 * PAGE, 10 * PAGE), 10 * PAGE);
	CHECK_OK(munmap(m, PAGES * PAGE));
	forget(fd);
	CHECK_EQ(byte_at(fd, 0), 'k');
	CHECK_EQ(byte_at(fd, 10 * PAGE - 1), 't');
	CHECK_EQ(byte_at(fd, 10 * PAGE), 'k');
}

TEST(one_byte_at_a_time)
{
	int fd = -1;
	char text[PAGE * 2 + 5], back[sizeof(text)];

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0644);
	CHECK_OK(fd);
	for (size_t n = 0; n < sizeof(text); n++) {
		text[n] = (char)(n * 7 + n / 251);
		CHECK_EQ(write(fd, text + n, 1), 1);
		if (n % 1500 == 0)
			forget(fd);
	}
	forget(fd);
	CHECK_EQ(pread(fd, back, sizeof(back), 0), (ssize_t)sizeof(back));
	CHECK(!memcmp(text, back, sizeof(text)));
}

/* --- size --------------------------------------------------------------------- */

static void on_bus(int sig)
{
	(void)sig;
	_exit(77);
}

static bool is_bus(volatile char *at)
{
	pid_t pid = fork();
	int status;

	CHECK_OK(pid);
	if (!pid) {
		signal(SIGBUS, on_bus);
		(void)*at;
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 77;
}

TEST(truncation_takes_pages_from_maps)
{
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	m = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, PAGES * PAGE);
	m[9 * PAGE] = '9';
	CHECK_OK(ftruncate(fd, 3 * PAGE + 100));
	CHECK(is_bus(m + 9 * PAGE));
	CHECK(is_bus(m + 4 * PAGE));
	CHECK_EQ(m[3 * PAGE + 99], 'd');
	CHECK_EQ(m[3 * PAGE + 100], 0);
	CHECK_OK(ftruncate(fd, PAGES * PAGE));
	CHECK_EQ(m[9 * PAGE], 0);
	forget(fd);
	CHECK_EQ(byte_at(fd, 9 * PAGE), 0);
	CHECK_EQ(byte_at(fd, 3 * PAGE + 99), 'd');
	CHECK_EQ(byte_at(fd, 3 * PAGE + 100), 0);
}

/* What a map puts behind the end does not come into a file that grows, as
 * POSIX wants it. Linux's tmpfs does not care. */
TEST(growth_shows_zeros)
{
	static const off_t size = 2 * PAGE + 10;
	char *m;
	int fd;

	fresh();
	fd = letters("f");
	CHECK_OK(ftruncate(fd, size));
	m = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 3 * PAGE);
	m[size] = m[size + 1000] = m[size + 2000] = 'J';
	CHECK_OK(msync(m, 3 * PAGE, MS_SYNC));
	m[size + 3000] = 'J';
	CHECK_EQ(pwrite(fd, "end", 3, size + 2500), 3);
	for (int at = 0; at < 2500 && on_brig(); at += 500)
		CHECK_EQ(m[size + at], 0);
	CHECK_EQ(m[size + 2500], 'e');
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_EQ(m[size + 3000], on_brig() ? 0 : 'J');
	CHECK_OK(munmap(m, 3 * PAGE));
	forget(fd);
	CHECK_EQ(byte_at(fd, size + 2000), on_brig() ? 0 : 'J');
	CHECK_EQ(byte_at(fd, size + 3000), on_brig() ? 0 : 'J');
	CHECK_EQ(byte_at(fd, size + 2502), 'd');
}

/* A write whose buffer ends in nothing leaves what it could copy. */
TEST(short_copy)
{
	char *m = map(-1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      4 * PAGE);
	struct stat st;
	ssize_t n;
	int fd;

	fresh();
	memset(m, 'S', 4 * PAGE);
	CHECK_OK(munmap(m + 2 * PAGE, PAGE));
	fd = letters("f");
	forget(fd);
	n = pwrite(fd, m + PAGE, 3 * PAGE, PAGES * PAGE);
	CHECK(n > 0 && n <= PAGE);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, PAGES * PAGE + n);
	CHECK_EQ(byte_at(fd, PAGES * PAGE + n - 1), 'S');
	n = pwrite(fd, m + 2 * PAGE - 10, 2 * PAGE, 5 * PAGE);
	CHECK(n > 0 && n <= 10);
	CHECK_EQ(byte_at(fd, 5 * PAGE + n), 'f');
	CHECK_ERRNO(pwrite(fd, m + 2 * PAGE, PAGE, 6 * PAGE), EFAULT);
	CHECK_ERRNO(pwrite(fd, m + 2 * PAGE, PAGE, 100 * PAGE), EFAULT);
	forget(fd);
	CHECK_EQ(byte_at(fd, 6 * PAGE), 'g');
	CHECK_OK(fstat(fd, &st));
	CHECK(st.st_size < 100 * PAGE || !on_brig());
	CHECK_OK(ftruncate(fd, 101 * PAGE));
	CHECK_EQ(byte_at(fd, 100 * PAGE), 0);
}

TEST(holes_are_found)
{
	enum { DATA = 1 << 20 };
	off_t at;
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0644);
	CHECK_OK(fd);
	CHECK_ERRNO(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK_EQ(pwrite(fd, "data", 4, DATA), 4);
	CHECK_OK(ftruncate(fd, 3 * DATA));
	CHECK_EQ(byte_at(fd, 100), 0);		/* a page of a hole is no data */
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, 10, SEEK_HOLE), 10);
	at = lseek(fd, 0, SEEK_DATA);
	CHECK(at > DATA - 65536 && at <= DATA);
	CHECK_EQ(lseek(fd, DATA + 1, SEEK_DATA), DATA + 1);
	at = lseek(fd, DATA, SEEK_HOLE);
	CHECK(at >= DATA + 4 && at <= DATA + 65536);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), at);
	CHECK_ERRNO(lseek(fd, at, SEEK_DATA), ENXIO);
	CHECK_ERRNO(lseek(fd, 3 * DATA, SEEK_HOLE), ENXIO);
	CHECK_ERRNO(lseek(fd, -1, SEEK_DATA), ENXIO);
	/* A write through a map fills a hole. */
	map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 3 * DATA)[2 * DATA] = 'm';
	CHECK_OK(fsync(fd));
	CHECK_EQ(lseek(fd, at, SEEK_DATA), 2 * DATA);
	CHECK_EQ(byte_at(fd, 2 * DATA), 'm');
}

/* --- to the medium ------------------------------------------------------------- */

TEST(sync_calls)
{
	int fd, dir, p[2];

	fresh();
	fd = letters("f");
	dir = open(".", O_RDONLY | O_DIRECTORY);
	CHECK_OK(dir);
	CHECK_OK(pipe(p));
	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	CHECK_OK(fsync(dir));
	CHECK_OK(syncfs(fd));
	CHECK_OK(syncfs(dir));
	sync();
	CHECK_ERRNO(fsync(p[0]), EINVAL);
	CHECK_ERRNO(fdatasync(p[1]), EINVAL);
	CHECK_ERRNO(fsync(-1), EBADF);
	CHECK_ERRNO(syncfs(-1), EBADF);
	CHECK_OK(close(fd));
	fd = open("f", O_RDONLY);	/* who only reads may ask for it too */
	CHECK_OK(fd);
	CHECK_OK(fsync(fd));
}

TEST(sync_file_range_errors)
{
	int fd, p[2];

	fresh();
	fd = letters("f");
	CHECK_OK(pipe(p));
	CHECK_OK(sync_file_range(fd, 0, 0, 7));
	CHECK_OK(sync_file_range(fd, PAGE, PAGE, SYNC_FILE_RANGE_WRITE));
	CHECK_OK(sync_file_range(fd, 1000 * PAGE, PAGE, SYNC_FILE_RANGE_WRITE));
	CHECK_ERRNO(sync_file_range(fd, 0, 0, 8), EINVAL);
	CHECK_ERRNO(sync_file_range(fd, -1, 1, 2), EINVAL);
	CHECK_ERRNO(sync_file_range(fd, 1, -1, 2), EINVAL);
	CHECK_ERRNO(sync_file_range(p[0], 0, 0, 2), ESPIPE);
	CHECK_ERRNO(sync_file_range(-1, 0, 0, 2), EBADF);
}

TEST(advice)
{
	int fd, p[2];

	fresh();
	fd = letters("f");
	CHECK_OK(pipe(p));
	for (int advice = POSIX_FADV_NORMAL; advice <= POSIX_FADV_NOREUSE; advice++)
		CHECK_EQ(posix_fadvise(fd, 100, 5000, advice), 0);
	CHECK_EQ(byte_at(fd, 4000), 'a');
	CHECK_EQ(posix_fadvise(fd, 0, 0, 6), EINVAL);
	CHECK_EQ(posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL), EINVAL);
	CHECK_EQ(posix_fadvise(p[0], 0, 0, POSIX_FADV_NORMAL), ESPIPE);
	CHECK_EQ(posix_fadvise(-1, 0, 0, POSIX_FADV_NORMAL), EBADF);
	CHECK_OK(readahead(fd, 0, PAGES * PAGE));
	CHECK_OK(readahead(fd, 0, 0));
	CHECK_ERRNO(readahead(p[0], 0, 1), EINVAL);
	CHECK_ERRNO(readahead(-1, 0, 1), EBADF);
}

TEST(synchronous_writes)
{
	static const int flags[] = { O_SYNC, O_DSYNC };
	struct iovec v = { "text", 4 };
	int fd;

	fresh();
	for (int n = 0; n < 2; n++) {
		fd = open("f", O_RDWR | O_CREAT | O_TRUNC | flags[n], 0644);
		CHECK_OK(fd);
		CHECK_EQ(fcntl(fd, F_GETFL) & O_SYNC, flags[n]);
		CHECK_EQ(write(fd, "hello", 5), 5);
		CHECK_EQ(pwrite(fd, "J", 1, 3 * PAGE), 1);
		CHECK_EQ(byte_at(fd, 0), 'h');
		CHECK_OK(close(fd));
	}
	fd = open("f", O_RDWR);
	CHECK_OK(fd);
	CHECK_EQ(syscall(SYS_pwritev2, fd, &v, 1, 0, 0, 2 /* RWF_DSYNC */), 4);
	CHECK_EQ(syscall(SYS_pwritev2, fd, &v, 1, 0, 0, 4 /* RWF_SYNC */), 4);
	CHECK_EQ(byte_at(fd, 3), 't');
}
