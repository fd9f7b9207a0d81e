/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_net.c - network cards of virtual machines.
 *
 * A frame is read and written by the device where its packet has it, behind
 * virtio's own head. All empty buffers are with the device; one is only given up
 * for a new one, so a queue never runs dry. A large TCP segment fills several,
 * which are of four pages once such have come; each goes on as a packet, with the
 * headers before it. An interrupt, and what is to be sent, raise deferred work; it
 * goes on, without interrupts, until nothing is left. Frames that go out together
 * are told of together, and one interrupt says that they are out.
 *
 * A device that breaks the rules is reset and stays silent until its interface
 * is set down and up.
 *
 * Locks: the kernel lock; `changed` is interrupt data.
 */
#include "kernel/dev/nic.h"
#include "kernel/dev/virtio.h"

enum { DEVICE_LEGACY = 0x1000, DEVICE_MODERN = 0x1041 };
enum { QUEUE_IN = 0, QUEUE_OUT = 1 };
enum { CONFIG_STATUS = 6, STATUS_LINK = 1 };
#define F_CHECKSUM (1ull << 0)		/* completes sums of what we send */
#define F_GUEST_CHECKSUM (1ull << 1)	/* may leave sums to us */
#define F_MAC (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)	/* may bring large segments, */
#define F_TSO4 (1ull << 11)		/* cuts TCP */
#define F_MERGE (1ull << 15)		/* in several buffers */
#define F_STATUS (1ull << 16)
enum {
	COPY_MAX = 256,		/* smaller frames do not keep a whole buffer */
	IP_AT = ETHER_HEAD, TCP_SUM = 16, UDP_SUM = 6, TCP_OFFSET = 12,
	HEADS_MAX = IP_AT + 60 + 60,
	PART_HEAD = 64,		/* with PACKET_HEAD, before a buffer's frame */
	SMALL = PACKET_HEAD + PART_HEAD + NIC_FRAME_MAX,	/* buffers */
	LARGE = 4 * PAGE_SIZE - sizeof(struct packet),
	LARGE_FOR = 256,	/* frames, after a large one, for which others
				 * are expected */
	BUFFERS_MIN = 32, ROOM_MIN = 128 * SMALL, /* with the device, empty */
};

struct head {			/* before each frame */
	uint8_t flags, kind;
	uint16_t head_len, segment, sum_start, sum_offset;
	uint16_t buffers;	/* modern, or F_MERGE */
};
enum { HEAD_SHORT = 10, HEAD_LONG = 12 };
enum { HEAD_NEEDS_SUM = 1, HEAD_SUM_GOOD = 2, HEAD_TCP4 = 1 };

struct card {
	struct netif netif;
	struct virtio device;
	struct virtqueue in, out;
	struct head *out_heads;
	uint64_t wanted;	/* features */
	unsigned head_size;
	unsigned large;		/* new buffers are, for as many frames */
	uint32_t room;		/* bytes of the buffers with the device */
	bool merges;		/* a frame may be in several buffers */
	struct nic_queue waiting;
	struct defer work;
	bool running, working;
	volatile bool changed;	/* [i] link, by interrupt */
};

struct incoming {		/* a frame */
	struct list parts;	/* buffers, with what the device wrote */
	unsigned count;		/* of them */
	uint32_t len;
	bool bad;
	struct head head;
	enum packet_checksum checksum;
	unsigned heads;		/* of a large one: before the payload; or 0 */
};

static const uint64_t wanted = F_CHECKSUM | F_GUEST_CHECKSUM | F_MAC | F_TSO4 |
			       F_GUEST_TSO4 | F_MERGE | F_STATUS |
			       VIRTIO_EVENT_INDEX;

/* --- empty buffers -------------------------------------------------------- */

static unsigned buffer_pieces(const struct card *c)
{
	return c->merges ? 1 : 2;	/* parts but the first have no head */
}

static void buffer_put(struct card *c, struct packet *k)
{
	struct virtio_piece pieces[2] = {
		{ k->data - c->head_size, c->head_size },
		{ k->data, packet_tail(k) },
	};

	assert(list_empty(&k->link) && !k->len);
	assert(packet_head(k) == PACKET_HEAD + PART_HEAD);
	if (c->merges)
		pieces[0].len += pieces[1].len;
	virtqueue_put(&c->in, pieces, buffer_pieces(c), 0, k);
	c->room += k->size;
}

