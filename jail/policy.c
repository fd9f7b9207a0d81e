/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - who may do which deed. The whole policy is the table below.
 *
 * A row asks who (NOBODY, ANYONE, or root: by effective uid, or by file system
 * uid for deeds on files); whether a prison other than the host may let him
 * (enum where); and from which securelevel on nobody may any more, the host
 * included (0: there is none). A deed without a row is refused to everyone.
 *
 * Names and rules are FreeBSD's (priv(9), prison_priv_check). Left out is what
 * has no object here: AUDIT, MAC, KENV, DTRACE, PMC, DDB, KDB, FIRMWARE,
 * MODULE, CPUCTL, VM86, VMM, VERIEXEC, ZFS, NFS, AFS, SMB, netgraph, wireless,
 * Bluetooth, ATM, IPv6, IPsec, POSIX queues, file handles, whiteouts, flags of
 * devices, mounts by users.
 * SETHOSTNAME and MSGBUF_CLEAR are ours: calls here, sysctls there.
 */
#include "jail/inner.h"

enum who { NOBODY = 0, ROOT, ROOT_OF_FILES, ANYONE };
enum where {
	NO = 0,
	YES,
	IF,		/* it has one of these allow bits */
	IF_MOUNT,	/* the same, and it may see mounts: enforce_statfs < 2 */
	IF_VNET,	/* it has its own network; one of these bits also does */
};

struct rule {
	const char *name;
	uint8_t who;		/* enum who */
	uint8_t in_jail;	/* enum where */
	uint8_t level;		/* the first securelevel that forbids it */
	uint32_t allow;		/* IF: any of these bits */
};

