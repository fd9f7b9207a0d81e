/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_jail.c - deeds on jails: made, changed, looked at, entered, frozen and
 * removed, by number and by descriptor, while somebody lives in them. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/jail.h>
#include <unistd.h>

enum { PARAMS = 14 };

/* A request under way: names and values, in pairs. */
static struct iovec request[2 * PARAMS];
static unsigned used;
static int numbers[PARAMS];
static struct in_addr addresses[4];
static char name[32], errmsg[128], text[200];

static const char *const booleans[] = {
	"persist", "nopersist", "frozen", "nofrozen", "allow.chflags",
	"allow.noset_hostname", "allow.raw_sockets", "allow.mount",
	"allow.mount.tmpfs", "allow.mount.procfs", "allow.mount.devfs",
	"allow.mount.nullfs", "allow.sysvipc", "allow.suser", "allow.nosuser",
	"allow.mlock", "allow.reserved_ports", "allow.socket_af",
	"allow.read_msgbuf", "allow.unprivileged_proc_debug", "dying",
	"allow.unprivileged_parent_tampering", "allow.nosuch", "host", "vnet",
	"ip4", "ip4.saddrsel",
};
static const char *const integers[] = {
	"jid", "lastjid", "securelevel", "enforce_statfs", "children.max",
	"children.cur", "devfs_ruleset", "sysvmsg", "sysvsem", "sysvshm", "ip4",
	"host", "vnet", "parent", "cpuset.id", "osreldate", "host.hostid",
	"desc", "dying",
};
static const char *const strings[] = {
	"host.hostname", "host.domainname", "host.hostuuid", "devices", "meta",
	"env", "meta.key", "env.KEY", "osrelease", "ip4.foreign", "path", "name",
};

static const char *any_of(const char *const *list, unsigned n)
{
	return list[below(n)];
}

static void put(const char *what, const void *value, size_t size)
{
	if (used + 2 > 2 * PARAMS)
		return;
	request[used++] = (struct iovec){ (void *)what, strlen(what) + 1 };
	request[used++] = (struct iovec){ (void *)value, size };
}

static void put_text(const char *what, const char *value)
{
	put(what, value, strlen(value) + 1);
}

/* The jails of one worker: a few names, one within the other. */
static const char *any_name(void)
{
	static const char *const last[] = { "", ".in", ".in.deep", "..", ".7" };

	snprintf(name, sizeof(name), "fz%u%s", (unsigned)below(3),
		 one_in(3) ? any_of(last, 5) : "");
	return one_in(20) ? (one_in(2) ? "" : "1") : name;
}

static void put_integer(void)
{
	int *n = &numbers[used / 2 % PARAMS];

	*n = (int)(one_in(4) ? odd_number() : below(8));
	put(any_of(integers, sizeof(integers) / sizeof(*integers)), n,
	    one_in(20) ? below(9) : sizeof(*n));
}

static void put_string(void)
{
	static const char *const values[] = {
		"", "a", "null zero", "pts/* tty", "no-such-device", "refuse",
		"divert", "a=b\nc=d", "=", "dir", "/", "fz0",
	};
	const char *value = any_of(values, 12);

	if (one_in(8)) {
		memset(text, 'x', sizeof(text) - 1);
		value = text;
	}
	put(any_of(strings, sizeof(strings) / sizeof(*strings)), value,
	    one_in(20) ? below(8) : strlen(value) + 1);
}

static void put_addresses(void)
{
	unsigned n = below(5);

	for (unsigned i = 0; i < 4; i++)
		addresses[i].s_addr = one_in(6) ? odd_number()
						: htonl(0x7f000001 + below(4));
	put("ip4.addr", addresses, n * sizeof(*addresses));
}

static void put_any(void)
{
	switch (below(6)) {
	case 0:
	case 1:
		put(any_of(booleans, sizeof(booleans) / sizeof(*booleans)), NULL, 0);
		break;
	case 2:
		put_integer();
		break;
	case 3:
		put_string();
		break;
	case 4:
		put_addresses();
		break;
	default:	/* anything: also a name that does not end */
		request[used++] = (struct iovec){ arena + below(PAGE), below(40) };
		request[used++] = (struct iovec){ (void *)(uintptr_t)odd_number(),
						  odd_number() };
	}
}

/* A request that may be a good one, and some of anything. */
static void request_make(bool make)
{
	used = 0;
	put_text("name", any_name());
	if (make && !one_in(10))
		put_text("path", one_in(3) ? name_in_dir() : "/");
	if (make && !one_in(3))
		put("persist", NULL, 0);
	if (one_in(3))
		put("errmsg", errmsg, sizeof(errmsg));
	if (make && one_in(2)) {
		numbers[0] = (int)below(4);
		put("children.max", &numbers[0], sizeof(int));
	}
	for (unsigned k = one_in(2) ? 0 : below(5); k && used + 2 <= 2 * PARAMS; k--)
		put_any();
}

