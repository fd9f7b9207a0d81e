/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic.c - sets up a network card, one word after the other:
 *   nic eth0 addr 10.9.0.2 mask 255.255.255.0 mtu 1500 up
 *   nic eth0 mac 02:00:00:00:00:07; nic eth0 down
 * As ifconfig does it, but by an AF_UNIX socket, which is there in any kernel.
 */
#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int sock;
static struct ifreq request;

static void call(unsigned long cmd, const char *what)
{
	if (ioctl(sock, cmd, &request))
		err(1, "%s %s", request.ifr_name, what);
}

static void set_address(unsigned long cmd, const char *what, const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		errx(1, "%s: not an address", text);
	memcpy(&request.ifr_addr, &a, sizeof a);
	call(cmd, what);
}

static void set_mac(const char *text)
{
	struct ether_addr mac;

	if (!ether_aton_r(text, &mac))
		errx(1, "%s: not a MAC address", text);
	memset(&request.ifr_hwaddr, 0, sizeof request.ifr_hwaddr);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, &mac, sizeof mac);
	call(SIOCSIFHWADDR, "mac");
}

static void set_up(int up)
{
	call(SIOCGIFFLAGS, "flags");
	request.ifr_flags = up ? request.ifr_flags | IFF_UP :
				 request.ifr_flags & ~IFF_UP;
	call(SIOCSIFFLAGS, up ? "up" : "down");
}

static void show(void)
{
	call(SIOCGIFFLAGS, "flags");
	printf("flags %x\n", request.ifr_flags & 0xffff);
	call(SIOCGIFHWADDR, "mac");
	printf("mac %s\n",
	       ether_ntoa((struct ether_addr *)request.ifr_hwaddr.sa_data));
}

int main(int argc, char **argv)
{
	sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (sock < 0 || argc < 3)
		errx(1, "usage: nic NAME WORD...");
	strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
	for (char **word = argv + 2; *word; word++) {
		const char *w = *word;

		if (!strcmp(w, "up") || !strcmp(w, "down")) {
			set_up(!strcmp(w, "up"));
		} else if (!strcmp(w, "show")) {
			show();
		} else if (!*++word) {
			errx(1, "%s needs a value", w);
		} else if (!strcmp(w, "addr")) {
			set_address(SIOCSIFADDR, w, *word);
		} else if (!strcmp(w, "mask")) {
			set_address(SIOCSIFNETMASK, w, *word);
		} else if (!strcmp(w, "mac")) {
			set_mac(*word);
		} else if (!strcmp(w, "mtu")) {
			request.ifr_mtu = atoi(*word);
			call(SIOCSIFMTU, w);
		} else {
			errx(1, "%s: unknown word", w);
		}
	}
	return 0;
}
