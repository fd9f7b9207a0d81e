/* SPDX-License-Identifier: BSD-2-Clause */
/* data.c - what is in a file: read, write, truncate, holes, copies. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "files.h"

enum { PAGE = 4096, KEEP_SIZE = 1, PUNCH_HOLE = 2 };

static int create(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK_OK(fd);
	return fd;
}

TEST(read_write_and_position)
{
	char buf[16];
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(write(fd, "abcdef", 6), 6);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK_EQ(read(fd, buf, 1), 0);
	CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
	CHECK_EQ(read(fd, buf, 2), 2);
	CHECK(!memcmp(buf, "cd", 2));
	CHECK_EQ(lseek(fd, -1, SEEK_END), 5);
	CHECK_EQ(read(fd, buf, 16), 1);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, -7, SEEK_END), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, 77), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
	CHECK_EQ(read(fd, buf, 1), 0);
	CHECK_EQ(stat_of("f").st_size, 6);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(stat_of("f").st_size, 101);
	CHECK_EQ(pread(fd, buf, 4, 96), 4);
	CHECK(!memcmp(buf, "\0\0\0\0", 4));
	CHECK_EQ(read(fd, NULL, 0), 0);
	CHECK_ERRNO(read(999, buf, 1), EBADF);
}

TEST(positioned_calls)
{
	char buf[8] = "";
	int fd, p[2];

	fresh();
	fd = create("f");
	CHECK_EQ(pwrite(fd, "abc", 3, 5), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(pread(fd, buf, 8, 4), 4);
	CHECK(!memcmp(buf, "\0abc", 4));
	CHECK_ERRNO(pread(fd, buf, 1, -1), EINVAL);
	CHECK_ERRNO(pwrite(fd, buf, 1, -1), EINVAL);
	CHECK_EQ(pread(fd, buf, 1, 100), 0);
	CHECK_OK(pipe(p));
	CHECK_ERRNO(pread(p[0], buf, 1, 0), ESPIPE);
	CHECK_ERRNO(pwrite(p[1], buf, 1, 0), ESPIPE);
	CHECK_ERRNO(lseek(p[0], 0, SEEK_CUR), ESPIPE);
}

TEST(append)
{
	int a, b;

	fresh();
	put("f", "1");
	a = open("f", O_WRONLY | O_APPEND);
	b = open("f", O_RDWR | O_APPEND);
	CHECK_EQ(lseek(a, 0, SEEK_CUR), 0);
	CHECK_EQ(write(a, "2", 1), 1);
	CHECK_EQ(write(b, "3", 1), 1);
	CHECK_EQ(write(a, "4", 1), 1);
	CHECK_EQ(lseek(a, 0, SEEK_CUR), 4);
	/* Linux appends by pwrite too (pwrite(2), BUGS). */
	CHECK_EQ(pwrite(b, "5", 1, 0), 1);
	CHECK(holds("f", "12345"));
	CHECK_OK(fcntl(b, F_SETFL, 0));
	CHECK_EQ(pwrite(b, "X", 1, 0), 1);
	CHECK(holds("f", "X2345"));
}

TEST(appending_processes_lose_nothing)
{
	pid_t pid[4];
	int fd;

	fresh();
	put("f", "");
	for (int p = 0; p < 4; p++) {
		pid[p] = fork();
		if (pid[p] == 0) {
			fd = open("f", O_WRONLY | O_APPEND);
			for (int i = 0; i < 200; i++)
				CHECK_EQ(write(fd, "0123456789", 10), 10);
			_exit(0);
		}
	}
	for (int p = 0; p < 4; p++)
		CHECK_CHILD(pid[p]);
	CHECK_EQ(stat_of("f").st_size, 8000);
}

TEST(offset_is_shared_by_fork_and_dup)
{
	int fd, other;
	pid_t pid;

	fresh();
	fd = create("f");
	other = dup(fd);
	pid = fork();
	if (pid == 0) {
		CHECK_EQ(write(fd, "child", 5), 5);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 5);
	CHECK_EQ(write(other, "parent", 6), 6);
	CHECK(holds("f", "childparent"));
	other = open("f", O_RDWR);
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 0);
}

