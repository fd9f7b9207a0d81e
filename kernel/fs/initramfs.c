/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * initramfs.c - unpacks "newc" cpio archives, the boot loader's modules.
 *
 * An archive may follow another, with zeros between; a later entry replaces an
 * earlier one of the same name. Every number is checked against what is left
 * of the bytes before it is used; an archive that lies gives -EINVAL, with
 * what came before it unpacked.
 *
 * Format: cpio(5), "New ASCII Format".
 */
#include "kernel/fs/inner.h"

enum {
	HEADER_SIZE = 110, MAGIC_SIZE = 6, DIGITS = 8, ALIGN = 4,
	LINK_BUCKETS = 64,
	PARENT_MODE = 0755,
};
enum field { INO, MODE, UID, GID, NLINK, MTIME, FILE_SIZE, DEV_MAJOR, DEV_MINOR,
	     RDEV_MAJOR, RDEV_MINOR, NAME_SIZE, CHECK, FIELDS };

struct entry {
	uint32_t field[FIELDS];
	const char *name;	/* in the archive, NUL-terminated */
	const uint8_t *data;	/* field[FILE_SIZE] bytes */
};
struct seen {			/* the first name of a file with several */
	struct seen *next;
	uint32_t ino, major, minor;
	const char *name;
};
struct dir_time {		/* set last: unpacking into it changes it */
	struct dir_time *next;
	const char *name;
	uint32_t mtime;
};
struct unpacking {
	const uint8_t *base, *at, *end; /* the bytes; what is left of them */
	struct path_at where;
	struct seen *seen[LINK_BUCKETS];
	struct dir_time *times;
};

/* --- reading the archive ------------------------------------------------ */

