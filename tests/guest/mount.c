/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mount.c - mounts, their flags, their ends; and tmpfs with its limits.
 *
 * oracle: no (it mounts; a Linux in a virtual machine may run it)
 */
#include <mntent.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "files.h"

enum { PAGE = 4096 };

static void mount_tmpfs(const char *at, const char *options)
{
	mkdir(at, 0755);
	CHECK_OK(mount("tmpfs", at, "tmpfs", 0, options));
}

/* The options of the mount whose place ends so, from /proc/mounts. */
static const char *options_of(const char *place)
{
	static char options[256];
	struct mntent *m;
	FILE *f = setmntent("/proc/mounts", "r");

	CHECK(f);
	options[0] = '\0';
	while ((m = getmntent(f))) {
		size_t n = strlen(m->mnt_dir), k = strlen(place);

		if (n >= k && !strcmp(m->mnt_dir + n - k, place))
			snprintf(options, sizeof(options), ",%s,", m->mnt_opts);
	}
	endmntent(f);
	return options;
}

TEST(mount_covers_and_umount_uncovers)
{
	struct stat in, out;

	fresh();
	CHECK_OK(mkdir("m", 0755));
	put("m/below", "text");
	out = stat_of("m");
	mount_tmpfs("m", NULL);
	in = stat_of("m");
	CHECK(in.st_dev != out.st_dev);
	CHECK(!exists("m/below"));
	put("m/above", "");
	CHECK(options_of("/m")[0]);
	CHECK_OK(umount("m"));
	CHECK(exists("m/below") && !exists("m/above"));
	CHECK(!options_of("/m")[0]);
	CHECK_EQ(stat_of("m").st_ino, out.st_ino);
	CHECK_ERRNO(umount("m"), EINVAL);
	CHECK_ERRNO(umount("none"), ENOENT);
}

TEST(errors_of_mount)
{
	fresh();
	put("f", "");
	CHECK_OK(mkdir("m", 0755));
	CHECK_ERRNO(mount("x", "m", "nosuchfs", 0, NULL), ENODEV);
	CHECK_ERRNO(mount("x", "none", "tmpfs", 0, NULL), ENOENT);
	CHECK_ERRNO(mount("x", "f", "tmpfs", 0, NULL), ENOTDIR);
	CHECK_ERRNO(mount("x", "m", "tmpfs", 0, "nonsense=1"), EINVAL);
	CHECK_ERRNO(mount("x", "m", "tmpfs", 0, "size=abc"), EINVAL);
	CHECK_ERRNO(umount2("m", 0x100), EINVAL);
	become(ALICE, STAFF);
	CHECK_ERRNO(mount("x", "m", "tmpfs", 0, NULL), EPERM);
	CHECK_ERRNO(umount("m"), EPERM);
}

TEST(busy_mounts)
{
	int fd;

	fresh();
	mount_tmpfs("m", NULL);
	put("m/f", "");
	fd = open("m/f", O_RDONLY);
	CHECK_ERRNO(umount("m"), EBUSY);
	CHECK_OK(close(fd));
	CHECK_OK(chdir("m"));
	CHECK_ERRNO(umount("../m"), EBUSY);
	CHECK_OK(chdir(".."));
	mount_tmpfs("m/sub", NULL);
	CHECK_ERRNO(umount("m"), EBUSY);
	CHECK_ERRNO(rmdir("m/sub"), EBUSY);
	CHECK_ERRNO(rename("m/sub", "m/x"), EBUSY);
	CHECK_ERRNO(rmdir("m"), EBUSY);
	CHECK_OK(umount("m/sub"));
	fd = open("m/f", O_RDWR);
	CHECK_EQ(write(fd, "x", 1), 1);
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_OK(close(fd));
	CHECK_ERRNO(umount("m"), EBUSY);
	CHECK_OK(munmap(map, PAGE));
	CHECK_OK(umount("m"));
}

TEST(detach_keeps_what_is_open)
{
	char buf[8];
	int fd, dir;

	fresh();
	mount_tmpfs("m", NULL);
	mount_tmpfs("m/sub", NULL);
	put("m/f", "text");
	put("m/sub/g", "more");
	fd = open("m/f", O_RDWR);
	dir = open("m/sub", O_RDONLY);
	CHECK_OK(umount2("m", MNT_DETACH));
	CHECK(!exists("m/f"));
	CHECK_EQ(read(fd, buf, 8), 4);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(faccessat(dir, "g", F_OK, 0));
	CHECK_OK(close(openat(dir, "new", O_WRONLY | O_CREAT, 0600)));
	CHECK_OK(rmdir("m"));
}

