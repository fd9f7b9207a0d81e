/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.c - /proc/sys by Linux's names: what programs look for there.
 *
 * Most are facts and cannot be written. The random device adds its own
 * (sys/kernel/random); FreeBSD's names are in sysctl_kern.c and
 * sysctl_jail.c, and what both have is one thing under two names.
 */
#include "kernel/base/version.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/procfs/sysctl.h"

enum { CAP_LAST = 40, NOBODY = 65534, NR_OPEN = 1 << 20 };

/* --- facts --------------------------------------------------------------- */

static int cap_last = CAP_LAST, nobody = NOBODY, nr_open = NR_OPEN, zero,
	   pipe_max = PIPE_SIZE_MAX, groups_max = CRED_GROUPS_MAX;

static int64_t get_pid_max(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	(void)who;
	return proc_max();
}

static int show_file_nr(struct text *t, const struct cred *who)
{
	uint32_t open = from_host(who) ? file_open_count() :
			(uint32_t)who->prison->used[RACCT_FILE];

	text_put(t, "%u\t0\t%u\n", open, (uint32_t)get_maxfiles(NULL, who));
	return 0;
}

/* --- the console's level --------------------------------------------------- */

/* Linux counts levels from 1: what is below is shown. */
static int show_printk(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\t4\t1\t7\n", log_level_get() + 1);
	return 0;
}

static int store_printk(const struct cred *who, const char *line)
{
	(void)who;
	if (line[0] < '1' || line[0] > '8' || (line[1] > ' ' && line[1]))
		return -EINVAL;
	log_level_set((enum log_level)(line[0] - '1'));
	return 0;
}

static struct procfs_knob knobs[] = {
	{ "sys/kernel", "hostname", PRIV_SETHOSTNAME, .show = show_hostname,
	  .store = store_hostname },
	{ "sys/kernel", "domainname", PRIV_SETHOSTNAME,
	  .show = show_domainname, .store = store_domainname },
	{ "sys/kernel", "ostype", .show = show_ostype },
	{ "sys/kernel", "osrelease", .show = show_osrelease },
	{ "sys/kernel", "version", .show = show_version },
	{ "sys/kernel", "printk", PRIV_SYSCTL_WRITE, .show = show_printk,
	  .store = store_printk },
	{ "sys/kernel", "pid_max", .get = get_pid_max },
	{ "sys/kernel", "threads-max", .get = get_pid_max },
	{ "sys/kernel", "ngroups_max", .value = &groups_max },
	{ "sys/kernel", "cap_last_cap", .value = &cap_last },
	{ "sys/kernel", "overflowuid", .value = &nobody },
	{ "sys/kernel", "overflowgid", .value = &nobody },
	{ "sys/kernel", "randomize_va_space", .value = &zero },
	{ "sys/kernel", "tainted", .value = &zero },
	{ "sys/fs", "file-max", PRIV_SYSCTL_WRITE, .get = get_maxfiles,
	  .set = set_maxfiles, .min = 64, .max = INT32_MAX },
	{ "sys/fs", "file-nr", .show = show_file_nr },
	{ "sys/fs", "nr_open", .value = &nr_open },
	{ "sys/fs", "pipe-max-size", .value = &pipe_max },
	{ "sys/fs", "protected_hardlinks", PRIV_SYSCTL_WRITE,
	  .value = &path_link_owned, .max = 1 },
	{ "sys/crypto", "fips_enabled", .value = &zero },
};

void sysctl_add(struct procfs_knob *k, unsigned n)
{
	while (n--)
		procfs_knob_add(k++);
}

void sysctl_register(void)
{
	sysctl_add(knobs, ARRAY_LEN(knobs));
	sysctl_kern_register();
	sysctl_vm_register();
	sysctl_jail_register();
}
