/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ids.c - who the caller is: user and group ids, groups, capabilities.
 *
 * A change builds a new credential beside the old one, asks, and swaps the
 * pointer; the call that does it goes on with the one it began with.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

static const uint32_t KEEP = UINT32_MAX;

/* --- asking ----------------------------------------------------------------- */

int sys_getuid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->cred->uid;
}

int sys_geteuid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->cred->euid;
}

int sys_getgid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->cred->gid;
}

int sys_getegid(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return me->cred->egid;
}

static int out_three(const uint32_t *arg, uint32_t a, uint32_t b, uint32_t c)
{
	int err = user_put32(arg[0], a);

	if (!err)
		err = user_put32(arg[1], b);
	return err ? err : user_put32(arg[2], c);
}

int sys_getresuid(struct thread *me, const uint32_t *arg)
{
	return out_three(arg, me->cred->uid, me->cred->euid, me->cred->suid);
}

int sys_getresgid(struct thread *me, const uint32_t *arg)
{
	return out_three(arg, me->cred->gid, me->cred->egid, me->cred->sgid);
}

/* --- changing ---------------------------------------------------------------
 *
 * User and group ids follow the same rules; a view names the four fields of
 * one kind. The privilege that lifts the rules goes by the call. */

struct id_view {
	uint32_t *real, *effective, *saved, *fs;
};

static struct id_view user_ids(struct cred *c)
{
	return (struct id_view){ &c->uid, &c->euid, &c->suid, &c->fsuid };
}