TEST(vectors)
{
	char a[4] = "", b[4] = "";
	struct iovec v[3] = { { "ab", 2 }, { NULL, 0 }, { "cdef", 4 } };
	struct iovec r[2] = { { a, 3 }, { b, 4 } };
	static struct iovec many[1025];
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(writev(fd, v, 3), 6);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(readv(fd, r, 2), 6);
	CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "def", 3));
	CHECK_EQ(preadv(fd, r, 2, 4), 2);
	CHECK(!memcmp(a, "ef", 2));
	CHECK_EQ(pwritev(fd, v, 3, 6), 6);
	CHECK_EQ(stat_of("f").st_size, 12);
	CHECK_EQ(writev(fd, v, 0), 0);
	CHECK_ERRNO(writev(fd, v, -1), EINVAL);
	CHECK_ERRNO(writev(fd, many, 1025), EINVAL);
	CHECK_EQ(writev(fd, many, 1024), 0);
	v[0].iov_len = (size_t)-1;
	CHECK_ERRNO(writev(fd, v, 3), EINVAL);
	CHECK_ERRNO(preadv(fd, r, 2, -1), EINVAL);
}

TEST(flags_of_preadv2)
{
	struct iovec v = { "abc", 3 };
	char buf[4];
	struct iovec r = { buf, 4 };
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(syscall(SYS_pwritev2, fd, &v, 1, -1, -1, 0), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 3);
	CHECK_EQ(syscall(SYS_pwritev2, fd, &v, 1, 3, 0, 4), 3); /* RWF_SYNC */
	CHECK_EQ(stat_of("f").st_size, 6);
	CHECK_EQ(syscall(SYS_preadv2, fd, &r, 1, 1, 0, 0), 4);
	CHECK(!memcmp(buf, "bcab", 4));
	CHECK_EQ(syscall(SYS_preadv2, fd, &r, 1, -1, -1, 0), 3);
	CHECK_ERRNO(syscall(SYS_preadv2, fd, &r, 1, 0, 0, 0x4000), EOPNOTSUPP);
}

TEST(truncate_shrinks_and_grows)
{
	char buf[8];
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(write(fd, "abcdef", 6), 6);
	CHECK_OK(ftruncate(fd, 3));
	CHECK_EQ(stat_of("f").st_size, 3);
	CHECK_OK(ftruncate(fd, 8));
	CHECK_EQ(pread(fd, buf, 8, 0), 8);
	CHECK(!memcmp(buf, "abc\0\0\0\0\0", 8));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK_OK(truncate("f", 2));
	CHECK_EQ(stat_of("f").st_size, 2);
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate("f", -1), EINVAL);
	CHECK_ERRNO(truncate("none", 1), ENOENT);
	CHECK_OK(mkdir("d", 0700));
	CHECK_ERRNO(truncate("d", 1), EISDIR);
	CHECK_OK(mkfifo("p", 0600));
	CHECK_ERRNO(truncate("p", 1), EINVAL);
	CHECK_ERRNO(truncate("f", 1ll << 62), EFBIG);
	CHECK_OK(truncate("f", 1ll << 40));
	CHECK_EQ(stat_of("f").st_size, 1ll << 40);
	CHECK_EQ(pread(fd, buf, 8, (1ll << 40) - 4), 4);
}

TEST(holes)
{
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(pwrite(fd, "x", 1, 20 * PAGE), 1);
	CHECK_EQ(stat_of("f").st_size, 20 * PAGE + 1);
	CHECK_EQ(stat_of("f").st_blocks, 8);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 20 * PAGE);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, 20 * PAGE, SEEK_HOLE), 20 * PAGE + 1);
	CHECK_EQ(pwrite(fd, "x", 1, 5 * PAGE + 7), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 5 * PAGE);
	CHECK_EQ(lseek(fd, 5 * PAGE + 3, SEEK_DATA), 5 * PAGE + 3);
	CHECK_EQ(lseek(fd, 5 * PAGE, SEEK_HOLE), 6 * PAGE);
	CHECK_EQ(lseek(fd, 6 * PAGE, SEEK_DATA), 20 * PAGE);
	CHECK_ERRNO(lseek(fd, 20 * PAGE + 1, SEEK_DATA), ENXIO);
	CHECK_ERRNO(lseek(fd, 20 * PAGE + 1, SEEK_HOLE), ENXIO);
	CHECK_ERRNO(lseek(fd, -1, SEEK_DATA), ENXIO);
	CHECK_OK(ftruncate(fd, 30 * PAGE));
	CHECK_ERRNO(lseek(fd, 25 * PAGE, SEEK_DATA), ENXIO);
	CHECK_EQ(lseek(fd, 25 * PAGE, SEEK_HOLE), 25 * PAGE);
	/* Reading a hole makes no pages of it. */
	for (int i = 0; i < 30; i++) {
		char buf[PAGE];

		CHECK_EQ(pread(fd, buf, PAGE, i * PAGE), PAGE);
	}
	CHECK_EQ(stat_of("f").st_blocks, 16);
}

