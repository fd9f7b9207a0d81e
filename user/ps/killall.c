/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * killall.c - signals to processes by name; -j keeps it to jails
 * (killall(1) in user/man).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ps.h"

static const char usage[] =
	"usage: killall [-lqsv] [-SIGNAL] [-j JAIL,...] [-u USER,...] [NAME...]\n";

enum { COMM_LEN = 15 };	/* the kernel keeps this much of a name */

static struct choice choice;
static bool quiet, show, verbose;
static int signal_sent = SIGTERM;

/* By the name that the kernel knows, or, when that may be cut, by the first
 * word of the command line. */
static bool named(const struct task *t, const char *name)
{
	size_t len = strcspn(t->args, " ");
	const char *base = t->args;

	if (!strcmp(t->comm, name))
		return true;
	if (strlen(name) < COMM_LEN || strncmp(t->comm, name, COMM_LEN))
		return false;
	for (size_t i = 0; i < len; i++)
		if (t->args[i] == '/')
			base = t->args + i + 1;
	len -= (size_t)(base - t->args);
	return strlen(name) == len && !memcmp(base, name, len);
}

static bool send_to(const struct task *t)
{
	if (show)
		printf("kill -%d %d\t# %s, jail %s\n", signal_sent, t->pid,
		       t->comm, t->jail);
	else if (kill(t->pid, signal_sent)) {
		if (!quiet)
			fprintf(stderr, "killall: %d %s: %s\n", t->pid,
				t->comm, strerror(errno));
		return false;
	} else if (verbose)
		printf("%s (pid %d) got signal %d\n", t->comm, t->pid,
		       signal_sent);
	return true;
}

/* Everybody of that name (NULL: any name); gives how many were reached. */
static int send_all(const struct tasks *list, const char *name)
{
	int sent = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct task *t = &list->at[i];

		if (t->pid == getpid() || !choice_holds(&choice, t))
			continue;
		if (!name || named(t, name))
			sent += send_to(t);
	}
	if (!sent && !quiet)
		fprintf(stderr, "killall: %s: no process %s\n",
			name ? name : "nothing", show ? "found" : "killed");
	return sent;
}

static void wrong_usage(void)
{
	fputs(usage, stderr);
	exit(1);
}

/* Options end at the first name; each is a word of its own: -q -j a -9 sh */
static char **options(char **argv)
{
	for (; *argv && **argv == '-' && argv[0][1]; argv++) {
		const char *word = *argv + 1;

		if (!strcmp(word, "-"))
			return argv + 1;
		if (!strcmp(word, "l")) {
			signal_names_print();
			exit(0);
		} else if (*word == 'j' || *word == 'u') {
			const char *text = word[1] ? word + 1 : *++argv;

			if (!text)
				wrong_usage();
			if (*word == 'j')
				choose_jails(&choice.jails, text);
			else
				choose_users(&choice.users, text);
		} else if (strspn(word, "qsv") == strlen(word)) {
			quiet = quiet || strchr(word, 'q');
			show = show || strchr(word, 's');
			verbose = verbose || strchr(word, 'v');
		} else if ((signal_sent = signal_number(word)) < 0) {
			fail("no option and no signal '-%s'", word);
		}
	}
	return argv;
}

int killall_main(int argc, char **argv)
{
	struct tasks list;
	int failed = 0;

	(void)argc;
	argv = options(argv + 1);
	if (!*argv && !choice.jails.given && !choice.users.given)
		wrong_usage();
	tasks_read(&list, SCAN_ARGS);
	if (!*argv)
		return send_all(&list, NULL) ? 0 : 1;
	for (; *argv; argv++)
		failed |= !send_all(&list, *argv);
	return failed;
}
