/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c - jail_set and jail_get taken at their word: the list of names and
 * values, what is wrong with it, and what the kernel writes back (E16, E24,
 * E50 of the reference).
 * oracle: no
 * seconds: 240
 */
#include "jail_test.h"

static int get_raw(struct iovec *v, unsigned n)
{
	return jail_get(v, n, 0);
}

TEST(odd_lists)
{
	struct iovec v[3] = { { "name", 5 }, { "a", 2 }, { "path", 5 } };

	j_begin();
	CHECK_ERRNO(jail_set(v, 3, JAIL_CREATE), EINVAL);
	CHECK_ERRNO(jail_set(v, 1, JAIL_CREATE), EINVAL);
	CHECK_ERRNO(jail_set(v, 0, JAIL_CREATE), EINVAL);
	CHECK_ERRNO(get_raw(v, 3), EINVAL);
	CHECK_ERRNO(jail_set(v, 2, 0), EINVAL);
	CHECK_ERRNO(jail_set(v, 2, 0x4000), EINVAL);
	CHECK_ERRNO(jail_set((struct iovec *)8, 2, JAIL_CREATE), EFAULT);
	CHECK_ERRNO(jail_set(v, 0x40000000, JAIL_CREATE), EINVAL);
	CHECK_EQ(j_count(), 0);
}

TEST(unknown_names)
{
	j_begin();
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=/; persist; flavour=x"),
		    EINVAL);
	CHECK(strstr(j_why, "unknown parameter"));
	CHECK(strstr(j_why, "flavour"));
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=/; persist; allow.none"),
		    EINVAL);
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=/; persist; nopath=x"),
		    EINVAL);
	CHECK_EQ(j_count(), 0);
}

TEST(booleans)
{
	int jid;

	j_begin();
	jid = j_simple("a", "allow.mount; allow.mount.tmpfs");
	CHECK_EQ(j_int(jid, "allow.mount"), 1);
	CHECK_EQ(j_int(jid, "allow.nomount"), 0);
	CHECK_EQ(j_int(jid, "allow.mount.tmpfs"), 1);
	CHECK_EQ(j_int(jid, "allow.mount.notmpfs"), 0);
	CHECK_OK(j_change(jid, "allow.nomount"));
	CHECK_EQ(j_int(jid, "allow.mount"), 0);
	CHECK_EQ(j_int(jid, "persist"), 1);
	CHECK_OK(j_change(jid, "nopersist"));
	CHECK_EQ(j_count(), 0);
}

/* Of every text that a jail has, one without its NUL is refused; none of the
 * kernel's memory can come back by it [E16]. */
TEST(texts_without_end)
{
	static const char *const names[] = {
		"name", "path", "host.hostname", "host.domainname",
		"host.hostuuid", "osrelease", "devices", "meta", "env",
		"ip4.foreign",
	};
	struct iovec v[6];
	char text[4] = "abc";
	int jid;

	j_begin();
	jid = j_simple("a", "");
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		v[0] = (struct iovec){ "jid", 4 };
		v[1] = (struct iovec){ &jid, sizeof(jid) };
		v[2] = (struct iovec){ (char *)names[i], strlen(names[i]) + 1 };
		v[3] = (struct iovec){ text, 3 };
		if (jail_set(v, 4, JAIL_UPDATE) != -1 || errno != EINVAL)
			FAIL("%s without an end: errno %d", names[i], errno);
		v[0] = (struct iovec){ "path", 5 };
		v[1] = (struct iovec){ "/", 2 };
		v[4] = (struct iovec){ "persist", 8 };
		v[5] = (struct iovec){ NULL, 0 };
		if (jail_set(v, 6, JAIL_CREATE) != -1 || errno != EINVAL)
			FAIL("new, %s without an end: errno %d", names[i],
			     errno);
	}
	/* And a name without one. */
	v[0] = (struct iovec){ "jid", 3 };
	CHECK_ERRNO(jail_set(v, 4, JAIL_UPDATE), EINVAL);
	CHECK_EQ(j_count(), 1);
}

