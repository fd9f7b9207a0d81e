/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_mounts.c - mounts in a jail: which kinds, where, whose; what is listed
 * (enforce_statfs); and that they go with the jail.
 *
 * oracle: no
 */
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "jail_test.h"

#define MAY_MOUNT "allow.mount; enforce_statfs=1; "
#define MAY_ALL                                                               \
	MAY_MOUNT "allow.mount.tmpfs; allow.mount.nullfs; "                   \
		  "allow.mount.devfs; allow.mount.procfs; "

/* Of each line of a file some fields, with ";" behind. */
static const char *fields_of(const char *file, unsigned from, unsigned count)
{
	static char out[8192];
	char line[1024], *rest, *word;
	FILE *f = fopen(file, "r");

	CHECK(f != NULL);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		rest = line;
		for (unsigned i = 0; (word = strsep(&rest, " \n")); i++)
			if (i >= from && i < from + count)
				snprintf(out + strlen(out),
					 sizeof(out) - strlen(out), "%s%s",
					 i == from ? "" : " ", word);
		strcat(out, ";");
	}
	fclose(f);
	return out;
}

static const char *mounts(void)
{
	return fields_of("/proc/mounts", 1, 2);
}

#define MOUNTS(want)                                                          \
	do {                                                                  \
		const char *now = mounts();                                   \
		if (strcmp(now, want))                                        \
			FAIL("%s:%d: mounts: %s", __FILE__, __LINE__, now);   \
	} while (0)

TEST(each_kind_needs_its_bit)
{
	static const struct {
		const char *type, *source, *bit;
	} kinds[] = {
		{ "tmpfs", "x", "allow.mount.tmpfs" },
		{ "ramfs", "x", "allow.mount.tmpfs" },
		{ "nullfs", "/tmp", "allow.mount.nullfs" },
		{ "devfs", "x", "allow.mount.devfs" },
		{ "devpts", "x", "allow.mount.devfs" },
		{ "proc", "x", "allow.mount.procfs" },
		{ "procfs", "x", "allow.mount.procfs" },
	};
	int jid;

	j_begin();
	jid = j_simple("a", MAY_MOUNT);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char change[64];

		IN_JAIL(jid, 0)
			CHECK_ERRNO(mount(kinds[i].source, "/mnt", kinds[i].type,
					  0, NULL), EPERM);
		CHECK_OK(j_change(jid, kinds[i].bit));
		IN_JAIL(jid, 0) {
			CHECK_OK(mount(kinds[i].source, "/mnt", kinds[i].type,
				       0, NULL));
			CHECK_OK(umount("/mnt"));
		}
		snprintf(change, sizeof(change), "allow.mount.no%s",
			 strrchr(kinds[i].bit, '.') + 1);
		CHECK_OK(j_change(jid, change));
	}
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(mount("/tmp", "/mnt", NULL, MS_BIND, NULL), EPERM);
		CHECK_ERRNO(mount("x", "/mnt", "nosuch", 0, NULL), ENODEV);
	}
}

TEST(needs_allow_mount_and_sight)
{
	int jid;

	j_begin();
	jid = j_simple("a", "enforce_statfs=1; allow.mount.tmpfs");
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(mount("x", "/mnt", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(umount("/mnt"), EPERM);
	}
	CHECK_OK(j_change(jid, "allow.mount"));
	IN_JAIL(jid, 0) {
		CHECK_OK(mount("x", "/mnt", "tmpfs", 0, NULL));
		CHECK_OK(umount("/mnt"));
	}
	IN_JAIL(jid, ALICE)
		CHECK_ERRNO(mount("x", "/mnt", "tmpfs", 0, NULL), EPERM);
	CHECK_OK(j_change(jid, "enforce_statfs=2"));
	IN_JAIL(jid, 0)
		CHECK_ERRNO(mount("x", "/mnt", "tmpfs", 0, NULL), EPERM);
}

/* SA-21:10, and what else would change the ground one stands on. */
TEST(not_on_its_own_root)
{
	int jid;

	j_begin();
	jid = j_simple("a", MAY_ALL);
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(mount("x", "/", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(mount("x", "/..", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(mount("/tmp", "/", "nullfs", 0, NULL), EPERM);
		CHECK_ERRNO(mount("/tmp", "/", NULL, MS_BIND, NULL), EPERM);
		CHECK_OK(mount("x", "/mnt", "tmpfs", 0, NULL));
		CHECK_ERRNO(mount("/mnt", "/", NULL, MS_MOVE, NULL), EPERM);
		CHECK_ERRNO(umount2("/", MNT_DETACH), EINVAL);
		CHECK_ERRNO(mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL),
			    EINVAL);
	}
	CHECK_OK(jail_remove(jid));
	j_tree("b");
	CHECK_OK(mount("x", j_path("b/mnt"), "tmpfs", 0, NULL));
	jid = j_make("path=%s; persist; " MAY_ALL, j_path("b/mnt"));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(umount2("/", MNT_DETACH), EPERM);
		CHECK_ERRNO(mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL),
			    EPERM);
		CHECK_ERRNO(mount(NULL, "/", NULL,
				  MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), EPERM);
	}
}

/* One thread mounts on the root, the other looks for the way up. */
TEST(mount_and_dotdot_race)
{
	struct stat top;
	int jid;

	j_begin();
	put("secret", "");
	jid = j_simple("a", MAY_ALL);
	IN_JAIL(jid, 0) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;) {
				mount("/tmp", "/", "nullfs", 0, NULL);
				mount("/", "/mnt", "nullfs", 0, NULL);
				umount2("/", MNT_DETACH);
				umount2("/mnt", MNT_DETACH);
			}
		top = stat_of("/");
		for (long long end = ktap_ms() + 500; ktap_ms() < end;) {
			CHECK(!exists("/../secret") && !exists("../../secret"));
			CHECK(!exists("/mnt/../../secret"));
			CHECK_EQ(stat_of("/..").st_ino, top.st_ino);
		}
		kill(pid, SIGKILL);
		ktap_wait(pid);
	}
}

