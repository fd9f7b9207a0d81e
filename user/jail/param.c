/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param.c - what a parameter means: to jail(8) itself by the table below, or
 * to the kernel by its own table.
 *
 * All parameters of a jail are checked before anything is done for it, so
 * that a mistake leaves nothing half-started.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inner.h"

static const struct {
	const char *name;
	enum param_kind kind;
} own[] = {
	{ "allow.dying", PARAM_BOOL },
	{ "command", PARAM_COMMANDS },
	{ "depend", PARAM_LIST },
	{ "exec.clean", PARAM_BOOL },
	{ "exec.consolelog", PARAM_TEXT },
	{ "exec.created", PARAM_COMMANDS },
	{ "exec.jail_user", PARAM_TEXT },
	{ "exec.poststart", PARAM_COMMANDS },
	{ "exec.poststop", PARAM_COMMANDS },
	{ "exec.prepare", PARAM_COMMANDS },
	{ "exec.prestart", PARAM_COMMANDS },
	{ "exec.prestop", PARAM_COMMANDS },
	{ "exec.release", PARAM_COMMANDS },
	{ "exec.start", PARAM_COMMANDS },
	{ "exec.stop", PARAM_COMMANDS },
	{ "exec.system_jail_user", PARAM_BOOL },
	{ "exec.system_user", PARAM_TEXT },
	{ "exec.timeout", PARAM_NUMBER },
	{ "interface", PARAM_TEXT },
	{ "ip_hostname", PARAM_BOOL },
	{ "mount", PARAM_LIST },
	{ "mount.devfs", PARAM_BOOL },
	{ "mount.fdescfs", PARAM_BOOL },
	{ "mount.fstab", PARAM_TEXT },
	{ "mount.procfs", PARAM_BOOL },
	{ "stop.timeout", PARAM_NUMBER },
	{ "vnet.interface", PARAM_NETWORK },
};

enum { OWN = sizeof(own) / sizeof(*own) };

enum param_kind param_kind(const char *name)
{
	int i;

	for (i = 0; i < OWN; i++) {
		if (!strcmp(own[i].name, name))
			return own[i].kind;
	}
	return PARAM_OTHER;
}

int param_is_bool(const char *name)
{
	enum param_kind kind = param_kind(name);
	struct jailparam jp;
	int is_bool;

	if (kind != PARAM_OTHER)
		return kind == PARAM_BOOL;
	if (jailparam_init(&jp, name) < 0)
		return 0;
	is_bool = jp.jp_flags & JP_BOOL && !(jp.jp_flags & JP_NOBOOL);
	jailparam_free(&jp, 1);
	return is_bool;
}

const char *param_negated(const char *name)
{
	const char *last = strrchr(name, '.');
	size_t head = last ? (size_t)(last + 1 - name) : 0;
	const char *plain;

	if (strncmp(name + head, "no", 2))
		return NULL;
	plain = keep_format("%.*s%s", (int)head, name, name + head + 2);
	return param_is_bool(plain) ? plain : NULL;
}

const char *jail_value(const struct entry *jail, const char *name)
{
	const struct setting *s = jail_param(jail, name);

	return s && s->nvalues ? s->values[s->nvalues - 1] : NULL;
}

static int is_true(const char *value)
{
	return !strcmp(value, "true") || !strcmp(value, "1");
}

int jail_is_on(const struct entry *jail, const char *name)
{
	const char *value = jail_value(jail, name);

	return value && is_true(value);
}

int jail_number(const struct entry *jail, const char *name, int standard)
{
	const char *value = jail_value(jail, name);

	return value ? atoi(value) : standard;
}

static int check_number(const struct entry *jail, const struct setting *s)
{
	const char *value = jail_value(jail, s->name);

	if (!value || !*value || strlen(value) > 9 ||
	    value[strspn(value, "0123456789")])
		return complain_at(jail, s, "%s: \"%s\" is not a number",
				   s->name, value ? value : "");
	return 0;
}

static int check_own(const struct entry *jail, const struct setting *s,
		     enum param_kind kind)
{
	const char *value = jail_value(jail, s->name);

	switch (kind) {
	case PARAM_NUMBER:
		return check_number(jail, s);
	case PARAM_BOOL:
		if (!value || (!is_true(value) && strcmp(value, "false") &&
			       strcmp(value, "0")))
			return complain_at(jail, s,
					   "%s: \"%s\" is not true or false",
					   s->name, value ? value : "");
		return 0;
	case PARAM_NETWORK:
		if (!value || !*value || !strcmp(value, "false"))
			return 0;
		return complain_at(jail, s,
				   "%s: a jail cannot be given network "
				   "interface %s yet",
				   s->name, value);
	case PARAM_TEXT:
		if (value && *value && s->nvalues == 1)
			return 0;
		if (value && !*value && (!strncmp(s->name, "exec.", 5) ||
					 !strcmp(s->name, "interface")))
			return 0;
		return complain_at(jail, s, "%s takes one value", s->name);
	default:
		return 0;
	}
}

