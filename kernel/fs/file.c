/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - open files: their life, and the calls that go through their ops.
 *
 * A file is charged to its opener's prison from birth to its last drop. What
 * a descriptor may do was decided when it was opened (file_get asks); here a
 * missing operation only gets its errno.
 *
 * Locks: the kernel lock; a position that several share moves under pos_lock.
 */
#include "kernel/fs/inner.h"

enum {
	/* A count of bytes must fit in a system call's positive result. */
	TRANSFER_MAX = 0x7fffffff & ~PAGE_MASK,
	REFS_ALONE = 2,		/* the table's and the caller's */
	KEPT_FOR_ROOT = 32,
};

static struct kmem_cache *file_cache;
static uint32_t open_count;

void file_init(void)
{
	file_cache = kmem_cache_new("file", sizeof(struct file), 16);
	if (!file_cache)
		panic("no memory for the file cache");
}

/* The last files that the machine bears are kept for who can help it. */
static bool too_many(const struct cred *who)
{
	const struct prison *host = prison_host();

	return host->used[RACCT_FILE] + KEPT_FOR_ROOT >=
		       host->limit[RACCT_FILE] &&
	       priv_check(who, PRIV_MAXFILES);
}

int file_alloc(const struct cred *who, unsigned flags, struct file **out)
{
	struct file *f;

	if (too_many(who) || racct_charge(who->prison, RACCT_FILE, 1))
		return -ENFILE;
	f = kmem_cache_zalloc(file_cache);
	if (!f) {
		racct_release(who->prison, RACCT_FILE, 1);
		return -ENOMEM;
	}
	f->refs = 1;
	f->flags = flags;
	f->cred = cred_hold(who);
	sleep_lock_init(&f->pos_lock);
	list_init(&f->epolls);
	open_count++;
	*out = f;
	return 0;
}

/* Gives back what file_alloc and attaching gave it. Sleeps. */
static void file_free(struct file *f)
{
	assert(f->refs <= 1 && list_empty(&f->epolls));
	if (f->wrote) {
		assert(f->inode->writers > 0);
		f->inode->writers--;
	}
	if (f->inode)
		inode_drop(f->inode);
	if (f->path.mount)
		path_drop(&f->path);
	racct_release(f->cred->prison, RACCT_FILE, 1);
	cred_drop(f->cred);
	assert(open_count > 0);
	open_count--;
	kmem_cache_free(file_cache, f);
}

/* Of a file whose opening failed: released only if its ops had opened it. */
void file_unalloc(struct file *f)
{
	assert(f->refs == 1);
	if (f->ops && f->ops->release)
		f->ops->release(f);
	file_free(f);
}

/* The last reference is gone. Sleeps. */
void file_release(struct file *f)
{
	struct inode *i = f->inode;

	assert(f->refs == 0 && f->ops && i);
	if (!list_empty(&f->epolls))
		epoll_file_gone(f);
	file_async_gone(f);
	if (!list_empty(&i->locks) || !list_empty(&i->flocks))
		lock_release_owner(i, f);
	assert(list_empty(&f->epolls));
	if (f->ops->release)
		f->ops->release(f);
	file_free(f);
}

uint32_t file_open_count(void)
{
	return open_count;
}

const char *file_kind(const struct file *f)
{
	return f->kind;
}

/*
 * What lies in a prison's own tree it could have opened itself. From outside it
 * a directory would be a way out and a device a deed on the machine; other
 * files are what their sender wants to share.
 */
int file_may_arrive(const struct cred *who, const struct file *f)
{
	uint32_t mode = f->inode->mode;

	if (f->ops->may_arrive)
		return f->ops->may_arrive(f, who);
	if (!S_ISDIR(mode) && !S_ISCHR(mode) && !S_ISBLK(mode))
		return 0;
	return path_in_prison(who, &f->path) ? 0 : -EPERM;
}

/* Does f->pos need the lock? Streams have no position, and one who is alone
 * with the file disturbs nobody. */
static bool position_shared(const struct file *f)
{
	return f->refs > REFS_ALONE &&
	       (S_ISREG(f->inode->mode) || S_ISDIR(f->inode->mode));
}

typedef int (*transfer)(struct file *f, struct user_io *io, off64 *pos);

static int move_bytes(struct file *f, struct user_io *io, off64 *pos,
		      transfer op)
{
	bool lock;
	int n;

	assert(f->refs > 0);
	if (io->left > TRANSFER_MAX)
		io->left = TRANSFER_MAX;
	if (pos)
		return *pos < 0 ? -EINVAL : op(f, io, pos);
	lock = position_shared(f);
	if (lock)
		sleep_lock_take(&f->pos_lock);
	n = op(f, io, &f->pos);
	if (lock)
		sleep_lock_release(&f->pos_lock);
	return n;
}

/* Bytes read, 0 at the end. pos NULL: at f->pos. Sleeps. */
int file_read(struct file *f, struct user_io *io, off64 *pos)
{
	if (unlikely(!f->ops->read))
		return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
	return move_bytes(f, io, pos, f->ops->read);
}