TEST(what_others_mounted)
{
	int jid;

	j_begin();
	jid = j_simple("a", MAY_ALL);
	CHECK_OK(mount("x", j_path("a/mnt"), "tmpfs", MS_NOSUID | MS_RDONLY,
		       NULL));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(umount("/mnt"), EPERM);
		CHECK_ERRNO(umount2("/mnt", MNT_DETACH), EPERM);
		CHECK_ERRNO(mount(NULL, "/mnt", NULL, MS_REMOUNT, NULL), EPERM);
		CHECK_ERRNO(mount("/mnt", "/tmp", NULL, MS_MOVE, NULL), EPERM);
		/* Shown again, it keeps what it may not. */
		CHECK_OK(mount("/mnt", "/tmp", "nullfs", 0, NULL));
		CHECK_ERRNO(open("/tmp/f", O_WRONLY | O_CREAT, 0600), EROFS);
		CHECK_ERRNO(mount(NULL, "/tmp", NULL, MS_REMOUNT, NULL), EPERM);
		CHECK_ERRNO(mount(NULL, "/tmp", NULL,
				  MS_REMOUNT | MS_BIND | MS_NOSUID, NULL), EPERM);
		CHECK_OK(umount("/tmp"));
		/* Its own it may change. */
		CHECK_OK(mount("x", "/tmp", "tmpfs", MS_RDONLY, NULL));
		CHECK_OK(mount(NULL, "/tmp", NULL, MS_REMOUNT, NULL));
		put("/tmp/f", "");
		CHECK_OK(umount("/tmp"));
	}
	CHECK_OK(umount("a/mnt"));
	/* Nor does it go along with what it stands on. */
	IN_JAIL(jid, 0) {
		CHECK_OK(mount("x", "/mnt", "tmpfs", 0, NULL));
		CHECK_OK(mkdir("/mnt/d", 0755));
	}
	CHECK_OK(mount("h", j_path("a/mnt/d"), "tmpfs", 0, NULL));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(umount2("/mnt", MNT_DETACH), EPERM);
		CHECK_ERRNO(mount("/mnt", "/tmp", NULL, MS_MOVE, NULL), EPERM);
	}
	CHECK_OK(umount("a/mnt/d"));
	IN_JAIL(jid, 0)
		CHECK_OK(umount("/mnt"));
}

TEST(what_is_listed)
{
	const char *top;
	char want[PATH_MAX];
	int jid;

	j_begin();
	top = strdup(j_tree("a"));
	j_mount("proc", top, "proc");
	CHECK_OK(mount("x", j_path("a/mnt"), "tmpfs", 0, NULL));
	jid = j_make("name=a; path=%s; persist", top);
	IN_JAIL(jid, 0) {
		MOUNTS("/ tmpfs;");
		CHECK(!strcmp(fields_of("/proc/self/mountinfo", 3, 2), "/ /;"));
		CHECK(!strcmp(fields_of("/proc/self/mountstats", 4, 1), "/;"));
	}
	CHECK_OK(j_change(jid, "enforce_statfs=1"));
	IN_JAIL(jid, 0) {
		MOUNTS("/ tmpfs;/proc proc;/mnt tmpfs;");
		CHECK(!strcmp(fields_of("/proc/self/mountinfo", 4, 1),
			      "/;/proc;/mnt;"));
		CHECK(!strcmp(fields_of("/proc/self/mountinfo", 3, 1),
			      "/;/;/;"));
	}
	CHECK_OK(j_change(jid, "enforce_statfs=0"));
	IN_JAIL(jid, 0) {
		snprintf(want, sizeof(want), "%s/mnt tmpfs;", top);
		CHECK(strstr(mounts(), want) && !strncmp(mounts(), "/ ", 2));
		CHECK(strstr(mounts(), "/dev devtmpfs;") ||
		      strstr(mounts(), "/dev devfs;"));
	}
	/* The host sees all of it as ever. */
	snprintf(want, sizeof(want), "%s/mnt tmpfs;", top);
	CHECK(strstr(mounts(), want));
}

