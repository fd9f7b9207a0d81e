/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/tcp.h - options of TCP sockets (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_TCP_H
#define KERNEL_BASE_ABI_TCP_H

#include "kernel/base/base.h"

enum { SOL_IP = 0, SOL_TCP = 6 };
enum {
	TCP_NODELAY = 1, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL,
	TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
	TCP_WINDOW_CLAMP, TCP_INFO, TCP_QUICKACK, TCP_CONGESTION,
	TCP_USER_TIMEOUT = 18,
};
enum { TCPI_OPT_TIMESTAMPS = 1, TCPI_OPT_SACK = 2, TCPI_OPT_WSCALE = 4 };
struct abi_tcp_info {	/* times in us but last_*: ms */
	uint8_t state, ca_state, retransmits, probes, backoff, options;
	uint8_t scales;		/* the other's, and ours << 4 */
	uint8_t flags;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;	/* segments */
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd,
		 advmss, reordering, rcv_rtt, rcv_space, total_retrans;
};

_Static_assert(sizeof(struct abi_tcp_info) == 104, "Linux 2.6's tcp_info");

#endif
