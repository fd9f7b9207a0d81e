/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param.c - everything that can be set on a jail or asked of it: one table.
 *
 * A row says what a parameter is called, what kind of value it has, who may
 * set it when, and the functions that check, set and tell it. Names and
 * meanings are FreeBSD's (jail(8), for limits rctl(8)); devices, frozen,
 * ip4.foreign, and that limits are parameters, are ours.
 * The order of the rows is the order in which checks and changes are made.
 *
 * What a new prison has without being told, and what it takes from its
 * parent, is prison_new's (jail/prison.c); that it is never looser than its
 * parent is each check's, and prison_clamp's when a parent shrinks.
 */
#include "jail/admin/inner.h"

/* --- fields that are set as they come ------------------------------------ */

static void *field(struct prison *j, const struct param *p)
{
	return (char *)j + p->arg;
}

static void set_text(struct prison *j, const struct param *p, struct value *v,
		     struct change *c)
{
	(void)c;
	assert(v->size <= p->size);
	memcpy(field(j, p), v->data, v->size);
}

static int get_text_field(const struct change *c, const struct param *p,
			  struct value *out, char *buf)
{
	(void)buf;
	out->data = field(c->j, p);
	out->size = strlen(out->data) + 1;
	return 0;
}

/* Of host names: those that the prison bears. */
static int get_host_text(const struct change *c, const struct param *p,
			 struct value *out, char *buf)
{
	(void)buf;
	out->data = field(prison_namer(c->j), p);
	out->size = strlen(out->data) + 1;
	return 0;
}

static void set_int(struct prison *j, const struct param *p, struct value *v,
		    struct change *c)
{
	(void)c;
	assert(p->type != PARAM_TEXT && p->type != PARAM_BOOL);
	*(int *)field(j, p) = v->number;
}

static int get_int(const struct change *c, const struct param *p,
		   struct value *out, char *buf)
{
	(void)buf;
	out->number = *(int *)field(c->j, p);
	return 0;
}

static int get_hostid(const struct change *c, const struct param *p,
		      struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->number = prison_namer(c->j)->hostid;
	return 0;
}

static void set_flag(struct prison *j, const struct param *p, struct value *v,
		     struct change *c)
{
	(void)c;
	assert(p->type == PARAM_BOOL);
	*(bool *)field(j, p) = v->number;
}

static int get_flag(const struct change *c, const struct param *p,
		    struct value *out, char *buf)
{
	(void)buf;
	out->number = *(bool *)field(c->j, p);
	return 0;
}

/* --- fields with a meaning of their own ----------------------------------- */

static int get_jid(const struct change *c, const struct param *p,
		   struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->number = prison_jid_seen(c->base, c->j);
	return 0;
}

static int get_parent(const struct change *c, const struct param *p,
		      struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->number = prison_jid_seen(c->base, c->j->parent);
	return 0;
}

static int get_name(const struct change *c, const struct param *p,
		    struct value *out, char *buf)
{
	prison_name(c->base, c->j, buf, p->size);
	out->data = buf;
	out->size = strlen(buf) + 1;
	return 0;
}

static int get_path(const struct change *c, const struct param *p,
		    struct value *out, char *buf)
{
	const struct path *root = c->j->slot[PRISON_SLOT_ROOT];
	const struct path *from = c->who->prison->slot[PRISON_SLOT_ROOT];
	char *at = buf;

	if (!from)
		from = &c->r->me->proc->fs->root;
	buf[0] = 0;
	if (root && path_name(root, from, buf, p->size, &at) == -ENAMETOOLONG)
		return -ENAMETOOLONG;
	out->data = at;
	out->size = strlen(at) + 1;
	return 0;
}

static int get_dying(const struct change *c, const struct param *p,
		     struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->number = c->j->state == PRISON_DYING;
	return 0;
}

static void set_frozen(struct prison *j, const struct param *p,
		       struct value *v, struct change *c)
{
	set_flag(j, p, v, c);
	if (!v->number)
		proc_thaw();
}

static void set_allow(struct prison *j, const struct param *p, struct value *v,
		      struct change *c)
{
	(void)c;
	assert(p->arg && !(p->arg & (p->arg - 1)) && !(p->arg & ~ALLOW_ALL));
	j->allow = v->number ? j->allow | p->arg : j->allow & ~p->arg;
}

static int get_allow(const struct change *c, const struct param *p,
		     struct value *out, char *buf)
{
	(void)buf;
	out->number = (c->j->allow & p->arg) != 0;
	return 0;
}

