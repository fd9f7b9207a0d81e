/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * get.c - jail_get: what a jail is (FreeBSD jail(2)).
 *
 * The caller sees the jails strictly below its own, with names, numbers and
 * paths as seen from there; of jails above and beside it learns nothing. The
 * answers take the place of the values in the request. Locks: the kernel lock.
 */
#include "jail/admin/inner.h"

/* o's value becomes a copy of n bytes. */
static int answer(struct jail_option *o, const void *data, uint32_t n)
{
	void *copy = NULL;

	if (n) {
		copy = kmem_alloc(n);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, data, n);
	}
	kmem_free(o->value);
	o->value = copy;
	o->size = n;
	o->answered = true;
	return 0;
}

static int get_one(struct change *c, struct jail_option *o, char *buf)
{
	struct value v = { .size = 0 };
	const struct param *p;
	bool negated;
	int err, flag;

	p = param_find(o->name, &negated, &v.key);
	if (!p)
		return refuse(c->r, -EINVAL, "unknown parameter: %s", o->name);
	assert(p->get);		/* all can be asked */
	err = p->get(c, p, &v, buf);
	if (err)
		return err;
	switch (p->type) {
	case PARAM_TEXT:
	case PARAM_ADDRS:
		return answer(o, v.data, v.size);
	case PARAM_BOOL:
		flag = (v.number != 0) != negated;
		return answer(o, &flag, sizeof(flag));
	case PARAM_INT:
	case PARAM_UINT:
	case PARAM_SHARE:
		return answer(o, &v.number, sizeof(v.number));
	}
	panic("a parameter of no type");
}

static int get_all(struct change *c)
{
	char *buf = kmem_alloc(PARAM_BUFFER);
	int err = 0;

	assert(c->j != c->base && prison_sees(c->who->prison, c->j));
	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; !err && i < c->r->count; i++)
		if (!option_is_of_call(c->r->option[i].name))
			err = get_one(c, &c->r->option[i], buf);
	kmem_free(buf);
	return err;
}

/* lastjid: the next after it. */
static int find(struct change *c)
{
	bool iterate;
	int last, err;

	err = option_int(c->r, "lastjid", &last, &iterate);
	if (err || !iterate)
		return err ? err : find_target(c);
	if (last < 0 || last >= PRISON_JID_MAX)
		c->j = NULL;
	else
		c->j = prison_next(c->base, last, c->r->flags & JAIL_DYING);
	if (!c->j)
		return refuse(c->r, -ENOENT, "no jail after %d", last);
	prison_hold(c->j);
	return 0;
}

static int get(struct change *c)
{
	int err = find_base(c);

	if (!err)
		err = find(c);
	if (!err)
		err = get_all(c);
	if (!err)
		err = desc_give(c);
	return err ? err : prison_jid_seen(c->base, c->j);
}

/* jail_get(2): the jid. -ENOENT, -EINVAL, -ENAMETOOLONG, -ENOMEM. */
int jailsys_get(struct jail_request *r)
{
	struct change *c;
	int err;

	if (r->flags & ~JAIL_GET_FLAGS)
		return refuse(r, -EINVAL, "flags: not those of jail_get");
	if (r->flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) {
		err = priv_check(r->me->cred, PRIV_JAIL_REMOVE);
		if (err)
			return err;
	}
	c = kmem_zalloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->r = r;
	c->who = r->me->cred;
	err = get(c);
	change_drop(c);
	return err;
}
