/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.c - a module for the tests: /proc/sample says how often it was read.
 *
 *	gcc (the Makefile's CFLAGS) -c tests/module/sample.c -o sample.ko
 *	insmod sample.ko; cat /proc/sample; rmmod sample
 */
#include "kernel/fs/fs.h"

extern const char module_name[];
int module_init(void);
void module_exit(void);

const char module_name[] = "sample";

static unsigned reads;

static int show(struct text *t, const struct cred *who)
{
	text_put(t, "sample: jid %d, read %u times\n",
		 prison_sees(who->prison, who->prison) ? who->prison->jid : -1,
		 ++reads);
	return 0;
}

static struct procfs_entry entry = {
	.directory = "", .name = "sample", .gate = PROC_GATE_ALL, .show = show,
};

int module_init(void)
{
	procfs_register(&entry);
	log_print(LOG_INFO, "sample: here");
	return 0;
}

void module_exit(void)
{
	procfs_unregister(&entry);
	log_print(LOG_INFO, "sample: gone");
}
