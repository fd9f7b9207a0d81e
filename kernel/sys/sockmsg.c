/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockmsg.c - the calls that send and receive messages.
 *
 * The address, the list of buffers and the control messages of a send are
 * copied in before the family sees them; those of a receive are written by the
 * family, because what it makes there (descriptors) must not be lost.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/socket.h"
#include "kernel/sys/timespec.h"

enum {
	CONTROL_MAX = 20480,	/* bytes, as Linux's optmem_max */
	MESSAGES_MAX = 1024,	/* of one sendmmsg: the rest is not sent */
};

/* --- one buffer -------------------------------------------------------------- */

/* sendto(2) */
int sys_sendto(struct thread *me, const uint32_t *arg)
{
	struct user_io io;
	struct sock_name name;
	struct sock_msg m = { .me = me, .io = &io, .flags = arg[3] };
	struct file *f;
	int n = socket_get(me, arg[0], &f);

	if (n)
		return n;
	n = -EFAULT;
	if (!user_range_ok(arg[1], min_u32(arg[2], IO_TOTAL_MAX)))
		goto drop;
	user_io_single(&io, arg[1], arg[2]);
	n = 0;
	if (arg[4]) {
		n = socket_name_in(arg[4], arg[5], &name);
		m.name = &name;
	}
	if (!n)
		n = sock_send(f, &m);
drop:
	file_drop(f);
	return n;
}

/* recvfrom(2) */
int sys_recvfrom(struct thread *me, const uint32_t *arg)
{
	struct user_io io;
	struct sock_name name;
	struct sock_msg m = { .me = me, .io = &io, .flags = arg[3],
			      .name = arg[4] ? &name : NULL };
	struct file *f;
	int n = socket_get(me, arg[0], &f), err = 0;

	if (n)
		return n;
	n = -EFAULT;
	if (user_range_ok(arg[1], min_u32(arg[2], IO_TOTAL_MAX))) {
		user_io_single(&io, arg[1], arg[2]);
		n = sock_receive(f, &m);
	}
	file_drop(f);
	if (n >= 0 && m.name)
		err = socket_name_out(&name, arg[4], arg[5]);
	return err ? err : n;
}

/* --- a struct msghdr ----------------------------------------------------------- */

/* The buffers of h. user_io_done frees what this makes. */
static int buffers_in(const struct abi_msghdr *h, struct user_io *io)
{
	if (h->iov_count > IOV_MAX)
		return -EMSGSIZE;
	return user_io_vector(io, h->iov, h->iov_count);
}

/* Does each of the control messages in n bytes end within them? */
static bool control_ok(const char *control, uint32_t n)
{
	const struct abi_cmsghdr *h;

	for (uint32_t at = 0; at < n && n - at >= sizeof *h;
	     at += align_up(h->len, sizeof(uint32_t))) {
		h = (const void *)(control + at);
		if (h->len < sizeof *h || h->len > n - at)
			return false;
	}
	return true;
}

/* The control messages of h, in *out; to be freed. -ENOBUFS, -EFAULT, -EINVAL. */
static int control_in(const struct abi_msghdr *h, char **out)
{
	char *copy;

	*out = NULL;
	if (!h->control_len)
		return 0;
	if (h->control_len > CONTROL_MAX)
		return -ENOBUFS;
	copy = kmem_alloc(h->control_len);
	if (!copy)
		return -ENOBUFS;
	*out = copy;
	if (user_copy_in(copy, h->control, h->control_len))
		return -EFAULT;
	return control_ok(copy, h->control_len) ? 0 : -EINVAL;
}

/* A name longer than any is cut; -EINVAL: its length is below zero. */
static int header_in(uint32_t user, struct abi_msghdr *h)
{
	if (user_copy_in(h, user, sizeof *h))
		return -EFAULT;
	if (!h->name)
		h->name_len = 0;
	return h->name_len < 0 ? -EINVAL : 0;
}

static int send_one(struct thread *me, struct file *f, uint32_t user,
		    unsigned flags)
{
	struct user_io io;
	struct sock_name name;
	struct sock_msg m = { .me = me, .io = &io, .flags = flags };
	struct abi_msghdr h;
	int n = header_in(user, &h);

	if (!n && h.name_len) {
		n = socket_name_in(h.name, min_u32(h.name_len, SOCKADDR_MAX),
				   &name);
		m.name = &name;
	}
	if (!n)
		n = buffers_in(&h, &io);
	if (n)
		return n;
	n = control_in(&h, &m.control);
	m.control_len = h.control_len;
	if (!n)
		n = sock_send(f, &m);
	kmem_free(m.control);
	user_io_done(&io);
	return n;
}

