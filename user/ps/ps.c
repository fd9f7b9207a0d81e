/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ps.c - lists processes (ps(1) in user/man).
 *
 * Looks like BusyBox's ps with a column for the jail. Options are taken as
 * people type them: with or without the dash, several in a word (ps aux), the
 * argument of one in the rest of its word or in the next (ps axo pid,jid).
 */
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ps.h"

enum { SHOWN_MAX = 40, WIDE = 132, TEXT = 4200 };

static struct shown {
	const struct column *column;
	const char *header;
	int width;
} shown[SHOWN_MAX];

static int shown_n;
static struct choice choice;
static int wide, threads, names_only;
static char sort_by;

static const char form_plain[] = "pid,user,jid,args";
static const char form_full[] = "user,pid,ppid,jid,start,tty,time,args";
static const char form_user[] =
	"user,pid,%cpu,%mem,vsz,rss,tty,stat,jid,start,time,args";
static const char form_long[] =
	"uid,pid,ppid,jid,pri,nice,vsz,rss,wchan,stat,tty,time,args";
static const char form_jobs[] =
	"user,pid,ppid,pgid,sid,jid,stat,tty,time,args";
static const char form_threads[] = "pid,tid,user,jid,args";

static const char usage[] =
	"usage: ps [-AHTacefjlmruwx] [-o|-O KEY[=HEADER],...] [-J JAIL,...]\n"
	"          [-p PID,...] [-t TTY,...] [-U USER,...] [PID...]\n"
	"       ps -L     lists the keys\n";

/* A header reaches to the end of the word, as POSIX wants, or to a comma with
 * another key after it, as in -o pid=,comm= that many type. */
static char *header_end(char *header)
{
	char *comma = header;

	for (; (comma = strchr(comma, ',')); comma++)
		if (column_find(comma + 1, strcspn(comma + 1, ", =")))
			return comma;
	return header + strlen(header);
}

/* KEY,KEY=HEADER */
static void show(const char *text)
{
	char *keys = must(strdup(text));	/* headers point into it */

	while (*keys) {
		size_t len = strcspn(keys, ", =");
		struct shown *s = &shown[shown_n];

		if (shown_n == SHOWN_MAX)
			fail("more than %d columns", SHOWN_MAX);
		s->column = column_find(keys, len);
		if (!s->column)
			fail("no column '%.*s' (ps -L lists them)", (int)len,
			     keys);
		s->header = s->column->header;
		shown_n++;
		keys += len;
		if (*keys == '=') {
			s->header = keys + 1;
			keys = header_end(keys + 1);
		}
		if (*keys)
			*keys++ = '\0';
	}
}

/* The argument of an option: the rest of the word, or the next word. */
static const char *argument(const char **at, char ***argv, char option)
{
	const char *text = *at;

	if (*text) {
		*at += strlen(text);
		return text;
	}
	if (!**argv)
		fail("-%c needs an argument", option);
	return *(*argv)++;
}

static const char *form;

static bool option_with_argument(char c, const char **at, char ***argv)
{
	switch (c) {
	case 'o':
		show(argument(at, argv, c));
		break;
	case 'O':
		show("pid");
		show(argument(at, argv, c));
		show("user,jid,args");
		break;
	case 'J':
		choose_jails(&choice.jails, argument(at, argv, c));
		break;
	case 'p':
		choose_numbers(&choice.pids, argument(at, argv, c));
		break;
	case 't':
		choose_ttys(&choice.ttys, argument(at, argv, c));
		break;
	case 'U':
		choose_users(&choice.users, argument(at, argv, c));
		break;
	default:
		return false;
	}
	return true;
}

static bool option_plain(char c)
{
	switch (c) {
	case 'A': case 'a': case 'e': case 'x':
		break;	/* everybody's, with and without a terminal: always */
	case 'T': case 'H':
		threads = 1;
		break;
	case 'c':
		names_only = 1;
		break;
	case 'w':
		wide++;
		break;
	case 'r': case 'm':
		sort_by = c;
		break;
	case 'f':
		form = form ? form : form_full;
		break;
	case 'u':
		form = form_user;
		break;
	case 'l':
		form = form_long;
		break;
	case 'j':
		form = form_jobs;
		break;
	default:
		return false;
	}
	return true;
}

