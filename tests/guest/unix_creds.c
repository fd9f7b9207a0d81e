/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_creds.c - who is at the other end: SO_PEERCRED, SCM_CREDENTIALS. seconds: 60 */
#define _GNU_SOURCE
#include <grp.h>

#include "unix.h"

static int s[2];

static void pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

static struct ucred peer_of(int fd)
{
	struct ucred u;
	socklen_t len = sizeof(u);

	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len));
	CHECK_EQ(len, sizeof(u));
	return u;
}

static ssize_t send_creds(int fd, int pid, int uid, int gid)
{
	struct ucred u = { pid, uid, gid };
	char control[CMSG_SPACE(sizeof(u))] = "";
	struct iovec io = { "x", 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(u));
	memcpy(CMSG_DATA(c), &u, sizeof(u));
	return sendmsg(fd, &m, 0);
}

/* One byte or more, and whose they are; pid -1: nobody said. */
static ssize_t receive_creds(int fd, struct ucred *u, size_t size)
{
	char control[CMSG_SPACE(sizeof(*u))], buf[64];
	struct iovec io = { buf, size };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*u = (struct ucred){ -1, -1, -1 };
	if (n >= 0 && c && c->cmsg_type == SCM_CREDENTIALS) {
		CHECK_EQ(c->cmsg_len, CMSG_LEN(sizeof(*u)));
		memcpy(u, CMSG_DATA(c), sizeof(*u));
	}
	return n;
}

TEST(peer_of_a_pair)
{
	struct ucred u;

	pair(SOCK_STREAM);
	u = peer_of(s[0]);
	CHECK_EQ(u.pid, getpid());
	CHECK_EQ(u.uid, geteuid());
	CHECK_EQ(u.gid, getegid());
	u = peer_of(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK_EQ(u.pid, 0);
	CHECK_EQ(u.uid, -1u);
	CHECK_EQ(u.gid, -1u);
}

TEST(peer_of_a_connection)
{
	int l = unix_server(SOCK_STREAM, "@brig-peer", 5), a, c;
	pid_t pid = fork();
	char b;

	CHECK_OK(pid);
	if (pid == 0) {
		c = unix_client(SOCK_STREAM, "@brig-peer");
		CHECK_EQ(peer_of(c).pid, getppid());
		CHECK_EQ(read(c, &b, 1), 1);
		_exit(0);
	}
	a = accept(l, NULL, NULL);
	CHECK_OK(a);
	CHECK_EQ(peer_of(a).pid, pid);
	CHECK_EQ(peer_of(a).uid, geteuid());
	CHECK_EQ(write(a, "x", 1), 1);
	CHECK_CHILD(pid);
	CHECK_EQ(peer_of(a).pid, pid);	/* as it was when it connected */
}

TEST(groups_of_the_peer)
{
	gid_t g[64];
	socklen_t len = sizeof(g);

	if (geteuid() == 0)
		CHECK_OK(setgroups(3, (gid_t[]){ 7, 9, 8 }));
	pair(SOCK_STREAM);
	CHECK_OK(getsockopt(s[0], SOL_SOCKET, 59, g, &len));
	CHECK_EQ(len, getgroups(0, NULL) * sizeof(gid_t));
	if (len) {
		len = 1;
		CHECK_ERRNO(getsockopt(s[0], SOL_SOCKET, 59, g, &len), ERANGE);
		CHECK_EQ(len, getgroups(0, NULL) * sizeof(gid_t));
	}
}

TEST(passed_with_each_message)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	struct ucred u;

	for (int i = 0; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(write(s[0], "x", 1), 1);
		CHECK_EQ(receive_creds(s[1], &u, 1), 1);
		CHECK_EQ(u.pid, -1);
		unix_set(s[1], SO_PASSCRED, 1);
		CHECK_EQ(unix_option(s[1], SO_PASSCRED), 1);
		CHECK_EQ(write(s[0], "x", 1), 1);
		CHECK_EQ(receive_creds(s[1], &u, 1), 1);
		CHECK_EQ(u.pid, getpid());
		CHECK_EQ(u.uid, getuid());
		CHECK_EQ(u.gid, getgid());
	}
}

/* Nobody had asked for them when the bytes were sent. */
TEST(asked_for_too_late)
{
	struct ucred u;

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "x", 1), 1);
	unix_set(s[1], SO_PASSCRED, 1);
	CHECK_EQ(receive_creds(s[1], &u, 1), 1);
	CHECK_EQ(u.pid, 0);
	CHECK_EQ(u.uid, 65534);
	CHECK_EQ(u.gid, 65534);
}

