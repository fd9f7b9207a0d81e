/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagram_error.c - IP_RECVERR (Linux ip(7)): errors about what was sent, kept
 * for recvmsg with MSG_ERRQUEUE: what traceroute and path MTU tools live from.
 *
 * A kept error is a packet: its data what ICMP quoted of the one sent, its note
 * in the room before them. It counts for the same limit as what comes in.
 * Locks: the kernel lock.
 */
#include "net/datagram.h"

struct note {
	struct {		/* the control message */
		struct abi_sock_extended_err error;
		struct abi_sockaddr_in teller;
	} message;
	uint32_t dst;
	uint16_t port;
};
_Static_assert(sizeof(struct note) <= PACKET_HEAD, "it fits before the data");

static struct note *note_of(const struct packet *k)
{
	assert(k->network == k->block);
	return (struct note *)k->network;
}

static void keep(struct datagram_sock *s, const struct note *note,
		 const void *data, unsigned n)
{
	struct packet *k;

	assert(note->message.error.error > 0);
	if (s->queue.bytes + s->errors.bytes > s->inet.sock.receive_limit)
		return;
	k = packet_new_for(s->inet.sock.prison, n);
	if (!k)
		return;
	k->network = k->block;
	*note_of(k) = *note;
	memcpy(packet_put(k, n), data, n);
	packet_queue_add(&s->errors, k);
	sleep_wake(&s->queue.readers);	/* it is there that they wait */
}

void datagram_told(struct datagram_sock *s, const struct ip_error *e,
		   uint16_t port, bool hard)
{
	const struct ip_header *h = e->head;
	struct note note = {
		.message = {
			{ e->err, SO_EE_ORIGIN_ICMP, e->type, e->code, 0,
			  e->info, 0 },
			{ .family = AF_INET, .addr = h->told_by },
		},
		.dst = h->dst, .port = port,
	};

	if (!e->err)
		return;
	pmtu_told(e);
	if (s->inet.receive_error)
		keep(s, &note, e->quoted, e->n);
	if (s->inet.receive_error || (s->inet.remote && hard))
		datagram_error(s, e->err);
}

int datagram_failed(struct datagram_sock *s, const struct datagram_to *to,
		    int err)
{
	struct note note = {
		.message.error = { EMSGSIZE, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 0, 0 },
		.dst = to->out.dst, .port = to->port,
	};
	struct route r;

	assert(err < 0);
	if (err != -EMSGSIZE || !s->inet.receive_error ||
	    route_find_by(to->out.vnet, to->out.dst, to->out.device, &r))
		return err;
	note.message.error.info = r.mtu;
	keep(s, &note, "", 0);
	return err;
}

/* The error that a call would be told next is that of the next note. */
static void error_next(struct datagram_sock *s)
{
	const struct packet *k = packet_queue_first(&s->errors);

	if (s->inet.sock.error)
		s->inet.sock.error = k ? (int)note_of(k)->message.error.error :
					 0;
}

int datagram_error_receive(struct datagram_sock *s, struct sock_msg *m)
{
	struct packet *k;
	int n, err;

	if (packet_queue_empty(&s->errors))
		return -EAGAIN;
	n = packet_queue_take(&s->errors, false, &k); /* MSG_PEEK or not: Linux */
	if (n)
		return n;
	error_next(s);
	m->told |= MSG_ERRQUEUE;
	if (m->name)
		inet_name_fill(m->name, note_of(k)->dst, note_of(k)->port);
	n = packet_give(k, m);
	err = n < 0 ? n : sock_put_control(m, IPPROTO_IP, IP_RECVERR,
					   &note_of(k)->message,
					   sizeof note_of(k)->message);
	packet_free(k);
	return err ? err : n;
}
