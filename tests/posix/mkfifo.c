/* SPDX-License-Identifier: BSD-2-Clause */
/* mkfifo.c - mkfifo and mkfifoat. */
#include "posix.h"

static int call(const char *path)
{
	return mkfifo(path, 0644);
}

TEST(mkfifo_bad_paths)
{
	bad_paths(call, PATH_MAKES);
}

TEST(mkfifo_closed_folders)
{
	closed_folders(call, PATH_MAKES | PATH_PARENT, NULL);
}

TEST(mkfifo_read_only)
{
	read_only(call, NULL);
}

TEST(mkfifo_exists)
{
	static const char *const names[] = { "f", "d", "p", "l", "dangling",
					     ".", "..", "/" };

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(symlink("none", "dangling"));
	for (int n = 0; n < 8; n++)
		CHECK_ERRNO(mkfifo(names[n], 0644), EEXIST);
	CHECK_ERRNO(mkfifo("new/", 0644), ENOENT);
	CHECK_ERRNO(mkfifoat(999, "e", 0644), EBADF);
	CHECK_ERRNO(mkfifoat(open("f", O_RDONLY), "e", 0644), ENOTDIR);
}

TEST(mkfifo_mode_owner_and_times)
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
		umask(0027);
		CHECK_OK(mkfifo("d/p", 0666));
		_exit(0);
	}
	CHECK_CHILD(-1);
	made = stat_of("d/p");
	CHECK_EQ(made.st_mode, S_IFIFO | 0640);
	CHECK(made.st_uid == ALICE && made.st_gid == STAFF);
	CHECK_EQ(made.st_size, 0);
	CHECK_EQ(made.st_nlink, 1);
	CHECK(time_of(made.st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
}

TEST(mkfifo_carries_bytes)
{
	char buf[8];
	int fd;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	if (fork() == 0) {
		put("p", "hello");
		_exit(0);
	}
	fd = open("p", O_RDONLY);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	CHECK_CHILD(-1);
}

TEST(mkfifo_immutable)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	if (!flags_set("d", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(mkfifo("d/p", 0644), EPERM);
	CHECK(flags_set("d", 0));
	CHECK_OK(mkfifo("d/p", 0644));
}