static struct packet *buffer_take(struct card *c, uint32_t *written)
{
	unsigned first;
	struct packet *k = virtqueue_take(&c->in, written, &first);

	if (k) {
		assert(c->room >= k->size);
		c->room -= k->size;
	}
	return k;
}

static bool is_large(const struct packet *k)
{
	return k->size > SMALL;
}

/* Large while large frames come, and there is such memory. */
static struct packet *buffer_new(const struct card *c)
{
	struct packet *k = NULL;

	if (c->large)
		k = packet_new(LARGE - PACKET_HEAD);
	if (!k)
		k = packet_new(SMALL - PACKET_HEAD);
	if (k)
		k->data += PART_HEAD;
	return k;
}

/* Until the device has enough, or all that it can. False: no memory; none came. */
static bool buffers_fill(struct card *c)
{
	struct list fresh = LIST_INIT(fresh);
	uint32_t room = c->room;
	struct packet *k;
	unsigned n = 0;

	while ((c->in.chains + n < BUFFERS_MIN || room < ROOM_MIN) &&
	       virtqueue_room(&c->in, (n + 1) * buffer_pieces(c)) >= 0) {
		k = buffer_new(c);
		if (!k) {
			packet_list_free(&fresh);
			return false;
		}
		list_append(&fresh, &k->link);
		room += k->size;
		n++;
	}
	while ((k = packet_list_take(&fresh)))
		buffer_put(c, k);
	return true;
}

/* --- in ------------------------------------------------------------------- */

static struct packet *first_of(const struct incoming *f)
{
	assert(!list_empty(&f->parts));
	return list_entry(f->parts.next, struct packet, link);
}

/* f's buffers go back to the device. */
static void frame_drop(struct card *c, struct incoming *f)
{
	struct packet *k;

	while ((k = packet_list_take(&f->parts))) {
		k->data = k->block + PACKET_HEAD + PART_HEAD;
		k->len = 0;
		buffer_put(c, k);
	}
}

/* k is f's next part. False: the device wrote what cannot be. */
static bool part_add(struct card *c, struct incoming *f, struct packet *k,
		     uint32_t written)
{
	bool first = !f->count++;

	list_append(&f->parts, &k->link);
	k->data -= c->head_size;
	if (written > packet_tail(k) || (first && written < c->head_size))
		return false;
	packet_put(k, written);
	if (first) {
		memcpy(&f->head, k->data, c->head_size);
		packet_pull(k, c->head_size);
	}
	f->len += k->len;
	return true;
}

/* The next frame. False: there is none. */
static bool frame_take(struct card *c, struct incoming *f)
{
	unsigned parts = 1;
	struct packet *k;
	uint32_t written;

	memset(f, 0, sizeof *f);
	list_init(&f->parts);
	while (f->count < parts && (k = buffer_take(c, &written))) {
		if (!part_add(c, f, k, written))
			f->bad = true;
		else if (f->count == 1 && c->merges)
			parts = f->head.buffers;
	}
	/* They are given to us together. */
	if (f->count && f->count < parts)
		c->in.broken = true;
	return f->count;
}

/* The sum was left to us, from the host's own sender. A stack that believes
 * this looks no more at where the sum is; so it must be where IPv4 says. */
static bool sum_left(const struct incoming *f)
{
	const struct packet *k = first_of(f);
	const struct head *h = &f->head;
	const uint8_t *ip = k->data + IP_AT;
	uint32_t head, total;

	if (k->len < IP_AT + 20 || net16(ip - 2) != 0x0800)
		return false;
	head = (ip[0] & 0xf) * 4;
	total = net16(ip + 2);
	if (ip[0] >> 4 != 4 || head < 20 || total > f->len - IP_AT ||
	    (net16(ip + 6) & 0x3fff) || h->sum_start != IP_AT + head)
		return false;
	if (!(h->sum_offset == TCP_SUM && ip[9] == 6) &&
	    !(h->sum_offset == UDP_SUM && ip[9] == 17))
		return false;
	return head + h->sum_offset + 2 <= min_u32(total, k->len - IP_AT);
}

