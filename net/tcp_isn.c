/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_isn.c - initial sequence numbers that nobody can guess who does not see
 * them (RFC 6528): a clock, and a keyed hash of the connection (SipHash-2-4).
 *
 * Locks: the kernel lock.
 */
#include "net/tcp.h"

static uint64_t key[2];
static bool keyed;

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned n)
{
	while (n--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t siphash(const uint64_t *m, unsigned n)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575ull,
			  key[1] ^ 0x646f72616e646f6dull,
			  key[0] ^ 0x6c7967656e657261ull,
			  key[1] ^ 0x7465646279746573ull };
	uint64_t last = (uint64_t)n * sizeof *m << 56;

	for (unsigned i = 0; i <= n; i++) {
		uint64_t w = i < n ? m[i] : last;

		v[3] ^= w;
		rounds(v, 2);
		v[0] ^= w;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t tcp_secret_hash(uint32_t local, uint16_t local_port, uint32_t remote,
			 uint16_t remote_port, uint32_t which)
{
	uint64_t m[2] = { (uint64_t)local << 32 | remote,
			  (uint64_t)which << 32 |
			  (uint32_t)local_port << 16 | remote_port };

	if (!keyed) {
		net_random(key, sizeof key);
		keyed = true;
	}
	return (uint32_t)siphash(m, ARRAY_LEN(m));
}

/* The clock goes round in more than the life of a segment: 4 us a tick. */
uint32_t tcp_isn(uint32_t local, uint16_t local_port, uint32_t remote,
		 uint16_t remote_port)
{
	return (uint32_t)div_u64(arch_clock_ns(), 4000, NULL) +
	       tcp_secret_hash(local, local_port, remote, remote_port, 0);
}
