/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * desc.c - jail descriptors: a jail as a file (FreeBSD 15, jail(2)).
 *
 * A number may be given to another jail once its first is gone; a descriptor
 * means the same jail for ever. It can be polled: POLLHUP when the jail dies.
 * An owning one keeps its jail alive, and closing it removes the jail. What may
 * be done by it is asked of the credential that made it.
 *
 * Invariant: all descriptors of a living prison are on the list in its slot,
 * and a dying prison has none there. Locks: the kernel lock.
 */
#include "jail/admin/inner.h"
#include "kernel/fs/poll.h"

struct jail_desc {
	struct prison *j;	/* held */
	struct list link;	/* the others of that prison */
	bool dead;
	bool owning;		/* is a user of j, and its end */
	struct sleep_queue pollers;
};

struct desc_list {		/* in prison->slot[PRISON_SLOT_DESCRIPTORS] */
	struct list all;
};

static unsigned desc_poll(struct file *f, struct poller *p)
{
	struct jail_desc *d = f->private;

	poll_wait(p, &d->pollers);
	return d->dead ? POLLHUP : 0;
}

static void forget(struct jail_desc *d)
{
	struct desc_list *l = d->j->slot[PRISON_SLOT_DESCRIPTORS];

	if (d->dead)
		return;
	assert(l && !list_empty(&l->all) && !list_empty(&d->link));
	list_remove(&d->link);
	if (list_empty(&l->all)) {
		kmem_free(l);
		d->j->slot[PRISON_SLOT_DESCRIPTORS] = NULL;
	}
	d->dead = true;
}

/* Sleeps. */
static void desc_release(struct file *f)
{
	struct jail_desc *d = f->private;
	bool owning = d->owning;

	assert(jailsys_is_file(f) && !(owning && d->dead));
	forget(d);
	if (owning) {
		d->owning = false;
		remove_begin(d->j);
		prison_leave(d->j);
	}
	prison_drop(d->j);
	kmem_free(d);
}

/* A descriptor of a jail that the receiver cannot name does not arrive. */
static int desc_may_arrive(const struct file *f, const struct cred *who)
{
	const struct jail_desc *d = f->private;

	return d->j != who->prison && prison_sees(who->prison, d->j) ? 0 :
		-EPERM;
}

static const struct file_ops desc_ops = {
	.seek = file_no_seek,
	.poll = desc_poll,
	.release = desc_release,
	.may_arrive = desc_may_arrive,
};

static struct desc_list *list_for(struct prison *j)
{
	struct desc_list *l = j->slot[PRISON_SLOT_DESCRIPTORS];

	if (l)
		return l;
	l = kmem_alloc(sizeof(*l));
	if (!l)
		return NULL;
	list_init(&l->all);
	j->slot[PRISON_SLOT_DESCRIPTORS] = l;
	return l;
}

/* -ENOENT: j is dying; -ENFILE, -ENOMEM. */
int desc_new(const struct cred *who, struct prison *j, bool owning,
	     struct file **out)
{
	struct desc_list *l;
	struct jail_desc *d;
	int err;

	if (j->state != PRISON_ALIVE)
		return -ENOENT;
	d = kmem_zalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	err = file_new(who, &desc_ops, O_RDWR, d, "jail", out);
	if (err) {
		kmem_free(d);
		return err;
	}
	l = list_for(j);
	d->j = j;
	d->dead = !l;
	prison_hold(j);
	sleep_queue_init(&d->pollers);
	if (!l) {
		file_drop(*out);
		return -ENOMEM;
	}
	list_append(&l->all, &d->link);
	d->owning = owning && !prison_join(j);
	return 0;
}

bool jailsys_is_file(const struct file *f)
{
	return f->ops == &desc_ops;
}

/* The living jail of f, not held, if the caller may name it; else NULL. */
struct prison *desc_target(const struct thread *me, const struct file *f)
{
	const struct jail_desc *d = f->private;

	if (!jailsys_is_file(f) || d->j->state != PRISON_ALIVE ||
	    d->j == me->cred->prison || !prison_sees(me->cred->prison, d->j))
		return NULL;
	return d->j;
}

int desc_prison(struct jail_request *r, struct prison **out)
{
	struct file *f;
	bool there;
	int fd, err = option_int(r, "desc", &fd, &there);

	if (err)
		return err;
	if (!there)
		return refuse(r, -EINVAL, "desc: which?");
	f = file_get(r->me->proc->files, fd, FILE_ANY);
	if (!f)
		return refuse(r, -EBADF, "desc: %d is not open", fd);
	*out = desc_target(r->me, f);
	if (*out)
		prison_hold(*out);
	err = *out ? 0 : refuse(r, jailsys_is_file(f) ? -ENOENT : -EINVAL,
				"desc: not a jail that is there");
	file_drop(f);
	return err;
}

/* j begins to die, or has: its descriptors are told, and own it no longer.
 * Sleeps. */
void desc_doomed(struct prison *j)
{
	struct desc_list *l;

	prison_hold(j);
	while ((l = j->slot[PRISON_SLOT_DESCRIPTORS])) {
		struct jail_desc *d =
			list_entry(l->all.next, struct jail_desc, link);
		bool owned = d->owning;

		assert(d->j == j && !d->dead);
		d->owning = false;
		forget(d);
		sleep_wake(&d->pollers);
		if (owned)
			prison_leave(j);
	}
	prison_drop(j);
}

/* Where the flags ask for one: the caller's new descriptor of c's jail, into the
 * option desc. -EINVAL, -EMFILE, -ENOMEM. */
int desc_give(struct change *c)
{
	struct jail_option *o = option_find(c->r, "desc");
	struct proc *p = c->r->me->proc;
	struct file *f;
	int fd, err;

	if (!(c->r->flags & (JAIL_GET_DESC | JAIL_OWN_DESC)))
		return 0;
	if (!o || !o->value || o->size != sizeof(fd))
		return refuse(c->r, -EINVAL, "desc: no place for a descriptor");
	err = desc_new(c->who, c->j, c->r->flags & JAIL_OWN_DESC, &f);
	if (err)
		return err;
	fd = file_install(p->files, f, 0, false, p->limit[RLIMIT_NOFILE].cur);
	if (fd < 0) {
		file_drop(f);
		return fd;
	}
	memcpy(o->value, &fd, sizeof(fd));
	o->answered = true;
	return 0;
}

/* The call fails after all. Sleeps. */
void desc_take_back(struct change *c)
{
	struct jail_option *o = option_find(c->r, "desc");
	int fd;

	if (!o || !o->answered)
		return;
	memcpy(&fd, o->value, sizeof(fd));
	o->answered = false;
	(void)!file_close(c->r->me->proc->files, fd);
}
