/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jls.c - which jails, and what of them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

static const char usage[] =
	"usage: jls [-dhNnqsv] [-j jail] [--json | --libxo json] [parameter ...]\n"
	"       jls -c -j jail\n"
	"       jls --learn jail\n";

static const char *const fixed[FIXED] = {
	[P_KEY] = "lastjid",	   [P_JID] = "jid",
	[P_NAME] = "name",	   [P_HOSTNAME] = "host.hostname",
	[P_PATH] = "path",	   [P_ADDRESS] = "ip4.addr",
	[P_DYING] = "dying",	   [P_CPUSET] = "cpuset.id",
};

static struct look look;
static bool dying, check;
static const char *one, *to_learn;

void fail(const char *format, ...)
{
	va_list args;

	fputs("jls: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *must(void *memory)
{
	if (!memory)
		fail("%s", strerror(ENOMEM));
	return memory;
}

/* meta and env end with a new line, which is no part of what they say. */
char *value_of(struct jailparam *jp)
{
	char *value = must(jailparam_export(jp));
	size_t len = strlen(value);

	if (len && value[len - 1] == '\n')
		value[len - 1] = '\0';
	return value;
}

static void add(struct asked *a, const char *name)
{
	a->jp = must(realloc(a->jp, (a->n + 1) * sizeof(*a->jp)));
	if (jailparam_init(&a->jp[a->n], name) < 0)
		fail("%s", jail_errmsg);
	a->n++;
}

static void add_all(struct asked *a)
{
	struct jailparam *all;
	int n = jailparam_all(&all);

	if (n < 0)
		fail("%s", jail_errmsg);
	for (int i = 0; i < n; i++)
		add(a, all[i].jp_name);
	jailparam_free(all, (unsigned)n);
	free(all);
}

static void ask_for(struct asked *a, char **names)
{
	for (int i = 0; i < FIXED; i++)
		add(a, fixed[i]);
	if (!*names && (look.named || look.quoted || look.header))
		add_all(a);
	for (; *names; names++) {
		if (!strcmp(*names, "all"))
			add_all(a);
		else
			add(a, *names);
	}
	look.table = a->n == FIXED || look.verbose;
}

/* The next jail after that number; its own, or -1 when there is none. */
static int get_after(struct asked *a, int jid)
{
	int last = jid;

	if (jailparam_import_raw(&a->jp[P_KEY], &last, sizeof(last)) < 0)
		fail("%s", jail_errmsg);
	jid = jailparam_get(a->jp, a->n, dying ? JAIL_DYING : 0);
	if (jid < 0 && errno != ENOENT)
		fail("%s", jail_errmsg);
	return jid;
}

static void show(struct asked *a, bool first)
{
	if (look.json)
		json_jail(&look, a, first);
	else
		print_jail(&look, a);
}

/* The jid of the one that was named, or -1 when there is none. */
static int find(const char *name)
{
	char *copy = must(strdup(name));
	char number[16];
	int jid;

	snprintf(number, sizeof(number), "%d", atoi(name));
	jid = jail_getv(dying ? JAIL_DYING : 0,
			strcmp(number, name) ? "name" : "jid", copy, NULL);
	free(copy);
	return jid;
}

static void list(char **names)
{
	struct asked a = { 0 };
	int jid = 0;

	ask_for(&a, names);
	if (one) {
		jid = find(one);
		if (jid < 0 || get_after(&a, jid - 1) != jid)
			fail("jail '%s' not found", one);
	}
	if (look.json)
		json_begin();
	else
		print_header(&look, &a);
	if (one)
		show(&a, true);
	for (bool first = true; !one; first = false) {
		jid = get_after(&a, jid);
		if (jid < 0)
			break;
		show(&a, first);
	}
	if (look.json)
		json_end();
	jailparam_free(a.jp, a.n);
	free(a.jp);
}

static void option_libxo(const char *text)
{
	if (!text || strncmp(text, "json", 4) || (text[4] && text[4] != ','))
		fail("--libxo: only json is there");
	look.json = true;
}

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'X' },
	{ "libxo", required_argument, NULL, 'x' },
	{ "learn", required_argument, NULL, 'L' },
	{ 0 },
};

static void option(int c)
{
	switch (c) {
	case 'c': check = true; break;
	case 'd': dying = true; break;
	case 'h': look.header = true; break;
	case 'j': one = optarg; break;
	case 'L': to_learn = optarg; break;
	case 'N': look.names = true; break;
	case 'n': look.named = true; break;
	case 'q': look.quoted = true; break;
	case 's': look.reusable = look.named = look.quoted = true; break;
	case 'v': look.verbose = true; break;
	case 'X': look.json = true; break;
	case 'x': option_libxo(optarg); break;
	default:
		fputs(usage, stderr);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "cdhj:Nnqsv", long_options,
				NULL)) != -1)
		option(c);
	if (to_learn && optind == argc)
		return learn(to_learn);
	if (check && !one)
		fail("-c needs -j jail");
	if (check)
		return find(one) < 0;
	if (to_learn || (look.reusable && look.header) ||
	    (look.verbose && (optind < argc || look.named || look.header))) {
		fputs(usage, stderr);
		return 1;
	}
	list(argv + optind);
	return 0;
}