TEST(fallocate_modes)
{
	char buf[PAGE];
	int fd;

	fresh();
	fd = create("f");
	CHECK_OK(fallocate(fd, 0, 0, 3 * PAGE));
	CHECK_EQ(stat_of("f").st_size, 3 * PAGE);
	CHECK_EQ(stat_of("f").st_blocks, 24);
	CHECK_OK(fallocate(fd, KEEP_SIZE, 3 * PAGE, PAGE));
	CHECK_EQ(stat_of("f").st_size, 3 * PAGE);
	CHECK_EQ(stat_of("f").st_blocks, 32);
	memset(buf, 'x', sizeof(buf));
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pwrite(fd, buf, PAGE, i * PAGE), PAGE);
	CHECK_OK(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 100, 2 * PAGE));
	CHECK_EQ(stat_of("f").st_size, 3 * PAGE);
	CHECK_EQ(pread(fd, buf, PAGE, 0), PAGE);
	CHECK(buf[99] == 'x' && buf[100] == 0 && buf[PAGE - 1] == 0);
	CHECK_EQ(pread(fd, buf, PAGE, 2 * PAGE), PAGE);
	CHECK(buf[99] == 0 && buf[100] == 'x');
	CHECK_EQ(stat_of("f").st_blocks, 24);
	CHECK_ERRNO(fallocate(fd, PUNCH_HOLE, 0, PAGE), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, 0, -1, PAGE), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0x10000, 0, 1), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(open("f", O_RDONLY), 0, 0, PAGE), EBADF);
	CHECK_OK(posix_fallocate(fd, 4 * PAGE, 10));
	CHECK_EQ(stat_of("f").st_size, 4 * PAGE + 10);
}

TEST(size_limit_of_the_process)
{
	struct rlimit r = { 10000, RLIM_INFINITY };
	static char buf[20000];
	int fd, status;
	pid_t pid;

	fresh();
	fd = create("f");
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &r));
	pid = fork();
	if (pid == 0) {
		signal(SIGXFSZ, SIG_DFL);
		CHECK_EQ(write(fd, buf, sizeof(buf)), 10000);
		(void)!write(fd, buf, 1);
		_exit(1);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGXFSZ);
	CHECK_EQ(stat_of("f").st_size, 10000);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_ERRNO(pwrite(fd, buf, 1, 10000), EFBIG);
	CHECK_EQ(pwrite(fd, buf, 100, 9950), 50);
	CHECK_ERRNO(ftruncate(fd, 10001), EFBIG);
	CHECK_ERRNO(truncate("f", 10001), EFBIG);
	CHECK_ERRNO(fallocate(fd, 0, 0, 10001), EFBIG);
	CHECK_OK(ftruncate(fd, 10000));
	CHECK_OK(ftruncate(fd, 5));
	/* Pipes know no size. */
	CHECK_OK(pipe((int[2]){ 0, 0 }));
}

TEST(sendfile_between_files)
{
	int in, out, p[2];
	char buf[8] = "";
	off_t at = 2;

	fresh();
	put("f", "abcdef");
	in = open("f", O_RDWR);
	out = create("g");
	CHECK_EQ(sendfile(out, in, NULL, 3), 3);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 3);
	CHECK_EQ(sendfile(out, in, &at, 100), 4);
	CHECK_EQ(at, 6);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 3);
	CHECK(holds("g", "abccdef"));
	CHECK_EQ(sendfile(out, in, &at, 1), 0);
	CHECK_OK(pipe(p));
	at = 0;
	CHECK_EQ(sendfile(p[1], in, &at, 4), 4);
	CHECK_EQ(read(p[0], buf, 8), 4);
	CHECK(!memcmp(buf, "abcd", 4));
	CHECK_ERRNO(sendfile(open("g", O_RDONLY), in, NULL, 1), EBADF);
	CHECK_ERRNO(sendfile(out, open("f", O_WRONLY), NULL, 1), EBADF);
	CHECK_ERRNO(sendfile(open("g", O_WRONLY | O_APPEND), in, NULL, 1), EINVAL);
	at = -1;
	CHECK_ERRNO(sendfile(out, in, &at, 1), EINVAL);
}

