/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set.c - jail_set: makes a prison, or changes one (FreeBSD jail(2)).
 *
 * Everything is read and checked first, row by row of the table of parameters;
 * what can fail for want of memory is prepared. Only then the prison is made
 * or changed, which nothing can stop half-way. Entering it, and a descriptor
 * for it, come last; if they fail, a prison just made is undone.
 */
#include "jail/admin/inner.h"

static struct change *change_new(struct jail_request *r)
{
	struct change *c = kmem_zalloc(sizeof(*c) +
				       param_count * sizeof(c->given[0]));

	if (!c)
		return NULL;
	c->r = r;
	c->who = r->me->cred;
	for (unsigned i = 0; i < param_count; i++)
		c->given[i].size = UINT32_MAX;
	return c;
}

/* jid and name say which jail, and are read where it is looked for. */
static bool is_special(const char *name)
{
	return !strcmp(name, "jid") || !strcmp(name, "name") ||
	       option_is_of_call(name);
}

/* --- reading --------------------------------------------------------------- */

static int read_option(struct change *c, const struct jail_option *o)
{
	const struct param *p;
	struct value *v;
	const char *key;
	bool negated;

	if (is_special(o->name))
		return 0;
	p = param_find(o->name, &negated, &key);
	if (!p)
		return refuse(c->r, -EINVAL, "unknown parameter: %s", o->name);
	if (p->access == PARAM_READ)
		return refuse(c->r, -EINVAL, "%s cannot be set", o->name);
	v = &c->given[p - param_table];
	if (!key)
		return param_parse(c->r, o, p, negated, v);
	if (!given(c, p - param_table))	/* its keys come when the whole has */
		*v = (struct value){ .key = "" };
	return 0;
}

/* meta.KEY and env.KEY, each on top of the one before. */
static int check_keys(struct change *c)
{
	for (unsigned i = 0; i < c->r->count; i++) {
		const struct jail_option *o = &c->r->option[i];
		struct value v = { .size = 0 };
		const struct param *p;
		bool negated;
		int err;

		if (is_special(o->name))
			continue;
		p = param_find(o->name, &negated, &v.key);
		assert(p);
		if (!v.key)
			continue;
		if (o->value) {
			const char *key = v.key;

			err = param_parse(c->r, o, p, false, &v);
			if (err)
				return err;
			v.key = key;
		}
		err = check_text(c, p, &v);
		if (err)
			return err;
	}
	return 0;
}

/* --- checking --------------------------------------------------------------- */

/* What is fixed at birth may be said again, as it is. */
static int check_fixed(struct change *c, const struct param *p,
		       const struct value *v)
{
	char *buf = kmem_alloc(PARAM_BUFFER);
	struct value now = { .size = 0 };
	bool same;
	int err;

	if (!buf)
		return -ENOMEM;
	err = p->get(c, p, &now, buf);
	same = !err && (p->type == PARAM_TEXT ?
				!strcmp(now.data, v->data) :
				now.number == v->number);
	kmem_free(buf);
	return same ? 0 : refuse(c->r, -EINVAL,
				 "%s cannot be changed once a jail is there",
				 p->name);
}

static int check_row(struct change *c, const struct param *p)
{
	const struct value *v = &c->given[p - param_table];

	if (v->key)
		return 0;
	if (p->access == PARAM_CREATE && !c->creating)
		return check_fixed(c, p, v);
	return p->check ? p->check(c, p, v) : 0;
}

static int check_rows(struct change *c)
{
	for (unsigned i = 0; i < param_count; i++) {
		int err = given(c, i) ? check_row(c, &param_table[i]) : 0;

		if (err)
			return err;
	}
	return check_keys(c);
}

/* jid and name, for which the table has no check: they say where. */
static int check_name(struct change *c)
{
	const struct prison *other;
	int jid = c->j ? c->j->jid : c->jid, err;

	if (!c->part[0])
		return 0;
	err = prison_name_check(c->parent, c->part, jid);
	if (err)
		return refuse(c->r, err, err == -ENAMETOOLONG ?
			      "name: too long" :
			      "name \"%s\": a jail cannot be called that",
			      c->part);
	other = prison_find_name(c->parent, c->part);
	if (other && other != c->j)
		return refuse(c->r, -EEXIST, "jail \"%s\" already exists",
			      c->part);
	return 0;
}

static int check_existence(struct change *c)
{
	unsigned what = c->r->flags & (JAIL_CREATE | JAIL_UPDATE);

	c->creating = !c->j;
	if (c->j && what == JAIL_CREATE)
		return refuse(c->r, -EEXIST, "jail %d already exists",
			      c->j->jid);
	if (c->j && c->j->state == PRISON_DYING)
		return refuse(c->r, -EINVAL, "jail %d is dying", c->j->jid);
	if (!c->j && c->jid && prison_find(prison_host(), c->jid))
		return refuse(c->r, -EEXIST, "jail %d already exists", c->jid);
	return 0;
}

/* Where no path is given, the parent's root is the new one's too. */
static int default_path(struct change *c)
{
	const struct path *root = c->parent->slot[PRISON_SLOT_ROOT];

	if (!c->creating || c->root.mount)
		return 0;
	if (!root)
		root = &c->r->me->proc->fs->root;
	c->root = *root;
	path_hold(&c->root);
	return 0;
}

/* --- doing -------------------------------------------------------------------- */

/* The prison itself, and what of it can fail. It is used by this call until
 * something else keeps it alive. */
