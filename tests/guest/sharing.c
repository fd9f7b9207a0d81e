/* SPDX-License-Identifier: BSD-2-Clause */
/* sharing.c - who sees whose memory: shared maps, copies on write, files and
 * their maps, memfd. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "ktap.h"

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE };

static char *map(size_t size, int flags, int fd, off_t at)
{
	char *m = mmap(NULL, size, RW, flags, fd, at);

	CHECK(m != MAP_FAILED);
	return m;
}

static int file_of(size_t size)
{
	char name[] = "/tmp/sharing.XXXXXX";
	int fd = mkstemp(name);

	CHECK_OK(fd);
	unlink(name);
	CHECK_OK(ftruncate(fd, size));
	return fd;
}

static int signal_of(volatile char *at)
{
	pid_t p = fork();
	int status;

	if (p == 0) {
		(void)*at;
		_exit(0);
	}
	status = ktap_wait(p);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(shared_anonymous_memory)
{
	volatile char *m = map(2 * PAGE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t p = fork();

	if (p == 0) {
		m[5] = 1;
		m[PAGE] = 2; /* a page nobody had touched before */
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(m[5], 1);
	CHECK_EQ(m[PAGE], 2);
}

TEST(private_memory_is_copied_both_ways)
{
	volatile char *m = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd[2];
	char c;
	pid_t p;

	m[0] = 1;
	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		CHECK_EQ(read(fd[0], &c, 1), 1);
		CHECK_EQ(m[0], 1); /* the parent's later write is not seen */
		m[0] = 3;
		_exit(0);
	}
	m[0] = 2;
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_CHILD(p);
	CHECK_EQ(m[0], 2);
}

