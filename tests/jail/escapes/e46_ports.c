/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e46_ports.c - the machine's ports by iopl, ioperm, or the bare instruction;
 * tables of segments and virtual 8086 mode by their calls.
 */
#include "escape.h"

/* The byte that the clock's chip answers with; a fault ends the process. */
static int reads_port(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		unsigned char value;

		__asm__ volatile("inb $0x71, %0" : "=a"(value));
		_exit(0);
	}
	status = ktap_wait(pid);
	return WIFEXITED(status);
}

static int escape(void)
{
	int err;

	CHECK(!reads_port());
	CHECK(syscall(SYS_vm86, 0, 0) < 0);
	if (syscall(SYS_ioperm, 0x70, 2, 1) == 0 && reads_port())
		return got("reads the machine's ports");
	err = errno;
	if (syscall(SYS_iopl, 3) == 0 && reads_port())
		return got("reads the machine's ports");
	CHECK_EQ(errno, err);
	return err;
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
