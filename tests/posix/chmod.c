/* SPDX-License-Identifier: BSD-2-Clause */
/* chmod.c - chmod, fchmod, fchmodat. */
#include "posix.h"

static int call(const char *path)
{
	return chmod(path, 0700);
}

static int call_at(const char *path)
{
	return fchmodat(AT_FDCWD, path, 0700, 0);
}

TEST(chmod_bad_paths)
{
	bad_paths(call, PATH_FOLLOWS);
	bad_paths(call_at, PATH_FOLLOWS);
}

TEST(chmod_closed_folders)
{
	closed_folders(call, PATH_FOLLOWS, make_file);
}

TEST(chmod_read_only)
{
	read_only(call, make_file);
}

TEST(chmod_bad_descriptors)
{
	fresh();
	put("f", "");
	CHECK_ERRNO(fchmod(-1, 0600), EBADF);
	CHECK_ERRNO(fchmod(999, 0600), EBADF);
	CHECK_ERRNO(syscall(SYS_fchmod, open("f", O_PATH), 0600), EBADF);
	CHECK_ERRNO(fchmodat(999, "f", 0600, 0), EBADF);
	CHECK_ERRNO(fchmodat(open("f", O_RDONLY), "f", 0600, 0), ENOTDIR);
}

TEST(chmod_of_each_kind)
{
	static const char *const names[] = { "f", "d", "p" };

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	for (int n = 0; n < 3; n++)
		for (unsigned mode = 0; mode <= 07777; mode += 0111) {
			CHECK_OK(chmod(names[n], mode));
			CHECK_EQ(mode_of(names[n]), mode);
		}
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(chmod("l", 0421));
	CHECK_EQ(mode_of("f"), 0421);
	CHECK_EQ(mode_of("l"), 0777);
	CHECK_OK(chmod("f", 0170644));
	CHECK_EQ(mode_of("f"), 0644);
	CHECK(S_ISREG(stat_of("f").st_mode));
}

TEST(chmod_sets_ctime_only)
{
	struct stat a, b;

	fresh();
	put("f", "");
	a = stat_of("f");
	let_time_pass();
	CHECK_OK(chmod("f", 0600));
	b = stat_of("f");
	CHECK(time_of(b.st_ctim) > time_of(a.st_ctim));
	CHECK_EQ(time_of(b.st_mtim), time_of(a.st_mtim));
	CHECK_EQ(time_of(b.st_atim), time_of(a.st_atim));
}

TEST(chmod_failure_changes_nothing)
{
	struct stat a, b;

	need_root();
	fresh();
	put("f", "");
	a = stat_of("f");
	let_time_pass();
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_ERRNO(chmod("f", 0600), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	b = stat_of("f");
	CHECK_EQ(b.st_mode, a.st_mode);
	CHECK_EQ(time_of(b.st_ctim), time_of(a.st_ctim));
}

TEST(chmod_by_whom)
{
	need_root();
	fresh();
	put("hers", "");
	CHECK_OK(chown("hers", ALICE, STAFF));
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_ERRNO(chmod("hers", 0666), EPERM);
		CHECK_ERRNO(fchmod(open("hers", O_RDONLY), 0666), EPERM);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chmod("hers", 0000));
	become(ALICE, GUESTS);
	CHECK_OK(chmod("hers", 0600));
	CHECK_EQ(mode_of("hers"), 0600);
}

/* Who is not of the file's group can not give it that group's powers. */
TEST(chmod_setgid_of_a_foreign_group)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(chown("d", ALICE, STAFF));
	CHECK_OK(chmod("f", 02755));
	CHECK_EQ(mode_of("f"), 02755);
	become(ALICE, GUESTS);
	CHECK_OK(chmod("f", 06755));
	CHECK_EQ(mode_of("f"), 04755);
	CHECK_OK(chmod("d", 02755));
	CHECK_EQ(mode_of("d"), 0755);
}

TEST(chmod_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "");
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(chmod("f", 0600), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(chmod("f", 0600), EPERM);
	CHECK(flags_set("f", 0));
	CHECK_OK(chmod("f", 0600));
}

TEST(fchmodat_of_a_symlink)
{
	fresh();
	put("f", "");
	CHECK_OK(symlink("f", "l"));
	CHECK_ERRNO(fchmodat(AT_FDCWD, "f", 0600, 0x40000000), EINVAL);
	CHECK_ERRNO(fchmodat(AT_FDCWD, "l", 0600, AT_SYMLINK_NOFOLLOW),
		    EOPNOTSUPP);
}
