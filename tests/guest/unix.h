/* SPDX-License-Identifier: BSD-2-Clause */
/* unix.h - helpers for the tests of AF_UNIX sockets */
#ifndef UNIX_H
#define UNIX_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ktap.h"

/* An address for a path; its length to *len. '@' first: an abstract name. */
static inline struct sockaddr_un unix_addr(const char *path, socklen_t *len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path));
	*len = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	if (*path == '@') {
		a.sun_path[0] = '\0';
		*len -= 1;
	}
	return a;
}

static inline int unix_bind(int fd, const char *path)
{
	socklen_t len;
	struct sockaddr_un a = unix_addr(path, &len);

	return bind(fd, (struct sockaddr *)&a, len);
}

static inline int unix_connect(int fd, const char *path)
{
	socklen_t len;
	struct sockaddr_un a = unix_addr(path, &len);

	return connect(fd, (struct sockaddr *)&a, len);
}

static inline int unix_sendto(int fd, const char *text, const char *path)
{
	socklen_t len;
	struct sockaddr_un a = unix_addr(path, &len);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, len);
}

/* A socket that listens at path. */
static inline int unix_server(int type, const char *path, int backlog)
{
	int fd = socket(AF_UNIX, type, 0);

	CHECK_OK(fd);
	unlink(path);
	CHECK_OK(unix_bind(fd, path));
	CHECK_OK(listen(fd, backlog));
	return fd;
}

static inline int unix_client(int type, const char *path)
{
	int fd = socket(AF_UNIX, type, 0);

	CHECK_OK(fd);
	CHECK_OK(unix_connect(fd, path));
	return fd;
}

static inline int unix_option(int fd, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	CHECK_OK(getsockopt(fd, SOL_SOCKET, name, &v, &len));
	CHECK_EQ(len, sizeof(v));
	return v;
}

static inline void unix_set(int fd, int name, int v)
{
	CHECK_OK(setsockopt(fd, SOL_SOCKET, name, &v, sizeof(v)));
}

/* What poll says of fd now. */
static inline int unix_events(int fd, int asked)
{
	struct pollfd p = { fd, asked, 0 };

	CHECK_OK(poll(&p, 1, 0));
	return p.revents;
}

/* Bytes of text with n descriptors. */
static inline ssize_t unix_send_fds(int fd, const char *text, const int *fds,
				    int n)
{
	char control[CMSG_SPACE(256 * sizeof(int))];
	struct iovec io = { (void *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	memset(control, 0, sizeof(control));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

/* Up to size bytes and `room` descriptors; *n of them came. */
static inline ssize_t unix_receive_fds(int fd, char *buf, size_t size, int *fds,
				       int room, int *n, int flags, int *told)
{
	char control[CMSG_SPACE(256 * sizeof(int))];
	struct iovec io = { buf, size };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE(room * sizeof(int)) };
	ssize_t got = recvmsg(fd, &m, flags);

	*n = 0;
	if (told)
		*told = m.msg_flags;
	if (got < 0)
		return got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *n * sizeof(int));
	}
	return got;
}

#endif
