/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * beneath.c - files below a jail's root, which its inmates may have prepared.
 *
 * Every part of the way is opened by itself and may not be a symbolic link,
 * nor "..": where the way leads is decided by whoever wrote jail.conf, not by
 * what an inmate left there. The root itself has no links in its path any
 * more; it is gone the same way, as it may lie in the tree of another jail.
 * Errors: ELOOP for a link, EINVAL for "..".
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inner.h"

static const char *below(const char *root, const char *path)
{
	size_t len = strlen(root);

	if (strncmp(root, path, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len + strspn(path + len, "/");
}

const char *path_below(const struct entry *jail, const char *path)
{
	const char *named = jail_value(jail, "path");
	const char *rel = below(jail->root, path);

	if (!strcmp(jail->root, "/"))
		return NULL;
	return !rel && named && *named ? below(named, path) : rel;
}

/* A symbolic link says ENOTDIR when a folder was asked for. */
static int open_part(int at, const char *name)
{
	struct stat info;
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOTDIR &&
	    fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
		errno = S_ISLNK(info.st_mode) ? ELOOP : ENOTDIR;
	return fd;
}

int open_beneath(const struct entry *jail, const char *rel)
{
	char *parts = keep_format("%s/%s", jail->root, rel), *part;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next, error;

	assert(jail->root[0] == '/' && strcmp(jail->root, "/"));
	while (fd >= 0 && (part = strsep(&parts, "/"))) {
		if (!*part || !strcmp(part, "."))
			continue;
		next = -1;
		errno = EINVAL;
		if (strcmp(part, ".."))
			next = open_part(fd, part);
		error = errno;
		close(fd);
		errno = error;
		fd = next;
	}
	return fd;
}

/* A plain file, made when it is not there; nothing an inmate could have put
 * in its place: no link, no pipe that would never open. */
static int open_file(int at, const char *name)
{
	struct stat info;
	int fd = openat(at, name,
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
				O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			0600);

	if (fd >= 0 && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

int open_log(const struct entry *jail, const char *path)
{
	const char *slash = strrchr(path, '/'), *folder = ".", *rel;
	int fd, dir, error;

	if (slash)
		folder = keep_text(path, slash == path ? 1
						       : (size_t)(slash - path));
	rel = path_below(jail, folder);
	if (rel)
		dir = open_beneath(jail, rel);
	else
		dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	fd = open_file(dir, slash ? slash + 1 : path);
	error = errno;
	close(dir);
	errno = error;
	return fd;
}
