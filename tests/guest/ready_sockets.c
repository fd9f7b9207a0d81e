/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ready_sockets.c - poll, select, epoll and SIGIO on sockets of AF_PACKET and
 * AF_NETLINK: the same questions to each of them.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>

#include "packet.h"

/* A kind of socket: made, sent a message, which is then taken or not there. */
struct kind {
	const char *name;
	int (*make)(void);
	void (*send)(int fd);
	int (*take)(int fd);	/* 0, or -1 and errno */
};

/* --- the kinds ------------------------------------------------------------ */

static void frame_send(int fd)
{
	struct sockaddr_ll to = loopback(EXPERIMENT);
	int out = packet(SOCK_DGRAM, 0);

	(void)fd;
	CHECK_EQ(sendto(out, "hello", 5, 0, (struct sockaddr *)&to,
			sizeof(to)), 5);
	close(out);
}

static int any_take(int fd)
{
	char buf[8192];

	return recv(fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 ? -1 : 0;
}

static int raw_make(void)
{
	return packet(SOCK_RAW, EXPERIMENT);
}

static int cooked_make(void)
{
	return packet(SOCK_DGRAM, EXPERIMENT);
}

enum { BLOCK = 4096, FRAME = 1024, FRAMES = 4 };
static char *ring;
static int ring_next;

static int ring_make(void)
{
	struct tpacket_req r = { BLOCK, 1, FRAME, FRAMES };
	int fd = raw_make(), version = TPACKET_V2;

	CHECK_OK(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
			    sizeof(version)));
	CHECK_OK(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)));
	ring = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(ring != MAP_FAILED);
	ring_next = 0;
	return fd;
}

static int ring_take(int fd)
{
	volatile struct tpacket2_hdr *h = (void *)(ring + ring_next * FRAME);

	(void)fd;
	errno = EAGAIN;
	if (!(h->tp_status & TP_STATUS_USER))
		return -1;
	h->tp_status = TP_STATUS_KERNEL;
	ring_next = (ring_next + 1) % FRAMES;
	return 0;
}

static int netlink_make(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	CHECK_OK(fd);
	return fd;
}

/* It asks for loopback, and the answer is the message. */
static void netlink_send(int fd)
{
	struct { struct nlmsghdr h; struct ifinfomsg m; } q = {
		.h = { sizeof(q), RTM_GETLINK, NLM_F_REQUEST, 1, 0 },
		.m = { .ifi_index = if_nametoindex("lo") },
	};

	CHECK_EQ(send(fd, &q, sizeof(q), 0), sizeof(q));
}

static const struct kind kinds[] = {
	{ "raw packets", raw_make, frame_send, any_take },
	{ "cooked packets", cooked_make, frame_send, any_take },
	{ "a ring", ring_make, frame_send, ring_take },
	{ "netlink", netlink_make, netlink_send, any_take },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Each kind in a process of its own. */
static void each(void (*test)(const struct kind *k, int fd))
{
	for (int n = 0; n < KINDS; n++) {
		pid_t child = fork();

		CHECK_OK(child);
		if (!child) {
			ktap_note("%s", kinds[n].name);
			test(&kinds[n], kinds[n].make());
			_exit(0);
		}
		CHECK_CHILD(child);
	}
}

/* What poll says of fd now, asked for everything. */
static int polled(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLPRI | POLLOUT | POLLRDHUP, 0 };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

/* --- the questions ---------------------------------------------------------- */

static void poll_asks(const struct kind *k, int fd)
{
	CHECK_EQ(polled(fd), POLLOUT);
	for (int n = 0; n < 2; n++)
		k->send(fd);
	CHECK_EQ(polled(fd), POLLIN | POLLOUT);
	CHECK_OK(k->take(fd));
	CHECK_EQ(polled(fd), POLLIN | POLLOUT);
	CHECK_OK(k->take(fd));
	CHECK_EQ(polled(fd), POLLOUT);
	CHECK_ERRNO(k->take(fd), EAGAIN);
}

TEST(poll_tells)
{
	each(poll_asks);
}

static int selected(int fd, struct timeval wait)
{
	fd_set in, out, other;
	int n;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = other = in;
	n = select(fd + 1, &in, wait.tv_sec ? NULL : &out, &other, &wait);
	CHECK(n >= 0);
	return (n && FD_ISSET(fd, &in) ? 1 : 0) +
	       (n && !wait.tv_sec && FD_ISSET(fd, &out) ? 2 : 0) +
	       (n && FD_ISSET(fd, &other) ? 4 : 0);
}

static void select_asks(const struct kind *k, int fd)
{
	struct timeval now = { 0, 0 };

	CHECK_EQ(selected(fd, now), 2);
	k->send(fd);
	CHECK_EQ(selected(fd, now), 3);
	CHECK_OK(k->take(fd));
	CHECK_EQ(selected(fd, now), 2);
}

TEST(select_tells)
{
	each(select_asks);
}

/* Somebody else sends while we wait. A netlink socket's answers come to who
 * asked by the same socket, which the child has too. */
static void waits(const struct kind *k, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	pid_t child = fork();

	CHECK_OK(child);
	if (!child) {
		usleep(50000);
		k->send(fd);
		_exit(0);
	}
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_CHILD(child);
}

TEST(poll_waits)
{
	each(waits);
}

static int watch(int fd, unsigned events)
{
	struct epoll_event e = { .events = events };
	int ep = epoll_create1(0);

	CHECK_OK(ep);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	return ep;
}

/* The events of the one that is watched; 0: none within ms. */
static unsigned events(int ep, int ms)
{
	struct epoll_event e = { 0 };

	CHECK(epoll_wait(ep, &e, 1, ms) >= 0);
	return e.events;
}

static void level(const struct kind *k, int fd)
{
	int ep = watch(fd, EPOLLIN);

	CHECK_EQ(events(ep, 0), 0);
	k->send(fd);
	for (int n = 0; n < 3; n++)
		CHECK_EQ(events(ep, 5000), EPOLLIN);
	CHECK_OK(k->take(fd));
	CHECK_EQ(events(ep, 0), 0);
}

TEST(epoll_tells_while_it_is_so)
{
	each(level);
}

/* Each message is an edge, also when the last has not been taken. */
static void edge(const struct kind *k, int fd)
{
	int ep = watch(fd, EPOLLIN | EPOLLET);

	CHECK_EQ(events(ep, 0), 0);
	for (int n = 0; n < 3; n++) {
		k->send(fd);
		CHECK_EQ(events(ep, 5000), EPOLLIN);
		CHECK_EQ(events(ep, 0), 0);
	}
	for (int n = 0; n < 3; n++)
		CHECK_OK(k->take(fd));
	CHECK_EQ(events(ep, 0), 0);
	k->send(fd);
	CHECK_EQ(events(ep, 5000), EPOLLIN);
	CHECK_EQ(events(ep, 0), 0);
}

TEST(epoll_tells_of_edges)
{
	each(edge);
}

/* Room to write is there from the beginning, once for an edge. */
static void writable(const struct kind *k, int fd)
{
	int ep = watch(fd, EPOLLOUT | EPOLLET);

	(void)k;
	CHECK_EQ(events(ep, 0), EPOLLOUT);
	CHECK_EQ(events(ep, 0), 0);
	ep = watch(fd, EPOLLOUT);
	CHECK_EQ(events(ep, 0), EPOLLOUT);
	CHECK_EQ(events(ep, 0), EPOLLOUT);
}

TEST(there_is_room_to_write)
{
	each(writable);
}

static void once(const struct kind *k, int fd)
{
	int ep = watch(fd, EPOLLIN | EPOLLONESHOT);
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT };

	k->send(fd);
	CHECK_EQ(events(ep, 5000), EPOLLIN);
	k->send(fd);
	CHECK_EQ(events(ep, 0), 0);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e));
	CHECK_EQ(events(ep, 0), EPOLLIN);
}

