/* SPDX-License-Identifier: BSD-2-Clause */
/* rmdir.c - rmdir, and unlinkat with AT_REMOVEDIR. */
#include "posix.h"

static int call(const char *path)
{
	return rmdir(path);
}

static int call_at(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

TEST(rmdir_bad_paths)
{
	bad_paths(call, 0);
	bad_paths(call_at, 0);
}

TEST(rmdir_closed_folders)
{
	closed_folders(call, PATH_PARENT, make_folder);
}

TEST(rmdir_read_only)
{
	read_only(call, make_folder);
}

TEST(rmdir_of_what_is_none)
{
	fresh();
	put("f", "");
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(symlink("d", "l"));
	CHECK_ERRNO(rmdir("f"), ENOTDIR);
	CHECK_ERRNO(rmdir("p"), ENOTDIR);
	CHECK_ERRNO(rmdir("l"), ENOTDIR);
	CHECK_ERRNO(rmdir("l/"), ENOTDIR);
	CHECK_ERRNO(rmdir("."), EINVAL);
	CHECK_ERRNO(rmdir("d/."), EINVAL);
	CHECK_ERRNO(rmdir("d/.."), ENOTEMPTY);
	CHECK_ERRNO(rmdir("/"), EBUSY);
	CHECK_OK(rmdir("d/"));
	CHECK(!exists("d"));
}

static void put_folder(const char *name)
{
	CHECK_OK(mkdir(name, 0755));
}

static void put_link(const char *name)
{
	CHECK_OK(symlink("none", name));
}

static void put_fifo(const char *name)
{
	CHECK_OK(mkfifo(name, 0644));
}

TEST(rmdir_of_a_full_one)
{
	void (*make[])(const char *) = { make_file, put_folder, put_link,
					 put_fifo };

	fresh();
	CHECK_OK(mkdir("d", 0755));
	for (int n = 0; n < 4; n++) {
		make[n]("d/x");
		CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
		CHECK_ERRNO(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), ENOTEMPTY);
		CHECK_OK(remove("d/x"));
	}
	CHECK_OK(rmdir("d"));
}

TEST(rmdir_counts_and_times)
{
	struct stat before;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	before = stat_of("d");
	CHECK_EQ(before.st_nlink, 3);
	let_time_pass();
	CHECK_OK(rmdir("d/e"));
	CHECK_EQ(stat_of("d").st_nlink, 2);
	CHECK(time_of(stat_of("d").st_mtim) > time_of(before.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(before.st_ctim));
}

TEST(rmdir_of_an_open_one)
{
	struct stat st;
	int d;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	d = open("d", O_RDONLY);
	CHECK_OK(rmdir("d"));
	CHECK_OK(fstat(d, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_ERRNO(mkdirat(d, "e", 0755), ENOENT);
	CHECK_ERRNO(openat(d, "f", O_CREAT | O_WRONLY, 0644), ENOENT);
}

TEST(rmdir_of_a_mount_point)
{
	private_mounts();
	fresh();
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("none", "m", "tmpfs", 0, NULL));
	CHECK_ERRNO(rmdir("m"), EBUSY);
	CHECK_OK(umount("m"));
	CHECK_OK(rmdir("m"));
}

TEST(rmdir_sticky)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("sticky", 0777));
	CHECK_OK(chmod("sticky", 01777));
	CHECK_OK(mkdir("sticky/hers", 0777));
	CHECK_OK(chown("sticky/hers", ALICE, STAFF));
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_ERRNO(rmdir("sticky/hers"), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	become(ALICE, STAFF);
	CHECK_OK(rmdir("sticky/hers"));
}

TEST(rmdir_immutable_and_append_only)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	if (!flags_set("d/e", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(rmdir("d/e"), EPERM);
	CHECK(flags_set("d/e", 0));
	CHECK(flags_set("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(rmdir("d/e"), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_ERRNO(rmdir("d/e"), EPERM);
	CHECK(flags_set("d", 0));
	CHECK_OK(rmdir("d/e"));
}
