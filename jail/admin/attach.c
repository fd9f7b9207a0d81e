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

static int enter(struct proc *p, struct prison *to)
{
	const struct path *root = to->slot[PRISON_SLOT_ROOT];
	struct fs_context *fs = p->fs;
	struct path was_root, was_cwd;
	struct cred *c;
	int err;

	if (to->state != PRISON_ALIVE || !root)
		return -EINVAL;
	if (file_table_has_outside_directory(p->files, root))
		return -EPERM;
	c = cred_copy(p->cred);
	if (!c)
		return -ENOMEM;
	prison_drop(c->prison);
	c->prison = to;
	prison_hold(to);
	was_root = fs->root;
	was_cwd = fs->cwd;
	fs->root = fs->cwd = *root;
	path_hold(root);
	path_hold(root);
	err = proc_enter_prison(p, c);
	if (err) {
		path_drop(&fs->root);
		path_drop(&fs->cwd);
		fs->root = was_root;
		fs->cwd = was_cwd;
		cred_drop(c);
		return err;
	}
	assert(path_in_prison(p->cred, &fs->root));
	p->set_id = true;
	p->dumpable = false;
	arch_return_work = 1; /* if `to` is frozen, so is who enters */
	path_drop(&was_root);
	path_drop(&was_cwd);
	path_set_top(fs);
	return 0;
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
