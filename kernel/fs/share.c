/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * share.c - what of the disks a prison's processes have taken.
 *
 * A block or an inode is counted for the prison of the process that takes it,
 * whosever file it is, and until it is free again or the prison is gone: then
 * it is the host's, who must know what to do with the files. The host itself
 * is not counted. A record says how much of a file was taken by which prison;
 * it outlives the inode's stay in memory.
 *
 * Invariant: a prison's RACCT_DISK and RACCT_INODES are the sums of the records
 * of it and of those below it.
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/inner.h"
#include "kernel/fs/quota.h"

enum { BUCKETS_FIRST = 64 };

struct record {
	struct record *chain;
	struct superblock *sb;
	uint64_t ino;
	struct prison *prison;	/* pays; not held: its death removes it */
	uint64_t bytes;
	uint32_t inodes;
};

static struct record **buckets;
static uint32_t bucket_count, record_count;

static struct record **bucket_of(const struct superblock *sb, uint64_t ino)
{
	uint32_t h = hash_u32((uint32_t)ino ^ hash_u32((uint32_t)sb >> 4));

	return &buckets[h & (bucket_count - 1)];
}

/* Where the next record of the inode hangs, from *at on; prison NULL: any. */
static struct record **find(struct record **at, const struct superblock *sb,
			    uint64_t ino, const struct prison *prison)
{
	while (*at && ((*at)->sb != sb || (*at)->ino != ino ||
		       (prison && (*at)->prison != prison)))
		at = &(*at)->chain;
	return at;
}

/* As many buckets as records, while there is memory for them. */
static void make_room(void)
{
	uint32_t n = bucket_count * 2, old = bucket_count;
	struct record **more, **less = buckets;

	if (record_count < bucket_count)
		return;
	more = kmem_zalloc(n * sizeof(*more));
	if (!more)
		return;
	buckets = more;
	bucket_count = n;
	for (uint32_t b = 0; b < old; b++)
		while (less[b]) {
			struct record *r = less[b];
			struct record **to = bucket_of(r->sb, r->ino);

			less[b] = r->chain;
			r->chain = *to;
			*to = r;
		}
	kmem_free(less);
}

static int record_get(const struct inode *i, struct prison *p,
		      struct record **out)
{
	struct record **at = find(bucket_of(i->sb, i->ino), i->sb, i->ino, p);
	struct record *r = *at;

	if (!r) {
		r = charged_alloc(p, sizeof(*r));
		if (!r)
			return -ENOMEM;
		*r = (struct record){ .sb = i->sb, .ino = i->ino, .prison = p };
		make_room();
		at = bucket_of(i->sb, i->ino);
		r->chain = *at;
		*at = r;
		record_count++;
	}
	*out = r;
	return 0;
}

/* Gives back what *at counts, and the record with it. */
static void record_remove(struct record **at)
{
	struct record *r = *at;

	racct_release(r->prison, RACCT_DISK, r->bytes);
	racct_release(r->prison, RACCT_INODES, r->inodes);
	*at = r->chain;
	assert(record_count > 0);
	record_count--;
	charged_free(r->prison, r, sizeof(*r));
}

/* -EDQUOT, -ENOMEM. */
int share_charge(struct inode *i, uint64_t bytes, uint32_t inodes)
{
	const struct thread *me = thread_current();
	struct record *r;
	struct prison *p;
	int err;

	if (!me || !me->cred || me->cred->prison == prison_host())
		return 0;
	p = me->cred->prison;
	if (racct_charge(p, RACCT_DISK, bytes))
		return -EDQUOT;
	err = -EDQUOT;
	if (racct_charge(p, RACCT_INODES, inodes))
		goto refund;
	err = record_get(i, p, &r);
	if (err)
		goto refund_inodes;
	r->bytes += bytes;
	r->inodes += inodes;
	return 0;
refund_inodes:
	racct_release(p, RACCT_INODES, inodes);
refund:
	racct_release(p, RACCT_DISK, bytes);
	return err;
}

/* Whoever frees it: those who took it have it back. */
void share_release(struct inode *i, uint64_t bytes, uint32_t inodes)
{
	struct record **at = bucket_of(i->sb, i->ino);

	if (!record_count)
		return;
	while (*(at = find(at, i->sb, i->ino, NULL)) && (bytes || inodes)) {
		struct record *r = *at;
		uint64_t n = bytes < r->bytes ? bytes : r->bytes;
		uint32_t k = min_u32(inodes, r->inodes);

		racct_release(r->prison, RACCT_DISK, n);
		racct_release(r->prison, RACCT_INODES, k);
		r->bytes -= n;
		r->inodes -= k;
		bytes -= n;
		inodes -= k;
		if (!r->bytes && !r->inodes)
			record_remove(at);
		else
			at = &r->chain;
	}
}

static void remove_all(const struct superblock *sb, const struct prison *p)
{
	for (uint32_t b = 0; b < bucket_count; b++)
		for (struct record **at = &buckets[b]; *at;)
			if ((sb && (*at)->sb == sb) || (p && (*at)->prison == p))
				record_remove(at);
			else
				at = &(*at)->chain;
}

void share_end(struct superblock *sb)
{
	if (record_count)
		remove_all(sb, NULL);
}

static void prison_gone(struct prison *p)
{
	if (p->used[RACCT_DISK] || p->used[RACCT_INODES])
		remove_all(NULL, p);
}

/* n units, or p's limit, or what is left of that. */
static uint64_t at_most(const struct prison *p, enum racct what, uint32_t unit,
			uint64_t n)
{
	uint64_t limit = p->limit[what];

	if (limit != UINT64_MAX)
		limit = div_u64(limit, unit, NULL);
	return n < limit ? n : limit;
}

static uint64_t at_most_left(const struct prison *p, enum racct what,
			     uint32_t unit, uint64_t n)
{
	uint64_t used = p->used[what], limit = p->limit[what];

	if (limit == UINT64_MAX)
		return n;
	limit = used < limit ? div_u64(limit - used, unit, NULL) : 0;
	return n < limit ? n : limit;
}

void share_statfs(const struct superblock *sb, const struct cred *who,
		  struct abi_statfs64 *out)
{
	uint32_t unit = out->frsize ? out->frsize : out->bsize;

	if (!sb->counted && !sb->type->stacked)
		return;
	for (struct prison *p = who->prison; p; p = p->parent) {
		out->blocks = at_most(p, RACCT_DISK, unit, out->blocks);
		out->bfree = at_most_left(p, RACCT_DISK, unit, out->bfree);
		out->bavail = at_most_left(p, RACCT_DISK, unit, out->bavail);
		out->files = at_most(p, RACCT_INODES, 1, out->files);
		out->ffree = at_most_left(p, RACCT_INODES, 1, out->ffree);
	}
}

void share_init(void)
{
	bucket_count = BUCKETS_FIRST;
	buckets = kmem_zalloc(bucket_count * sizeof(*buckets));
	if (!buckets)
		panic("no memory for the shares of disks");
	prison_on_death(prison_gone);
}
