/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glue.c - the machine around net/ and jail/ in a test program: memory from the
 * C library, a clock that is moved by hand, a wire that keeps what was sent.
 */
#include "tests/host/net/glue.h"

#include "net/datagram.h"

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void free(void *p);
unsigned long long strtoull(const char *text, char **end, int base);
unsigned inet_addr(const char *text);

static unsigned pieces;
static uint64_t now_ns = 1000000000ull;
static struct timer *timers[1024];
static struct defer *deferred;
static bool held;

/* --- what the rooms below give --------------------------------------------------- */

static unsigned fails_in;	/* 0: none does */

void glue_fail(unsigned n)
{
	fails_in = n;
}

bool glue_failed(void)
{
	return !fails_in;
}

void *kmem_zalloc(size_t n)
{
	if (fails_in && !--fails_in)
		return NULL;
	pieces++;
	return calloc(1, n);
}

void *kmem_alloc(size_t n)
{
	return kmem_zalloc(n);
}

void kmem_free(void *p)
{
	if (p)
		pieces--;
	free(p);
}

char *kmem_strdup(const char *s)
{
	char *copy = kmem_alloc(strlen(s) + 1);

	return copy ? memcpy(copy, s, strlen(s) + 1) : NULL;
}

size_t str_copy(char *to, const char *from, size_t size)
{
	return str_format(to, size, "%s", from);
}

int str_to_u64(const char *s, unsigned base, uint64_t *out)
{
	char *end;

	*out = strtoull(s, &end, (int)base);
	return *s && !*end ? 0 : -EINVAL;
}

uint64_t arch_clock_ns(void)
{
	return now_ns;
}

int64_t timer_realtime_ns(void)
{
	return (int64_t)now_ns;
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	t->fn = fn;
	t->arg = arg;
	t->armed = false;
}

bool timer_cancel(struct timer *t)
{
	bool was = t->armed;

	for (unsigned n = 0; n < ARRAY_LEN(timers); n++)
		if (timers[n] == t)
			timers[n] = NULL;
	t->armed = false;
	return was;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	unsigned n = 0;

	timer_cancel(t);
	while (n < ARRAY_LEN(timers) && timers[n])
		n++;
	assert(n < ARRAY_LEN(timers));
	timers[n] = t;
	t->deadline = deadline;
	t->armed = true;
}

void sock_inherit(struct sock *to, const struct sock *from)
{
	to->options = from->options;
	to->send_limit = from->send_limit;
	to->receive_limit = from->receive_limit;
	to->receive_low = from->receive_low;
}

int inet_show(struct text *t, const struct cred *who, const void *transport)
{
	assert(t && who && transport);
	return 0;
}

void timer_set_ms(struct timer *t, uint32_t ms)
{
	timer_set(t, arch_clock_ns() + (uint64_t)ms * 1000000);
}

void defer_cancel(struct defer *d)
{
	struct defer **at = &deferred;

	while (d->queued && *at != d)
		at = &(*at)->next;
	if (d->queued)
		*at = d->next;
	d->queued = false;
}

void defer_raise(struct defer *d)
{
	struct defer **at = &deferred;

	if (d->queued)
		return;
	while (*at)
		at = &(*at)->next;
	d->queued = true;
	d->next = NULL;
	*at = d;
}

void glue_settle(void)
{
	while (deferred && !held) {
		struct defer *d = deferred;

		deferred = d->next;
		d->queued = false;
		d->fn(d);
	}
}

void glue_hold(void)
{
	held = true;
}

void glue_release(void)
{
	held = false;
	glue_settle();
}

void sock_begin(struct sock *s, const struct cred *who, int family, int type,
		const struct sock_ops *ops)
{
	s->ops = ops;
	s->family = family;
	s->type = type;
	s->prison = who->prison;
	sock_queues_init(s);
}

void *sock_alloc(const struct cred *who, size_t n)
{
	assert(who->prison);
	return kmem_zalloc(n);
}

void sock_free(struct sock *s, size_t n)
{
	assert(n >= sizeof *s);
	kmem_free(s);
}

