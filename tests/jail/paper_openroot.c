/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_openroot.c - items 60 and 61 of the paper: a jail's share of the disk,
 * and the demonstration whose root account was everybody's.
 * oracle: no
 */
#include <sys/quota.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <net/route.h>

#include "net.h"
#include "shell.h"

enum { KB = 1024, SHARE = 256 * KB };

/* How much fits into a new file; why no more does is in errno. */
static int room(const char *name)
{
	static char block[4 * KB];
	int fd = open(name, O_WRONLY | O_CREAT, 0600), sum = 0, n;

	if (fd < 0)
		return 0;
	while (sum < 64 * SHARE && (n = write(fd, block, sizeof(block))) > 0)
		sum += n;
	close(fd);
	return sum;
}

TEST(paper_60_share_of_the_disk)
{
	struct dqblk q = { .dqb_bhardlimit = 1 << 20,
			   .dqb_valid = QIF_BLIMITS };
	int a, b, n;

	WHAT("writes end at the limit (EDQUOT); the jail's root cannot raise it");
	j_begin();
	a = j_simple("a", "limit.diskuse=256k; children.max=1; "
			  "allow.quotas; allow.mount; allow.mount.tmpfs; "
			  "enforce_statfs=1");
	b = j_simple("b", "");
	IN_JAIL(a, 0) {
		n = room("/tmp/full");
		CHECK_EQ(errno, EDQUOT);
		CHECK(n > SHARE / 2 && n <= SHARE);
		CHECK_ERRNO(j_set(JAIL_UPDATE, "name=a; limit.diskuse=1g"),
			    ENOENT);
		CHECK_ERRNO(j_set(JAIL_UPDATE, "jid=%d; limit.diskuse=1g", a),
			    ENOENT);
		CHECK(syscall(SYS_quotactl, QCMD(Q_SETQUOTA, USRQUOTA), "/", 0,
			      &q) == -1);
		if (!mount("tmpfs", "/tmp", "tmpfs", 0, ""))
			CHECK(room("/tmp/more") < 64 * KB);
		CHECK(room("/again") < 64 * KB);
		CHECK_EQ(errno, EDQUOT);
	}
	IN_JAIL(b, 0)			/* the others have what they had */
		CHECK(room("/tmp/full") > SHARE);
}

#define OPEN "192.168.100.2"
#define FTP "198.51.100.21"
#define ELSEWHERE "198.51.100.22"

/* A line to the shell at fd, and what it must print. */
static void type(int fd, const char *line, const char *want)
{
	CHECK_EQ(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
	CHECK_EQ(send(fd, "\r\n", 2, 0), 2);
	net_expect(fd, want);
}

static int log_in(void)
{
	int fd = -1;

	for (int n = 0; n < 100 && fd < 0; n++) {
		fd = net_client(OPEN, 23);
		usleep(20000);
	}
	CHECK_OK(fd);
	return fd;
}

TEST_WITHIN(paper_61_root_for_everybody, 60)
{
	pid_t victim;
	char line[64];
	int jid, fd;

	WHAT("root for everybody: all power inside, none outside, one address "
	     "(not one port) to reach");
	j_begin();
	net_alias("lo:1", "192.168.100.1");
	net_alias("lo:2", OPEN);
	net_alias("lo:3", FTP);
	net_alias("lo:4", ELSEWHERE);
	CHECK_SHELL("route add -host " ELSEWHERE " reject");
	jid = j_simple("openroot", "ip4.addr=" OPEN);
	j_mount("proc", j_path("openroot"), "proc");
	j_mount("devtmpfs", j_path("openroot"), "dev");
	j_mount("devpts", j_path("openroot"), "dev/pts");
	net_answering(0, "ftp", SOCK_STREAM, FTP, 21);
	victim = j_sitter(0, 0);
	CHECK_SHELL("jexec %d /bin/busybox telnetd -l /bin/sh", jid);
	fd = log_in();
	/* all power inside */
	type(fd, "id() { busybox id -u; }; echo I am $(id).", "I am 0.");
	type(fd, "busybox touch /f; busybox chown 7:7 /f; "
		 "busybox stat -c 'is %u %a.' /f", "is 7 ");
	type(fd, "busybox sleep 99 & kill -9 $!; wait $!; echo killed $?.",
	     "killed 137.");
	/* none outside */
	snprintf(line, sizeof(line), "kill -9 %d; echo gives $?.", (int)victim);
	type(fd, line, "gives 1.");
	type(fd, "busybox mount -t tmpfs x /tmp; echo gives $?.", "gives 1.");
	type(fd, "busybox ifconfig lo down; echo gives $?.", "gives 1.");
	type(fd, "busybox reboot -f; echo gives $?.", "gives 1.");
	type(fd, "busybox nc " ELSEWHERE " 80; echo gives $?.", "gives 1.");
	type(fd, "busybox nc " FTP " 21; echo gives $?.", "ftp");
	CHECK_OK(kill(victim, 0));
	close(fd);
	CHECK_SHELL("route del -host " ELSEWHERE " reject");
	CHECK_OK(jail_remove(jid));
}
