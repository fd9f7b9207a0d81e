/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.c - the clock (TSC, else PIT), the one-shot timer (PIT), wall time (RTC).
 *
 * ns = (tsc - start) * mult >> shift, with mult found by counting TSC ticks
 * over some PIT ticks. Without a TSC, PIT channel 2 runs freely and is summed
 * up; then the timer fires often enough that no lap of it is missed.
 *
 * The timer is PIT channel 0 in mode 0, at most TIMER_MAX ahead. When the
 * wanted time moves later the counter is left alone: it fires early and is
 * armed again here. The PIT's port writes are what costs.
 *
 * Locks: interrupt data.
 */
#include "arch/i386/inner.h"

enum {
	PIT_0 = 0x40, PIT_2 = 0x42, PIT_MODE = 0x43, GATE = 0x61,
	PIT_HZ = 1193182,
	MODE_0_ONCE = 0x30,	/* channel 0, both bytes, interrupt at 0 */
	MODE_2_RATE = 0xb4,	/* channel 2, both bytes, runs freely */
	LATCH_2 = 0x80,
	CALIBRATE_TICKS = PIT_HZ / 200, CALIBRATE_TRIES = 20,
	AGREE = 512,		/* two measurements: to one part in so many */
	EDGES = 6,
	TIMER_MIN_NS = 2000, TIMER_MAX_NS = 50000000,
	LAP_NS = 20000000,	/* without TSC: look at least this often */
};

static struct {
	bool tsc, pit;		/* which one runs */
	uint64_t start;		/* TSC at ns 0 */
	uint32_t mult, shift;
	uint32_t khz;
	uint64_t pit_ticks;	/* without TSC: sum, and the last count */
	uint16_t pit_last;
} clock;
static uint64_t deadline = UINT64_MAX;	/* kernel_timer is due */
static uint64_t armed;			/* the PIT fires; 0: it does not */

static uint16_t pit_read_2(void)
{
	uint16_t low;

	arch_outb(PIT_MODE, LATCH_2);
	low = arch_inb(PIT_2);
	return low | arch_inb(PIT_2) << 8;
}

static void pit_start_2(void)
{
	arch_outb(GATE, (arch_inb(GATE) & ~3) | 1);	/* count, no speaker */
	arch_outb(PIT_MODE, MODE_2_RATE);
	arch_outb(PIT_2, 0);
	arch_outb(PIT_2, 0);
}

/* (delta * mult) >> shift without losing the upper bits; shift is 1..32. */
static uint64_t scale(uint64_t delta, uint32_t mult, uint32_t shift)
{
	uint64_t low = (uint64_t)(uint32_t)delta * mult;
	uint64_t high = (uint64_t)(uint32_t)(delta >> 32) * mult;

	return (high << (32 - shift)) + (low >> shift);
}

static uint64_t pit_clock_ns(void)
{
	uint32_t flags = arch_irq_save();
	uint16_t now = pit_read_2();
	uint64_t ticks;
	uint32_t rest;

	clock.pit_ticks += (uint16_t)(clock.pit_last - now);
	clock.pit_last = now;
	ticks = clock.pit_ticks;
	arch_irq_restore(flags);
	ticks = div_u64(ticks, PIT_HZ, &rest);
	return ticks * 1000000000u +
	       div_u64((uint64_t)rest * 1000000000u, PIT_HZ, NULL);
}

/* Nanoseconds since time_init, 0 before. From any context. */
uint64_t arch_clock_ns(void)
{
	if (!clock.tsc)
		return clock.pit ? pit_clock_ns() : 0;
	return scale(arch_rdtsc() - clock.start, clock.mult, clock.shift);
}

uint64_t arch_boot_tsc(void)
{
	return clock.start;
}

/* TSC right after the PIT was seen to step, and its count then. Of some steps
 * the one seen with the shortest look: the host may stop us in between. */
static uint64_t pit_edge(uint16_t *count)
{
	uint64_t best = 0, shortest = UINT64_MAX;

	for (unsigned i = 0; i < EDGES; i++) {
		uint16_t before = pit_read_2(), c;
		uint64_t last = arch_rdtsc(), now;

		for (;;) {
			c = pit_read_2();
			now = arch_rdtsc();
			if (c != before)
				break;
			last = now;
		}
		if (now - last < shortest) {
			shortest = now - last;
			best = now;
			*count = c;
		}
	}
	return best;
}

/* TSC ticks per second, by 5 ms of the PIT: or more, if the machine stood still
 * for the 55 ms in which the PIT's count comes round. */
