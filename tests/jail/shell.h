/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shell.h - commands of the guest, and what they say.
 */
#ifndef SHELL_H
#define SHELL_H

#include "ktap.h"

static char shell_output[8192]; /* of the last command, both streams */

/* The exit status of a command line; a signal counts as in a shell. */
__attribute__((format(printf, 1, 2))) static inline int shell(const char *fmt,
							       ...)
{
	char line[4096];
	va_list ap;
	size_t n;
	FILE *f;
	int status;

	va_start(ap, fmt);
	CHECK(vsnprintf(line, sizeof(line), fmt, ap) < (int)sizeof(line) - 16);
	va_end(ap);
	strcat(line, " 2>&1");
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	f = popen(line, "r");
	CHECK(f != NULL);
	n = fread(shell_output, 1, sizeof(shell_output) - 1, f);
	shell_output[n] = '\0';
	status = pclose(f);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* Does the last output hold this text? */
static inline int says(const char *text)
{
	if (strstr(shell_output, text))
		return 1;
	ktap_note("no \"%s\" in: %s", text, shell_output);
	return 0;
}

#define CHECK_SHELL(...)                                                      \
	do {                                                                  \
		int shell_status = shell(__VA_ARGS__);                        \
		if (shell_status)                                             \
			FAIL("%s:%d: status %d: %s", __FILE__, __LINE__,      \
			     shell_status, shell_output);                     \
	} while (0)

/* A command that the root does not have yet. */
#define NEED_TOOL(name)                                                       \
	do {                                                                  \
		if (shell("command -v %s", name))                             \
			SKIP("no " name);                                     \
	} while (0)

#endif
