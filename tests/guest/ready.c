/* SPDX-License-Identifier: BSD-2-Clause */
/* ready.c - poll, ppoll, select, pselect and eventfd. */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "files.h"

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static int poll_one(int fd, int events, int ms)
{
	struct pollfd p = { fd, events, 0x5555 };

	CHECK(poll(&p, 1, ms) >= 0);
	return p.revents;
}

TEST(files_are_always_ready)
{
	const int all = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	fresh();
	put("f", "");
	CHECK_EQ(poll_one(open("f", O_RDONLY), all, 0), all);
	CHECK_EQ(poll_one(open("f", O_WRONLY), all, 0), all);
	CHECK_EQ(poll_one(open(".", O_RDONLY), all, 0), all);
	CHECK_EQ(poll_one(open("/dev/null", O_RDWR), all, 0), all);
	CHECK_EQ(poll_one(open("/dev/zero", O_RDWR), all, 0), all);
	CHECK_EQ(poll_one(open("/dev/urandom", O_RDWR), all, 0) & POLLIN, POLLIN);
	CHECK_EQ(poll_one(open("f", O_RDONLY), POLLIN | POLLPRI, 0), POLLIN);
}

TEST(bad_descriptors)
{
	fresh();
	CHECK_EQ(poll_one(999, POLLIN, 1000), POLLNVAL);
	CHECK_EQ(poll_one(-1, POLLIN, 0), 0);
	CHECK_EQ(poll_one(-77, POLLIN, 0), 0);
	CHECK_EQ(poll_one(open(".", O_PATH), POLLIN, 0), POLLNVAL);
}

TEST(counts_and_limits)
{
	struct rlimit r = { 20, 20 };
	struct pollfd p[3];
	static struct pollfd many[64];
	int fd[2];

	CHECK_OK(pipe(fd));
	for (int i = 0; i < 3; i++)
		p[i] = (struct pollfd){ fd[1], POLLOUT, 0 };
	CHECK_EQ(poll(p, 3, -1), 3);
	CHECK_EQ(poll(NULL, 0, 10), 0);
	for (int i = 0; i < 64; i++)
		many[i].fd = -1;
	CHECK_EQ(poll(many, 64, 0), 0);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_ERRNO(poll(many, 21, 0), EINVAL);
	CHECK_EQ(poll(many, 20, 0), 0);
	CHECK_ERRNO(poll((void *)16, 3, 0), EFAULT);
}

TEST(timeout_of_poll)
{
	long long t = ktap_ms();
	struct pollfd p = { .events = POLLIN };
	int fd[2];

	CHECK_OK(pipe(fd));
	p.fd = fd[0];
	CHECK_EQ(poll(&p, 1, 60), 0);
	CHECK(ktap_ms() - t >= 60);
	CHECK_EQ(poll(&p, 1, 0), 0);
}

