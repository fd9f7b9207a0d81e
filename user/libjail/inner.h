/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - what the files of libjail share.
 */
#ifndef LIBJAIL_INNER_H
#define LIBJAIL_INNER_H

#include <jail.h>

/* A parameter as the kernel describes it. */
struct known {
	char *name;
	int type;       /* JP_INT, ... */
	unsigned flags; /* JP_BOOL, JP_JAILSYS */
	int access;     /* JP_READ_ONLY, ... */
};

/* The kernel's table; -1 with jail_errmsg when it cannot be read. */
int known_all(const struct known **out);
/* The parameter called name, len bytes long. NULL when there is none. */
const struct known *known_find(const char *name, size_t len);

/* Writes jail_errmsg, sets errno to error, gives -1. */
int jail_fail(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
