/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e20_nullfs_rename.c - a directory is reached through a nullfs mount, moved
 * away below it, and left by `..` twice: out of the mount, past its root.
 */
#include "escape.h"

static int escape(void)
{
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("a/c", 0755));
	CHECK_OK(mkdir("b", 0755));
	if (mount("/a", "/b", "nullfs", 0, NULL) < 0)
		return errno;
	CHECK_OK(chdir("/b/c"));
	CHECK_OK(rename("/a/c", "/c"));
	if (chdir("..") < 0 || chdir("..") < 0)
		return errno;
	return climb_out();
}

TEST(in_jail)
{
	e_params = "enforce_statfs=1; allow.mount; allow.mount.nullfs";
	must_refuse(JAIL, escape, ENOENT);
}