/* Generations: each writes its own page of what it inherited. */
TEST(copies_of_copies)
{
	enum { N = 20 };
	char *m = map(N * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int depth = 0;
	pid_t p = 1;

	memset(m, 100, N * PAGE);
	while (depth < N) {
		p = fork();
		CHECK_OK(p);
		if (p != 0)
			break;
		for (int i = 0; i < N; i++)
			CHECK_EQ(m[i * PAGE], i < depth ? i : 100);
		m[depth * PAGE] = depth;
		depth++;
	}
	if (p > 0)
		CHECK_CHILD(p);
	for (int i = 0; i < N; i++)
		CHECK_EQ(m[i * PAGE], i < depth ? i : 100);
	if (depth)
		_exit(0);
}

TEST(calls_write_copies_too)
{
	char *m = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd[2];
	pid_t p;

	memset(m, 'a', PAGE);
	CHECK_OK(pipe(fd));
	CHECK_EQ(write(fd[1], "kernel", 6), 6);
	p = fork();
	if (p == 0) { /* the kernel writes to a page that is shared by fork */
		CHECK_EQ(read(fd[0], m, 6), 6);
		CHECK(memcmp(m, "kernelaa", 8) == 0);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK(memcmp(m, "aaaaaaaa", 8) == 0);
}

TEST(zero_pages_become_own_pages)
{
	char *m = map(10 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sum = 0;

	for (int i = 0; i < 10; i++)
		sum += m[i * PAGE]; /* read first: the zero page */
	for (int i = 0; i < 10; i++)
		m[i * PAGE] = i;
	for (int i = 0; i < 10; i++)
		CHECK_EQ(m[i * PAGE], i);
	CHECK_EQ(sum, 0);
	m = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_EQ(m[100], 0);
}

/* --- files -------------------------------------------------------------------- */

TEST(shared_maps_are_the_file)
{
	int fd = file_of(2 * PAGE);
	char *m = map(2 * PAGE, MAP_SHARED, fd, 0), c[4];

	CHECK_EQ(pwrite(fd, "abcd", 4, 10), 4);
	CHECK(memcmp(m + 10, "abcd", 4) == 0);
	memcpy(m + PAGE, "wxyz", 4);
	CHECK_EQ(pread(fd, c, 4, PAGE), 4);
	CHECK(memcmp(c, "wxyz", 4) == 0);
}

TEST(two_maps_of_one_file)
{
	int fd = file_of(2 * PAGE);
	volatile char *a = map(2 * PAGE, MAP_SHARED, fd, 0);
	volatile char *b = map(PAGE, MAP_SHARED, fd, PAGE);

	close(fd); /* the maps keep it */
	a[PAGE + 3] = 7;
	CHECK_EQ(b[3], 7);
	b[4] = 8;
	CHECK_EQ(a[PAGE + 4], 8);
}

TEST(private_maps_leave_the_file_alone)
{
	int fd = file_of(PAGE);
	volatile char *m = map(PAGE, MAP_PRIVATE, fd, 0);
	char c = 0;

	CHECK_EQ(pwrite(fd, "o", 1, 0), 1);
	CHECK_EQ(m[0], 'o');
	m[0] = 'p';
	CHECK_EQ(pread(fd, &c, 1, 0), 1);
	CHECK_EQ(c, 'o');
	CHECK_EQ(pwrite(fd, "q", 1, 0), 1);
	CHECK_EQ(m[0], 'p'); /* parted */
}

TEST(truncation_takes_pages_away)
{
	int fd = file_of(3 * PAGE);
	char *m = map(3 * PAGE, MAP_SHARED, fd, 0);
	char *q = map(3 * PAGE, MAP_PRIVATE, fd, 0);

	memset(m, 'x', 3 * PAGE);
	q[2 * PAGE] = 'p'; /* a copy goes too */
	CHECK_OK(ftruncate(fd, PAGE + 10));
	CHECK_EQ(signal_of(m + 2 * PAGE), SIGBUS);
	CHECK_EQ(signal_of(q + 2 * PAGE), SIGBUS);
	CHECK_EQ(m[PAGE + 9], 'x');
	CHECK_EQ(m[PAGE + 10], 0); /* the rest of the last page */
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_EQ(m[2 * PAGE], 0); /* grown again: zeroes */
	CHECK_EQ(m[PAGE + 10], 0);
}

TEST(bytes_behind_the_end_are_not_kept)
{
	int fd = file_of(10);
	volatile char *m = map(PAGE, MAP_SHARED, fd, 0);
	char c;

	m[9] = 1;
	CHECK_OK(ftruncate(fd, 20));
	CHECK_EQ(pread(fd, &c, 1, 15), 1);
	CHECK_EQ(c, 0);
}

TEST(a_call_on_a_page_beyond_the_end_is_efault)
{
	int fd = file_of(PAGE), null = open("/dev/null", O_WRONLY), d[2];
	char *m = map(2 * PAGE, MAP_SHARED, fd, 0);

	CHECK_OK(pipe(d));
	CHECK_ERRNO(write(d[1], m + PAGE, 1), EFAULT);
	CHECK_EQ(write(d[1], "x", 1), 1);
	CHECK_ERRNO(read(d[0], m + PAGE, 1), EFAULT);
	close(null);
}

/* Reading from a file into its own map. */
TEST(a_file_read_into_its_own_map)
{
	int fd = file_of(2 * PAGE);
	char *m = map(2 * PAGE, MAP_SHARED, fd, 0);

	memset(m, 'a', PAGE);
	memset(m + PAGE, 'b', PAGE);
	CHECK_EQ(pread(fd, m + PAGE, PAGE, 0), PAGE);
	CHECK_EQ(m[PAGE + 100], 'a');
	CHECK_EQ(pwrite(fd, m, PAGE, 100), PAGE);
	CHECK_EQ(m[50], 'a');
}

TEST(an_unlinked_file_lives_in_its_map)
{
	int fd = file_of(PAGE);
	volatile char *m = map(PAGE, MAP_SHARED, fd, 0);
	pid_t p;

	close(fd);
	m[1] = 5;
	p = fork();
	if (p == 0) {
		CHECK_EQ(m[1], 5);
		m[1] = 6;
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(m[1], 6);
}

/* --- memfd ------------------------------------------------------------------------ */

TEST(memfd_is_a_file_without_a_name)
{
	int fd = memfd_create("thing", MFD_CLOEXEC);
	char link[64] = "", name[32];
	volatile char *m;
	struct stat s;

	CHECK_OK(fd);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(fstat(fd, &s));
	CHECK(S_ISREG(s.st_mode));
	CHECK_EQ(s.st_nlink, 0);
	CHECK_EQ(s.st_size, 0);
	CHECK_OK(ftruncate(fd, PAGE));
	m = map(PAGE, MAP_SHARED, fd, 0);
	CHECK_EQ(pwrite(fd, "z", 1, 5), 1);
	CHECK_EQ(m[5], 'z');
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK(readlink(name, link, sizeof(link) - 1) > 0);
	CHECK(strcmp(link, "/memfd:thing (deleted)") == 0);
	fd = open(name, O_RDWR);
	CHECK_OK(fd);
	CHECK_EQ(pread(fd, &s, 1, 5), 1);
}

TEST(memfd_errors)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	name[249] = 0;
	CHECK_OK(memfd_create(name, 0));
	name[249] = 'n';
	name[250] = 0;
	CHECK_ERRNO(memfd_create(name, 0), EINVAL);
	CHECK_ERRNO(memfd_create("x", 0x40000000), EINVAL);
	CHECK_ERRNO(syscall(356, 16, 0), EFAULT);
}
