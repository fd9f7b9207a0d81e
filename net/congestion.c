/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * congestion.c - how much may be under way: slow start (RFC 5681), and above it
 * CUBIC (RFC 9438) or Reno.
 *
 * Invariant: cwnd is a byte at least. Locks: the owner's.
 */
#include "net/congestion.h"

enum { INITIAL_SEGMENTS = 10, INITIAL_BYTES = 14600, CWND_MAX = 1 << 27 };

/* RFC 6928 2 */
void congestion_begin(struct congestion *c, uint32_t mss)
{
	*c = (struct congestion){
		.mss = mss, .ssthresh = CWND_MAX,
		.cwnd = min_u32(INITIAL_SEGMENTS * mss,
				max_u32(2 * mss, INITIAL_BYTES)),
	};
}

void congestion_anew(struct congestion *c)
{
	c->epoch_set = false;
	c->count = c->wmax = 0;
}

void congestion_acked(struct congestion *c,
		      const struct congestion_control *control,
		      uint32_t bytes, uint32_t flight, uint32_t now)
{
	assert(c->cwnd && c->mss && bytes <= flight);
	/* RFC 7661: a window that was not used does not grow */
	if (flight < c->cwnd / 2)
		return;
	if (c->cwnd < c->ssthresh)	/* RFC 3465: at most two segments */
		c->cwnd += min_u32(bytes, 2 * c->mss);
	else
		control->acked(c, bytes, now);
	c->cwnd = min_u32(c->cwnd, CWND_MAX);
}

/* --- Reno: RFC 5681 3.1 ------------------------------------------------------------ */

static void reno_acked(struct congestion *c, uint32_t bytes, uint32_t now)
{
	(void)now;
	c->count += bytes;
	if (c->count < c->cwnd)
		return;
	c->count -= c->cwnd;
	c->cwnd += c->mss;
}

static uint32_t reno_threshold(struct congestion *c, uint32_t flight)
{
	return max_u32(flight / 2, 2 * c->mss);
}

const struct congestion_control congestion_reno = { "reno", reno_acked, reno_threshold };

/* --- CUBIC: RFC 9438 ----------------------------------------------------------------- */

static uint32_t cube_root(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = 1 << 20; bit; bit >>= 1)
		if ((r | bit) * (r | bit) * (r | bit) <= v)
			r |= bit;
	return (uint32_t)r;
}

/* 4.2: K, when the window is again what it was. C is 0.4 segments / s^3. */
static void epoch_begin(struct congestion *c, uint32_t now)
{
	c->epoch = now;
	c->epoch_set = true;
	c->west = c->cwnd;
	c->wmax = max_u32(c->wmax, c->cwnd);
	c->k_ms = cube_root(div_u64((uint64_t)(c->wmax - c->cwnd) *
				    2500000000ull, c->mss, NULL));
}

/* 4.2, Fig. 1: W_cubic at ms after the epoch's begin. */
static uint32_t cubic_window(const struct congestion *c, uint32_t ms)
{
	enum { FAR = 100000 };
	bool below = ms < c->k_ms;
	uint64_t d = min_u32(below ? c->k_ms - ms : ms - c->k_ms, FAR);
	uint64_t grown = div_u64(div_u64(d * d * d, 1000000, NULL) *
				 c->mss * 4, 10000, NULL);

	if (below)
		return grown < c->wmax ? c->wmax - (uint32_t)grown : 0;
	return grown > CWND_MAX ? CWND_MAX : c->wmax + (uint32_t)grown;
}

static void cubic_acked(struct congestion *c, uint32_t bytes, uint32_t now)
{
	uint32_t target;
	uint64_t grown;

	if (!c->epoch_set)
		epoch_begin(c, now);
	/* 4.3: not slower than Reno would be: alpha is 9/17, later 1 */
	c->west += (uint32_t)div_u64((uint64_t)bytes * c->mss *
				     (c->west < c->prior ? 9 : 17),
				     c->cwnd * 17, NULL);
	target = min_u32(cubic_window(c, now - c->epoch + c->rtt),
			 c->cwnd + c->cwnd / 2);		/* 4.4 */
	if (target > c->cwnd) {	/* less than a byte waits in count */
		grown = (uint64_t)(target - c->cwnd) * bytes + c->count;
		c->cwnd += (uint32_t)div_u64(grown, c->cwnd, &c->count);
	}
	c->cwnd = max_u32(c->cwnd, c->west);
}

/* 4.6, 4.7: beta is 0.7; who lost before it was back gives way faster. */
static uint32_t cubic_threshold(struct congestion *c, uint32_t flight)
{
	(void)flight;
	c->epoch_set = false;
	c->prior = c->cwnd;
	c->wmax = c->cwnd < c->wmax ? c->cwnd / 20 * 17 : c->cwnd;
	return max_u32(c->cwnd / 10 * 7, 2 * c->mss);
}

const struct congestion_control congestion_cubic = { "cubic", cubic_acked, cubic_threshold };

const struct congestion_control *congestion_find(const char *name)
{
	static const struct congestion_control *const all[] = {
		&congestion_cubic, &congestion_reno,
	};

	for (unsigned n = 0; n < ARRAY_LEN(all); n++)
		if (!strcmp(all[n]->name, name))
			return all[n];
	return NULL;
}
