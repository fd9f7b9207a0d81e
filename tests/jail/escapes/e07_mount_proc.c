/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e07_mount_proc.c - a file system that names the host's root is mounted inside.
 */
#include "escape.h"

static int through_proc(void)
{
	char name[64];
	int root;

	snprintf(name, sizeof(name), "/proc/%d/root", (int)e_victim);
	root = open(name, O_RDONLY | O_DIRECTORY);
	if (root < 0)
		return errno;
	return reads_at(root, e_marker + 1);
}

static int escape(void)
{
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		return errno;
	return through_proc();
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, EPERM);
}