/* Many segments of TCP in one frame. */
static bool large_ok(const struct card *c, struct incoming *f)
{
	const struct packet *k = first_of(f);
	unsigned heads = packet_cut_heads(k->data + IP_AT, k->len - IP_AT,
					  f->len - IP_AT);

	if (!(c->device.features & F_GUEST_TSO4) || f->head.kind != HEAD_TCP4 ||
	    f->checksum != PACKET_CHECKSUM_PARTIAL || !heads ||
	    !f->head.segment)
		return false;
	f->heads = IP_AT + heads;
	return true;
}

/* Is it a frame, and does the head say what can be? */
static bool head_believed(const struct card *c, struct incoming *f)
{
	bool may = c->device.features & F_GUEST_CHECKSUM;

	if (f->bad || first_of(f)->len < ETHER_HEAD)
		return false;
	if (may && (f->head.flags & HEAD_NEEDS_SUM)) {
		if (!sum_left(f))
			return false;
		f->checksum = PACKET_CHECKSUM_PARTIAL;
	} else if (may && (f->head.flags & HEAD_SUM_GOOD)) {
		f->checksum = PACKET_CHECKSUM_GOOD;
	}
	return f->head.kind ? large_ok(c, f) :
			      f->count == 1 && f->len <= NIC_FRAME_MAX;
}

/* k for the stack: f, or of a large one the nth part, whose payload begins at
 * `at`, behind headers that are the whole's. */
static void part_in(struct card *c, const struct incoming *f, struct packet *k,
		    unsigned nth, uint32_t at)
{
	k->checksum = f->checksum;
	k->checksum_start = f->head.sum_start - IP_AT;
	k->checksum_offset = f->head.sum_offset;
	if (f->heads) {
		packet_pull(k, IP_AT);
		packet_cut_head(k, nth, at, list_empty(&f->parts));
		packet_push(k, IP_AT);
		if (k->len - f->heads > f->head.segment)
			k->segment = f->head.segment;
	}
	netif_input(&c->netif, k);
}

static void parts_in(struct card *c, struct incoming *f)
{
	uint8_t heads[HEADS_MAX];
	struct packet *k = first_of(f);
	uint32_t at = 0, n;

	assert(f->heads <= sizeof heads && f->heads <= k->len);
	memcpy(heads, k->data, f->heads);
	for (unsigned nth = 0; (k = packet_list_take(&f->parts));
	     nth++, at += n) {
		if (nth)
			memcpy(packet_push(k, f->heads), heads, f->heads);
		n = k->len - f->heads;
		part_in(c, f, k, nth, at);
	}
}

/* One that would not fill its buffer leaves it. */
static bool is_little(const struct incoming *f)
{
	const struct packet *k = first_of(f);

	return f->count == 1 &&
	       f->len <= (is_large(k) ? k->size / 4 : COPY_MAX);
}

/* A large buffer does not go back once there are no large frames any more. */
static void frame_copy_in(struct card *c, struct incoming *f)
{
	struct packet *k = packet_new(f->len);

	if (k)
		memcpy(packet_put(k, f->len), first_of(f)->data, f->len);
	else
		c->netif.in.dropped++;
	if (!c->large && is_large(first_of(f)) && buffers_fill(c))
		packet_list_free(&f->parts);
	else
		frame_drop(c, f);
	if (k)
		part_in(c, f, k, 0, 0);
}

/* What is given away has been replaced: the device never lacks buffers. The
 * first large frame finds small ones. */
static void frame_in(struct card *c, struct incoming *f)
{
	if (!head_believed(c, f)) {
		c->netif.in.errors++;
		frame_drop(c, f);
		return;
	}
	if (f->heads)
		c->large = LARGE_FOR;
	else if (c->large)
		c->large--;
	if (is_little(f)) {
		frame_copy_in(c, f);
	} else if (!buffers_fill(c)) {
		c->netif.in.dropped++;
		frame_drop(c, f);
	} else {
		parts_in(c, f);
	}
}

/* false: there is more. */
static bool frames_in(struct card *c)
{
	struct incoming f;
	unsigned n = 0;

	virtqueue_quiet(&c->in);
	while (n < NIC_ROUND && frame_take(c, &f)) {
		n += 1 + f.len / PAGE_SIZE;
		if (c->in.broken)
			packet_list_free(&f.parts);
		else
			frame_in(c, &f);
	}
	virtqueue_tell(&c->in);
	return n < NIC_ROUND && virtqueue_watch(&c->in);
}

