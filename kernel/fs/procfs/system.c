/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system.c - what /proc says about the whole machine (Linux proc(5)).
 *
 * One table at the end lists the files. An empty gate column keeps a file to
 * the host's own prison. What counts processes counts those of the asker.
 */
#include "kernel/base/version.h"
#include "kernel/fs/procfs/inner.h"

enum { KB_PER_PAGE = PAGE_SIZE / 1024, NS_PER_CS = 10000000 };

/* --- memory ------------------------------------------------------------- */

static void put_kb(struct text *t, const char *name, uint32_t pages)
{
	char label[24];

	str_format(label, sizeof label, "%s:", name);
	text_put(t, "%-16s%8u kB\n", label, pages * KB_PER_PAGE);
}

static int show_meminfo(struct text *t, const struct cred *who)
{
	uint32_t files = vm_lru_pages(), active = vm_lru_active(), clean;
	struct page_stats s;

	(void)who;
	page_stats_get(&s);
	clean = files - min_u32(files, s.dirty + s.writing);
	put_kb(t, "MemTotal", s.total);
	put_kb(t, "MemFree", s.free);
	/* What has no place on a disk cannot be put out and is what Linux calls
	 * shared memory. Metadata is in the pages of disks, counted as cached. */
	put_kb(t, "MemAvailable", s.free + clean);
	put_kb(t, "Buffers", 0);
	put_kb(t, "Cached", s.cached);
	put_kb(t, "SwapCached", 0);
	put_kb(t, "Active", s.anon + active);
	put_kb(t, "Inactive", s.cached - active);
	put_kb(t, "Active(anon)", s.anon);
	put_kb(t, "Inactive(anon)", s.cached - files);
	put_kb(t, "Active(file)", active);
	put_kb(t, "Inactive(file)", files - active);
	put_kb(t, "SwapTotal", 0);
	put_kb(t, "SwapFree", 0);
	put_kb(t, "Dirty", s.dirty);
	put_kb(t, "Writeback", s.writing);
	put_kb(t, "AnonPages", s.anon);
	put_kb(t, "Mapped", 0);
	put_kb(t, "Shmem", s.cached - files);
	put_kb(t, "Slab", s.slab);
	put_kb(t, "SReclaimable", 0);
	put_kb(t, "SUnreclaim", s.slab);
	put_kb(t, "KernelStack", s.stacks);
	put_kb(t, "PageTables", s.tables);
	put_kb(t, "CommitLimit", s.total);
	put_kb(t, "Committed_AS", s.anon);
	return 0;
}

static int show_vmstat(struct text *t, const struct cred *who)
{
	struct page_stats s;

	(void)who;
	page_stats_get(&s);
	text_put(t, "nr_free_pages %u\nnr_anon_pages %u\nnr_file_pages %u\n",
		 s.free, s.anon, s.cached);
	text_put(t, "nr_page_table_pages %u\nnr_kernel_stack %u\n", s.tables,
		 s.stacks * KB_PER_PAGE);
	text_put(t, "nr_slab_unreclaimable %u\n", s.slab);
	text_put(t, "nr_active_file %u\nnr_inactive_file %u\n", vm_lru_active(),
		 vm_lru_pages() - vm_lru_active());
	text_put(t, "nr_dirty %u\nnr_writeback %u\n", s.dirty, s.writing);
	text_put(t, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	return 0;
}

static int show_slabinfo(struct text *t, const struct cred *who)
{
	char name[32];
	uint32_t size, used, total;

	(void)who;
	text_put(t, "slabinfo - version: 2.1\n# name            <active_objs> "
		    "<num_objs> <objsize> <objperslab> <pagesperslab>"
		    " : tunables <limit> <batchcount> <sharedfactor>"
		    " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (unsigned k = 0;
	     !kmem_report(k, name, sizeof name, &size, &used, &total); k++)
		text_put(t, "%-17s %6u %6u %6u %4u %4d : tunables %4u %4u %4u"
			    " : slabdata %6u %6u %6u\n", name, used, total,
			 size, size ? max_u32(PAGE_SIZE / size, 1) : 0, 1,
			 0u, 0u, 0u, 0u, 0u, 0u);
	return 0;
}

static int show_swaps(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

/* --- time and load ------------------------------------------------------ */

static void put_seconds(struct text *t, uint64_t ns)
{
	uint32_t cs;
	uint64_t seconds = div_u64(div_u64(ns, NS_PER_CS, NULL), 100, &cs);

	text_put(t, "%llu.%02u", (unsigned long long)seconds, cs);
}

static int show_uptime(struct text *t, const struct cred *who)
{
	(void)who;
	put_seconds(t, arch_clock_ns());
	text_put(t, " ");
	put_seconds(t, sched_cpu()->idle_ns);
	text_put(t, "\n");
	return 0;
}

static int show_loadavg(struct text *t, const struct cred *who)
{
	bool all = from_host(who);
	uint32_t loads[3];

	sched_loads(loads);
	for (int k = 0; k < 3; k++)
		text_put(t, "%u.%02u ", loads[k] >> 16,
			 ((loads[k] & 0xffff) * 100) >> 16);
	text_put(t, "%u/%u %d\n", runnable_seen(who),
		 all ? proc_count() :
		       (uint32_t)who->prison->used[RACCT_PROC],
		 all ? proc_last_pid() : 0);
	return 0;
}

/* --- what this is ------------------------------------------------------- */

static int show_version(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%s version %s (Brig %s)\n", BRIG_SYSNAME, BRIG_RELEASE,
		 BRIG_VERSION);
	return 0;
}

static int show_kernel_line(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%s\n", cmdline_get());
	return 0;
}

static int show_filesystems(struct text *t, const struct cred *who)
{
	struct fs_type *type = NULL;

	(void)who;
	while ((type = vfs_type_next(type)))
		text_put(t, "%s\t%s\n", type->needs_device ? "" : "nodev",
			 type->name);
	return 0;
}

static struct procfs_entry entries[] = {
	{ "", "meminfo", PROC_GATE_ALL, .show = show_meminfo },
	{ "", "vmstat", PROC_GATE_ALL, .show = show_vmstat },
	{ "", "swaps", PROC_GATE_ALL, .show = show_swaps },
	{ "", "uptime", PROC_GATE_ALL, .show = show_uptime },
	{ "", "loadavg", PROC_GATE_ALL, .show = show_loadavg },
	{ "", "version", PROC_GATE_ALL, .show = show_version },
	{ "", "filesystems", PROC_GATE_ALL, .show = show_filesystems },
	{ "", "locks", PROC_GATE_ALL, .show = lock_show },
	{ "", "cmdline", .show = show_kernel_line },
	{ "", "slabinfo", .mode = 0400, .show = show_slabinfo },
};

void system_register(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++)
		procfs_register(&entries[k]);
}