/* allow.sysvipc is old: all three kinds as the parent has them, or not at all. */
static void set_sysvipc(struct prison *j, const struct param *p,
			struct value *v, struct change *c)
{
	set_allow(j, p, v, c);
	for (int i = 0; i < PRISON_IPC_COUNT; i++)
		j->ipc[i] = v->number ? SHARE_INHERIT : SHARE_DISABLE;
}

static void set_addrs(struct prison *j, const struct param *p, struct value *v,
		      struct change *c)
{
	(void)p, (void)v;
	assert(!c->addr_count || j->ip4 != SHARE_INHERIT);
	prison_set_ip4(j, c->addrs, c->holders, c->addr_count);
	c->addrs = NULL;
	c->holders = NULL;
}

static int get_addrs(const struct change *c, const struct param *p,
		     struct value *out, char *buf)
{
	const struct prison *j = c->j;

	(void)p, (void)buf;
	while (j->ip4 == SHARE_INHERIT && j->parent)
		j = j->parent;
	assert(!j->ip4_count || j->ip4 == SHARE_NEW);
	out->data = j->ip4_addr;
	out->size = j->ip4_count * sizeof(j->ip4_addr[0]);
	return 0;
}

static void set_foreign(struct prison *j, const struct param *p,
			struct value *v, struct change *c)
{
	(void)p, (void)c;
	j->ip4_divert = !strcmp(v->data, "divert");
}

static int get_foreign(const struct change *c, const struct param *p,
		       struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->data = c->j->ip4_divert ? "divert" : "refuse";
	out->size = strlen(out->data) + 1;
	return 0;
}

static int get_devices(const struct change *c, const struct param *p,
		       struct value *out, char *buf)
{
	(void)p, (void)buf;
	out->data = dev_list_get(c->j);
	out->size = strlen(out->data) + 1;
	return 0;
}

static void set_meta(struct prison *j, const struct param *p, struct value *v,
		     struct change *c)
{
	char **to = p->arg ? &j->env : &j->meta;
	char **from = p->arg ? &c->env : &c->meta;

	(void)v;
	if (!(p->arg ? c->has_env : c->has_meta))
		return;
	assert(*from);
	kmem_free(*to);
	*to = *from;
	*from = NULL;
	*(p->arg ? &c->has_env : &c->has_meta) = false;
}

/* What the jail may use at most: a number, or no limit. It was checked. */
static void set_limit(struct prison *j, const struct param *p, struct value *v,
		      struct change *c)
{
	(void)c;
	assert(p->arg < RACCT_COUNT);
	if (limit_parse(v->data, &j->limit[p->arg]))
		panic("a limit that was checked is none");
}

static int get_limit(const struct change *c, const struct param *p,
		     struct value *out, char *buf)
{
	uint64_t limit = c->j->limit[p->arg];

	if (limit == UINT64_MAX)
		str_copy(buf, "unlimited", p->size);
	else
		str_format(buf, p->size, "%llu", (unsigned long long)limit);
	out->data = buf;
	out->size = strlen(buf) + 1;
	return 0;
}

static int get_none(const struct change *c, const struct param *p,
		    struct value *out, char *buf)
{
	(void)c, (void)p, (void)buf;
	out->number = 0;	/* there is one set of processors yet */
	return 0;
}

static int get_vnet(const struct change *c, const struct param *p,
		    struct value *out, char *buf)
{
	(void)c, (void)p, (void)buf;
	out->number = SHARE_INHERIT;
	return 0;
}

#define AT(name) offsetof(struct prison, name)
#define ALLOW(name, bit) \
	{ "allow." name, PARAM_BOOL, PARAM_WRITE, 0, bit, check_allow, \
	  set_allow, get_allow }
#define LIMIT(name, what) \
	{ "limit." name, PARAM_TEXT, PARAM_WRITE, LIMIT_TEXT, what, \
	  check_limit, set_limit, get_limit }

