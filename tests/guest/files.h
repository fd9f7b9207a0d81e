/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.h - for tests of files: a fresh folder for each test, and short words
 * for what they do all the time. fresh() makes a folder below /tmp, or below
 * FILES_TOP (environment), and goes there; when the program ends, all of them
 * are removed. Nothing else of the machine may be touched: the tests run on
 * Linux too.
 */
#ifndef FILES_H
#define FILES_H

#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { ALICE = 1001, BOB = 1002, STAFF = 2001, GUESTS = 2002 };

static char files_top[64];
static char files_now[96]; /* fresh()'s last folder */
static pid_t files_owner;

__attribute__((constructor)) static void files_begin(void)
{
	const char *top = getenv("FILES_TOP");

	files_owner = getpid();
	snprintf(files_top, sizeof(files_top), "%s/test-XXXXXX",
		 top ? top : "/tmp");
	if (!mkdtemp(files_top)) {
		printf("Bail out! %s: %s\n", files_top, strerror(errno));
		exit(1);
	}
	chmod(files_top, 0755);
}

static inline int files_remove_one(const char *name, const struct stat *st,
				   int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(name), 0;
}

__attribute__((destructor)) static void files_end(void)
{
	if (getpid() == files_owner)
		nftw(files_top, files_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A new empty folder, with everybody's permission, is the working directory. */
static inline void fresh(void)
{
	static int count;

	umask(022);
	snprintf(files_now, sizeof(files_now), "%s/%d.%d", files_top,
		 (int)getpid(), ++count);
	CHECK_OK(mkdir(files_now, 0777));
	CHECK_OK(chmod(files_now, 0777));
	CHECK_OK(chdir(files_now));
}

/* A file with this text. */
static inline void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK_OK(fd);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK_OK(close(fd));
}

/* Does the file hold this text? */
static inline int holds(const char *name, const char *text)
{
	char buf[4096];
	int fd = open(name, O_RDONLY);
	ssize_t n;

	CHECK_OK(fd);
	n = read(fd, buf, sizeof(buf));
	CHECK_OK(n);
	CHECK_OK(close(fd));
	if (n == (ssize_t)strlen(text) && !memcmp(buf, text, n))
		return 1;
	ktap_note("%s holds %d bytes: %.*s", name, (int)n, (int)n, buf);
	return 0;
}

static inline int exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static inline struct stat stat_of(const char *name)
{
	struct stat st;

	if (lstat(name, &st) < 0)
		FAIL("lstat %s: %s", name, strerror(errno));
	return st;
}

static inline unsigned mode_of(const char *name)
{
	return stat_of(name).st_mode & 07777;
}

static inline void need_root(void)
{
	if (geteuid() != 0)
		SKIP("not root");
}

/* From here on this process is somebody else, for good. */
static inline void become(uid_t uid, gid_t gid)
{
	need_root();
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(gid, gid, gid));
	CHECK_OK(setresuid(uid, uid, uid));
}

/* Runs body() in a child as somebody; its CHECKs count. */
static inline void as(uid_t uid, gid_t gid, void (*body)(void))
{
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		become(uid, gid);
		body();
		_exit(0);
	}
	CHECK_CHILD(pid);
}

#endif
