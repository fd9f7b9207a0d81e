/* SPDX-License-Identifier: BSD-2-Clause */
/* rename.c - rename, renameat, renameat2: both of their paths. */
#include "posix.h"

static int call_old(const char *path)
{
	return rename(path, "target");
}

static int call_new(const char *path)
{
	return rename("file", path);
}

/* In the same folder, and back if that went well. */
static int call_inside(const char *path)
{
	char name[64], *slash;

	snprintf(name, sizeof(name), "%s", path);
	slash = strrchr(name, '/');
	strcpy(slash ? slash : name, "/second");
	return rename(path, name);
}

TEST(rename_bad_paths)
{
	bad_paths(call_old, 0);
	bad_paths(call_new, PATH_MAKES);
}

TEST(rename_closed_folders)
{
	closed_folders(call_inside, PATH_PARENT, make_file);
	closed_folders(call_inside, PATH_PARENT, make_folder);
}

TEST(rename_read_only)
{
	read_only(call_inside, make_file);
}

TEST(rename_over_each_kind)
{
	static const char *const kinds[] = { "f", "p", "l", "c", "s" };
	ino_t ino;

	need_root();
	fresh();
	for (int from = 0; from < 5; from++)
		for (int to = 0; to < 5; to++) {
			make_file("f");
			CHECK_OK(mkfifo("p", 0644));
			CHECK_OK(symlink("none", "l"));
			CHECK_OK(mknod("c", S_IFCHR | 0600, 0x103));
			CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
			ino = stat_of(kinds[from]).st_ino;
			CHECK_OK(rename(kinds[from], kinds[to]));
			CHECK_EQ(stat_of(kinds[to]).st_ino, ino);
			CHECK_EQ(exists(kinds[from]), from == to);
			for (int n = 0; n < 5; n++)
				unlink(kinds[n]);
		}
}

TEST(rename_files_and_folders)
{
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("full", 0755));
	put("full/f", "");
	CHECK_OK(symlink("d", "l"));
	CHECK_ERRNO(rename("f", "d"), EISDIR);
	CHECK_ERRNO(rename("l", "d"), EISDIR);
	CHECK_ERRNO(rename("d", "f"), ENOTDIR);
	CHECK_ERRNO(rename("d", "l"), ENOTDIR);
	CHECK_ERRNO(rename("d", "full"), ENOTEMPTY);
	CHECK_ERRNO(rename("d", "d/e"), EINVAL);
	CHECK_ERRNO(rename("d", "d/e/f"), ENOENT);
	CHECK_OK(mkdir("d/e", 0755));
	CHECK_ERRNO(rename("d", "d/e/f"), EINVAL);
	CHECK_ERRNO(rename("d/e", "d"), ENOTEMPTY);
	CHECK_ERRNO(rename("d/.", "x"), EBUSY);
	CHECK_ERRNO(rename("d/e/..", "x"), EBUSY);
	CHECK_ERRNO(rename("d", "full/."), EBUSY);
	CHECK_ERRNO(rename(".", "x"), EBUSY);
}

TEST(rename_counts_links)
{
	fresh();
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	CHECK_OK(mkdir("a/x", 0755));
	CHECK_EQ(stat_of("a").st_nlink, 3);
	CHECK_OK(rename("a/x", "b/y"));
	CHECK_EQ(stat_of("a").st_nlink, 2);
	CHECK_EQ(stat_of("b").st_nlink, 3);
	CHECK_EQ(stat_of("b/y/..").st_ino, stat_of("b").st_ino);
	CHECK_OK(mkdir("a/z", 0755));
	CHECK_OK(rename("b/y", "a/z"));
	CHECK_EQ(stat_of("a").st_nlink, 3);
	CHECK_EQ(stat_of("b").st_nlink, 2);
	put("f", "");
	CHECK_OK(link("f", "g"));
	put("h", "");
	CHECK_OK(rename("h", "f"));
	CHECK_EQ(stat_of("g").st_nlink, 1);
}

