/* SPDX-License-Identifier: BSD-2-Clause */
/* values.c - arguments by kind, mostly good, sometimes wrong. The same seed
 * gives the same values. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

uint64_t rnd_state;
unsigned char *arena;

/* splitmix64: small, seedable, the same everywhere */
uint32_t rnd(void)
{
	uint64_t z = (rnd_state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)(z ^ (z >> 31));
}

uint32_t below(uint32_t n)
{
	return rnd() % n;
}

int one_in(uint32_t n)
{
	return below(n) == 0;
}

void fill(void *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)rnd();
}

uint32_t odd_number(void)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 7, 8, 15, 16, 255, 256, 511, 4095, 4096, 4097, 8192,
		65535, 65536, 0x7ffff000, 0x7fffffff, 0x80000000, 0xafffffff,
		0xb0000000, 0xc0000000, 0xfffff000, 0xfffffffe, 0xffffffff,
	};

	return one_in(4) ? rnd() : odd[below(sizeof(odd) / sizeof(*odd))];
}

static uint32_t bad_pointer(void)
{
	static const uint32_t bad[] = { 0, 1, 0xfff, 0xaffffffc, 0xb0000000,
					0xb0100000, 0xbfffffff, 0xc0000000,
					0xf0000000, 0xfffffffc, 0xffffffff };
	uint32_t edge = (uint32_t)(uintptr_t)(arena + ARENA_PAGES * PAGE);

	switch (below(3)) {
	case 0:
		return edge + below(PAGE);		/* read only */
	case 1:
		return edge + PAGE - below(64);		/* runs into the hole */
	default:
		return bad[below(sizeof(bad) / sizeof(*bad))];
	}
}

/* Room for n bytes in the arena: mostly good, sometimes not. */
static uint32_t pointer(uint32_t n)
{
	if (one_in(12))
		return bad_pointer();
	return (uint32_t)(uintptr_t)(arena +
		below(ARENA_PAGES * PAGE - n) / 4 * 4);
}

static void *good_pointer(uint32_t n)
{
	return arena + below(ARENA_PAGES * PAGE - n) / 8 * 8;
}

