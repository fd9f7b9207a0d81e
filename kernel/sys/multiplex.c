/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * multiplex.c - waiting for several descriptors: poll, select, epoll.
 *
 * select is turned into poll: one entry for each descriptor named in one of
 * the three sets. Timeouts become deadlines before anything else happens.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

/* --- masks and timeouts ------------------------------------------------------ */

/* The signal mask of ppoll, pselect, epoll_pwait: put back on the way out,
 * after the handlers ran (restore_mask), or at once when nothing came. */
static int mask_begin(struct thread *me, uint32_t user, uint32_t size)
{
	sigset mask;
	int err;

	if (!user)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	err = user_copy_in(&mask, user, sizeof(mask));
	if (err)
		return err;
	assert(!me->restore_mask);
	me->saved_mask = me->mask;
	signal_set_mask(me, mask);
	return 0;
}

static void mask_end(struct thread *me, uint32_t user, int result)
{
	if (!user)
		return;
	assert(!me->restore_mask);
	if (result == -EINTR || result == -ERESTARTNOHAND) {
		me->restore_mask = true;
		arch_return_work = 1; /* another may have taken the signal */
	} else {
		signal_set_mask(me, me->saved_mask);
	}
}

static uint64_t deadline_ms(int32_t ms)
{
	if (ms < 0)
		return SLEEP_FOREVER;
	return ms ? sys_deadline((int64_t)ms * 1000000) : 0;
}

/* A timespec that may be NULL (forever). *deadline 0: do not wait at all. */
static int deadline_in(uint32_t user, bool wide, uint64_t *deadline)
{
	int64_t ns;
	int err;

	*deadline = SLEEP_FOREVER;
	if (!user)
		return 0;
	err = sys_timespec_in(user, wide, &ns);
	if (!err)
		*deadline = ns ? sys_deadline(ns) : 0;
	return err;
}

/* What is left of the time, which Linux writes back. Never an error. */
static void deadline_out(uint32_t user, bool wide, uint64_t deadline)
{
	int64_t left = (int64_t)(deadline - arch_clock_ns());

	if (user && deadline != SLEEP_FOREVER &&
	    sys_timespec_out(user, wide, left > 0 ? left : 0))
		log_print(LOG_DEBUG, "poll: timeout is not writable");
}

/* --- poll --------------------------------------------------------------------- */

enum { POLL_ON_STACK = 16 };

static int poll_user(struct thread *me, uint32_t user, uint32_t n,
		     uint64_t deadline)
{
	struct abi_pollfd few[POLL_ON_STACK], *fds = few;
	int ready, err;

	if (n > me->proc->limit[RLIMIT_NOFILE].cur)
		return -EINVAL;
	if (n > POLL_ON_STACK) {
		fds = kmem_alloc(n * sizeof(*fds));
		if (!fds)
			return -ENOMEM;
	}
	ready = user_copy_in(fds, user, n * sizeof(*fds));
	if (ready)
		goto out;
	ready = poll_files(me->proc->files, fds, n, deadline);
	if (ready < 0)
		goto out;
	assert((unsigned)ready <= n);
	err = user_copy_out(user, fds, n * sizeof(*fds));
	if (err)
		ready = err;
out:
	if (fds != few)
		kmem_free(fds);
	return ready;
}

/* restart_syscall for poll: arg = set, count, deadline low and high. */
static int poll_again(struct thread *me)
{
	const uint32_t *a = me->restart_arg;
	int n = poll_user(me, a[0], a[1], (uint64_t)a[3] << 32 | a[2]);

	assert(me == thread_current());
	if (n != -EINTR)
		return n;
	me->restart = poll_again;
	return -ERESTART_BLOCK;
}

int sys_poll(struct thread *me, const uint32_t *arg)
{
	uint64_t deadline = deadline_ms(arg[2]);

	me->restart_arg[0] = arg[0];
	me->restart_arg[1] = arg[1];
	me->restart_arg[2] = (uint32_t)deadline;
	me->restart_arg[3] = deadline >> 32;
	return poll_again(me);
}

