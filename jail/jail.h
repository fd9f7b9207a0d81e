/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.h - the public face of room 3: who you are, what you can see, what you
 * may do, what you have used. Knows no subsystem.
 *
 * The host is prison 0 and cred->prison is never NULL: there is no second,
 * unjailed path through any check. Keys: [I] immutable after birth,
 * [K] kernel lock.
 */
#ifndef JAIL_JAIL_H
#define JAIL_JAIL_H

#include "kernel/base/list.h"

/* --- racct: what a prison has used, and may use. racct.c ---------------- */

enum racct {
	RACCT_PROC,		/* processes */
	RACCT_THREAD,
	RACCT_MEMORY,		/* bytes of user pages */
	RACCT_KERNEL_MEMORY,	/* bytes of kernel objects made for it */
	RACCT_FILE,		/* open files */
	RACCT_PTY,
	RACCT_SOCKBUF,		/* bytes */
	RACCT_CPU_NS,		/* counts only: never refused */
	RACCT_COUNT,
};
struct prison;
struct cred;

/* --- prison: prison.c --------------------------------------------------- */

enum prison_state { PRISON_ALIVE, PRISON_DYING };

enum {	/* prison->allow; a child's set is always a subset of its parent's */
	ALLOW_SET_HOSTNAME = 1 << 0, ALLOW_RAW_SOCKETS = 1 << 1,
	ALLOW_CHFLAGS = 1 << 2, ALLOW_MOUNT = 1 << 3, ALLOW_QUOTAS = 1 << 4,
	ALLOW_SOCKET_AF = 1 << 5, ALLOW_MLOCK = 1 << 6,
	ALLOW_RESERVED_PORTS = 1 << 7, ALLOW_READ_MSGBUF = 1 << 8,
	ALLOW_UNPRIVILEGED_PROC_DEBUG = 1 << 9, ALLOW_SUSER = 1 << 10,
	ALLOW_EXTATTR = 1 << 11, ALLOW_ADJTIME = 1 << 12,
	ALLOW_SETTIME = 1 << 13, ALLOW_ROUTING = 1 << 14,
	ALLOW_UNPRIVILEGED_PARENT_TAMPERING = 1 << 15,
	ALLOW_ALL = (1 << 16) - 1,
};

/* Upper rooms hang what they know about a prison here. */
enum prison_slot { PRISON_SLOT_ROOT, PRISON_SLOT_DEVICES, PRISON_SLOT_NET,
		   PRISON_SLOT_IPC, PRISON_SLOT_COUNT };

enum { PRISON_NAME_MAX = 256, PRISON_HOST_MAX = 65 };

struct prison {
	struct prison *parent;		/* [I] NULL only for the host */
	struct list children;		/* [K] */
	struct list sibling;		/* [K] */
	int jid;			/* [I] 0 is the host */
	unsigned depth;			/* [I] 0 is the host */
	uint32_t refs;			/* [K] keeps the structure */
	uint32_t users;			/* [K] processes, children, persist */
	enum prison_state state;	/* [K] */
	char name[PRISON_NAME_MAX];	/* [K] */
	char hostname[PRISON_HOST_MAX];	/* [K] */
	char domainname[PRISON_HOST_MAX]; /* [K] */
	uint32_t allow;			/* [K] ALLOW_* */
	int securelevel;		/* [K] never below the parent's */
	uint64_t used[RACCT_COUNT];	/* [K] */
	uint64_t limit[RACCT_COUNT];	/* [K] UINT64_MAX: none */
	void *slot[PRISON_SLOT_COUNT];	/* [K] */
};

void prison_init(void);
struct prison *prison_host(void);
void prison_hold(struct prison *p);
void prison_drop(struct prison *p);
/* a is b or an ancestor of b */
bool prison_sees(const struct prison *a, const struct prison *b);
/* A child of parent that may do what parent may, held for the caller. -ENOMEM. */
int prison_new(struct prison *parent, int jid, struct prison **out) must_check;
/* A process enters or leaves. -EPERM: the prison is dying. */
int prison_join(struct prison *p) must_check;
void prison_leave(struct prison *p);

/* Charge n of what to p and all its ancestors; -EAGAIN, and nothing charged,
 * where one of them would pass its limit. */
int racct_charge(struct prison *p, enum racct what, uint64_t n) must_check;
void racct_release(struct prison *p, enum racct what, uint64_t n);

/* --- cred: an immutable, counted value. cred.c -------------------------- */

enum { CRED_GROUPS_MAX = 65536 };
struct cred {
	uint32_t refs;			/* [K]; all else [I] */
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	struct prison *prison;		/* held; never NULL */
	uint32_t group_count;
	uint32_t *groups;		/* sorted */
};
/* A copy with one reference that the caller may still change, or NULL. */
struct cred *cred_copy(const struct cred *c);
int cred_set_groups(struct cred *c, const uint32_t *groups, uint32_t n) must_check;
struct cred *cred_host_root(void);	/* held for the caller; for process 1 */
struct cred *cred_hold(const struct cred *c);
void cred_drop(const struct cred *c);
bool cred_in_group(const struct cred *c, uint32_t gid); /* fsgid or groups */

/* --- privileges: policy.c; FreeBSD's names, default deny ----------------- */

enum priv {
	PRIV_NONE,			/* never granted */
	PRIV_CRED_SETUID, PRIV_CRED_SETGID, PRIV_CRED_SETGROUPS,
	PRIV_PROC_SETRLIMIT, PRIV_PROC_LIMIT, PRIV_MAXPROC,
	PRIV_SIGNAL_DIFFCRED, PRIV_DEBUG_DIFFCRED, PRIV_SEEOTHERUIDS,
	PRIV_SCHED_DIFFCRED, PRIV_SCHED_SETPRIORITY, PRIV_SCHED_RTPRIO,
	PRIV_SCHED_CPUSET,
	PRIV_VFS_READ,			/* read or search past the modes */
	PRIV_VFS_WRITE, PRIV_VFS_EXEC, PRIV_VFS_LOOKUP,
	PRIV_VFS_ADMIN,			/* utimes, chmod of what is not mine */
	PRIV_VFS_CHOWN, PRIV_VFS_SETGID, PRIV_VFS_RETAINSUGID,
	PRIV_VFS_STICKYFILE, PRIV_VFS_LINK, PRIV_VFS_CHROOT,
	PRIV_VFS_MKNOD_DEV, PRIV_VFS_MOUNT, PRIV_VFS_UNMOUNT,
	PRIV_VFS_BLOCKRESERVE, PRIV_VFS_SYSFLAGS, PRIV_VFS_EXTATTR_SYSTEM,
	PRIV_VM_MLOCK,
	PRIV_SETHOSTNAME, PRIV_SETTIMEOFDAY, PRIV_ADJTIME, PRIV_REBOOT,
	PRIV_MSGBUF,			/* read the kernel log */
	PRIV_MSGBUF_CLEAR, PRIV_TTY_CONSOLE, PRIV_TTY_STI,
	PRIV_SYSCTL_WRITE, PRIV_KLD_LOAD, PRIV_IO, PRIV_SWAPON, PRIV_ACCT,
	PRIV_RANDOM_RESEED, PRIV_IPC_ADMIN,
	PRIV_COUNT,
};
/* 0 or -EPERM. The one question "may you do this deed?". */
int priv_check(const struct cred *c, enum priv p) must_check;
const char *priv_name(enum priv p);
/* For /proc/jail/policy: what the deed needs, in words. */
const char *priv_rule(enum priv p);

#endif
