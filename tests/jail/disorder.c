/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disorder.c - many processes make, enter, change, freeze, hold and remove the
 * same few jails at once, for some seconds. Whatever each call answers, the
 * kernel stands, and when all is over nothing is left of it.
 * oracle: no
 * seconds: 120
 */
#include <poll.h>
#include <sched.h>

#include "jail_test.h"

enum { WORKERS = 6, NAMES = 5, SECONDS = 4, LOST_KB = 600 };

static char root[PATH_MAX];
static unsigned seed;

static unsigned roll(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* One of the names that all fight for; some lie in others. */
static const char *some_name(void)
{
	static const char *const names[] = { "a", "b", "a.c", "a.d", "b.c" };

	return names[roll(NAMES)];
}

static int some_jail(void)
{
	return j_find("name=%s", some_name());
}

static void make(void)
{
	static const char *const more[] = {
		"persist; children.max=20", "persist; frozen; children.max=9",
		"persist; limit.maxproc=3", "persist; securelevel=1",
		"persist; host.hostname=x; ip4.addr=10.0.0.1",
	};

	j_set(JAIL_CREATE | roll(2) * JAIL_UPDATE, "name=%s; path=%s; %s",
	      some_name(), root, more[roll(5)]);
}

static void change(void)
{
	static const char *const what[] = {
		"nopersist", "persist", "frozen", "nofrozen", "children.max=0",
		"limit.maxproc=1", "allow.mount", "allow.nomount", "name=z",
		"meta=k=v", "securelevel=2", "enforce_statfs=1",
	};
	int jid = some_jail();

	if (jid > 0)
		j_change(jid, what[roll(12)]);
}

/* A child that enters, and perhaps more of its kind; it ends by itself, by
 * the jail's end, or by its alarm. */
static void visit(void)
{
	int jid = some_jail();

	if (fork())
		return;
	alarm(2);
	if (jail_attach(jid) == 0 && roll(2))
		(void)!fork();
	if (roll(3) == 0)
		for (;;)
			sched_yield();
	usleep(roll(20000));
	_exit(0);
}

/* Made by one process, entered by the same call. */
static void make_and_enter(void)
{
	if (fork())
		return;
	alarm(2);
	j_set(JAIL_CREATE | JAIL_ATTACH, "name=%s; path=%s", some_name(), root);
	usleep(roll(10000));
	_exit(0);
}

static void hold(void)
{
	int flags = roll(2) ? JAIL_GET_DESC : JAIL_OWN_DESC, fd = -1;
	char name[256];
	struct iovec v[4] = {
		{ "name", 5 }, { name, sizeof(name) },
		{ "desc", 5 }, { &fd, sizeof(fd) },
	};
	struct pollfd p;

	snprintf(name, sizeof(name), "%s", some_name());
	if (jail_get(v, 4, flags) < 0)
		return;
	p = (struct pollfd){ fd, POLLIN, 0 };
	poll(&p, 1, roll(3));
	if (roll(4) == 0)
		jail_remove_jd(fd);
	close(fd);
}

static void look(void)
{
	char text[4096];
	int fd = open("/proc/jail/usage", O_RDONLY), jid = 0;

	(void)!read(fd, text, sizeof(text));
	close(fd);
	while ((jid = j_find("lastjid=%d", jid)) > 0)
		;
}

static void work(unsigned number)
{
	long long end = ktap_ms() + SECONDS * 1000;

	seed = 7 * number + 1;
	while (ktap_ms() < end) {
		switch (roll(8)) {
		case 0: case 1: make(); break;
		case 2: case 3: visit(); break;
		case 4: change(); break;
		case 5: make_and_enter(); break;
		case 6: hold(); break;
		default: look(); break;
		}
		if (roll(4) == 0)
			jail_remove(some_jail());
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	_exit(0);
}

/* By the host's line in /proc/jail/usage. */
static int processes(void)
{
	char text[512] = "", *at;
	int fd = open("/proc/jail/usage", O_RDONLY);

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strstr(text, "maxproc=");
	CHECK(at != NULL);
	return atoi(at + 8);
}

static long long free_kb(void)
{
	char text[256] = "", *at;
	int fd = open("/proc/meminfo", O_RDONLY);

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strstr(text, "MemFree:");
	CHECK(at != NULL);
	return atoll(at + 8);
}

static void one_round(void)
{
	pid_t worker[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		worker[i] = fork();
		CHECK_OK(worker[i]);
		if (worker[i] == 0)
			work(i);
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK_CHILD(worker[i]);
	j_remove_all();
}

TEST_WITHIN(nothing_is_left, 100)
{
	int before, left;
	long long kb;

	j_begin();
	snprintf(root, sizeof(root), "%s", j_tree("r"));
	before = processes();
	one_round();
	kb = free_kb();
	one_round();
	CHECK_EQ(j_count(), 0);
	/* Visitors that never got in end by their alarms. */
	for (int i = 0; i < 500 && processes() > before; i++)
		ktap_sleep_ms(10);
	left = processes();
	CHECK_EQ(left, before);
	if (free_kb() < kb - LOST_KB)
		FAIL("%lld KB are lost", kb - free_kb());
}
