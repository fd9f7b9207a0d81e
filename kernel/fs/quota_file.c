/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota_file.c - limits: set, told, and kept in a file between two mounts.
 *
 * The file is the one of FreeBSD and early Linux: an array of records by user
 * or group, full of holes. It is read by quotaon; a record is written when its
 * limits change, all of them by Q_SYNC and quotaoff. What is used stands in it
 * too, for readers; the kernel has counted itself.
 *
 * Locks: the kernel lock; the file's own.
 */
#include "kernel/fs/inner.h"
#include "kernel/fs/quota.h"

enum { CHUNK = PAGE_SIZE / sizeof(struct abi_quota_record) };

static struct quota_table *table_of(const struct path *p, unsigned type)
{
	assert(type < QUOTA_TYPES);
	return p->mount->sb->quota[type];
}

bool quota_has(const struct path *p, unsigned type)
{
	return table_of(p, type);
}

int quota_find(const struct path *p, struct path *out)
{
	const struct inode *i = p->dentry->inode;
	struct mount *m = NULL;

	*out = *p;
	if (S_ISBLK(i->mode))
		m = mount_of_device(i->rdev);
	if (m)
		*out = (struct path){ m, m->root };
	else if (S_ISBLK(i->mode))
		return -ENODEV;
	path_hold(out);
	return 0;
}

/* --- records ------------------------------------------------------------------ */

static uint32_t to_blocks(uint64_t bytes)
{
	uint64_t n = div_u64(bytes + QUOTA_BLOCK - 1, QUOTA_BLOCK, NULL);

	return (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX);
}

static uint32_t to_u32(uint64_t n)
{
	return (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX);
}

static uint64_t to_seconds(int64_t ns)
{
	return div_u64((uint64_t)ns, NS_PER_SEC, NULL);
}

static void record_out(const struct quota_table *t, const struct quota *q,
		       struct abi_quota_record *r)
{
	const struct quota_amount *b = &q->of[QUOTA_BYTES];
	const struct quota_amount *n = &q->of[QUOTA_INODES];
	bool first = q->id == 0;

	*r = (struct abi_quota_record){
		.bhard = to_blocks(b->hard), .bsoft = to_blocks(b->soft),
		.blocks = to_blocks(b->used), .ihard = to_u32(n->hard),
		.isoft = to_u32(n->soft), .inodes = to_u32(n->used),
		.btime = to_u32(to_seconds(first ? t->grace[QUOTA_BYTES] :
						   b->until)),
		.itime = to_u32(to_seconds(first ? t->grace[QUOTA_INODES] :
						   n->until)),
	};
}

static int record_in(struct quota_table *t, uint32_t id,
		     const struct abi_quota_record *r)
{
	struct quota *q;

	if (!r->bhard && !r->bsoft && !r->ihard && !r->isoft && !r->btime &&
	    !r->itime)
		return 0;
	q = quota_entry(t, id, true);
	if (!q)
		return -ENOMEM;
	q->of[QUOTA_BYTES].hard = (uint64_t)r->bhard * QUOTA_BLOCK;
	q->of[QUOTA_BYTES].soft = (uint64_t)r->bsoft * QUOTA_BLOCK;
	q->of[QUOTA_INODES].hard = r->ihard;
	q->of[QUOTA_INODES].soft = r->isoft;
	if (id) {
		q->of[QUOTA_BYTES].until = (int64_t)r->btime * NS_PER_SEC;
		q->of[QUOTA_INODES].until = (int64_t)r->itime * NS_PER_SEC;
		return 0;
	}
	if (r->btime)
		t->grace[QUOTA_BYTES] = (int64_t)r->btime * NS_PER_SEC;
	if (r->itime)
		t->grace[QUOTA_INODES] = (int64_t)r->itime * NS_PER_SEC;
	return 0;
}

/* --- the file ------------------------------------------------------------------- */

/* The file is the kernel's, whoever asks for what stands in it. */
static const struct cred *keeper(void)
{
	static struct cred *root;

	if (!root)
		root = cred_host_root();
	return root;
}

static int open_file(const struct path *p, const struct quota_table *t,
		     struct file **out)
{
	struct path file = { p->mount, t->file };

