/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grep.c - pgrep prints the processes that fit a pattern, pkill sends them a
 * signal; -j keeps both to jails (pgrep(1) in user/man).
 */
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ps.h"

enum { STATUS_NONE = 1, STATUS_USAGE = 2 };

static struct choice choice;
static bool any_jail, no_jail;
static bool whole, all_words, invert, no_case, quiet, count, echo, long_form;
static bool with_words;
static char extreme;
static const char *delimiter = "\n";
static int signal_sent = SIGTERM;

static const char grep_options[] = "acd:fg:G:ij:lnoP:qs:t:u:U:vx";
static const char kill_options[] = "efg:G:ij:lnoP:qs:t:u:U:vx";

static const char usage[] =
	"usage: pgrep [-acfilnoqvx] [-d DELIMITER] [CHOICE]... [PATTERN]\n"
	"       pkill [-SIGNAL] [-efilnoqvx] [CHOICE]... [PATTERN]\n"
	"CHOICE: -j JAIL,... -P PPID,... -g GROUP,... -s SESSION,... -t TTY,...\n"
	"        -u EFFECTIVE_USER,... -U REAL_USER,... -G REAL_GROUP,...\n";

static void option_jail(const char *text)
{
	if (!strcmp(text, "any"))
		any_jail = true;
	else if (!strcmp(text, "none"))
		no_jail = true;
	else
		choose_jails(&choice.jails, text);
}

static bool option_choice(int c)
{
	switch (c) {
	case 'j': option_jail(optarg); break;
	case 'P': choose_numbers(&choice.parents, optarg); break;
	case 'g': choose_numbers(&choice.groups, optarg); break;
	case 's': choose_numbers(&choice.sessions, optarg); break;
	case 't': choose_ttys(&choice.ttys, optarg); break;
	case 'u': choose_users(&choice.users, optarg); break;
	case 'U': choose_users(&choice.real_users, optarg); break;
	case 'G': choose_groups(&choice.real_groups, optarg); break;
	default: return false;
	}
	return true;
}

static void option(int c)
{
	switch (c) {
	case 'a': with_words = true; break;
	case 'c': count = true; break;
	case 'd': delimiter = optarg; break;
	case 'e': echo = true; break;
	case 'f': all_words = true; break;
	case 'i': no_case = true; break;
	case 'l': long_form = true; break;
	case 'n': case 'o': extreme = (char)c; break;
	case 'q': quiet = true; break;
	case 'v': invert = true; break;
	case 'x': whole = true; break;
	default:
		if (!option_choice(c)) {
			fputs(usage, stderr);
			exit(STATUS_USAGE);
		}
	}
}

/* pkill -9, -KILL, -SIGKILL: taken out of the words before getopt sees it.
 * An option's letters are no signal's name, but for -o and -v there is none. */
static void take_signal(int *argc, char **argv)
{
	int n;

	if (*argc < 2 || argv[1][0] != '-' || !argv[1][1])
		return;
	n = signal_number(argv[1] + 1);
	if (n < 0)
		return;
	signal_sent = n;
	memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof(*argv));
	--*argc;
}

static bool chosen_any(void)
{
	return any_jail || no_jail || choice.jails.given ||
	       choice.parents.given || choice.groups.given ||
	       choice.sessions.given || choice.ttys.given ||
	       choice.users.given || choice.real_users.given ||
	       choice.real_groups.given;
}

static void compile(regex_t *regex, const char *pattern)
{
	int err = regcomp(regex, pattern,
			  REG_EXTENDED | (no_case ? REG_ICASE : 0));
	char reason[80];

	if (err) {
		regerror(err, regex, reason, sizeof(reason));
		fail("pattern '%s': %s", pattern, reason);
	}
}

static bool fits(const struct task *t, const regex_t *regex)
{
	const char *text = all_words && *t->args ? t->args : t->comm;
	regmatch_t m;

	if (!choice_holds(&choice, t) || (any_jail && !t->jid) ||
	    (no_jail && t->jid))
		return false;
	if (!regex)
		return true;
	if (regexec(regex, text, 1, &m, 0))
		return false;
	return !whole || (!m.rm_so && !text[m.rm_eo]);
}

/* Moves those that fit to the front; gives how many. Never itself. */
static size_t pick(struct tasks *list, const regex_t *regex)
{
	size_t n = 0, best = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct task t = list->at[i];

		if (t.pid == getpid() || fits(&t, regex) == invert)
			continue;
		list->at[i] = list->at[n];
		list->at[n++] = t;
	}
	for (size_t i = 1; i < n && extreme; i++) {
		const struct task *a = &list->at[i], *b = &list->at[best];
		bool later = a->start != b->start ? a->start > b->start :
						    a->pid > b->pid;

		if (later == (extreme == 'n'))
			best = i;
	}
	if (n && extreme) {
		list->at[0] = list->at[best];
		n = 1;
	}
	return n;
}

static void print(const struct tasks *list, size_t n)
{
	if (count)
		printf("%zu\n", n);
	for (size_t i = 0; i < n && !quiet && !count; i++) {
		const struct task *t = &list->at[i];

		printf("%s%d", i ? delimiter : "", t->pid);
		if (with_words || (long_form && all_words))
			printf(" %s", *t->args ? t->args : t->comm);
		else if (long_form)
			printf(" %s", t->comm);
	}
	if (n && !quiet && !count)
		putchar('\n');
}

static size_t kill_all(const struct tasks *list, size_t n)
{
	size_t killed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct task *t = &list->at[i];

		if (kill(t->pid, signal_sent)) {
			fprintf(stderr, "pkill: %d %s: %s\n", t->pid, t->comm,
				strerror(errno));
			continue;
		}
		killed++;
		if (echo)
			printf("%s killed (pid %d)\n", t->comm, t->pid);
	}
	return killed;
}

int grep_main(int argc, char **argv)
{
	bool kills = !strcmp(program, "pkill");
	struct tasks list;
	regex_t regex;
	size_t n;
	int c;

	fail_status = STATUS_USAGE;
	if (kills)
		take_signal(&argc, argv);
	while ((c = getopt(argc, argv, kills ? kill_options : grep_options)) !=
	       -1)
		option(c);
	if (kills && long_form) {
		signal_names_print();
		return 0;
	}
	if (argc - optind > 1 || (argc == optind && !chosen_any())) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (optind < argc)
		compile(&regex, argv[optind]);
	tasks_read(&list, SCAN_ARGS);
	n = pick(&list, optind < argc ? &regex : NULL);
	if (kills)
		n = kill_all(&list, n);
	else
		print(&list, n);
	return n ? 0 : STATUS_NONE;
}
