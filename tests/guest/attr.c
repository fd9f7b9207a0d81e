/* SPDX-License-Identifier: BSD-2-Clause */
/* attr.c - chmod, chown, utimensat, stat's fields, statfs. */
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "files.h"

enum { NOW = (1 << 30) - 1, OMIT = (1 << 30) - 2 };

/* Sets times of a name; NULL name: of the descriptor. */
static int set_times(int dir, const char *name, long long as, long an,
		     long long ms, long mn, int flags)
{
	struct timespec t[2] = { { as, an }, { ms, mn } };

	return utimensat(dir, name, t, flags);
}

TEST(chmod_rules)
{
	int fd;

	fresh();
	put("f", "");
	CHECK_OK(chmod("f", 0101751));
	CHECK_EQ(stat_of("f").st_mode, S_IFREG | 01751);
	fd = open("f", O_RDONLY);
	CHECK_OK(fchmod(fd, 0600));
	CHECK_EQ(mode_of("f"), 0600);
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(chmod("s", 0640));
	CHECK_EQ(mode_of("f"), 0640);
	CHECK_EQ(mode_of("s"), 0777);
	CHECK_ERRNO(chmod("none", 0600), ENOENT);
	CHECK_ERRNO(chmod("", 0600), ENOENT);
	CHECK_ERRNO(fchmod(999, 0600), EBADF);
	CHECK_OK(fchmodat(AT_FDCWD, "f", 0604, 0));
	CHECK_EQ(mode_of("f"), 0604);
	need_root();
	become(ALICE, STAFF);
	CHECK_ERRNO(chmod("f", 0666), EPERM);
}

TEST(chmod_setgid_needs_membership)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chown("f", ALICE, GUESTS));
	CHECK_OK(chmod("f", 02755));
	CHECK_EQ(mode_of("f"), 02755);
	become(ALICE, STAFF);
	CHECK_OK(chmod("f", 02755));
	CHECK_EQ(mode_of("f"), 0755);
	CHECK_OK(chmod("f", 04755));
	CHECK_EQ(mode_of("f"), 04755);
	put("g", "");
	CHECK_OK(chmod("g", 02755));
	CHECK_EQ(mode_of("g"), 02755);
}

TEST(chown_rules)
{
	int fd;

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chown("f", ALICE, -1));
	CHECK_EQ(stat_of("f").st_uid, ALICE);
	CHECK_EQ(stat_of("f").st_gid, getgid());
	CHECK_OK(chown("f", -1, STAFF));
	CHECK_EQ(stat_of("f").st_uid, ALICE);
	CHECK_EQ(stat_of("f").st_gid, STAFF);
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(lchown("s", BOB, GUESTS));
	CHECK_EQ(stat_of("s").st_uid, BOB);
	CHECK_EQ(stat_of("f").st_uid, ALICE);
	CHECK_OK(chown("s", BOB, -1));
	CHECK_EQ(stat_of("f").st_uid, BOB);
	CHECK_OK(fchownat(AT_FDCWD, "s", 7, 8, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(stat_of("s").st_gid, 8);
	fd = open("f", O_RDONLY);
	CHECK_OK(fchown(fd, 70000, 70001));
	CHECK_EQ(stat_of("f").st_uid, 70000);
	CHECK_EQ(stat_of("f").st_gid, 70001);
	CHECK_ERRNO(chown("none", 1, 1), ENOENT);
	CHECK_ERRNO(fchownat(AT_FDCWD, "f", 1, 1, 1), EINVAL);
}

TEST(chown_by_users)
{
	gid_t groups[] = { 3000 };

	need_root();
	fresh();
	put("f", "");
	put("g", "");
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(setgroups(1, groups));
	CHECK_OK(setresgid(STAFF, STAFF, STAFF));
	CHECK_OK(setresuid(ALICE, ALICE, ALICE));
	CHECK_OK(chown("f", -1, 3000));
	CHECK_EQ(stat_of("f").st_gid, 3000);
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_ERRNO(chown("f", -1, GUESTS), EPERM);
	CHECK_ERRNO(chown("f", BOB, -1), EPERM);
	CHECK_ERRNO(chown("g", -1, STAFF), EPERM);
	CHECK_ERRNO(chown("g", ALICE, -1), EPERM);
	CHECK_OK(chown("g", -1, -1));
}

TEST(chown_clears_set_id_bits)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chmod("f", 06755));
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_EQ(mode_of("f"), 0755);
	CHECK_OK(chmod("f", 06755));
	CHECK_OK(chown("f", -1, -1));
	CHECK_EQ(mode_of("f"), 0755);
	/* Without group execution it would be a mandatory lock: kept. */
	CHECK_OK(chmod("f", 06745));
	CHECK_OK(chown("f", 0, -1));
	CHECK_EQ(mode_of("f"), 02745);
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chmod("d", 06755));
	CHECK_OK(chown("d", ALICE, STAFF));
	CHECK_EQ(mode_of("d"), 06755);
}