TEST(wakes_when_something_comes)
{
	struct pollfd p = { .events = POLLIN };
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	p.fd = fd[0];
	if (fork() == 0) {
		ktap_sleep_ms(40);
		(void)!write(fd[1], "x", 1);
		ktap_sleep_ms(40);
		_exit(0);
	}
	CHECK_EQ(poll(&p, 1, -1), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_OK(close(fd[1]));
	CHECK_EQ(poll(&p, 1, -1), 1);
	CHECK_EQ(p.revents, POLLHUP);
}

TEST(writer_sees_room_and_error)
{
	static char buf[65536];
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(poll_one(fd[1], POLLOUT, 0), 0);
	CHECK_EQ(read(fd[0], buf, 4096), 4096);
	CHECK_EQ(poll_one(fd[1], POLLOUT, 0), POLLOUT);
	CHECK_OK(close(fd[0]));
	CHECK_EQ(poll_one(fd[1], POLLOUT, 0), POLLOUT | POLLERR);
	CHECK_EQ(poll_one(fd[1], 0, 0), POLLERR);
}

TEST(signal_ends_poll)
{
	struct sigaction sa = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	struct pollfd p = { .events = POLLIN };
	int fd[2];

	CHECK_OK(pipe(fd));
	p.fd = fd[0];
	sigaction(SIGUSR1, &sa, NULL);
	if (fork() == 0) {
		ktap_sleep_ms(40);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	/* Never restarted, whatever the handler says (signal(7)). */
	CHECK_ERRNO(poll(&p, 1, 5000), EINTR);
	CHECK_EQ(signals, 1);
}

TEST(ppoll_changes_the_mask)
{
	struct sigaction sa = { .sa_handler = count_signal };
	struct timespec t = { 5, 0 }, none = { 0, 0 }, bad = { 0, 1000000000 };
	struct pollfd p = { .events = POLLIN };
	sigset_t usr1, empty, now;
	int fd[2];

	CHECK_OK(pipe(fd));
	p.fd = fd[0];
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	CHECK_EQ(poll(&p, 1, 20), 0);
	CHECK_EQ(signals, 0);
	CHECK_ERRNO(ppoll(&p, 1, &t, &empty), EINTR);
	CHECK_EQ(signals, 1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1));
	CHECK_EQ(ppoll(&p, 1, &none, &empty), 0);
	CHECK_ERRNO(ppoll(&p, 1, &bad, NULL), EINVAL);
}

TEST(ready_files_win_over_signals)
{
	struct sigaction sa = { .sa_handler = count_signal };
	struct timespec t = { 5, 0 };
	struct pollfd p = { .events = POLLIN };
	sigset_t usr1, empty;
	int fd[2];

	CHECK_OK(pipe(fd));
	p.fd = fd[0];
	CHECK_EQ(write(fd[1], "x", 1), 1);
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	CHECK_EQ(ppoll(&p, 1, &t, &empty), 1);
}

TEST(select_sets)
{
	fd_set in, out, err;
	struct timeval t = { 0, 0 };
	int fd[2];

	CHECK_OK(pipe(fd));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&err);
	FD_SET(fd[0], &in);
	FD_SET(fd[1], &out);
	FD_SET(fd[0], &err);
	CHECK_EQ(select(fd[1] + 1, &in, &out, &err, &t), 1);
	CHECK(!FD_ISSET(fd[0], &in) && FD_ISSET(fd[1], &out));
	CHECK(!FD_ISSET(fd[0], &err));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	FD_SET(fd[0], &in);
	CHECK_EQ(select(fd[1] + 1, &in, &out, NULL, NULL), 2);
	/* Both kinds of the same file count twice. */
	FD_ZERO(&in);
	int null = open("/dev/null", O_RDWR);
	FD_SET(null, &in);
	out = in;
	CHECK_EQ(select(null + 1, &in, &out, NULL, &t), 2);
	FD_ZERO(&in);
	FD_SET(15, &in);
	CHECK_ERRNO(select(16, &in, NULL, NULL, &t), EBADF);
	CHECK_ERRNO(select(-1, NULL, NULL, NULL, &t), EINVAL);
	t.tv_sec = -1;
	CHECK_ERRNO(select(0, NULL, NULL, NULL, &t), EINVAL);
}

