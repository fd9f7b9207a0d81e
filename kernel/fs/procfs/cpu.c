/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c - /proc/stat, /proc/cpuinfo and /proc/interrupts.
 *
 * Time not idle is known exactly; how it splits into user and system is known
 * by samples, as for processes.
 */
#include "kernel/fs/procfs/inner.h"

enum { NS_PER_TICK = 1000000000 / USER_HZ, IRQ_LINES = 16 };
enum { NS_PER_SECOND = 1000000000 };

struct cpu_ticks {
	uint64_t user, system, idle;
};

static void ticks_get(struct cpu_ticks *out)
{
	const struct cpu *c = sched_cpu();
	uint64_t now = arch_clock_ns();
	uint64_t idle = c->idle_ns < now ? c->idle_ns : now;
	uint32_t busy = div_u64(now - idle, NS_PER_TICK, NULL);
	uint64_t user = c->user_ticks, all = user + c->system_ticks;

	while (all >> 32) {	/* only the ratio matters */
		all >>= 1;
		user >>= 1;
	}
	out->idle = div_u64(idle, NS_PER_TICK, NULL);
	out->user = all ? div_u64(user * busy, (uint32_t)all, NULL) : 0;
	out->system = busy - out->user;
}

static void put_cpu(struct text *t, const char *name, const struct cpu_ticks *c)
{
	text_put(t, "%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name,
		 (unsigned long long)c->user, (unsigned long long)c->system,
		 (unsigned long long)c->idle);
}

static void put_irqs(struct text *t)
{
	uint32_t count[IRQ_LINES];
	uint64_t all = 0;

	for (unsigned irq = 0; irq < IRQ_LINES; irq++) {
		count[irq] = arch_irq_count(irq);
		all += count[irq];
	}
	text_put(t, "intr %llu", (unsigned long long)all);
	for (unsigned irq = 0; irq < IRQ_LINES; irq++)
		text_put(t, " %u", count[irq]);
	text_put(t, "\n");
}

static int show_stat_all(struct text *t, const struct cred *who)
{
	uint64_t up = arch_clock_ns();
	uint64_t wall = timer_realtime_ns();
	struct cpu_ticks c;

	ticks_get(&c);
	put_cpu(t, "cpu ", &c);
	put_cpu(t, "cpu0", &c);
	if (from_host(who))
		put_irqs(t);
	/* How busy others are is not for a prison. */
	text_put(t, "ctxt %llu\nbtime %llu\nprocesses %llu\n",
		 from_host(who) ? (unsigned long long)sched_cpu()->switches : 0,
		 (unsigned long long)(wall > up ?
			 div_u64(wall - up, NS_PER_SECOND, NULL) : 0),
		 from_host(who) ? (unsigned long long)proc_forks() :
				  who->prison->used[RACCT_PROC]);
	text_put(t, "procs_running %u\nprocs_blocked 0\n", runnable_seen(who));
	return 0;
}

/* CPUID 1: names of the bits of edx, then ecx, as Linux has them. */
static const char *const feature_names[64] = {
	"fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce",
	"cx8", "apic", NULL, "sep", "mtrr", "pge", "mca", "cmov",
	"pat", "pse36", "pn", "clflush", NULL, "dts", "acpi", "mmx",
	"fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
	"pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est",
	"tm2", "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr", "pdcm",
	NULL, "pcid", "dca", "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt",
	"tsc_deadline_timer", "aes", "xsave", "osxsave", "avx", "f16c",
	"rdrand", "hypervisor",
};

static void put_flags(struct text *t, const struct arch_cpu_info *c)
{
	uint64_t set = ((uint64_t)c->features_ecx << 32) | c->features;

	text_put(t, "flags\t\t:");
	for (unsigned bit = 0; bit < ARRAY_LEN(feature_names); bit++)
		if (((set >> bit) & 1) && feature_names[bit])
			text_put(t, " %s", feature_names[bit]);
	text_put(t, "\n");
}

static int show_cpuinfo(struct text *t, const struct cred *who)
{
	const struct arch_cpu_info *c = arch_cpu_info();

	(void)who;
	text_put(t, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\n",
		 c->vendor, c->family);
	text_put(t, "model\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n",
		 c->model_number, c->model, c->stepping);
	text_put(t, "cpu MHz\t\t: %u.%03u\n", c->tsc_khz / 1000,
		 c->tsc_khz % 1000);
	text_put(t, "fpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\n");
	put_flags(t, c);
	/* Two loops per cycle at most: Linux's number where the TSC counts. */
	text_put(t, "bogomips\t: %u.%02u\n", c->tsc_khz / 500,
		 (c->tsc_khz / 5) % 100);
	text_put(t, "address sizes\t: 32 bits physical, 32 bits virtual\n\n");
	return 0;
}

static int show_interrupts(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "           CPU0       \n");
	for (unsigned irq = 0; irq < IRQ_LINES; irq++) {
		uint32_t count = arch_irq_count(irq);

		if (count)
			text_put(t, "%3u: %10u    XT-PIC  irq%u\n", irq, count,
				 irq);
	}
	return 0;
}

static struct procfs_entry entries[] = {
	{ "", "stat", PROC_GATE_ALL, .show = show_stat_all },
	{ "", "cpuinfo", PROC_GATE_ALL, .show = show_cpuinfo },
	{ "", "interrupts", .show = show_interrupts },
};

void cpu_register(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++)
		procfs_register(&entries[k]);
}
