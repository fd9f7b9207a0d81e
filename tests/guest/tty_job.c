/* SPDX-License-Identifier: BSD-2-Clause */
/* tty_job.c - whose terminal it is: sessions, job control, keys, hangups. */
#include "pty.h"

static volatile sig_atomic_t seen[65];

static void note(int sig)
{
	seen[sig]++;
}

/* Without SA_RESTART. */
static void catch(int sig)
{
	struct sigaction a = { .sa_handler = note };

	CHECK_OK(sigaction(sig, &a, NULL));
}

static void wait_for(int sig)
{
	while (!seen[sig])
		ktap_sleep_ms(1);
}

/* The caller, leader of a fresh session, takes the slave by opening it. */
static int take(const struct pty *p)
{
	int fd = open(p->name, O_RDWR);

	CHECK_OK(fd);
	CHECK_EQ(tcgetsid(fd), getpid());
	CHECK_EQ(tcgetpgrp(fd), getpgrp());
	return fd;
}

TEST(opening_gives_control)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();
	int fd;

	if (pid == 0) {
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		CHECK_OK(open(p.name, O_RDWR | O_NOCTTY));
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		CHECK_ERRNO(tcgetsid(p.slave), ENOTTY);
		CHECK_ERRNO(tcgetpgrp(p.slave), ENOTTY);
		CHECK_ERRNO(tcsetpgrp(p.slave, getpgrp()), ENOTTY);
		CHECK_OK(open(p.name, O_WRONLY));
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		take(&p);
		fd = open("/dev/tty", O_RDWR);
		CHECK_OK(fd);
		CHECK_EQ(write(fd, "mine", 4), 4);
		_exit(0);
	}
	SHOWS(p, "mine");
	CHECK_CHILD(pid);
}

TEST(who_may_take_control)
{
	struct pty p = pty_new(), q = pty_new();
	pid_t pid = pty_session(), other;

	if (pid)
		goto parent;
	other = fork();
	if (other == 0) {	/* no leader */
		CHECK_ERRNO(ioctl(p.slave, TIOCSCTTY, 0), EPERM);
		_exit(0);
	}
	CHECK_CHILD(other);
	/* By the master, too: it is the same line. */
	CHECK_OK(ioctl(p.master, TIOCSCTTY, 0));
	CHECK_EQ(tcgetsid(p.slave), getpid());
	CHECK_OK(ioctl(p.slave, TIOCSCTTY, 0));
	CHECK_ERRNO(ioctl(p.master, TIOCNOTTY, 0), ENOTTY);
	CHECK_ERRNO(ioctl(q.slave, TIOCSCTTY, 0), EPERM);
	other = pty_session();
	if (other == 0) {	/* another session's: only root, by 1 */
		CHECK_ERRNO(ioctl(p.slave, TIOCSCTTY, 0), EPERM);
		CHECK_OK(setresuid(-1, 1000, -1));
		CHECK_ERRNO(ioctl(p.slave, TIOCSCTTY, 1), EPERM);
		CHECK_OK(setresuid(-1, 0, -1));
		CHECK_OK(ioctl(p.slave, TIOCSCTTY, 1));
		CHECK_EQ(tcgetsid(p.slave), getpid());
		_exit(0);
	}
	CHECK_CHILD(other);
	CHECK_ERRNO(tcgetsid(p.slave), ENOTTY);
	_exit(0);
parent:
	CHECK_CHILD(pid);
}

TEST(giving_it_up)
{
	struct pty p = pty_new();
	pid_t pid = pty_session(), other;

	if (pid)
		goto parent;
	CHECK_ERRNO(ioctl(p.slave, TIOCNOTTY, 0), ENOTTY);
	take(&p);
	other = fork();
	if (other == 0) {	/* for a child only the child loses it */
		ioctl(p.slave, TIOCNOTTY, 0);
		_exit(0);
	}
	CHECK_CHILD(other);
	CHECK_EQ(tcgetsid(p.slave), getpid());
	catch(SIGHUP);
	catch(SIGCONT);
	CHECK_OK(ioctl(p.slave, TIOCNOTTY, 0));
	wait_for(SIGHUP);
	wait_for(SIGCONT);
	CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
	PRINT(p, "still");	/* the file stays good */
	CHECK_OK(ioctl(p.slave, TIOCSCTTY, 0));
	_exit(0);
parent:
	SHOWS(p, "still");
	CHECK_CHILD(pid);
}

