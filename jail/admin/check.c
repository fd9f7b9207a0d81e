/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - may a parameter have this value? One function for each kind of
 * limit; what a change needs is prepared here, so that making it cannot fail.
 *
 * A prison is never looser than its parent. What is asked for that would be is
 * -EPERM; what makes no sense is -EINVAL; both say why. Locks: the kernel lock.
 */
#include "jail/admin/inner.h"

int check_share(struct change *c, const struct param *p, const struct value *v)
{
	bool may_disable = strcmp(p->name, "host") && strcmp(p->name, "vnet");

	if (v->number < SHARE_DISABLE || v->number > SHARE_INHERIT ||
	    (v->number == SHARE_DISABLE && !may_disable))
		return refuse(c->r, -EINVAL, "%s: no such value", p->name);
	if (!strcmp(p->name, "vnet") && v->number == SHARE_NEW)
		return refuse(c->r, -EOPNOTSUPP,
			      "vnet: a jail cannot have its own network stack yet");
	if (!strcmp(p->name, "ip4") && v->number == SHARE_INHERIT &&
	    c->parent->ip4 == SHARE_DISABLE)
		return refuse(c->r, -EPERM, "ip4: the parent has none");
	return 0;
}

int check_ipc(struct change *c, const struct param *p, const struct value *v)
{
	enum prison_ipc what = (p->arg - offsetof(struct prison, ipc)) /
			       sizeof(c->parent->ipc[0]);

	assert(what < PRISON_IPC_COUNT);
	if (v->number != SHARE_DISABLE && !prison_ipc_space(c->parent, what))
		return refuse(c->r, -EPERM, "%s: the parent has none", p->name);
	return check_share(c, p, v);
}

/* host.*: giving one means that the prison has its own, from now on. */
int check_hostname(struct change *c, const struct param *p,
		   const struct value *v)
{
	const struct value *host = given(c, ROW_HOST);

	(void)v;
	if (host && host->number == SHARE_INHERIT)
		return refuse(c->r, -EINVAL, "%s: the jail has its parent's",
			      p->name);
	return 0;
}

/* Before anything else is looked up, because it sleeps. Whether it was needed
 * is known only later: check_path tells the error. Sleeps. */
void walk_to_root(struct change *c, const char *name)
{
	struct path_at at = { c->who, c->r->me->proc->fs, AT_FDCWD, NULL };

	assert(!c->root.mount);
	c->path_error = path_walk(&at, name, WALK_FOLLOW | WALK_DIRECTORY,
				  &c->root, NULL);
}

int check_path(struct change *c, const struct param *p, const struct value *v)
{
	const struct path *roof = c->parent->slot[PRISON_SLOT_ROOT];

	assert(c->creating);
	if (c->path_error)
		return refuse(c->r, c->path_error, "%s: %s cannot be a root",
			      p->name, (const char *)v->data);
	if (roof && !path_below(&c->root, roof))
		return refuse(c->r, -EPERM, "%s: not below the parent's",
			      p->name);
	return 0;
}

int check_securelevel(struct change *c, const struct param *p,
		      const struct value *v)
{
	if (v->number < -1 || v->number > 3)
		return refuse(c->r, -EINVAL, "%s: -1 to 3", p->name);
	if (v->number < c->parent->securelevel)
		return refuse(c->r, -EPERM, "%s: below the parent's", p->name);
	return 0;
}

int check_statfs(struct change *c, const struct param *p, const struct value *v)
{
	if (v->number < 0 || v->number > 2)
		return refuse(c->r, -EINVAL, "%s: 0 to 2", p->name);
	if (v->number < c->parent->enforce_statfs)
		return refuse(c->r, -EPERM, "%s: below the parent's", p->name);
	return 0;
}

int check_children(struct change *c, const struct param *p,
		   const struct value *v)
{
	if (v->number < 0)
		return refuse(c->r, -EINVAL, "%s: negative", p->name);
	if (v->number > 0 && v->number >= c->parent->children_max)
		return refuse(c->r, -EPERM, "%s: not below the parent's",
			      p->name);
	return 0;
}

int check_allow(struct change *c, const struct param *p, const struct value *v)
{
	if (v->number && !(c->parent->allow & p->arg))
		return refuse(c->r, -EPERM, "%s: the parent does not have it",
			      p->name);
	return 0;
}

/* --- addresses ---------------------------------------------------------------- */

/* Has another living prison, neither above nor below, this address of c's? Two
 * with just one address may share it; one of several has one owner (FreeBSD). */
static bool clashes(const struct change *c, uint32_t addr)
{
	const struct prison_holder *h = NULL;

	while ((h = prison_holder_next(addr, false, h))) {
		const struct prison *q = h->prison;

		assert(q->ip4 == SHARE_NEW && prison_has_ip4(q, addr));
		if (q != c->j && q->state == PRISON_ALIVE &&
		    !prison_sees(q, c->parent) &&
		    !(c->j && prison_sees(c->j, q)) &&
		    !(c->addr_count == 1 && q->ip4_count == 1))
			return true;
	}
	return false;
}

static bool twice(const uint32_t *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (a[i] == a[k])
				return true;
	return false;
}