TEST(rename_times)
{
	struct stat a, b, f;

	fresh();
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	put("a/f", "text");
	a = stat_of("a");
	b = stat_of("b");
	f = stat_of("a/f");
	let_time_pass();
	CHECK_OK(rename("a/f", "b/f"));
	CHECK(time_of(stat_of("a").st_mtim) > time_of(a.st_mtim));
	CHECK(time_of(stat_of("b").st_mtim) > time_of(b.st_mtim));
	CHECK(time_of(stat_of("a").st_ctim) > time_of(a.st_ctim));
	CHECK(time_of(stat_of("b").st_ctim) > time_of(b.st_ctim));
	CHECK_EQ(time_of(stat_of("b/f").st_mtim), time_of(f.st_mtim));
	CHECK(holds("b/f", "text"));
}

/* In a sticky folder: the owner of the file, of the folder, and root. */
TEST(rename_sticky)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("sticky", 0777));
	CHECK_OK(chmod("sticky", 01777));
	CHECK_OK(chown("sticky", BOB, STAFF));
	put("sticky/hers", "");
	CHECK_OK(chown("sticky/hers", ALICE, STAFF));
	put("sticky/roots", "");
	if (fork() == 0) {
		become(1003, STAFF);
		put("sticky/mine", "");
		CHECK_ERRNO(rename("sticky/hers", "x"), EPERM);
		CHECK_ERRNO(rename("sticky/hers", "sticky/x"), EPERM);
		CHECK_ERRNO(rename("sticky/mine", "sticky/hers"), EPERM);
		CHECK_OK(rename("sticky/mine", "sticky/mine2"));
		_exit(0);
	}
	CHECK_CHILD(-1);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_OK(rename("sticky/hers", "sticky/still"));
		CHECK_ERRNO(rename("sticky/still", "sticky/roots"), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	become(BOB, GUESTS);
	CHECK_OK(rename("sticky/still", "sticky/roots"));
}

/* A folder's ".." is written when it moves: it must be one's own to write. */
TEST(rename_of_a_folder_that_one_may_not_write)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("a", 0777));
	CHECK_OK(chmod("a", 0777));
	CHECK_OK(mkdir("b", 0777));
	CHECK_OK(chmod("b", 0777));
	CHECK_OK(mkdir("a/roots", 0755));
	become(ALICE, STAFF);
	CHECK_ERRNO(rename("a/roots", "b/roots"), EACCES);
	CHECK_OK(rename("a/roots", "a/other"));
}

TEST(rename_to_another_mount)
{
	int gives, err;

	private_mounts();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mount("none", "m", "tmpfs", 0, NULL));
	errno = 0;
	gives = rename("f", "m/f");
	err = errno;
	CHECK_ERRNO(rename("m", "n"), EBUSY);
	CHECK_ERRNO(rename("d", "m"), EBUSY);
	CHECK_OK(umount("m"));
	CHECK_EQ(gives, -1);
	CHECK_EQ(err, EXDEV);
}

TEST(rename_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "");
	put("g", "");
	CHECK_OK(mkdir("d", 0755));
	put("d/f", "");
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(rename("f", "h"), EPERM);
	CHECK_ERRNO(rename("g", "f"), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(rename("f", "h"), EPERM);
	CHECK(flags_set("f", 0));
	CHECK(flags_set("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(rename("d/f", "h"), EPERM);
	CHECK_ERRNO(rename("g", "d/g"), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_ERRNO(rename("d/f", "h"), EPERM);
	CHECK_OK(rename("g", "d/g"));
	CHECK(flags_set("d", 0));
}

TEST(renameat_descriptors)
{
	int d, f;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("d/a", "text");
	d = open("d", O_RDONLY);
	f = open("d/a", O_RDONLY);
	CHECK_ERRNO(renameat(999, "a", d, "b"), EBADF);
	CHECK_ERRNO(renameat(d, "a", 999, "b"), EBADF);
	CHECK_ERRNO(renameat(f, "a", d, "b"), ENOTDIR);
	CHECK_ERRNO(renameat(d, "a", f, "b"), ENOTDIR);
	CHECK_OK(renameat(d, "a", AT_FDCWD, "b"));
	CHECK(holds("b", "text"));
}

TEST(renameat2_flags)
{
	struct stat a;

	fresh();
	put("f", "ff");
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "d", 1),
		    EEXIST);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 2),
		    ENOENT);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 3),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 1 << 9),
		    EINVAL);
	a = stat_of("d");
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "d", 2));
	CHECK_EQ(stat_of("f").st_ino, a.st_ino);
	CHECK(holds("d", "ff"));
}
