/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gcov.c - writes the coverage counters out as text (make COV=1).
 *
 * gcc puts a pointer to each object's counters between arch_gcov_start and
 * arch_gcov_end; libgcov turns one into the bytes of a .gcda file. They leave
 * as lines: "gcov: file NAME", "gcov: HEX...", "gcov: end".
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

enum { BYTES_PER_LINE = 32 };
struct stream {
	void (*write)(const char *text, size_t n);
	unsigned column;
};

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

static void write_text(struct stream *s, const char *text)
{
	s->write(text, strlen(text));
}

static void begin_file(const char *name, void *arg)
{
	struct stream *s = arg;

	write_text(s, "gcov: file ");
	write_text(s, name);
	s->column = 0;
}

static void write_bytes(const void *data, unsigned n, void *arg)
{
	const uint8_t *p = data;
	struct stream *s = arg;
	char hex[4];

	for (; n; n--, p++) {
		if (s->column++ % BYTES_PER_LINE == 0)
			write_text(s, "\ngcov: ");
		str_format(hex, sizeof(hex), "%02x", *p);
		s->write(hex, 2);
	}
}

/* Only for counters of values, which this build does not use. */
static void *no_memory(unsigned n, void *arg)
{
	(void)n, (void)arg;
	return NULL;
}

void gcov_dump(void (*write)(const char *text, size_t n))
{
	struct stream s = { write, 0 };

	for (const struct gcov_info *const *i = arch_gcov_start;
	     i != arch_gcov_end; i++) {
		__gcov_info_to_gcda(*i, begin_file, write_bytes, no_memory, &s);
		write_text(&s, "\ngcov: end\n");
	}
}
