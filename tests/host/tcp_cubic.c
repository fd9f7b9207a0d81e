/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_cubic.c - CUBIC's curve, computed with fractions as RFC 9438 writes it,
 * beside what net/congestion.c makes of it with whole numbers.
 *
 * sources: tests/host/net/cubic_glue.c net/congestion.c kernel/base/format.c
 */
#include "ktap.h"
#include "net/cubic_glue.h"

static double cube_root(double x)
{
	double r = x > 1 ? x : 1;

	for (int n = 0; n < 100; n++)
		r -= (r * r * r - x) / (3 * r * r);
	return r;
}

/* Figures 1 and 2, in segments: C is 0.4. */
static double curve(double wmax, double begin, double t)
{
	double k = cube_root((wmax - begin) / 0.4);

	return 0.4 * (t - k) * (t - k) * (t - k) + wmax;
}

static int near(double a, double b)
{
	double d = a > b ? a - b : b - a;

	return d <= b / 50 + 1;
}

/* A window of acks, in a round of ms. */
static void round_trip(unsigned mss, unsigned ms)
{
	unsigned left = cubic_cwnd();

	for (; left > mss; left -= mss)
		cubic_acked(mss);
	cubic_acked(left);
	cubic_later(ms);
}

static void follow(unsigned mss, unsigned segments, unsigned ms)
{
	double begin, want, got;
	unsigned looked = 0;

	cubic_begin(mss, segments * mss, ms);
	begin = (double)cubic_loss() / mss;
	CHECK(near(begin, segments * 0.7));
	for (unsigned at = 0; at < 20000; at += ms) {
		round_trip(mss, ms);
		/* a round moves it to where it is to be at the round's end */
		want = curve(segments, begin, (at + ms) / 1e3);
		got = (double)cubic_cwnd() / mss;
		if (at < 1000 || want > got * 1.4)
			continue;	/* 4.4: a round adds a half at most */
		if (!near(got, want))
			printf("# %u segments of %u, %u ms, at %u: %f, not %f\n",
			       segments, mss, ms, at, got, want);
		CHECK(near(got, want));
		looked++;
	}
	CHECK(looked > 50);
}

TEST(the_curve)
{
	follow(1448, 1000, 100);
	follow(1448, 300, 200);
	follow(536, 5000, 50);
	follow(8960, 400, 100);
}

/* 4.3: where rounds are short it is not slower than Reno with its beta: alpha of
 * a segment each round, and a whole one from where the loss was. */
TEST(as_fast_as_reno)
{
	enum { MSS = 1448, ROUNDS = 100 };
	double want;

	cubic_begin(MSS, 20 * MSS, 2);
	want = (double)cubic_loss() / MSS;
	for (unsigned n = 0; n < ROUNDS; n++) {
		round_trip(MSS, 2);
		want += want < 20 ? 3 * 0.3 / 1.7 : 1;
		CHECK(near((double)cubic_cwnd() / MSS, want));
	}
}

/* 4.7: who loses again before it is back gives way. */
TEST(fast_convergence)
{
	cubic_begin(1000, 100000, 10);
	CHECK_EQ(cubic_loss(), 70000);
	CHECK_EQ(cubic_wmax(), 100000);
	CHECK_EQ(cubic_loss(), 49000);
	CHECK_EQ(cubic_wmax(), 59500);		/* (1 + 0.7) / 2 */
}
