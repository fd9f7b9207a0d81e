/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timespec.h - time arguments of system calls, in whichever form they come.
 *
 * The i386 ABI has every timed call twice: with 32-bit seconds, and (time64)
 * with 64-bit ones. Inside the kernel a time is nanoseconds in an int64_t.
 */
#ifndef KERNEL_SYS_TIMESPEC_H
#define KERNEL_SYS_TIMESPEC_H

#include "kernel/base/base.h"

/* wide: struct abi_timespec64, else struct abi_timespec. All may sleep. */
int sys_timespec_in(uint32_t user, bool wide, int64_t *ns) must_check;
int sys_timespec_out(uint32_t user, bool wide, int64_t ns) must_check;
int sys_timeval_in(uint32_t user, int64_t *ns) must_check;
int sys_timeval_out(uint32_t user, int64_t ns) must_check;
/* An optional time-out: user 0 gives SLEEP_FOREVER, else now + *user. */
int sys_timeout_in(uint32_t user, bool wide, uint64_t *deadline) must_check;
/* arch_clock_ns() + relative_ns, without wrapping; a negative one is now. */
uint64_t sys_deadline(int64_t relative_ns);

#endif
