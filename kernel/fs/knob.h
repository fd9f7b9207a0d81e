/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knob.h - a number or a line of text below /proc/sys: sysctl. One row says
 * all of it, who may write included; the checks are procfs/knob.c's.
 *
 * A row is a number (value, or get and set) or a line (show and store).
 */
#ifndef KERNEL_FS_KNOB_H
#define KERNEL_FS_KNOB_H

#include "kernel/fs/fs.h"

struct procfs_knob {
	const char *directory;	/* "sys/kern" */
	const char *name;
	enum priv write;	/* what writing takes; PRIV_NONE: nobody may */
	int *value;		/* one for the whole machine; or: */
	int64_t (*get)(const struct procfs_knob *k, const struct cred *who);
	int (*set)(const struct procfs_knob *k, const struct cred *who,
		   int64_t v);
	int64_t min, max;	/* of what is written */
	uint32_t bit;		/* for get and set */
	int (*show)(struct text *t, const struct cred *who);
	int (*store)(const struct cred *who, const char *line); /* no newline */
	struct procfs_entry entry;	/* made by procfs_knob_add */
};

/* Shows k from now on, to everybody; it stays the caller's. */
void procfs_knob_add(struct procfs_knob *k);
int procfs_knob_show(const struct procfs_knob *k, struct text *t,
		     const struct cred *who) must_check;
/* -EPERM: may not; -EINVAL: no number, or out of bounds. */
int procfs_knob_store(const struct procfs_knob *k, const struct cred *who,
		      const char *text, size_t n) must_check;

#endif
