/* SPDX-License-Identifier: BSD-2-Clause */
/* async.c - O_ASYNC: a signal when a file can be read or written. */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include "ktap.h"

/* musl has them for _GNU_SOURCE in names of its own only. */
enum { SETSIG = 10, SETOWN_EX = 15, GETOWN_EX = 16, OWNER_TID = 0,
       OWNER_PID = 1, OWNER_PGRP = 2 };
struct owner { int type, pid; };

enum { IN_BAND = POLLIN | POLLRDNORM,
       OUT_BAND = POLLOUT | POLLWRNORM | POLLWRBAND };

static sigset_t all(void)
{
	sigset_t s;

	sigfillset(&s);
	return s;
}

/* fd tells this process, with signal sig (0: a plain SIGIO). */
static void ask(int fd, int sig)
{
	sigset_t s = all();

	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd, SETSIG, sig));
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
	CHECK(fcntl(fd, F_GETFL) & O_ASYNC);
}

/* The next signal, within ms; 0: none. */
static int next(siginfo_t *info, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t s = all();
	int sig = sigtimedwait(&s, info, &t);

	return sig > 0 ? sig : 0;
}

/* The next is sig, about fd. */
static void told(int sig, int fd, int code, int band)
{
	siginfo_t info;

	CHECK_EQ(next(&info, 5000), sig);
	CHECK_EQ(info.si_code, code);
	CHECK_EQ(info.si_fd, fd);
	CHECK_EQ(info.si_band, band);
}

static void silence(void)
{
	siginfo_t info;
	int sig = next(&info, 0);

	if (sig)
		FAIL("signal %d, code %d", sig, info.si_code);
}

/* What came that is not of interest. */
static void forget(void)
{
	siginfo_t info;

	while (next(&info, 20))
		;
}

static void fill(int fd)
{
	char buf[4096] = "";

	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
	while (write(fd, buf, sizeof(buf)) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
}

static void drain(int fd)
{
	char buf[4096];

	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

TEST(a_plain_signal)
{
	siginfo_t info;
	int p[2];

	CHECK_OK(pipe(p));
	ask(p[0], 0);
	silence();
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(next(&info, 0), SIGIO);	/* it is there already */
	CHECK_EQ(info.si_code, SI_KERNEL);
	silence();
}

TEST(a_pipe_can_be_read)
{
	int p[2];

	CHECK_OK(pipe(p));
	ask(p[0], SIGRTMIN + 1);
	for (int n = 0; n < 2; n++) {
		CHECK_EQ(write(p[1], "x", 1), 1);
		told(SIGRTMIN + 1, p[0], POLL_IN, IN_BAND);
		drain(p[0]);
	}
	close(p[1]);
	told(SIGRTMIN + 1, p[0], POLL_IN, IN_BAND);
}

TEST(a_pipe_can_be_written)
{
	int p[2];

	CHECK_OK(pipe(p));
	fill(p[1]);
	ask(p[1], SIGIO);
	silence();
	drain(p[0]);
	told(SIGIO, p[1], POLL_OUT, OUT_BAND);
	forget();
	close(p[0]);
	told(SIGIO, p[1], POLL_OUT, OUT_BAND);
}

TEST(a_local_stream)
{
	int s[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	ask(s[0], SIGRTMIN);
	CHECK_EQ(write(s[1], "x", 1), 1);
	told(SIGRTMIN, s[0], POLL_IN, IN_BAND);
	drain(s[0]);
	silence();		/* there was always room to write */
	fill(s[0]);
	silence();
	drain(s[1]);
	told(SIGRTMIN, s[0], POLL_OUT, OUT_BAND);
	forget();
	close(s[1]);
	told(SIGRTMIN, s[0], POLL_HUP, POLLHUP | POLLERR);
}

static int listener(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_OK(bind(fd, (struct sockaddr *)at, sizeof(*at)));
	CHECK_OK(listen(fd, 5));
	CHECK_OK(getsockname(fd, (struct sockaddr *)at, &len));
	return fd;
}

TEST(a_connection)
{
	struct sockaddr_in at;
	int l = listener(&at), c, s;

	ask(l, SIGRTMIN);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ask(c, SIGRTMIN + 1);
	if (connect(c, (struct sockaddr *)&at, sizeof(at)) < 0)
		CHECK_EQ(errno, EINPROGRESS);
	told(SIGRTMIN, l, POLL_IN, IN_BAND);
	told(SIGRTMIN + 1, c, POLL_OUT, OUT_BAND);
	s = accept(l, NULL, NULL);
	CHECK_OK(s);
	CHECK(!(fcntl(s, F_GETFL) & O_ASYNC));
	forget();
	CHECK_EQ(write(s, "x", 1), 1);
	told(SIGRTMIN + 1, c, POLL_IN, IN_BAND);
	drain(c);
	forget();
	CHECK_OK(shutdown(s, SHUT_WR));
	told(SIGRTMIN + 1, c, POLL_IN, IN_BAND);
}

TEST(a_datagram)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_OK(bind(fd, (struct sockaddr *)&at, sizeof(at)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&at, &len));
	ask(fd, SIGRTMIN);
	for (int n = 0; n < 3; n++)
		CHECK_EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&at,
				sizeof(at)), 1);
	for (int n = 0; n < 3; n++)
		told(SIGRTMIN, fd, POLL_IN, IN_BAND);
	silence();
}

