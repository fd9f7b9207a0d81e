/* SPDX-License-Identifier: BSD-2-Clause */
/* perm.c - who may do what: modes, groups, sticky and setgid folders, root. */
#include "files.h"

TEST(owner_group_and_others)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(chmod("f", 0640));
	CHECK_OK(chdir("."));
	if (fork() == 0) {
		become(ALICE, GUESTS);
		CHECK_OK(open("f", O_RDWR));
		CHECK_ERRNO(execl("f", "f", NULL), EACCES);
		_exit(0);
	}
	CHECK_CHILD(-1);
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_OK(open("f", O_RDONLY));
		CHECK_ERRNO(open("f", O_WRONLY), EACCES);
		CHECK_ERRNO(open("f", O_RDONLY | O_TRUNC), EACCES);
		_exit(0);
	}
	CHECK_CHILD(-1);
	become(BOB, GUESTS);
	CHECK_ERRNO(open("f", O_RDONLY), EACCES);
	CHECK_OK(open("f", O_PATH));
}

TEST(the_first_class_decides)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(chmod("f", 0077));
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_ERRNO(open("f", O_RDONLY), EACCES);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chmod("f", 0707));
	become(BOB, STAFF);
	CHECK_ERRNO(open("f", O_RDONLY), EACCES);
}

TEST(supplementary_groups)
{
	gid_t groups[] = { 3000, STAFF, 3001 };

	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chown("f", 0, STAFF));
	CHECK_OK(chmod("f", 0060));
	CHECK_OK(setgroups(3, groups));
	CHECK_OK(setresgid(GUESTS, GUESTS, GUESTS));
	CHECK_OK(setresuid(BOB, BOB, BOB));
	CHECK_OK(open("f", O_RDWR));
	CHECK_OK(access("f", R_OK | W_OK));
	CHECK_ERRNO(access("f", X_OK), EACCES);
}

TEST(root_passes_but_does_not_execute)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chmod("f", 0));
	CHECK_OK(mkdir("d", 0));
	CHECK_OK(open("f", O_RDWR));
	CHECK_OK(access("f", R_OK | W_OK));
	CHECK_ERRNO(access("f", X_OK), EACCES);
	CHECK_ERRNO(execl("f", "f", NULL), EACCES);
	put("d/x", "");
	CHECK_OK(access("d", X_OK));
	CHECK_OK(chmod("f", 0001));
	CHECK_OK(access("f", X_OK));
}

TEST(search_permission)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("d/f", "text");
	CHECK_OK(chmod("d/f", 0666));
	CHECK_OK(chmod("d", 0744));
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_OK(open("d", O_RDONLY));
		CHECK_ERRNO(open("d/f", O_RDONLY), EACCES);
		CHECK_ERRNO(open("d/none", O_RDONLY), EACCES);
		CHECK_ERRNO(chdir("d"), EACCES);
		CHECK_ERRNO(open("d/.", O_RDONLY), EACCES);
		CHECK_ERRNO(open("d/..", O_RDONLY), EACCES);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chmod("d", 0711));
	become(ALICE, STAFF);
	CHECK_ERRNO(open("d", O_RDONLY), EACCES);
	CHECK_OK(open("d/f", O_RDWR));
	CHECK_OK(chdir("d"));
	CHECK_ERRNO(unlink("f"), EACCES);
	CHECK_ERRNO(open("new", O_WRONLY | O_CREAT, 0600), EACCES);
	CHECK_ERRNO(mkdir("new", 0700), EACCES);
	CHECK_ERRNO(symlink("x", "new"), EACCES);
	CHECK_ERRNO(link("f", "new"), EACCES);
	CHECK_ERRNO(mkfifo("new", 0600), EACCES);
}

TEST(sticky_folder)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("t", 0777));
	CHECK_OK(chmod("t", 01777));
	put("t/root", "");
	put("t/bob", "");
	CHECK_OK(chmod("t/root", 0666));
	CHECK_OK(chown("t/bob", BOB, STAFF));
	CHECK_OK(mkdir("t/d", 0777));
	become(ALICE, STAFF);
	put("t/alice", "");
	CHECK_ERRNO(unlink("t/root"), EPERM);
	CHECK_ERRNO(unlink("t/bob"), EPERM);
	CHECK_ERRNO(rmdir("t/d"), EPERM);
	CHECK_OK(unlink("t/alice"));
	CHECK_OK(mkdir("own", 01777));
	CHECK_OK(close(open("own/f", O_WRONLY | O_CREAT, 0600)));
	CHECK_OK(unlink("own/f"));
}

