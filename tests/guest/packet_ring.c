/* SPDX-License-Identifier: BSD-2-Clause */
/* packet_ring.c - PACKET_RX_RING: frames of loopback in memory that is mapped,
 * by TPACKET_V2. */
#include <poll.h>
#include <sys/mman.h>

#include "packet.h"

enum { BLOCK = 8192, BLOCKS = 2, FRAME = 2048 - 16, FRAMES = 8,
       SIZE = BLOCK * BLOCKS };

static const struct tpacket_req usual = {
	.tp_block_size = BLOCK, .tp_block_nr = BLOCKS,
	.tp_frame_size = FRAME, .tp_frame_nr = FRAMES,
};

static int set(int fd, int name, int v)
{
	return setsockopt(fd, SOL_PACKET, name, &v, sizeof(v));
}

static int ring(int fd, struct tpacket_req r)
{
	return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r));
}

static void *mapped(int fd)
{
	void *p;

	CHECK_OK(set(fd, PACKET_VERSION, TPACKET_V2));
	CHECK_OK(ring(fd, usual));
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	return p;
}

/* Frames do not cross the end of a block. */
static volatile struct tpacket2_hdr *frame(void *at, int n)
{
	return (void *)((char *)at + n / 4 * BLOCK + n % 4 * FRAME);
}

static void send_one(int out, const char *text)
{
	struct sockaddr_ll to = loopback(EXPERIMENT);

	CHECK_EQ(sendto(out, text, strlen(text), 0, (struct sockaddr *)&to,
			sizeof(to)), strlen(text));
}

/* Waits until the program owns it; what it says. */
static const char *text_of(int fd, volatile struct tpacket2_hdr *h)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!(h->tp_status & TP_STATUS_USER))
		CHECK_EQ(poll(&p, 1, 5000), 1);
	return (const char *)h + h->tp_mac;
}

TEST(frames_in_mapped_memory)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct pollfd p = { .fd = in, .events = POLLIN };
	volatile struct tpacket2_hdr *h;
	struct sockaddr_ll *from;
	char *at = mapped(in), want[20];

	CHECK_EQ(poll(&p, 1, 0), 0);
	for (int n = 0; n < 3 * FRAMES; n++) {
		h = frame(at, n % FRAMES);
		snprintf(want, sizeof(want), "frame %d", n);
		send_one(out, want);
		CHECK(!memcmp(text_of(in, h) + 14, want, strlen(want)));
		CHECK_EQ(h->tp_len, 14 + strlen(want));
		CHECK_EQ(h->tp_snaplen, h->tp_len);
		CHECK_EQ(h->tp_net, h->tp_mac + 14);
		CHECK(h->tp_sec > 0 && h->tp_nsec < 1000000000);
		from = (void *)((char *)h + TPACKET_ALIGN(sizeof(*h)));
		CHECK_EQ(from->sll_protocol, htons(EXPERIMENT));
		CHECK_EQ(from->sll_ifindex, if_nametoindex("lo"));
		CHECK_EQ(from->sll_pkttype, PACKET_HOST);
		CHECK_EQ(poll(&p, 1, 0), 1);
		h->tp_status = TP_STATUS_KERNEL;
		CHECK_EQ(poll(&p, 1, 0), 0);
	}
	CHECK_ERRNO(recv(in, want, sizeof(want), MSG_DONTWAIT), EAGAIN);
}