/* The signal of urgent data, and SIGIO's own word for it. */
TEST(urgent_data)
{
	struct sockaddr_in at;
	int l = listener(&at), c = socket(AF_INET, SOCK_STREAM, 0), s, seen = 0;
	siginfo_t info;

	CHECK_OK(connect(c, (struct sockaddr *)&at, sizeof(at)));
	s = accept(l, NULL, NULL);
	ask(c, SIGRTMIN);
	CHECK_EQ(send(s, "!", 1, MSG_OOB), 1);
	for (int n = 0; n < 3 && seen != 3; n++)
		switch (next(&info, 5000)) {
		case 0:
			FAIL("nothing comes");
		case SIGURG:
			seen |= 1;
			break;
		default:
			if (info.si_code == POLL_PRI)
				seen |= 2;
		}
	CHECK_EQ(seen, 3);
}

/* Its owner is who asks, if nobody else is said to be. */
TEST(a_terminal)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0, n;
	sigset_t s = all();
	char name[32];

	CHECK_OK(master);
	CHECK_OK(ioctl(master, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(master, TIOCGPTN, &n));
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	slave = open(name, O_RDWR | O_NOCTTY);
	CHECK_OK(slave);
	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
	CHECK_OK(fcntl(slave, SETSIG, SIGRTMIN));
	CHECK_OK(fcntl(slave, F_SETFL, O_RDWR | O_ASYNC));
	CHECK_EQ(fcntl(slave, F_GETOWN), getpid());
	CHECK_EQ(write(master, "half", 4), 4);
	silence();
	CHECK_EQ(write(master, "\n", 1), 1);
	told(SIGRTMIN, slave, POLL_IN, IN_BAND);
}

TEST(who_does_not_ask_is_not_told)
{
	sigset_t s = all();
	int p[2], on = 1;

	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
	CHECK_OK(pipe(p));
	CHECK_OK(fcntl(p[0], F_SETFL, O_ASYNC));
	CHECK_EQ(write(p[1], "x", 1), 1);
	silence();				/* no owner */
	CHECK_OK(fcntl(p[0], F_SETOWN, getpid()));
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(next(&(siginfo_t){ 0 }, 0), SIGIO);
	CHECK_OK(fcntl(p[0], F_SETFL, 0));
	CHECK_EQ(write(p[1], "x", 1), 1);
	silence();				/* off again */
	CHECK_OK(ioctl(p[0], FIOASYNC, &on));
	CHECK(fcntl(p[0], F_GETFL) & O_ASYNC);
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(next(&(siginfo_t){ 0 }, 0), SIGIO);
	CHECK_OK(fcntl(p[0], F_SETOWN, 0));
	CHECK_EQ(write(p[1], "x", 1), 1);
	silence();
}

/* The flag stays off where there is nobody to tell. */
TEST(files_that_never_tell)
{
	int fd = eventfd(0, 0), on = 1;

	CHECK_OK(fcntl(fd, F_SETFL, O_RDWR | O_ASYNC));
	CHECK(!(fcntl(fd, F_GETFL) & O_ASYNC));
	CHECK_ERRNO(ioctl(fd, FIOASYNC, &on), ENOTTY);
}

/* While a descriptor is open anywhere. */
TEST(until_the_last_close)
{
	int s[2], copy;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	ask(s[0], SIGRTMIN);
	copy = dup(s[0]);
	close(s[0]);
	CHECK_EQ(send(s[1], "x", 1, 0), 1);
	told(SIGRTMIN, s[0], POLL_IN, IN_BAND);
	CHECK_EQ(send(s[1], "x", 1, 0), 1);
	close(copy);
	forget();
	send(s[1], "x", 1, MSG_NOSIGNAL);
	silence();
}

