/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap.c - mmap, munmap, mprotect, mremap, madvise, mincore, msync, brk. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE,
       ANON = MAP_PRIVATE | MAP_ANONYMOUS };

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *map(void *at, size_t size, int prot, int flags)
{
	char *m = mmap(at, size, prot, flags, -1, 0);

	CHECK(m != MAP_FAILED);
	return m;
}

#define FAILS(call, want) CHECK_ERRNO((intptr_t)(call), want)

/* An address range that is free. */
static char *room(size_t size)
{
	char *m = map(NULL, size, PROT_NONE, ANON);

	CHECK_OK(munmap(m, size));
	return m;
}

static int file_of(size_t size)
{
	char name[] = "/tmp/mmap.XXXXXX";
	int fd = mkstemp(name);

	CHECK_OK(fd);
	unlink(name);
	CHECK_OK(ftruncate(fd, size));
	return fd;
}

/* What an access does: 0, or the signal. */
static int access_gives(volatile char *at, int write)
{
	pid_t p = fork();
	int status;

	CHECK_OK(p);
	if (p == 0) {
		if (write)
			*at = 1;
		else
			(void)*at;
		_exit(0);
	}
	status = ktap_wait(p);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(anonymous_memory_is_zero)
{
	char *m = map(NULL, 100 * PAGE, RW, ANON);

	for (int i = 0; i < 100 * PAGE; i++)
		CHECK(m[i] == 0);
	memset(m, 1, 100 * PAGE);
	CHECK_OK(munmap(m, 100 * PAGE));
	m = map(NULL, 100 * PAGE, RW, ANON);
	for (int i = 0; i < 100 * PAGE; i++)
		CHECK(m[i] == 0);
}

TEST(mmap_errors)
{
	int wr = open("/dev/null", O_WRONLY), d[2];

	FAILS(mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
	FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, 999, 0), EBADF);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wr, 0), EACCES);
	FAILS(mmap((void *)0x20000001, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	FAILS(syscall(SYS_mmap2, NULL, 0xfffff001, RW, ANON, -1, 0), ENOMEM);
	FAILS(syscall(SYS_mmap2, 0xfffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0),
	      ENOMEM);
	CHECK_OK(pipe(d));
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, d[0], 0), ENODEV);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE,
		   open("/", O_RDONLY | O_DIRECTORY), 0), ENODEV);
}

TEST(write_to_a_shared_map_needs_a_writable_file)
{
	char name[64];
	int fd = file_of(PAGE), ro;
	char *m;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ro = open(name, O_RDONLY);
	CHECK_OK(ro);
	FAILS(mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	CHECK(m != MAP_FAILED);
	CHECK_ERRNO(mprotect(m, PAGE, RW), EACCES);
	m = mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0); /* a copy is free */
	CHECK(m != MAP_FAILED);
	m[0] = 1;
	m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_OK(mprotect(m, PAGE, RW));
}

TEST(hints_are_taken_where_free)
{
	char *m = room(4 * PAGE);

	CHECK(map(m + PAGE, PAGE, RW, ANON) == m + PAGE);
	CHECK(map(m + PAGE, PAGE, RW, ANON) != m + PAGE); /* it is not now */
	CHECK(map(m + PAGE + 5, PAGE, RW, ANON) != m + PAGE);
}

TEST(fixed_maps_over_others)
{
	char *m = map(NULL, 5 * PAGE, RW, ANON);

	memset(m, 7, 5 * PAGE);
	CHECK(map(m + PAGE, 3 * PAGE, PROT_READ, ANON | MAP_FIXED) == m + PAGE);
	CHECK_EQ(m[0], 7);
	CHECK_EQ(m[PAGE], 0);
	CHECK_EQ(m[3 * PAGE], 0);
	CHECK_EQ(m[4 * PAGE], 7);
	CHECK_EQ(access_gives(m + PAGE, 1), SIGSEGV);
	CHECK_EQ(access_gives(m + 4 * PAGE, 1), 0);
}

