/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.c - a seeded system-call fuzzer that knows what arguments mean.
 *
 *   fuzz [-s seed] [-t seconds] [-n calls per child] [-d directory] [-v]
 *
 * The parent forks one worker after another, each in a session of its own with
 * few resources; a worker makes random calls whose arguments are drawn by kind
 * (calls.h: descriptors it holds, names in its directory, pids of its own,
 * structs with good and bad pointers, flag words). The same seed makes the
 * same calls. What is wrong shows on the console: a panic, UBSAN:, KASAN:.
 * It renames, removes and replaces whatever it can reach, devices too, so it
 * refuses to run on anything but Brig.
 */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, ARENA_PAGES = 8, NUDGE_US = 4000, NUDGES = 250,
       WORKER_MS = 1500 };

static uint64_t state;
static unsigned char *arena;	/* rw pages, then one read-only, then a hole */
static int verbose;

/* splitmix64: small, seedable, the same everywhere */
static uint32_t rnd(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)(z ^ (z >> 31));
}

static uint32_t below(uint32_t n)
{
	return rnd() % n;
}

static int one_in(uint32_t n)
{
	return below(n) == 0;
}

/* --- values ------------------------------------------------------------------ */

static uint32_t odd_number(void)
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

static const char *const names[] = {
	"a", "b", "c", "dir", "dir/x", "dir/y", "dir/../a", "./b", "link",
	"loop", "fifo", "dir/sub", "dir/sub/z", ".", "..", "", "/", "//",
	"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/tty",
	"/dev/ptmx", "/proc/self", "/proc/self/stat", "/proc/self/maps",
	"/proc/self/fd", "/proc/self/exe", "/proc/self/cwd/a", "/proc/meminfo",
	"/proc/self/mounts", "/proc/1/stat", "/proc/self/fd/3", "/nonexistent",
	"a/b", "dir/", "a/", "link/x", "/proc/self/status", "/proc/locks",
};

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
	strcpy(to, names[below(sizeof(names) / sizeof(*names))]);
	return (uint32_t)(uintptr_t)to;
}

static uint32_t descriptor(void)
{
	if (one_in(15))
		return odd_number();
	return 3 + below(20);
}

/* Only processes of the worker's own session, or none that exist. */
static uint32_t pid(void)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return getpid();
	case 2:
		return 4000000 + below(100);
	default:
		return getpid();
	}
}

/* Never one that ends or stops the worker before it has done its calls. */
static uint32_t signal_number(void)
{
	static const uint8_t kind[] = { 0, SIGUSR1, SIGUSR2, SIGCHLD, SIGURG,
					SIGWINCH, SIGCONT, 34, 64, 65, 200 };

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
	t[1] = one_in(8) ? odd_number() : below(2000000);
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
static void handler(int sig)
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
	w[1] = w[0] > 1 ? 0 : rnd(); /* no SA_RESTORER without a restorer */
	w[2] = 0;
	w[3] = w[4] = rnd();
	return (uint32_t)(uintptr_t)w;
}

static uint32_t argument(char kind, const struct fuzz_call *c)
{
	switch (kind) {
	case 'f': return descriptor();
	case 'd': return one_in(3) ? descriptor() : (uint32_t)AT_FDCWD;
	case 'p': return path();
	case 'b': return pointer(PAGE);
	case 'c': return pointer(256);
	case 'z': return one_in(6) ? odd_number() : below(3 * PAGE);
	case 'n': return one_in(10) ? odd_number() : below(8);
	case 'm': return one_in(10) ? odd_number() : below(01000);
	case 't': return timespec();
	case 'v': return iovec();
	case 'V': return one_in(10) ? odd_number() : below(9);
	case 's': return signal_number();
	case 'P': return pid();
	case 'u': return one_in(3) ? (uint32_t)-1 : below(3) * 1000;
	case 'q': return pollfds();
	case 'Q': return one_in(10) ? odd_number() : below(17);
	case 'k': return one_in(10) ? odd_number() : below(12);
	case 'w': return words(16);
	case 'G': return one_in(10) ? odd_number() : 8;
	case 'A': return sigaction_word();
	case 'o': return one_in(8) ? odd_number() : below(4 * PAGE);
	case 'a': return one_in(3) ? odd_number() & ~0xfffu
				   : 0x60000000 + below(64) * PAGE;
	case 'l': return one_in(8) ? odd_number() : (1 + below(16)) * PAGE;
	case 'x': return one_in(12) ? rnd() : rnd() & c->mask;
	case 'y': return one_in(12) ? odd_number() : below(c->mask + 1);
	case 'r': return odd_number();
	default:  return 0;
	}
}

