/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits.c - each limit.* of a jail: what it stops, with which error, that it
 * counts for the jails below, and that nothing stays on the bill.
 * oracle: no
 */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include "jail_test.h"

/* The bill: what /proc/jail/usage says. */
static long long used(const char *jail, const char *what)
{
	char line[1024], name[257], key[32], *at;
	long long found = -1;
	FILE *f = fopen("/proc/jail/usage", "r");

	CHECK(f != NULL);
	snprintf(key, sizeof(key), "\t%s=", what);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %256s", name) == 1 &&
		    !strcmp(name, jail) && (at = strstr(line, key)))
			found = atoll(at + strlen(key));
	fclose(f);
	return found;
}

static void all_is_paid(const char *jail)
{
	static const char *const what[] = { "maxproc", "nthr", "memoryuse",
					    "openfiles", "pseudoterminals",
					    "sockbuf" };

	for (unsigned i = 0; i < sizeof(what) / sizeof(*what); i++)
		if (used(jail, what[i]))
			FAIL("%s=%lld is left on the bill of %s", what[i],
			     used(jail, what[i]), jail);
}

/* How often a deed works before it fails with err. */
static int until(int (*deed)(void), int err)
{
	for (int n = 0; n < 100000; n++)
		if (deed() < 0) {
			if (errno != err)
				FAIL("after %d: errno %d, not %d", n, errno,
				     err);
			return n;
		}
	FAIL("no end");
}

static int make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

TEST(maxproc)
{
	int a;

	j_begin();
	a = j_simple("a", "limit.maxproc=10");
	IN_JAIL(a, 0) {
		CHECK_EQ(until(make_process, EAGAIN), 9);
		/* One goes, one may come. */
		CHECK_OK(kill(-1, SIGKILL));
		while (waitpid(-1, NULL, 0) > 0)
			;
		CHECK_EQ(until(make_process, EAGAIN), 9);
	}
	CHECK_OK(kill(getpid(), 0));
	CHECK_OK(jail_remove(a));
}