void sock_family_register(struct sock_family *f)
{
	assert(f->make);
}

void inet_route_init(void)
{
}

void net_show_init(void)
{
}

void udp_init(void)
{
}

void raw_init(void)
{
}

void packet_netif_down(const struct netif *i)
{
	(void)i;
}

void procfs_register(struct procfs_entry *e)
{
	assert(e->show || e->show_of);
}

void packet_socket_init(void)
{
}

void netlink_init(void)
{
}

static void random_bytes(void *to, size_t n)
{
	static uint32_t x = 1;

	for (uint8_t *b = to; n--; b++) {
		x = x * 1103515245 + 12345;
		*b = x >> 16;
	}
}
void (*net_random)(void *to, size_t n) = random_bytes;

/* --- the wire ---------------------------------------------------------------------- */

static struct netif eth0 = {
	.name = "eth%d", .hardware = 1, .mac = { 2, 0, 0, 0, 0, 1 },
	.flags = NETIF_BROADCAST | NETIF_MULTICAST,
};
static struct list sent = LIST_INIT(sent), got = LIST_INIT(got);
static int last_error;

static void transmit(struct netif *i, struct packet *k)
{
	(void)i;
	list_append(&sent, &k->link);
}

static void receive(struct packet *k, const struct ip_header *h)
{
	(void)h;
	list_append(&got, &k->link);
}

static void error(const struct ip_error *e)
{
	assert(e->vnet && e->head && e->quoted && e->n >= 8 && e->type >= 0);
	pmtu_told(e);
	last_error = e->err == EMSGSIZE ? -(int)e->info : e->err;
}

static int take(struct list *from, void *to, unsigned size)
{
	struct list *l = list_first(from);
	struct packet *k;
	int n;

	if (!l)
		return -1;
	k = list_entry(l, struct packet, link);
	list_remove(l);
	n = (int)min_u32(k->len, size);
	memcpy(to, k->data, n);
	packet_free(k);
	return n;
}

int glue_sent(void *to, unsigned size)
{
	int n = take(&sent, to, size);

	return n < 0 ? 0 : n;
}

int glue_got(void *to, unsigned size)
{
	return take(&got, to, size);
}

int glue_error(void)
{
	int err = last_error;

	last_error = 0;
	return err;
}

void glue_frame(const void *frame, unsigned n)
{
	struct packet *k = packet_new(n);

	if (!k)
		return;			/* a card without memory drops it */
	memcpy(packet_put(k, n), frame, n);
	netif_input(&eth0, k);
	glue_settle();
}

void glue_large(const void *frame, unsigned n, unsigned segment)
{
	struct packet *k = packet_new(n);

	memcpy(packet_put(k, n), frame, n);
	k->checksum = PACKET_CHECKSUM_PARTIAL;
	k->checksum_offset = 16;
	k->segment = segment;
	netif_input(&eth0, k);
	glue_settle();
}

uint32_t glue_sum(uint32_t sum, const void *p, unsigned n)
{
	return checksum_add(sum, p, n);
}

void glue_later(unsigned ms)
{
	now_ns += ms * 1000000ull;
	for (unsigned n = 0; n < ARRAY_LEN(timers); n++)
		if (timers[n] && timers[n]->armed &&
		    timers[n]->deadline <= now_ns) {
			struct timer *t = timers[n];

			timer_cancel(t);
			t->fn(t->arg);
		}
	glue_settle();
}

unsigned glue_memory(void)
{
	return pieces;
}

/* --- the stack ---------------------------------------------------------------------- */

void glue_begin(void)
{
	static const struct netif_ops ops = { .transmit = transmit };
	static const struct ip_protocol protocol = {
		.number = GLUE_PROTOCOL, .input = receive, .error = error,
	};
	uint8_t frame[64];

	prison_init();
	net_inet_init();
	ip_protocol_register(&protocol);
	eth0.ops = &ops;
	if (netif_register(&eth0) || glue_address("10.0.0.1", 24) ||
	    netif_set_flags(&eth0, eth0.flags | NETIF_UP))
		panic("no eth0");
	while (glue_sent(frame, sizeof frame))
		;		/* the announcement */
}

