/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.c - the jail calls: copies names and values in and answers out; what
 * they mean is jail/admin's (FreeBSD jail(2)).
 *
 * A name or value costs memory before it is known whose; therefore all of one
 * call together are bounded.
 */
#include "jail/admin/admin.h"
#include "kernel/sys/calls.h"
#include "kernel/sys/sys.h"

enum { OPTIONS_MOST = 512, NAME_MOST = 256, TOTAL_MOST = 2 * JAIL_VALUE_MAX };

struct jail_vector {		/* a request and where it came from */
	struct jail_request r;
	uint32_t user;		/* the user's array */
	struct abi_iovec *iov;	/* a copy; name, value, name, value... */
	struct jail_option option[];
};

static void vector_free(struct jail_vector *v)
{
	for (unsigned i = 0; i < v->r.count; i++) {
		kmem_free((char *)v->option[i].name);
		kmem_free(v->option[i].value);
	}
	kmem_free(v->iov);
	kmem_free(v);
}

/* *total: what may still be copied in this call. */
static int bytes_in(const struct abi_iovec *from, uint32_t *total, void **out)
{
	void *mem;
	int err;

	*out = NULL;
	if (!from->base || !from->len)
		return 0;
	if (from->len > *total)
		return -ENAMETOOLONG;
	mem = kmem_alloc(from->len);
	if (!mem)
		return -ENOMEM;
	err = user_copy_in(mem, from->base, from->len);
	if (err) {
		kmem_free(mem);
		return err;
	}
	*total -= from->len;
	*out = mem;
	return 0;
}

static int option_in(const struct abi_iovec *pair, uint32_t *total,
		     struct jail_option *o)
{
	void *name;
	int err;

	if (pair[0].len > NAME_MOST)
		return -ENAMETOOLONG;
	err = bytes_in(&pair[0], total, &name);
	if (err)
		return err;
	o->name = name;
	if (!name || o->name[pair[0].len - 1] ||
	    strlen(o->name) + 1 != pair[0].len)
		return -EINVAL;
	o->size = pair[1].base ? pair[1].len : 0;
	return bytes_in(&pair[1], total, &o->value);
}

static int vector_in(struct thread *me, const uint32_t *arg,
		     struct jail_vector **out)
{
	uint32_t total = TOTAL_MOST, n = arg[1] / 2;
	struct jail_vector *v;
	int err = 0;

	if (arg[1] % 2 || n > OPTIONS_MOST)
		return -EINVAL;
	v = kmem_zalloc(sizeof(*v) + n * sizeof(v->option[0]));
	if (!v)
		return -ENOMEM;
	v->r = (struct jail_request){ .me = me, .flags = arg[2],
				      .option = v->option, .count = n };
	v->user = arg[0];
	v->iov = kmem_alloc(max_u32(1, 2 * n * sizeof(v->iov[0])));
	if (!v->iov)
		err = -ENOMEM;
	else
		err = user_copy_in(v->iov, arg[0], 2 * n * sizeof(v->iov[0]));
	for (uint32_t i = 0; !err && i < n; i++)
		err = option_in(&v->iov[2 * i], &total, &v->option[i]);
	if (err) {
		vector_free(v);
		return err;
	}
	*out = v;
	return 0;
}

/* --- back ------------------------------------------------------------------- */

/* Why, as far as there is room for it. */
static void errmsg_out(const struct jail_vector *v)
{
	for (unsigned i = 0; i < v->r.count; i++) {
		const struct abi_iovec *to = &v->iov[2 * i + 1];
		uint32_t n = strlen(v->r.errmsg) + 1;

		if (strcmp(v->option[i].name, "errmsg") || !to->base || !to->len)
			continue;
		n = min_u32(n, to->len);
		/* A wrong address loses the reason, not the error. */
		if (!user_copy_out(to->base, v->r.errmsg, n - 1))
			(void)!user_copy_out(to->base + n - 1, "", 1);
	}
}

/* The answer, and how long it is. No place for it: the length alone. */
static int answer_out(const struct jail_vector *v, unsigned i)
{
	const struct jail_option *o = &v->option[i];
	const struct abi_iovec *to = &v->iov[2 * i + 1];
	uint32_t len_at = v->user + (2 * i + 1) * sizeof(*to) +
			  offsetof(struct abi_iovec, len);
	int err = 0;

	if (to->base && to->len < o->size)
		return -EINVAL;
	if (to->base && o->size)
		err = user_copy_out(to->base, o->value, o->size);
	return err ? err : user_put32(len_at, o->size);
}

static int answers_out(struct jail_vector *v)
{
	for (unsigned i = 0; i < v->r.count; i++) {
		int err = v->option[i].answered ? answer_out(v, i) : 0;

		if (err == -EINVAL)
			str_format(v->r.errmsg, sizeof(v->r.errmsg),
				   "%s: no room for the value",
				   v->option[i].name);
		if (err)
			return err;
	}
	return 0;
}

static int run(struct thread *me, const uint32_t *arg,
	       int (*call)(struct jail_request *r))
{
	struct jail_vector *v;
	int result = vector_in(me, arg, &v), err;

	if (result)
		return result;
	result = call(&v->r);
	err = result < 0 ? result : answers_out(v);
	if (err)
		errmsg_out(v);
	vector_free(v);
	return err ? err : result;
}

