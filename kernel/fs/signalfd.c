/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signalfd.c - signals read from a file (Linux signalfd(2)).
 *
 * The signals are those of whoever reads or polls, not of who made the file.
 * So the file holds the watch of every process that has waited by it: a poll
 * that was noted there must not outlive its queue. Watches that only the file
 * knows any more, because the process is gone, are dropped when the next one
 * comes.
 *
 * Locks: the kernel lock; only reading sleeps.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/inner.h"

struct signalfd_watch {
	struct list link;
	struct signal_watch *watch;	/* held */
};
struct signalfd {
	sigset mask;		/* which signals it shows */
	struct list watches;	/* signalfd_watch */
};

struct signalfd_info {		/* what a read gives: 128 bytes */
	uint32_t signo;
	int32_t err, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, value;
	uint64_t pointer, utime, stime, addr;
	uint8_t pad[48];
};
_Static_assert(sizeof(struct signalfd_info) == 128, "Linux's signalfd_siginfo");

/* --- watches ------------------------------------------------------------ */

static void watch_end(struct file *f, struct signalfd_watch *w)
{
	assert(w->watch->refs > 0);
	list_remove(&w->link);
	signal_watch_drop(w->watch);
	charged_free(f->cred->prison, w, sizeof *w);
}

static void drop_orphans(struct file *f, struct signalfd *s)
{
	list_each_safe(l, &s->watches) {
		struct signalfd_watch *w = list_entry(l, struct signalfd_watch, link);

		if (w->watch->refs == 1 && sleep_queue_idle(&w->watch->queue))
			watch_end(f, w);
	}
}

/* The queue on which the current process is told of its signals. -ENOMEM. */
static int queue_of(struct file *f, struct sleep_queue **out)
{
	struct signalfd *s = f->private;
	struct proc *p = thread_current()->proc;
	struct signalfd_watch *w;
	int err;

	assert(p);
	list_each(l, &s->watches) {
		w = list_entry(l, struct signalfd_watch, link);
		*out = &w->watch->queue;
		if (w->watch == p->signal_watch)
			return 0;
	}
	drop_orphans(f, s);
	w = charged_alloc(f->cred->prison, sizeof *w);
	if (!w)
		return -ENOMEM;
	err = signal_watch_get(p, &w->watch);
	if (err) {
		charged_free(f->cred->prison, w, sizeof *w);
		return err;
	}
	list_append(&s->watches, &w->link);
	*out = &w->watch->queue;
	return 0;
}

/* --- reading ------------------------------------------------------------ */

static bool is_fault(int sig)
{
	return sig == SIGILL || sig == SIGTRAP || sig == SIGBUS ||
	       sig == SIGFPE || sig == SIGSEGV || sig == SIGSYS;
}

static void fill(struct signalfd_info *to, const struct abi_siginfo *info)
{
	*to = (struct signalfd_info){
		.signo = info->signo, .err = info->err, .code = info->code,
	};
	if (info->code == SI_TIMER) {
		to->tid = info->timer.timer;
		to->overrun = info->timer.overrun;
		to->value = info->timer.value;
		to->pointer = info->timer.value;
	} else if (info->signo == SIGCHLD && info->code > 0) {
		to->pid = info->child.pid;
		to->uid = info->child.uid;
		to->status = info->child.status;
		to->utime = info->child.utime;
		to->stime = info->child.stime;
	} else if (info->code <= 0 || info->code == SI_KERNEL) {
		to->pid = info->kill.pid;
		to->uid = info->kill.uid;
		if (info->code == SI_QUEUE || info->code == SI_MESGQ) {
			to->value = info->kill.value;
			to->pointer = info->kill.value;
		}
	} else if (is_fault(info->signo)) {
		to->addr = info->fault.addr;
	} else {		/* F_SETSIG */
		to->band = info->poll.band;
		to->fd = info->poll.fd;
	}
}

/* The next signal of the current thread that f shows. */
static int take(struct file *f, struct abi_siginfo *info)
{
	const struct signalfd *s = f->private;
	struct thread *me = thread_current();
	struct sleep_queue *q;
	int err = queue_of(f, &q);

	while (!err && !signal_take_from(me, s->mask, info)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(q, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
	return err;
}

/* As many as there are and as fit; waits for the first only. */
static int signalfd_read(struct file *f, struct user_io *io, off64 *pos)
{
	const struct signalfd *s = f->private;
	struct signalfd_info out;
	struct abi_siginfo info;
	int done = 0, n;

	(void)pos;
	if (io->left < sizeof out)
		return -EINVAL;
	n = take(f, &info);
	while (n == 0) {
		fill(&out, &info);
		n = user_io_give(io, &out, sizeof out);
		if (n < (int)sizeof out)
			return done ? done : -EFAULT;
		assert(n == sizeof out);
		done += n;
		n = io->left >= sizeof out &&
		    signal_take_from(thread_current(), s->mask, &info) ? 0 : done;
	}
	return n;
}

static unsigned signalfd_poll(struct file *f, struct poller *p)
{
	const struct signalfd *s = f->private;
	struct sleep_queue *q;

	if (p) {
		int err = queue_of(f, &q);

		if (err)
			p->error = err;
		else
			poll_wait(p, q);
	}
	return signal_pending_set(thread_current()) & s->mask ?
		       POLLIN | POLLRDNORM : 0;
}

/* --- birth and death ---------------------------------------------------- */

static void signalfd_release(struct file *f)
{
	struct signalfd *s = f->private;
	struct list *l;

	while ((l = list_first(&s->watches)))
		watch_end(f, list_entry(l, struct signalfd_watch, link));
	kmem_free(s);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.seek = file_seek_stays,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

/* flags: O_NONBLOCK. -ENFILE, -ENOMEM. */
int signalfd_new(const struct cred *who, sigset mask, unsigned flags,
		 struct file **out)
{
	struct signalfd *s = kmem_alloc(sizeof *s);
	int err;

	if (!s)
		return -ENOMEM;
	s->mask = mask;
	list_init(&s->watches);
	err = file_new(who, &signalfd_ops, O_RDWR | (flags & O_NONBLOCK), s,
		       "signalfd", out);
	if (err)
		kmem_free(s);
	return err;
}

/* Another mask; whoever waits looks again. -EINVAL: f is no signalfd. */
int signalfd_set_mask(struct file *f, sigset mask)
{
	struct signalfd *s = f->private;

	if (f->ops != &signalfd_ops)
		return -EINVAL;
	s->mask = mask;
	list_each(l, &s->watches)
		sleep_wake(&list_entry(l, struct signalfd_watch, link)->watch->queue);
	return 0;
}
