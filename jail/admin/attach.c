/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.c - a process enters a prison, for life.
 *
 * First what could lead out again is parted with or refused: descriptors and
 * directories shared with processes outside, memory shared with them, open
 * directories that do not lie below the new root. Then root and directory
 * change together, and the credential last (FreeBSD do_jail_attach). Nothing
 * sleeps before all have changed, so nobody sees one without the others.
 *
 * Whoever got in may not be looked into by an unprivileged peer until it has
 * executed another program: it still holds what it brought along.
 */
#include "jail/admin/inner.h"

/* Tables shared with other processes become copies of the process's own. */
static int part(struct proc *p)
{
	struct file_table *files = NULL;
	struct fs_context *fs = NULL;
	int err = 0;

	if (p->vm->refs > 1)
		return -EPERM;	/* its memory is also somebody else's */
	if (p->files->refs > 1)
		err = file_table_copy(p->files, &files);
	if (!err && p->fs->refs > 1)
		err = path_context_copy(p->fs, &fs);
	if (err) {
		if (files)
			file_table_drop(files);
		return err;
	}
	if (fs) {
		struct fs_context *old = p->fs;

		p->fs = fs;
		path_context_drop(old);
	}
	if (files) {
		struct file_table *old = p->files;

		p->files = files;
		file_table_drop(old);
	}
	return 0;
}

/* Who p is, in another prison. NULL: no memory. */
static struct cred *cred_in(const struct proc *p, struct prison *to)
{
	struct cred *c = cred_copy(p->cred);

	if (!c)
		return NULL;
	assert(c->refs == 1);	/* nobody else's yet */
	prison_drop(c->prison);
	c->prison = to;
	prison_hold(to);
	return c;
}

/* Credential and memory change over, with what they cost; or nothing does. */
static int change_over(struct proc *p, struct cred *c)
{
	uint64_t memory = vm_charged(p->vm);
	int err = racct_charge(c->prison, RACCT_MEMORY, memory);

	if (err)
		return err;
	err = proc_enter_prison(p, c);
	if (err)
		racct_release(c->prison, RACCT_MEMORY, memory);
	else
		vm_payer_set(p->vm, c->prison);
	return err;
}

/* Nothing sleeps between the first change and the last: the prison that p comes
 * from cannot end in between, because this call uses it too. */
static int enter(struct proc *p, struct prison *to)
{
	const struct path *root = to->slot[PRISON_SLOT_ROOT];
	struct prison *from = p->cred->prison;
	struct path was_root = p->fs->root, was_cwd = p->fs->cwd;
	struct cred *c;
	int err;

	if (to->state != PRISON_ALIVE || !root || prison_join(from))
		return -EINVAL;
	prison_hold(from);
	err = -EPERM;
	if (file_table_has_outside_directory(p->files, root))
		goto out;
	err = -ENOMEM;
	c = cred_in(p, to);
	if (!c)
		goto out;
	err = change_over(p, c);
	if (err) {
		cred_drop(c);
		goto out;
	}
	assert(p->cred->prison == to && prison_sees(from, to));
	p->fs->root = p->fs->cwd = *root;
	path_hold(root);
	path_hold(root);
	p->set_id = true;
	p->dumpable = false;
	arch_return_work = 1; /* if `to` is frozen, so is who enters */
	assert(path_in_prison(p->cred, &p->fs->cwd));
	path_drop(&was_root);
	path_drop(&was_cwd);
	path_set_top(p->fs);
out:
	prison_leave(from);
	prison_drop(from);
	return err;
}

/* -EPERM: it would bring along what leads out; -EINVAL: to is not below it, or
 * dies; -EAGAIN: a limit of to; -ENOMEM. On an error nothing has changed. */
int attach_to(struct thread *me, struct prison *to)
{
	struct proc *p = me->proc;
	int err;

	assert(me == thread_current());
	if (to == me->cred->prison || !prison_sees(me->cred->prison, to) ||
	    me->cred != p->cred)
		return -EINVAL;
	err = part(p);
	return err ? err : enter(p, to);
}

int jailsys_attach(struct thread *me, int jid)
{
	struct prison *to;
	int err = priv_check(me->cred, PRIV_JAIL_ATTACH);

	if (err)
		return err;
	to = prison_find(me->cred->prison, jid);
	if (!to)
		return -EINVAL;
	prison_hold(to);
	err = attach_to(me, to);
	prison_drop(to);
	return err;
}

int jailsys_attach_file(struct thread *me, struct file *f)
{
	struct prison *to;
	int err = priv_check(f->cred, PRIV_JAIL_ATTACH);

	if (err)
		return err;
	to = desc_target(me, f);
	if (!to)
		return -EINVAL;
	prison_hold(to);
	err = attach_to(me, to);
	prison_drop(to);
	return err;
}
