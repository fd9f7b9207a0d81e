/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition.h - private to kernel/fs/disk: what partition tables say. Pure.
 */
#ifndef KERNEL_FS_DISK_PARTITION_H
#define KERNEL_FS_DISK_PARTITION_H

#include "kernel/base/base.h"

enum { PARTITION_MAX = 255 };	/* the highest number, as in Linux */

struct partition_scan {
	uint64_t blocks;	/* of the disk */
	uint32_t block_size;	/* 512 to 4096, a power of two */
	void *buffer;		/* of one block */
	void *ctx;
	/* Block `at` of the disk into buffer. */
	int (*read)(void *ctx, uint64_t at);
	/* In blocks, all of them on the disk. An error ends the scan. */
	int (*found)(void *ctx, unsigned number, uint64_t first, uint64_t count);
	/* What is wrong with the table, for the log. */
	void (*note)(void *ctx, const char *what, unsigned number);
};
/* All partitions of a GPT, if there is one, or an MBR, by found. 0, also when
 * there is no table or a broken one; what read and found say. */
int partition_scan(const struct partition_scan *s) must_check;

#endif
