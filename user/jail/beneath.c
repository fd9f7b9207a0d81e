/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * beneath.c - files below a jail's root, which its inmates may have prepared.
 *
 * Every part of the way is opened by itself and may not be a symbolic link,
 * nor "..": where the way leads is decided by whoever wrote jail.conf, not by
 * what an inmate left there. Errors: ELOOP for a link, EINVAL for "..".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inner.h"

const char *path_below(const char *root, const char *path)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return *path == '/' ? path + 1 : NULL;
	if (strncmp(root, path, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len + strspn(path + len, "/");
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

int open_beneath(const char *root, const char *rel)
{
	char *parts = keep_text(rel, strlen(rel)), *part;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next, error;

	while (fd >= 0 && (part = strsep(&parts, "/"))) {
		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			next = -1;
			errno = EINVAL;
		} else {
			next = open_part(fd, part);
		}
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

int open_log(const char *root, const char *path)
{
	const char *slash = strrchr(path, '/'), *below;
	const char *folder = ".";
	int fd, dir, error;

	if (slash)
		folder = keep_text(path,
				   slash == path ? 1 : (size_t)(slash - path));
	below = strcmp(root, "/") ? path_below(root, folder) : NULL;
	if (below)
		dir = open_beneath(root, below);
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
