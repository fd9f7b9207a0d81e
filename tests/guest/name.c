/* SPDX-License-Identifier: BSD-2-Clause */
/* name.c - links, symlinks, unlink, rmdir, mkdir, limits of names. */
#include "files.h"

TEST(hard_links)
{
	struct stat st;

	fresh();
	put("f", "text");
	CHECK_OK(link("f", "g"));
	CHECK_EQ(stat_of("f").st_nlink, 2);
	CHECK_EQ(stat_of("f").st_ino, stat_of("g").st_ino);
	put("g", "more");
	CHECK(holds("f", "more"));
	CHECK_ERRNO(link("f", "g"), EEXIST);
	CHECK_ERRNO(link("none", "h"), ENOENT);
	CHECK_ERRNO(link("f", "none/h"), ENOENT);
	CHECK_ERRNO(link("f", "h/"), ENOENT);
	CHECK_ERRNO(link("f/", "h"), ENOTDIR);
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(link("d", "e"), EPERM);
	CHECK_ERRNO(link("f", "d"), EEXIST);
	CHECK_ERRNO(link("f", "."), EEXIST);
	CHECK_ERRNO(linkat(AT_FDCWD, "f", AT_FDCWD, "h", 1), EINVAL);
	CHECK_OK(unlink("f"));
	CHECK_EQ(stat_of("g").st_nlink, 1);
	CHECK_OK(stat("/proc", &st));
	CHECK_ERRNO(link("/proc/version", "v"), EXDEV);
}

TEST(hard_link_to_a_symlink)
{
	fresh();
	put("f", "text");
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(link("s", "t"));
	CHECK(S_ISLNK(stat_of("t").st_mode));
	CHECK_EQ(stat_of("s").st_nlink, 2);
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
	CHECK(S_ISREG(stat_of("u").st_mode));
}

TEST(symlink_text)
{
	char text[PATH_MAX], long_text[PATH_MAX];

	fresh();
	CHECK_OK(symlink("a/b/../c", "s"));
	CHECK_EQ(readlink("s", text, sizeof(text)), 8);
	CHECK_EQ(readlink("s", text, 3), 3);
	CHECK(!memcmp(text, "a/b", 3));
	CHECK_ERRNO(syscall(SYS_readlink, "s", text, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlink, "s", text, -1), EINVAL);
	CHECK_EQ(stat_of("s").st_size, 8);
	CHECK_EQ(stat_of("s").st_mode, S_IFLNK | 0777);
	CHECK_ERRNO(symlink("x", "s"), EEXIST);
	CHECK_ERRNO(symlink("", "t"), ENOENT);
	CHECK_ERRNO(symlink("x", ""), ENOENT);
	CHECK_ERRNO(symlink("x", "t/"), ENOENT);
	memset(long_text, 'x', PATH_MAX - 1);
	long_text[PATH_MAX - 1] = '\0';
	CHECK_OK(symlink(long_text, "long"));
	CHECK_EQ(readlink("long", text, sizeof(text)), PATH_MAX - 1);
	CHECK(!memcmp(text, long_text, PATH_MAX - 1));
	CHECK_ERRNO(open("long", O_RDONLY), ENAMETOOLONG);
}

