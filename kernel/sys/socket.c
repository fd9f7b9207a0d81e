/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket.c - the socket calls that make, name and join sockets, and socketcall,
 * the other way to call all of them. Messages are sockmsg.c.
 *
 * A descriptor becomes a socket by socket_get alone; what a call means is its
 * family's to say (room net).
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/socket.h"

enum { SOCK_TYPE_MASK = 0xf, SOCK_NONBLOCK = O_NONBLOCK,
       SOCK_CLOEXEC = O_CLOEXEC };

/* The socket behind descriptor fd, held. -EBADF, -ENOTSOCK. */
int socket_get(struct thread *me, int fd, struct file **out)
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);

	if (!f)
		return -EBADF;
	if (!sock_of(f)) {
		file_drop(f);
		return -ENOTSOCK;
	}
	*out = f;
	return 0;
}

/* An address of len bytes. -EINVAL, -EFAULT. */
int socket_name_in(uint32_t user, uint32_t len, struct sock_name *out)
{
	if (len > SOCKADDR_MAX)
		return -EINVAL;
	memset(out, 0, sizeof *out);
	out->len = len;
	return user_copy_in(out->bytes, user, len);
}

/* As much of n as the user has room for, and its length to user_len. */
int socket_name_out(const struct sock_name *n, uint32_t user, uint32_t user_len)
{
	uint32_t room;

	if (user_get32(user_len, &room))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	if (user_copy_out(user, n->bytes, min_u32(room, n->len)))
		return -EFAULT;
	return user_put32(user_len, n->len);
}

/* --- making ------------------------------------------------------------- */

static bool bad_flags(uint32_t type)
{
	return type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int sys_socket(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err;

	if (bad_flags(arg[1]))
		return -EINVAL;
	err = sock_new(me->cred, arg[0], arg[1] & SOCK_TYPE_MASK, arg[2],
		       arg[1] & SOCK_NONBLOCK, &f);
	return err ? err : sys_install(me, f, arg[1] & SOCK_CLOEXEC);
}

int sys_socketpair(struct thread *me, const uint32_t *arg)
{
	bool cloexec = arg[1] & SOCK_CLOEXEC;
	struct file *f[2];
	int fd[2], err;

	if (bad_flags(arg[1]))
		return -EINVAL;
	err = sock_pair(me, arg[0], arg[1] & SOCK_TYPE_MASK, arg[2],
			arg[1] & SOCK_NONBLOCK, f);
	if (err)
		return err;
	fd[0] = sys_install(me, f[0], cloexec);
	if (fd[0] < 0) {
		file_drop(f[1]);
		return fd[0];
	}
	err = fd[1] = sys_install(me, f[1], cloexec);
	if (err < 0)
		goto close_first;
	err = user_copy_out(arg[3], fd, sizeof fd);
	if (!err)
		return 0;
	if (file_close(me->proc->files, fd[1]))
		err = -EBADF;
close_first:
	if (file_close(me->proc->files, fd[0]))
		err = -EBADF;
	return err;
}

/* --- names and connections ------------------------------------------------ */

typedef int (*name_call)(struct file *f, const struct path_at *at,
			 struct sock_name *n);

static int with_name(struct thread *me, const uint32_t *arg, name_call call)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct sock_name n;
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = socket_name_in(arg[1], arg[2], &n);
	if (!err)
		err = call(f, &at, &n);
	file_drop(f);
	return err;
}

int sys_bind(struct thread *me, const uint32_t *arg)
{
	return with_name(me, arg, sock_bind);
}

int sys_connect(struct thread *me, const uint32_t *arg)
{
	return with_name(me, arg, sock_connect);
}

int sys_listen(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = sock_listen(f, me, arg[1]);
	file_drop(f);
	return err;
}