TEST(foreground_group)
{
	struct pty p = pty_new();
	pid_t pid = pty_session(), job, id = 0;

	if (pid)
		goto parent;
	take(&p);
	job = fork();
	CHECK_OK(job);
	if (job == 0) {
		for (;;)
			pause();
	}
	CHECK_OK(setpgid(job, job));
	CHECK_OK(tcsetpgrp(p.slave, job));
	CHECK_EQ(tcgetpgrp(p.slave), job);
	CHECK_OK(ioctl(p.master, TIOCGPGRP, &id));
	CHECK_EQ(id, job);
	CHECK_OK(ioctl(p.master, TIOCGSID, &id));
	CHECK_EQ(id, getpid());
	signal(SIGTTOU, SIG_IGN);
	CHECK_ERRNO(tcsetpgrp(p.slave, -1), EINVAL);
	CHECK_ERRNO(tcsetpgrp(p.slave, 99999), ESRCH);
	CHECK_ERRNO(tcsetpgrp(p.slave, getppid()), EPERM);
	CHECK_OK(tcsetpgrp(p.slave, getpgrp()));
	kill(job, SIGKILL);
	ktap_wait(job);
	_exit(0);
parent:
	setpgid(0, 0);
	CHECK_CHILD(pid);
}

/* In a group of its own; the parent is the session's leader. */
static pid_t background(void (*what)(const struct pty *), const struct pty *p)
{
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_OK(setpgid(0, 0));
		what(p);
		_exit(0);
	}
	return pid;
}

static void read_byte(const struct pty *p)
{
	char c;

	CHECK_EQ(read(p->slave, &c, 1), 1);
	CHECK_EQ(c, 'k');
}

static void write_byte(const struct pty *p)
{
	CHECK_EQ(write(p->slave, "w", 1), 1);
}

static void set_modes(const struct pty *p)
{
	struct termios t;

	CHECK_OK(tcgetattr(p->slave, &t));
	CHECK_OK(tcsetattr(p->slave, TCSANOW, &t));
}

static void expect_stop(pid_t pid, int sig)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(WSTOPSIG(status), sig);
}

TEST(a_job_in_the_background_stops)
{
	struct pty p = pty_new();
	pid_t pid = pty_session(), job;

	if (pid)
		goto parent;
	take(&p);
	signal(SIGTTOU, SIG_IGN);
	PTY_MODE(p, c_lflag, ECHO, 0);
	signal(SIGTTOU, SIG_DFL);
	job = background(read_byte, &p);
	expect_stop(job, SIGTTIN);
	CHECK_OK(kill(-job, SIGCONT));
	expect_stop(job, SIGTTIN);	/* again, and it is back there */
	CHECK_OK(tcsetpgrp(p.slave, job));
	CHECK_OK(kill(-job, SIGCONT));
	TYPE(p, "k\n");
	CHECK_CHILD(job);
	signal(SIGTTOU, SIG_IGN);
	CHECK_OK(tcsetpgrp(p.slave, getpgrp()));
	CHECK_OK(tcflush(p.slave, TCIFLUSH));
	signal(SIGTTOU, SIG_DFL);

	job = background(write_byte, &p);
	CHECK_CHILD(job);		/* without TOSTOP it may */
	PTY_MODE(p, c_lflag, 0, TOSTOP);
	job = background(write_byte, &p);
	expect_stop(job, SIGTTOU);
	CHECK_OK(kill(job, SIGKILL));
	ktap_wait(job);

	job = background(set_modes, &p);
	expect_stop(job, SIGTTOU);
	CHECK_OK(tcsetpgrp(p.slave, job));
	CHECK_OK(kill(-job, SIGCONT));
	CHECK_CHILD(job);
	_exit(0);
parent:
	SHOWS(p, "w");
	CHECK_CHILD(pid);
}

static void read_ignored(const struct pty *p)
{
	char c;

	signal(SIGTTIN, SIG_IGN);
	CHECK_ERRNO(read(p->slave, &c, 1), EIO);
}

static void read_blocked(const struct pty *p)
{
	sigset_t set;
	char c;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ERRNO(read(p->slave, &c, 1), EIO);
}

