/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition.c - partition tables, sound and hostile; the file is included, to
 * make the sums of a GPT with its own function. That others make the same
 * tables is shown by tests/disk.
 * sources: kernel/base/string.c
 */
#include "kernel/fs/disk/partition.c"

#include <stdlib.h>

#include "ktap.h"

enum { BLOCKS_MAX = 1200, READS_MAX = 20000, FAILING = -5 };

static struct {
	uint8_t *data;
	uint64_t blocks, bad;	/* block that cannot be read */
	uint32_t block_size;
	unsigned reads, notes, count;
	struct { unsigned number; uint64_t first, count; } part[1000];
} disk;

static uint8_t *buffer;		/* of one block exactly, for the sanitizer */

static int disk_read(void *ctx, uint64_t at)
{
	(void)ctx;
	CHECK(at < disk.blocks);
	CHECK(++disk.reads < READS_MAX);
	if (at == disk.bad)
		return FAILING;
	memcpy(buffer, disk.data + at * disk.block_size, disk.block_size);
	return 0;
}

static int disk_found(void *ctx, unsigned number, uint64_t first, uint64_t count)
{
	(void)ctx;
	CHECK(number > 0 && number <= PARTITION_MAX);
	CHECK(count > 0 && first > 0 && first < disk.blocks);
	CHECK(count <= disk.blocks - first);
	CHECK(disk.count < ARRAY_LEN(disk.part));
	disk.part[disk.count].number = number;
	disk.part[disk.count].first = first;
	disk.part[disk.count++].count = count;
	return 0;
}

static void disk_note(void *ctx, const char *what, unsigned number)
{
	(void)ctx, (void)what, (void)number;
	disk.notes++;
}

static int scan(void)
{
	struct partition_scan s = {
		.blocks = disk.blocks, .block_size = disk.block_size,
		.buffer = buffer, .read = disk_read, .found = disk_found,
		.note = disk_note,
	};

	disk.reads = disk.notes = disk.count = 0;
	return partition_scan(&s);
}

static void fresh(uint64_t blocks, uint32_t block_size)
{
	free(disk.data);
	free(buffer);
	disk.data = calloc(blocks, block_size);
	buffer = malloc(block_size);
	disk.blocks = blocks;
	disk.block_size = block_size;
	disk.bad = UINT64_MAX;
	CHECK(disk.data && buffer);
}

static void is(unsigned i, unsigned number, uint64_t first, uint64_t count)
{
	CHECK(i < disk.count);
	CHECK_EQ(disk.part[i].number, number);
	CHECK_EQ(disk.part[i].first, first);
	CHECK_EQ(disk.part[i].count, count);
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
}

/* --- MBR ------------------------------------------------------------------ */

static uint8_t *block(uint64_t at)
{
	return disk.data + at * disk.block_size;
}

static void mbr(uint64_t at, unsigned n, uint8_t type, uint32_t first,
		uint32_t count)
{
	uint8_t *e = block(at) + MBR_TABLE + n * MBR_ENTRY;

	e[4] = type;
	put32(e + 8, first);
	put32(e + 12, count);
	block(at)[510] = 0x55;
	block(at)[511] = 0xaa;
}

TEST(mbr_primaries)
{
	fresh(1000, 512);
	mbr(0, 0, 0x83, 10, 100);
	mbr(0, 2, 0x82, 200, 800);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 2);
	is(0, 1, 10, 100);
	is(1, 3, 200, 800);
	CHECK_EQ(disk.notes, 0);
	mbr(0, 2, 0x82, 200, 801);	/* one too far */
	mbr(0, 3, 0x82, 1000, 1);
	mbr(0, 1, 0x83, 0, 5);		/* the table itself */
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 1);
	CHECK_EQ(disk.notes, 3);
	block(0)[MBR_TABLE] = 0x33;	/* a boot sector, not a table */
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 0);
}