int sys_accept4(struct thread *me, const uint32_t *arg)
{
	struct sock_name peer;
	struct file *f;
	int fd, err;

	if (arg[3] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	fd = socket_get(me, arg[0], &f);
	if (fd)
		return fd;
	fd = sock_accept(f, me, arg[3] & SOCK_NONBLOCK, arg[3] & SOCK_CLOEXEC,
			 arg[1] ? &peer : NULL);
	file_drop(f);
	if (fd < 0 || !arg[1])
		return fd;
	err = socket_name_out(&peer, arg[1], arg[2]);
	if (err && file_close(me->proc->files, fd))
		err = -EBADF;
	return err ? err : fd;
}

static int accept_plain(struct thread *me, const uint32_t *arg)
{
	uint32_t four[] = { arg[0], arg[1], arg[2], 0 };

	return sys_accept4(me, four);
}

static int name_get(struct thread *me, const uint32_t *arg, bool peer)
{
	struct sock_name n;
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = sock_name_get(f, peer, &n);
	if (!err)
		err = socket_name_out(&n, arg[1], arg[2]);
	file_drop(f);
	return err;
}

int sys_getsockname(struct thread *me, const uint32_t *arg)
{
	return name_get(me, arg, false);
}

int sys_getpeername(struct thread *me, const uint32_t *arg)
{
	return name_get(me, arg, true);
}

int sys_shutdown(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = sock_shutdown(f, arg[1]);
	file_drop(f);
	return err;
}

int sys_setsockopt(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = sock_option_set(f, me, arg[1], arg[2], arg[3], arg[4]);
	file_drop(f);
	return err;
}

int sys_getsockopt(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err = socket_get(me, arg[0], &f);

	if (err)
		return err;
	err = sock_option_get(f, me, arg[1], arg[2], arg[3], arg[4]);
	file_drop(f);
	return err;
}

/* --- socketcall(2) ---------------------------------------------------------- */

static int send_plain(struct thread *me, const uint32_t *arg)
{
	uint32_t six[] = { arg[0], arg[1], arg[2], arg[3], 0, 0 };

	return sys_sendto(me, six);
}

static int receive_plain(struct thread *me, const uint32_t *arg)
{
	uint32_t six[] = { arg[0], arg[1], arg[2], arg[3], 0, 0 };

	return sys_recvfrom(me, six);
}

/* By number: the call, and how many arguments lie in memory. */
static const struct {
	int (*run)(struct thread *me, const uint32_t *arg);
	uint8_t args;
} socketcalls[SOCKETCALL_END] = {
	[SOCKETCALL_SOCKET] = { sys_socket, 3 },
	[SOCKETCALL_BIND] = { sys_bind, 3 },
	[SOCKETCALL_CONNECT] = { sys_connect, 3 },
	[SOCKETCALL_LISTEN] = { sys_listen, 2 },
	[SOCKETCALL_ACCEPT] = { accept_plain, 3 },
	[SOCKETCALL_GETSOCKNAME] = { sys_getsockname, 3 },
	[SOCKETCALL_GETPEERNAME] = { sys_getpeername, 3 },
	[SOCKETCALL_SOCKETPAIR] = { sys_socketpair, 4 },
	[SOCKETCALL_SEND] = { send_plain, 4 },
	[SOCKETCALL_RECV] = { receive_plain, 4 },
	[SOCKETCALL_SENDTO] = { sys_sendto, 6 },
	[SOCKETCALL_RECVFROM] = { sys_recvfrom, 6 },
	[SOCKETCALL_SHUTDOWN] = { sys_shutdown, 2 },
	[SOCKETCALL_SETSOCKOPT] = { sys_setsockopt, 5 },
	[SOCKETCALL_GETSOCKOPT] = { sys_getsockopt, 5 },
	[SOCKETCALL_SENDMSG] = { sys_sendmsg, 3 },
	[SOCKETCALL_RECVMSG] = { sys_recvmsg, 3 },
	[SOCKETCALL_ACCEPT4] = { sys_accept4, 4 },
	[SOCKETCALL_RECVMMSG] = { sys_recvmmsg, 5 },
	[SOCKETCALL_SENDMMSG] = { sys_sendmmsg, 4 },
};

int sys_socketcall(struct thread *me, const uint32_t *arg)
{
	uint32_t a[6];

	if (arg[0] >= SOCKETCALL_END || !socketcalls[arg[0]].run)
		return -EINVAL;
	if (user_copy_in(a, arg[1], socketcalls[arg[0]].args * sizeof a[0]))
		return -EFAULT;
	return socketcalls[arg[0]].run(me, a);
}
