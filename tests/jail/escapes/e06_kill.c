/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e06_kill.c - a root process ends a process of the host.
 */
#include "escape.h"

static int escape(void)
{
	if (kill(e_victim, SIGKILL) < 0)
		return errno;
	return got("kills a host process");
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
	CHECK(WIFSIGNALED(ktap_wait(e_victim)));
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
	CHECK(WIFSIGNALED(ktap_wait(e_victim)));
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ESRCH);
	CHECK(j_lives(e_victim));
}
