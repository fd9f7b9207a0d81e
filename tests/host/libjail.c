/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libjail.c - user/libjail against a jail_set and jail_get made here, which
 * keep one jail, number 7, and write down how they were called.
 *
 * sources: user/libjail/param.c user/libjail/transfer.c user/libjail/names.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"

static FILE *open_params(const char *path, const char *mode);
#define fopen open_params
#include "user/libjail/known.c"
#undef fopen

static const char params[] = "jid\tint\t4\tcreate\n"
			     "name\tstring\t256\trw\n"
			     "path\tstring\t1024\tcreate\n"
			     "persist\tbool\t4\trw\n"
			     "host\tjailsys\t4\trw\n"
			     "host.hostid\tuint\t4\trw\n"
			     "ip4.addr\tin_addr\t4\trw\n"
			     "allow.mount\tbool\t4\trw\n"
			     "allow.mount.tmpfs\tbool\t4\trw\n"
			     "later\tkind-of-tomorrow\t4\trw\textra\n"
			     "broken line\n"
			     "\n"
			     "node\tint\t4\tro\n"
			     "meta\tstring\t0\trw\n";

static FILE *open_params(const char *path, const char *mode)
{
	CHECK(!strcmp(path, "/proc/jail/params"));
	CHECK(mode[0] == 'r');
	return fmemopen((void *)params, sizeof(params) - 1, "r");
}

static char calls[1000]; /* "name=value;" of each pair that was set */
static int set_fails;
static const char *path_now = "/jail/a";
static int grows; /* path grows between two calls, this often */

int jail_set(struct iovec *iov, unsigned n, int flags)
{
	char *at = calls;
	unsigned i;

	at += sprintf(at, "%d:", flags);
	for (i = 0; i + 1 < n; i += 2) {
		const char *name = iov[i].iov_base;

		if (strlen(name) + 1 != iov[i].iov_len)
			return errno = EFAULT, -1;
		if (!strcmp(name, "errmsg")) {
			if (set_fails == 2)
				strcpy(iov[i + 1].iov_base, "so it is");
			continue;
		}
		at += sprintf(at, "%s/%zu;", name, iov[i + 1].iov_len);
	}
	if (set_fails)
		return errno = EPERM, -1;
	return 7;
}

/* As the kernel: a NULL value asks for the length, one too short fails. */
static int give(struct iovec *value, const void *data, size_t len)
{
	if (value->iov_base && value->iov_len < len)
		return errno = EINVAL, -1;
	if (value->iov_base)
		memcpy(value->iov_base, data, len);
	value->iov_len = len;
	return 0;
}

int jail_get(struct iovec *iov, unsigned n, int flags)
{
	static const unsigned addresses[] = { 0x0100000a, 0x0200000a };
	unsigned i, hostid = 4000000000u;
	int one = 1, two = 2, found = 0, bad = 0;

	CHECK_EQ(flags, 0);
	for (i = 0; i + 1 < n; i += 2) {
		const char *name = iov[i].iov_base;
		struct iovec *value = &iov[i + 1];

		if (!strcmp(name, "jid") && value->iov_base && !found)
			found = *(int *)value->iov_base == 7 ? 7 : -1;
		else if (!strcmp(name, "name") && value->iov_base && !found)
			found = strcmp(value->iov_base, "web") ? -1 : 7;
		else if (!strcmp(name, "name"))
			bad |= give(value, "web", 4);
		else if (!strcmp(name, "path"))
			bad |= give(value, path_now, strlen(path_now) + 1);
		else if (!strcmp(name, "persist"))
			bad |= give(value, &one, 4);
		else if (!strcmp(name, "host"))
			bad |= give(value, &two, 4);
		else if (!strcmp(name, "host.hostid"))
			bad |= give(value, &hostid, 4);
		else if (!strcmp(name, "ip4.addr"))
			bad |= give(value, addresses, 8);
		else if (!strcmp(name, "meta.none"))
			value->iov_base = NULL, value->iov_len = 0;
		else if (strcmp(name, "errmsg"))
			return errno = EINVAL, -1;
	}
	if (grows && grows--)
		path_now = path_now[1] == 'j' ? "/much/longer" : "/jail/a/longer/yet";
	if (found < 0)
		return errno = ENOENT, -1;
	return bad ? -1 : found;
}

