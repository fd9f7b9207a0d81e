/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer.c - lists of parameters to and from the kernel.
 *
 * jail_get is asked twice when something's length is not known: the first
 * time the value is NULL, and the kernel writes back the length it needs.
 * A value may grow between the two, so that this is tried a few times.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum { TRIES = 8 };

static char errmsg_name[] = "errmsg";

/* The iovec's pair number i becomes name, value. */
static void pair(struct iovec *iov, unsigned i, char *name, void *value,
		 size_t len)
{
	iov[2 * i].iov_base = name;
	iov[2 * i].iov_len = strlen(name) + 1;
	iov[2 * i + 1].iov_base = value;
	iov[2 * i + 1].iov_len = len;
}

/* A new name: that of jp with or without "no" before its last part. */
static char *bool_name(const struct jailparam *jp, int on)
{
	const char *last = strrchr(jp->jp_name, '.');
	size_t head = last ? (size_t)(last + 1 - jp->jp_name) : 0;
	const char *tail = jp->jp_name + head;
	char *name;

	if (jp->jp_flags & JP_NOBOOL)
		tail += 2;
	if (asprintf(&name, "%.*s%s%s", (int)head, jp->jp_name, on ? "" : "no",
		     tail) < 0)
		return NULL;
	return name;
}

static int is_on(const struct jailparam *jp)
{
	int n = 1;

	if (jp->jp_value && jp->jp_valuelen >= sizeof(n))
		memcpy(&n, jp->jp_value, sizeof(n));
	else if (jp->jp_flags & JP_NOBOOL)
		n = 0;
	return n;
}

static void free_names(char **names, unsigned n)
{
	unsigned i;

	for (i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

/* The names under which the kernel takes the parameters; NULL: no memory. */
static char **make_names(const struct jailparam *jp, unsigned njp, int setting)
{
	char **names = calloc(njp + 1, sizeof(*names));
	unsigned i;

	for (i = 0; names && i < njp; i++) {
		if (jp[i].jp_flags & JP_BOOL)
			names[i] = bool_name(&jp[i], !setting || is_on(&jp[i]));
		else
			names[i] = strdup(jp[i].jp_name);
		if (!names[i]) {
			free_names(names, njp);
			return NULL;
		}
	}
	return names;
}

/* What the kernel had to say, or else errno in words. */
static int failed(const char *call)
{
	int error = errno;

	jail_errmsg[JAIL_ERRMSGLEN - 1] = '\0';
	if (!jail_errmsg[0])
		snprintf(jail_errmsg, sizeof(jail_errmsg), "%s: %s", call,
			 strerror(error));
	errno = error;
	return -1;
}

int jailparam_set(struct jailparam *jp, unsigned njp, int flags)
{
	struct iovec *iov = calloc(2 * (njp + 1), sizeof(*iov));
	char **names = make_names(jp, njp, 1);
	int jid = -1;
	unsigned i;

	if (!iov || !names) {
		jail_fail(ENOMEM, "%s", strerror(ENOMEM));
		goto out;
	}
	for (i = 0; i < njp; i++) {
		if (jp[i].jp_flags & JP_BOOL)
			pair(iov, i, names[i], NULL, 0);
		else
			pair(iov, i, names[i], jp[i].jp_value,
			     jp[i].jp_valuelen);
	}
	jail_errmsg[0] = '\0';
	pair(iov, njp, errmsg_name, jail_errmsg, sizeof(jail_errmsg));
	jid = jail_set(iov, 2 * (njp + 1), flags);
	if (jid < 0)
		failed("jail_set");
out:
	free_names(names, njp);
	free(iov);
	return jid;
}

static int is_key(const struct jailparam *jp)
{
	return jp->jp_value &&
	       (!strcmp(jp->jp_name, "jid") || !strcmp(jp->jp_name, "name") ||
		!strcmp(jp->jp_name, "desc") ||
		!strcmp(jp->jp_name, "lastjid"));
}

/* Room for the values of all but the key; 0 bytes ask for the length. */
static int make_room(struct jailparam *jp, unsigned njp,
		     const struct iovec *iov, const struct jailparam *key)
{
	unsigned i;

	for (i = 0; i < njp; i++) {
		size_t len = iov[2 * i + 1].iov_len;

		if (&jp[i] == key)
			continue;
		free(jp[i].jp_value);
		jp[i].jp_valuelen = len;
		jp[i].jp_value = calloc(1, len + 1);
		if (!jp[i].jp_value)
			return jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	}
	return 0;
}

/* After a success: lengths as they are, no value where the kernel has none. */
static void take_values(struct jailparam *jp, unsigned njp,
			const struct iovec *iov, const struct jailparam *key)
{
	unsigned i;

	for (i = 0; i < njp; i++) {
		const struct iovec *value = &iov[2 * i + 1];

		if (&jp[i] == key)
			continue;
		if (value->iov_len < jp[i].jp_valuelen)
			jp[i].jp_valuelen = value->iov_len;
		if (!value->iov_base) {
			free(jp[i].jp_value);
			jp[i].jp_value = NULL;
			jp[i].jp_valuelen = 0;
		}
	}
}

/* One round: lengths, room, values. */
static int get_once(struct jailparam *jp, unsigned njp, int flags,
		    struct iovec *iov, char **names, struct jailparam *key)
{
	unsigned i;
	int jid;

	for (i = 0; i < njp; i++)
		pair(iov, i, names[i], &jp[i] == key ? key->jp_value : NULL,
		     &jp[i] == key ? key->jp_valuelen : 0);
	jail_errmsg[0] = '\0';
	pair(iov, njp, errmsg_name, jail_errmsg, sizeof(jail_errmsg));
	/* Descriptors are made once, in the round that keeps them. */
	jid = jail_get(iov, 2 * (njp + 1),
		       flags & ~(JAIL_GET_DESC | JAIL_OWN_DESC));
	if (jid < 0 || make_room(jp, njp, iov, key) < 0)
		return -1;
	for (i = 0; i < njp; i++)
		pair(iov, i, names[i], jp[i].jp_value, jp[i].jp_valuelen);
	pair(iov, njp, errmsg_name, jail_errmsg, sizeof(jail_errmsg));
	jid = jail_get(iov, 2 * (njp + 1), flags);
	if (jid >= 0)
		take_values(jp, njp, iov, key);
	return jid;
}

int jailparam_get(struct jailparam *jp, unsigned njp, int flags)
{
	struct iovec *iov = calloc(2 * (njp + 1), sizeof(*iov));
	char **names = make_names(jp, njp, 0);
	struct jailparam *key = NULL;
	unsigned i;
	int jid = -1, tries;

	for (i = 0; i < njp && !key; i++) {
		if (is_key(&jp[i]))
			key = &jp[i];
	}
	if (!iov || !names) {
		jail_fail(ENOMEM, "%s", strerror(ENOMEM));
	} else if (!key) {
		jail_fail(ENOENT, "no jid, name or lastjid was given");
	} else {
		for (tries = 0; jid < 0 && tries < TRIES; tries++) {
			jid = get_once(jp, njp, flags, iov, names, key);
			if (jid < 0 && errno != EINVAL && errno != ENOMEM)
				break;
		}
		if (jid < 0)
			failed("jail_get");
	}
	free_names(names, njp);
	free(iov);
	return jid;
}
