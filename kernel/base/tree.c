/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - an intrusive red-black tree.
 *
 * Rules: the root is black; a red node has no red child; every path down from
 * a node passes as many black nodes. NULL counts as black. So no path is more
 * than twice as long as another.
 *
 * Invariant: t->first is the leftmost node, NULL when the tree is empty.
 * Locks: the owner's.
 */
#include "kernel/base/tree.h"

static inline bool is_red(const struct tree_node *n)
{
	return n && n->red;
}

/* Puts n where old hangs. */
static void replace_child(struct tree *t, struct tree_node *parent,
			  struct tree_node *old, struct tree_node *n)
{
	assert(!parent || parent->left == old || parent->right == old);
	if (!parent)
		t->root = n;
	else if (parent->left == old)
		parent->left = n;
	else
		parent->right = n;
}

static void rotate_left(struct tree *t, struct tree_node *n)
{
	struct tree_node *up = n->right;

	assert(up);
	n->right = up->left;
	if (up->left)
		up->left->parent = n;
	up->parent = n->parent;
	replace_child(t, n->parent, n, up);
	up->left = n;
	n->parent = up;
}

static void rotate_right(struct tree *t, struct tree_node *n)
{
	struct tree_node *up = n->left;

	assert(up);
	n->left = up->right;
	if (up->right)
		up->right->parent = n;
	up->parent = n->parent;
	replace_child(t, n->parent, n, up);
	up->right = n;
	n->parent = up;
}

/* n is red and perhaps its parent is too: mend it upward. */
static void insert_mend(struct tree *t, struct tree_node *n)
{
	struct tree_node *p, *g, *uncle;

	while ((p = n->parent) && p->red) {
		g = p->parent;	/* exists: the root is never red */
		assert(g);
		uncle = g->left == p ? g->right : g->left;
		if (is_red(uncle)) {
			p->red = uncle->red = false;
			g->red = true;
			n = g;
			continue;
		}
		if (p == g->left) {
			if (n == p->right) {
				rotate_left(t, p);
				p = n;
			}
			rotate_right(t, g);
		} else {
			if (n == p->left) {
				rotate_right(t, p);
				p = n;
			}
			rotate_left(t, g);
		}
		p->red = false;
		g->red = true;
		break;
	}
	assert(!t->root->parent);
	t->root->red = false;
}

/* Links n at *link, the NULL child slot of parent (or the root's slot), which
 * the caller found by its own key. */
void tree_insert(struct tree *t, struct tree_node *n, struct tree_node *parent,
		 struct tree_node **link)
{
	assert(!*link && !t->root == !t->first);
	assert(parent ? link == &parent->left || link == &parent->right :
			link == &t->root);
	n->parent = parent;
	n->left = n->right = NULL;
	n->red = true;
	*link = n;
	if (!parent || (parent == t->first && link == &parent->left))
		t->first = n;
	insert_mend(t, n);
}

void tree_add(struct tree *t, struct tree_node *n, tree_less less)
{
	struct tree_node **link = &t->root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(n, parent) ? &parent->left : &parent->right;
	}
	tree_insert(t, n, parent, link);
}

static struct tree_node *leftmost(struct tree_node *n)
{
	while (n->left)
		n = n->left;
	return n;
}

static struct tree_node *rightmost(struct tree_node *n)
{
	while (n->right)
		n = n->right;
	return n;
}

/* The paths through n (NULL possible) have one black node too few. */
static void remove_mend(struct tree *t, struct tree_node *n,
			struct tree_node *p)
{
	while (p && !is_red(n)) {
		bool left = p->left == n;
		struct tree_node *s = left ? p->right : p->left; /* exists */

		assert(s);
		if (s->red) {
			s->red = false;
			p->red = true;
			if (left)
				rotate_left(t, p);
			else
				rotate_right(t, p);
			s = left ? p->right : p->left;
		}
		assert(s && !s->red);
		if (!is_red(s->left) && !is_red(s->right)) {
			s->red = true;
			n = p;
			p = n->parent;
			continue;
		}
		if (left && !is_red(s->right)) {
			s->left->red = false;
			s->red = true;
			rotate_right(t, s);
			s = p->right;
		} else if (!left && !is_red(s->left)) {
			s->right->red = false;
			s->red = true;
			rotate_left(t, s);
			s = p->left;
		}
		s->red = p->red;
		p->red = false;
		if (left) {
			s->right->red = false;
			rotate_left(t, p);
		} else {
			s->left->red = false;
			rotate_right(t, p);
		}
		n = t->root;
		break;
	}
	if (n)
		n->red = false;
}

void tree_remove(struct tree *t, struct tree_node *n)
{
	struct tree_node *child, *parent;
	bool was_red;

	assert(t->root);
	assert(n->parent || t->root == n);
	if (t->first == n)
		t->first = tree_next(n);
	if (n->left && n->right) {
		/* The next node, which has no left child, takes n's place. */
		struct tree_node *next = leftmost(n->right);

		assert(!next->left && next->parent);
		child = next->right;
		parent = next->parent == n ? next : next->parent;
		was_red = next->red;
		if (parent != next) {
			parent->left = child;
			if (child)
				child->parent = parent;
			next->right = n->right;
			next->right->parent = next;
		}
		next->left = n->left;
		next->left->parent = next;
		next->parent = n->parent;
		next->red = n->red;
		replace_child(t, n->parent, n, next);
	} else {
		child = n->left ? n->left : n->right;
		parent = n->parent;
		was_red = n->red;
		if (child)
			child->parent = parent;
		replace_child(t, parent, n, child);
	}
	n->parent = n->left = n->right = NULL;
	if (!was_red)
		remove_mend(t, child, parent);
	assert(!t->root == !t->first);
}

/* The node after n in order; NULL after the last. */
struct tree_node *tree_next(const struct tree_node *n)
{
	if (n->right)
		return leftmost(n->right);
	while (n->parent && n->parent->right == n)
		n = n->parent;
	return n->parent;
}

struct tree_node *tree_prev(const struct tree_node *n)
{
	if (n->left)
		return rightmost(n->left);
	while (n->parent && n->parent->left == n)
		n = n->parent;
	return n->parent;
}

struct tree_node *tree_last(const struct tree *t)
{
	return t->root ? rightmost(t->root) : NULL;
}
