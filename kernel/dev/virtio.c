/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio.c - virtio over PCI: registers, features and queues (OASIS virtio 1.1).
 *
 * The legacy interface (I/O ports in BAR 0) is taken where there is one; else
 * the modern one, whose capabilities tell where its registers are. A queue's
 * three parts lie in one block as the legacy interface wants them.
 *
 * What the device writes is believed only after a look: a used ring that tells
 * of chains that it does not have breaks the queue, and no more.
 *
 * Locks: the kernel lock; virtio_isr from interrupts.
 */
#include "kernel/dev/virtio.h"

enum {	/* legacy registers */
	L_FEATURES = 0, L_DRIVER_FEATURES = 4, L_QUEUE_PAGE = 8,
	L_QUEUE_SIZE = 12, L_QUEUE = 14, L_NOTIFY = 16, L_STATUS = 18,
	L_ISR = 19, L_CONFIG = 20, L_END = 0x40,
};
enum {	/* modern common configuration */
	M_FEATURES_HALF = 0, M_FEATURES = 4, M_DRIVER_HALF = 8,
	M_DRIVER_FEATURES = 12, M_STATUS = 20, M_QUEUE = 22, M_QUEUE_SIZE = 24,
	M_QUEUE_ENABLE = 28, M_QUEUE_NOTIFY = 30, M_QUEUE_ADDRESSES = 32,
	M_END = 56,
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_CONFIG = 4 };
enum { PCI_STATUS = 6, STATUS_CAPS = 0x10, PCI_CAPS = 0x34, CAP_VENDOR = 9,
       CAPS_MAX = 48, BARS = 6 };
enum { BAR_IO = 1, BAR_64 = 4 };
enum { FIRST_MODERN = 0x1040, LEGACY_ALIGN = 4096, SIZE_MAX_LEGACY = 1024,
       SIZE_MAX_MODERN = 256, RESET_TRIES = 1000 };

struct virtq_descriptor {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};
enum { D_NEXT = 1, D_WRITE = 2, QUIET = 1 };
struct virtq_available {
	volatile uint16_t flags, index;
	volatile uint16_t ring[];	/* and behind it: used_event */
};
struct virtq_used {
	uint16_t flags, index;
	struct { uint32_t id, len; } ring[];	/* and behind it: avail_event */
};

/* --- registers ------------------------------------------------------------ */

static uint32_t get(const struct virtio_region *r, unsigned at, unsigned bytes)
{
	assert(at + bytes <= r->size);
	if (r->memory)
		return bytes == 1 ? r->memory[at] :
		       bytes == 2 ? *(volatile uint16_t *)(r->memory + at) :
				    *(volatile uint32_t *)(r->memory + at);
	return bytes == 1 ? arch_inb(r->port + at) :
	       bytes == 2 ? arch_inw(r->port + at) : arch_inl(r->port + at);
}

static void set(const struct virtio_region *r, unsigned at, unsigned bytes,
		uint32_t v)
{
	assert(at + bytes <= r->size);
	if (r->memory && bytes == 1)
		r->memory[at] = v;
	else if (r->memory && bytes == 2)
		*(volatile uint16_t *)(r->memory + at) = v;
	else if (r->memory)
		*(volatile uint32_t *)(r->memory + at) = v;
	else if (bytes == 1)
		arch_outb(r->port + at, v);
	else if (bytes == 2)
		arch_outw(r->port + at, v);
	else
		arch_outl(r->port + at, v);
}

/* A structure that a capability tells of. false: it is not within our reach. */
static bool region(struct virtio_region *r, const struct pci_device *p,
		   unsigned bar, uint32_t at, uint32_t size)
{
	uint32_t base;

	if (bar >= BARS || !size || size > 0x100000 || at > 0x100000)
		return false;
	base = p->bar[bar];
	r->size = size;
	if (base & BAR_IO) {
		r->port = (base & ~3u) + at;
		return true;
	}
	if ((base & BAR_64) && (bar + 1 == BARS || p->bar[bar + 1]))
		return false;
	base &= ~15u;
	if (!base)
		return false;
	r->memory = kmem_map_device(base + at, size);
	return r->memory != NULL;
}