static bool read_hex(const uint8_t *s, uint32_t *out)
{
	uint32_t v = 0;

	for (unsigned n = 0; n < DIGITS; n++) {
		unsigned c = s[n] | 32;

		if (s[n] >= '0' && s[n] <= '9')
			v = v << 4 | (s[n] - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

/* Takes n bytes and what pads them; NULL when they are not there. */
static const uint8_t *take(struct unpacking *u, uint32_t n)
{
	const uint8_t *p = u->at;
	uint32_t pad;

	assert(u->at >= u->base && u->at <= u->end);
	if (n > (uint32_t)(u->end - u->at))
		return NULL;
	u->at += n;
	pad = -(uint32_t)(u->at - u->base) % ALIGN;
	u->at += min_u32(pad, u->end - u->at);
	return p;
}

static int read_entry(struct unpacking *u, struct entry *e)
{
	const uint8_t *p = u->at;
	uint32_t n;

	assert(p <= u->end);
	if (u->end - p < HEADER_SIZE || memcmp(p, "070701", MAGIC_SIZE))
		return -EINVAL;
	for (unsigned f = 0; f < FIELDS; f++)
		if (!read_hex(p + MAGIC_SIZE + f * DIGITS, &e->field[f]))
			return -EINVAL;
	n = e->field[NAME_SIZE];
	if (n < 2 || n > PATH_MAX || n > (uint32_t)(u->end - p - HEADER_SIZE))
		return -EINVAL;
	/* Header and name are padded together. */
	take(u, HEADER_SIZE + n);
	e->name = (const char *)p + HEADER_SIZE;
	if (strnlen(e->name, n) != n - 1)
		return -EINVAL;
	e->data = take(u, e->field[FILE_SIZE]);
	return e->data ? 0 : -EINVAL;
}

/* "/bin/sh" and "./bin/sh" are "bin/sh"; the root itself is ".". */
static const char *plain_name(const char *s)
{
	for (;;) {
		while (*s == '/')
			s++;
		if (s[0] != '.' || s[1] != '/')
			return *s ? s : ".";
		s += 2;
	}
}

/* --- making the files --------------------------------------------------- */

/* The directories above name, where they are missing. */
static int make_parents(struct unpacking *u, const char *name)
{
	char *text = kmem_strdup(name), *slash;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (slash = strchr(text, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		err = path_mkdir(&u->where, text, PARENT_MODE);
		*slash = '/';
		if (err && err != -EEXIST)
			break;
		err = 0;
	}
	kmem_free(text);
	return err;
}

/* Nothing of that name, and a place for it. */
static int clear_way(struct unpacking *u, const char *name)
{
	int err = path_unlink(&u->where, name, false);

	if (err == -EISDIR)
		err = path_unlink(&u->where, name, true);
	if (err != -ENOENT)
		return err;
	return strchr(name, '/') ? make_parents(u, name) : 0;
}

static int make_directory(struct unpacking *u, const char *name)
{
	struct path p;
	int err = path_mkdir(&u->where, name, PARENT_MODE);

	if (err == -ENOENT) {
		err = make_parents(u, name);
		if (!err)
			err = path_mkdir(&u->where, name, PARENT_MODE);
	}
	if (err != -EEXIST)
		return err;
	err = path_walk(&u->where, name, WALK_DIRECTORY, &p, NULL);
	if (!err) {
		path_drop(&p);
	} else if (err == -ENOTDIR) {
		err = path_unlink(&u->where, name, false);
		if (!err)
			err = path_mkdir(&u->where, name, PARENT_MODE);
	}
	return err;
}

static int write_file(struct unpacking *u, const char *name, unsigned flags,
		      const struct entry *e)
{
	uint32_t size = e->field[FILE_SIZE], done = 0;
	struct file *f;
	int n, err;

	err = path_open(&u->where, name, O_WRONLY | O_LARGEFILE | flags, 0600, &f);
	if (err)
		return err;
	while (done < size) {
		struct user_io io;

		user_io_kernel(&io, (void *)(e->data + done), size - done);
		n = file_write(f, &io, NULL);
		if (n <= 0) {
			err = n ? n : -EIO;
			break;
		}
		done += n;
	}
	file_drop(f);
	return err;
}

/* The first name under which e's file was seen, or NULL after noting this
 * one. Several names for one file share (device, inode number). */
static int first_name(struct unpacking *u, const struct entry *e,
		      const char *name, const char **first)
{
	uint32_t ino = e->field[INO];
	struct seen **bucket = &u->seen[hash_u32(ino) % LINK_BUCKETS];
	struct seen *s;

	for (s = *bucket; s; s = s->next) {
		if (s->ino == ino && s->major == e->field[DEV_MAJOR] &&
		    s->minor == e->field[DEV_MINOR]) {
			*first = s->name;
			return 0;
		}
	}
	s = kmem_alloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct seen){ *bucket, ino, e->field[DEV_MAJOR],
			    e->field[DEV_MINOR], name };
	*bucket = s;
	*first = NULL;
	return 0;
}

/* A later name of a file may be the one that brings the content. */
static int make_link(struct unpacking *u, const char *first, const char *name,
		     const struct entry *e)
{
	int err = path_link(&u->where, first, &u->where, name, 0);

	if (!err && e->field[FILE_SIZE])
		err = write_file(u, name, O_TRUNC, e);
	return err;
}

static int make_symlink(struct unpacking *u, const char *name,
			const struct entry *e)
{
	uint32_t n = e->field[FILE_SIZE];
	char *target;
	int err;

	if (!n || n >= PATH_MAX)
		return -EINVAL;
	target = kmem_alloc(n + 1);
	if (!target)
		return -ENOMEM;
	memcpy(target, e->data, n);
	target[n] = 0;
	err = path_symlink(&u->where, name, target);
	kmem_free(target);
	return err;
}

static int make_one(struct unpacking *u, const char *name,
		    const struct entry *e)
{
	uint32_t mode = e->field[MODE];
	const char *first = NULL;
	int err;

	if (S_ISDIR(mode))
		return make_directory(u, name);
	if (e->field[NLINK] > 1) {
		err = first_name(u, e, name, &first);
		if (err)
			return err;
		if (first && !strcmp(first, name))
			first = NULL;
	}
	err = clear_way(u, name);
	if (err)
		return err;
	if (first)
		return make_link(u, first, name, e);
	switch (mode & S_IFMT) {
	case S_IFREG:
		return write_file(u, name, O_CREAT | O_EXCL, e);
	case S_IFLNK:
		return make_symlink(u, name, e);
	case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		return path_create(&u->where, name, mode,
				   abi_dev(e->field[RDEV_MAJOR],
					   e->field[RDEV_MINOR]));
	default:
		return -EINVAL;
	}
}

static int set_attributes(struct unpacking *u, const char *name,
			  struct attr_change *a)
{
	struct path p;
	int err = path_walk(&u->where, name, 0, &p, NULL);

	if (err)
		return err;
	if (S_ISLNK(p.dentry->inode->mode))
		a->valid &= ~ATTR_MODE;
	err = path_set_attr(&p, u->where.who, a);
	path_drop(&p);
	return err;
}

static int note_time(struct unpacking *u, const char *name, uint32_t mtime)
{
	struct dir_time *t = kmem_alloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct dir_time){ u->times, name, mtime };
	u->times = t;
	return 0;
}

static int unpack_one(struct unpacking *u, const struct entry *e)
{
	const char *name = plain_name(e->name);
	struct attr_change a = {
		.valid = ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_MTIME,
		.mode = e->field[MODE] & S_IALLUGO,
		.uid = e->field[UID],
		.gid = e->field[GID],
		.mtime = (int64_t)e->field[MTIME] * NS_PER_SEC,
	};
	int err = make_one(u, name, e);

	if (!err)
		err = set_attributes(u, name, &a);
	if (!err && S_ISDIR(e->field[MODE]))
		err = note_time(u, name, e->field[MTIME]);
	return err;
}

/* --- archives ----------------------------------------------------------- */

/* What one archive remembers; its directories get their times now. */
static void end_archive(struct unpacking *u)
{
	assert(u->where.who);
	for (unsigned b = 0; b < LINK_BUCKETS; b++) {
		while (u->seen[b]) {
			struct seen *s = u->seen[b];

			u->seen[b] = s->next;
			kmem_free(s);
		}
	}
	while (u->times) {
		struct dir_time *t = u->times;
		struct attr_change a = {
			.valid = ATTR_MTIME,
			.mtime = (int64_t)t->mtime * NS_PER_SEC,
		};

		/* It may be gone: replaced by a later entry. */
		if (set_attributes(u, t->name, &a))
			log_print(LOG_DEBUG, "initramfs: no time for %s\n",
				  t->name);
		u->times = t->next;
		kmem_free(t);
	}
}

static bool skip_zeros(struct unpacking *u)
{
	while (u->at < u->end && !*u->at)
		u->at++;
	u->base = u->at;	/* each archive counts its padding from its start */
	return u->at < u->end;
}

static int unpack_archive(struct unpacking *u)
{
	struct entry e;
	int err;

	do {
		err = read_entry(u, &e);
		if (err) {
			log_print(LOG_ERROR, "initramfs: malformed at %u\n",
				  (uint32_t)(u->at - u->base));
			return err;
		}
		if (!strcmp(e.name, "TRAILER!!!"))
			return 0;
		err = unpack_one(u, &e);
		if (err)
			log_print(LOG_ERROR, "initramfs: %s: error %d\n",
				  e.name, -err);
	} while (!err);
	return err;
}

bool initramfs_is_archive(const void *p, uint32_t size)
{
	return size >= HEADER_SIZE && !memcmp(p, "070701", MAGIC_SIZE);
}

/*
 * Unpacks all archives in cpio[0..size) below fs->root, as who, with owners
 * and modes as they stand there. Call once for each module. -EINVAL: not an
 * archive, or malformed. Sleeps.
 */
int initramfs_unpack(const void *cpio, uint32_t size, const struct cred *who,
		     struct fs_context *fs)
{
	struct fs_context here = { .refs = 1, .root = fs->root,
				   .cwd = fs->root };
	struct unpacking *u = kmem_zalloc(sizeof(*u));
	int err = 0;

	assert(cpio && fs->root.dentry);
	if (!u)
		return -ENOMEM;
	u->at = cpio;
	u->end = u->at + size;
	u->where = (struct path_at){ who, &here, AT_FDCWD, NULL };
	while (!err && skip_zeros(u)) {
		err = unpack_archive(u);
		end_archive(u);
	}
	kmem_free(u);
	return err;
}