TEST(writing_clears_set_id_bits)
{
	int fd;

	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chmod("f", 06777));
	fd = open("f", O_RDWR);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(mode_of("f"), 06777); /* root keeps them */
	become(ALICE, STAFF);
	CHECK_EQ(write(fd, "", 0), 0);
	CHECK_EQ(mode_of("f"), 06777);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(mode_of("f"), 0777);
}

TEST(truncating_clears_set_id_bits)
{
	need_root();
	fresh();
	put("f", "text");
	put("g", "text");
	CHECK_OK(chmod("f", 06777));
	CHECK_OK(chmod("g", 06777));
	become(ALICE, STAFF);
	CHECK_OK(truncate("f", 1));
	CHECK_EQ(mode_of("f"), 0777);
	CHECK_OK(open("g", O_WRONLY | O_TRUNC));
	CHECK_EQ(mode_of("g"), 0777);
}

TEST(utimes_values)
{
	struct stat st;
	int fd;

	fresh();
	put("f", "");
	CHECK_OK(set_times(AT_FDCWD, "f", 1000, 123456789, -5, 7, 0));
	st = stat_of("f");
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK_EQ(st.st_atim.tv_nsec, 123456789);
	CHECK_EQ(st.st_mtim.tv_sec, -5);
	CHECK_EQ(st.st_mtim.tv_nsec, 7);
	CHECK_OK(set_times(AT_FDCWD, "f", 0, OMIT, 2000, 1, 0));
	st = stat_of("f");
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK_EQ(st.st_mtim.tv_sec, 2000);
	CHECK_OK(set_times(AT_FDCWD, "f", 0, NOW, 0, OMIT, 0));
	st = stat_of("f");
	CHECK(llabs((long long)st.st_atim.tv_sec - time(NULL)) < 100);
	CHECK_EQ(st.st_mtim.tv_sec, 2000);
	CHECK_ERRNO(set_times(AT_FDCWD, "f", 0, 1000000000, 0, 0, 0), EINVAL);
	CHECK_ERRNO(set_times(AT_FDCWD, "f", 0, -1, 0, 0, 0), EINVAL);
	fd = open("f", O_RDONLY);
	CHECK_OK(set_times(fd, NULL, 1, 2, 3, 4, 0));
	CHECK_EQ(stat_of("f").st_mtim.tv_sec, 3);
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	CHECK(stat_of("f").st_mtim.tv_sec > 1000000);
	CHECK_ERRNO(set_times(AT_FDCWD, "none", 1, 2, 3, 4, 0), ENOENT);
	CHECK_ERRNO(set_times(AT_FDCWD, "f", 1, 2, 3, 4, 1), EINVAL);
	/* Nothing to do: not even the name is looked at. */
	CHECK_OK(set_times(AT_FDCWD, "none", 0, OMIT, 0, OMIT, 0));
}

