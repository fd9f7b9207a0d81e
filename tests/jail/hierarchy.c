/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hierarchy.c - jails in jails: a child has no more than its parent, loses what
 * that loses, and sees nobody above it or beside it (E29, E49).
 * oracle: no
 */
#include "jail_test.h"

/* a with all that a child could want, and a.b in it. */
static int a, b;

static void two(const char *of_a, const char *of_b)
{
	j_begin();
	a = j_simple("a", of_a);
	b = j_make("name=a.b; path=%s; persist; %s", j_tree("a/b"), of_b);
}

TEST(names_are_relative)
{
	int c;

	two("children.max=9", "children.max=5");
	c = j_make("name=a.b.c; path=%s; persist", j_path("a/b/tmp"));
	CHECK(!strcmp(j_text(c, "name"), "a.b.c"));
	CHECK_EQ(j_int(c, "parent"), b);
	CHECK_EQ(j_int(a, "children.cur"), 2);
	IN_JAIL(a, 0) {
		CHECK_EQ(j_find("name=b"), b);
		CHECK_EQ(j_find("name=b.c"), c);
		CHECK(!strcmp(j_text(c, "name"), "b.c"));
		CHECK(!strcmp(j_text(c, "path"), "/b/tmp"));
		CHECK_EQ(j_int(b, "parent"), 0);
		CHECK_EQ(j_count(), 2);
	}
}

TEST(nobody_above_or_beside)
{
	int beside;

	two("children.max=9", "");
	beside = j_simple("c", "");
	IN_JAIL(b, 0) {
		CHECK_EQ(j_count(), 0);
		CHECK_ERRNO(j_find("jid=%d", a), ENOENT);
		CHECK_ERRNO(j_find("jid=%d", beside), ENOENT);
		CHECK_ERRNO(j_find("name=a"), ENOENT);
		CHECK_ERRNO(j_find("name=c"), ENOENT);
		CHECK_ERRNO(j_change(a, "persist"), ENOENT);
		CHECK_ERRNO(jail_attach(a), EINVAL);
		CHECK_ERRNO(jail_remove(a), EINVAL);
		CHECK_ERRNO(jail_remove(beside), EINVAL);
		CHECK_ERRNO(jail_remove(b), EINVAL);
	}
}

TEST(number_of_children)
{
	j_begin();
	a = j_simple("a", "children.max=2");
	IN_JAIL(a, 0) {
		CHECK_OK(j_set(JAIL_CREATE, "name=x; path=/tmp; persist"));
		CHECK_OK(j_set(JAIL_CREATE, "name=y; path=/tmp; persist"));
		CHECK_ERRNO(j_set(JAIL_CREATE, "name=z; path=/tmp; persist"),
			    EPERM);
		CHECK(j_set(JAIL_UPDATE, "name=x; children.max=5") < 0);
		CHECK_EQ(errno, EPERM);
	}
	CHECK_EQ(j_int(a, "children.cur"), 2);
	CHECK_OK(j_change(a, "children.max=0"));
	CHECK_EQ(j_count(), 3);
}

/* Each thing that a child could be given beyond its parent, by jailed root. */
TEST(no_looser_than_the_parent)
{
	static const char *const more[] = {
		"allow.mount", "allow.raw_sockets", "allow.chflags",
		"allow.settime", "allow.mlock", "allow.set_hostname",
		"allow.read_msgbuf", "allow.mount.tmpfs", "allow.routing",
		"securelevel=0", "enforce_statfs=1", "children.max=10",
		"ip4.addr=10.9.9.9", "devices=console", "devices=null kmsg",
		"sysvshm=inherit",
	};

	two("children.max=9; securelevel=1; allow.noset_hostname; "
	    "ip4.addr=10.0.2.20; enforce_statfs=2; sysvshm=disable", "");
	IN_JAIL(a, 0)
		for (unsigned i = 0; i < sizeof(more) / sizeof(*more); i++) {
			if (j_set(JAIL_UPDATE, "name=b; %s", more[i]) >= 0)
				FAIL("b gets %s", more[i]);
			if (errno != EPERM && errno != EINVAL)
				FAIL("%s: errno %d", more[i], errno);
			if (j_set(JAIL_CREATE, "name=n; path=/tmp; persist; %s",
				  more[i]) >= 0 && strcmp(more[i],
							 "sysvshm=inherit"))
				FAIL("a new jail gets %s", more[i]);
			(void)!j_set(JAIL_UPDATE, "name=n; nopersist");
		}
	CHECK_EQ(j_int(b, "securelevel"), 1);
	CHECK_EQ(j_int(b, "allow.mount"), 0);
}

/* Nor may the host give it: it would be more than its parent has. */
TEST(no_looser_by_the_host)
{
	two("children.max=9", "");
	CHECK_ERRNO(j_change(b, "allow.mount"), EPERM);
	CHECK_ERRNO(j_change(b, "allow.raw_sockets"), EPERM);
	CHECK_OK(j_change(a, "allow.raw_sockets"));
	CHECK_OK(j_change(b, "allow.raw_sockets"));
}

