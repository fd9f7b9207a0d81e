/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * group.c - sessions and process groups (POSIX job control).
 *
 * A group is its members; it ends with the last of them, but whoever holds it
 * (a terminal's foreground group) keeps its number from being used again. A
 * group belongs to one session for life and holds it.
 *
 * A group is orphaned when no member has a parent outside the group but in the
 * session: then nobody is left who would continue its stopped jobs, so they
 * get SIGHUP and SIGCONT. Locks: the kernel lock.
 */
#include "kernel/proc/inner.h"

void proc_group_hold(struct proc_group *g)
{
	assert(g->refs != 0);
	g->refs++;
}

void proc_session_drop(struct proc_session *s)
{
	struct number *n = number_find(s->id);

	assert(s->refs != 0);
	if (--s->refs != 0)
		return;
	if (n->session == s) {
		n->session = NULL;
		number_settle(s->id);
	}
	prison_drop(s->prison);
	kmem_free(s);
}

void proc_group_drop(struct proc_group *g)
{
	struct number *n = number_find(g->id);

	assert(g->refs != 0);
	if (--g->refs != 0)
		return;
	assert(list_empty(&g->members));
	if (n && n->group == g) { /* else a younger group has the number */
		n->group = NULL;
		number_settle(g->id);
	}
	proc_session_drop(g->session);
	kmem_free(g);
}

/* Group id of session s, held for the caller, empty. */
static struct proc_group *group_make(int id, struct proc_session *s)
{
	struct proc_group *g = kmem_zalloc(sizeof(*g));

	if (!g)
		return NULL;
	g->refs = 1;
	g->id = id;
	list_init(&g->members);
	g->session = s;
	s->refs++;
	number_find(id)->group = g;
	return g;
}

void group_join(struct proc *p, struct proc_group *g)
{
	assert(!p->group);
	proc_group_hold(g);
	p->group = g;
	list_append(&g->members, &p->group_link);
}

void group_leave(struct proc *p)
{
	struct proc_group *g = p->group;

	list_remove(&p->group_link);
	p->group = NULL;
	proc_group_drop(g);
}

static void group_change(struct proc *p, struct proc_group *to)
{
	group_leave(p);
	group_join(p, to);
}

/* A session and a group, both with p's number, and p alone in them. */
static int session_make(struct proc *p, struct proc_group **out)
{
	struct proc_session *s = kmem_zalloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->refs = 1;
	s->id = p->pid;
	s->leader = p;
	s->prison = p->cred->prison;
	prison_hold(s->prison);
	number_find(p->pid)->session = s;
	*out = group_make(p->pid, s);
	proc_session_drop(s); /* the group holds it, if there is one */
	return *out ? 0 : -ENOMEM;
}

int group_make_first(struct proc *p)
{
	struct proc_group *g;
	int err = session_make(p, &g);

	if (err)
		return err;
	group_join(p, g);
	proc_group_drop(g);
	return 0;
}

static struct proc_group *group_of_number(int id)
{
	struct number *n = number_find(id);

	return n && n->group && !list_empty(&n->group->members) ? n->group : NULL;
}

/* POSIX setsid. -EPERM: a group with p's number exists; -ENOMEM. */
int proc_set_session(struct proc *p)
{
	struct proc_group *g;
	int err;

	if (group_of_number(p->pid))
		return -EPERM;
	err = session_make(p, &g);
	if (err)
		return err;
	group_change(p, g);
	proc_group_drop(g);
	return 0;
}

/* Is there a member that who may know of? */
static bool group_seen(const struct cred *who, const struct proc_group *g)
{
	list_each(l, &g->members)
		if (proc_sees(who, list_entry(l, struct proc, group_link)))
			return true;
	return false;
}

struct proc_group *proc_group_find(const struct cred *who, int id)
{
	struct proc_group *g = group_of_number(id);

	if (!g || !group_seen(who, g))
		return NULL;
	proc_group_hold(g);
	return g;
}

/* prev is dropped, the next visible member held. If prev has left the group,
 * the walk ends. */
struct proc *proc_group_next(const struct cred *who, struct proc_group *g,
			     struct proc *prev)
{
	struct list *l = prev && prev->group == g ? prev->group_link.next
						  : g->members.next;
	struct proc *next = NULL;

	if (prev && prev->group != g)
		l = &g->members;
	for (; l != &g->members; l = l->next) {
		next = list_entry(l, struct proc, group_link);
		if (proc_sees(who, next))
			break;
	}
	next = l != &g->members ? next : NULL;
	if (next)
		proc_hold(next);
	if (prev)
		proc_drop(prev);
	return next;
}

/* POSIX setpgid, for process p, which me may move. */
static int move(struct proc *me, struct proc *p, int pgid)
{
	struct proc_group *g = group_of_number(pgid), *made = NULL;

	if (p->group->session->leader == p)
		return -EPERM;
	if (pgid == p->pid && !g) {
		g = made = group_make(pgid, p->group->session);
		if (!g)
			return -ENOMEM;
	}
	if (!g || g->session != me->group->session)
		return -EPERM;
	if (g != p->group)
		group_change(p, g);
	if (made)
		proc_group_drop(made);
	return 0;
}

/* POSIX setpgid, Linux's errors: -EINVAL, -ESRCH: neither me nor my child,
 * -EACCES: a child after its exec, -EPERM. 0 stands for me and for pid. */
int proc_set_group(const struct cred *who, struct proc *me, int pid, int pgid)
{
	struct proc *p;
	int err;

	if (pid == 0)
		pid = me->pid;
	if (pgid == 0)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	p = proc_find(who, pid);
	if (!p)
		return -ESRCH;
	if (p != me && p->parent != me)
		err = -ESRCH;
	else if (p->group->session != me->group->session)
		err = -EPERM;
	else if (p != me && p->executed)
		err = -EACCES;
	else
		err = move(me, p, pgid);
	proc_drop(p);
	return err;
}

/* --- orphans ------------------------------------------------------------------ */

/* Does p tie its group to the rest of the session? Not through process 1,
 * which adopts and does not control jobs. */
static bool is_tie(const struct proc *p)
{
	const struct proc *parent = p->parent;

	return p->state == PROC_ALIVE && parent && parent->pid != 1 &&
	       parent->group != p->group &&
	       parent->group->session == p->group->session;
}

static bool orphaned_without(const struct proc_group *g, const struct proc *p)
{
	list_each(l, &g->members) {
		const struct proc *m = list_entry(l, struct proc, group_link);

		if (m != p && is_tie(m))
			return false;
	}
	return true;
}

bool proc_group_orphaned(const struct proc_group *g)
{
	return orphaned_without(g, NULL);
}

/* p, a tie of g, is about to be one no more: if it was the last, and jobs are
 * stopped, they are told. */
static void untie(struct proc_group *g, const struct proc *p)
{
	bool stopped = false;

	if (!orphaned_without(g, p))
		return;
	list_each(l, &g->members) {
		const struct proc *m = list_entry(l, struct proc, group_link);

		stopped |= m->stopped && m->state == PROC_ALIVE;
	}
	if (!stopped)
		return;
	signal_post_group(g, SIGHUP);
	signal_post_group(g, SIGCONT);
}

/* The end of p, which is not a zombie yet. */
void group_parent_leaves(struct proc *p)
{
	if (is_tie(p))
		untie(p->group, p);
}

/* child gets another parent than `from`; called while it still has that one. */
void group_child_moves(struct proc *child, struct proc *from)
{
	assert(child->parent == from);
	if (is_tie(child))
		untie(child->group, child);
}
