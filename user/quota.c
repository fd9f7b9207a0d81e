/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.c - what users and groups have of a file system, and may have:
 * quota, repquota, setquota, quotaon, quotaoff, by the name it is called.
 *
 * A file system is one that was mounted with usrquota or grpquota. Limits are
 * kept in quota.user and quota.group at its top, where FreeBSD has them; one
 * in memory keeps none.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mntent.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { GET_NEXT = 0x800009, FORMAT_OLD = 1, NOT_COUNTED = ESRCH };

struct next {			/* of GET_NEXT: the kernel's, without holes */
	uint64_t bhard, bsoft, space, ihard, isoft, inodes, btime, itime;
	uint32_t valid, id;
};

static const char *me;
static int types[2], type_count;
static const char *const type_name[] = { "user", "group" };
static const char *const option_name[] = { "usrquota", "grpquota" };
static int failed;

static void usage(void)
{
	static const char *const text[][2] = {
		{ "quota", "[-ug] [NAME]" },
		{ "repquota", "[-ug] FILESYSTEM..." },
		{ "setquota", "[-ug] NAME BLOCKS-SOFT BLOCKS-HARD INODES-SOFT "
			      "INODES-HARD FILESYSTEM\n"
			      "       setquota [-ug] -t BLOCK-GRACE INODE-GRACE "
			      "FILESYSTEM" },
		{ "quotaon", "[-ug] -a | FILESYSTEM..." },
		{ "quotaoff", "[-ug] -a | FILESYSTEM..." },
	};

	for (unsigned n = 0; n < sizeof(text) / sizeof(*text); n++)
		if (!strcmp(me, text[n][0]))
			fprintf(stderr, "usage: %s %s\n", me, text[n][1]);
	exit(1);
}

static int call(int command, int type, const char *where, uint32_t id, void *p)
{
	return syscall(SYS_quotactl, QCMD(command, type), where, id, p);
}

static void complain(const char *where, int type)
{
	if (errno == NOT_COUNTED)
		fprintf(stderr, "%s: %s has no %s quotas on: mount it with %s, "
			"then quotaon\n", me, where, type_name[type],
			option_name[type]);
	else if (errno == EBUSY)
		fprintf(stderr, "%s: the %s quotas of %s are on already\n", me,
			type_name[type], where);
	else
		fprintf(stderr, "%s: %s: %s\n", me, where, strerror(errno));
	failed = 1;
}

/* --- names ------------------------------------------------------------------- */

static int is_number(const char *s, unsigned long long *out)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno;
}

static uint32_t id_of(int type, const char *name)
{
	const struct passwd *pw = type == USRQUOTA ? getpwnam(name) : NULL;
	const struct group *gr = type == GRPQUOTA ? getgrnam(name) : NULL;
	unsigned long long n;

	if (pw)
		return pw->pw_uid;
	if (gr)
		return gr->gr_gid;
	if (is_number(name, &n) && n < UINT32_MAX)
		return (uint32_t)n;
	fprintf(stderr, "%s: there is no %s %s\n", me, type_name[type], name);
	exit(1);
}

static const char *name_of(int type, uint32_t id)
{
	const struct passwd *pw = type == USRQUOTA ? getpwuid(id) : NULL;
	const struct group *gr = type == GRPQUOTA ? getgrgid(id) : NULL;
	static char number[16];

	if (pw)
		return pw->pw_name;
	if (gr)
		return gr->gr_name;
	snprintf(number, sizeof(number), "#%u", id);
	return number;
}

/* --- showing ----------------------------------------------------------------- */

static const char *grace(uint64_t until, char *to, size_t size)
{
	long long left = (long long)until - (long long)time(NULL);

	if (!until)
		return "";
	if (left <= 0)
		return "none";
	if (left >= 48 * 3600)
		snprintf(to, size, "%lldd", left / (24 * 3600));
	else
		snprintf(to, size, "%02lld:%02lld", left / 3600, left / 60 % 60);
	return to;
}

static void show_head(const char *first)
{
	printf("%-16s %9s %9s %9s %6s %8s %8s %8s %6s\n", first, "KB", "soft",
	       "hard", "grace", "inodes", "soft", "hard", "grace");
}

static void show(const char *first, const struct next *q)
{
	unsigned long long kb = (q->space + 1023) / 1024;
	char b[24], i[24];

	printf("%-16s %8llu%c %9llu %9llu %6s %7llu%c %8llu %8llu %6s\n", first,
	       kb, q->bsoft && kb > q->bsoft ? '*' : ' ', q->bsoft + 0ull,
	       q->bhard + 0ull, grace(q->btime, b, sizeof(b)), q->inodes + 0ull,
	       q->isoft && q->inodes > q->isoft ? '*' : ' ', q->isoft + 0ull,
	       q->ihard + 0ull, grace(q->itime, i, sizeof(i)));
}

/* What one user or group has, in all that is mounted. */
static void quota(int type, uint32_t id)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	const struct mntent *m;
	int shown = 0;

	while (mounts && (m = getmntent(mounts))) {
		struct next q;

		if (call(Q_GETQUOTA, type, m->mnt_dir, id, &q) < 0) {
			if (errno == EPERM) {
				fprintf(stderr, "%s: the quota of %s %s is not "
					"yours to see\n", me, type_name[type],
					name_of(type, id));
				exit(1);
			}
			continue;
		}
		if (!shown++) {
			printf("Quotas of %s %s:\n", type_name[type],
			       name_of(type, id));
			show_head("file system");
		}
		show(m->mnt_dir, &q);
	}
	if (mounts)
		endmntent(mounts);
	if (!shown)
		printf("Quotas of %s %s: none\n", type_name[type],
		       name_of(type, id));
}

