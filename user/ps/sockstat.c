/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockstat.c - sockets, and which process of which jail has each
 * (sockstat(1) in user/man).
 *
 * /proc/net has the sockets that the caller's jail may see, each with the
 * number of its inode; the links in /proc/PID/fd have these numbers too. A
 * socket that no process has any more, or none whose descriptors the caller may
 * look at, is shown with "?".
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ps.h"

static const char usage[] =
	"usage: sockstat [-46clLnqsuw] [-j JAIL,...] [-p PORT[-PORT],...] "
	"[-P PROTOCOL,...]\n";

enum family { TCP, UDP, RAW, UNIX, PACKET, NETLINK, FAMILIES };
enum { LISTEN = 10, ADDRESS = 32, PORTS = 65536, ALL_TYPES = 3 };
enum { UNIX_LISTENS = 0x10000, UNIX_CONNECTED = 3 };

struct endpoint {
	struct in_addr addr;
	unsigned port;
};

struct sock {
	unsigned long inode; /* 0: it has no file any more */
	enum family family;
	struct endpoint local, foreign;
	unsigned uid, state, type;
	bool listens, connected, shown;
	const char *path; /* local address of what has none of IPv4 */
};

static const char *const files[] = { "tcp",  "udp",    "raw",
				     "unix", "packet", "netlink" };
static const char *const states[] = {
	"?",	    "ESTABLISHED", "SYN_SENT",	 "SYN_RCVD", "FIN_WAIT_1",
	"FIN_WAIT_2", "TIME_WAIT",   "CLOSED",	 "CLOSE_WAIT", "LAST_ACK",
	"LISTEN",   "CLOSING",	   "SYN_RCVD",
};

static struct {
	struct sock *at;
	size_t n, room;
} socks;

static struct choice choice;
static bool port_wanted[PORTS], ports_given;
static bool wanted[FAMILIES];
static bool listening, connected, no_loopback, numeric, no_header, with_state;

/* --- reading ---------------------------------------------------------------- */

static bool parse_inet(struct sock *s, const char *line)
{
	return sscanf(line, " %*u: %8x:%4x %8x:%4x %2x %*s %*s %*s %u %*d %lu",
		      &s->local.addr.s_addr, &s->local.port,
		      &s->foreign.addr.s_addr, &s->foreign.port, &s->state,
		      &s->uid, &s->inode) == 7;
}

static const char *kept(const char *text, size_t len)
{
	char *copy = must(strndup(text, len));

	scan_make_printable(copy);
	return copy;
}

static bool parse_unix(struct sock *s, const char *line)
{
	unsigned flags;
	int end = 0;

	if (sscanf(line, "%*x: %*x %*x %x %x %x %lu%n", &flags, &s->type,
		   &s->state, &s->inode, &end) != 4)
		return false;
	s->listens = flags & UNIX_LISTENS;
	s->connected = s->state == UNIX_CONNECTED;
	line += end + strspn(line + end, " ");
	s->path = kept(line, strcspn(line, "\n"));
	return true;
}

/* By which interface, and frames of which type of Ethernet. */
static bool parse_packet(struct sock *s, const char *line)
{
	char name[IF_NAMESIZE] = "*", text[ADDRESS];
	unsigned type, device;

	if (sscanf(line, "%*x %*d %*d %x %u %*d %*u %u %lu", &type, &device,
		   &s->uid, &s->inode) != 4)
		return false;
	if (device && !if_indextoname(device, name))
		snprintf(name, sizeof(name), "%u", device);
	if (type == ALL_TYPES)
		snprintf(text, sizeof(text), "%s:*", name);
	else
		snprintf(text, sizeof(text), "%s:0x%04x", name, type);
	s->path = kept(text, strlen(text));
	return true;
}

static bool parse_netlink(struct sock *s, const char *line)
{
	unsigned protocol, port;
	char text[ADDRESS];

	if (sscanf(line, "%*x %u %u %*x %*d %*d %*d %*d %*u %lu", &protocol,
		   &port, &s->inode) != 3)
		return false;
	if (protocol)
		snprintf(text, sizeof(text), "%u:%u", protocol, port);
	else
		snprintf(text, sizeof(text), "route:%u", port);
	s->path = kept(text, strlen(text));
	return true;
}

