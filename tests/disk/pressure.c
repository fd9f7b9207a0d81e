/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pressure.c - a file that is larger than memory: FILES_TOP names it, a disk
 * or a file on one. test_cache.py runs this in a machine of 16 MB.
 *
 * seconds: 300
 * oracle: no
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ktap.h"

enum { PAGE = 4096, MB = 1 << 20, SIZE = 40 * MB, PAGES = SIZE / PAGE };

static char page[PAGE], chunk[64 * 1024];

static int file(void)
{
	const char *name = getenv("FILES_TOP");
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	CHECK_OK(fd);
	return fd;
}

static uint32_t word(uint32_t n, uint32_t seed)
{
	return (n * 2654435761u) ^ (seed * 40503u);
}

static void fill(void *at, uint32_t first, size_t bytes, uint32_t seed)
{
	for (uint32_t n = 0; n < bytes / 4; n++)
		((uint32_t *)at)[n] = word(first + n, seed);
}

static bool is_filled(const void *at, uint32_t first, size_t bytes, uint32_t seed)
{
	for (uint32_t n = 0; n < bytes / 4; n++)
		if (((const uint32_t *)at)[n] != word(first + n, seed))
			return false;
	return true;
}

static void write_all(int fd, uint32_t seed)
{
	for (off_t at = 0; at < SIZE; at += sizeof(chunk)) {
		fill(chunk, at / 4, sizeof(chunk), seed);
		CHECK_EQ(pwrite(fd, chunk, sizeof(chunk), at), (ssize_t)sizeof(chunk));
	}
}

static void check_all(int fd, uint32_t seed)
{
	for (off_t at = 0; at < SIZE; at += sizeof(chunk)) {
		CHECK_EQ(pread(fd, chunk, sizeof(chunk), at), (ssize_t)sizeof(chunk));
		CHECK(is_filled(chunk, at / 4, sizeof(chunk), seed));
	}
}

/* A line of /proc/meminfo, in KB. */
static long meminfo(const char *name)
{
	char text[2048], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n > 0);
	text[n] = 0;
	close(fd);
	at = strstr(text, name);
	CHECK(at);
	return atol(at + strlen(name) + 1);
}

TEST_WITHIN(write_and_read, 120)
{
	int fd = file();

	write_all(fd, 1);
	check_all(fd, 1);
	CHECK_OK(fsync(fd));
	CHECK_EQ(meminfo("\nDirty:"), 0);
	check_all(fd, 1);
}

TEST_WITHIN(dirty_memory_is_bounded, 120)
{
	int fd = file();
	long most = 0, total = meminfo("MemTotal:");

	for (off_t at = 0; at < SIZE; at += sizeof(chunk)) {
		CHECK_EQ(pwrite(fd, chunk, sizeof(chunk), at), (ssize_t)sizeof(chunk));
		if (at % MB == 0) {
			long now = meminfo("\nDirty:") + meminfo("Writeback:");

			most = now > most ? now : most;
		}
	}
	CHECK(most > 0);
	CHECK(most < total / 4);
}

TEST_WITHIN(maps, 240)
{
	int fd = file();
	char *m;

	write_all(fd, 2);
	m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(m != MAP_FAILED);
	CHECK(is_filled(m, 0, SIZE, 2));
	for (uint32_t n = 0; n < PAGES; n++)
		m[n * PAGE + n % PAGE] = (char)n;
	for (uint32_t n = 0; n < PAGES; n += 7)
		CHECK_EQ(m[n * PAGE + n % PAGE], (char)n);
	CHECK_OK(msync(m, SIZE, MS_SYNC));
	CHECK_OK(munmap(m, SIZE));
	for (uint32_t n = 0; n < PAGES; n++) {
		CHECK_EQ(pread(fd, page, PAGE, n * PAGE), PAGE);
		CHECK_EQ(page[n % PAGE], (char)n);
		fill(chunk, n * (PAGE / 4), PAGE, 2);
		chunk[n % PAGE] = (char)n;
		CHECK(!memcmp(chunk, page, PAGE));
	}
}

/* A private map's own pages stay; what it only shows may come and go. */
TEST_WITHIN(private_map, 120)
{
	int fd = file();
	char *m;

	write_all(fd, 3);
	m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(m != MAP_FAILED);
	for (uint32_t n = 0; n < PAGES; n += 100)
		memset(m + n * PAGE, 'p', PAGE);
	for (uint32_t n = 0; n < PAGES; n++) {
		if (n % 100)
			CHECK(is_filled(m + n * PAGE, n * (PAGE / 4), PAGE, 3));
		else
			CHECK_EQ(m[n * PAGE + 100], 'p');
	}
	check_all(fd, 3);
}

/* What is read again and again stays while a long file goes through once. */
TEST_WITHIN(a_scan_spares_what_is_in_use, 60)
{
	enum { HOT = 256 };	/* pages */
	unsigned char there[HOT];
	int fd = file(), kept = 0;
	char *m = mmap(NULL, HOT * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(m != MAP_FAILED);
	for (int round = 0; round < 4; round++)
		for (int n = 0; n < HOT; n++)
			CHECK_EQ(pread(fd, page, PAGE, (n * 37 % HOT) * PAGE), PAGE);
	for (off_t at = HOT * PAGE; at < SIZE; at += sizeof(chunk))
		CHECK_EQ(pread(fd, chunk, sizeof(chunk), at), (ssize_t)sizeof(chunk));
	CHECK_OK(mincore(m, HOT * PAGE, there));
	for (int n = 0; n < HOT; n++)
		kept += there[n] & 1;
	CHECK(kept > HOT * 9 / 10);
}

/* Several programs at once, each with more than its share of memory. */
TEST_WITHIN(together, 240)
{
	enum { HANDS = 4, PART = PAGES / HANDS };
	int status;

	write_all(file(), 4);
	for (int h = 0; h < HANDS; h++) {
		pid_t pid = fork();

		CHECK_OK(pid);
		if (pid)
			continue;
		int fd = file();
		uint32_t seed = 12345 + h;

		for (int n = 0; n < 4000; n++) {
			uint32_t at = h * PART + (seed >> 8) % PART;

			seed = seed * 1103515245 + 12345;
			CHECK_EQ(pread(fd, page, PAGE, at * PAGE), PAGE);
			CHECK(is_filled(page, at * (PAGE / 4), PAGE, 4));
			if (n % 3 == 0)
				CHECK_EQ(pwrite(fd, page, PAGE, at * PAGE), PAGE);
		}
		_exit(0);
	}
	for (int h = 0; h < HANDS; h++) {
		CHECK_OK(wait(&status));
		CHECK_EQ(status, 0);
	}
	check_all(file(), 4);
}

TEST(caches_can_be_dropped)
{
	int fd = file(), knob = open("/proc/sys/vm/drop_caches", O_WRONLY);
	long before;

	CHECK_OK(knob);
	for (off_t at = 0; at < 4 * MB; at += sizeof(chunk))
		CHECK_EQ(pread(fd, chunk, sizeof(chunk), at), (ssize_t)sizeof(chunk));
	CHECK_OK(fsync(fd));
	before = meminfo("\nCached:");
	CHECK_EQ(write(knob, "3", 1), 1);
	CHECK(meminfo("\nCached:") <= before - 3 * 1024);
	CHECK_ERRNO(write(knob, "4", 1), EINVAL);
}
