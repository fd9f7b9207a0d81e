/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e09_hard_link.c - a second name for a file of the host, from inside.
 */
#include "escape.h"

static int escape(void)
{
	if (link(e_marker, "/mine") < 0)
		return errno;
	return reads_at(AT_FDCWD, "/mine");
}

TEST(on_chroot)
{
	must_refuse(CHROOT, escape, ENOENT);
}

TEST(on_hardened_chroot)
{
	must_refuse(HARDENED, escape, ENOENT);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ENOENT);
}
