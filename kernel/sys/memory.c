/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - the shape of an address space: mmap and its kin, brk.
 *
 * The rules of arguments are here, in Linux's order, so that the same mistake
 * gives the same error; the deeds are in kernel/vm.
 */
#include "kernel/sys/calls_core.h"

enum { PROT_SEM = 8, PROT_RWX = PROT_READ | PROT_WRITE | PROT_EXEC };
struct mmap_request {
	uint32_t addr, size, prot, flags;
	int fd;
	uint32_t page;	/* offset in pages */
};

static uint64_t limit_of(const struct thread *me, int which)
{
	return me->proc->limit[which].cur;
}

/* Shared memory without a file: an object that only its maps hold. */
static int map_shared_anonymous(struct thread *me, struct vm_request *r)
{
	assert((r->flags & VM_SHARED) && !r->object);
	r->flags |= VM_MAY_WRITE;
	return vm_object_new(me->cred->prison, NULL, NULL, &r->object);
}

static int flags_check(const struct mmap_request *q)
{
	uint32_t type = q->flags & MAP_TYPE;
	uint32_t fixed = MAP_FIXED | MAP_FIXED_NOREPLACE;

	if (q->size == 0)
		return -EINVAL;
	if (align_up(q->size, PAGE_SIZE) == 0)
		return -ENOMEM;
	if (q->page + (align_up(q->size, PAGE_SIZE) >> PAGE_SHIFT) < q->page)
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (q->flags & MAP_ANONYMOUS))
		return -EINVAL;
	if ((q->flags & fixed) && (q->addr & PAGE_MASK))
		return -EINVAL;
	return 0;
}

/* -EPERM: may not lock at all; -EAGAIN: more than the limit. */
static int lock_check(struct thread *me, uint32_t size)
{
	uint64_t limit = limit_of(me, RLIMIT_MEMLOCK);
	uint64_t locked = (uint64_t)me->vm->locked << PAGE_SHIFT;

	bool may = limit != 0 || me->vm->lock_future;

	if (may && locked + size <= limit)
		return 0;
	if (priv_check(me->cred, PRIV_VM_MLOCK) == 0)
		return 0;
	return may ? -EAGAIN : -EPERM;
}

/* Fills r for q, but for the file; *made: r->object is ours to drop. */
static int request_fill(struct thread *me, const struct mmap_request *q,
			struct vm_request *r)
{
	int err = flags_check(q);

	if (err)
		return err;
	*r = (struct vm_request){
		.addr = align_down(q->addr, PAGE_SIZE),
		.size = align_up(q->size, PAGE_SIZE),
		.prot = q->prot & PROT_RWX,
		.fixed = q->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
		.no_replace = q->flags & MAP_FIXED_NOREPLACE,
		.limit = limit_of(me, RLIMIT_AS),
	};
	assert(r->size >= q->size);
	if ((q->flags & MAP_TYPE) != MAP_PRIVATE)
		r->flags |= VM_SHARED;
	if ((q->flags & MAP_LOCKED) || me->vm->lock_future) {
		err = lock_check(me, r->size);
		r->flags |= VM_LOCKED;
	}
	return err;
}

