/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pid.c - the directories /proc/PID and /proc/PID/task/TID.
 *
 * One table lists what stands in them. The door is view_open: it finds the
 * process by its number, for a cred, and proves by the time of birth that it
 * is still the same one; it is the only way from an inode to a process.
 *
 * Files belong to the process's effective user, unless it must not be looked
 * into (not dumpable: it changed its identity): then to root.
 */
#include "kernel/fs/procfs/inner.h"

static int pid_dir_lookup(struct inode *dir, const char *name, size_t len,
			  struct inode **out);
static int pid_dir_read(struct file *f, dir_emit emit, void *ctx);

static const struct inode_ops pid_dir_inode_ops = {
	.lookup = pid_dir_lookup,
	.revalidate = pid_revalidate,
	.set_attr = node_set_attr,
};
static const struct file_ops pid_dir_file_ops = {
	.read_dir = pid_dir_read,
};

enum { DIR = S_IFDIR, REG = S_IFREG, LNK = S_IFLNK };

static const struct pid_entry entries[] = {
	{ "task", DIR | 0555, IN_PROC, .iops = &task_dir_inode_ops,
	  .fops = &task_dir_file_ops },
	{ "fd", DIR | 0500, IN_BOTH, .private = true,
	  .iops = &fd_dir_inode_ops, .fops = &fd_dir_file_ops },
	{ "fdinfo", DIR | 0500, IN_BOTH, .private = true,
	  .iops = &fdinfo_dir_inode_ops, .fops = &fd_dir_file_ops },
	{ "cwd", LNK | 0777, IN_BOTH, .private = true, .link = link_cwd },
	{ "root", LNK | 0777, IN_BOTH, .private = true, .link = link_root },
	{ "exe", LNK | 0777, IN_BOTH, .private = true, .link = link_exe },
	{ "stat", REG | 0444, IN_BOTH, .show = show_stat },
	{ "statm", REG | 0444, IN_BOTH, .show = show_statm },
	{ "status", REG | 0444, IN_BOTH, .show = show_status },
	{ "cmdline", REG | 0444, IN_BOTH, .show = show_cmdline },
	{ "comm", REG | 0644, IN_BOTH, .show = show_comm, .store = store_comm },
	{ "environ", REG | 0400, IN_BOTH, .private = true, .show = show_environ },
	{ "auxv", REG | 0400, IN_BOTH, .private = true, .show = show_auxv },
	{ "maps", REG | 0444, IN_BOTH, .private = true, .show = show_maps },
	{ "smaps", REG | 0444, IN_BOTH, .private = true, .show = show_smaps },
	{ "mounts", REG | 0444, IN_BOTH, .show = show_mounts },
	{ "mountinfo", REG | 0444, IN_BOTH, .show = show_mountinfo },
	{ "mountstats", REG | 0400, IN_PROC, .show = show_mountstats },
	{ "limits", REG | 0444, IN_BOTH, .show = show_limits },
	{ "io", REG | 0400, IN_BOTH, .private = true, .show = show_io },
	{ "oom_score", REG | 0444, IN_BOTH, .show = show_zero },
	{ "loginuid", REG | 0444, IN_BOTH, .show = show_loginuid },
	{ "wchan", REG | 0444, IN_BOTH, .show = show_wchan },
};

/* --- from an inode to a process ----------------------------------------- */

static struct thread *thread_of(struct proc *p, int tid)
{
	list_each(l, &p->threads) {
		struct thread *t = list_entry(l, struct thread, proc_link);

		if (t->tid == tid)
			return t;
	}
	return NULL;
}

int view_open(struct inode *i, const struct cred *who, struct pid_view *v)
{
	const struct node *n = node_of(i);

	assert(n->pid);
	v->who = who;
	v->t = NULL;
	v->p = who ? proc_find(who, n->pid) : NULL;
	if (!v->p)
		return -ESRCH;
	if (v->p->start_ns != n->birth)
		goto gone;
	if (n->tid) {
		v->t = thread_of(v->p, n->tid);
		if (!v->t)
			goto gone;
		thread_hold(v->t);
	}
	return 0;
gone:
	proc_drop(v->p);
	return -ESRCH;
}

void view_close(struct pid_view *v)
{
	assert(v->p);
	if (v->t)
		thread_drop(v->t);
	proc_drop(v->p);
}

bool view_private(const struct pid_view *v)
{
	return v->p == thread_current()->proc ||
	       proc_may_debug(v->who, v->p) == 0;
}

struct thread *view_thread(const struct pid_view *v)
{
	struct thread *t = v->t ? v->t : thread_of(v->p, v->p->pid);

	assert(!t || t->proc == v->p);
	if (!t && !list_empty(&v->p->threads))
		t = list_entry(v->p->threads.next, struct thread, proc_link);
	return t;
}

void view_own(struct inode *i, const struct pid_view *v)
{
	bool own = v->p->dumpable || v->p == thread_current()->proc;

	i->uid = own ? v->p->cred->euid : 0;
	i->gid = own ? v->p->cred->egid : 0;
}

/* --- names -------------------------------------------------------------- */

/* A cached name of a process: is it still that process, and can the asker see
 * it? The owner may have changed meanwhile. */
bool pid_revalidate(struct inode *dir, struct dentry *d)
{
	struct pid_view v;

	(void)dir;
	if (!d->inode || view_open(d->inode, asker(), &v))
		return false;
	view_own(d->inode, &v);
	view_close(&v);
	return true;
}

