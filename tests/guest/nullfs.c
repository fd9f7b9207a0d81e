/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nullfs.c - one directory in a second place (mount -t nullfs FROM TO), with
 * flags of its own.
 *
 * oracle: no (Linux has no nullfs; its bind mounts are tested by mount.c)
 */
#include <mntent.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "files.h"

/* The mount on that name here, from /proc/mounts; NULL: none. */
static struct mntent *entry_of(const char *name)
{
	char place[PATH_MAX];
	struct mntent *m;
	FILE *f = setmntent("/proc/mounts", "r");

	CHECK(f && realpath(name, place));
	while ((m = getmntent(f)) && strcmp(m->mnt_dir, place))
		;
	endmntent(f);
	return m;
}

static void two_folders(void)
{
	fresh();
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	put("a/f", "text");
}

TEST(shows_the_same_files)
{
	struct mntent *m;

	two_folders();
	CHECK_OK(mount("a", "b", "nullfs", 0, NULL));
	CHECK(holds("b/f", "text"));
	put("b/g", "more");
	CHECK(holds("a/g", "more"));
	CHECK_EQ(stat_of("a/f").st_ino, stat_of("b/f").st_ino);
	CHECK_ERRNO(link("a/f", "b/h"), EXDEV);
	CHECK_ERRNO(rename("a/f", "b/h"), EXDEV);
	m = entry_of("b");
	CHECK(m && !strcmp(m->mnt_type, "nullfs"));
	CHECK(!strcmp(m->mnt_fsname + strlen(m->mnt_fsname) - 2, "/a"));
	CHECK(!strncmp(m->mnt_opts, "rw", 2));
	CHECK_OK(umount("b"));
	CHECK(!exists("b/f") && exists("a/g"));
}

