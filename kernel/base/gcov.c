/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gcov.c - writes the coverage counters out (make COV=1).
 *
 * gcc puts a pointer to each object's counters between arch_gcov_start and
 * arch_gcov_end; libgcov turns one into the bytes of a .gcda file. They leave
 * as "BRIGCOV\n" and then parts, each a length (32 bits) and bytes: for every
 * file its name, its content in one or more, and an empty one; at last one more
 * empty one. tests/coverage.py reads them.
 */
#include "kernel/base/base.h"

struct gcov_info;
extern const struct gcov_info *const arch_gcov_start[];
extern const struct gcov_info *const arch_gcov_end[];

/* libgcov's: its only door that needs no files. */
void __gcov_info_to_gcda(const struct gcov_info *info,
			 void (*file)(const char *name, void *arg),
			 void (*dump)(const void *data, unsigned n, void *arg),
			 void *(*allocate)(unsigned n, void *arg), void *arg);

/* libgcov refers to these without ever calling them here. */
_Noreturn void abort(void);
void *mmap64(void);
void __gcov_merge_add(void);

_Noreturn void abort(void)
{
	panic("libgcov gave up");
}

void *mmap64(void)
{
	return NULL;
}

void __gcov_merge_add(void)
{
}

static void (*stream)(const void *p, size_t n);

/* A part: its length, and its bytes. */
static void write_part(const void *p, unsigned n, void *arg)
{
	uint32_t length = n;

	(void)arg;
	if (!n)
		return;
	stream(&length, sizeof(length));
	stream(p, n);
}

static void begin_file(const char *name, void *arg)
{
	write_part(name, strlen(name), arg);
}

/* Only for counters of values, which this build does not use. */
static void *no_memory(unsigned n, void *arg)
{
	(void)n, (void)arg;
	return NULL;
}

void gcov_dump(void (*write)(const void *p, size_t n))
{
	const uint32_t end = 0;

	stream = write;
	stream("BRIGCOV\n", 8);
	for (const struct gcov_info *const *i = arch_gcov_start;
	     i != arch_gcov_end; i++) {
		__gcov_info_to_gcda(*i, begin_file, write_part, no_memory, NULL);
		stream(&end, sizeof(end));
	}
	stream(&end, sizeof(end));
}