TEST(noreplace_refuses_what_is_there)
{
	char *m = room(3 * PAGE);

	CHECK(map(m + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE) == m + PAGE);
	FAILS(mmap(m, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	CHECK(map(m, PAGE, RW, ANON | MAP_FIXED_NOREPLACE) == m);
}

TEST(munmap_of_parts)
{
	char *m = map(NULL, 6 * PAGE, RW, ANON);

	memset(m, 1, 6 * PAGE);
	CHECK_OK(munmap(m + 2 * PAGE, PAGE));
	CHECK_OK(munmap(m + 2 * PAGE, PAGE)); /* nothing there: fine */
	CHECK_OK(munmap(m + 4 * PAGE, 1)); /* a page all the same */
	CHECK_EQ(m[PAGE] + m[3 * PAGE] + m[5 * PAGE], 3);
	CHECK_EQ(access_gives(m + 2 * PAGE, 0), SIGSEGV);
	CHECK_EQ(access_gives(m + 4 * PAGE, 0), SIGSEGV);
	CHECK_OK(munmap(m, 6 * PAGE)); /* holes do not matter */
	CHECK_ERRNO(munmap(m + 1, PAGE), EINVAL);
	CHECK_ERRNO(munmap(m, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_munmap, 0xfffff000, 8192), EINVAL);
}

TEST(mprotect_of_parts)
{
	char *m = map(NULL, 5 * PAGE, RW, ANON);

	memset(m, 3, 5 * PAGE);
	CHECK_OK(mprotect(m + PAGE, 2 * PAGE, PROT_READ));
	CHECK_OK(mprotect(m + 3 * PAGE, PAGE, PROT_NONE));
	CHECK_EQ(access_gives(m, 1), 0);
	CHECK_EQ(access_gives(m + PAGE, 0), 0);
	CHECK_EQ(access_gives(m + 2 * PAGE, 1), SIGSEGV);
	CHECK_EQ(access_gives(m + 3 * PAGE, 0), SIGSEGV);
	CHECK_EQ(access_gives(m + 4 * PAGE, 1), 0);
	CHECK_OK(mprotect(m, 5 * PAGE, RW));
	for (int i = 0; i < 5 * PAGE; i++)
		CHECK(m[i] == 3);
}

TEST(mprotect_errors)
{
	char *m = map(NULL, 3 * PAGE, RW, ANON);

	CHECK_OK(munmap(m + PAGE, PAGE));
	CHECK_ERRNO(mprotect(m, 3 * PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO(syscall(SYS_mprotect, m + 1, PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO(mprotect(m, PAGE, 0x100), EINVAL);
	CHECK_ERRNO(syscall(SYS_mprotect, m, 0xfffff000, PROT_READ), ENOMEM);
	CHECK_OK(mprotect(m, 0, PROT_READ));
	CHECK_OK(mprotect(m, PAGE, RW));
}

TEST(write_only_can_be_read)
{
	char *m = map(NULL, PAGE, PROT_WRITE, ANON);

	*m = 5;
	CHECK_EQ(*(volatile char *)m, 5); /* i386 has no other way */
}

/* --- mremap ------------------------------------------------------------------------ */

TEST(mremap_grows_and_shrinks)
{
	char *m = map(NULL, 2 * PAGE, RW, ANON), *n;

	memset(m, 9, 2 * PAGE);
	n = mremap(m, 2 * PAGE, 200 * PAGE, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED);
	for (int i = 0; i < 2 * PAGE; i++)
		CHECK(n[i] == 9);
	CHECK_EQ(n[2 * PAGE], 0);
	n[199 * PAGE] = 4;
	CHECK(mremap(n, 200 * PAGE, PAGE, 0) == n);
	CHECK_EQ(n[0], 9);
	CHECK_EQ(access_gives(n + PAGE, 0), SIGSEGV);
}

TEST(mremap_in_place_only)
{
	char *m = map(NULL, 4 * PAGE, RW, ANON);

	CHECK_OK(munmap(m + 2 * PAGE, PAGE));
	FAILS(mremap(m, 2 * PAGE, 4 * PAGE, 0), ENOMEM);
	CHECK(mremap(m, 2 * PAGE, 3 * PAGE, 0) == m);
	m[2 * PAGE] = 1;
}

TEST(mremap_to_a_fixed_place)
{
	char *m = map(NULL, 2 * PAGE, RW, ANON);
	char *to = map(NULL, 4 * PAGE, RW, ANON);

	memset(m, 5, 2 * PAGE);
	memset(to, 6, 4 * PAGE);
	CHECK(mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     to + PAGE) == to + PAGE);
	CHECK(to[0] == 6 && to[PAGE] == 5 && to[2 * PAGE] == 5 &&
	      to[3 * PAGE] == 6);
	CHECK_EQ(access_gives(m, 0), SIGSEGV);
}

TEST(mremap_errors)
{
	char *m = map(NULL, 4 * PAGE, RW, ANON);

	FAILS(mremap(m + 1, PAGE, PAGE, 0), EINVAL);
	FAILS(mremap(m, PAGE, 0, 0), EINVAL);
	FAILS(mremap(m, PAGE, PAGE, 8), EINVAL);
	FAILS(mremap(m, PAGE, PAGE, MREMAP_FIXED, m), EINVAL);
	FAILS(mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     m + PAGE), EINVAL); /* overlap */
	FAILS(mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     m + 1), EINVAL);
	FAILS(mremap(m, 0, PAGE, MREMAP_MAYMOVE), EINVAL); /* not shared */
	CHECK_OK(munmap(m + PAGE, PAGE));
	FAILS(mremap(m, 3 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), EFAULT);
	FAILS(mremap(m + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

TEST(mremap_of_nothing_doubles_a_shared_map)
{
	char *m = map(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS), *n;

	m[0] = 1;
	n = mremap(m, 0, PAGE, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED && n != m);
	CHECK_EQ(n[0], 1);
	n[0] = 2;
	CHECK_EQ(m[0], 2);
}

TEST(mremap_dontunmap_leaves_an_empty_map)
{
	char *m = map(NULL, 2 * PAGE, RW, ANON), *n;

	memset(m, 5, 2 * PAGE);
	n = mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	CHECK(n != MAP_FAILED && n != m);
	CHECK(n[0] == 5 && n[PAGE] == 5);
	CHECK(m[0] == 0 && m[PAGE] == 0);
	m[0] = 1;
	CHECK_EQ(n[0], 5);
	FAILS(mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	      EINVAL);
	FAILS(mremap(m, PAGE, PAGE, MREMAP_DONTUNMAP, 0), EINVAL);
}

TEST(mremap_of_a_file_shows_more_of_it)
{
	int fd = file_of(3 * PAGE);
	char *m = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE), *n;

	CHECK_EQ(pwrite(fd, "x", 1, 2 * PAGE), 1);
	n = mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED);
	CHECK_EQ(n[PAGE], 'x');
}

/* --- madvise, mincore, msync --------------------------------------------------------- */

TEST(dontneed_makes_fresh_pages)
{
	int fd = file_of(PAGE);
	char *m = map(NULL, 3 * PAGE, RW, ANON), *f;

	memset(m, 1, 3 * PAGE);
	CHECK_OK(madvise(m + PAGE, PAGE, MADV_DONTNEED));
	CHECK(m[0] == 1 && m[PAGE] == 0 && m[2 * PAGE] == 1);
	CHECK_EQ(pwrite(fd, "f", 1, 0), 1);
	f = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	f[0] = 'p';
	CHECK_OK(madvise(f, PAGE, MADV_DONTNEED));
	CHECK_EQ(f[0], 'f');
	CHECK_OK(mlock(m, PAGE));
	CHECK_ERRNO(madvise(m, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_OK(munlock(m, PAGE));
	CHECK_OK(madvise(m, PAGE, MADV_DONTNEED));
}

TEST(madvise_errors)
{
	char *m = map(NULL, 3 * PAGE, RW, ANON);

	CHECK_ERRNO(madvise(m + 1, PAGE, MADV_NORMAL), EINVAL);
	CHECK_ERRNO(madvise(m, PAGE, 12345), EINVAL);
	CHECK_OK(madvise(m, 0, MADV_NORMAL));
	CHECK_OK(munmap(m + PAGE, PAGE));
	CHECK_ERRNO(madvise(m, 3 * PAGE, MADV_NORMAL), ENOMEM);
	m[0] = m[2 * PAGE] = 1;
	CHECK_ERRNO(madvise(m, 3 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK(m[0] == 0 && m[2 * PAGE] == 0); /* what is there is done */
}

TEST(dontfork_keeps_memory_from_children)
{
	char *m = map(NULL, 3 * PAGE, RW, ANON);

	memset(m, 1, 3 * PAGE);
	CHECK_OK(madvise(m + PAGE, PAGE, MADV_DONTFORK));
	CHECK_EQ(access_gives(m, 0), 0);
	CHECK_EQ(access_gives(m + PAGE, 0), SIGSEGV);
	CHECK_EQ(access_gives(m + 2 * PAGE, 0), 0);
	CHECK_OK(madvise(m, 3 * PAGE, MADV_DOFORK));
	CHECK_EQ(access_gives(m + PAGE, 0), 0);
}

TEST(mincore_tells_what_is_there)
{
	char *m = map(NULL, 4 * PAGE, RW, ANON);
	unsigned char vec[4] = { 9, 9, 9, 9 };

	m[PAGE] = 1;
	m[3 * PAGE] = 1;
	CHECK_OK(mincore(m, 4 * PAGE, vec));
	CHECK(!(vec[0] & 1) && (vec[1] & 1) && !(vec[2] & 1) && (vec[3] & 1));
	CHECK_ERRNO(mincore(m + 1, PAGE, vec), EINVAL);
	CHECK_ERRNO(syscall(SYS_mincore, m, PAGE, 16), EFAULT);
	CHECK_OK(munmap(m, PAGE));
	CHECK_ERRNO(mincore(m, PAGE, vec), ENOMEM);
	CHECK_OK(mincore(m, 0, vec));
}

TEST(populate_brings_pages_in)
{
	char *m = map(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE);
	unsigned char vec[4];

	CHECK_OK(mincore(m, 4 * PAGE, vec));
	CHECK(vec[0] & vec[1] & vec[2] & vec[3] & 1);
	m = map(NULL, 4 * PAGE, RW, ANON);
	CHECK_OK(mlock(m + PAGE, PAGE));
	CHECK_OK(mincore(m, 4 * PAGE, vec));
	CHECK(!(vec[0] & 1) && (vec[1] & 1));
}

TEST(msync_errors)
{
	int fd = file_of(PAGE);
	char *m = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	m[0] = 1;
	CHECK_OK(msync(m, PAGE, MS_SYNC));
	CHECK_OK(msync(m, PAGE, MS_ASYNC | MS_INVALIDATE));
	CHECK_OK(msync(m, PAGE, 0));
	CHECK_ERRNO(msync(m, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(m, PAGE, 0x100), EINVAL);
	CHECK_ERRNO(msync(m + 1, PAGE, MS_SYNC), EINVAL);
	CHECK_OK(munmap(m, PAGE));
	CHECK_ERRNO(msync(m, PAGE, MS_SYNC), ENOMEM);
}

/* --- brk ------------------------------------------------------------------------------ */

static char *set_brk(void *to)
{
	return (char *)syscall(SYS_brk, to);
}

TEST(brk_moves)
{
	char *end = set_brk(NULL), *m;

	CHECK(end != NULL);
	CHECK(set_brk(end + 10 * PAGE + 17) == end + 10 * PAGE + 17);
	memset(end, 1, 10 * PAGE);
	CHECK(set_brk(end + 5) == end + 5);
	CHECK(set_brk(end + 10 * PAGE) == end + 10 * PAGE);
	m = (char *)(((uintptr_t)end + 2 * PAGE) & ~(PAGE - 1));
	CHECK_EQ(m[0], 0); /* what comes back is fresh */
	CHECK(set_brk((void *)PAGE) == end + 10 * PAGE); /* below its start */
	CHECK(set_brk((void *)0xfffff000) == end + 10 * PAGE);
	/* not over another map */
	m = (char *)(((uintptr_t)end + 20 * PAGE) & ~(PAGE - 1));
	map(m, PAGE, RW, ANON | MAP_FIXED);
	CHECK(set_brk(m + PAGE) == end + 10 * PAGE);
}

/* --- many ------------------------------------------------------------------------------- */

TEST(many_maps)
{
	enum { N = 20000 };
	char *m = map(NULL, N * PAGE, PROT_NONE, ANON);
	unsigned sum = 0;

	for (int i = 0; i < N; i += 2)
		CHECK_OK(mprotect(m + i * PAGE, PAGE, RW));
	for (int i = 0; i < N; i += 200)
		m[i * PAGE] = 1;
	for (int i = 0; i < N; i += 200)
		sum += m[i * PAGE];
	CHECK_EQ(sum, N / 200);
	CHECK_EQ(access_gives(m + PAGE, 0), SIGSEGV);
	CHECK_OK(mprotect(m, N * PAGE, RW)); /* one again */
	CHECK_OK(munmap(m, N * PAGE));
}

/* Random changes to a range, beside a model of what must be there. */
TEST(random_changes)
{
	enum { N = 64 };
	char *m = map(NULL, N * PAGE, RW, ANON);
	signed char value[N] = { 0 }; /* -1: nothing there */
	unsigned seed = 12345;

	for (int step = 0; step < 4000; step++) {
		unsigned at, len, what;

		seed = seed * 1103515245 + 12345;
		at = seed >> 16 & (N - 1);
		len = (seed >> 8 & 7) + 1;
		what = seed >> 24 & 3;
		if (at + len > N)
			len = N - at;
		if (what == 0)
			CHECK_OK(munmap(m + at * PAGE, len * PAGE));
		else if (what == 1)
			map(m + at * PAGE, len * PAGE, RW, ANON | MAP_FIXED);
		for (unsigned i = at; i < at + len; i++) {
			if (what < 2)
				value[i] = what == 0 ? -1 : 0;
			if (what == 2 && value[i] >= 0)
				m[i * PAGE + 9] = value[i] = step & 127;
			if (what == 3 && value[i] >= 0)
				CHECK_OK(madvise(m + i * PAGE, PAGE,
						 MADV_DONTNEED));
			if (what == 3 && value[i] >= 0)
				value[i] = 0;
		}
		for (unsigned i = 0; i < N; i++)
			if (value[i] >= 0 && m[i * PAGE + 9] != value[i])
				FAIL("step %d page %u: %d, not %d", step, i,
				     m[i * PAGE + 9], value[i]);
	}
}
