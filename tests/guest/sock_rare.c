/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_rare.c - calls on sockets that nobody makes on purpose: of two faults which
 * one is told, what is left of a socket whose connection has ended, calls that ask
 * for nothing. All of them were found by `./brig differ`.
 */
#include <stddef.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "inet_tcp.h"

static struct sockaddr *any(void *a)
{
	return a;
}

static int unix_bind(int fd, const char *path, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, n);
	return bind(fd, any(&a), offsetof(struct sockaddr_un, sun_path) + n);
}

static int unix_connect(int fd, const char *path, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, n);
	return connect(fd, any(&a), offsetof(struct sockaddr_un, sun_path) + n);
}

/* An end of a TCP connection whose other end, told it all, has sent a reset. */
static int reset_end(void)
{
	int fd[2];

	tcp_pair(fd);
	CHECK_EQ(write(fd[0], "x", 1), 1);
	tcp_poll(fd[1], 1000);
	close(fd[1]);		/* unread: a reset */
	CHECK(tcp_poll(fd[0], 1000) & POLLERR);
	return fd[0];
}

/* --- names ------------------------------------------------------------------------ */

TEST(abstract_names_of_each_type)
{
	int stream = socket(AF_UNIX, SOCK_STREAM, 0);
	int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	int other = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK_OK(unix_bind(stream, "\0rare1", 6));
	CHECK_ERRNO(unix_connect(other, "\0rare1", 6), ECONNREFUSED);
	CHECK_OK(unix_bind(dgram, "\0rare1", 6));
	CHECK_OK(unix_connect(other, "\0rare1", 6));
	CHECK_ERRNO(unix_bind(other, "\0rare1", 6), EADDRINUSE);
}

TEST(a_second_bind_to_a_path)
{
	char there[] = "/tmp/rare.XXXXXX", path[64];
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(mkdtemp(there));
	snprintf(path, sizeof(path), "%s/s", there);
	CHECK_OK(unix_bind(s, "\0rare2", 6));
	CHECK_ERRNO(unix_bind(s, there, strlen(there)), EADDRINUSE);
	CHECK_ERRNO(unix_bind(s, path, strlen(path)), EINVAL);
	CHECK_ERRNO(access(path, F_OK), ENOENT);
	CHECK_OK(rmdir(there));
}

TEST(a_bad_name_is_told_before_a_shut_half)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	CHECK_OK(shutdown(fd[0], SHUT_WR));
	CHECK_ERRNO(sendto(fd[0], "x", 1, MSG_NOSIGNAL, any(&a), 2), EINVAL);
	CHECK_ERRNO(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
}

TEST(who_is_connected_hears_so_first)
{
	struct sockaddr_in a = tcp_addr(9);
	int fd[2];

	tcp_pair(fd);
	CHECK_ERRNO(connect(fd[0], any(&a), 8), EISCONN);
	a.sin_family = 255;
	CHECK_ERRNO(connect(fd[0], any(&a), sizeof(a)), EISCONN);
	CHECK_ERRNO(connect(fd[0], any(&a), 1), EINVAL);
}

TEST(an_address_of_others_is_told_before_a_second_bind)
{
	struct sockaddr_in a = tcp_addr(0);
	int fd[2];

	tcp_pair(fd);
	CHECK_ERRNO(bind(fd[0], any(&a), sizeof(a)), EINVAL);
	a.sin_addr.s_addr = htonl(0xc6336401);		/* 198.51.100.1 */
	CHECK_ERRNO(bind(fd[0], any(&a), sizeof(a)), EADDRNOTAVAIL);
}

TEST(a_reset_sets_the_port_free)
{
	int s = reset_end(), other = tcp_socket();
	unsigned port = tcp_port(s);
	struct sockaddr_in a = tcp_addr(port);

	CHECK_OK(bind(other, any(&a), sizeof(a)));
	CHECK_EQ(tcp_port(s), port);		/* it is still told */
	a.sin_port = 0;
	CHECK_OK(bind(s, any(&a), sizeof(a)));
	CHECK(tcp_port(s) != port);
	CHECK_ERRNO(listen(s, 5), EINVAL);
}

TEST(a_port_that_was_asked_for_stays_after_a_reset)
{
	int s = tcp_server(5), c = tcp_socket(), other = tcp_server(1), got;
	struct sockaddr_in a = tcp_addr(tcp_port(other));

	close(other);
	other = tcp_socket();
	CHECK_OK(bind(c, any(&a), sizeof(a)));
	CHECK_OK(tcp_connect(c, tcp_port(s)));
	got = accept(s, NULL, NULL);
	CHECK_EQ(write(c, "x", 1), 1);
	tcp_poll(got, 1000);
	close(got);
	CHECK(tcp_poll(c, 1000) & POLLERR);
	CHECK_ERRNO(bind(other, any(&a), sizeof(a)), EADDRINUSE);
}