int jail_attach(int jid)
{
	return jid;
}

TEST(types_by_name)
{
	struct jailparam jp;

	CHECK_EQ(jailparam_init(&jp, "allow.nomount"), 0);
	CHECK_EQ(jp.jp_flags, JP_BOOL | JP_NOBOOL);
	jailparam_free(&jp, 1);
	CHECK_EQ(jailparam_init(&jp, "allow.mount.notmpfs"), 0);
	CHECK_EQ(jp.jp_flags, JP_BOOL | JP_NOBOOL);
	jailparam_free(&jp, 1);
	CHECK_EQ(jailparam_init(&jp, "node"), 0);
	CHECK_EQ(jp.jp_structtype, JP_READ_ONLY);
	jailparam_free(&jp, 1);
	CHECK_EQ(jailparam_init(&jp, "meta.colour"), 0);
	CHECK_EQ(jp.jp_flags, JP_KEYVALUE);
	jailparam_free(&jp, 1);
	CHECK_EQ(jailparam_init(&jp, "nopath"), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK(!strcmp(jail_errmsg, "unknown parameter: nopath"));
	CHECK_EQ(jailparam_init(&jp, "later"), -1);
	CHECK_EQ(jailparam_init(&jp, "no"), -1);
	CHECK_EQ(jailparam_init(&jp, ""), -1);
	CHECK_EQ(jailparam_init(&jp, "meta."), -1);
}

static int refuses(const char *name, const char *value)
{
	struct jailparam jp;
	int bad;

	CHECK_EQ(jailparam_init(&jp, name), 0);
	bad = jailparam_import(&jp, value) < 0 && errno == EINVAL;
	jailparam_free(&jp, 1);
	return bad;
}

TEST(values_that_do_not_fit)
{
	CHECK(refuses("jid", "seven"));
	CHECK(refuses("jid", ""));
	CHECK(refuses("jid", "7 "));
	CHECK(refuses("jid", "99999999999"));
	CHECK(refuses("host.hostid", "-1"));
	CHECK(refuses("host", "some"));
	CHECK(refuses("persist", "maybe"));
	CHECK(refuses("ip4.addr", "10.0.0"));
	CHECK(refuses("ip4.addr", "10.0.0.1,"));
	CHECK(refuses("ip4.addr", "10.0.0.1,,10.0.0.2"));
	CHECK(refuses("ip4.addr", "2001::1"));
}

/* import, then export. */
static int is_kept(const char *name, const char *value, const char *expected)
{
	struct jailparam jp;
	char *text;
	int same;

	CHECK_EQ(jailparam_init(&jp, name), 0);
	CHECK_EQ(jailparam_import(&jp, value), 0);
	text = jailparam_export(&jp);
	same = !strcmp(text, expected);
	if (!same)
		printf("# %s: %s, not %s\n", name, text, expected);
	free(text);
	jailparam_free(&jp, 1);
	return same;
}

TEST(values_there_and_back)
{
	CHECK(is_kept("jid", "-3", "-3"));
	CHECK(is_kept("host.hostid", "4000000000", "4000000000"));
	CHECK(is_kept("path", "/a b", "/a b"));
	CHECK(is_kept("path", "", ""));
	CHECK(is_kept("host", "inherit", "inherit"));
	CHECK(is_kept("host", NULL, "new"));
	CHECK(is_kept("persist", NULL, "true"));
	CHECK(is_kept("persist", "0", "false"));
	CHECK(is_kept("nopersist", NULL, "true"));
	CHECK(is_kept("ip4.addr", "", ""));
	CHECK(is_kept("ip4.addr", "10.0.0.1", "10.0.0.1"));
	CHECK(is_kept("ip4.addr", "10.0.0.1, 255.255.255.255",
		      "10.0.0.1,255.255.255.255"));
	CHECK(is_kept("meta.k", NULL, ""));
}

TEST(set_makes_pairs)
{
	CHECK_EQ(jail_setv(JAIL_CREATE, "name", "web", "persist", NULL,
			   "allow.nomount", NULL, "allow.mount.tmpfs", "false",
			   "ip4.addr", "10.0.0.1,10.0.0.2", NULL), 7);
	CHECK(!strcmp(calls, "1:name/4;persist/0;allow.nomount/0;"
			     "allow.mount.notmpfs/0;ip4.addr/8;"));
	CHECK_EQ(jail_setv(2, "nopersist", "false", "meta.k", NULL, NULL), 7);
	CHECK(!strcmp(calls, "2:persist/0;meta.k/0;"));
	CHECK_EQ(jail_setv(2, "colour", "blue", NULL), -1);
	CHECK_EQ(jail_setv(2, "name", "a", "jid", "blue", NULL), -1);
}

TEST(errors_have_words)
{
	set_fails = 1;
	CHECK_EQ(jail_setv(JAIL_CREATE, "name", "web", NULL), -1);
	CHECK_EQ(errno, EPERM);
	CHECK(!strcmp(jail_errmsg, "jail_set: Operation not permitted"));
	set_fails = 2;
	CHECK_EQ(jail_setv(JAIL_CREATE, "name", "web", NULL), -1);
	CHECK(!strcmp(jail_errmsg, "so it is"));
	set_fails = 0;
}

TEST(get_into_strings)
{
	char path[100], persist[10], no[10], host[10], ip[50], id[20], name[20];

	CHECK_EQ(jail_getv(0, "jid", "7", "path", path, "persist", persist,
			   "nopersist", no, "host", host, "ip4.addr", ip,
			   "host.hostid", id, "name", name, NULL), 7);
	CHECK(!strcmp(path, "/jail/a"));
	CHECK(!strcmp(persist, "true") && !strcmp(no, "false"));
	CHECK(!strcmp(host, "inherit") && !strcmp(id, "4000000000"));
	CHECK(!strcmp(ip, "10.0.0.1,10.0.0.2"));
	CHECK(!strcmp(name, "web"));
	CHECK_EQ(jail_getv(0, "jid", "8", "path", path, NULL), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(jail_getv(0, "path", path, NULL), -1);
}

TEST(a_value_grows_meanwhile)
{
	char path[100];

	grows = 3;
	CHECK_EQ(jail_getv(0, "name", "web", "path", path, NULL), 7);
	CHECK(!strcmp(path, "/much/longer") || !strcmp(path, "/jail/a/longer/yet"));
	grows = 0;
	path_now = "/jail/a";
}

TEST(a_key_that_is_not_there)
{
	char value[10] = "x";

	CHECK_EQ(jail_getv(0, "name", "web", "meta.none", value, NULL), 7);
	CHECK(!strcmp(value, ""));
}

TEST(names_and_numbers)
{
	char *name;

	CHECK_EQ(jail_getid("web"), 7);
	CHECK_EQ(jail_getid("7"), 7);
	CHECK_EQ(jail_getid("0"), 0);
	CHECK_EQ(jail_getid("8"), -1);
	CHECK_EQ(jail_getid("99999999999999999999"), -1);
	CHECK_EQ(jail_getid(""), -1);
	CHECK_EQ(jail_getid("no"), -1);
	CHECK_EQ(errno, ENOENT);
	name = jail_getname(7);
	CHECK(name && !strcmp(name, "web"));
	free(name);
	CHECK(!jail_getname(8));
}

TEST(all_parameters)
{
	struct jailparam *jp;
	int n = jailparam_all(&jp);

	CHECK_EQ(n, 11);
	CHECK(!strcmp(jp[0].jp_name, "jid"));
	jailparam_free(jp, (unsigned)n);
	free(jp);
}
