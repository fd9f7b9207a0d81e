/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp.h - private to net: what a TCP connection is made of (RFC 9293).
 *
 * Bytes to send lie in chunks from snd.una on; segments are cut from them each
 * time, so a byte may be sent again in another segment. Bytes received stay in
 * the packets that brought them. Sequence numbers are compared by difference.
 *
 * A socket lives until its file is closed and its state is CLOSED; it is freed
 * by tcp_reap, which whoever came in from outside calls last.
 * Locks: the kernel lock; read_lock, write_lock over the copies of a call.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/inet.h"

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
	TCP_SACKS = 32,			/* ranges that a sender remembers */
	TCP_SCALE = 7,			/* the shift that we offer */
	TCP_BUFFER_FIRST = 131072, TCP_BUFFER_AUTO = 2097152, /* bytes */
};

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_after(a, b) ? a : b;
}
struct tcp_range { uint32_t from, to; };	/* to: the first behind it */

struct tcp_segment {		/* one that came in, parsed once */
	struct packet *k;	/* data: the payload; NULL: somebody took it */
	struct vnet *vnet;
	uint32_t src, dst, seq, ack;
	uint16_t sport, dport, urgent;
	uint8_t flags;
	uint32_t len;		/* payload bytes */
	uint32_t window;	/* as it stands in the header */
	uint16_t mss;		/* 0: no option */
	int scale;		/* -1: no option */
	bool sack_permitted, timestamp;
	uint32_t ts_value, ts_echo;
	unsigned sacks;
	struct tcp_range sack[4];
};
/* The first sequence number behind it: SYN and FIN count (RFC 9293 3.4). */
static inline uint32_t segment_end(const struct tcp_segment *g)
{
	return g->seq + g->len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN);
}

struct tcp_out {		/* one to be sent */
	struct vnet *vnet;
	uint32_t src, dst, seq, ack;
	uint16_t sport, dport, window, urgent, mss;
	uint8_t flags, ttl, tos;
	int device, scale;	/* scale -1, mss 0: no option */
	bool sack_permitted, timestamp;
	uint32_t ts_value, ts_echo;
	unsigned sacks;
	struct tcp_range sack[3];
};

struct tcp_chunk {		/* bytes to be sent */
	struct list link;
	uint32_t seq, len, room;
	uint8_t bytes[];
};

struct tcp_request {		/* a SYN that waits for its ACK (RFC 4987) */
	struct list link;	/* of its listener, oldest first */
	uint32_t local, remote, irs, iss, window, ts_recent;
	uint16_t local_port, remote_port, mss;
	int scale;
	bool sack, timestamp;
	unsigned tries;
	uint32_t due;		/* ms: the next SYN-ACK */
};

enum tcp_recovery { TCP_OPEN, TCP_RECOVERY, TCP_LOSS };
struct tcp_sock;
struct tcp_control {		/* a congestion control */
	const char *name;
	void (*acked)(struct tcp_sock *s, uint32_t bytes); /* above ssthresh */
	uint32_t (*threshold)(struct tcp_sock *s);	/* after a loss */
};

struct tcp_sock {
	struct inet_sock inet;		/* first */
	enum tcp_state state;
	bool orphan;			/* no file any more */
	unsigned shut;			/* TCP_NO_* */
	struct list all_link;
	struct {			/* RFC 9293 3.3.1 */
		uint32_t iss, una, nxt;
		uint32_t max;		/* the highest that was ever sent */
		uint32_t end;		/* behind the last byte written */
		uint32_t window, wl1, wl2, window_max;
		uint32_t urgent;
		bool urgent_set, fin;	/* fin: at end */
		uint8_t scale;
		uint16_t mss;		/* what the other takes */
		uint16_t mss_clamp;	/* what the way takes, as we guess; 0 */
		uint16_t way;		/* what the route takes, options too */
		bool cut;		/* its device cuts segments for us */
	} snd;
	struct {
		uint32_t irs, nxt;
		uint32_t edge;		/* of the window that we told */
		uint32_t read;		/* what the program reads next */
		uint32_t acked;		/* RFC 7323: Last.ACK.sent */
		uint32_t urgent, round, fin_at;
		uint16_t mss;		/* largest segment seen */
		uint8_t scale, urgent_byte;
		bool urgent_set, urgent_here; /* there is a mark; its byte */
		bool fin_set, fin_got;	/* fin_at is known; all before it came */
	} rcv;
	struct list chunks;		/* to send */
	uint32_t chunk_bytes;		/* memory of them */
	struct list queue, late;	/* received: in order; out of order */
	uint32_t late_bytes;
	struct tcp_range last_late;	/* RFC 2018 4: told first */

	bool timestamps, sack;
	uint32_t ts_recent, ts_recent_at, ts_offset;
	struct tcp_range sacked[TCP_SACKS];	/* in order */
	unsigned sack_count;

