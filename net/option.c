/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.c - setsockopt and getsockopt: a row is found in the family's tables,
 * then in that of SOL_SOCKET, and what it says is done. Options without a row do
 * not exist: -ENOPROTOOPT.
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

/* A family's own comes before that of SOL_SOCKET with the same name. */
static const struct sock_option *option_find(const struct sock *s, int level,
					     int name)
{
	const struct sock_option *o = NULL;

	for (unsigned n = 0; !o && n < ARRAY_LEN(s->ops->options); n++)
		o = find_in(s->ops->options[n], level, name);
	return o ? o : find_in(sock_option_table, level, name);
}

static bool has_level(const struct sock_option *table, int level)
{
	for (; table && table->name; table++)
		if (table->level == level)
			return true;
	return false;
}

/* There is no such row: why? As on Linux, who is asked what an option of another
 * level is says something else than who is told to set it, if he is of a family
 * whose transports hand on to it what they do not know. */
static int option_missing(const struct sock *s, int level, bool get)
{
	const struct sock_option *const *tables = s->ops->options;

	if (level == SOL_SOCKET || has_level(tables[0], level) ||
	    has_level(tables[1], level))
		return -ENOPROTOOPT;
	return !tables[0] || (get && tables[1]) ? -EOPNOTSUPP : -ENOPROTOOPT;
}

/* --- numbers -------------------------------------------------------------- */

/* All that lies there, the lowest byte first. */
static uint32_t number_load(const struct sock *s, const struct sock_option *o)
{
	uint32_t is = 0;

	assert(o->size <= sizeof is);
	memcpy(&is, (const char *)s + o->at, o->size);
	return is;
}

static void number_store(struct sock *s, const struct sock_option *o, int v)
{
	uint32_t is = o->bit ? number_load(s, o) & ~o->bit : (uint32_t)v;

	assert(!o->bit || v == 0 || v == 1);
	if (o->bit && v)
		is |= o->bit;
	memcpy((char *)s + o->at, &is, o->size);
}

static int number_take(struct option_call *c)
{
	uint8_t byte = 0;
	int err;

	if (!c->row || !(c->row->rule & OPTION_BYTE) || c->len >= sizeof c->v)
		return option_take(c, &c->v, sizeof c->v);
	err = option_take(c, &byte, sizeof byte);
	c->v = byte;
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

static int number_set(struct option_call *c)
{
	const struct sock_option *o = c->row;
	int err = o->check ? o->check(c) : 0;

	if (!err)
		err = number_limit(o, &c->v);
	if (err)
		return err;
	number_store(c->sock, o, c->v);
	if (o->changed)
		o->changed(c->sock);
	return 0;
}

static int number_give(struct option_call *c)
{
	const struct sock_option *o = c->row;
	uint32_t is = number_load(c->sock, o);
	bool byte;
	int err;

	c->v = o->bit ? (is & o->bit) != 0 : (int)is;
	if (!c->v)
		c->v = o->unset;
	err = o->show ? o->show(c) : 0;
	if (err)
		return err;
	byte = o->rule & OPTION_BYTE && c->len && c->len < sizeof c->v &&
	       (uint32_t)c->v <= UINT8_MAX;
	return option_give(c, &c->v, byte ? sizeof(uint8_t) : sizeof c->v);
}

/* --- the user's memory ---------------------------------------------------- */

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

/* --- the calls ------------------------------------------------------------ */

/* As on Linux, SOL_SOCKET's numbers are read before one looks for their name. */
int sock_option_set(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t len)
{
	struct sock *s = f->private;
	const struct sock_option *o = option_find(s, level, name);
	struct option_call c = { .sock = s, .row = o, .who = me->cred,
				 .user = user, .len = len };
	int err;

	if ((int32_t)len < 0)
		return -EINVAL;
	if (!o && level != SOL_SOCKET)
		return option_missing(s, level, false);
	if (o && o->take)
		return o->take(&c);
	err = number_take(&c);
	if (err)
		return err;
	return o && !(o->rule & OPTION_READ) ? number_set(&c) : -ENOPROTOOPT;
}

int sock_option_get(struct file *f, struct thread *me, int level, int name,
		    uint32_t user, uint32_t user_len)
{
	struct sock *s = f->private;
	const struct sock_option *o = option_find(s, level, name);
	struct option_call c = { .sock = s, .row = o, .who = me->cred,
				 .user = user, .user_len = user_len };

	if (!o && option_missing(s, level, true) == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	if (user_get32(user_len, &c.len))
		return -EFAULT;
	if ((int32_t)c.len < 0)
		return -EINVAL;
	if (!o || o->rule & OPTION_WRITE)
		return -ENOPROTOOPT;
	return o->give ? o->give(&c) : number_give(&c);
}