static void read_caught(const struct pty *p)
{
	char c;

	catch(SIGTTIN);
	CHECK_ERRNO(read(p->slave, &c, 1), EINTR);
	CHECK_EQ(seen[SIGTTIN], 1);
}

static void write_ignored(const struct pty *p)
{
	signal(SIGTTOU, SIG_IGN);
	CHECK_EQ(write(p->slave, "i", 1), 1);
	set_modes(p);
}

TEST(a_job_that_refuses_to_stop)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();

	if (pid)
		goto parent;
	take(&p);
	PTY_MODE(p, c_lflag, 0, TOSTOP);
	CHECK_CHILD(background(read_ignored, &p));
	CHECK_CHILD(background(read_blocked, &p));
	CHECK_CHILD(background(read_caught, &p));
	CHECK_CHILD(background(write_ignored, &p));
	_exit(0);
parent:
	SHOWS(p, "i");
	CHECK_CHILD(pid);
}

/* Nobody could continue a group whose shell is gone: it gets an error. */
static void orphan_checks(const struct pty *p, int report)
{
	struct termios t;
	char c;

	CHECK_ERRNO(read(p->slave, &c, 1), EIO);
	CHECK_OK(tcgetattr(p->slave, &t));
	CHECK_ERRNO(tcsetattr(p->slave, TCSANOW, &t), EIO);
	CHECK_ERRNO(tcsetpgrp(p->slave, getpgrp()), ENOTTY);
	(void)!write(report, "x", 1);
}

TEST(an_orphaned_job)
{
	struct pty p = pty_new();
	int report[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(report));
	pid = pty_session();
	if (pid == 0) {
		pid_t me = getpid(), middle;

		take(&p);
		middle = fork();
		if (middle == 0) {
			setpgid(0, 0);
			if (fork())
				_exit(0);
			while (getppid() != 1 && getppid() != me)
				ktap_sleep_ms(1);
			orphan_checks(&p, report[1]);
			_exit(0);
		}
		CHECK_CHILD(middle);
		close(report[1]);
		CHECK_EQ(read(report[0], &c, 1), 1);
		_exit(0);
	}
	close(report[1]);
	CHECK_CHILD(pid);
}

TEST(keys_that_are_signals)
{
	struct pty p = pty_new();
	static const struct { int sig; char key; const char *shown; } keys[] = {
		{ SIGINT, 3, "^C" }, { SIGQUIT, 28, "^\\" }, { SIGTSTP, 26, "^Z" },
	};
	pid_t pid = pty_session();

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			catch(keys[i].sig);
		take(&p);
		PRINT(p, "go");
		for (int i = 0; i < 3; i++) {
			wait_for(keys[i].sig);
			CHECK_EQ(write(p.slave, "!", 1), 1);
		}
		_exit(0);
	}
	SHOWS(p, "go");
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(write(p.master, &keys[i].key, 1), 1);
		char want[4];

		snprintf(want, sizeof(want), "%s!", keys[i].shown);
		pty_expect(__FILE__, __LINE__, "key", p.master, want, 3);
	}
	CHECK_CHILD(pid);
}

/* What was typed before ^C is gone, unless NOFLSH. */
TEST(a_signal_key_flushes)
{
	struct pty p = pty_new();

	TYPE(p, "line\nhalf");
	SHOWS(p, "line\r\nhalf");
	TYPE(p, "\3");
	SHOWS(p, "^C");
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), 0);
	PTY_MODE(p, c_lflag, 0, NOFLSH);
	TYPE(p, "line\nhalf");
	SHOWS(p, "line\r\nhalf");
	TYPE(p, "\3\n");
	SHOWS(p, "^C\r\n");
	READS(p, "line\n");
	READS(p, "half\n");
}

TEST(a_signal_ends_a_read)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();
	char c;

	if (pid == 0) {
		catch(SIGINT);
		take(&p);
		PRINT(p, "go");
		CHECK_ERRNO(read(p.slave, &c, 1), EINTR);
		CHECK_EQ(seen[SIGINT], 1);
		signal(SIGINT, SIG_DFL);
		PRINT(p, "on");
		read(p.slave, &c, 1);
		_exit(1);
	}
	SHOWS(p, "go");
	TYPE(p, "\3");
	SHOWS(p, "^Con");
	TYPE(p, "\3");
	int status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGINT);
}

