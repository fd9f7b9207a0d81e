/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name.c - what prisons are called.
 *
 * A prison bears only the last part of its name; the parts of those above it,
 * with dots between, make the whole. Who looks sees the parts below itself, and
 * itself as "0", so that the names of those above are nowhere to be read.
 *
 * Invariants: living children of one prison have different names; a name that
 * is a number is the prison's own number. Locks: the kernel lock.
 */
#include "jail/jail.h"
#include "kernel/mem/mem.h"

static struct prison *child_named(const struct prison *p, const char *part,
				  size_t len)
{
	list_each(l, &p->children) {
		struct prison *c = list_entry(l, struct prison, sibling);

		if (c->state == PRISON_ALIVE && strlen(c->name) == len &&
		    !memcmp(c->name, part, len))
			return c;
	}
	return NULL;
}

/* "a.b" is b in a, which is a child of above. */
struct prison *prison_find_name(const struct prison *above, const char *name)
{
	struct prison *p = NULL;

	for (;;) {
		const char *dot = strchr(name, '.');
		size_t len = dot ? (size_t)(dot - name) : strlen(name);

		p = child_named(above, name, len);
		if (!p || !dot)
			return p;
		above = p;
		name = dot + 1;
	}
}

/* p's name as viewer calls it, cut if it does not fit. p is in its view. */
void prison_name(const struct prison *viewer, const struct prison *p, char *to,
		 size_t size)
{
	size_t at = size - 1, len;

	assert(size > 1 && prison_sees(viewer, p));
	if (p == viewer) {
		str_copy(to, "0", size);
		return;
	}
	to[at] = 0;
	for (; p != viewer; p = p->parent) {
		if (at < size - 1 && at > 0)
			to[--at] = '.';
		len = min_u32(strlen(p->name), at);
		at -= len;
		memcpy(to + at, p->name, len);
	}
	memmove(to, to + at, size - at);
}

/* allow.* as jail(8) writes it, by the number of the bit. */
static const char *const allow_name[ALLOW_COUNT] = {
	"set_hostname", "raw_sockets", "chflags", "mount", "quotas",
	"socket_af", "mlock", "reserved_ports", "read_msgbuf",
	"unprivileged_proc_debug", "suser", "extattr", "adjtime", "settime",
	"routing", "unprivileged_parent_tampering", "sysvipc", "mount.devfs",
	"mount.procfs", "mount.tmpfs", "mount.nullfs",
};
_Static_assert(ALLOW_MOUNT_NULLFS == 1 << (ALLOW_COUNT - 1),
	       "every allow bit has a name");

/* NULL past the last. */
const char *prison_allow_name(unsigned bit)
{
	return bit < ALLOW_COUNT ? allow_name[bit] : NULL;
}

/* A prison is 0 for itself. */
int prison_jid_seen(const struct prison *viewer, const struct prison *p)
{
	return p == viewer ? 0 : p->jid;
}

/* Letters that scripts, lists and wildcards would take for something else. */
static bool letter_allowed(char c)
{
	return c > ' ' && c != 0x7f && !strchr("*,=/\\\"'", c);
}

static size_t whole_length(const struct prison *p)
{
	size_t n = 0;

	for (; p->parent; p = p->parent)
		n += strlen(p->name) + 1;
	return n;
}

int prison_name_check(const struct prison *parent, const char *part, int jid)
{
	uint64_t number;

	if (!*part)
		return -EINVAL;
	if (whole_length(parent) + strlen(part) >= PRISON_NAME_MAX)
		return -ENAMETOOLONG;
	for (const char *c = part; *c; c++)
		if (!letter_allowed(*c) || *c == '.')
			return -EINVAL;
	/* Leading zeros would give one number several names. */
	if (!str_to_u64(part, 10, &number) &&
	    (number != (uint64_t)jid || jid == 0 || *part == '0'))
		return -EINVAL;
	return 0;
}

/* Takes name, of kmem_alloc; the caller has checked it, and that no sibling
 * has it. */
void prison_rename(struct prison *p, char *name)
{
	assert(p->parent && *name && !strchr(name, '.'));
	kmem_free(p->name);
	p->name = name;
}
