/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fd.c - calls on descriptors themselves: open, close, dup, fcntl, ioctl,
 * locks, and what a file can do besides moving bytes.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"
#include "net/net.h"

static uint64_t fd_limit(const struct thread *me)
{
	return me->proc->limit[RLIMIT_NOFILE].cur;
}

/* Copies a path in; the caller frees it. -ENAMETOOLONG, -EFAULT, -ENOMEM. */
int sys_path_in(uint32_t user, char **out)
{
	char *name = kmem_alloc(PATH_MAX);
	int n;

	if (!name)
		return -ENOMEM;
	n = user_string_in(name, user, PATH_MAX);
	if (n < 0) {
		kmem_free(name);
		return n;
	}
	*out = name;
	return 0;
}

static int open_at(struct thread *me, int dirfd, uint32_t user_name,
		   unsigned flags, uint32_t mode)
{
	struct path_at at = sys_at(me, dirfd);
	struct file *f;
	char *name;
	int fd;

	fd = sys_path_in(user_name, &name);
	if (fd)
		return fd;
	/* First, or a file would be made for a descriptor that is none. */
	fd = file_room(me->proc->files, fd_limit(me));
	if (!fd)
		fd = path_open(&at, name, flags, mode & S_IALLUGO, &f);
	kmem_free(name);
	if (fd)
		return fd;
	assert(f->refs > 0 && f->ops);
	/* Another thread has entered a prison while this one walked: it brings
	 * no directory from outside. */
	if (unlikely(me->cred->prison != me->proc->cred->prison) &&
	    S_ISDIR(f->inode->mode) && !path_in_prison(me->proc->cred, &f->path)) {
		file_drop(f);
		return -ENOENT;
	}
	fd = file_install(me->proc->files, f, 0, flags & O_CLOEXEC,
			  fd_limit(me));
	if (fd < 0)
		file_drop(f);
	return fd;
}

int sys_open(struct thread *me, const uint32_t *arg)
{
	return open_at(me, AT_FDCWD, arg[0], arg[1], arg[2]);
}

int sys_creat(struct thread *me, const uint32_t *arg)
{
	return open_at(me, AT_FDCWD, arg[0], O_CREAT | O_WRONLY | O_TRUNC,
		       arg[1]);
}

int sys_openat(struct thread *me, const uint32_t *arg)
{
	return open_at(me, arg[0], arg[1], arg[2], arg[3]);
}

int sys_close(struct thread *me, const uint32_t *arg)
{
	return file_close(me->proc->files, arg[0]);
}

/* close_range(2): CLOSE_RANGE_CLOEXEC 4, CLOSE_RANGE_UNSHARE 2 */
int sys_close_range(struct thread *me, const uint32_t *arg)
{
	struct file_table *t = me->proc->files, *own;
	uint32_t last = min_u32(arg[1], t->size ? t->size - 1 : 0);
	int err;

	if ((arg[2] & ~6u) || arg[0] > arg[1])
		return -EINVAL;
	if ((arg[2] & 2) && t->refs > 1) {
		err = file_table_copy(t, &own);
		if (err)
			return err;
		me->proc->files = own;
		file_table_drop(t);
		t = own;
	}
	for (uint32_t fd = arg[0]; fd <= last && fd < t->size; fd++) {
		if (!t->file[fd])
			continue;
		if (arg[2] & 4)
			file_set_cloexec(t, fd, true);
		else if (file_close(t, fd))
			continue; /* its flush failed, but it is closed */
	}
	return 0;
}

static int duplicate(struct thread *me, int fd, int from, bool cloexec)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY | FILE_PATH);
	int got;

	if (!f)
		return -EBADF;
	assert(f->refs > 1);
	got = file_install(me->proc->files, f, from, cloexec, fd_limit(me));
	if (got < 0)
		file_drop(f);
	return got;
}

static int duplicate_at(struct thread *me, int fd, int to, bool cloexec)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY | FILE_PATH);
	int got;

	if (!f)
		return -EBADF;
	got = file_install_at(me->proc->files, f, to, cloexec, fd_limit(me));
	if (got < 0)
		file_drop(f);
	return got;
}

int sys_dup(struct thread *me, const uint32_t *arg)
{
	return duplicate(me, arg[0], 0, false);
}

