/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e36_working_directory.c - the process that enters stands in a directory of the
 * host.
 */
#include "escape.h"

static int escape(void)
{
	char cwd[PATH_MAX];

	if (enter() < 0)
		return errno;
	if (e_world == JAIL)
		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	return reads_at(AT_FDCWD, "marker");
}

__attribute__((constructor)) static void prepare(void)
{
	e_raw = 1;
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
