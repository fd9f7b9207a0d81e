/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inode.c - an inode's record in its group's table, into memory and back; new
 * ones, and the end of those without links.
 *
 * Times are 32 bits of seconds; where the record is long enough, two more and
 * the nanoseconds stand behind the first 128 bytes.
 *
 * Locks: a record changes within a journal handle.
 */
#include "kernel/fs/ext2/ext2.h"

enum {
	EXTRA_WANTED = 32,		/* bytes behind 128 that new ones use */
	XATTR_MAGIC = 0xea020000,
	DELETE_CREDITS = 3 + 2 * EXT2_INODE_CREDITS + 5,
	SECTOR_SHIFT = 9,
};

#define SECONDS_MAX 9223372035ll	/* with any ns they fit into 63 bits */

struct xattr_head {
	uint32_t magic, refs;
};

static struct kmem_cache *cache;

/* --- the record ------------------------------------------------------------ */

static int record_get(struct ext2 *fs, uint32_t ino, struct block *b,
		      struct ext2_disk_inode **out)
{
	uint32_t group = (ino - 1) / fs->inodes_per_group;
	uint32_t at = (ino - 1) % fs->inodes_per_group * fs->inode_size;
	int err;

	assert(ext2_ino_ok(fs, ino));
	err = ext2_block_get(fs, fs->group[group].inode_table +
			     (at >> fs->block_shift), b);
	if (err)
		return err;
	*out = (void *)((char *)b->data + (at & (fs->block_size - 1)));
	return 0;
}

/* Does the record reach to byte `end`, and says so? */
static bool has_field(const struct ext2_inode *x, size_t end)
{
	return end <= EXT2_OLD_INODE_SIZE + (size_t)x->extra_isize;
}
#define HAS_FIELD(x, name) \
	has_field(x, offsetof(struct ext2_disk_inode, name) + 4)

static int64_t time_in(uint32_t seconds, bool more, uint32_t extra)
{
	int64_t s = (int32_t)seconds;
	uint32_t ns = more ? extra >> 2 : 0;

	if (more)	/* up to 2446; what an int64_t holds is up to 2262 */
		s = min_s64(s + ((int64_t)(extra & 3) << 32), SECONDS_MAX);
	return s * NS_PER_SEC + (ns < NS_PER_SEC ? ns : 0);
}

static uint32_t time_out(int64_t t, bool more, uint32_t *extra)
{
	uint32_t ns;
	int64_t s;

	if (t >= 0) {
		s = (int64_t)div_u64((uint64_t)t, NS_PER_SEC, &ns);
	} else {
		s = -(int64_t)div_u64((uint64_t)-t, NS_PER_SEC, &ns);
		if (ns) {
			s--;
			ns = NS_PER_SEC - ns;
		}
	}
	if (more)
		*extra = ((uint32_t)((s - (int32_t)s) >> 32) & 3) | ns << 2;
	else
		s = min_s64(s, INT32_MAX);
	return (uint32_t)s;
}

static void times_load(struct inode *i, const struct ext2_disk_inode *r)
{
	const struct ext2_inode *x = ext2_inode_of(i);
	bool more = HAS_FIELD(x, atime_extra);

	i->atime = time_in(r->atime, more, more ? r->atime_extra : 0);
	i->mtime = time_in(r->mtime, more, more ? r->mtime_extra : 0);
	i->ctime = time_in(r->ctime, more, more ? r->ctime_extra : 0);
	i->btime = 0;
	if (HAS_FIELD(x, crtime_extra))
		i->btime = time_in(r->crtime, true, r->crtime_extra);
}

