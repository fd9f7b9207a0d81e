/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e08_module.c - root loads code of his own into the kernel: with that he is
 * everywhere. The module is tests/module/sample.c, which makes /proc/sample.
 */
#include "escape.h"

static char image[65536];

static int escape(void)
{
	int fd = open("/module", O_RDONLY);
	ssize_t n = read(fd, image, sizeof(image));

	CHECK(n > 0);
	if (syscall(SYS_init_module, image, n, "") < 0)
		return errno;
	return got("loads a module into the kernel");
}

static void copy_module(void)
{
	char name[PATH_MAX + 8];
	int from = open("/tests/sample.ko", O_RDONLY), to;
	ssize_t n = read(from, image, sizeof(image));

	CHECK(n > 0);
	snprintf(name, sizeof(name), "%s/module", e_root);
	to = open(name, O_WRONLY | O_CREAT, 0644);
	CHECK_EQ(write(to, image, n), n);
	close(from);
	close(to);
}

static int loaded(void)
{
	int was = exists("/proc/sample");

	if (was)
		CHECK_OK(syscall(SYS_delete_module, "sample", 0));
	return was;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = copy_module;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
	CHECK(loaded());
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
	CHECK(loaded());
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, EPERM);
	CHECK(!loaded());
}
