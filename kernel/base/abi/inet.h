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
enum { SOL_PACKET = 263 };
enum {	/* its options, and the control message */
	PACKET_ADD_MEMBERSHIP = 1, PACKET_DROP_MEMBERSHIP, PACKET_RX_RING = 5,
	PACKET_STATISTICS, PACKET_AUXDATA = 8, PACKET_VERSION = 10,
	PACKET_HDRLEN, PACKET_RESERVE,
};
enum { PACKET_MR_MULTICAST, PACKET_MR_PROMISC, PACKET_MR_ALLMULTI,
       PACKET_MR_UNICAST };
struct abi_packet_mreq {
	int32_t device;
	uint16_t type, addr_len;
	uint8_t addr[8];
};
struct abi_tpacket_stats {	/* since it was asked last */
	uint32_t packets, drops;
};
struct abi_tpacket_auxdata {
	uint32_t status, len, kept;
	uint16_t mac, net, vlan_tci, vlan_tpid;
};
enum { TP_STATUS_KERNEL, TP_STATUS_USER, TP_STATUS_LOSING = 4,
       TP_STATUS_CSUMNOTREADY = 8 };
enum { TPACKET_V1, TPACKET_V2, TPACKET_V3, TPACKET_ALIGNMENT = 16 };
struct abi_tpacket_req {	/* PACKET_RX_RING */
	uint32_t block_size, block_count, frame_size, frame_count;
};
struct abi_tpacket2_hdr {	/* of a frame in the ring; sockaddr_ll follows */
	uint32_t status, len, kept;
	uint16_t mac, net;
	uint32_t sec, nsec;
	uint16_t vlan_tci, vlan_tpid;
	uint8_t pad[4];
};

enum {	/* ioctls: routes, interfaces, neighbours */
	SIOCADDRT = 0x890b, SIOCDELRT = 0x890c,
	SIOCGIFNAME = 0x8910, SIOCGIFCONF = 0x8912, SIOCGIFFLAGS = 0x8913,
	SIOCSIFFLAGS = 0x8914, SIOCGIFADDR = 0x8915, SIOCSIFADDR = 0x8916,
	SIOCGIFDSTADDR = 0x8917, SIOCSIFDSTADDR = 0x8918,
	SIOCGIFBRDADDR = 0x8919, SIOCSIFBRDADDR = 0x891a,
	SIOCGIFNETMASK = 0x891b, SIOCSIFNETMASK = 0x891c,
	SIOCGIFMETRIC = 0x891d, SIOCSIFMETRIC = 0x891e, SIOCGIFMTU = 0x8921,
	SIOCSIFMTU = 0x8922, SIOCSIFNAME = 0x8923, SIOCSIFHWADDR = 0x8924, SIOCGIFHWADDR = 0x8927,
	SIOCGIFINDEX = 0x8933, SIOCGIFTXQLEN = 0x8942, SIOCETHTOOL = 0x8946,
	SIOCDARP = 0x8953, SIOCGARP = 0x8954, SIOCSARP = 0x8955,
	SIOCGIFMAP = 0x8970,
};

enum {	/* options of level IPPROTO_IP, and control messages */
	IP_TOS = 1, IP_TTL, IP_HDRINCL, IP_PKTINFO = 8, IP_MTU_DISCOVER = 10,
	IP_RECVERR, IP_RECVTTL, IP_RECVTOS, IP_MTU, IP_FREEBIND,
	IP_MULTICAST_IF = 32,
	IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_ADD_MEMBERSHIP,
	IP_DROP_MEMBERSHIP,
};
enum { SOL_RAW = 255, ICMP_FILTER = 1 };	/* bit per type that is not wanted */
enum { IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE };
struct abi_in_pktinfo {
	int32_t device;
	uint32_t local, dst;	/* local: the address that answers */
};
struct abi_sock_extended_err {	/* IP_RECVERR; sockaddr_in of who told follows */
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};
enum { SO_EE_ORIGIN_LOCAL = 1, SO_EE_ORIGIN_ICMP };
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
		uint32_t data;		/* user address: SIOCETHTOOL */
		char map[16];
		char new_name[IFREQ_NAME_MAX];
	};
};
enum {	/* SIOCETHTOOL, the first word at abi_ifreq.data */
	ETHTOOL_GLINK = 0xa, ETHTOOL_GTXCSUM = 0x16, ETHTOOL_GTSO = 0x1e,
	ETHTOOL_GET_TS_INFO = 0x41,
};
struct abi_ethtool_value { uint32_t cmd, value; };
struct abi_ethtool_ts_info {
	uint32_t cmd, kinds;		/* SOF_TIMESTAMPING_* */
	int32_t clock;			/* -1: none */
	uint32_t send, reserved1[3], filters, reserved2[3];
};
enum { SOF_TIMESTAMPING_RX_SOFTWARE = 8, SOF_TIMESTAMPING_SOFTWARE = 16 };
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
_Static_assert(sizeof(struct abi_tpacket2_hdr) == 32, "Linux's tpacket2_hdr");
_Static_assert(sizeof(struct abi_ifreq) == 32, "Linux's i386 ifreq");
_Static_assert(sizeof(struct abi_ethtool_ts_info) == 44, "ethtool_ts_info");
_Static_assert(sizeof(struct abi_rtentry) == 84, "Linux's i386 rtentry");
_Static_assert(sizeof(struct abi_arpreq) == 68, "Linux's arpreq");

#endif