TEST(no_peer_when_both_have_ended)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(shutdown(fd[0], SHUT_WR));
	CHECK_OK(getpeername(fd[0], any(&a), &n));
	close(fd[1]);
	ktap_sleep_ms(20);
	CHECK_ERRNO(getpeername(fd[0], any(&a), &n), ENOTCONN);
}

TEST(a_file_is_not_in_time_wait)
{
	struct tcp_info info;
	socklen_t n = sizeof(info);
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(shutdown(fd[0], SHUT_WR));
	close(fd[1]);
	ktap_sleep_ms(20);
	CHECK_OK(getsockopt(fd[0], SOL_TCP, TCP_INFO, &info, &n));
	CHECK_EQ(info.tcpi_state, TCP_CLOSE);
}

/* One may be bound to an address for many, but does not talk from there. */
TEST(a_stream_from_an_address_for_many)
{
	int s = tcp_server(5), c = tcp_socket();
	struct sockaddr_in a = tcp_addr(0);
	socklen_t n = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CHECK_OK(bind(c, any(&a), sizeof(a)));
	CHECK_OK(tcp_connect(c, tcp_port(s)));
	CHECK_OK(getsockname(c, any(&a), &n));
	CHECK_EQ(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(who_tells_who_he_is_has_a_name)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), on = 1, fd[2];

	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CHECK_ERRNO(unix_connect(s, "/nobody/here", 12), ENOENT);
	CHECK_OK(getsockname(s, any(&a), &n));
	CHECK_EQ(n, 8);
	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	CHECK_OK(setsockopt(*fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CHECK_EQ(write(*fd, "x", 1), 1);
	n = sizeof(a);
	CHECK_OK(getsockname(*fd, any(&a), &n));
	CHECK_EQ(n, 8);
}

TEST(names_of_no_length)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(a);
	int fd[2], s = socket(AF_UNIX, SOCK_STREAM, 0), on = 1;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	CHECK_EQ(sendto(fd[0], "x", 1, 0, any(&a), 0), 1);	/* is none */
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CHECK_ERRNO(connect(s, any(&a), 2), EINVAL);
	CHECK_OK(getsockname(s, any(&a), &n));
	CHECK_EQ(n, 2);
}

/* --- options ----------------------------------------------------------------------- */

TEST(levels_that_there_are_not)
{
	int s = tcp_socket(), u = socket(AF_INET, SOCK_DGRAM, 0), v = 1;
	socklen_t n = sizeof(v);

	CHECK_ERRNO(getsockopt(s, 99, 1, &v, &n), EOPNOTSUPP);
	CHECK_ERRNO(setsockopt(s, 99, 1, &v, n), ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(s, IPPROTO_IP, 9999, &v, &n), ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(s, SOL_TCP, 9999, &v, &n), ENOPROTOOPT);
	CHECK_ERRNO(getsockopt(u, SOL_TCP, TCP_NODELAY, &v, &n), EOPNOTSUPP);
	CHECK_ERRNO(setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &v, n), EINVAL);
	CHECK_OK(setsockopt(u, IPPROTO_IP, IP_MULTICAST_TTL, &v, n));
}

TEST(a_high_priority_takes_a_privilege)
{
	int s = tcp_socket(), v = 30;

	if (getuid() != 0)
		SKIP("not root");
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_PRIORITY, &v, sizeof(v)));
	CHECK_EQ(tcp_option(s, SOL_SOCKET, SO_PRIORITY), 30);
	CHECK_OK(setuid(1000));
	CHECK_ERRNO(setsockopt(s, SOL_SOCKET, SO_PRIORITY, &v, sizeof(v)),
		    EPERM);
	v = 6;
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_PRIORITY, &v, sizeof(v)));
}

/* --- nothing ------------------------------------------------------------------------ */

