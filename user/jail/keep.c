/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep.c - memory of a program that soon ends: nothing is given back alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

struct kept {
	struct kept *next;
	max_align_t data[];
};

static struct kept *all;

void *keep(size_t size)
{
	struct kept *k = calloc(1, sizeof(*k) + size);

	if (!k) {
		fputs("jail: out of memory\n", stderr);
		exit(FAILED);
	}
	k->next = all;
	all = k;
	return k->data;
}

char *keep_text(const char *text, size_t len)
{
	char *copy = keep(len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *keep_format(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = keep((size_t)len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void keep_nothing(void)
{
	while (all) {
		struct kept *k = all;

		all = k->next;
		free(k);
	}
}
