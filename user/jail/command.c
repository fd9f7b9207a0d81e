/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.c - the exec.* commands, beside the jail and inside it.
 *
 * A command is a line for /bin/sh, but inside a jail a line of plain words is
 * run as it is, so that a jail needs no shell. Those beside the jail have
 * JID, JNAME and JPATH in their environment; those inside are not told where
 * they lie on the host.
 */
#include <assert.h>
#include <ctype.h>
#include <enter.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "inner.h"

enum { STOP_SECONDS = 10, STOP_TICK_MSEC = 20 };

struct command {
	struct entry *jail;
	char **argv;
	int inside;
	const char *user; /* NULL: as we are */
	struct enter_user found;
};

static int set_names(const struct entry *jail)
{
	char jid[16];
	int bad = 0;

	snprintf(jid, sizeof(jid), "%d", jail->jid);
	if (jail->jid > 0)
		bad |= setenv("JID", jid, 1);
	bad |= setenv("JNAME", jail->name, 1);
	return bad | setenv("JPATH", jail->root ? jail->root : "/", 1);
}

static int child_failed(const struct command *c, const char *what)
{
	complain(c->jail, "%s: %s", what, strerror(errno));
	return FAILED;
}

/* As whom, in what environment. */
static int become(struct command *c)
{
	if (c->user && !c->found.name[0] &&
	    enter_find_user(&c->found, c->user) < 0)
		return complain(c->jail, "%s: no such user%s", c->user,
				c->inside ? " in the jail" : "");
	if (c->user && enter_become(&c->found) < 0)
		return complain(c->jail, "%s: %s", c->user, strerror(errno));
	if (c->inside && jail_is_on(c->jail, "exec.clean") &&
	    enter_environment(&c->found, 1) < 0)
		return complain(c->jail, "%s", strerror(errno));
	return 0;
}

static int child(void *arg)
{
	struct command *c = arg;

	assert(!c->inside || c->jail->jid > 0);
	if (c->inside && jail_attach(c->jail->jid) < 0)
		return child_failed(c, "cannot enter it");
	if (c->inside && chdir("/") < 0)
		return child_failed(c, "/");
	if (!c->inside && set_names(c->jail) < 0)
		return child_failed(c, "environment");
	if (become(c) < 0)
		return FAILED;
	return enter_exec("jail", c->argv);
}

/* Words that mean to a shell just what they are. */
static int is_plain(const char *line)
{
	size_t word = strcspn(line, " \t");

	if (memchr(line, '=', word))
		return 0;
	for (; *line; line++) {
		if (!isalnum((unsigned char)*line) &&
		    !strchr(" \t_./,:=@+%^-", *line))
			return 0;
	}
	return 1;
}

static char **make_argv(const char *line, int inside)
{
	char **argv = keep((strlen(line) / 2 + 4) * sizeof(*argv)), *words,
	     *word;
	int n = 0;

	if (!inside || !is_plain(line)) {
		argv[0] = "/bin/sh";
		argv[1] = "-c";
		argv[2] = keep_text(line, strlen(line));
		return argv;
	}
	words = keep_text(line, strlen(line));
	while ((word = strsep(&words, " \t"))) {
		if (*word)
			argv[n++] = word;
	}
	return argv;
}

/* The user to be, where the host's passwd file is the one to ask: also when
 * nobody else was named, and it is us. */
static int find_user(struct command *c)
{
	struct entry *jail = c->jail;

	c->user = jail_value(jail,
			     c->inside ? "exec.jail_user" : "exec.system_user");
	if (c->user && !*c->user)
		c->user = NULL;
	if (!c->inside ||
	    (c->user && !jail_is_on(jail, "exec.system_jail_user")))
		return 0;
	if (enter_find_user(&c->found, c->user) < 0 && c->user)
		return complain(jail, "%s: no such user", c->user);
	return 0;
}

/* Where the output of commands inside goes: exec.consolelog, or -1. */
static int open_console(struct entry *jail, int *fd)
{
	const char *log = jail_value(jail, "exec.consolelog");

	*fd = -1;
	if (!log || !*log)
		return 0;
	*fd = open_log(jail, log);
	if (*fd < 0)
		return complain(jail, "exec.consolelog %s: %s", log,
				errno == ELOOP ? "goes through a symbolic link"
					       : strerror(errno));
	return 0;
}

/* Runs c. Its exit status; or -1 after a complaint, which begins with what. */
static int run(struct command *c, const char *what, int interactive)
{
	struct enter_run run = {.child = child,
				.arg = c,
				.keep = -1,
				.output = -1,
				.null_in = !interactive,
				.no_pty = !c->inside};
	int status;

	run.timeout = interactive ? 0 : jail_number(c->jail, "exec.timeout", 0);
	if (find_user(c) < 0)
		return -1;
	if (c->inside && open_console(c->jail, &run.output) < 0)
		return -1;
	status = enter_run(&run);
	if (run.output >= 0)
		close(run.output);
	if (status < 0 && errno == ETIMEDOUT)
		return complain(c->jail, "%s: took longer than exec.timeout",
				what);
	if (status < 0)
		return complain(c->jail, "%s: %s", what, enter_error());
	return enter_status(status);
}

static int is_inside(const char *name)
{
	return !strcmp(name, "exec.start") || !strcmp(name, "exec.stop") ||
	       !strcmp(name, "command");
}

int run_hooks(struct entry *jail, const char *name)
{
	const struct setting *s = jail_param(jail, name);
	int i, status;

	for (i = 0; s && i < s->nvalues; i++) {
		struct command c = { .jail = jail, .inside = is_inside(name) };
		const char *what = keep_format("%s: %s", name, s->values[i]);

		if (!s->values[i][strspn(s->values[i], " \t\n")])
			continue;
		c.argv = make_argv(s->values[i], c.inside);
		note_step(jail, "%s", what);
		fflush(stdout);
		status = run(&c, what, 0);
		if (status < 0)
			return -1;
		if (status)
			return complain(jail, "%s: failed (%d)", what, status);
		if (enter_signalled())
			return complain(jail, "interrupted");
	}
	return 0;
}

int run_command(struct entry *jail)
{
	struct command c = { .jail = jail, .inside = 1, .argv = jail->command };
	int status;

	note_step(jail, "command: %s", jail->command[0]);
	fflush(stdout);
	status = run(&c, jail->command[0], 1);
	return status < 0 ? FAILED : status;
}

/* In the jail: all but us get SIGTERM, and we look until they are gone. */
static int stop_child(void *arg)
{
	struct entry *jail = arg;
	int left = jail_number(jail, "stop.timeout", STOP_SECONDS) * 1000;
	struct timespec tick = { 0, STOP_TICK_MSEC * 1000000L };

	if (jail_attach(jail->jid) < 0)
		return FAILED;
	kill(-1, SIGTERM);
	for (; left > 0 && kill(-1, 0) == 0; left -= STOP_TICK_MSEC)
		nanosleep(&tick, NULL);
	return 0;
}

int run_stop(struct entry *jail)
{
	struct enter_run run = {
		.child = stop_child, .arg = jail, .keep = -1, .output = -1
	};
	int seconds = jail_number(jail, "stop.timeout", STOP_SECONDS);

	if (seconds == 0)
		return 0;
	note_step(jail, "SIGTERM to its processes");
	run.null_in = run.no_pty = 1;
	/* An inmate may stop the one that waits inside. */
	run.timeout = seconds + 1;
	return enter_run(&run) < 0 && errno != ETIMEDOUT ? -1 : 0;
}