TEST(epoll_tells_once)
{
	each(once);
}

static void by_signal(const struct kind *k, int fd)
{
	struct timespec second = { 1, 0 }, now = { 0, 0 };
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
	for (int n = 0; n < 2; n++) {
		k->send(fd);
		CHECK_EQ(sigtimedwait(&s, NULL, &second), SIGIO);
		CHECK_ERRNO(sigtimedwait(&s, NULL, &now), EAGAIN);
	}
}

TEST(a_signal_tells)
{
	each(by_signal);
}

/* --- errors ------------------------------------------------------------------- */

static void loopback_set(int up)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ifreq r = { .ifr_name = "lo" };

	CHECK_OK(ioctl(fd, SIOCGIFFLAGS, &r));
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	CHECK_OK(ioctl(fd, SIOCSIFFLAGS, &r));
	close(fd);
}

/* The interface that a packet socket is bound to goes down: it is told, once. */
TEST(a_wire_that_goes_down)
{
	int fd, ep, err = 0, seen, first, second;
	socklen_t len = sizeof(err);
	char c;

	need_root();
	if (!on_brig() && unshare(CLONE_NEWNET))
		SKIP("no network namespaces");
	loopback_set(1);
	fd = raw_make();
	ep = watch(fd, EPOLLIN | EPOLLET);
	loopback_set(0);
	seen = polled(fd);
	first = events(ep, 0);
	second = events(ep, 0);
	recv(fd, &c, 1, MSG_DONTWAIT);
	err = errno;
	loopback_set(1);
	CHECK_EQ(seen, POLLERR | POLLOUT);
	CHECK_EQ(first, EPOLLERR);
	CHECK_EQ(second, 0);
	CHECK_EQ(err, ENETDOWN);
	CHECK_EQ(polled(fd), POLLOUT);
	frame_send(fd);				/* up again, it hears again */
	CHECK_EQ(polled(fd), POLLIN | POLLOUT);
	CHECK_OK(any_take(fd));
	loopback_set(0);
	seen = getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	close(fd);
	fd = raw_make();			/* bound to what is down */
	first = polled(fd);
	loopback_set(1);
	CHECK_OK(seen);
	CHECK_EQ(err, ENETDOWN);
	CHECK_EQ(first, POLLERR | POLLOUT);
}

/* A list that is not read to its end is readable. */
TEST(a_list_is_readable_to_its_end)
{
	struct { struct nlmsghdr h; struct ifinfomsg m; } q = {
		.h = { sizeof(q), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1,
		       0 },
	};
	int fd = netlink_make(), done = 0;
	char buf[8192];

	CHECK_EQ(send(fd, &q, sizeof(q), 0), sizeof(q));
	while (!done) {
		struct nlmsghdr *h = (void *)buf;
		int n;

		CHECK_EQ(polled(fd), POLLIN | POLLOUT);
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		CHECK(n > 0);
		for (; NLMSG_OK(h, (unsigned)n); h = NLMSG_NEXT(h, n))
			done |= h->nlmsg_type == NLMSG_DONE;
	}
	CHECK_EQ(polled(fd), POLLOUT);
}