/* Bytes written. Sleeps. */
int file_write(struct file *f, struct user_io *io, off64 *pos)
{
	int n;

	if (unlikely(!f->ops->write))
		return -EINVAL;
	n = move_bytes(f, io, pos, f->ops->write);
	if (unlikely(io->left && f->async))
		file_async_full(f);
	return n;
}

/* Into kernel memory, from byte pos; as many bytes as there are. Sleeps. */
int file_read_kernel(struct file *f, void *to, uint32_t n, off64 pos)
{
	struct user_io io;

	user_io_kernel(&io, to, n);
	return file_read(f, &io, &pos);
}

static int seek_to(struct file *f, off64 to, off64 *out)
{
	if (to < 0)
		return -EINVAL;
	f->pos = to;
	*out = to;
	return 0;
}

int file_seek_plain(struct file *f, off64 offset, int whence, off64 *out)
{
	off64 base;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = f->pos;
		break;
	case SEEK_END:
		base = f->inode->size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		/* All of it is data, and the end is a hole (lseek(2)). */
		if (offset < 0 || offset >= f->inode->size)
			return -ENXIO;
		return seek_to(f, whence == SEEK_DATA ? offset : f->inode->size,
			       out);
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	return seek_to(f, base, out);
}

/* lseek(2). -ESPIPE, -EINVAL, -ENXIO, -EOVERFLOW. Sleeps. */
int file_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	bool lock = position_shared(f);
	int err;

	assert(f->refs > 0);
	if (f->flags & O_PATH)
		return -EBADF;
	if (lock)
		sleep_lock_take(&f->pos_lock);
	if (f->ops->seek)
		err = f->ops->seek(f, offset, whence, out);
	else
		err = file_seek_plain(f, offset, whence, out);
	if (lock)
		sleep_lock_release(&f->pos_lock);
	return err;
}

int file_no_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	(void)f, (void)offset, (void)whence, (void)out;
	return -ESPIPE;
}

/* For files whose position means nothing: seeking is no error and no deed. */
int file_seek_stays(struct file *f, off64 offset, int whence, off64 *out)
{
	(void)offset, (void)whence;
	*out = f->pos;
	return 0;
}

/* ftruncate(2). Sleeps. */
int file_truncate(struct file *f, off64 size)
{
	if (size < 0 || !S_ISREG(f->inode->mode) || !f->ops->truncate)
		return -EINVAL;
	if (size > FILE_SIZE_SMALL && !(f->flags & O_LARGEFILE))
		return -EINVAL;
	return f->ops->truncate(f, size);
}

/* fallocate(2). Sleeps. */
int file_allocate(struct file *f, int mode, off64 offset, off64 len)
{
	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (S_ISDIR(f->inode->mode))
		return -EISDIR;
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (!S_ISREG(f->inode->mode))
		return -ENODEV;
	if (len > FILE_SIZE_MAX - offset)
		return -EFBIG;
	if (!f->ops->allocate)
		return -EOPNOTSUPP;
	return f->ops->allocate(f, mode, offset, len);
}

/* fsync(2), fdatasync(2). Sleeps. */
int file_sync(struct file *f, bool data_only)
{
	if (f->ops->sync)
		return f->ops->sync(f, data_only);
	return S_ISREG(f->inode->mode) || S_ISDIR(f->inode->mode) ||
	       S_ISBLK(f->inode->mode) ? 0 : -EINVAL;
}

/* mmap(2): asks what the file's mode allows, then the file. Sleeps.
 * -EACCES, -EPERM (noexec), -ENODEV. */
int file_map(struct file *f, struct vm_request *r)
{
	unsigned mode = f->flags & O_ACCMODE;
	bool writable = mode == O_RDWR;

	assert(!(r->flags & VM_MAY_WRITE) && !r->object && !r->owner);
	if (mode != O_RDONLY && mode != O_RDWR)
		return -EACCES;
	if ((r->flags & VM_SHARED) && (r->prot & PROT_WRITE) && !writable)
		return -EACCES;
	if ((r->flags & VM_SHARED) && writable && inode_is_fixed(f->inode))
		return -EACCES;
	if ((r->prot & PROT_EXEC) && (f->path.mount->flags & MS_NOEXEC))
		return -EPERM;
	if (!f->ops->map)
		return -ENODEV;
	if (writable || !(r->flags & VM_SHARED))
		r->flags |= VM_MAY_WRITE;
	return f->ops->map(f, r);
}

/* Emits from f->pos on. 0, or an error when nothing could be read. Sleeps. */
int file_read_dir(struct file *f, dir_emit emit, void *ctx)
{
	struct inode *i = f->inode;
	bool lock = position_shared(f);
	int err = -ENOENT;

	assert(f->refs > 0);
	if (!S_ISDIR(i->mode) || !f->ops->read_dir)
		return -ENOTDIR;
	if (lock)
		sleep_lock_take(&f->pos_lock);
	sleep_lock_take(&i->lock);
	if (!i->removed) {
		err = f->ops->read_dir(f, emit, ctx);
		if (!(f->flags & O_NOATIME))
			inode_touch_read(i, f->path.mount);
	}
	sleep_lock_release(&i->lock);
	if (lock)
		sleep_lock_release(&f->pos_lock);
	return err;
}

const struct file_ops file_directory_ops = { .read_dir = NULL };
