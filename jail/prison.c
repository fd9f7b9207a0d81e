/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prison.c - the tree of prisons. Its root is the host.
 *
 * A prison sees itself and what is below it, nothing else. It has two lives:
 * `refs` keeps the structure (credentials, objects that pay to it), `users`
 * keeps it alive (processes, children that are alive, persist). Who has begun
 * to die takes in nobody any more, so that a removal cannot lose a race against
 * fork, and has neither name nor number any more for those who look. With its
 * last user go the things that upper rooms hung on it (prison_on_death).
 *
 * Invariants: nothing of a child is looser than its parent's (prison_clamp); a
 * child holds its parent; a living child uses it. Locks: the kernel lock.
 */
#include "jail/inner.h"
#include "kernel/base/version.h"
#include "kernel/mem/mem.h"

static struct prison host;
static struct tree living, dying;	/* by jid, without the host */
static int last_jid;
static struct list death_hooks = LIST_INIT(death_hooks);
static struct list clamp_hooks = LIST_INIT(clamp_hooks);

struct hook {
	struct list link;
	void (*fn)(struct prison *p);
};

uint32_t prison_allow_default = ALLOW_SET_HOSTNAME | ALLOW_RESERVED_PORTS |
				ALLOW_UNPRIVILEGED_PROC_DEBUG | ALLOW_SUSER;
int prison_statfs_default = 2;

static void prison_set_up(struct prison *p)
{
	list_init(&p->children);
	list_init(&p->sibling);
	for (int i = 0; i < RACCT_COUNT; i++)
		p->limit[i] = UINT64_MAX;
	p->state = PRISON_ALIVE;
	p->refs = 1;
}

/* Makes the host. */
void prison_init(void)
{
	static char host_name[] = "0";

	assert(host.refs == 0);
	address_init();
	prison_set_up(&host);
	host.allow = ALLOW_ALL;
	host.securelevel = -1;	/* FreeBSD: permanently insecure, until raised */
	host.children_max = PRISON_JID_MAX;
	host.host = SHARE_NEW;
	host.ip4 = SHARE_INHERIT;
	for (int i = 0; i < PRISON_IPC_COUNT; i++)
		host.ipc[i] = SHARE_NEW;
	host.osreldate = BRIG_RELEASE_DATE;
	str_copy(host.osrelease, BRIG_RELEASE, sizeof(host.osrelease));
	host.name = host_name;
	str_copy(host.hostname, "brig", sizeof(host.hostname));
	str_copy(host.domainname, "(none)", sizeof(host.domainname));
	str_copy(host.hostuuid, "00000000-0000-0000-0000-000000000000",
		 sizeof(host.hostuuid));
}

struct prison *prison_host(void)
{
	return &host;
}

/* Is a the prison b, or one of its ancestors? */
bool prison_sees(const struct prison *a, const struct prison *b)
{
	assert(a->refs != 0 && b->refs != 0);
	while (b->depth > a->depth)
		b = b->parent;
	return a == b;
}

bool prison_was_removed(const struct prison *p)
{
	while (p && !p->removed)
		p = p->parent;
	return p;
}

/* --- numbers ------------------------------------------------------------ */

static struct prison *prison_of(struct tree_node *n)
{
	return n ? tree_entry(n, struct prison, by_jid) : NULL;
}

static bool jid_less(const struct tree_node *a, const struct tree_node *b)
{
	return tree_entry(a, struct prison, by_jid)->jid <
	       tree_entry(b, struct prison, by_jid)->jid;
}

/* The first in t with a number of at least jid. */
static struct prison *find_from(const struct tree *t, int jid)
{
	struct tree_node *n = t->root, *best = NULL;

	while (n) {
		if (prison_of(n)->jid >= jid) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return prison_of(best);
}

static bool jid_taken(int jid)
{
	struct prison *p = find_from(&living, jid);

	return p && p->jid == jid;
}

/* The next free number after the last one given; -EAGAIN. */
static int jid_next(void)
{
	int jid = last_jid;

	for (int tries = 0; tries < PRISON_JID_MAX; tries++) {
		jid = jid == PRISON_JID_MAX ? 1 : jid + 1;
		if (!jid_taken(jid))
			return jid;
	}
	return -EAGAIN;
}

/* Strictly below? A prison does not find itself. */
static bool is_above(const struct prison *above, const struct prison *p)
{
	return p != above && prison_sees(above, p);
}

struct prison *prison_find(const struct prison *above, int jid)
{
	struct prison *p = find_from(&living, jid);

