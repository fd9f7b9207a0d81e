/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_option.c - options of level SOL_SOCKET (Linux socket(7)): switches, each
 * a bit of sock.options, numbers, times, and who is at the other end.
 *
 * Locks: the kernel lock.
 */
#include "net/option.h"

enum {
	SEND_MIN = 4608, RECEIVE_MIN = 2304,	/* bytes, as Linux */
	BUFFER_MAX = 212992,	/* without privilege, before it is doubled */
	PRIORITY_MAX = 6,
	US_PER_SEC = 1000000, NS_PER_US = 1000,
};

/* --- numbers with a rule of their own ------------------------------------- */

static int debug_check(struct option_call *c)
{
	return c->v && priv_check(c->who, PRIV_PROC_SETRLIMIT) ? -EACCES : 0;
}

/* Half of what is wanted is for the kernel's own structs: it is doubled. */
static int buffer_check(struct option_call *c)
{
	c->v = min_u32((uint32_t)c->v, BUFFER_MAX) * 2;
	return 0;
}

/* Beyond BUFFER_MAX goes who may raise limits. */
static int buffer_force(struct option_call *c)
{
	c->v = c->v > 0 ? min_u32(c->v, INT32_MAX / 2) * 2 : 0;
	return priv_check(c->who, PRIV_PROC_SETRLIMIT);
}

static void buffer_changed(struct sock *s)
{
	assert(s->send_limit >= SEND_MIN && s->receive_limit >= RECEIVE_MIN);
	s->sized = true;
	stream_wake(s);
}

static int low_check(struct option_call *c)
{
	if (c->v < 0)
		c->v = INT32_MAX;
	return 0;
}

/* Beyond PRIORITY_MAX it is for who may say what his packets' headers do. */
static int priority_check(struct option_call *c)
{
	return c->v < 0 || c->v > PRIORITY_MAX ?
		priv_check(c->who, PRIV_NETINET_SETHDROPTS) : 0;
}

/* All four are one member: the name of that which was asked for last. */
static int timestamp_check(struct option_call *c)
{
	if (c->v)
		c->v = c->row->name;
	return 0;
}

static int timestamp_show(struct option_call *c)
{
	c->v = c->sock->timestamp == c->row->name;
	return 0;
}

static int error_show(struct option_call *c)
{
	c->v = -sock_take_error(c->sock);
	return 0;
}

static int listening_show(struct option_call *c)
{
	c->v = c->sock->listening;
	return 0;
}

/* --- structs -------------------------------------------------------------- */

static int linger_take(struct option_call *c)
{
	struct abi_linger l;
	int err = option_take(c, &l, sizeof l);

	if (err)
		return err;
	c->sock->linger.on = l.on != 0;
	if (l.on)
		c->sock->linger.seconds = l.seconds;
	return 0;
}

static int linger_give(struct option_call *c)
{
	const struct abi_linger *l = &c->sock->linger;

	return option_give(c, l, sizeof *l);
}

static bool is_wide(const struct option_call *c)
{
	return c->row->name == SO_RCVTIMEO_NEW ||
	       c->row->name == SO_SNDTIMEO_NEW;
}

/* A struct timeval in either width; no time at all means forever, and one
 * before now that nothing is waited for. */
static int time_take(struct option_call *c)
{
	uint64_t *to = (uint64_t *)((char *)c->sock + c->row->at);
	int64_t wide[2];
	int32_t narrow[2];
	int err;

	if (is_wide(c)) {
		err = option_take(c, wide, sizeof wide);
	} else {
		err = option_take(c, narrow, sizeof narrow);
		wide[0] = narrow[0];
		wide[1] = narrow[1];
	}
	if (err)
		return err;
	if (wide[1] < 0 || wide[1] >= US_PER_SEC)
		return -EDOM;
	if (wide[0] < 0)
		*to = 0;
	else if ((!wide[0] && !wide[1]) || wide[0] > INT32_MAX)
		*to = SLEEP_FOREVER;
	else
		*to = ((uint64_t)wide[0] * US_PER_SEC + wide[1]) * NS_PER_US;
	return 0;
}

static int time_give(struct option_call *c)
{
	uint64_t ns = *(uint64_t *)((char *)c->sock + c->row->at), sec = 0;
	uint32_t us_rest = 0;

	if (ns != SLEEP_FOREVER)
		sec = div_u64(div_u64(ns, NS_PER_US, NULL), US_PER_SEC,
			      &us_rest);
	if (is_wide(c))
		return option_give(c, (int64_t[]){ sec, us_rest },
				   2 * sizeof(int64_t));
	return option_give(c, (int32_t[]){ sec, us_rest }, 2 * sizeof(int32_t));
}

/* Who is at the other end. A process that one cannot see has no number. */
static int peer_give(struct option_call *c)
{
	const struct cred *peer = c->sock->peer_cred;
	struct abi_ucred u = { 0, UINT32_MAX, UINT32_MAX };

	if (peer) {
		if (proc_sees_cred(c->who, peer))
			u.pid = c->sock->peer_pid;
		u.uid = peer->euid;
		u.gid = peer->egid;
	}
	return option_give(c, &u, sizeof u);
}

