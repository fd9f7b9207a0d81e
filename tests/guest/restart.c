/* SPDX-License-Identifier: BSD-2-Clause */
/* restart.c - which interrupted calls start again, and which give EINTR. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "ktap.h"

static volatile sig_atomic_t caught;
static int fd[2];

static void note(int sig)
{
	(void)sig;
	caught++;
}

/* SIGALRM in 20 ms, and again every 20. */
static void interrupt(int flags)
{
	struct sigaction a = { .sa_handler = note, .sa_flags = flags };
	struct itimerval t = { { 0, 20000 }, { 0, 20000 } };

	caught = 0;
	CHECK_OK(sigaction(SIGALRM, &a, NULL));
	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
}

static void calm(void)
{
	struct itimerval none = { 0 };

	CHECK_OK(setitimer(ITIMER_REAL, &none, NULL));
}

/* Without SA_RESTART it fails; with it, it goes on until helper, in a child,
 * has done what ends it 100 ms later. */
static void restarts(long (*call)(void), void (*helper)(void), long want)
{
	pid_t p;

	interrupt(0);
	CHECK_ERRNO(call(), EINTR);
	CHECK_EQ(caught, 1);
	calm();
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(100);
		helper();
		_exit(0);
	}
	interrupt(SA_RESTART);
	CHECK_EQ(call(), want);
	CHECK(caught >= 2);
	calm();
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
}

/* It fails even with SA_RESTART. */
static void never_restarts(long (*call)(void))
{
	interrupt(0);
	CHECK_ERRNO(call(), EINTR);
	interrupt(SA_RESTART);
	CHECK_ERRNO(call(), EINTR);
	CHECK_EQ(caught, 1);
	calm();
}

static long call_read(void)
{
	char c;

	return read(fd[0], &c, 1);
}

static void help_write(void)
{
	(void)!write(fd[1], "x", 1);
}

TEST(reading)
{
	CHECK_OK(pipe(fd));
	restarts(call_read, help_write, 1);
}

static long call_write(void)
{
	return write(fd[1], "x", 1);
}

static void help_read(void)
{
	static char block[4096];

	(void)!read(fd[0], block, sizeof(block));
}

TEST(writing)
{
	static char block[4096];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	while (write(fd[1], block, sizeof(block)) > 0)
		;
	fcntl(fd[1], F_SETFL, 0);
	fcntl(fd[0], F_SETFL, 0);
	restarts(call_write, help_read, 1);
}

TEST(partial_write_tells_how_much)
{
	static char block[200000];
	ssize_t n;

	CHECK_OK(pipe(fd));
	interrupt(SA_RESTART);
	n = write(fd[1], block, sizeof(block));
	CHECK_EQ(n, 65536);
	calm();
}

static long call_wait(void)
{
	int status;

	return waitpid(-1, &status, 0) > 0 ? 0 : -1;
}

static void help_nothing(void)
{
}

TEST(waiting_for_a_child)
{
	pid_t p = fork();

	if (p == 0)
		for (;;)
			pause();
	restarts(call_wait, help_nothing, 0);
	kill(p, SIGKILL);
}

static char lock_name[] = "/tmp/restart.XXXXXX";
static int lock_fd;

static long call_flock(void)
{
	return flock(lock_fd, LOCK_EX);
}

static long call_setlkw(void)
{
	struct flock l = { .l_type = F_WRLCK };

	return fcntl(lock_fd, F_SETLKW, &l);
}

/* A child has the lock, and lets go when it is told. */
static pid_t lock_elsewhere(int whole)
{
	int go[2];
	char c;
	pid_t p;

	lock_fd = mkstemp(lock_name);
	CHECK_OK(lock_fd);
	CHECK_OK(pipe(go));
	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		struct flock l = { .l_type = F_WRLCK };
		int own = open(lock_name, O_RDWR);

		if (whole)
			flock(own, LOCK_EX);
		else
			fcntl(own, F_SETLKW, &l);
		(void)!write(go[1], "l", 1);
		(void)!read(fd[0], &c, 1);
		_exit(0);
	}
	CHECK_EQ(read(go[0], &c, 1), 1);
	unlink(lock_name);
	return p;
}

TEST(file_locks)
{
	lock_elsewhere(1);
	restarts(call_flock, help_write, 0);
}

TEST(record_locks)
{
	lock_elsewhere(0);
	restarts(call_setlkw, help_write, 0);
}

static char fifo[64];

static long call_open(void)
{
	int f = open(fifo, O_RDONLY);

	return f < 0 ? -1 : 0;
}

static void help_open(void)
{
	close(open(fifo, O_WRONLY));
}

TEST(open_of_a_fifo)
{
	snprintf(fifo, sizeof(fifo), "/tmp/restart-fifo.%d", (int)getpid());
	CHECK_OK(mkfifo(fifo, 0600));
	restarts(call_open, help_open, 0);
	unlink(fifo);
}

static long call_eventfd(void)
{
	uint64_t n;

	return read(fd[0], &n, 8);
}

static void help_eventfd(void)
{
	uint64_t n = 1;

	(void)!write(fd[0], &n, 8);
}

TEST(reading_an_eventfd)
{
	fd[0] = eventfd(0, 0);
	CHECK_OK(fd[0]);
	restarts(call_eventfd, help_eventfd, 8);
}

static long call_pause(void)
{
	return pause();
}

