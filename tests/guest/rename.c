/* SPDX-License-Identifier: BSD-2-Clause */
/* rename.c - rename in all its rules. */
#include "files.h"

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

static int rename2(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

TEST(file_over_file)
{
	ino_t ino;
	int old;

	fresh();
	put("a", "aa");
	put("b", "bbb");
	ino = stat_of("a").st_ino;
	old = open("b", O_RDONLY);
	CHECK_OK(rename("a", "b"));
	CHECK(!exists("a"));
	CHECK(holds("b", "aa"));
	CHECK_EQ(stat_of("b").st_ino, ino);
	CHECK_EQ(lseek(old, 0, SEEK_END), 3);
	CHECK_ERRNO(rename("a", "c"), ENOENT);
	CHECK_ERRNO(rename("b", "none/c"), ENOENT);
	CHECK_ERRNO(rename("b", ""), ENOENT);
	CHECK_ERRNO(rename("", "b"), ENOENT);
}

TEST(same_name_and_same_inode)
{
	fresh();
	put("a", "text");
	CHECK_OK(rename("a", "a"));
	CHECK(holds("a", "text"));
	CHECK_OK(link("a", "b"));
	/* Two names of one file: nothing happens, both stay. */
	CHECK_OK(rename("a", "b"));
	CHECK(exists("a") && exists("b"));
	CHECK_EQ(stat_of("a").st_nlink, 2);
	CHECK_ERRNO(rename2("a", "b", NOREPLACE), EEXIST);
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(rename("d", "d"));
	CHECK_OK(rename("d", "d/"));
}

TEST(file_and_directory)
{
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0700));
	CHECK_ERRNO(rename("f", "d"), EISDIR);
	CHECK_ERRNO(rename("d", "f"), ENOTDIR);
	CHECK_ERRNO(rename("d", "f/"), ENOTDIR);
	CHECK_ERRNO(rename("f", "d/"), ENOTDIR);
	CHECK_ERRNO(rename("f/", "g"), ENOTDIR);
	CHECK_ERRNO(rename("f", "g/"), ENOTDIR);
	CHECK_OK(rename("d/", "e"));
	CHECK_OK(rename("e", "d/"));
	CHECK(exists("d"));
}

TEST(directory_over_directory)
{
	fresh();
	CHECK_OK(mkdir("a", 0700));
	put("a/f", "text");
	CHECK_OK(mkdir("empty", 0700));
	CHECK_OK(mkdir("full", 0700));
	put("full/x", "");
	CHECK_ERRNO(rename("a", "full"), ENOTEMPTY);
	CHECK_OK(rename("a", "empty"));
	CHECK(holds("empty/f", "text"));
	CHECK(!exists("a"));
}

TEST(into_own_subtree)
{
	fresh();
	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("a/b", 0700));
	CHECK_OK(mkdir("a/b/c", 0700));
	CHECK_ERRNO(rename("a", "a/x"), EINVAL);
	CHECK_ERRNO(rename("a", "a/b/c/x"), EINVAL);
	CHECK_ERRNO(rename("a", "a/b"), EINVAL);
	CHECK_ERRNO(rename("a/b/c", "a/b"), ENOTEMPTY);
	CHECK_ERRNO(rename("a/b/c", "a"), ENOTEMPTY);
	put("f", "");
	CHECK_ERRNO(rename("f", "f/x"), ENOTDIR);
	CHECK_OK(rename("a/b/c", "c"));
	CHECK_OK(rename("a/b", "c/b"));
	CHECK(exists("c/b"));
}

TEST(dot_and_dotdot)
{
	fresh();
	CHECK_OK(mkdir("d", 0700));
	CHECK_ERRNO(rename(".", "x"), EBUSY);
	CHECK_ERRNO(rename("d/.", "x"), EBUSY);
	CHECK_ERRNO(rename("d/..", "x"), EBUSY);
	CHECK_ERRNO(rename("d", "."), EBUSY);
	CHECK_ERRNO(rename("d", ".."), EBUSY);
	CHECK_ERRNO(rename("/", "x"), EBUSY);
	CHECK_ERRNO(rename("d", "/"), EBUSY);
	CHECK_ERRNO(rename2("d", ".", NOREPLACE), EEXIST);
}

TEST(symlinks_are_not_followed)
{
	fresh();
	put("f", "text");
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(rename("s", "t"));
	CHECK(S_ISLNK(stat_of("t").st_mode));
	put("g", "other");
	CHECK_OK(rename("g", "t"));
	CHECK(S_ISREG(stat_of("t").st_mode));
	CHECK(holds("f", "text"));
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(symlink("d", "ld"));
	CHECK_OK(mkdir("e", 0700));
	CHECK_ERRNO(rename("e", "ld"), ENOTDIR);
	CHECK_ERRNO(rename("ld/", "x"), ENOTDIR);
	CHECK_OK(rename("f", "ld/f"));
	CHECK(holds("d/f", "text"));
}

TEST(no_replace)
{
	fresh();
	put("a", "aa");
	put("b", "bb");
	CHECK_ERRNO(rename2("a", "b", NOREPLACE), EEXIST);
	CHECK(holds("b", "bb"));
	CHECK_OK(rename2("a", "c", NOREPLACE));
	CHECK(holds("c", "aa"));
	CHECK(!exists("a"));
	CHECK_OK(symlink("nowhere", "s"));
	CHECK_ERRNO(rename2("c", "s", NOREPLACE), EEXIST);
	CHECK_ERRNO(rename2("none", "s", NOREPLACE), ENOENT);
	CHECK_ERRNO(rename2("c", "d", NOREPLACE | EXCHANGE), EINVAL);
	CHECK_ERRNO(rename2("c", "d", EXCHANGE | WHITEOUT), EINVAL);
	CHECK_ERRNO(rename2("c", "d", 8), EINVAL);
}

