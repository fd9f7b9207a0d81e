/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_names.c - names lead nowhere outside: directories that are moved away
 * under an inmate, roots inside the root, links, what a name is asked for.
 *
 * oracle: no
 */
#include "jail_test.h"

/* A jail a beside a file of the host that nobody in it may reach. */
static int jail_beside_secret(const char *more)
{
	j_begin();
	put("secret", "of the host");
	return j_simple("a", more);
}

static void stands_nowhere(int dir)
{
	char cwd[PATH_MAX];

	CHECK_ERRNO(chdir(".."), ENOENT);
	CHECK_ERRNO(chdir("."), ENOENT);
	CHECK_ERRNO(fchdir(dir), ENOENT);
	CHECK_ERRNO(open("..", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("../secret", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("f", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("new", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(openat(dir, "..", O_RDONLY), ENOENT);
	CHECK_ERRNO(openat(dir, "../secret", O_RDONLY), ENOENT);
	CHECK_ERRNO(openat(dir, ".", O_RDONLY), ENOENT);
	CHECK_ERRNO(openat(dir, "f", O_RDONLY), ENOENT);
	CHECK_ERRNO(renameat(dir, "f", AT_FDCWD, "/f"), ENOENT);
	CHECK_ERRNO(renameat(AT_FDCWD, "/inside", dir, "f"), ENOENT);
	CHECK_ERRNO(linkat(dir, "../secret", AT_FDCWD, "/s", 0), ENOENT);
	CHECK_ERRNO(mkdirat(dir, "new", 0700), ENOENT);
	CHECK_ERRNO(unlinkat(dir, "f", 0), ENOENT);
	CHECK_ERRNO(symlinkat("x", dir, "new"), ENOENT);
	CHECK_ERRNO(faccessat(dir, "../secret", F_OK, 0), ENOENT);
	CHECK_ERRNO(fchmodat(dir, "../secret", 0777, 0), ENOENT);
	CHECK_ERRNO(chroot(".."), ENOENT);
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, sizeof(cwd)), ENOENT);
	CHECK_EQ(readlink("/proc/self/cwd", cwd, sizeof(cwd)), 13);
	CHECK(!memcmp(cwd, "(unreachable)", 13));
	CHECK_ERRNO(open("/proc/self/cwd/..", O_RDONLY), ENOENT);
	CHECK_OK(chdir("/"));
}

/* jail(8): "moving a directory that is an inmate's cwd lets it out". */
TEST(moved_out_by_the_host)
{
	int jid = jail_beside_secret("");
	struct gate in = gate_new(), moved = gate_new();
	pid_t pid;

	j_mount("proc", j_path("a"), "proc");
	CHECK_OK(mkdir("a/d", 0755));
	put("a/d/f", "");
	pid = j_enter(jid, 0);
	if (pid == 0) {
		int dir;

		CHECK_OK(chdir("d"));
		dir = open(".", O_RDONLY | O_DIRECTORY);
		gate_open(in);
		gate_wait(moved);
		stands_nowhere(dir);
		_exit(0);
	}
	gate_wait(in);
	CHECK_OK(rename("a/d", "d"));
	gate_open(moved);
	CHECK_CHILD(pid);
	CHECK(holds("d/f", "") && !exists("a/f"));
}

/* A root within the root is a plain one, and ends there. */
TEST(moved_out_of_a_root_inside)
{
	int jid = jail_beside_secret("");
	struct gate in = gate_new(), moved = gate_new();
	pid_t pid;

	CHECK_OK(mkdir("a/x", 0755));
	CHECK_OK(mkdir("a/x/y", 0755));
	pid = j_enter(jid, 0);
	if (pid == 0) {
		struct stat top = stat_of("/");

		CHECK_OK(chroot("/x"));
		CHECK_OK(chdir("/y"));
		gate_open(in);
		gate_wait(moved);
		for (int i = 0; i < 8; i++)
			CHECK_OK(chdir(".."));
		CHECK_EQ(stat_of(".").st_ino, top.st_ino);
		CHECK(exists("inside") && !exists("../secret"));
		_exit(0);
	}
	gate_wait(in);
	IN_JAIL(jid, 0)
		CHECK_OK(rename("/x/y", "/y"));
	gate_open(moved);
	CHECK_CHILD(pid);
}

/* SA-26:02: the same with a mount of the jail's own. */
TEST(moved_out_of_a_nullfs)
{
	int jid = jail_beside_secret("allow.mount; allow.mount.nullfs; "
				     "enforce_statfs=1");

	IN_JAIL(jid, 0) {
		int dir;

		CHECK_OK(mkdir("/s", 0755));
		CHECK_OK(mkdir("/s/c", 0755));
		CHECK_OK(mount("/s", "/mnt", "nullfs", 0, NULL));
		CHECK_OK(chdir("/mnt/c"));
		dir = open(".", O_RDONLY | O_DIRECTORY);
		CHECK_OK(rename("/s/c", "/c"));
		CHECK_ERRNO(chdir(".."), ENOENT);
		CHECK_ERRNO(openat(dir, "../..", O_RDONLY), ENOENT);
		CHECK(!exists("../secret") && !exists("../../secret"));
		CHECK_OK(chdir("/"));
		CHECK_OK(close(dir));
		CHECK_OK(umount("/mnt"));
	}
}

/* The root itself goes elsewhere, with all who are in it. */
TEST(the_root_is_moved)
{
	int jid = jail_beside_secret("");
	struct gate in = gate_new(), moved = gate_new();
	pid_t pid = j_enter(jid, 0);

	if (pid == 0) {
		char cwd[PATH_MAX];

		CHECK_OK(chdir("/tmp"));
		gate_open(in);
		gate_wait(moved);
		CHECK(holds("/inside", "a"));
		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/tmp"));
		CHECK(!exists("../../secret"));
		CHECK_EQ(stat_of("../..").st_ino, stat_of("/").st_ino);
		_exit(0);
	}
	gate_wait(in);
	CHECK_OK(mkdir("deeper", 0755));
	CHECK_OK(rename("a", "deeper/b"));
	gate_open(moved);
	CHECK_CHILD(pid);
	IN_JAIL(jid, 0)
		CHECK(holds("/inside", "a"));
}

TEST(links_and_dots)
{
	int jid = jail_beside_secret("");
	const char *host = strdup(j_path("secret"));

	IN_JAIL(jid, 0) {
		CHECK_OK(symlink("../../../../../secret", "/up"));
		CHECK_OK(symlink(host, "/full"));
		CHECK_OK(symlink("/etc/../../../inside", "/round"));
		CHECK_ERRNO(open("/up", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/full", O_RDONLY), ENOENT);
		CHECK_ERRNO(open(host, O_RDONLY), ENOENT);
		CHECK_ERRNO(link(host, "/s"), ENOENT);
		CHECK_ERRNO(link("/../secret", "/s"), ENOENT);
		CHECK_ERRNO(rename("/../secret", "/s"), ENOENT);
		CHECK_ERRNO(rename("/inside", "/../../nowhere/s"), ENOENT);
		CHECK_ERRNO(mkfifo(host, 0600), ENOENT);
		CHECK(holds("/round", "a"));
		CHECK_OK(mkfifo("/tmp/fifo", 0600));
		CHECK_OK(link("/inside", "/tmp/second"));
		CHECK_OK(rename("/tmp/second", "/third"));
	}
	CHECK(exists("a/third") && exists("a/tmp/fifo"));
}

/* A file of outside that is open may be had once more (/dev/stdin), with no
 * more rights; nothing else leads to it. */
TEST(descriptors_from_before)
{
	int jid = jail_beside_secret("");
	int file = open("secret", O_RDONLY), place = open("secret", O_PATH);
	char name[32];

	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(jid, 0) {
		char c;

		/* A file that is open is; its name is not. */
		CHECK_EQ(read(file, &c, 1), 1);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
		CHECK_ERRNO(open(name, O_RDWR), EACCES);
		CHECK_ERRNO(open(name, O_RDONLY | O_NOFOLLOW), ELOOP);
		CHECK_ERRNO(open(name, O_PATH), ENOENT);
		CHECK_ERRNO(execl(name, name, NULL), ENOENT);
		CHECK_ERRNO(stat(name, &(struct stat){ 0 }), ENOENT);
		CHECK_ERRNO(linkat(AT_FDCWD, name, AT_FDCWD, "/s",
				   AT_SYMLINK_FOLLOW), ENOENT);
		CHECK_ERRNO(linkat(file, "", AT_FDCWD, "/s", AT_EMPTY_PATH),
			    ENOENT);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
		CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
		CHECK_ERRNO(openat(place, "", O_RDONLY), ENOENT);
	}
}

TEST(standard_files)
{
	int jid = jail_beside_secret("");
	int out = open("secret", O_WRONLY | O_APPEND);

	j_mount("proc", j_path("a"), "proc");
	j_mount("devfs", j_path("a"), "dev");
	IN_JAIL(jid, 0) {
		CHECK_OK(dup2(out, 1));
		CHECK_EQ(system("echo one >/dev/stdout"), 0);
		CHECK_EQ(system("echo two >>/proc/self/fd/1"), 0);
		CHECK_EQ(system("echo | cat /dev/stdin >/dev/null"), 0);
		CHECK_ERRNO(open("/dev/stdout", O_RDONLY), EACCES);
		CHECK_ERRNO(open("/dev/fd/99", O_RDONLY), ENOENT);
	}
	CHECK(holds("secret", "of the hostone\ntwo\n"));
}
