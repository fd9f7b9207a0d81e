/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - the public face of room 7: turns addresses into sockets, for a given
 * cred. A family registers itself here; a socket call for a family that is not
 * registered gets -EAFNOSUPPORT.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "kernel/fs/fs.h"

struct sock_family {
	int number;		/* AF_* */
	int (*make)(const struct cred *who, int type, int protocol, unsigned flags,
		    struct file **out);
	struct list link;
};
void sock_family_register(struct sock_family *f);
/* -EAFNOSUPPORT, -EINVAL; else what the family says. Sleeps. */
int sock_new(const struct cred *who, int family, int type, int protocol,
	     unsigned flags, struct file **out) must_check;
bool sock_is(const struct file *f);	/* else the socket calls say -ENOTSOCK */

#endif
