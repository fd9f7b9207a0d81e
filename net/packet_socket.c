/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_socket.c - AF_PACKET: frames as they are on the wire (SOCK_RAW) or
 * without the link's header (SOCK_DGRAM), for who asks for an address before
 * there is one, and for who looks on. packet(7).
 *
 * A socket for all protocols gets what goes out too; one for a single protocol
 * what comes in: in a queue, or in its ring (packet_ring.h). It sees everybody's
 * frames, so making one needs NET_RAW, which no jail has that shares its parent's
 * stack.
 *
 * Locks: the kernel lock. netif_tap runs from deferred work and never sleeps.
 */
#include "net/datagram.h"
#include "net/option.h"
#include "net/packet_ring.h"

enum { AT_TO = 0, AT_FROM = 6, AT_TYPE = 12, ETHER_ALL = 3 };

struct packet_sock {
	struct sock sock;	/* first */
	struct vnet *vnet;	/* [I] */
	struct list link;	/* of its vnet */
	struct packet_queue queue;	/* network is the link's header */
	struct filter *filter;	/* what is wanted of a frame; NULL: all */
	uint16_t protocol;	/* network byte order; 0: receives nothing */
	int device;		/* netif index; 0: all */
	struct list members;	/* struct member */
	struct abi_tpacket_stats stats;
	bool auxdata;
	int version;		/* TPACKET_* of a ring to be made */
	uint32_t reserve;	/* PACKET_RESERVE, likewise */
	struct packet_ring *ring;	/* or NULL */
};

/* PACKET_ADD_MEMBERSHIP: what else is to come in at an interface. */
struct member {
	struct list link;	/* of its socket */
	struct netif *netif;
	struct abi_packet_mreq asked;
	unsigned users;
};

static struct packet_sock *packet_of(struct sock *s)
{
	return container_of(s, struct packet_sock, sock);
}

/* --- frames ----------------------------------------------------------------------- */

static bool wants(const struct packet_sock *s, const struct netif *i,
		  const struct packet *k, bool out)
{
	uint16_t type;

	assert(s->vnet == i->vnet);
	if (s->device && s->device != i->index)
		return false;
	if (s->protocol == __builtin_bswap16(ETHER_ALL))
		return true;
	memcpy(&type, k->data + AT_TYPE, sizeof type);
	return !out && s->protocol && s->protocol == type;
}

static int kind_of(const struct netif *i, const uint8_t *head, bool out)
{
	static const uint8_t all[ETHER_ADDR] = { 255, 255, 255, 255, 255, 255 };
	const uint8_t *to = head + AT_TO;

	if (out)
		return PACKET_OUTGOING;
	if (i->flags & NETIF_LOOPBACK)
		return PACKET_HOST;
	if (to[0] & 1)
		return memcmp(to, all, ETHER_ADDR) ? PACKET_MULTICAST :
						     PACKET_BROADCAST;
	return memcmp(to, i->mac, ETHER_ADDR) ? PACKET_OTHERHOST : PACKET_HOST;
}

/* How many bytes of k, without its first `head`, s wants to see. */
static uint32_t wanted(const struct packet_sock *s, const struct netif *i,
		       const struct packet *k, uint32_t head, bool out)
{
	struct filter_packet p = {
		.data = k->data + head, .len = k->len - head,
		.protocol = net16(k->data + AT_TYPE), .device = i->index,
	};

	if (!s->filter)
		return p.len;
	p.kind = kind_of(i, k->data, out);
	return min_u32(p.len, filter_run(s->filter, &p));
}

static uint32_t status_of(const struct packet *k)
{
	return k->checksum == PACKET_CHECKSUM_PARTIAL ? TP_STATUS_CSUMNOTREADY :
							0;
}

static void address_fill(struct abi_sockaddr_ll *a, const struct netif *i,
			 const uint8_t *head, bool out)
{
	*a = (struct abi_sockaddr_ll){
		.family = AF_PACKET, .device = i->index,
		.hardware = i->hardware, .kind = kind_of(i, head, out),
		.addr_len = ETHER_ADDR,
	};
	memcpy(&a->protocol, head + AT_TYPE, sizeof a->protocol);
	memcpy(a->addr, head + AT_FROM, ETHER_ADDR);
}