static uint32_t mask_of(int bits)
{
	return bits ? __builtin_bswap32(UINT32_MAX << (32 - bits)) : 0;
}

int glue_send(uint32_t dst, const void *data, unsigned n, bool whole)
{
	struct ip_out o = { .vnet = net_vnet_host(), .dst = dst,
			    .protocol = GLUE_PROTOCOL, .dont_fragment = whole };
	struct packet *k = packet_new(n);
	int err;

	if (!k)
		return -ENOBUFS;
	memcpy(packet_put(k, n), data, n);
	err = ip_output(k, &o);
	glue_settle();
	return err;
}

void glue_forwarding(bool on)
{
	net_vnet_host()->forwarding = on;
}

void glue_redirects(bool on)
{
	net_vnet_host()->accept_redirects = on;
}

void glue_mtu(unsigned mtu)
{
	if (netif_set_mtu(&eth0, mtu))
		panic("mtu %u", mtu);
}

int glue_address(const char *addr, int bits)
{
	uint32_t a = inet_addr(addr), mask = mask_of(bits);

	return netif_addr_add(&eth0, a, mask, a | ~mask, "eth0");
}

int glue_address_bare(const char *addr, int bits)
{
	return netif_addr_add(&eth0, inet_addr(addr), mask_of(bits), 0, "eth0");
}

bool glue_is_broadcast(const char *addr)
{
	return netif_any_broadcast(net_vnet_host(), inet_addr(addr));
}

int glue_address_remove(const char *addr)
{
	return netif_addr_remove(&eth0, inet_addr(addr));
}

int glue_netmask(const char *addr, int bits)
{
	return netif_addr_set_mask(netif_addr_find(net_vnet_host(),
						   inet_addr(addr)),
				   mask_of(bits));
}

int glue_join(const char *group)
{
	return netif_group_join(&eth0, inet_addr(group));
}

void glue_leave(const char *group)
{
	netif_group_leave(&eth0, inet_addr(group));
}

int glue_route_add(const char *dst, int bits, const char *gateway, int metric)
{
	struct route_entry r = {
		.dst = inet_addr(dst), .mask = mask_of(bits), .metric = metric,
		.netif = gateway ? NULL : &eth0, .flags = ROUTE_UP,
		.gateway = gateway ? inet_addr(gateway) : 0,
	};

	return route_add(net_vnet_host(), &r);
}

int glue_route_refuse(const char *dst, int bits, int err)
{
	struct route_entry r = { .dst = inet_addr(dst), .mask = mask_of(bits),
				 .flags = ROUTE_UP, .refusal = err };

	return route_add(net_vnet_host(), &r);
}

int glue_route_remove(const char *dst, int bits)
{
	struct route_entry r = { .dst = inet_addr(dst), .mask = mask_of(bits),
				 .metric = -1 };

	return route_remove(net_vnet_host(), &r);
}

const char *glue_route(const char *dst)
{
	static char text[80];
	uint32_t to = inet_addr(dst), next;
	struct route r;

	if (route_find(net_vnet_host(), to, &r))
		return "none";
	next = r.gateway ? r.gateway : to;
	str_format(text, sizeof text, "%s %u.%u.%u.%u %u.%u.%u.%u %u",
		   r.netif->name, INET_ARGS(next), INET_ARGS(r.source), r.mtu);
	return text;
}

uint64_t glue_counter(const char *name)
{
	static const struct { const char *name; enum net_counter c; } of[] = {
		{ "AttemptFails", NET_TCP_ATTEMPT_FAILS },
		{ "InHdrErrors", NET_IP_IN_HEADER_ERRORS },
		{ "InAddrErrors", NET_IP_IN_ADDR_ERRORS },
		{ "ReasmOKs", NET_IP_REASM_OK },
		{ "ReasmFails", NET_IP_REASM_FAILED },
		{ "ReasmTimeout", NET_IP_REASM_TIMEOUT },
		{ "InCsumErrors", NET_ICMP_IN_CHECKSUM },
	};

	for (unsigned n = 0; n < ARRAY_LEN(of); n++)
		if (!strcmp(of[n].name, name))
			return net_vnet_host()->counters[of[n].c];
	panic("no counter %s", name);
}