static void times_store(const struct inode *i, struct ext2_disk_inode *r)
{
	const struct ext2_inode *x = ext2_inode_of(i);
	bool more = HAS_FIELD(x, atime_extra);
	uint32_t extra[3];

	r->atime = time_out(i->atime, more, &extra[0]);
	r->mtime = time_out(i->mtime, more, &extra[1]);
	r->ctime = time_out(i->ctime, more, &extra[2]);
	if (more) {
		r->atime_extra = extra[0];
		r->mtime_extra = extra[1];
		r->ctime_extra = extra[2];
	}
	if (HAS_FIELD(x, crtime_extra)) {
		r->crtime = time_out(i->btime, true, &extra[0]);
		r->crtime_extra = extra[0];
	}
}

static bool is_device(const struct inode *i)
{
	return S_ISCHR(i->mode) || S_ISBLK(i->mode);
}

/* Device numbers: of 8 and 8 bits in block[0], longer ones in block[1]. */
static uint32_t device_in(const uint32_t *block)
{
	return block[0] ? abi_dev(block[0] >> 8 & 0xff, block[0] & 0xff) :
			  block[1];
}

static void device_out(uint32_t rdev, uint32_t *block)
{
	uint32_t major = abi_dev_major(rdev), minor = abi_dev_minor(rdev);

	if (major < 256 && minor < 256)
		block[0] = major << 8 | minor;
	else
		block[1] = rdev;
}

static void fields_load(struct inode *i, const struct ext2 *fs,
			const struct ext2_disk_inode *r)
{
	struct ext2_inode *x = ext2_inode_of(i);
	uint32_t room = fs->inode_size - EXT2_OLD_INODE_SIZE;

	i->mode = r->mode;
	i->uid = r->uid | (uint32_t)r->uid_high << 16;
	i->gid = r->gid | (uint32_t)r->gid_high << 16;
	i->set_id_depth = r->set_id_depth;
	i->nlink = r->links_count;
	i->size = r->size;
	if (S_ISREG(r->mode))
		i->size |= (off64)((uint64_t)r->size_high << 32);
	else
		x->dir_acl = r->size_high;
	i->blocks = r->blocks;
	i->flags = r->flags & EXT2_FLAGS_OURS;
	x->flags = r->flags;
	x->version = r->version;
	x->generation = r->generation;
	x->file_acl = r->file_acl;
	x->faddr = r->faddr;
	x->next_orphan = r->links_count ? 0 : r->dtime;
	memcpy(x->block, r->block, sizeof(x->block));
	if (room >= 4 && r->extra_isize <= room && r->extra_isize % 4 == 0)
		x->extra_isize = r->extra_isize;
	times_load(i, r);
	if (is_device(i))
		i->rdev = device_in(x->block);
}

static void fields_store(const struct inode *i, struct ext2 *fs,
			 struct ext2_disk_inode *r)
{
	const struct ext2_inode *x = ext2_inode_of(i);
	off64 size = x->ahead > i->size ? x->ahead : i->size;

	if (x->fresh) {
		memset(r, 0, fs->inode_size);
		if (fs->inode_size > EXT2_OLD_INODE_SIZE)
			r->extra_isize = x->extra_isize;
	}
	r->mode = (uint16_t)i->mode;
	r->uid = (uint16_t)i->uid;
	r->uid_high = (uint16_t)(i->uid >> 16);
	r->gid = (uint16_t)i->gid;
	r->gid_high = (uint16_t)(i->gid >> 16);
	r->set_id_depth = i->set_id_depth;
	r->links_count = (uint16_t)i->nlink;
	r->size = (uint32_t)size;
	r->size_high = S_ISREG(i->mode) ? (uint32_t)(size >> 32) : x->dir_acl;
	r->blocks = (uint32_t)i->blocks;
	r->flags = (x->flags & ~(uint32_t)EXT2_FLAGS_OURS) | i->flags;
	r->version = x->version;
	r->generation = x->generation;
	r->file_acl = x->file_acl;
	r->faddr = x->faddr;
	memcpy(r->block, x->block, sizeof(r->block));
	times_store(i, r);
	r->dtime = 0;
	if (!list_empty(&x->orphan))
		r->dtime = x->next_orphan;
	else if (!i->nlink)
		r->dtime = time_out(inode_now(), false, NULL);
}

