/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.h - disks, partitions, and the requests that go to them.
 *
 * A driver fills a struct disk and registers it; whoever wants sectors moved
 * fills a struct disk_request, submits it, and is told by its `done`, or waits.
 * A partition is a disk too; its requests go to the whole one.
 *
 * The pages of disk->object are the disk's cache: /dev/vda reads them, and a
 * file system's metadata blocks are parts of them (struct block).
 *
 * Requests in flight at the same time are done in any order. A flush makes
 * durable what was done before it was submitted.
 *
 * Locks: the kernel lock.
 */
#ifndef KERNEL_FS_DISK_H
#define KERNEL_FS_DISK_H

#include "kernel/fs/fs.h"

struct disk;
struct disk_request;

enum { DISK_SECTOR = 512, DISK_NAME_MAX = 32 };

/* --- requests ------------------------------------------------------------- */

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH, DISK_DISCARD, DISK_OPS };

struct disk_piece {
	void *at;		/* in the direct map, 4-aligned */
	uint32_t len;		/* a multiple of the disk's block size */
};
struct disk_request {
	/* Filled by who submits it; all of it lives until it is done. */
	struct disk *disk;	/* held open by the submitter */
	enum disk_op op;
	uint64_t sector;	/* of 512 bytes, from the disk's beginning */
	uint64_t count;		/* sectors; READ, WRITE: disk_submit counts them */
	struct disk_piece *pieces;	/* any number: drivers cut what is long */
	unsigned piece_count;
	/* Called once, never from within disk_submit, must not sleep; r may be
	 * freed or submitted again in it. NULL: somebody calls disk_wait. */
	void (*done)(struct disk_request *r);
	void *private;
	int error;		/* 0, -EIO, -EROFS, -EOPNOTSUPP: when it is done */
	/* The disk layer's and the driver's. */
	bool busy;
	uint64_t at;		/* first sector, of the whole disk */
	uint64_t started_ns;
	struct list link;
	unsigned next_piece;	/* the driver has got so far */
	uint32_t next_byte;
	unsigned parts;		/* with the device */
};
/* Queues r; checks of range, alignment and read-only come out as its error.
 * Never sleeps, never fails, needs no memory. */
void disk_submit(struct disk_request *r);
int disk_wait(struct disk_request *r) must_check;	/* its error. Sleeps. */
/* One READ or WRITE of bytes at buf, which is in the direct map. Sleeps. */
int disk_io(struct disk *d, enum disk_op op, uint64_t sector, void *buf,
	    uint32_t bytes) must_check;
int disk_flush(struct disk *d) must_check;		/* Sleeps. */
int disk_discard(struct disk *d, uint64_t sector,
		 uint64_t count) must_check;		/* Sleeps. */

/* --- disks ---------------------------------------------------------------- */

