/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix.h - for tests of one call about names: what all such calls owe.
 *
 * A call under test is a function of one path, whatever its other arguments
 * are; bad_paths() gives it every path that must be refused, and says with
 * which error. What differs between calls is told by PATH_* bits.
 */
#ifndef POSIX_H
#define POSIX_H

#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "files.h"

enum {
	PATH_MAKES = 1,		/* the last name must not exist yet */
	PATH_FOLLOWS = 2,	/* a symlink in the last place is followed */
	PATH_PARENT = 4,	/* changes the folder that holds the name */
	PATH_READS = 8,		/* changes nothing on the medium */
};

typedef int path_call(const char *path);

static inline void nothing_there(path_call *call, unsigned how)
{
	CHECK_ERRNO(call(""), ENOENT);
	CHECK_ERRNO(call("none/x"), ENOENT);
	CHECK_ERRNO(call("none/../x"), ENOENT);
	CHECK_ERRNO(call("dangling/x"), ENOENT);
	if (how & PATH_MAKES)
		return;
	CHECK_ERRNO(call("none"), ENOENT);
	if (how & PATH_FOLLOWS)
		CHECK_ERRNO(call("dangling"), ENOENT);
}

static inline void no_folder_on_the_way(path_call *call)
{
	CHECK_ERRNO(call("file/x"), ENOTDIR);
	CHECK_ERRNO(call("file/../x"), ENOTDIR);
	CHECK_ERRNO(call("to_file/x"), ENOTDIR);
	CHECK_ERRNO(call("fifo/x"), ENOTDIR);
}

static inline void too_many_links(path_call *call, unsigned how)
{
	char from[16], to[16] = ".";
	int n;

	CHECK_ERRNO(call("loop/x"), ELOOP);
	CHECK_ERRNO(call("loop_a/x"), ELOOP);
	if ((how & PATH_FOLLOWS) && !(how & PATH_MAKES))
		CHECK_ERRNO(call("loop"), ELOOP);
	for (n = 0; n < 41; n++) {	/* Linux follows 40 */
		snprintf(from, sizeof(from), "chain%d", n);
		CHECK_OK(symlink(to, from));
		strcpy(to, from);
	}
	CHECK_ERRNO(call("chain40/x"), ELOOP);
}

static inline void names_too_long(path_call *call)
{
	static char path[PATH_MAX + 2];
	char name[NAME_MAX + 2];
	int n;

	memset(name, 'n', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	CHECK_ERRNO(call(name), ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/x", name);
	CHECK_ERRNO(call(path), ENAMETOOLONG);
	snprintf(path, sizeof(path), "folder/%s", name);
	CHECK_ERRNO(call(path), ENAMETOOLONG);
	for (n = 0; n < PATH_MAX; n += 2)
		memcpy(path + n, "./", 2);
	path[PATH_MAX] = 'x';
	path[PATH_MAX + 1] = '\0';
	CHECK_ERRNO(call(path), ENAMETOOLONG);
	path[PATH_MAX] = '\0';
	CHECK_ERRNO(call(path), ENAMETOOLONG);	/* the NUL counts too */
}

static inline void no_memory_there(path_call *call)
{
	CHECK_ERRNO(call((const char *)8), EFAULT);
	CHECK_ERRNO(call((const char *)-8), EFAULT);
}

/* In a folder of its own; the process is root or has been somebody before. */
static inline void bad_paths(path_call *call, unsigned how)
{
	fresh();
	put("file", "text");
	CHECK_OK(mkdir("folder", 0777));
	CHECK_OK(mkfifo("fifo", 0666));
	CHECK_OK(symlink("file", "to_file"));
	CHECK_OK(symlink("none", "dangling"));
	CHECK_OK(symlink("loop", "loop"));
	CHECK_OK(symlink("loop_b", "loop_a"));
	CHECK_OK(symlink("loop_a", "loop_b"));
	nothing_there(call, how);
	no_folder_on_the_way(call);
	too_many_links(call, how);
	names_too_long(call);
	no_memory_there(call);
}

/* Nobody but root passes a folder without its x; with PATH_PARENT also the
 * folder's w is needed. "in/name" exists unless PATH_MAKES. */
static inline void closed_folders(path_call *call, unsigned how,
				  void (*make)(const char *name))
{
	need_root();
	fresh();
	CHECK_OK(mkdir("in", 0755));
	CHECK_OK(chown("in", ALICE, STAFF));
	if (make) {
		make("in/name");
		CHECK_OK(lchown("in/name", ALICE, STAFF));
	}
	if (fork() == 0) {
		become(ALICE, STAFF);
		CHECK_OK(chmod("in", 0600));
		CHECK_ERRNO(call("in/name"), EACCES);
		CHECK_ERRNO(call("in/none/x"), EACCES);
		CHECK_OK(chmod("in", 0500));
		if (how & PATH_PARENT)
			CHECK_ERRNO(call("in/name"), EACCES);
		CHECK_OK(chmod("in", 0700));
		CHECK_OK(call("in/name"));
		_exit(0);
	}
	CHECK_CHILD(-1);
}

/* Mounts of a test are seen by nobody else where that can be had. */
static inline void private_mounts(void)
{
	need_root();
	if (on_brig())
		return;
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("unshare: %s", strerror(errno));
	CHECK_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static inline void make_file(const char *name)
{
	put(name, "text");
}

static inline void make_folder(const char *name)
{
	CHECK_OK(mkdir(name, 0777));
}

/* A read-only mount refuses: EROFS. */
static inline void read_only(path_call *call, void (*make)(const char *name))
{
	int gives, err;

	private_mounts();
	fresh();
	CHECK_OK(mkdir("ro", 0777));
	if (make)
		make("ro/name");
	CHECK_OK(mount("ro", "ro", NULL, MS_BIND, NULL));
	CHECK_OK(mount(NULL, "ro", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	errno = 0;
	gives = call("ro/name");
	err = errno;
	CHECK_OK(umount("ro"));
	CHECK_EQ(gives, -1);
	CHECK_EQ(err, EROFS);
	CHECK_OK(call("ro/name"));
}

/* chattr +i, +a and so on. False: this file system keeps no flags. */
static inline int flags_set(const char *name, int flags)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK), err;

	CHECK_OK(fd);
	err = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	CHECK(err == 0 || !on_brig() || errno == EOPNOTSUPP || errno == ENOTTY);
	close(fd);
	return err == 0;
}

/* What happened to a folder's or file's times between before and now. */
static inline long long time_of(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A clock tick passes, and one of what the file system counts in. */
static inline void let_time_pass(void)
{
	ktap_sleep_ms(30);
}

#endif
