/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioctl.c - what can be asked of a disk's file, beside its bytes (Linux's
 * <linux/fs.h> and <linux/hdreg.h>).
 *
 * Asking needs the open file; changing the disk for all others, the privilege
 * to administer files or its being open for writing.
 */
#include "kernel/fs/cache.h"
#include "kernel/fs/disk/inner.h"

enum {
	HDIO_GETGEO = 0x0301,
	BLKROSET = 0x125d, BLKROGET, BLKRRPART, BLKGETSIZE, BLKFLSBUF, BLKRASET,
	BLKRAGET, BLKSSZGET = 0x1268, BLKDISCARD = 0x1277, BLKIOMIN, BLKIOOPT,
	BLKALIGNOFF, BLKPBSZGET, BLKDISCARDZEROES, BLKROTATIONAL = 0x127e,
};
#define BLKBSZGET 0x80041270u
#define BLKBSZSET 0x40041271u
#define BLKGETSIZE64 0x80041272u

struct geometry {		/* Linux's struct hd_geometry, i386 */
	uint8_t heads, sectors;
	uint16_t cylinders;
	uint32_t start;
};

static int get_geometry(const struct disk *d, uint32_t arg)
{
	const struct disk *whole = d->whole;
	struct geometry g = {
		.heads = whole->heads ? whole->heads : 255,
		.sectors = whole->track_sectors ? whole->track_sectors : 63,
		.start = (uint32_t)d->first,
	};
	uint64_t cylinders = div_u64(whole->sectors,
				     (uint32_t)g.heads * g.sectors, NULL);

	g.cylinders = cylinders > UINT16_MAX ? UINT16_MAX :
					       (uint16_t)cylinders;
	return user_copy_out(arg, &g, sizeof(g));
}

static int put64(uint32_t arg, uint64_t v)
{
	return user_copy_out(arg, &v, sizeof(v));
}

/* An unsigned short, as Linux has it. */
static int put16(uint32_t arg, uint16_t v)
{
	return user_copy_out(arg, &v, sizeof(v));
}

static int set_read_only(struct disk *d, uint32_t arg)
{
	uint32_t on;
	int err = user_get32(arg, &on);

	if (err)
		return err;
	if (!on && d->always_read_only)
		return -EROFS;
	d->read_only = on != 0;
	return 0;
}

/* What may be remembered of the pages is also forgotten: they are clean. */
static int flush_pages(struct disk *d)
{
	int err = cache_sync_inode(d->inode, true);

	disk_pages_forget(d);
	return err;
}

static int discard(struct disk *d, const struct file *f, uint32_t arg)
{
	uint64_t range[2], size = disk_bytes(d);
	uint64_t mask = d->block_size - 1;
	int err;

	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	err = user_copy_in(range, arg, sizeof(range));
	if (err)
		return err;
	if (((range[0] | range[1]) & mask) || range[0] > size ||
	    range[1] > size - range[0])
		return -EINVAL;
	sleep_lock_take(&d->inode->lock);
	err = cache_write_inode_pages(d->inode, true);
	if (!err)
		err = disk_discard(d, range[0] / DISK_SECTOR, range[1] / DISK_SECTOR);
	if (!err && range[1])
		disk_pages_forget(d);
	sleep_lock_release(&d->inode->lock);
	return err;
}

/* The deeds that change the disk for everybody. */
static int administer(struct disk *d, const struct cred *who, uint32_t cmd,
		      uint32_t arg)
{
	int err = priv_check(who, PRIV_VFS_ADMIN);

	if (err)
		return -EACCES;
	if (cmd == BLKROSET)
		return set_read_only(d, arg);
	if (cmd == BLKFLSBUF)
		return flush_pages(d);
	if (d->whole != d)
		return -EINVAL;
	err = cache_write_inode_pages(d->inode, true);
	return err ? err : disk_scan(d);
}

static int get_number(const struct disk *d, uint32_t cmd, uint32_t arg)
{
	uint32_t best = d->whole->max_sectors * DISK_SECTOR;

	switch (cmd) {
	case BLKROGET:
		return user_put32(arg, d->read_only || d->whole->read_only);
	case BLKGETSIZE:
		if (d->sectors > UINT32_MAX)
			return -EFBIG;
		return user_put32(arg, (uint32_t)d->sectors);
	case BLKGETSIZE64:
		return put64(arg, disk_bytes(d));
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return user_put32(arg, d->block_size);
	case BLKIOOPT:
		return user_put32(arg, best);
	case BLKBSZGET:
		return user_put32(arg, PAGE_SIZE);
	case BLKALIGNOFF:
	case BLKDISCARDZEROES:
		return user_put32(arg, 0);
	case BLKROTATIONAL:
		return put16(arg, d->whole->rotates);
	default:
		return -ENOTTY;
	}
}

int disk_ioctl(struct file *f, struct thread *me, uint32_t cmd, uint32_t arg)
{
	struct disk *d = disk_of_file(f);

	switch (cmd) {
	case BLKROSET:
	case BLKRRPART:
	case BLKFLSBUF:
		return administer(d, me->cred, cmd, arg);
	case BLKDISCARD:
		return discard(d, f, arg);
	case HDIO_GETGEO:
		return get_geometry(d, arg);
	default:
		return get_number(d, cmd, arg);
	}
}
