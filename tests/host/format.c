/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c - printf into memory, beside the C library's own.
 * sources: kernel/base/format.c
 */
#include "kernel/base/base.h"

#include "ktap.h"

static char ours[256], theirs[256];

#define SAME(...)                                                             \
	do {                                                                  \
		int n = str_format(ours, sizeof(ours), __VA_ARGS__);          \
		int want = snprintf(theirs, sizeof(theirs), __VA_ARGS__);     \
		if (n != want || strcmp(ours, theirs))                        \
			FAIL("%s:%d: \"%s\" (%d), not \"%s\" (%d)", __FILE__, \
			     __LINE__, ours, n, theirs, want);                \
	} while (0)

TEST(integers)
{
	static const int value[] = { 0, 1, -1, 42, 1000000, INT32_MAX,
				     INT32_MIN };

	for (size_t i = 0; i < ARRAY_LEN(value); i++) {
		int v = value[i];

		SAME("%d|%i|%u|%x|%X|%o", v, v, v, v, v, v);
		SAME("%5d|%-5d|%05d|%+d", v, v, v, v);
		SAME("%12x|%-12x|%012x|%#x|%#o", v, v, v, v, v);
		SAME("%.3d|%8.3d|%-8.3d", v, v, v);
		SAME("%hhd|%hd|%ld|%zu", (signed char)v, (short)v, (long)v,
		     (size_t)v);
	}
}

TEST(wide_integers)
{
	static const long long value[] = { 0, 1, -1, 10000000000, INT64_MAX,
					   INT64_MIN };

	for (size_t i = 0; i < ARRAY_LEN(value); i++) {
		long long v = value[i];

		SAME("%lld|%llu|%llx|%llo", v, v, v, v);
		SAME("%24lld|%-24lld|%024lld", v, v, v);
	}
}

TEST(strings_and_characters)
{
	SAME("%s|%10s|%-10s|%.2s|%10.2s", "abc", "abc", "abc", "abc", "abc");
	SAME("%.*s|%*d", 2, "abcdef", 7, 12);
	SAME("%c%c|%5c|%-5c|", 'a', 'b', 'c', 'd');
	SAME("100%% of %s", "it");
	SAME("%s", "");
}

TEST(result_is_cut_and_ended)
{
	char small[4] = "zzz";

	CHECK_EQ(str_format(small, sizeof(small), "%d", 123456), 6);
	CHECK(!strcmp(small, "123"));
	CHECK_EQ(str_format(small, 1, "abc"), 3);
	CHECK_EQ(small[0], '\0');
	CHECK_EQ(str_format(NULL, 0, "abc%d", 5), 4);
}

TEST(division)
{
	static const uint64_t n[] = { 0, 1, 999999999, 1000000000, 1ull << 32,
				      (1ull << 32) - 1, UINT64_MAX,
				      12345678901234567ull };
	static const uint32_t d[] = { 1, 2, 3, 10, 1000000000, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		for (size_t j = 0; j < ARRAY_LEN(d); j++) {
			uint32_t rem;

			CHECK(div_u64(n[i], d[j], &rem) == n[i] / d[j]);
			CHECK_EQ(rem, n[i] % d[j]);
		}
}
