/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.c - quotas of users and groups, on a file system in memory; what is
 * about disks stands in tests/disk.
 *
 * oracle: no
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/quota.h>

#include "files.h"

enum { KB = 1024, PAGE = 4096 };
#define CMD(what, type) QCMD(what, type)

static int quota(int cmd, int id, void *addr)
{
	return syscall(SYS_quotactl, cmd, "m", id, addr);
}

static struct dqblk quota_of(int type, int id)
{
	struct dqblk q;

	memset(&q, 0xee, sizeof(q));
	CHECK_OK(quota(CMD(Q_GETQUOTA, type), id, &q));
	return q;
}

static void limit(int type, int id, int bsoft, int bhard, int isoft, int ihard)
{
	struct dqblk q = { .dqb_bsoftlimit = bsoft, .dqb_bhardlimit = bhard,
			   .dqb_isoftlimit = isoft, .dqb_ihardlimit = ihard,
			   .dqb_valid = QIF_LIMITS };

	CHECK_OK(quota(CMD(Q_SETQUOTA, type), id, &q));
}

/* A tmpfs at m that counts, limits on. */
static void begin(void)
{
	need_root();
	fresh();
	CHECK_OK(mkdir("m", 0777));
	CHECK_OK(mount("tmpfs", "m", "tmpfs", 0, "usrquota,grpquota,mode=777"));
	CHECK_OK(quota(CMD(Q_QUOTAON, USRQUOTA), 0, NULL));
	CHECK_OK(quota(CMD(Q_QUOTAON, GRPQUOTA), 0, NULL));
}

static void end(void)
{
	CHECK_OK(umount("m"));
}

/* Writes so many bytes at the end; how many went in. */
static long append(const char *name, long n)
{
	static char data[64 * KB];
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
	long done = 0, k = 0;

	CHECK_OK(fd);
	while (done < n && (k = write(fd, data, n - done < (long)sizeof(data) ?
						n - done : (long)sizeof(data))) > 0)
		done += k;
	n = errno;
	CHECK_OK(close(fd));
	errno = k < 0 ? n : 0;
	return done;
}

TEST(what_is_there_is_counted)
{
	struct dqblk q;

	begin();
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 10 * PAGE), 10 * PAGE);
		CHECK_OK(mkdir("m/d", 0755));
		CHECK_OK(symlink("x", "m/d/l"));
		_exit(0);
	}
	CHECK_CHILD(-1);
	q = quota_of(USRQUOTA, ALICE);
	CHECK_EQ(q.dqb_curspace, 10 * PAGE);
	CHECK_EQ(q.dqb_curinodes, 3);
	q = quota_of(GRPQUOTA, STAFF);
	CHECK_EQ(q.dqb_curspace, 10 * PAGE);
	CHECK_EQ(q.dqb_curinodes, 3);
	CHECK_OK(chown("m/a", BOB, -1));
	CHECK_EQ(quota_of(USRQUOTA, ALICE).dqb_curspace, 0);
	CHECK_EQ(quota_of(USRQUOTA, BOB).dqb_curspace, 10 * PAGE);
	CHECK_EQ(quota_of(USRQUOTA, BOB).dqb_curinodes, 1);
	CHECK_EQ(quota_of(GRPQUOTA, STAFF).dqb_curspace, 10 * PAGE);
	CHECK_OK(truncate("m/a", 3 * PAGE));
	CHECK_EQ(quota_of(USRQUOTA, BOB).dqb_curspace, 3 * PAGE);
	CHECK_OK(unlink("m/a"));
	CHECK_EQ(quota_of(USRQUOTA, BOB).dqb_curspace, 0);
	CHECK_EQ(quota_of(USRQUOTA, BOB).dqb_curinodes, 0);
	CHECK_EQ(quota_of(USRQUOTA, 777).dqb_curinodes, 0);
	end();
}

