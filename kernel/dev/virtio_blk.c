/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_blk.c - disks of virtual machines: vda, vdb, ...
 *
 * A request is a chain: what is wanted, the data, one byte for how it went. A
 * long one is several chains. As many are with the device as its queue has
 * room for; the others wait in order. What wants and how it went lie in an
 * array by the chain's first descriptor.
 *
 * A device that breaks the rules is reset: what it had fails, the rest goes on.
 *
 * Locks: the kernel lock; `changed` is interrupt data.
 */
#include "kernel/dev/disks.h"
#include "kernel/dev/virtio.h"

enum { DEVICE_LEGACY = 0x1001, DEVICE_MODERN = 0x1042 };
#define F_SIZE_MAX (1ull << 1)
#define F_PIECES_MAX (1ull << 2)
#define F_GEOMETRY (1ull << 4)
#define F_READ_ONLY (1ull << 5)
#define F_BLOCK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)
#define F_DISCARD (1ull << 13)
enum {	/* configuration */
	C_SECTORS = 0, C_SIZE_MAX = 8, C_PIECES_MAX = 12, C_HEADS = 18,
	C_TRACK = 19, C_BLOCK_SIZE = 20, C_DISCARD_MAX = 36,
};
enum { DO_READ = 0, DO_WRITE = 1, DO_FLUSH = 4, DO_DISCARD = 11 };
enum { WENT_WELL = 0, UNSUPPORTED = 2, UNTOLD = 0xff };
enum { MAJOR_VIRTIO = 254, MINORS = 16, SECTORS_BEST = 1024,
       PIECES_BEST = 126, ROUNDS = 16 };

struct slot {			/* one chain's, read and written by the device */
	uint32_t what, zero;
	uint64_t sector;
	struct {
		uint64_t sector;
		uint32_t count, flags;
	} range;		/* of a discard */
	uint8_t how;
};
struct drive {
	struct disk disk;
	struct virtio device;
	struct virtqueue queue;
	struct slot *slots;
	struct virtio_piece *pieces;	/* of the chain being made */
	uint32_t piece_max;	/* bytes */
	struct list waiting;	/* disk_request.link; the first may be begun */
	struct defer work;
	bool dead;
	volatile bool changed;	/* [i] the size, by interrupt */
};

static const uint64_t wanted = F_SIZE_MAX | F_PIECES_MAX | F_GEOMETRY |
			       F_READ_ONLY | F_BLOCK_SIZE | F_FLUSH |
			       F_DISCARD | VIRTIO_EVENT_INDEX;
static unsigned drives;

/* --- to the device -------------------------------------------------------- */

/* The next pieces of r behind pieces[0], as many as a chain may have. */
static unsigned gather(struct drive *v, struct disk_request *r,
		       uint64_t *sector)
{
	unsigned n = 0;

	*sector = r->at;
	for (unsigned i = 0; i < r->next_piece; i++)
		*sector += r->pieces[i].len / DISK_SECTOR;
	*sector += r->next_byte / DISK_SECTOR;
	while (n < v->disk.max_pieces && r->next_piece < r->piece_count) {
		const struct disk_piece *p = &r->pieces[r->next_piece];
		uint32_t len = min_u32(p->len - r->next_byte, v->piece_max);

		v->pieces[++n] = (struct virtio_piece){
			(uint8_t *)p->at + r->next_byte, len,
		};
		r->next_byte += len;
		if (r->next_byte == p->len) {
			r->next_piece++;
			r->next_byte = 0;
		}
	}
	return n;
}

static void slot_fill(struct slot *s, const struct disk_request *r,
		      uint64_t sector)
{
	static const uint8_t what[DISK_OPS] = {
		DO_READ, DO_WRITE, DO_FLUSH, DO_DISCARD,
	};

	s->what = what[r->op];
	s->zero = 0;
	s->sector = r->op == DISK_READ || r->op == DISK_WRITE ? sector : 0;
	s->range.sector = r->at;
	s->range.count = (uint32_t)r->count;
	s->range.flags = 0;
	s->how = UNTOLD;
}