	/* congestion */
	const struct tcp_control *control;
	enum tcp_recovery recovery;
	uint32_t cwnd, ssthresh, recover, resent, dupacks;
	uint32_t count;			/* Reno: bytes acked of this window */
	uint32_t wmax, west, epoch, k_ms;	/* RFC 9438 */
	bool epoch_set;

	/* time, in ms */
	uint32_t srtt, rttvar, rto;	/* srtt << 3, rttvar << 2 */
	bool timing;
	uint32_t timed_seq, timed_at;
	unsigned backoff, probes, keep_sent;
	uint32_t first_resent;		/* when what is at una was first resent */
	uint32_t heard;			/* when the other was last heard */
	uint32_t challenge_after;	/* none before that */
	bool challenged;
	struct timer resend, ack_timer, keep;	/* keep: also the waits of FIN */
	bool persist;			/* resend is a probe of the window */
	bool ack_now, ack_owed;

	/* options */
	bool nodelay, cork, more, quickack, sized, connecting;
	uint32_t keep_idle, keep_interval, keep_count, user_timeout, syn_tries;
	int linger2;
	uint16_t mss_wanted;
	int soft_error;

	/* listening */
	struct list requests, ready;	/* ready: to be accepted */
	unsigned request_count, ready_count, backlog;
	struct list ready_link;		/* in its listener's */
	struct tcp_sock *listener;	/* NULL once accepted */

	struct sleep_queue readers, writers;
	struct sleep_lock read_lock, write_lock;
};
enum { TCP_NO_RECEIVE = 1, TCP_NO_SEND = 2 };
static inline struct tcp_sock *tcp_of(struct sock *s)
{
	return container_of(s, struct tcp_sock, inet.sock);
}
/* Bytes that were written and are not acknowledged yet. */
static inline uint32_t tcp_unacked(const struct tcp_sock *s)
{
	return seq_before(s->snd.una, s->snd.end) ? s->snd.end - s->snd.una : 0;
}
static inline uint32_t tcp_readable(const struct tcp_sock *s)
{
	return s->rcv.nxt - s->rcv.read - s->rcv.fin_got;
}
static inline bool tcp_synchronized(const struct tcp_sock *s)
{
	return s->state != TCP_CLOSED && s->state != TCP_LISTEN &&
	       s->state != TCP_SYN_SENT && s->state != TCP_SYN_RECEIVED;
}
static inline uint32_t tcp_now(void)	/* ms */
{
	return (uint32_t)div_u64(arch_clock_ns(), 1000000, NULL);
}

/* --- tcp_header.c -------------------------------------------------------------- */

/* Of k behind h's header; k's data become the payload. -EINVAL, -EBADMSG: sum. */
int tcp_parse(struct packet *k, const struct ip_header *h,
	      struct tcp_segment *g) must_check;
/* The payload k goes out behind a header; takes k. */
int tcp_emit(struct packet *k, const struct tcp_out *o);
void tcp_reset_reply(const struct tcp_segment *g);	/* RFC 9293 3.5.2 */

/* --- tcp_isn.c ------------------------------------------------------------------- */

/* RFC 6528. which: 0 sequence number, 1 offset of the timestamps. */
uint32_t tcp_secret_hash(uint32_t local, uint16_t local_port, uint32_t remote,
			 uint16_t remote_port, uint32_t which);
uint32_t tcp_isn(uint32_t local, uint16_t local_port, uint32_t remote,
		 uint16_t remote_port);

/* --- tcp_input.c, tcp_ack.c ------------------------------------------------------- */

void tcp_input(struct packet *k, const struct ip_header *h);
void tcp_error(struct vnet *v, const struct ip_header *h,
	       const uint8_t *transport, unsigned n, int err, int type,
	       int code, uint32_t info);
void tcp_segment_arrives(struct tcp_sock *s, struct tcp_segment *g);
/* RFC 9293 3.10.7.4, fifth; false: g is to be dropped. */
bool tcp_ack_arrives(struct tcp_sock *s, const struct tcp_segment *g);
void tcp_set_window(struct tcp_sock *s, const struct tcp_segment *g);

/* --- tcp_reassembly.c -------------------------------------------------------------- */

/* g's text, which begins in or before the window. Takes g->k where it keeps it. */
void tcp_text(struct tcp_sock *s, struct tcp_segment *g);
void tcp_receive_purge(struct tcp_sock *s);
unsigned tcp_late_ranges(const struct tcp_sock *s, struct tcp_range out[3]);

/* --- tcp_output.c -------------------------------------------------------------------- */