/* What comes back fills no byte more than it was given room for. */
TEST(answers_stay_in_bounds)
{
	char room[64], tail[32];
	int jid, small = 0;
	struct iovec v[4];

	j_begin();
	jid = j_simple("a", "meta=key=value");
	memset(tail, 0x5a, sizeof(tail));
	for (size_t n = 0; n <= 10; n++) {
		memset(room, 0x5a, sizeof(room));
		v[0] = (struct iovec){ "jid", 4 };
		v[1] = (struct iovec){ &jid, sizeof(jid) };
		v[2] = (struct iovec){ "host.hostname", 14 };
		v[3] = (struct iovec){ n ? room : NULL, n };
		if (jail_get(v, 4, 0) < 0)
			CHECK_EQ(errno, EINVAL);
		else
			CHECK(n == 0 || !strcmp(room, "a.example"));
		CHECK(!memcmp(room + n, tail, sizeof(tail)));
		/* The size that is asked for, whatever was there. */
		if (n == 0)
			CHECK_EQ(v[3].iov_len, 10);
	}
	v[2] = (struct iovec){ "securelevel", 12 };
	v[3] = (struct iovec){ &small, 2 };
	CHECK_ERRNO(jail_get(v, 4, 0), EINVAL);
	v[3] = (struct iovec){ (void *)8, 4 };
	CHECK_ERRNO(jail_get(v, 4, 0), EFAULT);
}

TEST(lookup)
{
	int a, b, jid = 0, n = 0;

	j_begin();
	a = j_simple("a", "");
	b = j_simple("b", "");
	CHECK_EQ(j_find("name=a"), a);
	CHECK_EQ(j_find("name=b"), b);
	CHECK_EQ(j_find("jid=%d", b), b);
	CHECK_ERRNO(j_find("name=c"), ENOENT);
	CHECK_ERRNO(j_find("jid=%d", b + 100), ENOENT);
	CHECK_ERRNO(j_find("jid=-1"), EINVAL);
	while ((jid = j_find("lastjid=%d", jid)) > 0)
		n++;
	CHECK_EQ(n, 2);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(j_int(a, "parent"), 0);
	CHECK_EQ(j_int(a, "dying"), 0);
	CHECK_EQ(j_int(a, "children.cur"), 0);
}

TEST(create_and_update)
{
	int a;

	j_begin();
	a = j_simple("a", "");
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=/; persist"), EEXIST);
	CHECK_ERRNO(j_set(JAIL_CREATE, "jid=%d; path=/; persist", a), EEXIST);
	CHECK_EQ(j_set(JAIL_CREATE | JAIL_UPDATE, "name=a; persist"), a);
	CHECK_ERRNO(j_set(JAIL_UPDATE, "name=none; persist"), ENOENT);
	CHECK_ERRNO(j_set(JAIL_UPDATE, "jid=999; persist"), ENOENT);
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=b; path=/"), EINVAL);
	CHECK_ERRNO(j_change(a, "path=/"), EINVAL);
	CHECK_ERRNO(j_change(a, "osreldate=5"), EINVAL);
	CHECK_ERRNO(j_change(a, "children.cur=5"), EINVAL);
	CHECK_ERRNO(j_change(a, "dying"), EINVAL);
	CHECK_EQ(j_count(), 1);
}

/* Names and paths that make no sense [E50]. */
/* A jail that bore its parent's host names gets its own with the first one
 * that it is given; to say that it has none of its own does not go with that. */
TEST(host_names_begin)
{
	char host[64], name[64];
	int jid;

	j_begin();
	CHECK_OK(gethostname(host, sizeof(host)));
	jid = j_make("name=a; path=%s; persist", j_tree("a"));
	CHECK_EQ(j_int(jid, "host"), JAIL_SYS_INHERIT);
	CHECK(!strcmp(j_text(jid, "host.hostname"), host));
	CHECK_ERRNO(j_change(jid, "host=inherit; host.hostname=x"), EINVAL);
	IN_JAIL(jid, 0)
		CHECK_ERRNO(sethostname("x", 1), EPERM);
	CHECK_OK(j_change(jid, "host.hostname=a.example"));
	CHECK_EQ(j_int(jid, "host"), JAIL_SYS_NEW);
	IN_JAIL(jid, 0) {
		CHECK_OK(gethostname(name, sizeof(name)));
		CHECK(!strcmp(name, "a.example"));
		CHECK_OK(sethostname("x", 1));
	}
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(!strcmp(name, host));
}

TEST(names)
{
	char longest[300];
	int a, jid;

	j_begin();
	a = j_make("name=a; path=/; persist");
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=0; path=/; persist"), EINVAL);
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=7; path=/; persist"), EINVAL);
	CHECK_ERRNO(j_set(JAIL_CREATE, "jid=9; name=8; path=/; persist"),
		    EINVAL);
	jid = j_make("jid=9; name=9; path=/; persist");
	CHECK_EQ(jid, 9);
	CHECK_OK(jail_remove(9));
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=none.x; path=/; persist"), ENOENT);
	CHECK(j_set(JAIL_CREATE, "name=a.; path=/; persist") < 0);
	CHECK(j_set(JAIL_CREATE, "name=.a; path=/; persist") < 0);
	CHECK(j_set(JAIL_CREATE, "name=a*; path=/; persist") < 0);
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=%s; path=/; persist", longest),
		    ENAMETOOLONG);
	CHECK_ERRNO(j_change(a, "name=0"), EINVAL);
	jid = j_make("name=; path=/; persist"); /* as if none were given */
	CHECK_EQ(atoi(j_text(jid, "name")), jid);
	CHECK_ERRNO(j_set(JAIL_UPDATE, "jid=%d; name=a", jid), EEXIST);
	CHECK_EQ(j_count(), 2);
}

