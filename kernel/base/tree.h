/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - an intrusive red-black tree, the one ordered container of Brig.
 *
 * The owner finds the place (it knows the key) and calls tree_insert with the
 * parent and the link that was NULL; the tree only rebalances. The first node
 * is cached, because timers and the run queue ask for it all the time.
 */
#ifndef KERNEL_BASE_TREE_H
#define KERNEL_BASE_TREE_H

#include "kernel/base/base.h"

struct tree_node {
	struct tree_node *parent, *left, *right;
	bool red;
};

struct tree {
	struct tree_node *root;
	struct tree_node *first;
};

#define tree_entry(ptr, type, member) container_of(ptr, type, member)

/* less(a, b): a sorts before b. Equal keys go behind those already there. */
typedef bool (*tree_less)(const struct tree_node *a, const struct tree_node *b);

void tree_add(struct tree *t, struct tree_node *n, tree_less less);
void tree_insert(struct tree *t, struct tree_node *n, struct tree_node *parent,
		 struct tree_node **link);
void tree_remove(struct tree *t, struct tree_node *n);
struct tree_node *tree_next(const struct tree_node *n);
struct tree_node *tree_prev(const struct tree_node *n);
struct tree_node *tree_last(const struct tree *t);

static inline struct tree_node *tree_first(const struct tree *t)
{
	return t->first;
}

#endif
