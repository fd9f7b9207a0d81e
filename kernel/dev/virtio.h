/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio.h - private to room 8: virtio over PCI, as its drivers use it.
 *
 * virtio_find, then as often as one likes: virtio_begin, virtqueue_begin for
 * each queue, virtio_ready, ..., virtio_reset, virtqueue_empty for each.
 */
#ifndef KERNEL_DEV_VIRTIO_H
#define KERNEL_DEV_VIRTIO_H

#include "kernel/dev/dev.h"

struct virtio_region {		/* registers: ports, or memory */
	uint16_t port;		/* if memory is NULL */
	volatile uint8_t *memory;
	uint32_t size;
};
struct virtio {
	struct pci_device *pci;
	bool modern;		/* virtio 1.0; else the legacy interface */
	struct virtio_region common, notify, isr, config;
	uint32_t notify_step;	/* modern: bytes from one queue's to the next */
	uint64_t features;	/* that both sides have agreed on */
};
#define VIRTIO_EVENT_INDEX (1ull << 29)
#define VIRTIO_VERSION_1 (1ull << 32)
enum { VIRTIO_VENDOR = 0x1af4, VIRTIO_ISR_CONFIG = 2 };

/* Finds the registers. -ENODEV: it has none that we can reach. */
int virtio_find(struct virtio *d, struct pci_device *pci) must_check;
/* Resets it and agrees on what of wanted it has. -EIO. */
int virtio_begin(struct virtio *d, uint64_t wanted) must_check;
void virtio_ready(struct virtio *d);	/* its queues are set up: go */
/* It forgets all queues, and touches our memory no more. */
void virtio_reset(struct virtio *d);
uint8_t virtio_config(const struct virtio *d, unsigned at);
uint8_t virtio_isr(struct virtio *d);	/* any context; lets go of the line */

struct virtio_piece {
	void *at;		/* in the direct map */
	uint32_t len;
};
struct virtqueue {
	struct virtio *device;
	unsigned index, order;	/* order: of its pages */
	uint32_t size;		/* descriptors, a power of two */
	struct virtq_descriptor *descriptors;
	struct virtq_available *available;
	volatile struct virtq_used *used;
	void **tokens;		/* by a chain's first descriptor; NULL: not out */
	uint32_t notify_at;
	uint32_t free, free_count;	/* descriptors, chained by next */
	uint32_t chains;	/* with the device */
	uint16_t put, told, seen; /* put: available up to here; told: the device
				   * knows; seen: used up to here */
	bool broken;		/* the device wrote what cannot be */
};
/* -ENOMEM; -EIO: the device has no such queue, or of a size that cannot be. */
int virtqueue_begin(struct virtqueue *q, struct virtio *d,
		    unsigned index) must_check;
/* After a reset: the next token that was with the device; NULL: all are back. */
void *virtqueue_empty(struct virtqueue *q);
/* The first descriptor of the next chain, if n are free; -ENOSPC. */
int virtqueue_room(const struct virtqueue *q, unsigned n) must_check;
/* n pieces for the device, the first `out` to be read by it, the rest written.
 * There is room. */
void virtqueue_put(struct virtqueue *q, const struct virtio_piece *pieces,
		   unsigned n, unsigned out, void *token);
void virtqueue_tell(struct virtqueue *q);	/* what was put */
/* The token of a chain that the device is done with; how much it wrote, and the
 * chain's first descriptor. NULL: none, or broken. */
void *virtqueue_take(struct virtqueue *q, uint32_t *written, unsigned *first);
void virtqueue_quiet(struct virtqueue *q);	/* no interrupts */
/* An interrupt for the next chain. false: it is there already. */
bool virtqueue_watch(struct virtqueue *q) must_check;
/* One when all are done, where the device can do that. false: they are. */
bool virtqueue_watch_last(struct virtqueue *q) must_check;

#endif
