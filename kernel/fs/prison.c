/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prison.c - what a prison has of the tree of files.
 *
 * Its root hangs in prison->slot[PRISON_SLOT_ROOT], a held struct path. The
 * host needs none: it has everything. Any other prison without one, because
 * it is not complete yet or dies, has nothing.
 *
 * When it dies, its root and the mounts that it made go.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/inner.h"

/* --- the root ------------------------------------------------------------ */

int path_prison_root_set(struct prison *p, const struct path *root)
{
	struct path *own = kmem_alloc(sizeof(*own));

	assert(p->parent && !p->slot[PRISON_SLOT_ROOT]);
	if (!own)
		return -ENOMEM;
	*own = *root;
	path_hold(own);
	p->slot[PRISON_SLOT_ROOT] = own;
	return 0;
}

void path_prison_root_drop(struct prison *p)
{
	struct path *root = p->slot[PRISON_SLOT_ROOT];

	if (!root)
		return;
	p->slot[PRISON_SLOT_ROOT] = NULL;
	path_drop(root);
	kmem_free(root);
}

/* Below the root of who's prison and of every prison above it. */
bool path_in_prison(const struct cred *who, const struct path *p)
{
	for (const struct prison *j = who->prison; j->parent; j = j->parent) {
		const struct path *root = j->slot[PRISON_SLOT_ROOT];

		if (!root || !path_below(p, root))
			return false;
	}
	return true;
}

/* --- set-id bits --------------------------------------------------------- */

/* All that who's prison has: a jail made of the same tree (path=/). What lies
 * in it is not foreign for that; what it plants, the files remember. */
static bool is_whole(const struct cred *who, const struct path *root)
{
	const struct path *own = who->prison->slot[PRISON_SLOT_ROOT];
	const struct mount *top = mount_global();

	if (own)
		return path_same(root, own);
	return root->mount == top && root->dentry == top->root;
}

/* Below the root of a prison that does not contain who? */
static bool is_foreign(const struct cred *who, const struct path *p)
{
	const struct prison *j = prison_next(prison_host(), 0, true);

	for (; j; j = prison_next(prison_host(), j->jid, true)) {
		const struct path *root = j->slot[PRISON_SLOT_ROOT];

		if (root && !prison_sees(j, who->prison) &&
		    !is_whole(who, root) && path_below(p, root))
			return true;
	}
	return false;
}

/*
 * jail(8) warns: the root of a jail and a user of the host together are root of
 * the host, by a set-id file in the jail's tree. The place decides while the
 * prison is there. The file remembers by itself when it is not any more, and
 * by which other way it is reached: a mount, another name.
 */
bool path_set_id_allowed(const struct cred *who, const struct path *p)
{
	return who->prison->depth >= p->dentry->inode->set_id_depth &&
	       !is_foreign(who, p);
}

/* Inode i gets set-id bits, or content under them, from who. */
void inode_set_id_note(struct inode *i, const struct cred *who)
{
	if (who->prison->depth <= i->set_id_depth)
		return;
	i->set_id_depth = who->prison->depth;
	if (!list_empty(&i->hash_link))		/* a new one is stored anyway */
		inode_dirty(i);
}

/* --- who enters ---------------------------------------------------------- */

bool file_table_has_outside_directory(const struct file_table *t,
				      const struct path *root)
{
	for (unsigned fd = 0; fd < t->size; fd++) {
		const struct file *f = t->file[fd];

		if (f && S_ISDIR(f->inode->mode) &&
		    !(root && path_below(&f->path, root)))
			return true;
	}
	return false;
}

/* --- the end ------------------------------------------------------------- */

static void prison_gone(struct prison *p)
{
	mount_prison_gone(p);
	path_prison_root_drop(p);
}

void prison_files_init(void)
{
	prison_on_death(prison_gone);
}
