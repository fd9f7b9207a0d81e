/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl_kern.c - /proc/sys/kern and /proc/sys/security/bsd, by FreeBSD's
 * names.
 *
 * Names, ids and the securelevel are the asker's prison's, and can be written
 * there; all else is the machine's. A securelevel only rises.
 */
#include "kernel/base/version.h"
#include "kernel/fs/procfs/sysctl.h"

enum { SECURELEVEL_MIN = -1, SECURELEVEL_MAX = 3, MAXPROC_MIN = 16 };

/* --- identity -------------------------------------------------------------- */

/* -EPERM: the names are those of a prison above. */
static int check_own_names(const struct cred *who)
{
	if (who->prison->host == SHARE_NEW)
		return 0;
	prison_denied(who, "host", "inherited", -EPERM);
	return -EPERM;
}

static int set_name(const struct cred *who, char *to, size_t size,
		    const char *line)
{
	int err = check_own_names(who);

	if (err)
		return err;
	if (strlen(line) >= size)
		return -EINVAL;
	str_copy(to, line, size);
	return 0;
}

int show_hostname(struct text *t, const struct cred *who)
{
	text_put(t, "%s\n", prison_namer(who->prison)->hostname);
	return 0;
}

int store_hostname(const struct cred *who, const char *line)
{
	return set_name(who, who->prison->hostname, PRISON_HOST_MAX, line);
}

int show_domainname(struct text *t, const struct cred *who)
{
	const char *name = prison_namer(who->prison)->domainname;

	text_put(t, "%s\n", *name ? name : "(none)");
	return 0;
}

int store_domainname(const struct cred *who, const char *line)
{
	return set_name(who, who->prison->domainname, PRISON_HOST_MAX, line);
}

static int show_hostuuid(struct text *t, const struct cred *who)
{
	text_put(t, "%s\n", prison_namer(who->prison)->hostuuid);
	return 0;
}

static int store_hostuuid(const struct cred *who, const char *line)
{
	return set_name(who, who->prison->hostuuid, PRISON_UUID_MAX, line);
}

static int64_t get_hostid(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	return prison_namer(who->prison)->hostid;
}

static int set_hostid(const struct procfs_knob *k, const struct cred *who,
		      int64_t v)
{
	int err = check_own_names(who);

	(void)k;
	if (!err)
		who->prison->hostid = (uint32_t)v;
	return err;
}

int show_ostype(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%s\n", BRIG_SYSNAME);
	return 0;
}

int show_osrelease(struct text *t, const struct cred *who)
{
	text_put(t, "%s\n", who->prison->osrelease);
	return 0;
}

static int64_t get_osreldate(const struct procfs_knob *k,
			     const struct cred *who)
{
	(void)k;
	return who->prison->osreldate;
}

int show_version(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "Brig %s\n", BRIG_VERSION);
	return 0;
}

/* --- securelevel ------------------------------------------------------------ */

static int64_t get_securelevel(const struct procfs_knob *k,
			       const struct cred *who)
{
	(void)k;
	return prison_securelevel(who->prison);
}

static int set_securelevel(const struct procfs_knob *k, const struct cred *who,
			   int64_t v)
{
	(void)k;
	assert(v >= SECURELEVEL_MIN && v <= SECURELEVEL_MAX);
	if (v < prison_securelevel(who->prison))
		return -EPERM;
	who->prison->securelevel = (int)v;
	prison_clamp(who->prison);
	return 0;
}

/* --- what the machine bears -------------------------------------------------- */

static struct prison *limits(void)
{
	return prison_host();
}

int64_t get_maxfiles(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	(void)who;
	return (int64_t)limits()->limit[RACCT_FILE];
}

int set_maxfiles(const struct procfs_knob *k, const struct cred *who, int64_t v)
{
	(void)k;
	(void)who;
	limits()->limit[RACCT_FILE] = v;
	return 0;
}

static int64_t get_openfiles(const struct procfs_knob *k,
			     const struct cred *who)
{
	(void)k;
	return (int64_t)who->prison->used[RACCT_FILE];
}

static int64_t get_maxproc(const struct procfs_knob *k, const struct cred *who)
{
	(void)k;
	(void)who;
	return (int64_t)limits()->limit[RACCT_PROC];
}

static int set_maxproc(const struct procfs_knob *k, const struct cred *who,
		       int64_t v)
{
	(void)k;
	(void)who;
	if (v > proc_max())
		return -EINVAL;
	limits()->limit[RACCT_PROC] = v;
	return 0;
}

/* --- the log ------------------------------------------------------------------ */

