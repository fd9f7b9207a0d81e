/* SPDX-License-Identifier: BSD-2-Clause */
/* unlink.c - unlink and unlinkat. */
#include "posix.h"

static int call(const char *path)
{
	return unlink(path);
}

static int call_at(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

TEST(unlink_bad_paths)
{
	bad_paths(call, 0);
	bad_paths(call_at, 0);
}

TEST(unlink_closed_folders)
{
	closed_folders(call, PATH_PARENT, make_file);
}

TEST(unlink_read_only)
{
	read_only(call, make_file);
}

TEST(unlink_of_a_folder)
{
	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("f", "");
	CHECK_ERRNO(unlink("d"), EISDIR);
	CHECK_ERRNO(unlink("d/"), EISDIR);
	CHECK_ERRNO(unlink("d/."), EISDIR);
	CHECK_ERRNO(unlink("d/.."), EISDIR);
	CHECK_ERRNO(unlink("/"), EISDIR);
	CHECK_ERRNO(unlink("f/"), ENOTDIR);
	CHECK_ERRNO(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR), ENOTDIR);
	CHECK_ERRNO(unlinkat(AT_FDCWD, "f", 0x40000000), EINVAL);
	CHECK_ERRNO(unlinkat(999, "f", 0), EBADF);
	CHECK_ERRNO(unlinkat(open("f", O_RDONLY), "f", 0), ENOTDIR);
	CHECK(exists("d") && exists("f"));
}

TEST(unlink_of_each_kind)
{
	static const char *const names[] = { "f", "p", "l", "c", "s" };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(mknod("c", S_IFCHR | 0600, 0x103));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	for (int n = 4; n >= 0; n--) {
		CHECK_OK(unlink(names[n]));
		CHECK_ERRNO(unlink(names[n]), ENOENT);
		CHECK(n == 0 || exists("f"));
	}
}

TEST(unlink_of_an_open_file)
{
	struct stat st;
	char buf[8];
	int fd;

	fresh();
	put("f", "text");
	fd = open("f", O_RDWR);
	CHECK_OK(unlink("f"));
	CHECK(!exists("f"));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(pread(fd, buf, 8, 0), 4);
	CHECK_EQ(pwrite(fd, "more", 4, 100000), 4);
	CHECK_EQ(pread(fd, buf, 8, 100000), 4);
	put("f", "new");
	CHECK(holds("f", "new"));
	CHECK_EQ(pread(fd, buf, 4, 0), 4);
	CHECK(!memcmp(buf, "text", 4));
}

TEST(unlink_counts_and_times)
{
	struct stat folder, file;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("d/a", "");
	CHECK_OK(link("d/a", "b"));
	folder = stat_of("d");
	file = stat_of("b");
	CHECK_EQ(file.st_nlink, 2);
	let_time_pass();
	CHECK_OK(unlink("d/a"));
	CHECK_EQ(stat_of("b").st_nlink, 1);
	CHECK(time_of(stat_of("b").st_ctim) > time_of(file.st_ctim));
	CHECK_EQ(time_of(stat_of("b").st_mtim), time_of(file.st_mtim));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
	folder = stat_of("d");
	let_time_pass();
	CHECK_ERRNO(unlink("d/a"), ENOENT);
	CHECK_EQ(time_of(stat_of("d").st_mtim), time_of(folder.st_mtim));
}

TEST(unlink_sticky)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("sticky", 0777));
	CHECK_OK(chmod("sticky", 01777));
	CHECK_OK(chown("sticky", BOB, STAFF));
	put("sticky/hers", "");
	put("sticky/roots", "");
	put("sticky/third", "");
	CHECK_OK(chmod("sticky/roots", 0666));
	CHECK_OK(chown("sticky/hers", ALICE, STAFF));
	if (fork() == 0) {
		become(1003, STAFF);
		CHECK_ERRNO(unlink("sticky/hers"), EPERM);
		CHECK_ERRNO(unlink("sticky/roots"), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_OK(unlink("sticky/hers"));
		_exit(0);
	}
	CHECK_CHILD(-1);
	if (fork() == 0) {
		become(BOB, GUESTS);
		CHECK_OK(unlink("sticky/roots"));
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(unlink("sticky/third"));
}

TEST(unlink_immutable_and_append_only)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("d/f", "");
	if (!flags_set("d/f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK(flags_set("d/f", FS_APPEND_FL));
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK(flags_set("d/f", 0));
	CHECK(flags_set("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK(flags_set("d", 0));
	CHECK_OK(unlink("d/f"));
}
