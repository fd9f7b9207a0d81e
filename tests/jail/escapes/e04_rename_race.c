/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e04_rename_race.c - the directory in which a chrooted process stands is moved
 * out of its root by another process of the same world.
 */
#include "escape.h"

static int escape(void)
{
	struct gate ready = gate_new(), moved = gate_new();
	pid_t pid;

	CHECK_OK(mkdir("x", 0755));
	CHECK_OK(mkdir("x/y", 0755));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(chroot("x"));
		CHECK_OK(chdir("/y"));
		gate_open(ready);
		gate_wait(moved);
		e_shared->err = climb_out();
		_exit(0);
	}
	gate_wait(ready);
	CHECK_OK(rename("x/y", "y"));
	gate_open(moved);
	CHECK_CHILD(pid);
	return e_shared->err;
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
