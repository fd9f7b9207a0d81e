/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll.c - a set of watched files that remembers which may be ready.
 *
 * Each item stands on its file's queues for as long as it is watched. A
 * wake-up only puts it on the ready list; epoll_wait asks the files on that
 * list, reports those that are indeed ready, and leaves the level-triggered
 * ones on it for the next time. So a wait costs what is ready, not what is
 * watched.
 *
 * An epoll may watch another one, but never itself through others, and the
 * chain has at most NEST_MAX links: a wake-up climbs it.
 *
 * Invariant: an item lives while both its epoll and its file are open; it
 * holds neither (epoll_file_gone, epoll_release). ready_count counts ready.
 * Locks: the kernel lock; nothing here sleeps but epoll_wait.
 */
#include "kernel/fs/charge.h"
#include "kernel/fs/poll.h"

enum { NEST_MAX = 5, WAITS_INLINE = 2 };
#define EVENTS_PRIVATE (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define EXCLUSIVE_WITH (POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLET | \
			EPOLLWAKEUP | EPOLLEXCLUSIVE)

struct epoll {
	struct file *file;	/* its own; not held */
	struct tree items;	/* by file, then descriptor */
	struct list ready;
	unsigned ready_count;
	struct sleep_queue waiters;	/* in epoll_wait: one is woken */
	struct sleep_queue pollers;	/* poll this epoll: all are woken */
	uint32_t seen;		/* the last nesting check that came by ... */
	unsigned depth;		/* ... and what it found below */
};

struct item_wait {		/* an item on one queue */
	struct sleep_entry sleep;
	struct epoll_item *item;
	struct item_wait *next;	/* beyond the inline ones */
};
struct epoll_item {
	struct tree_node node;
	struct epoll *ep;
	struct file *file;
	int fd;
	struct abi_epoll_event event;
	struct list ready_link;
	struct list file_link;	/* file->epolls */
	struct prison *prison;	/* pays; held */
	unsigned waits;
	struct item_wait wait[WAITS_INLINE];
	struct item_wait *more;
};
struct item_poller {
	struct poller poller;
	struct epoll_item *item;
};

static const struct file_ops epoll_ops;

static struct epoll *epoll_of(const struct file *f)
{
	return f->ops == &epoll_ops ? f->private : NULL;
}

/* --- the ready list ----------------------------------------------------- */

static void ready_add(struct epoll_item *it)
{
	if (!list_empty(&it->ready_link))
		return;
	list_append(&it->ep->ready, &it->ready_link);
	it->ep->ready_count++;
}

static void ready_remove(struct epoll_item *it)
{
	if (list_empty(&it->ready_link))
		return;
	list_remove(&it->ready_link);
	assert(it->ep->ready_count > 0);
	it->ep->ready_count--;
}

static void epoll_announce(struct epoll *ep)
{
	assert(ep->file->refs > 0);
	if (!sleep_queue_idle(&ep->waiters))
		sleep_wake_n(&ep->waiters, 1);
	if (!sleep_queue_idle(&ep->pollers))
		sleep_wake(&ep->pollers);
}

/* One of the file's queues was woken. */
static bool item_wake(struct sleep_entry *e)
{
	struct epoll_item *it = container_of(e, struct item_wait, sleep)->item;
	bool served;

	if (!(it->event.events & ~EVENTS_PRIVATE))
		return false;	/* one shot, fired: silent until changed */
	served = (it->event.events & EPOLLEXCLUSIVE) &&
		 !sleep_queue_idle(&it->ep->waiters);
	ready_add(it);
	epoll_announce(it->ep);
	return served;
}

static void item_note(struct poller *p, struct sleep_queue *q)
{
	struct epoll_item *it = container_of(p, struct item_poller, poller)->item;
	struct item_wait *w;

	assert(it->file && it->waits <= WAITS_INLINE);
	if (it->waits < WAITS_INLINE) {
		w = &it->wait[it->waits++];
	} else {
		w = charged_alloc(it->prison, sizeof *w);
		if (!w) {
			p->error = -ENOMEM;
			return;
		}
		w->next = it->more;
		it->more = w;
	}
	w->item = it;
	w->sleep.wake = item_wake;
	w->sleep.thread = NULL;
	w->sleep.key = 0;
	sleep_entry_add(q, &w->sleep);
}

/* What it is ready for now, of what was asked. */
static unsigned item_ask(struct epoll_item *it, struct poller *p)
{
	assert(it->file->ops->poll);
	return poll_now(it->file, p) & it->event.events & ~EVENTS_PRIVATE;
}