TEST(the_hard_limit)
{
	begin();
	limit(USRQUOTA, ALICE, 0, 40, 0, 3);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 100 * KB), 40 * KB);
		CHECK_EQ(errno, EDQUOT);
		CHECK_EQ(stat_of("m/a").st_size, 40 * KB);
		CHECK_ERRNO(write(open("m/a", O_WRONLY | O_APPEND), "x", 1), EDQUOT);
		put("m/b", "");
		CHECK_OK(mkdir("m/d", 0755));
		CHECK_ERRNO(open("m/c", O_WRONLY | O_CREAT, 0600), EDQUOT);
		CHECK_ERRNO(mkdir("m/e", 0700), EDQUOT);
		CHECK_ERRNO(symlink("x", "m/l"), EDQUOT);
		CHECK_ERRNO(mkfifo("m/p", 0600), EDQUOT);
		CHECK(!exists("m/c") && !exists("m/e") && !exists("m/l"));
		CHECK_OK(link("m/b", "m/b2"));	/* takes no inode */
		CHECK_OK(truncate("m/a", 0));
		CHECK_EQ(append("m/b", 20 * KB), 20 * KB);
		_exit(0);
	}
	CHECK_CHILD(-1);
	/* Others, and root, are not bound by it. */
	if (fork() == 0) {
		become(BOB, GUESTS);
		CHECK_EQ(append("m/bob", 100 * KB), 100 * KB);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chown("m/bob", ALICE, -1));
	CHECK_EQ(quota_of(USRQUOTA, ALICE).dqb_curspace, 120 * KB);
	end();
}

TEST(a_mapping_ends_at_the_limit)
{
	int status;
	pid_t pid;

	begin();
	limit(USRQUOTA, ALICE, 0, 8, 0, 0);
	pid = fork();
	if (pid == 0) {
		char *p;
		int fd;

		become(ALICE, STAFF);
		fd = open("m/a", O_RDWR | O_CREAT, 0600);
		CHECK_OK(ftruncate(fd, 4 * PAGE));
		p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		p[0] = p[PAGE] = 1;
		signal(SIGBUS, SIG_DFL);
		p[2 * PAGE] = 1;
		_exit(0);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	end();
}

TEST(groups)
{
	begin();
	limit(GRPQUOTA, STAFF, 0, 16, 0, 0);
	CHECK_OK(mkdir("m/g", 02777));
	CHECK_OK(chown("m/g", 0, STAFF));
	CHECK_OK(chmod("m/g", 02777));
	become(BOB, GUESTS);
	CHECK_EQ(append("m/g/f", 64 * KB), 16 * KB);
	CHECK_EQ(errno, EDQUOT);
	CHECK_EQ(append("m/f", 64 * KB), 64 * KB);
}

TEST(the_time_of_grace)
{
	struct dqinfo info = { .dqi_bgrace = 1, .dqi_igrace = 1,
			       .dqi_valid = IIF_BGRACE | IIF_IGRACE };

	begin();
	CHECK_OK(quota(CMD(Q_SETINFO, USRQUOTA), 0, &info));
	limit(USRQUOTA, ALICE, 8, 100, 2, 0);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 8 * KB), 8 * KB);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_EQ(quota_of(USRQUOTA, ALICE).dqb_btime, 0);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 8 * KB), 8 * KB);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK(quota_of(USRQUOTA, ALICE).dqb_btime >= (unsigned)time(NULL));
	ktap_sleep_ms(1200);
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 4 * KB), 0);
		CHECK_EQ(errno, EDQUOT);
		CHECK_OK(truncate("m/a", 4 * KB));
		CHECK_EQ(append("m/a", 8 * KB), 8 * KB);	/* begins anew */
		_exit(0);
	}
	CHECK_CHILD(-1);
	end();
}

