/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flags.c - what chattr sets: immutable, append-only and the rest, and what
 * they forbid even to root.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "files.h"

enum { PAGE = 4096 };

static int set_flags(const char *name, int flags)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK), err;

	CHECK_OK(fd);
	err = ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? errno : 0;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

static int flags_of(const char *name)
{
	int fd = open(name, O_RDONLY), flags = 0;

	CHECK_OK(fd);
	CHECK_OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	close(fd);
	return flags & (FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL |
			FS_NOATIME_FL);
}

/* A fresh folder on a file system that keeps flags, with a file f. */
static void begin(void)
{
	need_root();
	fresh();
	put("f", "text");
	if (set_flags("f", FS_IMMUTABLE_FL) < 0)
		SKIP("this file system or user may not: %s", strerror(errno));
	CHECK_OK(set_flags("f", 0));
}

TEST(are_kept)
{
	begin();
	CHECK_EQ(flags_of("f"), 0);
	CHECK_OK(set_flags("f", FS_NODUMP_FL | FS_NOATIME_FL));
	CHECK_EQ(flags_of("f"), FS_NODUMP_FL | FS_NOATIME_FL);
	CHECK_OK(set_flags("f", FS_APPEND_FL));
	CHECK_EQ(flags_of("f"), FS_APPEND_FL);
	CHECK_OK(set_flags("f", 0));
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(set_flags("d", FS_NODUMP_FL | FS_NOATIME_FL));
	put("d/f", "");
	CHECK_OK(mkdir("d/e", 0755));
	CHECK_EQ(flags_of("d/f"), FS_NODUMP_FL | FS_NOATIME_FL);
	CHECK_EQ(flags_of("d/e"), FS_NODUMP_FL | FS_NOATIME_FL);
	CHECK_ERRNO(set_flags("f", 1 << 30), EOPNOTSUPP);
}

TEST(of_what_has_none)
{
	int fd[2], flags;

	begin();
	CHECK_OK(pipe(fd));
	CHECK_ERRNO(ioctl(fd[0], FS_IOC_GETFLAGS, &flags), ENOTTY);
	CHECK_ERRNO(set_flags("/dev/null", 0), ENOTTY);
	CHECK_ERRNO(set_flags("/proc/self/comm", 0), ENOTTY);
	fd[0] = open("f", O_PATH);
	CHECK_ERRNO(ioctl(fd[0], FS_IOC_GETFLAGS, &flags), EBADF);
}

TEST(by_whom)
{
	begin();
	CHECK_OK(chown("f", ALICE, STAFF));
	put("other", "");
	become(ALICE, STAFF);
	CHECK_OK(set_flags("f", FS_NODUMP_FL));
	CHECK_ERRNO(set_flags("f", FS_IMMUTABLE_FL), EPERM);
	CHECK_ERRNO(set_flags("f", FS_APPEND_FL), EPERM);
	CHECK_ERRNO(set_flags("other", FS_NODUMP_FL), EPERM);
	CHECK_EQ(flags_of("other"), 0);
}

TEST(immutable_file)
{
	begin();
	CHECK_OK(set_flags("f", FS_IMMUTABLE_FL));
	CHECK_ERRNO(open("f", O_WRONLY), EPERM);
	CHECK_ERRNO(open("f", O_RDWR | O_APPEND), EPERM);
	CHECK_ERRNO(open("f", O_RDONLY | O_TRUNC), EPERM);
	CHECK_ERRNO(access("f", W_OK), EPERM);
	CHECK_ERRNO(truncate("f", 0), EPERM);
	CHECK_ERRNO(chmod("f", 0600), EPERM);
	CHECK_ERRNO(chown("f", ALICE, STAFF), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", NULL, 0), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", (struct timespec[2]){ { 1, 1 } }, 0),
		    EPERM);
	CHECK_ERRNO(unlink("f"), EPERM);
	CHECK_ERRNO(rename("f", "g"), EPERM);
	CHECK_ERRNO(link("f", "g"), EPERM);
	put("g", "");
	CHECK_ERRNO(rename("g", "f"), EPERM);
	CHECK_OK(access("f", R_OK));
	CHECK(holds("f", "text"));
	CHECK_OK(set_flags("f", 0));
	put("f", "new");
	CHECK_OK(unlink("f"));
}