int sys_dup2(struct thread *me, const uint32_t *arg)
{
	if (arg[0] == arg[1]) {
		struct file *f = file_get(me->proc->files, arg[0],
					  FILE_ANY | FILE_PATH);

		if (!f)
			return -EBADF;
		file_drop(f);
		return arg[1];
	}
	return duplicate_at(me, arg[0], arg[1], false);
}

int sys_dup3(struct thread *me, const uint32_t *arg)
{
	if ((arg[2] & ~O_CLOEXEC) || arg[0] == arg[1])
		return -EINVAL;
	return duplicate_at(me, arg[0], arg[1], arg[2] & O_CLOEXEC);
}

/* --- fcntl ------------------------------------------------------------------ */

/* O_ASYNC changes; where there is nothing to wait for the flag is left off, as
 * on Linux. A terminal's owner is, unless there is one, who asks. */
static int async_set(struct thread *me, struct file *f, int fd, unsigned *flags)
{
	int err;

	if (!file_async_can(f)) {
		*flags &= ~O_ASYNC;
		return 0;
	}
	err = file_async_set(f, fd, *flags & O_ASYNC);
	if (!err && (*flags & O_ASYNC) && S_ISCHR(f->inode->mode) &&
	    !f->owner_pid)
		file_owner_set(f, me->cred, me->proc->pid, false);
	return err;
}

enum { SETTABLE = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME };

static int set_status(struct thread *me, struct file *f, int fd,
		      unsigned flags)
{
	unsigned now = (f->flags & ~SETTABLE) | (flags & SETTABLE);
	int err;

	if ((flags & ~f->flags & O_NOATIME) &&
	    me->cred->fsuid != f->inode->uid) {
		err = priv_check(me->cred, PRIV_VFS_ADMIN);
		if (err)
			return err;
	}
	/* An append-only file is open so, or not for writing. */
	if (((now ^ f->flags) & O_APPEND) && (f->inode->flags & FS_APPEND_FL))
		return -EPERM;
	if ((now ^ f->flags) & O_ASYNC) {
		err = async_set(me, f, fd, &now);
		if (err)
			return err;
	}
	assert(!((f->flags ^ now) & O_ACCMODE));
	f->flags = now;
	return 0;
}

static int lock_in(uint32_t user, bool is64, struct abi_flock64 *l)
{
	struct abi_flock l32;
	int err;

	if (is64)
		return user_copy_in(l, user, sizeof(*l));
	err = user_copy_in(&l32, user, sizeof(l32));
	if (err)
		return err;
	*l = (struct abi_flock64){ l32.type, l32.whence, l32.start, l32.len,
				   l32.pid };
	return 0;
}

static int lock_out(uint32_t user, bool is64, const struct abi_flock64 *l)
{
	struct abi_flock l32;

	if (is64)
		return user_copy_out(user, l, sizeof(*l));
	if (l->start > INT32_MAX || l->len > INT32_MAX)
		return -EOVERFLOW;
	l32 = (struct abi_flock){ l->type, l->whence, (int32_t)l->start,
				  (int32_t)l->len, l->pid };
	assert(l->start >= 0);
	return user_copy_out(user, &l32, sizeof(l32));
}

static int record_lock(struct thread *me, struct file *f, unsigned cmd,
		       uint32_t user)
{
	bool open_file = cmd >= F_OFD_GETLK && cmd <= F_OFD_SETLKW;
	bool is64 = open_file || cmd >= F_GETLK64;
	void *owner = open_file ? (void *)f : (void *)me->proc->files;
	struct abi_flock64 l;
	int err = lock_in(user, is64, &l);

	assert(owner);
	if (err)
		return err;
	if (open_file && l.pid)
		return -EINVAL;
	if (cmd == F_GETLK || cmd == F_GETLK64 || cmd == F_OFD_GETLK) {
		err = lock_test(f, owner, me->cred, &l);
		return err ? err : lock_out(user, is64, &l);
	}
	return lock_posix(f, owner, open_file ? -1 : me->proc->pid, &l,
			  cmd == F_SETLKW || cmd == F_SETLKW64 ||
				  cmd == F_OFD_SETLKW);
}

/* A process, or as a negative number a group. */
static bool sees_owner(struct thread *me, int pid)
{
	struct proc_group *g;
	struct proc *p;

	if (pid < 0) {
		g = pid == INT32_MIN ? NULL : proc_group_find(me->cred, -pid);
		if (g)
			proc_group_drop(g);
		return g;
	}
	p = proc_find(me->cred, pid);
	if (p)
		proc_drop(p);
	return p;
}

