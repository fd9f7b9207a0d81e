/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_collect.c - descriptors in flight that nobody can land. seconds: 90
 *
 * Each test puts the writing end of a pipe into what must be collected: when
 * that is done the reader sees the end.
 */
#include <sys/resource.h>

#include "unix.h"

static int reader, writer;

static void mark(void)
{
	int p[2];

	CHECK_OK(pipe(p));
	reader = p[0];
	writer = p[1];
}

/* Nothing keeps the mark any more. */
static void check_gone(void)
{
	struct pollfd p = { reader, POLLIN, 0 };

	CHECK_OK(close(writer));
	/* Linux looks when some socket is closed, and not at once. */
	for (int i = 0; i < 100 && !p.revents; i++) {
		close(socket(AF_UNIX, SOCK_DGRAM, 0));
		CHECK_OK(poll(&p, 1, 50));
	}
	CHECK_EQ(p.revents, POLLHUP);
	close(reader);
}

static void pair(int *s, int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

static void send_fd(int to, int fd)
{
	CHECK_EQ(unix_send_fds(to, "x", &fd, 1), 1);
}

/* The ends of a pair, each in the other's queue or its own. */
static void self_cycle(int type)
{
	for (int how = 0; how < 4; how++) {
		int s[2];

		mark();
		pair(s, type);
		send_fd(s[0], writer);
		send_fd(s[1], writer);
		send_fd(s[0], s[how & 1]);
		send_fd(s[1], s[how >> 1]);
		CHECK_OK(close(s[how & 1]));
		CHECK_OK(close(s[!(how & 1)]));
		check_gone();
	}
}

TEST(a_socket_over_itself)
{
	self_cycle(SOCK_STREAM);
	self_cycle(SOCK_DGRAM);
	self_cycle(SOCK_SEQPACKET);
}

TEST(a_ring_of_pairs)
{
	enum { PAIRS = 50 };
	static int s[PAIRS][2];

	mark();
	for (int i = 0; i < PAIRS; i++)
		pair(s[i], SOCK_STREAM);
	for (int i = 0; i < PAIRS; i++)
		send_fd(s[i][0], s[(i + 1) % PAIRS][1]);
	send_fd(s[7][0], writer);
	for (int i = 0; i < PAIRS; i++)
		for (int k = 0; k < 2; k++)
			CHECK_OK(close(s[i][k]));
	check_gone();
}

/* One end is still held: what can be reached from it stays whole. */
TEST(a_held_end_keeps_all)
{
	int a[2], b[2], got, n;
	struct pollfd p;
	char c;

	mark();
	pair(a, SOCK_STREAM);
	pair(b, SOCK_STREAM);
	send_fd(b[0], writer);
	send_fd(b[0], b[1]);		/* b[1] lies in its own queue */
	send_fd(a[0], b[1]);
	CHECK_OK(close(b[0]));
	CHECK_OK(close(b[1]));
	CHECK_OK(close(a[0]));
	close(socket(AF_UNIX, SOCK_DGRAM, 0));
	p = (struct pollfd){ reader, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 100), 0);
	CHECK_EQ(unix_receive_fds(a[1], &c, 1, &got, 1, &n, 0, NULL), 1);
	CHECK_EQ(n, 1);
	CHECK_OK(close(writer));
	CHECK_EQ(unix_receive_fds(got, &c, 1, &writer, 1, &n, 0, NULL), 1);
	CHECK_EQ(n, 1);
	CHECK_EQ(write(writer, "x", 1), 1);
	CHECK_EQ(read(reader, &c, 1), 1);
	CHECK_OK(close(got));
	CHECK_OK(close(a[1]));
	check_gone();
}

/* In the queue of a connection that nobody accepted. */
TEST(a_listener_over_its_own_line)
{
	int l = unix_server(SOCK_STREAM, "@brig-collect", 5);
	int c = unix_client(SOCK_STREAM, "@brig-collect");

	mark();
	send_fd(c, writer);
	send_fd(c, l);
	CHECK_OK(close(c));
	CHECK_OK(close(l));
	check_gone();
}

