/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/socket.h - numbers and structs of the socket calls (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_SOCKET_H
#define KERNEL_BASE_ABI_SOCKET_H

#include "kernel/base/base.h"

enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_NETLINK = 16,
       AF_PACKET = 17, AF_MAX = 46 };
enum { PF_UNIX = 1 };		/* as a protocol, the only one beside 0 */
enum { SOCK_STREAM = 1, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET = 5,
       SOCK_TYPE_END = 11 };
enum { SHUT_RD, SHUT_WR, SHUT_RDWR };

/* socketcall(2): the number of the call */
enum {
	SOCKETCALL_SOCKET = 1, SOCKETCALL_BIND, SOCKETCALL_CONNECT,
	SOCKETCALL_LISTEN, SOCKETCALL_ACCEPT, SOCKETCALL_GETSOCKNAME,
	SOCKETCALL_GETPEERNAME, SOCKETCALL_SOCKETPAIR, SOCKETCALL_SEND,
	SOCKETCALL_RECV, SOCKETCALL_SENDTO, SOCKETCALL_RECVFROM,
	SOCKETCALL_SHUTDOWN, SOCKETCALL_SETSOCKOPT, SOCKETCALL_GETSOCKOPT,
	SOCKETCALL_SENDMSG, SOCKETCALL_RECVMSG, SOCKETCALL_ACCEPT4,
	SOCKETCALL_RECVMMSG, SOCKETCALL_SENDMMSG, SOCKETCALL_END,
};

enum {	/* flags of send and recv */
	MSG_OOB = 1, MSG_PEEK = 2, MSG_DONTROUTE = 4, MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_EOR = 0x80,
	MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000, MSG_MORE = 0x8000,
	MSG_WAITFORONE = 0x10000, MSG_CMSG_CLOEXEC = 0x40000000,
};

enum { SOL_SOCKET = 1 };
enum {
	SO_DEBUG = 1, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE,
	SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_OOBINLINE,
	SO_NO_CHECK, SO_PRIORITY, SO_LINGER, SO_BSDCOMPAT, SO_REUSEPORT,
	SO_PASSCRED, SO_PEERCRED, SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO_OLD,
	SO_SNDTIMEO_OLD, SO_BINDTODEVICE = 25, SO_ATTACH_FILTER,
	SO_DETACH_FILTER, SO_TIMESTAMP_OLD = 29, SO_ACCEPTCONN, SO_PEERSEC,
	SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_TIMESTAMPNS_OLD = 35,
	SO_PROTOCOL = 38, SO_DOMAIN = 39, SO_PEEK_OFF = 42,
	SO_PEERGROUPS = 59, SO_TIMESTAMP_NEW = 63, SO_TIMESTAMPNS_NEW = 64,
	SO_RCVTIMEO_NEW = 66, SO_SNDTIMEO_NEW = 67,
};
struct abi_linger {
	int32_t on, seconds;
};

struct abi_sock_filter {	/* one instruction of classic BPF */
	uint16_t code;
	uint8_t yes, no;	/* jumps */
	uint32_t k;
};
struct abi_sock_fprog {
	uint16_t len;		/* instructions */
	uint32_t code;
};
enum {	/* places that Linux loads from what is known beside the packet */
	SKF_AD_OFF = 0xfffff000, SKF_AD_PROTOCOL = SKF_AD_OFF,
	SKF_AD_PKTTYPE = SKF_AD_OFF + 4, SKF_AD_IFINDEX = SKF_AD_OFF + 8,
};

enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2, SCM_MAX_FD = 253 };
struct abi_ucred {
	int32_t pid;
	uint32_t uid, gid;
};
struct abi_cmsghdr {		/* its data follow */
	uint32_t len;		/* with this header */
	int32_t level, type;
};
struct abi_msghdr {
	uint32_t name;
	int32_t name_len;
	uint32_t iov, iov_count, control, control_len, flags;
};
struct abi_mmsghdr {
	struct abi_msghdr msg;
	uint32_t len;
};

enum { SOCKADDR_MAX = 128, UNIX_PATH_MAX = 108 };
struct abi_sockaddr_un {
	uint16_t family;
	char path[UNIX_PATH_MAX];
};

enum { SIOCINQ = 0x541b, SIOCOUTQ = 0x5411, SIOCATMARK = 0x8905 };
enum {	/* when the last message came: in us, in ns; of 32 bits, of 64 */
	SIOCGSTAMP_OLD = 0x8906, SIOCGSTAMPNS_OLD = 0x8907,
};
#define SIOCGSTAMP_NEW 0x80108906u
#define SIOCGSTAMPNS_NEW 0x80108907u

_Static_assert(sizeof(struct abi_msghdr) == 28, "Linux's i386 user_msghdr");

#endif
