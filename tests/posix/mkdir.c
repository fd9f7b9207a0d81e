/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdir.c - mkdir and mkdirat. */
#include "posix.h"

static int call(const char *path)
{
	return mkdir(path, 0755);
}

static int call_at(const char *path)
{
	return mkdirat(AT_FDCWD, path, 0755);
}

TEST(mkdir_bad_paths)
{
	bad_paths(call, PATH_MAKES);
	bad_paths(call_at, PATH_MAKES);
}

TEST(mkdir_closed_folders)
{
	closed_folders(call, PATH_MAKES | PATH_PARENT, NULL);
}

TEST(mkdir_read_only)
{
	read_only(call, NULL);
}

TEST(mkdir_exists)
{
	static const char *const names[] = { "f", "d", "p", "l", "dangling" };

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(symlink("none", "dangling"));
	for (int n = 0; n < 5; n++)
		CHECK_ERRNO(mkdir(names[n], 0755), EEXIST);
	CHECK_ERRNO(mkdir("d/", 0755), EEXIST);
	CHECK_ERRNO(mkdir(".", 0755), EEXIST);
	CHECK_ERRNO(mkdir("..", 0755), EEXIST);
	CHECK_ERRNO(mkdir("/", 0755), EEXIST);
	CHECK_ERRNO(mkdir("dangling/", 0755), EEXIST);
	CHECK_ERRNO(mkdirat(999, "e", 0755), EBADF);
	CHECK_ERRNO(mkdirat(open("f", O_RDONLY), "e", 0755), ENOTDIR);
}

TEST(mkdir_mode)
{
	fresh();
	CHECK_OK(mkdir("a", 0777));
	CHECK_EQ(mode_of("a"), 0755);
	CHECK_OK(mkdir("b", 01777));
	CHECK_EQ(mode_of("b"), 01755);
	umask(0077);
	CHECK_OK(mkdir("c/", 0777));
	CHECK_EQ(mode_of("c"), 0700);
	umask(0);
	CHECK_OK(mkdir("d", 0070));
	CHECK_EQ(mode_of("d"), 0070);
}

TEST(mkdir_owner)
{
	struct stat st;

	need_root();
	fresh();
	CHECK_OK(mkdir("plain", 0777));
	CHECK_OK(mkdir("setgid", 0777));
	CHECK_OK(chown("setgid", 0, GUESTS));
	CHECK_OK(chmod("plain", 0777));
	CHECK_OK(chmod("setgid", 02777));
	become(ALICE, STAFF);
	CHECK_OK(mkdir("plain/a", 0755));
	st = stat_of("plain/a");
	CHECK(st.st_uid == ALICE && st.st_gid == STAFF);
	CHECK_OK(mkdir("setgid/a", 0755));
	st = stat_of("setgid/a");
	CHECK(st.st_uid == ALICE && st.st_gid == GUESTS);
	CHECK_EQ(mode_of("setgid/a"), 02755);
}

TEST(mkdir_counts_and_times)
{
	struct stat folder, made;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	folder = stat_of("d");
	CHECK_EQ(folder.st_nlink, 2);
	let_time_pass();
	CHECK_OK(mkdir("d/a", 0755));
	CHECK_OK(mkdir("d/b", 0755));
	made = stat_of("d/b");
	CHECK_EQ(made.st_nlink, 2);
	CHECK_EQ(stat_of("d").st_nlink, 4);
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
	CHECK(time_of(made.st_ctim) > time_of(folder.st_ctim));
	CHECK(time_of(made.st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(made.st_atim) > time_of(folder.st_atim));
	CHECK_EQ(stat_of("d/a/.").st_ino, stat_of("d/a").st_ino);
	CHECK_EQ(stat_of("d/a/..").st_ino, stat_of("d").st_ino);
}

TEST(mkdir_immutable)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	if (!flags_set("d", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(mkdir("d/e", 0755), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_OK(mkdir("d/e", 0755));
	CHECK(flags_set("d", 0));
}
