/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - reading the clock without entering the kernel.
 *
 * A user program: compiled with -fPIC, without data of its own and without
 * relocations. The kernel's numbers stand in the page in front of the image;
 * this code is in the image's first page, so its own address leads there.
 * Names and meaning: Linux's vDSO for i386.
 */
#include "arch/i386/vdso.h"

enum {
	REALTIME = 0, REALTIME_COARSE = 5,
	/* REALTIME, MONOTONIC, MONOTONIC_RAW, both COARSE, BOOTTIME */
	CLOCKS_HERE = 0xf3, CLOCKS_FINE = 0x93, CLOCKS_END = 8,
	CALL_TIME = 13, CALL_GETTIMEOFDAY = 78, CALL_GETTIME = 265,
	CALL_GETRES = 266, CALL_GETTIME64 = 403,
	SECOND_NS = 1000000000,
};

struct timespec32 { int32_t sec, nsec; };
struct timespec64 { int64_t sec, nsec; };
struct timeval32 { int32_t sec, usec; };

int __vdso_clock_gettime(int clock, struct timespec32 *t);
int __vdso_clock_gettime64(int clock, struct timespec64 *t);
int __vdso_clock_getres(int clock, struct timespec32 *t);
int __vdso_gettimeofday(struct timeval32 *t, int32_t zone[2]);
int32_t __vdso_time(int32_t *t);

static int kernel(int number, uint32_t a, void *b)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory");
	return result;
}

static inline const struct vdso_data *shared(void)
{
	uint32_t here;

	__asm__("call 1f\n1:\tpop %0" : "=r"(here));
	return (const void *)((here & ~(uint32_t)(VDSO_PAGE - 1)) - VDSO_PAGE);
}

static inline int is_here(int clock, uint32_t which)
{
	return (uint32_t)clock < CLOCKS_END && which >> clock & 1;
}

/* Seconds and nanoseconds of a clock; 0 when only the kernel knows. */
static inline int read_clock(int clock, uint32_t *sec, uint32_t *nsec)
{
	const struct vdso_data *d = shared();
	uint64_t tsc, low, ns;
	uint32_t seq;

	if (!d->has_tsc)
		return 0;
	do {
		seq = d->seq & ~1u;
		__asm__ volatile("rdtsc" : "=A"(tsc)::"memory");
		tsc -= d->tsc_base;
		low = (uint64_t)(uint32_t)tsc * d->mult;
		ns = ((uint64_t)(uint32_t)(tsc >> 32) * d->mult
		      << (32 - d->shift)) + (low >> d->shift);
		if (clock == REALTIME || clock == REALTIME_COARSE)
			ns += d->realtime;
		__asm__ volatile("" ::: "memory");
	} while (d->seq != seq);
	if (ns >> 32 >= SECOND_NS)
		return 0;	/* the quotient would trap; a mad clock */
	__asm__("divl %4"
		: "=a"(*sec), "=d"(*nsec)
		: "a"((uint32_t)ns), "d"((uint32_t)(ns >> 32)), "r"(SECOND_NS)
		: "cc");
	return 1;
}

int __vdso_clock_gettime(int clock, struct timespec32 *t)
{
	uint32_t sec, nsec;

	if (!is_here(clock, CLOCKS_HERE) || !read_clock(clock, &sec, &nsec))
		return kernel(CALL_GETTIME, clock, t);
	t->sec = sec;
	t->nsec = nsec;
	return 0;
}

int __vdso_clock_gettime64(int clock, struct timespec64 *t)
{
	uint32_t sec, nsec;

	if (!is_here(clock, CLOCKS_HERE) || !read_clock(clock, &sec, &nsec))
		return kernel(CALL_GETTIME64, clock, t);
	t->sec = sec;
	t->nsec = nsec;
	return 0;
}

int __vdso_clock_getres(int clock, struct timespec32 *t)
{
	if (!is_here(clock, CLOCKS_FINE))
		return kernel(CALL_GETRES, clock, t);
	if (t) {
		t->sec = 0;
		t->nsec = 1;
	}
	return 0;
}

int __vdso_gettimeofday(struct timeval32 *t, int32_t zone[2])
{
	uint32_t sec, nsec;

	if (zone)
		zone[0] = zone[1] = 0;
	if (!t)
		return 0;
	if (!read_clock(REALTIME, &sec, &nsec))
		return kernel(CALL_GETTIMEOFDAY, (uint32_t)t, 0);
	t->sec = sec;
	t->usec = nsec / 1000;
	return 0;
}

int32_t __vdso_time(int32_t *t)
{
	uint32_t sec, nsec;

	if (!read_clock(REALTIME, &sec, &nsec))
		return kernel(CALL_TIME, (uint32_t)t, 0);
	if (t)
		*t = sec;
	return sec;
}