static const struct rule policy[PRIV_COUNT] = {
	[PRIV_NONE]		 = { "NONE", NOBODY, NO, 0, 0 },
	/* identity */
	[PRIV_CRED_SETUID]	 = { "CRED_SETUID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETEUID]	 = { "CRED_SETEUID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETREUID]	 = { "CRED_SETREUID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETRESUID]	 = { "CRED_SETRESUID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETGID]	 = { "CRED_SETGID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETEGID]	 = { "CRED_SETEGID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETREGID]	 = { "CRED_SETREGID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETRESGID]	 = { "CRED_SETRESGID", ROOT, YES, 0, 0 },
	[PRIV_CRED_SETGROUPS]	 = { "CRED_SETGROUPS", ROOT, YES, 0, 0 },
	/* processes; who else than root sees and reaches whom is kernel/proc's */
	[PRIV_PROC_SETRLIMIT]	 = { "PROC_SETRLIMIT", ROOT, YES, 0, 0 },
	[PRIV_PROC_LIMIT]	 = { "PROC_LIMIT", ROOT, YES, 0, 0 },
	[PRIV_MAXPROC]		 = { "MAXPROC", ROOT, NO, 0, 0 },
	[PRIV_MAXFILES]		 = { "MAXFILES", ROOT, NO, 0, 0 },
	[PRIV_SEEOTHERUIDS]	 = { "SEEOTHERUIDS", ROOT, YES, 0, 0 },
	[PRIV_SEEOTHERGIDS]	 = { "SEEOTHERGIDS", ROOT, YES, 0, 0 },
	[PRIV_SEEJAILPROC]	 = { "SEEJAILPROC", ROOT, YES, 0, 0 },
	[PRIV_SIGNAL_DIFFCRED]	 = { "SIGNAL_DIFFCRED", ROOT, YES, 0, 0 },
	[PRIV_SIGNAL_DIFFJAIL]	 = { "SIGNAL_DIFFJAIL", ROOT, YES, 0, 0 },
	[PRIV_DEBUG_DIFFCRED]	 = { "DEBUG_DIFFCRED", ROOT, YES, 0, 0 },
	[PRIV_DEBUG_SUGID]	 = { "DEBUG_SUGID", ROOT, YES, 0, 0 },
	[PRIV_DEBUG_DIFFJAIL]	 = { "DEBUG_DIFFJAIL", ROOT, YES, 0, 0 },
	[PRIV_DEBUG_UNPRIV]	 = { "DEBUG_UNPRIV", ROOT, YES, 0, 0 },
	[PRIV_SCHED_DIFFCRED]	 = { "SCHED_DIFFCRED", ROOT, YES, 0, 0 },
	[PRIV_SCHED_DIFFJAIL]	 = { "SCHED_DIFFJAIL", ROOT, YES, 0, 0 },
	[PRIV_SCHED_SETPRIORITY] = { "SCHED_SETPRIORITY", ROOT, NO, 0, 0 },
	[PRIV_SCHED_RTPRIO]	 = { "SCHED_RTPRIO", ROOT, NO, 0, 0 },
	[PRIV_SCHED_SETPOLICY]	 = { "SCHED_SETPOLICY", ROOT, NO, 0, 0 },
	[PRIV_SCHED_SETPARAM]	 = { "SCHED_SETPARAM", ROOT, NO, 0, 0 },
	[PRIV_SCHED_CPUSET]	 = { "SCHED_CPUSET", ROOT, YES, 0, 0 },
	[PRIV_IPC_READ]		 = { "IPC_READ", ROOT, YES, 0, 0 },
	[PRIV_IPC_WRITE]	 = { "IPC_WRITE", ROOT, YES, 0, 0 },
	[PRIV_IPC_ADMIN]	 = { "IPC_ADMIN", ROOT, YES, 0, 0 },
	[PRIV_IPC_MSGSIZE]	 = { "IPC_MSGSIZE", ROOT, YES, 0, 0 },
	/* only prisons below one's own can be named at all */
	[PRIV_JAIL_SET]		 = { "JAIL_SET", ROOT, YES, 0, 0 },
	[PRIV_JAIL_ATTACH]	 = { "JAIL_ATTACH", ROOT, YES, 0, 0 },
	[PRIV_JAIL_REMOVE]	 = { "JAIL_REMOVE", ROOT, YES, 0, 0 },
	/* files */
	[PRIV_VFS_READ]		 = { "VFS_READ", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_WRITE]	 = { "VFS_WRITE", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_EXEC]		 = { "VFS_EXEC", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_LOOKUP]	 = { "VFS_LOOKUP", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_ADMIN]	 = { "VFS_ADMIN", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_CHOWN]	 = { "VFS_CHOWN", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_SETGID]	 = { "VFS_SETGID", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_RETAINSUGID]	 = { "VFS_RETAINSUGID", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_STICKYFILE]	 = { "VFS_STICKYFILE", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_LINK]		 = { "VFS_LINK", ROOT_OF_FILES, YES, 0, 0 },
	[PRIV_VFS_CHROOT]	 = { "VFS_CHROOT", ROOT, YES, 0, 0 },
	[PRIV_VFS_SYSFLAGS]	 = { "VFS_SYSFLAGS", ROOT_OF_FILES, IF, 0, ALLOW_CHFLAGS },
	[PRIV_VFS_EXTATTR_SYSTEM] = { "VFS_EXTATTR_SYSTEM", ROOT, IF, 0, ALLOW_EXTATTR },
	[PRIV_VFS_MKNOD_DEV]	 = { "VFS_MKNOD_DEV", ROOT_OF_FILES, NO, 0, 0 },
	[PRIV_VFS_MOUNT]	 = { "VFS_MOUNT", ROOT, IF_MOUNT, 0, ALLOW_MOUNT },
	[PRIV_VFS_UNMOUNT]	 = { "VFS_UNMOUNT", ROOT, IF_MOUNT, 0, ALLOW_MOUNT },
	[PRIV_VFS_GETQUOTA]	 = { "VFS_GETQUOTA", ROOT, IF, 0, ALLOW_QUOTAS },
	[PRIV_VFS_SETQUOTA]	 = { "VFS_SETQUOTA", ROOT, IF, 0, ALLOW_QUOTAS },
	[PRIV_UFS_QUOTAON]	 = { "UFS_QUOTAON", ROOT, NO, 0, 0 },
	[PRIV_UFS_QUOTAOFF]	 = { "UFS_QUOTAOFF", ROOT, NO, 0, 0 },
	[PRIV_UFS_EXCEEDQUOTA]	 = { "UFS_EXCEEDQUOTA", ROOT, NO, 0, 0 },
	/* the machine: one for all, so the host's */
	[PRIV_VM_MLOCK]		 = { "VM_MLOCK", ROOT, IF, 0, ALLOW_MLOCK },
	[PRIV_SETHOSTNAME]	 = { "SETHOSTNAME", ROOT, IF, 0, ALLOW_SET_HOSTNAME },
	[PRIV_SETTIMEOFDAY]	 = { "SETTIMEOFDAY", ROOT, IF, 2, ALLOW_SETTIME },
	[PRIV_CLOCK_SETTIME]	 = { "CLOCK_SETTIME", ROOT, IF, 2, ALLOW_SETTIME },
	[PRIV_ADJTIME]		 = { "ADJTIME", ROOT, IF, 2, ALLOW_ADJTIME | ALLOW_SETTIME },
	[PRIV_NTP_ADJTIME]	 = { "NTP_ADJTIME", ROOT, IF, 2, ALLOW_ADJTIME | ALLOW_SETTIME },
	[PRIV_REBOOT]		 = { "REBOOT", ROOT, NO, 0, 0 },
	[PRIV_MSGBUF]		 = { "MSGBUF", ROOT, IF, 0, ALLOW_READ_MSGBUF },
	[PRIV_MSGBUF_CLEAR]	 = { "MSGBUF_CLEAR", ROOT, NO, 0, 0 },
	[PRIV_TTY_CONSOLE]	 = { "TTY_CONSOLE", ROOT, NO, 0, 0 },
	[PRIV_TTY_EXCLUSIVE]	 = { "TTY_EXCLUSIVE", ROOT, NO, 0, 0 },
	[PRIV_TTY_STI]		 = { "TTY_STI", ROOT, NO, 0, 0 },
	[PRIV_SYSCTL_WRITE]	 = { "SYSCTL_WRITE", ROOT, NO, 0, 0 },
	[PRIV_SYSCTL_WRITEJAIL]	 = { "SYSCTL_WRITEJAIL", ROOT, YES, 0, 0 },
	[PRIV_KLD_LOAD]		 = { "KLD_LOAD", ROOT, NO, 1, 0 },
	[PRIV_KLD_UNLOAD]	 = { "KLD_UNLOAD", ROOT, NO, 1, 0 },
	[PRIV_KMEM_READ]	 = { "KMEM_READ", ROOT, NO, 0, 0 },
	[PRIV_KMEM_WRITE]	 = { "KMEM_WRITE", ROOT, NO, 1, 0 },
	[PRIV_IO]		 = { "IO", ROOT, NO, 1, 0 },
	[PRIV_SWAPON]		 = { "SWAPON", ROOT, NO, 0, 0 },
	[PRIV_SWAPOFF]		 = { "SWAPOFF", ROOT, NO, 0, 0 },
	[PRIV_ACCT]		 = { "ACCT", ROOT, NO, 0, 0 },
	[PRIV_RANDOM_RESEED]	 = { "RANDOM_RESEED", ROOT, NO, 0, 0 },
	/* limits of prisons: a prison does not change its own */
	[PRIV_RCTL_GET_RACCT]	 = { "RCTL_GET_RACCT", ROOT, NO, 0, 0 },
	[PRIV_RCTL_GET_RULES]	 = { "RCTL_GET_RULES", ROOT, NO, 0, 0 },
	[PRIV_RCTL_GET_LIMITS]	 = { "RCTL_GET_LIMITS", ROOT, NO, 0, 0 },
	[PRIV_RCTL_ADD_RULE]	 = { "RCTL_ADD_RULE", ROOT, NO, 0, 0 },
	[PRIV_RCTL_REMOVE_RULE]	 = { "RCTL_REMOVE_RULE", ROOT, NO, 0, 0 },
	/* the network */
	[PRIV_NET_BPF]		 = { "NET_BPF", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_RAW]		 = { "NET_RAW", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_ROUTE]	 = { "NET_ROUTE", ROOT, IF_VNET, 0, ALLOW_ROUTING },
	[PRIV_NET_BRIDGE]	 = { "NET_BRIDGE", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_TAP]		 = { "NET_TAP", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_IFCREATE]	 = { "NET_IFCREATE", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_IFDESTROY]	 = { "NET_IFDESTROY", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFFLAGS]	 = { "NET_SETIFFLAGS", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFMTU]	 = { "NET_SETIFMTU", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFNAME]	 = { "NET_SETIFNAME", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFMETRIC]	 = { "NET_SETIFMETRIC", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFMAC]	 = { "NET_SETIFMAC", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETIFVNET]	 = { "NET_SETIFVNET", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_SETLLADDR]	 = { "NET_SETLLADDR", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_ADDIFADDR]	 = { "NET_ADDIFADDR", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_DELIFADDR]	 = { "NET_DELIFADDR", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_ADDMULTI]	 = { "NET_ADDMULTI", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_DELMULTI]	 = { "NET_DELMULTI", ROOT, IF_VNET, 0, 0 },
	[PRIV_NET_HWIOCTL]	 = { "NET_HWIOCTL", ROOT, IF_VNET, 0, 0 },
	[PRIV_NETINET_RESERVEDPORT] = { "NETINET_RESERVEDPORT", ROOT, IF, 0,
					ALLOW_RESERVED_PORTS },
	[PRIV_NETINET_REUSEPORT] = { "NETINET_REUSEPORT", ROOT, YES, 0, 0 },
	[PRIV_NETINET_RAW]	 = { "NETINET_RAW", ROOT, IF_VNET, 0, ALLOW_RAW_SOCKETS },
	[PRIV_NETINET_BINDANY]	 = { "NETINET_BINDANY", ROOT, IF_VNET, 0, 0 },
	[PRIV_NETINET_SETHDROPTS] = { "NETINET_SETHDROPTS", ROOT, YES, 0, 0 },
	[PRIV_NETINET_GETCRED]	 = { "NETINET_GETCRED", ROOT, YES, 0, 0 },
	[PRIV_NETINET_IPFW]	 = { "NETINET_IPFW", ROOT, IF_VNET, 3, 0 },
	[PRIV_NETINET_DIVERT]	 = { "NETINET_DIVERT", ROOT, IF_VNET, 0, 0 },
	[PRIV_NETINET_DUMMYNET]	 = { "NETINET_DUMMYNET", ROOT, IF_VNET, 3, 0 },
	[PRIV_NETINET_MROUTE]	 = { "NETINET_MROUTE", ROOT, IF_VNET, 0, 0 },
};

_Static_assert(PRIV_NONE == 0 && NOBODY == 0 && NO == 0,
	       "what is left out must be refused");
_Static_assert(PRIV_COUNT == PRIV_NETINET_MROUTE + 1,
	       "the last deed has a row");

/* By his ids alone, wherever he is. */
static bool is_who(const struct cred *c, unsigned who)
{
	switch (who) {
	case ANYONE:
		return true;
	case ROOT:
		return c->euid == 0;
	case ROOT_OF_FILES:
		return c->fsuid == 0;
	default:
		return false;
	}
}

/* In a prison without allow.suser nobody is root. */
static bool has_root(const struct prison *p, const struct rule *r)
{
	return r->who == ANYONE || (p->allow & ALLOW_SUSER);
}

/* No prison has a network of its own yet: IF_VNET lets only by a bit. */
static bool prison_lets(const struct prison *p, const struct rule *r)
{
	if (p->parent == NULL)
		return true;
	switch (r->in_jail) {
	case YES:
		return true;
	case IF:
	case IF_VNET:
		return (p->allow & r->allow) != 0;
	case IF_MOUNT:
		return (p->allow & r->allow) != 0 && p->enforce_statfs < 2;
	default:
		return false;
	}
}

static const struct rule *rule_of(enum priv p)
{
	assert((unsigned)p < PRIV_COUNT);
	return &policy[p];
}

/* By the securelevel. */
static bool forbidden(const struct prison *p, const struct rule *r)
{
	return r->level != 0 && prison_securelevel(p) >= r->level;
}

bool priv_has(const struct cred *c, enum priv p)
{
	const struct rule *r = rule_of(p);

	if (!is_who(c, r->who) || !has_root(c->prison, r) ||
	    !prison_lets(c->prison, r))
		return false;
	return !forbidden(c->prison, r);
}

/* 0 or -EPERM. */
int priv_check(const struct cred *c, enum priv p)
{
	const struct rule *r = rule_of(p);

	if (likely(priv_has(c, p)))
		return 0;
	if (!is_who(c, r->who))
		return -EPERM;
	if (!has_root(c->prison, r))
		denied_priv(c, p, false);
	if (!prison_lets(c->prison, r))
		denied_priv(c, p, true);
	else if (forbidden(c->prison, r) && !forbidden(prison_host(), r))
		prison_denied(c, "securelevel", r->name, -EPERM);
	return -EPERM;
}

/* --- what a prison would need --------------------------------------------- */

static bool is_choice(uint32_t allow)
{
	return (allow & (allow - 1)) != 0;
}

/* Where one of several bits is enough and none is needed for something else,
 * the least. */
uint32_t prison_learned(const struct denials *d, bool *mounts)
{
	uint32_t need = d->wanted;

	*mounts = false;
	for (int p = 0; p < PRIV_COUNT; p++) {
		if (d->by_priv[p] == 0)
			continue;
		*mounts |= policy[p].in_jail == IF_MOUNT;
		if (!is_choice(policy[p].allow))
			need |= policy[p].allow;
	}
	for (int p = 0; p < PRIV_COUNT; p++) {
		uint32_t any = policy[p].allow;

		if (d->by_priv[p] && !(need & any))
			need |= any & -any;
	}
	return need;
}

/* NULL when there is no such deed. */
const char *priv_name(enum priv p)
{
	return (unsigned)p < PRIV_COUNT ? policy[p].name : NULL;
}

/* --- in words ------------------------------------------------------------- */

static size_t put_allow(char *to, size_t size, uint32_t allow)
{
	size_t n = 0;
	const char *between = "";

	for (unsigned i = 0; i < ALLOW_COUNT && n < size; i++) {
		if (!(allow & 1u << i))
			continue;
		n += str_format(to + n, size - n, "%sallow.%s", between,
				prison_allow_name(i));
		between = " or ";
	}
	return n;
}

static size_t put_where(char *to, size_t size, const struct rule *r)
{
	size_t n = put_allow(to, size, r->allow);

	switch (r->in_jail) {
	case NO:
	case YES:
		return str_format(to, size, r->in_jail == YES ? "yes" : "no");
	case IF_MOUNT:
		return n + str_format(to + n, size - n,
				      " and enforce_statfs < 2");
	case IF_VNET:
		return n + str_format(to + n, size - n, "%swith its own vnet",
				      r->allow ? " or " : "");
	default:
		return n;
	}
}

/* "root  allow.mount and enforce_statfs < 2". Good until the next call. */
const char *priv_rule(enum priv p)
{
	static const char *const who[] = { "nobody", "root", "root(fsuid)",
					   "anyone" };
	static char text[112];
	const struct rule *r;
	size_t n;

	assert((unsigned)p < PRIV_COUNT);
	r = &policy[p];
	n = str_format(text, sizeof(text), "%-12s ", who[r->who]);
	n += put_where(text + n, sizeof(text) - n, r);
	if (r->level)
		n += str_format(text + n, sizeof(text) - n,
				"; securelevel < %d", r->level);
	assert(n < sizeof(text));
	return text;
}
