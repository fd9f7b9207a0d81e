/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * passing.h - descriptors sent over an AF_UNIX socket.
 */
#ifndef PASSING_H
#define PASSING_H

#include <sys/socket.h>
#include <sys/un.h>

#include "ktap.h"

union passing {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

/* 0, or -1 with errno. */
static inline int fd_send(int sock, int fd)
{
	union passing control = { 0 };
	struct iovec v = { "x", 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &m, 0) < 0 ? -1 : 0;
}

/* The descriptor, or -1; errno EPERM also when the message came without. */
static inline int fd_receive(int sock)
{
	union passing control = { 0 };
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *h;
	int fd;

	if (recvmsg(sock, &m, 0) < 0)
		return -1;
	h = CMSG_FIRSTHDR(&m);
	if (!h || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len < CMSG_LEN(sizeof(int))) {
		errno = EPERM;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(h), sizeof(int));
	return fd;
}

#endif
