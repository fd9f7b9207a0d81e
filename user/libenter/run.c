/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - a process in a session of its own, without our descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "inner.h"

enum { FAILED = 1 };

static void close_from(int first)
{
	int fd;

	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
	for (fd = first; fd < sysconf(_SC_OPEN_MAX); fd++)
		close(fd);
}

/* Which standard files are terminals, once they are as the child has them. */
static void find_terminals(const struct enter_run *run, int is_tty[3])
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		is_tty[fd] = !run->no_pty && isatty(fd);
	if (run->null_in)
		is_tty[0] = 0;
	if (run->output >= 0)
		is_tty[1] = is_tty[2] = 0;
}

static void arrange_files(const struct enter_run *run)
{
	if (run->null_in) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0)
			_exit(FAILED);
		dup2(null, 0);
	}
	if (run->output >= 0) {
		dup2(run->output, 1);
		dup2(run->output, 2);
	}
	if (run->keep >= 0 && run->keep != ENTER_KEPT)
		dup2(run->keep, ENTER_KEPT);
	close_from(run->keep >= 0 ? ENTER_KEPT + 1 : ENTER_KEPT);
}

static void be_child(const struct enter_run *run, struct relay *r,
		     const int is_tty[3])
{
	setsid();
	if (r->slave >= 0)
		relay_become_slave(r, is_tty);
	arrange_files(run);
	signals_forget();
	_exit(run->child(run->arg));
}

/* To the child, and to what its terminal thinks is in front. */
static void pass_on(const struct relay *r, pid_t child, int sig)
{
	pid_t front = r->master >= 0 ? tcgetpgrp(r->master) : -1;

	if (front > 0 && front != child)
		kill(-front, sig);
	if (kill(-child, sig) < 0)
		kill(child, sig); /* it has not come to its setsid yet */
}

static long long now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Until the child has ended: its status, or -1 when it took too long. */
static int attend(struct relay *r, pid_t child, int timeout)
{
	long long end = now_msec() + timeout * 1000LL;
	int status, fatal, late = 0;
	unsigned bits;

	while (waitpid(child, &status, WNOHANG) != child) {
		long long left = end - now_msec();

		if (timeout && !late && left <= 0) {
			late = 1;
			pass_on(r, child, SIGKILL);
		}
		bits = relay_step(r, timeout && !late ? (int)left : -1, &fatal);
		if (bits & SIZE_CHANGED)
			relay_resize(r);
		if (bits & CONTINUED)
			relay_take_keys(r);
		if (fatal)
			pass_on(r, child, fatal);
	}
	if (late)
		errno = ETIMEDOUT;
	return late ? -1 : status;
}

/* A folder among the files that go along would be a way out. */
static int has_folder(const struct enter_run *run)
{
	struct stat info;
	int fd;

	for (fd = run->null_in; fd < (run->output >= 0 ? 1 : 3); fd++) {
		if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
			return 1;
	}
	return 0;
}

int enter_run(const struct enter_run *run)
{
	struct relay r = { .master = -1, .slave = -1, .keys_from = -1 };
	int is_tty[3], status = -1, error;
	pid_t child;

	enter_hold_signals();
	if (!run->no_pty && has_folder(run)) {
		errno = EISDIR;
		return -1;
	}
	find_terminals(run, is_tty);
	if ((is_tty[0] || is_tty[1] || is_tty[2]) && relay_open(&r, is_tty) < 0)
		goto out;
	child = fork();
	if (child == 0)
		be_child(run, &r, is_tty);
	if (child < 0)
		goto out;
	if (r.master >= 0)
		relay_start(&r);
	status = attend(&r, child, run->timeout);
out:
	error = errno;
	relay_end(&r);
	errno = error;
	return status;
}

const char *enter_error(void)
{
	return errno == EISDIR ?
		"a directory of the host as a standard file would be a way out" :
		strerror(errno);
}

int enter_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}