/* --- the calls --------------------------------------------------------------- */

int sys_jail_set(struct thread *me, const uint32_t *arg)
{
	int err = priv_check(me->cred, PRIV_JAIL_SET);

	return err ? err : run(me, arg, jailsys_set);
}

int sys_jail_get(struct thread *me, const uint32_t *arg)
{
	return run(me, arg, jailsys_get);
}

int sys_jail_attach(struct thread *me, const uint32_t *arg)
{
	return jailsys_attach(me, arg[0]);
}

int sys_jail_remove(struct thread *me, const uint32_t *arg)
{
	return jailsys_remove(me, arg[0]);
}

static int by_file(struct thread *me, int fd,
		   int (*call)(struct thread *me, struct file *f))
{
	struct file *f = file_get(me->proc->files, fd, FILE_ANY);
	int err;

	if (!f)
		return -EBADF;
	err = jailsys_is_file(f) ? call(me, f) : -EINVAL;
	file_drop(f);
	return err;
}

int sys_jail_attach_jd(struct thread *me, const uint32_t *arg)
{
	return by_file(me, arg[0], jailsys_attach_file);
}

int sys_jail_remove_jd(struct thread *me, const uint32_t *arg)
{
	return by_file(me, arg[0], jailsys_remove_file);
}

/* --- the first form: jail(2) ---------------------------------------------------- */

struct old_call {
	struct jail_request r;
	struct jail_option option[6];
	char *path, *jailname;
	char hostname[PRISON_NAME_MAX], foreign[8];
	uint32_t one;		/* version 0's address */
	void *addrs;
};

static void old_add(struct old_call *o, const char *name, void *value,
		    uint32_t size)
{
	assert(o->r.count < ARRAY_LEN(o->option));
	o->option[o->r.count++] = (struct jail_option){
		.name = name, .value = value, .size = size,
	};
}

static int old_strings(struct old_call *o, uint32_t path, uint32_t hostname,
		       uint32_t jailname)
{
	int err = sys_path_in(path, &o->path), n;

	if (!err && jailname)
		err = sys_path_in(jailname, &o->jailname);
	if (err)
		return err;
	n = user_string_in(o->hostname, hostname, sizeof(o->hostname));
	if (n < 0)
		return n;
	old_add(o, "path", o->path, strlen(o->path) + 1);
	old_add(o, "host.hostname", o->hostname, n + 1);
	if (o->jailname && o->jailname[0])
		old_add(o, "name", o->jailname, strlen(o->jailname) + 1);
	return 0;
}

/* One address, in the host's byte order; foreign ones become that. */
static int old_v0(struct old_call *o, uint32_t user)
{
	struct abi_jail_v0 j;
	int err = user_copy_in(&j, user, sizeof(j));

	if (!err)
		err = old_strings(o, j.path, j.hostname, 0);
	if (err)
		return err;
	o->one = __builtin_bswap32(j.ip_number);
	str_copy(o->foreign, "divert", sizeof(o->foreign));
	old_add(o, "ip4.addr", &o->one, o->one ? sizeof(o->one) : 0);
	old_add(o, "ip4.foreign", o->foreign, sizeof("divert"));
	return 0;
}

static int old_v2(struct old_call *o, uint32_t user)
{
	struct abi_jail_v2 j;
	struct abi_iovec addrs;
	uint32_t total = JAIL_VALUE_MAX;
	int err = user_copy_in(&j, user, sizeof(j));

	if (err)
		return err;
	if (j.ip6s)
		return -EAFNOSUPPORT;
	if (j.ip4s > JAIL_VALUE_MAX / 4)
		return -EINVAL;
	err = old_strings(o, j.path, j.hostname, j.jailname);
	if (err)
		return err;
	addrs = (struct abi_iovec){ j.ip4, j.ip4s * 4 };
	err = bytes_in(&addrs, &total, &o->addrs);
	if (!err && j.ip4s && !o->addrs)
		err = -EFAULT;
	old_add(o, "ip4.addr", o->addrs, j.ip4s * 4);
	return err;
}

/* FreeBSD jail(2): makes a jail and enters it. -EINVAL: versions 1, and above
 * 2. Sleeps. */
int sys_jail(struct thread *me, const uint32_t *arg)
{
	struct old_call *o;
	uint32_t version;
	int err = priv_check(me->cred, PRIV_JAIL_SET);

	if (!err)
		err = user_copy_in(&version, arg[0], sizeof(version));
	if (err)
		return err;
	if (version != 0 && version != 2)
		return -EINVAL;
	o = kmem_zalloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->r = (struct jail_request){ .me = me, .option = o->option,
				      .flags = JAIL_CREATE | JAIL_ATTACH,
				      .old_call = true };
	err = version ? old_v2(o, arg[0]) : old_v0(o, arg[0]);
	if (!err)
		err = jailsys_set(&o->r);
	kmem_free(o->path);
	kmem_free(o->jailname);
	kmem_free(o->addrs);
	kmem_free(o);
	return err;
}
