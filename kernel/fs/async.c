/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * async.c - O_ASYNC: a signal when a file can be read or written, for whom
 * F_SETOWN names; SIGIO, or what F_SETSIG says (fcntl(2)).
 *
 * As epoll does, a file with O_ASYNC has an entry on each of its queues. A
 * wake-up only notes that there was one: what it is about is asked a little
 * later, by deferred work, when whoever woke has finished what he began. That
 * is before anybody returns to user mode.
 *
 * Invariant: an async lives while its file is open and has O_ASYNC.
 * Locks: the kernel lock; nothing here sleeps but file_async_set, which
 * allocates.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/poll.h"

enum { QUEUES = 2, IN = 1, OUT = 2 };	/* to read by; to write by */

struct async_wait {
	struct sleep_entry sleep;
	struct async *a;
};
struct async {
	struct file *file;	/* not held */
	int fd;			/* by which it was asked for: si_fd */
	unsigned queues, woken;	/* woken: a bit for each queue */
	bool full;		/* who wrote found no room: tell when there is */
	struct list link;	/* of pending, or alone */
	struct async_wait wait[QUEUES];
};
struct async_poller {
	struct poller poller;
	struct async *a;
};

static struct list pending = LIST_INIT(pending);

/* --- whom to tell --------------------------------------------------------- */

/* As kill would allow without a privilege (sigio_perm on Linux); and never to
 * another prison than that of who set the owner. */
static bool may_tell(const struct cred *who, const struct proc *p)
{
	const struct cred *to = p->cred;

	return to->prison == who->prison &&
	       (!who->euid || who->euid == to->uid || who->euid == to->suid ||
		who->uid == to->uid || who->uid == to->suid);
}

static void post(const struct file *f, struct proc *p, struct thread *only,
		 const struct abi_siginfo *info)
{
	struct abi_siginfo plain = { .signo = SIGIO, .code = SI_KERNEL };
	int err;

	if (!may_tell(f->owner_cred, p))
		return;
	err = only ? signal_post_thread(only, info) : signal_post(p, info);
	if (!err)
		return;		/* else: no room for another of that number */
	if (only)
		signal_post_thread(only, &plain);
	else
		signal_post(p, &plain);
}

static void tell_thread(const struct file *f, const struct abi_siginfo *info)
{
	struct thread *t = proc_find_thread(f->owner_cred, f->owner_pid);

	if (!t)
		return;
	post(f, t->proc, t, info);
	thread_drop(t);
}

static void tell_group(const struct file *f, const struct abi_siginfo *info)
{
	struct proc_group *g = proc_group_find(f->owner_cred, -f->owner_pid);
	struct proc *p = NULL;

	if (!g)
		return;
	while ((p = proc_group_next(f->owner_cred, g, p)))
		post(f, p, NULL, info);
	proc_group_drop(g);
}

static void tell(const struct file *f, const struct abi_siginfo *info)
{
	struct proc *p;

	if (!f->owner_pid)
		return;
	assert(f->owner_cred && f->owner_pid != INT32_MIN);
	if (f->owner_thread) {
		tell_thread(f, info);
	} else if (f->owner_pid < 0) {
		tell_group(f, info);
	} else {
		p = proc_find(f->owner_cred, f->owner_pid);
		if (!p)
			return;
		post(f, p, NULL, info);
		proc_drop(p);
	}
}

/* F_SETOWN: who names pid, a process, a thread, or as a negative number a
 * group; 0: nobody. */
void file_owner_set(struct file *f, const struct cred *who, int pid,
		    bool thread)
{
	const struct cred *old = f->owner_cred;

	assert(!thread || pid > 0);
	f->owner_cred = pid ? cred_hold(who) : NULL;
	f->owner_pid = pid;
	f->owner_thread = thread;
	if (old)
		cred_drop(old);
}

/* --- what to tell --------------------------------------------------------- */

/* Signals whose si_code are their own (Linux: SI_SIGIO for them). */
static bool has_own_codes(int sig)
{
	return sig == SIGILL || sig == SIGFPE || sig == SIGSEGV ||
	       sig == SIGBUS || sig == SIGTRAP || sig == SIGCHLD ||
	       sig == SIGSYS;
}

static void announce(const struct async *a, int code)
{
	static const int band[] = {
		[POLL_IN] = POLLIN | POLLRDNORM,
		[POLL_OUT] = POLLOUT | POLLWRNORM | POLLWRBAND,
		[POLL_ERR] = POLLERR,
		[POLL_PRI] = POLLPRI | POLLRDBAND,
		[POLL_HUP] = POLLHUP | POLLERR,
	};
	int sig = a->file->owner_sig;
	struct abi_siginfo info = { .signo = SIGIO, .code = SI_KERNEL };

	assert(code > 0 && code < (int)ARRAY_LEN(band) && band[code]);
	if (sig) {
		info.signo = sig;
		info.code = has_own_codes(sig) ? SI_SIGIO : code;
		info.poll.band = band[code];
		info.poll.fd = a->fd;
	}
	tell(a->file, &info);
}

