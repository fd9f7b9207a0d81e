/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * descriptors.c - a jail as a file: USE_DESC, AT_DESC, GET_DESC, OWN_DESC
 * (FreeBSD 15; its own test jaildesc.c has the same cases, E25).
 * oracle: no
 */
#include <poll.h>
#include <pthread.h>

#include "jail_test.h"

/* The descriptor that a call gave in "desc", or -1. */
static int desc_by(int flags, int get, const char *name)
{
	int fd = -1;
	char back[256]; /* the kernel writes the name back */
	struct iovec v[6] = {
		{ "name", 5 }, { strcpy(back, name), sizeof(back) },
		{ "desc", 5 }, { &fd, sizeof(fd) },
		{ "persist", 8 }, { NULL, 0 },
	};

	if (get)
		return jail_get(v, 4, flags) < 0 ? -1 : fd;
	return jail_set(v, 6, flags) < 0 ? -1 : fd;
}

static int hangup(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK(poll(&p, 1, ms) >= 0);
	return (p.revents & POLLHUP) != 0;
}

TEST(get_desc)
{
	int jid, fd;

	j_begin();
	jid = j_simple("a", "");
	fd = desc_by(JAIL_GET_DESC, 1, "a");
	CHECK_OK(fd);
	CHECK(!hangup(fd, 0));
	IN_JAIL(0, 0) {
		CHECK_OK(jail_attach_jd(fd));
		CHECK(exists("/inside"));
	}
	CHECK_EQ(j_set(JAIL_UPDATE | JAIL_USE_DESC, "desc=%d; allow.mount", fd),
		 jid);
	CHECK_EQ(j_int(jid, "allow.mount"), 1);
	CHECK_OK(jail_remove_jd(fd));
	CHECK(hangup(fd, 0));
	CHECK_EQ(j_count(), 0);
	CHECK_ERRNO(jail_attach_jd(fd), EINVAL);
	CHECK_OK(close(fd));
}

/* A descriptor means its jail, whoever has got the number since. */
TEST(desc_of_a_reused_number)
{
	int jid, fd;

	j_begin();
	jid = j_simple("a", "");
	fd = desc_by(JAIL_GET_DESC, 1, "a");
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(j_make("jid=%d; name=a; path=/; persist", jid), jid);
	CHECK(jail_remove_jd(fd) < 0);
	CHECK(jail_attach_jd(fd) < 0);
	CHECK(j_set(JAIL_UPDATE | JAIL_USE_DESC, "desc=%d; persist", fd) < 0);
	CHECK(j_alive(jid));
}

TEST(own_desc)
{
	pid_t pid;
	int fd;

	j_begin();
	pid = j_sitter(j_simple("a", ""), 0);
	fd = desc_by(JAIL_OWN_DESC, 1, "a");
	CHECK_OK(fd);
	CHECK_OK(close(fd));
	CHECK_EQ(j_count(), 0);
	CHECK(WIFSIGNALED(ktap_wait(pid)));
}

