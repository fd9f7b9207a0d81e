/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param.c - one parameter: its type by its name, its value to and from words.
 *
 * A boolean has an int as its value here; jailparam_set turns it into a name
 * with or without "no", which is how the kernel takes it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

static const char *const bool_words[] = { "false", "true" };
static const char *const jailsys_words[] = {
	[JAIL_SYS_DISABLE] = "disable",
	[JAIL_SYS_NEW] = "new",
	[JAIL_SYS_INHERIT] = "inherit",
};

enum { BOOL_WORDS = 2, JAILSYS_WORDS = 3 };

/* meta.colour and env.PATH are keys of the strings meta and env. */
static int is_key(const char *name)
{
	return (!strncmp(name, "meta.", 5) && name[5]) ||
	       (!strncmp(name, "env.", 4) && name[4]);
}

/* allow.nomount: the boolean allow.mount, if there is one. */
static const struct known *find_negated(const char *name)
{
	const char *last = strrchr(name, '.');
	const struct known *found = NULL;
	size_t head = last ? (size_t)(last + 1 - name) : 0;
	char *plain;

	if (strncmp(name + head, "no", 2))
		return NULL;
	if (asprintf(&plain, "%.*s%s", (int)head, name, name + head + 2) < 0)
		return NULL;
	found = known_find(plain, strlen(plain));
	free(plain);
	return found && found->flags & JP_BOOL ? found : NULL;
}

int jailparam_init(struct jailparam *jp, const char *name)
{
	const struct known *known, *all;

	memset(jp, 0, sizeof(*jp));
	if (known_all(&all) < 0)
		return -1;
	known = known_find(name, strlen(name));
	if (known) {
		jp->jp_flags = known->flags;
		jp->jp_ctltype = known->type;
		jp->jp_structtype = known->access;
	} else if (is_key(name)) {
		jp->jp_flags = JP_KEYVALUE;
		jp->jp_ctltype = JP_STRING;
		jp->jp_structtype = JP_CHANGEABLE;
	} else if ((known = find_negated(name))) {
		jp->jp_flags = known->flags | JP_NOBOOL;
		jp->jp_ctltype = known->type;
		jp->jp_structtype = known->access;
	} else {
		return jail_fail(ENOENT, "unknown parameter: %s", name);
	}
	if (jp->jp_ctltype == JP_IN_ADDR)
		jp->jp_elemlen = sizeof(struct in_addr);
	jp->jp_name = strdup(name);
	if (!jp->jp_name)
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

/* The place of value in words; a number that is one of them does too. */
static int find_word(const char *const *words, int n, const char *value)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(words[i], value) ||
		    (value[0] == '0' + i && !value[1]))
			return i;
	}
	return -1;
}

static int bad_value(const struct jailparam *jp, const char *value,
		     const char *wanted)
{
	return jail_fail(EINVAL, "%s: \"%s\" is not %s", jp->jp_name, value,
			 wanted);
}

static int put(struct jailparam *jp, const void *value, size_t len)
{
	jp->jp_value = malloc(len ? len : 1);
	if (!jp->jp_value)
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	memcpy(jp->jp_value, value, len);
	jp->jp_valuelen = len;
	return 0;
}

static int import_number(struct jailparam *jp, const char *value)
{
	long long number;
	char *end;
	int n;

	if (jp->jp_flags & JP_BOOL) {
		n = find_word(bool_words, BOOL_WORDS, value);
		if (n < 0)
			return bad_value(jp, value, "true or false");
		if (jp->jp_flags & JP_NOBOOL)
			n = !n;
		return put(jp, &n, sizeof(n));
	}
	if (jp->jp_flags & JP_JAILSYS) {
		n = find_word(jailsys_words, JAILSYS_WORDS, value);
		if (n < 0)
			return bad_value(jp, value, "disable, new or inherit");
		return put(jp, &n, sizeof(n));
	}
	errno = 0;
	number = strtoll(value, &end, 10);
	if (end == value || *end || errno ||
	    number < (jp->jp_ctltype == JP_UINT ? 0 : INT_MIN) ||
	    number > (jp->jp_ctltype == JP_UINT ? UINT_MAX : INT_MAX))
		return bad_value(jp, value, "a number that fits");
	n = (int)number;
	return put(jp, &n, sizeof(n));
}