/* The first `keep` bytes of k behind `head` for the program that maps the
 * ring. */
static bool ring_give(struct packet_sock *s, const struct netif *i,
		      const struct packet *k, uint32_t head, uint32_t keep,
		      bool out)
{
	struct packet_ring_frame f = {
		.data = k->data + head, .len = k->len - head, .kept = keep,
		.head = head ? 0 : ETHER_HEAD, .status = status_of(k),
	};

	address_fill(&f.from, i, k->data, out);
	if (!packet_ring_put(s->ring, &f, s->stats.drops != 0))
		return false;
	sleep_wake(&s->queue.readers);
	return true;
}

/* A copy of k for s, where there is room. */
static void give(struct packet_sock *s, struct netif *i, const struct packet *k,
		 bool out)
{
	uint32_t head = s->sock.type == SOCK_DGRAM ? ETHER_HEAD : 0;
	uint32_t keep = wanted(s, i, k, head, out);
	struct packet *c;

	assert(keep <= k->len - head);
	if (s->filter && !keep)
		return;
	s->stats.packets++;
	if (s->ring) {
		s->stats.drops += !ring_give(s, i, k, head, keep, out);
		return;
	}
	c = packet_queue_full(&s->queue, &s->sock) ? NULL : packet_copy(k);
	if (!c) {
		s->stats.drops++;
		return;
	}
	c->seq = k->len - head;
	c->in = i;
	c->looped = out ? i : NULL;
	c->network = c->data;
	packet_pull(c, head);
	packet_trim(c, keep);
	s->stats.drops += !packet_queue_offer(&s->queue, &s->sock, c);
}

static void tap(struct netif *i, const struct packet *k, bool out)
{
	assert(k->len >= ETHER_HEAD);
	list_each(l, &i->vnet->packet_sockets) {
		struct packet_sock *s = list_entry(l, struct packet_sock, link);

		if (wants(s, i, k, out))
			give(s, i, k, out);
	}
}

/* --- names ------------------------------------------------------------------------ */

static int packet_name(struct sock *sock, bool peer, struct sock_name *out)
{
	struct packet_sock *s = packet_of(sock);
	struct netif *i = s->device ? netif_by_index(s->vnet, s->device) : NULL;
	struct abi_sockaddr_ll *a = (void *)out->bytes;

	if (peer)
		return -EOPNOTSUPP;
	*a = (struct abi_sockaddr_ll){ .family = AF_PACKET,
				       .protocol = s->protocol };
	out->len = sizeof *a;
	if (!i)
		return 0;
	a->device = i->index;
	a->hardware = i->hardware;
	a->addr_len = ETHER_ADDR;
	memcpy(a->addr, i->mac, ETHER_ADDR);
	return 0;
}

static int name_read(const struct sock_name *n, struct abi_sockaddr_ll *a)
{
	if (n->len < sizeof *a)
		return -EINVAL;
	memcpy(a, n->bytes, sizeof *a);
	return a->family == AF_PACKET ? 0 : -EINVAL;
}

static void wire_gone(struct packet_sock *s)
{
	s->sock.error = ENETDOWN;
	sleep_wake(&s->queue.readers);
}

/* Who is bound to i is told that nothing will come. */
void packet_netif_down(const struct netif *i)
{
	list_each(l, &i->vnet->packet_sockets) {
		struct packet_sock *s = list_entry(l, struct packet_sock, link);

		if (s->device == i->index && s->protocol)
			wire_gone(s);
	}
}

/* What waits already is of the old interface and protocol: it goes. */
static int packet_bind(struct sock *sock, const struct path_at *at,
		       struct sock_name *n)
{
	struct packet_sock *s = packet_of(sock);
	const struct netif *i = NULL;
	struct abi_sockaddr_ll a;
	int err = name_read(n, &a);

	(void)at;
	if (err)
		return err;
	if (a.device) {
		i = netif_by_index(s->vnet, a.device);
		if (!i)
			return -ENODEV;
	}
	s->device = a.device;
	if (a.protocol)
		s->protocol = a.protocol;
	packet_queue_clear(&s->queue);
	if (i && s->protocol && !netif_up(i))
		wire_gone(s);
	return 0;
}

