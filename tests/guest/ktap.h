/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktap.h - the whole of a test program: each TEST is a function that runs in a
 * process of its own, with a time limit, and the results go out as KTAP.
 *
 *	#include "ktap.h"
 *
 *	TEST(pipe_carries_bytes)
 *	{
 *		CHECK_OK(pipe(fd));
 *		CHECK_EQ(write(fd[1], "x", 1), 1);
 *	}
 *
 * A CHECK that fails ends the test and says where; SKIP("why") ends it too.
 * The program takes names of tests to run; without any it runs all. The same
 * binary runs on Linux: what is not plain POSIX or Linux ABI asks on_brig().
 * tests/test_guest.py finds the tests by reading the lines "TEST(name)".
 */
#ifndef KTAP_H
#define KTAP_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KTAP_SECONDS = 20, KTAP_FAILED = 101, KTAP_SKIPPED = 102 };

struct ktap_test {
	const char *name;
	void (*run)(void);
	int seconds;
	struct ktap_test *next;
};

static struct ktap_test *ktap_first, **ktap_end = &ktap_first;
static int ktap_notes = -1; /* where CHECK and SKIP of the child write */

static inline void ktap_add(struct ktap_test *t)
{
	*ktap_end = t;
	ktap_end = &t->next;
}

/* A test, and one with its own time limit in seconds. */
#define TEST(name) TEST_WITHIN(name, KTAP_SECONDS)
#define TEST_WITHIN(test, limit)                                              \
	static void test(void);                                               \
	static struct ktap_test ktap_##test = { #test, test, limit, NULL };   \
	__attribute__((constructor)) static void ktap_add_##test(void)        \
	{                                                                     \
		ktap_add(&ktap_##test);                                       \
	}                                                                     \
	static void test(void)

/* Says something about the running test; shown when it fails. */
__attribute__((format(printf, 1, 2))) static inline void
ktap_note(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(text) - 1)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	(void)!write(ktap_notes, text, n);
}

/* These end the process, a forked child of the test too. */
#define FAIL(...) (ktap_note(__VA_ARGS__), _exit(KTAP_FAILED))
#define SKIP(...) (ktap_note(__VA_ARGS__), _exit(KTAP_SKIPPED))

#define CHECK(e)                                                              \
	do {                                                                  \
		if (!(e))                                                     \
			FAIL("%s:%d: %s (errno %d: %s)", __FILE__, __LINE__,  \
			     #e, errno, strerror(errno));                     \
	} while (0)

/* The two numbers are shown. */
#define CHECK_EQ(a, b)                                                        \
	do {                                                                  \
		long long ktap_a = (a), ktap_b = (b);                         \
		if (ktap_a != ktap_b)                                         \
			FAIL("%s:%d: %s is %lld, not %s, %lld (errno %d: %s)",\
			     __FILE__, __LINE__, #a, ktap_a, #b, ktap_b,      \
			     errno, strerror(errno));                         \
	} while (0)

/* A call that gives -1 on error and must not. */
#define CHECK_OK(call) CHECK((call) != -1)

/* A call that must fail, and how. */
#define CHECK_ERRNO(call, want)                                               \
	do {                                                                  \
		errno = 0;                                                    \
		long long ktap_r = (long long)(call);                         \
		if (ktap_r != -1 || errno != (want))                          \
			FAIL("%s:%d: %s gives %lld, errno %d (%s), not %s",   \
			     __FILE__, __LINE__, #call, ktap_r, errno,        \
			     strerror(errno), #want);                         \
	} while (0)

/* Waits for a child that must exit with status 0. */
#define CHECK_CHILD(pid)                                                      \
	do {                                                                  \
		int ktap_status = ktap_wait(pid);                             \
		if (ktap_status)                                              \
			FAIL("%s:%d: child %s: %s %d", __FILE__, __LINE__,    \
			     #pid,                                            \
			     WIFSIGNALED(ktap_status) ? "signal" : "exit",    \
			     WIFSIGNALED(ktap_status) ?                       \
				     WTERMSIG(ktap_status) :                  \
				     WEXITSTATUS(ktap_status));               \
	} while (0)

/* The wait status of a child of ours, or -1. */
static inline int ktap_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static inline int on_brig(void)
{
	return !getenv("BRIG_ORACLE");
}

/* Milliseconds of a clock that never goes back. */
static inline long long ktap_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static inline void ktap_sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* Reads what the test said and prints it as diagnostic lines. */
static inline void ktap_print_notes(int fd, char *last, size_t size)
{
	char text[8192], *line, *rest = text;
	ssize_t n = 0, got;

	while (n < (ssize_t)sizeof(text) - 1 &&
	       (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	text[n] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line) {
			printf("# %s\n", line);
			snprintf(last, size, "%s", line);
		}
}

static inline pid_t ktap_start(const struct ktap_test *t, int notes)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	ktap_notes = notes;
	/* What a test prints must not look like a result. */
	dup2(notes, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, SIG_DFL);
	alarm(t->seconds);
	t->run();
	fflush(stdout);
	_exit(0);
}

static inline int ktap_run(const struct ktap_test *t, int number)
{
	char last[256] = "";
	int notes[2], status, code;
	pid_t pid;

	if (pipe(notes) < 0) {
		printf("Bail out! pipe: %s\n", strerror(errno));
		exit(1);
	}
	fcntl(notes[0], F_SETFD, FD_CLOEXEC);
	fcntl(notes[0], F_SETFL, O_NONBLOCK);
	pid = ktap_start(t, notes[1]);
	close(notes[1]);
	status = pid < 0 ? -1 : ktap_wait(pid);
	if (pid > 0)
		kill(-pid, SIGKILL); /* what it left behind */
	ktap_print_notes(notes[0], last, sizeof(last));
	close(notes[0]);
	code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (pid < 0)
		printf("# fork: %s\n", strerror(errno));
	else if (WIFSIGNALED(status))
		printf("# ended by signal %d%s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? " (time limit)" : "");
	else if (code && code != KTAP_FAILED && code != KTAP_SKIPPED)
		printf("# exit status %d\n", code);
	if (code == KTAP_SKIPPED)
		printf("ok %d %s # SKIP %s\n", number, t->name, last);
	else
		printf("%s %d %s\n", code ? "not ok" : "ok", number, t->name);
	fflush(stdout);
	return code && code != KTAP_SKIPPED;
}

static inline int ktap_wanted(const struct ktap_test *t, char **names)
{
	if (!*names)
		return 1;
	while (*names && strcmp(*names, t->name))
		names++;
	return *names != NULL;
}

int main(int argc, char **argv)
{
	int count = 0, number = 0, failed = 0;
	struct ktap_test *t;

	(void)argc;
	for (t = ktap_first; t; t = t->next)
		count += ktap_wanted(t, argv + 1);
	printf("KTAP version 1\n1..%d\n", count);
	for (t = ktap_first; t; t = t->next)
		if (ktap_wanted(t, argv + 1))
			failed += ktap_run(t, ++number);
	return failed != 0;
}

#endif