/* --- jails and sockets ---------------------------------------------------------------- */

void glue_jail_addresses(struct prison *p, const char *a, const char *b,
			 const char *c)
{
	const char *text[] = { a, b, c };
	unsigned n = 0;
	uint32_t *addr = NULL;

	if (a)
		addr = kmem_zalloc(sizeof text);
	for (; n < ARRAY_LEN(text) && text[n]; n++)
		addr[n] = inet_addr(text[n]);
	prison_set_ip4(p, addr, n ? kmem_zalloc(n * sizeof *p->ip4_holder) :
				    NULL, n);
	prison_clamp(p);
}

struct prison *glue_jail(struct prison *in, const char *a, const char *b,
			 const char *c)
{
	struct prison *p;

	if (prison_new(in ? in : prison_host(), 0, NULL, &p))
		panic("no prison");
	p->ip4 = SHARE_NEW;
	glue_jail_addresses(p, a, b, c);
	return p;
}

void glue_allow(unsigned bytes)
{
	struct prison *p = prison_host();

	p->limit[RACCT_SOCKBUF] = p->used[RACCT_SOCKBUF] + bytes;
}

void glue_jail_end(struct prison *p)
{
	prison_doom(p);
	prison_leave(p);
	prison_drop(p);
}

struct glue_sock {
	struct inet_sock s;	/* first */
};

static const struct sock_ops sock_ops;
static struct inet_transport stream = {
	.type = SOCK_STREAM, .size = sizeof(struct glue_sock),
	.ops = &sock_ops, .all = LIST_INIT(stream.all),
};
static struct inet_transport dgram = {
	.type = SOCK_DGRAM, .size = sizeof(struct glue_sock),
	.ops = &sock_ops, .all = LIST_INIT(dgram.all),
};

struct glue_sock *glue_bind(struct prison *p, const char *addr, unsigned port,
			    unsigned flags, int *err)
{
	struct cred who = { .refs = 2, .prison = p ? p : prison_host(),
			    .euid = flags & GLUE_USER ? 1000 : 0 };
	struct cred *cred = malloc(sizeof who);
	struct glue_sock *s = sock_alloc(&who, sizeof *s);
	struct sock_name n;

	*cred = who;
	inet_sock_begin(&s->s, cred, flags & GLUE_STREAM ? &stream : &dgram);
	s->s.ports = net_vnet_host()->tcp;
	if (flags & GLUE_REUSEADDR)
		s->s.sock.options |= SOCK_OPTION_REUSEADDR;
	if (flags & GLUE_REUSEPORT)
		s->s.sock.options |= SOCK_OPTION_REUSEPORT;
	inet_name_fill(&n, inet_addr(addr), __builtin_bswap16(port));
	*err = inet_sock_bind(&s->s.sock, NULL, &n);
	s->s.sock.listening = flags & GLUE_LISTEN;
	if (!*err)
		return s;
	glue_close(s);
	return NULL;
}

int glue_connect(struct glue_sock *s, const char *addr, unsigned port)
{
	struct sock_name n;

	inet_name_fill(&n, inet_addr(addr), __builtin_bswap16(port));
	return inet_sock_connect(&s->s.sock, NULL, &n, true);
}

void glue_close(struct glue_sock *s)
{
	const struct cred *cred = s->s.cred;

	inet_sock_free(&s->s);
	free((void *)cred);
}

const char *glue_name(const struct glue_sock *s)
{
	static char text[32];

	str_format(text, sizeof text, "%u.%u.%u.%u:%u", INET_ARGS(s->s.local),
		   __builtin_bswap16(s->s.local_port));
	return text;
}

struct glue_sock *glue_lookup(const char *dst, unsigned port)
{
	return (void *)inet_lookup(net_vnet_host()->tcp,
				   inet_addr("10.0.0.9"),
				   __builtin_bswap16(9999), inet_addr(dst),
				   __builtin_bswap16(port), 0);
}
