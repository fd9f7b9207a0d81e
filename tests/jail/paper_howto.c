/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_howto.c - items 46 to 56 of the paper: its HOWTO, step by step, as
 * far as it asks for no network.
 * oracle: no
 * seconds: 240
 */
#include <sys/statfs.h>

#include "jail_test.h"
#include "shell.h"

TEST(paper_46_own_partition)
{
	struct statfs fs;
	int a;

	WHAT("a jail on its own file system: df shows that one only");
	j_begin();
	CHECK_OK(mkdir("part", 0755));
	CHECK_OK(mount("tmpfs", "part", "tmpfs", 0, "size=4m"));
	CHECK_OK(mkdir("part/proc", 0755));
	CHECK_SHELL("cp -a %s/. part", j_tree("a"));
	a = j_make("name=p; path=%s; persist", j_path("part"));
	j_mount("proc", j_path("part"), "proc");
	IN_JAIL(a, 0) {
		CHECK_OK(statfs("/", &fs));
		CHECK_EQ(fs.f_blocks * fs.f_bsize, 4 << 20);
		CHECK_SHELL("/bin/busybox cat /proc/mounts");
		CHECK_EQ(strchr(shell_output, '\n') - shell_output,
			 (long)strlen(shell_output) - 1);
		CHECK(strstr(shell_output, " / tmpfs "));
	}
}

#define ALLOWED "/proc/sys/security/jail/set_hostname_allowed"

static void in_old_jail(const char *root, int want)
{
	struct jail_v0 old = { 0, (char *)root, "old.example", 0x0a000214 };
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(jail((struct jail *)&old) > 0);
		errno = 0;
		if (sethostname("x", 1) < 0)
			CHECK_EQ(errno, want);
		else
			CHECK_EQ(0, want);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(paper_47_set_hostname_allowed)
{
	char before[65], after[65];
	const char *root;

	WHAT("jail.set_hostname_allowed=0 stops a new hostname");
	j_begin();
	root = j_tree("a");
	CHECK_OK(gethostname(before, sizeof(before)));
	in_old_jail(root, 0);
	CHECK_OK(j_write(ALLOWED, "0\n"));
	in_old_jail(root, EPERM);
	CHECK_OK(j_write(ALLOWED, "1\n"));
	CHECK_OK(gethostname(after, sizeof(after)));
	CHECK(!strcmp(before, after));
}

TEST(paper_49_tree_by_script)
{
	WHAT("a command populates the tree");
	j_begin();
	NEED_TOOL("mkjail");
	CHECK_SHELL("mkjail %s", j_path("full"));
	CHECK(exists("full/bin/sh") && exists("full/etc/passwd"));
	CHECK(exists("full/dev") && exists("full/proc") && exists("full/tmp"));
	CHECK_EQ(mode_of("full/tmp"), 01777);
	CHECK_SHELL("chroot full /bin/sh -c 'test -e /etc/passwd'");
}

TEST(paper_50_minimal_tree)
{
	int jid;

	WHAT("a tree of one static program is enough");
	j_begin();
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(link("/bin/busybox", "m/busybox"));
	jid = j_make("name=m; path=%s; persist", j_path("m"));
	IN_JAIL(jid, 0) {
		execl("/busybox", "true", (char *)NULL);
		FAIL("exec: %s", strerror(errno));
	}
}

TEST(paper_51_safe_devices)
{
	static const char *const safe[] = { "null", "zero", "full", "random",
					    "urandom", "tty", "ptmx", "pts" };
	static const char *const bad[] = { "mem", "kmem", "port", "console",
					   "ttyS0", "tty0", "kmsg", "sda" };
	char name[32];
	int jid;

	WHAT("/dev holds what is safe in a jail, and nothing else");
	j_begin();
	jid = j_simple("a", "");
	j_mount("devtmpfs", j_path("a"), "dev");
	j_mount("devpts", j_path("a"), "dev/pts");
	IN_JAIL(jid, 0) {
		for (unsigned i = 0; i < 8; i++) {
			snprintf(name, sizeof(name), "/dev/%s", safe[i]);
			CHECK_OK(access(name, F_OK));
			snprintf(name, sizeof(name), "/dev/%s", bad[i]);
			if (access(name, F_OK) == 0)
				FAIL("%s is there", name);
		}
		CHECK_SHELL("/bin/busybox ls /dev");
		for (unsigned i = 0; i < 8; i++) {
			snprintf(name, sizeof(name), "%s\n", bad[i]);
			CHECK(!strstr(shell_output, name));
		}
	}
}

TEST(paper_52_harmless_files)
{
	int jid;

	WHAT("/kernel -> dev/null and an empty etc/fstab do no harm");
	j_begin();
	jid = j_simple("a", "");
	j_mount("devtmpfs", j_path("a"), "dev");
	CHECK_OK(symlink("dev/null", "a/kernel"));
	put("a/etc/fstab", "");
	IN_JAIL(jid, 0) {
		CHECK(holds("/kernel", ""));
		CHECK_SHELL("/bin/busybox mount -a");
		CHECK(holds("/etc/fstab", ""));
	}
}

TEST(paper_53_procfs)
{
	char name[64];
	pid_t pid;
	int jid;

	WHAT("/proc shows inmates; status names the jail");
	j_begin();
	jid = j_simple("a", "");
	j_mount("proc", j_path("a"), "proc");
	pid = j_sitter(jid, 0);
	CHECK_EQ(j_of(pid, name, sizeof(name)), jid);
	CHECK(!strcmp(name, "a"));
	CHECK_SHELL("tail -n 1 /proc/%d/status", (int)pid);
	CHECK(!strncmp(shell_output, "Jail:", 5));
	IN_JAIL(jid, 0) {
		CHECK(j_listed(pid) && !j_listed(1));
		CHECK_EQ(j_of(pid, name, sizeof(name)), 0);
		CHECK(!strcmp(name, "-"));
		snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
		CHECK_SHELL("/bin/busybox cut -d' ' -f4 %s", name);
		CHECK(!strcmp(shell_output, "0\n")); /* its parent is outside */
	}
}

TEST(paper_54_set_up_from_inside)
{
	int jid;

	WHAT("set-up from inside: the time zone");
	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0) {
		put("/etc/TZ", "XYZ-3\n");
		CHECK_SHELL("TZ=$(/bin/busybox cat /etc/TZ) "
			    "/bin/busybox date +%%Z%%z");
		CHECK(!strcmp(shell_output, "XYZ+0300\n"));
	}
}