/* The last descriptor counts: a fork's copy, and the end of its holder. */
TEST(own_desc_of_a_process_that_ends)
{
	pid_t pid;

	j_begin();
	j_simple("a", "");
	pid = fork();
	if (pid == 0) {
		CHECK_OK(desc_by(JAIL_OWN_DESC, 1, "a"));
		if (fork() == 0) {
			ktap_sleep_ms(100);
			_exit(0);
		}
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(j_count(), 1);
	for (int i = 0; i < 300 && j_count(); i++)
		ktap_sleep_ms(10);
	CHECK_EQ(j_count(), 0);
}

TEST(desc_of_a_new_jail)
{
	int fd = -1;
	struct iovec v[8] = {
		{ "path", 5 }, { "/", 2 }, { "name", 5 }, { "new", 4 },
		{ "desc", 5 }, { &fd, sizeof(fd) }, { "persist", 8 },
	};

	j_begin();
	CHECK_OK(jail_set(v, 8, JAIL_CREATE | JAIL_OWN_DESC));
	CHECK_OK(fd);
	CHECK_EQ(j_count(), 1);
	CHECK_OK(close(fd));
	CHECK_EQ(j_count(), 0);
}

TEST(at_desc)
{
	char back[256] = "b";
	int a, fd, found;

	j_begin();
	a = j_simple("a", "children.max=5");
	j_make("name=a.b; path=%s; persist", j_path("a/tmp"));
	fd = desc_by(JAIL_GET_DESC, 1, "a");
	CHECK_OK(fd);
	struct iovec v[4] = {
		{ "desc", 5 }, { &fd, sizeof(fd) }, { "name", 5 }, { back, sizeof(back) },
	};
	found = jail_get(v, 4, JAIL_AT_DESC);
	CHECK_EQ(found, j_find("name=a.b"));
	strcpy(back, "a");
	CHECK_ERRNO(jail_get(v, 4, JAIL_AT_DESC), ENOENT);
	CHECK_ERRNO(jail_get(v, 4, JAIL_AT_DESC | JAIL_USE_DESC), EINVAL);
	CHECK_ERRNO(j_set(JAIL_UPDATE | JAIL_AT_DESC, "desc=77; name=b"), EBADF);
	CHECK_EQ(j_int(a, "children.cur"), 1);
}

/* A jail gets no descriptor of itself; and of others only of those below. */
TEST(desc_inside)
{
	int a;

	j_begin();
	a = j_simple("a", "");
	j_simple("b", "");
	IN_JAIL(a, 0) {
		CHECK(desc_by(JAIL_GET_DESC, 1, "a") < 0);
		CHECK(desc_by(JAIL_GET_DESC, 1, "b") < 0);
		CHECK(desc_by(JAIL_GET_DESC, 1, "0") < 0);
	}
}

/* The right is that of who made the descriptor. */
TEST(desc_given_to_a_user)
{
	int jid, fd;

	j_begin();
	jid = j_simple("a", "");
	fd = desc_by(JAIL_GET_DESC, 1, "a");
	AS_USER(ALICE)
		CHECK_OK(jail_remove_jd(fd));
	CHECK_EQ(j_count(), 0);
	(void)jid;
}

TEST(desc_made_by_a_user)
{
	int fd;

	j_begin();
	j_simple("a", "");
	AS_USER(ALICE) {
		fd = desc_by(JAIL_GET_DESC, 1, "a");
		if (fd >= 0) {
			CHECK_ERRNO(jail_remove_jd(fd), EPERM);
			CHECK_ERRNO(jail_attach_jd(fd), EPERM);
		}
	}
	CHECK_EQ(j_count(), 1);
}

TEST(poll_is_woken_by_removal)
{
	int jid, fd;
	pid_t pid;

	j_begin();
	jid = j_simple("a", "");
	fd = desc_by(JAIL_GET_DESC, 1, "a");
	pid = fork();
	if (pid == 0) {
		ktap_sleep_ms(50);
		CHECK_OK(jail_remove(jid));
		_exit(0);
	}
	CHECK(hangup(fd, 10000));
	CHECK_CHILD(pid);
}

static int racing;

static void *close_it(void *unused)
{
	(void)unused;
	sched_yield();
	close(racing);
	return NULL;
}

/* Closed by one thread while another polls it [E25]. */
TEST(close_while_polled)
{
	struct pollfd p;
	pthread_t t;

	j_begin();
	for (int i = 0; i < 200; i++) {
		j_make("name=a; path=/; persist");
		racing = desc_by(i & 1 ? JAIL_OWN_DESC : JAIL_GET_DESC, 1, "a");
		CHECK_OK(racing);
		p = (struct pollfd){ racing, POLLIN, 0 };
		CHECK_EQ(pthread_create(&t, NULL, close_it, NULL), 0);
		CHECK(poll(&p, 1, 2) >= 0);
		CHECK_EQ(pthread_join(t, NULL), 0);
		j_remove_all();
	}
	CHECK_EQ(j_count(), 0);
}

/* Whoever closes the last owning descriptor ends the jail, himself too if he
 * is in it. To name it by the descriptor is not enough: it is not below him. */
TEST(self_destruct)
{
	int fd;
	pid_t pid;

	j_begin();
	j_simple("a", "");
	pid = fork();
	if (pid == 0) {
		fd = desc_by(JAIL_OWN_DESC, 1, "a");
		CHECK_OK(jail_attach_jd(fd));
		CHECK_ERRNO(jail_remove_jd(fd), EINVAL);
		close(fd);
		FAIL("it lives");
	}
	CHECK(WIFSIGNALED(ktap_wait(pid)));
	CHECK_EQ(j_count(), 0);
}