/* The values as one string for the kernel; NULL after a complaint. */
static const char *join(const struct entry *jail, const struct setting *s)
{
	const char *sep = !strcmp(s->name, "devices") ? " " : ",";
	const char *text = NULL;
	int i;

	if (!strcmp(s->name, "ip4.addr"))
		return address_list(jail);
	for (i = 0; i < s->nvalues; i++) {
		const char *value = s->values[i];

		text = text ? keep_format("%s%s%s", text, sep, value) : value;
	}
	return text ? text : "";
}

static int import(struct entry *jail, const struct setting *s,
		  struct jailparam *jp)
{
	const char *value;

	if (jailparam_init(jp, s->name) < 0)
		return complain_at(jail, s, "%s", jail_errmsg);
	value = join(jail, s);
	if (value && s->nvalues > 1 && jp->jp_ctltype != JP_IN_ADDR &&
	    strcmp(s->name, "devices")) {
		complain_at(jail, s, "%s takes one value", s->name);
	} else if (value &&
		   jailparam_import(jp, s->nvalues ? value : NULL) < 0) {
		complain_at(jail, s, "%s", jail_errmsg);
	} else if (value) {
		return 0;
	}
	jailparam_free(jp, 1);
	return -1;
}

/* Where a jail of jail.conf has no name of its own, the block's is it. */
static int add_name(struct entry *jail, struct jailparam *jp)
{
	struct setting s = { .name = "name", .nvalues = 1, .file = "-" };
	char *value = (char *)jail->name;

	if (jail->unnamed || jail_param(jail, "name") ||
	    !value[strspn(value, "0123456789")])
		return 0;
	s.values = &value;
	return import(jail, &s, jp) < 0 ? -1 : 1;
}

int jail_kernel_params(struct entry *jail, struct jailparam **out)
{
	const struct setting *s;
	int n = 2, added;

	for (s = jail->params; s; s = s->next)
		n++;
	*out = keep((size_t)n * sizeof(**out));
	n = 0;
	for (s = jail->params; s; s = s->next) {
		if (param_kind(s->name) != PARAM_OTHER)
			continue;
		if (import(jail, s, &(*out)[n]) < 0)
			goto fail;
		if (!strcmp(s->name, "path") && jail->root)
			jailparam_import(&(*out)[n], jail->root);
		n++;
	}
	added = add_name(jail, &(*out)[n]);
	if (added >= 0)
		return n + added;
fail:
	jailparam_free(*out, (unsigned)n);
	return -1;
}

static int check_path(struct entry *jail)
{
	const struct setting *s = jail_param(jail, "path");
	const char *path = jail_value(jail, "path");

	jail->root = s ? path : "/";
	if (!jail->root || !*jail->root)
		return complain_at(jail, s, "path is empty");
	if (*jail->root != '/' && jail->from_config)
		return complain_at(jail, s, "path \"%s\" does not begin with /",
				   path);
	return 0;
}

/* The root: a folder that is there. What else it must be, the kernel says. */
int jail_check_place(struct entry *jail)
{
	const struct setting *s = jail_param(jail, "path");
	const char *path = jail->root;
	char *real = realpath(path, NULL);
	struct stat info;

	if (!real || stat(real, &info) < 0) {
		free(real);
		return complain_at(jail, s, "path %s: %s", path,
				   strerror(errno));
	}
	jail->root = keep_text(real, strlen(real));
	free(real);
	if (!S_ISDIR(info.st_mode))
		return complain_at(jail, s, "path %s is not a directory", path);
	return check_interfaces(jail) < 0 ? -1 : check_mounts(jail);
}

static int check_life(const struct entry *jail)
{
	const struct setting *start = jail_param(jail, "exec.start");

	if (jail_is_on(jail, "persist") || jail->command ||
	    (start && start->nvalues && *start->values[0]) ||
	    jail_value(jail, "command"))
		return 0;
	return complain(jail, "it would end at once: give it persist, "
			      "exec.start or command");
}

static int check_name(const struct entry *jail)
{
	const char *name = jail_value(jail, "name");

	if (jail_param(jail, "name") && (!name || !*name))
		return complain_at(jail, jail_param(jail, "name"),
				   "the name of the jail is empty");
	return 0;
}

int jail_check(struct entry *jail, int creating)
{
	const struct setting *s;
	struct jailparam *jp;
	int n;

	for (s = jail->params; s; s = s->next) {
		enum param_kind kind = param_kind(s->name);

		if (kind != PARAM_OTHER && check_own(jail, s, kind) < 0)
			return -1;
	}
	if (add_hostname_addresses(jail) < 0)
		return -1;
	n = jail_kernel_params(jail, &jp);
	if (n < 0)
		return -1;
	jailparam_free(jp, (unsigned)n);
	if (check_name(jail) < 0)
		return -1;
	if (!creating)
		return 0;
	return check_path(jail) < 0 ? -1 : check_life(jail);
}

int jail_look(struct entry *jail)
{
	const char *jid = jail_value(jail, "jid");
	const char *name = jail_value(jail, "name");

	if (jail->unnamed && !jid && !name)
		return -1;
	if (jid && strcmp(jid, "0"))
		name = jid;
	else if (!name)
		name = jail->name;
	jail->jid = jail_getid(name);
	if (jail->jid == 0)
		jail->jid = -1; /* "0" is where we are, which cannot be meant */
	return jail->jid;
}