TEST(paper_55_shell_in_a_jail)
{
	WHAT("jail dir host ip /bin/sh; its exit ends the jail");
	j_begin();
	NEED_TOOL("jail");
	CHECK_SHELL("echo 'echo at $PWD; exit 3' | "
		    "jail %s a.example 10.0.2.20 /bin/sh || test $? = 3",
		    j_tree("a"));
	CHECK(says("at /\n"));
	CHECK_EQ(j_count(), 0);
	NEED_TOOL("jls");
	CHECK_SHELL("jls -q jid");
	CHECK(!*shell_output);
}

TEST_WITHIN(paper_56_boot_a_jail, 60)
{
	int jid;

	WHAT("/etc/rc starts daemons");
	j_begin();
	NEED_TOOL("jail");
	NEED_TOOL("jexec");
	j_tree("a");
	j_mount("proc", j_path("a"), "proc");
	put("a/etc/rc", "/bin/busybox crond -b -c /tmp -L /tmp/log\n"
			"echo booted\n");
	CHECK_SHELL("jail %s a.example 10.0.2.20 /bin/sh /etc/rc >%s/tmp/out",
		    j_path("a"), j_path("a"));
	CHECK(holds("a/tmp/out", "booted\n"));
	jid = j_find("lastjid=0");
	CHECK(jid > 0);
	CHECK_SHELL("jexec %d /bin/busybox pidof busybox", jid);
	put("a/bin/new", "#!/bin/sh\necho installed\n");
	CHECK_OK(chmod("a/bin/new", 0755));
	CHECK_SHELL("jexec %d /bin/new", jid);
	CHECK(says("installed\n"));
	CHECK_OK(jail_remove(jid));
	CHECK_EQ(j_count(), 0);
}
