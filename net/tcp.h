/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp.h - private to net: what a TCP connection is made of (RFC 9293).
 *
 * Bytes to send lie in packets from snd.una on; segments are cut from them each
 * time, so a byte may be sent again in another segment. Bytes received stay in
 * the packets that brought them, in one list by sequence number: what is before
 * rcv.nxt may be read. Sequence numbers are compared by difference.
 *
 * A socket lives until its file is closed and its state is CLOSED; it is freed
 * by tcp_reap, which whoever came in from outside calls last.
 * Locks: the kernel lock; stream.c's read_lock and write_lock.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "kernel/base/abi/tcp.h"
#include "net/congestion.h"
#include "net/inet.h"
#include "net/rtt.h"
#include "net/packet_bytes.h"

enum tcp_state {	/* Linux's numbers: /proc/net/tcp, TCP_INFO */
	TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_FIN_WAIT1,
	TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSED, TCP_CLOSE_WAIT, TCP_LAST_ACK,
	TCP_LISTEN, TCP_CLOSING, TCP_STATES,
};
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16,
       TCP_URG = 32 };
enum {
	TCP_HEAD = 20, TCP_HEAD_MAX = 60,
	TCP_MSS_DEFAULT = 536,		/* RFC 9293 3.7.1 */
	TCP_SCALE = 7,			/* the shift that we offer */
	TCP_BUFFER_AUTO = 2097152,	/* bytes that buffers grow to; */
	TCP_BUFFER_NEAR = 262144,	/* on the same machine: see tcp_buffer_most */
	TCP_RANGES = 36,		/* what is beyond is sent twice */
	TCP_DUP_THRESH = 3,
	TCP_ACK_DELAY = 40, TCP_TIME_WAIT_MS = 60000, TCP_FIN_WAIT_MS = 60000,
};

struct tcp_segment {		/* one that came in, parsed once, or goes out */
	struct packet *k;	/* in: the payload; NULL: somebody took it */
	struct vnet *vnet;
	uint32_t src, dst, seq, ack, len;	/* len: of the payload */
	uint32_t window;	/* as it stands in the header */
	uint16_t sport, dport, urgent, mss;	/* mss 0: no option */
	uint8_t flags;
	int8_t scale;		/* -1: no option */
	bool sack_permitted, timestamp;
	uint32_t ts_value, ts_echo;
	unsigned sacks;
	struct range sack[4];
};
/* The first sequence number behind it: SYN and FIN count (RFC 9293 3.4). */
static inline uint32_t segment_end(const struct tcp_segment *g)
{
	return g->seq + g->len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN);
}

enum tcp_urgent { TCP_NO_MARK, TCP_MARK_COMES, TCP_MARK_HERE, TCP_MARK_READ };
enum tcp_recovery { TCP_OPEN, TCP_RECOVERY, TCP_LOSS };
struct tcp_options {	/* by setsockopt; a listener's children begin with it */
	int32_t nodelay, cork, quickack, mss;	/* mss 0: the route's */
	int32_t keep_idle, keep_interval, keep_count, syn_tries; /* s */
	int32_t linger2, defer_accept;		/* s */
	int32_t user_timeout, window_clamp;	/* ms; bytes; 0: none */
	const struct congestion_control *control;
};

struct tcp_sock {
	struct inet_sock inet;		/* first */
	enum tcp_state state;
	bool orphan;			/* no file any more */
	struct tcp_options opt;
	struct {			/* RFC 9293 3.3.1 */
		uint32_t iss, una, nxt;
		uint32_t end;		/* behind the last byte written */
		uint32_t window, wl1, wl2, window_max;
		uint32_t urgent;
		bool urgent_set, fin;	/* fin: at end */
		bool more;		/* the program is about to write more */
		uint8_t scale;
		uint16_t mss;		/* what the other takes */
		uint16_t mss_clamp;	/* what the way takes, as we guess; 0 */
		uint16_t way;		/* what the route takes, options too */
		bool cut;		/* its device cuts segments for us */
		bool near;		/* the other is on this machine */
	} snd;
	struct {
		uint32_t irs, nxt;
		uint32_t edge;		/* of the window that we told */
		uint32_t read;		/* what the program reads next */
		uint32_t acked;		/* RFC 7323: Last.ACK.sent */
		uint32_t urgent, round, fin_at;
		uint32_t last_late;	/* RFC 2018 4: its range is told first */
		uint16_t mss;		/* largest segment seen */
		uint8_t scale, urgent_byte;
		enum tcp_urgent mark;	/* the byte at urgent */
		bool begun;		/* the other has said SYN: irs is known */
		bool fin_set, fin_got;	/* fin_at is known; all before it came */
	} rcv;
	struct packet_bytes chunks, queue; /* to send; received */
	struct range_set sacked, late;	/* what the other has; what we have */
	struct range sacked_at[TCP_RANGES], late_at[TCP_RANGES];

