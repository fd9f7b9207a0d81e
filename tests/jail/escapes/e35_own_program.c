/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e35_own_program.c - an inmate writes to the program of a host tool that entered
 * the jail, by its link in /proc.
 */
#include "escape.h"

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
}

static int escape(void)
{
	char link[PATH_MAX];
	int fd = open("/proc/self/exe", O_RDONLY);

	if (fd >= 0)
		return got("opens the host's program");
	CHECK_EQ(errno, ENOENT);
	CHECK(open("/proc/self/exe", O_WRONLY) < 0 && errno == ENOENT);
	CHECK(readlink("/proc/self/exe", link, sizeof(link)) < 0 ||
	      !strncmp(link, "(unreachable)", 13));
	return ENOENT;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
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