/* --- out ------------------------------------------------------------------ */

static void head_fill(struct head *h, const struct packet *k)
{
	uint32_t start = ETHER_HEAD + k->checksum_start;

	memset(h, 0, sizeof *h);
	if (k->checksum != PACKET_CHECKSUM_PARTIAL)
		return;
	assert(start + k->checksum_offset + 2 <= k->len);
	h->flags = HEAD_NEEDS_SUM;
	h->sum_start = start;
	h->sum_offset = k->checksum_offset;
	if (!k->segment)
		return;
	assert(k->checksum_offset == TCP_SUM);
	h->kind = HEAD_TCP4;
	h->segment = k->segment;
	h->head_len = start + (k->data[start + TCP_OFFSET] >> 4) * 4;
}

static void frame_put(struct card *c, struct packet *k)
{
	int first = virtqueue_room(&c->out, 2);
	struct virtio_piece pieces[2];

	assert(first >= 0);
	head_fill(&c->out_heads[first], k);
	pieces[0] = (struct virtio_piece){ &c->out_heads[first], c->head_size };
	pieces[1] = (struct virtio_piece){ k->data, k->len };
	virtqueue_put(&c->out, pieces, 2, 2, k);
}

static void frames_sent(struct card *c)
{
	struct packet *k;
	uint32_t written;
	unsigned first;

	while ((k = virtqueue_take(&c->out, &written, &first)))
		packet_free(k);
}

/* What is out is freed, and what waits takes its place. */
static void frames_out(struct card *c)
{
	struct packet *k;

	do {
		virtqueue_quiet(&c->out);
		frames_sent(c);
		while ((k = nic_queue_first(&c->waiting)) &&
		       virtqueue_room(&c->out, 2) >= 0) {
			nic_queue_remove(&c->waiting, k);
			frame_put(c, k);
		}
		virtqueue_tell(&c->out);
	} while (!virtqueue_watch_last(&c->out));
}

static void transmit(struct netif *i, struct packet *k)
{
	struct card *c = i->driver;

	if (k->len < ETHER_HEAD || (k->len > NIC_FRAME_MAX && !k->segment)) {
		i->out.errors++;
		packet_free(k);
		return;
	}
	if (!c->running) {
		i->out.dropped++;
		packet_free(k);
		return;
	}
	nic_queue_add(&c->waiting, i, k);
	if (c->waiting.count >= NIC_ROUND)
		frames_out(c);
	if (!c->working)
		defer_raise(&c->work);
}

/* --- up and down ---------------------------------------------------------- */

static void stop(struct card *c)
{
	struct packet *k;

	c->running = false;
	virtio_reset(&c->device);
	while ((k = virtqueue_empty(&c->in)))
		packet_free(k);
	while ((k = virtqueue_empty(&c->out)))
		packet_free(k);
	nic_queue_drop(&c->waiting, &c->netif);
	c->room = 0;
}

static void link_look(struct card *c)
{
	bool linked = !(c->device.features & F_STATUS) ||
		      (virtio_config(&c->device, CONFIG_STATUS) & STATUS_LINK);

	netif_link(&c->netif, linked);
}

static int queues_begin(struct card *c)
{
	int err = virtqueue_begin(&c->in, &c->device, QUEUE_IN);

	if (!err)
		err = virtqueue_begin(&c->out, &c->device, QUEUE_OUT);
	if (!err && !c->out_heads)
		c->out_heads = kmem_zalloc(c->out.size * sizeof(struct head));
	return err || c->out_heads ? err : -ENOMEM;
}

static int start(struct card *c)
{
	int err = virtio_begin(&c->device, c->wanted);

	if (!err)
		err = queues_begin(c);
	if (err)
		goto fail;
	c->merges = c->device.features & F_MERGE;
	c->head_size = c->device.modern || c->merges ? HEAD_LONG : HEAD_SHORT;
	c->large = 0;
	assert(!c->room);
	if (!buffers_fill(c)) {
		err = -ENOMEM;
		goto fail;
	}
	c->running = true;
	virtio_ready(&c->device);
	link_look(c);
	virtqueue_tell(&c->in);
	if (!virtqueue_watch(&c->in))
		defer_raise(&c->work);
	return 0;
fail:
	stop(c);
	return err;
}

