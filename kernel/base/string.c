/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.c - memory and strings, with the C standard's names and meaning.
 *
 * The compiler calls memcpy, memset, memmove and memcmp by itself. QEMU runs
 * `rep movsl` as a loop of its own, so plain unrolled word moves are faster;
 * the barrier in each loop keeps the compiler from seeing memcpy in memcpy.
 */
#include "kernel/base/base.h"

typedef uint32_t __attribute__((may_alias)) word;

enum { BLOCK = 32 };

static inline void barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Rising addresses, each word read before it or a later one is written: right
 * for overlapping areas too when to is below from. */
static inline void copy_up(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= BLOCK; n -= BLOCK, to += BLOCK, from += BLOCK) {
		word *t = (word *)to;
		const word *f = (const word *)from;

		t[0] = f[0];
		t[1] = f[1];
		t[2] = f[2];
		t[3] = f[3];
		t[4] = f[4];
		t[5] = f[5];
		t[6] = f[6];
		t[7] = f[7];
		barrier();
	}
	for (; n >= 4; n -= 4, to += 4, from += 4) {
		*(word *)to = *(const word *)from;
		barrier();
	}
	for (; n; n--) {
		*to++ = *from++;
		barrier();
	}
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t n)
{
	to += n;
	from += n;
	for (; n >= 4; n -= 4) {
		to -= 4;
		from -= 4;
		*(word *)to = *(const word *)from;
		barrier();
	}
	for (; n; n--) {
		*--to = *--from;
		barrier();
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_up(to, from, n); /* to is below from, or apart from it */
	else
		copy_down(to, from, n);
	return to;
}

void *memset(void *to, int c, size_t n)
{
	uint32_t v = (uint8_t)c * 0x01010101u;
	uint8_t *p = to;

	for (; n >= BLOCK; n -= BLOCK, p += BLOCK) {
		word *t = (word *)p;

		t[0] = v;
		t[1] = v;
		t[2] = v;
		t[3] = v;
		t[4] = v;
		t[5] = v;
		t[6] = v;
		t[7] = v;
		barrier();
	}
	for (; n >= 4; n -= 4, p += 4) {
		*(word *)p = v;
		barrier();
	}
	for (; n; n--) {
		*p++ = (uint8_t)c;
		barrier();
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	while (n >= 4 && *(const word *)x == *(const word *)y) {
		x += 4;
		y += 4;
		n -= 4;
	}
	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const uint8_t *p = s; n; n--, p++) {
		if (*p == (uint8_t)c)
			return (void *)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p) {
		p++;
		barrier();
	}
	return p - s;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (;; s++) {
		if (!strncmp(s, what, n))
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

/* Copies what fits, always NUL-terminated when size > 0. Returns strlen(from),
 * so a result >= size tells that it was cut. */
size_t str_copy(char *to, const char *from, size_t size)
{
	size_t n = strlen(from);

	if (size) {
		size_t part = n < size ? n : size - 1;

		memcpy(to, from, part);
		to[part] = 0;
	}
	return n;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 255;
}

/* The whole string is one number. base 0: by its prefix, 0x or 0 or none.
 * -EINVAL: no number or something after it; -ERANGE: over 64 bits. */
int str_to_u64(const char *s, unsigned base, uint64_t *out)
{
	uint64_t v = 0;

	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x') {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	assert(base >= 2 && base <= 36);
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned d = digit_value(*s);

		if (d >= base)
			return -EINVAL;
		if (v > (UINT64_MAX - d) / base)
			return -ERANGE;
		v = v * base + d;
	}
	*out = v;
	return 0;
}
