/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_glue.h - the kernel's TCP as a part of a test program, beside glue.h: a
 * program's calls, none of which ever waits. Errors are the kernel's -E.
 */
#ifndef TCP_GLUE_H
#define TCP_GLUE_H

#include "tests/host/net/glue.h"

struct tcp_sock;
struct tcp_sock *tcp_glue_new(void);
int tcp_glue_listen(struct tcp_sock *s, unsigned port, unsigned backlog);
/* The oldest that was established, or NULL. */
struct tcp_sock *tcp_glue_accept(struct tcp_sock *s);
int tcp_glue_connect(struct tcp_sock *s, const char *addr, unsigned port);
unsigned tcp_glue_port(const struct tcp_sock *s);
int tcp_glue_write(struct tcp_sock *s, const void *from, unsigned n);
int tcp_glue_read(struct tcp_sock *s, void *to, unsigned n);
void tcp_glue_end_write(struct tcp_sock *s);
void tcp_glue_close(struct tcp_sock *s);
int tcp_glue_state(const struct tcp_sock *s);	/* TCP_* of linux */
int tcp_glue_error(struct tcp_sock *s);
unsigned tcp_glue_cwnd(const struct tcp_sock *s);
unsigned tcp_glue_count(void);			/* sockets there are */
void tcp_glue_nodelay(struct tcp_sock *s);
void tcp_glue_keepalive(struct tcp_sock *s, unsigned idle_ms);
void tcp_glue_by_device(struct tcp_sock *s);	/* SO_BINDTODEVICE: eth0 */
void tcp_glue_defer(struct tcp_sock *s, unsigned seconds);
void tcp_glue_user_timeout(struct tcp_sock *s, unsigned ms);
void tcp_glue_reno(struct tcp_sock *s);
void tcp_glue_cutting(bool on);	/* eth0 cuts segments for us */
unsigned tcp_glue_ssthresh(const struct tcp_sock *s);

#endif
