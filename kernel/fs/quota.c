/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.c - what users and groups have of a file system, and their limits.
 *
 * Counting begins when the file system is mounted with usrquota or grpquota;
 * then it has its own way to say what is there. Limits hold from quotaon on.
 * Over the soft limit one may go for the time of grace, over the hard one not
 * at all; the host's root goes where it likes (PRIV_UFS_EXCEEDQUOTA).
 *
 * Invariant: used is the sum over the inodes with that owner. A charge is all
 * or nothing.
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "kernel/fs/inner.h"
#include "kernel/fs/quota.h"

enum { GRACE_DAYS = 7, DAY = 24 * 60 * 60 };

/* --- entries ------------------------------------------------------------- */

/* The first with an id above, or at if self. */
struct quota *quota_after(const struct quota_table *t, uint32_t id, bool self)
{
	struct tree_node *n = t->ids.root, *best = NULL;

	while (n) {
		struct quota *q = tree_entry(n, struct quota, node);

		if (q->id > id || (self && q->id == id)) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best ? tree_entry(best, struct quota, node) : NULL;
}

static bool is_before(const struct tree_node *a, const struct tree_node *b)
{
	return tree_entry(a, struct quota, node)->id <
	       tree_entry(b, struct quota, node)->id;
}

/* NULL: none, or no memory to make one. */
struct quota *quota_entry(struct quota_table *t, uint32_t id, bool make)
{
	struct quota *q = quota_after(t, id, true);

	if (q && q->id == id)
		return q;
	q = make ? kmem_zalloc(sizeof(*q)) : NULL;
	if (q) {
		q->id = id;
		tree_add(&t->ids, &q->node, is_before);
	}
	return q;
}

/* --- limits -------------------------------------------------------------- */

static bool may_exceed(void)
{
	const struct thread *me = thread_current();

	return !me || !me->cred || priv_has(me->cred, PRIV_UFS_EXCEEDQUOTA);
}

static int amount_check(const struct quota_amount *a, uint64_t n)
{
	if (!n || may_exceed())
		return 0;
	if (a->hard && a->used + n > a->hard)
		return -EDQUOT;
	if (a->soft && a->used + n > a->soft && a->until &&
	    inode_now() >= a->until)
		return -EDQUOT;
	return 0;
}

/* The time of grace begins and ends with being over the soft limit. */
static void amount_timer(struct quota_amount *a, int64_t grace)
{
	if (!a->soft || a->used <= a->soft)
		a->until = 0;
	else if (!a->until)
		a->until = inode_now() + grace;
}

void quota_timers(const struct quota_table *t, struct quota *q)
{
	for (unsigned k = 0; k < QUOTA_KINDS; k++)
		amount_timer(&q->of[k], t->grace[k]);
}

static void entry_add(const struct quota_table *t, struct quota *q,
		      uint64_t bytes, uint32_t inodes)
{
	q->of[QUOTA_BYTES].used += bytes;
	q->of[QUOTA_INODES].used += inodes;
	quota_timers(t, q);
}

/* A damaged disk may free what was never found on it. */
static void entry_take(const struct quota_table *t, struct quota *q,
		       uint64_t bytes, uint32_t inodes)
{
	uint64_t n[QUOTA_KINDS] = { bytes, inodes };

	for (unsigned k = 0; q && k < QUOTA_KINDS; k++)
		q->of[k].used -= n[k] < q->of[k].used ? n[k] : q->of[k].used;
	if (q)
		quota_timers(t, q);
}

static int entry_check(const struct quota_table *t, const struct quota *q,
		       uint64_t bytes, uint32_t inodes)
{
	int err;

	if (!t->on)
		return 0;
	err = amount_check(&q->of[QUOTA_BYTES], bytes);
	return err ? err : amount_check(&q->of[QUOTA_INODES], inodes);
}

static uint32_t owner_of(const struct inode *i, unsigned type)
{
	return type == QUOTA_USER ? i->uid : i->gid;
}

int quota_charge(struct inode *i, uint64_t bytes, uint32_t inodes)
{
	struct quota *q[QUOTA_TYPES] = { NULL };
	int err;

	if (!i->sb->counted)
		return 0;
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = i->sb->quota[type];

		if (!t)
			continue;
		q[type] = quota_entry(t, owner_of(i, type), true);
		err = q[type] ? entry_check(t, q[type], bytes, inodes) : -ENOMEM;
		if (err)
			return err;
	}
	err = share_charge(i, bytes, inodes);
	if (err)
		return err;
	for (unsigned type = 0; type < QUOTA_TYPES; type++)
		if (q[type])
			entry_add(i->sb->quota[type], q[type], bytes, inodes);
	return 0;
}

