/* SPDX-License-Identifier: BSD-2-Clause */
/* open.c - open's flags, O_PATH, O_TMPFILE, the *at calls. */
#include "files.h"

enum { ACCESS = 3 }; /* musl's O_ACCMODE has O_PATH in it */

TEST(creat_and_excl)
{
	fresh();
	CHECK_ERRNO(open("f", O_RDONLY), ENOENT);
	CHECK_OK(close(open("f", O_RDONLY | O_CREAT, 0600)));
	CHECK_ERRNO(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_OK(symlink("nowhere", "s"));
	CHECK_ERRNO(open("s", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK(!exists("nowhere"));
	CHECK_OK(close(open("s", O_RDWR | O_CREAT, 0600)));
	CHECK(exists("nowhere"));
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(open("d", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERRNO(open("none/f", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(open("f/x", O_WRONLY | O_CREAT, 0600), ENOTDIR);
}

TEST(creat_by_dangling_links)
{
	fresh();
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(symlink("d/target", "one"));
	CHECK_OK(symlink("one", "two"));
	CHECK_OK(close(open("two", O_WRONLY | O_CREAT, 0600)));
	CHECK(exists("d/target"));
	CHECK_OK(symlink("none/target", "bad"));
	CHECK_ERRNO(open("bad", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_OK(symlink("slash/", "trailing"));
	CHECK_ERRNO(open("trailing", O_WRONLY | O_CREAT, 0600), EISDIR);
	CHECK_OK(symlink("loop", "loop"));
	CHECK_ERRNO(open("loop", O_WRONLY | O_CREAT, 0600), ELOOP);
}

TEST(trailing_slashes)
{
	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(open("f/", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("new/", O_RDWR | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(open("f/", O_RDWR | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(open("none/", O_RDONLY), ENOENT);
	CHECK_OK(open("d/", O_RDONLY));
	CHECK_OK(open("d///.//", O_RDONLY));
	CHECK_OK(open("d/../f", O_RDONLY));
	CHECK_ERRNO(open("f/..", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("f/.", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("", O_RDONLY), ENOENT);
}

TEST(directories)
{
	int fd;
	char c;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("f", "");
	CHECK_ERRNO(open("d", O_WRONLY), EISDIR);
	CHECK_ERRNO(open("d", O_RDWR), EISDIR);
	CHECK_ERRNO(open("d", O_RDONLY | O_TRUNC), EISDIR);
	CHECK_ERRNO(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("none", O_RDONLY | O_DIRECTORY), ENOENT);
	CHECK_OK(symlink("d", "ld"));
	CHECK_OK(open("ld", O_RDONLY | O_DIRECTORY));
	CHECK_ERRNO(open("ld", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), ENOTDIR);
	CHECK_OK(open("ld/", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	fd = open("d", O_RDONLY);
	CHECK_OK(fd);
	CHECK_ERRNO(read(fd, &c, 1), EISDIR);
	CHECK_ERRNO(write(fd, &c, 1), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	CHECK_OK(fsync(fd));
}

TEST(nofollow)
{
	fresh();
	put("f", "text");
	CHECK_OK(symlink("f", "s"));
	CHECK_ERRNO(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_OK(open("f", O_RDONLY | O_NOFOLLOW));
	CHECK_ERRNO(open("s", O_RDWR | O_CREAT | O_NOFOLLOW, 0600), ELOOP);
	CHECK_OK(symlink("d", "ld"));
	CHECK_OK(mkdir("d", 0755));
	put("d/f", "");
	CHECK_OK(open("ld/f", O_RDONLY | O_NOFOLLOW));
}

TEST(truncate_flag)
{
	fresh();
	put("f", "text");
	CHECK_OK(close(open("f", O_RDONLY)));
	CHECK_EQ(stat_of("f").st_size, 4);
	CHECK_OK(close(open("f", O_RDONLY | O_TRUNC)));
	CHECK_EQ(stat_of("f").st_size, 0);
	put("f", "text");
	CHECK_OK(close(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600)));
	CHECK_EQ(stat_of("f").st_size, 0);
	CHECK_EQ(mode_of("f"), 0644);
}

TEST(access_mode_is_kept)
{
	char c = 'x';
	int fd;

	fresh();
	put("f", "text");
	fd = open("f", O_RDONLY);
	CHECK_ERRNO(write(fd, &c, 1), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	CHECK_EQ(fcntl(fd, F_GETFL) & ACCESS, O_RDONLY);
	fd = open("f", O_WRONLY);
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_EQ(fcntl(fd, F_GETFL) & ACCESS, O_WRONLY);
	/* 3 checks both permissions and allows neither deed. */
	fd = open("f", ACCESS);
	CHECK_OK(fd);
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_ERRNO(write(fd, &c, 1), EBADF);
	CHECK_EQ(fcntl(fd, F_GETFL) & ACCESS, ACCESS);
}

TEST(getfl_shows_the_flags)
{
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK |
			       O_CLOEXEC | O_NOCTTY | O_SYNC, 0600);
	CHECK_OK(fd);
	CHECK_EQ(fcntl(fd, F_GETFL) & ~O_LARGEFILE,
		 O_RDWR | O_APPEND | O_NONBLOCK | O_SYNC);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(fcntl(fd, F_SETFL, O_RDONLY | O_CREAT));
	CHECK_EQ(fcntl(fd, F_GETFL) & ~O_LARGEFILE, O_RDWR | O_SYNC);
	CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NOATIME));
	CHECK_EQ(fcntl(fd, F_GETFL) & ~O_LARGEFILE,
		 O_RDWR | O_SYNC | O_APPEND | O_NOATIME);
}

TEST(modes_and_umask)
{
	fresh();
	CHECK_EQ(umask(0), 022);
	CHECK_OK(close(open("all", O_WRONLY | O_CREAT, 07777)));
	CHECK_EQ(mode_of("all"), 07777);
	CHECK_OK(mkdir("dall", 07777));
	CHECK_EQ(mode_of("dall"), 01777);
	umask(077);
	CHECK_OK(close(open("mine", O_WRONLY | O_CREAT, 0666)));
	CHECK_EQ(mode_of("mine"), 0600);
	CHECK_OK(mkfifo("p", 0666));
	CHECK_EQ(mode_of("p"), 0600);
	CHECK_EQ(umask(01234567), 077);
	CHECK_EQ(umask(0), 0567);
	/* A file opened for writing may be born read-only. */
	CHECK_OK(open("ro", O_RDWR | O_CREAT, 0400));
}

TEST(large_offsets_without_largefile)
{
	int fd;

	fresh();
	put("f", "");
	CHECK_OK(truncate("f", 3ll << 30));
	CHECK_ERRNO(syscall(SYS_open, "f", O_RDONLY, 0), EOVERFLOW);
	fd = syscall(SYS_open, "f", O_RDONLY | O_LARGEFILE, 0);
	CHECK_OK(fd);
	if (on_brig()) /* a 64-bit Linux cuts the number instead */
		CHECK_ERRNO(syscall(SYS_lseek, fd, 0, SEEK_END), EOVERFLOW);
	CHECK_OK(close(fd));
	CHECK_OK(truncate("f", INT_MAX));
	fd = syscall(SYS_open, "f", O_RDWR, 0);
	CHECK_OK(fd);
	CHECK_EQ(lseek(fd, 0, SEEK_END), INT_MAX);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_ERRNO(write(fd, "x", 1), EFBIG);
}

TEST(path_descriptors)
{
	struct stat st;
	char c;
	int fd, dir;

	fresh();
	put("f", "text");
	CHECK_OK(chmod("f", 0));
	fd = open("f", O_PATH | O_RDWR | O_APPEND | O_CLOEXEC);
	CHECK_OK(fd);
	CHECK_EQ(fcntl(fd, F_GETFL), O_PATH);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_ERRNO(write(fd, &c, 1), EBADF);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_fchmod, fd, 0600), EBADF);
	CHECK_ERRNO(syscall(SYS_fchown32, fd, 0, 0), EBADF);
	CHECK_ERRNO(fsync(fd), EBADF);
	CHECK_ERRNO(syscall(SYS_ioctl, fd, 0x5401, 0), EBADF);
	CHECK_ERRNO(fcntl(fd, F_SETFL, O_NONBLOCK), EBADF);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 4);
	CHECK_OK(fcntl(fd, F_DUPFD, 20));
	CHECK_EQ(fcntl(20, F_GETFL), O_PATH);
	CHECK_OK(dup(fd));
	CHECK_ERRNO(fchdir(fd), ENOTDIR);
	dir = open(".", O_PATH | O_DIRECTORY);
	CHECK_OK(dir);
	CHECK_EQ(fcntl(dir, F_GETFL), O_PATH | O_DIRECTORY);
	CHECK_OK(fchdir(dir));
	CHECK_OK(faccessat(dir, "f", F_OK, 0));
	CHECK_ERRNO(syscall(SYS_getdents64, dir, &st, sizeof(st)), EBADF);
	CHECK_ERRNO(open("none", O_PATH | O_CREAT, 0600), ENOENT);
}

TEST(path_descriptor_of_a_symlink)
{
	char text[16];
	struct stat st;
	int fd;

	fresh();
	CHECK_OK(symlink("target", "s"));
	CHECK_ERRNO(open("s", O_PATH), ENOENT);
	fd = open("s", O_PATH | O_NOFOLLOW);
	CHECK_OK(fd);
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(readlinkat(fd, "", text, sizeof(text)), 6);
	CHECK(!memcmp(text, "target", 6));
	CHECK_OK(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
	put("f", "");
	fd = open("f", O_PATH);
	CHECK_ERRNO(readlinkat(fd, "", text, sizeof(text)), ENOENT);
	CHECK_ERRNO(readlink("", text, sizeof(text)), ENOENT);
	CHECK_ERRNO(readlink("f", text, sizeof(text)), EINVAL);
}

TEST(path_descriptor_reopened)
{
	char name[64];
	int fd, again;

	fresh();
	put("f", "text");
	fd = open("f", O_PATH);
	CHECK_OK(fd);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = open(name, O_RDWR);
	CHECK_OK(again);
	CHECK_EQ(write(again, "T", 1), 1);
	CHECK(holds("f", "Text"));
	CHECK_OK(unlink("f"));
	CHECK_OK(close(again));
	again = open(name, O_RDONLY);
	CHECK_OK(again);
}

TEST(tmpfile_without_a_name)
{
	struct stat st;
	char name[64];
	int fd;

	fresh();
	fd = open(".", O_TMPFILE | O_RDWR, 0640);
	if (fd < 0 && errno == EOPNOTSUPP)
		SKIP("file system without O_TMPFILE");
	CHECK_OK(fd);
	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_OK(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CHECK(holds("named", "text"));
	CHECK_EQ(stat_of("named").st_nlink, 1);
	CHECK_OK(unlink("named"));
	CHECK_ERRNO(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	CHECK_ERRNO(open("none", O_TMPFILE | O_RDWR, 0600), ENOENT);
	put("f", "");
	CHECK_ERRNO(open("f", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
}

TEST(tmpfile_that_stays_nameless)
{
	char name[64];
	int fd;

	fresh();
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	if (fd < 0 && errno == EOPNOTSUPP)
		SKIP("file system without O_TMPFILE");
	CHECK_OK(fd);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_ERRNO(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW),
		    ENOENT);
	/* A file that lost its last name does not get a new one. */
	fd = open("f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(unlink("f"));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_ERRNO(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW),
		    ENOENT);
}

TEST(names_start_at_descriptors)
{
	struct stat st;
	int dir, file;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	dir = open("d", O_RDONLY | O_DIRECTORY);
	CHECK_OK(dir);
	file = openat(dir, "f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(file);
	CHECK(exists("d/f"));
	CHECK_OK(mkdirat(dir, "sub", 0700));
	CHECK_OK(symlinkat("f", dir, "s"));
	CHECK_OK(linkat(dir, "f", AT_FDCWD, "hard", 0));
	CHECK_OK(mkfifoat(dir, "p", 0600));
	CHECK_OK(fstatat(dir, "s", &st, 0));
	CHECK_EQ(st.st_nlink, 2);
	CHECK_OK(fstatat(dir, "s", &st, AT_SYMLINK_NOFOLLOW));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(renameat(dir, "f", AT_FDCWD, "moved"));
	CHECK_OK(faccessat(dir, "../moved", R_OK, 0));
	CHECK_OK(unlinkat(dir, "p", 0));
	CHECK_ERRNO(unlinkat(dir, "sub", 0), EISDIR);
	CHECK_OK(unlinkat(dir, "sub", AT_REMOVEDIR));
	CHECK_ERRNO(unlinkat(dir, "s", AT_REMOVEDIR), ENOTDIR);
	CHECK_ERRNO(unlinkat(dir, "s", 1), EINVAL);
	CHECK_ERRNO(openat(file, "x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(openat(999, "x", O_RDONLY), EBADF);
	CHECK_ERRNO(openat(-1, "x", O_RDONLY), EBADF);
	CHECK_OK(openat(999, "/", O_RDONLY));
	CHECK_ERRNO(openat(999, "", O_RDONLY), ENOENT);
}

TEST(names_follow_a_moved_directory)
{
	int dir;

	fresh();
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	dir = open("a", O_RDONLY | O_DIRECTORY);
	CHECK_OK(rename("a", "b/c"));
	CHECK_OK(close(openat(dir, "f", O_WRONLY | O_CREAT, 0600)));
	CHECK(exists("b/c/f"));
	CHECK_OK(faccessat(dir, "../../b", F_OK, 0));
	CHECK_OK(unlinkat(dir, "f", 0));
	CHECK_OK(rmdir("b/c"));
	CHECK_ERRNO(openat(dir, "f", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(mkdirat(dir, "f", 0700), ENOENT);
	CHECK_OK(openat(dir, ".", O_RDONLY));
	CHECK_OK(openat(dir, "..", O_RDONLY));
}

TEST(empty_path_flag)
{
	struct stat st, here;
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(fstatat(fd, "", &st, AT_EMPTY_PATH));
	CHECK(S_ISREG(st.st_mode));
	CHECK_ERRNO(fstatat(fd, "", &st, 0), ENOENT);
	CHECK_OK(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	CHECK_OK(stat(".", &here));
	CHECK_EQ(st.st_ino, here.st_ino);
	CHECK_ERRNO(fstatat(AT_FDCWD, "f", &st, 0x8000), EINVAL);
	need_root();
	CHECK_OK(linkat(fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
	CHECK_EQ(stat_of("linked").st_nlink, 2);
}

TEST(special_nodes)
{
	fresh();
	CHECK_OK(mknod("plain", S_IFREG | 0640, 0));
	CHECK(S_ISREG(stat_of("plain").st_mode));
	CHECK_OK(mknod("plain2", 0640, 0));
	CHECK(S_ISREG(stat_of("plain2").st_mode));
	CHECK_OK(mknod("sock", S_IFSOCK | 0600, 0));
	CHECK(S_ISSOCK(stat_of("sock").st_mode));
	CHECK_ERRNO(open("sock", O_RDWR), ENXIO);
	CHECK_OK(open("sock", O_PATH));
	CHECK_ERRNO(mknod("dir", S_IFDIR | 0700, 0), EPERM);
	CHECK_ERRNO(mknod("link", S_IFLNK | 0700, 0), EINVAL);
	CHECK_ERRNO(mknod("odd", 0070000, 0), EINVAL);
	CHECK_ERRNO(mknod("plain", S_IFIFO | 0600, 0), EEXIST);
	CHECK_ERRNO(mknod("none/", S_IFIFO | 0600, 0), ENOENT);
	need_root();
	CHECK_OK(mknod("null", S_IFCHR | 0600, 1 << 8 | 3));
	CHECK_EQ(stat_of("null").st_rdev, 1 << 8 | 3);
	CHECK_OK(mknod("nodev", S_IFCHR | 0600, 250 << 8 | 77));
	CHECK_ERRNO(open("nodev", O_RDWR), ENXIO);
}
