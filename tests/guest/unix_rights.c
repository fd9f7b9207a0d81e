/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_rights.c - descriptors over AF_UNIX: they arrive, or are told lost. seconds: 60 */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "unix.h"

static int s[2];

static void pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
enum { TYPES = 3 };

TEST(a_file_arrives)
{
	char buf[8] = "";

	for (int i = 0; i < TYPES; i++) {
		int p[2], got[4], n, told;

		pair(types[i]);
		CHECK_OK(pipe(p));
		CHECK_EQ(unix_send_fds(s[0], "ab", &p[1], 1), 2);
		CHECK_OK(close(p[1]));
		CHECK_EQ(unix_receive_fds(s[1], buf, 8, got, 4, &n, 0, &told), 2);
		CHECK_EQ(n, 1);
		CHECK_EQ(told, 0);
		CHECK_EQ(fcntl(got[0], F_GETFD), 0);
		CHECK_EQ(write(got[0], "x", 1), 1);
		CHECK_EQ(read(p[0], buf, 8), 1);
		CHECK_OK(close(got[0]));
		CHECK_EQ(read(p[0], buf, 8), 0);
	}
}

TEST(close_on_exec_if_asked)
{
	int p[2], got, n, told;
	char c;

	pair(SOCK_STREAM);
	CHECK_OK(pipe(p));
	CHECK_EQ(unix_send_fds(s[0], "a", p, 1), 1);
	CHECK_EQ(unix_receive_fds(s[1], &c, 1, &got, 1, &n, MSG_CMSG_CLOEXEC,
				  &told), 1);
	CHECK_EQ(n, 1);
	CHECK_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(told, MSG_CMSG_CLOEXEC);
}

TEST(no_room_for_all)
{
	int p[2], fds[4], got[4], n, told;
	char c;

	pair(SOCK_DGRAM);
	CHECK_OK(pipe(p));
	fds[0] = fds[1] = p[0];
	fds[2] = fds[3] = p[1];
	CHECK_EQ(unix_send_fds(s[0], "a", fds, 4), 1);
	CHECK_EQ(unix_receive_fds(s[1], &c, 1, got, 2, &n, 0, &told), 1);
	CHECK_EQ(n, 2);
	CHECK_EQ(told, MSG_CTRUNC);
	CHECK_EQ(unix_send_fds(s[0], "a", &p[1], 1), 1);
	CHECK_OK(close(p[1]));
	CHECK_EQ(unix_receive_fds(s[1], &c, 1, got, 0, &n, 0, &told), 1);
	CHECK_EQ(n, 0);
	CHECK_EQ(told, MSG_CTRUNC);
	CHECK_EQ(read(p[0], &c, 1), 0);		/* it was closed on the way */
}

TEST(a_plain_read_drops_them)
{
	char buf[8];

	for (int i = 0; i < TYPES; i++) {
		int p[2];

		pair(types[i]);
		CHECK_OK(pipe(p));
		CHECK_EQ(unix_send_fds(s[0], "abc", &p[1], 1), 3);
		CHECK_OK(close(p[1]));
		CHECK_EQ(read(s[1], buf, 1), 1);
		CHECK_EQ(read(p[0], buf, 1), 0);
	}
}

/* Bytes before and with a file are one read, those behind it the next. */
TEST(a_file_stays_with_its_bytes)
{
	int p[2], got[4], n;
	char buf[16];

	pair(SOCK_STREAM);
	CHECK_OK(pipe(p));
	CHECK_EQ(write(s[0], "ab", 2), 2);
	CHECK_EQ(unix_send_fds(s[0], "cd", p, 1), 2);
	CHECK_EQ(unix_send_fds(s[0], "ef", p, 2), 2);
	CHECK_EQ(write(s[0], "gh", 2), 2);
	CHECK_EQ(unix_receive_fds(s[1], buf, 16, got, 4, &n, 0, NULL), 4);
	CHECK_EQ(n, 1);
	CHECK(!memcmp(buf, "abcd", 4));
	CHECK_EQ(unix_receive_fds(s[1], buf, 1, got, 4, &n, 0, NULL), 1);
	CHECK_EQ(n, 2);
	CHECK_EQ(unix_receive_fds(s[1], buf, 16, got, 4, &n, 0, NULL), 3);
	CHECK_EQ(n, 0);
	CHECK(!memcmp(buf, "fgh", 3));
}

