/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptor.c - descriptors: dup in its forms, close_range, limits, fcntl. */
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "files.h"

enum { CLOSE_RANGE_CALL = 436 };

static int close_from_to(unsigned first, unsigned last, unsigned flags)
{
	return syscall(CLOSE_RANGE_CALL, first, last, flags);
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

TEST(lowest_number_is_taken)
{
	int a, b, c;

	fresh();
	put("f", "");
	a = open("f", O_RDONLY);
	b = open("f", O_RDONLY);
	c = open("f", O_RDONLY);
	CHECK(a < b && b < c);
	CHECK_OK(close(b));
	CHECK_EQ(open("f", O_RDONLY), b);
	CHECK_OK(close(a));
	CHECK_OK(close(b));
	CHECK_EQ(dup(c), a);
	CHECK_EQ(dup(c), b);
	CHECK_ERRNO(close(999), EBADF);
	CHECK_ERRNO(close(-1), EBADF);
	CHECK_ERRNO(dup(999), EBADF);
	CHECK_OK(close(a));
	CHECK_ERRNO(close(a), EBADF);
}

TEST(dup2_and_dup3)
{
	int fd[2], null;

	CHECK_OK(pipe2(fd, O_CLOEXEC));
	null = open("/dev/null", O_RDWR);
	CHECK_EQ(dup2(fd[0], 50), 50);
	CHECK_EQ(fcntl(50, F_GETFD), 0);
	CHECK_EQ(dup2(null, 50), 50);
	CHECK_EQ(dup2(fd[0], fd[0]), fd[0]);
	CHECK_EQ(fcntl(fd[0], F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup2(999, 50), EBADF);
	CHECK(is_open(50));
	CHECK_ERRNO(dup2(999, 999), EBADF);
	CHECK_ERRNO(dup2(fd[0], -1), EBADF);
	CHECK_ERRNO(dup2(fd[0], 1 << 20), EBADF);
	CHECK_EQ(dup3(fd[0], 51, O_CLOEXEC), 51);
	CHECK_EQ(fcntl(51, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup3(fd[0], fd[0], 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_dup3, fd[0], 52, 1), EINVAL);
	/* The end that dup2 closed is closed for good. */
	CHECK_EQ(dup2(null, 51), 51);
	CHECK_EQ(dup2(null, fd[0]), fd[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fd[1], "x", 1), EPIPE);
}

TEST(dupfd)
{
	int null = open("/dev/null", O_RDWR);

	CHECK_EQ(fcntl(null, F_DUPFD, 30), 30);
	CHECK_EQ(fcntl(null, F_DUPFD, 30), 31);
	CHECK_EQ(fcntl(null, F_DUPFD_CLOEXEC, 0), null + 1);
	CHECK_EQ(fcntl(null + 1, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(30, F_GETFD), 0);
	CHECK_ERRNO(fcntl(null, F_DUPFD, -1), EINVAL);
	CHECK_ERRNO(fcntl(null, F_DUPFD, 1 << 28), EINVAL);
	CHECK_ERRNO(fcntl(999, F_DUPFD, 0), EBADF);
	CHECK_ERRNO(fcntl(null, 9999, 0), EINVAL);
}

TEST(close_on_exec)
{
	int null = open("/dev/null", O_RDWR), kept, gone;
	char script[128];
	pid_t pid;

	kept = fcntl(null, F_DUPFD, 40);
	gone = fcntl(null, F_DUPFD_CLOEXEC, 41);
	CHECK_OK(fcntl(kept, F_SETFD, FD_CLOEXEC));
	CHECK_OK(fcntl(kept, F_SETFD, 0));
	CHECK_OK(ioctl(null, FIOCLEX));
	CHECK_EQ(fcntl(null, F_GETFD), FD_CLOEXEC);
	CHECK_OK(ioctl(null, FIONCLEX));
	CHECK_EQ(fcntl(null, F_GETFD), 0);
	snprintf(script, sizeof(script),
		 "[ -e /proc/self/fd/%d ] && [ ! -e /proc/self/fd/%d ]", kept, gone);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(9);
	}
	CHECK_CHILD(pid);
}

TEST(limit_of_descriptors)
{
	struct rlimit r = { 20, 30 };
	int null = open("/dev/null", O_RDWR), fd[2], n = 0;

	CHECK_OK(dup2(null, 25));
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	while (dup(null) >= 0)
		n++;
	CHECK_EQ(errno, EMFILE);
	CHECK(n > 5 && n < 20);
	CHECK_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_ERRNO(pipe(fd), EMFILE);
	CHECK_ERRNO(fcntl(null, F_DUPFD, 10), EMFILE);
	CHECK_ERRNO(fcntl(null, F_DUPFD, 20), EINVAL);
	CHECK_ERRNO(dup2(null, 20), EBADF);
	CHECK(is_open(25));
	CHECK_OK(close(19));
	CHECK_ERRNO(pipe(fd), EMFILE);
	CHECK_EQ(dup(null), 19);
	r.rlim_cur = 30;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_EQ(dup(null), 20);
}

TEST(close_range_rules)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 40; fd < 50; fd++)
		CHECK_EQ(dup2(null, fd), fd);
	CHECK_OK(close_from_to(42, 44, 0));
	CHECK(is_open(41) && !is_open(42) && !is_open(44) && is_open(45));
	CHECK_OK(close_from_to(45, 46, 4)); /* CLOSE_RANGE_CLOEXEC */
	CHECK_EQ(fcntl(45, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(47, F_GETFD), 0);
	CHECK_OK(close_from_to(47, ~0u, 0));
	CHECK(!is_open(49) && is_open(46));
	CHECK_OK(close_from_to(1000, 2000, 0));
	CHECK_ERRNO(close_from_to(5, 4, 0), EINVAL);
	CHECK_ERRNO(close_from_to(5, 6, 1), EINVAL);
	CHECK_OK(close_from_to(46, 46, 2)); /* CLOSE_RANGE_UNSHARE */
	CHECK(!is_open(46));
}

TEST(many_descriptors)
{
	struct rlimit r;
	int null = open("/dev/null", O_RDWR), most;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = r.rlim_max < 4000 ? r.rlim_max : 4000;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	most = (int)r.rlim_cur - 1;
	CHECK_EQ(dup2(null, most), most);
	for (int fd = null + 1; fd < most; fd++)
		CHECK_EQ(dup(null), fd);
	CHECK_ERRNO(dup(null), EMFILE);
	CHECK_OK(close(null + 5));
	CHECK_EQ(dup(null), null + 5);
	pid_t pid = fork();
	if (pid == 0)
		_exit(!is_open(most) || !is_open(most / 2));
	CHECK_CHILD(pid);
	CHECK_OK(close_from_to(null + 1, ~0u, 0));
	CHECK_EQ(dup(null), null + 1);
}

TEST(owner_of_a_file)
{
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(fcntl(fd[0], F_GETOWN), 0);
	CHECK_OK(fcntl(fd[0], F_SETOWN, getpid()));
	CHECK_EQ(fcntl(fd[0], F_GETOWN), getpid());
	CHECK_EQ(fcntl(fd[0], F_GETSIG), 0);
	CHECK_OK(fcntl(fd[0], F_SETSIG, SIGUSR1));
	CHECK_EQ(fcntl(fd[0], F_GETSIG), SIGUSR1);
	CHECK_ERRNO(fcntl(fd[0], F_SETSIG, 65), EINVAL);
}

TEST(flags_belong_to_the_opening)
{
	int fd[2], copy, again;

	fresh();
	put("f", "");
	CHECK_OK(pipe(fd));
	copy = dup(fd[0]);
	CHECK_OK(fcntl(copy, F_SETFL, O_NONBLOCK));
	CHECK_EQ(fcntl(fd[0], F_GETFL), O_NONBLOCK | O_RDONLY);
	copy = open("f", O_RDWR);
	again = open("f", O_RDWR);
	CHECK_OK(fcntl(copy, F_SETFL, O_APPEND));
	CHECK_EQ(fcntl(again, F_GETFL) & O_APPEND, 0);
	CHECK_OK(fcntl(copy, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(fcntl(again, F_GETFD), 0);
}

TEST(ioctls_of_plain_files)
{
	int fd, n;

	fresh();
	put("f", "12345");
	fd = open("f", O_RDWR);
	CHECK_OK(ioctl(fd, FIONREAD, &n));
	CHECK_EQ(n, 5);
	CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
	CHECK_OK(ioctl(fd, FIONREAD, &n));
	CHECK_EQ(n, 3);
	n = 1;
	CHECK_OK(ioctl(fd, FIONBIO, &n));
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK_ERRNO(ioctl(fd, TIOCGWINSZ, &n), ENOTTY);
	CHECK_ERRNO(ioctl(fd, 0x12345678, &n), ENOTTY);
	CHECK_ERRNO(ioctl(999, FIONBIO, &n), EBADF);
	CHECK_ERRNO(ioctl(fd, FIONBIO, 16), EFAULT);
	CHECK_EQ(isatty(fd), 0);
}

TEST(sync_calls)
{
	int fd, p[2];

	fresh();
	put("f", "x");
	fd = open("f", O_RDWR);
	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	CHECK_OK(pipe(p));
	CHECK_ERRNO(fsync(p[0]), EINVAL);
	CHECK_ERRNO(fsync(999), EBADF);
	CHECK_ERRNO(fdatasync(p[1]), EINVAL);
	CHECK_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	CHECK_EQ(posix_fadvise(p[0], 0, 0, 0), ESPIPE);
	CHECK_EQ(posix_fadvise(fd, 0, 0, 77), EINVAL);
	CHECK_OK(readahead(fd, 0, 100));
}
