/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e01_chroot_dotdot.c - a second chroot leaves the working directory above
 * the new root, and from there `..` climbs past the old one.
 */
#include "escape.h"

static int escape(void)
{
	CHECK_OK(mkdir("d", 0755));
	if (chroot("d") < 0)
		return errno;
	return climb_out();
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_refuse(HARDENED, escape, ENOENT);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ENOENT);
}
