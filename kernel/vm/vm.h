/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm.h - the public face of room 5: address spaces, faults, and the only code
 * that touches user memory. Locks: the kernel lock; faults may sleep.
 */
#ifndef KERNEL_VM_VM_H
#define KERNEL_VM_VM_H

#include "kernel/base/abi/fs.h"
#include "kernel/mem/mem.h"
#include "kernel/proc/proc.h"

/* --- object.c: a row of pages with an owner: page cache, tmpfs, shm -------- */

struct vm_object;
struct vm_object_ops {
	/* Fill the fresh, held page. NULL: zero it. Sleeps. */
	int (*fill)(struct vm_object *o, struct page *p, uint32_t index);
	/* Instead: the page, which is not there, held and filled; and its
	 * neighbours, if it likes. Sleeps. */
	int (*get)(struct vm_object *o, uint32_t index, struct page **out);
	/* The held page is going to be written through a shared mapping: says
	 * PG_DIRTY and PG_PLACED when it has a place to be written to. An error is a
	 * SIGBUS. NULL: writes need not be noticed. Sleeps. */
	int (*dirty)(struct vm_object *o, struct page *p);
	/* The last reference is gone; the object's pages are freed after it. */
	void (*release)(struct vm_object *o);
};
struct vm_object {
	uint32_t refs;
	const struct vm_object_ops *ops; /* may be NULL: anonymous, zero filled */
	void *owner;			/* the inode, as a rule (not held) */
	struct prison *prison;		/* pays for the pages; held */
	bool cached;			/* copies of a medium's: see object.c */
	uint32_t page_count, dirty_count;
	uint32_t size_limit;		/* pages; faults beyond it: SIGBUS; at birth
					 * UINT32_MAX */
	void *radix;
	unsigned radix_height;
	struct list mappings;		/* vm_map.object_link */
	uint64_t serial;		/* never used twice */
};
int vm_object_new(struct prison *pays, const struct vm_object_ops *ops,
		  void *owner, struct vm_object **out) must_check;
void vm_object_hold(struct vm_object *o);
void vm_object_drop(struct vm_object *o);
/* The page held, filled; *out NULL and 0 when absent and !create. Sleeps. */
int vm_object_page(struct vm_object *o, uint32_t index, bool create,
		   struct page **out) must_check;
/* The page if it is there, not held: use before the next sleep. */
struct page *vm_object_peek(const struct vm_object *o, uint32_t index);
/* First page at or after index; *found its index. For SEEK_DATA, writeback. */
struct page *vm_object_next(const struct vm_object *o, uint32_t index,
			    uint32_t *found);
/* For who fills pages himself: ops->get, read-ahead. */
bool vm_object_has(const struct vm_object *o, uint32_t index);
int vm_object_add(struct vm_object *o, uint32_t index, unsigned want,
		  struct page **out) must_check;
int vm_object_insert(struct vm_object *o, uint32_t index,
		     struct page *p) must_check;
void vm_object_filled(struct page *p, int err);
int vm_object_wait(struct vm_object *o, uint32_t index,
		   struct page **out) must_check;	/* Sleeps. */
void vm_object_set_dirty(struct vm_object *o, struct page *p);
void vm_object_set_clean(struct vm_object *o, struct page *p);
struct page *vm_object_next_dirty(const struct vm_object *o, uint32_t index,
				  uint32_t *found);
void vm_object_write_protect(struct vm_object *o, uint32_t first, uint32_t count);
void vm_object_forget_clean(struct vm_object *o, uint32_t first, uint32_t end);
/* Drop pages first.. (to the end); unmaps them everywhere; zeroes the tail
 * of page first-1 from byte `tail` on when tail != 0. */
void vm_object_truncate(struct vm_object *o, uint32_t first, uint32_t tail);
void vm_object_remove(struct vm_object *o, uint32_t first, uint32_t count); /* punch */

/* --- lru.c: what can be had back when memory is short --------------------------- */

/* A cached page is used by a read or a write: the second time makes it one
 * that stays. */
static inline void vm_page_touch(struct page *p)
{
	p->flags |= p->flags & PG_TOUCHED ? PG_HOT : PG_TOUCHED;
}
uint32_t vm_lru_pages(void);		/* all pages of cached objects */
uint32_t vm_lru_active(void);		/* of them: used more than once */
/* kernel/fs sets it: waits for dirty pages to become clean; false: there are
 * none, or it did not help. Sleeps. */
extern bool (*vm_wait_for_clean)(void);

/* --- map.c, fault.c --------------------------------------------------------- */

