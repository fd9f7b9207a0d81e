/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.h - the public face of room 4: who runs, who waits for whom, who may be
 * found. Locks: the kernel lock ([K]); [i] interrupts off; [I] immutable.
 *
 * A process is found by number only through proc_find and proc_next, which
 * take the asker: a process outside the asker's prison does not exist.
 */
#ifndef KERNEL_PROC_PROC_H
#define KERNEL_PROC_PROC_H

#include "jail/jail.h"
#include "kernel/base/abi/proc.h"
#include "kernel/base/abi/signal.h"
#include "kernel/base/arch.h"
#include "kernel/base/list.h"
#include "kernel/base/tree.h"

struct vm;
struct file_table;
struct fs_context;
struct file;
struct thread;
struct proc;
struct proc_group;
struct proc_user;
struct ptimer;

/* --- the kernel lock (sched.c) ------------------------------------------- */

/* Taken on the way in, let go on the way out and in idle. */
extern uint32_t sched_lock_owner;	/* CPU number + 1; 0: free */
void sched_lock_wait(void);
static inline bool sched_locked(void)
{
	return sched_lock_owner == arch_cpu_number() + 1;
}
static inline void sched_lock(void)
{
	uint32_t expected = 0;

	assert(!sched_locked());
	if (unlikely(!__atomic_compare_exchange_n(
			&sched_lock_owner, &expected, arch_cpu_number() + 1,
			false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		sched_lock_wait();
}
static inline void sched_unlock(void)
{
	assert(sched_locked());
	__atomic_store_n(&sched_lock_owner, 0, __ATOMIC_RELEASE);
}

/* --- sleep.c: waiting ---------------------------------------------------- */

extern bool defer_busy;	/* deferred work is being done */

struct sleep_queue {
	struct list entries;
};
struct sleep_entry {		/* on a queue; made by sleep_on or by poll */
	struct list link;
	/* Called by sleep_wake; must not sleep. true: it took the wake-up. */
	bool (*wake)(struct sleep_entry *e);
	struct thread *thread;
	uint32_t key;		/* sleep_wake_key: only entries with it */
};
enum sleep_how {
	SLEEP_DEEP = 0,		/* nothing but the wake-up ends it */
	SLEEP_SIGNAL = 1,	/* a signal ends it: -EINTR */
	SLEEP_KILL = 2,		/* only a fatal signal ends it: -EINTR */
};
#define SLEEP_FOREVER UINT64_MAX
static inline void sleep_queue_init(struct sleep_queue *q)
{
	list_init(&q->entries);
}
/*
 * Sleep until woken, until the clock (arch_clock_ns) reaches deadline
 * (-ETIMEDOUT), or as `how` says. Kernel code is not preempted, so testing the
 * condition and calling this is one step; test again after it. Sleeps.
 */
int sleep_on(struct sleep_queue *q, enum sleep_how how,
	     uint64_t deadline) must_check;
int sleep_on_key(struct sleep_queue *q, uint32_t key, enum sleep_how how,
		 uint64_t deadline) must_check;
/* For a thread that waits on several queues (poll): add entries, then block. */
void sleep_entry_add(struct sleep_queue *q, struct sleep_entry *e);
void sleep_entry_remove(struct sleep_entry *e);
int sleep_block(enum sleep_how how, uint64_t deadline) must_check; /* until sleep_unblock */
void sleep_unblock(struct thread *t);
void sleep_wake(struct sleep_queue *q);		/* all */
unsigned sleep_wake_n(struct sleep_queue *q, unsigned n); /* at most n */
unsigned sleep_wake_key(struct sleep_queue *q, uint32_t key, unsigned n);
static inline bool sleep_queue_idle(const struct sleep_queue *q)
{
	return list_empty(&q->entries);	/* nobody waits */
}
/* May this code sleep? Not what runs as deferred work, and not the idle
 * thread, which must be there when all others sleep. */
static inline void sleep_assert(void)
{
	assert(sched_locked());
	assert(!defer_busy);
}

/* A lock that may be held over a sleep. */
struct sleep_lock {
	struct thread *owner;
	struct sleep_queue waiters;
};
static inline void sleep_lock_init(struct sleep_lock *l)
{
	l->owner = NULL;
	sleep_queue_init(&l->waiters);
}
/* Is it held by the current thread? */
static inline bool sleep_lock_mine(const struct sleep_lock *l)
{
	return l->owner == thread_current();
}
static inline bool sleep_lock_try(struct sleep_lock *l)
{
	if (l->owner)
		return false;
	l->owner = thread_current();
	return true;
}
void sleep_lock_wait(struct sleep_lock *l);
static inline void sleep_lock_take(struct sleep_lock *l)	/* Sleeps. */
{
	sleep_assert();
	if (unlikely(!sleep_lock_try(l)))
		sleep_lock_wait(l);
}
void sleep_lock_pass(struct sleep_lock *l);
static inline void sleep_lock_release(struct sleep_lock *l)
{
	assert(sleep_lock_mine(l));
	l->owner = NULL;
	if (unlikely(!sleep_queue_idle(&l->waiters)))
		sleep_lock_pass(l);
}

/* --- timer.c: functions called at a time; run under the kernel lock ------ */

struct timer {
	struct tree_node node;
	uint64_t deadline;	/* arch_clock_ns */
	void (*fn)(void *);	/* must not sleep */
	void *arg;
	bool armed;
};
void timer_init(struct timer *t, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, uint64_t deadline); /* moves an armed one */
void timer_set_ms(struct timer *t, uint32_t ms);	/* from now */
bool timer_cancel(struct timer *t);	/* true: it was armed */
uint64_t timer_next(void);		/* earliest deadline, or UINT64_MAX */
/* Wall time = arch_clock_ns() + offset. */
int64_t timer_realtime_ns(void);	/* ns since 1970 */
void timer_realtime_set(int64_t ns);	/* also tells the vDSO; wakes absolute sleepers */
extern struct sleep_queue timer_realtime_changed;

/* --- defer.c: from an interrupt to the kernel lock ------------------------ */

struct defer {
	struct defer *next;	/* [i] */
	bool queued;		/* [i] */
	void (*fn)(struct defer *d); /* under the kernel lock; must not sleep */
};
void defer_raise(struct defer *d); /* from any context; once until it runs */
void defer_cancel(struct defer *d);	/* it need not be queued */
void defer_run(void);		/* by the way out, idle and the scheduler */

/* --- sched.c -------------------------------------------------------------- */

enum thread_state { THREAD_NEW, THREAD_READY, THREAD_RUNNING, THREAD_ASLEEP,
		    THREAD_STOPPED, THREAD_DEAD };

struct share;

struct sched_entity {		/* the run queue's part of a thread */
	struct tree_node node;
	struct share *share;	/* of its prison: runqueue.c */
	uint64_t vruntime;	/* weighted CPU time: who has least runs next */
	uint64_t started_ns;	/* when it last got the CPU */
	uint64_t runtime_ns;	/* [i] user + system, exact */
	uint64_t system_ns;	/* [i] of that, in the kernel, by sampling */
	bool in_system;		/* [i] the last sample */
	uint64_t charged_ns, charged_system_ns; /* told to process and prison */
	int nice;		/* -20..19 */
	int policy, rt_priority;
	bool reset_on_fork;	/* children are ordinary */
	bool queued;
	struct list rt_link;
};

struct cpu {			/* per-CPU state; only through sched_cpu() */
	unsigned number;
	struct thread *current, *idle;
	struct thread *dead;	/* to be freed by whoever runs next */
	bool need_resched;
	uint64_t accounted_ns;	/* [i] the current thread is charged up to here */
	uint64_t user_ns, system_ns;	/* [i] by sampling */
	uint64_t switches, idle_ns, user_ticks, system_ticks; /* USER_HZ */
};
extern struct cpu sched_cpus[CPU_MAX];
static inline struct cpu *sched_cpu(void)	/* this CPU */
{
	return &sched_cpus[arch_cpu_number()];
}
void sched_init(void);		/* makes the boot thread: CPU 0's idle thread */
_Noreturn void sched_start(void); /* boot thread becomes idle */
void sched_ready(struct thread *t);	/* makes it runnable; may set need_resched */
void sched_yield(void);		/* Sleeps. */
void sched_switch(void);	/* gives the CPU away; the caller set its state */
void sched_timer(void);		/* from kernel_timer: account, ask for a switch */
void sched_account(bool to_user); /* from kernel_timer: time since the last call */
void sched_loads(uint32_t loads[3]); /* fixed point, 16 bits of fraction */
unsigned sched_runnable(void);
void sched_set_nice(struct thread *t, int nice);
int sched_set_policy(struct thread *t, int policy, int priority) must_check;
/* Set by an upper room: what to do with the address space at a switch. */
extern void (*sched_vm_switch)(struct vm *next); /* NULL: any will do */

/* --- signal.c ---------------------------------------------------------------- */

struct signal_item {		/* one queued signal with its story */
	struct list link;
	struct abi_siginfo info;
	struct proc_user *payer;	/* RLIMIT_SIGPENDING; NULL: not counted */
	struct ptimer *timer;	/* whose one item it is, or NULL */
};
struct signal_queue {
	sigset set;
	struct list items;	/* struct signal_item */
};
struct signal_actions {		/* shared by CLONE_SIGHAND */
	uint32_t refs;
	struct abi_sigaction action[SIGNAL_MAX]; /* signal n at n - 1 */
};
int signal_actions_copy(const struct signal_actions *from,
			struct signal_actions **to) must_check;
void signal_actions_drop(struct signal_actions *a);
void signal_actions_exec(struct signal_actions *a); /* handlers to default */
/* May who send sig to p? 0 or -EPERM (p was found, so it is visible). */
int signal_may(const struct cred *who, const struct proc *p,
	       int sig) must_check;
/* 0, or -EAGAIN: a real-time signal by sigqueue beyond RLIMIT_SIGPENDING. */
int signal_post(struct proc *p, const struct abi_siginfo *info);
int signal_post_thread(struct thread *t, const struct abi_siginfo *info);
void signal_post_simple(struct proc *p, int sig);	/* from the kernel */
void signal_post_group(struct proc_group *g, int sig);	/* tty: no asker */
/* A fault of the current thread: cannot be ignored or blocked. */
void signal_force(struct thread *t, const struct abi_siginfo *info);
bool signal_pending(const struct thread *t);	/* something to act on */
bool signal_fatal_pending(const struct thread *t);
sigset signal_pending_set(const struct thread *t);
void signal_set_mask(struct thread *t, sigset mask); /* KILL, STOP never */
/* Next signal to handle, its defaults done (stops, ignores; exits by
 * proc_exit_group). 0: none. Else *info and *action are filled. Sleeps. */
int signal_take(struct thread *t, struct abi_siginfo *info,
		struct abi_sigaction *action);
/* sigtimedwait: take one of set without delivering it. 0 none. */
int signal_take_from(struct thread *t, sigset set, struct abi_siginfo *info);
void signal_flush(struct proc *p, sigset which);
void signal_fill(struct abi_siginfo *info, int sig, int code,
		 const struct proc *from);

/* --- signal_watch.c: woken whenever the process is sent a signal ------------ */

struct signal_watch {
	uint32_t refs;
	struct sleep_queue queue;
};
int signal_watch_get(struct proc *p, struct signal_watch **out) must_check;
void signal_watch_drop(struct signal_watch *w);

/* --- proc.c ------------------------------------------------------------------- */

struct proc_session {
	uint32_t refs;
	int id;
	void *tty;		/* [K] controlling terminal, owned by dev */
	struct proc *leader;	/* NULL once it died */
	struct prison *prison;	/* of its maker; held */
};
struct proc_group {
	uint32_t refs;
	int id;
	struct list members;	/* proc.group_link */
	struct proc_session *session;
};

enum proc_state { PROC_ALIVE, PROC_ZOMBIE, PROC_GONE };
enum { PROC_COMM_MAX = 16 };

struct proc_times { uint64_t user_ns, system_ns; };

struct proc {
	int pid;			/* [I] */
	uint32_t refs;
	enum proc_state state;
	struct proc *parent;		/* NULL only for process 1 */
	struct list children, sibling;
	struct list threads;		/* thread.proc_link */
	unsigned thread_count;
	struct cred *cred;		/* swapped whole; held */
	struct proc_user *user;		/* what its real uid uses */
	struct proc_group *group;
	struct list group_link;
	char comm[PROC_COMM_MAX];
	/* owned by upper rooms, made and dropped by kernel/sys */
	struct vm *vm;
	struct file_table *files;
	struct fs_context *fs;
	struct file *exe;
	struct ipc_undo *sem_undo;	/* SEM_UNDO; NULL: nothing */
	/* signals */
	struct signal_actions *actions;
	struct signal_queue pending;	/* for any thread */
	struct signal_watch *signal_watch; /* or NULL: nobody watches */
	struct sleep_queue child_wait;	/* wait4 sleeps here */
	struct sleep_queue exec_wait;	/* vfork parent sleeps here */
	struct sleep_queue thread_gone;	/* proc_single_thread sleeps here */
	bool vfork_done;
	int exit_signal;		/* to the parent; SIGCHLD as a rule */
	int exit_status;		/* wait status word */
	bool left_prison;		/* is no user of its prison any more */
	bool exiting;			/* exit_group has begun */
	bool execing;			/* other threads must die */
	bool executed;			/* has called execve (setpgid's EACCES) */
	bool stopped;			/* job control: threads stop on the way out */
	int stop_signal;		/* which did it */
	unsigned parked;		/* threads that have stopped */
	bool stop_told;			/* all had, and the parent was told */
	int stop_report, continue_report; /* to wait4: pending reports */
	bool dumpable, set_id;		/* set_id: tainted by a credential change */
	uint32_t personality;
	struct abi_rlimit64 limit[RLIMIT_COUNT];
	uint64_t start_ns;
	uint64_t cpu_ns, cpu_system_ns;	/* of all its threads: proc_times_get */
	struct proc_times dead_children;
	uint32_t min_faults, maj_faults, child_min_faults, child_maj_faults;
	uint32_t max_rss, child_max_rss; /* KB */
	/* timers */
	struct timer real_timer;
	uint64_t real_interval;
	uint64_t virt_expires, virt_interval; /* on the process's user CPU time */
	uint64_t prof_expires, prof_interval; /* on its whole CPU time */
	struct list posix_timers;	/* ptimer.c */
	int next_timer_id;
	bool cpu_watched;		/* a CPU timer is to be checked */
	uint64_t cpu_warn_ns;		/* RLIMIT_CPU: the next SIGXCPU */
	int death_signal;		/* PR_SET_PDEATHSIG */
	bool no_new_privs;
	bool keep_caps;			/* PR_SET_KEEPCAPS; until exec */
	void *ptrace;			/* the place kept for it */
};

struct thread {
	int tid;			/* the first thread's is the pid; exec may change it */
	uint32_t refs;
	enum thread_state state;
	struct proc *proc;
	struct list proc_link;
	const char *name;		/* kernel threads only */
	void *stack;			/* kernel stack slot */
	struct frame *frame;		/* user registers, on that stack */
	struct sched_entity sched;
	const struct cred *cred;	/* what this system call works with; held */
	struct vm *vm;			/* = proc->vm; NULL in kernel threads */
	uint64_t voluntary, involuntary; /* switches */
	/* sleeping */
	struct sleep_queue *sleeping_on;
	enum sleep_how sleep_how;
	int sleep_result;
	bool wake_pending;		/* sleep_unblock came before sleep_block */
	/* signals */
	sigset mask, saved_mask;
	sigset waits_for;		/* sigtimedwait: wakes it though blocked */
	bool restore_mask;		/* sigsuspend, ppoll: put saved_mask back */
	struct signal_queue pending;
	struct abi_stack altstack;
	bool killed;			/* must leave as soon as it can */
	/* restart_syscall */
	int (*restart)(struct thread *me);
	uint32_t restart_arg[6];
	/* user-space words told to the kernel */
	uint32_t clear_tid, set_tid, robust_list, robust_size;
	uint32_t rseq, rseq_size, rseq_signature;
	struct list futex_link;
	uint32_t futex_bitset;
	void (*kernel_entry)(void *);
	void *kernel_arg;
	struct arch_thread arch;	/* last: it is large */
};

void proc_init(void);
/* The door: p visible to who, held; NULL otherwise. tid counts as no pid. */
struct proc *proc_find(const struct cred *who, int pid);
struct thread *proc_find_thread(const struct cred *who, int tid); /* held */
/* Walk all visible processes by rising pid: start with NULL, pass back the
 * last; it is dropped, the next one held. */
struct proc *proc_next(const struct cred *who, struct proc *prev);
struct proc_group *proc_group_find(const struct cred *who, int id); /* held */
struct proc *proc_group_next(const struct cred *who, struct proc_group *g,
			     struct proc *prev);
bool proc_sees(const struct cred *who, const struct proc *p);
/* The same of a process that may have gone, by the credential it had. */
bool proc_sees_cred(const struct cred *who, const struct cred *of);
/* ioport.c: the machine's ports for t's program; t is current. */
int thread_io_permit(struct thread *t, uint32_t from, uint32_t count,
		     bool on) must_check;
unsigned thread_io_level(const struct thread *t);
int thread_io_set_level(struct thread *t, unsigned level) must_check;
void thread_io_drop(struct thread *t);	/* any t */
/* sysctls security.bsd.*: 0 hides from who lacks the privilege */
extern int proc_see_other_uids, proc_see_other_gids, proc_see_jail_proc;
void proc_hold(struct proc *p);
void proc_drop(struct proc *p);
void thread_hold(struct thread *t);
void thread_drop(struct thread *t);
void proc_group_hold(struct proc_group *g);
void proc_group_drop(struct proc_group *g);
void proc_session_drop(struct proc_session *s);

/* A new process of parent (NULL: process 1), with no thread yet, charged to
 * cred's prison. Shares nothing: kernel/sys fills vm, files, fs, actions. */
int proc_new(struct proc *parent, const struct cred *cred,
	     struct proc **out) must_check;
/* A thread of p, not yet runnable, with a stack and a frame. */
int thread_new(struct proc *p, struct thread **out) must_check;
/* fork/clone: the child resumes at its copy of the frame with eax = 0. */
void thread_start_user(struct thread *t);
/* A kernel thread (vm NULL) of the host; for drivers and workers. */
int thread_new_kernel(const char *name, void (*entry)(void *), void *arg,
		      struct thread **out) must_check;
void thread_unmake(struct thread *t);	/* never started */
/* The function in which t sleeps, for people to read; NULL: it does not. */
const char *thread_wait_name(const struct thread *t);
void proc_unmake(struct proc *p);	/* never had a started thread */
/* The last steps of the current thread, after kernel/sys has dropped what the
 * upper rooms own. Never returns. */
_Noreturn void thread_exit(void);
/* The last thread has left: zombie, children to process 1, parent told. */
void proc_become_zombie(struct proc *p);
/* Begin exit_group: status is the wait word; wakes and kills all threads. */
void proc_exit_group(struct proc *p, int status);
/* Kill all other threads of the process and wait for them (exec). Sleeps. */
int proc_single_thread(struct thread *me) must_check;
/* wait4/waitid. Sleeps. idtype as waitid's; *status the wait word. */
struct proc_wait {
	int idtype, id;
	int options;
	int pid, uid, status, code;	/* results; code = CLD_* */
	struct proc_times times;
	uint32_t max_rss, min_faults, maj_faults;
};
int proc_wait(struct thread *me, struct proc_wait *w) must_check;
/* sessions and groups */
int proc_set_session(struct proc *p) must_check;
int proc_set_group(const struct cred *who, struct proc *me, int pid,
		   int pgid) must_check;
bool proc_group_orphaned(const struct proc_group *g);
void proc_set_cred(struct proc *p, struct cred *c); /* takes the reference */
/* c, for the same user in another prison, replaces p's credential; takes over
 * the reference. Counts and charges move. On an error nothing has changed.
 * Sleeps. */
int proc_enter_prison(struct proc *p, struct cred *c) must_check;
void proc_leave_prison(struct proc *p);	/* on its way out. Sleeps. */
/* Waits until the current thread's prison is not frozen. Sleeps. */
void proc_frozen_park(struct thread *me);
void proc_thaw(void);		/* some prison is not frozen any more */
void proc_refresh_cred(struct thread *t); /* at system call entry */
/* all threads, dead ones too */
void proc_times_get(const struct proc *p, struct proc_times *out);
void thread_times_get(const struct thread *t, struct proc_times *out);
void proc_set_comm(struct proc *p, const char *name);
uint32_t proc_count(void);
uint32_t proc_max(void);
int proc_last_pid(void);
uint64_t proc_forks(void);
/* Open files on the way in sockets, counted for the real uid that sent them:
 * a flight holds the user, and ends with as many as it was told of. */
uint32_t proc_in_flight(const struct proc *p);
struct proc_user *proc_flight_begin(struct proc *p);
void proc_flight_more(struct proc_user *u);
void proc_flight_end(struct proc_user *u, uint32_t n);
int proc_may_debug(const struct cred *who, const struct proc *p) must_check;

/* --- ptimer.c: interval timers and POSIX timers of a process ---------------- */

struct timer_span {		/* ns; value 0: disarmed */
	uint64_t value, interval;
};
/* setitimer, getitimer, alarm: which is ITIMER_*. old may be NULL. */
int timer_interval_set(struct proc *p, int which, const struct timer_span *to,
		       struct timer_span *old) must_check;
int timer_interval_get(struct proc *p, int which,
		       struct timer_span *now) must_check;
/* timer_create: ev NULL is SIGALRM with the timer's number as value. */
int timer_posix_create(struct thread *me, int clock,
		       const struct abi_sigevent *ev,
		       int *id) must_check;
int timer_posix_set(struct proc *p, int id, bool absolute,
		    const struct timer_span *to,
		    struct timer_span *old) must_check;
int timer_posix_get(struct proc *p, int id, struct timer_span *now) must_check;
int timer_posix_overrun(struct proc *p, int id) must_check; /* or -EINVAL */
int timer_posix_delete(struct proc *p, int id) must_check;
void timer_posix_clear(struct proc *p);	/* all of them: exec, exit */

#endif
