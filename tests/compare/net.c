/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.c - how fast a kernel's TCP and UDP are: `net serve ADDRESS` prints its
 * port, `net HOST PORT [WHAT]...` asks it, `net loopback` does both. One line for
 * each result. net.py runs it, on Brig and on a Linux; `./brig soak` too.
 *
 * A connection's first byte says what it is for: 's' the server receives until
 * the end and answers with a byte, 'r' it sends MB megabytes, 'e' it sends back
 * what comes. UDP's datagrams come back.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 65536, MB = 256, REQUESTS = 3000, CONNECTIONS = 500,
       LOST_MS = 1000 };

static char block[BLOCK];
static struct sockaddr_in server = { .sin_family = AF_INET };

static void check(int right, const char *what)
{
	if (right)
		return;
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the server ----------------------------------------------------------------- */

/* false: an error, as write's */
static bool send_all(int s, long left)
{
	while (left > 0) {
		long n = write(s, block, left < BLOCK ? left : BLOCK);

		if (n <= 0)
			return false;
		left -= n;
	}
	return true;
}

static void serve_one(int s)
{
	const int on = 1;
	char what = 0;
	long n;

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read(s, &what, 1) != 1)
		return;
	if (what == 'r')
		send_all(s, (long)MB << 20);
	while ((n = read(s, block, BLOCK)) > 0)
		if (what == 'e')
			send_all(s, n);
	if (what == 's')
		send_all(s, 1);
}

static void serve_tcp(int listener)
{
	for (;;) {
		int s = accept(listener, NULL, NULL);

		check(s >= 0, "accept");
		serve_one(s);
		close(s);
	}
}

static void serve_udp(int s)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		long n = recvfrom(s, block, BLOCK, 0, (void *)&from, &size);

		if (n >= 0)
			sendto(s, block, n, 0, (void *)&from, size);
	}
}

/* Both protocols on one port that is free, which is printed. The number of the
 * process that serves UDP. */
static pid_t serve(int *listener)
{
	socklen_t size = sizeof(server);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	pid_t child;

	*listener = socket(AF_INET, SOCK_STREAM, 0);
	check(*listener >= 0 && udp >= 0, "socket");
	check(!bind(*listener, (void *)&server, size), "bind");
	check(!listen(*listener, 128), "listen");
	check(!getsockname(*listener, (void *)&server, &size), "getsockname");
	check(!bind(udp, (void *)&server, size), "bind");
	printf("port %d\n", ntohs(server.sin_port));
	fflush(stdout);
	child = fork();
	check(child >= 0, "fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_udp(udp);
	}
	close(udp);
	return child;
}

/* --- the client ----------------------------------------------------------------- */

static int ask(char what)
{
	const int on = 1;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	check(s >= 0, "socket");
	check(!connect(s, (void *)&server, sizeof(server)), "connect");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	check(write(s, &what, 1) == 1, "write");
	return s;
}

static void receive(void)
{
	int s = ask('r');
	double began = now();
	long n, all = 0;

	shutdown(s, SHUT_WR);
	while ((n = read(s, block, BLOCK)) > 0)
		all += n;
	check(all == (long)MB << 20, "too few bytes came");
	printf("receive %.1f\n", MB / (now() - began));
	close(s);
}

static void transmit(void)
{
	int s = ask('s');
	double began = now();

	check(send_all(s, (long)MB << 20), "write");
	shutdown(s, SHUT_WR);
	check(read(s, block, 1) == 1, "no answer");
	printf("send %.1f\n", MB / (now() - began));
	close(s);
}

static void requests_tcp(void)
{
	int s = ask('e');
	double began = now();

	for (int n = 0; n < REQUESTS; n++) {
		check(write(s, block, 1) == 1, "write");
		check(read(s, block, 1) == 1, "read");
	}
	printf("tcp %.0f\n", REQUESTS / (now() - began));
	close(s);
}

static void requests_udp(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), lost = 0;
	double began = now();

	check(!connect(s, (void *)&server, sizeof(server)), "connect");
	for (int n = 0; n < REQUESTS; n++) {
		struct pollfd p = { .fd = s, .events = POLLIN };

		check(write(s, block, 1) == 1, "write");
		if (poll(&p, 1, LOST_MS) == 1)
			check(read(s, block, 1) == 1, "read");
		else
			lost++;
	}
	check(lost < REQUESTS / 100, "datagrams are lost");
	printf("udp %.0f\n", REQUESTS / (now() - began));
	close(s);
}

/* Both sides in this machine. */
static void loopback(void)
{
	int listener;
	pid_t udp, tcp;

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp = serve(&listener);
	tcp = fork();
	check(tcp >= 0, "fork");
	if (!tcp)
		serve_tcp(listener);
	transmit();
	kill(udp, SIGKILL);
	kill(tcp, SIGKILL);
}

static void connections(void)
{
	double began = now();

	for (int n = 0; n < CONNECTIONS; n++) {
		int s = ask('e');

		check(write(s, block, 1) == 1, "write");
		check(read(s, block, 1) == 1, "read");
		close(s);
	}
	printf("connect %.0f\n", CONNECTIONS / (now() - began));
}

static const struct { const char *name; void (*run)(void); } all[] = {
	{ "receive", receive }, { "send", transmit }, { "tcp", requests_tcp },
	{ "udp", requests_udp }, { "connect", connections },
};

/* All, if none is named. */
static void measure(char **names)
{
	for (size_t n = 0; n < sizeof(all) / sizeof(*all); n++) {
		char **name = names;

		while (*name && strcmp(*name, all[n].name))
			name++;
		if (*name || !*names)
			all[n].run();
	}
}

int main(int argc, char **argv)
{
	bool serves = argc == 3 && !strcmp(argv[1], "serve");
	int listener;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "loopback")) {
		loopback();
		return 0;
	}
	if (argc < 3 ||
	    inet_pton(AF_INET, argv[serves ? 2 : 1], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: net serve ADDRESS | loopback | "
				"HOST PORT [WHAT]...\n");
		return 2;
	}
	if (serves) {
		serve(&listener);
		serve_tcp(listener);
	}
	server.sin_port = htons(atoi(argv[2]));
	measure(argv + 3);
	return 0;
}