static int map_it(struct thread *me, struct vm_request *r,
		  const struct mmap_request *q)
{
	uint32_t at;
	int err = vm_map(me->vm, r, &at);

	assert(r->size > 0 && ((r->addr | r->size) & PAGE_MASK) == 0);
	if (err)
		return err;
	/* A page that cannot be had now is a matter for its first use. */
	if ((r->flags & VM_LOCKED) ||
	    (q->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		(void)!vm_populate(me->vm, at, r->size);
	return at;
}

static int map_anonymous(struct thread *me, const struct mmap_request *q)
{
	struct vm_request r;
	int err = request_fill(me, q, &r);

	if (err)
		return err;
	if (!(r.flags & VM_SHARED)) {
		r.flags |= VM_MAY_WRITE;
		return map_it(me, &r, q);
	}
	err = map_shared_anonymous(me, &r);
	if (err)
		return err;
	err = map_it(me, &r, q);
	vm_object_drop(r.object);
	return err;
}

static int map_descriptor(struct thread *me, const struct mmap_request *q)
{
	struct file *f = file_get(me->proc->files, q->fd, FILE_ANY);
	struct vm_request r;
	int err;

	if (!f)
		return -EBADF;
	err = request_fill(me, q, &r);
	r.object_page = q->page;
	if (!err)
		err = file_map(f, &r);
	if (!err)
		err = map_it(me, &r, q);
	file_drop(f);
	return err;
}

static int map(struct thread *me, const struct mmap_request *q)
{
	if (q->flags & MAP_ANONYMOUS)
		return map_anonymous(me, q);
	return map_descriptor(me, q);
}

/* Linux: mmap2(addr, size, prot, flags, fd, page). The address. Sleeps. */
int sys_mmap2(struct thread *me, const uint32_t *arg)
{
	struct mmap_request q = { arg[0], arg[1], arg[2], arg[3], arg[4],
				  arg[5] };

	return map(me, &q);
}

/* Linux: the old mmap, with all its arguments in memory. */
int sys_mmap(struct thread *me, const uint32_t *arg)
{
	uint32_t a[6];
	int err = user_copy_in(a, arg[0], sizeof(a));

	if (err)
		return err;
	if (a[5] & PAGE_MASK)
		return -EINVAL;
	struct mmap_request q = { a[0], a[1], a[2], a[3], a[4],
				  a[5] >> PAGE_SHIFT };
	return map(me, &q);
}

/* POSIX munmap(addr, size). Sleeps. */
int sys_munmap(struct thread *me, const uint32_t *arg)
{
	uint32_t addr = arg[0], size = align_up(arg[1], PAGE_SIZE);

	if ((addr & PAGE_MASK) || size == 0 || !user_range_ok(addr, size))
		return -EINVAL;
	return vm_unmap(me->vm, addr, size);
}

/* POSIX mprotect(addr, size, prot). */
int sys_mprotect(struct thread *me, const uint32_t *arg)
{
	const uint32_t grows = PROT_GROWSDOWN | PROT_GROWSUP;
	uint32_t addr = arg[0], size = align_up(arg[1], PAGE_SIZE);
	uint32_t prot = arg[2];
	struct vm_map *m;

	if ((prot & grows) == grows || (addr & PAGE_MASK))
		return -EINVAL;
	if (arg[1] == 0)
		return 0;
	if (size == 0 || addr + size < addr)
		return -ENOMEM;
	if (prot & ~(PROT_RWX | PROT_SEM | grows))
		return -EINVAL;
	if (!user_range_ok(addr, size))
		return -ENOMEM;
	if (prot & grows) { /* from the beginning of the stack's map */
		m = vm_find(me->vm, addr);
		if (!m)
			return -ENOMEM;
		if (!(prot & PROT_GROWSDOWN) || !(m->flags & VM_STACK))
			return -EINVAL;
		size += addr - m->start;
		addr = m->start;
	}
	return vm_protect(me->vm, addr, size, prot & PROT_RWX);
}

/* Linux: mremap(old, old_size, size, flags, to). The address. Sleeps. */
int sys_mremap(struct thread *me, const uint32_t *arg)
{
	uint32_t old = arg[0], old_size = align_up(arg[1], PAGE_SIZE);
	uint32_t size = align_up(arg[2], PAGE_SIZE), flags = arg[3];
	uint32_t to = arg[4], at;
	int err;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((old & PAGE_MASK) || size == 0)
		return -EINVAL;
	if (flags & MREMAP_FIXED) {
		if ((to & PAGE_MASK) || !user_range_ok(to, size))
			return -EINVAL;
		if (old < to + size && to < old + old_size)
			return -EINVAL; /* the two overlap */
	}
	err = vm_remap(me->vm, old, old_size, size, flags, to,
		       limit_of(me, RLIMIT_AS), &at);
	return err ? err : (int)at;
}

/* Linux: brk(to): the end of the heap, moved or not. */
int sys_brk(struct thread *me, const uint32_t *arg)
{
	uint32_t now = me->vm->brk_end;

	assert(me->vm->brk_start <= now);
	/* A refusal shows in the answer: the old end. */
	(void)!vm_brk(me->vm, arg[0], limit_of(me, RLIMIT_DATA),
		      limit_of(me, RLIMIT_AS), &now);
	return now;
}
