/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.c - which jail a call means: by jid, name, lastjid or descriptor.
 *
 * Names and numbers are those below the base: the caller's own prison, or with
 * JAIL_AT_DESC the one of a descriptor. Only what lies strictly below the
 * caller's prison is found; the rest does not exist.
 */
#include "jail/admin/inner.h"

/* The prison that names are below. Held. */
int find_base(struct change *c)
{
	unsigned both = JAIL_USE_DESC | JAIL_AT_DESC;

	assert(!c->base && !c->j);
	if ((c->r->flags & both) == both)
		return refuse(c->r, -EINVAL,
			      "desc cannot be both the jail and the place");
	if (c->r->flags & JAIL_AT_DESC)
		return desc_prison(c->r, &c->base);
	c->base = c->who->prison;
	prison_hold(c->base);
	return 0;
}

static void found(struct change *c, struct prison *p)
{
	assert(p->parent && prison_sees(c->who->prison, p->parent));
	assert(!c->j);
	prison_hold(p);
	c->j = p;
	c->parent = p->parent;
}

/* With JAIL_DYING the dying are looked at too; by number only. */
static struct prison *by_jid(const struct change *c, int jid)
{
	struct prison *p = prison_find(c->base, jid);

	if (!p && jid > 0 && (c->r->flags & JAIL_DYING)) {
		p = prison_next(c->base, jid - 1, true);
		if (p && p->jid != jid)
			p = NULL;
	}
	assert(!p || (p != c->base && prison_sees(c->base, p)));
	return p;
}

/* Cuts "a.b.c": c->parent is a.b, c->part is "c". */
static int split_name(struct change *c, const char *name)
{
	const char *dot = strrchr(name, '.');
	char head[PRISON_NAME_MAX];

	assert(strlen(name) < sizeof(c->part));
	c->parent = c->base;
	if (dot) {
		assert((size_t)(dot - name) < sizeof(head));
		memcpy(head, name, dot - name);
		head[dot - name] = 0;
		c->parent = prison_find_name(c->base, head);
		if (!c->parent)
			return refuse(c->r, -ENOENT, "jail \"%s\" not found",
				      head);
	}
	str_copy(c->part, dot ? dot + 1 : name, sizeof(c->part));
	return 0;
}

/* Found by number; the name, if one was given, is what it is to be called. */
static int rename_wanted(struct change *c, const char *name)
{
	struct prison *parent = c->j->parent;
	int err = split_name(c, name);

	assert(parent->refs != 0);	/* a child holds it */
	if (!err && c->parent != parent)
		err = refuse(c->r, -EINVAL,
			     "%s: a jail cannot get another parent", name);
	c->parent = parent;
	return err;
}

static int find_by_jid(struct change *c, int jid, const char *name)
{
	struct prison *p = by_jid(c, jid);

	if (jid < 0 || jid > PRISON_JID_MAX)
		return refuse(c->r, -EINVAL, "jid: 1 to %d", PRISON_JID_MAX);
	c->jid = jid;
	if (p) {
		found(c, p);
		return name ? rename_wanted(c, name) : 0;
	}
	if (!(c->r->flags & JAIL_CREATE))
		return refuse(c->r, -ENOENT, "jail %d not found", jid);
	c->parent = c->base;
	return name ? split_name(c, name) : 0;
}

static int find_by_name(struct change *c, const char *name)
{
	struct prison *p = prison_find_name(c->base, name);

	if (p) {
		found(c, p);
		return 0;
	}
	if (!(c->r->flags & JAIL_CREATE))
		return refuse(c->r, -ENOENT, "jail \"%s\" not found", name);
	return split_name(c, name);
}

static int find_by_desc(struct change *c, const char *name)
{
	struct prison *p;
	int err = desc_prison(c->r, &p);

	if (err)
		return err;
	found(c, p);
	prison_drop(p);
	return name && (c->r->flags & JAIL_UPDATE) ? rename_wanted(c, name) : 0;
}

/* Does this option say which jail? One without a value asks jail_get for it. */
static bool is_key(const struct change *c, const char *name)
{
	const struct jail_option *o = option_find(c->r, name);

	return o && (o->value || (c->r->flags & (JAIL_CREATE | JAIL_UPDATE)));
}

int find_target(struct change *c)
{
	const char *name = NULL;
	bool has_jid = false;
	int jid, err = 0;

	if (is_key(c, "jid"))
		err = option_int(c->r, "jid", &jid, &has_jid);
	if (!err && is_key(c, "name"))
		err = option_text(c->r, "name", PRISON_NAME_MAX, &name);
	if (err)
		return err;
	if (c->r->flags & JAIL_USE_DESC)
		return find_by_desc(c, name);
	if (has_jid && jid != 0)
		return find_by_jid(c, jid, name && *name ? name : NULL);
	if (name && *name)
		return find_by_name(c, name);
	if (!(c->r->flags & JAIL_CREATE))
		return refuse(c->r, -ENOENT, "no jail was named");
	c->parent = c->base;
	return 0;
}

/* What a change holds. Sleeps. */
void change_drop(struct change *c)
{
	if (c->root.mount)
		path_drop(&c->root);
	kmem_free(c->meta);
	kmem_free(c->env);
	kmem_free(c->addrs);
	kmem_free(c->holders);
	if (c->j)
		prison_drop(c->j);
	if (c->base)
		prison_drop(c->base);
	kmem_free(c);
}
