/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_rights.c - what goes along with bytes: open files (SCM_RIGHTS) and who
 * the sender is (SCM_CREDENTIALS).
 *
 * A file on the way is held by its unix_rights. It becomes a descriptor only
 * if file_may_arrive lets it: that is the one door for descriptors. When the
 * last of some rights goes, its files may be sockets with more rights in their
 * queues: those are worked off in a loop by the thread that began it, and
 * never by a deeper call.
 *
 * Locks: the kernel lock.
 */
#include "net/unix.h"

enum {
	DATA_AT = sizeof(struct abi_cmsghdr),
	UID_NOBODY = 65534,	/* of a sender that nobody asked for */
};

/* --- credentials ------------------------------------------------------------ */

void unix_creds_fill(struct unix_creds *c, const struct thread *me)
{
	assert(!c->set);
	c->set = true;
	c->pid = me->proc->pid;
	c->uid = me->cred->uid;
	c->gid = me->cred->gid;
	c->of = cred_hold(me->cred);
}

/* A process may say that it is itself, by any of its ids; another one only who
 * may change identity. -EPERM; -ESRCH: there is no such process to be seen. */
static int creds_check(const struct thread *me, const struct abi_ucred *u,
		       struct unix_creds *out)
{
	const struct cred *who = me->cred;
	struct proc *p;

	if (u->pid != me->proc->pid && priv_check(who, PRIV_CRED_SETUID))
		return -EPERM;
	if (u->uid != who->uid && u->uid != who->euid && u->uid != who->suid &&
	    priv_check(who, PRIV_CRED_SETUID))
		return -EPERM;
	if (u->gid != who->gid && u->gid != who->egid && u->gid != who->sgid &&
	    priv_check(who, PRIV_CRED_SETGID))
		return -EPERM;
	p = proc_find(who, u->pid);
	if (!p)
		return -ESRCH;
	unix_creds_end(out);
	*out = (struct unix_creds){ true, u->pid, u->uid, u->gid,
				    cred_hold(p->cred) };
	proc_drop(p);
	return 0;
}

/* --- sending ---------------------------------------------------------------- */

static uint32_t rights_size(uint32_t room)
{
	return sizeof(struct unix_rights) + room * sizeof(struct file *);
}

/* Room for files of me's. -ETOOMANYREFS, -ENOMEM. */
static int rights_new(const struct thread *me, uint32_t room,
		      struct unix_rights **out)
{
	struct prison *prison = me->cred->prison;
	struct unix_rights *r;
	struct proc_user *user;

	if (proc_in_flight(me->proc) > me->proc->limit[RLIMIT_NOFILE].cur &&
	    priv_check(me->cred, PRIV_PROC_LIMIT))
		return -ETOOMANYREFS;
	user = proc_flight_begin(me->proc);
	r = charged_alloc(prison, rights_size(room));
	if (!r) {
		proc_flight_end(user, 0);
		return -ENOMEM;
	}
	r->refs = 1;
	r->prison = prison;
	prison_hold(prison);
	r->user = user;
	r->count = 0;
	r->room = room;
	list_init(&r->link);
	*out = r;
	return 0;
}

/* Descriptors of me's become files of *r, which gets room for `most`. */
static int rights_add(const struct thread *me, const int32_t *fd, uint32_t n,
		      uint32_t most, struct unix_rights **r)
{
	int err = 0;

	if (!n)
		return 0;
	most = min_u32(most, SCM_MAX_FD);
	if (n > most)
		return -EINVAL;
	if (!*r)
		err = rights_new(me, most, r);
	if (err)
		return err;
	if (n > (*r)->room - (*r)->count)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		struct file *f = file_get(me->proc->files, fd[i],
					  FILE_ANY | FILE_PATH);

		if (!f)
			return -EBADF;
		assert((*r)->count < (*r)->room);
		(*r)->file[(*r)->count++] = f;
		proc_flight_more((*r)->user);
	}
	return 0;
}

/* rest: bytes of data of this control message and all behind it. */
static int control_one(const struct thread *me, const struct abi_cmsghdr *h,
		       const char *data, uint32_t rest, struct unix_control *out)
{
	uint32_t n = h->len - sizeof *h;

	if (h->level != SOL_SOCKET)
		return 0;
	switch (h->type) {
	case SCM_RIGHTS:
		return rights_add(me, (const int32_t *)data, n / sizeof(int32_t),
				  rest / sizeof(int32_t), &out->rights);
	case SCM_CREDENTIALS:
		if (n != sizeof(struct abi_ucred))
			return -EINVAL;
		return creds_check(me, (const struct abi_ucred *)data,
				   &out->creds);
	default:
		return -EINVAL;
	}
}

/* The control messages of a send. -EINVAL, -EBADF, -EPERM, -ESRCH, -ENOMEM,
 * -ETOOMANYREFS: *out is empty then. Sleeps. */
int unix_control_parse(const struct sock_msg *m, struct unix_control *out)
{
	const char *end = m->control + m->control_len;
	const struct abi_cmsghdr *h = NULL;
	int err = 0;

	out->rights = NULL;
	out->creds.set = false;
	while (!err && (h = sock_control_next(m, h))) {
		const char *data = (const char *)h + DATA_AT;

		err = control_one(m->me, h, data, end - data, out);
	}
	if (err)
		unix_control_end(out);
	return err;
}

/* --- receiving -------------------------------------------------------------- */