static void options(char **argv)
{
	const char *at, *word;

	while ((word = *argv++)) {
		if (isdigit((unsigned char)*word)) {
			choose_numbers(&choice.pids, word);
			continue;
		}
		if (!strcmp(word, "--help")) {
			fputs(usage, stdout);
			exit(0);
		}
		for (at = word + (*word == '-'); *at;) {
			char c = *at++;

			if (c == 'L') {
				columns_print();
				exit(0);
			}
			if (!option_plain(c) &&
			    !option_with_argument(c, &at, &argv))
				fail("unknown option -%c (ps --help)", c);
		}
		/* ps -u root, as elsewhere: a name is no word of options. */
		if (at[-1] == 'u' && *word == '-' && *argv && getpwnam(*argv))
			choose_users(&choice.users, *argv++);
	}
}

static int by_cpu(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return x->cpu != y->cpu ? (x->cpu < y->cpu ? 1 : -1) : x->pid - y->pid;
}

static int by_memory(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return x->rss != y->rss ? (x->rss < y->rss ? 1 : -1) : x->pid - y->pid;
}

/* Drops those that are not wanted; gives how many stay. */
static size_t pick(struct tasks *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (choice_holds(&choice, &list->at[i])) {
			list->at[kept++] = list->at[i];
		} else {
			free(list->at[i].jail);
			free(list->at[i].args);
		}
	}
	list->n = kept;
	if (sort_by)
		qsort(list->at, kept, sizeof(*list->at),
		      sort_by == 'r' ? by_cpu : by_memory);
	return kept;
}

/* Each column as wide as what is in it; the last has no end. */
static void measure(const struct tasks *list)
{
	static char text[TEXT];

	for (int c = 0; c < shown_n; c++) {
		struct shown *s = &shown[c];

		s->width = abs(s->column->width);
		if ((int)strlen(s->header) > s->width)
			s->width = (int)strlen(s->header);
		if (c == shown_n - 1)
			break;
		for (size_t i = 0; i < list->n; i++) {
			s->column->put(text, sizeof(text), &list->at[i]);
			if ((int)strlen(text) > s->width)
				s->width = (int)strlen(text);
		}
	}
}

/* Puts a field into the line; gives the line's length. */
static int field(char *line, int at, int c, const char *text)
{
	const struct shown *s = &shown[c];
	int left = s->column->width < 0, room = 2 * TEXT - at;
	int width = c == shown_n - 1 && left ? 0 : s->width;

	return at + snprintf(line + at, (size_t)room,
			     left ? "%s%-*.*s" : "%s%*.*s", at ? " " : "",
			     width, TEXT - 1, text);
}

/* The line as far as the terminal goes, without blanks at its end. */
static void line_print(char *line, int width)
{
	size_t len = strlen(line);

	if (width && len > (size_t)width)
		len = (size_t)width;
	while (len && line[len - 1] == ' ')
		len--;
	printf("%.*s\n", (int)len, line);
}

static void print(const struct tasks *list)
{
	static char line[SHOWN_MAX * 64 + 2 * TEXT], text[TEXT];
	int width = wide > 1 ? 0 : terminal_width(), at = 0;
	bool headed = false;

	if (width && wide && width < WIDE)
		width = WIDE;
	for (int c = 0; c < shown_n; c++) {
		headed = headed || *shown[c].header;
		at = field(line, at, c, shown[c].header);
	}
	if (headed)
		line_print(line, width);
	for (size_t i = 0; i < list->n; i++) {
		for (int c = at = 0; c < shown_n; c++) {
			shown[c].column->put(text, sizeof(text), &list->at[i]);
			at = field(line, at, c, text);
		}
		line_print(line, width);
	}
}

int ps_main(int argc, char **argv)
{
	struct tasks list;
	int what = 0;
	size_t n;

	(void)argc;
	options(argv + 1);
	if (!shown_n)
		show(form ? form : threads ? form_threads : form_plain);
	for (int c = 0; c < shown_n; c++) {
		if (names_only && shown[c].column->needs)
			shown[c].column = column_find("comm", 4);
		what |= shown[c].column->needs;
	}
	tasks_read(&list, what | (threads ? SCAN_THREADS : 0));
	n = pick(&list);
	measure(&list);
	print(&list);
	return n ? 0 : 1;
}