static int set_owner(struct thread *me, struct file *f, int pid)
{
	if (pid && !sees_owner(me, pid))
		return -ESRCH;
	file_owner_set(f, me->cred, pid, false);
	return 0;
}

/* F_SETOWN_EX: the type says what number it is; a thread's is one too. */
static int set_owner_ex(struct thread *me, struct file *f, uint32_t user)
{
	struct abi_f_owner_ex o;
	struct thread *t;

	if (user_copy_in(&o, user, sizeof o))
		return -EFAULT;
	if (o.type < F_OWNER_TID || o.type > F_OWNER_PGRP)
		return -EINVAL;
	if (o.pid < 0)
		return -ESRCH;
	if (o.type != F_OWNER_TID || !o.pid)
		return set_owner(me, f, o.type == F_OWNER_PGRP ? -o.pid :
								 o.pid);
	t = proc_find_thread(me->cred, o.pid);
	if (!t)
		return -ESRCH;
	thread_drop(t);
	file_owner_set(f, me->cred, o.pid, true);
	return 0;
}

/* The owner as me sees it; 0: none that he sees. */
static int get_owner(struct thread *me, const struct file *f)
{
	struct thread *t;

	if (!f->owner_thread)
		return sees_owner(me, f->owner_pid) ? f->owner_pid : 0;
	t = proc_find_thread(me->cred, f->owner_pid);
	if (t)
		thread_drop(t);
	return t ? f->owner_pid : 0;
}

static int get_owner_ex(struct thread *me, const struct file *f, uint32_t user)
{
	int pid = get_owner(me, f);
	struct abi_f_owner_ex o = {
		.type = f->owner_thread ? F_OWNER_TID :
			pid < 0 ? F_OWNER_PGRP : F_OWNER_PID,
		.pid = pid < 0 ? -pid : pid,
	};

	return user_copy_out(user, &o, sizeof o);
}

