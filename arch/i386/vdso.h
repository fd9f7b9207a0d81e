/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vdso.h - what the kernel and the vDSO share: one page, which user programs
 * see read-only in front of the image.
 *
 * The kernel makes seq odd, writes, makes it even: a reader that saw the same
 * even number before and after has a whole copy.
 */
#ifndef ARCH_I386_VDSO_H
#define ARCH_I386_VDSO_H

#include <stdint.h>

struct vdso_data {
	volatile uint32_t seq;
	uint32_t has_tsc;	/* 0: ask the kernel for the time */
	uint64_t tsc_base;	/* monotonic 0 */
	uint32_t mult, shift;	/* ns = (tsc - tsc_base) * mult >> shift */
	int64_t realtime;	/* monotonic + this = ns since 1970 */
};

enum {
	VDSO_PAGE = 4096,
	/* from __kernel_vsyscall to where sysexit goes: see vdso/entry.asm */
	VDSO_LANDING = 9,
};

#endif
