/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ramdisk.c - disks in memory: ram0, ram1, ...
 *
 * A module of the boot loader that is no archive is one, as it lies; the
 * kernel's word ramdisk=MB makes an empty one. What is written is gone when the
 * machine stops.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/disks.h"

enum { MAJOR_RAM = 1, MB = 1 << 20, MB_MAX = 1024 };

struct ramdisk {
	struct disk disk;
	uint8_t *base;		/* a module, or NULL: */
	uint8_t **chunks;	/* each of CHUNK bytes */
};
enum { CHUNK_ORDER = 4, CHUNK = PAGE_SIZE << CHUNK_ORDER };

static unsigned count;

static uint8_t *place(const struct ramdisk *r, uint64_t byte)
{
	if (r->base)
		return r->base + (uint32_t)byte;
	return r->chunks[byte / CHUNK] + byte % CHUNK;
}

static void move(const struct ramdisk *r, enum disk_op op, uint64_t byte,
		 const struct disk_piece *p)
{
	for (uint32_t done = 0; done < p->len; done += DISK_SECTOR) {
		uint8_t *medium = place(r, byte + done);
		uint8_t *memory = (uint8_t *)p->at + done;

		if (op == DISK_READ)
			memcpy(memory, medium, DISK_SECTOR);
		else
			memcpy(medium, memory, DISK_SECTOR);
	}
}

static void submit(struct disk *d, struct disk_request *r)
{
	const struct ramdisk *ram = d->private;
	uint64_t byte = r->at * DISK_SECTOR;

	for (unsigned i = 0; i < r->piece_count; i++) {
		move(ram, r->op, byte, &r->pieces[i]);
		byte += r->pieces[i].len;
	}
	disk_done_later(r, 0);
}

static const struct disk_ops ops = { .submit = submit };

static int add(struct ramdisk *r, uint64_t bytes)
{
	struct disk *d = &r->disk;
	int err;

	str_format(d->name, sizeof(d->name), "ram%u", count);
	d->number = abi_dev(MAJOR_RAM, count);
	d->minors = 1;
	d->sectors = bytes / DISK_SECTOR;
	d->block_size = DISK_SECTOR;
	d->max_pieces = 256;
	d->max_sectors = 2048;
	d->ops = &ops;
	d->private = r;
	err = disk_register(d);
	if (!err)
		log_print(LOG_INFO, "%s: %llu sectors of memory", d->name,
			  d->sectors);
	count += !err;
	return err;
}

/* The memory of a boot module, in the direct map, is a disk from now on; what is
 * behind its last whole sector is not seen. -EINVAL: less than one; -ENOMEM. */
int dev_ramdisk_adopt(void *base, uint32_t bytes)
{
	struct ramdisk *r;
	int err;

	if (bytes < DISK_SECTOR)
		return -EINVAL;
	r = kmem_zalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->base = base;
	err = add(r, bytes);
	if (err)
		kmem_free(r);
	return err;
}

static void chunks_free(struct ramdisk *r, uint32_t n)
{
	while (n--)
		page_free(page_of(r->chunks[n]), CHUNK_ORDER);
	kmem_free(r->chunks);
	kmem_free(r);
}

static int make(uint32_t bytes)
{
	struct ramdisk *r = kmem_zalloc(sizeof(*r));
	uint32_t n = 0, wanted = bytes / CHUNK;
	int err = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->chunks = kmem_zalloc(wanted * sizeof(*r->chunks));
	for (; r->chunks && n < wanted; n++) {
		struct page *p = page_alloc(CHUNK_ORDER, PAGE_USER | PAGE_ZERO);

		if (!p)
			break;
		r->chunks[n] = page_address(p);
	}
	if (r->chunks && n == wanted)
		err = add(r, bytes);
	if (err)
		chunks_free(r, n);
	return err;
}

void ramdisk_init(void)
{
	char word[16];
	uint64_t mb;
	int err = -EINVAL;

	if (!cmdline_value("ramdisk", word, sizeof(word)))
		return;
	if (!str_to_u64(word, 10, &mb) && mb && mb <= MB_MAX)
		err = make((uint32_t)mb * MB);
	if (err)
		log_print(LOG_WARN, "ramdisk=%s: %s", word, err == -ENOMEM ?
			  "not so much memory" : "not a number of megabytes");
}
