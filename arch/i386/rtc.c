/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtc.c - wall time from the battery clock, read once at boot.
 *
 * The clock must not be read while it steps: it is read twice, between steps,
 * until both agree. Its numbers may be BCD or binary, its hours 12 or 24.
 */
#include "arch/i386/inner.h"

enum {
	CMOS_INDEX = 0x70, CMOS_DATA = 0x71,
	SECOND = 0, MINUTE = 2, HOUR = 4, DAY = 7, MONTH = 8, YEAR = 9,
	STATUS_A = 10, STATUS_B = 11,
	UPDATING = 0x80, IS_24H = 2, IS_BINARY = 4, HOUR_PM = 0x80,
	TRIES = 10000,
};

struct reading {
	uint8_t second, minute, hour, day, month, year;
};

static uint8_t cmos_read(uint8_t index)
{
	arch_outb(CMOS_INDEX, index);
	return arch_inb(CMOS_DATA);
}

static struct reading read_once(void)
{
	for (unsigned i = 0; i < TRIES && cmos_read(STATUS_A) & UPDATING; i++)
		;
	return (struct reading){ cmos_read(SECOND), cmos_read(MINUTE),
				 cmos_read(HOUR), cmos_read(DAY),
				 cmos_read(MONTH), cmos_read(YEAR) };
}

static unsigned decode(uint8_t v, bool binary)
{
	return binary ? v : (v >> 4) * 10 + (v & 15);
}

/* Days from 1970-01-01, by the Gregorian calendar: years begin in March. */
static int64_t days_from_date(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int m = month <= 2 ? month + 9 : month - 3;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 +
	       (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* Seconds since 1970 by the battery clock, taken to run in UTC. */
int64_t arch_rtc_read(void)
{
	uint32_t flags = arch_irq_save();
	struct reading a, b = read_once();
	uint8_t status;
	bool binary;
	unsigned hour, year;

	for (unsigned i = 0; i < 8; i++) {
		a = b;
		b = read_once();
		if (!memcmp(&a, &b, sizeof(a)))
			break;
	}
	status = cmos_read(STATUS_B);
	arch_irq_restore(flags);
	binary = status & IS_BINARY;
	hour = decode(b.hour & ~HOUR_PM, binary);
	if (!(status & IS_24H))
		hour = hour % 12 + (b.hour & HOUR_PM ? 12 : 0);
	year = decode(b.year, binary);
	year += year < 70 ? 2000 : 1900;
	return days_from_date(year, decode(b.month, binary),
			      decode(b.day, binary)) * 86400 +
	       hour * 3600 + decode(b.minute, binary) * 60 +
	       decode(b.second, binary);
}