static int fcntl_file(struct thread *me, struct file *f, int fd, unsigned cmd,
		      uint32_t arg)
{
	assert(f->refs > 0);
	switch (cmd) {
	case F_GETFD:
		return file_cloexec(me->proc->files, fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		file_set_cloexec(me->proc->files, fd, arg & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return f->flags;
	case F_SETFL:
		return set_status(me, f, fd, arg);
	case F_GETLK: case F_SETLK: case F_SETLKW:
	case F_GETLK64: case F_SETLK64: case F_SETLKW64:
	case F_OFD_GETLK: case F_OFD_SETLK: case F_OFD_SETLKW:
		return record_lock(me, f, cmd, arg);
	case F_SETOWN:
		return set_owner(me, f, arg);
	case F_GETOWN:
		return get_owner(me, f);
	case F_SETOWN_EX:
		return set_owner_ex(me, f, arg);
	case F_GETOWN_EX:
		return get_owner_ex(me, f, arg);
	case F_SETSIG:
		if (arg > SIGNAL_MAX)
			return -EINVAL;
		f->owner_sig = arg;
		return 0;
	case F_GETSIG:
		return f->owner_sig;
	case F_SETPIPE_SZ:
		return pipe_resize(f, arg);
	case F_GETPIPE_SZ:
		return pipe_size(f);
	default:
		return -EINVAL;
	}
}

/* What an O_PATH descriptor may be asked. */
static bool path_command(unsigned cmd)
{
	return cmd == F_GETFD || cmd == F_SETFD || cmd == F_GETFL;
}

int sys_fcntl64(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (arg[1] == F_DUPFD || arg[1] == F_DUPFD_CLOEXEC) {
		if (arg[2] >= fd_limit(me))
			return -EINVAL;
		return duplicate(me, arg[0], arg[2], arg[1] != F_DUPFD);
	}
	f = file_get(me->proc->files, arg[0],
		     path_command(arg[1]) ? FILE_ANY | FILE_PATH : FILE_ANY);
	if (!f)
		return -EBADF;
	err = fcntl_file(me, f, arg[0], arg[1], arg[2]);
	file_drop(f);
	return err;
}

/* --- ioctl ------------------------------------------------------------------ */

enum { FIOCLEX = 0x5451, FIONCLEX = 0x5450, FIONBIO = 0x5421,
       FIOASYNC = 0x5452, FIONREAD = 0x541b };
enum { FIOSETOWN = 0x8901, SIOCSPGRP = 0x8902, FIOGETOWN = 0x8903,
       SIOCGPGRP = 0x8904 };	/* of sockets: F_SETOWN, F_GETOWN */
#define FS_IOC_GETFLAGS 0x80046601u
#define FS_IOC_SETFLAGS 0x40046602u

static int file_flags(struct thread *me, struct file *f, bool set,
		      uint32_t user)
{
	uint32_t flags;
	int err;

	if (set) {
		err = user_get32(user, &flags);
		return err ? err : file_flags_set(f, me->cred, flags);
	}
	err = file_flags_get(f, &flags);
	return err ? err : user_put32(user, flags);
}

static int set_flag(struct thread *me, struct file *f, int fd, uint32_t user,
		    unsigned flag)
{
	uint32_t on;
	int err = user_get32(user, &on);

	if (err)
		return err;
	if (flag == O_ASYNC && !file_async_can(f))
		return -ENOTTY;
	return set_status(me, f, fd, on ? f->flags | flag : f->flags & ~flag);
}

static int set_owner_at(struct thread *me, struct file *f, uint32_t user)
{
	uint32_t pid;
	int err = user_get32(user, &pid);

	return err ? err : set_owner(me, f, (int)pid);
}

static int ioctl_file(struct thread *me, struct file *f, int fd, uint32_t cmd,
		      uint32_t arg)
{
	assert(f->refs > 0 && !(f->flags & O_PATH));
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		file_set_cloexec(me->proc->files, fd, cmd == FIOCLEX);
		return 0;
	case FIONBIO:
		return set_flag(me, f, fd, arg, O_NONBLOCK);
	case FIOASYNC:
		return set_flag(me, f, fd, arg, O_ASYNC);
	case FIONREAD:
		if (S_ISREG(f->inode->mode)) {
			off64 left = f->inode->size - f->pos;

			return user_put32(arg, left > 0 ? (uint32_t)left : 0);
		}
		break;
	case FIOSETOWN:
	case SIOCSPGRP:
		if (sock_of(f))
			return set_owner_at(me, f, arg);
		break;
	case FIOGETOWN:
	case SIOCGPGRP:
		if (sock_of(f))
			return user_put32(arg, get_owner(me, f));
		break;
	case FS_IOC_GETFLAGS:
	case FS_IOC_SETFLAGS:
		if (S_ISREG(f->inode->mode) || S_ISDIR(f->inode->mode))
			return file_flags(me, f, cmd == FS_IOC_SETFLAGS, arg);
		break;
	}
	if (!f->ops->ioctl)
		return -ENOTTY;
	return f->ops->ioctl(f, me, cmd, arg);
}

int sys_ioctl(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = ioctl_file(me, f, arg[0], arg[1], arg[2]);
	file_drop(f);
	return err;
}

/* --- locks, sizes, hints ---------------------------------------------------- */

int sys_flock(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = lock_flock(f, arg[1]);
	file_drop(f);
	return err;
}

static int truncate_fd(struct thread *me, int fd, off64 size)
{
	struct file *f;
	int err;

	if (size < 0)
		return -EINVAL;
	f = file_get(me->proc->files, fd, FILE_ANY);
	if (!f)
		return -EBADF;
	err = f->flags & O_ACCMODE ? file_truncate(f, size) : -EINVAL;
	file_drop(f);
	return err;
}

int sys_ftruncate(struct thread *me, const uint32_t *arg)
{
	return truncate_fd(me, arg[0], (int32_t)arg[1]);
}

int sys_ftruncate64(struct thread *me, const uint32_t *arg)
{
	return truncate_fd(me, arg[0],
			   wide(arg + 1));
}

int sys_fallocate(struct thread *me, const uint32_t *arg)
{
	off64 offset = wide(arg + 2), len = wide(arg + 4);
	struct file *f;
	int err;

	f = file_get(me->proc->files, arg[0], FILE_WRITE);
	if (!f)
		return -EBADF;
	err = file_allocate(f, arg[1], offset, len);
	file_drop(f);
	return err;
}

static int sync_fd(struct thread *me, int fd, bool data_only)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = file_sync(f, data_only);
	file_drop(f);
	return err;
}

int sys_fsync(struct thread *me, const uint32_t *arg)
{
	return sync_fd(me, arg[0], false);
}

int sys_fdatasync(struct thread *me, const uint32_t *arg)
{
	return sync_fd(me, arg[0], true);
}

