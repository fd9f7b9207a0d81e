/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/jail.h - the jail calls, with FreeBSD's names, arguments and flags.
 *
 * The kernel has them under 1000 + FreeBSD's number (docs/abi.md). Each gives
 * -1 with errno when it fails; jail_set and jail_get also write a sentence
 * into the parameter "errmsg", if there is one. They are implemented in
 * user/libjail/calls.c, which user/cc links to every program.
 */
#ifndef _SYS_JAIL_H
#define _SYS_JAIL_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/uio.h>

#define JAIL_API_VERSION 2
#define JAIL_MAX 999999 /* the greatest jid */

/* jail_set, jail_get */
#define JAIL_CREATE 0x01   /* make it, if it is not there */
#define JAIL_UPDATE 0x02   /* change it, if it is there */
#define JAIL_ATTACH 0x04   /* enter it */
#define JAIL_DYING 0x08    /* also those that are ending */
#define JAIL_USE_DESC 0x10 /* "desc" names the jail */
#define JAIL_AT_DESC 0x20  /* "desc" names the jail to look from */
#define JAIL_GET_DESC 0x40 /* a new descriptor comes back in "desc" */
#define JAIL_OWN_DESC 0x80 /* the same; closing it removes the jail */

/* Values of the parameters whose type is jailsys. */
#define JAIL_SYS_DISABLE 0
#define JAIL_SYS_NEW 1
#define JAIL_SYS_INHERIT 2

/* What jail() takes; version is JAIL_API_VERSION. */
struct jail {
	uint32_t version;
	char *path;
	char *hostname;
	char *jailname;
	uint32_t ip4s;
	uint32_t ip6s;
	struct in_addr *ip4;
	struct in6_addr *ip6;
};

/* The form of FreeBSD 4, with one address: version is 0. */
struct jail_v0 {
	uint32_t version;
	char *path;
	char *hostname;
	uint32_t ip_number; /* in the host's byte order */
};

int jail(struct jail *jail);
int jail_set(struct iovec *iov, unsigned niov, int flags);
int jail_get(struct iovec *iov, unsigned niov, int flags);
int jail_attach(int jid);
int jail_remove(int jid);
int jail_attach_jd(int fd);
int jail_remove_jd(int fd);

#endif
