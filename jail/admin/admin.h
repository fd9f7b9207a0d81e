/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * admin.h - the public face of room 9: create, change, ask, enter, remove
 * prisons. It composes the rooms below; kernel/sys copies in and out.
 */
#ifndef JAIL_ADMIN_ADMIN_H
#define JAIL_ADMIN_ADMIN_H

#include "kernel/base/abi/jail.h"
#include "kernel/dev/dev.h"

enum { JAIL_ERRMSG_MAX = 256, JAIL_VALUE_MAX = 65536 };

/* One name and its value. jail_set: the value is copied in. jail_get: the
 * value is replaced by the answer. Names end in NUL; texts of users may not. */
struct jail_option {
	const char *name;
	void *value;		/* kmem, or NULL: there is none */
	uint32_t size;
	bool answered;		/* by the kernel: to be copied out */
};
struct jail_request {
	struct thread *me;
	unsigned flags;		/* JAIL_* */
	struct jail_option *option;
	unsigned count;
	char errmsg[JAIL_ERRMSG_MAX];	/* why it was refused; "" */
	bool old_call;		/* jail(2): its allow bits follow the sysctls */
};

void jailsys_init(void);
/* What meta and env may be long: security.jail.meta_maxbufsize. */
extern uint32_t jailsys_text_max;
extern int jailsys_addrs_max;	/* security.jail.jail_max_af_ips */

/* The jid of the prison made or changed, or -E with errmsg. Sleeps. */
int jailsys_set(struct jail_request *r) must_check;
int jailsys_get(struct jail_request *r) must_check;
/* Below the caller's prison; 0. -EPERM, -EINVAL no such jail, -EAGAIN,
 * -ENOMEM. Sleeps. */
int jailsys_attach(struct thread *me, int jid) must_check;
int jailsys_remove(struct thread *me, int jid) must_check; /* or -EINTR */
/* By descriptor: whoever made that is asked for the privilege. */
int jailsys_attach_file(struct thread *me, struct file *f) must_check;
int jailsys_remove_file(struct thread *me, struct file *f) must_check;
bool jailsys_is_file(const struct file *f);

#endif