TEST(exchange)
{
	fresh();
	put("a", "aa");
	put("b", "bb");
	CHECK_OK(rename2("a", "b", EXCHANGE));
	CHECK(holds("a", "bb"));
	CHECK(holds("b", "aa"));
	CHECK_ERRNO(rename2("a", "none", EXCHANGE), ENOENT);
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("d/sub", 0700));
	CHECK_OK(rename2("a", "d", EXCHANGE));
	CHECK(holds("d", "bb"));
	CHECK(exists("a/sub"));
	CHECK_ERRNO(rename2("a", "a/sub", EXCHANGE), EINVAL);
	CHECK_ERRNO(rename2("a/sub", "a", EXCHANGE), EINVAL);
	CHECK_OK(rename2("a", "a", EXCHANGE));
	CHECK_ERRNO(rename2("d/", "a", EXCHANGE), ENOTDIR);
	CHECK_ERRNO(rename2("a", "d/", EXCHANGE), ENOTDIR);
}

TEST(exchange_between_directories)
{
	char cwd[PATH_MAX];

	fresh();
	CHECK_OK(mkdir("x", 0700));
	CHECK_OK(mkdir("y", 0700));
	CHECK_OK(mkdir("x/d", 0700));
	put("y/f", "text");
	CHECK_OK(rename2("x/d", "y/f", EXCHANGE));
	CHECK(holds("x/d", "text"));
	CHECK_EQ(stat_of("x").st_nlink, 2);
	CHECK_EQ(stat_of("y").st_nlink, 3);
	CHECK_OK(chdir("y/f"));
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd + strlen(cwd) - 4, "/y/f"));
	CHECK_OK(chdir("../.."));
	CHECK(exists("x"));
}

TEST(across_file_systems)
{
	fresh();
	put("f", "");
	CHECK_ERRNO(rename("f", "/proc/f"), EXDEV);
	CHECK_ERRNO(rename("/proc/version", "f"), EXDEV);
}

TEST(permissions_of_rename)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("closed", 0755));
	put("closed/f", "");
	CHECK_OK(mkdir("open", 0777));
	CHECK_OK(chmod("open", 0777));
	put("open/mine", "");
	CHECK_OK(mkdir("open/rootdir", 0755));
	become(ALICE, STAFF);
	CHECK_ERRNO(rename("closed/f", "open/f"), EACCES);
	CHECK_ERRNO(rename("open/mine", "closed/x"), EACCES);
	CHECK_OK(rename("open/mine", "open/yours"));
	/* Another parent changes `..`: that is writing to the directory. */
	CHECK_OK(mkdir("open/sub", 0777));
	CHECK_ERRNO(rename("open/rootdir", "open/sub/rootdir"), EACCES);
	CHECK_OK(rename("open/rootdir", "open/rootdir2"));
}

TEST(sticky_rename)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("t", 0777));
	CHECK_OK(chmod("t", 01777));
	put("t/root", "");
	become(ALICE, STAFF);
	put("t/alice", "");
	CHECK_ERRNO(rename("t/root", "t/x"), EPERM);
	CHECK_ERRNO(rename("t/alice", "t/root"), EPERM);
	CHECK_ERRNO(rename2("t/alice", "t/root", EXCHANGE), EPERM);
	CHECK_OK(rename("t/alice", "t/x"));
}

TEST(times_change)
{
	struct stat d, f;

	fresh();
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("e", 0700));
	put("d/f", "");
	d = stat_of("d");
	f = stat_of("d/f");
	ktap_sleep_ms(20);
	CHECK_OK(rename("d/f", "e/f"));
	CHECK(stat_of("d").st_mtim.tv_nsec != d.st_mtim.tv_nsec);
	CHECK(stat_of("e/f").st_ctim.tv_nsec != f.st_ctim.tv_nsec);
	CHECK_EQ(stat_of("e/f").st_mtim.tv_nsec, f.st_mtim.tv_nsec);
}

TEST(many_at_once)
{
	pid_t pid[4];

	fresh();
	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("a/b", 0700));
	CHECK_OK(mkdir("c", 0700));
	put("f", "text");
	for (int p = 0; p < 4; p++) {
		pid[p] = fork();
		CHECK_OK(pid[p]);
		if (pid[p])
			continue;
		for (int i = 0; i < 300; i++) {
			static const char *const names[] = {
				"f", "a/f", "a/b/f", "c/f", "b", "a/b", "c/b" };
			rename(names[(i + p) % 4], names[(i * 3 + p) % 4]);
			rename(names[4 + (i + p) % 3], names[4 + (i * 2 + p) % 3]);
		}
		_exit(0);
	}
	for (int p = 0; p < 4; p++)
		CHECK_CHILD(pid[p]);
	CHECK_EQ(exists("f") + exists("a/f") + exists("a/b/f") + exists("c/f") +
			 exists("b/f") + exists("c/b/f"), 1);
	CHECK_EQ(exists("b") + exists("a/b") + exists("c/b"), 1);
}
