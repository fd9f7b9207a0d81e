/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super.c - an ext2 is mounted, remounted, unmounted; its options and errors.
 *
 * What can be mounted is said by the superblock's features: `incompat` ones that
 * we do not know refuse a mount, `ro_compat` ones a mount for writing. The other
 * fields are checked before anything is computed from them.
 *
 * The superblock's block stays in memory and changes within journal handles.
 */
#include "kernel/fs/ext2/ext2.h"

enum {
	INCOMPAT_KNOWN = EXT2_INCOMPAT_FILETYPE | EXT2_INCOMPAT_RECOVER,
	RO_COMPAT_KNOWN = EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE |
			  EXT2_RO_EXTRA_ISIZE,
	SECTOR_SHIFT = 9,
	SUPER_CREDITS = 1,
	OVER_RESERVED = 11,		/* first_ino is at least this */
	ERRORS_LOGGED = 10,
};

/* --- features ------------------------------------------------------------------ */

static const char *const incompat_names[32] = {
	[0] = "compression", [1] = "filetype", [2] = "needs_recovery",
	[3] = "journal_dev", [4] = "meta_bg", [6] = "extents", [7] = "64bit",
	[8] = "mmp", [9] = "flex_bg", [10] = "ea_inode", [12] = "dirdata",
	[13] = "metadata_csum_seed", [14] = "large_dir", [15] = "inline_data",
	[16] = "encrypt", [17] = "casefold",
};
static const char *const ro_compat_names[32] = {
	[0] = "sparse_super", [1] = "large_file", [2] = "btree_dir",
	[3] = "huge_file", [4] = "uninit_bg", [5] = "dir_nlink",
	[6] = "extra_isize", [8] = "quota", [9] = "bigalloc",
	[10] = "metadata_csum", [11] = "replica", [12] = "read-only",
	[13] = "project", [14] = "shared_blocks", [15] = "verity",
	[16] = "orphan_present",
};

static void features_log(const struct ext2 *fs, uint32_t features,
			 const char *const *names, const char *what)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		char number[16];

		if (!(features >> bit & 1))
			continue;
		str_format(number, sizeof(number), "number %u", bit);
		log_print(LOG_WARN, "ext2 %s: the feature %s is unknown here: "
			  "%s\n", fs->disk->name,
			  names[bit] ? names[bit] : number, what);
	}
}

/* May it be mounted; may it be written? */
static int features_check(const struct ext2 *fs, const struct ext2_disk_super *s,
			  bool *writable)
{
	uint32_t incompat = s->feature_incompat & ~(uint32_t)INCOMPAT_KNOWN;
	uint32_t ro = s->feature_ro_compat & ~(uint32_t)RO_COMPAT_KNOWN;

	*writable = true;
	if (!s->rev_level)
		return 0;
	features_log(fs, incompat, incompat_names, "not mounted");
	if (incompat)
		return -EOPNOTSUPP;
	*writable = !ro;
	if (!(fs->sb->flags & MS_RDONLY))
		features_log(fs, ro, ro_compat_names, "read-only");
	return 0;
}

/* --- geometry --------------------------------------------------------------------- */

static const char *inodes_wrong(const struct ext2 *fs)
{
	uint32_t size = fs->inode_size, per_block;

	if (size < EXT2_OLD_INODE_SIZE || size > fs->block_size ||
	    (size & (size - 1)))
		return "inode size";
	per_block = fs->block_size / size;
	if (!fs->inodes_per_group || fs->inodes_per_group > 8 * fs->block_size ||
	    fs->inodes_per_group % per_block)
		return "inodes per group";
	if ((uint64_t)fs->groups * fs->inodes_per_group != fs->inodes)
		return "count of inodes";
	if (fs->first_ino < OVER_RESERVED || fs->first_ino > fs->inodes_per_group)
		return "first inode";
	return NULL;
}

/* What is wrong, or NULL. */
static const char *geometry_wrong(const struct ext2 *fs,
				  const struct ext2_disk_super *s)
{
	uint64_t room = fs->disk->sectors >> (fs->block_shift - SECTOR_SHIFT);

	if (s->rev_level > 1)
		return "revision";
	if (s->log_frag_size != s->log_block_size)
		return "fragment size";
	if (fs->first_block != (fs->block_size == EXT2_BLOCK_MIN))
		return "first block";
	if (fs->blocks <= fs->first_block + 1 || fs->blocks > room)
		return "count of blocks, which the disk has not";
	if (fs->blocks_per_group < 8 || fs->blocks_per_group % 8 ||
	    fs->blocks_per_group > 8 * fs->block_size)
		return "blocks per group";
	return inodes_wrong(fs);
}

