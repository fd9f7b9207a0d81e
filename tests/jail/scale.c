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
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "jail_test.h"
#include "passing.h"

enum { JAILS = 1000, BATCHES = 15, CALLS = 400, DEEDS = 6, BYTES_WANTED = 4096 };

static char top[PATH_MAX]; /* the root of them all */
static int jids[JAILS];
static pid_t pids[JAILS];
static volatile long long *inside; /* costs that an inmate measured */

static void begin(void)
{
	j_begin();
	snprintf(top, sizeof(top), "%s", j_tree("a"));
	inside = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(inside != MAP_FAILED);
}

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
	/* Time is only told: a loaded host would fail the test. */
	const char *percent = getenv("SCALE_PERCENT");
	int slow = 0, limit = percent ? atoi(percent) : 0;

	begin();
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
		slow |= limit && many[i] * 100 > one[i] * limit;
	}
	CHECK(each <= BYTES_WANTED);
	CHECK(!slow);
}

/* --- a port that each jail has ------------------------------------------- */

enum { PORT = 80 };
static int asker, heard; /* sockets: one that sends; who gets it */
static struct sockaddr_in target;

static struct sockaddr_in of(int group, int i)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(PORT) };

	a.sin_addr.s_addr =
		htonl(0x0a000000 | group << 16 | i / 250 << 8 | (i % 250 + 1));
	return a;
}

static void alias(int group, int i)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "lo:%d.%d", group, i);
	*(struct sockaddr_in *)&r.ifr_addr = of(group, i);
	CHECK_OK(ioctl(asker, SIOCSIFADDR, &r));
	((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr = ~0u;
	CHECK_OK(ioctl(asker, SIOCSIFNETMASK, &r));
}

static void unalias(int group, int i)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "lo:%d.%d", group, i);
	CHECK_OK(ioctl(asker, SIOCSIFFLAGS, &r));
}

/* A socket of a jail's on all its addresses: an inmate makes it and hands it
 * out. */
static int socket_of(int jid)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(PORT) };
	int pair[2], fd;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	IN_JAIL(jid, 0) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		CHECK_OK(fd);
		CHECK_OK(bind(fd, (struct sockaddr *)&any, sizeof(any)));
		CHECK_OK(fd_send(pair[1], fd));
	}
	fd = fd_receive(pair[0]);
	CHECK_OK(fd);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static void do_datagram(void)
{
	char c;

	CHECK_EQ(sendto(asker, "x", 1, 0, (struct sockaddr *)&target,
			sizeof(target)), 1);
	CHECK_EQ(recv(heard, &c, 1, 0), 1);
}

static long long datagram(int to, struct sockaddr_in where)
{
	heard = to;
	target = where;
	return cost(do_datagram);
}

static void bind_once(int port, int want)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	CHECK_EQ(bind(fd, (struct sockaddr *)&any, sizeof(any)), want);
	CHECK_OK(close(fd));
}

static void do_bind_taken(void)
{
	bind_once(PORT, -1);
}

static void do_bind_chosen(void)
{
	bind_once(0, 0);
}

static void do_jail(void)
{
	CHECK_OK(jail_remove(j_make("path=%s; ip4.addr=10.9.0.1; persist",
				    top)));
}

enum { FOR_HOST, FOR_JAIL, FOR_MANY, TAKEN, CHOSEN, MADE, PORT_DEEDS };
static const char *const port_deeds[PORT_DEEDS] = {
	"datagram for the host's socket", "datagram for a jail's socket",
	"datagram for a group that the host has joined",
	"bind to a taken port in a jail", "bind to any port in a jail",
	"create a jail with an address, remove",
};

static void measure_ports(int host, int jail, long long *costs)
{
	struct sockaddr_in loopback = of(0, 0), group = of(0, 0);

	group.sin_addr.s_addr = inet_addr("224.0.0.251");
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	costs[FOR_HOST] = datagram(host, loopback);
	costs[FOR_JAIL] = datagram(jail, of(2, 0));
	costs[FOR_MANY] = datagram(host, group);
	IN_JAIL(jids[0], 0) {
		inside[0] = cost(do_bind_taken);
		inside[1] = cost(do_bind_chosen);
	}
	costs[TAKEN] = inside[0];
	costs[CHOSEN] = inside[1];
	costs[MADE] = cost(do_jail);
}

