/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock.c - which families of sockets there are, and how to make one.
 *
 * A family registers itself at boot; this file knows none by name. A socket is
 * a file of kind "socket"; what it can do is in its family's file_ops.
 *
 * Locks: the kernel lock. Families are never taken away.
 */
#include "net/net.h"

enum { SOCK_TYPE_MAX = 10 };	/* SOCK_PACKET; above are flags */

static struct list families = LIST_INIT(families);

static struct sock_family *family_find(int number)
{
	list_each(l, &families) {
		struct sock_family *f = list_entry(l, struct sock_family, link);

		if (f->number == number)
			return f;
	}
	return NULL;
}

/* f stays the caller's and must not go away. */
void sock_family_register(struct sock_family *f)
{
	assert(f->make && !family_find(f->number));
	list_append(&families, &f->link);
}

/*
 * socket(2) for who, whose prison pays. type without its flags; flags:
 * O_NONBLOCK, O_CLOEXEC. -EAFNOSUPPORT, -EINVAL, else the family's. Sleeps.
 */
int sock_new(const struct cred *who, int family, int type, int protocol,
	     unsigned flags, struct file **out)
{
	struct sock_family *f = family_find(family);

	if (!f)
		return -EAFNOSUPPORT;
	if (type < 1 || type > SOCK_TYPE_MAX)
		return -EINVAL;
	return f->make(who, type, protocol, flags, out);
}

bool sock_is(const struct file *f)
{
	const char *kind = file_kind(f);

	return kind && !strcmp(kind, "socket");
}
