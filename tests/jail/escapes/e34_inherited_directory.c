/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e34_inherited_directory.c - the process that enters holds a directory of the
 * host open.
 */
#include "escape.h"

static int escape(void)
{
	int fd = open(files_top, O_RDONLY | O_DIRECTORY);
	struct stat root = stat_of("/");

	CHECK_OK(fd);
	if (enter() < 0) {
		int err = errno;

		/* And nothing has changed. */
		CHECK_EQ(root.st_ino, stat_of("/").st_ino);
		CHECK(exists(e_marker));
		return err;
	}
	return reads_at(fd, e_marker + strlen(files_top) + 1);
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
	must_refuse(JAIL, escape, EPERM);
}