static void report(int type, const char *where)
{
	uint32_t id = 0;
	struct next q;

	if (call(GET_NEXT, type, where, 0, &q) < 0) {
		complain(where, type);
		return;
	}
	printf("Quotas of %ss on %s:\n", type_name[type], where);
	show_head(type_name[type]);
	while (call(GET_NEXT, type, where, id, &q) == 0) {
		show(name_of(type, q.id), &q);
		if (q.id == UINT32_MAX)
			break;
		id = q.id + 1;
	}
}

/* --- setting ----------------------------------------------------------------- */

static uint64_t number(const char *s)
{
	unsigned long long n;

	if (!is_number(s, &n)) {
		fprintf(stderr, "%s: %s is no number\n", me, s);
		exit(1);
	}
	return n;
}

static void set(int type, char **word)
{
	struct dqblk q = {
		.dqb_bsoftlimit = number(word[1]),
		.dqb_bhardlimit = number(word[2]),
		.dqb_isoftlimit = number(word[3]),
		.dqb_ihardlimit = number(word[4]), .dqb_valid = QIF_LIMITS,
	};

	if (call(Q_SETQUOTA, type, word[5], id_of(type, word[0]), &q) < 0)
		complain(word[5], type);
}

static void set_grace(int type, char **word)
{
	struct dqinfo info = {
		.dqi_bgrace = number(word[0]), .dqi_igrace = number(word[1]),
		.dqi_valid = IIF_BGRACE | IIF_IGRACE,
	};

	if (call(Q_SETINFO, type, word[2], 0, &info) < 0)
		complain(word[2], type);
}

/* --- on and off --------------------------------------------------------------- */

/* Nobody writes the file but the kernel. "": the file system keeps none. */
static const char *file_of(int type, const struct mntent *m)
{
	static char name[4096];
	int fd;

	if (!strcmp(m->mnt_type, "tmpfs"))
		return "";
	snprintf(name, sizeof(name), "%s/quota.%s",
		 strcmp(m->mnt_dir, "/") ? m->mnt_dir : "", type_name[type]);
	fd = open(name, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return NULL;
	close(fd);
	return name;
}

static void turn(int type, const struct mntent *m, int on)
{
	const char *file = on ? file_of(type, m) : "";
	int err = -1;

	if (file)
		err = on ? call(Q_QUOTAON, type, m->mnt_dir, FORMAT_OLD,
				*file ? (void *)file : NULL) :
			   call(Q_QUOTAOFF, type, m->mnt_dir, 0, NULL);
	if (err < 0)
		complain(m->mnt_dir, type);
}

/* where NULL: all that are mounted so. */
static void turn_all(const char *where, int on)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	const struct mntent *m;
	int found = 0;

	while (mounts && (m = getmntent(mounts))) {
		if (where && strcmp(where, m->mnt_dir) &&
		    strcmp(where, m->mnt_fsname))
			continue;
		found = 1;
		for (int n = 0; n < type_count; n++)
			if (where || hasmntopt(m, option_name[types[n]]))
				turn(types[n], m, on);
	}
	if (mounts)
		endmntent(mounts);
	if (where && !found) {
		fprintf(stderr, "%s: %s is not mounted\n", me, where);
		failed = 1;
	}
}

/* --- the command line ------------------------------------------------------------ */

static void quota_main(char **name)
{
	if (name[0] && name[1])
		usage();
	for (int n = 0; n < type_count; n++)
		quota(types[n], *name ? id_of(types[n], *name) :
				types[n] == USRQUOTA ? getuid() : getgid());
}

int main(int argc, char **argv)
{
	int all = 0, times = 0, c, count;

	me = strrchr(argv[0], '/');
	me = me ? me + 1 : argv[0];
	while ((c = getopt(argc, argv, "ugat")) != -1)
		if (c == 'u' || c == 'g')
			types[type_count < 2 ? type_count++ : 1] =
				c == 'u' ? USRQUOTA : GRPQUOTA;
		else if (c == 'a' && !strncmp(me, "quotao", 6))
			all = 1;
		else if (c == 't' && !strcmp(me, "setquota"))
			times = 1;
		else
			usage();
	argv += optind;
	count = argc - optind;
	if (!type_count)
		type_count = 1;		/* users */
	if (!strncmp(me, "quotao", 6)) {
		if (!count && !all)
			usage();
		if (all)
			turn_all(NULL, !strcmp(me, "quotaon"));
		while (!all && *argv)
			turn_all(*argv++, !strcmp(me, "quotaon"));
	} else if (!strcmp(me, "setquota")) {
		if (count != (times ? 3 : 6))
			usage();
		for (int n = 0; n < type_count; n++)
			(times ? set_grace : set)(types[n], argv);
	} else if (!strcmp(me, "repquota")) {
		if (!count)
			usage();
		for (; *argv; argv++)
			for (int n = 0; n < type_count; n++)
				report(types[n], *argv);
	} else {
		quota_main(argv);
	}
	return failed;
}
