/* SPDX-License-Identifier: BSD-2-Clause */
/* data.c - the calls that move bytes, in all their forms. */
#include "differ.h"

#include <sys/uio.h>

enum { ROOM = 1 << 17, PIECES = 3, UNTOUCHED = 0xa5, AROUND = 64 };

static char buffer[ROOM + AROUND];

/* Few, so that no buffer of a connection fills: how much is in one is each
 * kernel's own. UDP's largest, and too large. Who waits for no bytes of TCP is
 * told on Linux that there are none when his time is over, and not EAGAIN. An
 * empty packet that nobody has read is for newer kernels no reason to tell the
 * other end so. */
static unsigned any_length(const struct slot *s, int sending)
{
	int stream = s->family == AF_INET && s->type == SOCK_STREAM;
	static const unsigned lengths[] = { 0, 1, 1, 2, 3, 5, 10, 100, 1000,
					    3000 };
	static const unsigned large[] = { 65507, 65508, 70000 };

	if (sending && s->type == SOCK_SEQPACKET)
		return lengths[1 + below(9)];
	if (sending && s->type == SOCK_DGRAM && s->family == AF_INET &&
	    one_in(30))
		return PICK(large);
	if (!sending && one_in(5))
		return ROOM;
	if (!sending && stream && !(fcntl(s->fd, F_GETFL) & O_NONBLOCK))
		return lengths[1 + below(8)];
	return PICK(lengths);
}

static const struct {
	int flag;
	const char *name;
} flag_names[] = {
	{ MSG_DONTWAIT, "DONTWAIT" }, { MSG_OOB, "OOB" }, { MSG_PEEK, "PEEK" },
	{ MSG_TRUNC, "TRUNC" }, { MSG_WAITALL, "WAITALL" },
	{ MSG_ERRQUEUE, "ERRQUEUE" }, { MSG_CMSG_CLOEXEC, "CLOEXEC" },
	{ MSG_CTRUNC, "CTRUNC" }, { MSG_EOR, "EOR" }, { MSG_MORE, "MORE" },
	{ MSG_NOSIGNAL, "NOSIGNAL" }, { MSG_DONTROUTE, "DONTROUTE" },
	{ MSG_CONFIRM, "CONFIRM" },
};

static void say_flags(int flags)
{
	for (unsigned i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
		if (flags & flag_names[i].flag) {
			say(" %s", flag_names[i].name);
			flags &= ~flag_names[i].flag;
		}
	if (flags)
		say(" %x", flags);
}

/* MSG_OOB of AF_UNIX is not in Brig, as in a Linux that was built without it; with
 * MSG_WAITALL an error behind the bytes gets lost there. Datagrams that wait for
 * more of them go elsewhere when the socket is connected meanwhile. */
static int any_flags(const struct slot *s, int sending)
{
	static const int out[] = { MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE,
				   MSG_OOB, MSG_EOR, MSG_DONTROUTE };
	static const int in[] = { MSG_DONTWAIT, MSG_PEEK, MSG_PEEK, MSG_TRUNC,
				  MSG_WAITALL, MSG_OOB, MSG_ERRQUEUE,
				  MSG_CMSG_CLOEXEC };
	int flags = 0;

	while (one_in(2))
		flags |= sending ? PICK(out) : PICK(in);
	if (s->family == AF_UNIX)
		flags &= ~(MSG_OOB | MSG_WAITALL);
	else if (s->type == SOCK_DGRAM)
		flags &= ~MSG_MORE;
	return flags;
}

/* n bytes of buffer in a few pieces. */
static unsigned pieces(struct iovec *v, unsigned n)
{
	unsigned count = n ? 1 + below(PIECES) : below(PIECES + 1), at = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned part = i == count - 1 ? n - at : below(n - at + 1);

		v[i] = (struct iovec){ buffer + at, part };
		at += part;
	}
	return count;
}

/* --- sending -------------------------------------------------------------------- */

static void call_send(void)
{
	int n = slot_any(), flags, named;
	struct address at;
	unsigned length;

	if (n < 0)
		return;
	length = any_length(&slots[n], 1);
	flags = any_flags(&slots[n], 1);
	memset(buffer, 'a' + below(26), length);
	named = one_in(slots[n].type == SOCK_DGRAM ? 2 : 8);
	say(" s%d %u", n, length);
	say_flags(flags);
	if (named)
		address_any(&at, slots[n].family);
	told(sendto(slots[n].fd, buffer, length, flags,
		    named ? (void *)&at.a : NULL, named ? at.len : 0));
}

