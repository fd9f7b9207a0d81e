/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c - the jail calls as they are (sys/jail.h).
 */
#include <sys/jail.h>
#include <sys/syscall.h>
#include <unistd.h>

/* FreeBSD's numbers, moved out of the way of Linux's. */
enum {
	CALL_JAIL = 1338,
	CALL_JAIL_ATTACH = 1436,
	CALL_JAIL_GET = 1506,
	CALL_JAIL_SET = 1507,
	CALL_JAIL_REMOVE = 1508,
	CALL_JAIL_ATTACH_JD = 1597,
	CALL_JAIL_REMOVE_JD = 1598,
};

int jail(struct jail *jail)
{
	return (int)syscall(CALL_JAIL, jail);
}

int jail_set(struct iovec *iov, unsigned niov, int flags)
{
	return (int)syscall(CALL_JAIL_SET, iov, niov, flags);
}

int jail_get(struct iovec *iov, unsigned niov, int flags)
{
	return (int)syscall(CALL_JAIL_GET, iov, niov, flags);
}

int jail_attach(int jid)
{
	return (int)syscall(CALL_JAIL_ATTACH, jid);
}

int jail_remove(int jid)
{
	return (int)syscall(CALL_JAIL_REMOVE, jid);
}

int jail_attach_jd(int fd)
{
	return (int)syscall(CALL_JAIL_ATTACH_JD, fd);
}

int jail_remove_jd(int fd)
{
	return (int)syscall(CALL_JAIL_REMOVE_JD, fd);
}
