/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_ring.c - frames in memory that a program has mapped, so that it reads
 * them without a call. Linux's packet_mmap, TPACKET_V2.
 *
 * The memory is an object of the VM, all pages there from the beginning, and
 * rows of frames of one size in it; none crosses the end of a block, but it may
 * cross pages. The first word of a frame says whose it is: ours (0), or the
 * program's until it writes 0 again. That word is all that is ever read of it,
 * so what else a program writes there is its own affair.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/charge.h"
#include "net/inet.h"
#include "net/packet_ring.h"

enum { NS_PER_SEC = 1000000000, LINK_LEAST = 16 };
enum { HEAD = sizeof(struct abi_tpacket2_hdr),
       HEADS = HEAD + sizeof(struct abi_sockaddr_ll) };

struct packet_ring {
	struct vm_object *object;
	struct prison *pays;		/* not held: a socket's */
	uint32_t block_size, blocks, frame_size, frames, reserve;
	uint32_t next;			/* frame to be written */
};

static uint32_t align(uint32_t n)
{
	return align_up(n, TPACKET_ALIGNMENT);
}

/* --- memory ------------------------------------------------------------------------ */

static uint32_t place_of(const struct packet_ring *r, uint32_t frame)
{
	uint32_t each = r->block_size / r->frame_size;

	assert(frame < r->frames);
	return frame / each * r->block_size + frame % each * r->frame_size;
}

static void *address_of(const struct packet_ring *r, uint32_t at)
{
	struct page *p = vm_object_peek(r->object, at >> PAGE_SHIFT);

	assert(p);
	return (uint8_t *)page_address(p) + (at & (PAGE_SIZE - 1));
}

static void write(struct packet_ring *r, uint32_t at, const void *from,
		  uint32_t n)
{
	const uint8_t *p = from;

	while (n) {
		uint32_t part = min_u32(n, PAGE_SIZE - (at & (PAGE_SIZE - 1)));

		memcpy(address_of(r, at), p, part);
		at += part;
		p += part;
		n -= part;
	}
}

/* The word that says whose a frame is. */
static volatile uint32_t *status_of(const struct packet_ring *r, uint32_t frame)
{
	return address_of(r, place_of(r, frame));
}

/* --- making ------------------------------------------------------------------------ */

static bool shape_ok(const struct abi_tpacket_req *s, uint32_t reserve)
{
	if (!s->block_size || s->block_size % PAGE_SIZE || !s->block_count)
		return false;
	if (reserve > INT32_MAX - HEADS || s->frame_size < HEADS + reserve ||
	    s->frame_size % TPACKET_ALIGNMENT || s->frame_size > s->block_size)
		return false;
	if (s->block_size > UINT32_MAX / s->block_count)
		return false;
	return s->block_size / s->frame_size * s->block_count == s->frame_count;
}

static int pages_make(struct packet_ring *r, uint32_t n)
{
	struct page *p;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		err = vm_object_page(r->object, i, true, &p);
		if (!err)
			page_drop(p);
	}
	return err;
}

int packet_ring_new(struct prison *pays, const struct abi_tpacket_req *shape,
		    uint32_t reserve, struct packet_ring **out)
{
	struct packet_ring *r;
	uint32_t pages;
	int err;

	if (!shape_ok(shape, reserve))
		return -EINVAL;
	r = charged_alloc(pays, sizeof *r);
	if (!r)
		return -ENOMEM;
	*r = (struct packet_ring){
		.pays = pays, .block_size = shape->block_size,
		.blocks = shape->block_count, .frame_size = shape->frame_size,
		.frames = shape->frame_count, .reserve = reserve,
	};
	err = vm_object_new(pays, NULL, NULL, &r->object);
	if (err) {
		charged_free(pays, r, sizeof *r);
		return err;
	}
	pages = r->blocks * (r->block_size >> PAGE_SHIFT);
	r->object->size_limit = pages;
	err = pages_make(r, pages);
	if (err)
		packet_ring_free(r);
	else
		*out = r;
	return err;
}

void packet_ring_free(struct packet_ring *r)
{
	if (!r)
		return;
	vm_object_drop(r->object);
	charged_free(r->pays, r, sizeof *r);
}

bool packet_ring_mapped(const struct packet_ring *r)
{
	return !list_empty(&r->object->mappings);
}

int packet_ring_map(struct packet_ring *r, struct file *f,
		    struct vm_request *request)
{
	if (request->object_page ||
	    request->size != r->object->size_limit << PAGE_SHIFT)
		return -EINVAL;
	request->object = r->object;
	request->ops = &file_map_ops;
	request->owner = f;
	return 0;
}

/* --- frames ------------------------------------------------------------------------ */

bool packet_ring_put(struct packet_ring *r, const struct packet_ring_frame *f,
		     bool lost)
{
	uint32_t at = place_of(r, r->next), part;
	uint32_t net = align(align(HEADS) + max_u32(f->head, LINK_LEAST)) +
		       r->reserve;
	struct abi_tpacket2_hdr h = { .len = f->len, .mac = net - f->head,
				      .net = net };

	assert(f->kept <= f->len && f->head <= LINK_LEAST);
	if (*status_of(r, r->next) != TP_STATUS_KERNEL || net > UINT16_MAX)
		return false;
	if (h.mac < r->frame_size)
		h.kept = min_u32(f->kept, r->frame_size - h.mac);
	h.sec = (uint32_t)div_u64((uint64_t)timer_realtime_ns(), NS_PER_SEC,
				  &part);
	h.nsec = part;
	write(r, at, &h, sizeof h);
	write(r, at + HEAD, &f->from, sizeof f->from);
	write(r, at + h.mac, f->data, h.kept);
	*status_of(r, r->next) = f->status | TP_STATUS_USER |
				 (lost ? TP_STATUS_LOSING : 0);
	r->next = (r->next + 1) % r->frames;
	return true;
}

bool packet_ring_ready(const struct packet_ring *r)
{
	uint32_t last = (r->next ? r->next : r->frames) - 1;

	return *status_of(r, last) != TP_STATUS_KERNEL;
}
