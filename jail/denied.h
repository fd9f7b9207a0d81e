/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * denied.h - a part of jail.h: what prisons have refused, kept to be read.
 */
#ifndef JAIL_DENIED_H
#define JAIL_DENIED_H

#include "jail/priv.h"

struct prison;

enum { DENIED_WHAT_MAX = 28, DENIED_TARGET_MAX = 48, DENIED_DEVICE_MAX = 32,
       DENIED_DEVICES = 32, DENIED_KINDS = 16 };

/* One refusal, as /proc/jail/denied shows it. */
struct denial {
	struct prison *prison;	/* whose it was; when that went, its parent */
	uint64_t time_ns;	/* since boot */
	int jid, pid, err;	/* err: -E... */
	uint32_t uid;
	char what[DENIED_WHAT_MAX];
	char target[DENIED_TARGET_MAX];
};

/* What all refusals of one prison came to. Never wraps, never forgets. */
struct denials {
	uint32_t by_priv[PRIV_COUNT];
	struct {
		const char *what;	/* a literal */
		uint32_t count;
	} other[DENIED_KINDS];
	uint32_t wanted;	/* ALLOW_* that were asked for outside priv_check */
	uint32_t device_count;
	char device[DENIED_DEVICES][DENIED_DEVICE_MAX];
};

/* who's prison, not who he is, is why he did not get something: notes it. what
 * is a literal word; target may be NULL. The host is never a reason. */
void prison_denied(const struct cred *who, const char *what, const char *target,
		   int err);
/* The same where any one of these allow bits would have made it a yes. */
void prison_denied_allow(const struct cred *who, uint32_t any, const char *what,
			 const char *target, int err);
/* name: below /dev, not in the prison's list of devices. */
void prison_denied_device(const struct cred *who, const char *name, int err);
/* policy.c: the allow bits that p would need for what it was refused. */
uint32_t prison_learned(const struct denials *d, bool *mounts);

/* The i-th, oldest first, that viewer may see, of those still kept; NULL: there
 * are no more. *at goes through the ring: begin with 0. */
const struct denial *prison_denied_next(const struct prison *viewer, unsigned *at);
uint32_t prison_denied_lost(void);	/* older ones that fell out */
void prison_denied_forget(struct prison *p); /* p is freed */
extern int (*prison_asker_pid)(void);	/* proc: who runs; set once */

#endif