static int check_each(struct change *c)
{
	for (unsigned i = 0; i < c->addr_count; i++) {
		uint32_t a = c->addrs[i];

		if (a == 0 || a == UINT32_MAX)
			return refuse(c->r, -EINVAL,
				      "ip4.addr: no address of a host");
		if (!prison_has_ip4(c->parent, a))
			return refuse(c->r, -EPERM,
				      "ip4.addr: not one of the parent's");
	}
	if (twice(c->addrs, c->addr_count))
		return refuse(c->r, -EINVAL, "ip4.addr: an address twice");
	for (unsigned i = 0; i < c->addr_count; i++)
		if (clashes(c, c->addrs[i]))
			return refuse(c->r, -EADDRINUSE, "ip4.addr: another "
				      "jail has that address");
	return 0;
}

int jailsys_addrs_max = 255;

int check_addrs(struct change *c, const struct param *p, const struct value *v)
{
	const struct value *share = given(c, ROW_IP4);
	enum prison_share as = share ? (enum prison_share)share->number :
			       c->j && c->j->ip4 == SHARE_INHERIT ?
				       SHARE_INHERIT : SHARE_NEW;

	if (as != SHARE_NEW && v->size)
		return refuse(c->r, -EINVAL, "%s: the jail has none of its own",
			      p->name);
	if (v->size / sizeof(uint32_t) > (uint32_t)jailsys_addrs_max)
		return refuse(c->r, -EINVAL, "%s: too many", p->name);
	assert(!c->addrs && !c->holders);	/* a row is checked once */
	c->has_addrs = true;
	c->addr_count = v->size / sizeof(uint32_t);
	if (c->addr_count == 0)
		return 0;
	c->addrs = kmem_alloc(v->size);
	c->holders = kmem_alloc(c->addr_count * sizeof(*c->holders));
	if (!c->addrs || !c->holders)
		return -ENOMEM;
	memcpy(c->addrs, v->data, v->size);
	return check_each(c);
}

int check_foreign(struct change *c, const struct param *p,
		  const struct value *v)
{
	if (strcmp(v->data, "refuse") && strcmp(v->data, "divert"))
		return refuse(c->r, -EINVAL, "%s: refuse or divert", p->name);
	return 0;
}

/* --- devices ------------------------------------------------------------------ */

int check_devices(struct change *c, const struct param *p,
		  const struct value *v)
{
	int err = dev_list_check(v->data);

	if (err)
		return refuse(c->r, err, "%s: %s", p->name, err == -EPERM ?
			      "a device on it is not for jails" :
			      "no such device");
	c->devices = v->data;
	return 0;
}

int check_ruleset(struct change *c, const struct param *p,
		  const struct value *v)
{
	const char *list = dev_ruleset(v->number);

	if (!list)
		return refuse(c->r, -EINVAL, "%s: there is no ruleset %d",
			      p->name, v->number);
	if (!given(c, ROW_DEVICES))
		c->devices = list;
	return 0;
}

/* --- limits ------------------------------------------------------------------- */

/* "100", "64m" (k, m, g, t: powers of 1024), "unlimited". */
int limit_parse(const char *text, uint64_t *out)
{
	static const char units[] = "kmgt";
	char digits[LIMIT_TEXT];
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, text[n - 1] | 0x20) : NULL;
	unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t value;

	if (!strcmp(text, "unlimited")) {
		*out = UINT64_MAX;
		return 0;
	}
	if (n >= sizeof(digits))
		return -EINVAL;
	str_copy(digits, text, sizeof(digits));
	if (shift)
		digits[n - 1] = 0;
	if (str_to_u64(digits, 10, &value) || value > UINT64_MAX >> 1 >> shift)
		return -EINVAL;
	*out = value << shift;
	return 0;
}

/* A limit below what is in use stops growth. More than the parent may have is
 * no use, but no harm: it lives within all limits above. */
int check_limit(struct change *c, const struct param *p, const struct value *v)
{
	uint64_t limit;

	if (limit_parse(v->data, &limit))
		return refuse(c->r, -EINVAL, "%s: a number (k, m, g, t), or "
			      "unlimited", p->name);
	return 0;
}

/* --- what only all values together can tell ------------------------------------- */

/* A jail without processes must be kept alive by something. */
static int check_life(struct change *c)
{
	const struct value *persist = given(c, ROW_PERSIST);

	if (!c->creating || (persist && persist->number) ||
	    (c->r->flags & (JAIL_ATTACH | JAIL_OWN_DESC)))
		return 0;
	return refuse(c->r, -EINVAL,
		      "a new jail needs persist, or somebody in it");
}

/* In FreeBSD's words, which scripts look for: none where jails are not meant
 * to be made at all. */
static int check_room(struct change *c)
{
	if (!c->creating)
		return 0;
	if (!c->parent->children_max)
		return -EPERM;
	for (const struct prison *p = c->parent; p; p = p->parent)
		if (p->children_count >= p->children_max)
			return refuse(c->r, -EPERM,
				      "prison limit exceeded");
	return 0;
}

int check_together(struct change *c)
{
	int err = check_life(c);

	return err ? err : check_room(c);
}
