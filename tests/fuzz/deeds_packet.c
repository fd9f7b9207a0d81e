/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_packet.c - deeds on packet sockets whose frames come in mapped memory,
 * which is written to meanwhile; and on files that tell by a signal. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ETHER_ALL = 3, EXPERIMENT = 0x88b5, FILES = 6 };

static void option(int s, int name, uint32_t v)
{
	setsockopt(s, SOL_PACKET, name, &v, one_in(20) ? below(5) : sizeof(v));
}

/* A shape that is right as a rule. */
static void ring_make(int s)
{
	struct tpacket_req r = { .tp_block_size = PAGE << below(3),
				 .tp_block_nr = 1 + below(3),
				 .tp_frame_size = 16 * (8 + below(240)) };

	r.tp_frame_nr = r.tp_block_size / r.tp_frame_size * r.tp_block_nr;
	if (one_in(6))
		((uint32_t *)&r)[below(4)] = odd_number();
	if (one_in(5))
		memset(&r, 0, sizeof(r));
	option(s, PACKET_VERSION, one_in(8) ? odd_number() : TPACKET_V2);
	if (one_in(3))
		option(s, PACKET_RESERVE, one_in(3) ? odd_number() : below(300));
	setsockopt(s, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r));
}

static void frame_send(int s)
{
	static char data[3000];
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6,
				  .sll_protocol = htons(EXPERIMENT),
				  .sll_ifindex = 1 };

	sendto(s, data, 14 + below(one_in(3) ? 2900 : 100), MSG_DONTWAIT,
	       (struct sockaddr *)&to, sizeof(to));
}

static void ring_step(int *s, int out, unsigned char **at, size_t *size)
{
	struct pollfd p = { *s, POLLIN | POLLOUT, 0 };
	uint32_t v = one_in(3) ? odd_number() : below(4);
	socklen_t len = sizeof(v);

	switch (below(10)) {
	case 0:
		ring_make(*s);
		break;
	case 1:
		if (*at != MAP_FAILED)
			munmap(*at, *size);
		*size = PAGE * (1 + below(12));
		*at = mmap(NULL, *size, PROT_READ | PROT_WRITE,
			   one_in(6) ? MAP_PRIVATE : MAP_SHARED, *s,
			   one_in(9) ? PAGE : 0);
		break;
	case 2:		/* what was there is the reader's, or rubbish */
		if (*at != MAP_FAILED)
			memset(*at + below(PAGE - 16), one_in(2) ? 0 : rnd(), 16);
		break;
	case 3:
		if (*at != MAP_FAILED)
			for (int i = 0; i < PAGE; i += 16)
				*(uint32_t *)(*at + i) = 0;
		break;
	case 4: poll(&p, 1, 0); break;
	case 5: getsockopt(*s, SOL_PACKET, below(24), &v, &len); break;
	case 6:
		if (one_in(4)) {
			close(*s);
			*s = socket(AF_PACKET, SOCK_RAW, htons(ETHER_ALL));
		}
		break;
	default: frame_send(out);
	}
}

void deed_ring(void)
{
	int s = socket(AF_PACKET, one_in(2) ? SOCK_RAW : SOCK_DGRAM,
		       htons(one_in(2) ? ETHER_ALL : EXPERIMENT));
	int out = socket(AF_PACKET, SOCK_DGRAM, 0);
	unsigned char *at = MAP_FAILED;
	size_t size = 0;
	pid_t p = -1;

	if (s < 0 || out < 0)
		goto out;	/* not root any more */
	ring_make(s);
	for (int i = 0; i < 60; i++) {
		if (i == 30 && one_in(3))
			p = child_make();
		ring_step(&s, out, &at, &size);
	}
	if (p == 0)
		child_exit();
out:
	if (at != MAP_FAILED)
		munmap(at, size);
	close(s);
	close(out);
	child_wait(p);
}

/* --- O_ASYNC --------------------------------------------------------------- */

/* Two ends of something. */
static void ends_make(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(4007) };

	fd[0] = fd[1] = -1;
	switch (below(5)) {
	case 0: pipe(fd); break;
	case 1: socketpair(AF_UNIX, SOCK_STREAM, 0, fd); break;
	case 2: socketpair(AF_UNIX, SOCK_DGRAM, 0, fd); break;
	case 3: fd[0] = fd[1] = open("/dev/ptmx", O_RDWR | O_NOCTTY); break;
	default:
		fd[0] = fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
		a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		bind(fd[0], (struct sockaddr *)&a, sizeof(a));
		connect(fd[0], (struct sockaddr *)&a, sizeof(a));
	}
	for (int i = 0; i < 2; i++)
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
}

/* None that nobody can handle. */
static int any_signal(void)
{
	int sig = below(66);

	return sig == SIGKILL || sig == SIGSTOP ? SIGIO : sig;
}

static void async_step(int fd, int other)
{
	static char block[70000];
	struct { int type, pid; } owner = { below(3), one_in(4) ? getpgrp() :
								 getpid() };
	int on = below(2);

	switch (below(9)) {
	case 0: fcntl(fd, F_SETOWN, one_in(3) ? 0 : getpid()); break;
	case 1: fcntl(fd, 10, any_signal()); break;	/* F_SETSIG */
	case 2: fcntl(fd, F_SETFL, O_NONBLOCK | (one_in(4) ? 0 : O_ASYNC)); break;
	case 3: ioctl(fd, FIOASYNC, &on); break;
	case 4: fcntl(fd, 15, &owner); break;		/* F_SETOWN_EX */
	case 5: read(fd, block, below(sizeof(block))); break;
	case 6: shutdown(fd, below(3)); break;
	default: write(other, block, below(one_in(3) ? sizeof(block) : 20));
	}
}

void deed_async(void)
{
	int fd[FILES];
	pid_t p;

	for (int i = 0; i < FILES; i += 2)
		ends_make(fd + i);
	p = child_make();
	for (int i = 0; i < 60; i++) {
		int n = below(FILES);

		async_step(fd[n], fd[n ^ 1]);
		if (one_in(30))
			close(fd[n]);
	}
	if (p == 0)
		child_exit();
	for (int i = 0; i < FILES; i++)
		close(fd[i]);
	child_wait(p);
}