struct vm_map;
struct vm_map_ops {	/* supplied by the owner of what is mapped */
	/* A new map with this owner: by vm_map, by fork, by a split. No sleep. */
	void (*open)(struct vm_map *m);
	void (*close)(struct vm_map *m);
	/* Only for maps without object: put the physical address of addr's
	 * page, or-ed with PTE_NOCACHE for a device, into *pte. No sleep. */
	int (*fault)(struct vm_map *m, uint32_t addr, uint32_t *pte);
	/* For /proc/PID/maps: a name like "/bin/sh", and dev and inode. */
	void (*describe)(struct vm_map *m, char *name, size_t size,
			 uint32_t *dev, uint32_t *ino);
};
enum {	/* vm_map.flags */
	VM_SHARED = 1, VM_STACK = 2, VM_LOCKED = 4, VM_DONT_FORK = 8,
	VM_HEAP = 16,
	VM_MAY_WRITE = 32, /* mprotect may add it: file was open for writing */
	VM_VDSO = 64, VM_DONT_EXPAND = 128,
};
struct vm_map {
	struct tree_node node;		/* in vm.maps, by start */
	struct vm *vm;
	uint32_t start, end;
	uint32_t prot, flags;
	struct vm_object *object;	/* NULL: private anonymous */
	uint32_t object_page;		/* object's (or owner's) page at start */
	struct list object_link;
	const struct vm_map_ops *ops;
	void *owner;			/* the file, held by ops->open */
	uint32_t gap;			/* free bytes below start (maptree.c) */
	uint32_t gap_max;		/* largest gap in the subtree of node */
};
struct vm {
	uint32_t refs;
	uint32_t *dir;			/* page directory, direct map */
	struct tree maps;
	struct vm_map *last_hit;
	struct prison *prison;		/* pays; held */
	uint32_t charged;		/* pages that it pays for */
	uint32_t total_pages, resident, locked, peak_resident;
	uint32_t data_pages, stack_pages, shared_resident;
	uint32_t map_count, table_count;
	bool lock_future;		/* mlockall: new maps are locked */
	/* From here on fork copies the values as they are. */
	uint32_t brk_start, brk_end;
	uint32_t stack_top, stack_limit;	/* bytes, from RLIMIT_STACK at exec */
	uint32_t arg_start, arg_end, env_start, env_end;
	uint32_t code_start, code_end, data_start, data_end;
	uint32_t vdso;			/* address of the image, or 0 */
	uint32_t mmap_top;		/* search downward from here */
	uint32_t auxv[48];		/* for /proc/PID/auxv */
	uint32_t auxv_count;
};
void vm_init(void);
int vm_new(struct prison *pays, struct vm **out) must_check;
uint64_t vm_charged(const struct vm *v);
void vm_payer_set(struct vm *v, struct prison *p);
int vm_fork(struct vm *from, struct vm **out) must_check; /* copy on write */
void vm_hold(struct vm *v);
void vm_drop(struct vm *v);		/* Sleeps (closes files). */
void vm_switch(struct vm *v);		/* load; lazy for NULL. For exec. */

struct vm_request {
	uint32_t addr, size;		/* hint or fixed place; size in bytes */
	uint32_t prot, flags;		/* PROT_*, VM_* */
	bool fixed, no_replace;
	struct vm_object *object;	/* a reference is taken, or NULL */
	uint32_t object_page;
	const struct vm_map_ops *ops;
	void *owner;
	uint64_t limit;			/* RLIMIT_AS in bytes */
};
int vm_map(struct vm *v, const struct vm_request *r, uint32_t *addr) must_check; /* Sleeps. */
int vm_unmap(struct vm *v, uint32_t addr, uint32_t size) must_check;	/* Sleeps. */
int vm_protect(struct vm *v, uint32_t addr, uint32_t size,
	       uint32_t prot) must_check;
int vm_remap(struct vm *v, uint32_t old, uint32_t old_size, uint32_t size,
	     uint32_t flags, uint32_t to, uint64_t limit, uint32_t *addr) must_check;
int vm_brk(struct vm *v, uint32_t to, uint64_t data_limit, uint64_t limit,
	   uint32_t *now) must_check;
int vm_discard(struct vm *v, uint32_t addr, uint32_t size) must_check; /* MADV_DONTNEED */
int vm_populate(struct vm *v, uint32_t addr, uint32_t size) must_check;
/* mlock, MADV_DONTFORK: VM_LOCKED, VM_DONT_FORK; the range is page aligned. */
int vm_mark(struct vm *v, uint32_t addr, uint32_t size, uint32_t clear,
	    uint32_t set) must_check;
uint32_t vm_unlocked_pages(struct vm *v, uint32_t addr, uint32_t size);
int vm_resident_map(struct vm *v, uint32_t addr, uint32_t pages,
		    uint8_t *out) must_check; /* mincore */
struct vm_map *vm_find(struct vm *v, uint32_t addr);	/* containing, or NULL */
struct vm_map *vm_find_above(struct vm *v, uint32_t addr); /* the first that ends above */
struct vm_map *vm_first(struct vm *v);
struct vm_map *vm_next(struct vm_map *m);
/*
 * A page fault of the current thread. 0: go on. Else the signal in *info is
 * filled (SIGSEGV, SIGBUS, or SIGKILL when memory is out). Sleeps.
 */
int vm_fault(struct vm *v, uint32_t addr, uint32_t error, uint32_t esp,
	     struct abi_siginfo *info) must_check;
/* --- futex.c, futex_pi.c: waiting on a word of user memory -------------------- */

