/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket.c - the socket calls, in both call styles (socketcall and direct).
 *
 * Families register with room net. Until one does, making a socket is refused
 * with EAFNOSUPPORT; every other call finds that its descriptor is no socket.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

enum { SOCK_TYPE_MASK = 0xf, SOCK_NONBLOCK = O_NONBLOCK,
       SOCK_CLOEXEC = O_CLOEXEC };

static int bad_flags(uint32_t type)
{
	return type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int sys_socket(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err, fd;

	if (bad_flags(arg[1]))
		return -EINVAL;
	err = sock_new(me->cred, arg[0], arg[1] & SOCK_TYPE_MASK, arg[2],
		       arg[1] & SOCK_NONBLOCK, &f);
	if (err)
		return err;
	fd = file_install(me->proc->files, f, 0, arg[1] & SOCK_CLOEXEC,
			  me->proc->limit[RLIMIT_NOFILE].cur);
	if (fd < 0)
		file_drop(f);
	return fd;
}

int sys_socketpair(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (bad_flags(arg[1]))
		return -EINVAL;
	err = sock_new(me->cred, arg[0], arg[1] & SOCK_TYPE_MASK, arg[2],
		       arg[1] & SOCK_NONBLOCK, &f);
	if (err)
		return err;
	file_drop(f);
	return -EOPNOTSUPP;
}

/* All calls whose first argument is a socket. */
int sys_on_socket(struct thread *me, const uint32_t *arg)
{
	struct file *f = file_get(me->proc->files, arg[0], FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = sock_is(f) ? -EOPNOTSUPP : -ENOTSOCK;
	file_drop(f);
	return err;
}

/* socketcall(2): the number of the call and a pointer to its arguments. */
enum { SOCKETCALL_SOCKET = 1, SOCKETCALL_PAIR = 8, SOCKETCALL_LAST = 20 };
static const uint8_t socketcall_args[SOCKETCALL_LAST + 1] = {
	0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4,
};

int sys_socketcall(struct thread *me, const uint32_t *arg)
{
	uint32_t a[6] = { 0 };
	int err;

	if (arg[0] < SOCKETCALL_SOCKET || arg[0] > SOCKETCALL_LAST)
		return -EINVAL;
	err = user_copy_in(a, arg[1], socketcall_args[arg[0]] * 4);
	if (err)
		return err;
	if (arg[0] == SOCKETCALL_SOCKET)
		return sys_socket(me, a);
	if (arg[0] == SOCKETCALL_PAIR)
		return sys_socketpair(me, a);
	return sys_on_socket(me, a);
}
