/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e10_moved_out.c - the host moves a directory out of the tree while an inmate
 * stands in it and another is open: then `..` would be the host's.
 */
#include "escape.h"

static void move_away(void)
{
	char from[PATH_MAX + 4];

	gate_wait(e_out);
	snprintf(from, sizeof(from), "%s/d", e_root);
	CHECK_OK(rename(from, "moved"));
	gate_open(e_in);
}

static int escape(void)
{
	int fd, err;

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	CHECK_OK(chdir("d"));
	fd = open("e", O_RDONLY | O_DIRECTORY);
	CHECK_OK(fd);
	gate_open(e_out);
	gate_wait(e_in);
	err = reads_at(fd, "../../marker");
	return err ? climb_out() : err;
}

__attribute__((constructor)) static void prepare(void)
{
	e_host = move_away;
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