/* The first capability of each kind counts. */
static bool find_modern(struct virtio *d)
{
	struct pci_device *p = d->pci;
	unsigned at = 0, tries = CAPS_MAX;

	if (pci_read(p, PCI_STATUS, 2) & STATUS_CAPS)
		at = pci_read(p, PCI_CAPS, 1) & ~3u;
	for (; at && tries--; at = pci_read(p, at + 1, 1) & ~3u) {
		unsigned kind = pci_read(p, at + 3, 1);
		struct virtio_region *r = kind == CAP_COMMON ? &d->common :
					  kind == CAP_NOTIFY ? &d->notify :
					  kind == CAP_ISR ? &d->isr :
					  kind == CAP_CONFIG ? &d->config : NULL;

		if (pci_read(p, at, 1) != CAP_VENDOR || !r || r->size)
			continue;
		if (!region(r, p, pci_read(p, at + 4, 1),
			    pci_read(p, at + 8, 4), pci_read(p, at + 12, 4)))
			r->size = 0;
		else if (kind == CAP_NOTIFY)
			d->notify_step = pci_read(p, at + 16, 4);
	}
	return d->common.size >= M_END && d->notify.size && d->isr.size;
}

int virtio_find(struct virtio *d, struct pci_device *pci)
{
	uint32_t io = pci->bar[0];

	assert(pci->vendor == VIRTIO_VENDOR);
	d->pci = pci;
	pci_enable(pci);
	d->modern = pci->device >= FIRST_MODERN || !(io & BAR_IO);
	if (d->modern)
		return find_modern(d) ? 0 : -ENODEV;
	d->common.port = io & ~3u;
	d->common.size = L_END;
	d->config.port = d->common.port + L_CONFIG;
	d->config.size = L_END - L_CONFIG;
	return 0;
}

uint8_t virtio_config(const struct virtio *d, unsigned at)
{
	return at < d->config.size ? get(&d->config, at, 1) : 0;
}

uint8_t virtio_isr(struct virtio *d)
{
	return d->modern ? get(&d->isr, 0, 1) : get(&d->common, L_ISR, 1);
}

/* --- the device's life ---------------------------------------------------- */

static unsigned status_at(const struct virtio *d)
{
	return d->modern ? M_STATUS : L_STATUS;
}

static void status_add(struct virtio *d, unsigned bits)
{
	set(&d->common, status_at(d), 1,
	    get(&d->common, status_at(d), 1) | bits);
}

/* 0 reads back when the device is done. */
void virtio_reset(struct virtio *d)
{
	set(&d->common, status_at(d), 1, 0);
	for (int i = 0; i < RESET_TRIES; i++)
		if (!get(&d->common, status_at(d), 1))
			return;
	log_print(LOG_WARN, "virtio: %02x:%02x.%u does not let itself be reset",
		  d->pci->bus, d->pci->slot, d->pci->function);
}

int virtio_begin(struct virtio *d, uint64_t wanted)
{
	uint64_t has;

	virtio_reset(d);
	status_add(d, ACKNOWLEDGE);
	status_add(d, DRIVER);
	if (!d->modern) {
		d->features = get(&d->common, L_FEATURES, 4) & wanted &
			      UINT32_MAX;
		set(&d->common, L_DRIVER_FEATURES, 4, d->features);
		return 0;
	}
	set(&d->common, M_FEATURES_HALF, 4, 0);
	has = get(&d->common, M_FEATURES, 4);
	set(&d->common, M_FEATURES_HALF, 4, 1);
	has |= (uint64_t)get(&d->common, M_FEATURES, 4) << 32;
	d->features = has & (wanted | VIRTIO_VERSION_1);
	set(&d->common, M_DRIVER_HALF, 4, 0);
	set(&d->common, M_DRIVER_FEATURES, 4, (uint32_t)d->features);
	set(&d->common, M_DRIVER_HALF, 4, 1);
	set(&d->common, M_DRIVER_FEATURES, 4, d->features >> 32);
	status_add(d, FEATURES_OK);
	if (!(d->features & VIRTIO_VERSION_1) ||
	    !(get(&d->common, M_STATUS, 1) & FEATURES_OK))
		return -EIO;
	return 0;
}

