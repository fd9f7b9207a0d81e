/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - which of its names ps was called by (ps.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ps.h"

const char *program = "ps";
int fail_status = 1;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} names[] = {
	{ "ps", ps_main },	     { "pgrep", grep_main },
	{ "pkill", grep_main },	     { "killall", killall_main },
	{ "jtop", jtop_main },	     { "sockstat", sockstat_main },
};

void fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(fail_status);
}

void *must(void *memory)
{
	if (!memory)
		fail("%s", strerror(ENOMEM));
	return memory;
}

/* COLUMNS says what the terminal does not. */
int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? atoi(columns) : 80;
}

int main(int argc, char **argv)
{
	const char *name = argc ? strrchr(argv[0], '/') : NULL;

	if (argc)
		name = name ? name + 1 : argv[0];
	for (size_t i = 0; name && i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].name, name))
			continue;
		program = names[i].name;
		return names[i].run(argc, argv);
	}
	fail("called as '%s': it is ps, pgrep, pkill, killall, jtop or "
	     "sockstat",
	     name ? name : "");
}
