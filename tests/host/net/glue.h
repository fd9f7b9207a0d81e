/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glue.h - the kernel's IP stack as a part of a test program: net/ and jail/ as
 * they are, on a machine that is played by glue.c.
 *
 * It has lo and eth0 (02:00:00:00:00:01, 10.0.0.1/24), and time stands still
 * but for glue_later. No header of the kernel is needed, so that a test may use
 * the C library's. Addresses are in network byte order, ports in host order.
 */
#ifndef GLUE_H
#define GLUE_H

#include <stdbool.h>
#include <stdint.h>

enum { GLUE_PROTOCOL = 253 };	/* what comes for it is kept for glue_got */

void glue_begin(void);
void glue_frame(const void *frame, unsigned n);	/* comes in by eth0 */
/* The same, of what a device has put together: its TCP sum is not complete, and
 * segment bytes of payload were in each frame. */
void glue_large(const void *frame, unsigned n, unsigned segment);
int glue_sent(void *to, unsigned size);	/* the oldest that went out; 0: none */
int glue_got(void *to, unsigned size);	/* what came for GLUE_PROTOCOL; -1 */
void glue_later(unsigned ms);
void glue_settle(void);			/* what was put off is done */
/* Frames from now on come in at once: what they put off waits for the last. */
void glue_hold(void);
void glue_release(void);
unsigned glue_memory(void);		/* pieces that are allocated now */
/* The n-th allocation from now on fails; 0: none. Has it failed? */
void glue_fail(unsigned n);
bool glue_failed(void);
/* 0 or the kernel's -E */
int glue_send(uint32_t dst, const void *data, unsigned n, bool whole);
int glue_error(void);			/* the last that GLUE_PROTOCOL was told */
void glue_forwarding(bool on);
void glue_redirects(bool on);		/* are they obeyed? */
void glue_mtu(unsigned mtu);
int glue_address(const char *addr, int bits);	/* one more of eth0 */
int glue_address_bare(const char *addr, int bits);	/* no broadcast told */
int glue_address_remove(const char *addr);
int glue_netmask(const char *addr, int bits);
bool glue_is_broadcast(const char *addr);
int glue_join(const char *group);
void glue_leave(const char *group);
int glue_route_add(const char *dst, int bits, const char *gateway, int metric);
/* Who sends there is told err. */
int glue_route_refuse(const char *dst, int bits, int err);
int glue_route_remove(const char *dst, int bits);
/* "eth0 10.0.0.2 10.0.0.1 1500": interface, next, source, MTU; or "none" */
const char *glue_route(const char *dst);
/* The sum of n bytes, not folded; as the kernel adds it. */
uint32_t glue_sum(uint32_t sum, const void *p, unsigned n);
uint64_t glue_counter(const char *name);	/* "ReasmFails" */
/* The host's sockets may take so many bytes more than now. */
void glue_allow(unsigned bytes);

/* A jail in that one (NULL: the host) with these addresses, up to three. */
struct prison *glue_jail(struct prison *in, const char *a, const char *b,
			 const char *c);
/* These are its addresses from now on, where its parent has them. */
void glue_jail_addresses(struct prison *p, const char *a, const char *b,
			 const char *c);
void glue_jail_end(struct prison *p);
enum { GLUE_STREAM = 1, GLUE_REUSEADDR = 2, GLUE_REUSEPORT = 4,
       GLUE_LISTEN = 8, GLUE_USER = 16 };
struct glue_sock;
/* bind(2) in p; *err, NULL where it failed. */
struct glue_sock *glue_bind(struct prison *p, const char *addr, unsigned port,
			    unsigned flags, int *err);
int glue_connect(struct glue_sock *s, const char *addr, unsigned port);
void glue_close(struct glue_sock *s);
const char *glue_name(const struct glue_sock *s);	/* "10.0.0.1:80" */
/* Whose is a packet from 10.0.0.9:9999 to there? */
struct glue_sock *glue_lookup(const char *dst, unsigned port);

#endif