static int jail_make(int flags)
{
	request_make(true);
	return jail_set(request, used, flags | JAIL_CREATE |
			(one_in(3) ? JAIL_UPDATE : 0));
}

/* The number of one of the jails that can be seen, or none. */
static int any_jail(void)
{
	int jid = 0, chosen = -1;

	for (unsigned n = 1 + below(6); n; n--) {
		used = 0;
		put("lastjid", &jid, sizeof(jid));
		jid = jail_get(request, used, one_in(4) ? JAIL_DYING : 0);
		if (jid < 0)
			break;
		chosen = jid;
	}
	return one_in(10) ? (int)odd_number() : chosen;
}

static void jail_step(void)
{
	switch (below(8)) {
	case 0:
	case 1:
		jail_make(one_in(6) ? (int)rnd() : 0);
		break;
	case 2:
		request_make(false);
		jail_set(request, used, JAIL_UPDATE | (one_in(8) ? (int)rnd() : 0));
		break;
	case 3:
		request_make(false);
		jail_get(request, used, (int)(one_in(2) ? rnd() & 0xff : 0));
		break;
	case 4:
		jail_remove(any_jail());
		break;
	case 5:
		jail_attach_jd((int)descriptor());
		break;
	case 6:
		jail_remove_jd((int)descriptor());
		break;
	default:
		several_calls(4);
	}
}

/* Somebody lives in a jail that others change and end. */
static void deed_inmate(void)
{
	int jid = jail_make(0);
	pid_t p = child_make();

	if (p == 0) {
		if (jail_attach(jid > 0 ? jid : any_jail()) == 0)
			several_calls(20);
		for (int i = 0; i < 6; i++)
			jail_step();
		child_exit();
	}
	for (int i = 0; i < 8; i++)
		jail_step();
	if (!one_in(3))
		jail_remove(jid > 0 ? jid : any_jail());
	child_wait(p);
}

static void deed_descriptor(void)
{
	int fd = -1;
	struct pollfd poll_one;
	pid_t p;

	request_make(true);
	put("desc", &fd, sizeof(fd));
	jail_set(request, used, JAIL_CREATE |
		 (one_in(2) ? JAIL_OWN_DESC : JAIL_GET_DESC));
	p = child_make();
	if (p == 0) {
		if (jail_attach_jd(fd) == 0)
			several_calls(10);
		if (one_in(2))
			jail_remove_jd(fd);
		child_exit();
	}
	poll_one = (struct pollfd){ fd, (short)rnd(), 0 };
	poll(&poll_one, 1, 0);
	used = 0;
	put("desc", &fd, sizeof(fd));
	put_any();
	if (one_in(2))
		jail_set(request, used, JAIL_UPDATE | JAIL_USE_DESC);
	else
		jail_get(request, used, one_in(2) ? JAIL_USE_DESC : JAIL_AT_DESC);
	several_calls(2);
	if (one_in(2))
		jail_remove_jd(fd);
	close(fd);
	child_wait(p);
}

/* Frozen and thawed, or killed meanwhile. */
static void deed_freeze(void)
{
	int jid = jail_make(0);
	pid_t p = child_make();

	if (p == 0) {
		if (jail_attach(jid) == 0)
			several_calls(60);
		child_exit();
	}
	for (int i = 0; i < 3; i++) {
		used = 0;
		put("jid", &jid, sizeof(jid));
		put(one_in(2) ? "frozen" : "nofrozen", NULL, 0);
		jail_set(request, used, JAIL_UPDATE);
		several_calls(3);
	}
	if (one_in(2) && p > 0)
		kill(p, SIGKILL);
	else
		jail_remove(jid);
	child_wait(p);
}

static void deed_crowd(void)
{
	for (int i = 0; i < 12; i++)
		jail_step();
}

const struct deed jail_deeds[] = {
	{ "inmate", deed_inmate }, { "descriptor", deed_descriptor },
	{ "freeze", deed_freeze }, { "crowd", deed_crowd },
};
const unsigned jail_deed_count = sizeof(jail_deeds) / sizeof(*jail_deeds);

/* What workers left. Those inside have been killed. */
void jails_clear(void)
{
	int last, jid;

	for (;;) {
		last = 0;
		used = 0;
		put("lastjid", &last, sizeof(last));
		jid = jail_get(request, used, 0);
		if (jid <= 0 || jail_remove(jid) != 0)
			return;
	}
}
