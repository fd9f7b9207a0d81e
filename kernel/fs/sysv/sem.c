/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sem.c - System V semaphore sets.
 *
 * Operations are tried one after the other; if one cannot be done, those
 * before it are taken back, and the thread waits on the list of that one
 * semaphore (lack: too low; nonzero). Whoever changes a value does the
 * operations of those it lets go on, in the order they came, and wakes them
 * with the result: nobody wakes up in vain.
 *
 * Invariant: on the lists are only waits that could not be done when they, or
 * that semaphore, last changed. Locks: the kernel lock; only waiting sleeps.
 */
#include "kernel/fs/sysv/inner.h"

enum { SEMAEM = 32767, BLOCKED = 1 };

struct sem_wait {
	struct list link;	/* sem.lack or sem.nonzero, or alone */
	struct thread *thread;
	const struct abi_sembuf *op, *blocked; /* blocked: the one that cannot */
	unsigned n;
	struct sem_undo *undo;	/* NULL: none of them has SEM_UNDO */
	int pid;
	bool done;
	int result;
};

static struct sem_set *set_of(struct ipc_object *o)
{
	return container_of(o, struct sem_set, base);
}

static size_t set_size(unsigned count)
{
	return offsetof(struct sem_set, sem) + count * sizeof(struct sem);
}

/* --- operations --------------------------------------------------------- */

/* Takes back the first n operations, the last one first. */
static void take_back(struct sem_set *set, const struct sem_wait *w, unsigned n)
{
	while (n--) {
		const struct abi_sembuf *op = &w->op[n];

		set->sem[op->num].value -= op->op;
		assert(set->sem[op->num].value >= 0);
		if (op->flags & SEM_UNDO)
			w->undo->adjust[op->num] += op->op;
	}
}

/* One operation: 0, BLOCKED, -ERANGE. */
static int try_one(struct sem_set *set, struct sem_wait *w, const struct abi_sembuf *op)
{
	struct sem *s = &set->sem[op->num];
	int value = s->value + op->op, adjust;

	assert(op->num < set->count && s->value >= 0 && s->value <= IPC_SEMVMX);
	if ((op->op == 0 && s->value != 0) || value < 0)
		return BLOCKED;
	if (value > IPC_SEMVMX)
		return -ERANGE;
	if (op->flags & SEM_UNDO) {
		assert(w->undo && w->undo->set == set);
		adjust = w->undo->adjust[op->num] - op->op;
		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
		w->undo->adjust[op->num] = (int16_t)adjust;
	}
	s->value = value;
	return 0;
}

static void mark_changed(struct sem_set *set, struct sem *s)
{
	if (list_empty(&s->changed))
		list_append(&set->changed, &s->changed);
}

/* All or none: 0, BLOCKED, -ERANGE, -EAGAIN. What changed is marked. */
static int try_all(struct sem_set *set, struct sem_wait *w)
{
	int err = 0;

	for (unsigned i = 0; i < w->n; i++) {
		err = try_one(set, w, &w->op[i]);
		if (!err)
			continue;
		take_back(set, w, i);
		w->blocked = &w->op[i];
		if (err == BLOCKED && (w->op[i].flags & IPC_NOWAIT))
			err = -EAGAIN;
		return err;
	}
	for (unsigned i = 0; i < w->n; i++) {
		struct sem *s = &set->sem[w->op[i].num];

		s->pid = w->pid;
		if (w->op[i].op != 0)
			mark_changed(set, s);
	}
	set->otime = now_seconds();
	return 0;
}

static struct list *wait_list(struct sem_set *set, const struct abi_sembuf *op)
{
	struct sem *s = &set->sem[op->num];

	return op->op == 0 ? &s->nonzero : &s->lack;
}

static void wait_end(struct sem_wait *w, int result)
{
	assert(!w->done);
	list_remove(&w->link);
	w->done = true;
	w->result = result;
	sleep_unblock(w->thread);
}

/* Those waiting on this list, in order; for lack, while there is anything. */
static void settle_list(struct sem_set *set, const struct sem *s, struct list *waits)
{
	list_each_safe(l, waits) {
		struct sem_wait *w = list_entry(l, struct sem_wait, link);
		struct list *to;
		int err;

		if ((s->value == 0) != (waits == &s->nonzero))
			break;
		err = try_all(set, w);
		if (err != BLOCKED) {
			wait_end(w, err);
			continue;
		}
		to = wait_list(set, w->blocked);
		if (to != waits) {
			list_remove(&w->link);
			list_append(to, &w->link);
		}
	}
}

/* After changes: whoever can go on now does. */
void sem_settle(struct sem_set *set)
{
	struct list *l;

	while ((l = list_first(&set->changed))) {
		struct sem *s = list_entry(l, struct sem, changed);

		list_remove(l);
		assert(s >= set->sem && s < set->sem + set->count);
		if (s->value == 0)
			settle_list(set, s, &s->nonzero);
		else
			settle_list(set, s, &s->lack);
	}
}

