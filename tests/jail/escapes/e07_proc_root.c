/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e07_proc_root.c - the host has mounted /proc inside; its links to other
 * processes' roots lead out.
 */
#include "escape.h"

static int escape(void)
{
	char name[64];
	int root;

	snprintf(name, sizeof(name), "/proc/%d/root", (int)e_victim);
	root = open(name, O_RDONLY | O_DIRECTORY);
	if (root < 0)
		return errno;
	return reads_at(root, e_marker + 1);
}

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
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
	must_refuse(JAIL, escape, ENOENT);
}
