/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cred.c - credentials: who somebody is.
 *
 * A credential is a value: once shared it never changes, so that a check and
 * the deed after it cannot see two identities. To change who you are, copy,
 * change the copy, and put it in the old one's place.
 *
 * Invariants: prison is never NULL and held; groups is sorted.
 * Locks: the kernel lock.
 */
#include "jail/jail.h"
#include "kernel/mem/mem.h"

/* A copy with one reference, which the caller may still change; NULL when
 * memory is out. */
struct cred *cred_copy(const struct cred *c)
{
	struct cred *n = kmem_alloc(sizeof(*n));

	assert(c->refs != 0 && c->prison);
	if (!n)
		return NULL;
	*n = *c;
	n->refs = 1;
	n->groups = NULL;
	n->group_count = 0;
	if (c->group_count != 0) {
		n->groups = kmem_alloc(c->group_count * sizeof(n->groups[0]));
		if (!n->groups) {
			kmem_free(n);
			return NULL;
		}
		memcpy(n->groups, c->groups,
		       c->group_count * sizeof(n->groups[0]));
		n->group_count = c->group_count;
	}
	prison_hold(n->prison);
	return n;
}

/* Lets the value at i sink in the heap a[0..n). */
static void heap_sink(uint32_t *a, uint32_t i, uint32_t n)
{
	uint32_t v = a[i], child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && a[child + 1] > a[child])
			child++;
		if (a[child] <= v)
			break;
		a[i] = a[child];
		i = child;
	}
	a[i] = v;
}

/* Heap sort: no worst case for a user to find, and no memory. */
static void sort(uint32_t *a, uint32_t n)
{
	for (uint32_t i = n / 2; i-- > 0;)
		heap_sink(a, i, n);
	while (n > 1) {
		uint32_t v = a[--n];

		a[n] = a[0];
		a[0] = v;
		heap_sink(a, 0, n);
	}
}

/* Gives c, a fresh copy, these supplementary groups. -EINVAL: too many;
 * -ENOMEM; c is unchanged then. */
int cred_set_groups(struct cred *c, const uint32_t *groups, uint32_t n)
{
	uint32_t *to = NULL;

	assert(c->refs == 1);
	if (n > CRED_GROUPS_MAX)
		return -EINVAL;
	if (n != 0) {
		to = kmem_alloc(n * sizeof(to[0]));
		if (!to)
			return -ENOMEM;
		memcpy(to, groups, n * sizeof(to[0]));
		sort(to, n);
	}
	kmem_free(c->groups);
	c->groups = to;
	c->group_count = n;
	return 0;
}

/* Root of the host. Made once, never freed. */
struct cred *cred_host_root(void)
{
	static struct cred root;

	if (root.refs == 0) {
		root.refs = 1;
		root.prison = prison_host();
		prison_hold(root.prison);
	}
	return cred_hold(&root);
}

/* refs is the one field of a shared credential that changes. */
struct cred *cred_hold(const struct cred *c)
{
	struct cred *held = (struct cred *)c;

	assert(held->refs != 0 && held->refs != UINT32_MAX);
	held->refs++;
	return held;
}

void cred_drop(const struct cred *c)
{
	struct cred *held = (struct cred *)c;

	assert(held->refs != 0);
	if (--held->refs != 0)
		return;
	prison_drop(held->prison);
	kmem_free(held->groups);
	kmem_free(held);
}

/* Is gid the one that files are judged by, or a supplementary group? */
bool cred_in_group(const struct cred *c, uint32_t gid)
{
	uint32_t low = 0, high = c->group_count;

	assert(!high == !c->groups);
	if (gid == c->fsgid)
		return true;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (c->groups[mid] == gid)
			return true;
		if (c->groups[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