int sys_syncfs(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = vfs_sync_one(f->inode->sb);
	file_drop(f);
	return err;
}

/* sync(2) cannot fail: what went wrong is only logged. */
int sys_sync(struct thread *me, const uint32_t *arg)
{
	int err = vfs_sync();

	(void)me;
	(void)arg;
	if (err)
		log_print(LOG_WARN, "sync: error %d", -err);
	return 0;
}

int sys_sync_file_range(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = file_sync_range(f, wide(arg + 1), wide(arg + 3), arg[5]);
	file_drop(f);
	return err;
}

/* Advice is free to be ignored, a bad descriptor is not. */
int sys_fadvise64_64(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = file_advise(f, wide(arg + 1), wide(arg + 3), arg[5]);
	file_drop(f);
	return err;
}

int sys_fadvise64(struct thread *me, const uint32_t *arg)
{
	uint32_t words[6] = { arg[0], arg[1], arg[2], arg[3], 0, arg[4] };

	return sys_fadvise64_64(me, words);
}

int sys_readahead(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_READ);
	int err;

	if (!f)
		return -EBADF;
	err = S_ISREG(f->inode->mode) || S_ISBLK(f->inode->mode) ? 0 : -EINVAL;
	if (!err && arg[3])
		err = file_advise(f, wide(arg + 1), arg[3], FADV_WILLNEED);
	file_drop(f);
	return err;
}

/* --- files without a name --------------------------------------------------- */

/* Puts both ends of a pipe into the table, or neither. */
static int install_pair(struct thread *me, struct file *a, struct file *b,
			unsigned flags, int fd[2])
{
	struct file_table *t = me->proc->files;

	assert(a->refs == 1 && b->refs == 1);
	fd[0] = file_install(t, a, 0, flags & O_CLOEXEC, fd_limit(me));
	if (fd[0] < 0) {
		file_drop(a);
		file_drop(b);
		return fd[0];
	}
	fd[1] = file_install(t, b, 0, flags & O_CLOEXEC, fd_limit(me));
	if (fd[1] < 0) {
		int err = fd[1];

		file_drop(b);
		if (file_close(t, fd[0]))
			log_print(LOG_DEBUG, "pipe: close failed");
		return err;
	}
	return 0;
}

static int make_pipe(struct thread *me, uint32_t user, unsigned flags)
{
	struct file *rd, *wr;
	int fd[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_new(me->cred, flags, &rd, &wr);
	if (!err)
		err = install_pair(me, rd, wr, flags, fd);
	if (err)
		return err;
	assert(fd[0] >= 0 && fd[1] > fd[0]);
	err = user_copy_out(user, fd, sizeof(fd));
	if (err && (file_close(me->proc->files, fd[0]) |
		    file_close(me->proc->files, fd[1])))
		log_print(LOG_DEBUG, "pipe: close failed");
	return err;
}

int sys_pipe(struct thread *me, const uint32_t *arg)
{
	return make_pipe(me, arg[0], 0);
}

int sys_pipe2(struct thread *me, const uint32_t *arg)
{
	return make_pipe(me, arg[0], arg[1]);
}

/* The lowest free descriptor for a new file, which is dropped on failure. */
int sys_install(struct thread *me, struct file *f, bool cloexec)
{
	int fd = file_install(me->proc->files, f, 0, cloexec, fd_limit(me));

	assert(fd < 0 || f->refs > 0);
	if (fd < 0)
		file_drop(f);
	return fd;
}

int sys_eventfd2(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (arg[1] & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	err = eventfd_new(me->cred, arg[0], arg[1] & EFD_SEMAPHORE,
			  arg[1] & O_NONBLOCK, &f);
	return err ? err : sys_install(me, f, arg[1] & O_CLOEXEC);
}

int sys_eventfd(struct thread *me, const uint32_t *arg)
{
	uint32_t two[2] = { arg[0], 0 };

	return sys_eventfd2(me, two);
}

int sys_epoll_create1(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (arg[0] & ~O_CLOEXEC)
		return -EINVAL;
	err = epoll_new(me->cred, &f);
	return err ? err : sys_install(me, f, arg[0] & O_CLOEXEC);
}

int sys_epoll_create(struct thread *me, const uint32_t *arg)
{
	uint32_t none = 0;

	return (int32_t)arg[0] <= 0 ? -EINVAL : sys_epoll_create1(me, &none);
}
