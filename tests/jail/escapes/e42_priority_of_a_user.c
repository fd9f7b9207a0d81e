/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e42_priority_of_a_user.c - users have the same numbers everywhere: root
 * inside slows down all that a user of the host runs.
 */
#include <sys/resource.h>

#include "escape.h"

static pid_t slowed;

static void make_user_process(void)
{
	slowed = j_sitter(0, ALICE);
}

static int escape(void)
{
	if (setpriority(PRIO_USER, ALICE, 10) < 0)
		return errno;
	return got("slows down a host user");
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = make_user_process;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
	CHECK_EQ(getpriority(PRIO_PROCESS, slowed), 10);
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ESRCH);
	CHECK_EQ(getpriority(PRIO_PROCESS, slowed), 0);
}
