/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_dgram.c - AF_UNIX datagrams and sequenced packets. seconds: 60 */
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "unix.h"

static int s[2];

static void pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

/* A datagram socket with a name. */
static int named(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	unlink(path);
	CHECK_OK(unix_bind(fd, path));
	return fd;
}

TEST(messages_keep_their_bounds)
{
	int types[] = { SOCK_DGRAM, SOCK_SEQPACKET };
	char buf[16];

	for (int i = 0; i < 2; i++) {
		pair(types[i]);
		CHECK_EQ(write(s[0], "abc", 3), 3);
		CHECK_EQ(write(s[0], "", 0), 0);
		CHECK_EQ(write(s[0], "defgh", 5), 5);
		CHECK_EQ(read(s[1], buf, 16), 3);
		CHECK_EQ(read(s[1], buf, 16), 0);
		CHECK_EQ(read(s[1], buf, 2), 2);
		CHECK(!memcmp(buf, "de", 2));
		CHECK_ERRNO(recv(s[1], buf, 16, MSG_DONTWAIT), EAGAIN);
	}
}

TEST(truncation_is_told)
{
	char buf[4];
	struct iovec io = { buf, 4 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	pair(SOCK_DGRAM);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(write(s[0], "abcdefgh", 8), 8);
	CHECK_EQ(recvmsg(s[1], &m, 0), 4);
	CHECK_EQ(m.msg_flags, MSG_TRUNC);
	CHECK_EQ(recv(s[1], buf, 4, MSG_TRUNC | MSG_PEEK), 8);
	CHECK_EQ(recv(s[1], buf, 4, MSG_TRUNC), 8);
	io.iov_len = 0;
	CHECK_EQ(recvmsg(s[1], &m, 0), 0);
	CHECK_EQ(m.msg_flags, MSG_TRUNC);
	CHECK_EQ(write(s[0], "ab", 2), 2);
	CHECK_EQ(recv(s[1], buf, 4, MSG_PEEK), 2);
}

TEST(peek_leaves_the_message)
{
	char buf[8];

	pair(SOCK_SEQPACKET);
	CHECK_EQ(send(s[0], "abc", 3, MSG_EOR), 3);
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK), 3);
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK), 3);
	CHECK_EQ(recv(s[1], buf, 8, 0), 3);
	CHECK_ERRNO(recv(s[1], buf, 8, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
}

TEST(largest_message)
{
	static char buf[300000];
	int limit = unix_option(socket(AF_UNIX, SOCK_DGRAM, 0), SO_SNDBUF);

	pair(SOCK_DGRAM);
	CHECK_ERRNO(write(s[0], buf, limit), EMSGSIZE);
	CHECK_EQ(write(s[0], buf, 200000), 200000);
	CHECK_EQ(read(s[1], buf, sizeof(buf)), 200000);
	unix_set(s[0], SO_SNDBUF, 4096);
	CHECK_ERRNO(write(s[0], buf, 8192), EMSGSIZE);
	CHECK_EQ(write(s[0], buf, 8100), 8100);
}

TEST(to_a_name_and_from_one)
{
	int a = named("/tmp/unix_da"), b = named("/tmp/unix_db");
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char buf[8];

	CHECK_EQ(unix_sendto(a, "hello", "/tmp/unix_db"), 5);
	CHECK_EQ(recvfrom(b, buf, 8, 0, (struct sockaddr *)&from, &len), 5);
	CHECK_EQ(from.sun_family, AF_UNIX);
	CHECK(!strcmp(from.sun_path, "/tmp/unix_da"));
	CHECK_EQ(len, 2 + strlen("/tmp/unix_da") + 1);
	CHECK_EQ(sendto(b, "yes", 3, 0, (struct sockaddr *)&from, len), 3);
	len = 5;
	memset(&from, 0, sizeof(from));
	CHECK_EQ(recvfrom(a, buf, 8, 0, (struct sockaddr *)&from, &len), 3);
	CHECK_EQ(len, 2 + strlen("/tmp/unix_db") + 1);
	CHECK(!strcmp(from.sun_path, "/tm"));
	CHECK_EQ(unix_sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x",
			     "/tmp/unix_da"), 1);
	len = sizeof(from);
	CHECK_EQ(recvfrom(a, buf, 8, 0, (struct sockaddr *)&from, &len), 1);
	CHECK_EQ(len, 0);
	CHECK_OK(unlink("/tmp/unix_da"));
	CHECK_OK(unlink("/tmp/unix_db"));
	CHECK_ERRNO(unix_sendto(a, "x", "/tmp/unix_db"), ENOENT);
}