/* --- sending ---------------------------------------------------------------------- */

/* Bytes sent. -ENXIO: by which interface? -ENETDOWN, -EMSGSIZE, -EINVAL,
 * -ENOBUFS, -EFAULT. */
static int packet_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct packet_sock *s = packet_of(sock);
	struct abi_sockaddr_ll to = { .protocol = s->protocol,
				      .device = s->device };
	bool raw = sock->type == SOCK_RAW;
	uint32_t n = m->io->left;
	struct packet *k;
	struct netif *i;
	int err = 0;

	(void)wait;
	if (m->name && m->name->len)
		err = name_read(m->name, &to);
	else if (!raw)
		err = -EDESTADDRREQ;
	if (err)
		return err;
	i = netif_by_index(s->vnet, to.device);
	if (!i)
		return -ENXIO;
	if (!netif_up(i))
		return -ENETDOWN;
	if (n > i->mtu + (raw ? ETHER_HEAD : 0))
		return -EMSGSIZE;
	if (raw ? n < ETHER_HEAD : to.addr_len != ETHER_ADDR)
		return -EINVAL;
	err = packet_take(sock->prison, m, 0, &k);
	if (err)
		return err;
	if (raw)
		netif_transmit(i, k);
	else
		ether_send(i, k, to.addr, __builtin_bswap16(to.protocol));
	return n;
}

/* --- receiving -------------------------------------------------------------------- */

static int take(struct packet_sock *s, bool peek, uint64_t deadline,
		struct packet **out)
{
	int err = sock_take_error(&s->sock);

	while (!err && packet_queue_empty(&s->queue)) {
		err = sock_wait(&s->queue.readers, deadline);
		if (!err)
			err = sock_take_error(&s->sock);
	}
	return err ? err : packet_queue_take(&s->queue, peek, out);
}

/* Where the headers lie in what was given, and how much there was. */
static int auxdata_give(const struct packet_sock *s, struct sock_msg *m,
			const struct packet *k)
{
	bool cooked = s->sock.type == SOCK_DGRAM;
	struct abi_tpacket_auxdata a = {
		.status = TP_STATUS_USER | status_of(k),
		.len = k->seq, .kept = k->len, .net = cooked ? 0 : ETHER_HEAD,
	};

	return sock_put_control(m, SOL_PACKET, PACKET_AUXDATA, &a, sizeof a);
}

static int packet_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct packet *k;
	int n, err;

	if (m->flags & (MSG_OOB | MSG_ERRQUEUE))
		return m->flags & MSG_OOB ? -EINVAL : -EAGAIN;
	n = take(packet_of(sock), m->flags & MSG_PEEK,
		 sock_deadline(wait, sock->receive_timeout), &k);
	if (n)
		return n;
	assert(k->in && k->network >= k->block && k->len <= k->seq);
	if (m->name) {
		address_fill((void *)m->name->bytes, k->in, k->network,
			     k->looped);
		m->name->len = sizeof(struct abi_sockaddr_ll);
	}
	n = packet_give(k, m);
	err = n < 0 ? n : sock_put_time(sock, m, k->came);
	if (!err && packet_of(sock)->auxdata)
		err = auxdata_give(packet_of(sock), m, k);
	packet_free(k);
	return err ? err : n;
}

static unsigned packet_poll(struct sock *sock, struct poller *p)
{
	struct packet_sock *s = packet_of(sock);

	return packet_queue_poll(&s->queue, sock, p) |
	       (s->ring && packet_ring_ready(s->ring) ?
		POLLIN | POLLRDNORM : 0);
}

static int packet_map(struct sock *sock, struct vm_request *r)
{
	struct packet_sock *s = packet_of(sock);

	return s->ring ? packet_ring_map(s->ring, sock->file, r) : -EINVAL;
}

static uint32_t packet_queued(struct sock *sock, bool out)
{
	return out ? 0 : packet_queue_next(&packet_of(sock)->queue);
}

/* --- options ------------------------------------------------------------------------ */