static int import_addresses(struct jailparam *jp, const char *value)
{
	char *words = strdup(value), *at = words, *word;
	struct in_addr *list;
	size_t n = 0, most = 1;
	const char *c;

	for (c = value; *c; c++)
		most += *c == ',';
	list = calloc(most, sizeof(*list));
	if (!words || !list) {
		free(words);
		free(list);
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	}
	while (*value && (word = strsep(&at, ","))) {
		word += strspn(word, " ");
		word[strcspn(word, " ")] = '\0';
		if (inet_pton(AF_INET, word, &list[n++]) != 1) {
			bad_value(jp, word, "an IPv4 address");
			free(words);
			free(list);
			return -1;
		}
	}
	free(words);
	jp->jp_value = list;
	jp->jp_valuelen = n * sizeof(*list);
	return 0;
}

static void drop_value(struct jailparam *jp)
{
	if (!(jp->jp_flags & JP_RAWVALUE))
		free(jp->jp_value);
	jp->jp_flags &= ~(unsigned)JP_RAWVALUE;
	jp->jp_value = NULL;
	jp->jp_valuelen = 0;
}

int jailparam_import(struct jailparam *jp, const char *value)
{
	drop_value(jp);
	if (!value && jp->jp_flags & JP_BOOL)
		value = bool_words[1];
	if (!value && jp->jp_flags & JP_JAILSYS)
		value = jailsys_words[JAIL_SYS_NEW];
	if (!value)
		return 0;
	switch (jp->jp_ctltype) {
	case JP_STRING:
		return put(jp, value, strlen(value) + 1);
	case JP_IN_ADDR:
		return import_addresses(jp, value);
	default:
		return import_number(jp, value);
	}
}

int jailparam_import_raw(struct jailparam *jp, void *value, size_t len)
{
	drop_value(jp);
	jp->jp_value = value;
	jp->jp_valuelen = len;
	jp->jp_flags |= JP_RAWVALUE;
	return 0;
}

static char *export_addresses(const struct jailparam *jp)
{
	const struct in_addr *list = jp->jp_value;
	size_t i, n = jp->jp_valuelen / sizeof(*list);
	char *text = malloc(n * INET_ADDRSTRLEN + 1), *at = text;

	if (!text)
		return NULL;
	*at = '\0';
	for (i = 0; i < n; i++) {
		if (i)
			*at++ = ',';
		inet_ntop(AF_INET, &list[i], at, INET_ADDRSTRLEN);
		at += strlen(at);
	}
	return text;
}

static char *export_number(const struct jailparam *jp)
{
	char *text;
	int n;

	if (jp->jp_valuelen < sizeof(n))
		return strdup("");
	memcpy(&n, jp->jp_value, sizeof(n));
	if (jp->jp_flags & JP_BOOL) {
		if (jp->jp_flags & JP_NOBOOL)
			n = !n;
		return strdup(bool_words[!!n]);
	}
	if (jp->jp_flags & JP_JAILSYS && n >= 0 && n < JAILSYS_WORDS)
		return strdup(jailsys_words[n]);
	if (asprintf(&text, jp->jp_ctltype == JP_UINT ? "%u" : "%d", n) < 0)
		return NULL;
	return text;
}

char *jailparam_export(struct jailparam *jp)
{
	char *text;

	if (!jp->jp_value)
		text = strdup("");
	else if (jp->jp_ctltype == JP_STRING)
		text = strndup(jp->jp_value, jp->jp_valuelen);
	else if (jp->jp_ctltype == JP_IN_ADDR)
		text = export_addresses(jp);
	else
		text = export_number(jp);
	if (!text)
		jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	return text;
}

int jailparam_all(struct jailparam **out)
{
	const struct known *all;
	int i, n = known_all(&all);

	if (n < 0)
		return -1;
	*out = calloc((size_t)n, sizeof(**out));
	if (!*out)
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	for (i = 0; i < n; i++) {
		if (jailparam_init(&(*out)[i], all[i].name) < 0) {
			jailparam_free(*out, (unsigned)i);
			free(*out);
			return -1;
		}
	}
	return n;
}

void jailparam_free(struct jailparam *jp, unsigned njp)
{
	unsigned i;

	for (i = 0; i < njp; i++) {
		drop_value(&jp[i]);
		free(jp[i].jp_name);
		jp[i].jp_name = NULL;
	}
}
