/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_option.c - setsockopt and getsockopt at level SOL_TCP, and SO_KEEPALIVE's
 * effect (Linux tcp(7)). Locks: the kernel lock.
 */
#include "kernel/base/abi/tcp.h"

#include "net/datagram.h"
#include "net/tcp.h"

enum { MS = 1000, KEEP_MAX = 32767, KEEP_TRIES_MAX = 127, MSS_LEAST = 88,
       MSS_MOST = 32767, CONTROL_NAME = 16 };

static int seconds(int v, uint32_t *ms)
{
	if (v < 1 || v > KEEP_MAX)
		return -EINVAL;
	*ms = (uint32_t)v * MS;
	return 0;
}

static int tries(int v, uint32_t *to)
{
	if (v < 1 || v > KEEP_TRIES_MAX)
		return -EINVAL;
	*to = v;
	return 0;
}

static int keep_idle_set(struct tcp_sock *s, int v)
{
	int err = seconds(v, &s->keep_idle);

	if (!err && tcp_synchronized(s) && s->state != TCP_TIME_WAIT)
		tcp_keep_arm(s);
	return err;
}

static int number_set(struct tcp_sock *s, int name, int v)
{
	switch (name) {
	case TCP_NODELAY:
		s->nodelay = v != 0;
		if (v)
			tcp_output(s);
		return 0;
	case TCP_CORK:
		s->cork = v != 0;
		if (!v)
			tcp_output(s);
		return 0;
	case TCP_MAXSEG:
		if (v && (v < MSS_LEAST || v > MSS_MOST))
			return -EINVAL;
		s->mss_wanted = v;
		return 0;
	case TCP_KEEPIDLE:
		return keep_idle_set(s, v);
	case TCP_KEEPINTVL:
		return seconds(v, &s->keep_interval);
	case TCP_KEEPCNT:
		return tries(v, &s->keep_count);
	case TCP_SYNCNT:
		return tries(v, &s->syn_tries);
	case TCP_LINGER2:
		s->linger2 = v > TCP_FIN_WAIT_MS / MS ? TCP_FIN_WAIT_MS :
			     v < 0 ? -1 : v * MS;
		return 0;
	case TCP_QUICKACK:
		s->quickack = v != 0;
		if (v && s->ack_owed)
			tcp_send_ack(s);
		return 0;
	case TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		s->user_timeout = v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int congestion_set(struct tcp_sock *s, uint32_t user, uint32_t len)
{
	char name[CONTROL_NAME] = "";

	if (!len)
		return -EINVAL;
	if (user_copy_in(name, user, min_u32(len, sizeof name - 1)))
		return -EFAULT;
	if (!strcmp(name, tcp_cubic.name))
		s->control = &tcp_cubic;
	else if (!strcmp(name, tcp_reno.name))
		s->control = &tcp_reno;
	else
		return -ENOENT;
	s->epoch_set = false;
	s->count = s->wmax = 0;
	return 0;
}

/* SO_KEEPALIVE is option.c's; here it begins to count. */
static int keepalive_set(struct tcp_sock *s, uint32_t user, uint32_t len)
{
	uint32_t v;

	if (len < sizeof v || user_get32(user, &v))
		return -ENOPROTOOPT;	/* option.c says so */
	if (v && tcp_synchronized(s) && s->state != TCP_TIME_WAIT)
		tcp_keep_after(s, s->keep_idle);
	return -ENOPROTOOPT;
}

int tcp_option_set(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t len)
{
	struct tcp_sock *s = tcp_of(sock);
	uint32_t v;

	if (level == SOL_SOCKET && name == SO_KEEPALIVE)
		return keepalive_set(s, user, len);
	if (level == SOL_IP &&
	    (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP))
		return -EPROTO;		/* one talks to one */
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

/* --- getting --------------------------------------------------------------------------------- */

static void info_fill(const struct tcp_sock *s, struct abi_tcp_info *i)
{
	uint32_t mss = s->state == TCP_LISTEN || s->state == TCP_CLOSED ?
		       TCP_MSS_DEFAULT : tcp_mss(s), now = tcp_now();

	*i = (struct abi_tcp_info){
		.state = s->state, .retransmits = s->backoff,
		.probes = s->probes, .backoff = s->backoff,
		.options = (s->timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
			   (s->sack ? TCPI_OPT_SACK : 0) |
			   (s->rcv.scale ? TCPI_OPT_WSCALE : 0),
		.scales = s->snd.scale | s->rcv.scale << 4,
		.rto = s->rto * MS, .ato = TCP_ACK_DELAY * MS,
		.snd_mss = mss, .rcv_mss = s->rcv.mss,
		.unacked = (s->snd.max - s->snd.una + mss - 1) / mss,
		.last_data_recv = now - s->heard,
		.last_ack_recv = now - s->heard,
		.pmtu = s->snd.way + TCP_HEAD + IP_HEAD,
		.rtt = (s->srtt >> 3) * MS, .rttvar = (s->rttvar >> 2) * MS,
		.snd_ssthresh = s->ssthresh / mss, .snd_cwnd = s->cwnd / mss,
		.advmss = s->snd.way, .reordering = 3,
		.rcv_space = tcp_receive_space(s),
	};
	if (s->state == TCP_LISTEN) {	/* as Linux: the line, and its length */
		i->unacked = s->ready_count;
		i->sacked = s->backlog;
	}
}

static int number_get(const struct tcp_sock *s, int name, int *v)
{
	switch (name) {
	case TCP_NODELAY:
		*v = s->nodelay;
		return 0;
	case TCP_CORK:
		*v = s->cork;
		return 0;
	case TCP_MAXSEG:
		*v = tcp_synchronized(s) ? (int)tcp_mss(s) :
		     s->mss_wanted ? s->mss_wanted : TCP_MSS_DEFAULT;
		return 0;
	case TCP_KEEPIDLE:
		*v = s->keep_idle / MS;
		return 0;
	case TCP_KEEPINTVL:
		*v = s->keep_interval / MS;
		return 0;
	case TCP_KEEPCNT:
		*v = s->keep_count;
		return 0;
	case TCP_SYNCNT:
		*v = s->syn_tries;
		return 0;
	case TCP_LINGER2:
		*v = s->linger2 < 0 ? -1 :
		     (s->linger2 ? s->linger2 : TCP_FIN_WAIT_MS) / MS;
		return 0;
	case TCP_QUICKACK:
		*v = s->quickack;
		return 0;
	case TCP_USER_TIMEOUT:
		*v = s->user_timeout;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_option_get(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t user_len)
{
	const struct tcp_sock *s = tcp_of(sock);
	struct abi_tcp_info info;
	char control[CONTROL_NAME] = "";
	int v, err;

	if (level != SOL_TCP)
		return inet_option_get(sock, me, level, name, user, user_len);
	if (name == TCP_INFO) {
		info_fill(s, &info);
		return sock_option_give(user, user_len, &info, sizeof info);
	}
	if (name == TCP_CONGESTION) {
		str_copy(control, s->control->name, sizeof control);
		return sock_option_give(user, user_len, control,
					sizeof control);
	}
	err = number_get(s, name, &v);
	return err ? err : sock_option_give(user, user_len, &v, sizeof v);
}
