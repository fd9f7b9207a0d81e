/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jls.h - jls lists jails (jls(8) in user/man): jls.c reads the options and
 * the jails, print.c and json.c write each of them, learn.c is --learn.
 */
#ifndef JLS_H
#define JLS_H

#include <jail.h>
#include <stdbool.h>

/* The parameters that are asked for, in the order they are written. The first
 * FIXED are for jls itself; the rest is for the reader. */
enum { P_KEY, P_JID, P_NAME, P_HOSTNAME, P_PATH, P_ADDRESS, P_DYING, P_CPUSET,
       FIXED };

struct asked {
	struct jailparam *jp;
	unsigned n;
};

struct look {
	bool table, verbose;	/* not the parameters that were asked for */
	bool named, quoted, reusable, header, names, json;
};

void fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void *must(void *memory);
/* The value of a parameter in words, to be freed. */
char *value_of(struct jailparam *jp);

/* print.c */
void print_header(const struct look *look, const struct asked *a);
void print_jail(const struct look *look, struct asked *a);

/* json.c */
void json_begin(void);
void json_jail(const struct look *look, struct asked *a, bool first);
void json_end(void);

/* learn.c: gives the exit status. */
int learn(const char *jail);

#endif