TEST(who_may_ask)
{
	struct dqblk q = { .dqb_bhardlimit = 1, .dqb_valid = QIF_BLIMITS };
	struct dqinfo info;

	begin();
	become(ALICE, STAFF);
	CHECK_OK(quota(CMD(Q_GETQUOTA, USRQUOTA), ALICE, &q));
	CHECK_OK(quota(CMD(Q_GETQUOTA, GRPQUOTA), STAFF, &q));
	CHECK_ERRNO(quota(CMD(Q_GETQUOTA, USRQUOTA), BOB, &q), EPERM);
	CHECK_ERRNO(quota(CMD(Q_GETQUOTA, GRPQUOTA), GUESTS, &q), EPERM);
	CHECK_ERRNO(quota(CMD(Q_SETQUOTA, USRQUOTA), ALICE, &q), EPERM);
	CHECK_ERRNO(quota(CMD(Q_SETINFO, USRQUOTA), 0, &info), EPERM);
	CHECK_ERRNO(quota(CMD(Q_QUOTAOFF, USRQUOTA), 0, NULL), EPERM);
	CHECK_OK(quota(CMD(Q_GETINFO, USRQUOTA), 0, &info));
	CHECK_EQ(info.dqi_bgrace, 7 * 24 * 3600);
}

TEST(wrong_requests)
{
	struct dqblk q;
	int format;

	begin();
	CHECK_ERRNO(quota(CMD(Q_GETQUOTA, 2), 0, &q), EINVAL);
	CHECK_ERRNO(quota(CMD(0x123456, 0), 0, &q), EINVAL);
	CHECK_ERRNO(quota(CMD(Q_GETQUOTA, USRQUOTA), 0, (void *)8), EFAULT);
	CHECK_ERRNO(quota(CMD(Q_SETQUOTA, USRQUOTA), 0, (void *)8), EFAULT);
	CHECK_ERRNO(quota(CMD(Q_QUOTAON, USRQUOTA), 0, NULL), EBUSY);
	CHECK_OK(quota(CMD(Q_GETFMT, USRQUOTA), 0, &format));
	CHECK_EQ(format, 1);
	CHECK_OK(quota(CMD(Q_QUOTAOFF, USRQUOTA), 0, NULL));
	CHECK_ERRNO(quota(CMD(Q_QUOTAOFF, USRQUOTA), 0, NULL), ESRCH);
	CHECK_ERRNO(syscall(SYS_quotactl, CMD(Q_GETQUOTA, USRQUOTA), "none", 0,
			    &q), ENOENT);
	CHECK_ERRNO(syscall(SYS_quotactl, CMD(Q_GETQUOTA, USRQUOTA), "/dev/null",
			    0, &q), ESRCH);
	CHECK_OK(syscall(SYS_quotactl, CMD(Q_SYNC, USRQUOTA), NULL, 0, NULL));
	CHECK_ERRNO(syscall(443, 99, CMD(Q_GETQUOTA, USRQUOTA), 0, &q), EBADF);
	CHECK_OK(syscall(443, open("m", O_RDONLY), CMD(Q_GETQUOTA, USRQUOTA), 0,
			 &q));
	_exit(0);
}

/* Off: counted on, but nobody is stopped. */
TEST(off_and_on)
{
	begin();
	limit(USRQUOTA, ALICE, 0, 8, 0, 0);
	CHECK_OK(quota(CMD(Q_QUOTAOFF, USRQUOTA), 0, NULL));
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", 20 * KB), 20 * KB);
		_exit(0);
	}
	CHECK_CHILD(-1);
	CHECK_EQ(quota_of(USRQUOTA, ALICE).dqb_curspace, 20 * KB);
	CHECK_OK(quota(CMD(Q_QUOTAON, USRQUOTA), 0, NULL));
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_EQ(append("m/a", KB), 0);
		CHECK_EQ(errno, EDQUOT);
		_exit(0);
	}
	CHECK_CHILD(-1);
	end();
}

TEST(all_of_them)
{
	static char raw[72];
	unsigned id = 0, count = 0;

	begin();
	for (int n = 0; n < 5; n++) {
		char name[16];

		snprintf(name, sizeof(name), "m/%d", n);
		put(name, "x");
		CHECK_OK(chown(name, 100000 + n * 1000, -1));
	}
	while (quota(CMD(0x800009, USRQUOTA), id, raw) == 0) {
		memcpy(&id, raw + 68, 4);
		count++;
		id++;
	}
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(count, 6);		/* and root */
	CHECK_EQ(id, 104001);
	end();
}
