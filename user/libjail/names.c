/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - jails by name and number, and whole calls as lists of strings.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

/* The jid in digits, or -1 when text is not all digits. */
static int digits(const char *text)
{
	char *end;
	long n;

	if (!*text || text[strspn(text, "0123456789")])
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || n > JAIL_MAX ? JAIL_MAX + 1 : (int)n;
}

/* jail_get with one pair of key and value, and a buffer for the name. */
static int ask(char *key, void *value, size_t len, char *name, size_t size)
{
	struct iovec iov[] = {
		{ key, strlen(key) + 1 },
		{ value, len },
		{ "errmsg", sizeof("errmsg") },
		{ jail_errmsg, sizeof(jail_errmsg) },
		{ "name", sizeof("name") },
		{ name, size },
	};
	int jid;

	jail_errmsg[0] = '\0';
	jid = jail_get(iov, name ? 6 : 4, 0);
	if (jid < 0 && !jail_errmsg[0]) {
		int error = errno;

		jail_fail(error, "jail_get: %s", strerror(error));
	}
	return jid;
}

int jail_getid(const char *name)
{
	char *copy;
	int jid = digits(name);

	if (jid == 0)
		return 0; /* where the caller is */
	if (jid > 0)
		return ask("jid", &jid, sizeof(jid), NULL, 0);
	copy = strdup(name);
	if (!copy)
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	jid = ask("name", copy, strlen(copy) + 1, NULL, 0);
	free(copy);
	return jid;
}

char *jail_getname(int jid)
{
	struct jailparam jp[2] = { 0 };
	char number[16], *name = NULL;

	snprintf(number, sizeof(number), "%d", jid);
	if (jailparam_init(&jp[0], "jid") == 0 &&
	    jailparam_import(&jp[0], number) == 0 &&
	    jailparam_init(&jp[1], "name") == 0 && jailparam_get(jp, 2, 0) >= 0)
		name = jailparam_export(&jp[1]);
	jailparam_free(jp, 2);
	return name;
}

/* How many pairs stand before the NULL. */
static unsigned count(va_list args)
{
	va_list again;
	unsigned n = 0;

	va_copy(again, args);
	while (va_arg(again, char *)) {
		va_arg(again, char *);
		n++;
	}
	va_end(again);
	return n;
}

int jail_setv(int flags, ...)
{
	struct jailparam *jp;
	unsigned i = 0, n;
	va_list args;
	int jid = -1;

	va_start(args, flags);
	n = count(args);
	jp = calloc(n + 1, sizeof(*jp));
	if (!jp) {
		jail_fail(ENOMEM, "%s", strerror(ENOMEM));
		goto out;
	}
	for (; i < n; i++) {
		const char *name = va_arg(args, char *);
		const char *value = va_arg(args, char *);

		if (jailparam_init(&jp[i], name) < 0)
			goto out;
		if (jailparam_import(&jp[i], value) < 0) {
			i++;
			goto out;
		}
	}
	jid = jailparam_set(jp, n, flags);
out:
	va_end(args);
	if (jp)
		jailparam_free(jp, i);
	free(jp);
	return jid;
}

/* The first of these is the question; all others are to be answered. */
static int is_question(const char *name)
{
	return !strcmp(name, "jid") || !strcmp(name, "name") ||
	       !strcmp(name, "lastjid");
}

/* The answers, in words, into the caller's strings. */
static int copy_out(struct jailparam *jp, char **strings, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		char *text;

		if (!strings[i])
			continue;
		text = jailparam_export(&jp[i]);
		if (!text)
			return -1;
		strcpy(strings[i], text);
		free(text);
	}
	return 0;
}

int jail_getv(int flags, ...)
{
	struct jailparam *jp;
	unsigned i = 0, n;
	char **strings;
	va_list args;
	int jid = -1, asked = 0;

	va_start(args, flags);
	n = count(args);
	jp = calloc(n + 1, sizeof(*jp));
	strings = calloc(n + 1, sizeof(*strings));
	if (!jp || !strings) {
		jail_fail(ENOMEM, "%s", strerror(ENOMEM));
		goto out;
	}
	for (; i < n; i++) {
		const char *name = va_arg(args, char *);
		char *string = va_arg(args, char *);

		if (jailparam_init(&jp[i], name) < 0)
			goto out;
		if (asked || !is_question(name)) {
			strings[i] = string;
			continue;
		}
		asked = 1;
		if (jailparam_import(&jp[i], string) < 0) {
			i++;
			goto out;
		}
	}
	jid = jailparam_get(jp, n, flags);
	if (jid >= 0 && copy_out(jp, strings, n) < 0)
		jid = -1;
out:
	va_end(args);
	if (jp)
		jailparam_free(jp, i);
	free(jp);
	free(strings);
	return jid;
}