	return p && p->jid == jid && is_above(above, p) ? p : NULL;
}

/* In one tree, the next that above may see. */
static struct prison *next_in(const struct tree *t, const struct prison *above,
			      int jid)
{
	struct prison *p = find_from(t, jid + 1);

	while (p && !is_above(above, p))
		p = prison_of(tree_next(&p->by_jid));
	return p;
}

struct prison *prison_next(const struct prison *above, int jid, bool and_dying)
{
	struct prison *p = next_in(&living, above, jid);
	struct prison *d = and_dying ? next_in(&dying, above, jid) : NULL;

	return d && (!p || d->jid < p->jid) ? d : p;
}

/* --- birth -------------------------------------------------------------- */

/* What a child begins with: no more than its parent has, and of most things
 * the least. */
static void inherit(struct prison *p, const struct prison *from)
{
	p->allow = prison_allow_default & from->allow;
	p->securelevel = from->securelevel;
	p->enforce_statfs = prison_statfs_default > from->enforce_statfs ?
				    prison_statfs_default :
				    from->enforce_statfs;
	p->host = SHARE_INHERIT;
	p->ip4 = SHARE_DISABLE;
	p->ip4_saddrsel = true;
	p->osreldate = from->osreldate;
	memcpy(p->osrelease, from->osrelease, sizeof(p->osrelease));
	for (int i = 0; i < PRISON_IPC_COUNT; i++)
		p->ipc[i] = p->allow & ALLOW_SYSVIPC ? SHARE_INHERIT :
						       SHARE_DISABLE;
}

/* All above p count it among their children, or no longer do. */
static void count_in_ancestors(const struct prison *p, int n)
{
	for (struct prison *above = p->parent; above; above = above->parent) {
		above->children_count += n;
		assert(above->children_count >= 0);
	}
}

int prison_new(struct prison *parent, int jid, const char *name,
	       struct prison **out)
{
	char number[16];
	struct prison *p;