TEST(an_owner_of_a_kind)
{
	struct owner o = { OWNER_TID, syscall(SYS_gettid) }, got;
	siginfo_t info;
	pid_t child;
	int p[2];

	CHECK_OK(pipe(p));
	ask(p[0], 0);
	CHECK_OK(syscall(SYS_fcntl64, p[0], SETOWN_EX, &o));
	CHECK_OK(syscall(SYS_fcntl64, p[0], GETOWN_EX, &got));
	CHECK(got.type == o.type && got.pid == o.pid);
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(next(&info, 0), SIGIO);
	CHECK_OK(setpgid(0, 0));
	child = fork();
	if (!child)
		_exit(next(&info, 5000) == SIGIO ? 0 : 1);
	o = (struct owner){ OWNER_PGRP, getpgrp() };
	CHECK_OK(syscall(SYS_fcntl64, p[0], SETOWN_EX, &o));
	CHECK_OK(syscall(SYS_fcntl64, p[0], GETOWN_EX, &got));
	CHECK(got.type == o.type && got.pid == o.pid);
	CHECK_EQ(fcntl(p[0], F_GETOWN), -getpgrp());
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(next(&info, 0), SIGIO);
	CHECK_CHILD(child);
	o.type = 7;
	CHECK_ERRNO(syscall(SYS_fcntl64, p[0], SETOWN_EX, &o), EINVAL);
	o = (struct owner){ OWNER_PID, 999999 };
	CHECK_ERRNO(syscall(SYS_fcntl64, p[0], SETOWN_EX, &o), ESRCH);
	CHECK_ERRNO(fcntl(p[0], SETSIG, 65), EINVAL);
}

/* Who names another user's process as the owner reaches nobody. */
TEST(an_owner_by_ioctl)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), p[2], pid = getpid(), who = 1;

	CHECK_OK(ioctl(fd, SIOCGPGRP, &who));
	CHECK_EQ(who, 0);
	CHECK_OK(ioctl(fd, SIOCSPGRP, &pid));
	CHECK_EQ(fcntl(fd, F_GETOWN), pid);
	pid = -getpgrp();
	CHECK_OK(ioctl(fd, FIOSETOWN, &pid));
	CHECK_OK(ioctl(fd, FIOGETOWN, &who));
	CHECK_EQ(who, pid);
	pid = 999999;
	CHECK_ERRNO(ioctl(fd, SIOCSPGRP, &pid), ESRCH);
	CHECK_ERRNO(ioctl(fd, SIOCSPGRP, NULL), EFAULT);
	CHECK_OK(pipe(p));
	CHECK_ERRNO(ioctl(p[0], SIOCGPGRP, &who), ENOTTY);
}

TEST(as_far_as_kill_reaches)
{
	siginfo_t info;
	int p[2], go[2];
	sigset_t s = all();
	pid_t child;
	char c;

	if (geteuid())
		SKIP("not root");
	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
	CHECK_OK(pipe(p));
	CHECK_OK(pipe(go));
	child = fork();
	if (!child) {		/* root's */
		CHECK_EQ(read(go[0], &c, 1), 1);
		_exit(next(&info, 100) == SIGIO ? 1 : 0);
	}
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK_OK(fcntl(p[0], F_SETOWN, child));
	CHECK_OK(fcntl(p[0], F_SETFL, O_ASYNC));
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(write(go[1], "x", 1), 1);
	CHECK_CHILD(child);
}

/* Who does not take them gets a plain SIGIO: look at all of your files. */
TEST(more_than_can_wait)
{
	struct rlimit few = { 1, 1 };
	siginfo_t info;
	int p[2], sig, plain = 0, queued = 0;

	CHECK_OK(pipe(p));
	ask(p[0], SIGRTMIN);
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &few));
	for (int n = 0; n < 5; n++)
		CHECK_EQ(write(p[1], "x", 1), 1);
	while ((sig = next(&info, 0)))
		if (sig == SIGIO)
			plain++;
		else
			queued++;
	CHECK_EQ(plain, 1);
	CHECK(queued <= 1);
}

TEST(a_signalfd_tells_which)
{
	struct signalfd_siginfo info;
	sigset_t s;
	int p[2], fd;

	CHECK_OK(pipe(p));
	ask(p[0], SIGRTMIN + 2);
	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN + 2);
	fd = signalfd(-1, &s, SFD_NONBLOCK);
	CHECK_OK(fd);
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGRTMIN + 2);
	CHECK_EQ(info.ssi_code, POLL_IN);
	CHECK_EQ(info.ssi_fd, p[0]);
	CHECK_EQ(info.ssi_band, IN_BAND);
}
