/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e32_same_uid.c - an ordinary user of the host signals a process inside that
 * has his number; numbers of users are the same everywhere.
 */
#include "escape.h"

static int escape(void)
{
	pid_t inmate = fork();

	CHECK_OK(inmate);
	if (inmate == 0) {
		CHECK_OK(enter());
		become(ALICE, ALICE);
		gate_open(e_out);
		for (;;)
			pause();
	}
	gate_wait(e_out);
	become(ALICE, ALICE);
	if (kill(inmate, SIGKILL) < 0)
		return errno;
	CHECK(WIFSIGNALED(ktap_wait(inmate)));
	return got("a host user kills an inmate");
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
