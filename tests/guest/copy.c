/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.c - bytes between files and memory, wherever the memory lies.
 *
 * The kernel copies in another way where source and destination are a multiple
 * of 256 pages apart. A window of 256 pages meets that case whatever page the
 * kernel's own buffer is in.
 */
#include <sys/mman.h>

#include "ktap.h"

enum { PAGE = 4096, WINDOW = 257, COW_PAGES = 1021 };

static char pattern[PAGE];
static const unsigned counts[] = { 4, 128, 132, 260, 2000, PAGE - 4, PAGE };

static char *window_map(int pages)
{
	char *p = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static int file_make(void)
{
	char name[] = "/tmp/copy-XXXXXX";
	int fd = mkstemp(name);

	CHECK_OK(fd);
	CHECK_OK(unlink(name));
	for (unsigned i = 0; i < PAGE; i++)
		pattern[i] = (char)(i * 7 + i / 256 + 1);
	return fd;
}

TEST(read_up_to_the_end_of_a_mapping)
{
	char *window = window_map(WINDOW);
	int fd = file_make();

	CHECK_EQ(write(fd, pattern, PAGE), PAGE);
	for (unsigned page = 0; page + 1 < WINDOW; page++) {
		char *hole = window + (page + 1) * PAGE;

		CHECK_OK(mprotect(hole, PAGE, PROT_NONE));
		for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			char *to = hole - counts[i];

			memset(hole - PAGE, 0, PAGE);
			CHECK_EQ(pread(fd, to, PAGE, 0), counts[i]);
			CHECK(!memcmp(to, pattern, counts[i]));
			CHECK(counts[i] == PAGE || to[-1] == 0);
		}
		CHECK_OK(mprotect(hole, PAGE, PROT_READ | PROT_WRITE));
	}
}

TEST(write_up_to_the_end_of_a_mapping)
{
	static char back[PAGE];
	char *window = window_map(WINDOW);
	int fd = file_make();

	for (unsigned page = 0; page + 1 < WINDOW; page++) {
		char *hole = window + (page + 1) * PAGE;

		memcpy(hole - PAGE, pattern, PAGE);
		CHECK_OK(mprotect(hole, PAGE, PROT_NONE));
		for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			char *from = hole - counts[i];

			CHECK_OK(ftruncate(fd, 0));
			CHECK_EQ(pwrite(fd, from, PAGE, 0), counts[i]);
			CHECK_EQ(pread(fd, back, PAGE, 0), counts[i]);
			CHECK(!memcmp(back, from, counts[i]));
		}
		CHECK_OK(mprotect(hole, PAGE, PROT_READ | PROT_WRITE));
	}
}

TEST(any_offset_and_length)
{
	char *window = window_map(WINDOW + 1);
	int fd = file_make();

	CHECK_EQ(write(fd, pattern, PAGE), PAGE);
	for (unsigned step = 0; step < WINDOW * 4; step++) {
		unsigned skip = step * 37 % 600, n = PAGE - skip - step % 131;
		char *to = window + step * (PAGE / 4) + step % 9;

		memset(to - (step > 0), 0, n + 2);
		CHECK_EQ(pread(fd, to, n, skip), n);
		CHECK(!memcmp(to, pattern + skip, n));
		CHECK_EQ(to[n], 0);
	}
}

TEST(pages_copied_on_write)
{
	char *window = window_map(COW_PAGES);
	pid_t pid;

	file_make();
	for (unsigned i = 0; i < COW_PAGES; i++) {
		memcpy(window + i * PAGE, pattern, PAGE);
		memcpy(window + i * PAGE, &i, sizeof(i));
	}
	pid = fork();
	CHECK_OK(pid);
	/* In another order than the copies are allocated in, so that the distance
	 * from page to copy takes every value modulo 256 pages. */
	for (unsigned step = 0; step < COW_PAGES; step++) {
		unsigned i = step * 390 % COW_PAGES;
		char *page = window + i * PAGE;

		page[PAGE - 1] = (char)~pattern[PAGE - 1];
		CHECK(!memcmp(page, &i, sizeof(i)));
		CHECK(!memcmp(page + sizeof(i), pattern + sizeof(i),
			      PAGE - 1 - sizeof(i)));
	}
	if (pid == 0)
		_exit(0);
	CHECK_EQ(ktap_wait(pid), 0);
}