/* The first file of 2 GB makes the file system one with large files. */
static void note_large(struct ext2 *fs, const struct inode *i)
{
	if (!S_ISREG(i->mode) || i->size <= FILE_SIZE_SMALL ||
	    (fs->s->feature_ro_compat & EXT2_RO_LARGE_FILE))
		return;
	journal_dirty(fs->journal, &fs->super);
	fs->s->feature_ro_compat |= EXT2_RO_LARGE_FILE;
}

int ext2_inode_store(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	struct ext2_disk_inode *r;
	struct block b;
	int err = record_get(fs, (uint32_t)i->ino, &b, &r);

	if (err)
		return err;
	note_large(fs, i);
	journal_dirty(fs->journal, &b);
	fields_store(i, fs, r);
	x->fresh = false;
	i->dirty = 0;
	x->sequence = journal_sequence(fs->journal);
	disk_block_put(&b);
	return 0;
}

/* --- into memory ------------------------------------------------------------- */

static int private_new(struct inode *i)
{
	struct ext2_inode *x = kmem_cache_zalloc(cache);

	if (!x)
		return -ENOMEM;
	x->inode = i;
	list_init(&x->window);
	list_init(&x->orphan);
	journal_inode_init(&x->ordered, i);
	i->private = x;
	return 0;
}

static void ops_set(struct inode *i)
{
	switch (i->mode & S_IFMT) {
	case S_IFREG:
		i->ops = &ext2_file_inode_ops;
		break;
	case S_IFDIR:
		i->ops = &ext2_dir_inode_ops;
		i->fops = &ext2_dir_ops;
		break;
	default:
		i->ops = &ext2_other_inode_ops;
	}
}

/* Blocks that are no extended attributes. */
static bool has_blocks(const struct inode *i)
{
	const struct ext2 *fs = ext2_of(i->sb);
	uint32_t xattr = ext2_inode_of(i)->file_acl ? fs->block_size >>
			 SECTOR_SHIFT : 0;

	return i->blocks > xattr;
}

/* A symlink's text, from the inode itself or from its one block. */
static int link_load(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	const char *from = (const char *)x->block;
	bool slow = has_blocks(i);
	uint32_t most = slow ? fs->block_size : EXT2_FAST_LINK, run = 1, at;
	struct block b;
	int err;

	if (i->size <= 0 || i->size >= most)
		return ext2_error(fs, i, "is a symlink of %u bytes",
				  (uint32_t)i->size);
	i->link = kmem_zalloc((uint32_t)i->size + 1);
	if (!i->link)
		return -ENOMEM;
	if (slow) {
		err = ext2_map(i, 0, &run, &at);
		if (!err && !at)
			err = ext2_error(fs, i, "is a symlink without text");
		if (!err)
			err = ext2_block_get(fs, at, &b);
		if (err)
			return err;
		from = b.data;
	}
	memcpy(i->link, from, (uint32_t)i->size);
	if (slow)
		disk_block_put(&b);
	if (strlen(i->link) != (size_t)i->size)
		return ext2_error(fs, i, "is a symlink with a hole in its text");
	return 0;
}

static int size_check(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);

	if (S_ISREG(i->mode) && (i->size < 0 || i->size > fs->size_max))
		return ext2_error(fs, i, "has an impossible size");
	if (S_ISDIR(i->mode) &&
	    (!i->size || i->size & (fs->block_size - 1)))
		return ext2_error(fs, i, "is a directory of %u bytes",
				  (uint32_t)i->size);
	return 0;
}