	if (parent->state != PRISON_ALIVE)
		return -EPERM;
	if (jid == 0)
		jid = jid_next();
	if (jid < 0)
		return jid;
	assert(jid <= PRISON_JID_MAX && !jid_taken(jid));
	p = kmem_zalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	str_format(number, sizeof(number), "%d", jid);
	p->name = kmem_strdup(name ? name : number);
	if (!p->name) {
		kmem_free(p);
		return -ENOMEM;
	}
	prison_set_up(p);
	inherit(p, parent);
	prison_hold(parent);
	p->parent = parent;
	p->jid = last_jid = jid;
	p->depth = parent->depth + 1;
	list_append(&parent->children, &p->sibling);
	tree_add(&living, &p->by_jid, jid_less);
	parent->users++;
	count_in_ancestors(p, 1);
	p->users = 1;
	prison_hold(p);
	*out = p;
	return 0;
}

/* --- the structure's life ------------------------------------------------ */

void prison_hold(struct prison *p)
{
	assert(p->refs != 0 && p->refs != UINT32_MAX);
	p->refs++;
}

/* The last reference frees the structure. What upper rooms hung into its slots
 * went with its last user. */
void prison_drop(struct prison *p)
{
	struct prison *parent = p->parent;

	assert(p->refs != 0);
	if (--p->refs != 0)
		return;
	assert(p != &host && p->users == 0 && list_empty(&p->children));
	assert(p->state == PRISON_DYING && p->ip4_takers == 0);
	for (int i = 0; i < PRISON_SLOT_COUNT; i++)
		assert(p->slot[i] == NULL);
	tree_remove(&dying, &p->by_jid);
	list_remove(&p->sibling);
	prison_denied_forget(p);
	kmem_free(p->name);
	kmem_free(p->meta);
	kmem_free(p->env);
	prison_set_ip4(p, NULL, NULL, 0);
	kmem_free(p);
	prison_drop(parent);
}

/* --- the users' life ------------------------------------------------------ */

int prison_join(struct prison *p)
{
	if (p->state != PRISON_ALIVE)
		return -EPERM;
	assert(p->users != 0 || p == &host); /* or it would have ended */
	p->users++;
	return 0;
}

/* From now on p takes in nobody, and nobody finds it. */
void prison_doom(struct prison *p)
{
	assert(p != &host && p->refs != 0);
	if (p->state == PRISON_DYING)
		return;
	p->state = PRISON_DYING;
	tree_remove(&living, &p->by_jid);
	tree_add(&dying, &p->by_jid, jid_less);
	count_in_ancestors(p, -1);
}

static void run(const struct list *hooks, struct prison *p)
{
	list_each(l, hooks)
		list_entry(l, struct hook, link)->fn(p);
}

/* Its last user has gone, and with it the reference of its life. Sleeps. */
static void end(struct prison *p)
{
	prison_doom(p);
	assert(p->children_count == 0 && !p->persist);
	run(&death_hooks, p);
	assert(p->users == 0);
	prison_drop(p);
}

/* The last to leave ends the prison's life, and its use of the parent. The
 * caller keeps a reference to p. Sleeps when p ends. */
void prison_leave(struct prison *p)
{
	assert(p->users != 0);
	while (--p->users == 0 && p != &host) {
		struct prison *parent = p->parent;

		end(p);
		p = parent;
		assert(p->users != 0);
	}
}

void prison_set_persist(struct prison *p, bool on)
{
	if (p->persist == on || (on && p->state != PRISON_ALIVE))
		return;
	p->persist = on;
	if (on)
		p->users++;
	else
		prison_leave(p);
}

/* At boot, from the rooms' init functions. */
static void hook_add(struct list *to, void (*fn)(struct prison *p))
{
	struct hook *h = kmem_alloc(sizeof(*h));

	if (!h)
		panic("no memory for a hook of prisons");
	h->fn = fn;
	list_append(to, &h->link);
}

void prison_on_death(void (*fn)(struct prison *p))
{
	hook_add(&death_hooks, fn);
}

void prison_on_clamp(void (*fn)(struct prison *p))
{
	hook_add(&clamp_hooks, fn);
}

/* --- what is asked of the chain ------------------------------------------ */

bool prison_frozen(const struct prison *p)
{
	for (; p; p = p->parent)
		if (p->frozen)
			return true;
	return false;
}

int prison_securelevel(const struct prison *p)
{
	int level = p->securelevel;

	while ((p = p->parent))
		if (p->securelevel > level)
			level = p->securelevel;
	return level;
}

struct prison *prison_namer(struct prison *p)
{
	assert(host.host == SHARE_NEW);	/* the walk ends there */
	while (p->host != SHARE_NEW)
		p = p->parent;
	return p;
}

struct prison *prison_ipc_space(struct prison *p, enum prison_ipc what)
{
	while (p->ipc[what] == SHARE_INHERIT)
		p = p->parent;
	for (const struct prison *up = p; up; up = up->parent)
		if (up->ipc[what] == SHARE_DISABLE)
			return NULL;
	return p;
}

/* --- never looser than the parent ----------------------------------------- */

static void clamp_one(struct prison *p)
{
	const struct prison *from = p->parent;

	assert(from && p->depth == from->depth + 1);
	p->allow &= from->allow;
	if (p->securelevel < from->securelevel)
		p->securelevel = from->securelevel;
	if (p->enforce_statfs < from->enforce_statfs)
		p->enforce_statfs = from->enforce_statfs;
	if (p->children_max > 0 && p->children_max >= from->children_max)
		p->children_max = from->children_max > 0 ?
					  from->children_max - 1 : 0;
	address_clamp(p);
}

/* Parents first. Depth is bounded by children.max, which falls by one at each
 * level, but nobody's stack should depend on that: no recursion. */
static void clamp_below(struct prison *top)
{
	struct prison *p = top;

	for (;;) {
		if (!list_empty(&p->children)) {
			p = list_entry(p->children.next, struct prison, sibling);
		} else {
			while (p != top && p->sibling.next == &p->parent->children)
				p = p->parent;
			if (p == top)
				return;
			p = list_entry(p->sibling.next, struct prison, sibling);
		}
		clamp_one(p);
	}
}

void prison_clamp(struct prison *top)
{
	clamp_below(top);
	run(&clamp_hooks, top);
}
