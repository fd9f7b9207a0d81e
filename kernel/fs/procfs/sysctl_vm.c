/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl_vm.c - /proc/sys/vm: how much may be dirty, for how long, and how to
 * empty the caches (Linux admin-guide/sysctl/vm).
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/cache.h"
#include "kernel/fs/procfs/inner.h"
#include "kernel/fs/procfs/sysctl.h"

static int zero;

static int64_t get_dropped(const struct procfs_knob *k, const struct cred *who)
{
	(void)k, (void)who;
	return 0;
}

static int drop_caches(const struct procfs_knob *k, const struct cred *who, int64_t v)
{
	(void)k, (void)who;
	return cache_forget((unsigned)v);
}

static struct procfs_knob knobs[] = {
	{ "sys/vm", "overcommit_memory", .value = &zero },
	{ "sys/vm", "swappiness", .value = &zero },
	{ "sys/vm", "dirty_ratio", PRIV_SYSCTL_WRITE,
	  .value = &cache_dirty_ratio, .min = 1, .max = 100 },
	{ "sys/vm", "dirty_background_ratio", PRIV_SYSCTL_WRITE,
	  .value = &cache_dirty_background_ratio, .max = 100 },
	{ "sys/vm", "dirty_expire_centisecs", PRIV_SYSCTL_WRITE,
	  .value = &cache_dirty_expire_cs, .max = INT32_MAX },
	{ "sys/vm", "dirty_writeback_centisecs", PRIV_SYSCTL_WRITE,
	  .value = &cache_dirty_writeback_cs, .min = 1, .max = INT32_MAX },
	{ "sys/vm", "drop_caches", PRIV_SYSCTL_WRITE, .get = get_dropped,
	  .set = drop_caches, .min = 1, .max = 3 },
};

void sysctl_vm_register(void)
{
	sysctl_add(knobs, ARRAY_LEN(knobs));
}
