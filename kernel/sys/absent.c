/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * absent.c - calls for what this machine does not have: swap space, process
 * accounting. Who may not is told so first, as where they exist.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

/* Whatever the file is, it is no swap space. */
int sys_swapon(struct thread *me, const uint32_t *arg)
{
	int err = priv_check(me->cred, PRIV_SWAPON);

	(void)arg;
	return err ? err : -EINVAL;
}

int sys_swapoff(struct thread *me, const uint32_t *arg)
{
	int err = priv_check(me->cred, PRIV_SWAPOFF);

	(void)arg;
	return err ? err : -EINVAL;
}

/* acct(NULL) ends what never began. */
int sys_acct(struct thread *me, const uint32_t *arg)
{
	int err = priv_check(me->cred, PRIV_ACCT);

	if (err)
		return err;
	return arg[0] ? -ENOSYS : 0;
}
