/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c - a jail from its making to its end: what keeps it, what attach does
 * and in which order, freezing, and the time that it used.
 * oracle: no
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "jail_test.h"

TEST(persist)
{
	pid_t pid;
	int jid;

	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0)
		CHECK(exists("/inside"));
	CHECK(j_alive(jid)); /* without a process */
	pid = j_sitter(jid, 0);
	CHECK_OK(j_change(jid, "nopersist"));
	CHECK(j_alive(jid)); /* by its process */
	j_end_child(pid);
	CHECK(!j_alive(jid));
}

TEST(create_and_attach)
{
	int jid;
	pid_t pid = 0;

	j_begin();
	j_tree("a");
	const char *top = j_path("a");

	IN_JAIL(0, 0) {
		jid = j_set(JAIL_CREATE | JAIL_ATTACH, "name=a; path=%s", top);
		CHECK(jid > 0);
		CHECK(exists("/inside"));
		CHECK_EQ(j_count(), 0);
	}
	CHECK_EQ(j_count(), 0);
	(void)pid;
}

/* Root and working directory change together, or nothing does. */
TEST(attach_changes_root_and_cwd)
{
	struct stat root;
	char cwd[PATH_MAX];
	int jid;

	j_begin();
	jid = j_simple("a", "");
	root = stat_of("a");
	IN_JAIL(0, 0) {
		CHECK_OK(chdir("/tmp"));
		CHECK_OK(jail_attach(jid));
		CHECK_EQ(stat_of("/").st_ino, root.st_ino);
		CHECK_EQ(stat_of(".").st_ino, root.st_ino);
		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	}
	root = stat_of("/");
	CHECK_ERRNO(jail_attach(jid + 1), EINVAL);
	CHECK_EQ(stat_of("/").st_ino, root.st_ino);
}

/* Who entered carries secrets of outside: nobody inside may look into him. */
TEST(attached_is_not_dumpable)
{
	int jid;

	j_begin();
	jid = j_simple("a", "");
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	IN_JAIL(jid, 0)
		CHECK(prctl(PR_GET_DUMPABLE) != 1);
}

TEST(attach_to_a_dying_jail)
{
	int jid;

	j_begin();
	jid = j_simple("a", "");
	CHECK_OK(jail_remove(jid));
	CHECK_ERRNO(jail_attach(jid), EINVAL);
	CHECK_ERRNO(jail_remove(jid), EINVAL);
}

/* Name and number are free at once, and what was in the old jail is gone. */
TEST(names_are_free_at_once)
{
	pid_t pid;

	j_begin();
	j_tree("a");
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(j_make("jid=42; name=a; path=%s; persist",
				j_path("a")), 42);
		pid = j_sitter(42, 0);
		CHECK_OK(jail_remove(42));
		CHECK(WIFSIGNALED(ktap_wait(pid)));
	}
}

/* All kinds of sleepers are ended by the removal. */
TEST(removal_ends_sleepers)
{
	int jid, fd[2];
	pid_t pid[5];

	j_begin();
	jid = j_simple("a", "");
	CHECK_OK(pipe(fd));
	for (int i = 0; i < 5; i++) {
		pid[i] = j_enter(jid, 0);
		if (pid[i])
			continue;
		signal(SIGTERM, SIG_IGN);
		if (i == 0)
			(void)!read(fd[0], &i, 1);
		if (i == 1)
			raise(SIGSTOP);
		if (i == 2)
			while (1)
				;
		if (i == 3 && vfork() == 0) {
			sleep(100);
			_exit(0);
		}
		sleep(100);
		_exit(0);
	}
	ktap_sleep_ms(50);
	CHECK_OK(jail_remove(jid));
	for (int i = 0; i < 5; i++)
		CHECK(WIFSIGNALED(ktap_wait(pid[i])));
}

struct counter {
	volatile unsigned n;
};

TEST(frozen)
{
	struct counter *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned before;
	pid_t pid;
	int jid;

	j_begin();
	jid = j_simple("a", "");
	pid = j_enter(jid, 0);
	if (pid == 0)
		for (;;)
			c->n++;
	while (!c->n)
		ktap_sleep_ms(1);
	CHECK_OK(j_change(jid, "frozen"));
	CHECK_EQ(j_int(jid, "frozen"), 1);
	ktap_sleep_ms(20);
	before = c->n;
	ktap_sleep_ms(100);
	CHECK_EQ(c->n, before);
	CHECK_OK(j_change(jid, "nofrozen"));
	ktap_sleep_ms(100);
	CHECK(c->n != before);
	/* What is frozen can be removed. */
	CHECK_OK(j_change(jid, "frozen"));
	CHECK_OK(jail_remove(jid));
	CHECK(WIFSIGNALED(ktap_wait(pid)));
}

