/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_show.c - /proc/net/dev and snmp, and the switches of a stack below
 * /proc/sys/net/ipv4.
 *
 * Counters are the host's affair; of interfaces everybody sees his own, and of
 * those what they count who has all addresses. Who
 * writes a switch sets it for the stack that his prison uses.
 * Locks: the kernel lock; text_put does not sleep.
 */
#include "kernel/fs/knob.h"
#include "net/inet.h"

typedef unsigned long long ull;

/* --- interfaces -------------------------------------------------------------------- */

static int show_dev(struct text *t, const struct cred *who)
{
	struct vnet *v = net_vnet(who->prison);
	struct netif *i = NULL;

	text_put(t, "Inter-|   Receive                            "
		 "                    |  Transmit\n"
		 " face |bytes    packets errs drop fifo frame compressed "
		 "multicast|bytes    packets errs drop fifo colls carrier "
		 "compressed\n");
	while ((i = netif_next(who, v, i))) {
		struct netif_stats in, out;

		netif_stats_seen(who, i, &in, &out);
		text_put(t, "%6s: %7llu %7llu %4llu %4llu %4u %5u %10u %9llu "
			 "%8llu %7llu %4llu %4llu %4u %5u %7u %10u\n", i->name,
			 (ull)in.bytes, (ull)in.packets, (ull)in.errors,
			 (ull)in.dropped, 0, 0, 0, (ull)in.multicast,
			 (ull)out.bytes, (ull)out.packets, (ull)out.errors,
			 (ull)out.dropped, 0, 0, 0, 0);
	}
	return 0;
}

/* --- sockets of IPv6, of which there are none: who lists all looks here too ----- */

#define HEAD6 "  sl  local_address                         remote_address      "    \
	      "                  st tx_queue rx_queue tr tm->when retrnsmt   uid"   \
	      "  timeout inode"

static int show_tcp6(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, HEAD6 "\n");
	return 0;
}

static int show_datagrams6(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, HEAD6 " ref pointer drops\n");
	return 0;
}

/* --- counters ---------------------------------------------------------------------- */

static const struct {
	const char *title, *fixed;	/* fixed: names of values that are not */
	enum net_counter first, end;	/* counted; then the counters' */
	const char *names;
} groups[] = {
	{ "Ip", "Forwarding DefaultTTL", NET_IP_IN, NET_ICMP_IN,
	  "InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
	  "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "
	  "ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails "
	  "FragCreates" },
	{ "Icmp", NULL, NET_ICMP_IN, NET_TCP_ACTIVE_OPENS,
	  "InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs "
	  "InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps "
	  "InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors "
	  "OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs "
	  "OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps "
	  "OutAddrMasks OutAddrMaskReps" },
	{ "Tcp", "RtoAlgorithm RtoMin RtoMax MaxConn", NET_TCP_ACTIVE_OPENS,
	  NET_UDP_IN,
	  "ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs "
	  "OutSegs RetransSegs InErrs OutRsts InCsumErrors" },
	{ "Udp", NULL, NET_UDP_IN, NET_COUNTERS,
	  "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors "
	  "InCsumErrors" },
};

static unsigned names_in(const char *s)
{
	unsigned n = 1;

	for (; *s; s++)
		n += *s == ' ';
	return n;
}

static int show_snmp(struct text *t, const struct cred *who)
{
	const struct vnet *v = net_vnet(who->prison);

	for (unsigned n = 0; n < ARRAY_LEN(groups); n++) {
		const char *fixed = groups[n].fixed;

		text_put(t, "%s: %s%s%s\n%s:", groups[n].title,
			 fixed ? fixed : "", fixed ? " " : "", groups[n].names,
			 groups[n].title);
		if (groups[n].first == NET_IP_IN)	/* 2: it does not */
			text_put(t, " %d %d", v->forwarding ? 1 : 2,
				 v->default_ttl);
		if (groups[n].first == NET_TCP_ACTIVE_OPENS)
			text_put(t, " 1 200 120000 -1");
		for (int c = groups[n].first; c < (int)groups[n].end; c++)
			text_put(t, " %llu", (ull)v->counters[c]);
		text_put(t, "\n");
	}
	return 0;
}

