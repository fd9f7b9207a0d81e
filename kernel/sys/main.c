/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - the kernel begins: every room is brought up by name, from the
 * bottom to the top, and process 1 is made.
 */
#include "jail/admin/admin.h"
#include "kernel/base/version.h"
#include "kernel/fs/disk.h"
#include "kernel/fs/ipc.h"
#include "kernel/sys/core.h"

/* What a panic tells beside the registers. */
static void show_context(void)
{
	const struct thread *t = thread_current();

	if (!t || !t->proc)
		return;
	log_print(LOG_ERROR, "cpu %u, %s[%d] thread %d, jid %d",
		  arch_cpu_number(), t->proc->comm, t->proc->pid, t->tid,
		  t->proc->cred ? t->proc->cred->prison->jid : 0);
}

/*
 * Which messages the consoles show: up to loglevel= (3 errors, 4 warnings: the
 * default, 6 info, 7 debug); `verbose` and `debug` show all, `quiet` errors
 * only. All are in the log's ring, whatever is shown.
 */
static enum log_level level_wanted(void)
{
	char text[8];
	uint64_t v;

	if (cmdline_has("verbose") || cmdline_has("debug"))
		return LOG_DEBUG;
	if (cmdline_value("loglevel", text, sizeof(text)) &&
	    !str_to_u64(text, 10, &v))
		return min_u32((uint32_t)v, LOG_DEBUG);
	return cmdline_has("quiet") ? LOG_ERROR : LOG_WARN;
}

static void log_begin(void)
{
	log_clock_set(arch_clock_ns);
	log_level_set(level_wanted());
	panic_context_set(show_context);
	log_print(LOG_INFO, "Brig " BRIG_VERSION " (" BRIG_SYSNAME " "
		  BRIG_RELEASE " " BRIG_MACHINE ")");
	log_print(LOG_INFO, "command line: %s", cmdline_get());
}

static void machine_report(void)
{
	struct page_stats s;

	page_stats_get(&s);
	log_print(LOG_INFO, "memory: %u KB free", s.free << (PAGE_SHIFT - 10));
	for (unsigned i = 1; i < arch_cpu_found(); i++)
		log_print(LOG_INFO, "cpu %u: found, stays parked", i);
}

/* From boot.asm, on the boot stack, with interrupts off. */
void kernel_main(void)
{
	arch_init();
	log_begin();
	page_init();
	machine_report();
	prison_init();
	vm_init();
	proc_init();
	sched_init();
	vfs_init();
	tmpfs_init();
	procfs_init();
	disk_init();
	ipc_init();
	net_init();
	dev_init();
	jailsys_init();
	sysrq_init();
	modules_init();
	init_start();
	sched_start();
}
