/* SPDX-License-Identifier: BSD-2-Clause */
/* option.c - options, ioctls, flags. */
#include "differ.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/time.h>

enum { NONE = 9999 };	/* no option */

enum kind { INT, TIME, LINGER, INFO, IDS, TEXT, GET = 16, SET = 32 };

/*
 * Not here: SO_SNDBUF, SO_RCVBUF, TCP_WINDOW_CLAMP: how large buffers and
 * windows are is each kernel's own; TCP_QUICKACK, by which the listener may hear of
 * a connection 40 ms later. Only set are TCP_MAXSEG, which Linux cuts to half a
 * window, and TCP_CONGESTION, of which its owner chooses what it is at first.
 */
static const struct option {
	const char *label;
	int level, name, kind;
} options[] = {
#define S(name, kind) { #name, SOL_SOCKET, name, kind }
#define I(name, kind) { #name, IPPROTO_IP, name, kind }
#define T(name, kind) { #name, SOL_TCP, name, kind }
	S(SO_ERROR, INT), S(SO_ERROR, INT), S(SO_ERROR, INT),
	S(SO_TYPE, INT), S(SO_DOMAIN, INT), S(SO_PROTOCOL, INT),
	S(SO_ACCEPTCONN, INT), S(SO_REUSEADDR, INT), S(SO_REUSEADDR, INT),
	S(SO_REUSEPORT, INT), S(SO_REUSEPORT, INT), S(SO_LINGER, LINGER),
	S(SO_LINGER, LINGER), S(SO_RCVTIMEO, TIME), S(SO_SNDTIMEO, TIME),
	S(SO_RCVLOWAT, INT), S(SO_SNDLOWAT, INT), S(SO_KEEPALIVE, INT),
	S(SO_BROADCAST, INT), S(SO_DONTROUTE, INT), S(SO_OOBINLINE, INT),
	S(SO_PASSCRED, INT), S(SO_PASSCRED, INT), S(SO_TIMESTAMP, INT),
	S(SO_PRIORITY, INT), S(SO_PEERCRED, IDS), S(SO_NO_CHECK, INT),
	S(SO_BINDTODEVICE, TEXT), S(SO_DEBUG, INT),
	T(TCP_NODELAY, INT), T(TCP_NODELAY, INT), T(TCP_CORK, INT),
	T(TCP_MAXSEG, INT | SET), T(TCP_KEEPIDLE, INT),
	T(TCP_KEEPINTVL, INT), T(TCP_KEEPCNT, INT), T(TCP_SYNCNT, INT),
	T(TCP_LINGER2, INT), T(TCP_DEFER_ACCEPT, INT),
	T(TCP_USER_TIMEOUT, INT), T(TCP_CONGESTION, TEXT | SET), T(TCP_INFO, INFO),
	T(TCP_INFO, INFO), T(TCP_INFO, INFO),
	I(IP_TOS, INT), I(IP_TTL, INT), I(IP_PKTINFO, INT),
	I(IP_RECVERR, INT), I(IP_RECVERR, INT), I(IP_RECVTTL, INT),
	I(IP_RECVTOS, INT), I(IP_FREEBIND, INT), I(IP_MTU_DISCOVER, INT),
	I(IP_MTU, INT), I(IP_MULTICAST_TTL, INT), I(IP_MULTICAST_LOOP, INT),
	{ "none", SOL_SOCKET, NONE, INT },
	{ "none", IPPROTO_IP, NONE, INT }, { "none", SOL_TCP, NONE, INT },
	{ "none", 99, 1, INT },
};

/* Newer kernels refuse AF_INET SO_PASSCRED, and AF_UNIX SO_REUSEPORT. AF_UNIX has
 * no interfaces: Brig says so. On a stream Linux keeps a route when it is over, and
 * what TTL it came with; times of arrival are of datagrams only (docs/abi.md). */
static int without(const struct slot *s, const struct option *o)
{
	if (o->level == IPPROTO_IP && s->type == SOCK_STREAM)
		return o->name == IP_MTU || o->name == IP_MULTICAST_TTL;
	if (o->level != SOL_SOCKET)
		return 0;
	if (o->name == SO_TIMESTAMP && s->type == SOCK_STREAM)
		return 1;
	if (o->name == SO_RCVLOWAT && s->family == AF_UNIX)
		return 1;	/* as MSG_WAITALL: data.c */
	return s->family == AF_INET ? o->name == SO_PASSCRED :
	       o->name == SO_BINDTODEVICE || o->name == SO_REUSEPORT;
}

static const struct option *option_any(const struct slot *s)
{
	const struct option *o;

	do
		o = &PICK(options);
	while (without(s, o) ||
	       (!one_in(15) &&
		((s->family == AF_UNIX && o->level != SOL_SOCKET) ||
		 (s->type != SOCK_STREAM && o->level == SOL_TCP))));
	return o;
}

/* --- getsockopt ----------------------------------------------------------------- */

static void say_value(const struct option *o, const void *value, socklen_t n)
{
	const struct tcp_info *info = value;
	const struct ucred *u = value;
	const int *v = value;

	switch (o->kind & 15) {
	case INFO:
		if (n)
			say(" state %u", info->tcpi_state);
		break;
	case IDS:
		if (n == sizeof *u)
			say(" %d %d %d", u->pid == getpid() ? -9 : u->pid,
			    (int)u->uid, (int)u->gid);
		break;
	case TEXT:
		say(" %.*s", (int)n, (const char *)value);
		break;
	default:
		for (socklen_t i = 0; i < n / sizeof *v; i++)
			say(" %d", v[i]);
		for (socklen_t i = n / 4 * 4; i < n; i++)
			say(" .%x", ((const unsigned char *)value)[i]);
	}
}

