/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - who may do which deed. The whole policy is the table below.
 *
 * A row has two questions: who (NOBODY, ANYONE, or root: by effective uid, or
 * by file system uid for deeds on files), and whether a prison other than the
 * host may let him (NO, YES, or IF it has one of these allow bits). The host
 * asks only the first. A deed without a row is refused to everyone: zero is
 * NOBODY, and no field's zero grants anything.
 *
 * What the rows say of prisons is FreeBSD's prison_priv_check (docs: jail(8)).
 */
#include "jail/jail.h"

enum who { NOBODY = 0, ROOT, ROOT_OF_FILES, ANYONE };
enum where { NO = 0, YES, IF };

struct rule {
	const char *name;
	uint8_t who;		/* enum who */
	uint8_t in_jail;	/* enum where */
	uint32_t allow;		/* IF: any of these bits */
};

static const struct rule policy[PRIV_COUNT] = {
	[PRIV_NONE]		   = { "none", NOBODY, NO, 0 },
	/* identity and processes */
	[PRIV_CRED_SETUID]	   = { "cred.setuid", ROOT, YES, 0 },
	[PRIV_CRED_SETGID]	   = { "cred.setgid", ROOT, YES, 0 },
	[PRIV_CRED_SETGROUPS]	   = { "cred.setgroups", ROOT, YES, 0 },
	[PRIV_PROC_SETRLIMIT]	   = { "proc.setrlimit", ROOT, YES, 0 },
	[PRIV_PROC_LIMIT]	   = { "proc.limit", ROOT, YES, 0 },
	[PRIV_MAXPROC]		   = { "maxproc", ROOT, NO, 0 },
	[PRIV_SIGNAL_DIFFCRED]	   = { "signal.diffcred", ROOT, YES, 0 },
	[PRIV_DEBUG_DIFFCRED]	   = { "debug.diffcred", ROOT, YES, 0 },
	[PRIV_SEEOTHERUIDS]	   = { "seeotheruids", ANYONE, YES, 0 },
	[PRIV_SCHED_DIFFCRED]	   = { "sched.diffcred", ROOT, YES, 0 },
	[PRIV_SCHED_SETPRIORITY]   = { "sched.setpriority", ROOT, NO, 0 },
	[PRIV_SCHED_RTPRIO]	   = { "sched.rtprio", ROOT, NO, 0 },
	[PRIV_SCHED_CPUSET]	   = { "sched.cpuset", ROOT, YES, 0 },
	/* files */
	[PRIV_VFS_READ]		   = { "vfs.read", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_WRITE]	   = { "vfs.write", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_EXEC]		   = { "vfs.exec", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_LOOKUP]	   = { "vfs.lookup", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_ADMIN]	   = { "vfs.admin", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_CHOWN]	   = { "vfs.chown", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_SETGID]	   = { "vfs.setgid", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_RETAINSUGID]	   = { "vfs.retainsugid", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_STICKYFILE]	   = { "vfs.stickyfile", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_LINK]		   = { "vfs.link", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_CHROOT]	   = { "vfs.chroot", ROOT, YES, 0 },
	[PRIV_VFS_MKNOD_DEV]	   = { "vfs.mknod_dev", ROOT_OF_FILES, NO, 0 },
	[PRIV_VFS_MOUNT]	   = { "vfs.mount", ROOT, IF, ALLOW_MOUNT },
	[PRIV_VFS_UNMOUNT]	   = { "vfs.unmount", ROOT, IF, ALLOW_MOUNT },
	[PRIV_VFS_BLOCKRESERVE]	   = { "vfs.blockreserve", ROOT_OF_FILES, YES, 0 },
	[PRIV_VFS_SYSFLAGS]	   = { "vfs.sysflags", ROOT_OF_FILES, IF, ALLOW_CHFLAGS },
	[PRIV_VFS_EXTATTR_SYSTEM]  = { "vfs.extattr_system", ROOT, IF, ALLOW_EXTATTR },
	/* the machine: one for all, so the host's */
	[PRIV_VM_MLOCK]		   = { "vm.mlock", ROOT, IF, ALLOW_MLOCK },
	[PRIV_SETHOSTNAME]	   = { "sethostname", ROOT, IF, ALLOW_SET_HOSTNAME },
	[PRIV_SETTIMEOFDAY]	   = { "settimeofday", ROOT, IF, ALLOW_SETTIME },
	[PRIV_ADJTIME]		   = { "adjtime", ROOT, IF, ALLOW_ADJTIME | ALLOW_SETTIME },
	[PRIV_REBOOT]		   = { "reboot", ROOT, NO, 0 },
	[PRIV_MSGBUF]		   = { "msgbuf", ROOT, IF, ALLOW_READ_MSGBUF },
	[PRIV_MSGBUF_CLEAR]	   = { "msgbuf_clear", ROOT, NO, 0 },
	[PRIV_TTY_CONSOLE]	   = { "tty.console", ROOT, NO, 0 },
	[PRIV_TTY_STI]		   = { "tty.sti", ROOT, NO, 0 },
	[PRIV_SYSCTL_WRITE]	   = { "sysctl.write", ROOT, NO, 0 },
	[PRIV_KLD_LOAD]		   = { "kld.load", ROOT, NO, 0 },
	[PRIV_IO]		   = { "io", ROOT, NO, 0 },
	[PRIV_SWAPON]		   = { "swapon", ROOT, NO, 0 },
	[PRIV_ACCT]		   = { "acct", ROOT, NO, 0 },
	[PRIV_RANDOM_RESEED]	   = { "random.reseed", ROOT, NO, 0 },
	[PRIV_IPC_ADMIN]	   = { "ipc.admin", ROOT, YES, 0 },
};

