/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tty_session.c - whose terminal it is: controlling terminals, foreground
 * groups, job control and hangup (POSIX, General Terminal Interface).
 *
 * A terminal belongs to one session and a session has one terminal at most:
 * tty->session and session->tty point at each other, and each holds the
 * other. The knot is cut when the leader exits, gives the terminal up, or the
 * line hangs up.
 *
 * A session is one prison's. Taking the terminal of another session needs a
 * privilege and that the asker's prison sees the session's.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

static struct proc *caller(void)
{
	return thread_current()->proc;
}

static struct proc_session *session_of(const struct proc *p)
{
	return p->group ? p->group->session : NULL;
}

struct tty *tty_of(const struct proc_session *s)
{
	return s ? s->tty : NULL;
}

uint32_t tty_number(const struct proc_session *s)
{
	return s && s->tty ? tty_of(s)->number : 0;
}

int tty_foreground(const struct proc_session *s)
{
	struct tty *t = tty_of(s);

	return t && t->group ? t->group->id : -1;
}

void tty_signal(struct tty *t, int sig)
{
	assert(sig > 0 && sig <= SIGNAL_MAX);
	if (t->group)
		signal_post_group(t->group, sig);
}

/* --- having and losing it -------------------------------------------- */

static void set_group(struct tty *t, struct proc_group *g)
{
	assert(!g || g->session == t->session);
	if (g)
		proc_group_hold(g);
	if (t->group)
		proc_group_drop(t->group);
	t->group = g;
}

static void acquire(struct tty *t, struct proc *leader)
{
	struct proc_session *s = session_of(leader);

	assert(!t->session && !s->tty && s->leader == leader);
	assert(t->refs > 0 && !t->group);
	s->refs++;
	t->session = s;
	tty_hold(t);
	s->tty = t;
	set_group(t, leader->group);
}

/* The caller holds t. */
static void release(struct tty *t)
{
	struct proc_session *s = t->session;

	set_group(t, NULL);
	if (!s)
		return;
	assert(s->tty == t);
	t->session = NULL;
	s->tty = NULL;
	assert(t->refs > 1);
	proc_session_drop(s);
	tty_drop(t);
}

/* open(2) without O_NOCTTY, by a session leader that has none. Linux asks for
 * read access too, so that a file open for writing only gives no control. */
void tty_acquire_at_open(struct tty *t, const struct file *f)
{
	struct proc *me = caller();
	struct proc_session *s = session_of(me);

	if ((f->flags & O_NOCTTY) || t->session || !s || s->leader != me ||
	    s->tty)
		return;
	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return;
	acquire(t, me);
}

/* The line is gone: the session loses it, all handles die. */
void tty_hangup(struct tty *t)
{
	struct proc *leader = t->session ? t->session->leader : NULL;

	assert(!t->group || t->session);
	tty_hold(t);
	if (leader) {
		signal_post_simple(leader, SIGHUP);
		signal_post_simple(leader, SIGCONT);
	}
	tty_signal(t, SIGHUP);
	tty_signal(t, SIGCONT);
	release(t);
	t->hangups++;
	t->stopped_by_call = false;
	tty_set_stopped(t, false);
	ldisc_echo_forget(t);
	ldisc_flush_input(t);
	sleep_wake(&t->read_wait);
	sleep_wake(&t->write_wait);
	tty_drop(t);
}

/*
 * The leader of a session exits: its terminal hangs up. A pty has a master
 * that still wants to read what background jobs say, so there only the
 * foreground group is told and the terminal is free for another session
 * (disassociate_ctty in Linux).
 */
void tty_session_leader_exit(struct proc *leader)
{
	struct proc_session *s = session_of(leader);
	struct tty *t = tty_of(s);

	if (!t || s->leader != leader)
		return;
	if (abi_dev_major(t->number) < MAJOR_PTS) {
		tty_hangup(t);
		return;
	}
	tty_hold(t);
	tty_signal(t, SIGHUP);
	tty_signal(t, SIGCONT);
	release(t);
	tty_drop(t);
}

/* --- job control ----------------------------------------------------- */

static bool is_ignored(const struct thread *me, int sig)
{
	return (me->mask & sig_bit(sig)) ||
	       me->proc->actions->action[sig - 1].handler == SIG_IGN;
}

/*
 * May the caller read (SIGTTIN) or change (SIGTTOU) the terminal now? In the
 * foreground, or when it is not its controlling terminal: 0. Else its group
 * gets sig and the call starts again once that is handled: -ERESTARTSYS. A
 * group that nobody would continue, and a reader that refuses the signal, get
 * -EIO; a writer that refuses it may go on.
 */
