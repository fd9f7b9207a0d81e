/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.c - jails as lines of text: the table, the summary of several lines
 * (-v), and parameters with or without their names.
 *
 * The widths of the table are FreeBSD's, so that what reads its jls reads
 * this one. A last field is not cut.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

/* Host names and the like are chosen by inmates: nothing of them may reach
 * whoever looks but letters. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

void print_header(const struct look *look, const struct asked *a)
{
	if (!look->table) {
		for (unsigned i = FIXED; i < a->n && look->header; i++)
			printf("%s%c", a->jp[i].jp_name,
			       i + 1 < a->n ? ' ' : '\n');
		return;
	}
	printf(look->names ? " %-15s" : "%6s ", "JID");
	if (look->verbose)
		printf(" %-29s %s\n        %-29s %s\n        %s\n        %s\n",
		       "Hostname", "Path", "Name", "State", "CPUSetID",
		       "IP Address(es)");
	else
		printf(" %-15s %-29s %s\n", "IP Address", "Hostname", "Path");
}

/* The first of a list of words with commas; "-" for none. */
static const char *first_of(char *list)
{
	list[strcspn(list, ",")] = '\0';
	return *list ? list : "-";
}

static void print_verbose(char *const v[FIXED])
{
	char *save = NULL, *ip;

	printf(" %-29s %s\n        %-29s %s\n        %s\n", v[P_HOSTNAME],
	       v[P_PATH], v[P_NAME],
	       strcmp(v[P_DYING], "true") ? "ACTIVE" : "DYING",
	       *v[P_CPUSET] ? v[P_CPUSET] : "-");
	for (ip = strtok_r(v[P_ADDRESS], ",", &save); ip;
	     ip = strtok_r(NULL, ",", &save))
		printf("        %s\n", ip);
}

static void print_table(const struct look *look, struct asked *a)
{
	char *v[FIXED];

	for (int i = P_JID; i < FIXED; i++) {
		v[i] = value_of(&a->jp[i]);
		make_printable(v[i]);
	}
	if (look->names)
		printf(" %-15s", *v[P_NAME] ? v[P_NAME] : v[P_JID]);
	else
		printf("%6s ", v[P_JID]);
	if (look->verbose)
		print_verbose(v);
	else
		printf(" %-15s %-29s %s\n", first_of(v[P_ADDRESS]),
		       *v[P_HOSTNAME] ? v[P_HOSTNAME] : "-", v[P_PATH]);
	for (int i = P_JID; i < FIXED; i++)
		free(v[i]);
}

static bool is_word(const char *value)
{
	const char *c = value;

	while (*c && !iscntrl((unsigned char)*c))
		c++;
	return *value && !*c && !strpbrk(value, " \"'\\$;#{}&|<>()*?`~");
}

/* In quotes when the shell or jail(8) would not take it as one word. */
static void print_quoted(const char *value)
{
	if (is_word(value)) {
		fputs(value, stdout);
		return;
	}
	putchar('"');
	for (; *value; value++) {
		if (strchr("\"\\$`", *value))
			putchar('\\');
		putchar(iscntrl((unsigned char)*value) && *value != '\n' ?
				'?' : *value);
	}
	putchar('"');
}

static void print_bool(const char *name, bool on)
{
	const char *last = strrchr(name, '.');
	int head = last ? (int)(last + 1 - name) : 0;

	printf("%.*s%s%s", head, name, on ? "" : "no", name + head);
}

static void print_value(const struct look *look, struct jailparam *jp)
{
	char *value = value_of(jp);

	if (look->named && jp->jp_flags & JP_BOOL) {
		print_bool(jp->jp_name, !strcmp(value, "true"));
		free(value);
		return;
	}
	if (look->named)
		printf("%s=", jp->jp_name);
	if (look->quoted) {
		print_quoted(value);
	} else {
		make_printable(value);
		fputs(*value || look->named ? value : "-", stdout);
	}
	free(value);
}

/* Does a group of parameters (host, ip4) have its own value for name? */
static bool group_is_new(const struct asked *a, const char *name, size_t len)
{
	for (unsigned i = FIXED; i < a->n; i++) {
		int sys = JAIL_SYS_NEW;

		if (!(a->jp[i].jp_flags & JP_JAILSYS) ||
		    strncmp(a->jp[i].jp_name, name, len) ||
		    a->jp[i].jp_name[len])
			continue;
		if (a->jp[i].jp_valuelen >= sizeof(sys))
			memcpy(&sys, a->jp[i].jp_value, sizeof(sys));
		return sys == JAIL_SYS_NEW;
	}
	return true;
}

/* For -s: what cannot be set, says nothing, or comes from the parent. */
static bool is_unused(const struct asked *a, struct jailparam *jp)
{
	const char *dot = strchr(jp->jp_name, '.');
	char *value;
	bool empty;

	if (jp->jp_structtype == JP_READ_ONLY)
		return true;
	if (dot && !group_is_new(a, jp->jp_name, (size_t)(dot - jp->jp_name)))
		return true;
	if (jp->jp_flags & (JP_BOOL | JP_JAILSYS))
		return false;
	value = value_of(jp);
	empty = !*value;
	free(value);
	return empty;
}

void print_jail(const struct look *look, struct asked *a)
{
	bool first = true;

	if (look->table) {
		print_table(look, a);
		return;
	}
	for (unsigned i = FIXED; i < a->n; i++) {
		if (look->reusable && is_unused(a, &a->jp[i]))
			continue;
		if (!first)
			putchar(' ');
		first = false;
		print_value(look, &a->jp[i]);
	}
	putchar('\n');
}
