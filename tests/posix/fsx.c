/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsx.c - random reading, writing, mapping and resizing of one file, compared
 * with a model in memory after each step that reads.
 *
 * FSX_SECONDS (2) says for how long, FSX_SEED where to begin. When the file is
 * not what the model says, the last steps are told: the same seed makes the
 * same steps again.
 *
 * seconds: 3600
 */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "files.h"

enum { SIZE_MAX_BYTES = 300000, PAGE = 4096, LOG = 24, KEEP_SIZE = 1,
       PUNCH_HOLE = 2 };

static struct {
	int fd;
	uint32_t random;
	unsigned steps;
	uint32_t size;
	uint8_t model[SIZE_MAX_BYTES + PAGE], got[SIZE_MAX_BYTES + PAGE];
	char log[LOG][80];
} x;

static uint32_t any(uint32_t below)
{
	x.random ^= x.random << 13;
	x.random ^= x.random >> 17;
	x.random ^= x.random << 5;
	return x.random % below;
}

__attribute__((format(printf, 1, 2))) static void step(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x.log[x.steps % LOG], sizeof(x.log[0]), fmt, ap);
	va_end(ap);
	x.steps++;
}

static void tell_steps(void)
{
	unsigned n = x.steps > LOG ? x.steps - LOG : 0;

	for (; n < x.steps; n++)
		ktap_note("step %u: %s", n, x.log[n % LOG]);
}

static void compare(const uint8_t *got, uint32_t at, uint32_t n)
{
	uint32_t k = 0;

	if (!memcmp(got, x.model + at, n))
		return;
	while (got[k] == x.model[at + k])
		k++;
	tell_steps();
	FAIL("byte %u of %u is 0x%02x, not 0x%02x", at + k, x.size, got[k],
	     x.model[at + k]);
}

/* A piece of the file's room: small and large, at ends of pages or not. */
static void piece(uint32_t room, uint32_t *at, uint32_t *n)
{
	static const uint32_t most[] = { 16, 1024, 5000, 70000 };

	*at = any(room);
	if (any(3) == 0)
		*at &= ~(PAGE - 1);
	*n = 1 + any(most[any(4)]);
	if (*n > room - *at)
		*n = room - *at;
}

static void set_size(uint32_t size)
{
	if (size < x.size)
		memset(x.model + size, 0, x.size - size);
	x.size = size;
}

static void put_noise(uint32_t at, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		x.got[k] = x.steps + k * 7 + (k >> 8);
	memcpy(x.model + at, x.got, n);
	if (at + n > x.size)
		x.size = at + n;
}

static void do_write(void)
{
	uint32_t at, n;

	piece(SIZE_MAX_BYTES, &at, &n);
	step("write %u at %u (size %u)", n, at, x.size);
	put_noise(at, n);
	if (any(2)) {
		CHECK_EQ(pwrite(x.fd, x.got, n, at), n);
	} else {
		struct iovec v[2] = { { x.got, n / 2 },
				      { x.got + n / 2, n - n / 2 } };

		CHECK_EQ(lseek(x.fd, at, SEEK_SET), at);
		CHECK_EQ(writev(x.fd, v, 2), n);
	}
}

static void do_append(void)
{
	int fd = open("f", O_WRONLY | O_APPEND);
	uint32_t n = 1 + any(5000), at = x.size;

	CHECK_OK(fd);
	if (at + n <= SIZE_MAX_BYTES) {
		step("append %u (size %u)", n, x.size);
		put_noise(at, n);
		CHECK_EQ(write(fd, x.got, n), n);
	}
	CHECK_OK(close(fd));
}

static void do_read(void)
{
	uint32_t at, n, have;

	piece(SIZE_MAX_BYTES, &at, &n);
	step("read %u at %u (size %u)", n, at, x.size);
	have = at >= x.size ? 0 : n < x.size - at ? n : x.size - at;
	CHECK_EQ(pread(x.fd, x.got, n, at), have);
	compare(x.got, at, have);
}

static uint8_t *map(uint32_t at, uint32_t n, int prot, uint32_t *skip)
{
	uint8_t *p;

	*skip = at % PAGE;
	p = mmap(NULL, n + *skip, prot, MAP_SHARED, x.fd, at - *skip);
	CHECK(p != MAP_FAILED);
	return p;
}

static void do_map_read(void)
{
	uint32_t at, n, skip;
	uint8_t *p;

	if (!x.size)
		return;
	piece(x.size, &at, &n);
	step("map read %u at %u (size %u)", n, at, x.size);
	p = map(at, n, PROT_READ, &skip);
	compare(p + skip, at, n);
	CHECK_OK(munmap(p, n + skip));
}

