/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_secret.c - numbers of who talks to whom that nobody can guess who has not
 * the key: what TCP begins to count with (RFC 6528), what it writes into cookies
 * (RFC 4987), and where the identification of packets begins (RFC 7739).
 *
 * Locks: the kernel lock.
 */
#include "net/inet.h"

uint32_t inet_secret(uint32_t which, uint32_t src, uint16_t sport, uint32_t dst,
		     uint16_t dport)
{
	static uint64_t key[2];
	static bool keyed;
	uint64_t m[2] = { (uint64_t)src << 32 | dst,
			  (uint64_t)which << 32 | (uint32_t)sport << 16 | dport };

	if (!keyed)
		net_random(key, sizeof key);
	keyed = true;
	return (uint32_t)hash_secret(key, m, ARRAY_LEN(m));
}