/* A chain of r; there is room for the longest. true: it was the last. */
static bool put_chain(struct drive *v, struct disk_request *r)
{
	int first = virtqueue_room(&v->queue, v->disk.max_pieces + 2);
	struct slot *s = &v->slots[first];
	uint64_t sector = 0;
	unsigned n = 0;

	assert(first >= 0);
	if (r->op == DISK_DISCARD)
		v->pieces[++n] = (struct virtio_piece){ &s->range,
							sizeof(s->range) };
	else if (r->op != DISK_FLUSH)
		n = gather(v, r, &sector);
	slot_fill(s, r, sector);
	v->pieces[0] = (struct virtio_piece){ s, offsetof(struct slot, range) };
	v->pieces[n + 1] = (struct virtio_piece){ &s->how, 1 };
	r->parts++;
	virtqueue_put(&v->queue, v->pieces, n + 2,
		      r->op == DISK_READ ? 1 : n + 1, r);
	return r->next_piece == r->piece_count;
}

/* What waits, as far as there is room. */
static void feed(struct drive *v)
{
	while (!list_empty(&v->waiting) &&
	       virtqueue_room(&v->queue, v->disk.max_pieces + 2) >= 0) {
		struct disk_request *r = list_entry(v->waiting.next,
						    struct disk_request, link);

		if (put_chain(v, r))
			list_remove(&r->link);
	}
	virtqueue_tell(&v->queue);
}

static void submit(struct disk *d, struct disk_request *r)
{
	struct drive *v = d->private;

	if (v->dead) {
		disk_done_later(r, -EIO);
		return;
	}
	list_append(&v->waiting, &r->link);
	feed(v);
}

static const struct disk_ops ops = { .submit = submit };

/* --- from the device ------------------------------------------------------ */

/* One chain of r is back; the first error is the request's. */
static void chain_back(struct disk_request *r, int err)
{
	assert(r->parts > 0);
	r->parts--;
	if (!r->error)
		r->error = err;
	if (!r->parts && list_empty(&r->link))
		disk_done(r, r->error);
}

static void take_back(struct drive *v)
{
	struct disk_request *r;
	uint32_t written;
	unsigned first;

	while ((r = virtqueue_take(&v->queue, &written, &first))) {
		uint8_t how = v->slots[first].how;

		chain_back(r, how == WENT_WELL ? 0 :
			   how == UNSUPPORTED ? -EOPNOTSUPP : -EIO);
	}
}

static int start(struct drive *v)
{
	int err = virtio_begin(&v->device, wanted);

	if (!err)
		err = virtqueue_begin(&v->queue, &v->device, 0);
	if (err)
		return err;
	virtio_ready(&v->device);
	(void)!virtqueue_watch(&v->queue);	/* it has nothing yet */
	return 0;
}

static void restart(struct drive *v)
{
	struct disk_request *r;
	int err;

	log_print(LOG_WARN, "%s: the device broke its queue", v->disk.name);
	virtio_reset(&v->device);
	v->dead = true;	/* who is told now and asks again, does so in vain */
	while ((r = virtqueue_empty(&v->queue)))
		chain_back(r, -EIO);
	err = start(v);
	if (!err) {
		v->dead = false;
		feed(v);
		return;
	}
	log_print(LOG_ERROR, "%s: does not start again", v->disk.name);
	while (!list_empty(&v->waiting)) {
		r = list_entry(v->waiting.next, struct disk_request, link);
		list_remove(&r->link);
		disk_done(r, -EIO);
	}
}

static uint64_t config(const struct drive *v, unsigned at, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | virtio_config(&v->device, at + bytes);
	return value;
}

/* It may change while it is read. */
static uint64_t read_sectors(const struct drive *v)
{
	uint64_t a, b = config(v, C_SECTORS, 8);

	do {
		a = b;
		b = config(v, C_SECTORS, 8);
	} while (a != b);
	return a;
}

static void work(struct defer *defer)
{
	struct drive *v = container_of(defer, struct drive, work);
	unsigned round = 0;

	if (v->dead)
		return;
	if (v->changed) {
		uint64_t now = read_sectors(v);

		v->changed = false;
		if (now != v->disk.sectors)
			disk_resized(&v->disk, now);
	}
	do {
		virtqueue_quiet(&v->queue);
		take_back(v);
		feed(v);
	} while (!virtqueue_watch(&v->queue) && ++round < ROUNDS);
	if (v->queue.broken)
		restart(v);
	else if (round == ROUNDS)
		defer_raise(&v->work);
}

