/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.c - memory and strings, beside the C library's own. The kernel's
 * functions get names of their own here, as both are in one program.
 */
#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define memchr k_memchr
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strchr k_strchr
#define strrchr k_strrchr
#define strstr k_strstr
#include "kernel/base/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

#include "ktap.h"

enum { SIZE = 200 };

static uint8_t ours[SIZE], theirs[SIZE], source[SIZE];

static void fill(void)
{
	for (int i = 0; i < SIZE; i++)
		ours[i] = theirs[i] = source[i] = i * 7 + 1;
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

TEST(copy_at_every_alignment)
{
	for (int n = 0; n < 80; n++)
		for (int to = 0; to < 8; to++)
			for (int from = 0; from < 8; from++) {
				fill();
				k_memcpy(ours + 20 + to, source + from, n);
				memcpy(theirs + 20 + to, source + from, n);
				CHECK(!memcmp(ours, theirs, SIZE));
			}
}

TEST(move_overlaps)
{
	for (int n = 0; n < 80; n++)
		for (int to = 0; to < 40; to++) {
			fill();
			k_memmove(ours + to, ours + 20, n);
			memmove(theirs + to, theirs + 20, n);
			CHECK(!memcmp(ours, theirs, SIZE));
		}
}

TEST(set_at_every_alignment)
{
	for (int n = 0; n < 80; n++)
		for (int at = 0; at < 8; at++) {
			fill();
			k_memset(ours + at, 0x1a5, n);
			memset(theirs + at, 0x1a5, n);
			CHECK(!memcmp(ours, theirs, SIZE));
		}
}

TEST(compare)
{
	static const char *const s[] = { "", "a", "ab", "abc", "abd", "b",
					 "\xff", "abcdefgh", "abcdefgi" };

	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		for (size_t j = 0; j < ARRAY_LEN(s); j++) {
			CHECK_EQ(sign(k_strcmp(s[i], s[j])),
				 sign(strcmp(s[i], s[j])));
			for (int n = 0; n < 9; n++)
				CHECK_EQ(sign(k_strncmp(s[i], s[j], n)),
					 sign(strncmp(s[i], s[j], n)));
			CHECK(k_strstr(s[i], s[j]) == strstr(s[i], s[j]));
		}
}

TEST(search)
{
	const char *s = "find a needle";

	for (int c = 0; c < 256; c++) {
		CHECK(k_strchr(s, c) == strchr(s, c));
		CHECK(k_strrchr(s, c) == strrchr(s, c));
		CHECK(k_memchr(s, c, 13) == memchr(s, c, 13));
	}
	CHECK_EQ(k_strlen(s), 13);
	CHECK_EQ(k_strnlen(s, 4), 4);
}

TEST(str_copy_always_ends)
{
	char to[4];

	CHECK_EQ(str_copy(to, "ab", sizeof(to)), 2);
	CHECK(!strcmp(to, "ab"));
	str_copy(to, "abcdef", sizeof(to));
	CHECK(!strcmp(to, "abc"));
}

TEST(numbers_from_text)
{
	uint64_t v;

	CHECK_EQ(str_to_u64("18446744073709551615", 10, &v), 0);
	CHECK(v == UINT64_MAX);
	CHECK_EQ(str_to_u64("777", 8, &v), 0);
	CHECK_EQ(v, 0777);
	CHECK(str_to_u64("18446744073709551616", 10, &v) < 0);
	CHECK(str_to_u64("", 10, &v) < 0);
	CHECK(str_to_u64("12x", 10, &v) < 0);
	CHECK(str_to_u64("-1", 10, &v) < 0);
}
