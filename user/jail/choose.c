/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose.c - which jails are meant by the arguments, and what is done to them.
 *
 * Everything that can be known to be wrong is found before the first jail is
 * touched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inner.h"

/* Parameters whose values are lists, also on the command line. */
static int is_list(const char *name)
{
	return !strcmp(name, "ip4.addr") || !strcmp(name, "depend") ||
	       !strcmp(name, "vnet.interface");
}

static void add_argument(struct entry *jail, const char *text)
{
	struct setting s = { .file = "-" };
	const char *equals = strchr(text, '=');
	char *words, *word;

	s.name = equals ? keep_text(text, (size_t)(equals - text)) : text;
	if (equals) {
		words = keep_text(equals + 1, strlen(equals + 1));
		s.values = keep((strlen(words) + 1) * sizeof(*s.values));
		if (!is_list(s.name))
			s.values[s.nvalues++] = words;
		while (is_list(s.name) && (word = strsep(&words, ",")))
			s.values[s.nvalues++] = word;
	}
	jail_apply(jail, &s);
}

/* A jail by its parameters on the command line. NULL after a complaint. */
static struct entry *jail_of_arguments(int argc, char **argv)
{
	struct entry *jail = jail_new("");
	const struct setting *s;
	int i;

	jail->unnamed = 1;
	for (s = options.common; s; s = s->next)
		jail_apply(jail, s);
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "command=", 8)) {
			jail->command = argv + i;
			argv[i] += 8;
			if (!*argv[i])
				jail->command++;
			if (jail->command[0])
				break;
			complain(NULL, "command= names no command");
			return NULL;
		}
		if (!*argv[i] || *argv[i] == '=') {
			complain(NULL, "\"%s\": a parameter without a name",
				 argv[i]);
			return NULL;
		}
		add_argument(jail, argv[i]);
	}
	if (jail_value(jail, "name"))
		jail->name = jail_value(jail, "name");
	else if (jail_value(jail, "jid"))
		jail->name = jail_value(jail, "jid");
	return jail;
}

/* Reads the file; its jails in *out, or -1 after a complaint. */
static int read_config(struct config *config, struct entry **out)
{
	struct entry *jail;

	config_init(config);
	if (config_read(config, options.config_file) < 0)
		return complain(NULL, "%s", config->error);
	*out = config_jails(config);
	for (jail = *out; jail; jail = jail->next) {
		if (jail_assemble(config, jail) < 0)
			return complain(NULL, "%s", config->error);
	}
	return 0;
}

/* A growing list of jails. */
struct list {
	struct entry **jails;
	int n;
};

static void list_add(struct list *list, struct entry *jail)
{
	struct entry **more = keep((size_t)(list->n + 1) * sizeof(*more));
	int i;

	for (i = 0; i < list->n; i++) {
		if (list->jails[i] == jail ||
		    !strcmp(list->jails[i]->name, jail->name))
			return;
		more[i] = list->jails[i];
	}
	more[list->n++] = jail;
	list->jails = more;
}

/* The configured jail that runs as name or jid; NULL: not one of them. */
static struct entry *find_configured(struct entry *all, const char *arg)
{
	struct entry *jail;
	int jid = jail_getid(arg);

	for (jail = all; jail; jail = jail->next) {
		if (!strcmp(jail->name, arg))
			return jail;
	}
	for (jail = all; jid > 0 && jail; jail = jail->next) {
		if (jail_look(jail) == jid)
			return jail;
	}
	return NULL;
}

/* Those running whose names match. */
static int add_running(struct list *list, struct entry *all,
		       const char *pattern)
{
	char last[16] = "0", name[1024];
	int jid;

	while ((jid = jail_getv(0, "lastjid", last, "name", name, NULL)) > 0) {
		struct entry *jail = find_configured(all, name);

		snprintf(last, sizeof(last), "%d", jid);
		if (!jail)
			jail = jail_new(keep_text(name, strlen(name)));
		if (!name_matches(pattern, jail->name))
			continue;
		jail->implied = 1;
		list_add(list, jail);
	}
	return errno == ENOENT ? 0 : complain(NULL, "%s", jail_errmsg);
}

/* The jails that one argument means. */
static int add_named(struct list *list, struct entry *all, const char *arg)
{
	struct entry *jail;

	if (strchr(arg, '*')) {
		for (jail = all; jail; jail = jail->next) {
			if (!name_matches(arg, jail->name))
				continue;
			jail->implied = 1;
			list_add(list, jail);
		}
		return options.remove ? add_running(list, all, arg) : 0;
	}
	jail = find_configured(all, arg);
	if (!jail && (options.create || options.modify || options.cleanup))
		return complain(NULL, "jail \"%s\" is not in %s", arg,
				options.config_file);
	if (!jail && jail_getid(arg) <= 0)
		return complain(NULL, "jail \"%s\" not found", arg);
	list_add(list, jail ? jail : jail_new(arg));
	return 0;
}

