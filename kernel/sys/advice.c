/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advice.c - what a program tells about its memory, and asks: msync, madvise,
 * mincore, mlock; and memfd_create.
 *
 * Nothing is ever swapped out, so locked memory is memory that is there.
 */
#include "kernel/sys/calls_core.h"

/* Is all of addr.. mapped? Also true for size 0. */
static bool all_mapped(struct vm *v, uint32_t addr, uint32_t size)
{
	uint32_t end = addr + size;
	struct vm_map *m = vm_find(v, addr);

	assert(addr <= end);
	while (addr < end) {
		if (!m || m->start > addr)
			return false;
		addr = m->end;
		m = vm_next(m);
	}
	return true;
}

/* The range of a call, rounded to pages: wrong is -EINVAL, beyond -ENOMEM. */
static int range_in(uint32_t addr, uint32_t len, uint32_t *size)
{
	*size = align_up(len, PAGE_SIZE);
	if (addr & PAGE_MASK)
		return -EINVAL;
	if (*size < len || addr + *size < addr)
		return -EINVAL;
	return user_range_ok(addr, *size) ? 0 : -ENOMEM;
}

/* Writes back what shared file maps in the range have changed. */
static int sync_range(struct vm *v, uint32_t addr, uint32_t end)
{
	int err = 0, result = 0;

	assert(addr <= end && end <= USER_TOP);
	while (addr < end) {
		struct vm_map *m = vm_find(v, addr);
		struct file *f;

		if (!m)
			return -ENOMEM;
		addr = m->end;
		f = file_mapped(m);
		if (!(m->flags & VM_SHARED) || !f || !f->ops->sync)
			continue;
		file_hold(f);
		err = f->ops->sync(f, true);
		file_drop(f);
		if (err)
			result = err;
	}
	return result;
}

/* POSIX msync(addr, len, flags). Sleeps. */
int sys_msync(struct thread *me, const uint32_t *arg)
{
	uint32_t addr = arg[0], flags = arg[2], size;
	int err = range_in(addr, arg[1], &size);

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (err == -EINVAL && !(addr & PAGE_MASK))
		err = -ENOMEM;
	if (err)
		return err;
	if (!all_mapped(me->vm, addr, size))
		return -ENOMEM;
	return flags & MS_SYNC ? sync_range(me->vm, addr, addr + size) : 0;
}

enum {	/* advice beyond abi/proc.h's */
	MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3,
	MADV_DONTFORK = 10, MADV_DOFORK = 11,
	MADV_DONTDUMP = 16, MADV_DODUMP = 17, MADV_COLD = 20,
	MADV_PAGEOUT = 21, MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23,
};

/* Linux: madvise(addr, len, advice). Sleeps. */
int sys_madvise(struct thread *me, const uint32_t *arg)
{
	uint32_t addr = arg[0], size;
	int advice = arg[2], err = range_in(addr, arg[1], &size);
	bool inside = !err;

	if (err == -EINVAL || size == 0)
		return err;
	if (err || !all_mapped(me->vm, addr, size))
		err = -ENOMEM;
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return err;
	case MADV_DONTNEED:
	case MADV_FREE:
		/* what is there is thrown away, holes or not */
		return inside ? vm_discard(me->vm, addr, size) : err;
	case MADV_DONTFORK:
		return err ? err : vm_mark(me->vm, addr, size, 0, VM_DONT_FORK);
	case MADV_DOFORK:
		return err ? err : vm_mark(me->vm, addr, size, VM_DONT_FORK, 0);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return err ? err : vm_populate(me->vm, addr, size);
	default:
		return -EINVAL;
	}
}

/* Linux: mincore(addr, len, vec): one byte for each page. */
int sys_mincore(struct thread *me, const uint32_t *arg)
{
	uint32_t addr = arg[0], to = arg[2], left;
	uint8_t there[256];
	int err;

	if (addr & PAGE_MASK)
		return -EINVAL;
	left = (arg[1] >> PAGE_SHIFT) + ((arg[1] & PAGE_MASK) != 0);
	if (left > (USER_TOP >> PAGE_SHIFT) ||
	    !user_range_ok(addr, left << PAGE_SHIFT))
		return -ENOMEM;
	while (left > 0) {
		uint32_t n = min_u32(left, sizeof(there));

		err = vm_resident_map(me->vm, addr, n, there);
		if (!err)
			err = user_copy_out(to, there, n);
		if (err)
			return err;
		addr += n << PAGE_SHIFT;
		to += n;
		left -= n;
	}
	return 0;
}

/* May `more` pages be locked beyond those that are? -EPERM: may not lock at
 * all; -ENOMEM: more than the limit. */
