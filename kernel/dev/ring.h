/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - a queue of bytes in a buffer whose size is a power of two.
 *
 * head and tail only count up; their difference is what lies in the ring.
 * Private to room 8. Locks: the owner's.
 */
#ifndef KERNEL_DEV_RING_H
#define KERNEL_DEV_RING_H

#include "kernel/base/base.h"

struct ring {
	uint8_t *data;
	uint32_t size;
	uint32_t head, tail;
};

static inline uint32_t ring_used(const struct ring *r)
{
	return r->head - r->tail;
}
static inline uint32_t ring_room(const struct ring *r)
{
	return r->size - ring_used(r);
}
static inline void ring_clear(struct ring *r)
{
	r->tail = r->head;
}
static inline void ring_push(struct ring *r, uint8_t c) /* there is room */
{
	assert(ring_room(r) > 0);
	r->data[r->head++ & (r->size - 1)] = c;
}
static inline uint8_t ring_pop(struct ring *r) /* not empty */
{
	assert(ring_used(r) > 0);
	return r->data[r->tail++ & (r->size - 1)];
}

/* As many of n bytes as fit; returns how many. */
static inline uint32_t ring_put(struct ring *r, const uint8_t *from, uint32_t n)
{
	uint32_t at = r->head & (r->size - 1), first;

	assert(ring_used(r) <= r->size);
	n = min_u32(n, ring_room(r));
	first = min_u32(n, r->size - at);
	memcpy(r->data + at, from, first);
	memcpy(r->data, from + first, n - first);
	r->head += n;
	return n;
}

/* At most n bytes out of it; returns how many. */
static inline uint32_t ring_get(struct ring *r, uint8_t *to, uint32_t n)
{
	uint32_t at = r->tail & (r->size - 1), first;

	assert(ring_used(r) <= r->size);
	n = min_u32(n, ring_used(r));
	first = min_u32(n, r->size - at);
	memcpy(to, r->data + at, first);
	memcpy(to + first, r->data, n - first);
	r->tail += n;
	return n;
}

#endif