static struct member *member_find(const struct packet_sock *s,
				  const struct abi_packet_mreq *r)
{
	list_each(l, &s->members) {
		struct member *m = list_entry(l, struct member, link);

		if (!memcmp(&m->asked, r, sizeof *r))
			return m;
	}
	return NULL;
}

/* Drivers give us all that is on the wire, so that only the flag is to be kept;
 * who wants a group or a second address has it without more. */
static int member_add(struct packet_sock *s, const struct abi_packet_mreq *r)
{
	struct member *m = member_find(s, r);
	struct netif *i = netif_by_index(s->vnet, r->device);

	if (!i)
		return -ENODEV;
	if (r->type > PACKET_MR_UNICAST || r->addr_len > sizeof r->addr)
		return -EINVAL;
	if (!m) {
		m = charged_alloc(s->sock.prison, sizeof *m);
		if (!m)
			return -ENOBUFS;
		*m = (struct member){ .netif = i, .asked = *r };
		list_append(&s->members, &m->link);
		netif_promiscuous(i, r->type == PACKET_MR_PROMISC);
	}
	assert(m->netif == i);
	m->users++;
	return 0;
}

static void member_end(struct packet_sock *s, struct member *m)
{
	list_remove(&m->link);
	netif_promiscuous(m->netif, -(m->asked.type == PACKET_MR_PROMISC));
	charged_free(s->sock.prison, m, sizeof *m);
}

static int member_take(struct option_call *c)
{
	struct packet_sock *s = packet_of(c->sock);
	struct abi_packet_mreq r;
	struct member *m;
	int err = option_take(c, &r, sizeof r);

	if (err)
		return err;
	if (c->row->name == PACKET_ADD_MEMBERSHIP)
		return member_add(s, &r);
	m = member_find(s, &r);
	assert(!m || m->users > 0);
	if (m && !--m->users)
		member_end(s, m);
	return 0;	/* also where there was none, as on Linux */
}

static int filter_take(struct option_call *c)
{
	struct packet_sock *s = packet_of(c->sock);
	struct filter *old, *f = NULL;
	int err;

	if (c->row->name == SO_DETACH_FILTER && !s->filter)
		return -ENOENT;
	if (c->row->name == SO_ATTACH_FILTER) {
		err = filter_load(c->sock->prison, c->user, c->len, &f);
		if (err)
			return err;
	}
	old = s->filter;
	s->filter = f;
	filter_free(c->sock->prison, old);
	return 0;
}

/* A ring that is mapped stays; what waits in the queue goes. */
static int ring_take(struct option_call *c)
{
	struct packet_sock *s = packet_of(c->sock);
	struct abi_tpacket_req r;
	struct packet_ring *made = NULL;
	int err = option_take(c, &r, sizeof r);

	if (err)
		return err;
	if (r.block_count ? s->version != TPACKET_V2 : r.frame_count != 0)
		return -EINVAL;
	if (r.block_count && !s->ring)
		err = packet_ring_new(c->sock->prison, &r, s->reserve, &made);
	if (err)
		return err;
	if (s->ring && (r.block_count || packet_ring_mapped(s->ring))) {
		packet_ring_free(made);
		return -EBUSY;
	}
	packet_ring_free(s->ring);
	s->ring = made;
	packet_queue_clear(&s->queue);
	return 0;
}

/* What a ring will be like is said before there is one. */
static int plan_check(struct option_call *c)
{
	return packet_of(c->sock)->ring ? -EBUSY : 0;
}

/* The size of a frame's header in a ring of the version that stands there. */
static int header_give(struct option_call *c)
{
	uint32_t v;

	if (user_get32(c->user, &v))
		return -EFAULT;
	if (v != TPACKET_V2)
		return -EINVAL;
	v = sizeof(struct abi_tpacket2_hdr);
	return option_give(c, &v, sizeof v);
}

/* Statistics begin anew each time. */
static int stats_give(struct option_call *c)
{
	struct packet_sock *s = packet_of(c->sock);
	struct abi_tpacket_stats stats = s->stats;

	memset(&s->stats, 0, sizeof s->stats);
	return option_give(c, &stats, sizeof stats);
}

