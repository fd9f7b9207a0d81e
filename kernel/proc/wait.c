/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - what a parent learns of its children: wait4 and waitid.
 *
 * Three things are reported: that a child ended, stopped or went on. Children
 * with something to report stand before all others in their parent's list, so
 * that a parent of many looks no further than the first that has nothing.
 *
 * Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

static bool has_report(const struct proc *c)
{
	return c->state == PROC_ZOMBIE || c->stop_report || c->continue_report;
}

/* Is c one of those w asks for? Linux: a child that does not end with SIGCHLD
 * is a "clone" child, waited for only with __WCLONE or __WALL. */
static bool is_asked_for(const struct proc *c, const struct proc_wait *w)
{
	uint32_t options = w->options;
	bool clone_child = c->exit_signal != SIGCHLD;

	if (w->idtype == P_PID && c->pid != w->id)
		return false;
	if (w->idtype == P_PGID && c->group->id != w->id)
		return false;
	return (options & WALL) || clone_child == !!(options & WCLONE);
}

static void fill(struct proc_wait *w, const struct proc *c, int status, int code)
{
	assert(c->pid > 0);
	w->pid = c->pid;
	w->uid = c->cred->uid;
	w->status = status;
	w->code = code;
	proc_times_get(c, &w->times);
	w->times.user_ns += c->dead_children.user_ns;
	w->times.system_ns += c->dead_children.system_ns;
	w->max_rss = max_u32(c->max_rss, c->child_max_rss);
	w->min_faults = c->min_faults + c->child_min_faults;
	w->maj_faults = c->maj_faults + c->child_maj_faults;
}

/* What the child used is now its parent's children's. */
static void inherit_usage(struct proc *p, const struct proc_wait *w)
{
	p->dead_children.user_ns += w->times.user_ns;
	p->dead_children.system_ns += w->times.system_ns;
	p->child_max_rss = max_u32(p->child_max_rss, w->max_rss);
	p->child_min_faults += w->min_faults;
	p->child_maj_faults += w->maj_faults;
}

/* Its stop or continuation has been reported: back among the silent. */
static void silence(struct proc *p, struct proc *c)
{
	if (has_report(c))
		return;
	list_remove(&c->sibling);
	list_append(&p->children, &c->sibling);
}

/* Takes what c has to report and w wants. False: nothing. */
static bool collect(struct proc *p, struct proc *c, struct proc_wait *w)
{
	bool keep = w->options & WNOWAIT;

	assert(c->parent == p && c->state != PROC_GONE);
	if (c->state == PROC_ZOMBIE) {
		if (!(w->options & WEXITED))
			return false;
		fill(w, c, c->exit_status,
		     c->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED);
		if (!keep) {
			inherit_usage(p, w);
			proc_reap(c);
		}
		return true;
	}
	if (c->stop_report && (w->options & WSTOPPED)) {
		fill(w, c, c->stop_report, CLD_STOPPED);
		if (!keep)
			c->stop_report = 0;
	} else if (c->continue_report && (w->options & WCONTINUED)) {
		fill(w, c, c->continue_report, CLD_CONTINUED);
		if (!keep)
			c->continue_report = 0;
	} else {
		return false;
	}
	silence(p, c);
	return true;
}

/* One child, by number. */
static int look_at(struct proc *p, struct proc_wait *w)
{
	struct number *n = number_find(w->id);
	struct proc *c = n ? n->proc : NULL;

	if (!c || c->parent != p || !is_asked_for(c, w))
		return -ECHILD;
	return collect(p, c, w) ? 0 : -EAGAIN;
}

/* 0: *w is filled; -EAGAIN: nothing yet; -ECHILD: nor will there be. */
static int look(struct proc *p, struct proc_wait *w)
{
	bool found = false;

	if (w->idtype == P_PID)
		return look_at(p, w);
	list_each(l, &p->children) {
		struct proc *c = list_entry(l, struct proc, sibling);

		if (is_asked_for(c, w)) {
			found = true;
			if (collect(p, c, w))
				return 0;
		}
		if (found && !has_report(c))
			break;
	}
	return found ? -EAGAIN : -ECHILD;
}

/* POSIX wait, waitid; Linux's options. w->pid is 0 when WNOHANG found nothing.
 * -ECHILD; -ERESTARTSYS: a signal came, and no child. Sleeps. */
int proc_wait(struct thread *me, struct proc_wait *w)
{
	struct proc *p = me->proc;
	int err;

	assert(me == thread_current());
	for (;;) {
		err = look(p, w);
		if (err != -EAGAIN)
			return err;
		if (w->options & WNOHANG) {
			w->pid = 0;
			return 0;
		}
		if (!sleep_on(&p->child_wait, SLEEP_SIGNAL, SLEEP_FOREVER))
			continue;
		/* SIGCHLD comes before the wake-up, but the child is there */
		err = look(p, w);
		return err == -EAGAIN ? -ERESTARTSYS : err;
	}
}