static int lock_allowed(struct thread *me, uint32_t more)
{
	uint64_t limit = me->proc->limit[RLIMIT_MEMLOCK].cur;
	uint64_t pages = (uint64_t)me->vm->locked + more;

	assert(me->vm->locked <= me->vm->total_pages);
	if (pages << PAGE_SHIFT <= limit && limit != 0)
		return 0;
	if (priv_check(me->cred, PRIV_VM_MLOCK) == 0)
		return 0;
	return limit == 0 ? -EPERM : -ENOMEM;
}

/* mlock and its undoing round outwards to whole pages. */
static int lock_range(uint32_t start, uint32_t len, uint32_t *addr, uint32_t *size)
{
	*addr = align_down(start, PAGE_SIZE);
	if (len > UINT32_MAX - (start & PAGE_MASK))
		return -EINVAL;
	return range_in(*addr, len + (start & PAGE_MASK), size);
}

static int lock_memory(struct thread *me, uint32_t start, uint32_t len, bool now)
{
	uint32_t addr, size;
	int err = lock_range(start, len, &addr, &size);

	if (!err)
		err = lock_allowed(me, vm_unlocked_pages(me->vm, addr, size));
	if (!err && !all_mapped(me->vm, addr, size))
		err = -ENOMEM;
	if (!err)
		err = vm_mark(me->vm, addr, size, 0, VM_LOCKED);
	return err || !now ? err : vm_populate(me->vm, addr, size);
}

/* POSIX mlock(addr, len). Sleeps. */
int sys_mlock(struct thread *me, const uint32_t *arg)
{
	return lock_memory(me, arg[0], arg[1], true);
}

/* Linux: mlock2(addr, len, flags). Sleeps. */
int sys_mlock2(struct thread *me, const uint32_t *arg)
{
	enum { MLOCK_ONFAULT = 1 };

	if (arg[2] & ~MLOCK_ONFAULT)
		return -EINVAL;
	return lock_memory(me, arg[0], arg[1], arg[2] == 0);
}

int sys_munlock(struct thread *me, const uint32_t *arg)
{
	uint32_t addr, size;
	int err = lock_range(arg[0], arg[1], &addr, &size);

	if (!err && !all_mapped(me->vm, addr, size))
		err = -ENOMEM;
	return err ? err : vm_mark(me->vm, addr, size, VM_LOCKED, 0);
}

static void populate_all(struct vm *v)
{
	for (struct vm_map *m = vm_first(v); m;) {
		uint32_t end = m->end;

		/* What may not be touched is not there to be locked either */
		(void)!vm_populate(v, m->start, end - m->start);
		assert(end > 0 && end <= USER_TOP);
		m = vm_find(v, end - 1); /* filling it may have slept */
		m = m ? vm_next(m) : NULL;
	}
}

/* POSIX mlockall(flags). Sleeps. */
int sys_mlockall(struct thread *me, const uint32_t *arg)
{
	enum { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };
	uint32_t flags = arg[0];
	struct vm *v = me->vm;
	int err;

	if (flags == 0 || flags == MCL_ONFAULT ||
	    (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	err = lock_allowed(me, flags & MCL_CURRENT ? v->total_pages - v->locked : 0);
	if (!err && (flags & MCL_CURRENT))
		err = vm_mark(v, 0, USER_TOP, 0, VM_LOCKED);
	if (err)
		return err;
	v->lock_future = flags & MCL_FUTURE;
	if ((flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT)
		populate_all(v);
	return 0;
}

int sys_munlockall(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	me->vm->lock_future = false;
	return vm_mark(me->vm, 0, USER_TOP, VM_LOCKED, 0);
}

/* Linux: memfd_create(name, flags): a file that no directory knows. */
int sys_memfd_create(struct thread *me, const uint32_t *arg)
{
	enum { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, NAME_ROOM = 250 };
	static const char prefix[] = "memfd:";
	char name[sizeof(prefix) + NAME_ROOM];
	struct file *f;
	int err;

	if (arg[1] & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	memcpy(name, prefix, sizeof(prefix) - 1);
	err = user_string_in(name + sizeof(prefix) - 1, arg[0], NAME_ROOM);
	if (err < 0)
		return err == -ENAMETOOLONG ? -EINVAL : err;
	err = tmpfs_new_file(me->cred, name, 0, &f);
	if (err)
		return err;
	err = file_install(me->proc->files, f, 0, arg[1] & MFD_CLOEXEC,
			   me->proc->limit[RLIMIT_NOFILE].cur);
	if (err < 0)
		file_drop(f);
	return err;
}
