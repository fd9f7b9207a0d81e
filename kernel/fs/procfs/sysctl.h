/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.h - private to procfs: what the rows of /proc/sys by Linux's names
 * and those by FreeBSD's have in common.
 */
#ifndef KERNEL_FS_PROCFS_SYSCTL_H
#define KERNEL_FS_PROCFS_SYSCTL_H

#include "kernel/fs/knob.h"
#include "kernel/fs/procfs/inner.h"

void sysctl_add(struct procfs_knob *k, unsigned n);
void sysctl_kern_register(void);
void sysctl_vm_register(void);
void sysctl_jail_register(void);

/* sysctl_kern.c */
int show_hostname(struct text *t, const struct cred *who);
int store_hostname(const struct cred *who, const char *line);
int show_domainname(struct text *t, const struct cred *who);
int store_domainname(const struct cred *who, const char *line);
int show_ostype(struct text *t, const struct cred *who);
int show_osrelease(struct text *t, const struct cred *who);
int show_version(struct text *t, const struct cred *who);
int64_t get_maxfiles(const struct procfs_knob *k, const struct cred *who);
int set_maxfiles(const struct procfs_knob *k, const struct cred *who, int64_t v);

#endif
