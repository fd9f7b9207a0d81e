/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.c - parameters as text: -e, and the file of -J.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inner.h"

/* value, in quotes where a shell or jail.conf would need them. */
static const char *quote(const char *value)
{
	char *out, *at;

	if (*value && !value[strcspn(value, " \t\n\"'\\$;,{}#&|<>()*?")])
		return value;
	at = out = keep(2 * strlen(value) + 3);
	*at++ = '"';
	for (; *value; value++) {
		if (strchr("\"\\$", *value))
			*at++ = '\\';
		*at++ = *value;
	}
	*at = '"';
	return out;
}

/* name, name=value or name=value,value */
static const char *show(const struct setting *s)
{
	const char *text = s->name;
	int i;

	for (i = 0; i < s->nvalues; i++)
		text = keep_format("%s%c%s", text, i ? ',' : '=',
				   quote(s->values[i]));
	return text;
}

static const char *show_all(const struct entry *jail, const char *separator)
{
	const struct setting *s;
	const char *text = "";

	if (!jail_param(jail, "name") && !jail->unnamed)
		text = keep_format("%sname=%s", separator, quote(jail->name));
	for (s = jail->params; s; s = s->next)
		text = keep_format("%s%s%s", text, separator, show(s));
	return text;
}

void show_config(struct entry *jails, const char *separator)
{
	for (; jails; jails = jails->next)
		puts(show_all(jails, separator) + strlen(separator));
}

int write_jid_file(struct entry *jail)
{
	const struct setting *s, **at;
	const char *line;

	/* The jid it was given, not the one it was perhaps asked to have. */
	for (at = (const struct setting **)&jail->params; (s = *at);
	     at = (const struct setting **)&(*at)->next) {
		if (!strcmp(s->name, "jid")) {
			*at = s->next;
			break;
		}
	}
	line = keep_format("jid=%d%s\n", jail->jid, show_all(jail, " "));
	if (write(options.jid_file, line, strlen(line)) < 0)
		return complain(jail, "-J: the file cannot be written");
	return 0;
}
