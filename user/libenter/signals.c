/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.c - signals are blocked except while we wait, so that what they say
 * is never missed and never comes in between.
 */
#include <poll.h>
#include <stddef.h>
#include <termios.h>

#include "inner.h"

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
static const int other_signals[] = { SIGCHLD, SIGWINCH, SIGCONT };

enum {
	FATAL = sizeof(fatal_signals) / sizeof(*fatal_signals),
	OTHER = sizeof(other_signals) / sizeof(*other_signals),
};

static volatile sig_atomic_t happened, fatal_now, fatal_ever;
static sigset_t mask_before;
static int held;

static void note(int sig)
{
	switch (sig) {
	case SIGCHLD:
		happened |= CHILD_ENDED;
		break;
	case SIGWINCH:
		happened |= SIZE_CHANGED;
		break;
	case SIGCONT:
		happened |= CONTINUED;
		break;
	default:
		fatal_now = fatal_ever = sig;
	}
}

/* One that the caller had us ignore stays ignored (nohup). */
static void watch(int sig, sigset_t *block)
{
	struct sigaction action = { .sa_handler = note }, old;

	sigaddset(block, sig);
	sigaction(sig, NULL, &old);
	if (old.sa_handler != SIG_IGN || sig == SIGCHLD)
		sigaction(sig, &action, NULL);
}

void enter_hold_signals(void)
{
	sigset_t block;
	int i;

	if (held)
		return;
	held = 1;
	sigemptyset(&block);
	sigprocmask(SIG_BLOCK, NULL, &mask_before);
	for (i = 0; i < FATAL; i++)
		sigaddset(&block, fatal_signals[i]);
	sigprocmask(SIG_BLOCK, &block, NULL);
	for (i = 0; i < FATAL; i++)
		watch(fatal_signals[i], &block);
	for (i = 0; i < OTHER; i++)
		watch(other_signals[i], &block);
	sigprocmask(SIG_BLOCK, &block, NULL);
}

int enter_signalled(void)
{
	sigset_t pending;
	int i;

	if (fatal_ever)
		return fatal_ever;
	sigpending(&pending);
	for (i = 0; held && i < FATAL; i++) {
		struct sigaction action;

		sigaction(fatal_signals[i], NULL, &action);
		if (sigismember(&pending, fatal_signals[i]) &&
		    action.sa_handler != SIG_IGN)
			return fatal_signals[i];
	}
	return 0;
}

unsigned signals_wait(struct pollfd *fds, unsigned n, int msec, int *fatal)
{
	struct timespec limit = { msec / 1000, msec % 1000 * 1000000L };
	sigset_t open = mask_before;
	unsigned bits;
	int i;

	for (i = 0; i < FATAL; i++)
		sigdelset(&open, fatal_signals[i]);
	for (i = 0; i < OTHER; i++)
		sigdelset(&open, other_signals[i]);
	if (ppoll(fds, n, msec < 0 ? NULL : &limit, &open) < 0) {
		for (i = 0; i < (int)n; i++)
			fds[i].revents = 0;
	}
	bits = (unsigned)happened;
	happened = 0;
	*fatal = fatal_now;
	fatal_now = 0;
	return bits;
}

void signals_forget(void)
{
	struct sigaction action;
	int i;

	for (i = 0; i < FATAL + OTHER; i++) {
		int sig =
			i < FATAL ? fatal_signals[i] : other_signals[i - FATAL];

		sigaction(sig, NULL, &action);
		if (action.sa_handler == note)
			signal(sig, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}
