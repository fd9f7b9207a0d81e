/* SPDX-License-Identifier: BSD-2-Clause */
/* symlink.c - symlink, symlinkat, readlink, readlinkat. */
#include "posix.h"

static int call(const char *path)
{
	return symlink("target", path);
}

static int call_target(const char *path)
{
	return symlink(path, "new");
}

static int call_read(const char *path)
{
	char text[PATH_MAX];

	return readlink(path, text, sizeof(text)) < 0 ? -1 : 0;
}

static void make_link(const char *name)
{
	CHECK_OK(symlink("none", name));
}

TEST(symlink_bad_paths)
{
	bad_paths(call, PATH_MAKES);
	bad_paths(call_read, 0);
}

TEST(symlink_closed_folders)
{
	closed_folders(call, PATH_MAKES | PATH_PARENT, NULL);
	closed_folders(call_read, PATH_READS, make_link);
}

TEST(symlink_read_only)
{
	read_only(call, NULL);
}

TEST(symlink_exists)
{
	static const char *const names[] = { "f", "d", "p", "l", ".", "/" };

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("none", "l"));
	for (int n = 0; n < 6; n++)
		CHECK_ERRNO(symlink("x", names[n]), EEXIST);
	CHECK_ERRNO(symlinkat("x", 999, "e"), EBADF);
	CHECK_ERRNO(symlinkat("x", open("f", O_RDONLY), "e"), ENOTDIR);
	CHECK_ERRNO(symlink("x", "new/"), ENOENT);
}

/* From what fits into the inode to a page, the longest. */
TEST(symlink_targets)
{
	static const int lengths[] = { 1, 59, 60, 61, 255, 256, 1000, 4000, 4095 };
	static char target[PATH_MAX + 1], got[PATH_MAX + 1];
	int length;

	fresh();
	for (unsigned n = 0; n < sizeof(lengths) / sizeof(*lengths); n++) {
		length = lengths[n];
		for (int k = 0; k < length; k++)
			target[k] = 'a' + k % 26;
		target[length] = '\0';
		if (symlink(target, "l") < 0) {
			/* A file system may keep no more than one of its
			 * blocks: then it is an error, and nothing else. */
			CHECK(errno == ENAMETOOLONG && length >= 1000);
			CHECK(!exists("l"));
			continue;
		}
		CHECK_EQ(stat_of("l").st_size, length);
		CHECK_EQ(readlink("l", got, sizeof(got)), length);
		CHECK(!memcmp(got, target, length));
		CHECK_OK(unlink("l"));
	}
	memset(target, 'x', PATH_MAX);
	CHECK_ERRNO(symlink(target, "l"), ENAMETOOLONG);
	CHECK_ERRNO(symlink("", "l"), ENOENT);
	CHECK_ERRNO(call_target((const char *)8), EFAULT);
	CHECK_ERRNO(call_target((const char *)-8), EFAULT);
}

TEST(symlink_mode_owner_and_times)
{
	struct stat folder, made;

	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(chmod("d", 0777));
	folder = stat_of("d");
	let_time_pass();
	if (fork() == 0) {
		become(ALICE, STAFF);
		umask(0077);
		CHECK_OK(symlink("some/where", "d/l"));
		_exit(0);
	}
	CHECK_CHILD(-1);
	made = stat_of("d/l");
	CHECK_EQ(made.st_mode, S_IFLNK | 0777);
	CHECK(made.st_uid == ALICE && made.st_gid == STAFF);
	CHECK_EQ(made.st_size, 10);
	CHECK(time_of(made.st_ctim) > time_of(folder.st_ctim));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
}

TEST(readlink_rules)
{
	char got[16];

	fresh();
	put("f", "");
	CHECK_OK(symlink("0123456789", "l"));
	CHECK_EQ(readlink("l", got, 4), 4);
	CHECK(!memcmp(got, "0123", 4));
	CHECK_ERRNO(readlink("f", got, sizeof(got)), EINVAL);
	CHECK_ERRNO(readlink(".", got, sizeof(got)), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlink, "l", got, 0), EINVAL);
	CHECK_ERRNO(readlink("l", (char *)8, 10), EFAULT);
	CHECK_ERRNO(readlinkat(999, "l", got, sizeof(got)), EBADF);
	CHECK_ERRNO(readlinkat(open("f", O_RDONLY), "l", got, sizeof(got)),
		    ENOTDIR);
	CHECK_EQ(readlinkat(open("l", O_PATH | O_NOFOLLOW), "", got,
			    sizeof(got)), 10);
}

TEST(symlink_immutable)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	if (!flags_set("d", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(symlink("x", "d/l"), EPERM);
	CHECK(flags_set("d", FS_APPEND_FL));
	CHECK_OK(symlink("x", "d/l"));
	CHECK(flags_set("d", 0));
}
