/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioport.c - ioperm and iopl: the machine's ports for user programs.
 *
 * iopl gives no more than all ports: interrupts stay the kernel's.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

/* ioperm(from, count, on). To give rights up takes no privilege. */
int sys_ioperm(struct thread *me, const uint32_t *arg)
{
	uint32_t from = arg[0], count = arg[1];
	int err;

	if (from + count <= from || from + count > ARCH_PORTS)
		return -EINVAL;
	if (arg[2]) {
		err = priv_check(me->cred, PRIV_IO);
		if (err)
			return err;
	}
	return thread_io_permit(me, from, count, arg[2] != 0);
}

int sys_iopl(struct thread *me, const uint32_t *arg)
{
	int err;

	if (arg[0] > 3)
		return -EINVAL;
	if (arg[0] > thread_io_level(me)) {
		err = priv_check(me->cred, PRIV_IO);
		if (err)
			return err;
	}
	return thread_io_set_level(me, arg[0]);
}
