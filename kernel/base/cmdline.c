/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmdline.c - the kernel command line: words "key" or "key=value".
 *
 * Set once at boot and constant from then on, so there is no lock. When a key
 * stands there twice the last one counts. "..." around a value (or around a
 * whole word) keeps blanks.
 */
#include "kernel/base/base.h"

enum { CMDLINE_MAX = 2048 };
static char cmdline[CMDLINE_MAX];

/* The word at s: its end, blanks within quotes skipped. */
static const char *word_end(const char *s)
{
	bool quoted = false;

	for (; *s && (quoted || (*s != ' ' && *s != '\t' && *s != '\n')); s++) {
		if (*s == '"')
			quoted = !quoted;
	}
	return s;
}

/* Keeps a copy of line; what is too long is cut. */
void cmdline_set(const char *line)
{
	str_copy(cmdline, line, sizeof(cmdline));
}

const char *cmdline_get(void)
{
	return cmdline;
}

/* The last word with this key: what follows the key ('=' or the word's end);
 * *end is the end of the word. NULL: no such word. */
static const char *find(const char *key, const char **end)
{
	const char *found = NULL, *s = cmdline;
	size_t n = strlen(key);

	assert(n > 0);
	while (*s) {
		const char *e = word_end(s);
		const char *w = *s == '"' ? s + 1 : s;

		if ((size_t)(e - w) >= n && !memcmp(w, key, n) &&
		    (w + n == e || w[n] == '=' || w[n] == '"')) {
			found = w + n;
			*end = e;
		}
		s = *e ? e + 1 : e;
	}
	return found;
}

bool cmdline_has(const char *key)
{
	const char *end;

	return find(key, &end) != NULL;
}

/* Copies the value without its quotes; "" for a key without '='. False when
 * there is no such key. A value that does not fit is cut. */
bool cmdline_value(const char *key, char *to, size_t size)
{
	const char *end, *v = find(key, &end);
	size_t n = 0;

	assert(size > 0);
	if (!v)
		return false;
	assert(v <= end);
	for (v += *v == '='; v < end && n + 1 < size; v++) {
		if (*v != '"')
			to[n++] = *v;
	}
	to[n] = 0;
	return true;
}
