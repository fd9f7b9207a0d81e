/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timespec.c - time arguments of system calls, in whichever form they come.
 *
 * Times too far away for 64 bits of nanoseconds (292 years) are pulled in to
 * the last moment that can be named, which nobody will live to tell apart.
 */
#include "kernel/sys/timespec.h"

#include "kernel/vm/vm.h"

enum { NS_PER_S = 1000000000, NS_PER_US = 1000 };

/* Seconds and a fraction that is already known to be below a second. */
static int64_t join(int64_t sec, uint32_t ns)
{
	assert(sec >= 0 && ns < NS_PER_S);
	if (sec >= INT64_MAX / NS_PER_S)
		return INT64_MAX;
	return sec * NS_PER_S + ns;
}

/* Rounds towards the past, so that the fraction is never negative. */
static int64_t split(int64_t ns, uint32_t *fraction)
{
	bool past = ns < 0;
	uint64_t size = past ? -(uint64_t)ns : (uint64_t)ns;
	uint32_t rest;
	int64_t sec = div_u64(size, NS_PER_S, &rest);

	if (past) {
		sec = -sec;
		if (rest != 0) {
			sec--;
			rest = NS_PER_S - rest;
		}
	}
	assert(rest < NS_PER_S);
	*fraction = rest;
	return sec;
}

/* -EFAULT; -EINVAL for a negative time or a fraction of a second or more. */
int sys_timespec_in(uint32_t user, bool wide, int64_t *ns)
{
	struct abi_timespec64 t64;
	struct abi_timespec t32;
	int err;

	if (wide) {
		err = user_copy_in(&t64, user, sizeof(t64));
	} else {
		err = user_copy_in(&t32, user, sizeof(t32));
		t64.sec = t32.sec;
		t64.nsec = t32.nsec;
	}
	if (err)
		return err;
	if (t64.sec < 0 || (uint32_t)t64.nsec >= NS_PER_S)
		return -EINVAL;
	*ns = join(t64.sec, t64.nsec);
	assert(*ns >= 0);
	return 0;
}

/* The narrow form cuts the seconds to 32 bits, as Linux does. */
int sys_timespec_out(uint32_t user, bool wide, int64_t ns)
{
	uint32_t fraction;
	int64_t sec = split(ns, &fraction);
	struct abi_timespec64 t64 = { sec, fraction, 0 };
	struct abi_timespec t32 = { sec, fraction };

	if (wide)
		return user_copy_out(user, &t64, sizeof(t64));
	return user_copy_out(user, &t32, sizeof(t32));
}

/* As sys_timespec_in, with microseconds. */
int sys_timeval_in(uint32_t user, int64_t *ns)
{
	struct abi_timeval t;
	int err = user_copy_in(&t, user, sizeof(t));

	if (err)
		return err;
	if (t.sec < 0 || (uint32_t)t.usec >= NS_PER_S / NS_PER_US)
		return -EINVAL;
	*ns = join(t.sec, t.usec * NS_PER_US);
	assert(*ns >= 0);
	return 0;
}

int sys_timeval_out(uint32_t user, int64_t ns)
{
	uint32_t fraction;
	int64_t sec = split(ns, &fraction);
	struct abi_timeval t = { sec, fraction / NS_PER_US };

	return user_copy_out(user, &t, sizeof(t));
}

int sys_timeout_in(uint32_t user, bool wide, uint64_t *deadline)
{
	int64_t ns;
	int err;

	if (user == 0) {
		*deadline = SLEEP_FOREVER;
		return 0;
	}
	err = sys_timespec_in(user, wide, &ns);
	if (!err)
		*deadline = sys_deadline(ns);
	return err;
}

uint64_t sys_deadline(int64_t relative_ns)
{
	uint64_t now = arch_clock_ns();

	/* now is below 2^63 for 292 years of uptime: the sum cannot wrap */
	return relative_ns > 0 ? now + (uint64_t)relative_ns : now;
}
