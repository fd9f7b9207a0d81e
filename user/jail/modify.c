/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * modify.c - a running jail gets other parameters; by a restart, if that is
 * allowed, for those that cannot be changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

/* Is the parameter already what it is to become? */
static int is_same(int jid, struct jailparam *jp)
{
	struct jailparam now[2] = { 0 };
	char number[16], *old = NULL, *new = jailparam_export(jp);
	int same = 0;

	snprintf(number, sizeof(number), "%d", jid);
	if (jailparam_init(&now[0], "jid") == 0 &&
	    jailparam_import(&now[0], number) == 0 &&
	    jailparam_init(&now[1], jp->jp_name) == 0 &&
	    jailparam_get(now, 2, 0) >= 0)
		old = jailparam_export(&now[1]);
	same = old && new && !strcmp(old, new);
	jailparam_free(now, 2);
	free(old);
	free(new);
	return same;
}

/* Those that can be changed come first; gives their number. The others are
 * the same as now, or *fixed is one that is not. */
static unsigned sort_out(struct entry *jail, struct jailparam *jp, unsigned n,
			 const char **fixed)
{
	unsigned i, keep_n = 0;

	for (i = 0; i < n; i++) {
		if (jp[i].jp_structtype == JP_CHANGEABLE ||
		    !strcmp(jp[i].jp_name, "jid")) {
			struct jailparam swapped = jp[keep_n];

			jp[keep_n++] = jp[i];
			jp[i] = swapped;
		} else if (!is_same(jail->jid, &jp[i])) {
			*fixed = jp[i].jp_name;
		}
	}
	return keep_n;
}

/* Aliases first: as when it is started. */
static int update(struct entry *jail, struct jailparam *jp, unsigned n)
{
	see_addresses(jail);
	if (check_interfaces(jail) < 0 || make_addresses(jail) < 0)
		goto fail;
	if (jailparam_set(jp, n, JAIL_UPDATE) < 0) {
		complain(jail, "%s", jail_errmsg);
		goto fail;
	}
	return remove_addresses(jail) < 0 ? FAILED : 0;
fail:
	undo_addresses(jail);
	return FAILED;
}

int jail_modify(struct entry *jail)
{
	const char *fixed = NULL;
	struct jailparam *jp;
	int n, status;
	unsigned changed;

	if (jail_look(jail) < 0) {
		complain(jail, "jail \"%s\" not found", jail->name);
		return FAILED;
	}
	if (jail_check(jail, 0) < 0)
		return FAILED;
	n = jail_kernel_params(jail, &jp);
	if (n < 0)
		return FAILED;
	changed = sort_out(jail, jp, (unsigned)n, &fixed);
	if (fixed && options.remove) {
		jailparam_free(jp, (unsigned)n);
		status = jail_stop(jail);
		return status ? status : jail_start(jail);
	}
	if (fixed) {
		complain(jail,
			 "%s cannot be changed while it runs (-mr "
			 "restarts it)",
			 fixed);
		jailparam_free(jp, (unsigned)n);
		return FAILED;
	}
	status = update(jail, jp, changed);
	jailparam_free(jp, (unsigned)n);
	if (status)
		return status;
	if (options.verbose)
		note(jail, "modified");
	return 0;
}
