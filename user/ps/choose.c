/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose.c - lists of jails, users, terminals and numbers on a command line,
 * and whether a process is meant by them; names of signals.
 */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <jail.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ps.h"

static void list_add(struct list *list, int number)
{
	list->at = must(realloc(list->at, (list->n + 1) * sizeof(*list->at)));
	list->at[list->n++] = number;
	list->given = true;
}

bool list_holds(const struct list *list, int number)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i] == number)
			return true;
	return false;
}

/* A decimal number and nothing else; -1 if it is none. */
static int whole_number(const char *word)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*word))
		return -1;
	errno = 0;
	n = strtol(word, &end, 10);
	return *end || errno || n > 0x7fffffff ? -1 : (int)n;
}

static void each_word(struct list *list, const char *text,
		      int (*number_of)(const char *word))
{
	char *copy = must(strdup(text)), *save = NULL, *word;

	list->given = true;
	for (word = strtok_r(copy, ", \t", &save); word;
	     word = strtok_r(NULL, ", \t", &save))
		list_add(list, number_of(word));
	if (!list->n)
		fail("an empty list chooses nothing");
	free(copy);
}

static int number_of(const char *word)
{
	int n = whole_number(word);

	if (n < 0)
		fail("'%s' is no number", word);
	return n;
}

static int jail_of(const char *word)
{
	int jid = strcmp(word, "0") ? jail_getid(word) : 0;

	if (jid < 0)
		fail("no jail '%s' (jls lists them)", word);
	return jid;
}

static int user_of(const char *word)
{
	struct passwd *user = getpwnam(word);
	int n = whole_number(word);

	if (!user && n < 0)
		fail("no user '%s'", word);
	return user ? (int)user->pw_uid : n;
}

static int group_of(const char *word)
{
	struct group *group = getgrnam(word);
	int n = whole_number(word);

	if (!group && n < 0)
		fail("no group '%s'", word);
	return group ? (int)group->gr_gid : n;
}

/* ttyS0, pts/0, /dev/tty1, or - for none; the number as in /proc/PID/stat. */
static int tty_of(const char *word)
{
	unsigned major, minor;
	struct stat st;
	char name[64];

	if (!strcmp(word, "-") || !strcmp(word, "?"))
		return 0;
	snprintf(name, sizeof(name), "%s%s", *word == '/' ? "" : "/dev/", word);
	if (stat(name, &st) || !S_ISCHR(st.st_mode))
		fail("no terminal '%s'", word);
	major = major(st.st_rdev);
	minor = minor(st.st_rdev);
	return (int)(major << 8 | (minor & 0xff) | (minor & ~0xffu) << 12);
}

void choose_numbers(struct list *list, const char *text)
{
	each_word(list, text, number_of);
}

void choose_jails(struct list *list, const char *text)
{
	each_word(list, text, jail_of);
}

void choose_users(struct list *list, const char *text)
{
	each_word(list, text, user_of);
}

void choose_groups(struct list *list, const char *text)
{
	each_word(list, text, group_of);
}

void choose_ttys(struct list *list, const char *text)
{
	each_word(list, text, tty_of);
}

static bool fits(const struct list *list, int number)
{
	return !list->given || list_holds(list, number);
}

bool choice_holds(const struct choice *c, const struct task *t)
{
	return fits(&c->jails, t->jid) && fits(&c->pids, t->pid) &&
	       fits(&c->parents, t->ppid) && fits(&c->groups, t->group) &&
	       fits(&c->sessions, t->session) && fits(&c->ttys, (int)t->tty) &&
	       fits(&c->users, (int)t->euid) &&
	       fits(&c->real_users, (int)t->uid) &&
	       fits(&c->real_groups, (int)t->gid);
}

static const char *const signals[] = {
	[SIGHUP] = "HUP",     [SIGINT] = "INT",	      [SIGQUIT] = "QUIT",
	[SIGILL] = "ILL",     [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT",
	[SIGBUS] = "BUS",     [SIGFPE] = "FPE",	      [SIGKILL] = "KILL",
	[SIGUSR1] = "USR1",   [SIGSEGV] = "SEGV",     [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE",   [SIGALRM] = "ALRM",     [SIGTERM] = "TERM",
	[SIGSTKFLT] = "STKFLT", [SIGCHLD] = "CHLD",   [SIGCONT] = "CONT",
	[SIGSTOP] = "STOP",   [SIGTSTP] = "TSTP",     [SIGTTIN] = "TTIN",
	[SIGTTOU] = "TTOU",   [SIGURG] = "URG",	      [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ",   [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF",
	[SIGWINCH] = "WINCH", [SIGIO] = "IO",	      [SIGPWR] = "PWR",
	[SIGSYS] = "SYS",
};

enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

int signal_number(const char *text)
{
	int n = whole_number(text);

	if (n >= 0)
		return n < _NSIG ? n : -1;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (int i = 1; i < SIGNALS; i++)
		if (!strcasecmp(signals[i], text))
			return i;
	return -1;
}

void signal_names_print(void)
{
	for (int i = 1; i < SIGNALS; i++)
		printf("%2d) %s\n", i, signals[i]);
}
