/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e05_device_node.c - root makes itself the node of the machine's memory and reads
 * in it what only the host has.
 */
#include <sys/sysmacros.h>

#include "escape.h"

enum { BLOCK = 1 << 20 };

/* Written by a process that is gone, kept in no memory but the file's. */
static char secret_name[] = "ctjh,rdbsdu;";

static void write_secret(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (char *c = secret_name; *c; c++)
			*c ^= 1;
		put("secret", secret_name);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

/* Does the memory hold the secret, which is not spelled out here either? */
static int holds_secret(const char *block, ssize_t size)
{
	const size_t n = sizeof(secret_name) - 1;

	for (ssize_t at = 0; at + (ssize_t)n <= size; at++) {
		size_t same = 0;

		while (same < n && block[at + same] == (secret_name[same] ^ 1))
			same++;
		if (same == n)
			return 1;
	}
	return 0;
}

static int escape(void)
{
	char *block = malloc(BLOCK);
	ssize_t n;
	int fd;

	if (mknod("mem", S_IFCHR | 0600, makedev(1, 1)) < 0)
		return errno;
	fd = open("mem", O_RDONLY);
	if (fd < 0)
		return errno;
	while ((n = read(fd, block, BLOCK)) > 0)
		if (holds_secret(block, n))
			return got("reads the host's memory");
	return n < 0 ? errno : EIO;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = write_secret;
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
