/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_request.c - what a program asks by netlink, and the answers.
 *
 * A list of all that there are is made as it is read, a chunk as large as the
 * reader's buffer at a time: dump.from says how far it is. Who reads is asked
 * what he may see; who sets must be allowed to, and so must the maker of the
 * socket, or a program with privileges could be given one as its output.
 *
 * Invariant: dump.kind is set while a list is under way.
 * Locks: the kernel lock.
 */
#include "net/netlink.h"

enum { CHUNK_MAX = 32768, CHUNK_LEAST = 4096, QUOTE_MAX = 4096, KINDS = 4,
       PER_KIND = 4 };
enum { KIND_NEW, KIND_DEL, KIND_GET, KIND_SET };	/* type % PER_KIND */

unsigned netlink_changes;

/* --- answers ---------------------------------------------------------------------- */

struct packet *netlink_packet(struct netlink_sock *s, uint32_t n)
{
	if (packet_queue_full(&s->queue, &s->sock))
		return NULL;
	return packet_new_for(s->sock.prison, n);
}

void netlink_overrun(struct netlink_sock *s)
{
	if (s->no_overrun)
		return;
	s->sock.error = ENOBUFS;
	sleep_wake(&s->queue.readers);
}

/* NLMSG_ERROR about h; err 0 is "done". */
static void acknowledge(struct netlink_sock *s, const struct abi_nlmsghdr *h,
			int err)
{
	bool whole = err && !s->short_errors && h->len <= QUOTE_MAX;
	uint32_t quoted = whole ? h->len : sizeof *h;
	struct netlink_writer w = { .seq = h->seq, .port = s->port,
				    .flags = whole ? 0 : NLM_F_CAPPED };
	int32_t *body;

	w.k = netlink_packet(s, sizeof *h + sizeof *body + align_up(quoted, 4));
	if (!w.k) {
		netlink_overrun(s);
		return;
	}
	body = netlink_begin(&w, NLMSG_ERROR, sizeof *body + quoted);
	assert(body);
	*body = err;
	memcpy(body + 1, h, quoted);
	if (!netlink_end(&w))
		panic("netlink: an answer that does not fit");
	packet_queue_add(&s->queue, w.k);
}

/* --- requests ---------------------------------------------------------------------- */

static const struct netlink_kind *kind_of(unsigned type)
{
	static const struct netlink_kind *const kinds[KINDS] = {
		&netlink_link, &netlink_addr, &netlink_route, &netlink_neigh,
	};
	unsigned n = (type - NETLINK_FIRST) / PER_KIND;

	return type >= NETLINK_FIRST && n < KINDS ? kinds[n] : NULL;
}

static int get_one(struct netlink_sock *s, const struct netlink_kind *kind,
		   const struct netlink_request *q, const struct abi_nlmsghdr *h)
{
	struct netlink_writer w = { .seq = h->seq, .port = s->port };
	int err;

	if (!kind->get)
		return -EOPNOTSUPP;
	w.k = netlink_packet(s, NETLINK_MESSAGE_MAX);
	if (!w.k)
		return -ENOBUFS;
	err = kind->get(q, &w);
	if (err) {
		packet_free(w.k);
		return err;
	}
	assert(w.k->len);
	packet_queue_add(&s->queue, w.k);
	return 0;
}

/* Of a family that is not here there is nothing: an empty list. */
static int dump_begin(struct netlink_sock *s, const struct netlink_kind *kind,
		      const struct abi_nlmsghdr *h, uint8_t family)
{
	static const struct netlink_kind nothing;

	if (s->dump.kind)
		return -EBUSY;
	if (!kind->any_family && family != AF_UNSPEC && family != AF_INET)
		kind = &nothing;
	s->dump.kind = kind;
	s->dump.seq = h->seq;
	s->dump.from = 0;
	s->dump.changes = netlink_changes;
	sleep_wake(&s->queue.readers);
	return 0;
}

