/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.c - setsockopt and getsockopt: a row is found in the family's tables,
 * then in that of SOL_SOCKET, and what it says is done. Options that have no row
 * do not exist: -ENOPROTOOPT.
 *
 * Locks: the kernel lock. A copy to or from the user sleeps.
 */
#include "net/option.h"

/* --- rows ----------------------------------------------------------------- */

static const struct sock_option *find_in(const struct sock_option *table,
					 int level, int name)
{
	for (; table && table->name; table++)
		if (table->level == level && table->name == name)
			return table;
	return NULL;
}

/* A family's own comes before that of SOL_SOCKET with the same name. NULL and
 * -ENOPROTOOPT; -EOPNOTSUPP: s has no such level. */
static int option_find(const struct sock *s, int level, int name,
		       const struct sock_option **out)
{
	const struct sock_option *const *tables = s->ops->options;
	const struct sock_option *o = NULL;

	for (unsigned n = 0; !o && n < ARRAY_LEN(s->ops->options); n++)
		o = find_in(tables[n], level, name);
	*out = o ? o : find_in(sock_option_table, level, name);
	if (*out)
		return 0;
	return tables[0] || level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
}

/* --- numbers -------------------------------------------------------------- */

/* The lowest byte of a number comes first. */
static uint32_t number_load(const struct sock *s, const struct sock_option *o)
{
	uint32_t v = 0;

	assert(o->size <= sizeof v);
	memcpy(&v, (const char *)s + o->at, o->size);
	return v;
}

static void number_store(struct sock *s, const struct sock_option *o, int v)
{
	uint32_t is = o->bit ? number_load(s, o) & ~o->bit : (uint32_t)v;

	assert(!o->bit || v == 0 || v == 1);
	if (o->bit && v)
		is |= o->bit;
	memcpy((char *)s + o->at, &is, o->size);
}

static int number_take(const struct option_call *c, int *out)
{
	uint8_t byte;
	int err;

	if (!c->row || !(c->row->rule & OPTION_BYTE) || c->len >= sizeof *out)
		return option_take(c, out, sizeof *out);
	err = option_take(c, &byte, sizeof byte);
	if (!err)
		*out = byte;
	return err;
}

static int number_limit(const struct sock_option *o, int *v)
{
	int within = *v < o->least ? o->least : *v > o->most ? o->most : *v;

	if (!o->most) {
		*v = *v != 0;
		return 0;
	}
	if (*v == within || (!*v && o->rule & OPTION_ZERO))
		return 0;
	*v = within;
	return o->rule & OPTION_CLAMP ? 0 : -EINVAL;
}

static int number_set(struct sock *s, const struct option_call *c, int v)
{
	const struct sock_option *o = c->row;
	int err = o->check ? o->check(s, c, &v) : 0;

	if (!err)
		err = number_limit(o, &v);
	if (err)
		return err;
	number_store(s, o, v);
	if (o->changed)
		o->changed(s);
	return 0;
}

static int number_give(struct sock *s, const struct option_call *c)
{
	const struct sock_option *o = c->row;
	uint32_t is = number_load(s, o);
	int v = o->bit ? (is & o->bit) != 0 : (int)is, err;
	bool byte = o->rule & OPTION_BYTE && c->len && c->len < sizeof v;

	if (!v)
		v = o->unset;
	err = o->show ? o->show(s, c, &v) : 0;
	if (err)
		return err;
	byte = byte && (uint32_t)v <= UINT8_MAX;
	return option_give(c, &v, byte ? sizeof(uint8_t) : sizeof v);
}

/* --- the user's memory ------------------------------------------------------ */

int option_take(const struct option_call *c, void *to, uint32_t n)
{
	if (c->len < n)
		return -EINVAL;
	return user_copy_in(to, c->user, n) ? -EFAULT : 0;
}

int option_take_text(const struct option_call *c, char *to, uint32_t size)
{
	memset(to, 0, size);
	return user_copy_in(to, c->user, min_u32(c->len, size - 1)) ?
		-EFAULT : 0;
}

int option_give(const struct option_call *c, const void *value, uint32_t n)
{
	n = min_u32(n, c->len);
	if (user_copy_out(c->user, value, n))
		return -EFAULT;
	return user_put32(c->user_len, n);
}

/* --- the calls -------------------------------------------------------------- */

/* As on Linux a number of SOL_SOCKET's is read before its name is looked for. */
int sock_option_set(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t len)
{
	struct option_call c = { .who = me->cred, .user = user, .len = len };
	struct sock *s = f->private;
	int found = option_find(s, level, name, &c.row), v, err;

	if ((int32_t)len < 0)
		return -EINVAL;
	if (found && level != SOL_SOCKET)
		return found;
	if (c.row && c.row->take)
		return c.row->take(s, &c);
	err = number_take(&c, &v);
	if (err)
		return err;
	if (found || c.row->rule & OPTION_READ)
		return -ENOPROTOOPT;
	return number_set(s, &c, v);
}

int sock_option_get(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t user_len)
{
	struct option_call c = { .who = me->cred, .user = user,
				 .user_len = user_len };
	struct sock *s = f->private;
	int found = option_find(s, level, name, &c.row);

	if (found == -EOPNOTSUPP)
		return found;
	if (user_get32(user_len, &c.len))
		return -EFAULT;
	if ((int32_t)c.len < 0)
		return -EINVAL;
	if (found || c.row->rule & OPTION_WRITE)
		return -ENOPROTOOPT;
	return c.row->give ? c.row->give(s, &c) : number_give(s, &c);
}