	return path_open_at(&file, keeper(), O_RDWR | O_LARGEFILE, out);
}

/* Records from..., as far as one piece goes; holes are jumped over. */
static int load(struct file *f, struct quota_table *t)
{
	struct abi_quota_record *r = kmem_alloc(CHUNK * sizeof(*r));
	off64 at = 0;
	int err = r ? 0 : -ENOMEM;

	while (!err && !file_seek(f, at, SEEK_DATA, &at)) {
		int n;

		at -= at % (off64)sizeof(*r);
		n = file_read_kernel(f, r, CHUNK * sizeof(*r), at);
		if (n < (int)sizeof(*r)) {
			err = n < 0 ? n : 0;
			break;
		}
		for (unsigned k = 0; !err && k < n / sizeof(*r); k++)
			err = record_in(t, (uint32_t)(at >> 5) + k, &r[k]);
		at += n - n % (int)sizeof(*r);
	}
	kmem_free(r);
	return err;
}

static int store(struct file *f, const struct quota_table *t,
		 const struct quota *q)
{
	off64 at = (off64)q->id * sizeof(struct abi_quota_record);
	struct abi_quota_record r;
	struct user_io io;
	int n;

	record_out(t, q, &r);
	user_io_kernel(&io, &r, sizeof(r));
	n = file_write(f, &io, &at);
	if (n < 0)
		return n;
	return n == sizeof(r) ? 0 : -ENOSPC;
}

static int store_one(const struct path *p, const struct quota_table *t,
		     uint32_t id)
{
	const struct quota *q = quota_after(t, id, true);
	struct file *f;
	int err;

	if (!t->file || !q || q->id != id)
		return 0;
	err = open_file(p, t, &f);
	if (err)
		return err;
	err = store(f, t, q);
	file_drop(f);
	return err;
}

/* Q_SYNC. Sleeps. */
int quota_sync(const struct path *p, unsigned type)
{
	const struct quota_table *t = table_of(p, type);
	struct quota *q;
	struct file *f;
	int err;

	if (!t)
		return -ESRCH;
	if (!t->file)
		return 0;
	err = open_file(p, t, &f);
	if (err)
		return err;
	q = quota_after(t, 0, true);
	while (q && !err) {
		err = store(f, t, q);
		q = quota_after(t, q->id, false);
	}
	file_drop(f);
	return err;
}

/* The file `name`, a regular one there, becomes the table's. */
static int take_file(const struct path_at *at, const struct path *p,
		     struct quota_table *t, const char *name)
{
	struct path file;
	struct file *f;
	int err = path_walk(at, name, WALK_FOLLOW, &file, NULL);

	if (err)
		return err;
	err = -EINVAL;
	if (!S_ISREG(file.dentry->inode->mode) || file.mount->sb != p->mount->sb)
		goto out;
	err = path_open_at(&file, keeper(), O_RDWR | O_LARGEFILE, &f);
	if (err)
		goto out;
	err = load(f, t);
	file_drop(f);
	if (!err) {
		dentry_hold(file.dentry);
		t->file = file.dentry;
	}
out:
	path_drop(&file);
	return err;
}

int quota_on(const struct path_at *at, const struct path *p, unsigned type,
	     const char *name)
{
	struct quota_table *t = table_of(p, type);
	int err = 0;

	if (!t)
		return -ESRCH;
	if (t->on)
		return -EBUSY;
	if (name && !t->file)
		err = take_file(at, p, t, name);
	if (!err)
		t->on = true;
	return err;
}

/* Sleeps. */
int quota_off(const struct path *p, unsigned type)
{
	struct quota_table *t = table_of(p, type);
	struct dentry *file;
	int err;

	if (!t || !t->on)
		return -ESRCH;
	err = quota_sync(p, type);
	t->on = false;
	file = t->file;
	t->file = NULL;
	if (file)
		dentry_drop(file);
	return err;
}

void quota_files_drop(struct superblock *sb)
{
	for (unsigned type = 0; type < QUOTA_TYPES; type++) {
		struct quota_table *t = sb->quota[type];
		struct dentry *file = t ? t->file : NULL;

		if (!file)
			continue;
		t->file = NULL;
		t->on = false;
		dentry_drop(file);
	}
}

