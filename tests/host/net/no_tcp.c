/* SPDX-License-Identifier: BSD-2-Clause */
/* no_tcp.c - a stack without TCP, for tests that need none */
#include "net/tcp.h"

static int begin(struct inet_sock *s, int protocol)
{
	(void)s;
	(void)protocol;
	return -EPROTONOSUPPORT;
}

struct inet_transport tcp_transport = {
	.size = sizeof(struct inet_sock), .begin = begin,
};