/* Full is full for who would enter, too; and then nothing has changed. */
TEST(enter_when_full)
{
	struct stat root;
	int a;

	j_begin();
	a = j_simple("a", "limit.maxproc=1");
	j_sitter(a, 0);
	root = stat_of("/");
	CHECK_ERRNO(jail_attach(a), EAGAIN);
	CHECK_EQ(stat_of("/").st_ino, root.st_ino);
	CHECK_EQ(used("a", "maxproc"), 1);
	CHECK_OK(jail_remove(a));
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int make_thread(void)
{
	pthread_attr_t small;
	pthread_t t;
	int err;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	err = pthread_create(&t, &small, wait_for_ever, NULL);
	errno = err;
	return err ? -1 : 0;
}

TEST(nthr)
{
	int a;

	j_begin();
	a = j_simple("a", "limit.nthr=8");
	IN_JAIL(a, 0)
		CHECK_EQ(until(make_thread, EAGAIN), 7);
	CHECK_EQ(used("a", "nthr"), 0);
}

static int open_file(void)
{
	return open("/inside", O_RDONLY);
}

TEST(openfiles)
{
	int a, n;

	j_begin();
	a = j_simple("a", "limit.openfiles=40");
	IN_JAIL(a, 0) {
		n = until(open_file, ENFILE);
		CHECK(n > 20 && n <= 40);
		close(3 + n);
	}
	CHECK_EQ(used("a", "openfiles"), 0);
}

static int open_pty(void)
{
	return open("/dev/ptmx", O_RDWR | O_NOCTTY);
}

TEST(pseudoterminals)
{
	int a, n;

	j_begin();
	a = j_simple("a", "limit.pseudoterminals=5");
	j_mount("devtmpfs", j_path("a"), "dev");
	j_mount("devpts", j_path("a"), "dev/pts");
	IN_JAIL(a, 0) {
		for (n = 0; open_pty() >= 0; n++)
			CHECK(n < 100);
		ktap_note("errno %d", errno);
		CHECK_EQ(n, 5);
	}
	CHECK_OK(open_pty()); /* the host has some */
	CHECK_EQ(used("a", "pseudoterminals"), 0);
}

static int pair[2];

static int fill_socket(void)
{
	static char block[4096];

	if (send(pair[0], block, sizeof(block), MSG_DONTWAIT) >= 0)
		return 0;
	if (errno != EAGAIN)
		return -1;
	/* This pair is full: another. */
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

TEST(sockbuf)
{
	int a, n;

	j_begin();
	a = j_simple("a", "limit.sockbuf=300k");
	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(a, 0) {
		CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		for (n = 0; n < 1000 && fill_socket() == 0; n++)
			;
		CHECK(used("0", "sockbuf") <= 300 << 10);
	}
	CHECK_EQ(used("a", "sockbuf"), 0);
}

static int touch_memory(void)
{
	char *more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (more == MAP_FAILED)
		return -1;
	memset(more, 1, 1 << 20);
	return 0;
}

TEST(memoryuse)
{
	pid_t pid;
	int a, status;

	j_begin();
	a = j_simple("a", "limit.memoryuse=8m");
	pid = j_enter(a, 0);
	if (pid == 0)
		_exit(until(touch_memory, ENOMEM) <= 8 ? 0 : 1);
	status = ktap_wait(pid); /* an error, or the end: not more memory */
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	CHECK(used("0", "memoryuse") > 0);
	all_is_paid("a");
}

/* Files of a tmpfs that the jail mounts are its memory. */
TEST(memory_of_files)
{
	static char block[65536];
	int a, fd, n = 0;

	j_begin();
	a = j_simple("a", "limit.memoryuse=8m; limit.kmemoryuse=8m; "
			  "allow.mount; allow.mount.tmpfs; enforce_statfs=1");
	IN_JAIL(a, 0) {
		CHECK_OK(mount("tmpfs", "/mnt", "tmpfs", 0, "size=64m"));
		fd = open("/mnt/f", O_WRONLY | O_CREAT, 0600);
		while (n < 512 && write(fd, block, sizeof(block)) > 0)
			n++;
		CHECK(errno == ENOMEM || errno == ENOSPC);
		CHECK(n <= 160);
	}
	CHECK_OK(jail_remove(a));
}

/* A jail lives within what its parent may. */
TEST(below_counts_above)
{
	int b;

	j_begin();
	j_simple("a", "limit.maxproc=6; children.max=2");
	b = j_make("name=a.b; path=%s; persist", j_tree("a/b"));
	IN_JAIL(b, 0)
		CHECK_EQ(until(make_process, EAGAIN), 5);
	j_remove_all();
}

/* A jail sees its limits and does not change them. */
TEST(limits_are_the_hosts)
{
	int a, b;

	j_begin();
	a = j_simple("a", "limit.maxproc=6; children.max=2");
	b = j_make("name=a.b; path=%s; persist", j_path("a/tmp"));
	IN_JAIL(a, 0) {
		CHECK(j_set(JAIL_UPDATE, "name=b; limit.maxproc=3") == b);
		CHECK_ERRNO(j_set(JAIL_UPDATE, "jid=%d; limit.maxproc=50", a),
			    ENOENT);
		/* More for the child is no more for both. */
		(void)!j_set(JAIL_UPDATE, "name=b; limit.maxproc=50");
		CHECK_OK(jail_attach(b));
		CHECK(until(make_process, EAGAIN) <= 5);
	}
	j_remove_all();
}

/* Who enters takes along what he has, and gives it back when he ends. */
TEST(entering_moves_the_bill)
{
	long long host_before, host_after;
	struct gate in, out;
	pid_t pid;
	int a;

	j_begin();
	a = j_simple("a", "");
	in = gate_new();
	out = gate_new();
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 4; i++)
			CHECK_OK(touch_memory());
		gate_open(in);
		gate_wait(out);
		CHECK_OK(jail_attach(a));
		gate_open(in);
		gate_wait(out);
		_exit(0);
	}
	gate_wait(in);
	CHECK_EQ(used("a", "memoryuse"), 0);
	host_before = used("0", "memoryuse");
	gate_open(out);
	gate_wait(in);
	CHECK(used("a", "memoryuse") >= 4 << 20);
	CHECK_EQ(used("a", "maxproc"), 1);
	host_after = used("0", "memoryuse"); /* holds what is below it */
	CHECK(host_after >= host_before - (1 << 20));
	gate_open(out);
	CHECK_CHILD(pid);
	all_is_paid("a");
}

/* --- disks ---------------------------------------------------------------- */

enum { KB = 1024 };

/* Appends until it is refused, or n are written; how many went in. */
static long append(const char *name, long n)
{
	static char page[4096];
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
	long done = 0, k = 1;

	CHECK_OK(fd);
	while (done < n && (k = write(fd, page, sizeof(page))) > 0)
		done += k;
	if (k < 0)
		CHECK_EQ(errno, EDQUOT);
	CHECK_OK(close(fd));
	return done;
}