/* What each process does (order.c). */
static int stop_one(struct entry *jail)
{
	if ((jail->implied || options.create) && jail_look(jail) < 0)
		return 0;
	return jail_stop(jail);
}

static int start_one(struct entry *jail)
{
	if (jail_look(jail) > 0) {
		if (options.modify && !jail->depended)
			return jail_modify(jail);
		if (jail->implied)
			return 0;
	}
	return jail_start(jail);
}

static int modify_one(struct entry *jail)
{
	if (jail->implied && jail_look(jail) < 0)
		return 0;
	return jail_modify(jail);
}

static int check_one(struct entry *jail)
{
	return jail_check(jail, 1) < 0 || jail_check_place(jail) < 0 ? FAILED
								     : 0;
}

static int check_all(const struct list *list)
{
	int i;

	for (i = 0; i < list->n; i++) {
		if (jail_check(list->jails[i], options.create) < 0)
			return -1;
	}
	return 0;
}

static int start_all(struct entry *all, struct list *list)
{
	if (order_close(all, &list->jails, &list->n, 1) < 0 ||
	    check_all(list) < 0)
		return FAILED;
	return order_run(list->jails, list->n, start_one, 1);
}

static int stop_all(struct entry *all, struct list *list)
{
	struct list running = { NULL, 0 };
	int i;

	if (order_close(all, &list->jails, &list->n, 0) < 0)
		return FAILED;
	/* Those that come by themselves, and do not run, are left alone. */
	for (i = 0; i < list->n; i++) {
		if (!list->jails[i]->implied || jail_look(list->jails[i]) > 0)
			list_add(&running, list->jails[i]);
	}
	*list = running;
	return order_run(list->jails, list->n, stop_one, 0);
}

static int act(struct entry *all, struct list *list)
{
	int status;

	if (options.check_only &&
	    order_close(all, &list->jails, &list->n, 1) < 0)
		return FAILED;
	if (options.check_only)
		return order_run(list->jails, list->n, check_one, 1);
	if (options.cleanup)
		return order_run(list->jails, list->n, jail_cleanup, 0);
	if (options.create && options.remove && !options.modify) {
		/* Nothing is stopped that could not be started again. */
		if (check_all(list) < 0)
			return FAILED;
		status = stop_all(all, list);
		return status ? status : start_all(all, list);
	}
	if (options.create)
		return start_all(all, list);
	if (options.modify)
		return check_all(list) < 0
			       ? FAILED
			       : order_run(list->jails, list->n, modify_one, 1);
	return stop_all(all, list);
}

static int is_parameters(int argc, char **argv)
{
	return (options.create || options.modify || options.check_only) &&
	       argc > 0 && (argc > 1 || strchr(argv[0], '='));
}

/* By parameters: one jail, and no file. */
static int manage_parameters(int argc, char **argv)
{
	struct entry *jail = jail_of_arguments(argc, argv);
	struct list list = { NULL, 0 };

	if (!jail)
		return FAILED;
	if ((options.modify || options.remove) && !*jail->name) {
		complain(NULL, "which jail? name= or jid= is missing");
		return FAILED;
	}
	list_add(&list, jail);
	return act(NULL, &list);
}

/* Without a file nothing is configured; it must be there if it was named, or
 * if a jail is to be made from it. */
static int need_config(void)
{
	if (options.at_once)
		return 0;
	return options.config_given || !options.remove || options.create ||
	       options.modify || access(options.config_file, F_OK) == 0;
}

int manage(int argc, char **argv, const char *separator)
{
	struct list list = { NULL, 0 };
	struct entry *all = NULL, *jail;
	struct config config;
	int i;

	if (!separator && is_parameters(argc, argv))
		return manage_parameters(argc, argv);
	if (need_config() && read_config(&config, &all) < 0)
		return FAILED;
	if (separator) {
		show_config(all, separator);
		return 0;
	}
	if (argc == 0 && !options.create && !options.modify &&
	    !options.check_only) {
		complain(NULL, "which jail? Name it, or say '*' for all");
		return FAILED;
	}
	for (jail = argc ? NULL : all; jail; jail = jail->next) {
		jail->implied = 1;
		list_add(&list, jail);
	}
	for (i = 0; i < argc; i++) {
		if (add_named(&list, all, argv[i]) < 0)
			return FAILED;
	}
	return act(all, &list);
}
