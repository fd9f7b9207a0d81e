/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e02_chroot_saved_fd.c - a directory descriptor that was opened before the
 * second chroot leads back above the new root.
 */
#include "escape.h"

static int escape(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	CHECK_OK(fd);
	CHECK_OK(mkdir("d", 0755));
	if (chroot("d") < 0 || fchdir(fd) < 0)
		return errno;
	return climb_out();
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_refuse(HARDENED, escape, EPERM);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ENOENT);
}
