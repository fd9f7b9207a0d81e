/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan.c - from a disk's partition table to its partitions.
 *
 * The table is read past the cache: it may have been written by others, and
 * is not read often. Partitions that overlap are one too many: the first wins.
 *
 * Locks: the kernel lock; disk->scanning keeps a second scan out.
 */
#include "kernel/fs/disk/inner.h"
#include "kernel/fs/disk/partition.h"

struct scan {
	struct disk *disk;
	void *block;
};

static int read_block(void *ctx, uint64_t at)
{
	struct scan *s = ctx;
	uint32_t size = s->disk->block_size;

	return disk_io(s->disk, DISK_READ, at * (size / DISK_SECTOR), s->block,
		       size);
}

static void note(void *ctx, const char *what, unsigned number)
{
	struct scan *s = ctx;

	if (number)
		log_print(LOG_WARN, "%s: partition %u %s: not used",
			  s->disk->name, number, what);
	else
		log_print(LOG_WARN, "%s: %s", s->disk->name, what);
}

static int found(void *ctx, unsigned number, uint64_t first, uint64_t count)
{
	struct scan *s = ctx;
	struct disk *d = s->disk, *p = d;
	uint32_t sectors = d->block_size / DISK_SECTOR;

	first *= sectors;
	count *= sectors;
	while ((p = disk_next(p)) && p->whole == d) {
		if (first < p->first + p->sectors && p->first < first + count) {
			note(ctx, "overlaps another", number);
			return 0;
		}
	}
	log_print(LOG_DEBUG, "%s: partition %u: %llu sectors from %llu",
		  d->name, number, count, first);
	return disk_add_part(d, number, first, count);
}

static int scan(struct disk *d, void *block)
{
	struct scan ctx = { d, block };
	struct partition_scan s = {
		.blocks = div_u64(d->sectors, d->block_size / DISK_SECTOR,
				  NULL),
		.block_size = d->block_size, .buffer = block, .ctx = &ctx,
		.read = read_block, .found = found, .note = note,
	};

	return partition_scan(&s);
}

int disk_scan(struct disk *d)
{
	struct page *p;
	int err;

	assert(d->whole == d);
	if (d->scanning)
		return -EBUSY;
	p = page_alloc(0, PAGE_KERNEL);
	if (!p)
		return -ENOMEM;
	d->scanning = true;
	err = disk_hold(d, false);
	if (!err) {
		err = disk_remove_parts(d);
		if (!err)
			err = scan(d, page_address(p));
		disk_release(d, false);
	}
	d->scanning = false;
	page_drop(p);
	return err;
}

void disk_scan_all(void)
{
	struct disk *d = NULL;

	while ((d = disk_next(d))) {
		int err = d->whole == d && d->minors > 1 ? disk_scan(d) : 0;

		if (err)
			log_print(LOG_WARN, "%s: no partitions: error %d",
				  d->name, -err);
	}
}