/* Waits until somebody has done it: 0, -EAGAIN (the time is up), -EINTR,
 * -EIDRM. */
static int wait_for(struct sem_set *set, struct sem_wait *w, uint64_t deadline)
{
	int err = 0;

	assert(w->thread == thread_current() && w->blocked);
	list_append(wait_list(set, w->blocked), &w->link);
	w->thread->wake_pending = false;	/* from a wait of long ago */
	while (!w->done && !err)
		err = sleep_block(SLEEP_SIGNAL, deadline);
	if (w->done)
		return w->result;
	list_remove(&w->link);
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

/* Is every number one of the set's? What do the operations need? */
static int ops_check(const struct sem_set *set, const struct abi_sembuf *op,
		     unsigned n, bool *alter, bool *undo)
{
	*alter = *undo = false;
	for (unsigned i = 0; i < n; i++) {
		if (op[i].num >= set->count)
			return -EFBIG;
		*alter |= op[i].op != 0;
		*undo |= (op[i].flags & SEM_UNDO) != 0;
	}
	return 0;
}

/* POSIX semop, Linux semtimedop. -EINVAL, -EIDRM, -EFBIG, -EACCES, -EAGAIN,
 * -EINTR, -ERANGE, -ENOMEM. */
int ipc_sem_op(struct thread *me, int id, const struct abi_sembuf *op, unsigned n,
	       uint64_t deadline)
{
	struct sem_wait w = { .thread = me, .op = op, .n = n,
			      .pid = me->proc->pid };
	struct ipc_object *o;
	struct sem_set *set;
	bool alter, undo;
	int err = object_find(&sem_kind, me->cred, id, &o);

	assert(n > 0 && n <= IPC_SEMOPM);
	if (err)
		return err;
	set = set_of(o);
	err = ops_check(set, op, n, &alter, &undo);
	if (!err)
		err = object_may(o, me->cred, alter ? IPC_WRITE : IPC_READ);
	if (!err && undo)
		err = undo_find(me, set, &w.undo);
	if (err)
		return err;
	list_init(&w.link);
	err = try_all(set, &w);
	if (err == BLOCKED)
		return wait_for(set, &w, deadline);
	sem_settle(set);
	return err;
}

/* --- birth and death ---------------------------------------------------- */

static void sem_begin(struct sem *s)
{
	s->value = s->pid = 0;
	list_init(&s->lack);
	list_init(&s->nonzero);
	list_init(&s->changed);
}

static int set_make(const struct cred *who, int key, int count, int flags)
{
	struct sem_set *set;
	int err;

	if (count <= 0 || count > SEMMSL)
		return -EINVAL;
	set = charged_alloc(who->prison, set_size(count));
	if (!set)
		return -ENOMEM;
	memset(set, 0, sizeof *set);
	set->count = count;
	list_init(&set->undos);
	list_init(&set->changed);
	for (int i = 0; i < count; i++)
		sem_begin(&set->sem[i]);
	err = object_enter(&sem_kind, &set->base, who, key, flags);
	if (err) {
		charged_free(who->prison, set, set_size(count));
		return err;
	}
	return set->base.id;
}

static void end_waits(struct list *waits)
{
	struct list *l;

	while ((l = list_first(waits)))
		wait_end(list_entry(l, struct sem_wait, link), -EIDRM);
}

static void set_free(struct sem_set *set)
{
	struct prison *p = set->base.prison;
	struct list *l;

	for (unsigned i = 0; i < set->count; i++) {
		end_waits(&set->sem[i].lack);
		end_waits(&set->sem[i].nonzero);
	}
	while ((l = list_first(&set->undos)))
		undo_forget(list_entry(l, struct sem_undo, of_set));
	object_leave(&sem_kind, &set->base);
	charged_free(p, set, set_size(set->count));
	prison_drop(p);
}

/* POSIX semget. -EINVAL, -ENOENT, -EEXIST, -EACCES, -ENOSPC, -ENOMEM. */
int ipc_sem_get(const struct cred *who, int key, int count, int flags)
{
	struct ipc_object *o;
	int err;

	if (count < 0 || count > SEMMSL)
		return -EINVAL;
	err = object_get(&sem_kind, who, key, flags, &o);
	if (err == -ENOENT && (key == IPC_PRIVATE || (flags & IPC_CREAT)))
		return set_make(who, key, count, flags);
	if (err)
		return err;
	if ((unsigned)count > set_of(o)->count)
		return -EINVAL;
	err = object_may(o, who, flags & IPC_MODE);
	return err ? err : o->id;
}

/* --- control ------------------------------------------------------------ */

int ipc_sem_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_semid_ds *out)
{
	struct ipc_object *o;
	int err = object_stat(&sem_kind, who, by, id, &o);
	const struct sem_set *set;

	if (err)
		return err;
	set = set_of(o);
	*out = (struct abi_semid_ds){
		.otime = (uint32_t)set->otime, .otime_high = set->otime >> 32,
		.ctime = (uint32_t)o->ctime, .ctime_high = o->ctime >> 32,
		.count = set->count,
	};
	object_perm_get(o, &out->perm);
	return o->id;
}