static long call_suspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long call_poll(void)
{
	struct pollfd p = { fd[0], POLLIN, 0 };

	return poll(&p, 1, 5000);
}

static long call_ppoll(void)
{
	struct pollfd p = { fd[0], POLLIN, 0 };
	struct timespec t = { 5, 0 };

	return ppoll(&p, 1, &t, NULL);
}

static long call_select(void)
{
	struct timeval t = { 5, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	return select(fd[0] + 1, &set, NULL, NULL, &t);
}

static long call_epoll(void)
{
	struct epoll_event e;

	return epoll_wait(fd[0], &e, 1, 5000);
}

static long call_nanosleep(void)
{
	struct timespec t = { 5, 0 };

	return nanosleep(&t, NULL);
}

static long call_abs_sleep(void)
{
	struct { long sec, nsec; } t;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	t.sec = now.tv_sec + 5;
	t.nsec = 0;
	return syscall(267, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static long call_sigtimedwait(void)
{
	struct { long sec, nsec; } t = { 5, 0 };
	unsigned long long set = 1 << (SIGUSR2 - 1);

	return syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 8);
}

TEST(waiting_for_events_never_restarts)
{
	CHECK_OK(pipe(fd));
	never_restarts(call_poll);
	never_restarts(call_ppoll);
	never_restarts(call_select);
	fd[0] = epoll_create1(0);
	never_restarts(call_epoll);
}

TEST(waiting_for_signals_never_restarts)
{
	never_restarts(call_pause);
	never_restarts(call_suspend);
	never_restarts(call_sigtimedwait);
}

TEST(sleeping_never_restarts)
{
	never_restarts(call_nanosleep);
	never_restarts(call_abs_sleep);
}

/* A signal without a handler, here a stop and a continue, is seen by nobody. */
static void unseen(long (*call)(void), long want, int least_ms)
{
	int status;
	pid_t p = fork();

	if (p == 0) {
		long long before = ktap_ms();
		long got = call();

		if (got != want)
			FAIL("%ld, errno %d, not %ld", got, errno, want);
		if (ktap_ms() - before < least_ms)
			FAIL("after %d ms", (int)(ktap_ms() - before));
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		ktap_sleep_ms(20);
		kill(p, SIGSTOP);
		CHECK_EQ(waitpid(p, &status, WUNTRACED), p);
		ktap_sleep_ms(5);
		kill(p, SIGCONT);
		CHECK_EQ(waitpid(p, &status, WCONTINUED), p);
	}
	CHECK_CHILD(p);
}

static long short_nanosleep(void)
{
	struct timespec t = { 0, 150000000 };

	return nanosleep(&t, NULL);
}

static long short_poll(void)
{
	struct pollfd p = { fd[0], POLLIN, 0 };

	return poll(&p, 1, 150);
}

static long short_select(void)
{
	struct timeval t = { 0, 150000 };

	return select(0, NULL, NULL, NULL, &t);
}

TEST(stop_and_continue_are_not_seen)
{
	CHECK_OK(pipe(fd));
	unseen(short_nanosleep, 0, 149);
	unseen(short_poll, 0, 149);
	unseen(short_select, 0, 149);
}

/* Linux lists these as interrupted by SIGCONT even without a handler. */
static long short_epoll(void)
{
	struct epoll_event e;

	return epoll_wait(fd[0], &e, 1, 150);
}

TEST(epoll_wait_is_interrupted_by_a_stop)
{
	int status;
	pid_t p;

	fd[0] = epoll_create1(0);
	p = fork();
	if (p == 0) {
		CHECK_ERRNO(short_epoll(), EINTR);
		_exit(0);
	}
	ktap_sleep_ms(20);
	kill(p, SIGSTOP);
	CHECK_EQ(waitpid(p, &status, WUNTRACED), p);
	kill(p, SIGCONT);
	CHECK_CHILD(p);
}

TEST(nanosleep_tells_the_rest)
{
	struct timespec t = { 1, 0 }, rest = { 0 };

	interrupt(0);
	CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
	calm();
	CHECK_EQ(rest.tv_sec, 0);
	CHECK(rest.tv_nsec > 100000000 && rest.tv_nsec <= 981000000);
}

/* The handler's own calls do not disturb the one that was interrupted. */
static void note_and_sleep(int sig)
{
	struct timespec t = { 0, 5000000 };

	caught++;
	(void)sig;
	nanosleep(&t, NULL);
}

TEST(restart_after_a_handler_that_slept)
{
	struct sigaction a = { .sa_handler = note_and_sleep,
			       .sa_flags = SA_RESTART };
	pid_t p;

	CHECK_OK(pipe(fd));
	interrupt(0);
	CHECK_OK(sigaction(SIGALRM, &a, NULL));
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(100);
		help_write();
		_exit(0);
	}
	CHECK_EQ(call_read(), 1);
	CHECK(caught >= 2);
	calm();
	CHECK_CHILD(p);
}

TEST(ignored_signals_wake_nobody)
{
	pid_t p;

	CHECK_OK(pipe(fd));
	signal(SIGUSR1, SIG_IGN);
	p = fork();
	if (p == 0) {
		for (int i = 0; i < 5; i++) {
			ktap_sleep_ms(10);
			kill(getppid(), SIGUSR1);
		}
		help_write();
		_exit(0);
	}
	CHECK_EQ(call_poll(), 1);
	CHECK_CHILD(p);
}
