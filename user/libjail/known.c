/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.c - which parameters there are, read once from the kernel.
 *
 * Each line of /proc/jail/params is name, type, size and access, with tabs
 * between them. What a newer kernel adds in further columns is not looked at;
 * a line of an unknown type is passed over.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

#define PARAMS "/proc/jail/params"

char jail_errmsg[JAIL_ERRMSGLEN];

static struct known *table;
static int table_len;

static const struct {
	const char *word;
	int type;
	unsigned flags;
} types[] = {
	{ "int", JP_INT, 0 },        { "uint", JP_UINT, 0 },
	{ "bool", JP_INT, JP_BOOL }, { "jailsys", JP_INT, JP_JAILSYS },
	{ "string", JP_STRING, 0 },  { "in_addr", JP_IN_ADDR, 0 },
};

static const char *const access_words[] = {
	[JP_READ_ONLY] = "ro",
	[JP_CREATE_ONLY] = "create",
	[JP_CHANGEABLE] = "rw",
};

/* Parts of the calls' protocol, so not in the kernel's table. */
static const struct known special[] = {
	{ "lastjid", JP_INT, 0, JP_CREATE_ONLY },
	{ "desc", JP_INT, 0, JP_CREATE_ONLY },
	{ "errmsg", JP_STRING, 0, JP_READ_ONLY },
};

int jail_fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(jail_errmsg, sizeof(jail_errmsg), format, args);
	va_end(args);
	errno = error;
	return -1;
}

/* A line into *k: 1, or 0 when it is to be passed over, or -1. */
static int parse(char *line, struct known *k)
{
	char *at = line, *name, *type, *access;
	size_t i;

	line[strcspn(line, "\n")] = '\0';
	name = strsep(&at, "\t");
	type = at ? strsep(&at, "\t") : NULL;
	if (at)
		strsep(&at, "\t"); /* the size: the calls tell it anyway */
	access = at ? strsep(&at, "\t") : NULL;
	if (!access || !*name)
		return 0;
	memset(k, 0, sizeof(*k));
	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!strcmp(types[i].word, type)) {
			k->type = types[i].type;
			k->flags = types[i].flags;
		}
	}
	for (i = 0; i < sizeof(access_words) / sizeof(*access_words); i++) {
		if (!strcmp(access_words[i], access))
			k->access = (int)i;
	}
	if (!k->type)
		return 0;
	k->name = strdup(name);
	return k->name ? 1 : -1;
}

static int load(void)
{
	FILE *file = fopen(PARAMS, "re");
	struct known k, *grown;
	char *line = NULL;
	size_t size = 0;
	int got = 0;

	if (!file)
		return jail_fail(errno, PARAMS ": %s (is /proc mounted?)",
				 strerror(errno));
	while (got >= 0 && getline(&line, &size, file) > 0) {
		got = parse(line, &k);
		if (got <= 0)
			continue;
		grown = realloc(table, (size_t)(table_len + 1) * sizeof(k));
		if (!grown) {
			free(k.name);
			got = -1;
			break;
		}
		table = grown;
		table[table_len++] = k;
	}
	free(line);
	fclose(file);
	if (got < 0)
		return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	if (!table_len)
		return jail_fail(ENOENT, PARAMS ": holds no parameter");
	return 0;
}

int known_all(const struct known **out)
{
	if (!table_len && load() < 0)
		return -1;
	*out = table;
	return table_len;
}

static int is_called(const struct known *k, const char *name, size_t len)
{
	return !strncmp(k->name, name, len) && !k->name[len];
}

const struct known *known_find(const char *name, size_t len)
{
	const struct known *all;
	int i, n;
	size_t s;

	for (s = 0; s < sizeof(special) / sizeof(*special); s++) {
		if (is_called(&special[s], name, len))
			return &special[s];
	}
	n = known_all(&all);
	for (i = 0; i < n; i++) {
		if (is_called(&all[i], name, len))
			return &all[i];
	}
	return NULL;
}
