/* SPDX-License-Identifier: BSD-2-Clause */
/* cubic_glue.h - one connection's CUBIC, without the connection. In bytes. */
#ifndef CUBIC_GLUE_H
#define CUBIC_GLUE_H

void cubic_begin(unsigned mss, unsigned cwnd, unsigned rtt_ms);
unsigned cubic_loss(void);	/* the window is that then */
void cubic_acked(unsigned bytes);
void cubic_later(unsigned ms);
unsigned cubic_cwnd(void);
unsigned cubic_wmax(void);

#endif
