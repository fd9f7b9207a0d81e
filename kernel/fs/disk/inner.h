/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to kernel/fs/disk: what its files say to each other.
 */
#ifndef KERNEL_FS_DISK_INNER_H
#define KERNEL_FS_DISK_INNER_H

#include "kernel/fs/disk.h"
#include "kernel/fs/inner.h"

/* disk.c */
extern struct list disk_list;	/* disk.link, parts behind their whole */
static inline uint64_t disk_bytes(const struct disk *d)
{
	return d->sectors * DISK_SECTOR;
}
/* Partition n of d, count sectors from `first`. Sleeps. */
int disk_add_part(struct disk *d, unsigned n, uint64_t first,
		  uint64_t count) must_check;
/* All of them. -EBUSY: one is open. Sleeps. */
int disk_remove_parts(struct disk *d) must_check;

/* request.c */
void request_init(void);

/* pages.c */
void pages_init(void);
int disk_pages_begin(struct disk *d) must_check;
void disk_pages_end(struct disk *d);
void disk_pages_forget(struct disk *d);	/* those that nobody uses */

/* file.c, ioctl.c */
extern const struct file_ops disk_file_ops;
int disk_ioctl(struct file *f, struct thread *me, uint32_t cmd,
	       uint32_t arg) must_check;

/* show.c */
void show_init(void);

#endif