static void call_write(void)
{
	int n = slot_any();
	struct iovec v[PIECES];
	unsigned length, count;

	if (n < 0)
		return;
	length = any_length(&slots[n], 1);
	memset(buffer, 'A' + below(26), length);
	count = pieces(v, length);
	say(" s%d %u in %u", n, length, count);
	told(writev(slots[n].fd, v, count));
}

static void call_sendmsg(void)
{
	int n = slot_any(), flags;
	struct iovec v[PIECES];
	struct msghdr m = { .msg_iov = v };
	struct address at;
	unsigned length;

	if (n < 0)
		return;
	length = any_length(&slots[n], 1);
	flags = any_flags(&slots[n], 1);
	memset(buffer, '0' + below(10), length);
	m.msg_iovlen = pieces(v, length);
	say(" s%d %u in %u", n, length, (unsigned)m.msg_iovlen);
	say_flags(flags);
	if (one_in(slots[n].type == SOCK_DGRAM ? 3 : 10)) {
		address_any(&at, slots[n].family);
		m.msg_name = &at.a;
		m.msg_namelen = at.len;
	}
	if (one_in(2))
		control_any(&m, slots[n].family);
	told(sendmsg(slots[n].fd, &m, flags));
}

/* --- receiving ------------------------------------------------------------------- */

/* n of room bytes have come, or so it was said. */
static void say_received(long n, unsigned room)
{
	unsigned at = ROOM + AROUND;
	long kept = n > (long)room ? (long)room : n;

	say_bytes(buffer, kept);
	while (at > 0 && (unsigned char)buffer[at - 1] == UNTOUCHED)
		at--;
	if (kept >= 0 && at > (unsigned)kept)
		say(" up to %u", at);
}

static void call_recv(void)
{
	int n = slot_any(), flags, named = one_in(2);
	struct sockaddr_storage a = { 0 };
	socklen_t room = one_in(10) ? below(20) : sizeof a, len = room;
	unsigned length;
	long got;

	if (n < 0)
		return;
	length = any_length(&slots[n], 0);
	flags = any_flags(&slots[n], 0);
	memset(buffer, UNTOUCHED, sizeof buffer);
	say(" s%d %u", n, length);
	say_flags(flags);
	got = told(recvfrom(slots[n].fd, buffer, length, flags,
			    named ? (void *)&a : NULL, named ? &len : NULL));
	say_received(got, length);
	if (named && got >= 0)
		say_address(&a, len, room);
}

static void call_read(void)
{
	int n = slot_any();
	struct iovec v[PIECES];
	unsigned length, count;

	if (n < 0)
		return;
	length = any_length(&slots[n], 0);
	memset(buffer, UNTOUCHED, sizeof buffer);
	count = pieces(v, length);
	say(" s%d %u in %u", n, length, count);
	say_received(told(readv(slots[n].fd, v, count)), length);
}

static void call_recvmsg(void)
{
	static const unsigned rooms[] = { 0, 8, 12, 14, 16, 20, 24, 30 };
	char control[256];
	struct sockaddr_storage a = { 0 };
	struct iovec v[PIECES];
	int n = slot_any(), flags;
	socklen_t room = one_in(10) ? below(20) : sizeof a;
	struct msghdr m = { .msg_name = &a, .msg_namelen = room, .msg_iov = v,
			    .msg_control = control };
	unsigned length;
	long got;

	if (n < 0)
		return;
	length = any_length(&slots[n], 0);
	flags = any_flags(&slots[n], 0);
	memset(buffer, UNTOUCHED, sizeof buffer);
	m.msg_iovlen = pieces(v, length);
	m.msg_controllen = one_in(3) ? PICK(rooms) : sizeof control;
	say(" s%d %u in %u room %u", n, length, (unsigned)m.msg_iovlen,
	    (unsigned)m.msg_controllen);
	say_flags(flags);
	got = told(recvmsg(slots[n].fd, &m, flags));
	say_received(got, length);
	if (got < 0)
		return;
	if (!got && slots[n].family == AF_UNIX && slots[n].type == SOCK_STREAM)
		return;		/* Linux tells the ids of nobody at the end */
	say(" got");
	say_flags(m.msg_flags);
	say_address(&a, m.msg_namelen, room);
	control_say(&m);
}

const struct call data_calls[] = {
	{ "send", 16, call_send }, { "write", 6, call_write },
	{ "sendmsg", 12, call_sendmsg }, { "recv", 14, call_recv },
	{ "read", 5, call_read }, { "recvmsg", 14, call_recvmsg },
};
const unsigned data_call_count = sizeof data_calls / sizeof *data_calls;
