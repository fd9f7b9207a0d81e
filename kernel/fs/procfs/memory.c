/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - what is read out of a process's own memory, and small files:
 * cmdline, environ, auxv, comm, limits, io, wchan, loginuid.
 *
 * Reading another's memory sleeps, and the process may go away or run another
 * program meanwhile: the address space is held, and read as it was.
 */
#include "kernel/fs/procfs/inner.h"

/* The bytes [from, end) of m. string: stop behind the first NUL. What cannot
 * be read ends it. -ENOMEM. Sleeps. */
static int put_memory(struct text *t, struct vm *m, uint32_t from, uint32_t end,
		      bool string)
{
	char *buf;

	if (from >= end)
		return 0;
	buf = kmem_alloc(PAGE_SIZE);
	if (!buf)
		return -ENOMEM;
	while (from < end) {
		uint32_t n = min_u32(end - from, PAGE_SIZE - (from & PAGE_MASK));
		char *nul;

		if (vm_peek(m, from, buf, n))
			break;
		nul = string ? memchr(buf, 0, n) : NULL;
		text_write(t, buf, nul ? (size_t)(nul + 1 - buf) : n);
		if (nul || t->error)
			break;
		from += n;
	}
	kmem_free(buf);
	return 0;
}

/* A program that wrote over its arguments, to be seen by ps, ends the last one
 * without NUL; then it is one string, up to the end of the environment. */
static int put_arguments(struct text *t, struct vm *m)
{
	char last;

	if (m->arg_start >= m->arg_end)
		return 0;
	if (vm_peek(m, m->arg_end - 1, &last, 1))
		return 0;
	if (!last)
		return put_memory(t, m, m->arg_start, m->arg_end, false);
	return put_memory(t, m, m->arg_start, max_u32(m->arg_end, m->env_end),
			  true);
}

int show_cmdline(struct text *t, const struct pid_view *v)
{
	struct vm *m = v->p->vm;
	int err;

	if (!m)
		return 0;
	vm_hold(m);
	err = put_arguments(t, m);
	vm_drop(m);
	return err;
}

int show_environ(struct text *t, const struct pid_view *v)
{
	struct vm *m = v->p->vm;
	int err;

	if (!m)
		return 0;
	vm_hold(m);
	err = put_memory(t, m, m->env_start, m->env_end, false);
	vm_drop(m);
	return err;
}

int show_auxv(struct text *t, const struct pid_view *v)
{
	const struct vm *m = v->p->vm;

	if (m)
		text_write(t, m->auxv, min_u32(m->auxv_count,
					       ARRAY_LEN(m->auxv)) *
					       sizeof m->auxv[0]);
	return 0;
}

int show_comm(struct text *t, const struct pid_view *v)
{
	text_put(t, "%s\n", v->p->comm);
	return 0;
}

/* Only the process itself; longer names are cut, as by prctl. */
int store_comm(const struct pid_view *v, const char *text, size_t n)
{
	char name[PROC_COMM_MAX];

	if (v->p != thread_current()->proc)
		return -EINVAL;
	n = min_u32(n, sizeof name - 1);
	memcpy(name, text, n);
	if (n && name[n - 1] == '\n')
		n--;
	name[n] = 0;
	proc_set_comm(v->p, name);
	return 0;
}

static const struct {
	const char *name, *unit;
} limit_names[RLIMIT_COUNT] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", NULL },
	[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void put_limit(struct text *t, uint64_t value)
{
	if (value == RLIM_INFINITY)
		text_put(t, "%-20s ", "unlimited");
	else
		text_put(t, "%-20llu ", (unsigned long long)value);
}

int show_limits(struct text *t, const struct pid_view *v)
{
	text_put(t, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		 "Hard Limit", "Units");
	for (unsigned k = 0; k < RLIMIT_COUNT; k++) {
		text_put(t, "%-25s ", limit_names[k].name);
		put_limit(t, v->p->limit[k].cur);
		put_limit(t, v->p->limit[k].max);
		if (limit_names[k].unit)
			text_put(t, "%-10s", limit_names[k].unit);
		text_put(t, "\n");
	}
	return 0;
}

/* Not counted here: the form is there for those who read it. */
int show_io(struct text *t, const struct pid_view *v)
{
	(void)v;
	text_put(t, "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\n"
		    "write_bytes: 0\ncancelled_write_bytes: 0\n");
	return 0;
}

int show_zero(struct text *t, const struct pid_view *v)
{
	(void)v;
	text_put(t, "0\n");
	return 0;
}

/* No login was ever noted: (uid_t)-1. */
int show_loginuid(struct text *t, const struct pid_view *v)
{
	(void)v;
	text_put(t, "%u", UINT32_MAX);
	return 0;
}

int show_wchan(struct text *t, const struct pid_view *v)
{
	const struct thread *th = view_thread(v);
	const char *name = NULL;

	if (th && view_private(v))
		name = thread_wait_name(th);
	text_put(t, "%s", name ? name : "0");
	return 0;
}
