/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prison.c - the tree of prisons. Its root is the host.
 *
 * A prison sees itself and what is below it, nothing else. It has two lives:
 * `refs` keeps the structure (credentials, objects that pay to it), `users`
 * keeps it alive (processes, and children that are alive). Who has begun to
 * die takes in nobody any more, so that a removal cannot lose a race against
 * fork.
 *
 * Invariants: allow and securelevel of a child are never looser than the
 * parent's; a child holds its parent. Locks: the kernel lock.
 */
#include "jail/jail.h"
#include "kernel/mem/mem.h"

static struct prison host;

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
	assert(host.refs == 0);
	prison_set_up(&host);
	host.allow = ALLOW_ALL;
	str_copy(host.name, "0", sizeof(host.name));
	str_copy(host.hostname, "brig", sizeof(host.hostname));
	str_copy(host.domainname, "(none)", sizeof(host.domainname));
}

struct prison *prison_host(void)
{
	return &host;
}

/* jid: unused, from the caller. The child is alive, empty, without limits of
 * its own, and sees no more of the world than its slots are given. */
int prison_new(struct prison *parent, int jid, struct prison **out)
{
	struct prison *p;

	assert(jid > 0);
	if (parent->state != PRISON_ALIVE)
		return -EPERM;
	p = kmem_zalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	prison_set_up(p);
	prison_hold(parent);
	p->parent = parent;
	p->jid = jid;
	p->depth = parent->depth + 1;
	p->allow = parent->allow;
	p->securelevel = parent->securelevel;
	str_copy(p->hostname, parent->hostname, sizeof(p->hostname));
	str_copy(p->domainname, parent->domainname, sizeof(p->domainname));
	str_format(p->name, sizeof(p->name), "%d", jid);
	list_append(&parent->children, &p->sibling);
	parent->users++;
	*out = p;
	return 0;
}

void prison_hold(struct prison *p)
{
	assert(p->refs != 0);
	p->refs++;
}

/* The last reference frees the structure. What upper rooms hung into its slots
 * is gone by then: nothing can use a prison that no credential names. */
void prison_drop(struct prison *p)
{
	struct prison *parent = p->parent;

	assert(p->refs != 0);
	if (--p->refs != 0)
		return;
	assert(p != &host && p->users == 0 && list_empty(&p->children));
	for (int i = 0; i < PRISON_SLOT_COUNT; i++)
		assert(p->slot[i] == NULL);
	if (p->state == PRISON_ALIVE) /* never had a process */
		prison_leave(parent);
	list_remove(&p->sibling);
	kmem_free(p);
	prison_drop(parent);
}

int prison_join(struct prison *p)
{
	if (p->state != PRISON_ALIVE)
		return -EPERM;
	p->users++;
	return 0;
}

/* The last to leave ends the prison's life, and its use of the parent. */
void prison_leave(struct prison *p)
{
	assert(p->users != 0);
	while (--p->users == 0 && p != &host) {
		p->state = PRISON_DYING;
		p = p->parent;
		assert(p->users != 0);
	}
}

/* Is a the prison b, or one of its ancestors? */
bool prison_sees(const struct prison *a, const struct prison *b)
{
	while (b->depth > a->depth)
		b = b->parent;
	return a == b;
}