TEST(mounts_stack)
{
	fresh();
	mount_tmpfs("m", NULL);
	put("m/one", "");
	mount_tmpfs("m", NULL);
	put("m/two", "");
	CHECK(!exists("m/one"));
	CHECK_OK(umount("m"));
	CHECK(exists("m/one") && !exists("m/two"));
	CHECK_OK(umount("m"));
}

TEST(dotdot_leads_out)
{
	struct stat here;
	char cwd[PATH_MAX];

	fresh();
	here = stat_of(".");
	mount_tmpfs("m", NULL);
	CHECK_EQ(stat_of("m/..").st_ino, here.st_ino);
	CHECK_OK(mkdir("m/d", 0755));
	CHECK_OK(chdir("m/d"));
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd + strlen(cwd) - 4, "/m/d"));
	CHECK_EQ(stat_of("../..").st_ino, here.st_ino);
	CHECK_OK(chdir("../.."));
	CHECK_OK(umount("m"));
}

TEST(read_only)
{
	int fd;

	fresh();
	mount_tmpfs("m", NULL);
	put("m/f", "text");
	CHECK_OK(mkdir("m/d", 0755));
	fd = open("m/f", O_RDWR);
	CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	CHECK_OK(close(fd));
	CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CHECK(strstr(options_of("/m"), ",ro,"));
	CHECK_ERRNO(open("m/f", O_RDWR), EROFS);
	CHECK_ERRNO(open("m/f", O_RDONLY | O_TRUNC), EROFS);
	CHECK_ERRNO(open("m/g", O_WRONLY | O_CREAT, 0600), EROFS);
	CHECK_OK(open("m/f", O_RDONLY | O_CREAT, 0600));
	CHECK_ERRNO(unlink("m/f"), EROFS);
	CHECK_ERRNO(rmdir("m/d"), EROFS);
	CHECK_ERRNO(mkdir("m/e", 0700), EROFS);
	CHECK_ERRNO(mkdir("m/d", 0700), EEXIST);
	CHECK_ERRNO(rename("m/f", "m/g"), EROFS);
	CHECK_ERRNO(link("m/f", "m/g"), EROFS);
	CHECK_ERRNO(symlink("x", "m/g"), EROFS);
	CHECK_ERRNO(chmod("m/f", 0600), EROFS);
	CHECK_ERRNO(chown("m/f", 1, 1), EROFS);
	CHECK_ERRNO(truncate("m/f", 0), EROFS);
	CHECK_ERRNO(utimensat(AT_FDCWD, "m/f", NULL, 0), EROFS);
	CHECK_ERRNO(access("m/f", W_OK), EROFS);
	CHECK_OK(access("m/f", R_OK));
	CHECK_ERRNO(mkfifo("m/p", 0600), EROFS);
	CHECK_ERRNO(open("m", O_TMPFILE | O_RDWR, 0600), EROFS);
	CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT, NULL));
	put("m/f", "");
}

TEST(fifo_on_a_read_only_mount)
{
	int rd, wr;

	fresh();
	mount_tmpfs("m", NULL);
	CHECK_OK(mkfifo("m/p", 0600));
	CHECK_OK(mknod("m/null", S_IFCHR | 0666, makedev(1, 3)));
	CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	rd = open("m/p", O_RDONLY | O_NONBLOCK);
	wr = open("m/p", O_WRONLY);
	CHECK_OK(wr);
	CHECK_EQ(write(wr, "x", 1), 1);
	CHECK_EQ(read(rd, (char[1]){ 0 }, 1), 1);
	CHECK_OK(open("m/null", O_RDWR));
}

