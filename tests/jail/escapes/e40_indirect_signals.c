/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e40_indirect_signals.c - a process of the host is signalled by a roundabout
 * way: its group, the owner of a descriptor, a timer, a parent's death.
 */
#include "escape.h"

static int by_timer(void)
{
	long soon[4] = { 0, 0, 0, 1000000 };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID,
			      .sigev_signo = SIGKILL };
	timer_t timer;

	e.sigev_notify_thread_id = e_victim;
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &timer) < 0)
		return -1;
	return syscall(SYS_timer_settime32, timer, 0, soon, NULL);
}

static int escape(void)
{
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK(by_timer() < 0 && errno == EINVAL);
	if (fcntl(fd[0], F_SETOWN, e_victim) < 0)
		CHECK_EQ(errno, ESRCH);
	if (fcntl(fd[0], F_SETOWN, -e_victim) < 0)
		CHECK_EQ(errno, ESRCH);
	if (killpg(e_victim, SIGKILL) < 0)
		return errno;
	return got("kills a group of the host");
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
	must_refuse(JAIL, escape, ESRCH);
	CHECK(j_lives(e_victim));
}
