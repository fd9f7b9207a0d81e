/* SPDX-License-Identifier: BSD-2-Clause */
/* utimensat.c - utimensat and futimens. */
#include "posix.h"

static const struct timespec some[2] = { { 1000000000, 0 }, { 1100000000, 0 } };

static int call(const char *path)
{
	return utimensat(AT_FDCWD, path, some, 0);
}

static int call_link(const char *path)
{
	return utimensat(AT_FDCWD, path, some, AT_SYMLINK_NOFOLLOW);
}

TEST(utimensat_bad_paths)
{
	bad_paths(call, PATH_FOLLOWS);
	bad_paths(call_link, 0);
}

TEST(utimensat_closed_folders)
{
	closed_folders(call, PATH_FOLLOWS, make_file);
}

TEST(utimensat_read_only)
{
	read_only(call, make_file);
}

static void check_times(const char *name, long long atime, long long mtime)
{
	struct stat st = stat_of(name);

	CHECK_EQ(time_of(st.st_atim), atime);
	CHECK_EQ(time_of(st.st_mtim), mtime);
}

#define SEC 1000000000LL

TEST(utimensat_of_each_kind)
{
	static const char *const names[] = { "f", "d", "p", "l", "c", "s" };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("none", "l"));
	CHECK_OK(mknod("c", S_IFCHR | 0600, 0x103));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	for (int n = 0; n < 6; n++) {
		CHECK_OK(call_link(names[n]));
		check_times(names[n], 1000000000 * SEC, 1100000000 * SEC);
	}
}

TEST(utimensat_now_and_omit)
{
	struct timespec t[2] = { { 0, UTIME_OMIT }, { 5, 0 } };
	struct stat st;
	time_t before;

	fresh();
	put("f", "");
	CHECK_OK(call("f"));
	CHECK_OK(utimensat(AT_FDCWD, "f", t, 0));
	check_times("f", 1000000000 * SEC, 5 * SEC);
	t[1].tv_nsec = UTIME_OMIT;
	t[0] = (struct timespec){ 7, 0 };
	CHECK_OK(utimensat(AT_FDCWD, "f", t, 0));
	check_times("f", 7 * SEC, 5 * SEC);
	before = time(NULL);
	t[0].tv_nsec = UTIME_NOW;
	CHECK_OK(utimensat(AT_FDCWD, "f", t, 0));
	st = stat_of("f");
	CHECK(st.st_atime >= before - 1 && st.st_atime <= time(NULL));
	CHECK_EQ(time_of(st.st_mtim), 5 * SEC);
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	st = stat_of("f");
	CHECK(st.st_mtime >= before - 1 && st.st_mtime <= time(NULL));
}

TEST(utimensat_sets_ctime)
{
	struct stat before;

	fresh();
	put("f", "");
	before = stat_of("f");
	let_time_pass();
	CHECK_OK(call("f"));
	CHECK(time_of(stat_of("f").st_ctim) > time_of(before.st_ctim));
}

TEST(utimensat_bad_values)
{
	struct timespec t[2] = { { 1, SEC }, { 1, 0 } };

	fresh();
	put("f", "");
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	t[0].tv_nsec = -1;
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	t[0].tv_nsec = 0;
	t[1].tv_nsec = SEC;
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", some, 0x40000000), EINVAL);
	CHECK_ERRNO(utimensat(999, "f", some, 0), EBADF);
	CHECK_ERRNO(utimensat(open("f", O_RDONLY), "f", some, 0), ENOTDIR);
	CHECK_ERRNO(futimens(-1, some), EBADF);
	CHECK_OK(futimens(open("f", O_RDONLY), some));
	check_times("f", 1000000000 * SEC, 1100000000 * SEC);
}

TEST(utimensat_by_whom)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct timespec half[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(chmod("f", 0464));
	if (fork() == 0) {	/* may write: only both to now */
		become(BOB, STAFF);
		CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
		CHECK_OK(utimensat(AT_FDCWD, "f", now, 0));
		CHECK_ERRNO(utimensat(AT_FDCWD, "f", some, 0), EPERM);
		CHECK_ERRNO(utimensat(AT_FDCWD, "f", half, 0), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	if (fork() == 0) {	/* may not even write */
		become(BOB, GUESTS);
		CHECK_ERRNO(utimensat(AT_FDCWD, "f", NULL, 0), EACCES);
		CHECK_ERRNO(utimensat(AT_FDCWD, "f", some, 0), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	become(ALICE, GUESTS);	/* the owner needs no permission */
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	CHECK_OK(utimensat(AT_FDCWD, "f", some, 0));
	CHECK_OK(utimensat(AT_FDCWD, "f", half, 0));
}

TEST(utimensat_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "");
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", some, 0), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", NULL, 0), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", some, 0), EPERM);
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	CHECK(flags_set("f", 0));
}
