/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_devices.c - a jail's /dev: what is on its list, and nothing else, however
 * it is asked for.
 *
 * oracle: no
 */
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "jail_test.h"

static const char usual[] = ". .. fd full null ptmx pts random shm stderr "
			    "stdin stdout tty urandom zero";

/* The names in a folder, sorted, with blanks between. */
static const char *names_in(const char *folder)
{
	static char text[4096];
	struct dirent **e;
	int n = scandir(folder, &e, NULL, alphasort);

	CHECK_OK(n);
	text[0] = '\0';
	for (int i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i ? " " : "", e[i]->d_name);
	return text;
}

static int jail_with_dev(const char *more)
{
	j_begin();
	j_tree("a");
	j_mount("devfs", j_path("a"), "dev");
	j_mount("devpts", j_path("a"), "dev/pts");
	j_mount("proc", j_path("a"), "proc");
	return j_make("name=a; path=%s; persist; %s", j_path("a"), more);
}

TEST(the_usual_list)
{
	int jid = jail_with_dev("");
	static const char *const not[] = { "mem", "kmem", "port", "console",
					   "ttyS0", "tty0", "tty1", "kmsg" };

	CHECK(exists("a/dev/console"));
	IN_JAIL(jid, 0) {
		char name[32];

		if (strcmp(names_in("/dev"), usual))
			FAIL("/dev has: %s", names_in("/dev"));
		CHECK_OK(open("/dev/null", O_RDWR));
		CHECK_OK(open("/dev/zero", O_RDWR));
		CHECK_OK(open("/dev/full", O_RDWR));
		CHECK_OK(open("/dev/random", O_RDONLY | O_NONBLOCK));
		CHECK_OK(open("/dev/urandom", O_RDONLY));
		for (unsigned i = 0; i < sizeof(not) / sizeof(*not); i++) {
			snprintf(name, sizeof(name), "/dev/%s", not[i]);
			CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
			CHECK_ERRNO(open(name, O_PATH), ENOENT);
			CHECK(!exists(name));
			CHECK_ERRNO(access(name, F_OK), ENOENT);
			CHECK_ERRNO(chmod(name, 0666), ENOENT);
		}
		CHECK_OK(open("/dev/fd", O_RDONLY));
	}
}

TEST(a_list_of_its_own)
{
	int jid = jail_with_dev("devices=null zero");

	IN_JAIL(jid, 0) {
		CHECK(!strcmp(names_in("/dev"), ". .. fd null ptmx pts shm "
						"stderr stdin stdout zero"));
		CHECK_OK(open("/dev/null", O_RDWR));
		CHECK_ERRNO(open("/dev/urandom", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/dev/ptmx", O_RDWR), ENOENT);
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENOENT);
	}
	CHECK_OK(j_change(jid, "devices="));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(open("/dev/null", O_RDWR), ENOENT);
		CHECK(!exists("/dev/null"));
	}
	CHECK_OK(j_change(jid, "devices=null"));
	IN_JAIL(jid, 0)
		CHECK_OK(open("/dev/null", O_RDWR));
	CHECK_ERRNO(j_change(jid, "devices=null mem"), EPERM);
	CHECK_ERRNO(j_change(jid, "devices=nosuch"), ENODEV);
}

TEST(rulesets)
{
	int jid = jail_with_dev("devfs_ruleset=2");

	IN_JAIL(jid, 0) {
		CHECK_OK(open("/dev/null", O_RDWR));
		CHECK(!exists("/dev/tty"));
	}
	CHECK_OK(j_change(jid, "devfs_ruleset=1"));
	IN_JAIL(jid, 0)
		CHECK(!exists("/dev/null"));
	CHECK_OK(j_change(jid, "devfs_ruleset=4"));
	IN_JAIL(jid, 0)
		CHECK(!strcmp(names_in("/dev"), usual));
}

