/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - generated content: a chain of chunks that grows as it is written.
 *
 * Chunks get larger as there are more of them, so that a short file costs one
 * small allocation and a long one few. A failed allocation is remembered, and
 * the whole text then counts as failed: nobody reads half a table.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/procfs/inner.h"

enum { CHUNK_FIRST = 1024, CHUNK_LARGEST = 65536, LINE_SMALL = 160 };

struct text_chunk {
	struct text_chunk *next;
	uint32_t size, used;	/* size: the allocation, this header included */
	char bytes[];
};

void text_init(struct text *t, struct prison *pays)
{
	*t = (struct text){ .prison = pays };
}

void text_free(struct text *t)
{
	struct text_chunk *c, *next;

	for (c = t->first; c; c = next) {
		next = c->next;
		assert(c->used + sizeof *c <= c->size);
		charged_free(t->prison, c, c->size);
	}
	text_init(t, t->prison);
}

static uint32_t chunk_room(const struct text_chunk *c)
{
	return c ? c->size - sizeof *c - c->used : 0;
}

static struct text_chunk *chunk_add(struct text *t)
{
	uint32_t size = CHUNK_FIRST;
	struct text_chunk *c;

	assert(!t->error && !chunk_room(t->last));
	if (t->last)
		size = min_u32(t->last->size * 4, CHUNK_LARGEST);
	c = charged_alloc(t->prison, size);
	if (!c) {
		t->error = -ENOMEM;
		return NULL;
	}
	c->next = NULL;
	c->size = size;
	c->used = 0;
	if (t->last)
		t->last->next = c;
	else
		t->first = c;
	return t->last = c;
}

/* Adds n bytes as they are. */
void text_write(struct text *t, const void *p, size_t n)
{
	const char *from = p;

	while (n && !t->error) {
		struct text_chunk *c = t->last;
		uint32_t part;

		if (!chunk_room(c))
			c = chunk_add(t);
		if (!c)
			return;
		part = min_u32(n, chunk_room(c));
		memcpy(c->bytes + c->used, from, part);
		c->used += part;
		t->size += part;
		from += part;
		n -= part;
	}
}

/* A line that is longer than the small buffer. */
static void text_put_long(struct text *t, size_t n, const char *fmt, va_list ap)
{
	char *line = kmem_alloc(n + 1);

	if (!line) {
		t->error = -ENOMEM;
		return;
	}
	str_vformat(line, n + 1, fmt, ap);
	text_write(t, line, n);
	kmem_free(line);
}

/* Adds formatted text (str_format's subset of printf). */
void text_put(struct text *t, const char *fmt, ...)
{
	char line[LINE_SMALL];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = str_vformat(line, sizeof line, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n < sizeof line) {
		text_write(t, line, n);
		return;
	}
	va_start(ap, fmt);
	text_put_long(t, n, fmt, ap);
	va_end(ap);
}

int text_give(const struct text *t, uint32_t from, struct user_io *io)
{
	int done = 0;

	assert(!t->error);
	for (struct text_chunk *c = t->first; c && io->left; c = c->next) {
		int part;

		if (from >= c->used) {
			from -= c->used;
			continue;
		}
		part = user_io_give(io, c->bytes + from, c->used - from);
		if (part < 0)
			return done ? done : part;
		done += part;
		if ((uint32_t)part < c->used - from)
			break;
		from = 0;
	}
	return done;
}
