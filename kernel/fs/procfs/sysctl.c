/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.c - /proc/sys: a few numbers that programs look for.
 *
 * Most are facts and cannot be written. hostname and domainname are those of
 * the asker's prison; to set them takes PRIV_SETHOSTNAME. The random device
 * adds its own (sys/kernel/random).
 */
#include "kernel/base/version.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/procfs/inner.h"

enum { CAP_LAST = 40, NOBODY = 65534, NR_OPEN = 1 << 20 };

/* --- names -------------------------------------------------------------- */

static int name_store(const struct cred *who, char to[PRISON_HOST_MAX],
		      const char *text, size_t n)
{
	int err = priv_check(who, PRIV_SETHOSTNAME);
	const char *end;

	if (err)
		return err;
	if (who->prison->host != SHARE_NEW)
		return -EPERM;	/* the name is that of a prison above */
	end = memchr(text, '\n', n);
	if (end)
		n = end - text;
	if (n >= PRISON_HOST_MAX)
		return -EINVAL;
	memcpy(to, text, n);
	to[n] = 0;
	return 0;
}

static int show_hostname(struct text *t, const struct cred *who)
{
	text_put(t, "%s\n", prison_namer(who->prison)->hostname);
	return 0;
}

static int store_hostname(const struct cred *who, const char *text, size_t n)
{
	return name_store(who, who->prison->hostname, text, n);
}

static int show_domainname(struct text *t, const struct cred *who)
{
	const char *name = prison_namer(who->prison)->domainname;

	text_put(t, "%s\n", *name ? name : "(none)");
	return 0;
}

static int store_domainname(const struct cred *who, const char *text, size_t n)
{
	return name_store(who, who->prison->domainname, text, n);
}

static int show_ostype(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%s\n", BRIG_SYSNAME);
	return 0;
}

static int show_osrelease(struct text *t, const struct cred *who)
{
	text_put(t, "%s\n", who->prison->osrelease);
	return 0;
}

static int show_version(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "Brig %s\n", BRIG_VERSION);
	return 0;
}

/* --- numbers ------------------------------------------------------------ */

static int put_number(struct text *t, uint32_t n)
{
	text_put(t, "%u\n", n);
	return 0;
}

static int show_zero_number(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, 0);
}

static int show_pid_max(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, proc_max());
}

static int show_groups_max(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, CRED_GROUPS_MAX);
}

static int show_cap_last(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, CAP_LAST);
}

static int show_nobody(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, NOBODY);
}

/* As many as fit, a file object being about 256 bytes; not a fixed limit. */
static uint32_t file_max(void)
{
	return page_count * (PAGE_SIZE / 1024);
}

static int show_file_max(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, file_max());
}

static int show_file_nr(struct text *t, const struct cred *who)
{
	uint32_t open = from_host(who) ? file_open_count() :
			(uint32_t)who->prison->used[RACCT_FILE];

	text_put(t, "%u\t0\t%u\n", open, file_max());
	return 0;
}

static int show_nr_open(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, NR_OPEN);
}

static int show_pipe_max(struct text *t, const struct cred *who)
{
	(void)who;
	return put_number(t, PIPE_SIZE_MAX);
}

static struct procfs_entry entries[] = {
	{ "sys/kernel", "hostname", PROC_GATE_ALL, 0644, show_hostname,
	  store_hostname, { 0 } },
	{ "sys/kernel", "domainname", PROC_GATE_ALL, 0644, show_domainname,
	  store_domainname, { 0 } },
	{ "sys/kernel", "ostype", PROC_GATE_ALL, .show = show_ostype },
	{ "sys/kernel", "osrelease", PROC_GATE_ALL, .show = show_osrelease },
	{ "sys/kernel", "version", PROC_GATE_ALL, .show = show_version },
	{ "sys/kernel", "pid_max", PROC_GATE_ALL, .show = show_pid_max },
	{ "sys/kernel", "threads-max", PROC_GATE_ALL, .show = show_pid_max },
	{ "sys/kernel", "ngroups_max", PROC_GATE_ALL, .show = show_groups_max },
	{ "sys/kernel", "cap_last_cap", PROC_GATE_ALL, .show = show_cap_last },
	{ "sys/kernel", "overflowuid", PROC_GATE_ALL, .show = show_nobody },
	{ "sys/kernel", "overflowgid", PROC_GATE_ALL, .show = show_nobody },
	{ "sys/kernel", "randomize_va_space", PROC_GATE_ALL,
	  .show = show_zero_number },
	{ "sys/kernel", "tainted", PROC_GATE_ALL, .show = show_zero_number },
	{ "sys/vm", "overcommit_memory", PROC_GATE_ALL,
	  .show = show_zero_number },
	{ "sys/fs", "file-max", PROC_GATE_ALL, .show = show_file_max },
	{ "sys/fs", "file-nr", PROC_GATE_ALL, .show = show_file_nr },
	{ "sys/fs", "nr_open", PROC_GATE_ALL, .show = show_nr_open },
	{ "sys/fs", "pipe-max-size", PROC_GATE_ALL, .show = show_pipe_max },
	{ "sys/crypto", "fips_enabled", PROC_GATE_ALL,
	  .show = show_zero_number },
};

void sysctl_register(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++)
		procfs_register(&entries[k]);
}