const struct param param_table[] = {
	{ "jid", PARAM_INT, PARAM_CREATE, 0, 0, NULL, NULL, get_jid },
	{ "name", PARAM_TEXT, PARAM_WRITE, PRISON_NAME_MAX, 0, NULL, NULL,
	  get_name },
	{ "parent", PARAM_INT, PARAM_READ, 0, 0, NULL, NULL, get_parent },
	{ "path", PARAM_TEXT, PARAM_CREATE, PATH_MAX, 0, check_path, NULL,
	  get_path },
	{ "dying", PARAM_BOOL, PARAM_READ, 0, 0, NULL, NULL, get_dying },
	[ROW_PERSIST] = { "persist", PARAM_BOOL, PARAM_WRITE, 0, AT(persist), NULL, NULL,
	  get_flag },
	{ "frozen", PARAM_BOOL, PARAM_WRITE, 0, AT(frozen), NULL, set_frozen,
	  get_flag },
	[ROW_HOST] = { "host", PARAM_SHARE, PARAM_CREATE, 0, AT(host), check_share, set_int,
	  get_int },
	{ "host.hostname", PARAM_TEXT, PARAM_WRITE, PRISON_HOST_MAX,
	  AT(hostname), check_hostname, set_text, get_host_text },
	{ "host.domainname", PARAM_TEXT, PARAM_WRITE, PRISON_HOST_MAX,
	  AT(domainname), check_hostname, set_text, get_host_text },
	{ "host.hostuuid", PARAM_TEXT, PARAM_WRITE, PRISON_UUID_MAX,
	  AT(hostuuid), check_hostname, set_text, get_host_text },
	{ "host.hostid", PARAM_UINT, PARAM_WRITE, 0, AT(hostid),
	  check_hostname, set_int, get_hostid },
	[ROW_IP4] = { "ip4", PARAM_SHARE, PARAM_CREATE, 0, AT(ip4), check_share, set_int,
	  get_int },
	{ "ip4.addr", PARAM_ADDRS, PARAM_WRITE, 0, 0, check_addrs, set_addrs,
	  get_addrs },
	{ "ip4.saddrsel", PARAM_BOOL, PARAM_WRITE, 0, AT(ip4_saddrsel), NULL,
	  set_flag, get_flag },
	{ "ip4.foreign", PARAM_TEXT, PARAM_WRITE, 16, 0, check_foreign,
	  set_foreign, get_foreign },
	{ "vnet", PARAM_SHARE, PARAM_CREATE, 0, 0, check_share, NULL, get_vnet },
	{ "securelevel", PARAM_INT, PARAM_WRITE, 0, AT(securelevel),
	  check_securelevel, set_int, get_int },
	{ "enforce_statfs", PARAM_INT, PARAM_WRITE, 0, AT(enforce_statfs),
	  check_statfs, set_int, get_int },
	[ROW_DEVICES] = { "devices", PARAM_TEXT, PARAM_WRITE, 4096, 0, check_devices, NULL,
	  get_devices },
	{ "devfs_ruleset", PARAM_INT, PARAM_WRITE, 0, AT(devfs_ruleset),
	  check_ruleset, set_int, get_int },
	{ "children.max", PARAM_INT, PARAM_WRITE, 0, AT(children_max),
	  check_children, set_int, get_int },
	{ "children.cur", PARAM_INT, PARAM_READ, 0, AT(children_count), NULL,
	  NULL, get_int },
	{ "cpuset.id", PARAM_INT, PARAM_READ, 0, 0, NULL, NULL, get_none },
	{ "osrelease", PARAM_TEXT, PARAM_CREATE, PRISON_RELEASE_MAX,
	  AT(osrelease), NULL, set_text, get_text_field },
	{ "osreldate", PARAM_INT, PARAM_CREATE, 0, AT(osreldate), NULL, set_int,
	  get_int },
	{ "meta", PARAM_TEXT, PARAM_WRITE, JAIL_VALUE_MAX, 0, check_text,
	  set_meta, get_text },
	{ "env", PARAM_TEXT, PARAM_WRITE, JAIL_VALUE_MAX, 1, check_text,
	  set_meta, get_text },
	{ "allow.sysvipc", PARAM_BOOL, PARAM_WRITE, 0, ALLOW_SYSVIPC,
	  check_allow, set_sysvipc, get_allow },
	{ "sysvmsg", PARAM_SHARE, PARAM_WRITE, 0, AT(ipc[PRISON_IPC_MSG]),
	  check_ipc, set_int, get_int },
	{ "sysvsem", PARAM_SHARE, PARAM_WRITE, 0, AT(ipc[PRISON_IPC_SEM]),
	  check_ipc, set_int, get_int },
	{ "sysvshm", PARAM_SHARE, PARAM_WRITE, 0, AT(ipc[PRISON_IPC_SHM]),
	  check_ipc, set_int, get_int },
	ALLOW("set_hostname", ALLOW_SET_HOSTNAME),
	ALLOW("raw_sockets", ALLOW_RAW_SOCKETS),
	ALLOW("chflags", ALLOW_CHFLAGS),
	ALLOW("mount", ALLOW_MOUNT),
	ALLOW("mount.devfs", ALLOW_MOUNT_DEVFS),
	ALLOW("mount.procfs", ALLOW_MOUNT_PROCFS),
	ALLOW("mount.tmpfs", ALLOW_MOUNT_TMPFS),
	ALLOW("mount.nullfs", ALLOW_MOUNT_NULLFS),
	ALLOW("quotas", ALLOW_QUOTAS),
	ALLOW("socket_af", ALLOW_SOCKET_AF),
	ALLOW("mlock", ALLOW_MLOCK),
	ALLOW("reserved_ports", ALLOW_RESERVED_PORTS),
	ALLOW("read_msgbuf", ALLOW_READ_MSGBUF),
	ALLOW("unprivileged_proc_debug", ALLOW_UNPRIVILEGED_PROC_DEBUG),
	ALLOW("suser", ALLOW_SUSER),
	ALLOW("extattr", ALLOW_EXTATTR),
	ALLOW("adjtime", ALLOW_ADJTIME),
	ALLOW("settime", ALLOW_SETTIME),
	ALLOW("routing", ALLOW_ROUTING),
	ALLOW("unprivileged_parent_tampering",
	      ALLOW_UNPRIVILEGED_PARENT_TAMPERING),
	LIMIT("maxproc", RACCT_PROC),
	LIMIT("nthr", RACCT_THREAD),
	LIMIT("memoryuse", RACCT_MEMORY),
	LIMIT("kmemoryuse", RACCT_KERNEL_MEMORY),
	LIMIT("openfiles", RACCT_FILE),
	LIMIT("pseudoterminals", RACCT_PTY),
	LIMIT("sockbuf", RACCT_SOCKBUF),
	LIMIT("diskuse", RACCT_DISK),
	LIMIT("inodes", RACCT_INODES),
};
const unsigned param_count = ARRAY_LEN(param_table);
_Static_assert(sizeof(enum prison_share) == sizeof(int), "set_int fits");