static int change(const struct netlink_sock *s,
		  const struct netlink_kind *kind,
		  const struct netlink_request *q)
{
	bool remove = q->type % PER_KIND == KIND_DEL;
	int err;

	if (remove && !kind->remove)
		return -EOPNOTSUPP;
	assert(kind->allowed && kind->set);
	if (net_vnet(s->cred->prison) != q->vnet)
		return -EPERM;
	err = kind->allowed(q, q->who);
	if (!err)
		err = kind->allowed(q, s->cred);
	if (err)
		return err;
	return remove ? kind->remove(q) : kind->set(q);
}

/* *quiet: what comes is the acknowledgement. */
static int handle(struct netlink_sock *s, const struct cred *who,
		  const struct abi_nlmsghdr *h, bool *quiet)
{
	struct netlink_request q = { .who = who,
				     .vnet = net_vnet(who->prison) };
	const struct netlink_kind *kind = kind_of(h->type);
	bool get = h->type % PER_KIND == KIND_GET;
	uint8_t family;
	int err;

	*quiet = false;
	if (!(h->flags & NLM_F_REQUEST) || h->type < NETLINK_FIRST)
		return 0;
	if (!kind)
		return -EOPNOTSUPP;
	if (h->len < sizeof *h + sizeof family)
		return -EINVAL;
	family = *(const uint8_t *)(h + 1);
	if (get && (h->flags & NLM_F_DUMP)) {
		err = dump_begin(s, kind, h, family);
		*quiet = !err;
		return err;
	}
	if (!kind->any_family && family != AF_UNSPEC && family != AF_INET)
		return -EAFNOSUPPORT;
	err = netlink_parse(&q, h, kind->size);
	if (err)
		return err;
	return get ? get_one(s, kind, &q, h) : change(s, kind, &q);
}

void netlink_handle(struct netlink_sock *s, const struct cred *who,
		    const struct packet *k)
{
	uint32_t at = 0;

	while (k->len - at >= sizeof(struct abi_nlmsghdr)) {
		const struct abi_nlmsghdr *h = (const void *)(k->data + at);
		bool quiet;
		int err;

		assert(at % 4 == 0 && at < k->len);
		if (h->len < sizeof *h || h->len > k->len - at)
			return;
		err = handle(s, who, h, &quiet);
		if (err || (!quiet && (h->flags & NLM_F_ACK)))
			acknowledge(s, h, err);
		at = min_u32(at + align_up(h->len, 4), k->len);
	}
}

/* --- lists -------------------------------------------------------------------------- */

int netlink_dump_more(struct netlink_sock *s, const struct cred *who,
		      uint32_t buffer)
{
	const struct netlink_kind *kind = s->dump.kind;
	struct netlink_dump d = {
		.who = who, .vnet = net_vnet(who->prison), .from = s->dump.from,
		.out = { .seq = s->dump.seq, .port = s->port,
			 .flags = NLM_F_MULTI },
	};
	struct netlink_writer *w = &d.out;
	bool done;

	assert(kind && packet_queue_empty(&s->queue));
	if (buffer < NETLINK_MESSAGE_MAX)
		buffer = CHUNK_LEAST;	/* he only asks how large it is */
	w->k = packet_new_for(s->sock.prison, min_u32(buffer, CHUNK_MAX));
	if (!w->k)
		return -ENOBUFS;
	if (s->dump.changes != netlink_changes)
		w->flags |= NLM_F_DUMP_INTR;
	done = !kind->dump || kind->dump(&d);
	assert(done || d.at > d.from);	/* one did not fit */
	if (!done)
		s->dump.from = d.at - 1;
	else if (netlink_begin(w, NLMSG_DONE, sizeof(int32_t)) &&
		 netlink_end(w))
		s->dump.kind = NULL;
	else
		s->dump.from = UINT32_MAX;	/* only that is left */
	assert(w->k->len);
	packet_queue_add(&s->queue, w->k);
	return 0;
}
