/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.c - every process, and who may see which.
 *
 * A process is found by number, but only by someone who may know of it:
 * proc_find and proc_next are the only ways out of the table, and both take
 * the asker. A process outside the asker's prison does not exist.
 *
 * Invariants: a process bears its number from proc_new until it is reaped, is
 * counted for its prison and its user as long, and is a member of one group.
 * Locks: the kernel lock; a found process is held by reference.
 */
#include "kernel/proc/inner.h"

static struct kmem_cache *cache;
static struct proc kernel_proc;		/* pid 0 */
static uint32_t count;
static uint64_t forks;

/* --- references and the table ----------------------------------------------- */

void proc_hold(struct proc *p)
{
	assert(p->refs != 0);
	p->refs++;
}

void proc_drop(struct proc *p)
{
	assert(p->refs != 0);
	if (--p->refs != 0)
		return;
	assert(p != &kernel_proc && p->state == PROC_GONE);
	assert(p->thread_count == 0 && list_empty(&p->children));
	user_drop(p->user);
	cred_drop(p->cred);
	if (p->signal_watch)
		signal_watch_drop(p->signal_watch);
	kmem_cache_free(cache, p);
}

int proc_see_other_uids = 1, proc_see_other_gids = 1, proc_see_jail_proc = 1;

/* What security.bsd.see_* leave of the view, to who has not the privilege. */
static bool sees_others(const struct cred *who, const struct cred *of)
{
	if (!proc_see_other_uids && who->uid != of->uid &&
	    !priv_has(who, PRIV_SEEOTHERUIDS))
		return false;
	if (!proc_see_other_gids && who->gid != of->gid &&
	    !cred_in_group(who, of->gid) && !priv_has(who, PRIV_SEEOTHERGIDS))
		return false;
	return proc_see_jail_proc || who->prison == of->prison ||
	       priv_has(who, PRIV_SEEJAILPROC);
}

bool proc_sees_cred(const struct cred *who, const struct cred *of)
{
	if (!prison_sees(who->prison, of->prison))
		return false;
	if (likely(proc_see_other_uids & proc_see_other_gids &
		   proc_see_jail_proc))
		return true;
	return sees_others(who, of);
}

bool proc_sees(const struct cred *who, const struct proc *p)
{
	return proc_sees_cred(who, p->cred);
}

/* Somebody named a process by a number that is not for him. */
static void note_foreign(const struct cred *who, const struct proc *p, int id)
{
	char number[12];

	if (prison_sees(who->prison, p->cred->prison))
		return;
	str_format(number, sizeof(number), "%d", id);
	prison_denied(who, "pid", number, -ESRCH);
}

struct proc *proc_find(const struct cred *who, int pid)
{
	struct number *n = number_find(pid);

	if (!n || !n->proc)
		return NULL;
	if (!proc_sees(who, n->proc)) {
		note_foreign(who, n->proc, pid);
		return NULL;
	}
	proc_hold(n->proc);
	return n->proc;
}

struct thread *proc_find_thread(const struct cred *who, int tid)
{
	struct number *n = number_find(tid);

	if (!n || !n->thread)
		return NULL;
	if (!proc_sees(who, n->thread->proc)) {
		note_foreign(who, n->thread->proc, tid);
		return NULL;
	}
	thread_hold(n->thread);
	return n->thread;
}

struct proc *proc_next(const struct cred *who, struct proc *prev)
{
	int n = prev ? prev->pid : 0;
	struct proc *p;

	if (prev)
		proc_drop(prev);
	while ((n = number_next(n + 1)) < NUMBER_END) {
		p = number_find(n)->proc;
		if (p && proc_sees(who, p)) {
			proc_hold(p);
			return p;
		}
	}
	return NULL;
}

struct proc *proc_kernel(void)
{
	return &kernel_proc;
}

struct proc *proc_one(void)
{
	struct number *n = number_find(1);

	return n ? n->proc : NULL;
}

/* --- birth ------------------------------------------------------------------- */

/* How many threads this much memory can bear: each costs some 40 KB with its
 * stack and page tables. */
static uint64_t thread_max(void)
{
	enum { PAGES_EACH = 16, LEAST = 64 };
	struct page_stats s;

	page_stats_get(&s);
	return max_u32(LEAST, s.total / PAGES_EACH);
}

/* Linux's defaults; what depends on the machine's size is computed as there. */
static void limits_default(struct abi_rlimit64 *l)
{
	uint64_t threads = thread_max();

	for (int i = 0; i < RLIMIT_COUNT; i++)
		l[i] = (struct abi_rlimit64){ RLIM_INFINITY, RLIM_INFINITY };
	l[RLIMIT_STACK].cur = 8 << 20;
	l[RLIMIT_CORE].cur = 0;
	l[RLIMIT_NPROC] = (struct abi_rlimit64){ threads / 2, threads / 2 };
	l[RLIMIT_SIGPENDING] = l[RLIMIT_NPROC];
	l[RLIMIT_NOFILE] = (struct abi_rlimit64){ 1024, 1 << 20 };
	l[RLIMIT_MEMLOCK] = (struct abi_rlimit64){ 8 << 20, 8 << 20 };
	l[RLIMIT_MSGQUEUE] = (struct abi_rlimit64){ 819200, 819200 };
	l[RLIMIT_NICE] = l[RLIMIT_RTPRIO] = (struct abi_rlimit64){ 0, 0 };
}