TEST(vectors_of_nothing)
{
	struct iovec v = { "x", 0 };
	int fd[2], s = tcp_socket();
	char c;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	CHECK_EQ(writev(fd[0], &v, 1), 0);
	CHECK_ERRNO(recv(fd[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(readv(fd[1], &v, 1), 0);
	CHECK_EQ(write(fd[0], "x", 0), 0);	/* an empty message */
	CHECK_EQ(recv(fd[1], &c, 1, MSG_DONTWAIT), 0);
	CHECK_EQ(writev(s, &v, 1), 0);		/* whatever s is */
}

TEST(to_receive_nothing_takes_something)
{
	int fd[2], un[2];

	tcp_pair(fd);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, un));
	CHECK_ERRNO(recv(fd[0], NULL, 0, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(recv(un[0], NULL, 0, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(write(fd[1], "xy", 2), 2);
	CHECK_EQ(write(un[1], "xy", 2), 2);
	tcp_poll(fd[0], 1000);
	CHECK_EQ(recv(fd[0], NULL, 0, 0), 0);
	CHECK_EQ(recv(un[0], NULL, 0, 0), 0);
	CHECK_ERRNO(recv(reset_end(), NULL, 0, 0), ECONNRESET);
}

TEST(what_nobody_has_cannot_be_received)
{
	int s = tcp_socket(), l = tcp_server(5);
	char c;

	CHECK_ERRNO(recv(s, &c, 1, MSG_OOB), EINVAL);
	CHECK_ERRNO(recv(l, &c, 1, MSG_OOB), ENOTCONN);
	CHECK_ERRNO(recv(l, &c, 1, MSG_ERRQUEUE), EAGAIN);
	CHECK_ERRNO(recv(s, &c, 1, 0), ENOTCONN);
}

/* --- halves and ends ------------------------------------------------------------------ */

TEST(halves_of_nothing_can_be_shut)
{
	int s = tcp_socket(), u = socket(AF_INET, SOCK_DGRAM, 0);
	char c;

	CHECK_ERRNO(shutdown(s, SHUT_RD), ENOTCONN);
	CHECK(tcp_poll(s, 0) & POLLRDHUP);
	CHECK_EQ(recv(s, &c, 1, 0), 0);
	CHECK_ERRNO(shutdown(u, SHUT_RD), ENOTCONN);
	CHECK_ERRNO(recv(u, &c, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(recv(u, &c, 1, 0), 0);
}

TEST(the_end_is_told_before_a_reset_behind_it)
{
	int fd[2];
	char c;

	tcp_pair(fd);
	close(fd[1]);
	CHECK_EQ(write(fd[0], "x", 1), 1);
	CHECK(tcp_poll(fd[0], 1000) & POLLRDHUP);
	while (!(tcp_poll(fd[0], 10) & POLLERR))
		;
	CHECK_EQ(read(fd[0], &c, 1), 0);
	CHECK_EQ(tcp_option(fd[0], SOL_SOCKET, SO_ERROR), EPIPE);
}

TEST(what_comes_when_both_halves_are_shut_resets)
{
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(shutdown(fd[0], SHUT_RDWR));
	CHECK_EQ(send(fd[1], "x", 1, MSG_OOB), 1);
	CHECK(tcp_poll(fd[0], 1000) & POLLRDHUP);
	while (!(tcp_poll(fd[0], 10) & POLLERR))
		;
	CHECK(tcp_poll(fd[0], 0) & POLLPRI);	/* that was seen before */
	CHECK_EQ(tcp_option(fd[0], SOL_SOCKET, SO_ERROR), ECONNRESET);
	CHECK_EQ(tcp_option(fd[1], SOL_SOCKET, SO_ERROR), EPIPE);
}

TEST(a_listener_that_is_shut)
{
	int s = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	CHECK_OK(unix_bind(s, "\0rare3", 6));
	CHECK_OK(listen(s, 5));
	CHECK_OK(shutdown(s, SHUT_RD));
	CHECK_ERRNO(accept(s, NULL, NULL), EINVAL);
	tcp_nonblock(s);
	CHECK_ERRNO(accept(s, NULL, NULL), EAGAIN);
}

TEST(urgent_bytes_at_the_end)
{
	int fd[2];
	char c;

	tcp_pair(fd);
	CHECK_EQ(send(fd[1], "x", 1, MSG_OOB), 1);
	CHECK(tcp_poll(fd[0], 1000) & POLLPRI);
	(void)!recv(fd[0], NULL, 0, MSG_DONTWAIT);	/* it stays */
	CHECK(tcp_poll(fd[0], 0) & POLLPRI);
	CHECK_EQ(write(fd[0], "y", 1), 1);
	tcp_poll(fd[1], 1000);
	close(fd[1]);
	while (!(tcp_poll(fd[0], 10) & POLLERR))
		;
	CHECK_ERRNO(recv(fd[0], &c, 1, MSG_OOB), ENOTCONN);
}

TEST(who_said_that_he_sends_no_more)
{
	int s = tcp_socket();

	CHECK_ERRNO(shutdown(s, SHUT_WR), ENOTCONN);
	CHECK_OK(tcp_connect(s, tcp_port(tcp_server(5))));
	CHECK_ERRNO(send(s, "x", 1, MSG_NOSIGNAL), EPIPE);
}

TEST(who_has_shut_a_half_is_connected)
{
	int s = tcp_server(5), c = tcp_socket();

	tcp_nonblock(c);
	CHECK_ERRNO(tcp_connect(c, tcp_port(s)), EINPROGRESS);
	CHECK(tcp_poll(c, 1000) & POLLOUT);
	CHECK_OK(shutdown(c, SHUT_WR));
	CHECK_ERRNO(tcp_connect(c, tcp_port(s)), EISCONN);
}

TEST(a_listener_has_no_errors_of_old)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };
	int fd[2];

	tcp_pair(fd);
	CHECK_OK(connect(fd[0], &a, sizeof(a)));
	CHECK(tcp_poll(fd[0], 0) & POLLERR);
	CHECK_OK(listen(fd[0], 5));
	CHECK_EQ(tcp_poll(fd[0], 0), 0);
}

TEST(an_urgent_byte_that_nobody_wants)
{
	int fd[2];
	char c = '-';

	tcp_pair(fd);
	CHECK_EQ(send(fd[1], "x", 1, MSG_OOB), 1);
	CHECK(tcp_poll(fd[0], 1000) & POLLPRI);
	CHECK_EQ(recv(fd[0], &c, 0, MSG_DONTWAIT), 0);
	CHECK_EQ(recv(fd[0], &c, 1, MSG_OOB | MSG_TRUNC), 1);
	CHECK_EQ(c, '-');
	CHECK_ERRNO(recv(fd[0], &c, 1, MSG_OOB), EINVAL);
}

/* --- datagrams ------------------------------------------------------------------------ */

TEST(datagrams_to_nobody)
{
	static char large[65508];
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_ERRNO(write(u, large, sizeof(large)), EDESTADDRREQ);
	CHECK_ERRNO(shutdown(u, SHUT_RDWR), ENOTCONN);
	CHECK_ERRNO(write(u, "x", 1), EDESTADDRREQ);
	CHECK_ERRNO(sendto(u, "x", 1, 0, any(large), 0), EINVAL);
	CHECK_OK(tcp_connect(u, 9));
	CHECK_ERRNO(write(u, "x", 1), EPIPE);
	CHECK_ERRNO(write(u, large, sizeof(large)), EMSGSIZE);
}

/* A group, and all, by the interface of the socket's address: no route is asked. */
TEST(groups_from_an_address)
{
	struct sockaddr_in own = tcp_addr(0), to = tcp_addr(9);
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(bind(u, any(&own), sizeof(own)));
	to.sin_addr.s_addr = htonl(0xe0000001);
	CHECK_OK(connect(u, any(&to), sizeof(to)));
	CHECK_EQ(write(u, "x", 1), 1);
	to.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CHECK_ERRNO(sendto(u, "x", 1, 0, any(&to), sizeof(to)), EACCES);
}

TEST(a_connect_that_fails_has_chosen_a_port)
{
	struct sockaddr_in a = tcp_addr(9);
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	a.sin_family = AF_INET6;
	CHECK_ERRNO(connect(u, any(&a), sizeof(a)), EAFNOSUPPORT);
	CHECK(tcp_port(u) != 0);
}

TEST(who_connects_again_keeps_his_address)
{
	struct sockaddr_in a = tcp_addr(9);
	socklen_t n = sizeof(a);
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(tcp_connect(u, 0));
	CHECK_ERRNO(getpeername(u, any(&a), &n), ENOTCONN);	/* no port */
	a.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CHECK_ERRNO(connect(u, any(&a), sizeof(a)), EACCES);	/* lo has it */
	CHECK_OK(tcp_connect(u, 9));
	CHECK_OK(getpeername(u, any(&a), &n));
}

TEST(what_is_too_large_is_kept)
{
	static char large[65508];
	union { struct cmsghdr c; char room[128]; } u;
	struct msghdr m = { .msg_control = &u, .msg_controllen = sizeof(u) };
	int s = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	CHECK_OK(setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)));
	CHECK_OK(tcp_connect(s, 9));
	CHECK_ERRNO(write(s, large, sizeof(large)), EMSGSIZE);
	CHECK(tcp_poll(s, 0) & POLLERR);
	CHECK_EQ(recvmsg(s, &m, MSG_ERRQUEUE), 0);
	CHECK_EQ(*(uint32_t *)CMSG_DATA(&u.c), EMSGSIZE);
}

TEST(who_talks_to_loopback)
{
	struct sockaddr_in a = tcp_addr(9);
	socklen_t n = sizeof(a);
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	a.sin_addr.s_addr = htonl(0x7f000003);
	CHECK_OK(connect(u, any(&a), sizeof(a)));
	CHECK_OK(getsockname(u, any(&a), &n));
	CHECK_EQ(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(a_shut_half_still_hears_datagrams)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in own = tcp_addr(0);
	char c;

	CHECK_OK(bind(a, any(&own), sizeof(own)));
	CHECK_ERRNO(shutdown(a, SHUT_RD), ENOTCONN);
	CHECK_OK(tcp_connect(b, tcp_port(a)));
	CHECK_EQ(write(b, "x", 1), 1);
	CHECK_EQ(recv(a, &c, 1, 0), 1);
	CHECK_EQ(recv(a, &c, 1, 0), 0);
}

TEST(what_is_wrong_with_the_call_is_told_before_an_old_error)
{
	static char large[65508];
	struct sockaddr_in to = tcp_addr(9);
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(tcp_connect(u, 1));
	CHECK_EQ(write(u, "x", 1), 1);
	CHECK(tcp_poll(u, 1000) & POLLERR);
	to.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CHECK_ERRNO(sendto(u, "x", 1, 0, any(&to), sizeof(to)), EACCES);
	CHECK_ERRNO(sendto(u, large, sizeof(large), 0, any(&to), sizeof(to)),
		    EACCES);
	CHECK_ERRNO(send(u, "x", 1, MSG_OOB), EOPNOTSUPP);
	CHECK_ERRNO(write(u, "x", 1), ECONNREFUSED);
}

/* --- control messages ------------------------------------------------------------------- */

static int send_control(int fd, int level, int type, unsigned len)
{
	union { struct cmsghdr c; char room[64]; } u = {
		.c = { .cmsg_len = len, .cmsg_level = level, .cmsg_type = type }
	};
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &u,
			    .msg_controllen = CMSG_SPACE(sizeof(int)) };

	return sendmsg(fd, &m, 0);
}

TEST(control_messages_of_wrong_lengths)
{
	struct sockaddr_in a = tcp_addr(9);
	int fd[2], un[2], u = socket(AF_INET, SOCK_DGRAM, 0);

	tcp_pair(fd);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, un));
	CHECK_OK(connect(u, any(&a), sizeof(a)));
	for (unsigned len = 0; len < 100; len += 11) {
		if (len >= sizeof(struct cmsghdr) && len <= 16)
			continue;
		CHECK_ERRNO(send_control(fd[0], IPPROTO_IP, 77, len), EINVAL);
		CHECK_ERRNO(send_control(un[0], IPPROTO_IP, 77, len), EINVAL);
		CHECK_ERRNO(send_control(u, SOL_TCP, 77, len), EINVAL);
	}
}

TEST(control_messages_that_are_of_no_use)
{
	struct sockaddr_in a = tcp_addr(9);
	int fd[2], u = socket(AF_INET, SOCK_DGRAM, 0);

	tcp_pair(fd);
	CHECK_OK(connect(u, any(&a), sizeof(a)));
	CHECK_EQ(send_control(fd[0], SOL_SOCKET, SCM_RIGHTS, 16), 1);
	CHECK_EQ(send_control(fd[0], IPPROTO_IP, IP_TTL, 16), 1);
	CHECK_ERRNO(send_control(fd[0], SOL_SOCKET, 99, 16), EINVAL);
	CHECK_EQ(send_control(u, SOL_SOCKET, SCM_RIGHTS, 16), 1);
	CHECK_ERRNO(send_control(u, SOL_SOCKET, 99, 16), EINVAL);
}

TEST(times_of_local_datagrams)
{
	union { struct cmsghdr c; char room[64]; } u;
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &u,
			    .msg_controllen = sizeof(u) };
	int fd[2], on = 1;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	CHECK_OK(setsockopt(fd[1], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
	CHECK_EQ(write(fd[0], "x", 1), 1);
	CHECK_EQ(recvmsg(fd[1], &m, 0), 1);
	CHECK(m.msg_controllen >= sizeof(struct cmsghdr));
	CHECK_EQ(u.c.cmsg_type, SO_TIMESTAMP);
}
