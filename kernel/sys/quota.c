/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.c - quotactl(2) and quotactl_fd(2), as Linux has them.
 *
 * The file system is told by its disk's node or, more than in Linux, by any
 * name in it: the ones in memory have no disk. A user may ask for their own
 * quota and those of their groups; the rest is for PRIV_VFS_GETQUOTA and
 * PRIV_VFS_SETQUOTA. In a jail none of it works unless it allows quotas, as in
 * FreeBSD.
 */
#include "kernel/fs/quota.h"
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

struct request {
	struct thread *me;
	unsigned deed, type;
	uint32_t id, addr;
};

static int check(const struct request *r)
{
	const struct cred *who = r->me->cred;
	bool open = who->prison == prison_host() ||
		    (who->prison->allow & ALLOW_QUOTAS);

	switch (r->deed) {
	case Q_SYNC:
	case Q_GETFMT:
	case Q_GETINFO:
		return open ? 0 : priv_check(who, PRIV_VFS_GETQUOTA);
	case Q_QUOTAON:
		return priv_check(who, PRIV_UFS_QUOTAON);
	case Q_QUOTAOFF:
		return priv_check(who, PRIV_UFS_QUOTAOFF);
	case Q_SETINFO:
	case Q_SETQUOTA:
		return priv_check(who, PRIV_VFS_SETQUOTA);
	case Q_GETQUOTA:
		if (open && (r->type == QUOTA_USER ? r->id == who->euid :
						     cred_in_group(who, r->id)))
			return 0;
		return priv_check(who, PRIV_VFS_GETQUOTA);
	case Q_GETNEXTQUOTA:
		return priv_check(who, PRIV_VFS_GETQUOTA);
	default:
		return -EINVAL;
	}
}

static int turn_on(const struct request *r, const struct path *p)
{
	struct path_at at = sys_at(r->me, AT_FDCWD);
	char *name = NULL;
	int err;

	if (r->addr) {
		if (r->id != QFMT_VFS_OLD)
			return -ESRCH;
		err = sys_path_in(r->addr, &name);
		if (err)
			return err;
	}
	err = quota_on(&at, p, r->type, name);
	kmem_free(name);
	return err;
}

static int put_quota(const struct request *r, const struct path *p)
{
	bool next = r->deed == Q_GETNEXTQUOTA;
	struct abi_dqblk q;
	int err = next ? quota_get_next(p, r->type, r->id, &q) :
			 quota_get(p, r->type, r->id, &q);

	return err ? err : user_copy_out(r->addr, &q, next ? ABI_NEXTDQBLK_SIZE :
							     ABI_DQBLK_SIZE);
}

static int put_format(const struct request *r, const struct path *p)
{
	return quota_has(p, r->type) ? user_put32(r->addr, QFMT_VFS_OLD) : -ESRCH;
}

static int act(const struct request *r, const struct path *p)
{
	struct abi_dqblk q;
	struct abi_dqinfo info;
	int err;

	switch (r->deed) {
	case Q_SYNC:
		return quota_sync(p, r->type);
	case Q_QUOTAON:
		return turn_on(r, p);
	case Q_QUOTAOFF:
		return quota_off(p, r->type);
	case Q_GETFMT:
		return put_format(r, p);
	case Q_GETINFO:
		err = quota_info(p, r->type, &info);
		return err ? err : user_copy_out(r->addr, &info, sizeof(info));
	case Q_SETINFO:
		err = user_copy_in(&info, r->addr, sizeof(info));
		return err ? err : quota_info_set(p, r->type, &info);
	case Q_SETQUOTA:
		q.id = r->id;
		err = user_copy_in(&q, r->addr, ABI_DQBLK_SIZE);
		return err ? err : quota_set(p, r->type, r->id, &q);
	default:
		return put_quota(r, p);
	}
}

static int request_in(struct thread *me, uint32_t command, uint32_t id,
		      uint32_t addr, struct request *r)
{
	*r = (struct request){ me, command >> 8, command & 0xff, id, addr };
	return r->type < QUOTA_TYPES ? check(r) : -EINVAL;
}

/* What an inmate names lies in its own tree, so it is asked only whether it may
 * touch the quotas of that. */
static int on_path(const struct request *r, const struct path *p)
{
	struct path in;
	int err = quota_find(p, &in);

	if (err)
		return err;
	err = act(r, &in);
	path_drop(&in);
	return err;
}

/* quotactl(2): command, name, id, address. -ENOSYS is never told: -ESRCH where
 * nothing is counted. */
int sys_quotactl(struct thread *me, const uint32_t *arg)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct request r;
	struct path p;
	char *name;
	int err = request_in(me, arg[0], arg[2], arg[3], &r);

	if (err)
		return err;
	if (!arg[1])		/* sync them all (quotactl(2)) */
		return r.deed == Q_SYNC ? 0 : -ENODEV;
	err = sys_path_in(arg[1], &name);
	if (err)
		return err;
	err = path_walk(&at, name, WALK_FOLLOW, &p, NULL);
	kmem_free(name);
	if (err)
		return err;
	err = on_path(&r, &p);
	path_drop(&p);
	return err;
}

/* quotactl_fd(2): descriptor, command, id, address. */
int sys_quotactl_fd(struct thread *me, const uint32_t *arg)
{
	struct request r;
	struct file *f;
	int err = request_in(me, arg[1], arg[2], arg[3], &r);

	if (err)
		return err;
	f = file_get(me->proc->files, (int)arg[0], FILE_ANY);
	if (!f)
		return -EBADF;
	err = on_path(&r, &f->path);
	file_drop(f);
	return err;
}
