/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rw.c - calls that move bytes through a descriptor.
 *
 * Each call checks its buffers, gets the file through the one door (file_get)
 * and hands a user_io to the file's own read or write. Counts above RW_MAX are
 * cut, as Linux does, so that a result never looks like an error.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

enum { RW_MAX = 0x7ffff000 };

static int move(struct file *f, struct user_io *io, off64 *pos, bool write)
{
	if (write)
		return file_write(f, io, pos);
	return file_read(f, io, pos);
}

static int move_one(struct thread *me, const uint32_t *arg, off64 *pos,
		    bool write)
{
	struct file *f = file_get(me->proc->files, arg[0],
				  write ? FILE_WRITE : FILE_READ);
	uint32_t len = min_u32(arg[2], RW_MAX);
	struct user_io io;
	int n;

	if (!f)
		return -EBADF;
	if (!user_range_ok(arg[1], len)) {
		n = -EFAULT;
	} else {
		user_io_single(&io, arg[1], len);
		n = move(f, &io, pos, write);
	}
	file_drop(f);
	return n;
}

static int move_vector(struct thread *me, const uint32_t *arg, off64 *pos,
		       bool write)
{
	struct file *f = file_get(me->proc->files, arg[0],
				  write ? FILE_WRITE : FILE_READ);
	struct user_io io;
	int n;

	if (!f)
		return -EBADF;
	n = user_io_vector(&io, arg[1], arg[2]);
	if (!n) {
		if (io.left)	/* as on Linux: else not even a socket hears */
			n = move(f, &io, pos, write);
		user_io_done(&io);
	}
	file_drop(f);
	return n;
}

int sys_read(struct thread *me, const uint32_t *arg)
{
	return move_one(me, arg, NULL, false);
}

int sys_write(struct thread *me, const uint32_t *arg)
{
	return move_one(me, arg, NULL, true);
}

int sys_readv(struct thread *me, const uint32_t *arg)
{
	return move_vector(me, arg, NULL, false);
}

int sys_writev(struct thread *me, const uint32_t *arg)
{
	return move_vector(me, arg, NULL, true);
}

/* The p-calls need a file that can seek: -ESPIPE otherwise. */
static int check_position(struct thread *me, int fd, off64 pos)
{
	struct file *f;
	int err = 0;

	if (pos < 0)
		return -EINVAL;
	f = file_get(me->proc->files, fd, FILE_ANY);
	if (!f)
		return -EBADF;
	if (f->ops->seek == file_no_seek)
		err = -ESPIPE;
	file_drop(f);
	return err;
}

int sys_pread64(struct thread *me, const uint32_t *arg)
{
	off64 pos = wide(arg + 3);
	int err = check_position(me, arg[0], pos);

	return err ? err : move_one(me, arg, &pos, false);
}

int sys_pwrite64(struct thread *me, const uint32_t *arg)
{
	off64 pos = wide(arg + 3);
	int err = check_position(me, arg[0], pos);

	return err ? err : move_one(me, arg, &pos, true);
}

int sys_preadv(struct thread *me, const uint32_t *arg)
{
	off64 pos = wide(arg + 3);
	int err = check_position(me, arg[0], pos);

	return err ? err : move_vector(me, arg, &pos, false);
}

int sys_pwritev(struct thread *me, const uint32_t *arg)
{
	off64 pos = wide(arg + 3);
	int err = check_position(me, arg[0], pos);

	return err ? err : move_vector(me, arg, &pos, true);
}

static int sync_after(struct thread *me, int fd, bool data_only)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = file_sync(f, data_only);
	file_drop(f);
	return err == -EINVAL ? 0 : err;
}

/* The v2 forms: offset -1 means the file's own. Of the flags, those are offered
 * that say how the bytes go to the medium. */