void arena_make(void)
{
	unsigned char *p = mmap(NULL, (ARENA_PAGES + 2) * PAGE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(2);
	fill(p, ARENA_PAGES * PAGE);
	mprotect(p + ARENA_PAGES * PAGE, PAGE, PROT_READ);
	munmap(p + (ARENA_PAGES + 1) * PAGE, PAGE);
	arena = p;
}

static const char *const own_names[] = {
	"a", "b", "c", "dir", "dir/x", "dir/y", "dir/../a", "./b", "link",
	"loop", "fifo", "dir/sub", "dir/sub/z", ".", "..", "", "a/b", "dir/",
	"a/", "link/x", "mnt", "mnt/a", "mnt/dir", "mnt/..", "mnt/ptmx", "node",
};
static const char *const other_names[] = {
	"/", "//", "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom",
	"/dev/tty", "/dev/ptmx", "/dev/pts/0", "/proc/self", "/proc/self/stat",
	"/proc/self/maps", "/proc/self/fd", "/proc/self/exe",
	"/proc/self/cwd/a", "/proc/meminfo", "/proc/self/mounts",
	"/proc/1/stat", "/proc/self/fd/3", "/nonexistent", "/proc/self/status",
	"/proc/locks", "/proc/self/task", "/proc/self/fd/7", "/proc/self/root",
	"/proc/thread-self/comm", "/proc/self/cwd/dir/..", "/proc/mounts",
	"/proc/sys/kernel/hostname", "/dev/fd/4", "/proc/self/oom_score_adj",
	"/proc/self/fdinfo/5", "/bin/busybox", "/etc/passwd", "/proc/slabinfo",
};

const char *name_in_dir(void)
{
	return own_names[below(sizeof(own_names) / sizeof(*own_names))];
}

static uint32_t path(void)
{
	char *to;

	if (one_in(20))
		return bad_pointer();
	if (one_in(40)) {	/* too long, in a component or in all */
		uint32_t n = one_in(2) ? 300 : 5000;

		to = good_pointer(n + 1);
		memset(to, one_in(2) ? 'x' : '/', n);
		to[n] = 0;
		return (uint32_t)(uintptr_t)to;
	}
	to = good_pointer(64);
	strcpy(to, one_in(3) ? other_names[below(sizeof(other_names) /
						 sizeof(*other_names))]
			     : name_in_dir());
	return (uint32_t)(uintptr_t)to;
}

uint32_t descriptor(void)
{
	if (one_in(15))
		return odd_number();
	return 3 + below(26);
}

/* Only the worker's own session, or none that exist. */
static uint32_t pid(void)
{
	switch (below(5)) {
	case 0:
		return 0;
	case 1:
		return 4000000 + below(100);
	default:
		return getpid();
	}
}

/* Never one that ends or stops the worker before it has done its calls. */
static uint32_t signal_number(void)
{
	static const uint8_t kind[] = { 0, SIGUSR1, SIGUSR2, SIGCHLD, SIGURG,
					SIGWINCH, SIGCONT, 36, 64, 65, 200 };

	return kind[below(sizeof(kind))];
}

static uint32_t iovec(void)
{
	struct iovec *v;

	if (one_in(10))
		return bad_pointer();
	v = good_pointer(8 * sizeof(*v));
	for (int i = 0; i < 8; i++) {
		v[i].iov_base = (void *)(uintptr_t)pointer(PAGE);
		v[i].iov_len = one_in(10) ? odd_number() : below(2 * PAGE);
	}
	return (uint32_t)(uintptr_t)v;
}

/* Short times, so that workers do not sleep their life away. */
static uint32_t timespec(void)
{
	uint32_t *t;

	if (one_in(10))
		return one_in(2) ? 0 : bad_pointer();
	t = good_pointer(16);
	memset(t, 0, 16);
	t[1] = one_in(8) ? odd_number() : below(1000000);
	if (one_in(20))
		t[0] = 0x80000000 | rnd();
	return (uint32_t)(uintptr_t)t;
}

static uint32_t pollfds(void)
{
	struct pollfd *p;

	if (one_in(10))
		return bad_pointer();
	p = good_pointer(16 * sizeof(*p));
	for (int i = 0; i < 16; i++)
		p[i] = (struct pollfd){ (int)descriptor(), (short)rnd(), 0 };
	return (uint32_t)(uintptr_t)p;
}

static uint32_t words(uint32_t n)
{
	uint32_t *w;

	if (one_in(10))
		return bad_pointer();
	w = good_pointer(n * 4);
	for (uint32_t i = 0; i < n; i++)
		w[i] = one_in(3) ? odd_number() : below(16);
	return (uint32_t)(uintptr_t)w;
}

/* Handlers must be real or the first signal ends the worker. */
void handler(int sig)
{
	(void)sig;
}

static uint32_t sigaction_word(void)
{
	uint32_t *w;

	if (one_in(5))
		return one_in(2) ? 0 : bad_pointer();
	w = good_pointer(20);
	w[0] = one_in(2) ? (uint32_t)(uintptr_t)handler : below(2);
	w[1] = rnd() & ~0x04000000u; /* no SA_RESTORER without a restorer */
	w[2] = 0;
	w[3] = w[4] = rnd();
	return (uint32_t)(uintptr_t)w;
}

static uint32_t number(char kind, const struct fuzz_call *c)
{
	switch (kind) {
	case 'z': return one_in(6) ? odd_number() : below(3 * PAGE);
	case 'n': return one_in(10) ? odd_number() : below(8);
	case 'm': return one_in(10) ? odd_number() : below(01000);
	case 'V': return one_in(10) ? odd_number() : below(9);
	case 'u': return one_in(3) ? (uint32_t)-1 : below(3) * 1000;
	case 'Q': return one_in(10) ? odd_number() : below(17);
	case 'k': return one_in(10) ? odd_number() : below(12);
	case 'G': return one_in(10) ? odd_number() : 8;
	case 'o': return one_in(8) ? odd_number() : below(4 * PAGE);
	case 'a': return one_in(3) ? odd_number() & ~0xfffu
				   : 0x60000000 + below(64) * PAGE;
	case 'l': return one_in(8) ? odd_number() : (1 + below(16)) * PAGE;
	case 'x': return one_in(12) ? rnd() : rnd() & c->mask;
	case 'y': return one_in(12) ? odd_number() : below(c->mask + 1);
	default:  return odd_number();
	}
}

uint32_t argument(char kind, const struct fuzz_call *c)
{
	switch (kind) {
	case 'f': return descriptor();
	case 'd': return one_in(3) ? descriptor() : (uint32_t)AT_FDCWD;
	case 'p': return path();
	case 'b': return pointer(PAGE);
	case 'c': return pointer(256);
	case 't': return timespec();
	case 'v': return iovec();
	case 's': return signal_number();
	case 'P': return pid();
	case 'q': return pollfds();
	case 'w': return words(16);
	case 'A': return sigaction_word();
	default:  return number(kind, c);
	}
}
