/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c - the symlinks of procfs.
 *
 * self and mounts are text. exe, cwd and root lead straight to the thing,
 * past its name; path_walk then proves that it lies within the asker's
 * prison. Reading one gives the name as the asker would say it, and for what
 * lies outside the asker's prison no name at all.
 */
#include "kernel/fs/procfs/inner.h"

static int copy_out(char *to, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n > size)
		n = size;
	memcpy(to, text, n);
	return n;
}

/* --- text --------------------------------------------------------------- */

static int self_read(struct inode *i, char *to, size_t size)
{
	const struct proc *me = thread_current()->proc;
	char text[12];

	(void)i;
	if (!me)
		return -ENOENT;
	str_format(text, sizeof text, "%d", me->pid);
	return copy_out(to, size, text);
}

static int thread_self_read(struct inode *i, char *to, size_t size)
{
	const struct thread *me = thread_current();
	char text[32];

	(void)i;
	if (!me->proc)
		return -ENOENT;
	str_format(text, sizeof text, "%d/task/%d", me->proc->pid, me->tid);
	return copy_out(to, size, text);
}

static int plain_read(struct inode *i, char *to, size_t size)
{
	return copy_out(to, size, node_of(i)->link);
}

const struct inode_ops self_inode_ops = {
	.read_link = self_read,
	.set_attr = node_set_attr,
};
const struct inode_ops thread_self_inode_ops = {
	.read_link = thread_self_read,
	.set_attr = node_set_attr,
};
const struct inode_ops plain_link_inode_ops = {
	.read_link = plain_read,
	.set_attr = node_set_attr,
};

/* --- paths of a process ------------------------------------------------- */

int link_exe(const struct pid_view *v, struct path *out)
{
	if (!v->p->exe)
		return -ENOENT;
	*out = v->p->exe->path;
	path_hold(out);
	return 0;
}

int link_cwd(const struct pid_view *v, struct path *out)
{
	if (!v->p->fs)
		return -ENOENT;
	*out = v->p->fs->cwd;
	path_hold(out);
	return 0;
}

int link_root(const struct pid_view *v, struct path *out)
{
	if (!v->p->fs)
		return -ENOENT;
	*out = v->p->fs->root;
	path_hold(out);
	return 0;
}

static int link_path(struct inode *i, const struct cred *who, struct path *out)
{
	struct pid_view v;
	int err = view_open(i, who, &v);

	if (err)
		return -ENOENT;
	assert(node_of(i)->entry && node_of(i)->entry->link);
	err = view_private(&v) ? node_of(i)->entry->link(&v, out) : -EACCES;
	view_close(&v);
	return err;
}

/* buf is where the name is built; PATH_MAX bytes. */
static int spell(const struct path *p, char *buf, char *to, size_t size)
{
	const struct fs_context *fs = thread_current()->proc->fs;
	char *name;
	int err;

	if (!fs || !path_in_prison(asker(), p))
		return copy_out(to, size, "(unreachable)");
	err = path_name(p, &fs->root, buf, PATH_MAX, &name);
	if (err && err != -ENOENT)
		return err;
	return copy_out(to, size, name);
}

/* The text is not NUL-terminated: its length, at most size. -ENOMEM,
 * -ENAMETOOLONG. */
int path_spell(const struct path *p, char *to, size_t size)
{
	char *buf = kmem_alloc(PATH_MAX);
	int n;

	if (!buf)
		return -ENOMEM;
	n = spell(p, buf, to, size);
	kmem_free(buf);
	return n;
}

static int link_read(struct inode *i, char *to, size_t size)
{
	struct path p;
	int n = link_path(i, asker(), &p);

	if (n)
		return n;
	n = path_spell(&p, to, size);
	path_drop(&p);
	return n;
}

static void link_refresh(struct inode *i)
{
	struct pid_view v;

	if (view_open(i, asker(), &v))
		return;
	view_own(i, &v);
	view_close(&v);
}

const struct inode_ops link_inode_ops = {
	.read_link = link_read,
	.follow = link_path,
	.refresh = link_refresh,
	.set_attr = node_set_attr,
};