/* A stream is not read across a change of sender. */
TEST(senders_are_kept_apart)
{
	struct ucred u;
	pid_t pid;

	pair(SOCK_STREAM);
	unix_set(s[1], SO_PASSCRED, 1);
	CHECK_EQ(write(s[0], "ab", 2), 2);
	CHECK_EQ(write(s[0], "cd", 2), 2);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_EQ(write(s[0], "efg", 3), 3);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(receive_creds(s[1], &u, 64), 4);
	CHECK_EQ(u.pid, getpid());
	CHECK_EQ(receive_creds(s[1], &u, 64), 3);
	CHECK_EQ(u.pid, pid);
}

TEST(what_one_may_claim)
{
	struct ucred u;
	pid_t pid;

	pair(SOCK_STREAM);
	unix_set(s[1], SO_PASSCRED, 1);
	CHECK_EQ(send_creds(s[0], getpid(), getuid(), getgid()), 1);
	CHECK_EQ(receive_creds(s[1], &u, 1), 1);
	CHECK_EQ(u.pid, getpid());
	if (geteuid() == 0) {
		CHECK_EQ(send_creds(s[0], getppid(), 1234, 5678), 1);
		CHECK_EQ(receive_creds(s[1], &u, 1), 1);
		CHECK_EQ(u.pid, getppid());
		CHECK_EQ(u.uid, 1234);
		CHECK_EQ(u.gid, 5678);
		CHECK_ERRNO(send_creds(s[0], 32767, 0, 0), ESRCH);
	}
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		if (geteuid() == 0) {
			CHECK_OK(setresgid(1000, 1001, 1002));
			CHECK_OK(setresuid(1000, 1001, 1002));
			CHECK_EQ(send_creds(s[0], getpid(), 1002, 1001), 1);
		}
		CHECK_ERRNO(send_creds(s[0], 1, getuid(), getgid()), EPERM);
		CHECK_ERRNO(send_creds(s[0], getpid(), 0, getgid()), EPERM);
		CHECK_ERRNO(send_creds(s[0], getpid(), getuid(), 0), EPERM);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(malformed)
{
	char control[64] = "";
	struct iovec io = { "x", 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE(8) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	pair(SOCK_STREAM);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(8);
	CHECK_ERRNO(sendmsg(s[0], &m, 0), EINVAL);
}

/* No room: told by MSG_CTRUNC, as much as fits is given. */
TEST(no_room)
{
	char control[64], b;
	struct iovec io = { &b, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	pair(SOCK_DGRAM);
	unix_set(s[1], SO_PASSCRED, 1);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_EQ(recvmsg(s[1], &m, 0), 1);
	CHECK_EQ(m.msg_flags, MSG_CTRUNC);
	m.msg_control = control;
	m.msg_controllen = CMSG_LEN(4);
	CHECK_EQ(recvmsg(s[1], &m, 0), 1);
	CHECK_EQ(m.msg_flags, MSG_CTRUNC);
	CHECK_EQ(m.msg_controllen, CMSG_LEN(4));
	CHECK_EQ(((struct cmsghdr *)control)->cmsg_len, CMSG_LEN(4));
	CHECK_EQ(*(int *)CMSG_DATA((struct cmsghdr *)control), getpid());
}

/* Who wants credentials gets a name, so that it can be answered. */
TEST(autobind_of_who_asks)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un n;
	socklen_t len = sizeof(n);

	CHECK_OK(unix_bind(a, "@brig-creds"));
	unix_set(b, SO_PASSCRED, 1);
	CHECK_EQ(unix_sendto(b, "x", "@brig-creds"), 1);
	CHECK_OK(getsockname(b, (struct sockaddr *)&n, &len));
	CHECK_EQ(len, 8);
}

/* Bytes with and without a sender are kept apart too. */
TEST(known_and_unknown_senders)
{
	struct ucred u;

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "ab", 2), 2);
	unix_set(s[1], SO_PASSCRED, 1);
	CHECK_EQ(write(s[0], "cd", 2), 2);
	CHECK_EQ(receive_creds(s[1], &u, 64), 2);
	CHECK_EQ(u.pid, 0);
	CHECK_EQ(receive_creds(s[1], &u, 64), 2);
	CHECK_EQ(u.pid, getpid());
}

/* And who connects while it asks for credentials gets a name. */
TEST(autobind_at_connect)
{
	int l = unix_server(SOCK_STREAM, "@brig-auto", 2), c;
	int d = socket(AF_UNIX, SOCK_DGRAM, 0), e = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un n;
	socklen_t len = sizeof(n);

	CHECK_OK(l);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	unix_set(c, SO_PASSCRED, 1);
	CHECK_OK(unix_connect(c, "@brig-auto"));
	CHECK_OK(getsockname(c, (struct sockaddr *)&n, &len));
	CHECK_EQ(len, 8);
	unix_set(d, SO_PASSCRED, 1);
	CHECK_OK(unix_bind(e, "@brig-auto-dgram"));
	CHECK_OK(unix_connect(d, "@brig-auto-dgram"));
	len = sizeof(n);
	CHECK_OK(getsockname(d, (struct sockaddr *)&n, &len));
	CHECK_EQ(len, 8);
}