TEST(nodev_noexec_nosuid)
{
	char buf[4096];
	int in, out, status;
	ssize_t n;
	pid_t pid;

	fresh();
	mount_tmpfs("m", NULL);
	CHECK_OK(mknod("m/null", S_IFCHR | 0666, makedev(1, 3)));
	CHECK_OK(open("m/null", O_RDWR));
	in = open("/bin/busybox", O_RDONLY);
	out = open("m/id", O_WRONLY | O_CREAT, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		CHECK_EQ(write(out, buf, n), n);
	CHECK_OK(close(out));
	CHECK_OK(chown("m/id", BOB, GUESTS));
	CHECK_OK(chmod("m/id", 06755));
	CHECK_OK(mount(NULL, "m", NULL,
		       MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	CHECK(strstr(options_of("/m"), ",nosuid,nodev,noexec,"));
	CHECK_ERRNO(open("m/null", O_RDWR), EACCES);
	CHECK_OK(open("m/null", O_PATH));
	CHECK_OK(stat("m/null", &(struct stat){ 0 }));
	CHECK_ERRNO(execl("m/id", "id", NULL), EACCES);
	CHECK_ERRNO(access("m/id", X_OK), EACCES);
	in = open("m/id", O_RDONLY);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, in, 0),
		    EPERM);
	CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NOSUID, NULL));
	for (int nosuid = 1; nosuid >= 0; nosuid--) {
		pid = fork();
		if (pid == 0) {
			become(ALICE, STAFF);
			execl("m/id", "sh", "-c", nosuid ?
			      "[ $(id -u) = 1001 ]" : "[ $(id -u) = 1002 ]", NULL);
			_exit(9);
		}
		status = ktap_wait(pid);
		CHECK(WIFEXITED(status));
		if (nosuid)
			CHECK_EQ(WEXITSTATUS(status), 0);
		CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT, NULL));
	}
}

TEST(bind)
{
	fresh();
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	put("a/f", "text");
	CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
	CHECK(holds("b/f", "text"));
	put("b/g", "more");
	CHECK(holds("a/g", "more"));
	CHECK_EQ(stat_of("a/f").st_ino, stat_of("b/f").st_ino);
	CHECK_EQ(stat_of("a").st_dev, stat_of("b").st_dev);
	CHECK_ERRNO(rename("a/f", "b/h"), EXDEV);
	CHECK_ERRNO(link("a/f", "b/h"), EXDEV);
	/* Read-only for this place alone. */
	CHECK_OK(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CHECK_ERRNO(open("b/f", O_WRONLY), EROFS);
	CHECK_ERRNO(unlink("b/f"), EROFS);
	put("a/f", "still");
	CHECK(holds("b/f", "still"));
	CHECK_OK(umount("b"));
	CHECK(!exists("b/f"));
}

TEST(bind_of_a_file)
{
	fresh();
	put("a", "aa");
	put("b", "bb");
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERRNO(mount("a", "d", NULL, MS_BIND, NULL), ENOTDIR);
	CHECK_ERRNO(mount("d", "a", NULL, MS_BIND, NULL), ENOTDIR);
	CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
	CHECK(holds("b", "aa"));
	CHECK_ERRNO(unlink("b"), EBUSY);
	CHECK_ERRNO(rename("a", "b"), EBUSY);
	CHECK_OK(umount("b"));
	CHECK(holds("b", "bb"));
}

TEST(bind_with_what_is_below)
{
	fresh();
	mount_tmpfs("a", NULL);
	mount_tmpfs("a/sub", NULL);
	put("a/sub/f", "text");
	CHECK_OK(mkdir("b", 0755));
	CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
	CHECK(!exists("b/sub/f"));
	CHECK_OK(umount("b"));
	CHECK_OK(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
	CHECK(holds("b/sub/f", "text"));
	CHECK_ERRNO(umount("b"), EBUSY);
	CHECK_OK(umount2("b", MNT_DETACH));
	CHECK(holds("a/sub/f", "text"));
}

TEST(move)
{
	fresh();
	mount_tmpfs("a", NULL);
	put("a/f", "text");
	CHECK_OK(mkdir("b", 0755));
	CHECK_OK(mkdir("a/in", 0755));
	CHECK_ERRNO(mount("a", "a/in", NULL, MS_MOVE, NULL), ELOOP);
	CHECK_OK(mount("a", "b", NULL, MS_MOVE, NULL));
	CHECK(holds("b/f", "text") && !exists("a/f"));
	CHECK_ERRNO(mount("a", "b", NULL, MS_MOVE, NULL), EINVAL);
	CHECK_OK(umount("b"));
}

TEST(tmpfs_size)
{
	static char block[PAGE];
	struct statfs s;
	int fd, n = 0;

	fresh();
	mount_tmpfs("m", "size=64k,mode=700,uid=1001,gid=2001");
	CHECK_EQ(mode_of("m"), 0700);
	CHECK_EQ(stat_of("m").st_uid, 1001);
	CHECK_EQ(stat_of("m").st_gid, 2001);
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_blocks, 16);
	CHECK_EQ(s.f_bfree, 16);
	fd = open("m/f", O_RDWR | O_CREAT, 0600);
	while (write(fd, block, PAGE) == PAGE)
		n++;
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(n, 16);
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_bfree, 0);
	CHECK_EQ(pwrite(fd, "x", 1, 100), 1);
	CHECK_ERRNO(fallocate(fd, 0, 0, 17 * PAGE), ENOSPC);
	CHECK_OK(ftruncate(fd, 15 * PAGE));
	CHECK_EQ(pwrite(fd, block, PAGE, 20 * PAGE), PAGE);
	/* Half of it fits: told by the count. */
	CHECK_OK(ftruncate(fd, 15 * PAGE + 100));
	CHECK_EQ(lseek(fd, 0, SEEK_END), 15 * PAGE + 100);
	CHECK_EQ(write(fd, block, PAGE), PAGE - 100);
	CHECK_ERRNO(write(fd, block, PAGE), ENOSPC);
	CHECK_OK(unlink("m/f"));
	CHECK_OK(close(fd));
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_bfree, 16);
}