/* Everything that is on the wire comes in, so that only up and down matter. */
static int change(struct netif *i, uint32_t flags)
{
	struct card *c = i->driver;
	bool up = flags & NETIF_UP;

	if (up && !c->running)
		return start(c);
	if (!up && c->running)
		stop(c);
	return 0;
}

static int set_mac(struct netif *i, const uint8_t mac[ETHER_ADDR])
{
	memcpy(i->mac, mac, ETHER_ADDR);
	return 0;
}

/* --- interrupts ----------------------------------------------------------- */

static void work(struct defer *d)
{
	struct card *c = container_of(d, struct card, work);

	if (!c->running)
		return;
	if (c->changed) {
		c->changed = false;
		link_look(c);
	}
	c->working = true;
	if (!frames_in(c))
		defer_raise(&c->work);
	c->working = false;
	frames_out(c);
	if (c->in.broken || c->out.broken) {
		log_print(LOG_WARN, "%s: the device broke its queue; stopped",
			  c->netif.name);
		c->netif.in.errors++;
		stop(c);
		netif_link(&c->netif, false);
	}
}

static void interrupt(void *arg)
{
	struct card *c = arg;
	uint8_t isr = virtio_isr(&c->device);

	if (isr & VIRTIO_ISR_CONFIG)
		c->changed = true;
	if (isr)
		defer_raise(&c->work);
}

/* --- at boot -------------------------------------------------------------- */

static const struct netif_ops ops = {
	.transmit = transmit, .change = change, .set_mac = set_mac,
};

/* A card without an address gets one, marked as made here. */
static void mac_read(struct card *c)
{
	uint8_t *mac = c->netif.mac;

	for (unsigned n = 0; n < ETHER_ADDR; n++)
		mac[n] = virtio_config(&c->device, n);
	if (c->device.features & F_MAC)
		return;
	random_get(mac, ETHER_ADDR);
	mac[0] = (mac[0] & 0xfc) | 2;
}

/* Of what it has: large frames would need a buffer of 64 KB each, without
 * F_MERGE, and have no sums. */
static uint64_t features_wanted(uint64_t has)
{
	uint64_t needed = F_GUEST_CHECKSUM | F_MERGE;

	return (has & needed) == needed ? wanted : wanted & ~F_GUEST_TSO4;
}

static int attach(struct card *c, struct pci_device *p)
{
	struct netif *i = &c->netif;
	int err = virtio_find(&c->device, p);

	if (!err)
		err = virtio_begin(&c->device, wanted);
	if (err)
		return err;
	mac_read(c);
	virtio_reset(&c->device);
	c->wanted = features_wanted(c->device.features);
	c->work.fn = work;
	nic_queue_init(&c->waiting);
	i->ops = &ops;
	i->driver = c;
	i->flags = NETIF_BROADCAST | NETIF_MULTICAST;
	i->hardware = NIC_HARDWARE_ETHER;
	if (c->device.features & F_CHECKSUM)
		i->offload = NETIF_OFFLOAD_CHECKSUM;
	if (i->offload && (c->device.features & F_TSO4))
		i->offload |= NETIF_OFFLOAD_TCP4;
	str_copy(i->name, "eth%d", sizeof i->name);
	err = arch_irq_register(p->irq, interrupt, c);
	return err ? err : netif_register(i);
}

void virtio_net_init(void)
{
	struct pci_device *p = NULL;

	while ((p = pci_next(p))) {
		struct card *c;
		int err;

		if (p->vendor != VIRTIO_VENDOR ||
		    (p->device != DEVICE_LEGACY && p->device != DEVICE_MODERN))
			continue;
		c = kmem_zalloc(sizeof *c);
		err = c ? attach(c, p) : -ENOMEM;
		/* A card stays for ever, as its interrupt's handler does. */
		if (err)
			log_print(LOG_WARN, "virtio-net: %02x:%02x.%u: error %d",
				  p->bus, p->slot, p->function, -err);
		else
			log_print(LOG_INFO, "%s: virtio-net at irq %u",
				  c->netif.name, p->irq);
	}
}
