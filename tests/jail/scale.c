/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scale.c - 1000 jails with a process each, in a machine of 128 MB: what one
 * costs, and that common calls do not become dearer by them.
 *
 * The suite runs it with a loose limit on times; exact counts of instructions
 * come from QEMU's -icount, by the command in tests/README.md.
 * oracle: no
 * seconds: 300
 */
#include "jail_test.h"

enum { JAILS = 1000, BATCHES = 15, CALLS = 400, DEEDS = 6, BYTES_WANTED = 4096 };

static char top[PATH_MAX]; /* the root of them all */
static int jids[JAILS];
static pid_t pids[JAILS];
static volatile long long *inside; /* costs that an inmate measured */

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void do_getpid(void)
{
	syscall(SYS_getpid);
}

static void do_kill(void)
{
	CHECK_OK(kill(pids[0], 0));
}

static void do_lookup(void)
{
	CHECK_OK(getpgid(pids[0]));
}

static void do_walk(void)
{
	CHECK_OK(access("/tmp/../etc/../tmp/../etc/passwd", F_OK));
}

static void do_walk_inside(void)
{
	CHECK_OK(access("/tmp/../etc/../tmp/../etc/passwd", F_OK));
}

static void do_lookup_inside(void)
{
	CHECK_OK(getpgid(getpid()));
}

/* The median of some batches, in ns (with -icount: instructions) a call. */
static long long cost(void (*deed)(void))
{
	long long t[BATCHES];

	for (int i = 0; i < BATCHES; i++) {
		long long from = now_ns(), spent;
		int at = i;

		for (int n = 0; n < CALLS; n++)
			deed();
		spent = (now_ns() - from) / CALLS;
		for (; at > 0 && t[at - 1] > spent; at--)
			t[at] = t[at - 1];
		t[at] = spent;
	}
	return t[BATCHES / 2];
}

static const char *const deeds[DEEDS] = {
	"getpid", "kill", "process lookup", "path walk",
	"path walk in a jail", "process lookup in a jail",
};

static void measure(long long *costs)
{
	costs[0] = cost(do_getpid);
	costs[1] = cost(do_kill);
	costs[2] = cost(do_lookup);
	costs[3] = cost(do_walk);
	IN_JAIL(jids[0], 0) {
		inside[0] = cost(do_walk_inside);
		inside[1] = cost(do_lookup_inside);
	}
	costs[4] = inside[0];
	costs[5] = inside[1];
}

static long long free_bytes(void)
{
	char text[256], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n > 0);
	close(fd);
	text[n] = '\0';
	at = strstr(text, "MemFree:");
	CHECK(at != NULL);
	return atoll(at + 8) * 1024;
}

static void make(int from, int to)
{
	for (int i = from; i < to; i++)
		jids[i] = j_make("path=%s; host.hostname=j%d.example; "
				 "ip4.addr=10.1.%d.%d; persist", top, i,
				 i / 250, i % 250 + 1);
}

static void people(int from, int to)
{
	for (int i = from; i < to; i++)
		pids[i] = j_sitter(jids[i], 0);
}

TEST_WITHIN(a_thousand_jails, 280)
{
	long long one[DEEDS], many[DEEDS], before, each;
	int slow = 0, limit = getenv("SCALE_PERCENT") ?
				      atoi(getenv("SCALE_PERCENT")) :
				      200;

	j_begin();
	snprintf(top, sizeof(top), "%s", j_tree("a"));
	inside = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make(0, 1);
	people(0, 1);
	measure(one);
	before = free_bytes();
	make(1, JAILS);
	each = (before - free_bytes()) / (JAILS - 1);
	RESULT("scale|memory of an idle jail|at %d|%lld bytes", JAILS, each);
	people(1, JAILS);
	CHECK_EQ(j_count(), JAILS);
	RESULT("scale|memory of a jail and its process|at %d|%lld bytes", JAILS,
	       (before - free_bytes()) / (JAILS - 1));
	for (int i = 0; i < JAILS; i++)
		CHECK_OK(kill(pids[i], 0));
	measure(many);
	for (int i = 0; i < DEEDS; i++) {
		RESULT("scale|%s|at 1|%lld", deeds[i], one[i]);
		RESULT("scale|%s|at %d|%lld", deeds[i], JAILS, many[i]);
		slow |= many[i] * 100 > one[i] * limit;
	}
	CHECK(each <= BYTES_WANTED);
	CHECK(!slow);
}

/* A life: made, entered, a program run in it, gone. */
static void one_life(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(j_set(JAIL_CREATE | JAIL_ATTACH, "path=%s", top) > 0);
		execl("/bin/busybox", "true", (char *)NULL);
		_exit(127);
	}
	CHECK_CHILD(pid);
}

TEST_WITHIN(a_life, 60)
{
	long long t[21];

	j_begin();
	snprintf(top, sizeof(top), "%s", j_tree("a"));
	for (int i = 0; i < 21; i++) {
		long long from = now_ns(), spent;
		int at = i;

		one_life();
		spent = now_ns() - from;
		for (; at > 0 && t[at - 1] > spent; at--)
			t[at] = t[at - 1];
		t[at] = spent;
	}
	RESULT("scale|create, enter, exec, exit, remove|at 1|%lld us",
	       t[10] / 1000);
	CHECK_EQ(j_count(), 0);
}
