/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.c - /proc/PID/status: the process for human eyes (Linux proc(5)).
 *
 * Two lines more than Linux has, Jid and Jail, say which prison it is in, as
 * the asker calls it: without the names of prisons above the asker's own.
 */
#include "kernel/fs/procfs/inner.h"

#define CAPS_ALL 0x1ffffffffffull	/* 0 to 40 */
enum { KB_PER_PAGE = PAGE_SIZE / 1024 };

/* Number and name as the asker calls them; 0 and "-" for his own prison. */
static void put_jail(struct text *t, const struct cred *who,
		     const struct prison *p)
{
	char name[PRISON_NAME_MAX] = "-";

	if (p != who->prison)
		prison_name(who->prison, p, name, sizeof(name));
	text_put(t, "Jid:\t%d\nJail:\t%s\n", prison_jid_seen(who->prison, p),
		 name);
}

static void put_ids(struct text *t, const struct cred *c)
{
	text_put(t, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid,
		 c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid,
		 c->fsgid);
}

static void put_groups(struct text *t, const struct cred *c)
{
	text_put(t, "Groups:\t");
	for (uint32_t k = 0; k < c->group_count; k++)
		text_put(t, "%u ", c->groups[k]);
	text_put(t, "\n");
}

static void put_kb(struct text *t, const char *name, uint32_t pages)
{
	text_put(t, "%s:\t%8u kB\n", name, pages * KB_PER_PAGE);
}

static void put_memory(struct text *t, const struct vm *m)
{
	uint32_t anon = m->resident > m->shared_resident ?
				m->resident - m->shared_resident : 0;
	uint32_t code = (align_up(m->code_end, PAGE_SIZE) -
			 align_down(m->code_start, PAGE_SIZE)) >> PAGE_SHIFT;

	put_kb(t, "VmPeak", m->total_pages);
	put_kb(t, "VmSize", m->total_pages);
	put_kb(t, "VmLck", m->locked);
	put_kb(t, "VmPin", 0);
	put_kb(t, "VmHWM", max_u32(m->peak_resident, m->resident));
	put_kb(t, "VmRSS", m->resident);
	put_kb(t, "RssAnon", anon);
	put_kb(t, "RssFile", m->resident - anon);
	put_kb(t, "RssShmem", 0);
	put_kb(t, "VmData", m->data_pages);
	put_kb(t, "VmStk", m->stack_pages);
	put_kb(t, "VmExe", code);
	put_kb(t, "VmLib", 0);
	put_kb(t, "VmPTE", 0);
	put_kb(t, "VmSwap", 0);
}

static void put_set(struct text *t, const char *name, uint64_t set)
{
	text_put(t, "%s:\t%016llx\n", name, (unsigned long long)set);
}

static void put_signals(struct text *t, const struct pid_view *v)
{
	const struct signal_actions *a = v->p->actions;
	const struct thread *th = view_thread(v);
	sigset ignored = 0, caught = 0;

	for (int sig = 1; a && sig <= SIGNAL_MAX; sig++) {
		uint32_t handler = a->action[sig - 1].handler;

		if (handler == SIG_IGN)
			ignored |= sig_bit(sig);
		else if (handler != SIG_DFL)
			caught |= sig_bit(sig);
	}
	text_put(t, "SigQ:\t0/%llu\n", (unsigned long long)
		 v->p->limit[RLIMIT_SIGPENDING].cur);
	put_set(t, "SigPnd", th ? th->pending.set : 0);
	put_set(t, "ShdPnd", v->p->pending.set);
	put_set(t, "SigBlk", th ? th->mask : 0);
	put_set(t, "SigIgn", ignored);
	put_set(t, "SigCgt", caught);
}

/* Root has all, nobody else any: capabilities are no part of this kernel. */
static void put_caps(struct text *t, const struct cred *c)
{
	put_set(t, "CapInh", 0);
	put_set(t, "CapPrm", c->euid && c->uid && c->suid ? 0 : CAPS_ALL);
	put_set(t, "CapEff", c->euid ? 0 : CAPS_ALL);
	put_set(t, "CapBnd", CAPS_ALL);
	put_set(t, "CapAmb", 0);
}

static void put_who(struct text *t, const struct pid_view *v)
{
	const struct proc *p = v->p;
	const char *name;
	char c = view_state(v, &name);
	int parent = 0;

	if (p->parent && proc_sees(v->who, p->parent))
		parent = p->parent->pid;
	text_put(t, "Name:\t");
	put_comm(t, p->comm);
	text_put(t, "\n");
	if (p->fs)
		text_put(t, "Umask:\t%04o\n", p->fs->umask);
	text_put(t, "State:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n", c,
		 name, p->pid, v->t ? v->t->tid : p->pid);
	text_put(t, "PPid:\t%d\nTracerPid:\t0\n", parent);
	put_ids(t, p->cred);
	text_put(t, "FDSize:\t%u\n", p->files ? p->files->size : 0);
	put_groups(t, p->cred);
}

int show_status(struct text *t, const struct pid_view *v)
{
	const struct thread *th = view_thread(v);
	const struct proc *p = v->p;

	put_who(t, v);
	if (p->vm)
		put_memory(t, p->vm);
	text_put(t, "Threads:\t%u\n", p->thread_count);
	put_signals(t, v);
	put_caps(t, p->cred);
	text_put(t, "NoNewPrivs:\t%d\nSeccomp:\t0\n", p->no_new_privs);
	text_put(t, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
	text_put(t, "voluntary_ctxt_switches:\t%llu\n"
		    "nonvoluntary_ctxt_switches:\t%llu\n",
		 (unsigned long long)(th ? th->voluntary : 0),
		 (unsigned long long)(th ? th->involuntary : 0));
	put_jail(t, v->who, p->cred->prison);
	return 0;
}