TEST(size_and_its_signal)
{
	struct pty p = pty_new();
	struct winsize w = { 0, 0, 0, 0 }, v;
	pid_t pid;

	CHECK_OK(ioctl(p.slave, TIOCGWINSZ, &v));
	CHECK_EQ(v.ws_row + v.ws_col, 0);
	pid = pty_session();
	if (pid == 0) {
		catch(SIGWINCH);
		take(&p);
		PRINT(p, "go");
		wait_for(SIGWINCH);
		CHECK_OK(ioctl(p.slave, TIOCGWINSZ, &v));
		CHECK_EQ(v.ws_row, 33);
		CHECK_EQ(v.ws_col, 99);
		CHECK_OK(ioctl(p.slave, TIOCSWINSZ, &v));	/* the same */
		ktap_sleep_ms(PTY_SHORT);
		CHECK_EQ(seen[SIGWINCH], 1);
		_exit(0);
	}
	SHOWS(p, "go");
	w.ws_row = 33;
	w.ws_col = 99;
	CHECK_OK(ioctl(p.master, TIOCSWINSZ, &w));
	CHECK_CHILD(pid);
}

TEST(master_closed_is_a_hangup)
{
	struct pty p = pty_new();
	struct termios t;
	pid_t pid = pty_session();
	char c;
	int tty;

	if (pid == 0) {
		catch(SIGHUP);
		catch(SIGCONT);
		tty = take(&p);
		close(p.master);
		PRINT(p, "go");
		wait_for(SIGHUP);
		wait_for(SIGCONT);
		CHECK_EQ(read(tty, &c, 1), 0);
		CHECK_ERRNO(write(tty, "x", 1), EIO);
		CHECK_ERRNO(tcgetattr(tty, &t), EIO);
		CHECK_EQ(pty_wait(tty, POLLIN | POLLOUT, 0),
			 POLLIN | POLLOUT | POLLERR | POLLHUP);
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		CHECK_ERRNO(open(p.name, O_RDWR), ENOENT);
		_exit(0);
	}
	SHOWS(p, "go");
	close(p.master);
	CHECK_CHILD(pid);
}

TEST(a_reader_is_woken_by_the_hangup)
{
	struct pty p = pty_new();
	pid_t pid = fork();
	char c;

	CHECK_OK(pid);
	if (pid == 0) {
		close(p.master);
		PRINT(p, "go");
		CHECK_ERRNO(read(p.slave, &c, 1), EIO);
		CHECK_EQ(read(p.slave, &c, 1), 0);
		_exit(0);
	}
	SHOWS(p, "go");
	ktap_sleep_ms(PTY_SHORT);
	close(p.master);
	CHECK_CHILD(pid);
}

/* The leader's end takes the terminal from its session. */
TEST(end_of_the_session_leader)
{
	struct pty p = pty_new();
	int ready[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(ready));
	pid = pty_session();
	if (pid == 0) {
		take(&p);
		if (fork() == 0) {	/* in the foreground */
			catch(SIGHUP);
			(void)!write(ready[1], "r", 1);
			wait_for(SIGHUP);
			CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
			CHECK_ERRNO(tcgetsid(p.slave), ENOTTY);
			(void)!write(ready[1], "h", 1);
			_exit(0);
		}
		CHECK_EQ(read(ready[0], &c, 1), 1);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_EQ(c, 'h');
	pid = pty_session();	/* and it is free for another */
	if (pid == 0) {
		take(&p);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(hanging_up_by_call)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();
	int fd;
	char c;

	if (pid == 0) {
		catch(SIGHUP);
		take(&p);
		CHECK_OK(ioctl(p.slave, TIOCVHANGUP, 0));
		wait_for(SIGHUP);
		CHECK_EQ(read(p.slave, &c, 1), 0);
		CHECK_ERRNO(write(p.slave, "x", 1), EIO);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_ERRNO(write(p.slave, "x", 1), EIO);
	fd = open(p.name, O_RDWR | O_NOCTTY);	/* the line itself is good */
	CHECK_OK(fd);
	CHECK_EQ(write(fd, "new", 3), 3);
	SHOWS(p, "new");
}
