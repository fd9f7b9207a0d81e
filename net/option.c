/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.c - setsockopt and getsockopt at level SOL_SOCKET (Linux socket(7)).
 *
 * Most options are one bit in sock.options: the table says which. What has a
 * value, a size or a rule of its own follows in the two switches. Options that
 * are not here do not exist: -ENOPROTOOPT.
 *
 * Locks: the kernel lock.
 */
#include "net/net.h"

enum {
	SEND_MIN = 4608, RECEIVE_MIN = 2304,	/* bytes, as Linux */
	BUFFER_MAX = 212992,	/* without privilege, before it is doubled */
	PRIORITY_MAX = 6,
	US_PER_SEC = 1000000, NS_PER_US = 1000,
};

static const struct {
	int name;
	unsigned bit;
} switches[] = {
	{ SO_DEBUG, SOCK_OPTION_DEBUG },
	{ SO_REUSEADDR, SOCK_OPTION_REUSEADDR },
	{ SO_REUSEPORT, SOCK_OPTION_REUSEPORT },
	{ SO_DONTROUTE, SOCK_OPTION_DONTROUTE },
	{ SO_BROADCAST, SOCK_OPTION_BROADCAST },
	{ SO_KEEPALIVE, SOCK_OPTION_KEEPALIVE },
	{ SO_OOBINLINE, SOCK_OPTION_OOBINLINE },
	{ SO_NO_CHECK, SOCK_OPTION_NO_CHECK },
	{ SO_PASSCRED, SOCK_OPTION_PASSCRED },
};

/* The bit of a switch, or 0. */
static unsigned switch_bit(int name)
{
	for (unsigned i = 0; i < ARRAY_LEN(switches); i++)
		if (switches[i].name == name)
			return switches[i].bit;
	return 0;
}

static bool is_time(int name)
{
	return name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD ||
	       name == SO_RCVTIMEO_NEW || name == SO_SNDTIMEO_NEW;
}

static bool is_wide(int name)
{
	return name == SO_RCVTIMEO_NEW || name == SO_SNDTIMEO_NEW;
}

static uint64_t *time_of(struct sock *s, int name)
{
	return name == SO_RCVTIMEO_OLD || name == SO_RCVTIMEO_NEW ?
		&s->receive_timeout : &s->send_timeout;
}

/* --- setting ------------------------------------------------------------ */

/* A struct timeval in either width; no time at all means forever, and one
 * before now that nothing is waited for. */
static int time_set(struct sock *s, int name, uint32_t user, uint32_t len)
{
	uint64_t *to = time_of(s, name);
	int64_t sec, us, wide[2];
	int32_t narrow[2];

	if (len < (is_wide(name) ? sizeof wide : sizeof narrow))
		return -EINVAL;
	if (is_wide(name)) {
		if (user_copy_in(wide, user, sizeof wide))
			return -EFAULT;
		sec = wide[0];
		us = wide[1];
	} else {
		if (user_copy_in(narrow, user, sizeof narrow))
			return -EFAULT;
		sec = narrow[0];
		us = narrow[1];
	}
	if (us < 0 || us >= US_PER_SEC)
		return -EDOM;
	if (sec < 0)
		*to = 0;
	else if ((!sec && !us) || sec > INT32_MAX)
		*to = SLEEP_FOREVER;
	else
		*to = ((uint64_t)sec * US_PER_SEC + us) * NS_PER_US;
	return 0;
}

static int linger_set(struct sock *s, uint32_t user, uint32_t len)
{
	struct abi_linger l;

	if (len < sizeof l)
		return -EINVAL;
	if (user_copy_in(&l, user, sizeof l))
		return -EFAULT;
	s->linger.on = l.on != 0;
	if (l.on)
		s->linger.seconds = l.seconds;
	return 0;
}

/* Half of what is wanted is for the kernel's own structs: it is doubled. */
static void buffer_set(struct sock *s, bool send, uint32_t bytes)
{
	bytes = min_u32(bytes, INT32_MAX / 2) * 2;
	if (send)
		s->send_limit = max_u32(bytes, SEND_MIN);
	else
		s->receive_limit = max_u32(bytes, RECEIVE_MIN);
	assert(s->send_limit >= SEND_MIN && s->receive_limit >= RECEIVE_MIN);
	if (s->ops->resized)
		s->ops->resized(s);
}

/* Beyond BUFFER_MAX goes who may raise limits. */
static int buffer_force(struct sock *s, const struct cred *who, bool send,
			int bytes)
{
	int err = priv_check(who, PRIV_PROC_SETRLIMIT);

	if (!err)
		buffer_set(s, send, bytes > 0 ? bytes : 0);
	return err;
}