static uint64_t measure(void)
{
	uint16_t first = 0, last = 0;
	uint64_t begin = pit_edge(&first), end;
	uint32_t ticks;

	while ((uint16_t)(first - pit_read_2()) < CALIBRATE_TICKS)
		;
	end = pit_edge(&last);
	ticks = (uint16_t)(first - last);
	assert(ticks > 0 && end > begin);
	return div_u64((end - begin) * PIT_HZ, ticks, NULL);
}

/* TSC ticks per second. Takes 10 ms, and no interrupts. A virtual machine may
 * be stopped at any time by a busy host: two measurements must agree. */
static uint64_t calibrate(void)
{
	uint64_t best = UINT64_MAX;
	uint32_t r[4];

	cpuid(0, r);
	if (r[0] >= 0x15) {	/* the CPU knows: ratio and crystal */
		cpuid(0x15, r);
		if (r[0] && r[1] && r[2])
			return div_u64((uint64_t)r[2] * r[1], r[0], NULL);
	}
	pit_start_2();
	for (unsigned i = 0; i < CALIBRATE_TRIES; i++) {
		uint64_t a = measure(), b = measure();
		uint64_t low = a < b ? a : b, high = a < b ? b : a;

		if (high - low <= low / AGREE)
			return low + (high - low) / 2;
		if (low < best)
			best = low;
	}
	return best;
}

/* The largest shift at which ns per tick << shift fits 32 bits. */
static void set_scale(uint64_t hz)
{
	assert(hz > 0);
	clock.khz = (uint32_t)div_u64(hz, 1000, NULL);
	assert(clock.khz > 0);
	for (clock.shift = 32; clock.shift > 1; clock.shift--) {
		/* 10^9 << shift is below 2^62 */
		uint64_t m = (1000000000ull << clock.shift) / hz;

		if (m >> 32 == 0) {
			clock.mult = (uint32_t)m;
			return;
		}
	}
	clock.mult = (uint32_t)((2000000000ull) / hz);
}

void time_init(void)
{
	arch_outb(PIT_MODE, MODE_0_ONCE); /* silent until a count is given */
	if (arch_cpu_info()->tsc) {
		set_scale(calibrate());
		clock.start = arch_rdtsc();
		clock.tsc = true;
		vdso_clock_set(clock.start, clock.mult, clock.shift);
	} else {
		pit_start_2();
		clock.pit_last = pit_read_2();
		clock.pit = true;
		arch_timer_arm(UINT64_MAX);
	}
	((struct arch_cpu_info *)arch_cpu_info())->tsc_khz = clock.khz;
	log_clock_set(arch_clock_ns);
	irq_unmask(0);
}

static void pit_fire_in(uint64_t now, uint64_t delta)
{
	uint32_t limit = clock.tsc ? TIMER_MAX_NS : LAP_NS;
	uint32_t ns = delta > limit ? limit :
		delta < TIMER_MIN_NS ? TIMER_MIN_NS : (uint32_t)delta;
	/* rounded up, so that the time has come when it fires */
	uint32_t ticks = (uint32_t)div_u64((uint64_t)ns * PIT_HZ, 1000000000,
					   NULL) + 1;

	assert(ticks > 0 && ticks <= UINT16_MAX);
	armed = now + ns;
	arch_outb(PIT_0, ticks & 0xff);
	arch_outb(PIT_0, ticks >> 8);
}

/* One kernel_timer() after delta_ns, or a little later; a second call replaces
 * the first. UINT64_MAX: never. */
void arch_timer_arm(uint64_t delta_ns)
{
	uint32_t flags = arch_irq_save();
	uint64_t now = arch_clock_ns();

	deadline = delta_ns < UINT64_MAX - now ? now + delta_ns : UINT64_MAX;
	/* for "never" nothing is armed; what is armed fires and is ignored */
	if ((!armed || deadline < armed) &&
	    (deadline != UINT64_MAX || !clock.tsc))
		pit_fire_in(now, delta_ns);
	arch_irq_restore(flags);
}

/* Interrupt 0. */
void time_interrupt(struct frame *f)
{
	uint64_t now = arch_clock_ns();

	armed = 0;
	if (now >= deadline) {
		deadline = UINT64_MAX;
		kernel_timer(f);
	}
	/* kernel_timer may have armed it again */
	if (!armed && (deadline != UINT64_MAX || !clock.tsc))
		pit_fire_in(now, deadline - now);
}
