/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - one jail from nothing to running; or back to nothing, when a step
 * fails.
 *
 * While commands run in it, the jail persists, so that it does not end
 * between two of them.
 */
#include <enter.h>
#include <stdio.h>
#include <string.h>

#include "inner.h"

/* The parameters plus persist; jail->jid is the new one. */
static int create(struct entry *jail)
{
	struct jailparam *jp;
	int n = jail_kernel_params(jail, &jp), i;

	if (n < 0)
		return -1;
	for (i = 0; i < n && strcmp(jp[i].jp_name, "persist"); i++)
		;
	if (i < n)
		jailparam_import(&jp[i], "true");
	else if (jailparam_init(&jp[n], "persist") == 0)
		jailparam_import(&jp[n++], "true");
	jail->jid = jailparam_set(jp, (unsigned)n, JAIL_CREATE);
	jailparam_free(jp, (unsigned)n);
	if (jail->jid < 0)
		return complain(jail, "%s", jail_errmsg);
	if (options.print_jid) {
		printf("%d\n", jail->jid);
		fflush(stdout);
	}
	note(jail, "created");
	return options.jid_file >= 0 ? write_jid_file(jail) : 0;
}

static int drop_persist(struct entry *jail)
{
	char jid[16];

	if (jail_is_on(jail, "persist"))
		return 0;
	snprintf(jid, sizeof(jid), "%d", jail->jid);
	if (jail_setv(JAIL_UPDATE, "jid", jid, "nopersist", NULL, NULL) < 0)
		return complain(jail, "%s", jail_errmsg);
	return 0;
}

/* Takes back what has been done, the last first. */
static void undo(struct entry *jail, int prepared)
{
	if (jail->jid > 0 && jail_remove(jail->jid) == 0)
		note(jail, "removed");
	undo_mounts(jail);
	undo_addresses(jail);
	if (prepared)
		run_hooks(jail, "exec.release");
}

static int interrupted(struct entry *jail)
{
	return enter_signalled() ? complain(jail, "interrupted") : 0;
}

/* Everything up to where commands run in it. */
static int prepare(struct entry *jail, int *prepared)
{
	if (run_hooks(jail, "exec.prepare") < 0)
		return -1;
	*prepared = 1;
	if (jail_check_place(jail) < 0 || make_addresses(jail) < 0 ||
	    make_mounts(jail) < 0 || run_hooks(jail, "exec.prestart") < 0 ||
	    interrupted(jail) < 0 || create(jail) < 0)
		return -1;
	/* Another jail's end may just have taken one away; that the kernel now
	 * knows who has it, it stays. */
	return make_addresses(jail);
}

int jail_start(struct entry *jail)
{
	int prepared = 0, status = FAILED;

	if (jail_look(jail) > 0) {
		complain(jail, "jail \"%s\" already exists", jail->name);
		return FAILED;
	}
	if (jail_check(jail, 1) < 0)
		return FAILED;
	if (prepare(jail, &prepared) < 0 ||
	    run_hooks(jail, "exec.created") < 0 ||
	    run_hooks(jail, "exec.start") < 0 || run_hooks(jail, "command") < 0)
		goto fail;
	if (jail->command) {
		status = run_command(jail);
		if (status)
			goto fail;
	}
	status = FAILED;
	if (run_hooks(jail, "exec.poststart") < 0 || interrupted(jail) < 0 ||
	    drop_persist(jail) < 0)
		goto fail;
	if (jail_is_on(jail, "persist") || jail_look(jail) > 0)
		return 0;
	return jail_clean_up(jail); /* its last process has ended already */
fail:
	undo(jail, prepared);
	return status;
}
