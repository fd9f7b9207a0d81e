/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_ring.h - PACKET_RX_RING: frames given to a program in memory that it
 * maps, as TPACKET_V2 lays them out.
 *
 * Locks: the kernel lock. Only making a ring sleeps.
 */
#ifndef NET_PACKET_RING_H
#define NET_PACKET_RING_H

#include "kernel/base/abi/inet.h"
#include "kernel/fs/fs.h"

struct packet_ring;
struct packet_ring_frame {	/* what is to be put into one */
	const uint8_t *data;	/* of which `kept` bytes are wanted, */
	uint32_t len, kept;	/* of len that there were */
	uint32_t head;		/* bytes of the link's header at data */
	uint32_t status;	/* TP_STATUS_* beside USER and LOSING */
	struct abi_sockaddr_ll from;
};

/* reserve: bytes that stay free before a frame. -EINVAL: no such shape;
 * -ENOMEM, also when pays may not have more. Sleeps. */
int packet_ring_new(struct prison *pays, const struct abi_tpacket_req *shape,
		    uint32_t reserve, struct packet_ring **out) must_check;
void packet_ring_free(struct packet_ring *r);	/* or NULL. Maps keep the memory */
bool packet_ring_mapped(const struct packet_ring *r);
/* mmap of all of it. -EINVAL: of a part. */
int packet_ring_map(struct packet_ring *r, struct file *f,
		    struct vm_request *request) must_check;
/* False: the program has not given the next frame back. lost: some before it
 * found no room. */
bool packet_ring_put(struct packet_ring *r, const struct packet_ring_frame *f,
		     bool lost) must_check;
bool packet_ring_ready(const struct packet_ring *r);	/* is there one to read? */

#endif