TEST(nothing_is_no_table)
{
	fresh(1000, 512);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count + disk.notes, 0);
	disk.bad = 0;
	CHECK_EQ(scan(), FAILING);
	fresh(1, 512);
	mbr(0, 0, 0x83, 1, 1);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 0);
}

static void chain(void)
{
	fresh(2000, 512);
	mbr(0, 0, 0x83, 10, 90);
	mbr(0, 1, 0x05, 100, 1000);
	mbr(100, 0, 0x83, 1, 49);
	mbr(100, 1, 0x05, 500, 100);
	mbr(600, 0, 0x83, 2, 98);
	mbr(600, 1, 0x05, 200, 100);	/* back, which is fine */
	mbr(300, 0, 0x83, 3, 97);
}

TEST(mbr_logicals)
{
	chain();
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.notes, 0);
	CHECK_EQ(disk.count, 5);
	is(0, 1, 10, 90);
	is(1, 2, 100, 2);	/* not its whole */
	is(2, 5, 101, 49);
	is(3, 6, 602, 98);
	is(4, 7, 303, 97);
	disk.bad = 600;
	CHECK_EQ(scan(), FAILING);
	CHECK_EQ(disk.count, 3);
}

TEST(mbr_chain_that_lies)
{
	chain();
	mbr(300, 1, 0x05, 0, 100);	/* a circle */
	CHECK_EQ(scan(), 0);
	CHECK(disk.reads < 20);
	CHECK_EQ(disk.notes, 1);
	mbr(300, 1, 0x05, 1000, 100);	/* outside its area */
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 5);
	CHECK_EQ(disk.notes, 1);
	mbr(300, 1, 0x05, 0xffffffff, 100);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.notes, 1);
	mbr(300, 1, 0x00, 0, 0);
	mbr(300, 0, 0x83, 0xfffffff0, 97);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 4);
	CHECK_EQ(disk.notes, 1);
}

/* --- GPT ------------------------------------------------------------------ */

enum { ENTRIES = 128, ENTRY_SIZE = 128 };

static uint8_t *entry(uint64_t table, unsigned n)
{
	return block(table) + n * ENTRY_SIZE;
}

static void part(uint64_t table, unsigned n, uint64_t first, uint64_t last)
{
	uint8_t *e = entry(table, n);

	e[0] = 1;
	put64(e + 32, first);
	put64(e + 40, last);
}

static void seal(uint64_t header)
{
	uint8_t *h = block(header);

	put32(h + GPT_HEADER_CRC, 0);
	put32(h + GPT_HEADER_CRC, ~crc_add(~0u, h, GPT_HEADER_MIN));
}

static void header(uint64_t at, uint64_t table)
{
	uint32_t blocks = ENTRIES * ENTRY_SIZE / disk.block_size;
	uint8_t *h = block(at);

	memcpy(h, "EFI PART", 8);
	put32(h + 8, 0x10000);
	put32(h + GPT_HEADER_SIZE, GPT_HEADER_MIN);
	put64(h + GPT_MY_BLOCK, at);
	put64(h + GPT_FIRST_USABLE, 2 + blocks);
	put64(h + GPT_LAST_USABLE, disk.blocks - blocks - 2);
	put64(h + GPT_ENTRIES, table);
	put32(h + GPT_COUNT, ENTRIES);
	put32(h + GPT_ENTRY_SIZE, ENTRY_SIZE);
	put32(h + GPT_ENTRIES_CRC,
	      ~crc_add(~0u, block(table), ENTRIES * ENTRY_SIZE));
	seal(at);
}

static void gpt(uint32_t block_size)
{
	uint32_t blocks = ENTRIES * ENTRY_SIZE / block_size;
	uint64_t copy;

	fresh(BLOCKS_MAX, block_size);
	copy = disk.blocks - 1 - blocks;
	mbr(0, 0, 0xee, 1, disk.blocks - 1);
	for (unsigned twice = 0; twice < 2; twice++) {
		uint64_t table = twice ? copy : 2;

		part(table, 0, 40, 139);
		part(table, 4, 140, 140);
		part(table, ENTRIES - 1, 1000, disk.blocks - blocks - 2);
		header(twice ? disk.blocks - 1 : 1, table);
	}
}