TEST(is_listed_among_the_types)
{
	char line[64];
	int found = 0;
	FILE *f = fopen("/proc/filesystems", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		found |= !strcmp(line, "nodev\tnullfs\n");
	fclose(f);
	CHECK(found);
}

TEST(errors)
{
	two_folders();
	CHECK_ERRNO(mount("none", "b", "nullfs", 0, NULL), ENOENT);
	CHECK_ERRNO(mount("a", "none", "nullfs", 0, NULL), ENOENT);
	CHECK_ERRNO(mount("a/f", "b", "nullfs", 0, NULL), ENOTDIR);
	CHECK_ERRNO(mount("a", "a/f", "nullfs", 0, NULL), ENOTDIR);
	CHECK_ERRNO(mount("a", "b", "nullfs", 0, "size=1"), EINVAL);
	CHECK_OK(mount("a", "b", "nullfs", 0, NULL));
	CHECK_OK(chdir("b"));
	CHECK_ERRNO(umount("../b"), EBUSY);
	CHECK_OK(chdir(".."));
	CHECK_OK(umount("b"));
	become(ALICE, STAFF);
	CHECK_ERRNO(mount("a", "b", "nullfs", 0, NULL), EPERM);
}

TEST(read_only_is_the_view)
{
	int fd;

	two_folders();
	CHECK_OK(mkdir("a/d", 0755));
	CHECK_OK(mount("a", "b", "nullfs", MS_RDONLY, NULL));
	CHECK(!strncmp(entry_of("b")->mnt_opts, "ro", 2));
	CHECK_ERRNO(open("b/f", O_WRONLY), EROFS);
	CHECK_ERRNO(open("b/f", O_RDONLY | O_TRUNC), EROFS);
	CHECK_ERRNO(open("b/new", O_WRONLY | O_CREAT, 0600), EROFS);
	CHECK_ERRNO(open("b", O_TMPFILE | O_RDWR, 0600), EROFS);
	CHECK_ERRNO(unlink("b/f"), EROFS);
	CHECK_ERRNO(rmdir("b/d"), EROFS);
	CHECK_ERRNO(rename("b/f", "b/g"), EROFS);
	CHECK_ERRNO(link("b/f", "b/g"), EROFS);
	CHECK_ERRNO(symlink("x", "b/g"), EROFS);
	CHECK_ERRNO(mkdir("b/e", 0755), EROFS);
	CHECK_ERRNO(mknod("b/n", S_IFCHR | 0600, makedev(1, 3)), EROFS);
	CHECK_ERRNO(chmod("b/f", 0600), EROFS);
	CHECK_ERRNO(chown("b/f", 1, 1), EROFS);
	CHECK_ERRNO(truncate("b/f", 0), EROFS);
	CHECK_ERRNO(utimensat(AT_FDCWD, "b/f", NULL, 0), EROFS);
	fd = open("b/f", O_RDONLY);
	CHECK_ERRNO(fchmod(fd, 0600), EROFS);
	/* Others write to the same files, and to let the view do so is a
	 * matter of this mount alone. */
	put("a/f", "new");
	CHECK(holds("b/f", "new"));
	CHECK_OK(mount(NULL, "b", NULL, MS_REMOUNT, NULL));
	put("b/f", "written");
	CHECK_OK(mount(NULL, "b", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CHECK_ERRNO(open("b/f", O_WRONLY), EROFS);
	put("a/f", "still");
}

TEST(nosuid_nodev_noexec)
{
	struct mntent *m;

	two_folders();
	CHECK_OK(mknod("a/null", S_IFCHR | 0666, makedev(1, 3)));
	CHECK_OK(chmod("a/f", 0755));
	CHECK_OK(mount("a", "b", "nullfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		       NULL));
	m = entry_of("b");
	CHECK(strstr(m->mnt_opts, "nosuid,nodev,noexec"));
	CHECK_ERRNO(open("b/null", O_RDWR), EACCES);
	CHECK_OK(open("a/null", O_RDWR));
	CHECK_ERRNO(execl("b/f", "f", NULL), EACCES);
	CHECK_ERRNO(access("b/f", X_OK), EACCES);
}

TEST(a_loop_is_none)
{
	two_folders();
	CHECK_OK(mkdir("a/in", 0755));
	CHECK_OK(mount("a", "a/in", "nullfs", 0, NULL));
	CHECK(holds("a/in/f", "text"));
	CHECK(exists("a/in/in") && !exists("a/in/in/f"));
	CHECK_OK(mount("a/in", "b", "nullfs", 0, NULL));
	CHECK_OK(mount("b", "a/in/in", "nullfs", 0, NULL));
	CHECK(holds("a/in/in/f", "text") && !exists("a/in/in/in/f"));
	CHECK_EQ(stat_of("a/in/in/..").st_ino, stat_of("a").st_ino);
	CHECK_ERRNO(umount("a/in"), EBUSY);
	CHECK_OK(mount("a", "a", "nullfs", MS_RDONLY, NULL));
	CHECK(holds("a/f", "text") && !exists("a/in/f"));
	CHECK_OK(umount("a"));
	CHECK_OK(umount("a/in/in"));
	CHECK_OK(umount("a/in"));
	CHECK_OK(umount("b"));
}

/* SA-26:02: a directory leaves the part of the tree that a mount shows; who
 * stands in it must not climb to what is above that part. */
TEST(moved_out_of_the_view)
{
	int dir;

	two_folders();
	put("secret", "");
	CHECK_OK(mkdir("a/c", 0755));
	CHECK_OK(mount("a", "b", "nullfs", 0, NULL));
	CHECK_OK(chdir("b/c"));
	dir = open(".", O_RDONLY | O_DIRECTORY);
	CHECK_OK(rename("../../a/c", "../../c"));
	CHECK_ERRNO(chdir(".."), ENOENT);
	CHECK(!exists("../secret") && !exists("../../secret"));
	CHECK_ERRNO(openat(dir, "..", O_RDONLY), ENOENT);
	CHECK_OK(chdir("."));
	CHECK_OK(chdir(files_top));
}