	bool timestamps, sack;
	uint32_t ts_recent, ts_recent_at, ts_offset;

	/* congestion */
	enum tcp_recovery recovery;
	struct congestion cc;
	uint32_t recover;	/* what is sent from here on is not of this loss */
	uint32_t resent;	/* the holes below have been sent again */
	uint32_t dupacks;

	/* time, in ms */
	struct rtt rtt;
	bool timing;
	uint32_t timed_seq, timed_at;
	unsigned backoff;		/* how often sent again, or probed */
	unsigned keep_sent;
	uint32_t heard;			/* when the other was last heard */
	uint32_t stuck;			/* since when nothing is acknowledged */
	uint32_t challenged;		/* when last; 0 never */
	struct timer resend, ack_timer, keep;	/* keep: also the waits of FIN */
	struct defer soon;			/* tcp_ack_soon */
	bool persist;			/* resend is a probe of the window */
	bool push;			/* what is small has waited enough */
	bool ack_now, ack_owed, connecting;
	bool turns;			/* each answers: acks go with that */
	int soft_error;

	/* listening */
	struct list embryos;		/* children in SYN-RECEIVED */
	unsigned embryo_count;
	uint32_t flooded;		/* when a cookie was last sent; 0 never */
	struct tcp_sock *listener;	/* NULL once accepted */
	bool deferred;			/* TCP_DEFER_ACCEPT: it waits for data */
};
static inline struct tcp_sock *tcp_of(struct sock *s)
{
	return container_of(s, struct tcp_sock, inet.sock);
}
static inline const struct tcp_sock *tcp_of_const(const struct sock *s)
{
	return container_of(s, const struct tcp_sock, inet.sock);
}
/* Bytes that were written and are not acknowledged yet. */
static inline uint32_t tcp_unacked(const struct tcp_sock *s)
{
	return seq_before(s->snd.una, s->snd.end) ? s->snd.end - s->snd.una : 0;
}
/* What buffers grow to by themselves. No bytes are under way between two on one
 * machine: more than a few segments only push each other out of its cache. */
static inline uint32_t tcp_buffer_most(const struct tcp_sock *s)
{
	return s->snd.near ? TCP_BUFFER_NEAR : TCP_BUFFER_AUTO;
}
static inline uint32_t tcp_readable(const struct tcp_sock *s)
{
	return s->rcv.nxt - s->rcv.read - s->rcv.fin_got;
}
/* It had a connection, which is over: as on Linux it gets no other unless it is
 * disconnected (AF_UNSPEC). */
static inline bool tcp_ended(const struct tcp_sock *s)
{
	return s->state == TCP_CLOSED && s->rcv.begun;
}
static inline bool tcp_handshake(const struct tcp_sock *s)
{
	return s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED;
}
static inline bool tcp_synchronized(const struct tcp_sock *s)
{
	return s->state != TCP_CLOSED && s->state != TCP_LISTEN &&
	       !tcp_handshake(s);
}
/* The same, and not over: there is something to be said or heard. */
static inline bool tcp_connected(const struct tcp_sock *s)
{
	return tcp_synchronized(s) && s->state != TCP_TIME_WAIT;
}
/* Of the connection of g, which is from the other. */
static inline uint32_t tcp_secret(const struct tcp_segment *g, uint32_t which)
{
	return inet_secret(which, g->dst, g->dport, g->src, g->sport);
}
static inline uint32_t tcp_now(void)	/* ms */
{
	return (uint32_t)div_u64(arch_clock_ns(), 1000000, NULL);
}

/* --- tcp_header.c -------------------------------------------------------------- */

/* Of k behind h's header; k's data become the payload. -EINVAL, -EBADMSG: sum. */
int tcp_parse(struct packet *k, const struct ip_header *h,
	      struct tcp_segment *g) must_check;
/* The payload k goes out behind a header, as i's or NULL; takes k. */
void tcp_emit(struct packet *k, const struct tcp_segment *g,
	      const struct inet_sock *i);
void tcp_reset_reply(const struct tcp_segment *g);	/* RFC 9293 3.5.2 */

/* --- tcp_input.c, tcp_ack.c ------------------------------------------------------ */