static void is_gpt(void)
{
	uint32_t blocks = ENTRIES * ENTRY_SIZE / disk.block_size;

	CHECK_EQ(disk.count, 3);
	is(0, 1, 40, 100);
	is(1, 5, 140, 1);
	is(2, ENTRIES, 1000, disk.blocks - blocks - 1001);
}

TEST(gpt_and_its_copy)
{
	for (uint32_t size = 512; size <= 4096; size *= 2) {
		gpt(size);
		CHECK_EQ(scan(), 0);
		is_gpt();
		CHECK_EQ(disk.notes, 0);
		block(1)[60]++;			/* the header's sum is wrong */
		CHECK_EQ(scan(), 0);
		is_gpt();
		CHECK_EQ(disk.notes, 1);
		block(1)[60]--;
		entry(2, 77)[100] = 1;		/* the table's */
		CHECK_EQ(scan(), 0);
		is_gpt();
		CHECK_EQ(disk.notes, 1);
		disk.bad = 1;			/* neither can be read */
		CHECK_EQ(scan(), 0);
		is_gpt();
		disk.bad = UINT64_MAX;
		block(disk.blocks - 1)[0] = 0;
		CHECK_EQ(scan(), 0);
		CHECK_EQ(disk.count, 0);
		CHECK_EQ(disk.notes, 1);
	}
}

/* Sums that are right prove nothing. */
TEST(gpt_that_lies)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
	} lies[] = {
		{ GPT_ENTRY_SIZE, 4, 0 }, { GPT_ENTRY_SIZE, 4, 64 },
		{ GPT_ENTRY_SIZE, 4, 129 }, { GPT_ENTRY_SIZE, 4, 1024 },
		{ GPT_ENTRY_SIZE, 4, 0x80000000u }, { GPT_COUNT, 4, 0 },
		{ GPT_COUNT, 4, GPT_COUNT_MAX + 1 }, { GPT_COUNT, 4, UINT32_MAX },
		{ GPT_ENTRIES, 8, 0 }, { GPT_ENTRIES, 8, BLOCKS_MAX },
		{ GPT_ENTRIES, 8, BLOCKS_MAX - 1 }, { GPT_ENTRIES, 8, UINT64_MAX },
		{ GPT_FIRST_USABLE, 8, 0 }, { GPT_FIRST_USABLE, 8, UINT64_MAX },
		{ GPT_LAST_USABLE, 8, BLOCKS_MAX },
		{ GPT_LAST_USABLE, 8, UINT64_MAX }, { GPT_MY_BLOCK, 8, 2 },
		{ GPT_HEADER_SIZE, 4, 0 }, { GPT_HEADER_SIZE, 4, UINT32_MAX },
	};

	for (unsigned i = 0; i < ARRAY_LEN(lies); i++) {
		gpt(512);
		memcpy(block(1) + lies[i].at, &lies[i].value, lies[i].size);
		seal(1);
		CHECK_EQ(scan(), 0);
		is_gpt();			/* by the copy */
		CHECK_EQ(disk.notes, 1);
	}
	gpt(512);
	part(2, 0, 139, 40);			/* ends before it begins */
	part(2, 4, 1, 3);			/* on the table */
	part(2, ENTRIES - 1, 1000, UINT64_MAX);
	header(1, 2);
	CHECK_EQ(scan(), 0);
	CHECK_EQ(disk.count, 0);
	CHECK_EQ(disk.notes, 3);
}

TEST(any_bytes)
{
	srand(5);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned n = rand() % 8;

		if (round % 2)
			gpt(512);
		else
			chain();
		while (n--) {
			unsigned range = rand() % 4 ? 40 : disk.blocks;
			uint64_t at = rand() % range;

			block(at)[rand() % 512] = rand();
		}
		if (round % 4 == 1)
			seal(1);
		CHECK_EQ(scan(), 0);
	}
}
