/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - a node in /dev for each disk and partition.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/disks.h"

enum { GROUP_DISK = 6 };

static int block_open(struct inode *i, struct file *f)
{
	struct dev *d = f->private;

	(void)i;
	return disk_file_open(d->private, f);
}

static const struct file_ops block_ops = { .open = block_open };

static int node_add(struct disk *d)
{
	struct dev *node = kmem_zalloc(sizeof(*node));
	int err;

	if (!node)
		return -ENOMEM;
	*node = (struct dev){
		.name = d->name, .block = true, .number = d->number,
		.mode = 0660, .gid = GROUP_DISK, .ops = &block_ops,
		.private = d,
	};
	d->node = node;
	err = dev_register(node);
	if (err) {
		d->node = NULL;
		kmem_free(node);
	}
	return err;
}

static void node_remove(struct disk *d)
{
	struct dev *node = d->node;

	d->node = NULL;
	dev_unregister(node);
	kmem_free(node);
}

void block_init(void)
{
	disk_node_add = node_add;
	disk_node_remove = node_remove;
}
