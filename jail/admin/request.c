/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.c - reading what a caller of jail_set or jail_get has written: names
 * with values that nobody has looked at, and telling him why not.
 */
#include "jail/admin/inner.h"

/* The first reason counts: it is the nearest to the cause. */
int refuse(struct jail_request *r, int err, const char *fmt, ...)
{
	va_list ap;

	assert(err < 0);
	if (r->errmsg[0])
		return err;
	va_start(ap, fmt);
	str_vformat(r->errmsg, sizeof(r->errmsg), fmt, ap);
	va_end(ap);
	return err;
}

struct jail_option *option_find(const struct jail_request *r, const char *name)
{
	for (unsigned i = 0; i < r->count; i++)
		if (!strcmp(r->option[i].name, name))
			return &r->option[i];
	return NULL;
}

bool option_is_of_call(const char *name)
{
	return !strcmp(name, "lastjid") || !strcmp(name, "desc") ||
	       !strcmp(name, "errmsg");
}

int option_int(struct jail_request *r, const char *name, int *out, bool *there)
{
	const struct jail_option *o = option_find(r, name);

	*there = o != NULL;
	*out = 0;
	if (!o)
		return 0;
	if (!o->value || o->size != sizeof(*out))
		return refuse(r, -EINVAL, "%s: a number has 4 bytes", name);
	memcpy(out, o->value, sizeof(*out));
	return 0;
}

int option_text(struct jail_request *r, const char *name, uint32_t size,
		const char **out)
{
	const struct jail_option *o = option_find(r, name);
	const char *text;

	*out = NULL;
	if (!o)
		return 0;
	text = o->value;
	if (!text || !memchr(text, 0, o->size))
		return refuse(r, -EINVAL, "%s: the text has no end", name);
	if (strlen(text) >= size)
		return refuse(r, -ENAMETOOLONG, "%s: too long", name);
	*out = text;
	return 0;
}