void tcp_output(struct tcp_sock *s);		/* what may be sent now */
void tcp_send_ack(struct tcp_sock *s);		/* now */
void tcp_challenge(struct tcp_sock *s);		/* RFC 5961 */
void tcp_send_reset(struct tcp_sock *s);
void tcp_send_syn(struct tcp_sock *s);		/* or SYN-ACK: by state */
/* n bytes at seq, at most, again. Bytes sent; 0: it did not work. */
uint32_t tcp_resend(struct tcp_sock *s, uint32_t seq, uint32_t n);
void tcp_probe(struct tcp_sock *s);		/* RFC 9293 3.8.4, 3.8.6.1 */
void tcp_way(struct tcp_sock *s);		/* looks at the route again */
uint32_t tcp_mss(const struct tcp_sock *s);	/* payload of a full segment */
uint32_t tcp_receive_space(const struct tcp_sock *s);
bool tcp_window_opens(const struct tcp_sock *s);
int tcp_append(struct tcp_sock *s, const void *from, uint32_t n) must_check;
void tcp_chunks_acked(struct tcp_sock *s, uint32_t una);
void tcp_chunks_purge(struct tcp_sock *s);

/* --- tcp_timer.c ---------------------------------------------------------------------- */

void tcp_timers_begin(struct tcp_sock *s);
void tcp_timers_stop(struct tcp_sock *s);
void tcp_resend_arm(struct tcp_sock *s);	/* RFC 6298 5 */
void tcp_ack_arm(struct tcp_sock *s);
void tcp_keep_arm(struct tcp_sock *s);
void tcp_keep_after(struct tcp_sock *s, uint32_t ms);
void tcp_rtt_sample(struct tcp_sock *s, uint32_t ms);
enum { TCP_RTO_FIRST = 1000, TCP_RTO_MIN = 200, TCP_RTO_MAX = 120000,
       TCP_ACK_DELAY = 40, TCP_TIME_WAIT_MS = 60000, TCP_FIN_WAIT_MS = 60000,
       TCP_RETRIES = 15, TCP_SYN_RETRIES = 6, TCP_ORPHAN_RETRIES = 8 };

/* --- tcp_congestion.c, tcp_sack.c ------------------------------------------------------- */

extern const struct tcp_control tcp_cubic, tcp_reno;
void tcp_congestion_begin(struct tcp_sock *s);	/* RFC 6928 */
void tcp_congestion_acked(struct tcp_sock *s, uint32_t bytes);
void tcp_congestion_timeout(struct tcp_sock *s);
void tcp_recovery_dupack(struct tcp_sock *s);	/* one that tells nothing new */
void tcp_recovery_acked(struct tcp_sock *s, uint32_t ack, uint32_t bytes);
uint32_t tcp_flight(const struct tcp_sock *s);
/* True: g told something new. */
bool tcp_sack_note(struct tcp_sock *s, const struct tcp_segment *g);
void tcp_sack_forget(struct tcp_sock *s, uint32_t una);
bool tcp_sack_lost(const struct tcp_sock *s, uint32_t seq);
uint32_t tcp_sack_pipe(const struct tcp_sock *s);
/* RFC 6675 4 NextSeg 1, 3: what to send again. */
bool tcp_sack_hole(const struct tcp_sock *s, bool lost_only,
		   struct tcp_range *out);

/* --- tcp_listen.c -------------------------------------------------------------------------- */

void tcp_listen_input(struct tcp_sock *s, struct tcp_segment *g);
void tcp_listen_tick(struct tcp_sock *s);
void tcp_listen_end(struct tcp_sock *s);
int tcp_listen(struct sock *sock, struct thread *me, unsigned backlog);
int tcp_accept_wait(struct sock *sock, bool wait);
void tcp_accept_take(struct sock *sock, struct file *f);

/* --- tcp_socket.c, tcp_transfer.c, tcp_option.c, tcp_show.c ---------------------------------- */

int tcp_new(const struct cred *who, struct tcp_sock **out) must_check;
void tcp_set_state(struct tcp_sock *s, enum tcp_state to);
void tcp_wake(struct tcp_sock *s);
/* The connection is over; err 0 or what the program is told. */
void tcp_done(struct tcp_sock *s, int err);
void tcp_time_wait(struct tcp_sock *s);
void tcp_reap(struct tcp_sock *s);	/* frees s if nobody has it any more */
void tcp_close_send(struct tcp_sock *s);	/* FIN behind all data */
void tcp_fin_acked(struct tcp_sock *s);
void tcp_abort(struct tcp_sock *s, int err);	/* with RST, where it fits */
extern struct list tcp_all;
int tcp_send(struct sock *sock, struct sock_msg *m, bool wait);
int tcp_receive(struct sock *sock, struct sock_msg *m, bool wait);
unsigned tcp_poll(struct sock *sock, struct poller *p);
int tcp_ioctl(struct sock *sock, struct thread *me, uint32_t cmd, uint32_t arg);
int tcp_option_set(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t len);
int tcp_option_get(struct sock *sock, struct thread *me, int level, int name,
		   uint32_t user, uint32_t user_len);
void tcp_show_init(void);
void tcp_init(void);

#endif