TEST(immutable_folder)
{
	begin();
	CHECK_OK(mkdir("d", 0777));
	put("d/f", "");
	CHECK_OK(mkdir("d/e", 0777));
	CHECK_OK(set_flags("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(open("d/new", O_WRONLY | O_CREAT, 0600), EPERM);
	CHECK_ERRNO(open("d", O_TMPFILE | O_RDWR, 0600), EPERM);
	CHECK_ERRNO(mkdir("d/new", 0700), EPERM);
	CHECK_ERRNO(symlink("x", "d/new"), EPERM);
	CHECK_ERRNO(mkfifo("d/new", 0600), EPERM);
	CHECK_ERRNO(link("f", "d/new"), EPERM);
	CHECK_ERRNO(rename("f", "d/new"), EPERM);
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK_ERRNO(rmdir("d/e"), EPERM);
	CHECK_ERRNO(rename("d/f", "g"), EPERM);
	CHECK_ERRNO(rmdir("d"), EPERM);
	CHECK_ERRNO(rename("d", "c"), EPERM);
	CHECK_ERRNO(chmod("d", 0755), EPERM);
	put("d/f", "what is in it may change");
	put("d/e/f", "");
	CHECK_OK(set_flags("d", 0));
}

TEST(append_only_file)
{
	int fd;

	begin();
	CHECK_OK(set_flags("f", FS_APPEND_FL));
	CHECK_ERRNO(open("f", O_WRONLY), EPERM);
	CHECK_ERRNO(open("f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	CHECK_OK(open("f", O_RDONLY));
	fd = open("f", O_RDWR | O_APPEND);
	CHECK_EQ(write(fd, " and", 4), 4);
	CHECK_EQ(pwrite(fd, " more", 5, 0), 5);
	CHECK_ERRNO(ftruncate(fd, 0), EPERM);
	CHECK_ERRNO(fcntl(fd, F_SETFL, 0), EPERM);
	CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      1), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED && errno == EACCES);
	CHECK_OK((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			    0));
	CHECK(holds("f", "text and more"));
	CHECK_ERRNO(truncate("f", 0), EPERM);
	CHECK_ERRNO(unlink("f"), EPERM);
	CHECK_ERRNO(rename("f", "g"), EPERM);
	CHECK_ERRNO(link("f", "g"), EPERM);
	CHECK_ERRNO(chmod("f", 0600), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", (struct timespec[2]){ { 1, 1 } }, 0),
		    EPERM);
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	CHECK_OK(set_flags("f", 0));
}

TEST(append_only_folder)
{
	begin();
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(set_flags("d", FS_APPEND_FL));
	put("d/f", "");
	CHECK_OK(mkdir("d/e", 0700));
	CHECK_ERRNO(unlink("d/f"), EPERM);
	CHECK_ERRNO(rmdir("d/e"), EPERM);
	CHECK_ERRNO(rename("d/f", "d/g"), EPERM);
	CHECK_OK(set_flags("d", 0));
	CHECK_OK(unlink("d/f"));
}

/* Linux lets a descriptor go on that was open before, Brig not. */
TEST(open_before)
{
	int fd;

	begin();
	if (!on_brig())
		SKIP("only Brig");
	fd = open("f", O_RDWR);
	CHECK_OK(set_flags("f", FS_IMMUTABLE_FL));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(ftruncate(fd, 0), EPERM);
	CHECK_ERRNO(fchmod(fd, 0600), EPERM);
	CHECK_ERRNO(fallocate(fd, 0, 0, 100), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_OK(set_flags("f", FS_APPEND_FL));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_OK(set_flags("f", 0));
	CHECK_EQ(write(fd, "x", 1), 1);
}

TEST(in_statx)
{
	enum { ATTRIBUTES = 1, MASK = 7 }; /* of statx's 64-bit words */
	uint64_t x[32], all = FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL;

	begin();
	CHECK_OK(set_flags("f", FS_IMMUTABLE_FL | FS_NODUMP_FL));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, x));
	CHECK_EQ(x[ATTRIBUTES] & all, FS_IMMUTABLE_FL | FS_NODUMP_FL);
	CHECK_EQ(x[MASK] & all, all);
	CHECK_OK(set_flags("f", 0));
}

TEST(chattr_and_lsattr)
{
	begin();
	CHECK_EQ(system("chattr +i f"), 0);
	CHECK_ERRNO(unlink("f"), EPERM);
	CHECK_EQ(system("lsattr f | grep -q -- '-i-.* f$'"), 0);
	CHECK_EQ(system("chattr -i f"), 0);
	CHECK_EQ(system("chattr +a f && echo 1 >>f"), 0);
	CHECK_EQ(system("lsattr f | grep -q -- '-a-.* f$'"), 0);
	CHECK(system("echo 1 2>/dev/null >f") != 0);
	CHECK_EQ(system("chattr -a f"), 0);
}
