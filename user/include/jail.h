/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.h - libjail: jails by names and strings, as FreeBSD's jail(3).
 *
 * A struct jailparam is a parameter of jail_set or jail_get with its type,
 * which the kernel tells in /proc/jail/params: init by name, import a string
 * as its value, set or get, export the value as a string, free. Functions
 * give 0 (or a jid), or -1 with errno and a sentence in jail_errmsg.
 */
#ifndef _JAIL_H
#define _JAIL_H

#include <stddef.h>
#include <sys/jail.h>

#define JAIL_ERRMSGLEN 1024

/* jp_flags */
#define JP_RAWVALUE 0x01 /* jp_value is the caller's own */
#define JP_BOOL 0x02     /* a boolean: its value is in the name */
#define JP_NOBOOL 0x04   /* a boolean that was named with "no" */
#define JP_JAILSYS 0x08  /* disable, new or inherit */
#define JP_KEYVALUE 0x10 /* one key of meta or env */

/* jp_ctltype */
#define JP_INT 1
#define JP_UINT 2
#define JP_STRING 3
#define JP_IN_ADDR 4 /* an array of struct in_addr */

/* Who may change a parameter: jp_structtype. */
#define JP_READ_ONLY 0
#define JP_CREATE_ONLY 1
#define JP_CHANGEABLE 2

struct jailparam {
	char *jp_name;
	void *jp_value;
	size_t jp_valuelen;
	size_t jp_elemlen; /* of one element of an array, or 0 */
	int jp_ctltype;
	int jp_structtype;
	unsigned jp_flags;
};

extern char jail_errmsg[JAIL_ERRMSGLEN];

/* The jid that a number or a name means. */
int jail_getid(const char *name);
/* The name of a jail, to be freed. NULL when there is none. */
char *jail_getname(int jid);
/* Pairs of strings, parameter and value (NULL for a plain boolean), ended by
 * a NULL. The first jid, name or lastjid says which; jail_getv writes into
 * the strings, which must be long enough. Gives the jid. */
int jail_setv(int flags, ...);
int jail_getv(int flags, ...);

/* Every parameter the kernel has, in *out, to be freed; gives their number. */
int jailparam_all(struct jailparam **out);
int jailparam_init(struct jailparam *jp, const char *name);
/* A value in words: jailparam_export's inverse. NULL: no value. */
int jailparam_import(struct jailparam *jp, const char *value);
/* A value in the kernel's form, which stays the caller's. */
int jailparam_import_raw(struct jailparam *jp, void *value, size_t len);
int jailparam_set(struct jailparam *jp, unsigned njp, int flags);
/* One parameter with a value (jid, name or lastjid) says which jail. */
int jailparam_get(struct jailparam *jp, unsigned njp, int flags);
/* The value in words, to be freed. */
char *jailparam_export(struct jailparam *jp);
/* Frees what the parameters hold, not the array. */
void jailparam_free(struct jailparam *jp, unsigned njp);

#endif
