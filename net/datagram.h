/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagram.h - AF_INET sockets whose messages are packets: UDP and raw.
 *
 * What came in waits in the queue, each packet whole; a protocol says by its
 * sock_ops what of it the program gets. Private to net. Locks: the kernel lock.
 */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "kernel/fs/charge.h"
#include "net/inet.h"
#include "net/packet_queue.h"

/* Where a message goes, and how. */
struct datagram_to {
	struct ip_out out;
	uint16_t port;			/* remote */
};

struct datagram_sock {
	struct inet_sock inet;		/* first */
	struct packet_queue queue;
	struct packet_queue errors;	/* IP_RECVERR: datagram_error.c */
	uint32_t dropped;		/* for want of room */
	bool no_receive, no_send;	/* shutdown(2) */
	bool cork;			/* UDP_CORK: MSG_MORE each time */
	struct packet *held;		/* a message not yet whole, or NULL; */
	struct datagram_to held_to;	/* where it is to go */
	uint32_t icmp_filter;		/* raw: bit per type not wanted */
};
static inline struct datagram_sock *datagram_of(struct sock *s)
{
	return container_of(inet_of(s), struct datagram_sock, inet);
}

/* --- datagram.c ------------------------------------------------------------ */

void datagram_begin(struct datagram_sock *s);	/* s is new */
/* sock_ops.release, .poll, .shutdown, .queued of all of them. */
void datagram_release(struct sock *sock);
unsigned datagram_poll(struct sock *sock, struct poller *p);
int datagram_shutdown(struct sock *sock, int how);
uint32_t datagram_queued(struct sock *sock, bool out);
/* May s, whose port or protocol it has, get k? One for many goes to who joined
 * the group; a jail's sockets get no broadcasts. */
bool datagram_wants(const struct inet_sock *s, const struct packet *k,
		    const struct ip_header *h);
/* Takes k. False: dropped, there is no room for it. Never sleeps. */
bool datagram_enqueue(struct datagram_sock *s, struct packet *k);
/* An error for the program: the next call fails with it, once. */
void datagram_error(struct datagram_sock *s, int err);

/* In the sock_ops of all of them; what sends is its own. */
#define DATAGRAM_OPS .bind = inet_sock_bind, .connect = inet_sock_connect, \
	.name = inet_sock_name, .receive = datagram_receive, \
	.shutdown = datagram_shutdown, .poll = datagram_poll, \
	.queued = datagram_queued, .release = datagram_release

/* --- datagram_error.c --------------------------------------------------------- */

/* ICMP says e of a packet that s sent to port. For who asked for IP_RECVERR it is
 * kept, with what is quoted of it; the call's error it is then too, and also
 * where `hard`. Never sleeps. */
void datagram_told(struct datagram_sock *s, const struct ip_error *e,
		   uint16_t port, bool hard);
/* A send failed here: err as it is, kept where it is that the way takes only
 * smaller packets. */
int datagram_failed(struct datagram_sock *s, const struct datagram_to *to,
		    int err);
/* recvmsg with MSG_ERRQUEUE. -EAGAIN: nothing is kept. Sleeps. */
int datagram_error_receive(struct datagram_sock *s, struct sock_msg *m);
/* sock_ops.receive: the data of the next packet, and where it came from. */
int datagram_receive(struct sock *sock, struct sock_msg *m, bool wait);

/* How a protocol sends. */
struct datagram_way {
	uint32_t most, head;	/* bytes of a message; of room before it */
	/* Takes k. */
	int (*output)(struct datagram_sock *s, struct packet *k,
		      struct datagram_to *to);
};
/* m's data to m's name or the peer, as its control messages and s's options say;
 * all passes the doors of s's prison. Bytes sent. -EMSGSIZE, -EDESTADDRREQ,
 * -EINVAL, -EAFNOSUPPORT, -EPIPE, -ENETUNREACH, -EADDRNOTAVAIL, -EADDRINUSE,
 * -EOPNOTSUPP, -ENOBUFS, -EFAULT, of ip_output, an error that waited. Sleeps. */
int datagram_send(struct sock *sock, struct sock_msg *m,
		  const struct datagram_way *way);
/* What MSG_MORE held back goes as it is. */
void datagram_flush(struct sock *sock, const struct datagram_way *way);
/* For .output: k, complete but for IP's header. Takes k; of ip_output. */
int datagram_output(struct datagram_sock *s, struct packet *k,
		    struct datagram_to *to);
/* inet_transport.line, for /proc/net/udp and raw. */
bool datagram_line(const struct inet_sock *i, struct inet_line *l);

/* --- inet_option.c ---------------------------------------------------------- */

/* Control messages of a send into *o. -EINVAL, -ENODEV, -EADDRNOTAVAIL. */
int inet_control_parse(const struct inet_sock *s, const struct sock_msg *m,
		       struct ip_out *o) must_check;
/* Those that s has asked for, about k. Sleeps. -EFAULT. */
int inet_control_give(const struct inet_sock *s, struct sock_msg *m,
		      const struct packet *k) must_check;
struct inet_group {		/* that a socket has joined */
	struct list link;	/* of its socket */
	struct list member;	/* netif_group_members */
	struct inet_sock *sock;
	struct netif *netif;
	uint32_t addr;
};
/* Has s joined the group on the interface that k came by? */
bool inet_joined(const struct inet_sock *s, uint32_t group,
		 const struct packet *k);
void inet_groups_leave(struct inet_sock *s);	/* all. Sleeps. */

/* --- filter.c ---------------------------------------------------------------- */

struct filter;
/* A struct sock_fprog. -EINVAL, -EFAULT, -ENOMEM. Sleeps. */
int filter_load(struct prison *pays, uint32_t user, uint32_t len,
		struct filter **out) must_check;
void filter_free(struct prison *pays, struct filter *f);	/* or NULL */
struct filter_packet {
	const uint8_t *data;
	uint32_t len;
	uint16_t protocol;	/* Ethernet's, in this machine's order */
	int kind, device;	/* PACKET_*; number of the interface */
};
/* How many bytes of it are wanted; 0: none, drop it. */
uint32_t filter_run(const struct filter *f, const struct filter_packet *k);

/* --- udp.c, raw.c, packet_socket.c -------------------------------------------- */

void udp_init(void);
void raw_init(void);
void packet_socket_init(void);

#endif