/* Nodes are only numbers: wherever one stands, the list decides. */
TEST(nodes_elsewhere)
{
	int jid = jail_with_dev("");

	CHECK_OK(mknod("a/tmp/mem", S_IFCHR | 0666, makedev(1, 1)));
	CHECK_OK(mknod("a/tmp/console", S_IFCHR | 0666, makedev(5, 1)));
	CHECK_OK(mknod("a/tmp/serial", S_IFCHR | 0666, makedev(4, 64)));
	CHECK_OK(mknod("a/tmp/null", S_IFCHR | 0666, makedev(1, 3)));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(open("/tmp/mem", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/tmp/console", O_RDWR), ENOENT);
		CHECK_ERRNO(open("/tmp/serial", O_RDWR), ENOENT);
		CHECK_OK(open("/tmp/null", O_RDWR));
		CHECK_ERRNO(mknod("/tmp/m", S_IFCHR | 0666, makedev(1, 1)), EPERM);
		CHECK_ERRNO(mknod("/tmp/m", S_IFCHR | 0666, makedev(1, 3)), EPERM);
		CHECK_ERRNO(mknod("/tmp/m", S_IFBLK | 0666, makedev(8, 0)), EPERM);
		CHECK_OK(mknod("/tmp/p", S_IFIFO | 0666, 0));
		CHECK_OK(mknod("/tmp/f", S_IFREG | 0666, 0));
	}
}

/* A pty of our own making: its slave's number. */
static int open_pty(const char *ptmx, int *master)
{
	int number = -1, unlock = 0;

	*master = open(ptmx, O_RDWR | O_NOCTTY);
	CHECK_OK(*master);
	CHECK_OK(ioctl(*master, TIOCSPTLCK, &unlock));
	CHECK_OK(ioctl(*master, TIOCGPTN, &number));
	return number;
}

TEST(ptys)
{
	int jid = jail_with_dev(""), master, n;
	char name[64];

	/* The host's pty, even in the jail's own /dev/pts. */
	n = open_pty("a/dev/pts/ptmx", &master);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	IN_JAIL(jid, 0) {
		int mine, m;

		CHECK(!exists(name));
		CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), ENOENT);
		CHECK(!strcmp(names_in("/dev/pts"), ". .. ptmx"));
		m = open_pty("/dev/ptmx", &mine);
		CHECK(m != n);
		snprintf(name, sizeof(name), "/dev/pts/%d", m);
		CHECK_OK(open(name, O_RDWR | O_NOCTTY));
		snprintf(name, sizeof(name), ". .. %d ptmx", m);
		CHECK(!strcmp(names_in("/dev/pts"), name));
	}
	CHECK_OK(j_change(jid, "devices=null ptmx"));
	IN_JAIL(jid, 0)
		CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), ENOENT);
}

/* Who enters from a terminal of the host keeps it as /dev/tty. */
TEST(controlling_terminal)
{
	int jid = jail_with_dev(""), master;
	char name[64];
	pid_t pid;

	snprintf(name, sizeof(name), "a/dev/pts/%d",
		 open_pty("a/dev/pts/ptmx", &master));
	pid = fork();
	if (pid == 0) {
		int tty;

		CHECK_OK(setsid());
		tty = open(name, O_RDWR);
		CHECK_OK(tty);
		CHECK_OK(jail_attach(jid));
		CHECK_OK(open("/dev/tty", O_RDWR));
		CHECK(exists(strchr(name, 47)));
		CHECK_OK(open(strchr(name, 47), O_RDWR));
		CHECK_ERRNO(ioctl(tty, TIOCSTI, "x"), EPERM);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(mounted_inside)
{
	int jid;

	j_begin();
	jid = j_simple("a", "allow.mount; allow.mount.devfs; enforce_statfs=1");
	IN_JAIL(jid, 0) {
		CHECK_OK(mount("devfs", "/dev", "devfs", 0, NULL));
		CHECK(!strcmp(names_in("/dev"), usual));
		CHECK(!exists("/dev/mem"));
		CHECK_ERRNO(mknod("/dev/mem2", S_IFCHR | 0666, makedev(1, 1)),
			    EPERM);
		CHECK_OK(umount("/dev"));
	}
}