TEST(select_end_of_file_is_readable)
{
	struct timeval t = { 5, 0 };
	fd_set in, out;
	int fd[2], other[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(pipe(other));
	CHECK_OK(close(fd[1]));
	CHECK_OK(close(other[0]));
	signal(SIGPIPE, SIG_IGN);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(fd[0], &in);
	FD_SET(other[1], &out);
	CHECK_EQ(select(other[1] + 1, &in, &out, NULL, &t), 2);
}

TEST(select_waits)
{
	struct timeval t = { 0, 50000 };
	long long start = ktap_ms();
	fd_set in;
	int fd[2];

	CHECK_OK(pipe(fd));
	FD_ZERO(&in);
	FD_SET(fd[0], &in);
	CHECK_EQ(select(fd[0] + 1, &in, NULL, NULL, &t), 0);
	CHECK(ktap_ms() - start >= 50);
	CHECK(!FD_ISSET(fd[0], &in));
}

/* The call itself tells what is left of the time (select(2), NOTES). */
TEST(select_tells_the_rest)
{
	int32_t t[2] = { 0, 30000 };
	long long ns[2] = { 0, 30000000 };
	int fd[2];
	fd_set in;

	CHECK_OK(pipe(fd));
	FD_ZERO(&in);
	FD_SET(fd[0], &in);
	CHECK_EQ(syscall(SYS__newselect, fd[0] + 1, &in, NULL, NULL, t), 0);
	CHECK(t[0] == 0 && t[1] == 0);
	FD_SET(fd[0], &in);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	t[0] = 5;
	CHECK_EQ(syscall(SYS__newselect, fd[0] + 1, &in, NULL, NULL, t), 1);
	CHECK(t[0] == 5 || (t[0] == 4 && t[1] > 0));
	FD_CLR(fd[0], &in);
	CHECK_EQ(syscall(SYS_pselect6_time64, 0, NULL, NULL, NULL, ns, NULL), 0);
	CHECK(ns[0] == 0 && ns[1] == 0);
}

TEST(pselect_and_its_mask)
{
	struct sigaction sa = { .sa_handler = count_signal };
	struct timespec t = { 5, 0 };
	sigset_t usr1, empty;

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &t, &empty), EINTR);
	CHECK_EQ(signals, 1);
	CHECK_EQ(t.tv_sec, 5); /* musl keeps the caller's */
}

TEST(eventfd_counts)
{
	uint64_t v = 0;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK_OK(fd);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	CHECK_EQ(read(fd, &v, 8), 8);
	CHECK_EQ(v, 3);
	CHECK_ERRNO(read(fd, &v, 8), EAGAIN);
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT, 0), POLLOUT);
	v = 5;
	CHECK_EQ(write(fd, &v, 8), 8);
	CHECK_EQ(write(fd, &v, 8), 8);
	CHECK_EQ(read(fd, &v, 100), 8);
	CHECK_EQ(v, 10);
	CHECK_ERRNO(read(fd, &v, 7), EINVAL);
	CHECK_ERRNO(write(fd, &v, 7), EINVAL);
	v = UINT64_MAX;
	CHECK_ERRNO(write(fd, &v, 8), EINVAL);
	v = UINT64_MAX - 1;
	CHECK_EQ(write(fd, &v, 8), 8);
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT, 0), POLLIN);
	v = 1;
	CHECK_ERRNO(write(fd, &v, 8), EAGAIN);
	CHECK_EQ(lseek(fd, 5, SEEK_SET), 0);
	CHECK_ERRNO(eventfd(0, 8), EINVAL);
}

TEST(eventfd_as_semaphore)
{
	uint64_t v;
	int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(read(fd, &v, 8), 8);
		CHECK_EQ(v, 1);
	}
	CHECK_ERRNO(read(fd, &v, 8), EAGAIN);
}

TEST(eventfd_wakes)
{
	uint64_t v = 7;
	int fd = eventfd(0, 0);

	if (fork() == 0) {
		ktap_sleep_ms(40);
		(void)!write(fd, &v, 8);
		_exit(0);
	}
	CHECK_EQ(read(fd, &v, 8), 8);
	CHECK_EQ(v, 7);
	v = UINT64_MAX - 1;
	CHECK_EQ(write(fd, &v, 8), 8);
	if (fork() == 0) {
		ktap_sleep_ms(40);
		(void)!read(fd, &v, 8);
		_exit(0);
	}
	v = 9;
	CHECK_EQ(write(fd, &v, 8), 8);
	CHECK_EQ(read(fd, &v, 8), 8);
	CHECK_EQ(v, 9);
}
