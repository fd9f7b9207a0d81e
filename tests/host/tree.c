/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - the red-black tree of kernel/base/tree.c.
 * sources: kernel/base/tree.c
 */
#include "kernel/base/tree.h"

#include "ktap.h"

enum { COUNT = 2000 };

struct item {
	int key, order;
	struct tree_node node;
};

static struct item items[COUNT];
static struct tree tree;

static bool item_less(const struct tree_node *a, const struct tree_node *b)
{
	return tree_entry(a, const struct item, node)->key <
	       tree_entry(b, const struct item, node)->key;
}

/* The number of black nodes on each way down; checks the rules on the way. */
static int black_height(const struct tree_node *n)
{
	int left, right;

	if (!n)
		return 1;
	CHECK(!n->left || n->left->parent == n);
	CHECK(!n->right || n->right->parent == n);
	CHECK(!n->red || !n->left || !n->left->red);
	CHECK(!n->red || !n->right || !n->right->red);
	left = black_height(n->left);
	right = black_height(n->right);
	CHECK_EQ(left, right);
	return left + !n->red;
}

static int count_sorted(void)
{
	struct tree_node *n = tree_first(&tree), *next;
	int count = n != NULL;

	for (; n && (next = tree_next(n)); n = next, count++) {
		CHECK(!item_less(next, n));
		CHECK(tree_prev(next) == n);
	}
	CHECK(tree_last(&tree) == n);
	return count;
}

TEST(stays_balanced_and_sorted)
{
	bool in[COUNT] = { false };
	int count = 0;

	srand(1);
	for (int step = 0; step < 20000; step++) {
		int i = rand() % COUNT;

		if (in[i]) {
			tree_remove(&tree, &items[i].node);
			count--;
		} else {
			items[i].key = rand() % 500;
			tree_add(&tree, &items[i].node, item_less);
			count++;
		}
		in[i] = !in[i];
		if (step % 100 == 0) {
			CHECK(!tree.root || !tree.root->red);
			black_height(tree.root);
			CHECK_EQ(count_sorted(), count);
		}
	}
}

TEST(equal_keys_keep_their_order)
{
	int i = 0;

	for (i = 0; i < 50; i++) {
		items[i].key = i % 3;
		items[i].order = i;
		tree_add(&tree, &items[i].node, item_less);
	}
	for (struct tree_node *n = tree_first(&tree), *next;
	     (next = tree_next(n)); n = next) {
		struct item *a = tree_entry(n, struct item, node);
		struct item *b = tree_entry(next, struct item, node);

		CHECK(a->key < b->key || a->order < b->order);
	}
}
