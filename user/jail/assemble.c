/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * assemble.c - from the settings of a file to the parameters of each jail.
 *
 * Every setting outside of jails and in a block whose name matches applies,
 * in the order of the file: a later = takes the place of an earlier one, a +=
 * adds to it. Variables are put in when all are known, so that a pattern's
 * "/jail/$name" means each jail's own name.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "inner.h"

enum { EXPAND_DEPTH = 16, EXPAND_MOST = 1000 };

int name_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (!strcmp(pattern, "*"))
		return 1;
	if (len > 2 && !strcmp(pattern + len - 2, ".*"))
		return !strncmp(pattern, name, len - 1) && name[len - 1];
	return !strcmp(pattern, name);
}

struct entry *jail_new(const char *name)
{
	struct entry *jail = keep(sizeof(*jail));

	jail->name = name;
	jail->jid = -1;
	return jail;
}

struct entry *config_jails(const struct config *config)
{
	struct entry *first = NULL, **end = &first, *j;
	const struct block *block;

	for (block = config->first; block; block = block->next) {
		if (!block->name || strchr(block->name, '*'))
			continue;
		for (j = first; j && strcmp(j->name, block->name); j = j->next)
			;
		if (j)
			continue;
		*end = jail_new(block->name);
		(*end)->from_config = 1;
		end = &(*end)->next;
	}
	return first;
}

const struct setting *jail_param(const struct entry *jail, const char *name)
{
	const struct setting *s;

	for (s = jail->params; s; s = s->next) {
		if (!strcmp(s->name, name))
			return s;
	}
	return NULL;
}

static void append_values(struct setting *to, const struct setting *from)
{
	int n = to->nvalues + from->nvalues;
	char **values = keep((size_t)n * sizeof(*values));
	int i;

	for (i = 0; i < n; i++)
		values[i] = i < to->nvalues ? to->values[i]
					    : from->values[i - to->nvalues];
	to->values = values;
	to->nvalues = n;
}

/* "nopersist;" is "persist = false;", and "persist;" is "= true". */
static void make_plain(struct setting *s)
{
	static char on[] = "true", off[] = "false";
	const char *plain = s->name[0] == '$' ? NULL : param_negated(s->name);
	char **values;

	if (s->nvalues || s->append)
		return;
	if (!plain && (s->name[0] == '$' || !param_is_bool(s->name)))
		return;
	values = keep(sizeof(*values));
	values[0] = plain ? off : on;
	s->name = plain ? plain : s->name;
	s->values = values;
	s->nvalues = 1;
}

void jail_apply(struct entry *jail, const struct setting *setting)
{
	struct setting *s = keep(sizeof(*s)), **at;

	*s = *setting;
	s->next = NULL;
	make_plain(s);
	for (at = &jail->params; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, s->name))
			continue;
		if (s->append && (*at)->nvalues) {
			append_values(*at, s);
			return;
		}
		s->next = (*at)->next;
		break;
	}
	*at = s;
}

/* Variables: what a text becomes, while it grows. */
struct expansion {
	struct config *config;
	struct entry *jail;
	const struct setting *setting; /* whose value is expanded */
	int depth, *count;
};

static int fail(struct expansion *e, const char *format, const char *name)
{
	char *error = e->config->error;
	int n;

	if (*error)
		return -1;
	n = snprintf(error, ERROR_MAX, "%s:%d: ", e->setting->file,
		     e->setting->line);
	if (n > 0 && n < ERROR_MAX)
		snprintf(error + n, (size_t)(ERROR_MAX - n), format, name);
	return -1;
}

static int expand_text(struct expansion *e, const char *text, char **out);