void virtio_ready(struct virtio *d)
{
	status_add(d, DRIVER_OK);
}

/* --- setting up a queue --------------------------------------------------- */

static uint32_t used_offset(uint32_t size)
{
	uint32_t available = sizeof(struct virtq_available) + 2 * (size + 1);

	return align_up(size * sizeof(struct virtq_descriptor) + available,
			LEGACY_ALIGN);
}

static int allocate(struct virtqueue *q, uint32_t size)
{
	uint32_t bytes = used_offset(size) + sizeof(struct virtq_used) +
			 8 * size + 2;
	struct page *p;

	q->order = 0;
	while (((uint32_t)PAGE_SIZE << q->order) < bytes)
		q->order++;
	q->tokens = kmem_zalloc(size * sizeof *q->tokens);
	if (!q->tokens)
		return -ENOMEM;
	p = page_alloc(q->order, PAGE_KERNEL);
	if (!p) {
		kmem_free(q->tokens);
		q->tokens = NULL;
		return -ENOMEM;
	}
	q->size = size;
	q->descriptors = page_address(p);
	q->available = (void *)(q->descriptors + size);
	q->used = (void *)((uint8_t *)q->descriptors + used_offset(size));
	return 0;
}

static void all_free(struct virtqueue *q)
{
	memset(q->descriptors, 0, (uint32_t)PAGE_SIZE << q->order);
	for (uint32_t i = 0; i < q->size; i++)
		q->descriptors[i].next = i + 1;
	q->free = 0;
	q->free_count = q->size;
	q->put = q->told = q->seen = 0;
	q->broken = false;
}

static void set_address(struct virtio *d, unsigned which, const volatile void *p)
{
	unsigned at = M_QUEUE_ADDRESSES + 8 * which;

	set(&d->common, at, 4, virt_to_phys((const void *)p));
	set(&d->common, at + 4, 4, 0);
}

static int begin_modern(struct virtqueue *q)
{
	struct virtio *d = q->device;
	uint32_t at = get(&d->common, M_QUEUE_NOTIFY, 2);

	if (at > d->notify.size || d->notify_step > d->notify.size ||
	    at * d->notify_step + 2 > d->notify.size)
		return -EIO;
	q->notify_at = at * d->notify_step;
	set(&d->common, M_QUEUE_SIZE, 2, q->size);
	set_address(d, 0, q->descriptors);
	set_address(d, 1, q->available);
	set_address(d, 2, q->used);
	set(&d->common, M_QUEUE_ENABLE, 2, 1);
	return 0;
}

/* The block stays from one time to the next: a device's size does not change. */
int virtqueue_begin(struct virtqueue *q, struct virtio *d, unsigned index)
{
	uint32_t size;
	int err;

	assert(!q->chains);
	q->device = d;
	q->index = index;
	set(&d->common, d->modern ? M_QUEUE : L_QUEUE, 2, index);
	size = get(&d->common, d->modern ? M_QUEUE_SIZE : L_QUEUE_SIZE, 2);
	if (d->modern)
		size = min_u32(size, SIZE_MAX_MODERN);
	if (!size || size > SIZE_MAX_LEGACY || (size & (size - 1)) ||
	    (q->size && q->size != size))
		return -EIO;
	err = q->size ? 0 : allocate(q, size);
	if (err)
		return err;
	all_free(q);
	if (d->modern)
		return begin_modern(q);
	set(&d->common, L_QUEUE_PAGE, 4,
	    virt_to_phys(q->descriptors) / LEGACY_ALIGN);
	return 0;
}

