/* SPDX-License-Identifier: BSD-2-Clause */
/* no_tcp.c - a stack without TCP, for tests that need none */
#include "net/tcp.h"

void tcp_init(void)
{
}