/* Jails of one address claim it; those of more claim all that they have. */
static int sockets(int each, int limit)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(PORT) };
	long long one[PORT_DEEDS] = { 0 }, many[PORT_DEEDS] = { 0 };
	int host = socket(AF_INET, SOCK_DGRAM, 0), slow = 0;
	static int fd[JAILS];
	struct ip_mreqn r = { .imr_ifindex = 1 };

	r.imr_multiaddr.s_addr = inet_addr("224.0.0.251");
	CHECK_OK(bind(host, (struct sockaddr *)&any, sizeof(any)));
	CHECK_OK(setsockopt(host, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)));
	CHECK_OK(setsockopt(asker, IPPROTO_IP, IP_MULTICAST_IF, &r, sizeof(r)));
	for (int i = 0; i < JAILS; i++) {
		char second[64] = "";

		if (each > 1)
			snprintf(second, sizeof(second), ",10.3.%d.%d", i / 250,
				 i % 250 + 1);
		for (int n = 0; n < each; n++)
			alias(2 + n, i);
		jids[i] = j_make("path=%s; ip4.addr=10.2.%d.%d%s; persist", top,
				 i / 250, i % 250 + 1, second);
		fd[i] = socket_of(jids[i]);
		if (!i)
			measure_ports(host, fd[0], one);
	}
	measure_ports(host, fd[0], many);
	for (int i = 0; i < PORT_DEEDS; i++) {
		RESULT("scale|%s, %d address%s each|at 1|%lld", port_deeds[i],
		       each, each > 1 ? "es" : "", one[i]);
		RESULT("scale|%s, %d address%s each|at %d|%lld", port_deeds[i],
		       each, each > 1 ? "es" : "", JAILS, many[i]);
		slow |= many[i] * 100 > one[i] * limit;
	}
	close(host);
	for (int i = 0; i < JAILS; i++) {
		close(fd[i]);
		CHECK_OK(jail_remove(jids[i]));
		for (int n = 0; n < each; n++)
			unalias(2 + n, i);
	}
	return slow;
}

TEST_WITHIN(a_port_that_a_thousand_jails_have, 280)
{
	struct rlimit files = { JAILS + 64, JAILS + 64 };
	const char *limit = getenv("SCALE_PERCENT");
	int slow;

	if (!limit)
		SKIP("a measurement: tests/README.md");
	begin();
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &files));
	asker = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_OK(asker);
	slow = sockets(1, atoi(limit));
	slow |= sockets(2, atoi(limit));
	CHECK(!slow);
}

/* --- a connection among many -------------------------------------------------- */

enum { CONNECTIONS = 10000 };

/* A socket that has both ends: the asker's and a port of its own. */
static int connected(struct sockaddr_in *own)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	CHECK_OK(getsockname(asker, (struct sockaddr *)&to, &len));
	CHECK_OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)own, &len));
	return fd;
}

TEST_WITHIN(a_connection_among_ten_thousand, 280)
{
	struct rlimit files = { CONNECTIONS + 64, CONNECTIONS + 64 };
	struct sockaddr_in at = of(0, 0), other;
	const char *limit = getenv("SCALE_PERCENT");
	long long one, many;
	int fd;

	if (!limit)
		SKIP("a measurement: tests/README.md");
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &files));
	asker = socket(AF_INET, SOCK_DGRAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_OK(bind(asker, (struct sockaddr *)&at, sizeof(at)));
	fd = connected(&at);
	one = datagram(fd, at);
	for (int n = 1; n < CONNECTIONS; n++)
		connected(&other);
	many = datagram(fd, at);
	RESULT("scale|datagram of a connection|at 1|%lld", one);
	RESULT("scale|datagram of a connection|at %d|%lld", CONNECTIONS, many);
	CHECK(many * 100 <= one * atoi(limit));
}

/* --- all the ports that there are to choose from ---------------------------- */

enum { EPHEMERAL = 60999 - 32768 + 1, STEP = 64 };

/* Instructions for a bind of each of n new sockets to any port. */
static long long bind_all(int n, int want)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	long long spent = 0;

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		long long from = now_ns();
		int err = bind(fd, (struct sockaddr *)&any, sizeof(any));

		spent += now_ns() - from;
		CHECK_EQ(err, want);
		if (err)
			CHECK_OK(close(fd));
	}
	return spent / n;
}

/* A jail of one address, whose sockets claim it, and one of two, whose sockets
 * claim all. */
static int ports_of(const char *addresses, int limit)
{
	int jid = j_make("path=%s; ip4.addr=%s; persist", top, addresses);

	IN_JAIL(jid, 0) {
		struct rlimit files = { EPHEMERAL + 64, EPHEMERAL + 64 };
		struct timespec from, to;

		CHECK_OK(setrlimit(RLIMIT_NOFILE, &files));
		inside[0] = bind_all(STEP, 0);
		clock_gettime(CLOCK_MONOTONIC, &from);
		bind_all(EPHEMERAL - 2 * STEP, 0);
		clock_gettime(CLOCK_MONOTONIC, &to);
		inside[3] = (to.tv_sec - from.tv_sec) * 1000LL +
			    (to.tv_nsec - from.tv_nsec) / 1000000;
		inside[1] = bind_all(STEP, 0);
		inside[2] = bind_all(STEP, -1);
	}
	RESULT("scale|a bind to any port, of the first|at %d|%lld", STEP,
	       inside[0]);
	RESULT("scale|of the last|at %d|%lld", EPHEMERAL, inside[1]);
	RESULT("scale|when there is none|at %d|%lld", EPHEMERAL, inside[2]);
	RESULT("scale|all of them|at %d|%lld ms", EPHEMERAL, inside[3]);
	CHECK_OK(jail_remove(jid));
	return inside[1] * 100 > inside[0] * limit ||
	       inside[2] * 100 > inside[0] * limit;
}

TEST_WITHIN(all_ports_of_a_jail, 280)
{
	const char *limit = getenv("SCALE_PERCENT");
	int slow;

	if (!limit)
		SKIP("a measurement: tests/README.md");
	begin();
	asker = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_OK(asker);
	alias(2, 0);
	alias(2, 1);
	slow = ports_of("10.2.0.1", atoi(limit));
	slow |= ports_of("10.2.0.1,10.2.0.2", atoi(limit));
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