void tcp_input(struct packet *k, const struct ip_header *h);
void tcp_error(const struct ip_error *e);
void tcp_segment_arrives(struct tcp_sock *s, struct tcp_segment *g);
/* What the other's SYN says. */
void tcp_negotiate(struct tcp_sock *s, const struct tcp_segment *g);
/* RFC 9293 3.10.7.4, fifth; false: g is to be dropped. */
bool tcp_ack_arrives(struct tcp_sock *s, const struct tcp_segment *g);
void tcp_all_lost(struct tcp_sock *s);	/* what is not acked goes again */
void tcp_congested(struct tcp_sock *s);	/* a time-out: begin slowly */

/* --- tcp_reassembly.c ------------------------------------------------------------ */

/* g's text, which begins in or before the window. Takes g->k where it keeps it. */
void tcp_text(struct tcp_sock *s, struct tcp_segment *g);

/* --- tcp_output.c ------------------------------------------------------------------ */

void tcp_output(struct tcp_sock *s);		/* what may be sent now */
void tcp_send_ack(struct tcp_sock *s);		/* now */
void tcp_send_reset(struct tcp_sock *s);
void tcp_challenge(struct tcp_sock *s);		/* RFC 5961 */
void tcp_send_syn(struct tcp_sock *s);		/* or SYN-ACK: by state */
void tcp_resend_first(struct tcp_sock *s);	/* what is at una */
void tcp_probe(struct tcp_sock *s);		/* RFC 9293 3.8.4, 3.8.6.1 */
uint32_t tcp_mss(const struct tcp_sock *s);	/* payload of a full segment */
uint32_t tcp_mss_offer(struct tcp_sock *s, uint32_t to); /* by the way there */
uint32_t tcp_receive_space(const struct tcp_sock *s);
bool tcp_window_opens(const struct tcp_sock *s);

/* --- tcp_timer.c --------------------------------------------------------------------- */

void tcp_timers_begin(struct tcp_sock *s);
void tcp_timers_stop(struct tcp_sock *s);
void tcp_resend_arm(struct tcp_sock *s);	/* RFC 6298 5 */
void tcp_ack_arm(struct tcp_sock *s);		/* not too late */
void tcp_ack_soon(struct tcp_sock *s);		/* for all that come in now */
void tcp_keep_arm(struct tcp_sock *s);

/* --- tcp_sack.c ------------------------------------------------------------------------ */

uint32_t tcp_flight(const struct tcp_sock *s);	/* what is under way */
bool tcp_is_lost(const struct tcp_sock *s, uint32_t seq); /* RFC 6675 4 */
/* RFC 6675 4 NextSeg 1, 3: what to send again. */
bool tcp_hole(const struct tcp_sock *s, struct range *out);

/* --- tcp_listen.c ------------------------------------------------------------------------ */

void tcp_listen_input(struct tcp_sock *s, struct tcp_segment *g);
/* s, a child in SYN-RECEIVED: g acknowledges its SYN. False: that is not enough. */
bool tcp_embryo_acked(struct tcp_sock *s, const struct tcp_segment *g);
void tcp_embryo_lost(struct tcp_sock *s);
bool tcp_is_deferred(const struct tcp_sock *s);
int tcp_listen(struct sock *sock, struct thread *me, unsigned backlog);
void tcp_listen_end(struct tcp_sock *s);

/* --- tcp_socket.c, tcp_transfer.c, tcp_option.c ------------------------------------------- */

/* A number to begin with: RFC 6528. */
uint32_t tcp_isn(const struct tcp_segment *g);
void tcp_begin(struct tcp_sock *s, uint32_t iss, uint32_t time);
void tcp_set_state(struct tcp_sock *s, enum tcp_state to);
void tcp_wake(struct tcp_sock *s);
/* The connection is over; err 0 or what the program is told. */
void tcp_done(struct tcp_sock *s, int err);
void tcp_time_wait(struct tcp_sock *s);
void tcp_reap(struct tcp_sock *s);	/* frees s if nobody has it any more */
void tcp_fin_wait(struct tcp_sock *s);	/* in FIN-WAIT-2, from now on */
void tcp_abort(struct tcp_sock *s, int err);	/* with RST, where it fits */
extern const struct stream_ops tcp_bytes;
int tcp_receive(struct sock *sock, struct sock_msg *m, bool wait);
bool tcp_skips_urgent(const struct tcp_sock *s);
unsigned tcp_poll(struct sock *sock, struct poller *p);
uint32_t tcp_queued(struct sock *sock, bool out);
extern const struct tcp_options tcp_options_first;

/* --- tcp_show.c ----------------------------------------------------------------------------- */

void tcp_info_fill(const struct tcp_sock *s, struct abi_tcp_info *i);
bool tcp_line(const struct inet_sock *i, struct inet_line *l);	/* of /proc/net/tcp */

#endif
