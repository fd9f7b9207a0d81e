/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - link and linkat: both of their paths. */
#include "posix.h"

static int count;

/* Of an old name: a new one each time. */
static int call_old(const char *path)
{
	char name[32];

	snprintf(name, sizeof(name), "new%d", ++count);
	return link(path, name);
}

static int call_old_follow(const char *path)
{
	char name[32];

	snprintf(name, sizeof(name), "new%d", ++count);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int call_new(const char *path)
{
	return link("file", path);
}

/* In the same folder, for mounts and permissions. */
static int call_inside(const char *path)
{
	char name[64], *slash;

	snprintf(name, sizeof(name), "%s", path);
	slash = strrchr(name, '/');
	strcpy(slash ? slash : name, "/second");
	return link(path, name);
}

TEST(link_bad_paths)
{
	bad_paths(call_old, 0);
	bad_paths(call_old_follow, PATH_FOLLOWS);
	bad_paths(call_new, PATH_MAKES);
}

TEST(link_closed_folders)
{
	closed_folders(call_inside, PATH_PARENT, make_file);
}

TEST(link_read_only)
{
	read_only(call_inside, make_file);
}

TEST(link_exists)
{
	static const char *const names[] = { "f", "d", "p", "l", "dangling" };

	fresh();
	put("file", "");
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(symlink("none", "dangling"));
	for (int n = 0; n < 5; n++)
		CHECK_ERRNO(link("file", names[n]), EEXIST);
	CHECK_ERRNO(link("file", "."), EEXIST);
	CHECK_ERRNO(link("file", "d/.."), EEXIST);
	CHECK_ERRNO(link("file", "/"), EEXIST);
	CHECK_EQ(stat_of("file").st_nlink, 1);
}

TEST(link_of_each_kind)
{
	static const char *const names[] = { "f", "p", "l", "c", "s" };
	struct stat a, b;

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("none", "l"));
	CHECK_OK(mknod("c", S_IFCHR | 0600, 0x103));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	for (int n = 0; n < 5; n++) {
		CHECK_OK(link(names[n], "second"));
		a = stat_of(names[n]);
		b = stat_of("second");
		CHECK_EQ(a.st_ino, b.st_ino);
		CHECK_EQ(a.st_nlink, 2);
		CHECK_EQ(a.st_mode, b.st_mode);
		CHECK_OK(unlink(names[n]));
		CHECK_EQ(stat_of("second").st_nlink, 1);
		CHECK_OK(unlink("second"));
	}
}

TEST(link_of_a_folder)
{
	fresh();
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(link("d", "e"), EPERM);
	CHECK_ERRNO(link("d/", "e"), EPERM);
	CHECK_ERRNO(link("d/.", "e"), EPERM);
	CHECK_EQ(stat_of("d").st_nlink, 2);
	CHECK(!exists("e"));
}

TEST(link_times)
{
	struct stat file, folder;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("f", "");
	file = stat_of("f");
	folder = stat_of("d");
	let_time_pass();
	CHECK_OK(link("f", "d/f"));
	CHECK(time_of(stat_of("f").st_ctim) > time_of(file.st_ctim));
	CHECK_EQ(time_of(stat_of("f").st_mtim), time_of(file.st_mtim));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
	file = stat_of("f");
	folder = stat_of("d");
	let_time_pass();
	CHECK_ERRNO(link("f", "d/f"), EEXIST);
	CHECK_EQ(time_of(stat_of("f").st_ctim), time_of(file.st_ctim));
	CHECK_EQ(time_of(stat_of("d").st_mtim), time_of(folder.st_mtim));
}

TEST(link_to_another_mount)
{
	private_mounts();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("none", "m", "tmpfs", 0, NULL));
	errno = 0;
	int gives = link("f", "m/f"), err = errno;
	CHECK_OK(umount("m"));
	CHECK_EQ(gives, -1);
	CHECK_EQ(err, EXDEV);
}

TEST(linkat_flags)
{
	int fd;

	fresh();
	put("f", "text");
	CHECK_OK(symlink("f", "l"));
	CHECK_ERRNO(linkat(AT_FDCWD, "f", AT_FDCWD, "g", 0x40000000), EINVAL);
	CHECK_ERRNO(linkat(999, "f", AT_FDCWD, "g", 0), EBADF);
	CHECK_ERRNO(linkat(AT_FDCWD, "f", 999, "g", 0), EBADF);
	fd = open("f", O_RDONLY);
	CHECK_ERRNO(linkat(fd, "f", AT_FDCWD, "g", 0), ENOTDIR);
	CHECK_ERRNO(linkat(AT_FDCWD, "f", fd, "g", 0), ENOTDIR);
	CHECK_OK(linkat(AT_FDCWD, "l", AT_FDCWD, "g", AT_SYMLINK_FOLLOW));
	CHECK_EQ(stat_of("g").st_ino, stat_of("f").st_ino);
	CHECK_OK(linkat(AT_FDCWD, "l", AT_FDCWD, "h", 0));
	CHECK(S_ISLNK(stat_of("h").st_mode));
}

TEST(link_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(link("f", "g"), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(link("f", "g"), EPERM);
	CHECK(flags_set("f", 0));
	CHECK(flags_set("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(link("f", "d/g"), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_OK(link("f", "d/g"));
	CHECK(flags_set("d", 0));
}
