/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * absent.c - calls for what this machine does not have: swap space, process
 * accounting, quotas. Who may not is told so first, as where they exist.
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

enum { Q_SYNC = 0x800001, Q_QUOTAON, Q_QUOTAOFF, Q_GETFMT, Q_GETINFO,
       Q_SETINFO, Q_GETQUOTA, Q_SETQUOTA, Q_GETNEXTQUOTA };

int sys_quotactl(struct thread *me, const uint32_t *arg)
{
	enum priv deed;
	int err;

	switch (arg[0] >> 8) {
	case Q_SYNC:
		return 0;
	case Q_QUOTAON:
		deed = PRIV_UFS_QUOTAON;
		break;
	case Q_QUOTAOFF:
		deed = PRIV_UFS_QUOTAOFF;
		break;
	case Q_SETINFO:
	case Q_SETQUOTA:
		deed = PRIV_VFS_SETQUOTA;
		break;
	case Q_GETFMT:
	case Q_GETINFO:
	case Q_GETQUOTA:
	case Q_GETNEXTQUOTA:
		deed = PRIV_VFS_GETQUOTA;
		break;
	default:
		return -EINVAL;
	}
	err = priv_check(me->cred, deed);
	return err ? err : -ENOSYS;
}