static struct id_view group_ids(struct cred *c)
{
	return (struct id_view){ &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

typedef struct id_view (*id_kind)(struct cred *c);

static bool has_id(const struct id_view *v, uint32_t id)
{
	assert(v->real && v->effective && v->saved);
	return id == KEEP || id == *v->real || id == *v->effective ||
	       id == *v->saved;
}

/* Swaps c in. A process that changed its effective identity may not be
 * debugged by its peers from then on. */
static int take_on(struct thread *me, struct cred *c)
{
	assert(c->refs == 1 && c != me->cred);
	assert(c->prison == me->cred->prison);
	if (c->euid != me->cred->euid || c->egid != me->cred->egid) {
		me->proc->set_id = true;
		me->proc->dumpable = false;
		me->proc->death_signal = 0; /* from who it was, to who it is */
	}
	proc_set_cred(me->proc, c);
	return 0;
}

static int change_three(struct thread *me, const uint32_t *arg, id_kind kind,
			enum priv priv)
{
	struct cred *c = cred_copy(me->cred);
	struct id_view v;
	int err = 0;

	if (!c)
		return -ENOMEM;
	v = kind(c);
	for (int i = 0; i < 3 && !err; i++)
		if (!has_id(&v, arg[i]))
			err = priv_check(me->cred, priv);
	if (err) {
		cred_drop(c);
		return err;
	}
	if (arg[0] != KEEP)
		*v.real = arg[0];
	if (arg[1] != KEEP)
		*v.effective = arg[1];
	if (arg[2] != KEEP)
		*v.saved = arg[2];
	*v.fs = *v.effective;
	return take_on(me, c);
}

/* The saved id follows the effective one as POSIX.1-2008 says; the real one
 * may only become what it or the effective one is. */
static int change_two(struct thread *me, const uint32_t *arg, id_kind kind,
		      enum priv priv)
{
	struct cred *c = cred_copy(me->cred);
	struct id_view v;
	uint32_t was;
	int err = 0;

	if (!c)
		return -ENOMEM;
	v = kind(c);
	was = *v.real;
	if (!has_id(&v, arg[1]) || (arg[0] != KEEP && arg[0] != *v.real &&
				    arg[0] != *v.effective))
		err = priv_check(me->cred, priv);
	if (err) {
		cred_drop(c);
		return err;
	}
	if (arg[0] != KEEP)
		*v.real = arg[0];
	if (arg[1] != KEEP)
		*v.effective = arg[1];
	if (arg[0] != KEEP || (arg[1] != KEEP && arg[1] != was))
		*v.saved = *v.effective;
	*v.fs = *v.effective;
	return take_on(me, c);
}

/* With the privilege all three ids change, without it the effective one. */
static int change_one(struct thread *me, uint32_t id, id_kind kind,
		      enum priv priv)
{
	struct cred *c = cred_copy(me->cred);
	struct id_view v;
	bool all;

	if (!c)
		return -ENOMEM;
	v = kind(c);
	all = priv_has(me->cred, priv);
	if (id == KEEP || (!all && id != *v.real && id != *v.saved)) {
		cred_drop(c);
		return id == KEEP ? -EINVAL : priv_check(me->cred, priv);
	}
	*v.effective = *v.fs = id;
	if (all)
		*v.real = *v.saved = id;
	return take_on(me, c);
}

/* Never fails: it answers with the id that was. */
static int change_fs(struct thread *me, uint32_t id, id_kind kind,
		     enum priv priv)
{
	struct cred *c = cred_copy(me->cred);
	struct id_view v;
	uint32_t old;

	if (!c)
		return -ENOMEM;
	v = kind(c);
	old = *v.fs;
	if (id == KEEP || id == old ||
	    (!has_id(&v, id) && priv_check(me->cred, priv))) {
		cred_drop(c);
		return old;
	}
	assert(c->refs == 1);
	*v.fs = id;
	proc_set_cred(me->proc, c);
	return old;
}

int sys_setresuid(struct thread *me, const uint32_t *arg)
{
	return change_three(me, arg, user_ids, PRIV_CRED_SETRESUID);
}

int sys_setresgid(struct thread *me, const uint32_t *arg)
{
	return change_three(me, arg, group_ids, PRIV_CRED_SETRESGID);
}

int sys_setreuid(struct thread *me, const uint32_t *arg)
{
	return change_two(me, arg, user_ids, PRIV_CRED_SETREUID);
}

int sys_setregid(struct thread *me, const uint32_t *arg)
{
	return change_two(me, arg, group_ids, PRIV_CRED_SETREGID);
}

int sys_setuid(struct thread *me, const uint32_t *arg)
{
	return change_one(me, arg[0], user_ids, PRIV_CRED_SETUID);
}

int sys_setgid(struct thread *me, const uint32_t *arg)
{
	return change_one(me, arg[0], group_ids, PRIV_CRED_SETGID);
}

int sys_setfsuid(struct thread *me, const uint32_t *arg)
{
	return change_fs(me, arg[0], user_ids, PRIV_CRED_SETEUID);
}

int sys_setfsgid(struct thread *me, const uint32_t *arg)
{
	return change_fs(me, arg[0], group_ids, PRIV_CRED_SETEGID);
}

/* --- supplementary groups --------------------------------------------------- */

int sys_getgroups(struct thread *me, const uint32_t *arg)
{
	const struct cred *c = me->cred;
	int err;

	if ((int32_t)arg[0] < 0)
		return -EINVAL;
	if (!arg[0])
		return c->group_count;
	if (arg[0] < c->group_count)
		return -EINVAL;
	err = user_copy_out(arg[1], c->groups, c->group_count * 4);
	return err ? err : (int)c->group_count;
}

static int set_groups(struct thread *me, const uint32_t *groups, uint32_t n)
{
	struct cred *c = cred_copy(me->cred);
	int err;

	if (!c)
		return -ENOMEM;
	err = cred_set_groups(c, groups, n);
	if (err) {
		cred_drop(c);
		return err;
	}
	proc_set_cred(me->proc, c);
	return 0;
}

int sys_setgroups(struct thread *me, const uint32_t *arg)
{
	uint32_t *groups = NULL;
	int err = priv_check(me->cred, PRIV_CRED_SETGROUPS);

	if (err)
		return err;
	if (arg[0] > CRED_GROUPS_MAX)
		return -EINVAL;
	if (arg[0]) {
		groups = kmem_alloc(arg[0] * 4);
		if (!groups)
			return -ENOMEM;
		err = user_copy_in(groups, arg[1], arg[0] * 4);
	}
	if (!err)
		err = set_groups(me, groups, arg[0]);
	kmem_free(groups);
	return err;
}

/* --- the 16-bit calls of old: 65534 stands for an id that does not fit ------- */

static uint32_t narrow(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : id;
}
static uint32_t widen(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? KEEP : (uint16_t)id;
}

int sys_getuid16(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return narrow(me->cred->uid);
}

int sys_geteuid16(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return narrow(me->cred->euid);
}

int sys_getgid16(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return narrow(me->cred->gid);
}

int sys_getegid16(struct thread *me, const uint32_t *arg)
{
	(void)arg;
	return narrow(me->cred->egid);
}

int sys_getgroups16(struct thread *me, const uint32_t *arg)
{
	const struct cred *c = me->cred;
	uint16_t id;
	int err = 0;

	if ((int32_t)arg[0] < 0 || (arg[0] && arg[0] < c->group_count))
		return -EINVAL;
	for (uint32_t i = 0; arg[0] && !err && i < c->group_count; i++) {
		id = (uint16_t)narrow(c->groups[i]);
		err = user_copy_out(arg[1] + i * sizeof(id), &id, sizeof(id));
	}
	return err ? err : (int)c->group_count;
}

int sys_setgroups16(struct thread *me, const uint32_t *arg)
{
	uint32_t *groups = NULL, n = arg[0];
	uint16_t id;
	int err = priv_check(me->cred, PRIV_CRED_SETGROUPS);

	if (err)
		return err;
	if (n > CRED_GROUPS_MAX)
		return -EINVAL;
	if (n)
		groups = kmem_alloc(n * sizeof(*groups));
	if (n && !groups)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < n; i++) {
		err = user_copy_in(&id, arg[1] + i * sizeof(id), sizeof(id));
		groups[i] = widen(id);
	}
	if (!err)
		err = set_groups(me, groups, n);
	kmem_free(groups);
	return err;
}

int sys_setuid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id = widen(arg[0]);

