/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enter.h - running a command in or beside a jail: what jail and jexec share.
 *
 * A command never shares a session or a terminal with whoever started it. It
 * runs in a new session; where its standard files are terminals, they are
 * replaced by a new one (a pty), and the parent carries the bytes. It holds
 * no other descriptor. So an inmate has no handle on the host's terminal.
 */
#ifndef _ENTER_H
#define _ENTER_H

#include <limits.h>
#include <sys/types.h>

enum { ENTER_GROUPS = 32, ENTER_NAME = 64 };

struct enter_user {
	char name[ENTER_NAME], home[PATH_MAX], shell[PATH_MAX];
	uid_t uid;
	gid_t gid, groups[ENTER_GROUPS];
	int ngroups;
};

struct enter_run {
	int (*child)(void *arg); /* gives the exit status, if it returns */
	void *arg;
	int keep;   /* a descriptor the child needs, its number 3; or -1 */
	int output; /* where its output goes; -1: where ours goes */
	unsigned null_in; /* its input is /dev/null */
	unsigned no_pty;  /* it is not an inmate, and may have our terminal */
	int timeout;      /* in seconds; 0: none */
};

enum { ENTER_KEPT = 3 }; /* the number of `keep` in the child */

/* Runs child in a new process and waits. Gives its wait status, or -1 with
 * errno: ETIMEDOUT when it was killed for taking too long, EISDIR when an inmate
 * would get a folder. Signals that would end us are passed on to it. */
int enter_run(const struct enter_run *run);

/* errno after enter_run, in words. */
const char *enter_error(void);

/* From now on, signals that would end us are kept until enter_run. */
void enter_hold_signals(void);
/* The one that has come, or 0. */
int enter_signalled(void);

/* As a shell gives it: 128 and more for a signal. */
int enter_status(int wait_status);

/* By the passwd file of where we are; NULL means the one we are. -1: none, and
 * *user has an empty name, and / and /bin/sh for the rest. */
int enter_find_user(struct enter_user *user, const char *name);
/* Groups, group, user. -1 with errno. */
int enter_become(const struct enter_user *user);
/* HOME, SHELL, USER; clean: nothing else but TERM, and a plain PATH. -1 with
 * errno. */
int enter_environment(const struct enter_user *user, int clean);
/* execvp; when it fails, a line that begins with who, and 126 or 127. */
int enter_exec(const char *who, char *const argv[]);

#endif
