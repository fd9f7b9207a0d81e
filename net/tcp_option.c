/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_option.c - setsockopt and getsockopt at level SOL_TCP, SO_KEEPALIVE's
 * effect (Linux tcp(7)). Locks: the kernel lock.
 */
#include "net/datagram.h"
#include "net/tcp.h"

enum { MS = 1000, CONTROL_NAME = 16 };

const struct tcp_options tcp_options_first = {
	.keep_idle = 7200, .keep_interval = 75, .keep_count = 9,
	.syn_tries = 6, .control = &tcp_cubic,
};

/* Numbers: outside of least .. most it is -EINVAL; 0 where that is zero. */
static const struct option {
	int name, least, most;
	bool clamped, zero;		/* clamped: it becomes least or most */
	size_t at;
} table[] = {
#define AT(member) offsetof(struct tcp_options, member)
	{ TCP_NODELAY, 0, 1, true, false, AT(nodelay) },
	{ TCP_CORK, 0, 1, true, false, AT(cork) },
	{ TCP_QUICKACK, 0, 1, true, false, AT(quickack) },
	{ TCP_MAXSEG, 88, 32767, false, true, AT(mss) },
	{ TCP_KEEPIDLE, 1, 32767, false, false, AT(keep_idle) },
	{ TCP_KEEPINTVL, 1, 32767, false, false, AT(keep_interval) },
	{ TCP_KEEPCNT, 1, 127, false, false, AT(keep_count) },
	{ TCP_SYNCNT, 1, 127, false, false, AT(syn_tries) },
	{ TCP_LINGER2, -1, 120, true, false, AT(linger2) },
	{ TCP_DEFER_ACCEPT, 0, 255, true, false, AT(defer_accept) },
	{ TCP_WINDOW_CLAMP, 1152, INT32_MAX, true, true, AT(window_clamp) },
	{ TCP_USER_TIMEOUT, 0, INT32_MAX, false, false, AT(user_timeout) },
};

static const struct option *option_find(int name)
{
	for (unsigned n = 0; n < ARRAY_LEN(table); n++)
		if (table[n].name == name)
			return &table[n];
	return NULL;
}

static int32_t *value_of(struct tcp_sock *s, const struct option *o)
{
	return (int32_t *)((char *)&s->opt + o->at);
}

static int number_set(struct tcp_sock *s, int name, int v)
{
	const struct option *o = option_find(name);

	if (!o)
		return -ENOPROTOOPT;
	if ((v < o->least || v > o->most) && !o->clamped && !(o->zero && !v))
		return -EINVAL;
	if (!(o->zero && !v))
		v = v < o->least ? o->least : v > o->most ? o->most : v;
	*value_of(s, o) = v;
	if (name == TCP_QUICKACK && v && s->ack_owed)
		tcp_send_ack(s);
	if (name == TCP_KEEPIDLE && tcp_synchronized(s) &&
	    s->state != TCP_TIME_WAIT)
		tcp_keep_arm(s);
	tcp_output(s);			/* it may have waited for that */
	return 0;
}

static int congestion_set(struct tcp_sock *s, uint32_t user, uint32_t len)
{
	char name[CONTROL_NAME] = "";

	if (!len)
		return -EINVAL;
	if (user_copy_in(name, user, min_u32(len, sizeof name - 1)))
		return -EFAULT;
	if (!strcmp(name, tcp_cubic.name))
		s->opt.control = &tcp_cubic;
	else if (!strcmp(name, tcp_reno.name))
		s->opt.control = &tcp_reno;
	else
		return -ENOENT;
	s->epoch_set = false;
	s->count = s->wmax = 0;
	return 0;
}

int tcp_option_set(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t len)
{
	struct tcp_sock *s = tcp_of(sock);
	uint32_t v;

	if (level == SOL_IP &&
	    (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP))
		return -EPROTO;		/* one talks to one */
	if (level == SOL_SOCKET && name == SO_KEEPALIVE && len >= sizeof v &&
	    !user_get32(user, &v) && v && tcp_synchronized(s) &&
	    s->state != TCP_TIME_WAIT)	/* the option is option.c's */
		tcp_arm(&s->keep, s->opt.keep_idle * MS);
	if (level != SOL_TCP)
		return inet_option_set(sock, me, level, name, user, len);
	if (name == TCP_CONGESTION)
		return congestion_set(s, user, len);
	if (len < sizeof v)
		return -EINVAL;
	if (user_get32(user, &v))
		return -EFAULT;
	return number_set(s, name, (int)v);
}

/* --- getting -------------------------------------------------------------------- */

static int number_get(struct tcp_sock *s, int name, int *v)
{
	const struct option *o = option_find(name);

	if (!o)
		return -ENOPROTOOPT;
	*v = *value_of(s, o);
	if (name == TCP_LINGER2 && !*v)
		*v = TCP_FIN_WAIT_MS / MS;
	if (name == TCP_MAXSEG && tcp_synchronized(s))
		*v = tcp_mss(s);
	else if (name == TCP_MAXSEG && !*v)
		*v = TCP_MSS_DEFAULT;
	return 0;
}

int tcp_option_get(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t user_len)
{
	struct tcp_sock *s = tcp_of(sock);
	struct abi_tcp_info info;
	char control[CONTROL_NAME] = "";
	int v, err;

	if (level != SOL_TCP)
		return inet_option_get(sock, me, level, name, user, user_len);
	if (name == TCP_INFO) {
		tcp_info_fill(s, &info);
		return sock_option_give(user, user_len, &info, sizeof info);
	}
	if (name == TCP_CONGESTION) {
		str_copy(control, s->opt.control->name, sizeof control);
		return sock_option_give(user, user_len, control,
					sizeof control);
	}
	err = number_get(s, name, &v);
	return err ? err : sock_option_give(user, user_len, &v, sizeof v);
}