int tty_check_background(struct tty *t, int sig)
{
	struct thread *me = thread_current();
	struct proc_group *mine = me->proc->group;

	assert(sig == SIGTTIN || sig == SIGTTOU);
	if (!mine || !t->session || mine->session != t->session || !t->group ||
	    t->group == mine)
		return 0;
	if (is_ignored(me, sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (proc_group_orphaned(mine))
		return -EIO;
	signal_post_group(mine, sig);
	return -ERESTARTSYS;
}

/* --- ioctl ----------------------------------------------------------- */

/* TIOCSCTTY: the leader of a session without a terminal takes this one.
 * steal: from another session; privileged, and only from one it may see. */
static int take(struct tty *t, struct thread *me, const struct file *f,
		bool steal)
{
	struct proc *p = me->proc;
	struct proc_session *s = session_of(p);

	if (s && s->leader == p && t->session == s)
		return 0;
	if (!s || s->leader != p || s->tty)
		return -EPERM;
	if (t->session) {
		if (!steal ||
		    !prison_sees(me->cred->prison, t->session->prison) ||
		    priv_check(me->cred, PRIV_TTY_CONSOLE))
			return -EPERM;
	}
	if ((f->flags & O_ACCMODE) == O_WRONLY &&
	    priv_check(me->cred, PRIV_TTY_CONSOLE))
		return -EPERM;
	if (t->session)
		release(t);
	acquire(t, p);
	return 0;
}

/* TIOCNOTTY. Only a leader changes anything: the terminal belongs to the
 * session as a whole. */
static int give_up(struct tty *t, struct thread *me)
{
	struct proc_session *s = session_of(me->proc);

	if (!s || s->tty != t)
		return -ENOTTY;
	if (s->leader != me->proc)
		return 0;
	tty_signal(t, SIGHUP);
	tty_signal(t, SIGCONT);
	release(t);
	return 0;
}

/* TIOCGPGRP. A group out of the asker's view is 0, as Linux tells of one in
 * another PID namespace. A master may ask about its slave. */
static int foreground_get(struct tty *t, struct thread *me, bool master,
			  uint32_t arg)
{
	struct proc_group *g;
	int id = 0;

	assert(!t->group || t->session);
	if (!master && tty_of(session_of(me->proc)) != t)
		return -ENOTTY;
	if (t->group && (t->group == me->proc->group ||
			 prison_sees(me->cred->prison, t->session->prison))) {
		id = t->group->id;
	} else if (t->group) {
		g = proc_group_find(me->cred, t->group->id);
		if (g) {
			id = t->group->id;
			proc_group_drop(g);
		}
	}
	return user_put32(arg, id);
}

/* TIOCSPGRP: a group of the caller's own session. */
static int foreground_set(struct tty *t, struct thread *me, uint32_t arg)
{
	struct proc_session *s = session_of(me->proc);
	struct proc_group *g;
	uint32_t id;
	int err;

	err = tty_check_background(t, SIGTTOU);
	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (!s || s->tty != t)
		return -ENOTTY;
	err = user_get32(arg, &id);
	if (err)
		return err;
	if ((int)id < 0)
		return -EINVAL;
	g = proc_group_find(me->cred, id);
	if (!g)
		return -ESRCH;
	err = -EPERM;
	if (g->session == s && s->tty == t) {
		assert(t->session == s);
		set_group(t, g);
		err = 0;
	}
	proc_group_drop(g);
	return err;
}

static int session_get(struct tty *t, struct thread *me, bool master, uint32_t arg)
{
	if (!master && tty_of(session_of(me->proc)) != t)
		return -ENOTTY;
	if (!t->session)
		return -ENOTTY;
	if (t->session != session_of(me->proc) &&
	    !prison_sees(me->cred->prison, t->session->prison))
		return user_put32(arg, 0);
	return user_put32(arg, t->session->id);
}

/* -ENOTTY also for what is none of these. Sleeps. */
int tty_session_ioctl(struct tty *t, struct thread *me, struct file *f,
		      bool master, uint32_t cmd, uint32_t arg)
{
	int err;

	switch (cmd) {
	case TIOCSCTTY:
		return take(t, me, f, arg == 1);
	case TIOCNOTTY:
		return master ? -ENOTTY : give_up(t, me);
	case TIOCGPGRP:
		return foreground_get(t, me, master, arg);
	case TIOCSPGRP:
		return foreground_set(t, me, arg);
	case TIOCGSID:
		return session_get(t, me, master, arg);
	case TIOCVHANGUP:
		err = priv_check(me->cred, PRIV_TTY_CONSOLE);
		if (!err)
			tty_hangup(t);
		return err;
	default:
		return -ENOTTY;
	}
}
