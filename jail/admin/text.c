/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - meta and env: free text on a prison, by keys if one likes.
 *
 * The text is lines of KEY=VALUE, or whatever was given as a whole. meta.KEY
 * with a value sets that line, with an empty one sets it empty, and without
 * any takes it away (FreeBSD jail(8), meta). The text as it will be is built
 * beside the old one, so that several keys can change in one call.
 */
#include "jail/admin/inner.h"

uint32_t jailsys_text_max = 4096;

/* The line of key in text, and its length without the end; NULL: none. */
static const char *line_of(const char *text, const char *key, size_t *len)
{
	size_t n = strlen(key);

	while (text && *text) {
		const char *end = strchr(text, '\n');

		*len = end ? (size_t)(end - text) : strlen(text);
		if (*len > n && text[n] == '=' && !memcmp(text, key, n))
			return text;
		text = end ? end + 1 : NULL;
	}
	return NULL;
}

static const char *text_now(const struct change *c, bool env)
{
	if (env ? c->has_env : c->has_meta)
		return env ? c->env : c->meta;
	if (!c->j)
		return NULL;
	return env ? c->j->env : c->j->meta;
}

static void text_take(struct change *c, bool env, char *text)
{
	char **to = env ? &c->env : &c->meta;

	kmem_free(*to);
	*to = text;
	*(env ? &c->has_env : &c->has_meta) = true;
}

/* old without key's line and, if value is not NULL, with a new one behind. */
static int replace(const char *old, const char *key, const char *value,
		   char **out)
{
	size_t cut = 0, room = (old ? strlen(old) : 0) + strlen(key) +
			       (value ? strlen(value) : 0) + 4;
	const char *line = line_of(old, key, &cut);
	char *text = kmem_alloc(room);
	size_t n = 0;

	if (!text)
		return -ENOMEM;
	if (old) {
		size_t head = line ? (size_t)(line - old) : strlen(old);

		memcpy(text, old, head);
		n = head;
		if (line) {
			line += cut + (line[cut] == '\n');
			n += str_copy(text + n, line, room - n);
		}
	}
	if (n && text[n - 1] != '\n')
		text[n++] = '\n';
	text[n] = 0;
	if (value)
		n += str_format(text + n, room - n, "%s=%s\n", key, value);
	assert(n < room);	/* nothing was cut */
	*out = text;
	return 0;
}

static bool key_is_good(const char *key)
{
	for (; *key; key++)
		if (*key <= ' ' || *key == '=' || *key == 0x7f)
			return false;
	return true;
}

int check_text(struct change *c, const struct param *p, const struct value *v)
{
	bool env = p->arg;
	char *text;
	int err = 0;

	if (v->key && (!key_is_good(v->key) ||
		       (v->data && strchr(v->data, '\n'))))
		return refuse(c->r, -EINVAL, "%s.%s: not a key, or not one line",
			      p->name, v->key);
	if (v->key)
		err = replace(text_now(c, env), v->key, v->data, &text);
	else if (!(text = kmem_strdup(v->data)))
		err = -ENOMEM;
	if (err)
		return err;
	if (strlen(text) >= jailsys_text_max) {
		kmem_free(text);
		return refuse(c->r, -EINVAL, "%s: longer than %u", p->name,
			      jailsys_text_max);
	}
	text_take(c, env, text);
	return 0;
}

/* A key that is not there has no value: data NULL. */
int get_text(const struct change *c, const struct param *p, struct value *out,
	     char *buf)
{
	const char *text = p->arg ? c->j->env : c->j->meta;
	size_t len, head;
	const char *line;

	if (!out->key) {
		out->data = text ? text : "";
		out->size = strlen(out->data) + 1;
		return 0;
	}
	line = line_of(text, out->key, &len);
	if (!line) {
		out->data = NULL;
		out->size = 0;
		return 0;
	}
	head = strlen(out->key) + 1;
	assert(len >= head && line[head - 1] == '=');
	if (len - head >= PARAM_BUFFER)
		return -ENAMETOOLONG;
	memcpy(buf, line + head, len - head);
	buf[len - head] = 0;
	out->data = buf;
	out->size = len - head + 1;
	return 0;
}
