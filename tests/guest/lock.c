/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.c - record locks of processes and of openings, and flock. */
#include <sys/file.h>

#include "files.h"

#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif

static int lock_do(int fd, int cmd, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from,
			   .l_len = len };

	return fcntl(fd, cmd, &l);
}

static int set(int fd, int type, off_t from, off_t len)
{
	return lock_do(fd, F_SETLK, type, from, len);
}

/* What stands in the way of a write lock there; l_type F_UNLCK: nothing. */
static struct flock ask(int fd, int cmd, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from,
			   .l_len = len };

	CHECK_OK(fcntl(fd, cmd, &l));
	return l;
}

/* Is the range free for another process? The child exits with the answer. */
static int is_free(int type, off_t from, off_t len)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("f", O_RDWR);

		_exit(set(fd, type, from, len) == 0 ? 1 : errno == EAGAIN ? 0 : 2);
	}
	status = ktap_wait(pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

static int begin(void)
{
	fresh();
	put("f", "0123456789");
	return open("f", O_RDWR);
}

TEST(write_lock_excludes)
{
	int fd = begin();

	CHECK_OK(set(fd, F_WRLCK, 10, 10));
	CHECK(is_free(F_WRLCK, 0, 10));
	CHECK(!is_free(F_WRLCK, 0, 11));
	CHECK(!is_free(F_RDLCK, 19, 1));
	CHECK(is_free(F_WRLCK, 20, 0));
	CHECK(!is_free(F_WRLCK, 0, 0));
	CHECK_OK(set(fd, F_UNLCK, 0, 0));
	CHECK(is_free(F_WRLCK, 0, 0));
}

TEST(read_locks_share)
{
	int fd = begin();

	CHECK_OK(set(fd, F_RDLCK, 0, 0));
	CHECK(is_free(F_RDLCK, 5, 5));
	CHECK(!is_free(F_WRLCK, 5, 5));
}

TEST(own_locks_merge_split_and_change)
{
	int fd = begin();

	CHECK_OK(set(fd, F_WRLCK, 0, 10));
	CHECK_OK(set(fd, F_WRLCK, 10, 10));
	CHECK_OK(set(fd, F_WRLCK, 5, 10));
	CHECK_OK(set(fd, F_UNLCK, 8, 4));
	CHECK(!is_free(F_RDLCK, 7, 1));
	CHECK(is_free(F_WRLCK, 8, 4));
	CHECK(!is_free(F_RDLCK, 12, 1));
	CHECK_OK(set(fd, F_RDLCK, 6, 8));
	CHECK(is_free(F_RDLCK, 6, 8));
	CHECK(!is_free(F_RDLCK, 5, 1));
	CHECK(!is_free(F_RDLCK, 14, 1));
	CHECK(!is_free(F_WRLCK, 8, 1));
}

TEST(who_holds_it)
{
	struct flock l;
	int fd = begin(), p[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(p));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(set(fd, F_RDLCK, 3, 4));
		(void)!write(p[1], "x", 1);
		pause();
	}
	CHECK_EQ(read(p[0], &c, 1), 1);
	l = ask(fd, F_GETLK, F_WRLCK, 0, 0);
	CHECK_EQ(l.l_type, F_RDLCK);
	CHECK_EQ(l.l_start, 3);
	CHECK_EQ(l.l_len, 4);
	CHECK_EQ(l.l_pid, pid);
	CHECK_EQ(l.l_whence, SEEK_SET);
	CHECK_EQ(ask(fd, F_GETLK, F_RDLCK, 0, 0).l_type, F_UNLCK);
	CHECK_EQ(ask(fd, F_GETLK, F_WRLCK, 7, 0).l_type, F_UNLCK);
	/* Its own locks stand in nobody's way. */
	CHECK_OK(set(fd, F_WRLCK, 20, 5));
	CHECK_EQ(ask(fd, F_GETLK, F_WRLCK, 20, 5).l_type, F_UNLCK);
	/* They go with their process. */
	kill(pid, SIGKILL);
	ktap_wait(pid);
	CHECK_OK(set(fd, F_WRLCK, 0, 0));
}

TEST(any_close_releases)
{
	int fd = begin(), other = open("f", O_RDONLY);

	CHECK_OK(set(fd, F_WRLCK, 0, 0));
	CHECK(!is_free(F_RDLCK, 0, 1));
	CHECK_OK(close(other));
	CHECK(is_free(F_WRLCK, 0, 0));
	CHECK_OK(set(fd, F_WRLCK, 0, 0));
	CHECK_OK(close(dup(fd)));
	CHECK(is_free(F_WRLCK, 0, 0));
}

