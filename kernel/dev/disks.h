/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disks.h - private to room 8: the drivers of disks.
 *
 * Each finds its disks at boot, without sleeping, and registers them; their
 * partitions are looked for later, by process 1 (disk_scan_all).
 */
#ifndef KERNEL_DEV_DISKS_H
#define KERNEL_DEV_DISKS_H

#include "kernel/dev/inner.h"
#include "kernel/fs/disk.h"

void block_init(void);		/* nodes in /dev: before all others */
void ramdisk_init(void);
void virtio_blk_init(void);
void ata_init(void);

#endif