static int kind_check(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);

	switch (i->mode & S_IFMT) {
	case S_IFREG: case S_IFDIR:
		if (ext2_inode_of(i)->flags & EXT2_EXTENTS_FL)
			return ext2_error(fs, i, "has extents");
		break;
	case S_IFLNK: case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		break;
	default:
		return ext2_error(fs, i, "has the unknown mode %o", i->mode);
	}
	return 0;
}

/* Fills the fresh i from its record. */
static int load(struct inode *i, bool orphan)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_disk_inode *r;
	struct block b;
	bool used = true;
	int err = private_new(i);

	if (!err && !(i->sb->flags & MS_RDONLY))
		err = ext2_ino_used(fs, (uint32_t)i->ino, &used);
	if (!err)
		err = record_get(fs, (uint32_t)i->ino, &b, &r);
	if (err)
		return err;
	fields_load(i, fs, r);
	disk_block_put(&b);
	if (!used || (!i->nlink && !orphan))
		return ext2_error(fs, i, "has a name, but is free");
	err = kind_check(i);
	if (!err)
		err = size_check(i);
	if (!err && S_ISLNK(i->mode) && i->nlink)
		err = link_load(i);
	if (err)
		return err;
	ops_set(i);
	return S_ISREG(i->mode) ? cache_attach(i, i->sb->disk) : 0;
}

static int get(struct superblock *sb, uint32_t ino, bool orphan,
	       struct inode **out)
{
	struct inode *i;
	bool fresh;
	int err;

	if (!ext2_ino_ok(ext2_of(sb), ino))
		return -EIO;
	err = inode_get(sb, ino, &i, &fresh);
	if (err || !fresh) {
		*out = i;
		return err;
	}
	err = load(i, orphan);
	if (err)
		i->nlink = 1;	/* nothing of it is to be freed */
	inode_ready(i, err);
	*out = i;
	return err;
}

int ext2_inode_get(struct superblock *sb, uint32_t ino, struct inode **out)
{
	return get(sb, ino, false, out);
}

int ext2_orphan_get(struct superblock *sb, uint32_t ino, struct inode **out)
{
	return get(sb, ino, true, out);
}

/* --- new ones ------------------------------------------------------------------ */

int ext2_inode_make(struct inode *dir, uint32_t mode, uint32_t rdev,
		    const struct cred *who, struct inode **out)
{
	struct ext2 *fs = ext2_of(dir->sb);
	struct ext2_inode *x;
	struct inode *i;
	uint32_t ino;
	int err = inode_new(dir->sb, mode, &i);

	if (err)
		return err;
	err = private_new(i);
	if (err)
		goto drop;
	inode_owner_set(i, dir, who);
	ops_set(i);
	if (S_ISREG(mode))
		err = cache_attach(i, i->sb->disk);
	if (!err)
		err = ext2_ino_alloc(dir, mode, &ino);
	if (err)
		goto drop;
	i->ino = ino;
	err = quota_charge(i, 0, 1);
	if (err) {
		ext2_ino_free(fs, ino, S_ISDIR(mode));
		goto drop;
	}
	x = ext2_inode_of(i);
	inode_enter(i, ino);
	x->fresh = true;
	x->generation = fs->next_generation++;
	if (fs->inode_size > EXT2_OLD_INODE_SIZE)
		x->extra_isize = (uint16_t)min_u32(EXTRA_WANTED, fs->inode_size -
						   EXT2_OLD_INODE_SIZE);
	if (S_ISDIR(mode))
		i->nlink = 2;
	if (is_device(i)) {
		i->rdev = rdev;
		device_out(rdev, x->block);
	}
	*out = i;
	return 0;
drop:
	inode_drop(i);		/* without a number nothing of it is on the disk */
	return err;
}

/* --- writing ------------------------------------------------------------------- */

int ext2_inode_write(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	int err = ext2_begin(fs, EXT2_INODE_CREDITS), err2;

	if (err)
		return err;
	err = ext2_inode_store(i);
	/* The size may be new, without a new block: fdatasync waits for it. */
	ext2_inode_of(i)->data_sequence = ext2_inode_of(i)->sequence;
	err2 = journal_end(fs->journal);
	return err ? err : err2;
}

