/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - jail(8): options, and which jails are meant.
 *
 *	jail path hostname ip command ...	the form of the paper
 *	jail -c | -m | -r ... [param=value ... | jail]
 *	jail -r | -R | -C jail ...		"*" and "foo.*" too
 *	jail -e separator			the configured ones
 */
#include <enter.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inner.h"

#define CONFIG_FILE "/etc/jail.conf"

struct options options = { .config_file = CONFIG_FILE, .jid_file = -1 };
static const char *separator, *jid_file;

static void say(FILE *to, const struct entry *jail, const char *format,
		va_list args)
{
	if (to == stderr)
		fputs("jail: ", to);
	if (jail && !jail->unnamed)
		fprintf(to, "%s: ", jail->name);
	vfprintf(to, format, args);
	fputc('\n', to);
}

int complain(const struct entry *jail, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	say(stderr, jail, format, args);
	va_end(args);
	return -1;
}

int complain_at(const struct entry *jail, const struct setting *setting,
		const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("jail: ", stderr);
	if (setting && setting->line)
		fprintf(stderr, "%s:%d: ", setting->file, setting->line);
	if (jail && !jail->unnamed)
		fprintf(stderr, "%s: ", jail->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

void note(const struct entry *jail, const char *format, ...)
{
	va_list args;

	/* As everywhere, a jail of the command line is made in silence. */
	if (options.quiet || (jail->unnamed && !options.verbose))
		return;
	va_start(args, format);
	say(stdout, jail, format, args);
	va_end(args);
}

void note_step(const struct entry *jail, const char *format, ...)
{
	va_list args;

	if (!options.verbose || options.quiet)
		return;
	va_start(args, format);
	say(stdout, jail, format, args);
	va_end(args);
}

static int usage(void)
{
	complain(NULL, "usage: jail [-cmr] [-dhilqvN] [-f file] [-J file] "
		       "[-n name] [-p limit] [-s level] [-u user] [-U user] "
		       "[jail | param=value ...] (man jail)");
	return FAILED;
}

/* name=value, or a plain boolean when value is NULL, for all jails. */
static void add_common(const char *name, const char *value)
{
	struct setting *s = keep(sizeof(*s)), **end = &options.common;

	s->name = name;
	s->file = "-";
	if (value) {
		s->values = keep(sizeof(*s->values));
		s->values[0] = (char *)value;
		s->nvalues = 1;
	}
	while (*end)
		end = &(*end)->next;
	*end = s;
}

static const struct {
	char letter;
	int *flag;
} flags[] = {
	{ 'c', &options.create },     { 'C', &options.cleanup },
	{ 'i', &options.print_jid },  { 'm', &options.modify },
	{ 'N', &options.check_only }, { 'q', &options.quiet },
	{ 'r', &options.remove },     { 'R', &options.at_once },
	{ 'v', &options.verbose },
};

/* Options that are short for a parameter, with a value or without. */
static const struct {
	char letter;
	const char *name;
} parameters[] = {
	{ 'd', "allow.dying" },    { 'h', "ip_hostname" },
	{ 'l', "exec.clean" },     { 'n', "name" },
	{ 's', "securelevel" },    { 'u', "exec.system_jail_user" },
	{ 'u', "exec.jail_user" }, { 'U', "exec.jail_user" },
};

enum {
	FLAGS = sizeof(flags) / sizeof(*flags),
	PARAMETERS = sizeof(parameters) / sizeof(*parameters),
};

static int read_option(int option)
{
	const char *name;
	int i, found = 0;

	for (i = 0; i < FLAGS; i++) {
		if (flags[i].letter == option)
			found = *flags[i].flag = 1;
	}
	for (i = 0; i < PARAMETERS; i++) {
		if (parameters[i].letter != option)
			continue;
		found = 1;
		name = parameters[i].name;
		add_common(name, strchr("dhl", option) || strstr(name, "system")
					 ? NULL
					 : optarg);
	}
	if (option == 'e')
		separator = optarg;
	if (option == 'J')
		jid_file = optarg;
	if (option == 'f') {
		options.config_file = optarg;
		options.config_given = 1;
	}
	if (option == 'p') {
		options.limit = atoi(optarg);
		return options.limit > 0 ? 0 : -1;
	}
	return found || strchr("eJf", option) ? 0 : -1;
}

static int open_jid_file(void)
{
	if (!jid_file)
		return 0;
	options.jid_file =
		open(jid_file,
		     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (options.jid_file < 0)
		return complain(NULL, "-J %s: %s", jid_file, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	int option, status;

	opterr = 0;
	while ((option = getopt(argc, argv, "+cCde:f:hiJ:lmn:Np:qrRs:u:U:v")) !=
	       -1) {
		if (read_option(option) < 0)
			return usage();
	}
	argc -= optind;
	argv += optind;
	options.quiet |= options.print_jid;
	options.remove |= options.at_once;
	enter_hold_signals();
	if (open_jid_file() < 0)
		return FAILED;
	if (options.create || options.modify || options.remove ||
	    options.cleanup || options.check_only || separator)
		status = manage(argc, argv, separator);
	else
		status = legacy(argc, argv);
	if (fflush(stdout) == EOF)
		status = FAILED;
	return status;
}