static int64_t get_msgbuf_clear(const struct procfs_knob *k,
				const struct cred *who)
{
	(void)k;
	(void)who;
	return 0;
}

static int set_msgbuf_clear(const struct procfs_knob *k, const struct cred *who,
			    int64_t v)
{
	(void)k;
	(void)who;
	if (v)
		log_clear();
	return 0;
}

/* --- security.bsd ---------------------------------------------------------------- */

static int64_t get_own_allow(const struct procfs_knob *k,
			     const struct cred *who)
{
	return (who->prison->allow & k->bit) != 0;
}

/* A prison may give up what it was allowed, and what is below loses it too;
 * to take it back is for who is above. The host has nobody above. */
static int set_own_allow(const struct procfs_knob *k, const struct cred *who,
			 int64_t v)
{
	struct prison *p = who->prison;

	assert(k->bit != 0);
	if (!v)
		p->allow &= ~k->bit;
	else if (!p->parent)
		p->allow |= k->bit;
	else if (!(p->allow & k->bit))
		return -EPERM;
	prison_clamp(p);
	return 0;
}

static int groups_max = CRED_GROUPS_MAX;

static struct procfs_knob knobs[] = {
	{ "sys/kern", "hostname", PRIV_SETHOSTNAME, .show = show_hostname,
	  .store = store_hostname },
	{ "sys/kern", "domainname", PRIV_SETHOSTNAME,
	  .show = show_domainname, .store = store_domainname },
	{ "sys/kern", "hostuuid", PRIV_SETHOSTNAME, .show = show_hostuuid,
	  .store = store_hostuuid },
	{ "sys/kern", "hostid", PRIV_SETHOSTNAME, .get = get_hostid,
	  .set = set_hostid, .max = UINT32_MAX },
	{ "sys/kern", "ostype", .show = show_ostype },
	{ "sys/kern", "osrelease", .show = show_osrelease },
	{ "sys/kern", "osreldate", .get = get_osreldate },
	{ "sys/kern", "version", .show = show_version },
	{ "sys/kern", "securelevel", PRIV_SYSCTL_WRITEJAIL,
	  .get = get_securelevel, .set = set_securelevel,
	  .min = SECURELEVEL_MIN, .max = SECURELEVEL_MAX },
	{ "sys/kern", "ngroups", .value = &groups_max },
	{ "sys/kern", "maxfiles", PRIV_SYSCTL_WRITE, .get = get_maxfiles,
	  .set = set_maxfiles, .min = 64, .max = INT32_MAX },
	{ "sys/kern", "openfiles", .get = get_openfiles },
	{ "sys/kern", "maxproc", PRIV_SYSCTL_WRITE, .get = get_maxproc,
	  .set = set_maxproc, .min = MAXPROC_MIN, .max = INT32_MAX },
	{ "sys/kern", "msgbuf_clear", PRIV_MSGBUF_CLEAR,
	  .get = get_msgbuf_clear, .set = set_msgbuf_clear, .max = 1 },
	{ "sys/security/bsd", "see_other_uids", PRIV_SYSCTL_WRITE,
	  .value = &proc_see_other_uids, .max = 1 },
	{ "sys/security/bsd", "see_other_gids", PRIV_SYSCTL_WRITE,
	  .value = &proc_see_other_gids, .max = 1 },
	{ "sys/security/bsd", "see_jail_proc", PRIV_SYSCTL_WRITE,
	  .value = &proc_see_jail_proc, .max = 1 },
	{ "sys/security/bsd", "hardlink_check_uid", PRIV_SYSCTL_WRITE,
	  .value = &path_link_owned, .max = 1 },
	{ "sys/security/chroot", "hardened", PRIV_SYSCTL_WRITE,
	  .value = &path_chroot_hardened, .max = 1 },
	{ "sys/security/bsd", "suser_enabled", PRIV_SYSCTL_WRITEJAIL,
	  .get = get_own_allow, .set = set_own_allow, .max = 1,
	  .bit = ALLOW_SUSER },
	{ "sys/security/bsd", "unprivileged_proc_debug", PRIV_SYSCTL_WRITEJAIL,
	  .get = get_own_allow, .set = set_own_allow, .max = 1,
	  .bit = ALLOW_UNPRIVILEGED_PROC_DEBUG },
};

/* As many files as fit, an object being about 256 bytes. */
void sysctl_kern_register(void)
{
	limits()->limit[RACCT_FILE] = page_count * (PAGE_SIZE / 1024);
	limits()->limit[RACCT_PROC] = proc_max();
	sysctl_add(knobs, ARRAY_LEN(knobs));
}
