/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/inet.h - addresses and ioctls of the Internet family (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_INET_H
#define KERNEL_BASE_ABI_INET_H

#include "kernel/base/base.h"

struct abi_sockaddr_in {	/* port, addr: network byte order */
	uint16_t family, port;
	uint32_t addr;
	char zero[8];
};
struct abi_sockaddr {
	uint16_t family;
	char data[14];
};

struct abi_sockaddr_ll {	/* of AF_PACKET */
	uint16_t family, protocol;	/* protocol: network byte order */
	int32_t device;
	uint16_t hardware;
	uint8_t kind, addr_len, addr[8];
};
enum { PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST,
       PACKET_OUTGOING };		/* abi_sockaddr_ll.kind */

enum {	/* ioctls: routes, interfaces, neighbours */
	SIOCADDRT = 0x890b, SIOCDELRT = 0x890c,
	SIOCGIFNAME = 0x8910, SIOCGIFCONF = 0x8912, SIOCGIFFLAGS = 0x8913,
	SIOCSIFFLAGS = 0x8914, SIOCGIFADDR = 0x8915, SIOCSIFADDR = 0x8916,
	SIOCGIFDSTADDR = 0x8917, SIOCSIFDSTADDR = 0x8918,
	SIOCGIFBRDADDR = 0x8919, SIOCSIFBRDADDR = 0x891a,
	SIOCGIFNETMASK = 0x891b, SIOCSIFNETMASK = 0x891c,
	SIOCGIFMETRIC = 0x891d, SIOCSIFMETRIC = 0x891e, SIOCGIFMTU = 0x8921,
	SIOCSIFMTU = 0x8922, SIOCSIFHWADDR = 0x8924, SIOCGIFHWADDR = 0x8927,
	SIOCGIFINDEX = 0x8933, SIOCGIFTXQLEN = 0x8942,
	SIOCDARP = 0x8953, SIOCGARP = 0x8954, SIOCSARP = 0x8955,
	SIOCGIFMAP = 0x8970,
};

enum {	/* options of level IPPROTO_IP, and control messages */
	IP_TOS = 1, IP_TTL, IP_HDRINCL, IP_PKTINFO = 8, IP_MTU_DISCOVER = 10,
	IP_RECVERR, IP_RECVTTL, IP_RECVTOS, IP_MTU, IP_MULTICAST_IF = 32,
	IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_ADD_MEMBERSHIP,
	IP_DROP_MEMBERSHIP,
};
enum { SOL_RAW = 255, ICMP_FILTER = 1 };	/* bit per type that is not wanted */
enum { IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE };
struct abi_in_pktinfo {
	int32_t device;
	uint32_t local, dst;	/* local: the address that answers */
};
struct abi_ip_mreqn {		/* without device: struct ip_mreq */
	uint32_t group, addr;
	int32_t device;
};

enum { IFREQ_NAME_MAX = 16 };
struct abi_ifreq {
	char name[IFREQ_NAME_MAX];
	union {
		struct abi_sockaddr_in addr;
		struct abi_sockaddr hardware;
		int16_t flags;
		int32_t number;		/* index, metric, MTU, queue length */
		char map[16];
	};
};
struct abi_ifconf {
	int32_t len;
	uint32_t buf;
};
struct abi_rtentry {
	uint32_t pad1;
	struct abi_sockaddr_in dst, gateway, mask;
	uint16_t flags;			/* RTF_* */
	int16_t pad2;
	uint32_t pad3, pad4;
	int16_t metric;			/* one more than it is */
	uint32_t device;		/* its name, or 0 */
	uint32_t mtu, window;
	uint16_t irtt;
};
enum { RTF_UP = 1, RTF_GATEWAY = 2, RTF_HOST = 4, RTF_REJECT = 0x200 };
struct abi_arpreq {
	struct abi_sockaddr_in addr;
	struct abi_sockaddr hardware;
	int32_t flags;			/* ATF_* */
	struct abi_sockaddr mask;
	char device[IFREQ_NAME_MAX];
};
enum { ATF_COMPLETE = 2, ATF_PERMANENT = 4, ATF_PUBLISHED = 8 };

_Static_assert(sizeof(struct abi_sockaddr_ll) == 20, "Linux's sockaddr_ll");
_Static_assert(sizeof(struct abi_ifreq) == 32, "Linux's i386 ifreq");
_Static_assert(sizeof(struct abi_rtentry) == 84, "Linux's i386 rtentry");
_Static_assert(sizeof(struct abi_arpreq) == 68, "Linux's arpreq");

#endif
