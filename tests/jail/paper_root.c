/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_root.c - items 31 to 38, 42 to 44 of the paper: what root may not do
 * in a jail, and what he may. privileges.c has every privilege.
 * oracle: no
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/sysmacros.h>

#include "jail_test.h"
#include "shell.h"

#define LEVEL "/proc/sys/kern/securelevel"

static int a;

static void one_jail(const char *more)
{
	j_begin();
	a = j_simple("a", more);
	j_mount("proc", j_path("a"), "proc");
}

TEST(paper_31_no_modules)
{
	char image[64] = "not a module";

	WHAT("loading and unloading of modules: EPERM");
	one_jail("");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(syscall(SYS_init_module, image, sizeof(image), ""),
			    EPERM);
		CHECK_ERRNO(syscall(SYS_delete_module, "none", 0), EPERM);
	}
}

/* The knob that is tried, and what the host has in it. */
#define KNOB "/proc/sys/security/chroot/hardened"

TEST(paper_32_no_sysctl)
{
	WHAT("sysctl: reading yes, writing EPERM");
	one_jail("");
	IN_JAIL(a, 0) {
		CHECK(holds(KNOB, "0\n"));
		CHECK_ERRNO(j_write(KNOB, "1\n"), EPERM);
	}
	CHECK(holds(KNOB, "0\n"));
}

TEST(paper_33_securelevel)
{
	char before[16] = "";
	int fd;

	WHAT("securelevel: raised for the jail only, never lowered");
	one_jail("");
	fd = open(LEVEL, O_RDONLY);
	CHECK_OK(fd);
	CHECK_OK(read(fd, before, sizeof(before) - 1));
	IN_JAIL(a, 0) {
		CHECK_OK(j_write(LEVEL, "2\n"));
		CHECK(holds(LEVEL, "2\n"));
		CHECK_ERRNO(j_write(LEVEL, "1\n"), EPERM);
	}
	CHECK_EQ(j_int(a, "securelevel"), 2);
	CHECK(holds(LEVEL, before));
}

TEST(paper_36_no_mount)
{
	WHAT("mount and umount: EPERM");
	one_jail("");
	j_mount("tmpfs", j_path("a"), "mnt");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(mount("tmpfs", "/tmp", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(mount("/bin", "/tmp", NULL, MS_BIND, NULL), EPERM);
		CHECK_ERRNO(mount(NULL, "/mnt", NULL, MS_REMOUNT | MS_RDONLY,
				  NULL), EPERM);
		CHECK_ERRNO(umount("/mnt"), EPERM);
		CHECK_ERRNO(umount2("/proc", MNT_DETACH), EPERM);
	}
}

TEST(paper_37_no_devices)
{
	WHAT("mknod of devices: EPERM; a FIFO may be made");
	one_jail("");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(mknod("/dev/n", S_IFCHR | 0666, makedev(1, 3)),
			    EPERM);
		CHECK_ERRNO(mknod("/dev/b", S_IFBLK | 0666, makedev(8, 0)),
			    EPERM);
		CHECK_OK(mkfifo("/tmp/fifo", 0600));
	}
}

static int set_flag(const char *name, int flag)
{
	int fd = open(name, O_RDONLY), flags = 0, err;

	CHECK_OK(fd);
	err = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags |= flag;
	if (!err)
		err = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return err;
}

TEST(paper_38_no_system_flags)
{
	WHAT("chflags of system flags (immutable): EPERM");
	one_jail("");
	put("a/etc/f", "");
	IN_JAIL(a, 0)
		CHECK_ERRNO(set_flag("/etc/f", FS_IMMUTABLE_FL), EPERM);
	CHECK_OK(j_change(a, "allow.chflags"));
	IN_JAIL(a, 0) {
		int fd = open("/etc/f", O_RDONLY), none = 0;

		CHECK_OK(set_flag("/etc/f", FS_IMMUTABLE_FL));
		CHECK_ERRNO(unlink("/etc/f"), EPERM);
		CHECK_OK(ioctl(fd, FS_IOC_SETFLAGS, &none));
		CHECK_OK(unlink("/etc/f"));
	}
}

TEST(paper_42_no_capture)
{
	WHAT("no node of a packet filter, memory or disk in /dev");
	one_jail("");
	j_mount("devtmpfs", j_path("a"), "dev");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(open("/dev/bpf", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/dev/mem", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/dev/port", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/dev/kmsg", O_RDONLY), ENOENT);
		CHECK_OK(open("/dev/null", O_RDWR));
	}
}

TEST(paper_43_no_reboot)
{
	WHAT("reboot and halt: EPERM");
	one_jail("");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(reboot(RB_DISABLE_CAD), EPERM);
		CHECK_ERRNO(reboot(RB_AUTOBOOT), EPERM);
		CHECK_ERRNO(reboot(RB_POWER_OFF), EPERM);
		CHECK(access("/proc/sysrq-trigger", F_OK) < 0 ||
		      j_write("/proc/sysrq-trigger", "h") < 0);
	}
}

TEST(paper_44_full_power_inside)
{
	pid_t pid;

	WHAT("inside: setuid, chown, chmod, kill, add users");
	one_jail("");
	put("a/etc/f", "");
	CHECK_OK(chown("a/etc/f", ALICE, STAFF));
	pid = j_sitter(a, BOB);
	IN_JAIL(a, 0) {
		CHECK_OK(chown("/etc/f", BOB, GUESTS));
		CHECK_OK(chmod("/etc/f", 0600));
		put("/etc/f", "root's");
		CHECK_OK(unlink("/etc/f"));
		CHECK_OK(kill(pid, SIGKILL));
		CHECK_SHELL("echo carol::1234:1234::/:/bin/sh >>/etc/passwd");
		CHECK_SHELL("/bin/busybox su carol -c '/bin/busybox id -u'");
		CHECK(says("1234\n"));
		CHECK_OK(chroot("/tmp"));
		become(ALICE, STAFF);
		CHECK_ERRNO(setuid(0), EPERM);
	}
	CHECK(WIFSIGNALED(ktap_wait(pid)));
}