TEST(peek_gives_them_twice)
{
	char buf[8];

	for (int i = 0; i < TYPES; i++) {
		int p[2], got[2], again[2], n;

		pair(types[i]);
		CHECK_OK(pipe(p));
		CHECK_EQ(unix_send_fds(s[0], "a", &p[1], 1), 1);
		CHECK_OK(close(p[1]));
		CHECK_EQ(unix_receive_fds(s[1], buf, 8, got, 2, &n, MSG_PEEK,
					  NULL), 1);
		CHECK_EQ(n, 1);
		CHECK_EQ(unix_receive_fds(s[1], buf, 8, again, 2, &n, 0, NULL),
			 1);
		CHECK_EQ(n, 1);
		CHECK(got[0] != again[0]);
		CHECK_EQ(write(got[0], "x", 1), 1);
		CHECK_EQ(write(again[0], "x", 1), 1);
		CHECK_EQ(read(p[0], buf, 8), 2);
		CHECK_OK(close(got[0]));
		CHECK_OK(close(again[0]));
		CHECK_EQ(read(p[0], buf, 8), 0);
	}
}

TEST(errors)
{
	int p[300], got[2], n;
	static char lots[4 << 20];
	char control[CMSG_SPACE(4)];
	struct iovec io = { "a", 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	pair(SOCK_STREAM);
	for (int i = 0; i < 300; i++)
		p[i] = s[0];
	CHECK_ERRNO(unix_send_fds(s[0], "a", p, 254), EINVAL);
	CHECK_EQ(unix_send_fds(s[0], "a", p, 253), 1);
	p[1] = 999;
	CHECK_ERRNO(unix_send_fds(s[0], "a", p, 2), EBADF);
	memset(control, 0, sizeof(control));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = 77;
	c->cmsg_len = CMSG_LEN(4);
	CHECK_ERRNO(sendmsg(s[0], &m, 0), EINVAL);
	c->cmsg_level = 77;
	CHECK_EQ(sendmsg(s[0], &m, 0), 1);
	c->cmsg_len = 3;
	CHECK_ERRNO(sendmsg(s[0], &m, 0), EINVAL);
	c->cmsg_len = CMSG_LEN(400);
	CHECK_ERRNO(sendmsg(s[0], &m, 0), EINVAL);
	c->cmsg_len = CMSG_LEN(0);
	m.msg_controllen = CMSG_LEN(0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	CHECK_EQ(sendmsg(s[0], &m, 0), 1);
	m.msg_controllen = CMSG_LEN(4);
	m.msg_control = (void *)1;
	CHECK_ERRNO(sendmsg(s[0], &m, 0), EFAULT);
	m.msg_control = memset(lots, 0, sizeof(lots));
	m.msg_controllen = sizeof(lots);
	if (on_brig())		/* a 64-bit Linux reads them first */
		CHECK_ERRNO(sendmsg(s[0], &m, 0), ENOBUFS);
	CHECK_EQ(unix_receive_fds(s[1], control, 1, got, 1, &n, 0, NULL), 1);
	CHECK_EQ(n, 1);
}

/* Several control messages of one kind count together. */
TEST(two_lists_of_files)
{
	union {
		char bytes[2 * CMSG_SPACE(4)];
		struct cmsghdr h;
	} u;
	struct iovec io = { "a", 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = u.bytes,
			    .msg_controllen = sizeof(u.bytes) };
	struct cmsghdr *c = &u.h;
	int got[4], n;
	char b;

	pair(SOCK_DGRAM);
	memset(&u, 0, sizeof(u));
	for (int i = 0; i < 2; i++) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(4);
		memcpy(CMSG_DATA(c), &s[i], 4);
		c = (struct cmsghdr *)(u.bytes + CMSG_SPACE(4));
	}
	CHECK_EQ(sendmsg(s[0], &m, 0), 1);
	CHECK_EQ(unix_receive_fds(s[1], &b, 1, got, 4, &n, 0, NULL), 1);
	CHECK_EQ(n, 2);
}

TEST(no_descriptor_left)
{
	struct rlimit r;
	int p[2], fds[3], got[3], n, told;
	char c;

	pair(SOCK_STREAM);
	CHECK_OK(pipe(p));
	fds[0] = fds[1] = fds[2] = p[1];
	CHECK_EQ(unix_send_fds(s[0], "a", fds, 3), 1);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = p[1] + 2;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_EQ(unix_receive_fds(s[1], &c, 1, got, 3, &n, 0, &told), 1);
	CHECK_EQ(n, 1);
	CHECK_EQ(told, MSG_CTRUNC);
	CHECK_EQ(got[0], p[1] + 1);
}

/* A user has at most as many in flight as he may have open. */
TEST(too_many_in_flight)
{
	enum { LIMIT = 40 };
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		struct rlimit r = { LIMIT, LIMIT };
		int n = 0, fd;

		pair(SOCK_DGRAM);
		fd = s[0];
		CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
		if (geteuid() == 0)
			CHECK_OK(setresuid(4711, 4711, 4711));
		while (n < 1000 && unix_send_fds(s[0], "a", &fd, 1) == 1)
			n++;
		CHECK_EQ(errno, ETOOMANYREFS);
		CHECK(n >= LIMIT && n < LIMIT + 10);
		CHECK_EQ(recv(s[1], &n, 1, 0), 1);
		CHECK_EQ(recv(s[1], &n, 1, 0), 1);
		ktap_sleep_ms(10);
		CHECK_EQ(unix_send_fds(s[0], "a", &fd, 1), 1);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

/* What an O_PATH descriptor can do it can do over there. */
TEST(places_arrive)
{
	int dir = open("/tmp", O_PATH | O_DIRECTORY), null, got[2], n, told;
	char c;

	CHECK_OK(dir);
	null = open("/dev/null", O_RDWR);
	CHECK_OK(null);
	pair(SOCK_STREAM);
	CHECK_EQ(unix_send_fds(s[0], "a", (int[]){ dir, null }, 2), 1);
	CHECK_EQ(unix_receive_fds(s[1], &c, 1, got, 2, &n, 0, &told), 1);
	CHECK_EQ(n, 2);
	CHECK_EQ(told, 0);
	CHECK_EQ(fcntl(got[0], F_GETFL) & O_PATH, O_PATH);
	CHECK_EQ(write(got[1], "x", 1), 1);
	CHECK_OK(faccessat(got[0], ".", F_OK, 0));
}

TEST(to_another_process)
{
	int got, n, f;
	pid_t pid;
	char buf[8];

	pair(SOCK_STREAM);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		f = open("/tmp/unix_ra", O_RDWR | O_CREAT | O_TRUNC, 0600);
		CHECK_EQ(write(f, "hello", 5), 5);
		CHECK_OK(unlink("/tmp/unix_ra"));
		CHECK_EQ(unix_send_fds(s[0], "f", &f, 1), 1);
		_exit(0);
	}
	CHECK_EQ(unix_receive_fds(s[1], buf, 1, &got, 1, &n, 0, NULL), 1);
	CHECK_CHILD(pid);
	CHECK_EQ(n, 1);
	CHECK_EQ(lseek(got, 0, SEEK_SET), 0);
	CHECK_EQ(read(got, buf, 8), 5);
}

/* A fault in the receiver's control buffer loses the files, not the kernel. */
TEST(faults)
{
	char c;
	struct iovec io = { &c, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = (void *)16, .msg_controllen = 64 };
	int p[2];

	pair(SOCK_STREAM);
	CHECK_OK(pipe(p));
	CHECK_EQ(unix_send_fds(s[0], "a", &p[1], 1), 1);
	CHECK_OK(close(p[1]));
	syscall(SYS_recvmsg, s[1], &m, 0);
	CHECK_EQ(read(p[0], &c, 1), 0);
	CHECK_ERRNO(syscall(SYS_recvmsg, s[1], 16, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_sendmsg, s[1], 16, 0), EFAULT);
	m.msg_iovlen = 1025;
	CHECK_ERRNO(recvmsg(s[1], &m, 0), EMSGSIZE);
	CHECK_ERRNO(sendmsg(s[1], &m, 0), EMSGSIZE);
}