TEST(not_inherited_by_fork)
{
	int fd = begin();
	pid_t pid;

	CHECK_OK(set(fd, F_WRLCK, 0, 0));
	pid = fork();
	if (pid == 0) {
		CHECK_ERRNO(set(fd, F_WRLCK, 0, 1), EAGAIN);
		CHECK_OK(close(fd)); /* and the parent's stays */
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK(!is_free(F_RDLCK, 0, 1));
}

TEST(whence_and_negative_length)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -4,
			   .l_len = 2 };
	int fd = begin();

	CHECK_OK(fcntl(fd, F_SETLK, &l));
	CHECK(is_free(F_WRLCK, 0, 6));
	CHECK(!is_free(F_WRLCK, 6, 2));
	CHECK(is_free(F_WRLCK, 8, 0));
	CHECK_EQ(lseek(fd, 5, SEEK_SET), 5);
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = 0,
			    .l_len = -3 };
	CHECK_OK(fcntl(fd, F_SETLK, &l));
	CHECK(!is_free(F_WRLCK, 2, 1));
	CHECK(is_free(F_WRLCK, 0, 2));
	CHECK(is_free(F_WRLCK, 5, 1));
	CHECK_ERRNO(set(fd, F_WRLCK, -1, 1), EINVAL);
	CHECK_ERRNO(set(fd, F_WRLCK, 2, -5), EINVAL);
	CHECK_ERRNO(set(fd, 9, 0, 1), EINVAL);
	l.l_whence = 9;
	CHECK_ERRNO(fcntl(fd, F_SETLK, &l), EINVAL);
}

TEST(access_mode_must_fit)
{
	int fd = begin();

	(void)fd;
	CHECK_ERRNO(set(open("f", O_RDONLY), F_WRLCK, 0, 1), EBADF);
	CHECK_ERRNO(set(open("f", O_WRONLY), F_RDLCK, 0, 1), EBADF);
	CHECK_OK(set(open("f", O_RDONLY), F_RDLCK, 0, 1));
	CHECK_ERRNO(set(999, F_RDLCK, 0, 1), EBADF);
	CHECK_ERRNO(set(open("f", O_PATH), F_RDLCK, 0, 1), EBADF);
}

TEST(waiting_for_a_lock)
{
	int fd = begin(), p[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(p));
	CHECK_OK(set(fd, F_WRLCK, 0, 10));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(lock_do(fd, F_SETLKW, F_WRLCK, 5, 10));
		(void)!write(p[1], "x", 1);
		_exit(0);
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	ktap_sleep_ms(50);
	CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
	CHECK_OK(set(fd, F_UNLCK, 0, 5));
	ktap_sleep_ms(50);
	CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
	CHECK_OK(set(fd, F_UNLCK, 0, 0));
	CHECK_CHILD(pid);
	CHECK_EQ(read(p[0], &c, 1), 1);
}

static void nothing(int number)
{
	(void)number;
}