/* The value of a variable or parameter, its values joined. */
static int look_up(struct expansion *e, const char *name, char **out)
{
	const char *variable = keep_format("$%s", name);
	const struct setting *s = jail_param(e->jail, variable);
	struct expansion inner = *e;
	char *one;
	int i;

	if (!s)
		s = jail_param(e->jail, name);
	if (!s && !strcmp(name, "name")) {
		*out = (char *)e->jail->name;
		return 0;
	}
	if (!s)
		return fail(e, "$%s is not defined", name);
	inner.setting = s;
	if (++*e->count > EXPAND_MOST)
		return fail(&inner, "$%s: too much to put in", name);
	if (++inner.depth > EXPAND_DEPTH)
		return fail(&inner, "$%s is defined by itself", name);
	*out = keep_text("", 0);
	for (i = 0; i < s->nvalues; i++) {
		if (expand_text(&inner, s->values[i], &one) < 0)
			return -1;
		*out = keep_format("%s%s%s", *out, i ? "," : "", one);
		if (strlen(*out) > FILENAME_MAX)
			return fail(&inner, "$%s becomes too long", name);
	}
	return 0;
}

static int expand_text(struct expansion *e, const char *text, char **out)
{
	const char *mark, *end;
	char *value = NULL;

	*out = keep_text("", 0);
	while ((mark = strchr(text, MARK))) {
		if (mark[1] == MARK) {
			*out = keep_format("%s%.*s", *out,
					   (int)(mark + 1 - text), text);
			text = mark + 2;
			continue;
		}
		end = strchr(mark + 1, MARK);
		assert(end);
		if (look_up(e, keep_text(mark + 1, (size_t)(end - mark - 1)),
			    &value) < 0)
			return -1;
		*out = keep_format("%s%.*s%s", *out, (int)(mark - text), text,
				   value);
		text = end + 1;
	}
	*out = keep_format("%s%s", *out, text);
	return 0;
}

/* A value that is nothing but $list becomes all the values of the list. */
static const struct setting *whole_list(const struct entry *jail,
					const char *text)
{
	size_t len = strlen(text);
	const struct setting *s;

	if (len < 3 || text[0] != MARK ||
	    strchr(text + 1, MARK) != text + len - 1)
		return NULL;
	s = jail_param(jail, keep_format("$%.*s", (int)len - 2, text + 1));
	if (!s)
		s = jail_param(jail,
			       keep_format("%.*s", (int)len - 2, text + 1));
	return s && s->nvalues > 1 ? s : NULL;
}

static int expand_setting(struct config *config, struct entry *jail,
			  const struct setting *s, struct setting *out)
{
	int count = 0, i, k;
	struct expansion e = { config, jail, s, 0, &count };

	*out = *s;
	out->nvalues = 0;
	out->values = NULL;
	for (i = 0; i < s->nvalues; i++) {
		const struct setting *list = whole_list(jail, s->values[i]);
		struct setting one = *s;

		one.nvalues = list && list != s ? list->nvalues : 1;
		one.values = keep((size_t)one.nvalues * sizeof(*one.values));
		for (k = 0; k < one.nvalues; k++) {
			const char *from = one.nvalues > 1 ? list->values[k]
							   : s->values[i];

			if (expand_text(&e, from, &one.values[k]) < 0)
				return -1;
		}
		append_values(out, &one);
	}
	return 0;
}

/* A jail called 5309 has that jid. */
static void imply_jid(struct entry *jail)
{
	struct setting s = { .name = "jid", .nvalues = 1, .file = "-" };
	char *value = (char *)jail->name;

	if (jail->name[strspn(jail->name, "0123456789")] ||
	    jail_param(jail, "jid"))
		return;
	s.values = keep(sizeof(*s.values));
	s.values[0] = value;
	jail_apply(jail, &s);
}

int jail_assemble(struct config *config, struct entry *jail)
{
	const struct block *block;
	const struct setting *s;
	struct setting *expanded = NULL, **end = &expanded;

	for (block = config->first; block; block = block->next) {
		if (block->name && !name_matches(block->name, jail->name))
			continue;
		for (s = block->first; s; s = s->next)
			jail_apply(jail, s);
	}
	for (s = options.common; s; s = s->next)
		jail_apply(jail, s);
	imply_jid(jail);
	for (s = jail->params; s; s = s->next) {
		struct setting *new;

		if (s->name[0] == '$')
			continue;
		new = keep(sizeof(*new));
		if (expand_setting(config, jail, s, new) < 0)
			return -1;
		new->next = NULL;
		*end = new;
		end = &new->next;
	}
	jail->params = expanded;
	return 0;
}