static int move_v2(struct thread *me, const uint32_t *arg, bool write)
{
	off64 pos = wide(arg + 3);
	int n, err = 0;

	if (arg[5] & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (pos != -1)
		err = check_position(me, arg[0], pos);
	if (err)
		return err;
	n = move_vector(me, arg, pos == -1 ? NULL : &pos, write);
	if (write && n > 0 && (arg[5] & (RWF_DSYNC | RWF_SYNC)))
		err = sync_after(me, arg[0], !(arg[5] & RWF_SYNC));
	return err ? err : n;
}

int sys_preadv2(struct thread *me, const uint32_t *arg)
{
	return move_v2(me, arg, false);
}

int sys_pwritev2(struct thread *me, const uint32_t *arg)
{
	return move_v2(me, arg, true);
}

static int seek(struct thread *me, int fd, off64 offset, int whence, off64 *out)
{
	struct file *f;
	int err;

	f = file_get(me->proc->files, fd, FILE_ANY);
	if (!f)
		return -EBADF;
	err = file_seek(f, offset, whence, out);
	file_drop(f);
	return err;
}

int sys_lseek(struct thread *me, const uint32_t *arg)
{
	off64 at;
	int err = seek(me, arg[0], (int32_t)arg[1], arg[2], &at);

	if (err)
		return err;
	return at > INT32_MAX ? -EOVERFLOW : (int)at;
}

int sys_llseek(struct thread *me, const uint32_t *arg)
{
	off64 at, offset = (off64)((uint64_t)arg[1] << 32 | arg[2]);
	int err = seek(me, arg[0], offset, arg[4], &at);

	return err ? err : user_copy_out(arg[3], &at, sizeof(at));
}

/* --- between two descriptors ------------------------------------------------ */

enum { RELAY_CHUNK = 16384 };

struct relay {
	struct file *from, *to;
	off64 *from_pos, *to_pos;	/* NULL: the file's own */
	void *buffer;
};

/* One chunk. The bytes moved; what was read but could not be written is given
 * back by setting the reading place back. */
static int relay_chunk(struct relay *r, uint32_t want)
{
	off64 back;
	struct user_io io;
	int got, put;

	assert(want > 0 && want <= RELAY_CHUNK);
	user_io_kernel(&io, r->buffer, want);
	got = file_read(r->from, &io, r->from_pos);
	if (got <= 0)
		return got;
	assert((uint32_t)got <= want);
	user_io_kernel(&io, r->buffer, got);
	put = file_write(r->to, &io, r->to_pos);
	if (put < got) {
		uint32_t lost = got - (put > 0 ? put : 0);

		if (r->from_pos)
			*r->from_pos -= lost;
		else if (file_seek(r->from, -(off64)lost, SEEK_CUR, &back))
			log_print(LOG_DEBUG, "relay: %u bytes lost", lost);
	}
	return put;
}

static int relay(struct thread *me, struct relay *r, uint32_t count)
{
	uint32_t done = 0;
	int n = 0;

	assert(r->from && r->to && !r->buffer);
	r->buffer = kmem_alloc(RELAY_CHUNK);
	if (!r->buffer)
		return -ENOMEM;
	count = min_u32(count, RW_MAX);
	while (done < count) {
		uint32_t want = min_u32(count - done, RELAY_CHUNK);

		n = relay_chunk(r, want);
		if (n <= 0)
			break;
		done += n;
		if ((uint32_t)n < want || signal_pending(me))
			break;
	}
	kmem_free(r->buffer);
	return done ? (int)done : n;
}

static int sendfile(struct thread *me, const uint32_t *arg, off64 *pos)
{
	struct relay r = { .from_pos = pos };
	int err = -EBADF;

	r.to = file_get(me->proc->files, arg[0], FILE_WRITE);
	r.from = file_get(me->proc->files, arg[1], FILE_READ);
	if (!r.to || !r.from)
		goto out;
	err = -EINVAL;
	if (r.from->ops->seek == file_no_seek || !S_ISREG(r.from->inode->mode) ||
	    (r.to->flags & O_APPEND))
		goto out;
	err = relay(me, &r, arg[3]);
out:
	if (r.from)
		file_drop(r.from);
	if (r.to)
		file_drop(r.to);
	return err;
}

int sys_sendfile(struct thread *me, const uint32_t *arg)
{
	uint32_t pos32;
	off64 pos;
	int err, n;

	if (!arg[2])
		return sendfile(me, arg, NULL);
	err = user_get32(arg[2], &pos32);
	if (err)
		return err;
	pos = (int32_t)pos32;
	if (pos < 0)
		return -EINVAL;
	n = sendfile(me, arg, &pos);
	err = user_put32(arg[2], (uint32_t)pos);
	return err ? err : n;
}

int sys_sendfile64(struct thread *me, const uint32_t *arg)
{
	off64 pos;
	int err, n;

	if (!arg[2])
		return sendfile(me, arg, NULL);
	err = user_copy_in(&pos, arg[2], sizeof(pos));
	if (err)
		return err;
	if (pos < 0)
		return -EINVAL;
	n = sendfile(me, arg, &pos);
	err = user_copy_out(arg[2], &pos, sizeof(pos));
	return err ? err : n;
}

static int check_copy_range(const struct relay *r, const off64 *pos,
			    uint32_t count)
{
	assert(r->from->refs > 0 && r->to->refs > 0);
	if (S_ISDIR(r->from->inode->mode) || S_ISDIR(r->to->inode->mode))
		return -EISDIR;
	if (!S_ISREG(r->from->inode->mode) || !S_ISREG(r->to->inode->mode))
		return -EINVAL;
	if (r->to->flags & O_APPEND)
		return -EBADF;
	if (pos[0] < 0 || pos[1] < 0)
		return -EINVAL;
	if (r->from->inode == r->to->inode) {
		off64 a = r->from_pos ? pos[0] : r->from->pos;
		off64 b = r->to_pos ? pos[1] : r->to->pos;

		if (a < b + count && b < a + count)
			return -EINVAL;
	}
	return 0;
}

/* copy_file_range(2) */
int sys_copy_file_range(struct thread *me, const uint32_t *arg)
{
	off64 pos[2] = { 0, 0 };
	struct relay r = { .from_pos = arg[1] ? &pos[0] : NULL,
			   .to_pos = arg[3] ? &pos[1] : NULL };
	int err, n = -EBADF;

	if (arg[5])
		return -EINVAL;
	if (arg[1] && (err = user_copy_in(&pos[0], arg[1], sizeof(off64))))
		return err;
	if (arg[3] && (err = user_copy_in(&pos[1], arg[3], sizeof(off64))))
		return err;
	r.from = file_get(me->proc->files, arg[0], FILE_READ);
	r.to = file_get(me->proc->files, arg[2], FILE_WRITE);
	if (!r.from || !r.to)
		goto out;
	n = check_copy_range(&r, pos, min_u32(arg[4], RW_MAX));
	if (n)
		goto out;
	n = relay(me, &r, arg[4]);
	err = 0;
	if (n > 0 && arg[1])
		err = user_copy_out(arg[1], &pos[0], sizeof(off64));
	if (!err && n > 0 && arg[3])
		err = user_copy_out(arg[3], &pos[1], sizeof(off64));
	n = err ? err : n;
out:
	if (r.from)
		file_drop(r.from);
	if (r.to)
		file_drop(r.to);
	return n;
}
