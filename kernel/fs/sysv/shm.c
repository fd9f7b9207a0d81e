/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shm.c - System V shared memory: a vm_object that has a number.
 *
 * Each map of it counts as attached. A segment that is removed loses its key
 * at once and goes with the last map (Linux shmctl(2)); until then it can
 * still be attached by its number. Its pages are paid for by the prison of its
 * maker, each when it is first touched.
 *
 * Locks: the kernel lock; only attaching and detaching sleep.
 */
#include "kernel/fs/sysv/inner.h"

/* The largest segment: all of memory, and no more than a space can show. */
uint32_t shm_max(void)
{
	return page_count < USER_TOP >> PAGE_SHIFT ? page_count << PAGE_SHIFT :
						     USER_TOP - PAGE_SIZE;
}

static struct shm *shm_of(struct ipc_object *o)
{
	return container_of(o, struct shm, base);
}

/* --- birth and death ---------------------------------------------------- */

static int shm_make(const struct cred *who, int key, uint32_t size, int flags)
{
	struct shm *s;
	int err;

	if (size == 0 || size > shm_max() || (flags & SHM_HUGETLB))
		return -EINVAL;
	s = charged_alloc(who->prison, sizeof *s);
	if (!s)
		return -ENOMEM;
	memset(s, 0, sizeof *s);
	s->size = size;
	s->cpid = thread_current()->proc->pid;
	err = vm_object_new(who->prison, NULL, NULL, &s->object);
	if (err)
		goto no_object;
	s->object->size_limit = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
	err = object_enter(&shm_kind, &s->base, who, key, flags);
	if (err)
		goto no_place;
	return s->base.id;
no_place:
	vm_object_drop(s->object);
no_object:
	charged_free(who->prison, s, sizeof *s);
	return err;
}

static void shm_free(struct shm *s)
{
	struct prison *p = s->base.prison;

	assert(s->attached == 0);
	assert(p && s->object);
	object_leave(&shm_kind, &s->base);
	vm_object_drop(s->object);
	charged_free(p, s, sizeof *s);
	prison_drop(p);
}

/* One attachment less. */
static void shm_let_go(struct shm *s)
{
	assert(s->attached > 0);
	if (--s->attached == 0 && (s->base.mode & SHM_DEST))
		shm_free(s);
}

/* POSIX shmget. -EINVAL, -ENOENT, -EEXIST, -EACCES, -ENOSPC, -ENOMEM. */
int ipc_shm_get(const struct cred *who, int key, uint32_t size, int flags)
{
	struct ipc_object *o;
	int err = object_get(&shm_kind, who, key, flags, &o);

	if (err == -ENOENT && (key == IPC_PRIVATE || (flags & IPC_CREAT)))
		return shm_make(who, key, size, flags);
	if (err)
		return err;
	if (size > shm_of(o)->size)
		return -EINVAL;
	err = object_may(o, who, flags & IPC_MODE);
	return err ? err : o->id;
}

/* --- maps --------------------------------------------------------------- */

static void map_open(struct vm_map *m)
{
	struct shm *s = m->owner;

	assert(s->object == m->object);
	s->attached++;
	s->atime = now_seconds();
	s->lpid = thread_current()->proc->pid;
}

static void map_close(struct vm_map *m)
{
	struct shm *s = m->owner;

	assert(s->object == m->object);
	s->dtime = now_seconds();
	s->lpid = thread_current()->proc->pid;
	shm_let_go(s);
}

static void map_describe(struct vm_map *m, char *name, size_t size,
			 uint32_t *dev, uint32_t *ino)
{
	const struct shm *s = m->owner;

	str_format(name, size, "/SYSV%08x (deleted)", s->base.key);
	*dev = 1;
	*ino = s->base.id;
}

static const struct vm_map_ops shm_map_ops = {
	.open = map_open,
	.close = map_close,
	.describe = map_describe,
};

/* Where: as Linux's shmat decides from addr and flags. */
static int place_check(uint32_t addr, int flags, struct vm_request *r)
{
	if (addr & PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		addr = align_down(addr, PAGE_SIZE);
	}
	if (addr == 0 && (flags & SHM_REMAP))
		return -EINVAL;
	r->addr = addr;
	r->fixed = addr != 0;
	r->no_replace = !(flags & SHM_REMAP);
	return 0;
}

