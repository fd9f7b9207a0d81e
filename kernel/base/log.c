/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - the kernel log: one ring of bytes, and a sink that shows lines.
 *
 * Every message becomes one line "[    0.012345] text\n" in the ring. Bytes are
 * numbered from 0 without end; the ring holds the last LOG_RING of them, so a
 * reader keeps a number and learns by it what it has missed. Works before
 * anything is set up: lines from before the first sink are shown to it later.
 *
 * Locks: interrupts off around the ring. The sink runs with interrupts off,
 * and must not log.
 */
#include "kernel/base/arch.h"

enum { LOG_RING = 65536, LOG_LINE = 320 };

static char ring[LOG_RING];
static uint64_t ring_end;	/* number of the next byte */
static uint64_t ring_cleared;	/* log_clear: nothing before this is read */
static void (*sink)(const char *text, size_t n);
static uint64_t (*clock_ns)(void);
static enum log_level level_shown = LOG_INFO;
static bool in_sink;

static uint64_t ring_start(void)
{
	uint64_t start = ring_end > LOG_RING ? ring_end - LOG_RING : 0;

	assert(ring_cleared <= ring_end);
	return start < ring_cleared ? ring_cleared : start;
}

static void ring_write(const char *s, size_t n)
{
	uint32_t at = (uint32_t)ring_end & (LOG_RING - 1);
	size_t part = n < LOG_RING - at ? n : LOG_RING - at;

	assert(n <= LOG_LINE);
	memcpy(ring + at, s, part);
	memcpy(ring, s + part, n - part);
	ring_end += n;
}

static void ring_read(uint64_t from, char *to, uint32_t n)
{
	uint32_t at = (uint32_t)from & (LOG_RING - 1);
	uint32_t part = min_u32(n, LOG_RING - at);

	assert(n <= LOG_RING && from + n <= ring_end);
	memcpy(to, ring + at, part);
	memcpy(to + part, ring, n - part);
}

static void sink_write(const char *text, size_t n)
{
	assert(!arch_irq_enabled());
	if (!sink || in_sink)
		return;
	in_sink = true;
	sink(text, n);
	in_sink = false;
}

/* One line of at most LOG_LINE bytes; what is longer is cut. From any context. */
void log_vprint(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	uint32_t flags, micro, n;
	uint64_t now = clock_ns ? clock_ns() : 0;
	uint32_t sec = (uint32_t)div_u64(now, 1000000000, &micro);

	n = str_format(line, sizeof(line), "[%5u.%06u] ", sec, micro / 1000);
	n += str_vformat(line + n, sizeof(line) - n - 1, fmt, ap);
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	if (line[n - 1] != '\n')
		line[n++] = '\n';
	assert(n > 0 && n < sizeof(line));
	flags = arch_irq_save();
	ring_write(line, n);
	if (level <= level_shown)
		sink_write(line, n);
	arch_irq_restore(flags);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprint(level, fmt, ap);
	va_end(ap);
}

/* Where lines are shown from now on. The first sink is also given what the
 * ring holds already. */
void log_sink_set(void (*to)(const char *text, size_t n))
{
	uint32_t flags = arch_irq_save();
	bool first = !sink;
	char part[64];

	sink = to;
	in_sink = false;
	for (uint64_t at = ring_start(); first && to && at < ring_end;) {
		uint32_t n = (uint32_t)min_s64(ring_end - at, sizeof(part));

		ring_read(at, part, n);
		sink_write(part, n);
		at += n;
	}
	arch_irq_restore(flags);
}

/* Is a sink at work, or was it when it broke? */
bool log_busy(void)
{
	return in_sink;
}

void log_clock_set(uint64_t (*now_ns)(void))
{
	clock_ns = now_ns;
}

/* Lines of a level above shown go to the ring only. */
enum log_level log_level_get(void)
{
	return level_shown;
}

void log_level_set(enum log_level shown)
{
	level_shown = shown;
}

/* Bytes that log_read can give now. */
uint32_t log_size(void)
{
	uint32_t flags = arch_irq_save();
	uint32_t n = (uint32_t)(ring_end - ring_start());

	arch_irq_restore(flags);
	return n;
}

/* Copies up to n bytes, beginning `from` bytes after the oldest. Returns how
 * many there were. */
uint32_t log_read(uint32_t from, char *to, uint32_t n)
{
	uint32_t flags = arch_irq_save();
	uint64_t start = ring_start() + from;

	if (start >= ring_end) {
		n = 0;
	} else {
		n = (uint32_t)min_s64(ring_end - start, n);
		ring_read(start, to, n);
	}
	arch_irq_restore(flags);
	return n;
}

uint64_t log_end(void)
{
	uint32_t flags = arch_irq_save();
	uint64_t end = ring_end;

	arch_irq_restore(flags);
	return end;
}

/* Copies up to n bytes from number *seq on and moves it past them. Bytes that
 * the ring has lost are skipped. 0: nothing new. */
uint32_t log_read_seq(uint64_t *seq, char *to, uint32_t n)
{
	uint32_t flags = arch_irq_save();
	uint64_t start = ring_end > LOG_RING ? ring_end - LOG_RING : 0;

	if (*seq < start)
		*seq = start;
	if (*seq > ring_end)
		*seq = ring_end;
	n = (uint32_t)min_s64(ring_end - *seq, n);
	ring_read(*seq, to, n);
	*seq += n;
	arch_irq_restore(flags);
	return n;
}

/* log_size and log_read begin here from now on; log_read_seq still has all. */
void log_clear(void)
{
	uint32_t flags = arch_irq_save();

	ring_cleared = ring_end;
	arch_irq_restore(flags);
}
