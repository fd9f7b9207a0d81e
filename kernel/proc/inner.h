/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - what the files of kernel/proc share with each other and nobody
 * else sees.
 */
#ifndef KERNEL_PROC_INNER_H
#define KERNEL_PROC_INNER_H

#include "kernel/mem/mem.h"
#include "kernel/proc/proc.h"

/* --- number.c: one space of numbers for processes, threads, groups, sessions */

enum { NUMBER_END = 32768 };
struct number {			/* who bears it */
	struct proc *proc;
	struct thread *thread;
	struct proc_group *group;
	struct proc_session *session;
};
int number_take(void) must_check;	/* or -EAGAIN, -ENOMEM */
struct number *number_find(int n);	/* NULL: never taken */
void number_settle(int n);		/* free again, if nobody bears it now */
int number_next(int from);		/* first one in use; NUMBER_END: none */
int number_last(void);

/* --- user.c: what one real uid of one prison uses ------------------------- */

struct proc_user {
	struct list link;
	struct prison *prison;		/* held */
	uint32_t uid, refs;
	uint32_t threads;		/* RLIMIT_NPROC */
	uint32_t signals;		/* RLIMIT_SIGPENDING */
	uint32_t in_flight;		/* open files on the way in sockets */
};
struct proc_user *user_get(struct prison *p, uint32_t uid); /* held, or NULL */
void user_hold(struct proc_user *u);
void user_drop(struct proc_user *u);

/* --- proc.c ---------------------------------------------------------------- */

struct proc *proc_kernel(void);		/* pid 0, what kernel threads belong to */
struct proc *proc_one(void);		/* process 1, NULL before it is made */
void proc_reap(struct proc *p);		/* a zombie's number goes back */
void proc_count_fork(void);

/* --- thread.c -------------------------------------------------------------- */

void thread_init(void);
void thread_set_up(struct thread *t, struct proc *p);
void thread_bury(struct thread *t);	/* dead: its stack, and its own reference */
void thread_leave_proc(struct thread *t);

/* --- group.c --------------------------------------------------------------- */

int group_make_first(struct proc *p) must_check; /* of process 1 */
void group_join(struct proc *p, struct proc_group *g);
void group_leave(struct proc *p);
/* p leaves the world: does that orphan groups that hold stopped jobs? */
void group_parent_leaves(struct proc *p);
void group_child_moves(struct proc *child, struct proc *from);

/* --- sched.c, runqueue.c, account.c ----------------------------------------- */

void sched_begin(void);			/* first deed of a new thread */
void sched_inherit(struct thread *child, const struct thread *from);
void clock_arm(uint64_t when);		/* kernel_timer no later than this */

enum { SLICE_NS = 10000000, SAMPLE_NS = 10000000 };
void queue_init(void);
void queue_add(struct thread *t, bool front);
void queue_remove(struct thread *t);
struct thread *queue_pick(void);	/* removed; NULL: nobody */
void queue_place(struct thread *t, bool is_new); /* after a sleep */
void queue_note_running(const struct thread *t); /* for the floor */
bool queue_preempts(const struct thread *t, const struct thread *running);
bool queue_rival(const struct thread *running); /* slice end means a switch */
unsigned queue_count(void);
void queue_level(struct thread *t);	/* not queued: forget what it has run */
void queue_join(struct thread *t);
void queue_charge(const struct thread *t, uint64_t ns);	/* to its share */
int queue_share_make(struct prison *p) must_check;
uint64_t queue_weigh(const struct sched_entity *e, uint64_t ns);

enum account_mode { ACCOUNT_UNSEEN, ACCOUNT_USER, ACCOUNT_SYSTEM };
uint64_t account_run(struct cpu *cpu, enum account_mode seen); /* gives now */
void account_charge(struct thread *t);	/* to process and prison */
void account_init(void);
extern unsigned account_deep;		/* threads in SLEEP_DEEP: load */

/* --- defer.c, timer.c -------------------------------------------------------- */

bool defer_waiting(void);
void timer_start(void);
bool timer_due(uint64_t now);		/* [i] */
void timer_run(uint64_t now);

/* --- sleep.c ------------------------------------------------------------------ */

void sleep_interrupt(struct thread *t, bool fatal);

/* --- signal.c, signal_post.c, stop.c ------------------------------------------- */

enum signal_default { DEFAULT_DIE, DEFAULT_IGNORE, DEFAULT_STOP };
#define SIGNALS_STOP (sig_bit(SIGSTOP) | sig_bit(SIGTSTP) | sig_bit(SIGTTIN) | \
		      sig_bit(SIGTTOU))
#define SIGNALS_NEVER_BLOCKED (sig_bit(SIGKILL) | sig_bit(SIGSTOP))
#define SIGNALS_SYNCHRONOUS (sig_bit(SIGSEGV) | sig_bit(SIGBUS) | \
			     sig_bit(SIGILL) | sig_bit(SIGTRAP) | \
			     sig_bit(SIGFPE) | sig_bit(SIGSYS))
enum signal_default signal_default_of(int sig);
uint32_t signal_handler_of(const struct proc *p, int sig);
void signal_queue_init(struct signal_queue *q);
void signal_queue_flush(struct signal_queue *q, sigset which);
int signal_queue_add(struct signal_queue *q, struct proc *p,
		     const struct abi_siginfo *info) must_check;
void signal_queue_add_item(struct signal_queue *q, struct signal_item *item);
void signal_queue_take_item(struct signal_queue *q, struct signal_item *item);
void signal_wake(struct thread *t, bool fatal);
void signal_retarget(struct thread *t, sigset which);
enum posted { POSTED = 0, POST_DROPPED = 1 /* ignored */ };
/* For p, or its thread t alone. item: a timer's own, *info's home; or NULL.
 * POSTED, POST_DROPPED or -EAGAIN. */
int signal_send(struct proc *p, struct thread *t, const struct abi_siginfo *info,
		struct signal_item *item);

void stop_begin(struct proc *p, int sig);
void stop_park(struct thread *me);	/* Sleeps. */
void stop_check(struct proc *p);
void stop_end(struct proc *p);

/* --- ptimer.c -------------------------------------------------------------------- */

void ptimer_proc_init(struct proc *p);
void ptimer_proc_exit(struct proc *p);
void ptimer_cpu_check(struct proc *p);	/* its CPU time has grown */
void ptimer_alarm_taken(struct proc *p); /* SIGALRM left the queue */
void ptimer_taken(struct ptimer *t, struct abi_siginfo *info);
void ptimer_flushed(struct ptimer *t);	/* its item left the queue unread */
void ptimer_realtime_changed(void);

#endif