TEST(a_connection_that_is_never_accepted)
{
	int l = unix_server(SOCK_STREAM, "@brig-line", 5), c;

	mark();
	c = unix_client(SOCK_STREAM, "@brig-line");
	send_fd(c, writer);
	CHECK_OK(close(c));
	CHECK_OK(close(l));
	check_gone();
}

/* Each socket's queue holds the next: no stack is deep enough to follow it. */
TEST_WITHIN(a_long_chain, 60)
{
	enum { LENGTH = 3000 };
	struct rlimit r = { 8192, 8192 };
	int held = -1, s[2];

	mark();
	setrlimit(RLIMIT_NOFILE, &r);
	for (int i = 0; i < LENGTH; i++) {
		pair(s, SOCK_STREAM);
		send_fd(s[0], held < 0 ? writer : held);
		if (held >= 0)
			CHECK_OK(close(held));
		CHECK_OK(close(s[0]));
		held = s[1];
	}
	CHECK_OK(close(held));
	check_gone();
}

TEST_WITHIN(a_long_ring, 60)
{
	enum { LENGTH = 1000 };
	struct rlimit r = { 8192, 8192 };
	static int s[LENGTH][2];

	mark();
	setrlimit(RLIMIT_NOFILE, &r);
	for (int i = 0; i < LENGTH; i++)
		pair(s[i], SOCK_DGRAM);
	for (int i = 0; i < LENGTH; i++)
		send_fd(s[i][0], s[(i + 1) % LENGTH][1]);
	send_fd(s[LENGTH / 2][0], writer);
	for (int i = 0; i < LENGTH; i++) {
		CHECK_OK(close(s[i][0]));
		CHECK_OK(close(s[i][1]));
	}
	check_gone();
}

/* A process that is killed closes all at once. */
TEST(a_killed_process)
{
	pid_t pid;

	mark();
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		int s[2];

		pair(s, SOCK_STREAM);
		send_fd(s[0], s[1]);
		send_fd(s[0], s[0]);
		send_fd(s[1], s[0]);
		send_fd(s[1], writer);
		kill(getpid(), SIGKILL);
	}
	CHECK_EQ(ktap_wait(pid), SIGKILL);
	check_gone();
}

/* Without any other socket being closed, on Brig. */
TEST(at_once)
{
	struct pollfd p;
	int s[2];

	if (!on_brig())
		SKIP("Linux looks later");
	mark();
	pair(s, SOCK_STREAM);
	send_fd(s[0], writer);
	send_fd(s[0], s[1]);
	send_fd(s[1], s[0]);
	CHECK_OK(close(writer));
	CHECK_OK(close(s[0]));
	p = (struct pollfd){ reader, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_OK(close(s[1]));
	CHECK_EQ(poll(&p, 1, 0), 1);
}

static long number_in(const char *file, const char *format)
{
	char line[128];
	long v = -1;
	FILE *f = fopen(file, "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, format, &v) != 1)
		;
	fclose(f);
	return v;
}

static void everything_once(void)
{
	int s[2], t[2], l = unix_server(SOCK_STREAM, "@brig-once", 5), c;

	pair(s, SOCK_STREAM);
	pair(t, SOCK_DGRAM);
	send_fd(s[0], t[1]);
	send_fd(t[0], s[1]);
	send_fd(t[0], l);
	c = unix_client(SOCK_STREAM, "@brig-once");
	send_fd(c, t[0]);
	send_fd(c, c);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(write(s[1], "some bytes that nobody reads", 28), 28);
	close(c), close(l), close(s[0]), close(s[1]), close(t[0]), close(t[1]);
}

/* Files and memory are as before. */
TEST_WITHIN(nothing_is_lost, 60)
{
	long files, gone = 0;

	if (!on_brig())
		SKIP("others open files too");
	everything_once();
	files = number_in("/proc/sys/fs/file-nr", "%ld");
	for (int pass = 0; pass < 4; pass++) {
		long before = number_in("/proc/meminfo", "MemFree: %ld");

		for (int i = 0; i < 200; i++)
			everything_once();
		CHECK_EQ(number_in("/proc/sys/fs/file-nr", "%ld"), files);
		gone = before - number_in("/proc/meminfo", "MemFree: %ld");
		if (pass > 0 && gone <= 64)
			return;
	}
	FAIL("%ld KB are gone", gone);
}