/* POSIX shmat. -EINVAL, -EIDRM, -EACCES, -ENOMEM. */
int ipc_shm_attach(struct thread *me, int id, uint32_t addr, int flags,
		   uint32_t *at)
{
	bool write = !(flags & SHM_RDONLY);
	struct vm_request r = {
		.prot = PROT_READ | (write ? PROT_WRITE : 0) |
			(flags & SHM_EXEC ? PROT_EXEC : 0),
		.flags = VM_SHARED | (write ? VM_MAY_WRITE : 0),
		.ops = &shm_map_ops,
		.limit = me->proc->limit[RLIMIT_AS].cur,
	};
	struct ipc_object *o;
	struct shm *s;
	int err = place_check(addr, flags, &r);

	if (!err)
		err = object_use(&shm_kind, me->cred, id,
				 IPC_READ | (write ? IPC_WRITE : 0) |
				 (flags & SHM_EXEC ? IPC_EXEC : 0), &o);
	if (err)
		return err;
	s = shm_of(o);
	r.owner = s;
	r.object = s->object;
	r.size = align_up(s->size, PAGE_SIZE);
	s->attached++;		/* over the sleep */
	err = vm_map(me->vm, &r, at);
	shm_let_go(s);
	return err == -EEXIST ? -EINVAL : err;
}

/* Is m a piece of the attachment that began at addr? */
static bool is_piece(const struct vm_map *m, uint32_t addr)
{
	return m->ops == &shm_map_ops && m->start >= addr &&
	       m->start - addr == m->object_page << PAGE_SHIFT;
}

/* POSIX shmdt: all that is left of the attachment at addr. -EINVAL. */
int ipc_shm_detach(struct thread *me, uint32_t addr)
{
	const struct shm *s = NULL;	/* only compared: it goes with its last map */
	uint32_t at = addr, last = USER_TOP;
	struct vm_map *m;
	int err = 0;

	if (addr & PAGE_MASK)
		return -EINVAL;
	while (!err && (m = vm_find_above(me->vm, at)) && m->start < last) {
		at = m->end;
		if (!is_piece(m, addr) || (s && m->owner != s))
			continue;
		if (!s) {
			s = m->owner;
			last = addr + align_up(s->size, PAGE_SIZE);
		}
		err = vm_unmap(me->vm, m->start, m->end - m->start);
	}
	return s ? err : -EINVAL;
}

/* --- control ------------------------------------------------------------ */

/* The id; by index too. -EINVAL, -EIDRM, -EACCES. */
int ipc_shm_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_shmid_ds *out)
{
	struct ipc_object *o;
	int err = object_stat(&shm_kind, who, by, id, &o);
	const struct shm *s;

	if (err)
		return err;
	s = shm_of(o);
	*out = (struct abi_shmid_ds){
		.size = s->size,
		.atime = (uint32_t)s->atime, .atime_high = s->atime >> 32,
		.dtime = (uint32_t)s->dtime, .dtime_high = s->dtime >> 32,
		.ctime = (uint32_t)o->ctime, .ctime_high = o->ctime >> 32,
		.cpid = s->cpid, .lpid = s->lpid, .attached = s->attached,
	};
	object_perm_get(o, &out->perm);
	return o->id;
}

int ipc_shm_set(const struct cred *who, int id, const struct abi_shmid_ds *to)
{
	struct ipc_object *o;
	int err = object_own(&shm_kind, who, id, &o);

	return err ? err : object_perm_set(o, &to->perm);
}

/* Nobody attaches it any more; it goes when the last has let go of it. */
void shm_end(struct ipc_object *o)
{
	object_hide(&shm_kind, o);
	o->mode |= SHM_DEST;
	if (shm_of(o)->attached == 0)
		shm_free(shm_of(o));
}

int ipc_shm_remove(const struct cred *who, int id)
{
	struct ipc_object *o;
	int err = object_own(&shm_kind, who, id, &o);

	if (!err)
		shm_end(o);
	return err;
}

/* SHM_LOCK, SHM_UNLOCK: nothing is ever paged out, so it is only noted. */
int ipc_shm_lock(struct thread *me, int id, bool lock)
{
	const struct cred *who = me->cred;
	struct ipc_object *o;
	int err = object_find(&shm_kind, who, id, &o);

	if (err)
		return err;
	if ((who->euid != o->uid && who->euid != o->cuid) ||
	    (lock && me->proc->limit[RLIMIT_MEMLOCK].cur == 0)) {
		err = priv_check(who, PRIV_VM_MLOCK);
		if (err)
			return err;
	}
	o->mode = lock ? o->mode | SHM_LOCKED : o->mode & ~(uint32_t)SHM_LOCKED;
	return 0;
}

int ipc_shm_limits(const struct cred *who, struct abi_shminfo *out)
{
	int highest;

	object_count(&shm_kind, who, &highest);
	*out = (struct abi_shminfo){
		.shmmax = shm_max(), .shmmin = 1, .shmmni = SHMMNI,
		.shmseg = SHMMNI, .shmall = page_count,
	};
	return highest;
}

int ipc_shm_usage(const struct cred *who, struct abi_shm_info *out)
{
	unsigned index = 0;
	struct ipc_object *o;
	int highest;

	*out = (struct abi_shm_info){ 0 };
	out->used_ids = object_count(&shm_kind, who, &highest);
	while ((o = object_next(&shm_kind, who, &index))) {
		out->total += align_up(shm_of(o)->size, PAGE_SIZE) >> PAGE_SHIFT;
		out->resident += shm_of(o)->object->page_count;
	}
	return highest;
}