static int number_set(struct sock *s, const struct cred *who, int name, int v)
{
	unsigned bit = switch_bit(name);

	if (name == SO_DEBUG && v && priv_check(who, PRIV_PROC_SETRLIMIT))
		return -EACCES;
	if (bit) {
		s->options = v ? s->options | bit : s->options & ~bit;
		return 0;
	}
	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
		buffer_set(s, name == SO_SNDBUF,
			   min_u32((uint32_t)v, BUFFER_MAX));
		return 0;
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		return buffer_force(s, who, name == SO_SNDBUFFORCE, v);
	case SO_RCVLOWAT:
		s->receive_low = v < 0 ? INT32_MAX : v > 0 ? v : 1;
		return 0;
	case SO_PRIORITY:
		if (v < 0 || v > PRIORITY_MAX)
			return -EPERM;
		s->priority = v;
		return 0;
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMP_NEW:
	case SO_TIMESTAMPNS_NEW:
		s->timestamp = v ? name : 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* -EOPNOTSUPP: another level; -ENOPROTOOPT, -EINVAL, -EDOM, -EPERM, -EACCES. */
int sock_option_set(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t len)
{
	struct sock *s = f->private;
	uint32_t v;
	int err;

	if ((int32_t)len < 0)
		return -EINVAL;
	if (s->ops->option_set) {
		err = s->ops->option_set(s, me, level, name, user, len);
		if (err != -ENOPROTOOPT || level != SOL_SOCKET)
			return err;
	}
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (is_time(name))
		return time_set(s, name, user, len);
	if (len < sizeof v)
		return -EINVAL;
	if (user_get32(user, &v))
		return -EFAULT;
	if (name == SO_LINGER)
		return linger_set(s, user, len);
	return number_set(s, me->cred, name, (int)v);
}

/* --- getting ------------------------------------------------------------ */

static int number_get(struct sock *s, int name, int *out)
{
	unsigned bit = switch_bit(name);

	if (bit) {
		*out = (s->options & bit) != 0;
		return 0;
	}
	switch (name) {
	case SO_TYPE:
		*out = s->type;
		return 0;
	case SO_DOMAIN:
		*out = s->family;
		return 0;
	case SO_PROTOCOL:
		*out = s->protocol;
		return 0;
	case SO_ERROR:
		*out = -sock_take_error(s);
		return 0;
	case SO_ACCEPTCONN:
		*out = s->ops->listening && s->ops->listening(s);
		return 0;
	case SO_SNDBUF:
		*out = s->send_limit;
		return 0;
	case SO_RCVBUF:
		*out = s->receive_limit;
		return 0;
	case SO_RCVLOWAT:
		*out = s->receive_low;
		return 0;
	case SO_SNDLOWAT:
		*out = 1;
		return 0;
	case SO_PRIORITY:
		*out = s->priority;
		return 0;
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMP_NEW:
	case SO_TIMESTAMPNS_NEW:
		*out = s->timestamp == name;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* Of `n` bytes as many as the user has room for. */
static int give(uint32_t user, uint32_t user_len, uint32_t room,
		const void *value, uint32_t n)
{
	n = min_u32(n, room);
	if (user_copy_out(user, value, n))
		return -EFAULT;
	return user_put32(user_len, n);
}

int sock_option_give(uint32_t user, uint32_t user_len, const void *value,
		     uint32_t n)
{
	uint32_t room;

	if (user_get32(user_len, &room))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	return give(user, user_len, room, value, n);
}

static int time_get(struct sock *s, int name, uint32_t user, uint32_t user_len,
		    uint32_t room)
{
	uint64_t ns = *time_of(s, name);
	uint32_t us_rest = 0;
	uint64_t sec = 0;
	int32_t narrow[2];
	int64_t wide[2];

	if (ns != SLEEP_FOREVER)
		sec = div_u64(div_u64(ns, NS_PER_US, NULL), US_PER_SEC,
			      &us_rest);
	narrow[0] = (int32_t)sec;
	narrow[1] = (int32_t)us_rest;
	wide[0] = (int64_t)sec;
	wide[1] = us_rest;
	if (is_wide(name))
		return give(user, user_len, room, wide, sizeof wide);
	return give(user, user_len, room, narrow, sizeof narrow);
}

/* Who is at the other end. A process that me cannot see has no number. */
static int peer_get(const struct sock *s, const struct thread *me,
		    uint32_t user, uint32_t user_len, uint32_t room)
{
	const struct cred *peer = s->peer_cred;
	struct abi_ucred c = { 0, UINT32_MAX, UINT32_MAX };

	if (peer) {
		if (proc_sees_cred(me->cred, peer))
			c.pid = s->peer_pid;
		c.uid = peer->euid;
		c.gid = peer->egid;
	}
	return give(user, user_len, room, &c, sizeof c);
}

static int peer_groups_get(const struct sock *s, uint32_t user,
			   uint32_t user_len, uint32_t room)
{
	const struct cred *peer = s->peer_cred;
	uint32_t n;
	int err;

	if (!peer)
		return -ENODATA;
	n = peer->group_count * sizeof peer->groups[0];
	if (room < n) {
		err = user_put32(user_len, n);
		return err ? err : -ERANGE;
	}
	cred_hold(peer);	/* it may change while the copy sleeps */
	err = give(user, user_len, room, peer->groups, n);
	cred_drop(peer);
	return err;
}

/* user_len points at the room there is, and gets what was needed of it. */
int sock_option_get(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t user_len)
{
	struct sock *s = f->private;
	uint32_t room;
	int v, err;

	if (user_get32(user_len, &room))
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	if (s->ops->option_get) {
		err = s->ops->option_get(s, me, level, name, user, user_len);
		if (err != -ENOPROTOOPT || level != SOL_SOCKET)
			return err;
	}
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (is_time(name))
		return time_get(s, name, user, user_len, room);
	switch (name) {
	case SO_LINGER:
		return give(user, user_len, room, &s->linger, sizeof s->linger);
	case SO_PEERCRED:
		return peer_get(s, me, user, user_len, room);
	case SO_PEERGROUPS:
		return peer_groups_get(s, user, user_len, room);
	}
	err = number_get(s, name, &v);
	return err ? err : give(user, user_len, room, &v, sizeof v);
}