static void pid_refresh(struct inode *i)
{
	struct pid_view v;

	if (view_open(i, asker(), &v))
		return;
	view_own(i, &v);
	view_close(&v);
}

static const struct inode_ops pid_text_inode_ops = {
	.set_attr = node_set_attr,
	.refresh = pid_refresh,
};

/* /proc/PID, in the top directory. -ENOENT: none that the asker sees. */
int pid_lookup(struct inode *dir, const char *name, size_t len,
	       struct inode **out)
{
	struct node n = { .fd = -1, .pid = name_to_number(name, len) };
	struct pid_view v = { .who = asker() };
	int err;

	if (n.pid <= 0 || !v.who)
		return -ENOENT;
	v.p = proc_find(v.who, n.pid);
	if (!v.p)
		return -ENOENT;
	n.birth = v.p->start_ns;
	err = node_make(dir, name, len, S_IFDIR | 0555, &n, out);
	if (!err) {
		(*out)->ops = &pid_dir_inode_ops;
		(*out)->fops = &pid_dir_file_ops;
		view_own(*out, &v);
	}
	proc_drop(v.p);
	return err;
}

static const struct pid_entry *entry_find(const char *name, size_t len,
					  unsigned where)
{
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++) {
		const struct pid_entry *e = &entries[k];

		if ((e->where & where) && strlen(e->name) == len &&
		    !memcmp(e->name, name, len))
			return e;
	}
	return NULL;
}

static unsigned where_of(const struct inode *dir)
{
	return node_of(dir)->tid ? IN_TASK : IN_PROC;
}

static int pid_dir_lookup(struct inode *dir, const char *name, size_t len,
			  struct inode **out)
{
	const struct pid_entry *e = entry_find(name, len, where_of(dir));
	struct node n = *node_of(dir);
	struct pid_view v;
	int err;

	assert(node_of(dir)->pid > 0);
	if (!e || view_open(dir, asker(), &v))
		return -ENOENT;
	n.entry = e;
	err = node_make(dir, name, len, e->mode, &n, out);
	if (!err) {
		(*out)->ops = e->iops ? e->iops :
			      e->link ? &link_inode_ops : &pid_text_inode_ops;
		(*out)->fops = e->fops ? e->fops :
			       e->link ? NULL : &text_file_ops;
		view_own(*out, &v);
	}
	view_close(&v);
	return err;
}

static int pid_dir_read(struct file *f, dir_emit emit, void *ctx)
{
	struct dir_out out = { f, emit, ctx };
	unsigned where = where_of(f->inode);
	struct pid_view v;
	off64 at = DIR_FIRST;

	if (view_open(f->inode, asker(), &v))
		return -ENOENT;
	view_close(&v);
	if (!dir_put_dots(&out))
		return 0;
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++) {
		const struct pid_entry *e = &entries[k];

		if (at++ < f->pos || !(e->where & where))
			continue;
		if (!dir_put(&out, e->name, (e->mode & S_IFMT) >> 12, at))
			break;
	}
	return 0;
}

/* --- task/ -------------------------------------------------------------- */

static int task_lookup(struct inode *dir, const char *name, size_t len,
		       struct inode **out)
{
	struct node n = *node_of(dir);
	struct pid_view v;
	int err = -ENOENT;

	assert(node_of(dir)->pid > 0 && !node_of(dir)->tid);
	n.entry = NULL;
	n.tid = name_to_number(name, len);
	if (n.tid <= 0 || view_open(dir, asker(), &v))
		return -ENOENT;
	if (thread_of(v.p, n.tid))
		err = node_make(dir, name, len, S_IFDIR | 0555, &n, out);
	if (!err) {
		(*out)->ops = &pid_dir_inode_ops;
		(*out)->fops = &pid_dir_file_ops;
		view_own(*out, &v);
	}
	view_close(&v);
	return err;
}

/* The tids of p now, in the order of their birth; NULL: no memory. */
static int *tids_copy(const struct proc *p, unsigned *count)
{
	int *tids = kmem_alloc((p->thread_count + 1) * sizeof *tids);
	unsigned n = 0;

	if (!tids)
		return NULL;
	list_each(l, &p->threads) {
		if (n == p->thread_count)
			break;
		tids[n++] = list_entry(l, struct thread, proc_link)->tid;
	}
	*count = n;
	return tids;
}

/* A place counts from the first thread. */
static int task_read(struct file *f, dir_emit emit, void *ctx)
{
	struct dir_out out = { f, emit, ctx };
	struct pid_view v;
	off64 at = DIR_FIRST;
	unsigned count;
	int *tids;

	if (view_open(f->inode, asker(), &v))
		return -ENOENT;
	tids = tids_copy(v.p, &count);
	view_close(&v);
	if (!tids)
		return -ENOMEM;
	if (dir_put_dots(&out))
		for (unsigned k = 0; k < count; k++)
			if (at++ >= f->pos &&
			    !dir_put_number(&out, tids[k], DT_DIR, at))
				break;
	kmem_free(tids);
	return 0;
}

const struct inode_ops task_dir_inode_ops = {
	.lookup = task_lookup,
	.revalidate = pid_revalidate,
	.set_attr = node_set_attr,
};
const struct file_ops task_dir_file_ops = {
	.read_dir = task_read,
};