TEST(utimes_of_a_symlink)
{
	fresh();
	put("f", "");
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(set_times(AT_FDCWD, "s", 1, 2, 3, 4, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(stat_of("s").st_mtim.tv_sec, 3);
	CHECK(stat_of("f").st_mtim.tv_sec != 3);
	CHECK_OK(set_times(AT_FDCWD, "s", 1, 2, 5, 4, 0));
	CHECK_EQ(stat_of("f").st_mtim.tv_sec, 5);
}

TEST(utimes_permissions)
{
	need_root();
	fresh();
	put("writable", "");
	CHECK_OK(chmod("writable", 0666));
	put("readable", "");
	become(ALICE, STAFF);
	CHECK_OK(utimensat(AT_FDCWD, "writable", NULL, 0));
	CHECK_OK(set_times(AT_FDCWD, "writable", 0, NOW, 0, NOW, 0));
	CHECK_ERRNO(set_times(AT_FDCWD, "writable", 1, 2, 3, 4, 0), EPERM);
	CHECK_ERRNO(set_times(AT_FDCWD, "writable", 0, NOW, 0, OMIT, 0), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "readable", NULL, 0), EACCES);
	CHECK_ERRNO(set_times(AT_FDCWD, "readable", 0, NOW, 0, OMIT, 0), EPERM);
	CHECK_OK(set_times(AT_FDCWD, "readable", 0, OMIT, 0, OMIT, 0));
}

TEST(deeds_change_times)
{
	struct stat before, after;
	char c;
	int fd;

	fresh();
	put("f", "text");
	before = stat_of("f");
	ktap_sleep_ms(20);
	fd = open("f", O_RDWR);
	CHECK_EQ(write(fd, "x", 1), 1);
	after = stat_of("f");
	CHECK(after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
	CHECK_EQ(after.st_mtim.tv_nsec, after.st_ctim.tv_nsec);
	before = after;
	ktap_sleep_ms(20);
	CHECK_OK(chmod("f", 0600));
	after = stat_of("f");
	CHECK(after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
	CHECK_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	before = after;
	ktap_sleep_ms(20);
	CHECK_OK(link("f", "g"));
	CHECK(stat_of("f").st_ctim.tv_nsec != before.st_ctim.tv_nsec);
	/* relatime: the access time is not younger than the change. */
	CHECK_EQ(read(fd, &c, 1), 1);
	after = stat_of("f");
	CHECK(after.st_atim.tv_sec > before.st_mtim.tv_sec ||
	      (after.st_atim.tv_sec == before.st_mtim.tv_sec &&
	       after.st_atim.tv_nsec >= before.st_mtim.tv_nsec));
	before = stat_of(".");
	ktap_sleep_ms(20);
	CHECK_OK(unlink("g"));
	CHECK(stat_of(".").st_mtim.tv_nsec != before.st_mtim.tv_nsec);
}

TEST(truncate_and_times)
{
	struct stat before, after;
	int fd;

	fresh();
	put("f", "text");
	before = stat_of("f");
	ktap_sleep_ms(20);
	CHECK_OK(truncate("f", 4));
	after = stat_of("f");
	CHECK(after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
	before = after;
	ktap_sleep_ms(20);
	fd = open("f", O_RDWR | O_TRUNC);
	CHECK(stat_of("f").st_mtim.tv_nsec != before.st_mtim.tv_nsec);
	before = stat_of("f");
	ktap_sleep_ms(20);
	CHECK_EQ(write(fd, "x", 0), 0);
	CHECK_EQ(stat_of("f").st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST(stat_fields)
{
	struct stat st, dir;

	fresh();
	put("f", "12345");
	st = stat_of("f");
	dir = stat_of(".");
	CHECK(S_ISREG(st.st_mode));
	CHECK_EQ(st.st_dev, dir.st_dev);
	CHECK(st.st_ino != dir.st_ino && st.st_ino);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(st.st_gid, getegid());
	CHECK_EQ(st.st_rdev, 0);
	CHECK_EQ(st.st_size, 5);
	CHECK_EQ(st.st_blksize, 4096);
	CHECK_EQ(st.st_blocks, 8);
	CHECK(S_ISDIR(dir.st_mode));
	CHECK_OK(stat("/dev/null", &st));
	CHECK_EQ(st.st_rdev, makedev(1, 3));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_ERRNO(stat("none", &st), ENOENT);
	CHECK_ERRNO(fstat(999, &st), EBADF);
}

struct statx_times {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
struct statx_buf {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad0;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_times atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t more[14];
};

TEST(statx_fields)
{
	struct statx_buf x;
	struct stat st;
	int fd;

	fresh();
	put("f", "12345");
	CHECK_EQ(sizeof(x), 256);
	memset(&x, 0xff, sizeof(x));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, &x));
	st = stat_of("f");
	CHECK_EQ(x.mask & 0x7ff, 0x7ff);
	CHECK_EQ(x.blksize, 4096);
	CHECK_EQ(x.nlink, 1);
	CHECK_EQ(x.mode, S_IFREG | 0644);
	CHECK_EQ(x.ino, st.st_ino);
	CHECK_EQ(x.size, 5);
	CHECK_EQ(x.blocks, 8);
	CHECK_EQ(x.mtime.sec, st.st_mtim.tv_sec);
	CHECK_EQ(x.mtime.nsec, st.st_mtim.tv_nsec);
	CHECK_EQ(x.dev_major, major(st.st_dev));
	CHECK_EQ(x.dev_minor, minor(st.st_dev));
	CHECK_EQ(x.rdev_major, 0);
	CHECK_EQ(x.uid, st.st_uid);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &x), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, 0x7ff, &x), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 1, 0x7ff, &x), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, "", 0, 0x7ff, &x), ENOENT);
	fd = open("f", O_RDONLY);
	CHECK_OK(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ff, &x));
	CHECK_EQ(x.size, 5);
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, 0x7ff, &x));
	CHECK_EQ(x.mode, S_IFLNK | 0777);
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, 0x7ff, &x));
	CHECK_EQ(x.rdev_major, 1);
	CHECK_EQ(x.rdev_minor, 3);
}