static int make(struct change *c)
{
	const char *devices = c->devices ? c->devices : dev_ruleset(4);
	int err;

	assert(c->creating && !c->j && c->root.mount && devices);
	err = prison_new(c->parent, c->jid, c->part[0] ? c->part : NULL, &c->j);
	if (err)
		return err;
	err = path_prison_root_set(c->j, &c->root);
	if (!err)
		err = dev_list_set(c->j, devices);
	if (err) {
		prison_leave(c->j);
		return err;
	}
	c->j->devfs_ruleset = c->devices ? 0 : 4;
	c->j->by_sysctl = c->r->old_call;
	return 0;
}

/* All of what can fail, or nothing. */
static int change(struct change *c)
{
	char *name = NULL;
	int err;

	assert(c->j != c->who->prison && prison_sees(c->who->prison, c->j));
	if (c->part[0] && strcmp(c->part, c->j->name)) {
		name = kmem_strdup(c->part);
		if (!name)
			return -ENOMEM;
	}
	if (c->devices) {
		err = dev_list_set(c->j, c->devices);
		if (err) {
			kmem_free(name);
			return err;
		}
		c->j->devfs_ruleset = 0;
	}
	if (name)
		prison_rename(c->j, name);
	return 0;
}

/* host.* makes the host names its own, ip4.addr the addresses. */
static void apply_implied(struct change *c)
{
	struct prison *j = c->j;

	for (unsigned i = 0; i < param_count; i++)
		if (given(c, i) && param_table[i].check == check_hostname)
			j->host = SHARE_NEW;
	if (c->has_addrs && j->ip4 == SHARE_DISABLE)
		j->ip4 = SHARE_NEW;
	if (j->host == SHARE_NEW && !j->hostname[0])
		str_copy(j->hostname, prison_namer(j->parent)->hostname,
			 sizeof(j->hostname));
	if (j->host == SHARE_NEW && !j->hostuuid[0])
		str_copy(j->hostuuid, "00000000-0000-0000-0000-000000000000",
			 sizeof(j->hostuuid));
}

/* Nothing here can fail. */
static void apply(struct change *c)
{
	assert(c->j->state == PRISON_ALIVE && c->j->parent == c->parent);
	for (unsigned i = 0; i < param_count; i++) {
		const struct param *p = &param_table[i];

		if (!given(c, i) || !p->apply)
			continue;
		if (p->access == PARAM_CREATE && !c->creating)
			continue;
		p->apply(c->j, p, &c->given[i], c);
	}
	apply_implied(c);
	prison_clamp(c->j);
	assert(!c->addrs && !c->meta && !c->env); /* the prison has them */
	assert(!(c->j->allow & ~c->parent->allow));
	assert(c->j->securelevel >= c->parent->securelevel);
	assert(c->j->enforce_statfs >= c->parent->enforce_statfs);
}

/* --- afterwards ----------------------------------------------------------------- */

/* Keeps alive what was made, hands it out, enters it. */
static int finish(struct change *c)
{
	const struct value *persist = given(c, ROW_PERSIST);
	int err = desc_give(c);

	if (!err && (c->r->flags & JAIL_ATTACH)) {
		err = attach_to(c->r->me, c->j);
		if (err)
			refuse(c->r, err, err == -EPERM ? "cannot enter: a "
			       "directory outside is open, or memory is shared" :
			       "cannot enter the jail");
	}
	if (!err && persist)
		prison_set_persist(c->j, persist->number);
	if (err) {
		desc_take_back(c);
		if (c->creating)
			remove_begin(c->j);
	}
	if (c->creating)
		prison_leave(c->j);
	return err;
}

/* The path first, because looking it up sleeps: what is found after it stays
 * as it is until all is done. */
static int read_all(struct change *c)
{
	const char *path;
	int err = 0;

	for (unsigned i = 0; !err && i < c->r->count; i++)
		err = read_option(c, &c->r->option[i]);
	if (!err)
		err = option_text(c->r, "path", PATH_MAX, &path);
	if (!err && path && (c->r->flags & JAIL_CREATE))
		walk_to_root(c, path);
	return err;
}

static int set(struct change *c)
{
	int err = find_base(c);

	if (!err)
		err = read_all(c);
	if (!err)
		err = find_target(c);
	if (!err)
		err = check_existence(c);
	if (!err)
		err = check_name(c);
	if (!err)
		err = check_rows(c);
	if (!err)
		err = check_together(c);
	if (!err)
		err = default_path(c);
	if (!err)
		err = c->creating ? make(c) : change(c);
	if (err)
		return err;
	apply(c);
	return finish(c);
}

/*
 * jail_set(2). -EPERM, -EINVAL, -EEXIST, -ENOENT, -EAGAIN no number left,
 * -ENAMETOOLONG, -EADDRINUSE, -ENOMEM, and what the walk to the path says.
 */
int jailsys_set(struct jail_request *r)
{
	struct change *c;
	int err = priv_check(r->me->cred, PRIV_JAIL_SET);

	if (!err && (r->flags & JAIL_ATTACH))
		err = priv_check(r->me->cred, PRIV_JAIL_ATTACH);
	if (err)
		return err;
	if ((r->flags & ~JAIL_SET_FLAGS) ||
	    !(r->flags & (JAIL_CREATE | JAIL_UPDATE)))
		return refuse(r, -EINVAL, "flags: create, update or both");
	c = change_new(r);
	if (!c)
		return -ENOMEM;
	err = set(c);
	if (!err)
		err = prison_jid_seen(c->who->prison, c->j);
	change_drop(c);
	return err;
}