/* All that needs no memory and no permission. */
static void set_up(struct proc *p)
{
	memset(p, 0, sizeof(*p));
	p->refs = 1;
	p->state = PROC_ALIVE;
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->group_link);
	signal_queue_init(&p->pending);
	sleep_queue_init(&p->child_wait);
	sleep_queue_init(&p->exec_wait);
	sleep_queue_init(&p->thread_gone);
	p->exit_signal = SIGCHLD;
	p->dumpable = true;
	p->start_ns = arch_clock_ns();
	ptimer_proc_init(p);
}

/* From its maker, who need not be its parent (CLONE_PARENT). */
static void inherit(struct proc *p, const struct proc *from)
{
	memcpy(p->limit, from->limit, sizeof(p->limit));
	memcpy(p->comm, from->comm, sizeof(p->comm));
	p->dumpable = from->dumpable;
	p->keep_caps = from->keep_caps;
	p->set_id = from->set_id;
	p->no_new_privs = from->no_new_privs;
	p->personality = from->personality;
	group_join(p, from->group);
}

/* The place in the prison and the number. */
static int admit(struct proc *p, const struct cred *cred)
{
	struct prison *in = cred->prison;
	int err;

	p->user = user_get(in, cred->uid);
	if (!p->user)
		return -ENOMEM;
	err = prison_join(in);
	if (err)
		goto drop_user;
	err = racct_charge(in, RACCT_PROC, 1);
	if (err)
		goto leave_prison;
	p->pid = number_take();
	if (p->pid < 0) {
		err = p->pid;
		goto release_charge;
	}
	p->cred = cred_hold(cred);
	return 0;

release_charge:
	racct_release(in, RACCT_PROC, 1);
leave_prison:
	prison_leave(in);
drop_user:
	user_drop(p->user);
	return err;
}

/* -ENOMEM; -EAGAIN: a limit of the prison, or no number left; -EPERM: the
 * prison is dying. It is visible at once; a signal that comes before its first
 * thread waits for that. */
int proc_new(struct proc *parent, const struct cred *cred, struct proc **out)
{
	struct proc *p = kmem_cache_alloc(cache);
	int err;

	if (!p)
		return -ENOMEM;
	set_up(p);
	err = admit(p, cred);
	if (err) {
		kmem_cache_free(cache, p);
		return err;
	}
	number_find(p->pid)->proc = p;
	if (parent) {
		inherit(p, thread_current()->proc);
		p->parent = parent;
		list_append(&parent->children, &p->sibling);
	} else {
		assert(p->pid == 1);
		limits_default(p->limit);
		err = group_make_first(p);
		if (err)
			panic("no memory for process 1");
	}
	count++;
	*out = p;
	return 0;
}

/* --- end --------------------------------------------------------------------- */

/* p, a zombie or never born, leaves the table; its first reference goes. */
void proc_reap(struct proc *p)
{
	struct number *n = number_find(p->pid);

	assert(n && n->proc == p && p->thread_count == 0);
	assert(list_empty(&p->children));
	list_remove(&p->sibling);
	p->parent = NULL;
	group_leave(p);
	n->proc = NULL;
	number_settle(p->pid);
	racct_release(p->cred->prison, RACCT_PROC, 1);
	p->state = PROC_GONE;
	count--;
	proc_drop(p);
}

/* Undoes proc_new; no thread of p was ever started, none is left. */
void proc_unmake(struct proc *p)
{
	struct proc *parent = p->parent;

	assert(p->state == PROC_ALIVE);
	ptimer_proc_exit(p);
	signal_queue_flush(&p->pending, ~(sigset)0);
	proc_leave_prison(p);
	proc_reap(p);
	if (parent) /* who waits for it may have nobody to wait for now */
		sleep_wake(&parent->child_wait);
}

/* --- identity ----------------------------------------------------------------- */

/* c replaces p's credential and is p's from now on. Its threads take it over
 * at their next system call. To enter a prison is another deed than this. */
void proc_set_cred(struct proc *p, struct cred *c)
{
	struct cred *old = p->cred;
	struct proc_user *user;

	assert(c->prison == old->prison);
	p->cred = c;
	if (c->uid != old->uid) {
		user = user_get(c->prison, c->uid);
		if (user) { /* without memory it counts for the old one */
			user->threads += p->thread_count;
			p->user->threads -= p->thread_count;
			user_drop(p->user);
			p->user = user;
		}
	}
	cred_drop(old);
}