/* --- switches ---------------------------------------------------------------------- */

enum { FORWARDING, DEFAULT_TTL, ACCEPT_REDIRECTS, ECHO_IGNORE_ALL,
       ECHO_IGNORE_BROADCASTS };

static int *switch_of(const struct procfs_knob *k, const struct cred *who)
{
	struct vnet *v = net_vnet(who->prison);

	switch (k->bit) {
	case FORWARDING:
		return &v->forwarding;
	case DEFAULT_TTL:
		return &v->default_ttl;
	case ACCEPT_REDIRECTS:
		return &v->accept_redirects;
	case ECHO_IGNORE_ALL:
		return &v->echo_ignore_all;
	default:
		assert(k->bit == ECHO_IGNORE_BROADCASTS);
		return &v->echo_ignore_broadcasts;
	}
}

static int64_t get(const struct procfs_knob *k, const struct cred *who)
{
	return *switch_of(k, who);
}

static int set(const struct procfs_knob *k, const struct cred *who, int64_t v)
{
	*switch_of(k, who) = (int)v;
	return 0;
}

static int show_ports(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\t%d\n", INET_PORT_FIRST, INET_PORT_LAST);
	return 0;
}

static struct procfs_knob knobs[] = {
	{ "sys/net/ipv4", "ip_forward", PRIV_SYSCTL_WRITE, .get = get,
	  .set = set, .max = 1, .bit = FORWARDING },
	{ "sys/net/ipv4", "ip_default_ttl", PRIV_SYSCTL_WRITE, .get = get,
	  .set = set, .min = 1, .max = 255, .bit = DEFAULT_TTL },
	{ "sys/net/ipv4", "icmp_echo_ignore_all", PRIV_SYSCTL_WRITE,
	  .get = get, .set = set, .max = 1, .bit = ECHO_IGNORE_ALL },
	{ "sys/net/ipv4", "icmp_echo_ignore_broadcasts", PRIV_SYSCTL_WRITE,
	  .get = get, .set = set, .max = 1, .bit = ECHO_IGNORE_BROADCASTS },
	{ "sys/net/ipv4/conf/all", "accept_redirects", PRIV_SYSCTL_WRITE,
	  .get = get, .set = set, .max = 1, .bit = ACCEPT_REDIRECTS },
	{ "sys/net/ipv4", "ip_local_port_range", .show = show_ports },
};

void net_show_init(void)
{
	static struct procfs_entry entries[] = {
		{ .directory = "net", .name = "dev", .gate = PROC_GATE_ALL,
		  .show = show_dev },
		{ .directory = "net", .name = "snmp", .show = show_snmp },
		{ .directory = "net", .name = "tcp6", .gate = PROC_GATE_ALL,
		  .show = show_tcp6 },
		{ .directory = "net", .name = "udp6", .gate = PROC_GATE_ALL,
		  .show = show_datagrams6 },
		{ .directory = "net", .name = "raw6", .gate = PROC_GATE_ALL,
		  .show = show_datagrams6 },
	};

	assert(groups[0].first == 0);
	for (unsigned n = 0; n < ARRAY_LEN(groups); n++) {
		assert(n == 0 || groups[n].first == groups[n - 1].end);
		assert(names_in(groups[n].names) ==
		       groups[n].end - groups[n].first);
	}
	assert(groups[ARRAY_LEN(groups) - 1].end == NET_COUNTERS);
	for (unsigned n = 0; n < ARRAY_LEN(entries); n++)
		procfs_register(&entries[n]);
	for (unsigned n = 0; n < ARRAY_LEN(knobs); n++)
		procfs_knob_add(&knobs[n]);
}
