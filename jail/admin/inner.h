/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to room jail/admin: the table of parameters, and a change
 * to a prison on its way from being asked for to being done.
 */
#ifndef JAIL_ADMIN_INNER_H
#define JAIL_ADMIN_INNER_H

#include "jail/admin/admin.h"

enum param_type { PARAM_INT, PARAM_UINT, PARAM_BOOL, PARAM_SHARE, PARAM_TEXT,
		  PARAM_ADDRS };
/* Who may set it: nobody; the maker, once; the maker, at any time. */
enum param_access { PARAM_READ, PARAM_CREATE, PARAM_WRITE };

/* A value as the user gave it, or as he is to get it. */
struct value {
	int number;		/* BOOL, INT, UINT, SHARE */
	const void *data;	/* TEXT with its NUL, ADDRS */
	uint32_t size;
	const char *key;	/* meta.KEY, env.KEY; else NULL */
};

struct change;
struct param {
	const char *name;
	enum param_type type;
	enum param_access access;
	uint32_t size;		/* TEXT: at most, with its NUL */
	uint32_t arg;		/* what the functions below need to know */
	/* May it be so? Prepares what needs memory; changes nothing. NULL: yes. */
	int (*check)(struct change *c, const struct param *p,
		     const struct value *v);
	/* Makes it so; cannot fail. NULL: it is part of another step. */
	void (*apply)(struct prison *j, const struct param *p,
		      struct value *v, struct change *c);
	/* *out: what it is. Texts may be written to buf. */
	int (*get)(const struct change *c, const struct param *p,
		   struct value *out, char *buf);
};
enum { PARAM_BUFFER = PATH_MAX, LIMIT_TEXT = 24 };
/* Rows that somebody else's check or step asks for. */
enum param_row { ROW_PERSIST = 5, ROW_HOST = 7, ROW_IP4 = 12,
		 ROW_DEVICES = 19 };
extern const struct param param_table[];
extern const unsigned param_count;

/* The row of a name as users write it; *negated: "no" stood before its last
 * part; *key: what follows "meta." or "env.". NULL: no such parameter. */
const struct param *param_find(const char *name, bool *negated,
			       const char **key);
int param_parse(struct jail_request *r, const struct jail_option *o,
		const struct param *p, bool negated, struct value *v) must_check;

/* A prison about to be made, changed or asked. */
struct change {
	struct jail_request *r;
	const struct cred *who;
	struct prison *base;	/* names and numbers are those below it; held */
	struct prison *parent;	/* of j, or of what is to be made */
	struct prison *j;	/* held; NULL: it is to be made */
	bool creating;
	int jid;		/* asked for, or 0 */
	char part[PRISON_NAME_MAX];	/* the last part of its name; "": none */
	/* prepared by the checks, taken by apply */
	struct path root;	/* held while root.mount */
	int path_error;		/* why there is none */
	char *meta, *env;
	bool has_meta, has_env;
	uint32_t *addrs;
	struct prison_holder *holders;
	unsigned addr_count;
	bool has_addrs;
	const char *devices;	/* NULL: leave them */
	struct value given[];	/* by row; data NULL and size UINT32_MAX: not */
};

/* The value that this call gives to a row, or NULL. */
static inline const struct value *given(const struct change *c, unsigned row)
{
	return c->given[row].size == UINT32_MAX ? NULL : &c->given[row];
}

/* request.c. Notes why, for errmsg, and returns err. */
int refuse(struct jail_request *r, int err, const char *fmt, ...)
	printf_like(3, 4);
/* The option of that name, or NULL. */
struct jail_option *option_find(const struct jail_request *r, const char *name);
/* The number in it; *there: is it there at all. -EINVAL. */
int option_int(struct jail_request *r, const char *name, int *out,
	       bool *there) must_check;
/* Its text, NUL and all. NULL when it is not there. -EINVAL, -ENAMETOOLONG. */
int option_text(struct jail_request *r, const char *name, uint32_t size,
		const char **out) must_check;
/* A name that says something about the call, not about the jail. */
bool option_is_of_call(const char *name);
/* find.c */
int find_base(struct change *c) must_check;
/* Fills c->j (held), c->parent, c->jid, c->part as jid and name say. -ENOENT
 * is no error where it may be made. */
int find_target(struct change *c) must_check;
void change_drop(struct change *c);	/* Sleeps. */

/* check.c, text.c: functions of the rows */
int check_hostname(struct change *c, const struct param *p, const struct value *v);
void walk_to_root(struct change *c, const char *name); /* Sleeps. */
int check_path(struct change *c, const struct param *p, const struct value *v);
int check_share(struct change *c, const struct param *p, const struct value *v);
int check_ipc(struct change *c, const struct param *p, const struct value *v);
int check_securelevel(struct change *c, const struct param *p, const struct value *v);
int check_statfs(struct change *c, const struct param *p, const struct value *v);
int check_children(struct change *c, const struct param *p, const struct value *v);
int check_allow(struct change *c, const struct param *p, const struct value *v);
int check_addrs(struct change *c, const struct param *p, const struct value *v);
int check_foreign(struct change *c, const struct param *p, const struct value *v);
int check_devices(struct change *c, const struct param *p, const struct value *v);
int check_ruleset(struct change *c, const struct param *p, const struct value *v);
int check_limit(struct change *c, const struct param *p, const struct value *v);
int limit_parse(const char *text, uint64_t *out) must_check; /* -EINVAL */
int check_text(struct change *c, const struct param *p, const struct value *v);
int get_text(const struct change *c, const struct param *p, struct value *out,
	     char *buf);
int check_together(struct change *c) must_check;

/* attach.c: the caller holds to. Sleeps. */
int attach_to(struct thread *me, struct prison *to) must_check;
/* remove.c: p, held, and all below begin to die and are killed. Sleeps. */
void remove_begin(struct prison *p);
void remove_init(void);

/* desc.c */
int desc_new(const struct cred *who, struct prison *j, bool owning,
	     struct file **out) must_check;
/* The jail of a descriptor, not held; NULL: it is none, or is no more, or lies
 * not below the caller's prison. */
struct prison *desc_target(const struct thread *me, const struct file *f);
/* The jail of the option desc, held. -EBADF, -EINVAL, -ENOENT. */
int desc_prison(struct jail_request *r, struct prison **out) must_check;
int desc_give(struct change *c) must_check;
void desc_take_back(struct change *c);
void desc_doomed(struct prison *j);	/* whoever polls is told. Sleeps. */

void show_init(void);

#endif