static void item_free(struct epoll_item *it)
{
	struct prison *prison = it->prison;
	struct item_wait *w, *next;

	assert(it->ep && it->file);
	for (unsigned i = 0; i < it->waits; i++)
		sleep_entry_remove(&it->wait[i].sleep);
	for (w = it->more; w; w = next) {
		next = w->next;
		sleep_entry_remove(&w->sleep);
		charged_free(prison, w, sizeof *w);
	}
	ready_remove(it);
	list_remove(&it->file_link);
	tree_remove(&it->ep->items, &it->node);
	charged_free(prison, it, sizeof *it);
	prison_drop(prison);
}

/* --- the set ------------------------------------------------------------ */

static int item_compare(const struct epoll_item *a, const struct file *f, int fd)
{
	if (a->file != f)
		return a->file < f ? -1 : 1;
	return a->fd < fd ? -1 : a->fd > fd;
}

static bool item_less(const struct tree_node *a, const struct tree_node *b)
{
	const struct epoll_item *y = tree_entry(b, struct epoll_item, node);

	return item_compare(tree_entry(a, struct epoll_item, node), y->file,
			    y->fd) < 0;
}

static struct epoll_item *item_find(struct epoll *ep, struct file *f, int fd)
{
	struct tree_node *n = ep->items.root;

	while (n) {
		struct epoll_item *it = tree_entry(n, struct epoll_item, node);
		int c = item_compare(it, f, fd);

		if (c == 0)
			return it;
		n = c < 0 ? n->right : n->left;
	}
	return NULL;
}

/* --- nesting ------------------------------------------------------------ */

static uint32_t nest_round;

/* Longest chain of epolls from ep downwards, ep included; more than NEST_MAX
 * when it is too long or comes by `top`. */
static unsigned depth_below(struct epoll *ep, const struct epoll *top,
			    unsigned level)
{
	unsigned deepest = 0;

	assert(level > 0);
	if (ep == top || level > NEST_MAX)
		return NEST_MAX + 1;
	if (ep->seen == nest_round)
		return ep->depth;
	for (struct tree_node *n = tree_first(&ep->items); n; n = tree_next(n)) {
		struct epoll_item *it = tree_entry(n, struct epoll_item, node);
		struct epoll *inner = epoll_of(it->file);

		if (inner)
			deepest = max_u32(deepest, depth_below(inner, top, level + 1));
	}
	ep->seen = nest_round;
	return ep->depth = deepest + 1;
}

/* Longest chain of epolls that watch ep, ep included. */
static unsigned depth_above(struct epoll *ep, unsigned level)
{
	unsigned highest = 0;

	if (level > NEST_MAX)
		return NEST_MAX + 1;
	if (ep->seen == nest_round)
		return ep->depth;
	list_each(l, &ep->file->epolls) {
		struct epoll_item *it = list_entry(l, struct epoll_item, file_link);

		highest = max_u32(highest, depth_above(it->ep, level + 1));
	}
	ep->seen = nest_round;
	return ep->depth = highest + 1;
}

/* May ep watch f? -ELOOP: a circle, or too long a chain. */
static int nest_check(struct epoll *ep, struct file *f)
{
	struct epoll *inner = epoll_of(f);
	unsigned below, above;

	if (!inner)
		return 0;
	nest_round++;
	below = depth_below(inner, ep, 1);
	nest_round++;
	above = depth_above(ep, 1);
	return below + above > NEST_MAX ? -ELOOP : 0;
}

/* --- changing the set --------------------------------------------------- */

static int item_add(struct epoll *ep, struct file *f, int fd,
		    const struct abi_epoll_event *ev)
{
	struct prison *prison = ep->file->cred->prison;
	struct item_poller ip = { { item_note, 0 }, NULL };
	struct epoll_item *it;
	int err = nest_check(ep, f);

	assert(f->ops->poll && ep->file != f);
	if (err)
		return err;
	it = charged_alloc(prison, sizeof *it);
	if (!it)
		return -ENOMEM;
	memset(it, 0, sizeof *it);
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->event = *ev;
	it->event.events |= POLL_ALWAYS;
	it->prison = prison;
	prison_hold(prison);
	list_init(&it->ready_link);
	list_append(&f->epolls, &it->file_link);
	tree_add(&ep->items, &it->node, item_less);
	ip.item = it;
	if (item_ask(it, &ip.poller)) {
		ready_add(it);
		epoll_announce(ep);
	}
	if (ip.poller.error)
		item_free(it);
	return ip.poller.error;
}

