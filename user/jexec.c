/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jexec.c - runs a command inside a jail.
 *
 *	jexec [-l] [-d dir] [-e name=value]... [-u user | -U user] jail
 *[command]
 *
 * The jail is held by a descriptor from the moment it was found by its name:
 * it cannot become another one before it is entered. Only the child enters;
 * it has no file of ours by then but the standard ones (enter.h).
 */
#include <enter.h>
#include <errno.h>
#include <jail.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1 };

enum { SETTINGS = 64 };

struct work {
	const char *jail, *dir;
	const char *host_user, *jail_user;
	char **command; /* NULL: the user's shell */
	int clean, nsettings;
	char *settings[SETTINGS]; /* name=value, for the environment */
	struct enter_user user;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "jexec: %s: %s\n", what, why);
	return FAILED;
}

static int usage(void)
{
	fputs("jexec: usage: jexec [-l] [-d dir] [-e name=value] "
	      "[-u user | -U user] jail [command ...]\n",
	      stderr);
	return FAILED;
}

/* A descriptor of the jail with that name or number; -1 with jail_errmsg. */
static int find(const char *jail)
{
	int jid = (int)strtol(jail, NULL, 10), desc = -1;
	int is_number = *jail && !jail[strspn(jail, "0123456789")];
	struct iovec iov[] = {
		{ is_number ? "jid" : "name", is_number ? 4 : 5 },
		{ &jid, sizeof(jid) },
		{ "desc", sizeof("desc") },
		{ &desc, sizeof(desc) },
		{ "errmsg", sizeof("errmsg") },
		{ jail_errmsg, JAIL_ERRMSGLEN },
	};
	int error;

	if (!is_number) {
		iov[1].iov_base = (char *)jail;
		iov[1].iov_len = strlen(jail) + 1;
	}
	jail_errmsg[0] = '\0';
	if (jail_get(iov, 6, JAIL_GET_DESC) >= 0)
		return desc;
	error = errno;
	if (error == ENOENT || !jail_errmsg[0])
		snprintf(jail_errmsg, JAIL_ERRMSGLEN, "%s",
			 error == ENOENT ? "no such jail" : strerror(error));
	return -1;
}

static int prepare_environment(struct work *work)
{
	int i, bad = 0;

	if (work->clean)
		bad = enter_environment(&work->user, 1);
	for (i = 0; i < work->nsettings; i++)
		bad |= putenv(work->settings[i]);
	return bad;
}

/* In the child: inside, as the right user, then the command. */
static int go(void *arg)
{
	struct work *work = arg;
	struct enter_user *user = &work->user;
	int has_user = work->host_user || work->jail_user;
	char *just_shell[2] = { NULL, NULL };

	if (jail_attach_jd(ENTER_KEPT) < 0)
		return complain(work->jail, strerror(errno));
	close(ENTER_KEPT);
	if (work->jail_user && enter_find_user(user, work->jail_user) < 0)
		return complain(work->jail_user, "no such user in the jail");
	if (has_user && enter_become(user) < 0)
		return complain(user->name, strerror(errno));
	if (prepare_environment(work) < 0)
		return complain(work->jail, strerror(errno));
	if (!work->dir)
		work->dir = work->clean && has_user ? user->home : "/";
	if (chdir(work->dir) < 0)
		return complain(work->dir, strerror(errno));
	if (!work->command) {
		just_shell[0] = has_user ? user->shell : getenv("SHELL");
		if (!just_shell[0] || !*just_shell[0])
			just_shell[0] = "/bin/sh";
		work->command = just_shell;
	}
	return enter_exec("jexec", work->command);
}

static int add_setting(struct work *work, char *text)
{
	if (!strchr(text, '=') || *text == '=')
		return complain(text, "-e wants name=value");
	if (work->nsettings == SETTINGS)
		return complain(text, "too many -e");
	work->settings[work->nsettings++] = text;
	return 0;
}

/* Options into work; gives the place of the first other word, or -1. */
static int read_options(struct work *work, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+d:e:lu:U:")) != -1) {
		switch (option) {
		case 'd':
			work->dir = optarg;
			break;
		case 'e':
			if (add_setting(work, optarg))
				return -1;
			break;
		case 'l':
			work->clean = 1;
			break;
		case 'u':
			work->host_user = optarg;
			break;
		case 'U':
			work->jail_user = optarg;
			break;
		default:
			usage();
			return -1;
		}
	}
	if (optind < argc && !(work->host_user && work->jail_user))
		return optind;
	usage();
	return -1;
}

int main(int argc, char **argv)
{
	struct work work = { 0 };
	struct enter_run run = { .child = go, .arg = &work, .output = -1 };
	int at, status;

	opterr = 0;
	at = read_options(&work, argc, argv);
	if (at < 0)
		return FAILED;
	work.jail = argv[at];
	work.command = argv[at + 1] ? argv + at + 1 : NULL;
	if (!work.jail_user &&
	    enter_find_user(&work.user, work.host_user) < 0 &&
	    (work.host_user || work.clean))
		return complain(work.host_user ? work.host_user : "-l",
				"no such user");
	run.keep = find(work.jail);
	if (run.keep < 0)
		return complain(work.jail, jail_errmsg);
	status = enter_run(&run);
	return status < 0 ? complain("cannot run", enter_error())
			  : enter_status(status);
}
