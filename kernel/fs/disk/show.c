/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.c - /proc/partitions and /proc/diskstats, as Linux writes them. A prison
 * sees a table without disks: programs want it to be there.
 */
#include "kernel/fs/disk/inner.h"

static int show_partitions(struct text *t, const struct cred *who)
{
	struct disk *d = NULL;

	text_put(t, "major minor  #blocks  name\n\n");
	while (who->prison == prison_host() && (d = disk_next(d)))
		text_put(t, "%4u  %7u %10llu %s\n", abi_dev_major(d->number),
			 abi_dev_minor(d->number), d->sectors / 2, d->name);
	return 0;
}

static uint32_t ms(uint64_t ns)
{
	return (uint32_t)div_u64(ns, 1000000, NULL);
}

/* Requests are not merged here: the second number is 0. */
static void put_op(struct text *t, const struct disk_stats *s, enum disk_op op)
{
	text_put(t, " %llu 0 %llu %u", s->requests[op], s->sectors[op],
		 ms(s->ns[op]));
}

static int show_stats(struct text *t, const struct cred *who)
{
	struct disk *d = NULL;

	(void)who;
	while ((d = disk_next(d))) {
		const struct disk_stats *s = &d->stats;

		text_put(t, "%4u %7u %s", abi_dev_major(d->number),
			 abi_dev_minor(d->number), d->name);
		put_op(t, s, DISK_READ);
		put_op(t, s, DISK_WRITE);
		text_put(t, " %u %u %u", s->in_flight, ms(s->busy_ns),
			 ms(s->weighted_ns));
		put_op(t, s, DISK_DISCARD);
		text_put(t, " %llu %u\n", s->requests[DISK_FLUSH],
			 ms(s->ns[DISK_FLUSH]));
	}
	return 0;
}

static struct procfs_entry entries[] = {
	{ .directory = "", .name = "partitions", .gate = PROC_GATE_ALL,
	  .show = show_partitions },
	{ .directory = "", .name = "diskstats", .show = show_stats },
};

void show_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(entries); i++)
		procfs_register(&entries[i]);
}
