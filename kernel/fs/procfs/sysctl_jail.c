/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl_jail.c - /proc/sys/security/jail and the older /proc/sys/jail: what
 * the asker's prison is, and what new prisons are allowed.
 *
 * The *_allowed rows are one set of defaults for the machine, and the prisons
 * that the four-argument jail(2) made follow it as long as they live. Read in
 * a jail, they say what that jail may.
 */
#include "kernel/fs/procfs/sysctl.h"

static bool is_jailed(const struct cred *who)
{
	return who->prison->parent != NULL;
}

/* --- the defaults --------------------------------------------------------- */

static int64_t get_allowed(const struct procfs_knob *k, const struct cred *who)
{
	uint32_t allow = is_jailed(who) ? who->prison->allow
					: prison_allow_default;

	return (allow & k->bit) != 0;
}

/* The old way to have System V objects was to have those of the host. */
static void follow_ipc(struct prison *p)
{
	for (int i = 0; i < PRISON_IPC_COUNT; i++)
		p->ipc[i] = p->allow & ALLOW_SYSVIPC ? SHARE_INHERIT
						     : SHARE_DISABLE;
}

static int set_allowed(const struct procfs_knob *k, const struct cred *who,
		       int64_t v)
{
	struct prison *p = NULL;

	assert(!is_jailed(who) && k->bit != 0);
	if (v)
		prison_allow_default |= k->bit;
	else
		prison_allow_default &= ~k->bit;
	while ((p = prison_next(who->prison, p ? p->jid : 0, false))) {
		if (!p->by_sysctl)
			continue;
		if (v)
			p->allow |= k->bit & p->parent->allow;
		else
			p->allow &= ~k->bit;
		if (k->bit & ALLOW_SYSVIPC)
			follow_ipc(p);
		prison_clamp(p);
	}
	return 0;
}

/* The same bit by the opposite name. */
static int64_t get_route_only(const struct procfs_knob *k,
			      const struct cred *who)
{
	return !get_allowed(k, who);
}

static int set_route_only(const struct procfs_knob *k, const struct cred *who,
			  int64_t v)
{
	return set_allowed(k, who, !v);
}

static int64_t get_enforce_statfs(const struct procfs_knob *k,
				  const struct cred *who)
{
	(void)k;
	return is_jailed(who) ? who->prison->enforce_statfs
			      : prison_statfs_default;
}

static int set_enforce_statfs(const struct procfs_knob *k,
			      const struct cred *who, int64_t v)
{
	(void)k;
	(void)who;
	prison_statfs_default = (int)v;
	return 0;
}

/* --- the asker's own ------------------------------------------------------- */

static int64_t get_jailed(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	return is_jailed(who);
}

/* No prison has a network of its own yet. */
static int64_t get_vnet(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	(void)who;
	return 0;
}

static int64_t get_devfs_ruleset(const struct procfs_knob *k,
				 const struct cred *who)
{
	(void)k;
	return who->prison->devfs_ruleset;
}

static int64_t get_children_max(const struct procfs_knob *k,
				const struct cred *who)
{
	(void)k;
	return who->prison->children_max;
}

static int64_t get_children_cur(const struct procfs_knob *k,
				const struct cred *who)
{
	(void)k;
	return who->prison->children_count;
}

static int show_env(struct text *t, const struct cred *who)
{
	if (who->prison->env)
		text_put(t, "%s\n", who->prison->env);
	return 0;
}

/* The prisons that the asker sees: number, name, host name. */
static int show_list(struct text *t, const struct cred *who)
{
	struct prison *p = NULL;
	char name[PRISON_NAME_MAX];

	while ((p = prison_next(who->prison, p ? p->jid : 0, false))) {
		prison_name(who->prison, p, name, sizeof(name));
		text_put(t, "%d %s %s\n", p->jid, name,
			 prison_namer(p)->hostname);
	}
	return 0;
}

#define ALLOWED(dir, knob, of) \
	{ dir, knob, PRIV_SYSCTL_WRITE, .get = get_allowed, \
	  .set = set_allowed, .max = 1, .bit = of }

static struct procfs_knob knobs[] = {
	{ "sys/security/jail", "list", .show = show_list },
	{ "sys/security/jail", "jailed", .get = get_jailed },
	{ "sys/security/jail", "vnet", .get = get_vnet },
	{ "sys/security/jail", "env", .show = show_env },
	{ "sys/security/jail", "devfs_ruleset", .get = get_devfs_ruleset },
	{ "sys/security/jail/children", "max", .get = get_children_max },
	{ "sys/security/jail/children", "cur", .get = get_children_cur },
	{ "sys/security/jail", "enforce_statfs", PRIV_SYSCTL_WRITE,
	  .get = get_enforce_statfs, .set = set_enforce_statfs, .max = 2 },
	{ "sys/security/jail", "socket_unixiproute_only", PRIV_SYSCTL_WRITE,
	  .get = get_route_only, .set = set_route_only, .max = 1,
	  .bit = ALLOW_SOCKET_AF },
	ALLOWED("sys/security/jail", "set_hostname_allowed", ALLOW_SET_HOSTNAME),
	ALLOWED("sys/security/jail", "sysvipc_allowed", ALLOW_SYSVIPC),
	ALLOWED("sys/security/jail", "allow_raw_sockets", ALLOW_RAW_SOCKETS),
	ALLOWED("sys/security/jail", "chflags_allowed", ALLOW_CHFLAGS),
	ALLOWED("sys/security/jail", "mlock_allowed", ALLOW_MLOCK),
	ALLOWED("sys/security/jail", "mount_allowed", ALLOW_MOUNT),
	ALLOWED("sys/security/jail", "mount_devfs_allowed", ALLOW_MOUNT_DEVFS),
	ALLOWED("sys/security/jail", "mount_procfs_allowed", ALLOW_MOUNT_PROCFS),
	ALLOWED("sys/security/jail", "mount_tmpfs_allowed", ALLOW_MOUNT_TMPFS),
	ALLOWED("sys/security/jail", "mount_nullfs_allowed", ALLOW_MOUNT_NULLFS),
	/* FreeBSD 4's, as the paper has them */
	ALLOWED("sys/jail", "set_hostname_allowed", ALLOW_SET_HOSTNAME),
	ALLOWED("sys/jail", "sysvipc_allowed", ALLOW_SYSVIPC),
	{ "sys/jail", "socket_unixiproute_only", PRIV_SYSCTL_WRITE,
	  .get = get_route_only, .set = set_route_only, .max = 1,
	  .bit = ALLOW_SOCKET_AF },
};

void sysctl_jail_register(void)
{
	sysctl_add(knobs, ARRAY_LEN(knobs));
}
