/* SPDX-License-Identifier: BSD-2-Clause */
/* socket.h - what socket.c and sockmsg.c share. No room includes it. */
#ifndef KERNEL_SYS_SOCKET_H
#define KERNEL_SYS_SOCKET_H

#include "kernel/sys/sys.h"

int socket_get(struct thread *me, int fd, struct file **out) must_check;
int socket_name_in(uint32_t user, uint32_t len, struct sock_name *out) must_check;
int socket_name_out(const struct sock_name *n, uint32_t user,
		    uint32_t user_len) must_check;

#endif
