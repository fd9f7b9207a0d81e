/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysrq.c - /proc/sysrq-trigger: one letter, one deed for whoever debugs the
 * kernel. Reading it lists the letters.
 *
 * Only the host's prison has the file, and only who may reboot may write to
 * it. A deed is done at once, without asking any process.
 */
#include "kernel/sys/core.h"

static void list_thread(const struct proc *p, const struct thread *t)
{
	static const char *const state[] = { "new", "ready", "running",
					     "asleep", "stopped", "dead" };
	const char *where = thread_wait_name(t);

	assert((unsigned)t->state < ARRAY_LEN(state));
	log_print(LOG_WARN, "  %5d %5d %-15s jid %d, %s%s%s", p->pid, t->tid,
		  p->comm, p->cred->prison->jid, state[t->state],
		  where ? " in " : "", where ? where : "");
}

static void list_threads(const struct cred *who)
{
	struct proc *p = NULL;

	log_print(LOG_WARN, "sysrq: threads: pid, tid, name, state");
	while ((p = proc_next(who, p))) {
		if (p->state == PROC_ZOMBIE)
			log_print(LOG_WARN, "  %5d       %-15s zombie", p->pid,
				  p->comm);
		list_each(l, &p->threads)
			list_thread(p, list_entry(l, struct thread, proc_link));
	}
}

static void list_memory(void)
{
	enum { KB = PAGE_SIZE / 1024 };
	uint32_t size, used, total;
	struct page_stats s;
	char name[32];

	page_stats_get(&s);
	log_print(LOG_WARN, "sysrq: memory: %u KB, %u free, %u slabs, "
		  "%u tables, %u stacks, %u cached, %u anonymous",
		  s.total * KB, s.free * KB, s.slab * KB, s.tables * KB,
		  s.stacks * KB, s.cached * KB, s.anon * KB);
	for (unsigned i = 0; !kmem_report(i, name, sizeof(name), &size, &used,
					  &total); i++)
		if (total)
			log_print(LOG_WARN, "  %-16s %6u of %6u, %u bytes each",
				  name, used, total, size);
}

static int show(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "b reboot\nc crash\nm memory, to the log\no power off\n"
		    "s sync\nt threads, to the log\n");
	return 0;
}

/* Only the first letter counts. Sleeps. */
static int store(const struct cred *who, const char *text, size_t n)
{
	int err = priv_check(who, PRIV_REBOOT);

	if (err)
		return err;
	switch (n ? text[0] : '\n') {
	case 'b':
		shut_down("sysrq: reboot");
		arch_reboot();
	case 'c':
		panic("sysrq: crash on request");
	case 'm':
		list_memory();
		return 0;
	case 'o':
		shut_down("sysrq: power off");
		arch_power_off();
	case 's':
		return vfs_sync();
	case 't':
		list_threads(who);
		return 0;
	default:
		return -EINVAL;
	}
}

static struct procfs_entry entry = {
	.directory = "", .name = "sysrq-trigger", .gate = PROC_GATE_HOST,
	.mode = 0600, .show = show, .store = store,
};

void sysrq_init(void)
{
	procfs_register(&entry);
}