TEST(clearing_goes_down)
{
	int c;

	two("children.max=9; allow.mount; allow.raw_sockets; enforce_statfs=0",
	    "children.max=5; allow.mount; allow.raw_sockets; enforce_statfs=0");
	c = j_make("name=a.b.c; path=%s; persist; allow.mount; "
		   "enforce_statfs=0", j_path("a/b/tmp"));
	CHECK_OK(j_change(a, "allow.nomount"));
	CHECK_EQ(j_int(b, "allow.mount"), 0);
	CHECK_EQ(j_int(c, "allow.mount"), 0);
	CHECK_EQ(j_int(b, "allow.raw_sockets"), 1);
	CHECK_OK(j_change(a, "allow.mount"));
	CHECK_EQ(j_int(b, "allow.mount"), 0); /* what is lost is lost */
	CHECK_OK(j_change(a, "securelevel=2"));
	CHECK_EQ(j_int(b, "securelevel"), 2);
	CHECK_EQ(j_int(c, "securelevel"), 2);
	CHECK_OK(j_change(a, "enforce_statfs=2"));
	CHECK_EQ(j_int(c, "enforce_statfs"), 2);
	CHECK_OK(j_change(a, "children.max=3"));
	CHECK(j_int(b, "children.max") < 3);
}

/* The address list of a child is a part of its parent's, then and later. */
TEST(addresses_go_down)
{
	char list[64];

	two("children.max=9; ip4.addr=10.0.2.20,10.0.2.21",
	    "ip4.addr=10.0.2.21");
	CHECK_EQ(j_get(b, "ip4.addr", list, sizeof(list)), 4);
	CHECK_OK(j_change(a, "ip4.addr=10.0.2.20"));
	CHECK(j_get(b, "ip4.addr", list, sizeof(list)) <= 0 ||
	      memcmp(list, "\x0a\x00\x02\x15", 4));
}

TEST(securelevel_only_rises)
{
	j_begin();
	a = j_simple("a", "children.max=2; securelevel=1");
	IN_JAIL(a, 0) {
		CHECK(j_set(JAIL_CREATE, "name=x; path=/tmp; persist") > 0);
		CHECK(j_set(JAIL_UPDATE, "name=x; securelevel=2") > 0);
		CHECK_ERRNO(j_set(JAIL_UPDATE, "name=x; securelevel=0"), EPERM);
	}
	CHECK_EQ(j_int(j_find("name=a.x"), "securelevel"), 2);
}

TEST(removal_goes_down)
{
	pid_t in_a, in_b;

	two("children.max=9", "");
	in_a = j_sitter(a, 0);
	in_b = j_sitter(b, 0);
	CHECK_OK(jail_remove(a));
	CHECK_EQ(j_count(), 0);
	CHECK(WIFSIGNALED(ktap_wait(in_a)));
	CHECK(WIFSIGNALED(ktap_wait(in_b)));
}

/* The parent goes while the child is dying, over and over [E29]. */
TEST(parents_die_first)
{
	j_begin();
	for (int i = 0; i < 100; i++) {
		char top[PATH_MAX];
		pid_t pid;

		snprintf(top, sizeof(top), "%s", files_top);
		a = j_make("name=a; path=%s; persist; children.max=9", top);
		b = j_make("name=a.b; path=%s; persist; children.max=4", top);
		j_make("name=a.b.c; path=%s; persist", top);
		pid = j_sitter(j_find("name=a.b.c"), 0);
		CHECK_OK(j_change(b, "nopersist"));
		CHECK_OK(jail_remove(a));
		CHECK(WIFSIGNALED(ktap_wait(pid)));
		CHECK_EQ(j_count(), 0);
	}
}

/* A jail lives by its children too. */
TEST(alive_by_children)
{
	two("children.max=9", "");
	CHECK_OK(j_change(a, "nopersist"));
	CHECK(j_alive(a) && j_alive(b));
	CHECK_OK(jail_remove(b));
	CHECK_EQ(j_count(), 0);
}

TEST(attach_goes_down_only)
{
	two("children.max=9", "");
	IN_JAIL(a, 0) {
		CHECK_OK(jail_attach(b));
		CHECK(exists("/inside"));
		CHECK_ERRNO(jail_attach(a), EINVAL);
		CHECK_ERRNO(jail_attach(b), EINVAL);
		CHECK_ERRNO(jail_attach(0), EINVAL);
	}
}

/* A name below the roots of both: `..` ends at each of them. */
TEST(dotdot_ends_at_every_root)
{
	two("children.max=9", "");
	put("a/mark", "a's");
	IN_JAIL(a, 0) {
		CHECK_OK(chdir("/b"));
		CHECK(exists("../mark"));
		CHECK_OK(jail_attach(b));
		CHECK(!exists("../mark") && !exists("/../mark"));
		CHECK_OK(mkdir("d", 0755));
		CHECK_OK(chroot("d"));
		for (int i = 0; i < 8; i++)
			(void)!chdir("..");
		(void)!chroot(".");
		CHECK(!exists("mark") && !exists("/mark"));
	}
}