TEST(sticky_folder_of_the_remover)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("t", 01777));
	CHECK_OK(chmod("t", 01777));
	CHECK_OK(chown("t", ALICE, STAFF));
	put("t/bob", "");
	CHECK_OK(chown("t/bob", BOB, STAFF));
	become(ALICE, STAFF);
	CHECK_OK(unlink("t/bob"));
}

TEST(setgid_folder)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(chown("d", 0, STAFF));
	CHECK_OK(chmod("d", 02777));
	become(ALICE, GUESTS);
	umask(0);
	CHECK_OK(close(open("d/f", O_WRONLY | O_CREAT, 0664)));
	CHECK_EQ(stat_of("d/f").st_gid, STAFF);
	CHECK_EQ(stat_of("d/f").st_uid, ALICE);
	CHECK_EQ(mode_of("d/f"), 0664);
	CHECK_OK(mkdir("d/sub", 0755));
	CHECK_EQ(stat_of("d/sub").st_gid, STAFF);
	CHECK_EQ(mode_of("d/sub"), 02755);
	CHECK_OK(symlink("x", "d/s"));
	CHECK_EQ(stat_of("d/s").st_gid, STAFF);
	/* Not a member of the group: no setgid program comes from here. */
	CHECK_OK(close(open("d/prog", O_WRONLY | O_CREAT, 02775)));
	CHECK_EQ(mode_of("d/prog"), 0775);
	CHECK_OK(close(open("plain", O_WRONLY | O_CREAT, 02775)));
	CHECK_EQ(stat_of("plain").st_gid, GUESTS);
	CHECK_EQ(mode_of("plain"), 02775);
}

TEST(access_asks_for_the_real_user)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chmod("f", 0600));
	CHECK_OK(setresuid(ALICE, 0, 0));
	CHECK_OK(open("f", O_RDONLY));
	CHECK_ERRNO(access("f", R_OK), EACCES);
	CHECK_OK(access("f", F_OK));
	CHECK_OK(syscall(439, AT_FDCWD, "f", R_OK, AT_EACCESS));
	CHECK_ERRNO(syscall(439, AT_FDCWD, "f", R_OK, 0), EACCES);
	CHECK_ERRNO(syscall(439, AT_FDCWD, "f", R_OK, 1), EINVAL);
	CHECK_ERRNO(access("f", 8), EINVAL);
	CHECK_ERRNO(access("none", F_OK), ENOENT);
	CHECK_OK(symlink("none", "s"));
	CHECK_ERRNO(access("s", F_OK), ENOENT);
	CHECK_OK(syscall(439, AT_FDCWD, "s", F_OK, AT_SYMLINK_NOFOLLOW));
}

TEST(opened_before_is_opened_still)
{
	char c;
	int fd;

	need_root();
	fresh();
	put("f", "text");
	fd = open("f", O_RDWR);
	CHECK_OK(chmod("f", 0));
	become(ALICE, STAFF);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_ERRNO(open("f", O_RDONLY), EACCES);
	CHECK_ERRNO(truncate("f", 0), EACCES);
	CHECK_ERRNO(fchmod(fd, 0666), EPERM);
}

TEST(fsuid_decides_for_files)
{
	need_root();
	fresh();
	CHECK_OK(chmod(".", 0777));
	put("f", "text");
	CHECK_OK(chmod("f", 0600));
	CHECK_EQ(syscall(SYS_setfsuid32, ALICE), 0);
	CHECK_EQ(syscall(SYS_setfsgid32, STAFF), 0);
	CHECK_ERRNO(open("f", O_RDONLY), EACCES);
	put("mine", "");
	CHECK_EQ(stat_of("mine").st_uid, ALICE);
	CHECK_EQ(stat_of("mine").st_gid, STAFF);
	CHECK_EQ(syscall(SYS_setfsuid32, 0), ALICE);
	CHECK_OK(open("f", O_RDONLY));
}

TEST(noatime_is_for_owners)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(open("f", O_RDONLY | O_NOATIME));
	become(ALICE, STAFF);
	CHECK_ERRNO(open("f", O_RDONLY | O_NOATIME), EPERM);
	put("mine", "");
	CHECK_OK(open("mine", O_RDONLY | O_NOATIME));
}

TEST(devices_are_for_root)
{
	need_root();
	fresh();
	become(ALICE, STAFF);
	CHECK_ERRNO(mknod("null", S_IFCHR | 0666, 1 << 8 | 3), EPERM);
	CHECK_ERRNO(mknod("disk", S_IFBLK | 0666, 0x800), EPERM);
	CHECK_OK(mknod("p", S_IFIFO | 0666, 0));
	CHECK_ERRNO(chroot("."), EPERM);
}