/* What a receive found, into the user's header. */
static int header_out(uint32_t user, const struct abi_msghdr *h,
		      const struct sock_msg *m)
{
	int err = 0;

	if (m->name) {
		uint32_t room = h->name_len;

		if (user_copy_out(h->name, m->name->bytes,
				  min_u32(room, m->name->len)))
			return -EFAULT;
		err = user_put32(user + offsetof(struct abi_msghdr, name_len),
				 m->name->len);
	}
	if (!err)
		err = user_put32(user + offsetof(struct abi_msghdr, flags),
				 m->told);
	if (!err)
		err = user_put32(user + offsetof(struct abi_msghdr, control_len),
				 h->control_len - m->control_len);
	return err;
}

static int receive_one(struct thread *me, struct file *f, uint32_t user,
		       unsigned flags)
{
	struct user_io io;
	struct sock_name name;
	struct sock_msg m = { .me = me, .io = &io, .flags = flags };
	struct abi_msghdr h;
	int n = header_in(user, &h), err;

	if (!n)
		n = buffers_in(&h, &io);
	if (n)
		return n;
	m.name = h.name ? &name : NULL;
	m.control_user = h.control;
	m.control_len = h.control_len;
	n = sock_receive(f, &m);
	user_io_done(&io);
	if (n < 0)
		return n;
	err = header_out(user, &h, &m);
	return err ? err : n;
}

int sys_sendmsg(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int n = socket_get(me, arg[0], &f);

	if (n)
		return n;
	n = send_one(me, f, arg[1], arg[2]);
	file_drop(f);
	return n;
}

int sys_recvmsg(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int n = socket_get(me, arg[0], &f);

	if (n)
		return n;
	n = receive_one(me, f, arg[1], arg[2]);
	file_drop(f);
	return n;
}

/* --- several messages ------------------------------------------------------------ */

static uint32_t message_at(uint32_t user, uint32_t i)
{
	return user + i * sizeof(struct abi_mmsghdr);
}

static int length_out(uint32_t user, int n)
{
	return user_put32(user + offsetof(struct abi_mmsghdr, len), n);
}

/* sendmmsg(2): how many went; the error only where none did. */
int sys_sendmmsg(struct thread *me, const uint32_t *arg)
{
	uint32_t count = min_u32(arg[2], MESSAGES_MAX), i;
	struct file *f;
	int n = socket_get(me, arg[0], &f);

	if (n)
		return n;
	for (i = 0; i < count; i++) {
		uint32_t user = message_at(arg[1], i);

		n = send_one(me, f, user, arg[3]);
		if (n >= 0)
			n = length_out(user, n);
		if (n < 0)
			break;
	}
	file_drop(f);
	return i ? (int)i : n;
}

/* The error behind messages that came is told by the next call. */
static void error_later(struct file *f, int err)
{
	if (err < 0 && err != -EAGAIN && err != -ERESTARTSYS)
		sock_of(f)->error = -err;
}

static int receive_many(struct thread *me, struct file *f, const uint32_t *arg,
			uint64_t deadline)
{
	unsigned flags = arg[3] & ~MSG_WAITFORONE;
	uint32_t i = 0;
	int n = sock_take_error(sock_of(f));

	while (!n && i < arg[2]) {
		uint32_t user = message_at(arg[1], i);

		n = receive_one(me, f, user, flags);
		if (n >= 0)
			n = length_out(user, n);
		if (n < 0)
			break;
		i++;
		if (arg[3] & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (arch_clock_ns() >= deadline)
			break;
	}
	if (!i)
		return n;
	error_later(f, n);
	return (int)i;
}

/* recvmmsg(2): its time is looked at after each message, as on Linux, and what
 * is left of it written back. */
static int recvmmsg(struct thread *me, const uint32_t *arg, bool wide)
{
	uint64_t deadline;
	struct file *f;
	int n = sys_timeout_in(arg[4], wide, &deadline), err = 0;
	int64_t left;

	if (!n)
		n = socket_get(me, arg[0], &f);
	if (n)
		return n;
	n = receive_many(me, f, arg, deadline);
	file_drop(f);
	if (n > 0 && arg[4]) {
		left = (int64_t)(deadline - arch_clock_ns());
		err = sys_timespec_out(arg[4], wide, left > 0 ? left : 0);
	}
	return err ? err : n;
}

int sys_recvmmsg(struct thread *me, const uint32_t *arg)
{
	return recvmmsg(me, arg, false);
}

int sys_recvmmsg64(struct thread *me, const uint32_t *arg)
{
	return recvmmsg(me, arg, true);
}