static int ppoll(struct thread *me, const uint32_t *arg, bool wide)
{
	uint64_t deadline;
	int n = deadline_in(arg[2], wide, &deadline);

	if (!n)
		n = mask_begin(me, arg[3], arg[4]);
	if (n)
		return n;
	n = poll_user(me, arg[0], arg[1], deadline);
	if (n == -EINTR)
		n = -ERESTARTNOHAND;
	mask_end(me, arg[3], n);
	deadline_out(arg[2], wide, deadline);
	return n;
}

int sys_ppoll(struct thread *me, const uint32_t *arg)
{
	return ppoll(me, arg, false);
}

int sys_ppoll_time64(struct thread *me, const uint32_t *arg)
{
	return ppoll(me, arg, true);
}

/* --- select -------------------------------------------------------------------- */

enum { SELECT_SETS = 3 };
static const unsigned select_want[SELECT_SETS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	POLLPRI,
};

struct selection {
	uint32_t *bits;		/* three sets of `words` words, in and out */
	uint32_t words;
	struct abi_pollfd *fds;
	unsigned count;
};

static bool has(const struct selection *s, unsigned set, unsigned fd)
{
	return s->bits[set * s->words + fd / 32] >> (fd % 32) & 1;
}

static int selection_in(struct selection *s, const uint32_t *arg, uint32_t n)
{
	unsigned used = 0;
	int err = 0;

	s->words = (n + 31) / 32;
	s->bits = kmem_zalloc(max_u32(s->words, 1) * 4 * SELECT_SETS);
	if (!s->bits)
		return -ENOMEM;
	for (unsigned set = 0; set < SELECT_SETS && !err; set++)
		if (arg[1 + set])
			err = user_copy_in(s->bits + set * s->words,
					   arg[1 + set], s->words * 4);
	if (err)
		return err;
	for (unsigned fd = 0; fd < n; fd++)
		used += has(s, 0, fd) || has(s, 1, fd) || has(s, 2, fd);
	s->fds = kmem_alloc(max_u32(used, 1) * sizeof(*s->fds));
	if (!s->fds)
		return -ENOMEM;
	for (unsigned fd = 0; fd < n; fd++) {
		unsigned want = 0;

		for (unsigned set = 0; set < SELECT_SETS; set++)
			if (has(s, set, fd))
				want |= select_want[set];
		if (want)
			s->fds[s->count++] = (struct abi_pollfd){ fd, want, 0 };
	}
	assert(s->count == used);
	return 0;
}

/* The answer in the same three sets: the number of bits set in all. */
static int selection_out(struct selection *s, const uint32_t *arg)
{
	uint32_t *asked = s->bits;
	int total = 0, err = 0;
	uint32_t *found = kmem_zalloc(max_u32(s->words, 1) * 4 * SELECT_SETS);

	assert(s->bits && s->fds);
	if (!found)
		return -ENOMEM;
	for (unsigned i = 0; i < s->count; i++) {
		unsigned fd = s->fds[i].fd, got = s->fds[i].revents;

		if (got & POLLNVAL) {
			err = -EBADF;
			goto out;
		}
		for (unsigned set = 0; set < SELECT_SETS; set++)
			if (has(s, set, fd) && (got & select_want[set])) {
				found[set * s->words + fd / 32] |=
					1u << (fd % 32);
				total++;
			}
	}
	for (unsigned set = 0; set < SELECT_SETS && !err; set++)
		if (arg[1 + set])
			err = user_copy_out(arg[1 + set], found +
					    set * s->words, s->words * 4);
out:
	s->bits = asked;
	kmem_free(found);
	return err ? err : total;
}

/* arg: n, read, write, except. Sleeps. -EINTR by a signal. */
static int select(struct thread *me, const uint32_t *arg, uint64_t deadline)
{
	struct selection s = { 0 };
	uint32_t n = arg[0];
	int err;

	if ((int32_t)n < 0)
		return -EINVAL;
	n = min_u32(n, me->proc->files->size);
	err = selection_in(&s, arg, n);
	if (!err)
		err = poll_files(me->proc->files, s.fds, s.count, deadline);
	if (err >= 0)
		err = selection_out(&s, arg);
	assert(s.count <= n);
	kmem_free(s.fds);
	kmem_free(s.bits);
	return err == -EINTR ? -ERESTARTNOHAND : err;
}

