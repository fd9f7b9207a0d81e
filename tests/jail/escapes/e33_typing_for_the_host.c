/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e33_typing_for_the_host.c - inmate and host share a terminal, as after
 * `jail ... sh` typed there: the inmate types a command for the host's shell.
 */
#include <sys/ioctl.h>

#include "escape.h"

static int terminal;

static void make_terminal(void)
{
	int zero = 0, number, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	char name[32];

	CHECK_OK(master);
	CHECK_OK(ioctl(master, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(master, TIOCGPTN, &number));
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	terminal = open(name, O_RDWR | O_NOCTTY);
	CHECK_OK(terminal);
}

/* The session begins on the host; then its leader enters. */
static int escape(void)
{
	pid_t shell;

	CHECK_OK(setsid());
	CHECK_OK(ioctl(terminal, TIOCSCTTY, 0));
	shell = fork();
	if (shell == 0)
		for (;;)
			pause();
	CHECK_OK(enter());
	if (e_world == JAIL) {
		/* What it leaves behind is out of its reach, this session's
		 * other process and its group included. */
		CHECK_ERRNO(kill(shell, SIGCONT), ESRCH);
		CHECK_ERRNO(kill(shell, SIGKILL), ESRCH);
		CHECK(tcsetpgrp(terminal, shell) < 0);
	}
	if (ioctl(terminal, TIOCSTI, "x") < 0)
		return errno;
	return got("types for the host");
}

__attribute__((constructor)) static void prepare(void)
{
	e_raw = 1;
	e_setup = make_terminal;
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