int ipc_sem_set(const struct cred *who, int id, const struct abi_semid_ds *to)
{
	struct ipc_object *o;
	int err = object_own(&sem_kind, who, id, &o);

	return err ? err : object_perm_set(o, &to->perm);
}

void sem_end(struct ipc_object *o)
{
	set_free(set_of(o));
}

int ipc_sem_remove(const struct cred *who, int id)
{
	struct ipc_object *o;
	int err = object_own(&sem_kind, who, id, &o);

	if (!err)
		sem_end(o);
	return err;
}

static int count_waits(struct list *waits)
{
	int n = 0;

	list_each(l, waits)
		n++;
	return n;
}

int ipc_sem_query(const struct cred *who, int id, int num, int cmd)
{
	struct ipc_object *o;
	int err = object_use(&sem_kind, who, id, IPC_READ, &o);
	struct sem *s;

	if (err)
		return err;
	if (num < 0 || (unsigned)num >= set_of(o)->count)
		return -EINVAL;
	s = &set_of(o)->sem[num];
	switch (cmd) {
	case GETVAL:
		return s->value;
	case GETPID:
		return s->pid;
	case GETNCNT:
		return count_waits(&s->lack);
	default:
		assert(cmd == GETZCNT);
		return count_waits(&s->nonzero);
	}
}

/* A new value by SETVAL, SETALL: what was to be undone there is forgotten. */
static void value_set(struct sem_set *set, unsigned num, int value, int pid)
{
	struct sem *s = &set->sem[num];

	assert(num < set->count && value >= 0 && value <= IPC_SEMVMX);
	list_each(l, &set->undos)
		list_entry(l, struct sem_undo, of_set)->adjust[num] = 0;
	s->value = value;
	s->pid = pid;
	mark_changed(set, s);
}

int ipc_sem_set_value(struct thread *me, int id, int num, int value)
{
	struct ipc_object *o;
	int err;

	if (value < 0 || value > IPC_SEMVMX)
		return -ERANGE;
	err = object_find(&sem_kind, me->cred, id, &o);
	if (err)
		return err;
	if (num < 0 || (unsigned)num >= set_of(o)->count)
		return -EINVAL;
	err = object_may(o, me->cred, IPC_WRITE);
	if (err)
		return err;
	value_set(set_of(o), num, value, me->proc->pid);
	o->ctime = now_seconds();
	sem_settle(set_of(o));
	return 0;
}

int ipc_sem_count(const struct cred *who, int id, bool change)
{
	struct ipc_object *o;
	int err = object_use(&sem_kind, who, id, change ? IPC_WRITE : IPC_READ, &o);

	return err ? err : (int)set_of(o)->count;
}

int ipc_sem_get_all(const struct cred *who, int id, uint16_t *value, unsigned count)
{
	struct ipc_object *o;
	int err = object_use(&sem_kind, who, id, IPC_READ, &o);

	if (err)
		return err;
	if (set_of(o)->count != count)
		return -EIDRM;
	for (unsigned i = 0; i < count; i++)
		value[i] = (uint16_t)set_of(o)->sem[i].value;
	return 0;
}

int ipc_sem_set_all(struct thread *me, int id, const uint16_t *value, unsigned count)
{
	struct ipc_object *o;
	int err = object_use(&sem_kind, me->cred, id, IPC_WRITE, &o);

	if (err)
		return err;
	if (set_of(o)->count != count)
		return -EIDRM;
	for (unsigned i = 0; i < count; i++)
		if (value[i] > IPC_SEMVMX)
			return -ERANGE;
	for (unsigned i = 0; i < count; i++)
		value_set(set_of(o), i, value[i], me->proc->pid);
	o->ctime = now_seconds();
	sem_settle(set_of(o));
	return 0;
}

/* At the end of a process: its undo, as far as the value allows. */
void sem_adjust(struct sem_set *set, unsigned num, int by)
{
	struct sem *s = &set->sem[num];

	assert(num < set->count);
	s->value = (int)min_s64(IPC_SEMVMX, s->value + by);
	if (s->value < 0)
		s->value = 0;
	s->pid = thread_current()->proc->pid;
	mark_changed(set, s);
}

int ipc_sem_limits(const struct cred *who, bool usage, struct abi_seminfo *out)
{
	unsigned index = 0, sems = 0, sets;
	struct ipc_object *o;
	int highest;

	*out = (struct abi_seminfo){
		.semmap = SEMMNS, .semmni = SEMMNI, .semmns = SEMMNS,
		.semmnu = SEMMNS, .semmsl = SEMMSL, .semopm = IPC_SEMOPM,
		.semume = IPC_SEMOPM, .semusz = 20, .semvmx = IPC_SEMVMX,
		.semaem = SEMAEM,
	};
	sets = object_count(&sem_kind, who, &highest);
	if (usage) {
		while ((o = object_next(&sem_kind, who, &index)))
			sems += set_of(o)->count;
		out->semusz = sets;
		out->semaem = sems;
	}
	return highest;
}