TEST(numbers)
{
	j_begin();
	CHECK_EQ(j_make("jid=999999; path=/; persist"), 999999);
	CHECK_ERRNO(j_set(JAIL_CREATE, "jid=1000000; path=/; persist"), EINVAL);
	CHECK_ERRNO(j_set(JAIL_CREATE, "jid=-5; path=/; persist"), EINVAL);
	CHECK(j_make("jid=0; path=/; persist") > 0);
	CHECK_ERRNO(jail_remove(0), EINVAL);
	CHECK_ERRNO(jail_remove(-1), EINVAL);
	CHECK_ERRNO(jail_remove(4711), EINVAL);
	CHECK_ERRNO(jail_attach(0), EINVAL);
	CHECK_ERRNO(jail_attach(4711), EINVAL);
	CHECK_ERRNO(jail_attach_jd(1), EINVAL);
	CHECK_ERRNO(jail_attach_jd(99), EBADF);
	CHECK_ERRNO(jail_remove_jd(99), EBADF);
}

TEST(paths)
{
	j_begin();
	put("file", "");
	CHECK_OK(symlink("/", "link"));
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=%s; persist",
			  j_path("none")), ENOENT);
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=%s; persist",
			  j_path("file")), ENOTDIR);
	CHECK(j_set(JAIL_CREATE, "name=a; path=; persist") < 0);
	CHECK_ERRNO(j_set(JAIL_CREATE, "name=a; path=relative; persist"),
		    ENOENT);
	/* A link leads to what it leads to, and that is the path from then. */
	CHECK_OK(j_make("name=a; path=%s; persist", j_path("link")));
	CHECK_EQ(j_count(), 1);
}

static long long free_kb(void)
{
	char line[128];
	long long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

static void fail_in_all_ways(int jid)
{
	struct iovec bad[4] = {
		{ "jid", 4 }, { &jid, sizeof(jid) },
		{ "host.hostname", 14 }, { (void *)8, 10 },
	};

	CHECK(j_find("jid=%d", jid + 1000) < 0);
	CHECK(j_set(JAIL_UPDATE, "jid=%d; flavour=x", jid) < 0);
	CHECK(j_set(JAIL_UPDATE, "jid=%d; securelevel=x; host.hostname=%0256d",
		    jid, 0) < 0);
	CHECK(j_set(JAIL_UPDATE | JAIL_USE_DESC, "desc=99; persist") < 0);
	CHECK(j_set(JAIL_UPDATE | JAIL_AT_DESC, "desc=99; name=x") < 0);
	CHECK(j_set(JAIL_UPDATE | JAIL_AT_DESC, "desc=0; name=x") < 0);
	CHECK(j_set(JAIL_CREATE, "name=b; path=/none; persist") < 0);
	CHECK(j_set(JAIL_CREATE, "name=a; path=/; persist") < 0);
	CHECK(jail_get(bad, 4, 0) < 0);
	CHECK(jail_get(bad, 4, JAIL_AT_DESC) < 0);
	CHECK(jail_attach_jd(0) < 0);
	CHECK(jail_remove(jid + 1000) < 0);
}

/* The error paths give back what they took, and only that [E24]. */
TEST_WITHIN(failing_calls_leak_nothing, 120)
{
	enum { EACH = 12, CALLS = 100000 };
	long long before;
	int jid;

	j_begin();
	jid = j_simple("a", "");
	for (int i = 0; i < 100; i++)
		fail_in_all_ways(jid);
	before = free_kb();
	for (int i = 0; i < CALLS / EACH; i++)
		fail_in_all_ways(jid);
	if (free_kb() < before - 512)
		FAIL("%lld KB are lost", before - free_kb());
	CHECK_EQ(j_count(), 1);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(j_count(), 0);
}

TEST(users_may_nothing)
{
	int jid;

	j_begin();
	jid = j_simple("a", "");
	AS_USER(ALICE) {
		CHECK_ERRNO(j_set(JAIL_CREATE, "name=b; path=/; persist"),
			    EPERM);
		CHECK_ERRNO(j_change(jid, "allow.mount"), EPERM);
		CHECK_ERRNO(jail_attach(jid), EPERM);
		CHECK_ERRNO(jail_remove(jid), EPERM);
		CHECK_EQ(j_find("name=a"), jid);
	}
	CHECK(j_alive(jid));
}