TEST(waiting_is_interrupted)
{
	struct sigaction sa = { .sa_handler = nothing };
	int fd = begin(), status;
	pid_t pid;

	CHECK_OK(set(fd, F_WRLCK, 0, 10));
	pid = fork();
	if (pid == 0) {
		sigaction(SIGALRM, &sa, NULL);
		alarm(1);
		CHECK_ERRNO(lock_do(fd, F_SETLKW, F_WRLCK, 0, 0), EINTR);
		_exit(7);
	}
	status = ktap_wait(pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

TEST(deadlock_is_seen)
{
	int fd = begin(), p[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(p));
	CHECK_OK(set(fd, F_WRLCK, 0, 1));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(set(fd, F_WRLCK, 1, 1));
		(void)!write(p[1], "x", 1);
		CHECK_OK(lock_do(fd, F_SETLKW, F_WRLCK, 0, 1));
		_exit(0);
	}
	CHECK_EQ(read(p[0], &c, 1), 1);
	ktap_sleep_ms(100);
	CHECK_ERRNO(lock_do(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
	CHECK_OK(set(fd, F_UNLCK, 0, 1));
	CHECK_CHILD(pid);
	CHECK_OK(lock_do(fd, F_SETLKW, F_WRLCK, 1, 1));
}

TEST(locks_of_openings)
{
	int fd = begin(), other = open("f", O_RDWR), copy = dup(fd);
	struct flock l;
	pid_t pid;

	CHECK_OK(lock_do(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
	CHECK_ERRNO(lock_do(other, F_OFD_SETLK, F_WRLCK, 5, 1), EAGAIN);
	CHECK_OK(lock_do(copy, F_OFD_SETLK, F_WRLCK, 5, 1));
	l = ask(other, F_OFD_GETLK, F_WRLCK, 0, 0);
	CHECK_EQ(l.l_type, F_WRLCK);
	CHECK_EQ(l.l_pid, -1);
	/* They stand in the way of a process's locks, its own too. */
	CHECK_ERRNO(set(fd, F_WRLCK, 0, 1), EAGAIN);
	CHECK_EQ(ask(fd, F_GETLK, F_WRLCK, 0, 0).l_pid, -1);
	/* Inherited, and gone with the last descriptor only. */
	pid = fork();
	if (pid == 0) {
		CHECK_OK(lock_do(fd, F_OFD_SETLK, F_WRLCK, 0, 20));
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_ERRNO(lock_do(other, F_OFD_SETLK, F_RDLCK, 15, 1), EAGAIN);
	CHECK_OK(close(fd));
	CHECK_ERRNO(lock_do(other, F_OFD_SETLK, F_RDLCK, 15, 1), EAGAIN);
	CHECK_OK(close(copy));
	CHECK_OK(lock_do(other, F_OFD_SETLK, F_WRLCK, 0, 0));
	l.l_pid = 1;
	CHECK_ERRNO(fcntl(other, F_OFD_SETLK, &l), EINVAL);
}

TEST(flock_rules)
{
	int fd = begin(), other = open("f", O_RDONLY), copy = dup(fd);

	CHECK_OK(flock(fd, LOCK_EX));
	CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK_OK(flock(copy, LOCK_SH));
	CHECK_OK(flock(other, LOCK_SH | LOCK_NB));
	CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_OK(flock(other, LOCK_UN));
	CHECK_OK(flock(fd, LOCK_EX | LOCK_NB));
	/* Another kind of lock: the two do not meet. */
	CHECK(is_free(F_WRLCK, 0, 0));
	CHECK_OK(close(fd));
	CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_OK(close(copy));
	CHECK_OK(flock(other, LOCK_EX | LOCK_NB));
	CHECK_ERRNO(flock(other, 0), EINVAL);
	CHECK_ERRNO(flock(other, LOCK_SH | LOCK_EX), EINVAL);
	CHECK_ERRNO(flock(999, LOCK_SH), EBADF);
	CHECK_ERRNO(flock(open("f", O_PATH), LOCK_SH), EBADF);
}

TEST(flock_waits)
{
	int fd = begin(), p[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(p));
	CHECK_OK(flock(fd, LOCK_EX));
	pid = fork();
	if (pid == 0) {
		int mine = open("f", O_RDWR);

		CHECK_OK(flock(mine, LOCK_EX));
		(void)!write(p[1], "x", 1);
		_exit(0);
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	ktap_sleep_ms(50);
	CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
	CHECK_OK(flock(fd, LOCK_UN));
	CHECK_CHILD(pid);
	CHECK_EQ(read(p[0], &c, 1), 1);
}

TEST(the_narrow_call)
{
	struct {
		short type, whence;
		int32_t start, len, pid;
	} l = { F_WRLCK, SEEK_SET, 2, 3, 0 };
	int fd = begin();

	CHECK_OK(syscall(SYS_fcntl, fd, 6, &l)); /* F_SETLK of 32 bits */
	CHECK(!is_free(F_RDLCK, 4, 1));
	CHECK(is_free(F_WRLCK, 5, 1));
	CHECK_OK(set(fd, F_UNLCK, 0, 0));
	CHECK_OK(lock_do(fd, F_OFD_SETLK, F_WRLCK, 5ll << 32, 1));
	l.start = l.len = 0;
	CHECK_ERRNO(syscall(SYS_fcntl, fd, 5, &l), EOVERFLOW);
}

TEST(many_ranges)
{
	int fd = begin();

	for (int i = 0; i < 500; i++)
		CHECK_OK(set(fd, i & 1 ? F_RDLCK : F_WRLCK, i * 7 % 500 * 2, 1));
	for (int i = 0; i < 500; i += 50)
		CHECK(!is_free(F_WRLCK, i * 2, 1) && is_free(F_WRLCK, i * 2 + 1, 1));
	CHECK_OK(set(fd, F_UNLCK, 100, 200));
	CHECK(is_free(F_WRLCK, 100, 200));
	CHECK(!is_free(F_WRLCK, 98, 1) && !is_free(F_WRLCK, 300, 1));
}
