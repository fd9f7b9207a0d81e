/* SPDX-License-Identifier: BSD-2-Clause */
/* address.c - addresses for the calls, most of them good, and how they are
 * printed: ports of ours by their numbers, others in the order seen. */
#include "differ.h"

#include <ctype.h>
#include <stddef.h>

enum { SEEN = 64, CHOSEN = 6,
       UN_HEAD = offsetof(struct sockaddr_un, sun_path) };

/* Ports and names that the kernel chose. */
static uint16_t ports[SEEN];
static char names[SEEN][8];

static void say_port(uint16_t port)
{
	unsigned n = ntohs(port), i = 0;

	if (!n || (n >= port_first && n < port_first + PORTS)) {
		say(n ? ":P%u" : ":0", n - port_first);
		return;
	}
	while (i < SEEN - 1 && ports[i] && ports[i] != port)
		i++;
	ports[i] = port;
	say(":E%u", i);
}

/* Is it one that autobind makes: a NUL and five hexadecimal digits, which may be
 * cut off? */
static int is_chosen(const char *path, socklen_t n)
{
	for (socklen_t i = 1; i < n; i++)
		if (!isxdigit((unsigned char)path[i]))
			return 0;
	return n > 1 && n <= CHOSEN && !path[0];
}

static void say_path(const char *path, socklen_t n)
{
	unsigned i = 0;

	if (!is_chosen(path, n)) {
		for (; i < n && i < 12; i++)
			say(isprint((unsigned char)path[i]) ? "%c" : "\\%x",
			    (unsigned char)path[i]);
		return;
	}
	while (i < SEEN - 1 && names[i][1] && memcmp(names[i], path, n))
		i++;
	if (n == CHOSEN)
		memcpy(names[i], path, n);
	say(n == CHOSEN ? "A%u" : "A", i);
}

/* len as the kernel told it; it had room for so much. */
void say_address(const void *a, socklen_t len, socklen_t room)
{
	const struct sockaddr_in *in = a;
	const struct sockaddr_un *un = a;
	socklen_t n = len < room ? len : room;

	say(" %u(", len);
	if (n >= 2 && in->sin_family == AF_INET && n >= sizeof *in) {
		say("%s", inet_ntoa(in->sin_addr));
		say_port(in->sin_port);
	} else if (n >= UN_HEAD && un->sun_family == AF_UNIX) {
		say_path(un->sun_path, n - UN_HEAD);
	} else if (n >= 2) {
		say("family %u", in->sin_family);
	}
	say(")");
}

/* Where a slot is, or its peer. */
static int address_of_slot(struct address *to, int family)
{
	int n = slot_any(), peer = one_in(3);

	to->len = sizeof to->a;
	if (n < 0 || slots[n].family != family)
		return -1;
	return peer ? getpeername(slots[n].fd, (void *)&to->a, &to->len) :
		      getsockname(slots[n].fd, (void *)&to->a, &to->len);
}

static void inet_make(struct address *to, uint32_t addr, unsigned port)
{
	struct sockaddr_in *a = (void *)&to->a;

	*a = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_port = htons(port) };
	a->sin_addr.s_addr = htonl(addr);
	to->len = sizeof *a;
}

static void inet_any(struct address *to)
{
	static const uint32_t odd[] = { 0x7f000002, 0x0a630001, 0xffffffff,
					0xe0000001, 0x7f000003, 0xf0000001 };
	static const int families[] = { AF_UNSPEC, AF_UNSPEC, AF_UNIX,
					AF_INET6, 255 };
	static const socklen_t lengths[] = { 0, 1, 2, 4, 8, 15, 17, 28, 128,
					     129, -1 };
	uint32_t addr = one_in(5) ? INADDR_ANY : INADDR_LOOPBACK;
	unsigned port = one_in(8) ? 0 : port_first + below(PORTS);

	if (one_in(3) && !address_of_slot(to, AF_INET))
		return;
	inet_make(to, one_in(12) ? PICK(odd) : addr, port);
	if (one_in(12)) {
		to->a.ss_family = PICK(families);
		if (to->a.ss_family == AF_UNIX)	/* a name, which is printed */
			((struct sockaddr_in *)&to->a)->sin_port = 0;
		if (one_in(2))
			((struct sockaddr_in *)&to->a)->sin_addr.s_addr = 0;
	}
	if (one_in(20))
		to->len = PICK(lengths);
}

static void unix_make(struct address *to, const char *path, socklen_t n)
{
	struct sockaddr_un *a = (void *)&to->a;

	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, path, n);
	to->len = UN_HEAD + n;
}

static void unix_any(struct address *to)
{
	static const char *const odd[] = { "file", "no/p0", "file/p", ".",
					   "/", "p0/", "./p1" };
	static const socklen_t lengths[] = { 0, 1, 2, 3, 109, 110, 111, 128,
					     129, -1 };
	const char *path = PICK(odd);

	if (one_in(3) && !address_of_slot(to, AF_UNIX))
		return;
	if (one_in(12))
		unix_make(to, path, strlen(path) + below(2));
	else
		address_fixed(to, AF_UNIX, below(2 * PORTS));
	if (one_in(20))
		to->a.ss_family = one_in(2) ? AF_UNSPEC : AF_INET;
	if (one_in(15))
		to->len = PICK(lengths);
}

/* One of the few that sockets meet at. */
void address_fixed(struct address *to, int family, unsigned which)
{
	char path[4] = { 0, 'p', '0' + which % PORTS, 0 };
	int named = which < PORTS;	/* else abstract */

	memset(to, 0, sizeof *to);
	if (family == AF_INET)
		inet_make(to, INADDR_LOOPBACK, port_first + which % PORTS);
	else
		unix_make(to, path + named, sizeof path - 1);
}

void address_any(struct address *to, int family)
{
	memset(to, 0, sizeof *to);
	if (one_in(30))
		family = family == AF_INET ? AF_UNIX : AF_INET;
	if (family == AF_INET)
		inet_any(to);
	else
		unix_any(to);
	say_address(&to->a, to->len,
		    (int)to->len < 0 || to->len > sizeof *to ? 0 : to->len);
}
