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

#include "jail/denied.h"
#include "kernel/base/list.h"
#include "kernel/base/tree.h"

/* --- racct: what a prison has used, and may use. racct.c ---------------- */

enum racct {
	RACCT_PROC,		/* processes */
	RACCT_THREAD,
	RACCT_MEMORY,		/* bytes of user pages */
	RACCT_KERNEL_MEMORY,	/* bytes of kernel objects made for it */
	RACCT_FILE,		/* open files */
	RACCT_PTY,
	RACCT_SOCKBUF,		/* bytes */
	RACCT_DISK,		/* bytes of files that its processes made */
	RACCT_INODES,
	RACCT_CPU_NS,		/* counts only: never refused */
	RACCT_COUNT,
};
struct prison;
struct cred;

/* --- prison: prison.c, name.c ------------------------------------------- */

/* DYING: it takes in nobody any more, and its name and number are free. */
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
	ALLOW_SYSVIPC = 1 << 16,	/* old: sysv* = inherit */
	/* with ALLOW_MOUNT: file systems of these types */
	ALLOW_MOUNT_DEVFS = 1 << 17, ALLOW_MOUNT_PROCFS = 1 << 18,
	ALLOW_MOUNT_TMPFS = 1 << 19, ALLOW_MOUNT_NULLFS = 1 << 20,
	ALLOW_COUNT = 21,
	ALLOW_ALL = (1 << ALLOW_COUNT) - 1,
};

/* How a prison has something that its parent has too (FreeBSD: jailsys). */
enum prison_share { SHARE_DISABLE = 0, SHARE_NEW = 1, SHARE_INHERIT = 2 };
enum prison_ipc { PRISON_IPC_MSG, PRISON_IPC_SEM, PRISON_IPC_SHM,
		  PRISON_IPC_COUNT };

/* Upper rooms hang what they know about a prison here. */
enum prison_slot { PRISON_SLOT_ROOT, PRISON_SLOT_DEVICES, PRISON_SLOT_NET,
		   PRISON_SLOT_DESCRIPTORS, PRISON_SLOT_SHARE,
		   PRISON_SLOT_COUNT };

enum { PRISON_NAME_MAX = 256, PRISON_HOST_MAX = 65, PRISON_UUID_MAX = 64,
       PRISON_RELEASE_MAX = 32, PRISON_JID_MAX = 999999 };

struct prison {
	struct prison *parent;		/* [I] NULL only for the host */
	struct list children, sibling;	/* [K] dying ones too */
	struct tree_node by_jid;	/* [K] among the living, or the dying */
	int jid;			/* [I] 0 is the host */
	unsigned depth;			/* [I] 0 is the host */
	uint32_t refs;			/* [K] keeps the structure */
	uint32_t users;			/* [K] processes, children, persist */
	enum prison_state state;	/* [K] */
	bool persist;			/* [K] lives without processes: a user */
	bool frozen;			/* [K] its threads are parked */
	bool removed;			/* [K] it ends because somebody said so */
	bool by_sysctl;			/* [I] the old call's: allow follows the
					 * sysctls security.jail.* */
	char *name;			/* [K] the last part; never empty */
	enum prison_share host;		/* [K] NEW: has the next four itself */
	char hostname[PRISON_HOST_MAX];	/* [K] */
	char domainname[PRISON_HOST_MAX]; /* [K] */
	char hostuuid[PRISON_UUID_MAX];	/* [K] */
	uint32_t hostid;		/* [K] */
	char osrelease[PRISON_RELEASE_MAX]; /* [I] */
	int osreldate;			/* [I] */
	char *meta, *env;		/* [K] "key=value\n"...; NULL: empty */
	uint32_t allow;			/* [K] ALLOW_* */
	int securelevel;		/* [K] never below the parent's */
	int enforce_statfs;		/* [K] 0..2, never below the parent's */
	int devfs_ruleset;		/* [K] 0: a list of its own */
	int children_max;		/* [K] below the parent's */
	int children_count;		/* [K] all that live below */
	enum prison_share ip4;		/* [I] */
	uint32_t *ip4_addr;		/* [K] NEW: network byte order */
	struct prison_holder *ip4_holder; /* [K] of each of them */
	unsigned ip4_count;		/* [K] */
	uint32_t ip4_takers;		/* [K] */
	bool ip4_saddrsel;		/* [K] */
	bool ip4_divert;		/* [K] foreign local addresses become its own */
	enum prison_share ipc[PRISON_IPC_COUNT]; /* [K] */
	uint64_t used[RACCT_COUNT];	/* [K] */
	uint64_t limit[RACCT_COUNT];	/* [K] UINT64_MAX: none */
	void *slot[PRISON_SLOT_COUNT];	/* [K] */
	struct denials *denials;	/* [K] denied.c; NULL: nothing refused */
};

