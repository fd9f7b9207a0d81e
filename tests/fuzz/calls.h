/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.h - what the fuzzer knows of each system call (fuzz.c, calls.c) */
#ifndef TESTS_FUZZ_CALLS_H
#define TESTS_FUZZ_CALLS_H

#include <stdint.h>

/* One letter an argument: f descriptor, d directory descriptor, p path,
 * b buffer, c small buffer, z size, n small number, m mode, t timespec,
 * v iovec, V its count, s signal, P pid, u uid, q pollfds, Q their count,
 * k clock, w sixteen words, G size of a signal set, A sigaction, o half an
 * offset, a address, l length in pages, x flags within mask, y number up to
 * mask, r odd number. */
struct fuzz_call {
	const char *name;
	int number;
	const char *kinds;
	uint32_t mask;
};
extern const struct fuzz_call fuzz_calls[];
extern const unsigned fuzz_call_count;

#endif
