/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - advisory locks on files: POSIX record locks, OFD locks, flock.
 *
 * A record lock belongs to an owner: a file table (POSIX: gone with any close
 * of the file by its process) or an open file (OFD). The locks of one owner
 * on one inode never overlap and, of one type, never touch: setting one cuts,
 * merges and replaces what was there. flock locks whole files, apart from
 * all others, and belongs to the open file.
 *
 * Who must wait sleeps on a queue chosen by the inode and tries again after
 * any change. A POSIX owner that waits says for whom; a circle of those is
 * refused with EDEADLK (fcntl(2)). No circle is seen through OFD locks.
 *
 * Invariant: a lock is on its inode's list and on all_locks, or nowhere.
 * Locks: the kernel lock; only the waits sleep.
 */
#include "kernel/fs/charge.h"

enum lock_kind { LOCK_POSIX, LOCK_OFD, LOCK_FLOCK };
enum { WAIT_QUEUES = 32, CIRCLE_MAX = 64 };
#define OFFSET_MAX INT64_MAX

struct lock {
	struct list link;	/* inode->locks or inode->flocks */
	struct list all_link;
	struct inode *inode;
	void *owner;
	enum lock_kind kind;
	int type;		/* F_RDLCK, F_WRLCK */
	int pid;		/* who set it; OFD: -1 */
	off64 start, end;	/* inclusive; end OFFSET_MAX: to the end */
	struct prison *prison;	/* pays; held */
};

/* A POSIX owner asleep, and the one it waits for. */
struct lock_wait {
	struct list link;
	const void *owner, *blocker;
};

static struct list all_locks = LIST_INIT(all_locks);
static struct list all_waits = LIST_INIT(all_waits);
static struct sleep_queue queues[WAIT_QUEUES];
static unsigned waiting;

/* Whose the lock is: not the opener's, who may be of another prison. */
static const struct cred *taker(void)
{
	return thread_current()->cred;
}

static struct lock *lock_make(const struct lock *like, struct prison *pays)
{
	struct lock *l = charged_alloc(pays, sizeof *l);

	assert(pays && like->inode->refs > 0);
	if (!l)
		return NULL;
	*l = *like;
	l->prison = pays;
	prison_hold(pays);
	list_init(&l->link);
	list_init(&l->all_link);
	return l;
}

static void lock_free(struct lock *l)
{
	struct prison *prison;

	if (!l)
		return;
	prison = l->prison;
	assert(list_empty(&l->link) == list_empty(&l->all_link));
	list_remove(&l->link);
	list_remove(&l->all_link);
	charged_free(prison, l, sizeof *l);
	prison_drop(prison);
}

static void lock_insert(struct list *head, struct lock *l)
{
	assert(l->start <= l->end);
	assert(l->type == F_RDLCK || l->type == F_WRLCK);
	assert(list_empty(&l->link) && list_empty(&l->all_link));
	list_append(head, &l->link);
	list_append(&all_locks, &l->all_link);
}

/* --- waiting ------------------------------------------------------------ */

static struct sleep_queue *queue_of(const struct inode *i)
{
	struct sleep_queue *q = &queues[hash_u32((uint32_t)i) % WAIT_QUEUES];

	if (!q->entries.next)
		sleep_queue_init(q);
	return q;
}

/* Something on i was unlocked or made weaker. */
static void lock_changed(struct inode *i)
{
	if (waiting)
		sleep_wake_key(queue_of(i), (uint32_t)i, UINT32_MAX);
}

static int lock_sleep(struct inode *i)
{
	int err;

	waiting++;
	err = sleep_on_key(queue_of(i), (uint32_t)i, SLEEP_SIGNAL, SLEEP_FOREVER);
	assert(waiting > 0);
	waiting--;
	return err ? -ERESTARTSYS : 0;
}

/* Would owner, waiting for blocker, close a circle of waits? */
static bool wait_is_circle(const void *owner, const void *blocker)
{
	for (int i = 0; i < CIRCLE_MAX; i++) {
		const void *next = NULL;

		if (blocker == owner)
			return true;
		list_each(l, &all_waits) {
			struct lock_wait *w = list_entry(l, struct lock_wait, link);

			if (w->owner == blocker) {
				next = w->blocker;
				break;
			}
		}
		if (!next)
			return false;
		blocker = next;
	}
	return false;
}

static int posix_wait(const struct lock *want, const struct lock *blocker)
{
	struct lock_wait w = { .owner = want->owner, .blocker = blocker->owner };
	int err;

	if (want->kind == LOCK_POSIX && blocker->kind == LOCK_POSIX) {
		if (wait_is_circle(w.owner, w.blocker))
			return -EDEADLK;
		list_append(&all_waits, &w.link);
		err = lock_sleep(want->inode);
		list_remove(&w.link);
		return err;
	}
	return lock_sleep(want->inode);
}

/* --- record locks ------------------------------------------------------- */

