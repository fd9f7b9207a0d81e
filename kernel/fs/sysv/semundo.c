/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * semundo.c - SEM_UNDO: what a process has done to semaphores, to be taken back
 * when it ends.
 *
 * A list per process, shared by clone(CLONE_SYSVSEM); in it an entry per set,
 * made at the first operation with SEM_UNDO. It is undone when the last
 * process of the list leaves. Invariant: an entry is on the list of its
 * process and on that of its set. Locks: the kernel lock.
 */
#include "kernel/fs/sysv/inner.h"

struct ipc_undo {		/* proc->sem_undo */
	uint32_t refs;
	struct list entries;	/* sem_undo.of_list */
};

static size_t undo_size(const struct sem_set *set)
{
	return offsetof(struct sem_undo, adjust) +
	       set->count * sizeof(((struct sem_undo *)0)->adjust[0]);
}

/* The process's list, made if need be. -ENOMEM. */
static int list_of(struct proc *p, struct ipc_undo **out)
{
	struct ipc_undo *u = p->sem_undo;

	if (!u) {
		u = kmem_alloc(sizeof *u);
		if (!u)
			return -ENOMEM;
		u->refs = 1;
		list_init(&u->entries);
		p->sem_undo = u;
	}
	*out = u;
	return 0;
}

int undo_find(struct thread *me, struct sem_set *set, struct sem_undo **out)
{
	struct prison *pays = me->cred->prison;
	struct ipc_undo *list;
	struct sem_undo *u;
	int err = list_of(me->proc, &list);

	if (err)
		return err;
	list_each(l, &list->entries) {
		*out = list_entry(l, struct sem_undo, of_list);
		if ((*out)->set == set)
			return 0;
	}
	u = charged_alloc(pays, undo_size(set));
	if (!u)
		return -ENOMEM;
	memset(u, 0, undo_size(set));
	u->set = set;
	u->prison = pays;
	prison_hold(pays);
	list_append(&list->entries, &u->of_list);
	list_append(&set->undos, &u->of_set);
	*out = u;
	return 0;
}

/* Nothing of it is undone. */
void undo_forget(struct sem_undo *u)
{
	struct prison *p = u->prison;

	assert(u->set && p);
	list_remove(&u->of_list);
	list_remove(&u->of_set);
	charged_free(p, u, undo_size(u->set));
	prison_drop(p);
}

static void undo_apply(struct sem_undo *u)
{
	struct sem_set *set = u->set;

	for (unsigned i = 0; i < set->count; i++)
		if (u->adjust[i])
			sem_adjust(set, i, u->adjust[i]);
	set->otime = now_seconds();
	undo_forget(u);
	sem_settle(set);
}

int ipc_undo_share(struct proc *from, struct proc *to)
{
	struct ipc_undo *u;
	int err = list_of(from, &u);

	if (err)
		return err;
	assert(!to->sem_undo);
	u->refs++;
	to->sem_undo = u;
	return 0;
}

void ipc_undo_leave(struct proc *p)
{
	struct ipc_undo *u = p->sem_undo;
	struct list *l;

	assert(!u || u->refs > 0);
	p->sem_undo = NULL;
	if (!u || --u->refs)
		return;
	while ((l = list_first(&u->entries)))
		undo_apply(list_entry(l, struct sem_undo, of_list));
	kmem_free(u);
}