/* f did not arrive: who keeps the jail can read it in /proc/jail/denied. */
static void note_refused(const struct cred *who, const struct file *f)
{
	const char *what = S_ISDIR(f->inode->mode) ? "directory" : "device";

	prison_denied(who, "descriptor", file_kind(f) ? file_kind(f) : what,
		      -EPERM);
}

/*
 * Would m's receiver, who has room for descriptors, get none of r's because
 * they may not arrive? He is told so once by -EPERM, and the bytes stay; the
 * next receive gives them, without the files and with MSG_CTRUNC. Where only
 * some are refused these are left out, with MSG_CTRUNC.
 */
bool unix_rights_refused(const struct sock_msg *m, const struct unix_rights *r)
{
	if (!r || !m->control_user || m->control_len <= DATA_AT)
		return false;
	for (unsigned i = 0; i < r->count; i++)
		if (!file_may_arrive(m->me->cred, r->file[i]))
			return false;
	note_refused(m->me->cred, r->file[0]);
	return true;
}

/* A new descriptor for f, whose number goes to `user`. */
static int file_arrive(struct thread *me, struct file *f, bool cloexec,
		       uint32_t user)
{
	struct file_table *t = me->proc->files;
	int fd;

	if (file_may_arrive(me->cred, f))
		return -EPERM;
	file_hold(f);
	fd = file_install(t, f, 0, cloexec, me->proc->limit[RLIMIT_NOFILE].cur);
	if (fd < 0) {
		file_drop(f);
		return fd;
	}
	if (!user_put32(user, fd))
		return 0;
	return file_close(t, fd) ? -EBADF : -EFAULT;
}

/* As many as there is room for. Those that do not arrive are left out. */
static int rights_give(struct sock_msg *m, struct unix_rights *r)
{
	struct abi_cmsghdr head = { DATA_AT, SOL_SOCKET, SCM_RIGHTS };
	const struct file *refused = NULL;
	uint32_t room = 0, given = 0, used;
	int err = 0;

	if (m->control_user && m->control_len > DATA_AT)
		room = (m->control_len - DATA_AT) / sizeof(int32_t);
	for (unsigned i = 0; i < r->count && given < room; i++) {
		err = file_arrive(m->me, r->file[i],
				  m->flags & MSG_CMSG_CLOEXEC,
				  m->control_user + DATA_AT +
					  given * sizeof(int32_t));
		if (!err)
			given++;
		else if (err == -EPERM)
			refused = r->file[i];
		else
			break;
	}
	if (given && refused)	/* else it was noted before */
		note_refused(m->me->cred, refused);
	assert(given <= r->count && given <= room);
	if (given < r->count)
		m->told |= MSG_CTRUNC;
	if (!given)
		return 0;
	head.len += given * sizeof(int32_t);
	used = min_u32(head.len, m->control_len);
	if (user_copy_out(m->control_user, &head, sizeof head))
		return -EFAULT;
	m->control_user += used;
	m->control_len -= used;
	return 0;
}

/* Tells the user what came along, into m's control buffer. c stays the
 * caller's. Sleeps. -EFAULT. */
int unix_control_give(struct unix_sock *s, struct sock_msg *m,
		      const struct unix_control *c)
{
	struct abi_ucred u = { 0, UID_NOBODY, UID_NOBODY };
	int err = 0;

	if (s->sock.options & SOCK_OPTION_PASSCRED) {
		if (c->creds.set) {
			u.uid = c->creds.uid;
			u.gid = c->creds.gid;
			if (proc_sees_cred(m->me->cred, c->creds.of))
				u.pid = c->creds.pid;
		}
		err = sock_put_control(m, SOL_SOCKET, SCM_CREDENTIALS, &u,
				       sizeof u);
	}
	if (!err && c->rights)
		err = rights_give(m, c->rights);
	return err;
}

/* --- the end of rights -------------------------------------------------------- */

struct ending {			/* a thread that works rights off */
	struct list link, rights;
	struct thread *thread;
	bool suspect;		/* what it dropped may have left a cycle */
};
static struct list endings = LIST_INIT(endings);

static struct ending *ending_of(const struct thread *t)
{
	list_each(l, &endings) {
		struct ending *e = list_entry(l, struct ending, link);

		if (e->thread == t)
			return e;
	}
	return NULL;
}

static void rights_free(struct unix_rights *r, struct ending *e)
{
	struct prison *prison = r->prison;

	assert(!r->refs && list_empty(&r->link));
	assert(e->thread == thread_current());
	for (unsigned i = 0; i < r->count; i++) {
		e->suspect |= unix_suspect(r->file[i], 1);
		file_drop(r->file[i]);
	}
	proc_flight_end(r->user, r->count);
	charged_free(prison, r, rights_size(r->room));
	prison_drop(prison);
}

void unix_rights_drop(struct unix_rights *r)
{
	struct ending mine, *e;

	assert(r->refs > 0 && list_empty(&r->link));
	if (--r->refs)
		return;
	e = ending_of(thread_current());
	if (e) {
		list_append(&e->rights, &r->link);
		return;
	}
	mine.thread = thread_current();
	mine.suspect = false;
	list_init(&mine.rights);
	list_push(&endings, &mine.link);
	list_append(&mine.rights, &r->link);
	while (!list_empty(&mine.rights)) {
		r = list_entry(mine.rights.next, struct unix_rights, link);
		list_remove(&r->link);
		rights_free(r, &mine);
		if (list_empty(&mine.rights) && mine.suspect) {
			mine.suspect = false;
			unix_collect(NULL);
		}
	}
	list_remove(&mine.link);
}
