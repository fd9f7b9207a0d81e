/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - the calls that make, name, connect and end sockets. */
#include "differ.h"

#include <poll.h>
#include <sys/time.h>

enum { WAIT_US = 20000 };	/* whole ticks of any Linux */

static int any_family(void)
{
	return one_in(2) ? AF_INET : AF_UNIX;
}

static int any_type(int family)
{
	static const int inet[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM };
	static const int un[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM,
				  SOCK_DGRAM, SOCK_SEQPACKET };

	return family == AF_INET ? PICK(inet) : PICK(un);
}

/* It waits for nothing, or not for long. */
static void time_out(int fd)
{
	struct timeval t = { 0, WAIT_US };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static int may_block(void)
{
	return one_in(3) ? 0 : SOCK_NONBLOCK;
}

/* --- making ------------------------------------------------------------------- */

static void call_socket(void)
{
	static const int types[] = { SOCK_RDM, 0, 9, SOCK_STREAM | 0x20,
				     SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM };
	static const int families[] = { AF_INET, AF_UNIX, AF_UNSPEC, 77, 46,
					-1 };
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, 2, 200, -1,
					 300 };
	int family = any_family(), type = any_type(family), protocol = 0;
	int block = may_block(), fd;

	if (one_in(25))
		family = PICK(families);
	if (one_in(15))
		type = PICK(types);
	if (one_in(10))
		protocol = PICK(protocols);
	say(" %d %d%s %d", family, type, block ? "n" : "", protocol);
	fd = socket(family, type | block, protocol);
	if (told(fd < 0 ? fd : 0) < 0)
		return;
	time_out(fd);
	say(" s%d", slot_put(fd, family, type & 15));
}

static void both_put(int a, int b, int family, int type)
{
	time_out(a);
	time_out(b);
	say(" s%d", slot_put(a, family, type));
	say(" s%d", slot_put(b, family, type));
}

static void call_socketpair(void)
{
	int family = one_in(20) ? AF_INET : AF_UNIX, fd[2];
	int type = any_type(family), block = may_block();

	say(" %d %d%s", family, type, block ? "n" : "");
	if (!told(socketpair(family, type | block, 0, fd) ? -1 : 0))
		both_put(fd[0], fd[1], family, type);
}

static int bound(int family, int type, struct address *at)
{
	int fd = socket(family, type, 0);

	address_fixed(at, family, 0);
	if (family == AF_INET)
		((struct sockaddr_in *)&at->a)->sin_port = 0;
	else
		at->len = sizeof(sa_family_t);
	bind(fd, (void *)&at->a, at->len);
	at->len = sizeof at->a;
	getsockname(fd, (void *)&at->a, &at->len);
	return fd;
}