/* What there is for a reader; 0: nothing. Of what is no socket the other end
 * has closed: that is to be read as an end. */
static int code_in(const struct file *f, unsigned mask)
{
	bool sock = S_ISSOCK(f->inode->mode);

	if (sock && (mask & (POLLHUP | POLLERR)))
		return mask & POLLHUP ? POLL_HUP : POLL_ERR;
	return mask & (POLLIN | POLLRDNORM | POLLHUP) ? POLL_IN : 0;
}

/* A writer hears of room where he missed it; of a pipe's always. */
static int code_out(struct async *a, unsigned mask)
{
	if (!(mask & (POLLOUT | POLLWRNORM | POLLERR)))
		return 0;
	if (!a->full && !S_ISFIFO(a->file->inode->mode))
		return 0;
	a->full = false;
	return POLL_OUT;
}

static void look(struct async *a)
{
	unsigned mask = poll_now(a->file, NULL), woken = a->woken;
	bool both = a->queues < QUEUES;
	int code = 0;

	assert(woken);
	a->woken = 0;
	if (!(mask & (POLLOUT | POLLWRNORM)))
		a->full = true;
	if ((woken & IN) || both)
		code = code_in(a->file, mask);
	if (code)
		announce(a, code);
	if (code != POLL_HUP && code != POLL_ERR && ((woken & OUT) || both)) {
		code = code_out(a, mask);
		if (code)
			announce(a, code);
	}
}

static void look_at_all(struct defer *d)
{
	(void)d;
	while (!list_empty(&pending)) {
		struct async *a = list_entry(pending.next, struct async, link);

		list_remove(&a->link);
		look(a);
	}
}

static struct defer later = { .fn = look_at_all };

/* --- being told ------------------------------------------------------------- */

static bool async_wake(struct sleep_entry *e)
{
	struct async_wait *w = container_of(e, struct async_wait, sleep);
	struct async *a = w->a;

	a->woken |= 1u << (w - a->wait);
	if (list_empty(&a->link))
		list_append(&pending, &a->link);
	defer_raise(&later);
	return false;		/* it takes nothing: wake others too */
}

static void async_note(struct poller *p, struct sleep_queue *q)
{
	struct async *a = container_of(p, struct async_poller, poller)->a;
	struct async_wait *w;

	if (a->queues == QUEUES) {
		p->error = -EINVAL;
		return;
	}
	w = &a->wait[a->queues++];
	w->a = a;
	w->sleep.wake = async_wake;
	sleep_entry_add(q, &w->sleep);
}

static void async_end(struct async *a)
{
	struct file *f = a->file;

	assert(f->async == a);
	for (unsigned n = 0; n < a->queues; n++)
		sleep_entry_remove(&a->wait[n].sleep);
	list_remove(&a->link);
	f->async = NULL;
	charged_free(f->cred->prison, a, sizeof *a);
}

static int async_begin(struct file *f, int fd)
{
	struct async *a = charged_alloc(f->cred->prison, sizeof *a);
	struct async_poller p = { { async_note, 0 }, a };
	unsigned mask;

	if (!a)
		return -ENOMEM;
	*a = (struct async){ .file = f, .fd = fd };
	list_init(&a->link);
	f->async = a;
	mask = poll_now(f, &p.poller);
	a->full = !(mask & (POLLOUT | POLLWRNORM));
	if (p.poller.error)
		async_end(a);
	return p.poller.error;
}

bool file_async_can(const struct file *f)
{
	uint32_t mode = f->inode->mode;

	return f->ops->poll && (S_ISSOCK(mode) || S_ISFIFO(mode) ||
				S_ISCHR(mode));
}

/* O_ASYNC of f is to be on or off; fd is whose descriptor it is told as.
 * -ENOMEM. */
int file_async_set(struct file *f, int fd, bool on)
{
	if (!on || !file_async_can(f)) {
		if (f->async)
			async_end(f->async);
		return 0;
	}
	if (f->async) {
		f->async->fd = fd;
		return 0;
	}
	return async_begin(f, fd);
}

/* A write to f, or a connect, was not done at once. */
void file_async_full(struct file *f)
{
	if (f->async)
		f->async->full = true;
}

/* Urgent data came: SIGURG, O_ASYNC or not. */
void file_urgent(struct file *f)
{
	struct abi_siginfo info = { .signo = SIGURG, .code = SI_KERNEL };

	tell(f, &info);
	if (f->async)
		announce(f->async, POLL_PRI);
}

/* The last reference to f is gone. */
void file_async_gone(struct file *f)
{
	if (f->async)
		async_end(f->async);
	file_owner_set(f, f->cred, 0, false);
}