TEST(a_root_that_is_a_mount)
{
	int jid;

	j_begin();
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("x", j_path("m"), "tmpfs", 0, "size=64k"));
	CHECK_OK(mkdir("m/proc", 0755));
	j_mount("proc", j_path("m"), "proc");
	jid = j_make("path=%s; persist", j_path("m"));
	IN_JAIL(jid, 0)
		MOUNTS("/ tmpfs;");
	CHECK_OK(j_change(jid, "enforce_statfs=1"));
	IN_JAIL(jid, 0)
		MOUNTS("/ tmpfs;/proc proc;");
	IN_JAIL(jid, 0) {
		struct statfs s;

		CHECK_OK(statfs("/", &s));
		CHECK_EQ(s.f_blocks, 16);
		CHECK_EQ(s.f_fsid.__val[0], 0);
	}
}

/* A bind of a part of the host's tree does not say which part. */
TEST(sources_are_not_told)
{
	int jid;

	j_begin();
	j_tree("a");
	j_mount("proc", j_path("a"), "proc");
	CHECK_OK(mkdir("deep", 0755));
	CHECK_OK(mkdir("deep/secret", 0755));
	CHECK_OK(mount(j_path("deep/secret"), j_path("a/mnt"), "nullfs", 0,
		       NULL));
	jid = j_make("path=%s; persist; enforce_statfs=1", j_path("a"));
	IN_JAIL(jid, 0) {
		CHECK(strstr(fields_of("/proc/mounts", 0, 3),
			     "none /mnt nullfs;"));
		CHECK(!strstr(fields_of("/proc/self/mountinfo", 0, 12),
			      "secret"));
		CHECK(!strstr(fields_of("/proc/self/mountstats", 0, 12),
			      "secret"));
	}
}

TEST(go_with_the_jail)
{
	int jid, inner = 0;
	const char *all;

	j_begin();
	jid = j_simple("a", MAY_ALL "children.max=1");
	CHECK_OK(mkdir("a/j", 0755));
	CHECK_OK(mkdir("a/j/m", 0755));
	IN_JAIL(jid, 0) {
		CHECK_OK(mount("x", "/mnt", "tmpfs", 0, NULL));
		CHECK_OK(mkdir("/mnt/d", 0755));
		CHECK_OK(mount("y", "/mnt/d", "tmpfs", 0, NULL));
		CHECK_OK(mount("/bin", "/tmp", "nullfs", MS_RDONLY, NULL));
		inner = j_make("name=j; path=/j; persist; " MAY_ALL);
		IN_JAIL(inner, 0)
			CHECK_OK(mount("z", "/m", "tmpfs", 0, NULL));
	}
	CHECK_OK(mount("h", j_path("a/etc"), "tmpfs", 0, NULL));
	all = mounts();
	CHECK(strstr(all, "/a/mnt ") && strstr(all, "/a/mnt/d ") &&
	      strstr(all, "/a/tmp ") && strstr(all, "/a/j/m "));
	CHECK_OK(jail_remove(jid));
	all = mounts();
	CHECK(!strstr(all, "/a/mnt ") && !strstr(all, "/a/mnt/d ") &&
	      !strstr(all, "/a/tmp ") && !strstr(all, "/a/j/m "));
	CHECK(strstr(all, "/a/etc "));
	CHECK_OK(umount("a/etc"));
}

/* What a jail mounts is paid by it, and only it sees it there. */
TEST(seen_from_a_root_inside)
{
	int jid;

	j_begin();
	jid = j_simple("a", MAY_ALL);
	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(jid, 0) {
		CHECK_OK(mkdir("/r", 0755));
		CHECK_OK(mkdir("/r/m", 0755));
		CHECK_OK(mkdir("/r/proc", 0755));
		CHECK_OK(mount("x", "/r/m", "tmpfs", 0, NULL));
		CHECK_OK(mount("x", "/r/proc", "proc", 0, NULL));
		CHECK_OK(chroot("/r"));
		CHECK_OK(chdir("/"));
		MOUNTS("/ tmpfs;/m tmpfs;/proc proc;");
	}
}

/* Who mounts for ever pays until nothing is left of its share. */
TEST(mounts_are_paid)
{
	int jid;

	j_begin();
	jid = j_simple("a", MAY_ALL);
	IN_JAIL(jid, 0) {
		int before = 0, after = 0, n;

		CHECK_OK(mkdir("/tmp/proc", 0755));
		CHECK_OK(mount("x", "/tmp/proc", "proc", 0, NULL));
		for (n = 0; n < 2; n++) {
			char line[512], *at;
			FILE *f = fopen("/tmp/proc/jail/usage", "r");

			CHECK(f && fgets(line, sizeof(line), f));
			fclose(f);
			at = strstr(line, "kmemoryuse=");
			CHECK(at != NULL);
			*(n ? &after : &before) = atoi(at + 11);
			for (int i = 0; i < 20; i++)
				CHECK_OK(mount("/bin", "/mnt", "nullfs", 0, NULL));
		}
		CHECK(after - before > 20 * 64);
	}
}