TEST(tmpfs_size_of_mappings)
{
	int fd, status;
	char *map;
	pid_t pid;

	fresh();
	mount_tmpfs("m", "size=16k");
	fd = open("m/f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(ftruncate(fd, 8 * PAGE));
	map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (int i = 0; i < 4; i++)
		map[i * PAGE] = 'x';
	pid = fork();
	if (pid == 0) {
		map[4 * PAGE] = 'x';
		_exit(0);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

TEST(tmpfs_inodes)
{
	struct statfs s;
	char name[16];
	int n = 0;

	fresh();
	mount_tmpfs("m", "nr_inodes=10");
	for (;; n++) {
		int fd;

		snprintf(name, sizeof(name), "m/%d", n);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(n, 9);
	CHECK_ERRNO(mkdir("m/d", 0700), ENOSPC);
	CHECK_ERRNO(symlink("x", "m/s"), ENOSPC);
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_files, 10);
	CHECK_EQ(s.f_ffree, 0);
	CHECK_OK(unlink("m/0"));
	CHECK_OK(mkdir("m/d", 0700));
}

TEST(tmpfs_remount)
{
	struct statfs s;

	fresh();
	mount_tmpfs("m", "size=64k");
	CHECK_OK(mount(NULL, "m", NULL, MS_REMOUNT, "size=128k"));
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_blocks, 32);
	put("m/f", "");
	CHECK_OK(truncate("m/f", 40 * PAGE));
	CHECK_OK(fallocate(open("m/f", O_RDWR), 0, 0, 20 * PAGE));
	CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT, "size=64k"), EINVAL);
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_blocks, 32);
	CHECK(strstr(options_of("/m"), ",size=128k,"));
}

TEST(proc_and_dev_elsewhere)
{
	char text[64];
	int fd;

	fresh();
	CHECK_OK(mkdir("p", 0755));
	CHECK_OK(mount("proc", "p", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	fd = open("p/self/comm", O_RDONLY);
	CHECK_OK(fd);
	CHECK(read(fd, text, sizeof(text)) > 0);
	CHECK_OK(close(fd));
	CHECK_OK(umount("p"));
	CHECK_OK(mount("devtmpfs", "p", "devtmpfs", 0, NULL));
	CHECK_OK(open("p/null", O_RDWR));
	CHECK_OK(umount2("p", MNT_DETACH));
	CHECK_OK(mount("x", "p", "ramfs", 0, NULL));
	put("p/f", "text");
	CHECK_OK(umount("p"));
}

TEST(many_mounts)
{
	char name[16], top[128];

	fresh();
	CHECK(getcwd(top, sizeof(top)) != NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		mount_tmpfs(name, "size=4k");
		CHECK_OK(chdir(name));
	}
	CHECK_OK(chdir(top));
	CHECK_ERRNO(umount("m0"), EBUSY);
	CHECK_OK(umount2("m0", MNT_DETACH));
}
