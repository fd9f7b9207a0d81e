/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * congestion.h - how much a sender may have under way: slow start (RFC 5681), and
 * above a threshold what a control says: CUBIC (RFC 9438) or Reno.
 *
 * It knows no protocol: its owner says what was acknowledged or lost, how large
 * a full segment is, and how long a round takes. All in bytes and ms.
 * Locks: the owner's.
 */
#ifndef NET_CONGESTION_H
#define NET_CONGESTION_H

#include "kernel/base/base.h"

struct congestion {
	uint32_t mss, rtt;		/* as the owner knows them now */
	uint32_t cwnd, ssthresh;
	uint32_t count;			/* bytes acked that cwnd did not grow for */
	uint32_t wmax, prior, west, epoch, k_ms;	/* RFC 9438 */
	bool epoch_set;
};
struct congestion_control {
	const char *name;
	/* bytes were acked above ssthresh */
	void (*acked)(struct congestion *c, uint32_t bytes, uint32_t now);
	/* ssthresh after a loss, when `flight` was under way */
	uint32_t (*threshold)(struct congestion *c, uint32_t flight);
};
extern const struct congestion_control congestion_cubic, congestion_reno;
const struct congestion_control *congestion_find(const char *name); /* or NULL */

void congestion_begin(struct congestion *c, uint32_t mss);	/* RFC 6928 */
/* bytes are acked, of `flight` that were under way. */
void congestion_acked(struct congestion *c,
		      const struct congestion_control *control,
		      uint32_t bytes, uint32_t flight, uint32_t now);
/* Another control begins. */
void congestion_anew(struct congestion *c);

#endif
