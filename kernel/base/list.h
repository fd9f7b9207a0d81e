/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - an intrusive, circular, doubly linked list.
 *
 * A head and a link are the same struct. An unlinked link points at itself, so
 * list_empty(&x->link) tells whether x is on a list.
 */
#ifndef KERNEL_BASE_LIST_H
#define KERNEL_BASE_LIST_H

#include "kernel/base/base.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }
#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_each(pos, head) \
	for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
/* pos may be removed in the body */
#define list_each_safe(pos, head)                                     \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; \
	     pos != (head); pos = pos##_next, pos##_next = pos->next)

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_after(struct list *at, struct list *l)
{
	assert(at->next->prev == at && at != l);
	l->next = at->next;
	l->prev = at;
	at->next->prev = l;
	at->next = l;
}

static inline void list_push(struct list *head, struct list *l) /* first */
{
	list_insert_after(head, l);
}

static inline void list_append(struct list *head, struct list *l) /* last */
{
	list_insert_after(head->prev, l);
}

static inline void list_remove(struct list *l)
{
	assert(l->prev->next == l && l->next->prev == l);
	l->prev->next = l->next;
	l->next->prev = l->prev;
	l->next = l->prev = l;
}

static inline struct list *list_first(struct list *head) /* NULL when empty */
{
	return head->next == head ? NULL : head->next;
}

static inline struct list *list_last(struct list *head)
{
	return head->prev == head ? NULL : head->prev;
}

/* Moves everything from one list to the end of another; from is empty then. */
static inline void list_splice(struct list *to, struct list *from)
{
	assert(to != from && from->next->prev == from);
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#endif
