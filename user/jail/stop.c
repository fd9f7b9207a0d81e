/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c - one jail from running to nothing, and what is left when it went by
 * itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

/* When it is gone: everything is tried, whatever fails. */
int jail_clean_up(struct entry *jail)
{
	int bad = run_hooks(jail, "exec.poststop");

	bad |= remove_mounts(jail);
	bad |= remove_addresses(jail);
	bad |= run_hooks(jail, "exec.release");
	return bad ? FAILED : 0;
}

/* The root, as when it was started. */
static void find_root(struct entry *jail)
{
	const char *path = jail_value(jail, "path");
	char *real = path && *path ? realpath(path, NULL) : NULL;

	jail->root = path && *path == '/' ? path : "/";
	if (real)
		jail->root = keep_text(real, strlen(real));
	free(real);
}

static int remove_now(struct entry *jail)
{
	/* It may have ended by itself meanwhile. */
	if (jail_remove(jail->jid) < 0 && errno != EINVAL && errno != ENOENT)
		return complain(jail, "cannot be removed: %s", strerror(errno));
	note(jail, "removed");
	return 0;
}

int jail_stop(struct entry *jail)
{
	if (jail_look(jail) < 0) {
		complain(jail, "jail \"%s\" not found", jail->name);
		return FAILED;
	}
	find_root(jail);
	see_addresses(jail);
	if (options.at_once)
		return remove_now(jail) < 0 || remove_addresses(jail) < 0 ? FAILED : 0;
	if (run_hooks(jail, "exec.prestop") < 0 ||
	    run_hooks(jail, "exec.stop") < 0)
		return FAILED;
	if (run_stop(jail) < 0) {
		complain(jail, "its processes cannot be told to end: %s",
			 strerror(errno));
		return FAILED;
	}
	if (remove_now(jail) < 0)
		return FAILED;
	return jail_clean_up(jail);
}

int jail_cleanup(struct entry *jail)
{
	if (jail_look(jail) > 0) {
		complain(jail, "it is running: -C is for what is left of one");
		return FAILED;
	}
	find_root(jail);
	return jail_clean_up(jail);
}
