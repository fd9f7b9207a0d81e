/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_option.c - options of level SOL_TCP (Linux tcp(7)), and SO_KEEPALIVE's
 * effect. Locks: the kernel lock.
 */
#include "net/datagram.h"
#include "net/option.h"
#include "net/tcp.h"

enum { MS = 1000, CONTROL_NAME = 16, DEFER_TRIES = 255 };

const struct tcp_options tcp_options_first = {
	.keep_idle = 7200, .keep_interval = 75, .keep_count = 9,
	.syn_tries = 6, .control = &congestion_cubic,
};

/* What waits to be sent may have waited for that. */
static void send_changed(struct sock *sock)
{
	struct tcp_sock *s = tcp_of(sock);

	s->ack_now |= s->opt.quickack && s->ack_owed;
	tcp_output(s);
}

static void keep_changed(struct sock *sock)
{
	struct tcp_sock *s = tcp_of(sock);

	if (tcp_connected(s))
		tcp_keep_arm(s);
}

/* Rounded up to when a SYN-ACK is sent again. */
static int defer_check(struct option_call *c)
{
	int step = 1, sum = 0;

	for (unsigned n = 0; n < DEFER_TRIES && sum < c->v; n++) {
		sum += step;
		step = (int)min_u32(step * 2, RTO_MAX / MS);
	}
	c->v = sum;
	return 0;
}

static int mss_show(struct option_call *c)
{
	const struct tcp_sock *s = tcp_of(c->sock);

	if (tcp_synchronized(s))
		c->v = tcp_mss(s);
	return 0;
}

static int control_take(struct option_call *c)
{
	struct tcp_sock *s = tcp_of(c->sock);
	const struct congestion_control *control;
	char name[CONTROL_NAME];

	if (!c->len)
		return -EINVAL;
	if (option_take_text(c, name, sizeof name))
		return -EFAULT;
	control = congestion_find(name);
	if (!control)
		return -ENOENT;
	s->opt.control = control;
	congestion_anew(&s->cc);
	return 0;
}

static int control_give(struct option_call *c)
{
	char name[CONTROL_NAME] = "";

	str_copy(name, tcp_of(c->sock)->opt.control->name, sizeof name);
	return option_give(c, name, sizeof name);
}

static int info_give(struct option_call *c)
{
	struct abi_tcp_info info;

	tcp_info_fill(tcp_of(c->sock), &info);
	return option_give(c, &info, sizeof info);
}

#define AT(number, member) .level = SOL_TCP, .name = number, \
	OPTION_AT(tcp_sock, inet.sock, opt.member)

const struct sock_option tcp_option_table[] = {
	{ AT(TCP_NODELAY, nodelay), .changed = send_changed },
	{ AT(TCP_CORK, cork), .changed = send_changed },
	{ AT(TCP_QUICKACK, quickack), .changed = send_changed },
	{ AT(TCP_MAXSEG, mss), .least = 88, .most = 32767, .rule = OPTION_ZERO,
	  .unset = TCP_MSS_DEFAULT, .show = mss_show },
	{ AT(TCP_KEEPIDLE, keep_idle), .least = 1, .most = 32767,
	  .changed = keep_changed },
	{ AT(TCP_KEEPINTVL, keep_interval), .least = 1, .most = 32767 },
	{ AT(TCP_KEEPCNT, keep_count), .least = 1, .most = 127 },
	{ AT(TCP_SYNCNT, syn_tries), .least = 1, .most = 127 },
	{ AT(TCP_LINGER2, linger2), .least = -1, .most = 120,
	  .rule = OPTION_CLAMP, .unset = TCP_FIN_WAIT_MS / MS },
	{ AT(TCP_DEFER_ACCEPT, defer_accept), .most = INT32_MAX,
	  .check = defer_check },
	{ AT(TCP_WINDOW_CLAMP, window_clamp), .least = 1152, .most = INT32_MAX,
	  .rule = OPTION_CLAMP | OPTION_ZERO },
	{ AT(TCP_USER_TIMEOUT, user_timeout), .most = INT32_MAX },
	{ .level = SOL_TCP, .name = TCP_CONGESTION, .take = control_take,
	  .give = control_give },
	{ .level = SOL_TCP, .name = TCP_INFO, .rule = OPTION_READ,
	  .give = info_give },
	{ .level = SOL_SOCKET, .name = SO_KEEPALIVE,
	  OPTION_AT(tcp_sock, inet.sock, inet.sock.options),
	  .bit = SOCK_OPTION_KEEPALIVE, .changed = keep_changed },
	{ 0 },
};