struct disk_ops {
	/* Takes r, of a whole disk, checked: disk_done follows, not before this
	 * returns (disk_done_later where the answer is known at once). No sleep. */
	void (*submit)(struct disk *d, struct disk_request *r);
};
struct disk_stats {
	uint64_t requests[DISK_OPS], sectors[DISK_OPS], ns[DISK_OPS];
	uint64_t busy_ns, weighted_ns, changed_ns;
	uint32_t in_flight;
};
struct disk {
	/* Filled by the driver. */
	char name[DISK_NAME_MAX];	/* "vda"; partitions: "vda1" */
	uint32_t number;	/* abi_dev; partition n is n further */
	uint32_t minors;	/* how many numbers it may use, itself included */
	uint64_t sectors;
	uint32_t block_size;	/* bytes that the device moves at least */
	bool read_only;		/* the device is; or BLKROSET */
	bool always_read_only;	/* BLKROSET cannot change it */
	bool caches;		/* writes are durable only after a flush */
	bool rotates;
	uint64_t discard_max;	/* sectors of one discard; 0: it cannot */
	uint32_t max_pieces, max_sectors; /* of one command: best not to ask more */
	uint16_t heads, track_sectors;	/* HDIO_GETGEO; 0: made up */
	const struct disk_ops *ops;
	void *private;
	/* The disk layer's. */
	struct disk *whole;	/* itself, or the disk that it is a part of */
	uint64_t first;		/* sector of it that is our first */
	unsigned part;		/* partition number, 0: whole */
	struct list link;	/* all disks, parts behind their whole */
	struct inode *inode;	/* what is mapped and cached: size, object; held */
	struct vm_object *object;	/* inode->object; index: byte >> PAGE_SHIFT */
	unsigned opened;	/* files and mounts */
	bool claimed;		/* mounted, or such */
	unsigned parts_claimed;	/* of a whole disk */
	bool scanning;
	bool written;		/* through its file, since the last flush of all */
	void *node;		/* kernel/dev's */
	struct disk_stats stats;
	uint64_t errors_since_ns;	/* errors logged in this while */
	unsigned errors_logged;
};
/* Of a driver, at boot or later. The disk stays where it is until it is
 * unregistered. Its partitions come with disk_scan. -EEXIST, -ENOMEM. */
int disk_register(struct disk *d) must_check;
/* With its partitions. -EBUSY: it is open. Sleeps. */
int disk_unregister(struct disk *d) must_check;
/* Reads the partition table anew. -EBUSY: a partition is open. Sleeps. */
int disk_scan(struct disk *d) must_check;
void disk_scan_all(void);	/* once, by process 1. Sleeps. */
/* "vd", 0: "vda"; "vd", 26: "vdaa" */
void disk_name(char name[DISK_NAME_MAX], const char *prefix, unsigned number);
/* The driver's answer, under the kernel lock, not from within ops->submit. */
void disk_done(struct disk_request *r, int error);
void disk_done_later(struct disk_request *r, int error);
/* The device has another size now. */
void disk_resized(struct disk *d, uint64_t sectors);

struct disk *disk_next(struct disk *prev);	/* start NULL */
struct disk *disk_find(const char *name);	/* NULL: none; not held */
/* dev sets them: a node for d, and away with it. May sleep after boot. */
extern int (*disk_node_add)(struct disk *d);
extern void (*disk_node_remove)(struct disk *d);

/* --- who uses it ---------------------------------------------------------- */

/* It cannot be unregistered from now on. exclusive, for a mount: -EBUSY when
 * it, its whole disk or a part of it is mounted. */
int disk_hold(struct disk *d, bool exclusive) must_check;
void disk_release(struct disk *d, bool exclusive);
/*
 * For mount(2): the disk behind the block node that source names to the current
 * process, by the one door for devices. While there are no names yet, process 1
 * mounts the root: "vda" or "/dev/vda" is the disk's own. Held, not exclusively.
 * Sleeps. -ENOTBLK; -EACCES: write, and it is read-only; what path_open says.
 */
int disk_open(const struct cred *who, const char *source, bool write,
	      struct disk **out) must_check;
/* The driver of the node: f reads and writes d. */
int disk_file_open(struct disk *d, struct file *f) must_check;
struct disk *disk_of_file(const struct file *f);	/* NULL: another kind */

/* --- its cache ------------------------------------------------------------ */

struct block {			/* size bytes of a page of disk->object */
	struct page *page;	/* held */
	void *data;
	uint64_t number;
	uint32_t size;
};
/* Block `number` of size bytes (512 to PAGE_SIZE), read if need be. -EIO:
 * unreadable, or not on the disk; -ENOMEM. Sleeps. */
int disk_block_get(struct disk *d, uint64_t number, uint32_t size,
		   struct block *out) must_check;
/* The same, zeroed: what is on the disk does not matter. Sleeps. */
int disk_block_fresh(struct disk *d, uint64_t number, uint32_t size,
		     struct block *out) must_check;
void disk_block_put(struct block *b);

void disk_init(void);

#endif
