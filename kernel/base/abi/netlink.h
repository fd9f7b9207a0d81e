/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/netlink.h - messages of AF_NETLINK, NETLINK_ROUTE (Linux netlink(7),
 * rtnetlink(7)). Messages and attributes are padded to 4 bytes; numbers are in
 * the machine's byte order, addresses in the network's. */
#ifndef KERNEL_BASE_ABI_NETLINK_H
#define KERNEL_BASE_ABI_NETLINK_H

#include "kernel/base/base.h"

enum { NETLINK_ROUTE = 0, NETLINK_END = 32 };	/* protocols of socket(2) */
struct abi_sockaddr_nl {
	uint16_t family, pad;
	uint32_t port, groups;
};

enum { SOL_NETLINK = 270 };
enum {	/* its options */
	NETLINK_ADD_MEMBERSHIP = 1, NETLINK_DROP_MEMBERSHIP, NETLINK_PKTINFO,
	NETLINK_NO_ENOBUFS = 5, NETLINK_LIST_MEMBERSHIPS = 9, NETLINK_CAP_ACK,
};

struct abi_nlmsghdr {
	uint32_t len;			/* with this header */
	uint16_t type, flags;
	uint32_t seq, port;
};
enum {	/* type: below NETLINK_FIRST those of netlink itself */
	NLMSG_ERROR = 2, NLMSG_DONE, NETLINK_FIRST = 16,
};
enum {	/* flags */
	NLM_F_REQUEST = 1, NLM_F_MULTI = 2, NLM_F_ACK = 4,
	NLM_F_DUMP_INTR = 0x10,
	NLM_F_DUMP = 0x300,		/* of a get: all that there are */
	NLM_F_REPLACE = 0x100, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400,
	NLM_F_CAPPED = 0x100,		/* of an error: without the request's rest */
};
struct abi_nlattr {			/* its data follow */
	uint16_t len, type;
};
enum { NLA_TYPE_MASK = 0x3fff };

enum {	/* NETLINK_ROUTE: types; each kind has NEW, DEL, GET, SET */
	RTM_NEWLINK = 16, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK,
	RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR,
	RTM_NEWROUTE = 24, RTM_DELROUTE, RTM_GETROUTE,
	RTM_NEWNEIGH = 28, RTM_DELNEIGH, RTM_GETNEIGH,
};
enum { RTNLGRP_LINK = 1, RTNLGRP_IPV4_IFADDR = 5, RTNLGRP_IPV4_ROUTE = 7 };

struct abi_ifinfomsg {
	uint8_t family, pad;
	uint16_t hardware;		/* ARPHRD_* */
	int32_t index;
	uint32_t flags, change;		/* IFF_*; those that are to change */
};
enum {
	IFLA_ADDRESS = 1, IFLA_BROADCAST, IFLA_IFNAME, IFLA_MTU, IFLA_QDISC = 6,
	IFLA_STATS, IFLA_TXQLEN = 13, IFLA_OPERSTATE = 16, IFLA_LINKMODE,
	IFLA_STATS64 = 23, IFLA_EXT_MASK = 29,
};
enum { IFF_LOWER_UP = 0x10000 };
enum { IF_OPER_UNKNOWN = 0, IF_OPER_DOWN = 2, IF_OPER_UP = 6 };
/* Of a struct rtnl_link_stats (32 bits each) and rtnl_link_stats64. */
enum { LINK_STATS = 24 };

struct abi_ifaddrmsg {
	uint8_t family, prefix, flags, scope;
	int32_t index;
};
enum {
	IFA_ADDRESS = 1, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO = 6,
	IFA_FLAGS = 8,
};
enum { IFA_F_SECONDARY = 1, IFA_F_PERMANENT = 0x80 };
enum { RT_SCOPE_UNIVERSE = 0, RT_SCOPE_LINK = 253, RT_SCOPE_HOST = 254 };

struct abi_rtmsg {
	uint8_t family, dst_prefix, src_prefix, tos, table, protocol, scope,
		type;
	uint32_t flags;
};
enum {
	RTA_DST = 1, RTA_SRC, RTA_IIF, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY,
	RTA_PREFSRC, RTA_TABLE = 15,
};
enum { RT_TABLE_UNSPEC = 0, RT_TABLE_MAIN = 254 };
enum { RTPROT_REDIRECT = 1, RTPROT_KERNEL, RTPROT_BOOT };
enum { RTN_UNSPEC = 0, RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST,
       RTN_MULTICAST = 5, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT,
       RTN_THROW };
enum { RTM_F_CLONED = 0x200 };

struct abi_ndmsg {
	uint8_t family, pad1;
	uint16_t pad2;
	int32_t index;
	uint16_t state;			/* NUD_* */
	uint8_t flags, type;
};
enum { NDA_DST = 1, NDA_LLADDR };
enum { NUD_INCOMPLETE = 1, NUD_REACHABLE = 2, NUD_STALE = 4, NUD_DELAY = 8,
       NUD_PROBE = 0x10, NUD_NOARP = 0x40, NUD_PERMANENT = 0x80 };

_Static_assert(sizeof(struct abi_ifinfomsg) == 16, "Linux's ifinfomsg");
_Static_assert(sizeof(struct abi_ifaddrmsg) == 8, "Linux's ifaddrmsg");
_Static_assert(sizeof(struct abi_rtmsg) == 12, "Linux's rtmsg");
_Static_assert(sizeof(struct abi_ndmsg) == 12, "Linux's ndmsg");

#endif