static int peer_groups_give(struct option_call *c)
{
	const struct cred *peer = c->sock->peer_cred;
	uint32_t n;
	int err;

	if (!peer)
		return -ENODATA;
	n = peer->group_count * sizeof peer->groups[0];
	if (c->len < n) {
		err = user_put32(c->user_len, n);
		return err ? err : -ERANGE;
	}
	cred_hold(peer);	/* it may change while the copy sleeps */
	err = option_give(c, peer->groups, n);
	cred_drop(peer);
	return err;
}

/* --- the table ------------------------------------------------------------ */

#define AT(number, member) .level = SOL_SOCKET, .name = number, \
	.at = offsetof(struct sock, member), \
	.size = sizeof ((struct sock *)0)->member
#define SWITCH(number, which) AT(number, options), .bit = which
#define BUFFER(number, member, min) AT(number, member), .least = min, \
	.most = INT32_MAX, .changed = buffer_changed
#define TIMESTAMP(number) { AT(number, timestamp), .most = INT32_MAX, \
	.check = timestamp_check, .show = timestamp_show }
#define TIME(number, member) { AT(number, member), .take = time_take, \
	.give = time_give }

const struct sock_option sock_option_table[] = {
	{ SWITCH(SO_DEBUG, SOCK_OPTION_DEBUG), .check = debug_check },
	{ SWITCH(SO_REUSEADDR, SOCK_OPTION_REUSEADDR) },
	{ SWITCH(SO_REUSEPORT, SOCK_OPTION_REUSEPORT) },
	{ SWITCH(SO_DONTROUTE, SOCK_OPTION_DONTROUTE) },
	{ SWITCH(SO_BROADCAST, SOCK_OPTION_BROADCAST) },
	{ SWITCH(SO_KEEPALIVE, SOCK_OPTION_KEEPALIVE) },
	{ SWITCH(SO_OOBINLINE, SOCK_OPTION_OOBINLINE) },
	{ SWITCH(SO_NO_CHECK, SOCK_OPTION_NO_CHECK) },
	{ SWITCH(SO_PASSCRED, SOCK_OPTION_PASSCRED) },
	{ AT(SO_TYPE, type), .rule = OPTION_READ },
	{ AT(SO_DOMAIN, family), .rule = OPTION_READ },
	{ AT(SO_PROTOCOL, protocol), .rule = OPTION_READ },
	{ AT(SO_ERROR, error), .rule = OPTION_READ, .show = error_show },
	{ .level = SOL_SOCKET, .name = SO_ACCEPTCONN, .rule = OPTION_READ,
	  .show = listening_show },
	{ .level = SOL_SOCKET, .name = SO_SNDLOWAT, .rule = OPTION_READ,
	  .unset = 1 },
	{ BUFFER(SO_SNDBUF, send_limit, SEND_MIN), .rule = OPTION_CLAMP,
	  .check = buffer_check },
	{ BUFFER(SO_RCVBUF, receive_limit, RECEIVE_MIN), .rule = OPTION_CLAMP,
	  .check = buffer_check },
	{ BUFFER(SO_SNDBUFFORCE, send_limit, SEND_MIN),
	  .rule = OPTION_CLAMP | OPTION_WRITE, .check = buffer_force },
	{ BUFFER(SO_RCVBUFFORCE, receive_limit, RECEIVE_MIN),
	  .rule = OPTION_CLAMP | OPTION_WRITE, .check = buffer_force },
	{ AT(SO_RCVLOWAT, receive_low), .rule = OPTION_CLAMP, .least = 1,
	  .most = INT32_MAX, .check = low_check },
	{ AT(SO_PRIORITY, priority), .least = INT32_MIN, .most = INT32_MAX,
	  .check = priority_check },
	TIMESTAMP(SO_TIMESTAMP_OLD), TIMESTAMP(SO_TIMESTAMPNS_OLD),
	TIMESTAMP(SO_TIMESTAMP_NEW), TIMESTAMP(SO_TIMESTAMPNS_NEW),
	TIME(SO_RCVTIMEO_OLD, receive_timeout),
	TIME(SO_SNDTIMEO_OLD, send_timeout),
	TIME(SO_RCVTIMEO_NEW, receive_timeout),
	TIME(SO_SNDTIMEO_NEW, send_timeout),
	{ .level = SOL_SOCKET, .name = SO_LINGER, .take = linger_take,
	  .give = linger_give },
	{ .level = SOL_SOCKET, .name = SO_PEERCRED, .rule = OPTION_READ,
	  .give = peer_give },
	{ .level = SOL_SOCKET, .name = SO_PEERGROUPS, .rule = OPTION_READ,
	  .give = peer_groups_give },
	{ 0 },
};