/* The key of a user word: same for all who share the memory. */
struct vm_futex_key {
	uint64_t object;		/* serial of a shared mapping's, or 0: */
	struct vm *vm;			/* the word is this space's own */
	uint64_t offset;		/* in the object, or the address */
};
/* -EINVAL not 4-aligned, -EFAULT not mapped. */
int vm_futex_key(struct vm *v, uint32_t addr, bool private,
		 struct vm_futex_key *key) must_check;
/* deadline: arch_clock_ns, or SLEEP_FOREVER. 0; -EAGAIN *addr != val;
 * -ETIMEDOUT; -ERESTARTSYS, or -ERESTART_BLOCK (me->restart is set) when it
 * has a deadline. Sleeps. */
int vm_futex_wait(struct vm *v, uint32_t addr, uint32_t val, uint32_t bitset,
		  uint64_t deadline, bool private) must_check;
/* The number woken, at most count. */
int vm_futex_wake(struct vm *v, uint32_t addr, uint32_t count, uint32_t bitset,
		  bool private) must_check;
/* Wake `wake` of addr's sleepers, move `move` others to `to`; the number of
 * both. compare: only if *addr == val, else -EAGAIN. Sleeps. */
int vm_futex_requeue(struct vm *v, uint32_t addr, uint32_t wake, uint32_t move,
		     uint32_t to, bool compare, uint32_t val, bool private) must_check;
int vm_futex_wake_op(struct vm *v, uint32_t addr, uint32_t wake, uint32_t addr2,
		     uint32_t wake2, uint32_t op, bool private) must_check; /* Sleeps. */
/* Priority inheritance locks, without the inheritance. Sleep. */
int vm_futex_lock_pi(struct vm *v, uint32_t addr, uint64_t deadline, bool try,
		     bool private) must_check;
int vm_futex_unlock_pi(struct vm *v, uint32_t addr, bool private) must_check;
/* At the exit of the current thread t, before it drops its vm: its robust list
 * and the PI locks it dies with. Sleeps. */
void vm_futex_robust_exit(struct thread *t);

/* Another process's memory, for /proc/PID/cmdline, ptrace. Sleeps. */
int vm_peek(struct vm *v, uint32_t addr, void *to, uint32_t n) must_check;
void vm_forget_pages(struct vm_object *o, uint32_t first, uint32_t count); /* unmap everywhere */

/* --- user.c: the only way to user memory. All may sleep; none panics ------- */

static inline bool user_range_ok(uint32_t addr, size_t n)	/* below USER_TOP */
{
	return addr <= USER_TOP && n <= USER_TOP - addr;
}
/* -EFAULT. No bytes are fine at any address, as in Linux. */
static inline int must_check user_copy_in(void *to, uint32_t from, size_t n)
{
	if (n == 0)
		return 0;
	return user_range_ok(from, n) && !arch_copy_in(to, from, n) ? 0 : -EFAULT;
}
static inline int must_check user_copy_out(uint32_t to, const void *from, size_t n)
{
	if (n == 0)
		return 0;
	return user_range_ok(to, n) && !arch_copy_out(to, from, n) ? 0 : -EFAULT;
}
int user_clear(uint32_t to, size_t n) must_check;
int user_get32(uint32_t from, uint32_t *v) must_check;
int user_put32(uint32_t to, uint32_t v) must_check;
/* Atomic: if *to is expect it becomes set. *old is what was there. */
int user_cmpxchg32(uint32_t to, uint32_t expect, uint32_t set,
		   uint32_t *old) must_check;
/* NUL-terminated, at most size bytes with the NUL: length, or -EFAULT,
 * -ENAMETOOLONG. */
int user_string_in(char *to, uint32_t from, size_t size) must_check;

/* A scatter list in user or kernel memory, consumed from the front. */
struct user_io {
	bool kernel;			/* base are kernel addresses */
	struct abi_iovec *iov, one;
	unsigned count;
	uint32_t left;			/* bytes in all */
	struct abi_iovec *all;		/* to be freed, or NULL */
};
enum { IO_TOTAL_MAX = 0x7ffff000 };	/* bytes in one call, as Linux */
static inline void user_io_single(struct user_io *io, uint32_t base, uint32_t len)
{
	io->kernel = false;		/* user memory */
	io->one.base = base;
	io->one.len = min_u32(len, IO_TOTAL_MAX);
	io->iov = &io->one;
	io->all = NULL;
	io->count = 1;
	io->left = io->one.len;
}
void user_io_kernel(struct user_io *io, void *base, uint32_t len);
/* Copies the iovec array in (freed by user_io_done); -EINVAL, -EFAULT, -ENOMEM */
int user_io_vector(struct user_io *io, uint32_t iov, uint32_t count) must_check;
void user_io_done(struct user_io *io);
/* From the list into `to` / from `from` into the list; bytes moved, which is
 * less than n only at the end of the list; -EFAULT when none could be moved. */
int user_io_take(struct user_io *io, void *to, uint32_t n) must_check;
int user_io_give(struct user_io *io, const void *from, uint32_t n) must_check;
int user_io_zero(struct user_io *io, uint32_t n) must_check;
/* The same of bytes that do not move: the next n are passed over. */
int user_io_skip(struct user_io *io, uint32_t n) must_check;

#endif