static void interrupt(void *arg)
{
	struct drive *v = arg;
	uint8_t isr = virtio_isr(&v->device);

	if (isr & VIRTIO_ISR_CONFIG)
		v->changed = true;
	if (isr)
		defer_raise(&v->work);
}

/* --- at boot -------------------------------------------------------------- */

static void describe(struct drive *v)
{
	uint64_t has = v->device.features;
	struct disk *d = &v->disk;

	d->sectors = read_sectors(v);
	d->block_size = has & F_BLOCK_SIZE ?
				(uint32_t)config(v, C_BLOCK_SIZE, 4) :
				DISK_SECTOR;
	d->read_only = d->always_read_only = (has & F_READ_ONLY) != 0;
	d->caches = (has & F_FLUSH) != 0;
	d->max_sectors = SECTORS_BEST;
	d->max_pieces = has & F_PIECES_MAX ?
				(uint32_t)config(v, C_PIECES_MAX, 4) :
				PIECES_BEST;
	d->max_pieces = min_u32(d->max_pieces, v->queue.size - 2);
	v->piece_max = has & F_SIZE_MAX ? (uint32_t)config(v, C_SIZE_MAX, 4) :
					  UINT32_MAX;
	v->piece_max &= ~(d->block_size - 1);
	if (has & F_GEOMETRY) {
		d->heads = config(v, C_HEADS, 1);
		d->track_sectors = config(v, C_TRACK, 1);
	}
	if (has & F_DISCARD)
		d->discard_max = (uint32_t)config(v, C_DISCARD_MAX, 4);
	d->ops = &ops;
	d->private = v;
}

/* -EIO: what the device tells of itself cannot be. */
static int check(const struct drive *v)
{
	const struct disk *d = &v->disk;
	uint32_t block = d->block_size;

	if (block < DISK_SECTOR || block > PAGE_SIZE || (block & (block - 1)))
		return -EIO;
	return v->piece_max && d->max_pieces && d->max_pieces < UINT16_MAX ?
		       0 : -EIO;
}

static int attach(struct drive *v, struct pci_device *p)
{
	int err = virtio_find(&v->device, p);

	v->work.fn = work;
	list_init(&v->waiting);
	if (!err)
		err = virtio_begin(&v->device, wanted);
	if (!err)
		err = virtqueue_begin(&v->queue, &v->device, 0);
	if (!err && v->queue.size < 3)
		err = -EIO;
	if (err)
		return err;
	describe(v);
	err = check(v);
	if (err)
		return err;
	v->slots = kmem_zalloc(v->queue.size * sizeof(*v->slots));
	v->pieces = kmem_zalloc((v->disk.max_pieces + 2) * sizeof(*v->pieces));
	if (!v->slots || !v->pieces)
		return -ENOMEM;
	err = arch_irq_register(p->irq, interrupt, v);
	if (!err)
		err = start(v);
	if (err)
		return err;
	disk_name(v->disk.name, "vd", drives);
	v->disk.number = abi_dev(MAJOR_VIRTIO, drives * MINORS);
	v->disk.minors = MINORS;
	drives++;
	return disk_register(&v->disk);
}

void virtio_blk_init(void)
{
	struct pci_device *p = NULL;

	while ((p = pci_next(p))) {
		struct drive *v;
		int err;

		if (p->vendor != VIRTIO_VENDOR ||
		    (p->device != DEVICE_LEGACY && p->device != DEVICE_MODERN))
			continue;
		v = kmem_zalloc(sizeof(*v));
		err = v ? attach(v, p) : -ENOMEM;
		/* A drive stays for ever, as its interrupt's handler does. */
		if (err)
			log_print(LOG_WARN, "virtio-blk: %02x:%02x.%u: error %d",
				  p->bus, p->slot, p->function, -err);
		else
			log_print(LOG_INFO, "%s: %llu sectors%s, virtio at irq %u",
				  v->disk.name, v->disk.sectors,
				  v->disk.read_only ? ", read-only" : "", p->irq);
	}
}
