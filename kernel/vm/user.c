/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - the only way to user memory: copies that may fault, and lists.
 *
 * Every address is checked against USER_TOP, here and in vm.h; what lies below
 * it may still not be mapped, which the machine's copy routines survive
 * (arch_fixup).
 * All may sleep, because a fault may; none panics, whatever the user gives.
 * Locks: none.
 */
#include "kernel/vm/inner.h"

int user_clear(uint32_t to, size_t n)
{
	if (!user_range_ok(to, n) || arch_clear_out(to, n))
		return -EFAULT;
	return 0;
}

int user_get32(uint32_t from, uint32_t *v)
{
	return user_copy_in(v, from, sizeof(*v));
}

int user_put32(uint32_t to, uint32_t v)
{
	return user_copy_out(to, &v, sizeof(v));
}

int user_cmpxchg32(uint32_t to, uint32_t expect, uint32_t set, uint32_t *old)
{
	if (!user_range_ok(to, sizeof(*old)) ||
	    arch_user_cmpxchg(to, expect, set, old))
		return -EFAULT;
	return 0;
}

/* A string of at most size bytes, its NUL included: its length without it.
 * -EFAULT, -ENAMETOOLONG. */
int user_string_in(char *to, uint32_t from, size_t size)
{
	uint32_t max;
	int32_t n;

	assert(size > 0 && size <= INT32_MAX);
	if (from >= USER_TOP)
		return -EFAULT;
	max = min_u32(size, USER_TOP - from);
	n = arch_string_in(to, from, max);
	if (n < 0)
		return -EFAULT;
	if ((uint32_t)n < max)
		return n;
	return max < size ? -EFAULT : -ENAMETOOLONG;
}

/* --- scatter lists ------------------------------------------------------------ */

void user_io_kernel(struct user_io *io, void *base, uint32_t len)
{
	user_io_single(io, (uint32_t)base, len);
	io->kernel = true;
}

/* Checks the lengths, and cuts the list where the total becomes too much. */
static int check_vector(struct user_io *io)
{
	io->left = 0;
	for (unsigned i = 0; i < io->count; i++) {
		struct abi_iovec *v = &io->iov[i];

		if (v->len > INT32_MAX)
			return -EINVAL;
		if (!user_range_ok(v->base, v->len))
			return -EFAULT;
		v->len = min_u32(v->len, IO_TOTAL_MAX - io->left);
		io->left += v->len;
	}
	assert(io->left <= IO_TOTAL_MAX);
	return 0;
}

/* The list is freed by user_io_done, also after the io was used up. -EINVAL,
 * -EFAULT, -ENOMEM: nothing to free. Sleeps. */
int user_io_vector(struct user_io *io, uint32_t iov, uint32_t count)
{
	int err;

	if (count > IOV_MAX)
		return -EINVAL;
	io->kernel = false;
	io->all = NULL;
	io->iov = &io->one;
	io->count = count;
	if (count > 1) {
		io->all = io->iov = kmem_alloc(count * sizeof(*io->iov));
		if (!io->all)
			return -ENOMEM;
	}
	err = user_copy_in(io->iov, iov, count * sizeof(*io->iov));
	if (!err)
		err = check_vector(io);
	if (err)
		user_io_done(io);
	return err;
}

void user_io_done(struct user_io *io)
{
	kmem_free(io->all);
	io->all = NULL;
}

/* The first piece of the list that is not empty, at most n bytes: its length. */
static uint32_t io_piece(struct user_io *io, uint32_t n)
{
	while (io->count && io->iov->len == 0) {
		io->iov++;
		io->count--;
	}
	return io->count ? min_u32(n, io->iov->len) : 0;
}

static void io_advance(struct user_io *io, uint32_t n)
{
	assert(n <= io->iov->len && n <= io->left);
	io->iov->base += n;
	io->iov->len -= n;
	io->left -= n;
}

enum io_way { IO_TAKE, IO_GIVE, IO_ZERO, IO_SKIP };

/* Moves one piece; the number of bytes that did not go. */
static uint32_t move_piece(struct user_io *io, enum io_way way, void *at, uint32_t n)
{
	uint32_t user = io->iov->base;

	assert(n > 0 && n <= io->iov->len);
	if (way == IO_SKIP)
		return 0;
	if (io->kernel) {
		if (way == IO_TAKE)
			memcpy(at, (void *)user, n);
		else if (way == IO_GIVE)
			memcpy((void *)user, at, n);
		else
			memset((void *)user, 0, n);
		return 0;
	}
	if (way == IO_TAKE)
		return arch_copy_in(at, user, n);
	if (way == IO_GIVE)
		return arch_copy_out(user, at, n);
	return arch_clear_out(user, n);
}

static int io_move(struct user_io *io, enum io_way way, void *at, uint32_t n)
{
	uint32_t done = 0, part;

	while (done < n && (part = io_piece(io, n - done))) {
		uint32_t missed;

		if (!io->kernel && !user_range_ok(io->iov->base, part))
			missed = part;
		else
			missed = move_piece(io, way, at ? (char *)at + done : NULL,
					    part);
		io_advance(io, part - missed);
		done += part - missed;
		if (missed)
			return done ? (int)done : -EFAULT;
	}
	return done;
}

int user_io_take(struct user_io *io, void *to, uint32_t n)
{
	return io_move(io, IO_TAKE, to, n);
}

int user_io_give(struct user_io *io, const void *from, uint32_t n)
{
	return io_move(io, IO_GIVE, (void *)from, n);
}

int user_io_zero(struct user_io *io, uint32_t n)
{
	return io_move(io, IO_ZERO, NULL, n);
}

int user_io_skip(struct user_io *io, uint32_t n)
{
	return io_move(io, IO_SKIP, NULL, n);
}
