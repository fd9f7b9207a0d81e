/* SPDX-License-Identifier: BSD-2-Clause */
/* chown.c - chown, lchown, fchown, fchownat. */
#include "posix.h"

static int call(const char *path)
{
	return chown(path, -1, -1);
}

static int call_link(const char *path)
{
	return lchown(path, -1, -1);
}

static int call_at(const char *path)
{
	return fchownat(AT_FDCWD, path, -1, -1, 0);
}

TEST(chown_bad_paths)
{
	bad_paths(call, PATH_FOLLOWS);
	bad_paths(call_link, 0);
	bad_paths(call_at, PATH_FOLLOWS);
}

static void make_link(const char *name)
{
	CHECK_OK(symlink("none", name));
}

TEST(chown_closed_folders)
{
	closed_folders(call, PATH_FOLLOWS, make_file);
	closed_folders(call_link, 0, make_link);
}

TEST(chown_read_only)
{
	read_only(call, make_file);
	read_only(call_link, make_link);
}

TEST(chown_bad_descriptors)
{
	fresh();
	put("f", "");
	CHECK_ERRNO(fchown(-1, 0, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_fchown32, open("f", O_PATH), 0, 0), EBADF);
	CHECK_ERRNO(fchownat(999, "f", 0, 0, 0), EBADF);
	CHECK_ERRNO(fchownat(open("f", O_RDONLY), "f", 0, 0, 0), ENOTDIR);
	CHECK_ERRNO(fchownat(AT_FDCWD, "f", 0, 0, 0x40000000), EINVAL);
}

static void check_owner(const char *name, uid_t uid, gid_t gid)
{
	struct stat st = stat_of(name);

	CHECK_EQ(st.st_uid, uid);
	CHECK_EQ(st.st_gid, gid);
}

TEST(chown_of_each_kind)
{
	static const char *const names[] = { "f", "d", "p", "l", "c", "s" };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(mknod("c", S_IFCHR | 0600, 0x103));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	for (int n = 0; n < 6; n++) {
		CHECK_OK(lchown(names[n], 123456, 70000));
		check_owner(names[n], 123456, 70000);
		CHECK_OK(lchown(names[n], -1, STAFF));
		check_owner(names[n], 123456, STAFF);
		CHECK_OK(lchown(names[n], ALICE, -1));
		check_owner(names[n], ALICE, STAFF);
	}
	CHECK_OK(chown("l", BOB, GUESTS));
	check_owner("f", BOB, GUESTS);
	check_owner("l", ALICE, STAFF);
	CHECK_OK(fchownat(AT_FDCWD, "l", BOB, STAFF, AT_SYMLINK_NOFOLLOW));
	check_owner("l", BOB, STAFF);
	CHECK_OK(fchownat(open("f", O_RDONLY), "", ALICE, STAFF, AT_EMPTY_PATH));
	check_owner("f", ALICE, STAFF);
}

/* The owner may give the file to a group of theirs, and to nobody else. */
TEST(chown_by_whom)
{
	gid_t groups[] = { GUESTS };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chown("f", ALICE, STAFF));
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_ERRNO(chown("f", BOB, -1), EPERM);
		CHECK_ERRNO(chown("f", -1, STAFF), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(setgroups(1, groups));
	CHECK_OK(setresgid(STAFF, STAFF, STAFF));
	CHECK_OK(setresuid(ALICE, ALICE, ALICE));
	CHECK_OK(chown("f", -1, GUESTS));
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_ERRNO(chown("f", BOB, -1), EPERM);
	CHECK_ERRNO(chown("f", 0, -1), EPERM);
	CHECK_ERRNO(chown("f", -1, 3000), EPERM);
	check_owner("f", ALICE, STAFF);
}

TEST(chown_takes_the_set_id_bits)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chmod("f", 06755));
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_EQ(mode_of("f"), 0755);
	CHECK_OK(chmod("f", 06755));
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_OK(chown("f", -1, STAFF));
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_EQ(mode_of("f"), 0755);
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chmod("d", 06755));
	CHECK_OK(chown("d", BOB, GUESTS));
	CHECK_EQ(mode_of("d"), 06755);
}

TEST(chown_sets_ctime_only)
{
	struct stat a, b;

	need_root();
	fresh();
	put("f", "");
	a = stat_of("f");
	let_time_pass();
	CHECK_OK(chown("f", ALICE, STAFF));
	b = stat_of("f");
	CHECK(time_of(b.st_ctim) > time_of(a.st_ctim));
	CHECK_EQ(time_of(b.st_mtim), time_of(a.st_mtim));
	let_time_pass();
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_ERRNO(chown("f", BOB, -1), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_EQ(time_of(stat_of("f").st_ctim), time_of(b.st_ctim));
}

TEST(chown_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "");
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(chown("f", ALICE, STAFF), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(chown("f", ALICE, STAFF), EPERM);
	CHECK(flags_set("f", 0));
	CHECK_OK(chown("f", ALICE, STAFF));
}
