/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition.c - what partition tables say: MBR with logical partitions, and
 * GPT (UEFI specification 2.10, chapter 5).
 *
 * Nothing that stands on the disk is believed before a look: a partition that
 * does not lie on it is told of and left out, and a chain of logical
 * partitions is followed for so many links as it may have.
 *
 * Pure: no locks, no state.
 */
#include "kernel/fs/disk/partition.h"

enum {	/* MBR */
	MBR_TABLE = 446, MBR_ENTRY = 16, MBR_ENTRIES = 4, MBR_SIGNATURE = 510,
	FIRST_LOGICAL = 5, EXTENDED_SECTORS = 2, SECTOR_SIZE = 512,
	TYPE_NONE = 0, TYPE_GPT = 0xee,
};
enum {	/* GPT header */
	GPT_HEADER_SIZE = 12, GPT_HEADER_CRC = 16, GPT_MY_BLOCK = 24,
	GPT_FIRST_USABLE = 40, GPT_LAST_USABLE = 48, GPT_ENTRIES = 72,
	GPT_COUNT = 80, GPT_ENTRY_SIZE = 84, GPT_ENTRIES_CRC = 88,
	GPT_HEADER_MIN = 92, GPT_COUNT_MAX = 4096,
};
enum {	/* GPT entry */
	ENTRY_FIRST = 32, ENTRY_LAST = 40, ENTRY_MIN = 128, TYPE_SIZE = 16,
};

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* CRC-32 of ISO 3309, as UEFI wants it; begin and end with ~0. */
static uint32_t crc_add(uint32_t crc, const uint8_t *p, uint32_t n)
{
	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* count blocks from first, if they are on the disk. */
static int emit(const struct partition_scan *s, unsigned number, uint64_t first,
		uint64_t count)
{
	if (number > PARTITION_MAX) {
		s->note(s->ctx, "has too high a number", number);
		return 0;
	}
	if (!first || first >= s->blocks || count > s->blocks - first) {
		s->note(s->ctx, "does not lie on the disk", number);
		return 0;
	}
	assert(count > 0);
	return s->found(s->ctx, number, first, count);
}

/* --- MBR ------------------------------------------------------------------ */

struct entry {
	uint8_t status, type;
	uint32_t first, count;
};

static struct entry entry_at(const uint8_t *block, unsigned n)
{
	const uint8_t *p = block + MBR_TABLE + n * MBR_ENTRY;

	return (struct entry){ p[0], p[4], le32(p + 8), le32(p + 12) };
}

static bool is_extended(const struct entry *e)
{
	return e->count && (e->type == 0x05 || e->type == 0x0f ||
			    e->type == 0x85);
}

static bool has_signature(const uint8_t *block)
{
	return block[MBR_SIGNATURE] == 0x55 && block[MBR_SIGNATURE + 1] == 0xaa;
}

/* The boot sector of a file system has the signature too; what stands there
 * for the status is then something else, as a rule. */
static bool is_table(const uint8_t *block)
{
	if (!has_signature(block))
		return false;
	for (unsigned i = 0; i < MBR_ENTRIES; i++)
		if (entry_at(block, i).status & 0x7f)
			return false;
	return true;
}

/* The chain of logical partitions: each link's block has the partition, by its
 * distance from that block, and the next link, by its from the chain's area. */
static int scan_logical(const struct partition_scan *s, const struct entry *area)
{
	uint64_t link = area->first, seen = 0;
	unsigned number = FIRST_LOGICAL;

	for (unsigned links = 0; links < PARTITION_MAX; links++) {
		struct entry part, next;
		int err;

		if (link >= s->blocks ||
		    link - area->first >= area->count) {
			s->note(s->ctx, "is linked from outside its area",
				number);
			return 0;
		}
		if (link == seen) {
			s->note(s->ctx, "closes a circle of links", number);
			return 0;
		}
		if (!(links & (links - 1)))
			seen = link;	/* so that any circle is found */
		err = s->read(s->ctx, link);
		if (err)
			return err;
		if (!has_signature(s->buffer))
			return 0;
		part = entry_at(s->buffer, 0);
		next = entry_at(s->buffer, 1);
		if (part.type != TYPE_NONE && part.count && !is_extended(&part))
			err = emit(s, number++, link + part.first, part.count);
		if (err || !is_extended(&next))
			return err;
		link = (uint64_t)area->first + next.first;
	}
	s->note(s->ctx, "is one of too many", number);
	return 0;
}

/* An extended partition is shown with its first sectors only: whole, it would
 * be a second way to the logical ones. */
static int scan_mbr(const struct partition_scan *s)
{
	uint32_t shown = max_u32(EXTENDED_SECTORS * SECTOR_SIZE / s->block_size,
				 1);
	struct entry table[MBR_ENTRIES];
	int err = 0;

	for (unsigned i = 0; i < MBR_ENTRIES; i++)
		table[i] = entry_at(s->buffer, i);
	for (unsigned i = 0; !err && i < MBR_ENTRIES; i++) {
		const struct entry *e = &table[i];

		if (e->type == TYPE_NONE || !e->count)
			continue;
		err = emit(s, i + 1, e->first, is_extended(e) ?
			   min_u32(e->count, shown) : e->count);
	}
	for (unsigned i = 0; !err && i < MBR_ENTRIES; i++)
		if (is_extended(&table[i]))
			return scan_logical(s, &table[i]);
	return err;
}

/* --- GPT ------------------------------------------------------------------ */

struct gpt {
	uint64_t first_usable, last_usable, entries;
	uint32_t count, entry_size, entries_crc;
};

static bool header_sound(uint8_t *h, uint64_t at, uint32_t block_size)
{
	uint32_t size = le32(h + GPT_HEADER_SIZE);
	uint32_t crc = le32(h + GPT_HEADER_CRC);

	if (memcmp(h, "EFI PART", 8) || size < GPT_HEADER_MIN ||
	    size > block_size)
		return false;
	memset(h + GPT_HEADER_CRC, 0, 4);
	return ~crc_add(~0u, h, size) == crc && le64(h + GPT_MY_BLOCK) == at;
}

static uint32_t entries_blocks(const struct partition_scan *s,
			       const struct gpt *g)
{
	uint32_t in_block = s->block_size / g->entry_size;

	return (g->count + in_block - 1) / in_block;
}

static bool gpt_sound(const struct partition_scan *s, const struct gpt *g)
{
	uint32_t size = g->entry_size;

	if (size < ENTRY_MIN || size > s->block_size || (size & (size - 1)) ||
	    !g->count || g->count > GPT_COUNT_MAX)
		return false;
	if (g->last_usable >= s->blocks || g->first_usable > g->last_usable ||
	    !g->first_usable)
		return false;
	return g->entries && g->entries < s->blocks &&
	       entries_blocks(s, g) <= s->blocks - g->entries;
}

/* The table's sum. */
static int entries_crc(const struct partition_scan *s, const struct gpt *g,
		       uint32_t *crc)
{
	uint32_t left = g->count * g->entry_size;

	*crc = ~0u;
	for (uint64_t at = g->entries; left; at++) {
		uint32_t n = min_u32(left, s->block_size);
		int err = s->read(s->ctx, at);

		if (err)
			return err;
		*crc = crc_add(*crc, s->buffer, n);
		left -= n;
	}
	*crc = ~*crc;
	return 0;
}

/* The header at block `at`. -EINVAL: there is no sound one. */
static int gpt_read(const struct partition_scan *s, uint64_t at, struct gpt *g)
{
	uint8_t *h = s->buffer;
	uint32_t crc;
	int err = s->read(s->ctx, at);

	if (err)
		return err;
	if (!header_sound(h, at, s->block_size))
		return -EINVAL;
	*g = (struct gpt){
		.first_usable = le64(h + GPT_FIRST_USABLE),
		.last_usable = le64(h + GPT_LAST_USABLE),
		.entries = le64(h + GPT_ENTRIES),
		.count = le32(h + GPT_COUNT),
		.entry_size = le32(h + GPT_ENTRY_SIZE),
		.entries_crc = le32(h + GPT_ENTRIES_CRC),
	};
	if (!gpt_sound(s, g))
		return -EINVAL;
	err = entries_crc(s, g, &crc);
	return err ? err : crc == g->entries_crc ? 0 : -EINVAL;
}

static int gpt_entry(const struct partition_scan *s, const struct gpt *g,
		     unsigned number, const uint8_t *e)
{
	static const uint8_t unused[TYPE_SIZE];
	uint64_t first = le64(e + ENTRY_FIRST), last = le64(e + ENTRY_LAST);

	if (!memcmp(e, unused, TYPE_SIZE))
		return 0;
	if (first < g->first_usable || last > g->last_usable || first > last) {
		s->note(s->ctx, "does not lie where it may", number);
		return 0;
	}
	return emit(s, number, first, last - first + 1);
}

static int gpt_entries(const struct partition_scan *s, const struct gpt *g)
{
	uint32_t in_block = s->block_size / g->entry_size;
	int err = 0;

	for (uint32_t i = 0; !err && i < g->count; i++) {
		if (i % in_block == 0)
			err = s->read(s->ctx, g->entries + i / in_block);
		if (!err)
			err = gpt_entry(s, g, i + 1, (uint8_t *)s->buffer +
					i % in_block * g->entry_size);
	}
	return err;
}

static int scan_gpt(const struct partition_scan *s)
{
	struct gpt g;
	int err = gpt_read(s, 1, &g);

	if (err) {
		err = gpt_read(s, s->blocks - 1, &g);
		if (err == -EINVAL) {
			s->note(s->ctx, "GPT: damaged, and its copy too", 0);
			return 0;
		}
		if (!err)
			s->note(s->ctx, "GPT: damaged; its copy is used", 0);
	}
	return err ? err : gpt_entries(s, &g);
}

int partition_scan(const struct partition_scan *s)
{
	int err;

	assert(s->block_size >= SECTOR_SIZE);
	if (s->blocks < 3)
		return 0;
	err = s->read(s->ctx, 0);
	if (err || !is_table(s->buffer))
		return err;
	for (unsigned i = 0; i < MBR_ENTRIES; i++)
		if (entry_at(s->buffer, i).type == TYPE_GPT)
			return scan_gpt(s);
	return scan_mbr(s);
}