/* Without the link's header; and longer than a frame: cut. */
TEST(a_frame_is_cut_to_its_room)
{
	int in = packet(SOCK_DGRAM, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct sockaddr_ll to = loopback(EXPERIMENT);
	static char big[5000] = "the beginning";
	volatile struct tpacket2_hdr *h;
	char *at;

	CHECK_OK(set(in, PACKET_RESERVE, 100));
	at = mapped(in);
	CHECK_EQ(sendto(out, big, sizeof(big), 0, (struct sockaddr *)&to,
			sizeof(to)), sizeof(big));
	h = frame(at, 0);
	CHECK(!memcmp(text_of(in, h), big, 14));
	CHECK_EQ(h->tp_mac, 80 + 100);
	CHECK_EQ(h->tp_net, h->tp_mac);
	CHECK_EQ(h->tp_len, sizeof(big));
	CHECK_EQ(h->tp_snaplen, FRAME - h->tp_mac);
	CHECK_EQ(frame(at, 1)->tp_status, TP_STATUS_KERNEL);
}

/* What finds no free frame is counted, and the next one that does says so. */
TEST(a_full_ring_loses)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct tpacket_stats s;
	socklen_t len = sizeof(s);
	char *at = mapped(in);

	for (int n = 0; n < FRAMES + 3; n++)
		send_one(out, "hello");
	text_of(in, frame(at, FRAMES - 1));
	frame(at, 0)->tp_status = TP_STATUS_KERNEL;
	send_one(out, "again");
	CHECK(!memcmp(text_of(in, frame(at, 0)) + 14, "again", 5));
	CHECK(frame(at, 0)->tp_status & TP_STATUS_LOSING);
	CHECK_OK(getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &s, &len));
	CHECK_EQ(s.tp_packets, FRAMES + 4);
	CHECK_EQ(s.tp_drops, 3);
}

TEST(a_mapped_ring_stays)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	char *at = mapped(in), line[200];
	struct tpacket_req none = { 0 };
	int found = 0;
	FILE *f;

	CHECK_ERRNO(ring(in, none), EBUSY);
	CHECK_ERRNO(ring(in, usual), EBUSY);
	CHECK_ERRNO(set(in, PACKET_VERSION, TPACKET_V2), EBUSY);
	CHECK_ERRNO(set(in, PACKET_RESERVE, 4), EBUSY);
	f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, "socket:[") != NULL;
	CHECK(found);
	close(in);			/* the map holds the socket */
	send_one(out, "still");
	for (int n = 0; n < 500 && !frame(at, 0)->tp_status; n++)
		usleep(10000);
	CHECK(frame(at, 0)->tp_status & TP_STATUS_USER);
	CHECK_OK(munmap(at, SIZE));
}

TEST(a_ring_goes_and_the_queue_is_back)
{
	int in = packet(SOCK_RAW, EXPERIMENT), out = packet(SOCK_DGRAM, 0);
	struct tpacket_req none = { 0 };
	char *at = mapped(in), buf[64];

	CHECK_OK(munmap(at, SIZE));
	CHECK_OK(ring(in, none));
	send_one(out, "hello");
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 19);
	CHECK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, in, 0) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}

TEST(shapes_that_are_none)
{
	int in = packet(SOCK_RAW, EXPERIMENT), v;
	socklen_t len = sizeof(v);
	struct tpacket_req r;

	v = TPACKET_V2;
	CHECK_OK(getsockopt(in, SOL_PACKET, PACKET_HDRLEN, &v, &len));
	CHECK_EQ(v, sizeof(struct tpacket2_hdr));
	v = 7;
	CHECK_ERRNO(getsockopt(in, SOL_PACKET, PACKET_HDRLEN, &v, &len),
		    EINVAL);
	CHECK_ERRNO(set(in, PACKET_VERSION, 7), EINVAL);
	CHECK_ERRNO(set(in, PACKET_RESERVE, -1), EINVAL);
	CHECK_OK(set(in, PACKET_VERSION, TPACKET_V2));
	for (int n = 0; n < 8; n++) {
		r = usual;
		switch (n) {
		case 0: r.tp_block_size = 1000; break;
		case 1: r.tp_block_size = 0; break;
		case 2: r.tp_frame_size = 32; break;
		case 3: r.tp_frame_size = FRAME + 1; break;
		case 4: r.tp_frame_size = 2 * BLOCK; break;
		case 5: r.tp_frame_nr = FRAMES + 1; break;
		case 6: r.tp_block_nr = 0; break;
		case 7: r.tp_block_nr = 0x80000; break;
		}
		CHECK_ERRNO(ring(in, r), EINVAL);
	}
	CHECK_ERRNO(setsockopt(in, SOL_PACKET, PACKET_RX_RING, &usual, 8),
		    EINVAL);
	CHECK_OK(ring(in, usual));
	CHECK(mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, in, 0) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, in, 4096) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}