/* The three generations of struct stat tell the same. */
TEST(old_and_new_stat)
{
	union {
		struct {
			uint16_t dev, ino, mode, nlink, uid, gid, rdev, pad;
			uint32_t size, atime, mtime, ctime;
		} old;
		struct {
			uint32_t dev, ino;
			uint16_t mode, nlink, uid, gid;
			uint32_t rdev, size, blksize, blocks, atime, atime_nsec;
			uint32_t mtime, mtime_nsec, ctime, ctime_nsec, pad[2];
		} mid;
		char room[256];
	} u;
	struct stat st;
	int fd;

	fresh();
	put("f", "12345");
	st = stat_of("f");
	fd = open("f", O_RDONLY);
	CHECK_OK(syscall(SYS_stat, "f", &u));
	CHECK_EQ(u.mid.mode, st.st_mode);
	CHECK_EQ(u.mid.ino, (uint32_t)st.st_ino);
	CHECK_EQ(u.mid.size, 5);
	CHECK_EQ(u.mid.blksize, 4096);
	CHECK_EQ(u.mid.blocks, 8);
	CHECK_EQ(u.mid.mtime, st.st_mtim.tv_sec);
	CHECK_EQ(u.mid.mtime_nsec, st.st_mtim.tv_nsec);
	CHECK_OK(syscall(SYS_fstat, fd, &u));
	CHECK_EQ(u.mid.nlink, 1);
	if (geteuid() == 0) {
		CHECK_OK(chown("f", 70000, 1000));
		CHECK_OK(syscall(SYS_stat, "f", &u));
		CHECK_EQ(u.mid.uid, 65534);
		CHECK_EQ(u.mid.gid, 1000);
	}
	CHECK_OK(truncate("f", 5ll << 30));
	CHECK_ERRNO(syscall(SYS_stat, "f", &u), EOVERFLOW);
	CHECK_ERRNO(syscall(SYS_lstat, "f", &u), EOVERFLOW);
	CHECK_EQ(stat_of("f").st_size, 5ll << 30);
}