/* --- names to rows ---------------------------------------------------------- */

static const struct param *row_named(const char *name, size_t len)
{
	for (unsigned i = 0; i < param_count; i++)
		if (strlen(param_table[i].name) == len &&
		    !memcmp(param_table[i].name, name, len))
			return &param_table[i];
	return NULL;
}

/* "allow.nomount": the row allow.mount. */
static const struct param *row_negated(const char *name)
{
	char plain[64];
	const char *dot = strrchr(name, '.');
	size_t head = dot ? (size_t)(dot + 1 - name) : 0;
	const struct param *p;

	if (strncmp(name + head, "no", 2) || strlen(name) >= sizeof(plain))
		return NULL;
	memcpy(plain, name, head);
	str_copy(plain + head, name + head + 2, sizeof(plain) - head);
	p = row_named(plain, strlen(plain));
	return p && p->type == PARAM_BOOL ? p : NULL;
}

const struct param *param_find(const char *name, bool *negated,
			       const char **key)
{
	const struct param *p = row_named(name, strlen(name));
	const char *dot = strchr(name, '.');

	*negated = false;
	*key = NULL;
	if (p)
		return p;
	p = row_negated(name);
	if (p) {
		*negated = true;
		return p;
	}
	if (!dot || !dot[1])
		return NULL;
	p = row_named(name, dot - name);
	if (!p || p->check != check_text)
		return NULL;
	*key = dot + 1;
	return p;
}

/* --- values ---------------------------------------------------------------- */

static int parse_number(struct jail_request *r, const struct jail_option *o,
			struct value *v)
{
	if (!o->value || o->size != sizeof(v->number))
		return refuse(r, -EINVAL, "%s: a number has 4 bytes", o->name);
	memcpy(&v->number, o->value, sizeof(v->number));
	return 0;
}

static int parse_text(struct jail_request *r, const struct jail_option *o,
		      const struct param *p, struct value *v)
{
	const char *text = o->value;

	if (!text || o->size == 0 || text[o->size - 1])
		return refuse(r, -EINVAL, "%s: the text has no end", o->name);
	if (strlen(text) >= p->size)
		return refuse(r, -ENAMETOOLONG, "%s: too long", o->name);
	v->data = text;
	v->size = strlen(text) + 1;
	return 0;
}

/* What o says about row p. -EINVAL, -ENAMETOOLONG. */
int param_parse(struct jail_request *r, const struct jail_option *o,
		const struct param *p, bool negated, struct value *v)
{
	switch (p->type) {
	case PARAM_BOOL:
		if (o->size != 0)
			return refuse(r, -EINVAL, "%s takes no value", o->name);
		v->number = !negated;
		v->size = 0;
		return 0;
	case PARAM_INT:
	case PARAM_UINT:
	case PARAM_SHARE:
		v->size = 0;
		return parse_number(r, o, v);
	case PARAM_TEXT:
		return parse_text(r, o, p, v);
	case PARAM_ADDRS:
		if (o->size % sizeof(uint32_t) || (o->size && !o->value))
			return refuse(r, -EINVAL, "%s: no whole addresses",
				      o->name);
		v->data = o->value;
		v->size = o->size;
		return 0;
	}
	panic("a parameter of no type");
}