int sys_newselect(struct thread *me, const uint32_t *arg)
{
	uint64_t deadline = SLEEP_FOREVER;
	int64_t ns, left;
	int n = 0;

	if (arg[4]) {
		n = sys_timeval_in(arg[4], &ns);
		deadline = ns ? sys_deadline(ns) : 0;
	}
	if (n)
		return n;
	n = select(me, arg, deadline);
	if (arg[4]) {
		left = (int64_t)(deadline - arch_clock_ns());
		if (sys_timeval_out(arg[4], left > 0 ? left : 0))
			log_print(LOG_DEBUG, "select: timeout not writable");
	}
	return n;
}

/* select(2) of old: one pointer to five words. */
int sys_old_select(struct thread *me, const uint32_t *arg)
{
	uint32_t five[5];
	int err = user_copy_in(five, arg[0], sizeof(five));

	return err ? err : sys_newselect(me, five);
}

/* The sixth argument points at a pair: mask pointer and size. */
static int pselect(struct thread *me, const uint32_t *arg, bool wide)
{
	uint32_t mask[2] = { 0, 0 };
	uint64_t deadline;
	int n = deadline_in(arg[4], wide, &deadline);

	if (!n && arg[5])
		n = user_copy_in(mask, arg[5], sizeof(mask));
	if (!n)
		n = mask_begin(me, mask[0], mask[1]);
	if (n)
		return n;
	n = select(me, arg, deadline);
	mask_end(me, mask[0], n);
	deadline_out(arg[4], wide, deadline);
	return n;
}

int sys_pselect6(struct thread *me, const uint32_t *arg)
{
	return pselect(me, arg, false);
}

int sys_pselect6_time64(struct thread *me, const uint32_t *arg)
{
	return pselect(me, arg, true);
}

/* --- epoll --------------------------------------------------------------------- */

int sys_epoll_ctl(struct thread *me, const uint32_t *arg)
{
	struct abi_epoll_event ev = { 0, 0 };
	struct file *ep, *f;
	int err = -EBADF;

	if (arg[1] != EPOLL_CTL_DEL) {
		err = user_copy_in(&ev, arg[3], sizeof(ev));
		if (err)
			return err;
		err = -EBADF;
	}
	ep = file_get(me->proc->files, arg[0], FILE_ANY);
	f = file_get(me->proc->files, arg[2], FILE_ANY);
	if (ep && f)
		err = epoll_change(ep, f, arg[2], arg[1], &ev);
	if (f)
		file_drop(f);
	if (ep)
		file_drop(ep);
	return err;
}

enum { EPOLL_BATCH = 32, EPOLL_MAX = 0x7fffffff / 12 };

static int epoll_sleep(struct thread *me, const uint32_t *arg, uint64_t deadline)
{
	struct abi_epoll_event *events;
	struct file *ep;
	uint32_t max = arg[2];
	int n;

	if ((int32_t)max <= 0 || max > EPOLL_MAX)
		return -EINVAL;
	if (!user_range_ok(arg[1], max * sizeof(*events)))
		return -EFAULT;
	ep = file_get(me->proc->files, arg[0], FILE_ANY);
	if (!ep)
		return -EBADF;
	max = min_u32(max, EPOLL_BATCH);
	events = kmem_alloc(max * sizeof(*events));
	n = -ENOMEM;
	if (events) {
		n = epoll_wait(ep, events, max, deadline);
		assert(n <= (int)max);
		if (n > 0 && user_copy_out(arg[1], events, n * sizeof(*events)))
			n = -EFAULT;
	}
	kmem_free(events);
	file_drop(ep);
	return n;
}

int sys_epoll_wait(struct thread *me, const uint32_t *arg)
{
	return epoll_sleep(me, arg, deadline_ms(arg[3]));
}

int sys_epoll_pwait(struct thread *me, const uint32_t *arg)
{
	int n = mask_begin(me, arg[4], arg[5]);

	if (n)
		return n;
	n = epoll_sleep(me, arg, deadline_ms(arg[3]));
	mask_end(me, arg[4], n);
	return n;
}

int sys_epoll_pwait2(struct thread *me, const uint32_t *arg)
{
	uint64_t deadline;
	int n = deadline_in(arg[3], true, &deadline);

	if (!n)
		n = mask_begin(me, arg[4], arg[5]);
	if (n)
		return n;
	n = epoll_sleep(me, arg, deadline);
	mask_end(me, arg[4], n);
	return n;
}