#define PACKET(number) .level = SOL_PACKET, .name = number
#define AT(number, member) PACKET(number), OPTION_AT(packet_sock, sock, member)

static const struct sock_option packet_option_table[] = {
	{ AT(PACKET_AUXDATA, auxdata) },
	{ AT(PACKET_VERSION, version), .most = TPACKET_V2,
	  .check = plan_check },
	{ AT(PACKET_RESERVE, reserve), .most = INT32_MAX, .check = plan_check },
	{ PACKET(PACKET_STATISTICS), .rule = OPTION_READ, .give = stats_give },
	{ PACKET(PACKET_HDRLEN), .rule = OPTION_READ, .give = header_give },
	{ PACKET(PACKET_RX_RING), .rule = OPTION_WRITE, .take = ring_take },
	{ PACKET(PACKET_ADD_MEMBERSHIP), .rule = OPTION_WRITE,
	  .take = member_take },
	{ PACKET(PACKET_DROP_MEMBERSHIP), .rule = OPTION_WRITE,
	  .take = member_take },
	{ .level = SOL_SOCKET, .name = SO_ATTACH_FILTER, .rule = OPTION_WRITE,
	  .take = filter_take },
	{ .level = SOL_SOCKET, .name = SO_DETACH_FILTER, .rule = OPTION_WRITE,
	  .take = filter_take },
	{ 0 },
};

/* --- birth and death ---------------------------------------------------------------- */

static void packet_release(struct sock *sock)
{
	struct packet_sock *s = packet_of(sock);

	assert(sleep_queue_idle(&s->queue.readers));
	list_remove(&s->link);
	packet_queue_clear(&s->queue);
	packet_ring_free(s->ring);
	while (!list_empty(&s->members))
		member_end(s, list_entry(s->members.next, struct member, link));
	filter_free(sock->prison, s->filter);
	sock_free(sock, sizeof *s);
}

static const struct sock_ops packet_ops = {
	.bind = packet_bind,
	.name = packet_name,
	.send = packet_send,
	.receive = packet_receive,
	.poll = packet_poll,
	.map = packet_map,
	.queued = packet_queued,
	.options = { packet_option_table },
	.release = packet_release,
};

/* socket(2): protocol is an Ethernet type in network byte order. */
static int packet_make(const struct cred *who, int type, int protocol,
		       struct sock **out)
{
	struct packet_sock *s;
	int err = priv_check(who, PRIV_NET_RAW);

	if (err)
		return err;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	s = sock_alloc(who, sizeof *s);
	if (!s)
		return -ENOMEM;
	sock_begin(&s->sock, who, AF_PACKET, type, &packet_ops);
	s->sock.protocol = (uint16_t)protocol;
	s->protocol = (uint16_t)protocol;
	s->vnet = net_vnet(who->prison);
	packet_queue_init(&s->queue);
	list_init(&s->members);
	list_init(&s->link);
	list_append(&s->vnet->packet_sockets, &s->link);
	*out = &s->sock;
	return 0;
}

static int show_packet(struct text *t, const struct cred *who)
{
	text_put(t, "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n");
	list_each(l, &net_vnet(who->prison)->packet_sockets) {
		struct packet_sock *s = list_entry(l, struct packet_sock, link);
		const struct inode *at = s->sock.file ? s->sock.file->inode :
							NULL;

		if (prison_sees(who->prison, s->sock.prison))
			text_put(t, "%08x %-6d %-4d %04x   %-5d %d %-6u %-6u "
				 "%-6llu\n", 0, 2, s->sock.type,
				 __builtin_bswap16(s->protocol), s->device,
				 s->protocol != 0, s->queue.bytes,
				 at ? at->uid : 0,
				 (unsigned long long)(at ? at->ino : 0));
	}
	return 0;
}

void packet_socket_init(void)
{
	static struct sock_family family = { AF_PACKET, packet_make, { 0 } };
	static struct procfs_entry entry = {
		.directory = "net", .name = "packet", .gate = PROC_GATE_ALL,
		.show = show_packet,
	};

	netif_tap = tap;
	sock_family_register(&family);
	procfs_register(&entry);
}