/* --- limits ---------------------------------------------------------------------- */

static void told(const struct quota *q, struct abi_dqblk *out)
{
	const struct quota_amount *b = &q->of[QUOTA_BYTES];
	const struct quota_amount *n = &q->of[QUOTA_INODES];

	*out = (struct abi_dqblk){
		.bhard = to_blocks(b->hard), .bsoft = to_blocks(b->soft),
		.space = b->used, .ihard = n->hard, .isoft = n->soft,
		.inodes = n->used, .btime = to_seconds(b->until),
		.itime = to_seconds(n->until), .valid = QIF_ALL, .id = q->id,
	};
}

int quota_get(const struct path *p, unsigned type, uint32_t id,
	      struct abi_dqblk *out)
{
	const struct quota_table *t = table_of(p, type);
	const struct quota *q;
	static const struct quota none;

	if (!t)
		return -ESRCH;
	q = quota_after(t, id, true);
	told(q && q->id == id ? q : &none, out);
	return 0;
}

int quota_get_next(const struct path *p, unsigned type, uint32_t id,
		   struct abi_dqblk *out)
{
	const struct quota_table *t = table_of(p, type);
	const struct quota *q;

	if (!t)
		return -ESRCH;
	q = quota_after(t, id, true);
	if (!q)
		return -ENOENT;
	told(q, out);
	return 0;
}

/* Sleeps. -ERANGE: more than can be counted. */
int quota_set(const struct path *p, unsigned type, uint32_t id,
	      const struct abi_dqblk *in)
{
	struct quota_table *t = table_of(p, type);
	struct quota *q;

	if (!t)
		return -ESRCH;
	if ((in->valid & QIF_BLIMITS) &&
	    (in->bhard > UINT32_MAX || in->bsoft > UINT32_MAX))
		return -ERANGE;
	if ((in->valid & QIF_ILIMITS) &&
	    (in->ihard > UINT32_MAX || in->isoft > UINT32_MAX))
		return -ERANGE;
	q = quota_entry(t, id, true);
	if (!q)
		return -ENOMEM;
	if (in->valid & QIF_BLIMITS) {
		q->of[QUOTA_BYTES].hard = in->bhard * QUOTA_BLOCK;
		q->of[QUOTA_BYTES].soft = in->bsoft * QUOTA_BLOCK;
	}
	if (in->valid & QIF_ILIMITS) {
		q->of[QUOTA_INODES].hard = in->ihard;
		q->of[QUOTA_INODES].soft = in->isoft;
	}
	if (in->valid & QIF_BTIME)
		q->of[QUOTA_BYTES].until = (int64_t)(in->btime & UINT32_MAX) *
					   NS_PER_SEC;
	if (in->valid & QIF_ITIME)
		q->of[QUOTA_INODES].until = (int64_t)(in->itime & UINT32_MAX) *
					    NS_PER_SEC;
	quota_timers(t, q);
	return store_one(p, t, id);
}

int quota_info(const struct path *p, unsigned type, struct abi_dqinfo *out)
{
	const struct quota_table *t = table_of(p, type);

	if (!t)
		return -ESRCH;
	*out = (struct abi_dqinfo){
		.bgrace = to_seconds(t->grace[QUOTA_BYTES]),
		.igrace = to_seconds(t->grace[QUOTA_INODES]), .valid = IIF_ALL,
	};
	return 0;
}

int quota_info_set(const struct path *p, unsigned type,
		   const struct abi_dqinfo *in)
{
	struct quota_table *t = table_of(p, type);

	if (!t)
		return -ESRCH;
	if (in->bgrace > UINT32_MAX || in->igrace > UINT32_MAX)
		return -ERANGE;
	if (in->valid & IIF_BGRACE)
		t->grace[QUOTA_BYTES] = (int64_t)in->bgrace * NS_PER_SEC;
	if (in->valid & IIF_IGRACE)
		t->grace[QUOTA_INODES] = (int64_t)in->igrace * NS_PER_SEC;
	if (!quota_entry(t, 0, true))
		return -ENOMEM;
	return store_one(p, t, 0);
}