static int item_change(struct epoll_item *it, const struct abi_epoll_event *ev)
{
	assert(ev);
	if ((it->event.events | ev->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	it->event = *ev;
	it->event.events |= POLL_ALWAYS;
	if (item_ask(it, NULL)) {
		ready_add(it);
		epoll_announce(it->ep);
	}
	return 0;
}

/*
 * epoll_ctl on ep for descriptor fd, which is f. ev is NULL for
 * EPOLL_CTL_DEL. -EINVAL, -EPERM (always ready: regular files), -EEXIST,
 * -ENOENT, -ELOOP, -ENOMEM (Linux epoll_ctl(2)).
 */
int epoll_change(struct file *ep_file, struct file *f, int fd, int op,
		 const struct abi_epoll_event *ev)
{
	struct epoll *ep = epoll_of(ep_file);
	struct epoll_item *it;

	if (!f->ops->poll)
		return -EPERM;
	if (!ep || f == ep_file)
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && (ev->events & EPOLLEXCLUSIVE) &&
	    (op == EPOLL_CTL_MOD || epoll_of(f) ||
	     (ev->events & ~EXCLUSIVE_WITH)))
		return -EINVAL;
	it = item_find(ep, f, fd);
	switch (op) {
	case EPOLL_CTL_ADD:
		return it ? -EEXIST : item_add(ep, f, fd, ev);
	case EPOLL_CTL_MOD:
		return it ? item_change(it, ev) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!it)
			return -ENOENT;
		item_free(it);
		return 0;
	default:
		return -EINVAL;
	}
}

/* The last reference to f is going: nobody watches it any more. */
void epoll_file_gone(struct file *f)
{
	while (!list_empty(&f->epolls))
		item_free(list_entry(f->epolls.next, struct epoll_item, file_link));
}

/* --- waiting ------------------------------------------------------------ */

/* One round over the ready list: how many went into out. */
static unsigned epoll_collect(struct epoll *ep, struct abi_epoll_event *out,
			      unsigned max)
{
	unsigned count = 0;

	assert(max > 0);
	for (unsigned left = ep->ready_count; left && count < max; left--) {
		struct epoll_item *it = list_entry(ep->ready.next,
						   struct epoll_item, ready_link);
		unsigned mask = item_ask(it, NULL);

		ready_remove(it);
		if (!mask)
			continue;
		out[count].events = mask;
		out[count++].data = it->event.data;
		if (it->event.events & EPOLLONESHOT)
			it->event.events &= EVENTS_PRIVATE;
		else if (!(it->event.events & EPOLLET))
			ready_add(it);
	}
	return count;
}

/*
 * Up to max events into out (kernel memory), sleeping until there is one or
 * the clock reaches deadline (0: do not wait). Their number; -EINTR, -EINVAL.
 * Sleeps.
 */
int epoll_wait(struct file *f, struct abi_epoll_event *out, unsigned max,
	       uint64_t deadline)
{
	struct epoll *ep = epoll_of(f);
	unsigned count;
	int err = 0;

	sleep_assert();
	if (!ep || !max)
		return -EINVAL;
	for (;;) {
		count = epoll_collect(ep, out, max);
		if (count || err || deadline == 0)
			break;
		err = sleep_on(&ep->waiters, SLEEP_SIGNAL, deadline);
	}
	/* More is ready than this waiter takes: the next one's turn. */
	if (ep->ready_count && !sleep_queue_idle(&ep->waiters))
		sleep_wake_n(&ep->waiters, 1);
	if (count)
		return count;
	return err == -ETIMEDOUT ? 0 : err;
}

static unsigned epoll_poll(struct file *f, struct poller *p)
{
	struct epoll *ep = f->private;

	poll_wait(p, &ep->pollers);
	while (ep->ready_count) {
		struct epoll_item *it = list_entry(ep->ready.next,
						   struct epoll_item, ready_link);

		if (item_ask(it, NULL))
			return POLLIN | POLLRDNORM;
		ready_remove(it);
	}
	return 0;
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->private;
	struct tree_node *n;

	while ((n = tree_first(&ep->items)))
		item_free(tree_entry(n, struct epoll_item, node));
	assert(ep->ready_count == 0);
	assert(sleep_queue_idle(&ep->waiters));
	assert(list_empty(&ep->ready));
	kmem_free(ep);
}

static const struct file_ops epoll_ops = {
	.seek = file_seek_stays,
	.poll = epoll_poll,
	.release = epoll_release,
};

int epoll_new(const struct cred *who, struct file **out)
{
	struct epoll *ep = kmem_zalloc(sizeof *ep);
	int err;

	if (!ep)
		return -ENOMEM;
	list_init(&ep->ready);
	sleep_queue_init(&ep->waiters);
	sleep_queue_init(&ep->pollers);
	err = file_new(who, &epoll_ops, O_RDWR, ep, "eventpoll", out);
	if (err) {
		kmem_free(ep);
		return err;
	}
	ep->file = *out;
	return 0;
}