_Static_assert(PRIV_NONE == 0 && NOBODY == 0 && NO == 0,
	       "what is left out must be refused");
_Static_assert(PRIV_COUNT == PRIV_IPC_ADMIN + 1, "the last deed has a row");

static bool is_who(const struct cred *c, unsigned who)
{
	switch (who) {
	case ANYONE:
		return true;
	case ROOT:
		return c->euid == 0 && (c->prison->allow & ALLOW_SUSER);
	case ROOT_OF_FILES:
		return c->fsuid == 0 && (c->prison->allow & ALLOW_SUSER);
	default:
		return false;
	}
}

static bool prison_lets(const struct prison *p, const struct rule *r)
{
	return p->parent == NULL || r->in_jail == YES ||
	       (r->in_jail == IF && (p->allow & r->allow) != 0);
}

/* 0 or -EPERM. */
int priv_check(const struct cred *c, enum priv p)
{
	const struct rule *r;

	assert((unsigned)p < PRIV_COUNT);
	r = &policy[p];
	return is_who(c, r->who) && prison_lets(c->prison, r) ? 0 : -EPERM;
}

/* "vfs.mount"; NULL when there is no such deed. */
const char *priv_name(enum priv p)
{
	return (unsigned)p < PRIV_COUNT ? policy[p].name : NULL;
}

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

/* "root; in a jail: if allow.mount". Good until the next call. */
const char *priv_rule(enum priv p)
{
	static const char *const who[] = { "nobody", "root", "root (fsuid)",
					   "anyone" };
	static char text[96];
	const struct rule *r;
	size_t n;

	assert((unsigned)p < PRIV_COUNT);
	r = &policy[p];
	n = str_format(text, sizeof(text), "%s; in a jail: %s", who[r->who],
		       r->in_jail == YES ? "yes" :
		       r->in_jail == NO ? "no" : "if ");
	if (r->in_jail == IF)
		n += put_allow(text + n, sizeof(text) - n, r->allow);
	assert(n < sizeof(text));
	return text;
}
