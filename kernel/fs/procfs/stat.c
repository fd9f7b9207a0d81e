/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.c - /proc/PID/stat and statm: one line of numbers (Linux proc(5)).
 *
 * Ids of processes, groups and sessions that the asker cannot see are 0, and
 * so are addresses unless it may look into the process.
 */
#include "kernel/fs/procfs/inner.h"

void (*procfs_tty)(const struct proc_session *s, uint32_t *number, int *group);

enum { NS_PER_TICK = 1000000000 / USER_HZ };
enum { FLAG_FORKED = 0x40, FLAG_KTHREAD = 0x200000 };

static unsigned long long ticks(uint64_t ns)
{
	return div_u64(ns, NS_PER_TICK, NULL);
}

/* A program chooses its own name: it must not be able to fake a line. */
void put_comm(struct text *t, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm == '\n' || *comm == '\\')
			text_put(t, "\\%c", *comm == '\n' ? 'n' : '\\');
		else
			text_write(t, comm, 1);
	}
}

/* R S D T Z, and its name; of one thread, or of the process. */
char view_state(const struct pid_view *v, const char **name)
{
	const struct thread *t = view_thread(v);
	char c = 'Z';

	*name = "zombie";
	if (v->p->state != PROC_ALIVE || !t)
		return c;
	switch (t->state) {
	case THREAD_NEW:
	case THREAD_READY:
	case THREAD_RUNNING:
		*name = "running";
		return 'R';
	case THREAD_STOPPED:
		*name = "stopped";
		return 'T';
	case THREAD_ASLEEP:
		if (t->sleep_how == SLEEP_SIGNAL) {
			*name = "sleeping";
			return 'S';
		}
		*name = "disk sleep";
		return 'D';
	case THREAD_DEAD:
		break;
	}
	return c;
}

struct ids {
	int parent, group, session, foreground;
	uint32_t tty;
};

static void ids_get(const struct pid_view *v, struct ids *ids)
{
	const struct proc *p = v->p;
	const struct proc_session *s = p->group ? p->group->session : NULL;

	*ids = (struct ids){ .foreground = -1 };
	if (p->parent && proc_sees(v->who, p->parent))
		ids->parent = p->parent->pid;
	if (!s || !prison_sees(v->who->prison, s->prison))
		return;
	ids->group = p->group->id;
	ids->session = s->id;
	if (s->tty && procfs_tty)
		procfs_tty(s, &ids->tty, &ids->foreground);
}

static void put_times(struct text *t, const struct pid_view *v)
{
	struct proc_times own, dead = v->p->dead_children;

	if (v->t)
		thread_times_get(v->t, &own);
	else
		proc_times_get(v->p, &own);
	text_put(t, "%llu %llu %llu %llu ", ticks(own.user_ns),
		 ticks(own.system_ns), ticks(dead.user_ns),
		 ticks(dead.system_ns));
}

static void put_schedule(struct text *t, const struct pid_view *v)
{
	const struct thread *th = view_thread(v);
	int nice = th ? th->sched.nice : 0;
	bool rt = th && (th->sched.policy == SCHED_FIFO ||
			 th->sched.policy == SCHED_RR);
	int priority = rt ? -1 - th->sched.rt_priority : 20 + nice;

	text_put(t, "%d %d %u 0 %llu ", priority, nice, v->p->thread_count,
		 ticks(v->p->start_ns));
}

/* vsize rss rsslim, then addresses that are secret. */
static void put_memory(struct text *t, const struct pid_view *v)
{
	const struct vm *m = v->p->vm;
	bool open = view_private(v);
	uint64_t rss_limit = v->p->limit[RLIMIT_RSS].cur;

	if (rss_limit > UINT32_MAX)
		rss_limit = UINT32_MAX;
	text_put(t, "%u %u %u ", m ? m->total_pages << PAGE_SHIFT : 0,
		 m ? m->resident : 0, (unsigned)rss_limit);
	if (!m || !open)
		text_put(t, "%d %d 0 0 0 ", m ? 1 : 0, m ? 1 : 0);
	else
		text_put(t, "%u %u %u 0 0 ", m->code_start, m->code_end,
			 m->stack_top);
}

static void sets_get(const struct pid_view *v, uint32_t set[4])
{
	const struct signal_actions *a = v->p->actions;
	const struct thread *th = view_thread(v);

	set[0] = (v->t ? v->t->pending.set : v->p->pending.set) & 0x7fffffff;
	set[1] = th ? th->mask & 0x7fffffff : 0;
	set[2] = set[3] = 0;
	for (int sig = 1; a && sig < 32; sig++) {
		uint32_t handler = a->action[sig - 1].handler;

		if (handler == SIG_IGN)
			set[2] |= sig_bit(sig);
		else if (handler != SIG_DFL)
			set[3] |= sig_bit(sig);
	}
}

static void put_rest(struct text *t, const struct pid_view *v)
{
	const struct thread *th = view_thread(v);
	const struct vm *m = v->p->vm;
	bool open = m && view_private(v);
	uint32_t set[4];

	sets_get(v, set);
	text_put(t, "%u %u %u %u ", set[0], set[1], set[2], set[3]);
	/* wchan nswap cnswap exit_signal processor rt_priority policy, then
	 * delays of block input and of guests */
	text_put(t, "%d 0 0 %d 0 %d %d 0 0 0 ",
		 th && th->state == THREAD_ASLEEP, v->p->exit_signal,
		 th ? th->sched.rt_priority : 0, th ? th->sched.policy : 0);
	if (open)
		text_put(t, "%u %u %u %u %u %u %u %d\n", m->data_start,
			 m->data_end, m->brk_start, m->arg_start, m->arg_end,
			 m->env_start, m->env_end, v->p->exit_status);
	else
		text_put(t, "0 0 0 0 0 0 0 0\n");
}

int show_stat(struct text *t, const struct pid_view *v)
{
	const struct proc *p = v->p;
	unsigned flags = p->executed ? 0 : FLAG_FORKED;
	const char *state_name;
	struct ids ids;

	ids_get(v, &ids);
	if (!p->vm && p->state == PROC_ALIVE)
		flags |= FLAG_KTHREAD;
	text_put(t, "%d (", v->t ? v->t->tid : p->pid);
	put_comm(t, p->comm);
	text_put(t, ") %c %d %d %d %u %d %u ", view_state(v, &state_name),
		 ids.parent, ids.group, ids.session, ids.tty, ids.foreground,
		 flags);
	text_put(t, "%u %u %u %u ", p->min_faults, p->child_min_faults,
		 p->maj_faults, p->child_maj_faults);
	put_times(t, v);
	put_schedule(t, v);
	put_memory(t, v);
	put_rest(t, v);
	return 0;
}

/* In pages: size, resident, shared, text, 0, data and stack, 0. */
int show_statm(struct text *t, const struct pid_view *v)
{
	const struct vm *m = v->p->vm;
	uint32_t code;

	if (!m) {
		text_put(t, "0 0 0 0 0 0 0\n");
		return 0;
	}
	code = (align_up(m->code_end, PAGE_SIZE) -
		align_down(m->code_start, PAGE_SIZE)) >> PAGE_SHIFT;
	text_put(t, "%u %u %u %u 0 %u 0\n", m->total_pages, m->resident,
		 m->shared_resident, code, m->data_pages + m->stack_pages);
	return 0;
}