static bool overlaps(const struct lock *a, const struct lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static struct lock *conflict_find(const struct lock *want)
{
	list_each(l, &want->inode->locks) {
		struct lock *k = list_entry(l, struct lock, link);

		if (k->owner != want->owner && overlaps(k, want) &&
		    (k->type == F_WRLCK || want->type == F_WRLCK))
			return k;
	}
	return NULL;
}

/* The range that l names, from f's place: -EINVAL, -EOVERFLOW (fcntl(2)). */
static int range_take(struct file *f, const struct abi_flock64 *l,
		      struct lock *out)
{
	off64 base, start, end;

	switch (l->whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = f->pos;
		break;
	case SEEK_END:
		base = f->inode->size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, l->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (l->len > 0) {
		if (__builtin_add_overflow(start, l->len - 1, &end))
			return -EOVERFLOW;
	} else if (l->len < 0) {
		if (__builtin_add_overflow(start, l->len, &end) || end < 0)
			return -EINVAL;
		base = start;
		start = end;
		end = base - 1;
	} else {
		end = OFFSET_MAX;
	}
	out->start = start;
	out->end = end;
	return 0;
}

static int lock_parse(struct file *f, void *owner, int pid,
		      const struct abi_flock64 *l, struct lock *out)
{
	*out = (struct lock){
		.inode = f->inode, .owner = owner, .type = l->type,
		.kind = owner == f ? LOCK_OFD : LOCK_POSIX,
		.pid = owner == f ? -1 : pid,
	};
	if (l->type != F_RDLCK && l->type != F_WRLCK && l->type != F_UNLCK)
		return -EINVAL;
	return range_take(f, l, out);
}

/* One old lock k of the same owner against the new one. Grows *new where they
 * join; uses up *spare when k is cut in two. Returns true if k got weaker. */
static bool lock_cut(struct lock *k, struct lock *new, struct lock **spare)
{
	bool joins = k->start <= (new->end == OFFSET_MAX ? new->end : new->end + 1) &&
		     new->start <= (k->end == OFFSET_MAX ? k->end : k->end + 1);

	assert(k->owner == new->owner && k->inode == new->inode && k != new);
	if (k->type == new->type) {
		if (!joins)
			return false;
		if (k->start < new->start)
			new->start = k->start;
		if (k->end > new->end)
			new->end = k->end;
		lock_free(k);
		return false;
	}
	if (!overlaps(k, new))
		return false;
	if (k->start < new->start && k->end > new->end) {
		struct lock *tail = *spare;

		assert(tail);
		*spare = NULL;
		tail->type = k->type;
		tail->pid = k->pid;
		tail->start = new->end + 1;
		tail->end = k->end;
		k->end = new->start - 1;
		lock_insert(&k->inode->locks, tail);
	} else if (k->start < new->start) {
		k->end = new->start - 1;
	} else if (k->end > new->end) {
		k->start = new->end + 1;
	} else {
		lock_free(k);
	}
	return true;
}

/* Nothing conflicts: make it so. -ENOLCK, and nothing done. */
static int lock_apply(struct lock *want, struct prison *pays)
{
	struct lock *new = NULL, *spare = NULL, range = *want;
	bool weaker = false;

	if (want->type != F_UNLCK || want->start > 0 || want->end < OFFSET_MAX) {
		spare = lock_make(want, pays);
		if (!spare)
			return -ENOLCK;
	}
	if (want->type != F_UNLCK) {
		new = lock_make(want, pays);
		if (!new) {
			lock_free(spare);
			return -ENOLCK;
		}
	}
	list_each_safe(l, &want->inode->locks) {
		struct lock *k = list_entry(l, struct lock, link);

		if (k->owner == want->owner && k->kind == want->kind)
			weaker |= lock_cut(k, &range, &spare);
	}
	lock_free(spare);
	if (new) {
		assert(range.start <= want->start && range.end >= want->end);
		new->start = range.start;
		new->end = range.end;
		lock_insert(&want->inode->locks, new);
	}
	if (weaker)
		lock_changed(want->inode);
	return 0;
}

/* Is f still open in the table? Another thread may have closed it, and
 * taken its locks away, while this one slept or before it came here. */
static bool still_open(const struct file_table *t, const struct file *f)
{
	for (unsigned fd = 0; fd < t->size; fd++)
		if (t->file[fd] == f)
			return true;
	return false;
}

/*
 * F_SETLK, F_SETLKW and their OFD forms; l->type F_UNLCK unlocks. owner: the
 * file table, or f itself for OFD. -EAGAIN, -EDEADLK, -ENOLCK, -EBADF (not
 * open the right way), -EINVAL, -EOVERFLOW, -ERESTARTSYS. Sleeps.
 */
int lock_posix(struct file *f, void *owner, int pid,
	       const struct abi_flock64 *l, bool wait)
{
	struct lock want, *blocker;
	int mode = f->flags & O_ACCMODE;
	int err = lock_parse(f, owner, pid, l, &want);

	if (err)
		return err;
	if ((want.type == F_RDLCK && mode == O_WRONLY) ||
	    (want.type == F_WRLCK && mode == O_RDONLY))
		return -EBADF;
	while (want.type != F_UNLCK && (blocker = conflict_find(&want))) {
		if (!wait)
			return -EAGAIN;
		err = posix_wait(&want, blocker);
		if (err)
			return err;
	}
	if (want.kind == LOCK_POSIX && !still_open(owner, f))
		return -EBADF;
	return lock_apply(&want, taker()->prison);
}

/*
 * F_GETLK, F_OFD_GETLK: what would be in the way of l, into l; type F_UNLCK
 * when nothing is. A holder that who cannot see has pid 0.
 */
int lock_test(struct file *f, void *owner, const struct cred *who,
	      struct abi_flock64 *l)
{
	struct lock want, *k;
	struct proc *p;
	int err = lock_parse(f, owner, 0, l, &want);

	if (err)
		return err;
	if (want.type == F_UNLCK)
		return -EINVAL;
	k = conflict_find(&want);
	if (!k) {
		l->type = F_UNLCK;
		return 0;
	}
	l->type = k->type;
	l->whence = SEEK_SET;
	l->start = k->start;
	l->len = k->end == OFFSET_MAX ? 0 : k->end - k->start + 1;
	l->pid = k->pid;
	if (k->kind == LOCK_POSIX) {
		p = proc_find(who, k->pid);
		if (p)
			proc_drop(p);
		else
			l->pid = 0;
	}
	return 0;
}

static bool owner_drop(struct list *head, const void *owner)
{
	bool any = false;

	assert(owner);
	list_each_safe(l, head) {
		struct lock *k = list_entry(l, struct lock, link);

		if (k->owner != owner)
			continue;
		lock_free(k);
		any = true;
	}
	return any;
}

/* All locks that owner has on i: a file table closes the file, or an open
 * file ends. */
void lock_release_owner(struct inode *i, void *owner)
{
	bool any;

	if (list_empty(&i->locks) && list_empty(&i->flocks))
		return;
	any = owner_drop(&i->locks, owner);
	any |= owner_drop(&i->flocks, owner);
	if (any)
		lock_changed(i);
}

/* --- flock -------------------------------------------------------------- */

static struct lock *flock_of(struct file *f)
{
	list_each(l, &f->inode->flocks) {
		struct lock *k = list_entry(l, struct lock, link);

		if (k->owner == f)
			return k;
	}
	return NULL;
}

static bool flock_conflict(struct file *f, int type)
{
	list_each(l, &f->inode->flocks) {
		struct lock *k = list_entry(l, struct lock, link);

		if (k->owner != f && (type == F_WRLCK || k->type == F_WRLCK))
			return true;
	}
	return false;
}

/*
 * flock(2): op is LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB. Changing the type
 * gives the old lock up first, as Linux does. -EAGAIN, -EINVAL, -ENOLCK,
 * -ERESTARTSYS. Sleeps.
 */
int lock_flock(struct file *f, int op)
{
	struct lock like = { .inode = f->inode, .owner = f, .kind = LOCK_FLOCK,
			     .end = OFFSET_MAX };
	struct lock *new, *old = flock_of(f);
	int err;

	like.pid = thread_current()->proc->pid;
	like.type = (op & ~LOCK_NB) == LOCK_SH ? F_RDLCK : F_WRLCK;
	switch (op & ~LOCK_NB) {
	case LOCK_UN:
		if (old) {
			lock_free(old);
			lock_changed(f->inode);
		}
		return 0;
	case LOCK_SH:
	case LOCK_EX:
		break;
	default:
		return -EINVAL;
	}
	if (old && old->type == like.type)
		return 0;
	new = lock_make(&like, taker()->prison);
	if (!new)
		return -ENOLCK;
	if (old) {
		lock_free(old);
		lock_changed(f->inode);
	}
	while (flock_conflict(f, like.type)) {
		err = op & LOCK_NB ? -EAGAIN : lock_sleep(f->inode);
		if (err) {
			lock_free(new);
			return err;
		}
	}
	lock_free(flock_of(f));	/* another thread was quicker */
	assert(!flock_of(f));
	lock_insert(&f->inode->flocks, new);
	return 0;
}

/* --- /proc/locks -------------------------------------------------------- */

/* The locks that who may know of, in Linux's form. */
int lock_show(struct text *t, const struct cred *who)
{
	static const char *const kinds[] = {
		[LOCK_POSIX] = "POSIX ", [LOCK_OFD] = "OFDLCK",
		[LOCK_FLOCK] = "FLOCK ",
	};
	unsigned n = 0;

	list_each(l, &all_locks) {
		const struct lock *k = list_entry(l, struct lock, all_link);
		uint32_t dev = k->inode->sb->dev;

		if (!prison_sees(who->prison, k->prison))
			continue;
		text_put(t, "%u: %s ADVISORY  %s %d %02x:%02x:%llu %lld ", ++n,
			 kinds[k->kind], k->type == F_RDLCK ? "READ " : "WRITE",
			 k->pid, abi_dev_major(dev), abi_dev_minor(dev),
			 (unsigned long long)k->inode->ino, (long long)k->start);
		if (k->end == OFFSET_MAX)
			text_put(t, "EOF\n");
		else
			text_put(t, "%lld\n", (long long)k->end);
	}
	return 0;
}