static bool parse(struct sock *s, const char *line)
{
	if (s->family == UNIX)
		return parse_unix(s, line);
	if (s->family == PACKET)
		return parse_packet(s, line);
	if (s->family == NETLINK)
		return parse_netlink(s, line);
	if (!parse_inet(s, line))
		return false;
	s->listens = s->family == TCP ? s->state == LISTEN :
					!s->foreign.addr.s_addr;
	s->connected = !s->listens;
	return true;
}

static void read_family(enum family family)
{
	char name[32], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/net/%s", files[family]);
	file = fopen(name, "re");
	while (file && getline(&line, &size, file) > 0) {
		struct sock *s;

		if (socks.n == socks.room) {
			socks.room = socks.room * 2 + 64;
			socks.at = must(realloc(socks.at,
						socks.room * sizeof(*s)));
		}
		s = &socks.at[socks.n];
		*s = (struct sock){ .family = family };
		socks.n += parse(s, line); /* not the heading */
	}
	free(line);
	if (file)
		fclose(file);
}

static int by_inode(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* --- choosing --------------------------------------------------------------- */

static bool is_loopback(const struct endpoint *e)
{
	return (ntohl(e->addr.s_addr) >> 24) == 127;
}

static bool is_chosen(const struct sock *s)
{
	if (listening != connected && !(listening ? s->listens : s->connected))
		return false;
	if (s->path)
		return !ports_given;
	if (ports_given && !port_wanted[s->local.port % PORTS] &&
	    !port_wanted[s->foreign.port % PORTS])
		return false;
	return !no_loopback ||
	       (!is_loopback(&s->local) && !is_loopback(&s->foreign));
}

/* --- showing ---------------------------------------------------------------- */

static const char *put_endpoint(char *out, const struct endpoint *e)
{
	char port[12] = "*";

	if (e->port)
		snprintf(port, sizeof(port), "%u", e->port);
	snprintf(out, ADDRESS, "%s:%s",
		 e->addr.s_addr ? inet_ntoa(e->addr) : "*", port);
	return out;
}

static const char *protocol(const struct sock *s)
{
	static const char *const names[] = { [TCP] = "tcp4", [UDP] = "udp4",
					     [RAW] = "raw4",
					     [PACKET] = "packet",
					     [NETLINK] = "netlnk" };

	if (s->family != UNIX)
		return names[s->family];
	return s->type == 1 ? "stream" : s->type == 2 ? "dgram" : "seqpac";
}

/* A protocol stands where a raw socket has no port. */
static void put_row(const struct sock *s, const char *who, const char *jid)
{
	char local[ADDRESS], foreign[ADDRESS];
	const char *state = s->family == UNIX ?
		(s->listens ? "LISTEN" : s->connected ? "CONNECTED" : "") :
		(s->family == TCP && s->state < sizeof(states) / sizeof(*states) ?
			states[s->state] : "");

	printf("%s %-6s %-21s %-21s %4s", who, protocol(s),
	       s->path ? *s->path ? s->path : "-" :
			 put_endpoint(local, &s->local),
	       s->path ? "-" : put_endpoint(foreign, &s->foreign),
	       jid);
	printf(with_state ? " %s\n" : "\n", state);
}

static const char *owner(char *out, size_t size, unsigned uid)
{
	if (numeric)
		snprintf(out, size, "%u", uid);
	else
		snprintf(out, size, "%s", user_name(uid));
	return out;
}

static void show_fd(const struct task *t, int fd, unsigned long inode)
{
	struct sock key = { .inode = inode }, *s;
	char who[128], user[40], jid[16];

	s = inode ? bsearch(&key, socks.at, socks.n, sizeof(key), by_inode) :
		    NULL;
	if (!s)
		return;
	s->shown = true;
	if (!is_chosen(s) || !choice_holds(&choice, t))
		return;
	snprintf(who, sizeof(who), "%-8s %-10s %5d %3d",
		 owner(user, sizeof(user), t->euid), t->comm, t->pid, fd);
	snprintf(jid, sizeof(jid), "%d", t->jid);
	put_row(s, who, jid);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void show_task(const struct task *t)
{
	char name[300], link[64];
	struct dirent **fds;
	unsigned long inode;
	int n;

	snprintf(name, sizeof(name), "/proc/%d/fd", t->pid);
	n = scandir(name, &fds, NULL, by_number);
	for (int i = 0; i < n; i++) {
		ssize_t len;

		snprintf(name, sizeof(name), "/proc/%d/fd/%s", t->pid,
			 fds[i]->d_name);
		len = readlink(name, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1)
			show_fd(t, atoi(fds[i]->d_name), inode);
		free(fds[i]);
	}
	if (n >= 0)
		free(fds);
}

/* Whose jail is not known, as no process that could be asked has them. */
static void show_rest(void)
{
	char who[128], user[40];

	for (size_t i = 0; i < socks.n && !choice.jails.given; i++) {
		const struct sock *s = &socks.at[i];

		if (s->shown || !is_chosen(s))
			continue;
		snprintf(who, sizeof(who), "%-8s %-10s %5s %3s",
			 s->family == UNIX || s->family == NETLINK ? "?" :
				owner(user, sizeof(user), s->uid),
			 "?", "?", "?");
		put_row(s, who, "?");
	}
}

/* --- options ---------------------------------------------------------------- */

static void want_protocols(const char *text)
{
	char *words = must(strdup(text)), *at = words, *word;

	while ((word = strsep(&at, ","))) {
		int i = 0;

		while (i < FAMILIES && strcmp(files[i], word))
			i++;
		if (i == FAMILIES)
			fail("no protocol '%s': tcp, udp, raw, unix, packet "
			     "or netlink", word);
		wanted[i] = true;
	}
	free(words);
}

/* "22,80,1000-2000" */
static void want_ports(const char *text)
{
	unsigned first, last;
	int end;

	ports_given = true;
	do {
		end = 0;
		if (sscanf(text, "%5u%n-%5u%n", &first, &end, &last, &end) < 2)
			last = first;
		if (!end || first > last || last >= PORTS ||
		    (text[end] && text[end] != ','))
			fail("'%.*s' is no port, nor two with a - between",
			     (int)strcspn(text, ","), text);
		while (first <= last)
			port_wanted[first++] = true;
		text += end + 1;
	} while (text[-1]);
	port_wanted[0] = false; /* that is none */
}

static void option(int letter)
{
	switch (letter) {
	case '4':
		wanted[TCP] = wanted[UDP] = wanted[RAW] = true;
		break;
	case 'u':
		wanted[UNIX] = true;
		break;
	case 'c':
		connected = true;
		break;
	case 'l':
		listening = true;
		break;
	case 'L':
		no_loopback = true;
		break;
	case 'n':
		numeric = true;
		break;
	case 'q':
		no_header = true;
		break;
	case 's':
		with_state = true;
		break;
	case 'j':
		choose_jails(&choice.jails, optarg);
		break;
	case 'p':
		want_ports(optarg);
		break;
	case 'P':
		want_protocols(optarg);
		break;
	default:
		fputs(usage, stderr);
		exit(1);
	}
}

int sockstat_main(int argc, char **argv)
{
	bool six = false, all = true;
	struct tasks list;
	int letter;

	opterr = 0;
	while ((letter = getopt(argc, argv, "46cj:lLnp:P:qsuw")) != -1) {
		if (letter == '6')
			six = true; /* there are none */
		else if (letter != 'w') /* nothing is ever cut */
			option(letter);
	}
	if (optind < argc)
		option('?');
	for (int i = 0; i < FAMILIES; i++)
		all = all && !wanted[i] && !six;
	tasks_read(&list, 0);
	for (int i = 0; i < FAMILIES; i++)
		if (all || wanted[i])
			read_family(i);
	qsort(socks.at, socks.n, sizeof(*socks.at), by_inode);
	if (!no_header)
		printf("%-8s %-10s %5s %3s %-6s %-21s %-21s %4s%s\n", "USER",
		       "COMMAND", "PID", "FD", "PROTO", "LOCAL ADDRESS",
		       "FOREIGN ADDRESS", "JID", with_state ? " STATE" : "");
	for (size_t i = 0; i < list.n; i++)
		show_task(&list.at[i]);
	show_rest();
	tasks_free(&list);
	return 0;
}
