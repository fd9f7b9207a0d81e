/* SPDX-License-Identifier: BSD-2-Clause */
/* mknod.c - mknod and mknodat. */
#include <sys/sysmacros.h>

#include "posix.h"

static int call(const char *path)
{
	return mknod(path, S_IFREG | 0644, 0);
}

static int call_device(const char *path)
{
	return mknod(path, S_IFCHR | 0644, makedev(1, 3));
}

TEST(mknod_bad_paths)
{
	bad_paths(call, PATH_MAKES);
	need_root();
	bad_paths(call_device, PATH_MAKES);
}

TEST(mknod_closed_folders)
{
	closed_folders(call, PATH_MAKES | PATH_PARENT, NULL);
}

TEST(mknod_read_only)
{
	read_only(call, NULL);
}

TEST(mknod_exists)
{
	static const char *const names[] = { "f", "d", "l", "dangling", ".",
					     "..", "/" };

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(symlink("none", "dangling"));
	for (int n = 0; n < 7; n++)
		CHECK_ERRNO(mknod(names[n], S_IFREG | 0644, 0), EEXIST);
	CHECK_ERRNO(mknodat(999, "e", S_IFREG | 0644, 0), EBADF);
	CHECK_ERRNO(mknodat(open("f", O_RDONLY), "e", S_IFREG | 0644, 0),
		    ENOTDIR);
}

TEST(mknod_of_each_kind)
{
	static const struct {
		mode_t kind;
		dev_t dev;
	} kinds[] = {
		{ S_IFREG, 0 }, { S_IFIFO, 0 }, { S_IFSOCK, 0 },
		{ S_IFCHR, makedev(1, 3) }, { S_IFBLK, makedev(254, 300) },
		{ S_IFCHR, makedev(4000, 70000) },
	};
	struct stat st;

	need_root();
	fresh();
	for (unsigned n = 0; n < 6; n++) {
		CHECK_OK(mknod("x", kinds[n].kind | 0666, kinds[n].dev));
		st = stat_of("x");
		CHECK_EQ(st.st_mode, kinds[n].kind | 0644);
		CHECK_EQ(st.st_rdev, kinds[n].dev);
		CHECK_EQ(st.st_nlink, 1);
		CHECK_OK(unlink("x"));
	}
	CHECK_OK(mknod("plain", 0600, 0));	/* no kind: a file */
	CHECK(S_ISREG(stat_of("plain").st_mode));
}

TEST(mknod_kinds_that_are_none)
{
	need_root();
	fresh();
	CHECK_ERRNO(mknod("x", S_IFDIR | 0755, 0), EPERM);
	CHECK_ERRNO(mknod("x", S_IFLNK | 0777, 0), EINVAL);
	CHECK_ERRNO(mknod("x", 0170000 | 0644, 0), EINVAL);
	CHECK(!exists("x"));
}

TEST(mknod_by_whom)
{
	need_root();
	fresh();
	become(ALICE, STAFF);
	CHECK_ERRNO(mknod("c", S_IFCHR | 0600, makedev(1, 3)), EPERM);
	CHECK_ERRNO(mknod("b", S_IFBLK | 0600, makedev(1, 0)), EPERM);
	CHECK(!exists("c") && !exists("b"));
	CHECK_OK(mknod("p", S_IFIFO | 0600, 0));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	CHECK_OK(mknod("f", S_IFREG | 0600, 0));
	CHECK_EQ(stat_of("f").st_uid, ALICE);
	CHECK_ERRNO(open("s", O_RDONLY), ENXIO);
}

TEST(mknod_times)
{
	struct stat folder;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	folder = stat_of("d");
	let_time_pass();
	CHECK_OK(mknod("d/f", S_IFREG | 0644, 0));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
	CHECK(time_of(stat_of("d/f").st_ctim) > time_of(folder.st_ctim));
}