void quota_release(struct inode *i, uint64_t bytes, uint32_t inodes)
{
	if (!i->sb->counted)
		return;
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = i->sb->quota[type];

		if (t)
			entry_take(t, quota_entry(t, owner_of(i, type), false),
				   bytes, inodes);
	}
	share_release(i, bytes, inodes);
}

static uint64_t bytes_of(const struct inode *i)
{
	if (i->sparse)
		return i->object ? (uint64_t)i->object->page_count << PAGE_SHIFT :
				   0;
	return i->blocks * SECTOR;
}

int quota_transfer(struct inode *i, uint32_t uid, uint32_t gid)
{
	uint32_t to[QUOTA_TYPES] = { uid, gid };
	uint64_t bytes = bytes_of(i);
	struct quota *q[QUOTA_TYPES];

	if (!i->sb->counted)
		return 0;
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = i->sb->quota[type];
		int err;

		q[type] = NULL;
		if (!t || to[type] == owner_of(i, type))
			continue;
		q[type] = quota_entry(t, to[type], true);
		err = q[type] ? entry_check(t, q[type], bytes, 1) : -ENOMEM;
		if (err)
			return err;
	}
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = i->sb->quota[type];

		if (!q[type])
			continue;
		entry_take(t, quota_entry(t, owner_of(i, type), false), bytes, 1);
		entry_add(t, q[type], bytes, 1);
	}
	return 0;
}

/* --- mounting ------------------------------------------------------------ */

bool quota_option(const char *word, bool *users, bool *groups)
{
	if (!strcmp(word, "usrquota"))
		*users = true;
	else if (!strcmp(word, "grpquota"))
		*groups = true;
	else if (!strcmp(word, "quota"))
		*users = *groups = true;
	else
		return !strcmp(word, "noquota");
	return true;
}

int quota_begin(struct superblock *sb, bool users, bool groups)
{
	bool wanted[QUOTA_TYPES] = { users, groups };

	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t;

		if (!wanted[type])
			continue;
		t = kmem_zalloc(sizeof(*t));
		if (!t)
			return -ENOMEM;
		for (unsigned k = 0; k < QUOTA_KINDS; k++)
			t->grace[k] = (int64_t)GRACE_DAYS * DAY * NS_PER_SEC;
		sb->quota[type] = t;
	}
	return 0;
}

int quota_found(struct superblock *sb, uint32_t uid, uint32_t gid,
		uint64_t bytes)
{
	uint32_t id[QUOTA_TYPES] = { uid, gid };

	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = sb->quota[type];
		struct quota *q;

		if (!t)
			continue;
		q = quota_entry(t, id[type], true);
		if (!q)
			return -ENOMEM;
		entry_add(t, q, bytes, 1);
	}
	return 0;
}

void quota_end(struct superblock *sb)
{
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = sb->quota[type];
		struct tree_node *n;

		if (!t)
			continue;
		assert(!t->file);	/* quota_files_drop was here */
		while ((n = tree_first(&t->ids))) {
			tree_remove(&t->ids, n);
			kmem_free(tree_entry(n, struct quota, node));
		}
		kmem_free(t);
		sb->quota[type] = NULL;
	}
	share_end(sb);
}
