/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knob.c - reading and writing one row of /proc/sys: ask, parse, check, set.
 *
 * Who may write is the row's privilege and nothing else: the modes of the file
 * only say what a reader may expect.
 */
#include "kernel/fs/knob.h"
#include "kernel/fs/procfs/inner.h"

enum { LINE_MAX = 256 };

void procfs_knob_add(struct procfs_knob *k)
{
	assert(!!k->show + !!k->value + !!k->get == 1);
	assert(k->write == PRIV_NONE || k->store || k->set || k->value);
	k->entry = (struct procfs_entry){
		.directory = k->directory, .name = k->name,
		.gate = PROC_GATE_ALL, .knob = k,
		.mode = k->write == PRIV_NONE ? 0444 : 0644,
	};
	procfs_register(&k->entry);
}

int procfs_knob_show(const struct procfs_knob *k, struct text *t,
		     const struct cred *who)
{
	if (k->show)
		return k->show(t, who);
	text_put(t, "%lld\n",
		 (long long)(k->value ? *k->value : k->get(k, who)));
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* A whole number with an optional sign, and blanks around it. */
static int parse_number(char *text, int64_t *out)
{
	size_t n = strlen(text);
	bool minus;
	uint64_t v;

	while (n && is_blank(text[n - 1]))
		text[--n] = 0;
	while (is_blank(*text))
		text++;
	minus = *text == '-';
	if (str_to_u64(text + minus, 10, &v) || v > INT64_MAX)
		return -EINVAL;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

static int set_number(const struct procfs_knob *k, const struct cred *who,
		      char *line)
{
	int64_t v;
	int err = parse_number(line, &v);

	if (err)
		return err;
	if (v < k->min || v > k->max)
		return -EINVAL;
	if (k->set)
		return k->set(k, who, v);
	*k->value = (int)v;
	return 0;
}

int procfs_knob_store(const struct procfs_knob *k, const struct cred *who,
		      const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);
	char line[LINE_MAX];
	int err = priv_check(who, k->write);

	if (err)
		return err;
	if (end)
		n = end - text;
	if (n >= sizeof(line) || memchr(text, 0, n))
		return -EINVAL;
	memcpy(line, text, n);
	line[n] = 0;
	return k->store ? k->store(who, line) : set_number(k, who, line);
}