TEST(errors_of_a_send)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), a = named("/tmp/unix_dc");
	int stream = unix_server(SOCK_STREAM, "/tmp/unix_dd", 1);
	struct sockaddr_un bad = { .sun_family = 77 };

	CHECK_ERRNO(write(fd, "x", 1), ENOTCONN);
	CHECK_ERRNO(unix_sendto(fd, "x", "/tmp/unix_dd"), EPROTOTYPE);
	CHECK_ERRNO(sendto(fd, "x", 1, 0, (struct sockaddr *)&bad,
			   sizeof(bad)), EINVAL);
	CHECK_ERRNO(sendto(fd, "x", 1, 0, (struct sockaddr *)&bad, 1), EINVAL);
	CHECK_ERRNO(sendto(fd, "x", 1, 0, (struct sockaddr *)&bad, 129), EINVAL);
	CHECK_ERRNO(send(fd, "x", 1, MSG_OOB), EOPNOTSUPP);
	CHECK_OK(close(a));
	CHECK_ERRNO(unix_sendto(fd, "x", "/tmp/unix_dc"), ECONNREFUSED);
	CHECK_ERRNO(unix_sendto(fd, "x", "/tmp"), ECONNREFUSED);
	CHECK_ERRNO(listen(fd, 1), EOPNOTSUPP);
	CHECK_ERRNO(accept(fd, NULL, NULL), EOPNOTSUPP);
	CHECK_OK(close(stream));
	CHECK_OK(unlink("/tmp/unix_dc"));
	CHECK_OK(unlink("/tmp/unix_dd"));
}

TEST(connect_and_disconnect)
{
	int a = named("/tmp/unix_de"), b = named("/tmp/unix_df");
	int c = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char buf[8];

	CHECK_OK(unix_connect(c, "/tmp/unix_de"));
	CHECK_EQ(write(c, "x", 1), 1);
	CHECK_EQ(read(a, buf, 8), 1);
	CHECK_EQ(unix_sendto(c, "yy", "/tmp/unix_df"), 2);
	CHECK_EQ(read(b, buf, 8), 2);
	CHECK_OK(unix_connect(c, "/tmp/unix_df"));
	CHECK_EQ(write(c, "zzz", 3), 3);
	CHECK_EQ(read(b, buf, 8), 3);
	CHECK_OK(connect(c, &none, sizeof(none)));
	CHECK_ERRNO(write(c, "x", 1), ENOTCONN);
	/* Who talks to somebody only takes nothing from others. */
	CHECK_OK(unix_connect(a, "/tmp/unix_df"));
	CHECK_ERRNO(unix_sendto(c, "x", "/tmp/unix_de"), EPERM);
	CHECK_ERRNO(unix_connect(c, "/tmp/unix_de"), EPERM);
	CHECK_EQ(unix_sendto(b, "x", "/tmp/unix_de"), 1);
	CHECK_OK(unlink("/tmp/unix_de"));
	CHECK_OK(unlink("/tmp/unix_df"));
}

