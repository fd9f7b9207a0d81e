/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_set_id.c - set-id bits that a jail can have planted give nothing to those
 * outside: while it lives, when it is gone, and by any way to the file.
 *
 * oracle: no
 */
#include "jail_test.h"

static int program; /* this file: jails have it by descriptor */

/* The program that is planted is this one, which then only says who it is. */
__attribute__((constructor(101))) static void say_who(void)
{
	program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (!getenv("SAY_WHO"))
		return;
	_exit(geteuid() == BOB && getegid() == GUESTS ? 2 :
	      geteuid() == ALICE && getegid() == STAFF ? 1 : 9);
}

/* A set-uid program there, of user BOB. */
static void plant(const char *name)
{
	char buf[4096];
	int out = open(name, O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	CHECK_OK(out);
	CHECK_OK(lseek(program, 0, SEEK_SET));
	while ((n = read(program, buf, sizeof(buf))) > 0)
		CHECK_EQ(write(out, buf, n), n);
	CHECK_OK(close(out));
	CHECK_OK(chown(name, BOB, GUESTS));
	CHECK_OK(chmod(name, 06755));
}

/* Who is the program `name` when the caller's jail and user run it? */
static int runs_as(const char *name)
{
	int status;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		become(ALICE, STAFF);
		setenv("SAY_WHO", "1", 1);
		execl(name, name, NULL);
		_exit(10);
	}
	status = ktap_wait(pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) + 1000;
}

TEST(planted_by_a_jail)
{
	int jid, other;

	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0) {
		plant("/tmp/id");
		CHECK_EQ(runs_as("/tmp/id"), BOB);
	}
	CHECK_EQ(runs_as("a/tmp/id"), ALICE);
	other = j_simple("b", "");
	CHECK_OK(link("a/tmp/id", "b/tmp/id"));
	IN_JAIL(other, 0)
		CHECK_EQ(runs_as("/tmp/id"), BOB); /* no deeper than a */
	CHECK_OK(rename("a/tmp/id", "id"));
	CHECK_EQ(runs_as("./id"), ALICE);
	CHECK_OK(rename("id", "a/tmp/id"));
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(runs_as("a/tmp/id"), ALICE);
	/* Only the host itself can vouch for it. */
	CHECK_OK(chmod("a/tmp/id", 0755));
	CHECK_OK(chmod("a/tmp/id", 06755));
	CHECK_EQ(runs_as("a/tmp/id"), BOB);
}

TEST(reached_by_a_mount)
{
	int jid;

	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0)
		plant("/tmp/id");
	CHECK_OK(mkdir("view", 0755));
	CHECK_OK(mount("a", "view", "nullfs", 0, NULL));
	CHECK_EQ(runs_as("view/tmp/id"), ALICE);
	CHECK_OK(umount("view"));
	/* And the jail may be the view. */
	CHECK_OK(jail_remove(jid));
	CHECK_OK(mkdir("base", 0755));
	CHECK_OK(mkdir("base/tmp", 0777));
	CHECK_OK(mount("base", "view", "nullfs", 0, NULL));
	jid = j_make("path=%s; persist", j_path("view"));
	IN_JAIL(jid, 0) {
		plant("/tmp/id");
		CHECK_EQ(runs_as("/tmp/id"), BOB);
	}
	CHECK_EQ(runs_as("base/tmp/id"), ALICE);
	CHECK_EQ(runs_as("view/tmp/id"), ALICE);
}

/* The host's own file in the tree of a jail; and the jail writes into it. */
TEST(made_by_the_host)
{
	int jid;

	j_begin();
	jid = j_simple("a", "");
	plant("a/tmp/id");
	IN_JAIL(jid, 0)
		CHECK_EQ(runs_as("/tmp/id"), BOB);
	CHECK_EQ(runs_as("a/tmp/id"), ALICE);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(runs_as("a/tmp/id"), BOB);
	jid = j_make("path=%s; persist", j_path("a"));
	IN_JAIL(jid, 0)
		CHECK_OK(close(open("/tmp/id", O_WRONLY)));
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(runs_as("a/tmp/id"), ALICE);
}

/* A jail with path=/ does not take the host's own set-id programs away, and
 * what it plants there is worth nothing outside. */
TEST(jail_of_the_whole_tree)
{
	const char *here;
	int jid;

	j_begin();
	here = j_path("");
	plant("host");
	jid = j_make("name=all; path=/; persist");
	CHECK_EQ(runs_as("./host"), BOB);
	IN_JAIL(jid, 0) {
		CHECK_OK(chdir(here));
		plant("jail");
	}
	CHECK_EQ(runs_as("./jail"), ALICE);
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(runs_as("./jail"), ALICE);
	CHECK_EQ(runs_as("./host"), BOB);
}

TEST(between_jails)
{
	int outer, inner = 0;
	char path[PATH_MAX];

	j_begin();
	snprintf(path, sizeof(path), "%s", j_path("a"));
	outer = j_simple("a", "children.max=1");
	CHECK_OK(mkdir("a/j", 0755));
	CHECK_OK(mkdir("a/j/bin", 0755));
	CHECK_OK(link("/bin/busybox", "a/j/bin/busybox"));
	CHECK_OK(symlink("busybox", "a/j/bin/sh"));
	IN_JAIL(outer, 0) {
		inner = j_make("name=j; path=/j; persist");
		IN_JAIL(inner, 0) {
			plant("/id");
			CHECK_EQ(runs_as("/id"), BOB);
		}
		CHECK_EQ(runs_as("/j/id"), ALICE);
		plant("/id");
		CHECK_EQ(runs_as("/id"), BOB);
	}
	CHECK_EQ(runs_as("a/j/id"), ALICE);
	CHECK_EQ(runs_as("a/id"), ALICE);
}

/* The layer's file is opened as who mounted, but it is the jail that writes:
 * by a mapping, which no write(2) tells of. */
TEST(mapped_through_an_overlay)
{
	char options[2 * PATH_MAX + 32];
	int jid;

	j_begin();
	jid = j_simple("a", "");
	CHECK_OK(mkdir(j_path("low"), 0755));
	CHECK_OK(mkdir(j_path("up"), 0755));
	plant(j_path("low/mapped"));
	plant(j_path("low/left"));
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s",
		 j_path("low"), j_path("up"));
	CHECK_OK(mount("o", j_path("a/mnt"), "overlay", 0, options));
	IN_JAIL(jid, 0)
	{
		int fd = open("/mnt/mapped", O_RDWR);
		volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					MAP_SHARED, fd, 0);

		CHECK(p != MAP_FAILED);
		p[0] = p[0];
	}
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(mode_of(j_path("a/mnt/mapped")), 06755);
	CHECK_EQ(runs_as(j_path("a/mnt/left")), 1002);
	CHECK_EQ(runs_as(j_path("a/mnt/mapped")), 1001);
	CHECK_EQ(runs_as(j_path("up/mapped")), 1001);
	CHECK_EQ(runs_as(j_path("low/mapped")), 1002);
	CHECK_OK(umount(j_path("a/mnt")));
}

TEST(nosuid_counts_in_a_jail_too)
{
	int jid;

	j_begin();
	j_tree("a");
	CHECK_OK(mount("tmpfs", "a/mnt", "tmpfs", MS_NOSUID, NULL));
	jid = j_make("path=%s; persist", j_path("a"));
	IN_JAIL(jid, 0) {
		plant("/mnt/id");
		CHECK_EQ(runs_as("/mnt/id"), ALICE);
	}
}