/* sync_inode: what the journal has of it is durable, and with it the data. */
int ext2_inode_sync(struct inode *i, bool data_only)
{
	struct ext2 *fs = ext2_of(i->sb);
	const struct ext2_inode *x = ext2_inode_of(i);

	if (i->sb->flags & MS_RDONLY)
		return journal_aborted(fs->journal) ? -EIO : 0;
	return journal_commit(fs->journal, data_only ? x->data_sequence :
						       x->sequence);
}

int ext2_set_attr(struct inode *i, const struct attr_change *a)
{
	if (!(a->valid & ATTR_SIZE))
		return 0;
	if (a->size > ext2_of(i->sb)->size_max)
		return -EFBIG;
	return a->size > i->size ? 0 : ext2_truncate(i, a->size);
}

/* --- the end --------------------------------------------------------------------- */

/* The block of extended attributes, which several inodes may share. */
static void xattr_free(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	struct xattr_head *head;
	struct block b;

	if (!x->file_acl)
		return;
	if (!ext2_blocks_ok(fs, x->file_acl, 1) ||
	    ext2_block_get(fs, x->file_acl, &b)) {
		ext2_error(fs, i, "has attributes in block %u, which cannot "
			   "be read", x->file_acl);
		return;
	}
	head = b.data;
	if (head->magic != XATTR_MAGIC) {
		ext2_error(fs, i, "has no attributes in block %u", x->file_acl);
	} else if (head->refs > 1) {
		journal_dirty(fs->journal, &b);
		head->refs--;
	} else {
		ext2_blocks_free(i, x->file_acl, 1, true);
	}
	disk_block_put(&b);
	x->file_acl = 0;
}

/* The record, the number and the place in the list of orphans go together. */
static int number_free(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	int err = ext2_begin(fs, DELETE_CREDITS), err2;

	if (err)
		return err;
	xattr_free(i);
	quota_release(i, i->blocks << SECTOR_SHIFT, 1);
	i->blocks = 0;
	err = ext2_orphan_remove(i);
	if (!err)
		ext2_ino_free(fs, (uint32_t)i->ino, S_ISDIR(i->mode));
	err2 = journal_end(fs->journal);
	return err ? err : err2;
}

static int delete(struct inode *i)
{
	bool blocks = S_ISREG(i->mode) || S_ISDIR(i->mode) ||
		      (S_ISLNK(i->mode) && has_blocks(i));
	int err = 0;

	i->size = 0;
	if (blocks)
		err = ext2_truncate(i, 0);
	return err ? err : number_free(i);
}

/* Without links it goes from the disk too, if that can be written; else the next
 * mount does it. Sleeps only then. */
void ext2_inode_release(struct inode *i)
{
	struct ext2 *fs = ext2_of(i->sb);
	struct ext2_inode *x = ext2_inode_of(i);
	int err = 0;

	if (!x)
		return;
	journal_inode_gone(fs->journal, &x->ordered);
	ext2_index_free(i);
	if (!i->nlink && !(i->sb->flags & MS_RDONLY))
		err = delete(i);
	if (err)
		log_print(LOG_ERROR, "ext2 %s: inode %u could not be freed\n",
			  fs->disk->name, (uint32_t)i->ino);
	ext2_window_drop(i);
	if (!list_empty(&x->orphan)) {
		sleep_lock_take(&fs->orphan_lock);
		list_remove(&x->orphan);
		sleep_lock_release(&fs->orphan_lock);
	}
	kmem_cache_free(cache, x);
	i->private = NULL;
}

void ext2_inodes_init(void)
{
	cache = kmem_cache_new("ext2_inode", sizeof(struct ext2_inode), 16);
	if (!cache)
		panic("no memory for ext2's inodes");
}
