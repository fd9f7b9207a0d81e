/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.c - the little that is asked of the firmware's tables: how many CPUs
 * there are (MADT, else the older MP table) and how to switch off.
 *
 * The tables are read when they are needed, at most twice in a life. They are
 * not trusted: every length is bounded, every table summed.
 */
#include "arch/i386/inner.h"

enum {
	EBDA_SEGMENT = 0x40e, ROM_START = 0xe0000, ROM_END = 0x100000,
	TABLES_MAX = 64, TABLE_BYTES_MAX = 1 << 20, CHUNK = 256,
	SLEEP_ENABLE = 1 << 13,
	FADT_DSDT = 40, FADT_PM1A = 64,
	MADT_ENTRIES = 44, MP_ENTRIES = 44,
};

struct header {
	char signature[4];
	uint32_t length;
	uint8_t rest[28];
};

/* All bytes of a table add up to 0. */
static bool sum_is_zero(uint32_t phys, uint32_t length)
{
	uint8_t part[CHUNK], sum = 0;

	for (uint32_t at = 0; at < length; at += CHUNK) {
		uint32_t n = min_u32(length - at, CHUNK);

		phys_read(part, phys + at, n);
		for (uint32_t i = 0; i < n; i++)
			sum += part[i];
	}
	return sum == 0;
}

/* A structure on a 16-byte boundary in the first MB's firmware areas; 0: none.
 * That memory is mapped. */
static uint32_t find_low(const char *signature, size_t n, uint32_t length)
{
	uint16_t segment;
	uint32_t at, end;

	phys_read(&segment, EBDA_SEGMENT, sizeof(segment));
	at = (uint32_t)segment << 4;
	end = at + 1024;
	if (at < 0x80000 || at >= 0xa0000)
		at = end = ROM_START;
	for (;; at += 16) {
		if (at >= end) {
			if (at >= ROM_END)
				return 0;
			if (end != ROM_END) {
				at = ROM_START;
				end = ROM_END;
			}
		}
		if (!memcmp(phys_to_virt(at), signature, n) &&
		    sum_is_zero(at, length))
			return at;
	}
}

/* Physical address and header of an ACPI table; 0: there is none. */
static uint32_t find_table(const char *signature, struct header *h)
{
	uint32_t rsdp = find_low("RSD PTR ", 8, 20), rsdt, at, count;

	if (!rsdp)
		return 0;
	phys_read(&rsdt, rsdp + 16, 4);
	phys_read(h, rsdt, sizeof(*h));
	if (memcmp(h->signature, "RSDT", 4) || h->length < sizeof(*h))
		return 0;
	count = min_u32((h->length - sizeof(*h)) / 4, TABLES_MAX);
	for (uint32_t i = 0; i < count; i++) {
		phys_read(&at, rsdt + sizeof(*h) + 4 * i, 4);
		phys_read(h, at, sizeof(*h));
		if (!memcmp(h->signature, signature, 4) &&
		    h->length >= sizeof(*h) && h->length <= TABLE_BYTES_MAX &&
		    sum_is_zero(at, h->length))
			return at;
	}
	return 0;
}

/* MADT entries: type, length, CPU number, APIC id, flags (bit 0: usable). */
static unsigned count_in_madt(uint32_t table, uint32_t length)
{
	unsigned cpus = 0;
	uint8_t e[8];

	for (uint32_t at = MADT_ENTRIES; at + 8 <= length;) {
		phys_read(e, table + at, sizeof(e));
		if (e[0] == 0 && e[1] >= 8 && e[4] & 1)
			cpus++;
		if (e[1] < 2)
			break;
		at += e[1];
	}
	return cpus;
}

/* MP table: processors come first, 20 bytes each; byte 3 bit 0: usable. */
static unsigned count_in_mp_table(void)
{
	uint32_t pointer = find_low("_MP_", 4, 16), table;
	unsigned cpus = 0;
	uint16_t entries;
	uint8_t e[4];

	if (!pointer)
		return 0;
	phys_read(&table, pointer + 4, 4);
	if (!table)
		return 0;
	phys_read(&entries, table + 34, 2);
	for (unsigned i = 0; i < entries; i++) {
		phys_read(e, table + MP_ENTRIES + 20 * i, 4);
		if (e[0] != 0)
			break;
		cpus += e[3] & 1;
	}
	return cpus;
}

unsigned acpi_count_cpus(void)
{
	struct header h;
	uint32_t madt = find_table("APIC", &h);
	unsigned n = madt ? count_in_madt(madt, h.length) : 0;

	return n ? n : count_in_mp_table();
}

/* The sleep type of state 5 from the DSDT's package _S5_: after the name comes
 * a package: opcode, its length in 1-4 bytes, element count, the number. */
static bool find_sleep_type(uint32_t dsdt, uint32_t length, uint32_t *type)
{
	uint8_t p[CHUNK];

	for (uint32_t at = 0; at + 16 < length; at += CHUNK - 16) {
		uint32_t n = min_u32(CHUNK, length - at);

		phys_read(p, dsdt + at, n);
		for (uint32_t i = 0; i + 14 < n; i++) {
			uint8_t *q = &p[i + 4];

			if (memcmp(&p[i], "_S5_", 4) || *q++ != 0x12)
				continue;
			q += (*q >> 6) + 2;
			q += *q == 0x0a;
			*type = *q & 7;
			return true;
		}
	}
	return false;
}

void acpi_power_off(void)
{
	struct header h;
	uint32_t fadt = find_table("FACP", &h), dsdt, port, type;

	if (!fadt || h.length < FADT_PM1A + 4)
		return;
	phys_read(&dsdt, fadt + FADT_DSDT, 4);
	phys_read(&port, fadt + FADT_PM1A, 4);
	phys_read(&h, dsdt, sizeof(h));
	if (!port || port > 0xffff || h.length > TABLE_BYTES_MAX ||
	    !find_sleep_type(dsdt, h.length, &type))
		return;
	arch_outw(port, type << 10 | SLEEP_ENABLE);
}