TEST(sendfile_of_much)
{
	enum { SIZE = 300000 };
	static char buf[SIZE], back[SIZE];
	int in, out;
	off_t at = 0;

	fresh();
	for (int i = 0; i < SIZE; i++)
		buf[i] = i * 31 + i / 4096;
	in = create("f");
	CHECK_EQ(write(in, buf, SIZE), SIZE);
	out = create("g");
	while (at < SIZE)
		CHECK(sendfile(out, in, &at, SIZE) > 0);
	CHECK_EQ(pread(out, back, SIZE, 0), SIZE);
	CHECK(!memcmp(buf, back, SIZE));
}

TEST(copy_file_range_rules)
{
	off_t from = 1, to = 4;
	int in, out, p[2];

	fresh();
	put("f", "abcdef");
	in = open("f", O_RDWR);
	out = create("g");
	CHECK_EQ(copy_file_range(in, &from, out, &to, 3, 0), 3);
	CHECK_EQ(from, 4);
	CHECK_EQ(to, 7);
	CHECK_EQ(stat_of("g").st_size, 7);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
	CHECK_EQ(copy_file_range(in, NULL, out, NULL, 100, 0), 6);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 6);
	CHECK_EQ(copy_file_range(in, NULL, out, NULL, 100, 0), 0);
	CHECK_ERRNO(copy_file_range(in, NULL, out, NULL, 1, 1), EINVAL);
	from = 0;
	to = 3;
	CHECK_ERRNO(copy_file_range(in, &from, in, &to, 4, 0), EINVAL);
	CHECK_EQ(copy_file_range(in, &from, in, &to, 3, 0), 3);
	CHECK(holds("f", "abcabc"));
	CHECK_ERRNO(copy_file_range(open("f", O_WRONLY), NULL, out, NULL, 1, 0),
		    EBADF);
	CHECK_ERRNO(copy_file_range(in, NULL, open("g", O_RDONLY), NULL, 1, 0),
		    EBADF);
	CHECK_ERRNO(copy_file_range(in, NULL, open("g", O_RDWR | O_APPEND), NULL,
				    1, 0), EBADF);
	CHECK_OK(pipe(p));
	CHECK_ERRNO(copy_file_range(in, NULL, p[1], NULL, 1, 0), EINVAL);
	CHECK_ERRNO(copy_file_range(open(".", O_RDONLY), NULL, out, NULL, 1, 0),
		    EISDIR);
}

TEST(bad_memory_in_the_middle)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	fresh();
	CHECK(page != MAP_FAILED);
	CHECK_OK(mprotect(page + PAGE, PAGE, PROT_NONE));
	fd = create("f");
	CHECK_ERRNO(write(fd, page + PAGE, 10), EFAULT);
	CHECK_EQ(stat_of("f").st_size, 0);
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_ERRNO(read(fd, page + PAGE, 10), EFAULT);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(read(fd, page + PAGE - 10, 20), 10);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10);
}

TEST(bad_memory_in_vectors)
{
	struct iovec v[2] = { { "abc", 3 }, { (void *)16, 3 } };
	int fd;

	fresh();
	fd = create("f");
	CHECK_ERRNO(writev(fd, (void *)16, 1), EFAULT);
	CHECK_EQ(writev(fd, v, 2), 3);
	CHECK(holds("f", "abc"));
}

TEST(writes_of_the_page_that_is_mapped)
{
	char *map, c;
	int fd;

	fresh();
	fd = create("f");
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[10] = 'm';
	CHECK_EQ(pread(fd, &c, 1, 10), 1);
	CHECK_EQ(c, 'm');
	CHECK_EQ(pwrite(fd, "w", 1, 11), 1);
	CHECK_EQ(map[11], 'w');
	CHECK_EQ(pwrite(fd, "h", 1, PAGE + 5), 1);
	CHECK_EQ(map[PAGE + 5], 'h');
	/* From the mapping into the file behind it, not there before. */
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	CHECK_EQ(map[10], 0);
	map[0] = 'q';
	CHECK_EQ(pwrite(fd, map, 2 * PAGE, 1), 2 * PAGE);
	CHECK_EQ(map[1], 'q');
}

