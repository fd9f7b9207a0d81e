/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink_addr.c - RTM_*ADDR: the addresses of interfaces. Each is seen by who
 * has it. Locks: the kernel lock; nothing here sleeps.
 */
#include "net/netlink.h"

/* Another of the same subnet came before it. */
static bool is_secondary(const struct netif_addr *a)
{
	if (list_empty(&a->subnet))
		return false;
	assert(a->mask != UINT32_MAX);	/* netif_addr.c's invariant */
	list_each(l, &a->netif->subnets) {
		const struct netif_addr *o = list_entry(l, struct netif_addr,
							subnet);

		if (o == a)
			return false;
		if (o->mask == a->mask && !((o->addr ^ a->addr) & a->mask))
			return true;
	}
	return false;
}

bool netlink_addr_put(struct netlink_writer *w, const struct netif_addr *a,
		      unsigned type)
{
	uint32_t flags = IFA_F_PERMANENT |
			 (is_secondary(a) ? IFA_F_SECONDARY : 0);
	struct abi_ifaddrmsg *m = netlink_begin(w, type, sizeof *m);

	assert(a->addr && a->netif->index > 0);
	if (m) {
		m->family = AF_INET;
		m->prefix = netlink_prefix(a->mask);
		m->flags = flags;
		m->scope = inet_is_loopback(a->addr) ? RT_SCOPE_HOST :
						       RT_SCOPE_UNIVERSE;
		m->index = a->netif->index;
	}
	netlink_put32(w, IFA_ADDRESS, a->peer);
	netlink_put32(w, IFA_LOCAL, a->addr);
	if (a->broadcast)
		netlink_put32(w, IFA_BROADCAST, a->broadcast);
	netlink_put_name(w, IFA_LABEL, a->label);
	netlink_put32(w, IFA_FLAGS, flags);
	return netlink_end(w);
}

static bool dump(struct netlink_dump *d)
{
	const struct netif *i = NULL;

	while ((i = netif_next(d->who, d->vnet, i))) {
		list_each(l, &i->addrs) {
			const struct netif_addr *a =
				list_entry(l, struct netif_addr, link);

			assert(a->netif == i);
			if (netif_addr_seen(d->who, a) && netlink_due(d) &&
			    !netlink_addr_put(&d->out, a, RTM_NEWADDR))
				return false;
		}
	}
	return true;
}

/* --- setting ------------------------------------------------------------------------ */

static int allowed(const struct netlink_request *q, const struct cred *who)
{
	return priv_check(who, q->type == RTM_DELADDR ? PRIV_NET_DELIFADDR :
							PRIV_NET_ADDIFADDR);
}

/* What a request says of an address; local 0: nothing. */
struct wanted {
	struct netif *netif;
	uint32_t local, peer, mask, broadcast;
	char label[NETIF_NAME_MAX];
};

static int read(const struct netlink_request *q, struct wanted *o)
{
	const struct abi_ifaddrmsg *m = q->body;
	int err = m->prefix > 32 ? -EINVAL : 0;

	*o = (struct wanted){ .netif = netlink_netif(q, m->index) };
	if (!err)
		err = netlink_attr32(q, IFA_ADDRESS, &o->peer);
	o->local = o->peer;
	if (!err)
		err = netlink_attr32(q, IFA_LOCAL, &o->local);
	if (!err)
		err = netlink_attr32(q, IFA_BROADCAST, &o->broadcast);
	if (!err)
		err = netlink_attr_name(q, IFA_LABEL, o->label,
					sizeof o->label);
	if (err)
		return err;
	o->mask = netlink_mask(m->prefix);
	return o->netif ? 0 : -ENODEV;
}

static bool label_ok(const struct wanted *o)
{
	uint32_t n = strlen(o->netif->name);

	return !strncmp(o->label, o->netif->name, n) &&
	       (!o->label[n] || o->label[n] == ':');
}

/* An address on each side of a wire is for links that are not here. */
static int set(const struct netlink_request *q)
{
	enum { KNOWN = 1 << IFA_ADDRESS | 1 << IFA_LOCAL | 1 << IFA_LABEL |
		       1 << IFA_BROADCAST | 1 << IFA_FLAGS |
		       1 << IFA_CACHEINFO };
	struct netif_addr *old;
	struct wanted o;
	int err = read(q, &o);

	if (err)
		return err;
	if (!o.local)
		return -EINVAL;
	if ((o.peer && o.peer != o.local) || netlink_has_other(q, KNOWN))
		return -EOPNOTSUPP;
	if (o.label[0] && !label_ok(&o))
		return -EINVAL;
	old = netif_addr_find(q->vnet, o.local);
	if (old && old->netif == o.netif && old->mask == o.mask &&
	    (q->flags & NLM_F_REPLACE) && !(q->flags & NLM_F_EXCL))
		return 0;
	return netif_addr_add(o.netif, o.local, o.mask, o.broadcast,
			      o.label[0] ? o.label : o.netif->name);
}

static int remove(const struct netlink_request *q)
{
	const struct abi_ifaddrmsg *m = q->body;
	struct netif_addr *a;
	struct wanted o;
	int err = read(q, &o);

	if (err)
		return err;
	a = netif_addr_find(q->vnet, o.local);
	if (!a || a->netif != o.netif || !netif_addr_seen(q->who, a) ||
	    (o.label[0] && strcmp(o.label, a->label)) ||
	    (q->attr[IFA_ADDRESS] && m->prefix != netlink_prefix(a->mask)))
		return -EADDRNOTAVAIL;
	assert(!list_empty(&a->link) && !list_empty(&a->by_addr));
	return netif_addr_remove(o.netif, a->addr);
}

const struct netlink_kind netlink_addr = {
	.size = sizeof(struct abi_ifaddrmsg), .dump = dump,
	.allowed = allowed, .set = set, .remove = remove,
};