TEST(symlink_in_the_middle)
{
	fresh();
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	put("d/f", "text");
	CHECK_OK(symlink("d/e", "s"));
	/* `..` is the parent of where the link went. */
	CHECK(holds("s/../f", "text"));
	CHECK_OK(symlink("../f", "d/e/up"));
	CHECK(holds("s/up", "text"));
	CHECK_OK(symlink("d/", "slash"));
	CHECK(holds("slash/f", "text"));
	CHECK_ERRNO(open("d/f/x", O_RDONLY), ENOTDIR);
	CHECK_OK(symlink("d/f", "lf"));
	CHECK_ERRNO(open("lf/x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("lf/", O_RDONLY), ENOTDIR);
}

TEST(forty_symlinks)
{
	char name[16], to[16];

	fresh();
	put("l0", "text");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(to, sizeof(to), "l%d", i - 1);
		CHECK_OK(symlink(to, name));
	}
	CHECK_OK(open("l40", O_RDONLY));
	CHECK_ERRNO(open("l41", O_RDONLY), ELOOP);
	CHECK_OK(symlink("b", "a"));
	CHECK_OK(symlink("a", "b"));
	CHECK_ERRNO(open("a", O_RDONLY), ELOOP);
	CHECK_ERRNO(open("a/x", O_RDONLY), ELOOP);
	CHECK_ERRNO(mkdir("a", 0700), EEXIST);
	CHECK_OK(unlink("a"));
}

TEST(forty_symlinks_in_a_row)
{
	char name[256] = "";

	fresh();
	CHECK_OK(symlink(".", "s"));
	put("f", "text");
	for (int i = 0; i < 40; i++)
		strcat(name, "s/");
	strcat(name, "f");
	CHECK(holds(name, "text"));
	CHECK_OK(symlink("f", "t"));
	strcpy(name + 80, "t");
	CHECK_ERRNO(open(name, O_RDONLY), ELOOP);
	CHECK_OK(open(name, O_RDONLY | O_PATH | O_NOFOLLOW));
}

TEST(name_limits)
{
	char name[NAME_MAX + 3], path[PATH_MAX + 8];

	fresh();
	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = '\0';
	put(name, "");
	CHECK_OK(access(name, F_OK));
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	CHECK_ERRNO(open(name, O_RDONLY), ENAMETOOLONG);
	CHECK_ERRNO(open(name, O_WRONLY | O_CREAT, 0600), ENAMETOOLONG);
	CHECK_ERRNO(mkdir(name, 0700), ENAMETOOLONG);
	CHECK_ERRNO(symlink("x", name), ENAMETOOLONG);
	CHECK_ERRNO(unlink(name), ENAMETOOLONG);
	put("f", "");
	CHECK_ERRNO(rename("f", name), ENAMETOOLONG);
	for (int i = 0; i < PATH_MAX; i += 2)
		memcpy(path + i, "./", 2);
	strcpy(path + PATH_MAX - 2, "f");
	CHECK_EQ(strlen(path), PATH_MAX - 1);
	CHECK_OK(access(path, F_OK));
	strcpy(path + PATH_MAX - 2, "/f");
	CHECK_EQ(strlen(path), PATH_MAX);
	CHECK_ERRNO(access(path, F_OK), ENAMETOOLONG);
}

TEST(deeper_than_path_max)
{
	char name[201], cwd[PATH_MAX];
	int depth, up;

	fresh();
	memset(name, 'd', 200);
	name[200] = '\0';
	for (depth = 0; depth < 25; depth++) {
		CHECK_OK(mkdir(name, 0755));
		CHECK_OK(chdir(name));
	}
	put("f", "deep");
	CHECK(holds("f", "deep"));
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, sizeof(cwd)), ENAMETOOLONG);
	CHECK_OK(unlink("f"));
	for (up = 0; up < depth; up++) {
		CHECK_OK(chdir(".."));
		CHECK_OK(rmdir(name));
	}
	CHECK(syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0);
}

TEST(unlink_rules)
{
	fresh();
	CHECK_ERRNO(unlink("none"), ENOENT);
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(unlink("d"), EISDIR);
	CHECK_ERRNO(unlink("d/"), EISDIR);
	put("f", "");
	CHECK_ERRNO(unlink("f/"), ENOTDIR);
	CHECK_ERRNO(unlink("none/"), ENOENT);
	CHECK_ERRNO(unlink("."), EISDIR);
	CHECK_ERRNO(unlink(".."), EISDIR);
	CHECK_ERRNO(unlink("/"), EISDIR);
	CHECK_ERRNO(unlink(""), ENOENT);
	CHECK_OK(symlink("d", "s"));
	CHECK_ERRNO(unlink("s/"), ENOTDIR);
	CHECK_OK(unlink("s"));
	CHECK(exists("d"));
}

TEST(unlinked_while_open)
{
	char buf[8] = "", name[64];
	struct stat st;
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK_OK(unlink("f"));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	put("f", "other");
	CHECK_EQ(pread(fd, buf, 8, 0), 4);
	CHECK(!memcmp(buf, "text", 4));
	CHECK_EQ(pwrite(fd, "more", 4, 4), 4);
	CHECK_OK(ftruncate(fd, 6));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_OK(stat(name, &st));
	CHECK_EQ(st.st_size, 6);
	CHECK(holds("f", "other"));
}

TEST(mkdir_rules)
{
	fresh();
	CHECK_OK(mkdir("d", 0700));
	CHECK_EQ(mode_of("d"), 0700);
	CHECK_ERRNO(mkdir("d", 0700), EEXIST);
	CHECK_OK(mkdir("slash/", 0700));
	CHECK_OK(mkdir("slashes///", 0700));
	CHECK_ERRNO(mkdir("none/x", 0700), ENOENT);
	CHECK_ERRNO(mkdir(".", 0700), EEXIST);
	CHECK_ERRNO(mkdir("..", 0700), EEXIST);
	CHECK_ERRNO(mkdir("/", 0700), EEXIST);
	CHECK_ERRNO(mkdir("d/.", 0700), EEXIST);
	CHECK_ERRNO(mkdir("none/.", 0700), ENOENT);
	CHECK_OK(symlink("nowhere", "s"));
	CHECK_ERRNO(mkdir("s", 0700), EEXIST);
	CHECK_ERRNO(mkdir("s/", 0700), EEXIST);
	put("f", "");
	CHECK_ERRNO(mkdir("f/x", 0700), ENOTDIR);
	CHECK_ERRNO(mkdir("f", 0700), EEXIST);
}

