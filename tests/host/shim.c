/* SPDX-License-Identifier: BSD-2-Clause */
/* shim.c - what kernel code calls, where a test program on the host has it. */
#include "kernel/base/base.h"

#include <stdio.h>
#include <stdlib.h>

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("panic: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
	abort();
}

void panic_assert(const char *expr, const char *file, int line)
{
	panic("%s:%d: assert(%s)", file, line, expr);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("log %d: ", level);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}