/* The largest file: what three levels reach, and 2^32 sectors can hold. */
static off64 size_max(const struct ext2 *fs)
{
	uint64_t n = fs->per_block;
	off64 reach = (off64)(EXT2_DIRECT + n + n * n + n * n * n) <<
		      fs->block_shift;
	off64 most = (off64)(UINT32_MAX - 2 * n * n) << SECTOR_SHIFT;

	return min_s64(min_s64(reach, most), FILE_SIZE_MAX);
}

static int geometry_load(struct ext2 *fs, const struct ext2_disk_super *s)
{
	const char *wrong;

	if (s->log_block_size > 2) {
		log_print(LOG_WARN, "ext2 %s: blocks of more than 4 KB: not "
			  "mounted\n", fs->disk->name);
		return -EOPNOTSUPP;
	}
	fs->block_shift = 10 + s->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	fs->per_block = fs->block_size / 4;
	fs->blocks = s->blocks_count;
	fs->first_block = s->first_data_block;
	fs->blocks_per_group = s->blocks_per_group;
	fs->inodes = s->inodes_count;
	fs->inodes_per_group = s->inodes_per_group;
	fs->inode_size = s->rev_level ? s->inode_size : EXT2_OLD_INODE_SIZE;
	fs->first_ino = s->rev_level ? s->first_ino : EXT2_OLD_FIRST_INO;
	if (fs->blocks_per_group && fs->blocks > fs->first_block)
		fs->groups = (fs->blocks - fs->first_block - 1) /
			     fs->blocks_per_group + 1;
	wrong = geometry_wrong(fs, s);
	if (wrong) {
		log_print(LOG_WARN, "ext2 %s: the superblock has an impossible "
			  "%s: run e2fsck\n", fs->disk->name, wrong);
		return -EINVAL;
	}
	fs->table_blocks = fs->inodes_per_group /
			   (fs->block_size / fs->inode_size);
	fs->size_max = size_max(fs);
	if (!fs->errors_option)
		fs->on_error = s->errors == EXT2_GO_ON ? EXT2_GO_ON :
							 EXT2_READ_ONLY;
	return 0;
}

/* --- errors ------------------------------------------------------------------------ */

int ext2_error(struct ext2 *fs, const struct inode *i, const char *fmt, ...)
{
	char text[120];
	va_list ap;

	va_start(ap, fmt);
	str_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	fs->damaged = true;
	fs->error_count++;
	if (fs->error_count == ERRORS_LOGGED)
		str_copy(text, "more errors follow, which are not shown",
			 sizeof(text));
	if (fs->error_count > ERRORS_LOGGED)
		return -EIO;
	if (i)
		log_print(LOG_ERROR, "ext2 %s: inode %u %s\n", fs->disk->name,
			  (uint32_t)i->ino, text);
	else
		log_print(LOG_ERROR, "ext2 %s: %s\n", fs->disk->name, text);
	return -EIO;
}

/* Within a handle that has a block for it. */
static void error_note(struct ext2 *fs)
{
	journal_dirty(fs->journal, &fs->super);
	fs->s->state |= EXT2_ERROR;
	fs->told = true;
}

int ext2_begin(struct ext2 *fs, uint32_t credits)
{
	int err;

	if (likely(!fs->damaged || fs->told))
		return journal_begin(fs->journal, credits);
	if (fs->on_error == EXT2_READ_ONLY) {
		fs->told = true;
		journal_abort(fs->journal, "errors were found");
		return -EROFS;
	}
	err = journal_begin(fs->journal, credits + SUPER_CREDITS);
	if (!err)
		error_note(fs);
	return err;
}

bool ext2_again(struct ext2 *fs, int err, uint32_t *tries)
{
	if (err != -ENOSPC || (*tries)++ || !journal_any_busy(fs->journal))
		return false;
	return !journal_commit(fs->journal, journal_sequence(fs->journal));
}

/* --- options ------------------------------------------------------------------------ */

static int parse_option(struct ext2 *fs, const char *word)
{
	if (!strcmp(word, "errors=continue"))
		fs->on_error = EXT2_GO_ON;
	else if (!strcmp(word, "errors=remount-ro"))
		fs->on_error = EXT2_READ_ONLY;
	else if (!strcmp(word, "nojournal")) {
		fs->no_journal = true;
		return 0;
	} else if (quota_option(word, &fs->count_users, &fs->count_groups))
		return 0;
	else
		return -EINVAL;
	fs->errors_option = true;
	return 0;
}

static int parse_options(struct ext2 *fs, const char *options)
{
	char *text = kmem_strdup(options), *word, *next;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (word = text; word && *word && !err; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = 0;
		err = parse_option(fs, word);
		if (err)
			log_print(LOG_WARN, "ext2: the option %s is unknown\n",
				  word);
	}
	kmem_free(text);
	return err;
}

