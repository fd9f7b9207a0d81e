/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.h - private to net: socket options, as rows of tables.
 *
 * Most are a number in the socket's own struct: a row says where it lies and
 * what it may be, and option.c does the rest. What a row cannot say its
 * functions do. A family names its tables in sock_ops.options.
 *
 * Locks: the kernel lock.
 */
#ifndef NET_OPTION_H
#define NET_OPTION_H

#include "net/net.h"

struct option_call {		/* a setsockopt or getsockopt under way */
	struct sock *sock;
	const struct sock_option *row;
	const struct cred *who;
	uint32_t user, len;	/* the user's value; get: the room for it */
	uint32_t user_len;	/* get: where he is told its length */
	int v;			/* a number */
};

enum {	/* sock_option.rule */
	OPTION_CLAMP = 1,	/* beyond a limit it becomes it: no -EINVAL */
	OPTION_ZERO = 2,	/* 0 is allowed, wherever the limits are */
	OPTION_BYTE = 4,	/* one byte is a number too: ip(7) */
	OPTION_READ = 8, OPTION_WRITE = 16,	/* only that; else both */
};
struct sock_option {
	int level, name;	/* name 0: behind the last row */
	unsigned rule;		/* OPTION_* */
	size_t at, size;	/* of the number, from the struct sock on */
	uint32_t bit;		/* it is that bit there; 0: all of it */
	int least, most;	/* most 0: a switch, on by all but 0 */
	int unset;		/* what 0 is told as */
	/* They may change c->v, before the limits are looked at; before it is
	 * told. -E: it is refused. */
	int (*check)(struct option_call *c);
	int (*show)(struct option_call *c);
	void (*changed)(struct sock *s);	/* it was set */
	/* Instead of all that, where it is no number. Sleep. */
	int (*take)(struct option_call *c);
	int (*give)(struct option_call *c);
};
/* In a row: the number is that member of a family's struct type, whose struct
 * sock is its member sock. */
#define OPTION_AT(type, sock, member) \
	.at = offsetof(struct type, member) - offsetof(struct type, sock), \
	.size = sizeof ((struct type *)0)->member

/* Of sock_option.c: SOL_SOCKET; inet_option.c: IPPROTO_IP, SO_BINDTODEVICE;
 * tcp_option.c: SOL_TCP, and what SO_KEEPALIVE does. */
extern const struct sock_option sock_option_table[], inet_option_table[],
				tcp_option_table[];

/* For take: all n bytes. -EINVAL: there are less; -EFAULT. */
int option_take(const struct option_call *c, void *to, uint32_t n) must_check;
/* A text, cut to fit in size bytes with its NUL. -EFAULT. */
int option_take_text(const struct option_call *c, char *to,
		     uint32_t size) must_check;
/* For give: as many of n bytes as there is room for. -EFAULT. */
int option_give(const struct option_call *c, const void *value,
		uint32_t n) must_check;

#endif
