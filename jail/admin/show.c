/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.c - /proc/jail: the table of parameters for programs (libjail), and
 * what each prison that the reader sees has used.
 */
#include "jail/admin/inner.h"
#include "kernel/fs/knob.h"

static const char *type_name(const struct param *p)
{
	static const char *const name[] = {
		[PARAM_INT] = "int", [PARAM_UINT] = "uint",
		[PARAM_BOOL] = "bool", [PARAM_SHARE] = "jailsys",
		[PARAM_TEXT] = "string", [PARAM_ADDRS] = "in_addr",
	};

	assert(p->type < ARRAY_LEN(name) && name[p->type]);
	return name[p->type];
}

static int show_params(struct text *t, const struct cred *who)
{
	static const char *const access[] = {
		[PARAM_READ] = "ro", [PARAM_CREATE] = "create",
		[PARAM_WRITE] = "rw",
	};

	(void)who;
	for (unsigned i = 0; i < param_count; i++) {
		const struct param *p = &param_table[i];
		unsigned size = p->type == PARAM_TEXT ? p->size : 4;

		text_put(t, "%s\t%s\t%u\t%s\n", p->name, type_name(p), size,
			 access[p->access]);
	}
	return 0;
}

static const char *const used_name[RACCT_COUNT] = {
	[RACCT_PROC] = "maxproc", [RACCT_THREAD] = "nthr",
	[RACCT_MEMORY] = "memoryuse", [RACCT_KERNEL_MEMORY] = "kmemoryuse",
	[RACCT_FILE] = "openfiles", [RACCT_PTY] = "pseudoterminals",
	[RACCT_SOCKBUF] = "sockbuf", [RACCT_DISK] = "diskuse",
	[RACCT_INODES] = "inodes", [RACCT_CPU_NS] = "cputime_ns",
};

static void put_usage(struct text *t, const struct prison *viewer,
		      const struct prison *p)
{
	char name[PRISON_NAME_MAX];

	prison_name(viewer, p, name, sizeof(name));
	text_put(t, "%d\t%s", prison_jid_seen(viewer, p), name);
	for (int i = 0; i < RACCT_COUNT; i++)
		text_put(t, "\t%s=%llu", used_name[i],
			 (unsigned long long)p->used[i]);
	text_put(t, "\n");
}

/* The reader's own prison first. FreeBSD's names (rctl(8)) where it has some. */
static int show_usage(struct text *t, const struct cred *who)
{
	struct prison *p;

	put_usage(t, who->prison, who->prison);
	for (int jid = 0; (p = prison_next(who->prison, jid, false));
	     jid = p->jid)
		put_usage(t, who->prison, p);
	return 0;
}

static struct procfs_entry entries[] = {
	{ "jail", "params", PROC_GATE_ALL, .show = show_params },
	{ "jail", "usage", PROC_GATE_ALL, .show = show_usage },
};

static int64_t get_text_max(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	(void)who;
	return jailsys_text_max;
}

static int set_text_max(const struct procfs_knob *k, const struct cred *who,
			int64_t v)
{
	(void)k;
	(void)who;
	jailsys_text_max = (uint32_t)v;
	return 0;
}

static struct procfs_knob knobs[] = {
	{ "sys/security/jail", "meta_maxbufsize", PRIV_SYSCTL_WRITE,
	  .get = get_text_max, .set = set_text_max, .max = JAIL_VALUE_MAX },
	{ "sys/security/jail", "jail_max_af_ips", PRIV_SYSCTL_WRITE,
	  .value = &jailsys_addrs_max, .max = JAIL_VALUE_MAX / 4 },
};

void show_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(knobs); i++)
		procfs_knob_add(&knobs[i]);
	for (unsigned i = 0; i < ARRAY_LEN(entries); i++)
		procfs_register(&entries[i]);
}

void jailsys_init(void)
{
	for (unsigned i = 0; i < RACCT_COUNT; i++)
		assert(used_name[i]);
	remove_init();
	show_init();
}