TEST(frozen_below_and_killed)
{
	int a, b;
	pid_t pid, late;

	j_begin();
	a = j_simple("a", "children.max=3");
	b = j_make("name=a.b; path=%s; persist", j_path("a/tmp"));
	pid = j_sitter(b, 0);
	CHECK_OK(j_change(a, "frozen"));
	/* Who enters is parked; who is killed dies all the same. */
	late = j_enter(b, 0);
	if (late == 0)
		_exit(0);
	ktap_sleep_ms(50);
	CHECK(j_lives(late));
	CHECK_OK(kill(pid, SIGKILL));
	for (int i = 0; i < 200 && j_lives(pid); i++)
		ktap_sleep_ms(10);
	CHECK_OK(j_change(a, "nofrozen"));
	CHECK_CHILD(late);
}

/* What a jail uses of something, as /proc/jail/usage has it; -1: no such. */
static long long usage(const char *jail, const char *what)
{
	char line[1024], name[257], key[32], *at;
	long long found = -1;
	FILE *f = fopen("/proc/jail/usage", "r");

	CHECK(f != NULL);
	snprintf(key, sizeof(key), "\t%s=", what);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %256s", name) == 1 &&
		    !strcmp(name, jail) && (at = strstr(line, key)))
			found = atoll(at + strlen(key));
	fclose(f);
	return found;
}

TEST(usage_is_counted)
{
	pid_t pid[3];
	int jid, below;

	j_begin();
	jid = j_simple("a", "children.max=2");
	below = j_make("name=a.b; path=%s; persist", j_path("a/tmp"));
	CHECK_EQ(usage("a", "maxproc"), 0);
	pid[0] = j_sitter(jid, 0);
	pid[1] = j_sitter(jid, 0);
	pid[2] = j_sitter(below, 0);
	CHECK_EQ(usage("a", "maxproc"), 3); /* with those below */
	CHECK_EQ(usage("a", "nthr"), 3);
	CHECK_EQ(usage("a.b", "maxproc"), 1);
	CHECK(usage("a", "memoryuse") >= 0);
	for (int i = 0; i < 3; i++)
		j_end_child(pid[i]);
	CHECK_EQ(usage("a", "maxproc"), 0);
	CHECK_EQ(usage("a", "nthr"), 0);
	CHECK_EQ(usage("a", "openfiles"), 0);
	CHECK_EQ(usage("a", "memoryuse"), 0);
	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(jid, 0) {
		CHECK_EQ(usage("0", "maxproc"), 1);
		CHECK_EQ(usage("b", "maxproc"), 0);
		CHECK_EQ(usage("a", "maxproc"), -1);
	}
}

TEST(cpu_time_is_counted)
{
	pid_t pid;

	j_begin();
	pid = j_enter(j_simple("a", ""), 0);
	if (pid == 0)
		for (;;)
			;
	ktap_sleep_ms(300);
	j_end_child(pid);
	CHECK(usage("a", "cputime_ns") > 50 * 1000 * 1000);
	CHECK(usage("0", "cputime_ns") >= usage("a", "cputime_ns"));
}

/* E27: threads that enter different jails at once; root and prison agree. */
static int jid_of[2];

static void *enter_other(void *which)
{
	return (void *)(long)jail_attach(jid_of[(long)which]);
}

TEST_WITHIN(threads_enter_two_jails, 60)
{
	j_begin();
	jid_of[0] = j_simple("a", "");
	jid_of[1] = j_simple("b", "");
	for (int i = 0; i < 200; i++)
		IN_JAIL(0, 0) {
			pthread_t t;
			char host[65];

			CHECK(!pthread_create(&t, NULL, enter_other,
					      (void *)1L));
			(void)!jail_attach(jid_of[0]);
			CHECK(!pthread_join(t, NULL));
			CHECK_OK(gethostname(host, sizeof(host)));
			CHECK(holds("/inside", *host == 'a' ? "a" : "b"));
			host[1] = '\0';
			CHECK(holds("inside", host));
		}
}

static void *chroot_tmp(void *unused)
{
	(void)unused;
	return (void *)(long)chroot("tmp");
}

TEST_WITHIN(threads_chroot_and_enter, 60)
{
	j_begin();
	put("mark", "host");
	CHECK_OK(mkdir("tmp", 0755));
	jid_of[0] = j_simple("a", "");
	const char *mark = j_path("mark");

	for (int i = 0; i < 200; i++)
		IN_JAIL(0, 0) {
			pthread_t t;

			CHECK(!pthread_create(&t, NULL, chroot_tmp, NULL));
			(void)!jail_attach(jid_of[0]);
			CHECK(!pthread_join(t, NULL));
			CHECK(!exists(mark) && !exists("/../mark"));
			(void)!chdir("..");
			CHECK(!exists("mark"));
		}
}
