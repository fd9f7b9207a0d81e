/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - what the files of libenter share.
 */
#ifndef LIBENTER_INNER_H
#define LIBENTER_INNER_H

#include <enter.h>
#include <signal.h>
#include <sys/types.h>

/* Bits of what has happened since the last look: signals.c. */
enum { CHILD_ENDED = 1, SIZE_CHANGED = 2, CONTINUED = 4 };

/* Sleeps until something of fds happens, a signal, or msec are over (-1: for
 * ever). Gives the bits, and in *fatal a signal to be passed on, or 0. */
struct pollfd;
unsigned signals_wait(struct pollfd *fds, unsigned n, int msec, int *fatal);
/* In the child: as if we had never touched them. */
void signals_forget(void);

/* The terminals on both sides: relay.c. */
struct relay {
	int master, slave; /* -1: there is none */
	int control;       /* the child is to have it as its terminal */
	int screen;        /* where its output goes */
	int keys_from;     /* where keys come from, or -1 */
	int is_raw;
	struct termios *saved; /* of keys_from */
	char keys[256];
	unsigned keys_at, keys_end;
};

/* A pty in place of those of the standard files that are terminals. */
int relay_open(struct relay *r, const int is_tty[3]);
/* In the child, after setsid. */
void relay_become_slave(struct relay *r, const int is_tty[3]);
/* In the parent, after the fork. */
void relay_start(struct relay *r);
/* Waits once and carries what there is. */
unsigned relay_step(struct relay *r, int msec, int *fatal);
void relay_resize(struct relay *r);
/* Takes the keyboard, if it is ours now. */
void relay_take_keys(struct relay *r);
/* What was still on its way is shown; the terminal is as it was. */
void relay_end(struct relay *r);

#endif
