/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.h - the numbers and structures of the jail calls, as FreeBSD's
 * sys/jail.h has them on i386 (jail(2)). The calls have FreeBSD's numbers, and
 * 1000 more.
 */
#ifndef KERNEL_BASE_ABI_JAIL_H
#define KERNEL_BASE_ABI_JAIL_H

#include "kernel/base/base.h"

enum {
	JAIL_CREATE = 1,	/* make it, if it is not there */
	JAIL_UPDATE = 2,	/* change it, if it is there */
	JAIL_ATTACH = 4,	/* and enter it */
	JAIL_DYING = 8,		/* look among the dying too */
	JAIL_USE_DESC = 0x10,	/* the parameter desc says which jail */
	JAIL_AT_DESC = 0x20,	/* names and numbers are those below desc */
	JAIL_GET_DESC = 0x40,	/* a new descriptor into the parameter desc */
	JAIL_OWN_DESC = 0x80,	/* likewise; closing it removes the jail */
	JAIL_SET_FLAGS = 0xff,
	JAIL_GET_FLAGS = 0xf8,
};

/* jail(2), the first form and the later one. Addresses are the user's. */
struct abi_jail_v0 {
	uint32_t version;	/* 0 */
	uint32_t path, hostname;
	uint32_t ip_number;	/* host byte order */
};
struct abi_jail_v2 {
	uint32_t version;	/* 2 */
	uint32_t path, hostname, jailname;
	uint32_t ip4s, ip6s;	/* counts */
	uint32_t ip4, ip6;	/* arrays; addresses in network byte order */
};

struct abi_iovec;		/* a name or a value: fs.h */

#endif