void *virtqueue_empty(struct virtqueue *q)
{
	for (uint32_t i = 0; q->chains && i < q->size; i++) {
		void *token = q->tokens[i];

		if (!token)
			continue;
		q->tokens[i] = NULL;
		q->chains--;
		return token;
	}
	assert(!q->chains);
	return NULL;
}

/* --- a queue at work ------------------------------------------------------ */

static volatile uint16_t *used_event(struct virtqueue *q)
{
	return &q->available->ring[q->size];
}

static uint16_t available_event(const struct virtqueue *q)
{
	return *(volatile uint16_t *)&q->used->ring[q->size];
}

static bool by_event(const struct virtqueue *q)
{
	return q->device->features & VIRTIO_EVENT_INDEX;
}

int virtqueue_room(const struct virtqueue *q, unsigned n)
{
	return q->free_count >= n ? (int)q->free : -ENOSPC;
}

void virtqueue_put(struct virtqueue *q, const struct virtio_piece *pieces,
		   unsigned n, unsigned out, void *token)
{
	uint32_t first = q->free, at = first;

	assert(n && n <= q->free_count);
	assert(token && !q->tokens[first]);
	for (unsigned i = 0; i < n; i++) {
		struct virtq_descriptor *e = &q->descriptors[at];

		e->address = virt_to_phys(pieces[i].at);
		e->len = pieces[i].len;
		e->flags = (i >= out ? D_WRITE : 0) | (i + 1 < n ? D_NEXT : 0);
		at = e->next;
	}
	q->free = at;
	q->free_count -= n;
	q->tokens[first] = token;
	q->chains++;
	q->available->ring[q->put % q->size] = first;
	arch_order();
	q->available->index = ++q->put;
}

void virtqueue_tell(struct virtqueue *q)
{
	uint16_t event, news = q->put - q->told;
	bool wanted;

	arch_fence();
	event = q->put - available_event(q) - 1;
	wanted = by_event(q) ? event < news : !(q->used->flags & QUIET);
	q->told = q->put;
	if (!news || !wanted)
		return;
	if (q->device->modern)
		set(&q->device->notify, q->notify_at, 2, q->index);
	else
		set(&q->device->common, L_NOTIFY, 2, q->index);
}

static void give_back(struct virtqueue *q, uint32_t first)
{
	uint32_t last = first;

	q->free_count++;
	while (q->descriptors[last].flags & D_NEXT) {
		last = q->descriptors[last].next;
		q->free_count++;
	}
	assert(q->free_count <= q->size);
	q->descriptors[last].next = q->free;
	q->free = first;
}

void *virtqueue_take(struct virtqueue *q, uint32_t *written, unsigned *first)
{
	uint16_t ahead = q->used->index - q->seen;
	void *token = NULL;
	uint32_t id;

	if (q->broken || !ahead)
		return NULL;
	arch_order();
	id = q->used->ring[q->seen % q->size].id;
	*written = q->used->ring[q->seen % q->size].len;
	if (ahead <= q->chains && id < q->size)
		token = q->tokens[id];
	if (!token) {
		q->broken = true;
		return NULL;
	}
	q->tokens[id] = NULL;
	q->chains--;
	q->seen++;
	*first = id;
	give_back(q, id);
	return token;
}

/* With event indices silence needs no word: the event stays behind. */
void virtqueue_quiet(struct virtqueue *q)
{
	if (!by_event(q))
		q->available->flags = QUIET;
}

bool virtqueue_watch(struct virtqueue *q)
{
	if (by_event(q))
		*used_event(q) = q->seen;
	else
		q->available->flags = 0;
	arch_fence();
	return q->used->index == q->seen || q->broken;
}

bool virtqueue_watch_last(struct virtqueue *q)
{
	if (!by_event(q) || !q->chains)
		return virtqueue_watch(q);
	*used_event(q) = q->put - 1;
	arch_fence();
	return q->used->index != q->put || q->broken;
}