TEST(rmdir_rules)
{
	fresh();
	CHECK_ERRNO(rmdir("none"), ENOENT);
	put("f", "");
	CHECK_ERRNO(rmdir("f"), ENOTDIR);
	CHECK_OK(mkdir("d", 0700));
	put("d/f", "");
	CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("d/."), EINVAL);
	CHECK_ERRNO(rmdir("d/.."), ENOTEMPTY);
	CHECK_ERRNO(rmdir("."), EINVAL);
	CHECK_ERRNO(rmdir(".."), ENOTEMPTY);
	CHECK_ERRNO(rmdir("/"), EBUSY);
	CHECK_OK(unlink("d/f"));
	CHECK_OK(symlink("d", "s"));
	CHECK_ERRNO(rmdir("s"), ENOTDIR);
	CHECK_ERRNO(rmdir("s/"), ENOTDIR);
	CHECK_OK(rmdir("d/"));
	CHECK(!exists("d"));
}

TEST(directories_count_links)
{
	unsigned before;

	fresh();
	CHECK_OK(mkdir("d", 0700));
	before = stat_of("d").st_nlink;
	CHECK_EQ(before, 2);
	CHECK_OK(mkdir("d/a", 0700));
	CHECK_OK(mkdir("d/b", 0700));
	put("d/f", "");
	CHECK_EQ(stat_of("d").st_nlink, 4);
	CHECK_OK(rmdir("d/a"));
	CHECK_EQ(stat_of("d").st_nlink, 3);
	CHECK_OK(mkdir("e", 0700));
	CHECK_OK(rename("d/b", "e/b"));
	CHECK_EQ(stat_of("d").st_nlink, 2);
	CHECK_EQ(stat_of("e").st_nlink, 3);
}

TEST(removed_working_directory)
{
	char cwd[PATH_MAX];
	struct stat st;
	int fd;

	fresh();
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(chdir("d"));
	CHECK_OK(rmdir("../d"));
	CHECK_ERRNO(syscall(SYS_getcwd, cwd, sizeof(cwd)), ENOENT);
	CHECK_ERRNO(open("f", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(mkdir("x", 0700), ENOENT);
	CHECK_ERRNO(symlink("x", "y"), ENOENT);
	CHECK_OK(stat(".", &st));
	CHECK_EQ(st.st_nlink, 0);
	fd = open(".", O_RDONLY);
	CHECK_OK(fd);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, cwd, sizeof(cwd)), ENOENT);
	CHECK_ERRNO(rmdir("../d"), ENOENT);
	CHECK_OK(chdir(".."));
	CHECK(syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0);
}

TEST(getcwd_and_chdir)
{
	char cwd[PATH_MAX], again[PATH_MAX];
	size_t n;
	int fd;

	fresh();
	CHECK(getcwd(cwd, sizeof(cwd)));
	n = strlen(cwd);
	CHECK_EQ(syscall(SYS_getcwd, again, sizeof(again)), n + 1);
	CHECK_EQ(syscall(SYS_getcwd, again, n + 1), n + 1);
	CHECK_ERRNO(syscall(SYS_getcwd, again, n), ERANGE);
	CHECK_ERRNO(syscall(SYS_getcwd, again, 0), ERANGE);
	CHECK_OK(mkdir("d", 0700));
	put("f", "");
	CHECK_ERRNO(chdir("f"), ENOTDIR);
	CHECK_ERRNO(chdir("none"), ENOENT);
	CHECK_ERRNO(chdir(""), ENOENT);
	fd = open("f", O_RDONLY);
	CHECK_ERRNO(fchdir(fd), ENOTDIR);
	CHECK_ERRNO(fchdir(999), EBADF);
	fd = open(".", O_RDONLY);
	CHECK_OK(symlink("d", "s"));
	CHECK_OK(chdir("s"));
	CHECK(getcwd(again, sizeof(again)));
	CHECK(!strcmp(again + n, "/d"));
	CHECK_OK(rename("../d", "../e"));
	CHECK(getcwd(again, sizeof(again)));
	CHECK(!strcmp(again + n, "/e"));
	CHECK_OK(fchdir(fd));
	CHECK(getcwd(again, sizeof(again)));
	CHECK(!strcmp(again, cwd));
	CHECK_OK(chdir("/.."));
	CHECK(getcwd(again, sizeof(again)) && !strcmp(again, "/"));
}