TEST(limit_diskuse)
{
	struct statfs s;
	int jid;

	j_begin();
	jid = j_make("name=a; path=%s; persist; limit.diskuse=%d", j_tree("a"),
		     64 * KB);
	CHECK_EQ(append(j_path("a/hosts"), 16 * KB), 16 * KB);
	CHECK_OK(chmod(j_path("a/hosts"), 0666));
	CHECK_EQ(used("a", "diskuse"), 0);	/* the host is not counted */
	IN_JAIL(jid, 0)
	{
		CHECK_EQ(append("/mine", 40 * KB), 40 * KB);
		CHECK_OK(statfs("/", &s));
		CHECK_EQ((long long)s.f_blocks * s.f_bsize, 64 * KB);
		CHECK_EQ((long long)s.f_bavail * s.f_bsize, 24 * KB);
		/* In the host's file too it is the jail that takes. */
		CHECK_EQ(append("/hosts", 100 * KB), 24 * KB);
		CHECK_EQ(append("/more", 4 * KB), 0);
		CHECK_OK(unlink("/mine"));
		CHECK_EQ(append("/more", 100 * KB), 40 * KB);
	}
	CHECK_EQ(used("a", "diskuse"), 64 * KB);
	CHECK_OK(truncate(j_path("a/hosts"), 0));	/* whoever frees it */
	CHECK_EQ(used("a", "diskuse"), 40 * KB);
	CHECK_OK(statfs(j_path("a"), &s));
	CHECK((long long)s.f_blocks * s.f_bsize > 64 * KB);
	IN_JAIL(jid, 0)
		CHECK_EQ(append("/hosts", 100 * KB), 24 * KB);
	CHECK_OK(unlink(j_path("a/more")));
	CHECK_OK(unlink(j_path("a/hosts")));
	CHECK_EQ(used("a", "diskuse"), 0);
}

TEST(limit_diskuse_counts_for_those_above)
{
	int jid, child;

	j_begin();
	jid = j_make("name=a; path=%s; persist; children.max=1; "
		     "limit.diskuse=%d", j_tree("a"), 32 * KB);
	CHECK_OK(mkdir(j_path("a/b"), 0755));
	child = j_make("name=a.b; path=%s; persist", j_path("a/b"));
	IN_JAIL(child, 0)
		CHECK_EQ(append("/f", 100 * KB), 32 * KB);
	IN_JAIL(jid, 0)
		CHECK_EQ(append("/f", 100 * KB), 0);
	/* With the jail goes the count: the files are the host's. */
	CHECK_OK(jail_remove(child));
	CHECK_EQ(used("a", "diskuse"), 0);
	IN_JAIL(jid, 0)
		CHECK_EQ(append("/f", 100 * KB), 32 * KB);
}

TEST(limit_inodes)
{
	struct statfs s;
	int jid;

	j_begin();
	jid = j_make("name=a; path=%s; persist; limit.inodes=3", j_tree("a"));
	IN_JAIL(jid, 0)
	{
		CHECK_OK(mkdir("/d", 0755));
		CHECK_OK(symlink("x", "/d/l"));
		CHECK_OK(mkfifo("/d/p", 0600));
		CHECK_ERRNO(open("/f", O_WRONLY | O_CREAT, 0600), EDQUOT);
		CHECK_ERRNO(mkdir("/e", 0700), EDQUOT);
		CHECK_OK(statfs("/", &s));
		CHECK_EQ(s.f_files, 3);
		CHECK_EQ(s.f_ffree, 0);
		CHECK_OK(unlink("/d/p"));
		CHECK_OK(open("/f", O_WRONLY | O_CREAT, 0600));
	}
	CHECK_EQ(used("a", "inodes"), 3);
}

/* The quota of a user holds for the root of a jail, who cannot raise it. */
TEST(a_jails_root_and_quotas)
{
	struct dqblk q = { .dqb_bhardlimit = 8, .dqb_valid = QIF_BLIMITS };
	const char *top;
	int jid;

	j_begin();
	jid = j_make("name=a; path=%s; persist", j_tree("a"));
	top = j_path("a/m");
	CHECK_OK(mkdir(top, 0777));
	CHECK_OK(mount("tmpfs", top, "tmpfs", 0, "usrquota,mode=777"));
	CHECK_OK(syscall(SYS_quotactl, QCMD(Q_QUOTAON, USRQUOTA), top, 0, NULL));
	CHECK_OK(syscall(SYS_quotactl, QCMD(Q_SETQUOTA, USRQUOTA), top, 0, &q));
	CHECK_EQ(append(j_path("a/m/hosts"), 16 * KB), 16 * KB);
	CHECK_OK(unlink(j_path("a/m/hosts")));
	IN_JAIL(jid, 0)
	{
		q.dqb_bhardlimit = 1000;
		CHECK_ERRNO(syscall(SYS_quotactl, QCMD(Q_SETQUOTA, USRQUOTA),
				    "/m", 0, &q), EPERM);
		CHECK_ERRNO(syscall(SYS_quotactl, QCMD(Q_QUOTAOFF, USRQUOTA),
				    "/m", 0, NULL), EPERM);
		CHECK_EQ(append("/m/f", 100 * KB), 8 * KB);
	}
	CHECK_OK(umount(j_path("a/m")));
}
