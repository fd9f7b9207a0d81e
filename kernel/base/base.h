/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base.h - the public face of room 0: pure C that every room may use.
 *
 * Nothing here knows a process, a user or a device. Everything may be called
 * from any context, interrupts included, unless its contract says otherwise.
 */
#ifndef KERNEL_BASE_BASE_H
#define KERNEL_BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/errno.h"

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

typedef int64_t off64;

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline int64_t min_s64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* to must be a power of two. */
static inline uint32_t align_down(uint32_t x, uint32_t to)
{
	return x & ~(to - 1);
}

/* Wraps to 0 when x is above the last multiple: the caller checks. */
static inline uint32_t align_up(uint32_t x, uint32_t to)
{
	return (x + to - 1) & ~(to - 1);
}

/* memory and strings: string.c; the C standard's names and meaning */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
size_t str_copy(char *to, const char *from, size_t size);
int str_to_u64(const char *s, unsigned base, uint64_t *out) must_check;

/* formatting: format.c; printf subset: flags -0+# width .prec hh h l ll z,
 * d i u x X o c s p %; returns the length it would have had */
int str_format(char *to, size_t size, const char *fmt, ...) printf_like(3, 4);
int str_vformat(char *to, size_t size, const char *fmt, va_list ap);

/* hashing: hash.c; siphash.c */
uint32_t hash_bytes(const void *p, size_t n, uint32_t seed);
uint64_t hash_secret(const uint64_t key[2], const uint64_t *m, unsigned n);

/* All bits of x count in the low ones of the result: an address in network byte
 * order differs from its neighbours in the highest. */
static inline uint32_t hash_u32(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x9e3779b1u;
	return x ^ (x >> 15);
}

/* n / d, the rest in *rem unless rem is NULL: two of the CPU's own divisions,
 * no library. d must not be 0. */
static inline uint64_t div_u64(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint32_t high = (uint32_t)(n >> 32), low = (uint32_t)n;
	uint32_t quotient_high = high / d, r;

	/* The rest is less than d, so the quotient fits and divl cannot trap. */
	__asm__("divl %4"
		: "=a"(low), "=d"(r)
		: "a"(low), "d"(high % d), "rm"(d)
		: "cc");
	if (rem)
		*rem = r;
	return (uint64_t)quotient_high << 32 | low;
}

/* log: log.c; one ring for dmesg, and a sink that writes to the consoles */
enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };
void log_print(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void log_vprint(enum log_level level, const char *fmt, va_list ap);
void log_sink_set(void (*sink)(const char *text, size_t n));
bool log_busy(void);
void log_clock_set(uint64_t (*now_ns)(void));
void log_level_set(enum log_level shown);
enum log_level log_level_get(void);
uint32_t log_size(void);	/* bytes in the ring now */
uint32_t log_read(uint32_t from, char *to, uint32_t n); /* oldest = 0 */
uint64_t log_end(void);		/* sequence number of the next byte */
uint32_t log_read_seq(uint64_t *seq, char *to, uint32_t n);
void log_clear(void);

/* a broken invariant: panic.c. Prints cpu, pid, jid, registers, backtrace */
_Noreturn void panic(const char *fmt, ...) printf_like(1, 2);
_Noreturn void panic_assert(const char *expr, const char *file, int line);
void panic_context_set(void (*show)(void)); /* an upper room adds pid and jid */
void panic_backtrace(uint32_t ebp); /* names from the symbol table */
const char *panic_symbol(uint32_t addr, uint32_t *offset); /* NULL unknown */
enum { PANIC_EXIT_CODE = 0x7d };	/* given to isa-debug-exit */

#define assert(e) \
	(likely(e) ? (void)0 : panic_assert(#e, __FILE__, __LINE__))

/* coverage build: gives all counters to write (the form: gcov.c); else nothing */
void gcov_dump(void (*write)(const void *p, size_t n));

/* kernel command line: cmdline.c; "key=value" or "key" words */
void cmdline_set(const char *line);
const char *cmdline_get(void);
bool cmdline_has(const char *key);
bool cmdline_value(const char *key, char *to, size_t size);

#endif
