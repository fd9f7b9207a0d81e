/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_net.c - network cards of virtual machines.
 *
 * Each direction is a queue of chains of two: virtio's own header, which stays
 * in an array by the chain's first descriptor, and the frame, which the device
 * reads and writes where the packet has it. All empty buffers are with the
 * device; one is only given up for a new one, so a queue never runs dry. The
 * interrupt raises deferred work, which goes on, without interrupts, until
 * nothing is left. Frames are sent at once; that they are out is told by one
 * interrupt for all of them.
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
#define F_TSO4 (1ull << 11)		/* cuts TCP */
#define F_STATUS (1ull << 16)
enum {
	BUFFERS_MAX = 128,	/* empty ones, with the device */
	COPY_MAX = 256,		/* smaller frames do not keep a whole buffer */
	IP_AT = ETHER_HEAD, TCP_SUM = 16, UDP_SUM = 6, TCP_OFFSET = 12,
};

struct head {			/* before each frame */
	uint8_t flags, kind;
	uint16_t head_len, segment, sum_start, sum_offset;
	uint16_t buffers;	/* modern only */
};
enum { HEAD_LEGACY = 10, HEAD_MODERN = 12 };
enum { HEAD_NEEDS_SUM = 1, HEAD_SUM_GOOD = 2, HEAD_TCP4 = 1 };

struct card {
	struct netif netif;
	struct virtio device;
	struct virtqueue in, out;
	struct head *in_heads, *out_heads;
	unsigned head_size;
	struct nic_queue waiting;
	struct defer work;
	bool running;
	volatile bool changed;	/* [i] link, by interrupt */
};

static const uint64_t wanted = F_CHECKSUM | F_GUEST_CHECKSUM | F_MAC | F_TSO4 |
			       F_STATUS | VIRTIO_EVENT_INDEX;

/* --- in ------------------------------------------------------------------- */

static void buffer_put(struct card *c, struct packet *k)
{
	int first = virtqueue_room(&c->in, 2);
	struct virtio_piece pieces[2];

	assert(first >= 0 && packet_tail(k) >= NIC_FRAME_MAX && !k->len);
	pieces[0] = (struct virtio_piece){ &c->in_heads[first], c->head_size };
	pieces[1] = (struct virtio_piece){ k->data, NIC_FRAME_MAX };
	virtqueue_put(&c->in, pieces, 2, 0, k);
}

/* The sum was left to us, from the host's own sender. A stack that believes
 * this looks no more at where the sum is; so it must be where IPv4 says. */
static bool sum_left(const struct head *h, struct packet *k)
{
	const uint8_t *ip = k->data + IP_AT;
	uint32_t head, total;

	if (k->len < IP_AT + 20 || net16(ip - 2) != 0x0800)
		return false;
	head = (ip[0] & 0xf) * 4;
	total = net16(ip + 2);
	if (ip[0] >> 4 != 4 || head < 20 || total > k->len - IP_AT ||
	    (net16(ip + 6) & 0x3fff) || h->sum_start != IP_AT + head)
		return false;
	if (!(h->sum_offset == TCP_SUM && ip[9] == 6) &&
	    !(h->sum_offset == UDP_SUM && ip[9] == 17))
		return false;
	if (head + h->sum_offset + 2 > total)
		return false;
	k->checksum = PACKET_CHECKSUM_PARTIAL;
	k->checksum_start = head;
	k->checksum_offset = h->sum_offset;
	return true;
}

static bool head_believed(const struct card *c, const struct head *h,
			  struct packet *k)
{
	bool may = c->device.features & F_GUEST_CHECKSUM;

	if (h->kind)
		return false;
	if (may && (h->flags & HEAD_NEEDS_SUM))
		return sum_left(h, k);
	if (may && (h->flags & HEAD_SUM_GOOD))
		k->checksum = PACKET_CHECKSUM_GOOD;
	return true;
}

/* k's first len bytes, for the stack; an empty buffer in exchange. NULL: no
 * memory, and k is the empty buffer. */
static struct packet *exchange(struct packet *k, uint32_t len,
			       struct packet **empty)
{
	struct packet *other = packet_new(len <= COPY_MAX ? len : NIC_FRAME_MAX);

	*empty = k;
	if (!other)
		return NULL;
	if (len <= COPY_MAX) {
		memcpy(packet_put(other, len), k->data, len);
		return other;
	}
	*empty = other;
	packet_put(k, len);
	return k;
}

static void frame_in(struct card *c, struct packet *k, uint32_t written,
		     unsigned first)
{
	struct head h = c->in_heads[first];
	struct packet *empty = k, *full;
	uint32_t len = written - c->head_size;

	if (written < c->head_size + ETHER_HEAD ||
	    written > c->head_size + NIC_FRAME_MAX) {
		c->netif.in.errors++;
		buffer_put(c, k);
		return;
	}
	full = exchange(k, len, &empty);
	buffer_put(c, empty);
	if (!full) {
		c->netif.in.dropped++;
	} else if (!head_believed(c, &h, full)) {
		c->netif.in.errors++;
		packet_free(full);
	} else {
		netif_input(&c->netif, full);
	}
}

/* false: there is more. */
static bool frames_in(struct card *c)
{
	struct packet *k;
	uint32_t written;
	unsigned first, n = 0;

	virtqueue_quiet(&c->in);
	while (n < NIC_ROUND &&
	       (k = virtqueue_take(&c->in, &written, &first))) {
		frame_in(c, k, written, first);
		n++;
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
	frames_out(c);
	if (c->out.broken)
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
}

static void link_look(struct card *c)
{
	bool linked = !(c->device.features & F_STATUS) ||
		      (virtio_config(&c->device, CONFIG_STATUS) & STATUS_LINK);

	netif_link(&c->netif, linked);
}

static int heads_new(struct head **heads, uint32_t n)
{
	if (!*heads)
		*heads = kmem_zalloc(n * sizeof **heads);
	return *heads ? 0 : -ENOMEM;
}

static int queues_begin(struct card *c)
{
	int err = virtqueue_begin(&c->in, &c->device, QUEUE_IN);

	if (!err)
		err = virtqueue_begin(&c->out, &c->device, QUEUE_OUT);
	if (!err)
		err = heads_new(&c->in_heads, c->in.size);
	if (!err)
		err = heads_new(&c->out_heads, c->out.size);
	return err;
}

static int start(struct card *c)
{
	unsigned n = 0;
	int err = virtio_begin(&c->device, wanted);

	if (!err)
		err = queues_begin(c);
	if (err)
		goto fail;
	for (; n < BUFFERS_MAX && virtqueue_room(&c->in, 2) >= 0; n++) {
		struct packet *k = packet_new(NIC_FRAME_MAX);

		if (!k)
			break;
		buffer_put(c, k);
	}
	err = -ENOMEM;
	if (!n)
		goto fail;
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
	if (!frames_in(c))
		defer_raise(&c->work);
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
	c->head_size = c->device.modern ? HEAD_MODERN : HEAD_LEGACY;
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