static long call6(long nr, const uint32_t *a)
{
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* A timer interrupts calls that would wait for ever; too many end the worker. */
static void nudge(int sig)
{
	static int count;

	(void)sig;
	if (++count > NUDGES)
		_exit(0);
}

static void start_nudging(void)
{
	struct itimerval every = { { 0, NUDGE_US }, { 0, NUDGE_US } };
	struct sigaction action = { .sa_handler = nudge };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* --- one worker ---------------------------------------------------------------- */

static void limits(void)
{
	struct rlimit r;

	r.rlim_cur = r.rlim_max = 64;
	setrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max = 48 << 20;
	setrlimit(RLIMIT_AS, &r);
	r.rlim_cur = r.rlim_max = 1 << 20;
	setrlimit(RLIMIT_FSIZE, &r);
}

static void make_arena(void)
{
	unsigned char *p = mmap(NULL, (ARENA_PAGES + 2) * PAGE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(2);
	for (int i = 0; i < ARENA_PAGES * PAGE; i++)
		p[i] = (unsigned char)rnd();
	mprotect(p + ARENA_PAGES * PAGE, PAGE, PROT_READ);
	munmap(p + (ARENA_PAGES + 1) * PAGE, PAGE);
	arena = p;
}

static void furnish(void)
{
	int fd[2];

	mkdir("dir", 0777);
	mkdir("dir/sub", 0777);
	close(open("a", O_CREAT | O_RDWR, 0666));
	symlink("dir", "link");
	symlink("loop", "loop");
	mkfifo("fifo", 0666);
	open("a", O_RDWR);
	open("b", O_CREAT | O_RDWR, 0666);
	open("dir", O_RDONLY);
	if (pipe(fd) == 0 && pipe2(fd, O_NONBLOCK) == 0)
		epoll_create1(0);
	open("/dev/null", O_RDWR);
	open("/dev/zero", O_RDWR);
	open("/proc/self/stat", O_RDONLY);
	open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	open("fifo", O_RDWR | O_NONBLOCK);
	syscall(SYS_eventfd2, 0, O_NONBLOCK);
	syscall(SYS_memfd_create, "m", 0);
}

static void trace(const struct fuzz_call *c, const uint32_t *a)
{
	dprintf(2, "%s(%x, %x, %x, %x, %x, %x)\n", c->name, a[0], a[1], a[2],
		a[3], a[4], a[5]);
}

static void one_call(void)
{
	const struct fuzz_call *c = &fuzz_calls[below(fuzz_call_count)];
	uint32_t a[6] = { 0 };

	for (int i = 0; c->kinds[i]; i++)
		a[i] = argument(c->kinds[i], c);
	if (verbose)
		trace(c, a);
	call6(c->number, a);
}

/* A child of a child, to have something to wait for and to race with. */
static void sometimes_fork(void)
{
	pid_t p;

	if (!one_in(60))
		return;
	p = fork();
	if (p == 0) {
		for (int i = 0; i < 20; i++)
			one_call();
		_exit(0);
	}
	if (p > 0 && one_in(2))
		waitpid(p, NULL, 0);
}

static void worker(uint64_t seed, int calls, const char *dir)
{
	int null = open("/dev/null", O_RDWR);

	state = seed;
	setsid();
	if (!verbose)
		dup2(null, 2);
	dup2(null, 0);
	dup2(null, 1);
	close(null);
	if (chdir(dir) != 0)
		_exit(2);
	make_arena();
	furnish();
	limits();
	for (int s = 1; s <= 64; s++)
		if (s != SIGALRM && s != SIGSEGV && s != SIGBUS && s != SIGILL)
			signal(s, handler);
	start_nudging();
	if (one_in(3) && setgid(1000) == 0 && setuid(1000) != 0)
		_exit(2);
	for (int i = 0; i < calls; i++) {
		one_call();
		sometimes_fork();
	}
	_exit(0);
}

/* --- the parent ------------------------------------------------------------------ */

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void reap(pid_t worker_pid)
{
	long long end = now_ms() + WORKER_MS;
	int status;

	while (waitpid(worker_pid, &status, WNOHANG) == 0) {
		if (now_ms() > end)
			kill(worker_pid, SIGKILL);
		usleep(1000);
	}
	kill(-worker_pid, SIGKILL);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}

/* Every worker gets an empty directory on a mount of its own. */
static int fresh_directory(const char *dir)
{
	while (umount2(dir, MNT_DETACH) == 0)
		;
	mkdir(dir, 0777);
	return mount("fuzz", dir, "tmpfs", 0, "size=4m,mode=777");
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, children = 0;
	const char *dir = "/tmp/fuzz";
	int seconds = 10, calls = 400, option;
	struct utsname system;
	long long end;

	if (uname(&system) != 0 || !strstr(system.release, "brig")) {
		fprintf(stderr, "fuzz: this is not Brig: it would do harm\n");
		return 1;
	}
	while ((option = getopt(argc, argv, "s:t:n:d:v")) != -1) {
		switch (option) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 't': seconds = atoi(optarg); break;
		case 'n': calls = atoi(optarg); break;
		case 'd': dir = optarg; break;
		case 'v': verbose = 1; break;
		default: return 2;
		}
	}
	end = now_ms() + seconds * 1000ll;
	while (now_ms() < end) {
		pid_t p;

		if (fresh_directory(dir) != 0) {
			printf("fuzz: %s: %s\n", dir, strerror(errno));
			return 1;
		}
		p = fork();
		if (p == 0)
			worker(seed + children, calls, dir);
		if (p < 0) {
			printf("fuzz: fork: %s\n", strerror(errno));
			return 1;
		}
		reap(p);
		children++;
	}
	umount2(dir, MNT_DETACH);
	printf("fuzz: seed %llu: %llu workers of %d calls\n",
	       (unsigned long long)seed, (unsigned long long)children, calls);
	return 0;
}
