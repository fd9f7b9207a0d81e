/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 60 */
/* unix_limit.c - AF_UNIX when memory or numbers are short: an error, and all
 * of it comes back. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "unix.h"

static long mem_free(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &kb);
	fclose(f);
	return kb;
}

enum { PAIRS = 900 };
static int s[PAIRS][2];

/* Messages of n bytes into fresh pairs until one is refused: how many bytes. */
static long fill(int n)
{
	static char block[65536];
	long bytes = 0;
	int i = 0;

	for (; i < PAIRS; i++) {
		int got;

		CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0,
				    s[i]));
		while ((got = write(s[i][0], block, n)) == n)
			bytes += n;
		CHECK_EQ(got, -1);
		if (errno != EAGAIN)
			break;
	}
	CHECK(i < PAIRS);
	CHECK_EQ(errno, ENOBUFS);
	return bytes;
}

static void empty(void)
{
	for (int i = 0; i < PAIRS; i++) {
		if (s[i][0])
			CHECK(close(s[i][0]) == 0 && close(s[i][1]) == 0);
		s[i][0] = s[i][1] = 0;
	}
}

/* All that waits in sockets is a part of memory at most. */
TEST_WITHIN(buffers_are_a_part_of_memory, 60)
{
	struct rlimit r = { 4096, 4096 };
	static const int sizes[] = { 300, 1025, 65536 };
	long before = 0, total;
	char c = 'x';
	int p[2];

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	for (int pass = 0; pass < 2; pass++) {
		before = mem_free();
		for (int i = 0; i < 3; i++) {
			total = fill(sizes[i]);
			CHECK(total > 1 << 20);
			CHECK(mem_free() > before / 3);
			/* everything else goes on */
			CHECK_OK(pipe(p));
			CHECK_EQ(write(p[1], &c, 1), 1);
			CHECK_OK(close(p[0]));
			CHECK_OK(close(p[1]));
			empty();
		}
	}
	CHECK(before - mem_free() < 128);
}

/* Others have eaten the memory: sockets say so. */
TEST_WITHIN(no_memory_at_all, 60)
{
	static char block[65536];
	struct rlimit r = { 4096, 4096 };
	int made = 0, p[2], err = 0;
	pid_t eater;
	char c;

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_OK(pipe(p));
	eater = fork();
	CHECK_OK(eater);
	if (eater == 0) {
		for (;;) {
			char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (m == MAP_FAILED || mem_free() < 3000)
				break;
			memset(m, 1, 1 << 20);
		}
		CHECK_EQ(write(p[1], "x", 1), 1);
		pause();
	}
	CHECK_EQ(read(p[0], &c, 1), 1);
	for (; made < PAIRS && !err; made++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			       s[made]) < 0) {
			err = errno;
			break;
		}
		while (write(s[made][0], block, sizeof(block)) > 0)
			;
		if (errno != EAGAIN)
			err = errno;
	}
	kill(eater, SIGKILL);
	ktap_wait(eater);
	CHECK(err == ENOBUFS || err == ENOMEM);
	empty();
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	CHECK_EQ(write(p[0], block, sizeof(block)), sizeof(block));
}

static void come_and_go(void)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_la", 20), c[10];

	for (int i = 0; i < 10; i++) {
		c[i] = unix_client(SOCK_STREAM, "/tmp/unix_la");
		CHECK_EQ(write(c[i], "abc", 3), 3);
	}
	for (int i = 0; i < 5; i++)
		CHECK_OK(close(accept(l, NULL, NULL)));
	for (int i = 0; i < 10; i += 2)
		CHECK_OK(close(c[i]));
	CHECK_OK(close(l));
	for (int i = 1; i < 10; i += 2)
		CHECK_OK(close(c[i]));
	CHECK_OK(unlink("/tmp/unix_la"));
}

TEST_WITHIN(connections_leave_nothing, 60)
{
	long gone = 0;

	for (int pass = 0; pass < 4; pass++) {
		long before = mem_free();

		for (int i = 0; i < 200; i++)
			come_and_go();
		gone = before - mem_free();
		if (pass > 0 && gone <= 64)
			return;
	}
	FAIL("%ld KB are gone", gone);
}
