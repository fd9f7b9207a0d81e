/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.c - birth and death of packets, and the Internet checksum.
 *
 * The struct and its bytes are one allocation. A sum is kept as the words lie
 * in memory: that the machine has the other byte order cancels out (RFC 1071).
 *
 * Locks: the kernel lock.
 */
#include "net/packet.h"

#include "kernel/mem/mem.h"

struct packet *packet_new(uint32_t n)
{
	uint32_t size = PACKET_HEAD + n;
	struct packet *k;

	assert(n < size);	/* no wrap */
	k = kmem_alloc(sizeof *k + size);
	if (!k)
		return NULL;
	memset(k, 0, sizeof *k);
	list_init(&k->link);
	k->block = (uint8_t *)(k + 1);
	k->size = size;
	k->data = k->block + PACKET_HEAD;
	return k;
}

struct packet *packet_new_for(struct prison *p, uint32_t n)
{
	uint32_t bytes = sizeof(struct packet) + PACKET_HEAD + n;
	struct packet *k;

	if (racct_charge(p, RACCT_SOCKBUF, bytes))
		return NULL;
	k = packet_new(n);
	if (!k) {
		racct_release(p, RACCT_SOCKBUF, bytes);
		return NULL;
	}
	prison_hold(p);
	k->payer = p;
	k->charged = bytes;
	return k;
}

static void pay_back(struct packet *k)
{
	assert(!k->payer == !k->charged);
	if (!k->payer)
		return;
	racct_release(k->payer, RACCT_SOCKBUF, k->charged);
	prison_drop(k->payer);
}

bool packet_pay(struct packet *k, struct prison *p)
{
	uint32_t bytes = packet_memory(k);

	if (k->payer == p)
		return true;
	if (racct_charge(p, RACCT_SOCKBUF, bytes))
		return false;
	pay_back(k);
	prison_hold(p);
	k->payer = p;
	k->charged = bytes;
	return true;
}

void packet_free(struct packet *k)
{
	assert(list_empty(&k->link));
	assert(k->block == (uint8_t *)(k + 1));
	pay_back(k);
	kmem_free(k);
}

struct packet *packet_list_take(struct list *all)
{
	struct list *l = list_first(all);

	if (!l)
		return NULL;
	list_remove(l);
	return packet_of_link(l);
}

void packet_list_free(struct list *all)
{
	struct packet *k;

	while ((k = packet_list_take(all)))
		packet_free(k);
}

struct packet *packet_roomy(struct packet *k, struct prison *pays,
			    uint32_t room)
{
	struct packet *r = packet_new_for(pays, room);

	assert(k->len <= room && list_empty(&k->link));
	if (!r)
		return k;
	memcpy(packet_put(r, k->len), k->data, k->len);
	r->seq = k->seq;
	packet_free(k);
	return r;
}

/* Nobody pays for it. */
struct packet *packet_copy(const struct packet *k)
{
	uint32_t head = packet_head(k);
	struct packet *c = kmem_alloc(sizeof *c + k->size);

	if (!c)
		return NULL;
	assert(head + k->len <= k->size);
	*c = *k;
	list_init(&c->link);
	c->block = (uint8_t *)(c + 1);
	c->data = c->block + head;
	memcpy(c->data, k->data, k->len);
	c->network = k->network ? c->block + (k->network - k->block) : NULL;
	c->transport = k->transport ? c->block + (k->transport - k->block) :
				      NULL;
	/* Headers that were taken off are still looked at. */
	memcpy(c->block, k->block, head);
	c->payer = NULL;
	c->charged = 0;
	return c;
}

/* --- the Internet checksum ------------------------------------------------ */

typedef uint32_t __attribute__((may_alias, aligned(1))) word;
typedef uint16_t __attribute__((may_alias, aligned(1))) half;

/* The words' upper halves are added, and the words: what is more is the lower
 * halves, and no carry is ever looked at. Both fit, in as many. */
uint32_t checksum_add(uint32_t sum, const void *p, uint32_t n)
{
	enum { CHUNK = 65536, BLOCK = 16 };
	const uint8_t *b = p;

	while (n >= sizeof(word)) {
		uint32_t left = min_u32(n, CHUNK) & ~(sizeof(word) - 1);
		uint32_t all = 0, high = 0;

		n -= left;
		for (; left >= BLOCK; left -= BLOCK, b += BLOCK) {
			const word *w = (const word *)b;

			all += w[0] + w[1] + w[2] + w[3];
			high += (w[0] >> 16) + (w[1] >> 16) + (w[2] >> 16) +
				(w[3] >> 16);
		}
		for (; left; left -= sizeof(word), b += sizeof(word)) {
			all += *(const word *)b;
			high += *(const word *)b >> 16;
		}
		sum = (sum & 0xffff) + (sum >> 16) + high + (all - (high << 16));
	}
	if (n >= sizeof(half)) {
		sum = (sum & 0xffff) + (sum >> 16) + *(const half *)b;
		b += sizeof(half);
		n -= sizeof(half);
	}
	return (sum & 0xffff) + (sum >> 16) + (n ? *b : 0);
}

uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void packet_checksum_finish(struct packet *k, uint32_t start)
{
	uint8_t *at = k->data + start + k->checksum_offset;
	uint16_t sum;

	assert(k->checksum == PACKET_CHECKSUM_PARTIAL);
	assert(start + k->checksum_offset + sizeof sum <= k->len);
	sum = checksum_fold(checksum_add(0, k->data + start, k->len - start));
	/* UDP: a sum of 0 would mean that there is none; ones is the same. */
	if (!sum)
		sum = UINT16_MAX;
	memcpy(at, &sum, sizeof sum);
	k->checksum = PACKET_CHECKSUM_NONE;
}
