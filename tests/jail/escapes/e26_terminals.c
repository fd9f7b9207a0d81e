/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e26_terminals.c - a terminal of the host is found in a list, and opened.
 */
#include <sys/ioctl.h>

#include "escape.h"

static char host_tty[32];

/* A pty of the host, in the very file system that is mounted inside. */
static void make_terminal(void)
{
	int zero = 0, number, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	char name[PATH_MAX + 16];

	CHECK_OK(master);
	CHECK_OK(ioctl(master, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(master, TIOCGPTN, &number));
	snprintf(host_tty, sizeof(host_tty), "/dev/pts/%d", number);
	CHECK_OK(chmod(host_tty, 0666));
	j_mount("devtmpfs", e_root, "dev");
	snprintf(name, sizeof(name), "%s/dev/pts", e_root);
	CHECK_OK(mount("/dev/pts", name, NULL, MS_BIND, NULL));
}

static int escape(void)
{
	int master, number, zero = 0;
	char own[32];

	/* One's own are there. */
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK_OK(master);
	CHECK_OK(ioctl(master, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(master, TIOCGPTN, &number));
	snprintf(own, sizeof(own), "/dev/pts/%d", number);
	CHECK_OK(open(own, O_RDWR | O_NOCTTY));
	if (access(host_tty, F_OK) < 0)
		return errno;
	if (open(host_tty, O_RDWR | O_NOCTTY) < 0)
		return errno;
	return got("opens the host's terminal");
}

__attribute__((constructor)) static void prepare(void)
{
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
	must_refuse(JAIL, escape, ENOENT);
}