static void ext2_show_options(struct superblock *sb, char *to, size_t size)
{
	const struct ext2 *fs = ext2_of(sb);

	str_format(to, size, "%s%s%s%s",
		   !fs->errors_option ? "" : fs->on_error == EXT2_GO_ON ?
		   ",errors=continue" : ",errors=remount-ro",
		   fs->no_journal ? ",nojournal" : "",
		   fs->count_users ? ",usrquota" : "", fs->count_groups ? ",grpquota" : "");
}

/* --- from read-only to writable and back ------------------------------------------- */

static uint32_t seconds_now(void)
{
	return (uint32_t)div_u64((uint64_t)inode_now(), NS_PER_SEC, NULL);
}

static bool is_journaled(const struct ext2 *fs)
{
	return (fs->s->feature_compat & EXT2_COMPAT_HAS_JOURNAL) &&
	       !fs->no_journal;
}

/* The superblock says that it is in use: without a journal, not clean. */
static int mark_mounted(struct ext2 *fs)
{
	int err = ext2_begin(fs, SUPER_CREDITS);

	if (err)
		return err;
	journal_dirty(fs->journal, &fs->super);
	fs->s->mtime = fs->s->wtime = seconds_now();
	fs->s->mnt_count++;
	if (!is_journaled(fs))
		fs->s->state &= ~EXT2_VALID;
	return journal_end(fs->journal);
}

static int mark_clean(struct ext2 *fs)
{
	int err = ext2_begin(fs, SUPER_CREDITS);

	if (err)
		return err;
	journal_dirty(fs->journal, &fs->super);
	fs->s->wtime = seconds_now();
	if (fs->was_valid)
		fs->s->state |= EXT2_VALID;
	return journal_end(fs->journal);
}

static int begin_writing(struct ext2 *fs)
{
	int err;

	fs->was_valid = fs->s->state & EXT2_VALID;
	if (!fs->was_valid || (fs->s->state & EXT2_ERROR))
		log_print(LOG_WARN, "ext2 %s: was not unmounted cleanly or has "
			  "errors: run e2fsck\n", fs->disk->name);
	err = journal_start(fs->journal);
	if (err)
		return err;
	fs->started = true;
	err = mark_mounted(fs);
	if (!err)	/* what cannot be put in order is logged, and stays */
		(void)!ext2_orphans_clean(fs);
	return err;
}

static int end_writing(struct ext2 *fs)
{
	int err, err2;

	if (!fs->started)
		return 0;
	err = mark_clean(fs);
	fs->started = false;
	err2 = journal_stop(fs->journal);
	return err ? err : err2;
}

/* --- the superblock's operations ------------------------------------------------------ */

static int ext2_statfs(struct superblock *sb, struct abi_statfs64 *out)
{
	const struct ext2 *fs = ext2_of(sb);
	uint32_t kept = fs->s->r_blocks_count;

	out->bsize = fs->block_size;
	out->blocks = fs->blocks - min_u32(fs->overhead, fs->blocks);
	out->bfree = fs->s->free_blocks_count;
	out->bavail = out->bfree > kept ? out->bfree - kept : 0;
	out->files = fs->inodes;
	out->ffree = fs->s->free_inodes_count;
	out->namelen = EXT2_NAME_MAX;
	return 0;
}

static int ext2_sync(struct superblock *sb)
{
	struct ext2 *fs = ext2_of(sb);

	if (!fs->started)
		return 0;
	return journal_commit(fs->journal, journal_sequence(fs->journal));
}

static int ext2_remount(struct superblock *sb, uint32_t flags,
			const char *options)
{
	struct ext2 *fs = ext2_of(sb);
	bool no_journal = fs->no_journal, writable;
	int err = parse_options(fs, options);

	fs->no_journal = no_journal;	/* a matter of the mount */
	if (err)
		return err;
	if (!(flags & MS_RDONLY) == fs->started)
		return 0;
	if (flags & MS_RDONLY)
		return end_writing(fs);
	if (journal_aborted(fs->journal) || fs->disk->read_only)
		return -EROFS;
	err = features_check(fs, fs->s, &writable);
	if (!err && !writable)
		err = -EROFS;
	if (err)
		return err;
	sb->flags &= ~MS_RDONLY;
	err = begin_writing(fs);
	if (err)
		sb->flags |= MS_RDONLY;
	return err;
}

static void ext2_unmount(struct superblock *sb)
{
	struct ext2 *fs = ext2_of(sb);

	if (!fs)
		return;
	if (end_writing(fs))
		log_print(LOG_ERROR, "ext2 %s: could not be unmounted cleanly\n",
			  fs->disk->name);
	ext2_groups_free(fs);
	if (fs->super.page)
		disk_block_put(&fs->super);
	journal_close(fs->journal);
	if (fs->claimed)
		disk_release(fs->disk, true);
	if (fs->held)
		disk_release(fs->disk, false);
	kmem_free(fs);
	sb->private = NULL;
}