TEST(peer_that_went_away)
{
	char buf[8];

	pair(SOCK_DGRAM);
	CHECK_EQ(write(s[1], "x", 1), 1);
	CHECK_OK(close(s[1]));
	CHECK_EQ(unix_events(s[0], POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(read(s[0], buf, 8), 1);
	CHECK_ERRNO(write(s[0], "x", 1), ECONNREFUSED);
	CHECK_ERRNO(write(s[0], "x", 1), ENOTCONN);
	signal(SIGPIPE, SIG_IGN);
	pair(SOCK_SEQPACKET);
	CHECK_EQ(write(s[1], "x", 1), 1);
	CHECK_OK(close(s[1]));
	CHECK_EQ(unix_events(s[0], POLLIN | POLLRDHUP),
		 POLLIN | POLLHUP | POLLRDHUP);
	CHECK_EQ(read(s[0], buf, 8), 1);
	CHECK_EQ(read(s[0], buf, 8), 0);
	CHECK_ERRNO(write(s[0], "x", 1), EPIPE);
}

/* A sequenced packet to nobody ends in EPIPE, and on Linux in no signal. */
TEST(no_sigpipe_from_packets)
{
	pair(SOCK_SEQPACKET);
	CHECK_OK(close(s[1]));
	CHECK_ERRNO(write(s[0], "x", 1), EPIPE);
	pair(SOCK_DGRAM);
	CHECK_OK(shutdown(s[1], SHUT_RD));
	CHECK_ERRNO(write(s[0], "x", 1), EPIPE);
}

TEST(shutdown_of_datagrams)
{
	char c;

	pair(SOCK_DGRAM);
	CHECK_OK(shutdown(s[0], SHUT_RD));
	CHECK_EQ(read(s[0], &c, 1), 0);
	CHECK_ERRNO(recv(s[0], &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_EQ(read(s[1], &c, 1), 1);
	CHECK_OK(shutdown(s[0], SHUT_WR));
	CHECK_ERRNO(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(unix_events(s[1], POLLIN | POLLOUT | POLLRDHUP), POLLOUT);
	pair(SOCK_SEQPACKET);
	CHECK_OK(shutdown(s[0], SHUT_WR));
	CHECK_EQ(read(s[1], &c, 1), 0);
	CHECK_EQ(recv(s[1], &c, 1, MSG_DONTWAIT), 0);
}

/* A queue holds a dozen messages of strangers; poll tells when it is full. */
TEST(full_queue)
{
	int a = named("/tmp/unix_dg"), c = socket(AF_UNIX, SOCK_DGRAM, 0);
	int n = 0;
	pid_t pid;
	char b;

	CHECK_OK(unix_connect(c, "/tmp/unix_dg"));
	CHECK_OK(fcntl(c, F_SETFL, O_NONBLOCK));
	while (write(c, "x", 1) == 1)
		n++;
	CHECK_EQ(errno, EAGAIN);
	CHECK(n >= 10 && n < 1000);
	CHECK_EQ(unix_events(c, POLLOUT), 0);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		ktap_sleep_ms(50);
		for (int i = 0; i < n; i++)
			CHECK_EQ(read(a, &b, 1), 1);
		_exit(0);
	}
	struct pollfd p = { c, POLLOUT, 0 };

	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLOUT);
	CHECK_CHILD(pid);
	CHECK_OK(fcntl(c, F_SETFL, 0));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		for (int i = 0; i < 3 * n; i++)
			CHECK_EQ(write(c, "x", 1), 1);
		_exit(0);
	}
	for (int i = 0; i < 3 * n; i++)
		CHECK_EQ(read(a, &b, 1), 1);
	CHECK_CHILD(pid);
	CHECK_OK(unlink("/tmp/unix_dg"));
}

TEST(full_queue_of_one_that_closes)
{
	int a = named("/tmp/unix_dh"), c = socket(AF_UNIX, SOCK_DGRAM, 0);
	int err;
	pid_t pid;

	CHECK_OK(unix_connect(c, "/tmp/unix_dh"));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		close(a);
		while (write(c, "x", 1) == 1)
			;
		err = errno;
		CHECK_EQ(err, ECONNREFUSED);
		_exit(0);
	}
	ktap_sleep_ms(100);
	CHECK_OK(close(a));
	CHECK_CHILD(pid);
	CHECK_OK(unlink("/tmp/unix_dh"));
}

TEST(counts_by_ioctl)
{
	int n = -1;

	pair(SOCK_DGRAM);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_EQ(write(s[0], "defgh", 5), 5);
	CHECK_OK(ioctl(s[1], FIONREAD, &n));
	CHECK_EQ(n, 3);
	pair(SOCK_SEQPACKET);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_EQ(write(s[0], "defgh", 5), 5);
	CHECK_OK(ioctl(s[1], FIONREAD, &n));
	CHECK_EQ(n, 8);
}

static long long now(void)
{
	struct timespec t;

	CHECK_OK(clock_gettime(CLOCK_REALTIME, &t));
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* The time that comes along with the next message, in us. */
static long long stamp(int fd)
{
	union { struct cmsghdr align; char bytes[128]; } control;
	struct msghdr m = { .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int t[2];

	CHECK(recvmsg(fd, &m, 0) >= 0);
	c = CMSG_FIRSTHDR(&m);
	CHECK(c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == 29);
	CHECK_EQ(c->cmsg_len, CMSG_LEN(sizeof(t)));
	memcpy(t, CMSG_DATA(c), sizeof(t));
	return t[0] * 1000000LL + t[1];
}

TEST(when_a_message_came)
{
	static const int type[] = { SOCK_DGRAM, SOCK_SEQPACKET };

	for (int n = 0; n < 2; n++) {
		long long before, after, when;

		pair(type[n]);
		CHECK_EQ(write(s[0], "a", 1), 1);
		unix_set(s[1], 29, 1);		/* SO_TIMESTAMP */
		before = now();
		CHECK_EQ(write(s[0], "b", 1), 1);
		after = now();
		usleep(2000);
		when = stamp(s[1]);		/* that nobody had asked for */
		CHECK(when > after && when <= now());
		when = stamp(s[1]);
		CHECK(when >= before && when <= after);
		close(s[0]);
		close(s[1]);
	}
}

TEST(packets_over_a_connection)
{
	int l = unix_server(SOCK_SEQPACKET, "/tmp/unix_di", 5);
	int c = unix_client(SOCK_SEQPACKET, "/tmp/unix_di");
	int a = accept(l, NULL, NULL);
	char buf[8];

	CHECK_OK(a);
	CHECK_EQ(write(c, "ab", 2), 2);
	CHECK_EQ(write(c, "cde", 3), 3);
	CHECK_EQ(read(a, buf, 8), 2);
	CHECK_EQ(read(a, buf, 8), 3);
	/* an address with a packet is not looked at */
	CHECK_EQ(unix_sendto(a, "x", "/tmp/nowhere"), 1);
	CHECK_EQ(read(c, buf, 8), 1);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK_ERRNO(write(c, "x", 1), ENOTCONN);
	CHECK_ERRNO(read(c, buf, 1), ENOTCONN);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "/tmp/unix_di"), EPROTOTYPE);
	CHECK_OK(unlink("/tmp/unix_di"));
}

/* One that loses its peer while that still talks to it is told. */
TEST(messages_of_a_peer_left)
{
	int a = named("/tmp/unix_dj"), b = named("/tmp/unix_dk");
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char c;

	CHECK_OK(unix_connect(a, "/tmp/unix_dk"));
	CHECK_OK(unix_connect(b, "/tmp/unix_dj"));
	CHECK_EQ(write(a, "x", 1), 1);
	CHECK_OK(connect(b, &none, sizeof(none)));
	CHECK_EQ(unix_option(a, SO_ERROR), ECONNRESET);
	CHECK_ERRNO(recv(b, &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(unlink("/tmp/unix_dj"));
	CHECK_OK(unlink("/tmp/unix_dk"));
}

/* sendmsg and recvmsg have room for an address too. */
TEST(addresses_in_a_header)
{
	int a = named("/tmp/unix_dl"), b = named("/tmp/unix_dm");
	struct sockaddr_un to, from;
	socklen_t len;
	char buf[8];
	struct iovec io = { "abc", 3 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_name = &to };

	to = unix_addr("/tmp/unix_dm", &len);
	m.msg_namelen = len;
	CHECK_EQ(sendmsg(a, &m, 0), 3);
	m.msg_namelen = 0;
	CHECK_ERRNO(sendmsg(a, &m, 0), ENOTCONN);
	io = (struct iovec){ buf, 8 };
	m.msg_name = &from;
	m.msg_namelen = sizeof(from);
	CHECK_EQ(recvmsg(b, &m, 0), 3);
	CHECK(!strcmp(from.sun_path, "/tmp/unix_dl"));
	CHECK_EQ(m.msg_namelen, 2 + strlen("/tmp/unix_dl") + 1);
	CHECK_OK(unlink("/tmp/unix_dl"));
	CHECK_OK(unlink("/tmp/unix_dm"));
}

/* Who waits for a place by name goes to whoever has the name then. */
TEST(waiting_by_name)
{
	int a = named("/tmp/unix_dn"), c = socket(AF_UNIX, SOCK_DGRAM, 0);
	int n = 0, again;
	pid_t pid;
	char b;

	CHECK_OK(fcntl(c, F_SETFL, O_NONBLOCK));
	while (unix_sendto(c, "x", "/tmp/unix_dn") == 1)
		n++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_OK(fcntl(c, F_SETFL, 0));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		close(a);
		CHECK_EQ(unix_sendto(c, "y", "/tmp/unix_dn"), 1);
		_exit(0);
	}
	ktap_sleep_ms(50);
	again = named("/tmp/unix_dn");
	CHECK_OK(close(a));
	CHECK_EQ(read(again, &b, 1), 1);
	CHECK_EQ(b, 'y');
	CHECK_CHILD(pid);
	CHECK_OK(unlink("/tmp/unix_dn"));
}