/* A connection by way of a listener that is gone then. */
static void call_stream_pair(void)
{
	int family = one_in(3) ? AF_UNIX : AF_INET, on = 1;
	int block = may_block(), flags = block ? O_NONBLOCK : 0;
	struct address at;
	int s = bound(family, SOCK_STREAM, &at), a, b;

	say(" %d%s", family, block ? "n" : "");
	listen(s, 8);
	a = socket(family, SOCK_STREAM, 0);
	if (told(connect(a, (void *)&at.a, at.len)) < 0)
		return;
	b = accept4(s, NULL, NULL, block);
	fcntl(a, F_SETFL, flags);
	close(s);
	if (family == AF_INET && one_in(2)) {
		setsockopt(a, SOL_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(b, SOL_TCP, TCP_NODELAY, &on, sizeof on);
	}
	both_put(a, b, family, SOCK_STREAM);
}

static void call_dgram_pair(void)
{
	int family = any_family(), block = may_block();
	int flags = block ? O_NONBLOCK : 0;
	struct address x, y;
	int a = bound(family, SOCK_DGRAM, &x), b = bound(family, SOCK_DGRAM, &y);

	say(" %d%s", family, block ? "n" : "");
	told(connect(a, (void *)&y.a, y.len));
	if (one_in(2))
		told(connect(b, (void *)&x.a, x.len));
	fcntl(a, F_SETFL, flags);
	fcntl(b, F_SETFL, flags);
	both_put(a, b, family, SOCK_DGRAM);
}

/* At one of the few addresses that others connect to. */
static void call_listener(void)
{
	int family = any_family(), block = may_block(), on = 1;
	int type = family == AF_UNIX && one_in(3) ? SOCK_SEQPACKET :
						    SOCK_STREAM;
	int fd = socket(family, type | block, 0), reuse = one_in(2);
	struct address at;

	address_fixed(&at, family, below(2 * PORTS));
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	say(" %d%s%s", type, block ? "n" : "", reuse ? "r" : "");
	say_address(&at.a, at.len, at.len);
	told(bind(fd, (void *)&at.a, at.len));
	told(listen(fd, 70));
	time_out(fd);
	say(" s%d", slot_put(fd, family, type));
}

/* --- names ---------------------------------------------------------------------- */

/* What poll says of a TCP socket. */
static int ready(const struct slot *s)
{
	struct pollfd p = { s->fd, POLLRDHUP, 0 };

	if (s->family == AF_INET && s->type == SOCK_STREAM)
		poll(&p, 1, 0);
	return p.revents;
}

/* Linux has parted from what is in TIME-WAIT: the socket may be bound anew. */
static int has_ended(const struct slot *s)
{
	return (ready(s) & POLLHUP) && (ready(s) & POLLRDHUP);
}

static void call_bind(void)
{
	int n = slot_any();
	struct address at;

	if (n < 0 || has_ended(&slots[n]))
		return;
	say(" s%d", n);
	address_any(&at, slots[n].family);
	told(bind(slots[n].fd, (void *)&at.a, at.len));
}

/* At a TCP listener of ours at least 64 may wait (docs/abi.md), on Linux as many
 * as it said: none of the numbers here is between. */
static void call_listen(void)
{
	static const int tcp[] = { 64, 100, -1, 5000 };
	static const int un[] = { 0, 0, 1, 2, -1, 5000 };
	int n = slot_any(), backlog;

	if (n < 0)
		return;
	backlog = slots[n].family == AF_INET ? PICK(tcp) : PICK(un);
	say(" s%d %d", n, backlog);
	told(listen(slots[n].fd, backlog));
}

/* Datagrams to no port: on Linux it hears all of them. */
static void call_connect(void)
{
	int n = slot_any();
	struct sockaddr_in *in;
	struct address at;

	if (n < 0)
		return;
	say(" s%d", n);
	address_any(&at, slots[n].family);
	in = (void *)&at.a;
	if (slots[n].type == SOCK_DGRAM && in->sin_family == AF_INET &&
	    !in->sin_port)
		in->sin_port = htons(port_first);
	told(connect(slots[n].fd, (void *)&at.a, at.len));
}

static void call_accept(void)
{
	static const socklen_t rooms[] = { 0, 1, 5, 16, 128, -1 };
	int n = slot_any(), block = may_block(), fd;
	struct sockaddr_storage a = { 0 };
	int flags = block | (one_in(3) ? SOCK_CLOEXEC : 0);
	socklen_t room = one_in(3) ? PICK(rooms) : sizeof a, len = room;
	struct slot from;

	if (n < 0)
		return;
	if (one_in(20))
		flags |= 1;
	from = slots[n];
	say(" s%d %x room %d", n, flags, (int)room);
	fd = accept4(from.fd, (void *)&a, &len, flags);
	if (fd < 0) {
		told(fd);
		return;
	}
	told(0);
	say(" fl %x %x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	say_address(&a, len, room);
	time_out(fd);
	say(" s%d", slot_put(fd, from.family, from.type));
}

static void call_name(void)
{
	static const socklen_t rooms[] = { 0, 1, 2, 3, 5, 8, 15, -1, 200 };
	struct { struct sockaddr_storage a; char room[NAME_ROOM]; } a;
	int n = slot_any(), peer = one_in(2);
	socklen_t room = one_in(4) ? PICK(rooms) : sizeof a.a, len = room;

	memset(&a, 0, sizeof a);
	if (n < 0)
		return;
	say(" s%d %s room %d", n, peer ? "peer" : "own", (int)room);
	if (!told(peer ? getpeername(slots[n].fd, (void *)&a, &len) :
			 getsockname(slots[n].fd, (void *)&a, &len)))
		say_address(&a, len, room);
}

/* --- the end ---------------------------------------------------------------------- */

/* Without a connection only SHUT_RD: Linux sends a FIN when one talks to oneself
 * later. And not where connect's failure is still to be told: it is not, then. */
static void call_shutdown(void)
{
	int n = slot_any(), how = one_in(20) ? 3 : (int)below(3);

	if (n < 0)
		return;
	if ((ready(&slots[n]) & POLLHUP) &&
	    (how != SHUT_RD || ready(&slots[n]) != POLLHUP))
		return;
	say(" s%d %d", n, how);
	told(shutdown(slots[n].fd, how));
}

static void call_close(void)
{
	int n = slot_any();

	if (n < 0)
		return;
	say(" s%d", n);
	told(close(slots[n].fd));
	slots[n].fd = -1;
}

static void call_dup(void)
{
	int n = slot_any();
	struct slot from;

	if (n < 0)
		return;
	from = slots[n];
	say(" s%d", n);
	from.fd = dup(from.fd);
	say(" s%d", slot_put(from.fd, from.family, from.type));
}

static void call_unlink(void)
{
	struct address at;

	address_fixed(&at, AF_UNIX, below(PORTS));
	say_address(&at.a, at.len, at.len);
	told(unlink(((struct sockaddr_un *)&at.a)->sun_path));
}

const struct call name_calls[] = {
	{ "socket", 10, call_socket }, { "socketpair", 5, call_socketpair },
	{ "stream_pair", 6, call_stream_pair },
	{ "dgram_pair", 4, call_dgram_pair }, { "listener", 5, call_listener },
	{ "bind", 7, call_bind }, { "listen", 5, call_listen },
	{ "connect", 12, call_connect }, { "accept", 8, call_accept },
	{ "name", 5, call_name }, { "shutdown", 5, call_shutdown },
	{ "close", 5, call_close }, { "dup", 1, call_dup },
	{ "unlink", 1, call_unlink },
};
const unsigned name_call_count = sizeof name_calls / sizeof *name_calls;