static const struct superblock_ops super_ops = {
	.release_inode = ext2_inode_release,
	.write_inode = ext2_inode_write,
	.sync_inode = ext2_inode_sync,
	.statfs = ext2_statfs,
	.sync = ext2_sync,
	.remount = ext2_remount,
	.unmount = ext2_unmount,
	.show_options = ext2_show_options,
};

/* --- mounting ---------------------------------------------------------------------------- */

/* Reads the superblock before the journal does: is it one of ours at all? */
static int probe(struct ext2 *fs)
{
	bool writable = false;
	struct block b;
	const struct ext2_disk_super *s;
	int err = disk_block_get(fs->disk, 1, EXT2_SUPER_AT, &b);

	if (err)
		return err;
	s = b.data;
	if (s->magic != EXT2_MAGIC)
		err = -EINVAL;
	if (!err)
		err = features_check(fs, s, &writable);
	if (!err)
		err = geometry_load(fs, s);
	disk_block_put(&b);
	if (!err && !writable)
		fs->sb->flags |= MS_RDONLY;
	return err;
}

/* Opens the journal, which may write the superblock anew, and reads it. */
static int load(struct ext2 *fs)
{
	int err = journal_open(fs->sb, fs->no_journal ? JOURNAL_NONE : JOURNAL_ADD,
			       &fs->journal);

	if (err) {
		log_print(LOG_WARN, "ext2 %s: the journal cannot be used\n",
			  fs->disk->name);
		return err == -EUCLEAN ? -EINVAL : err;
	}
	err = ext2_block_get(fs, EXT2_SUPER_AT / fs->block_size, &fs->super);
	if (err) {
		fs->super.page = NULL;
		return err;
	}
	fs->s = (void *)((char *)fs->super.data +
			 EXT2_SUPER_AT % fs->block_size);
	err = fs->s->magic == EXT2_MAGIC ? geometry_load(fs, fs->s) : -EINVAL;
	if (!err)
		err = ext2_groups_load(fs);
	if (!err && !(fs->sb->flags & MS_RDONLY))
		err = begin_writing(fs);
	return err;
}

static int root_load(struct ext2 *fs)
{
	int err = ext2_inode_get(fs->sb, EXT2_ROOT_INO, &fs->sb->root);

	if (!err && !S_ISDIR(fs->sb->root->mode))
		err = ext2_error(fs, fs->sb->root, "is the root, and no "
				 "directory");
	else if (err)
		fs->sb->root = NULL;
	return err;
}

static int disk_take(struct ext2 *fs, const struct cred *who, const char *source)
{
	struct superblock *sb = fs->sb;
	int err = disk_open(who, source, !(sb->flags & MS_RDONLY), &fs->disk);

	if (err)
		return err;
	fs->held = true;
	err = disk_hold(fs->disk, true);
	if (err)
		return err;
	fs->claimed = true;
	sb->disk = fs->disk;
	sb->dev = fs->disk->number;
	return 0;
}

static int ext2_mount(const struct fs_type *type, const struct cred *who,
		      const char *source, uint32_t flags, const char *options,
		      struct superblock **out)
{
	struct superblock *sb;
	struct ext2 *fs;
	int err = vfs_superblock_new(type, &super_ops, who, &sb);

	if (err)
		return err;
	sb->flags = flags & MS_RDONLY;
	sb->keeps_flags = true;
	fs = sb->private = kmem_zalloc(sizeof(*fs));
	err = -ENOMEM;
	if (!fs)
		goto drop;
	fs->sb = sb;
	list_init(&fs->windows);
	list_init(&fs->orphans);
	sleep_lock_init(&fs->orphan_lock);
	fs->next_generation = hash_u32((uint32_t)arch_clock_ns());
	err = parse_options(fs, options);
	if (!err)
		err = disk_take(fs, who, source);
	if (!err)
		err = probe(fs);
	sb->block_size = fs->block_size;
	if (!err)
		err = load(fs);
	sb->counted = true;
	if (!err)
		err = quota_begin(sb, fs->count_users, fs->count_groups);
	if (!err && (fs->count_users || fs->count_groups))
		err = ext2_quota_scan(fs);
	if (!err)
		err = root_load(fs);
	if (err)
		goto drop;
	*out = sb;
	return 0;
drop:
	vfs_superblock_drop(sb);
	return err;
}

static struct fs_type ext2_type = {
	.name = "ext2", .magic = EXT2_MAGIC, .needs_device = true,
	.mount = ext2_mount,
};

void ext2_init(void)
{
	ext2_inodes_init();
	ext2_index_init();
	vfs_register(&ext2_type);
}