	return sys_setuid(me, &id);
}

int sys_setgid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id = widen(arg[0]);

	return sys_setgid(me, &id);
}

int sys_setreuid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id[2] = { widen(arg[0]), widen(arg[1]) };

	return sys_setreuid(me, id);
}

int sys_setregid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id[2] = { widen(arg[0]), widen(arg[1]) };

	return sys_setregid(me, id);
}

int sys_setresuid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id[3] = { widen(arg[0]), widen(arg[1]), widen(arg[2]) };

	return sys_setresuid(me, id);
}

int sys_setresgid16(struct thread *me, const uint32_t *arg)
{
	uint32_t id[3] = { widen(arg[0]), widen(arg[1]), widen(arg[2]) };

	return sys_setresgid(me, id);
}

static int out_three16(const uint32_t *arg, uint32_t a, uint32_t b, uint32_t c)
{
	const uint16_t id[3] = { (uint16_t)narrow(a), (uint16_t)narrow(b),
				 (uint16_t)narrow(c) };
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = user_copy_out(arg[i], &id[i], sizeof(id[i]));
	return err;
}

int sys_getresuid16(struct thread *me, const uint32_t *arg)
{
	return out_three16(arg, me->cred->uid, me->cred->euid, me->cred->suid);
}

int sys_getresgid16(struct thread *me, const uint32_t *arg)
{
	return out_three16(arg, me->cred->gid, me->cred->egid, me->cred->sgid);
}

/* --- capabilities: what programs that know only Linux's may ask --------------
 *
 * Brig has privileges, not capabilities. Root shows the full set, others the
 * empty one; setting is accepted only if it asks for nothing new. */

enum { CAP_VERSION_1 = 0x19980330, CAP_VERSION_2 = 0x20071026,
       CAP_VERSION_3 = 0x20080522 };
struct cap_header {
	uint32_t version;
	int32_t pid;
};
struct cap_data {
	uint32_t effective, permitted, inheritable;
};
static const uint32_t CAP_LOW = UINT32_MAX, CAP_HIGH = 0x1ff; /* 41 of them */

static void cap_of(const struct cred *c, struct cap_data d[2])
{
	memset(d, 0, 2 * sizeof(*d));
	if (c->euid == 0) {
		d[0].effective = CAP_LOW;
		d[1].effective = CAP_HIGH;
	}
	if (c->euid == 0 || c->uid == 0 || c->suid == 0) {
		d[0].permitted = CAP_LOW;
		d[1].permitted = CAP_HIGH;
	}
}

/* The number of cap_data a header speaks of; an unknown version is answered
 * with the preferred one. */
static int cap_header_in(uint32_t user, struct cap_header *h, unsigned *count)
{
	int err = user_copy_in(h, user, sizeof(*h));

	if (err)
		return err;
	*count = h->version == CAP_VERSION_1 ? 1 : 2;
	if (h->version == CAP_VERSION_1 || h->version == CAP_VERSION_2 ||
	    h->version == CAP_VERSION_3)
		return 0;
	err = user_put32(user, CAP_VERSION_3);
	return err ? err : -EINVAL;
}

int sys_capget(struct thread *me, const uint32_t *arg)
{
	struct cap_header h;
	struct cap_data d[2];
	struct proc *p = NULL;
	unsigned count;
	int err = cap_header_in(arg[0], &h, &count);

	if (err == -EINVAL && !arg[1])
		return 0;
	if (err)
		return err;
	if (h.pid < 0)
		return -EINVAL;
	if (h.pid) {
		p = proc_find(me->cred, h.pid);
		if (!p)
			return -ESRCH;
	}
	cap_of(p ? p->cred : me->cred, d);
	if (p)
		proc_drop(p);
	return arg[1] ? user_copy_out(arg[1], d, count * sizeof(*d)) : 0;
}

int sys_capset(struct thread *me, const uint32_t *arg)
{
	struct cap_header h;
	struct cap_data want[2] = { { 0 } }, have[2];
	unsigned count;
	int err = cap_header_in(arg[0], &h, &count);

	if (!err)
		err = user_copy_in(want, arg[1], count * sizeof(*want));
	if (err)
		return err;
	if (h.pid && h.pid != me->proc->pid)
		return -EPERM;
	cap_of(me->cred, have);
	for (unsigned i = 0; i < count; i++)
		if ((want[i].permitted & ~have[i].permitted) ||
		    (want[i].effective & ~want[i].permitted))
			return -EPERM;
	return 0;
}