void prison_init(void);
struct prison *prison_host(void);
void prison_hold(struct prison *p);
void prison_drop(struct prison *p);
/* a is b or an ancestor of b */
bool prison_sees(const struct prison *a, const struct prison *b);
/* Has somebody removed p, or one above it? */
bool prison_was_removed(const struct prison *p);
/* The door: a living prison strictly below above, not held. NULL: none. */
struct prison *prison_find(const struct prison *above, int jid);
struct prison *prison_find_name(const struct prison *above, const char *name);
/* The one with the least number over jid; dying: also those not yet gone. */
struct prison *prison_next(const struct prison *above, int jid, bool dying);
/* A child of parent, alive by a use that is the caller's to give back with
 * prison_leave, and held. jid 0: the next free. name NULL: the number.
 * -EAGAIN no number left, -EPERM parent dies, -ENOMEM. */
int prison_new(struct prison *parent, int jid, const char *name,
	       struct prison **out) must_check;
/* A process enters or leaves. -EPERM: the prison is dying. The last to leave
 * ends it: then prison_leave sleeps. */
int prison_join(struct prison *p) must_check;
void prison_leave(struct prison *p);
void prison_doom(struct prison *p);	/* begins to die */
void prison_set_persist(struct prison *p, bool on);	/* off: Sleeps. */
/* fn runs once for each prison whose last user has left; it may sleep. */
void prison_on_death(void (*fn)(struct prison *p));
bool prison_frozen(const struct prison *p);	/* or one above it */
int prison_securelevel(const struct prison *p);	/* the highest up the chain */
/* What was set on p may be less than those below have: theirs shrink. */
void prison_clamp(struct prison *p);
/* fn runs after p, and those below it, may have lost something. No sleep. */
void prison_on_clamp(void (*fn)(struct prison *p));
extern uint32_t prison_allow_default;	/* of new prisons: security.jail.* */
extern int prison_statfs_default;
/* Whose host names p bears: itself, or the next above that has its own. */
struct prison *prison_namer(struct prison *p);
/* Where p's System V objects are; NULL: it has none. */
struct prison *prison_ipc_space(struct prison *p, enum prison_ipc what);

/* name.c: p's name as who's prison calls it; "0" for that prison itself. */
void prison_name(const struct prison *viewer, const struct prison *p, char *to,
		 size_t size);
int prison_jid_seen(const struct prison *viewer, const struct prison *p);
/* The last part of a name: -EINVAL, -ENAMETOOLONG. jid: a number may only be
 * its own. */
int prison_name_check(const struct prison *parent, const char *part,
		      int jid) must_check;
void prison_rename(struct prison *p, char *name);
const char *prison_allow_name(unsigned bit);	/* "mount.tmpfs" */

/* Charge n of what to p and all its ancestors; -EAGAIN, and nothing charged,
 * where one of them would pass its limit. */
int racct_charge(struct prison *p, enum racct what, uint64_t n) must_check;
void racct_release(struct prison *p, enum racct what, uint64_t n);

/* --- IPv4 addresses, in network byte order. address.c ------------------- */

struct prison_holder {		/* an address, and a prison that has it itself */
	struct list by_addr;
	struct prison *prison;
	uint32_t addr;
};
/* May sockets of p have this local address? */
bool prison_has_ip4(const struct prison *p, uint32_t addr);
/* p has these of its own from now on; addr and holder are p's then. */
void prison_set_ip4(struct prison *p, uint32_t *addr,
		    struct prison_holder *holder, unsigned count);
/* All that hold addr, dying ones too; prev NULL: the first. taker: only where
 * somebody takes what comes for all addresses of the prison. */
const struct prison_holder *prison_holder_next(uint32_t addr, bool taker,
					       const struct prison_holder *prev);
/* Somebody begins or ends to do so; p is not the host. */
void prison_taker_begin(struct prison *p);
void prison_taker_end(struct prison *p);

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

#endif