TEST(stat_of_things_without_a_name)
{
	struct statx_buf x;
	struct stat st;
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_OK(fstat(fd[0], &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_OK(syscall(SYS_fstatat64, fd[0], "", &st, AT_EMPTY_PATH));
	CHECK_OK(syscall(SYS_statx, fd[0], "", AT_EMPTY_PATH, 0x7ff, &x));
	CHECK(S_ISFIFO(x.mode));
	CHECK_OK(fchmod(fd[0], 0644));
	CHECK_OK(syscall(SYS_statx, fd[1], "", AT_EMPTY_PATH, 0x7ff, &x));
	CHECK_EQ(x.mode, S_IFIFO | 0644);
	CHECK_OK(fchownat(fd[1], "", getuid(), -1, AT_EMPTY_PATH));
	CHECK_OK(pipe(fd));
	CHECK_OK(fstat(fd[0], &st));
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
}

TEST(times_far_away)
{
	struct stat st;

	fresh();
	put("f", "");
	CHECK_OK(set_times(AT_FDCWD, "f", 0, OMIT, 4294967296, 5, 0));
	st = stat_of("f");
	CHECK_EQ(st.st_mtim.tv_sec, 4294967296);
	/* Whatever a file system makes of these, it is no crash. */
	CHECK_OK(set_times(AT_FDCWD, "f", 0, OMIT, INT64_MAX, 999999999, 0));
	CHECK(stat_of("f").st_mtim.tv_sec > 4294967296);
	CHECK_OK(set_times(AT_FDCWD, "f", 0, OMIT, INT64_MIN, 0, 0));
	CHECK(stat_of("f").st_mtim.tv_sec < 0);
}

TEST(statfs_fields)
{
	struct statfs s, t;
	int fd;

	fresh();
	CHECK_OK(statfs(".", &s));
	CHECK_EQ(s.f_bsize, 4096);
	CHECK_EQ(s.f_namelen, 255);
	CHECK(s.f_blocks >= s.f_bfree && s.f_bfree >= s.f_bavail);
	CHECK(s.f_bavail > 0 && s.f_files >= s.f_ffree);
	fd = open(".", O_RDONLY);
	CHECK_OK(fstatfs(fd, &t));
	CHECK_EQ(s.f_type, t.f_type);
	CHECK_EQ(s.f_blocks, t.f_blocks);
	CHECK_OK(statfs("/proc", &s));
	CHECK_EQ(s.f_type, 0x9fa0);
	CHECK_EQ(s.f_blocks, 0);
	CHECK_EQ(s.f_bsize, 4096);
	CHECK_ERRNO(statfs("none", &s), ENOENT);
	CHECK_ERRNO(fstatfs(999, &s), EBADF);
	CHECK_ERRNO(syscall(SYS_statfs64, ".", 83, &s), EINVAL);
	CHECK_OK(syscall(SYS_statfs64, ".", 84, &s));
}

TEST(statfs_follows_use)
{
	static char block[65536];
	struct statfs s, t;
	int fd;

	fresh();
	if (!on_brig())
		SKIP("others write here too");
	CHECK_OK(statfs(".", &s));
	fd = open("f", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
	CHECK_OK(statfs(".", &t));
	CHECK_EQ(s.f_bfree - t.f_bfree, 64);
	CHECK_EQ(s.f_ffree - t.f_ffree, 1);
	CHECK_EQ(stat_of("f").st_blocks, 64 * 8);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(statfs(".", &t));
	CHECK_EQ(s.f_bfree - t.f_bfree, 0);
	CHECK_OK(unlink("f"));
	CHECK_OK(close(fd));
	CHECK_OK(statfs(".", &t));
	CHECK_EQ(s.f_ffree, t.f_ffree);
}
