/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remove.c - the end of a prison that somebody wants gone.
 *
 * It and all below it begin to die, deepest first: nobody finds or enters them
 * any more, and no fork in them succeeds. Then every process in them is killed,
 * and the caller waits until the last has left. What each room holds for the
 * prison goes with that last one (prison_on_death).
 */
#include "jail/admin/inner.h"

static struct sleep_queue gone;		/* who waits for the end of any prison */

static void doom(struct prison *p)
{
	assert(p->children_count == 0);	/* those below have been doomed */
	p->removed = true;
	prison_doom(p);
	desc_doomed(p);
	if (p->frozen) {
		p->frozen = false;
		proc_thaw();
	}
	prison_set_persist(p, false);
}

/* The deepest first child, and of a finished family the next. No recursion:
 * each round ends one that has no living child. */
static struct prison *living_leaf(struct prison *top)
{
	struct prison *p = top;
	bool deeper;

	do {
		deeper = false;
		list_each(l, &p->children) {
			struct prison *c =
				list_entry(l, struct prison, sibling);

			if (c->state != PRISON_ALIVE)
				continue;
			p = c;
			deeper = true;
			break;
		}
	} while (deeper);
	return p;
}

/* Looks with the host's eyes: who may remove top was asked before, and whoever
 * closes an owning descriptor may be in the jail himself. */
static void kill_all(const struct prison *top)
{
	struct cred *all = cred_host_root();
	struct proc *p = NULL;

	while ((p = proc_next(all, p)))
		if (prison_sees(top, p->cred->prison))
			signal_post_simple(p, SIGKILL);
	cred_drop(all);
}

/* The caller holds top. Sleeps. */
void remove_begin(struct prison *top)
{
	struct prison *p;

	assert(top != prison_host());
	do {
		p = living_leaf(top);
		prison_hold(p);
		doom(p);
		prison_drop(p);
	} while (p != top);
	kill_all(top);
}

/* Until nobody is in p, which is dying. -EINTR: it goes on without me. */
static int remove_wait(const struct prison *p)
{
	assert(p->state == PRISON_DYING);
	while (p->users != 0)
		if (sleep_on(&gone, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -EINTR;
	return 0;
}

static int remove_all(struct prison *p)
{
	int err;

	prison_hold(p);
	remove_begin(p);
	err = remove_wait(p);
	prison_drop(p);
	return err;
}

int jailsys_remove(struct thread *me, int jid)
{
	struct prison *p;
	int err = priv_check(me->cred, PRIV_JAIL_REMOVE);

	if (err)
		return err;
	p = prison_find(me->cred->prison, jid);
	return p ? remove_all(p) : -EINVAL;
}

int jailsys_remove_file(struct thread *me, struct file *f)
{
	struct prison *p;
	int err = priv_check(f->cred, PRIV_JAIL_REMOVE);

	if (err)
		return err;
	p = desc_target(me, f);
	return p ? remove_all(p) : -EINVAL;
}

static void tell(struct prison *p)
{
	desc_doomed(p);
	sleep_wake(&gone);
}

void remove_init(void)
{
	sleep_queue_init(&gone);
	prison_on_death(tell);
}
