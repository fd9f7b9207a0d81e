/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_message.c - netlink messages, written and read: a header, a struct,
 * attributes.
 *
 * What is read comes from a program: each length is checked against what there
 * is before anything behind it is looked at. Locks: none; pure.
 */
#include "net/netlink.h"

enum { ALIGN = 4, HEAD = sizeof(struct abi_nlmsghdr),
       ATTR_HEAD = sizeof(struct abi_nlattr) };

/* --- writing ---------------------------------------------------------------------- */

/* n bytes, padded, all zero; NULL: they do not fit. */
static void *room(struct netlink_writer *w, uint32_t n)
{
	uint32_t padded = align_up(n, ALIGN);

	if (w->full || padded < n || padded > packet_tail(w->k)) {
		w->full = true;
		return NULL;
	}
	return memset(packet_put(w->k, padded), 0, padded);
}

void *netlink_begin(struct netlink_writer *w, unsigned type, uint32_t n)
{
	struct abi_nlmsghdr *h;

	assert(w->k->len % ALIGN == 0 && type <= UINT16_MAX);
	w->start = w->k->len;
	w->full = false;
	h = room(w, HEAD + n);
	if (!h)
		return NULL;
	h->type = type;
	h->flags = w->flags;
	h->seq = w->seq;
	h->port = w->port;
	return h + 1;
}

void netlink_put(struct netlink_writer *w, unsigned attr, const void *data,
		 uint32_t n)
{
	struct abi_nlattr *a;

	assert(n <= UINT16_MAX - ATTR_HEAD);
	assert(w->full || w->k->len >= w->start + HEAD);
	a = room(w, ATTR_HEAD + n);
	if (!a)
		return;
	a->len = ATTR_HEAD + n;
	a->type = attr;
	memcpy(a + 1, data, n);
}

void netlink_put32(struct netlink_writer *w, unsigned attr, uint32_t v)
{
	netlink_put(w, attr, &v, sizeof v);
}

void netlink_put_name(struct netlink_writer *w, unsigned attr, const char *s)
{
	netlink_put(w, attr, s, strlen(s) + 1);
}

bool netlink_end(struct netlink_writer *w)
{
	struct abi_nlmsghdr *h = (void *)(w->k->data + w->start);

	if (w->full) {
		packet_trim(w->k, w->start);
		return false;
	}
	assert(w->k->len >= w->start + HEAD);
	h->len = w->k->len - w->start;
	return true;
}

/* --- reading ---------------------------------------------------------------------- */

int netlink_parse(struct netlink_request *q, const struct abi_nlmsghdr *h,
		  uint32_t n)
{
	uint32_t at = HEAD + n;

	assert(h->len >= HEAD && n % ALIGN == 0);
	if (h->len < at)
		return -EINVAL;
	q->body = h + 1;
	q->type = h->type;
	q->flags = h->flags;
	while (at + ATTR_HEAD <= h->len) {
		const struct abi_nlattr *a = (const void *)((const char *)h +
							    at);
		unsigned type;

		if (a->len < ATTR_HEAD || a->len > h->len - at)
			return -EINVAL;
		type = a->type & NLA_TYPE_MASK;
		if (type < NETLINK_ATTRS)
			q->attr[type] = a;
		else
			q->unknown = true;
		at += align_up(a->len, ALIGN);
	}
	return 0;
}

int netlink_attr(const struct netlink_request *q, unsigned attr, uint32_t n,
		 const void **out)
{
	const struct abi_nlattr *a = q->attr[attr];

	*out = NULL;
	if (!a)
		return 0;
	if (a->len < ATTR_HEAD + n)
		return -EINVAL;
	*out = a + 1;
	return 0;
}

int netlink_attr32(const struct netlink_request *q, unsigned attr,
		   uint32_t *out)
{
	const void *data;
	int err = netlink_attr(q, attr, sizeof *out, &data);

	if (!err && data)
		memcpy(out, data, sizeof *out);
	return err;
}

int netlink_attr_name(const struct netlink_request *q, unsigned attr,
		      char *out, uint32_t size)
{
	const struct abi_nlattr *a = q->attr[attr];
	uint32_t n = a ? a->len - ATTR_HEAD : 0;
	const char *s = (const char *)(a + 1);

	out[0] = '\0';
	if (!a)
		return 0;
	while (n && !s[n - 1])		/* with its NUL, or without */
		n--;
	if (n >= size || memchr(s, '\0', n))
		return -EINVAL;
	memcpy(out, s, n);
	out[n] = '\0';
	return 0;
}

bool netlink_has_other(const struct netlink_request *q, uint32_t known)
{
	for (unsigned n = 0; n < NETLINK_ATTRS; n++)
		if (q->attr[n] && !(known & 1u << n))
			return true;
	return q->unknown;
}

/* --- masks ------------------------------------------------------------------------ */

uint32_t netlink_mask(unsigned prefix)
{
	assert(prefix <= 32);
	return prefix ? __builtin_bswap32(UINT32_MAX << (32 - prefix)) : 0;
}

unsigned netlink_prefix(uint32_t mask)
{
	return mask ? 32 - __builtin_ctz(__builtin_bswap32(mask)) : 0;
}