/* The charges of a process: one, and one for each of its threads. */
static int charge(const struct proc *p, struct prison *in)
{
	int err = racct_charge(in, RACCT_PROC, 1);

	if (err)
		return err;
	err = racct_charge(in, RACCT_THREAD, p->thread_count);
	if (err)
		racct_release(in, RACCT_PROC, 1);
	return err;
}

/* p's threads take their places among those of another prison. */
static void change_share(struct proc *p, struct cred *c)
{
	bool queued;

	list_each(l, &p->threads) {
		struct thread *t = list_entry(l, struct thread, proc_link);

		if (t->sched.queued)
			queue_remove(t);
	}
	p->cred = c;
	list_each(l, &p->threads) {
		struct thread *t = list_entry(l, struct thread, proc_link);

		queued = t->state == THREAD_READY && t != thread_current();
		queue_join(t);
		if (queued)
			queue_add(t, false);
	}
}

/* -EPERM: that prison is dying; -EAGAIN: a limit of it; -ENOMEM. What p's
 * memory and open files cost stays with the prison that it comes from. */
int proc_enter_prison(struct proc *p, struct cred *c)
{
	struct cred *old = p->cred;
	struct prison *from = old->prison;
	struct proc_user *user = user_get(c->prison, c->uid);
	int err;

	assert(p->state == PROC_ALIVE && !p->left_prison);
	assert(c->uid == old->uid && prison_sees(from, c->prison));
	if (!user)
		return -ENOMEM;
	err = queue_share_make(c->prison);
	if (!err)
		err = prison_join(c->prison);
	if (!err) {
		err = charge(p, c->prison);
		if (err)
			prison_leave(c->prison);
	}
	if (err) {
		user_drop(user);
		return err;
	}
	if (p == thread_current()->proc)
		account_charge(thread_current());
	user->threads += p->thread_count;
	p->user->threads -= p->thread_count;
	user_drop(p->user);
	p->user = user;
	change_share(p, c);
	list_each(l, &p->threads)
		thread_io_drop(list_entry(l, struct thread, proc_link));
	racct_release(from, RACCT_PROC, 1);
	racct_release(from, RACCT_THREAD, p->thread_count);
	prison_leave(from);
	cred_drop(old);
	return 0;
}

/* p does nothing any more that its prison could be asked about. The last one
 * takes the prison with it. Sleeps. */
void proc_leave_prison(struct proc *p)
{
	assert(!p->left_prison);
	p->left_prison = true;
	prison_leave(p->cred->prison);
}

void proc_refresh_cred(struct thread *t)
{
	const struct cred *old = t->cred;

	t->cred = cred_hold(t->proc->cred);
	cred_drop(old);
}

void proc_set_comm(struct proc *p, const char *name)
{
	memset(p->comm, 0, sizeof(p->comm));
	str_copy(p->comm, name, sizeof(p->comm));
}

/* May who look into p: read its memory and environment, trace it? 0, -EPERM.
 * Linux: the same user in every respect, and nothing that p got by a set-id
 * program; or a privilege. A prison may withhold the unprivileged part. */
int proc_may_debug(const struct cred *who, const struct proc *p)
{
	const struct cred *of = p->cred;
	bool same = who->euid == of->euid && who->euid == of->suid &&
		    who->euid == of->uid && who->egid == of->egid &&
		    who->egid == of->sgid && who->egid == of->gid;

	if (p == thread_current()->proc)
		return 0;
	if (!same)
		return priv_check(who, PRIV_DEBUG_DIFFCRED);
	if (!p->dumpable || p->set_id)
		return priv_check(who, PRIV_DEBUG_SUGID);
	if (who->prison != of->prison &&
	    !(of->prison->allow & ALLOW_UNPRIVILEGED_PARENT_TAMPERING))
		return priv_check(who, PRIV_DEBUG_DIFFJAIL);
	if (!(who->prison->allow & ALLOW_UNPRIVILEGED_PROC_DEBUG))
		return priv_check(who, PRIV_DEBUG_UNPRIV);
	return 0;
}

/* --- counts --------------------------------------------------------------------- */

uint32_t proc_count(void)
{
	return count;
}

uint32_t proc_max(void)
{
	return NUMBER_END;
}

int proc_last_pid(void)
{
	return number_last();
}

uint64_t proc_forks(void)
{
	return forks;
}

void proc_count_fork(void)
{
	forks++;
}

/* For the notes of refusals: who runs. */
static int asker_pid(void)
{
	const struct thread *t = thread_current();

	return t && t->proc ? t->proc->pid : 0;
}

/* After page_init and prison_init. The machine bears only so many threads: a
 * limit of the host, above that of every prison. */
void proc_init(void)
{
	cache = kmem_cache_new("proc", sizeof(struct proc), 8);
	if (!cache)
		panic("no memory for processes");
	thread_init();
	prison_asker_pid = asker_pid;
	set_up(&kernel_proc);
	kernel_proc.cred = cred_host_root();
	limits_default(kernel_proc.limit);
	proc_set_comm(&kernel_proc, "kernel");
	prison_host()->limit[RACCT_THREAD] = thread_max();
}
