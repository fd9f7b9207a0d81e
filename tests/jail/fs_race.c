/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_race.c - inmates walk while the host moves the ground under them: they
 * never see a file of the host.
 *
 * oracle: no
 */
#include <sched.h>

#include "jail_test.h"

enum { WALKERS = 3, MS = 2000 };

static ino_t secret, top;	/* numbers of what must not be seen */

static void look(const char *name)
{
	struct stat st;

	if (stat(name, &st) < 0)
		return;
	if (st.st_ino == secret || st.st_ino == top)
		FAIL("%s is of the host", name);
}

static void look_at(int dir, const char *name)
{
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, 0) < 0)
		return;
	if (st.st_ino == secret || st.st_ino == top)
		FAIL("%s is of the host", name);
}

/* From deep in the folder that is moved, upwards. */
static void walk_up(void)
{
	int dir;

	if (chdir("/d/e/f") < 0)
		return;
	dir = open(".", O_RDONLY | O_DIRECTORY);
	sched_yield();
	look("../secret");
	look("../../secret");
	look("../../../secret");
	look("../../../../secret");
	look("../..");
	look("../../..");
	look_at(dir, "../../../secret");
	look_at(dir, "../../..");
	for (int i = 0; i < 4; i++) {
		if (chdir("..") < 0)
			break;
		sched_yield();
		look(".");
		look("secret");
	}
	if (dir >= 0) {
		if (fchdir(dir) == 0)
			look("../../../secret");
		close(dir);
	}
	if (chdir("/") < 0)
		FAIL("no root");
}

static void mount_about(void)
{
	mount("/d", "/mnt", "nullfs", 0, NULL);
	if (chdir("/mnt/e") == 0) {
		sched_yield();
		rename("/d/e", "/tmp/e");
		look("../../secret");
		look("../../../secret");
		if (chdir("..") == 0)
			look("../secret");
		rename("/tmp/e", "/d/e");
	}
	if (chdir("/") < 0)
		FAIL("no root");
	umount2("/mnt", MNT_DETACH);
}

static pid_t start_walker(int jid, int which)
{
	pid_t pid = j_enter(jid, 0);

	if (pid)
		return pid;
	for (long long end = ktap_ms() + MS; ktap_ms() < end;) {
		if (which == 0)
			mount_about();
		else
			walk_up();
		sched_yield();
	}
	_exit(0);
}

TEST_WITHIN(folders_move_about, 60)
{
	pid_t pid[WALKERS];
	int jid;

	j_begin();
	put("secret", "");
	jid = j_simple("a", "allow.mount; allow.mount.nullfs; enforce_statfs=1");
	CHECK_OK(mkdir("a/d", 0755));
	CHECK_OK(mkdir("a/d/e", 0755));
	CHECK_OK(mkdir("a/d/e/f", 0755));
	CHECK_OK(mkdir("deep", 0755));
	secret = stat_of("secret").st_ino;
	top = stat_of(".").st_ino;
	for (int i = 0; i < WALKERS; i++)
		pid[i] = start_walker(jid, i);
	for (long long end = ktap_ms() + MS; ktap_ms() < end;) {
		sched_yield();	/* they go in */
		rename("a/d", "deep/d");
		mount("deep", j_path("a/tmp"), "nullfs", 0, NULL);
		sched_yield();	/* and look around */
		rename("deep/d", "a/d");
		umount2("a/tmp", MNT_DETACH);
		rename("a/d/e", "e");
		rename("a", "b");
		sched_yield();
		rename("b", "a");
		rename("e", "a/d/e");
	}
	for (int i = 0; i < WALKERS; i++)
		CHECK_CHILD(pid[i]);
}
