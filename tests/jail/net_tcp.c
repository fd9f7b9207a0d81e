/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_tcp.c - what becomes of a jail's connections when it goes, which ports it
 * may have, and jails with several addresses, none, or all of the host's.
 * paper_network.c has the rest.
 *
 * oracle: no
 */
#include "net.h"

#define ONE "10.51.0.1"
#define TWO "10.51.0.2"
#define HOST "10.51.0.9"
enum { PORT = 5400 };

static int jail_with(const char *more)
{
	net_begin(ONE, TWO, HOST);
	return net_jail("a", more);
}

/* The other end of a connection of a removed jail: an error, not only an end.
 * As on Linux, which one depends on whether a FIN came before the reset. */
static void is_reset(int fd)
{
	struct pollfd p = { fd, 0, 0 };
	socklen_t n = sizeof(int);
	int err;

	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK(p.revents & POLLERR);
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n));
	CHECK(err == ECONNRESET || err == EPIPE);
}

TEST(a_removed_jails_connections_are_reset)
{
	int jid = jail_with("ip4.addr=" ONE), s, c, waiting;
	pid_t pid;

	s = net_server(SOCK_STREAM, HOST, PORT);
	pid = j_enter(jid, 0);
	if (pid == 0) {
		struct gate never = gate_new();

		net_server(SOCK_STREAM, ONE, PORT);	/* accepts nobody */
		CHECK_OK(net_client(HOST, PORT));
		gate_wait(never);
	}
	c = net_accept(s, ONE);
	waiting = net_client(ONE, PORT);
	CHECK_OK(waiting);
	CHECK_OK(jail_remove(jid));
	is_reset(c);
	is_reset(waiting);
	CHECK_ERRNO(net_client(ONE, PORT), ECONNREFUSED);
	ktap_wait(pid);
	net_server(SOCK_STREAM, ONE, PORT);	/* free again */
}

static unsigned fill(int fd)
{
	static char b[4096];
	unsigned all = 0;
	int n;

	while ((n = send(fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		all += n;
	CHECK_EQ(errno, EAGAIN);
	return all;
}

TEST(what_a_jail_said_last_arrives)
{
	static char b[65536];
	int s, c, jid, told[2];
	unsigned all, got = 0;
	ssize_t n;
	pid_t pid;

	jid = jail_with("ip4.addr=" ONE);
	s = net_server(SOCK_STREAM, HOST, PORT);
	CHECK_OK(pipe(told));
	pid = j_enter(jid, 0);
	if (pid == 0) {
		all = fill(net_client(HOST, PORT));
		_exit(write(told[1], &all, sizeof(all)) != sizeof(all));
	}
	c = net_accept(s, ONE);
	CHECK_OK(j_set(JAIL_UPDATE, "jid=%d; nopersist", jid));
	CHECK_EQ(read(told[0], &all, sizeof(all)), sizeof(all));
	ktap_wait(pid);
	CHECK_ERRNO(jail_remove(jid), EINVAL);
	CHECK(all > sizeof(b));
	while ((n = read(c, b, sizeof(b))) > 0)
		got += n;
	CHECK_EQ(n, 0);
	CHECK_EQ(got, all);
}

/* But who removes the jail around it, or takes the address, ends that. */
static void last_words(int removed)
{
	static char b[65536];
	int jid, child, s, c;
	ssize_t n;
	pid_t pid;

	jid = jail_with("ip4.addr=" ONE "," TWO "; children.max=1");
	child = j_make("name=a.c; path=%s; persist; ip4.addr=" TWO, j_path("a"));
	CHECK_OK(child);
	s = net_server(SOCK_STREAM, HOST, PORT);
	pid = j_enter(child, 0);
	if (pid == 0) {
		fill(net_client(HOST, PORT));
		_exit(0);
	}
	c = net_accept(s, TWO);
	CHECK_OK(j_set(JAIL_UPDATE, "jid=%d; nopersist", child));
	ktap_wait(pid);
	if (removed)
		CHECK_OK(jail_remove(jid));
	else
		CHECK_OK(j_change(jid, "ip4.addr=" ONE));
	while ((n = read(c, b, sizeof(b))) > 0)
		;
	CHECK(n == -1 && errno == ECONNRESET);
}

TEST(what_a_jail_said_last_ends_with_the_jail_around_it)
{
	last_words(1);
}

TEST(what_a_jail_said_last_ends_with_its_address)
{
	last_words(0);
}

TEST(several_addresses)
{
	int jid = jail_with("ip4.addr=" ONE "," TWO);

	net_answering(jid, "two", SOCK_STREAM, TWO, PORT);
	net_answering(jid, "all", SOCK_STREAM, "0.0.0.0", PORT + 1);
	net_answers(SOCK_STREAM, TWO, PORT, "two");
	net_answers(SOCK_STREAM, TWO, PORT + 1, "all");
	net_answers(SOCK_STREAM, ONE, PORT + 1, "all");
	CHECK_ERRNO(net_client(ONE, PORT), ECONNREFUSED);
	CHECK_ERRNO(net_client(HOST, PORT + 1), ECONNREFUSED);
	CHECK_ERRNO(net_client("127.0.0.1", PORT + 1), ECONNREFUSED);
}

TEST(no_addresses_no_sockets)
{
	int jid = jail_with("ip4=disable");

	IN_JAIL(jid, 0) {
		CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
		CHECK_ERRNO(socket(AF_INET, SOCK_DGRAM, 0), EAFNOSUPPORT);
		CHECK_OK(socket(AF_UNIX, SOCK_STREAM, 0));
	}
}

TEST(an_inheriting_jail_is_as_the_host)
{
	int jid = jail_with("ip4=inherit");

	IN_JAIL(jid, 0) {
		int s = net_server(SOCK_STREAM, "0.0.0.0", PORT);

		net_has_name(s, "0.0.0.0");
		CHECK_OK(net_client("127.0.0.1", PORT));
		net_accept(s, "127.0.0.1");
		net_has_name(net_server(SOCK_STREAM, HOST, PORT + 1), HOST);
	}
}

TEST(reserved_ports_are_a_privilege)
{
	int jid = jail_with("ip4.addr=" ONE), type;

	for (type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		IN_JAIL(jid, 0)
			CHECK_OK(net_bind(net_socket(type), ONE, 80));
		IN_JAIL(jid, 1000)
			CHECK_ERRNO(net_bind(net_socket(type), ONE, 80),
				    EACCES);
	}
	CHECK_OK(j_change(jid, "allow.noreserved_ports"));
	for (type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		IN_JAIL(jid, 0) {
			CHECK_ERRNO(net_bind(net_socket(type), ONE, 80),
				    EACCES);
			CHECK_ERRNO(net_bind(net_socket(type), ONE, 1023),
				    EACCES);
			CHECK_OK(net_bind(net_socket(type), ONE, 1024));
		}
	}
}