static socklen_t usual_length(int kind)
{
	switch (kind & 15) {
	case TIME:
		return sizeof(struct timeval);
	case LINGER:
		return sizeof(struct linger);
	case IDS:
		return sizeof(struct ucred);
	case INFO:
	case TEXT:
		return 64;
	default:
		return sizeof(int);
	}
}

static void call_getsockopt(void)
{
	static const socklen_t rooms[] = { 0, 1, 2, 3, 5, 8, 12, 100, -1 };
	char value[256] = "";
	int n = slot_any();
	const struct option *o;
	socklen_t room, len;

	if (n < 0)
		return;
	o = option_any(&slots[n]);
	if (o->kind & SET)
		return;
	room = len = one_in(6) ? PICK(rooms) : usual_length(o->kind);
	say(" s%d %s room %d", n, o->label, (int)room);
	if (told(getsockopt(slots[n].fd, o->level, o->name, value, &len)))
		return;
	if (o->kind != INFO)	/* newer kernels tell more */
		say(" %u:", len);
	say_value(o, value, len);
}

/* --- setsockopt ------------------------------------------------------------------- */

static socklen_t value_make(const struct option *o, void *to)
{
	static const int numbers[] = { 0, 1, 1, 1, 0, 2, 3, 5, 30, 100, 255,
				       256, 1000, 40000, 1 << 20, -1, -2,
				       INT32_MAX, INT32_MIN };
	static const char *const texts[] = { "", "lo", "nope", "reno", "cubic",
					     "a_name_that_is_too_long_by_far" };
	struct timeval *t = to;
	struct linger *l = to;
	int *v = to;

	switch (o->kind & 15) {
	case TIME:	/* never 0, which is for ever */
		*t = (struct timeval){ 0, 20000 * (1 + below(2)) };
		if (one_in(8))
			t->tv_usec = one_in(2) ? -5 : 1000000;
		if (one_in(8))
			t->tv_sec = -1;
		say(" %d.%d", (int)t->tv_sec, (int)t->tv_usec);
		return sizeof *t;
	case LINGER:
		*l = (struct linger){ below(3), below(2) };
		say(" %d %d", l->l_onoff, l->l_linger);
		return sizeof *l;
	case TEXT:
		strcpy(to, PICK(texts));
		say(" %s", (char *)to);
		return strlen(to) + below(2);
	default:
		*v = PICK(numbers);
		say(" %d", *v);
		return sizeof *v;
	}
}

/* Deferred for so long that no test sees the end of it. */
static void value_steady(const struct option *o, int *v)
{
	if (o->level == SOL_TCP && o->name == TCP_DEFER_ACCEPT && *v > 0 &&
	    *v < 30)
		*v = 30;
	if (o->level == IPPROTO_IP && o->name == IP_MTU_DISCOVER && *v == 5)
		*v = IP_PMTUDISC_PROBE;	/* of those that ip(7) tells */
}

static void call_setsockopt(void)
{
	static const socklen_t lengths[] = { 0, 1, 2, 3, 5, 8, 100, -1 };
	char value[256] = "";
	int n = slot_any();
	const struct option *o;
	socklen_t len;

	if (n < 0)
		return;
	o = option_any(&slots[n]);
	say(" s%d %s", n, o->label);
	len = value_make(o, value);
	value_steady(o, (int *)value);
	if (one_in(12) && (o->kind & 15) != TIME)
		len = PICK(lengths);
	if (!len && o->level == IPPROTO_IP)
		len = 1;	/* Linux reads 0 then, for some of them */
	if (o->name == NONE)
		len = sizeof(int);	/* else each level has its own order */
	say(" len %d", (int)len);
	told(setsockopt(slots[n].fd, o->level, o->name, value, len));
}

/* --- ioctl, fcntl ------------------------------------------------------------------- */

static void call_ioctl(void)
{
	static const struct { const char *label; unsigned number; } all[] = {
		{ "FIONREAD", FIONREAD }, { "FIONREAD", FIONREAD },
		{ "SIOCOUTQ", SIOCOUTQ }, { "SIOCATMARK", SIOCATMARK },
		{ "none", 0x89ef }, { "TCGETS", 0x5401 },
	};
	int n = slot_any(), v = -77;
	unsigned which = below(sizeof all / sizeof *all);
	struct pollfd p = { n < 0 ? -1 : slots[n].fd, 0, 0 };

	if (n < 0)
		return;
	if (all[which].number == SIOCATMARK && slots[n].family == AF_UNIX)
		return;		/* there is none without MSG_OOB: data.c */
	if (all[which].number == SIOCOUTQ && slots[n].family == AF_UNIX)
		return;		/* Linux counts its own buffers */
	if (all[which].number == SIOCOUTQ && poll(&p, 1, 0) &&
	    (p.revents & POLLHUP))
		return;		/* Linux tells some number when all is over */
	say(" s%d %s", n, all[which].label);
	told(ioctl(slots[n].fd, all[which].number, &v));
	if (all[which].number != 0x5401)
		say(" %d", v);
}

static void call_fcntl(void)
{
	int n = slot_any();

	if (n < 0)
		return;
	say(" s%d %x", n, fcntl(slots[n].fd, F_GETFL));
	told(fcntl(slots[n].fd, F_SETFL, one_in(3) ? 0 : O_NONBLOCK));
}

const struct call option_calls[] = {
	{ "getsockopt", 14, call_getsockopt },
	{ "setsockopt", 14, call_setsockopt }, { "ioctl", 5, call_ioctl },
	{ "fcntl", 2, call_fcntl },
};
const unsigned option_call_count = sizeof option_calls / sizeof *option_calls;