TEST(private_mappings_keep_their_own)
{
	char *map, *same, c;
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(write(fd, "abc", 3), 3);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	same = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED && same != MAP_FAILED);
	CHECK_EQ(map[1], 'b');
	CHECK_EQ(pwrite(fd, "B", 1, 1), 1);
	CHECK_EQ(map[1], 'B');
	map[0] = 'x';
	CHECK_EQ(pread(fd, &c, 1, 0), 1);
	CHECK_EQ(c, 'a');
	CHECK_EQ(pwrite(fd, "C", 1, 2), 1);
	CHECK_EQ(map[2], 'c');
	CHECK_EQ(same[2], 'C');
}

TEST(end_of_a_mapped_file)
{
	int fd, status;
	char *map;
	pid_t pid;

	fresh();
	fd = create("f");
	CHECK_EQ(write(fd, "abc", 3), 3);
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[3], 0);
	map[100] = 'x'; /* behind the end: not in the file */
	CHECK_EQ(stat_of("f").st_size, 3);
	CHECK_OK(ftruncate(fd, 200));
	CHECK_EQ(map[100], 0);
	pid = fork();
	if (pid == 0)
		_exit(map[PAGE]);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGBUS);
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	map[PAGE] = 'y';
	CHECK_OK(ftruncate(fd, PAGE));
	pid = fork();
	if (pid == 0)
		_exit(map[PAGE]);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	CHECK_EQ(map[PAGE], 0);
}

TEST(mmap_permissions)
{
	int ro, rw, wo;

	fresh();
	put("f", "text");
	ro = open("f", O_RDONLY);
	rw = open("f", O_RDWR);
	wo = open("f", O_WRONLY);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro,
			       0), EACCES);
	CHECK((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro,
			 0) != -1);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, wo, 0), EACCES);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, wo, 0), EACCES);
	CHECK((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, rw, 0) != -1);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
			       open(".", O_RDONLY), 0), ENODEV);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
			       open("f", O_PATH), 0), EBADF);
	CHECK_ERRNO((long)mmap(NULL, 0, PROT_READ, MAP_SHARED, rw, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_mmap2, NULL, PAGE, PROT_READ, 0, rw, 0), EINVAL);
	void *m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	CHECK_ERRNO(mprotect(m, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

TEST(a_mapping_outlives_the_name)
{
	char *map;
	int fd;

	fresh();
	fd = create("f");
	CHECK_EQ(write(fd, "text", 4), 4);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_OK(close(fd));
	CHECK_OK(unlink("f"));
	CHECK(!memcmp(map, "text", 4));
	map[1] = 'E';
	CHECK_OK(msync(map, PAGE, MS_SYNC));
	CHECK(!memcmp(map, "tExt", 4));
}

TEST(memory_files)
{
	char name[64], buf[256];
	struct stat st;
	int fd;

	fd = memfd_create("some name", MFD_CLOEXEC);
	CHECK_OK(fd);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 4);
	CHECK_EQ(st.st_mode, S_IFREG | 0777);
	CHECK_EQ(st.st_nlink, 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	memset(buf, 0, sizeof(buf));
	CHECK_OK(readlink(name, buf, sizeof(buf)));
	CHECK(!strcmp(buf, "/memfd:some name (deleted)"));
	CHECK_OK(open(name, O_RDWR));
	CHECK_OK(ftruncate(fd, 100000));
	CHECK_EQ(pread(fd, buf, 5, 0), 5);
	CHECK_ERRNO(memfd_create("x", 0x8000), EINVAL);
	memset(buf, 'n', 250);
	buf[250] = '\0';
	CHECK_ERRNO(memfd_create(buf, 0), EINVAL);
	buf[249] = '\0';
	CHECK_OK(memfd_create(buf, 0));
}

TEST(big_file_survives_a_full_walk)
{
	enum { PAGES = 600 };
	unsigned buf[PAGE / 4];
	int fd;

	fresh();
	fd = create("f");
	for (unsigned i = 0; i < PAGES; i++) {
		for (unsigned k = 0; k < PAGE / 4; k++)
			buf[k] = i * 12345 + k;
		CHECK_EQ(write(fd, buf, PAGE), PAGE);
	}
	CHECK_EQ(stat_of("f").st_blocks, PAGES * 8);
	for (unsigned i = PAGES; i-- > 0;) {
		CHECK_EQ(pread(fd, buf, PAGE, (off_t)i * PAGE), PAGE);
		for (unsigned k = 0; k < PAGE / 4; k++)
			CHECK(buf[k] == i * 12345 + k);
	}
}