static void do_map_write(void)
{
	uint32_t at, n, skip;
	uint8_t *p;

	if (!x.size)
		return;
	piece(x.size, &at, &n);
	step("map write %u at %u (size %u)", n, at, x.size);
	p = map(at, n, PROT_READ | PROT_WRITE, &skip);
	put_noise(at, n);
	memcpy(p + skip, x.got, n);
	if (any(4) == 0)
		CHECK_OK(msync(p, n + skip, any(2) ? MS_SYNC : MS_ASYNC));
	/* Behind the end: must not come into the file when it grows, though
	 * POSIX allows that, and Linux's tmpfs does it. */
	if (on_brig() && at + n == x.size && x.size % PAGE)
		p[skip + n] = 0xee;
	CHECK_OK(munmap(p, n + skip));
}

static void do_truncate(void)
{
	uint32_t size = any(3) ? any(SIZE_MAX_BYTES) : any(PAGE * 3);

	step("truncate to %u (size %u)", size, x.size);
	set_size(size);
	CHECK_OK(any(2) ? ftruncate(x.fd, size) : truncate("f", size));
	CHECK_EQ(lseek(x.fd, 0, SEEK_END), size);
}

static void do_punch(void)
{
	uint32_t at, n;

	piece(SIZE_MAX_BYTES, &at, &n);
	step("punch %u at %u (size %u)", n, at, x.size);
	if (fallocate(x.fd, KEEP_SIZE | PUNCH_HOLE, at, n) < 0) {
		CHECK_EQ(errno, EOPNOTSUPP);
		return;
	}
	memset(x.model + at, 0, n);
}

static void do_allocate(void)
{
	uint32_t at, n;
	int keep = any(2);

	piece(SIZE_MAX_BYTES, &at, &n);
	step("allocate %u at %u%s (size %u)", n, at, keep ? " keep" : "", x.size);
	if (fallocate(x.fd, keep ? KEEP_SIZE : 0, at, n) < 0) {
		CHECK_EQ(errno, EOPNOTSUPP);
		return;
	}
	if (!keep && at + n > x.size)
		x.size = at + n;
}

static void do_sync(void)
{
	step("sync");
	CHECK_OK(any(2) ? fsync(x.fd) : fdatasync(x.fd));
}

static void do_reopen(void)
{
	step("reopen");
	CHECK_OK(close(x.fd));
	x.fd = open("f", O_RDWR);
	CHECK_OK(x.fd);
}

/* What is clean leaves memory: the next reads come from the disk. */
static void do_forget(void)
{
	int fd;

	step("forget");
	if (any(2))
		CHECK_OK(fsync(x.fd));
	CHECK_EQ(posix_fadvise(x.fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	fd = any(8) || !on_brig() ? -1 : open("/proc/sys/vm/drop_caches", O_WRONLY);
	if (fd >= 0) {
		CHECK_EQ(write(fd, "3", 1), 1);
		CHECK_OK(close(fd));
	}
}

static void do_rename(void)
{
	step("rename");
	CHECK_OK(rename("f", "g"));
	CHECK_OK(rename("g", "f"));
}

static void do_copy(void)
{
	uint32_t at, n, have;
	off_t from;
	int out;

	piece(SIZE_MAX_BYTES, &at, &n);
	step("sendfile %u at %u (size %u)", n, at, x.size);
	have = at >= x.size ? 0 : n < x.size - at ? n : x.size - at;
	out = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK_OK(out);
	from = at;
	for (uint32_t done = 0; done < have;) {
		ssize_t k = sendfile(out, x.fd, &from, have - done);

		CHECK(k > 0);
		done += k;
	}
	CHECK_EQ(pread(out, x.got, n, 0), have);
	compare(x.got, at, have);
	CHECK_OK(close(out));
	CHECK_OK(unlink("copy"));
}

static void check_all(void)
{
	struct stat st;

	CHECK_OK(fstat(x.fd, &st));
	if (st.st_size != x.size)
		tell_steps();
	CHECK_EQ(st.st_size, x.size);
	CHECK_EQ(pread(x.fd, x.got, sizeof(x.got), 0), x.size);
	compare(x.got, 0, x.size);
}

static void (*const steps[])(void) = {
	do_write, do_write, do_write, do_append, do_read, do_read, do_read,
	do_map_read, do_map_read, do_map_write, do_map_write, do_truncate,
	do_punch, do_allocate, do_sync, do_reopen, do_forget, do_rename, do_copy,
};

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

TEST_WITHIN(random_steps, 3600)
{
	long long until = ktap_ms() + setting("FSX_SECONDS", 2) * 1000LL;

	x.random = setting("FSX_SEED", (uint32_t)time(NULL)) | 1;
	ktap_note("FSX_SEED=%u", x.random);
	fresh();
	x.fd = open("f", O_RDWR | O_CREAT, 0600);
	CHECK_OK(x.fd);
	while (ktap_ms() < until) {
		steps[any(sizeof(steps) / sizeof(*steps))]();
		if (x.steps % 50 == 0)
			check_all();
	}
	check_all();
	ktap_note("%u steps", x.steps);
}
