/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chroot.c - another root: what it keeps in, and what it does not.
 *
 * security.chroot.hardened is a knob of Brig's alone: its tests set it and put
 * it back.
 */
#include "files.h"

#define KNOB "/proc/sys/security/chroot/hardened"

static void enter(const char *folder)
{
	need_root();
	CHECK_OK(chroot(folder));
	CHECK_OK(chdir("/"));
}

TEST(root_is_the_folder)
{
	char cwd[64];

	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	put("outside", "");
	put("r/inside", "text");
	enter("r");
	CHECK(holds("/inside", "text"));
	CHECK(holds("/../../inside", "text"));
	CHECK(!exists("/outside") && !exists("../outside"));
	CHECK(!exists("/tmp"));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	CHECK_OK(chdir(".."));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	CHECK_EQ(stat_of("/").st_ino, stat_of("/..").st_ino);
}

TEST(links_stay_inside)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	CHECK_OK(mkdir("r/d", 0755));
	put("r/f", "inside");
	put("f", "outside");
	CHECK_OK(symlink("/f", "r/d/absolute"));
	CHECK_OK(symlink("../../../f", "r/d/relative"));
	enter("r");
	CHECK(holds("d/absolute", "inside"));
	CHECK(holds("d/relative", "inside"));
}

TEST(open_descriptors_lead_out)
{
	char cwd[256];
	int dir;

	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	put("outside", "");
	dir = open(".", O_RDONLY);
	enter("r");
	CHECK_OK(faccessat(dir, "outside", F_OK, 0));
	CHECK_OK(fchdir(dir));
	CHECK(exists("outside"));
	/* A place that is not below the root says so. */
	CHECK(syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0);
	CHECK(!strncmp(cwd, "(unreachable)", 13));
	CHECK(!getcwd(cwd, sizeof(cwd)));
	CHECK_EQ(errno, ENOENT);
}

TEST(errors)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_ERRNO(chroot("f"), ENOTDIR);
	CHECK_ERRNO(chroot("none"), ENOENT);
	CHECK_ERRNO(chroot(""), ENOENT);
	CHECK_OK(mkdir("closed", 0700));
	become(ALICE, STAFF);
	CHECK_ERRNO(chroot("."), EPERM);
	CHECK_ERRNO(chroot("closed"), EACCES);
}

TEST(of_a_child_only)
{
	struct stat before = stat_of("/");
	pid_t pid;

	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	pid = fork();
	if (pid == 0) {
		enter("r");
		pid = fork();
		if (pid == 0)
			_exit(stat_of("/").st_ino == before.st_ino);
		CHECK_CHILD(pid);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(stat_of("/").st_ino, before.st_ino);
	CHECK(exists("r"));
}

/* The oldest way out: a second root below the place where one stands. */
static void climb_out(void)
{
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chroot("d"));
	CHECK_OK(chdir(".."));
}

TEST(a_second_root_lets_out)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	put("secret", "");
	enter("r");
	climb_out();
	CHECK(exists("secret"));
}

static void harden(const char *how)
{
	int fd = open(KNOB, O_WRONLY);

	if (fd < 0)
		SKIP("no " KNOB);
	CHECK_EQ(write(fd, how, 1), 1);
	CHECK_OK(close(fd));
}

TEST(hardened_it_does_not)
{
	struct stat top;
	pid_t pid;
	int dir;

	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	put("secret", "");
	harden("1");
	pid = fork();
	if (pid == 0) {
		dir = open("r", O_RDONLY | O_DIRECTORY);
		enter("r");
		top = stat_of("/");
		CHECK_OK(mkdir("e", 0755));
		CHECK_ERRNO(chroot("e"), EPERM); /* a directory is open */
		CHECK_OK(close(dir));
		climb_out();
		CHECK_EQ(stat_of(".").st_ino, top.st_ino);
		CHECK(!exists("secret"));
		_exit(0);
	}
	pid = ktap_wait(pid);
	harden("0");
	CHECK(WIFEXITED(pid) && WEXITSTATUS(pid) == 0);
}

TEST(moved_out_of_the_root)
{
	int to[2], back[2];
	char c;
	pid_t pid;

	need_root();
	fresh();
	CHECK_OK(mkdir("r", 0755));
	CHECK_OK(mkdir("r/d", 0755));
	put("secret", "");
	CHECK_OK(pipe(to));
	CHECK_OK(pipe(back));
	pid = fork();
	if (pid == 0) {
		enter("r");
		CHECK_OK(chdir("d"));
		(void)!write(back[1], "x", 1);
		CHECK_EQ(read(to[0], &c, 1), 1);
		/* Where it stands is outside now, and its root not above. */
		CHECK(exists("../secret"));
		_exit(0);
	}
	CHECK_EQ(read(back[0], &c, 1), 1);
	CHECK_OK(rename("r/d", "d"));
	(void)!write(to[1], "x", 1);
	CHECK_CHILD(pid);
}
