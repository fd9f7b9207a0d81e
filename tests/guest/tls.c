/* SPDX-License-Identifier: BSD-2-Clause */
/* tls.c - set_thread_area: segments of a thread's own (GDT entries). That their
 * limits hold cannot be shown here: QEMU's TCG does not check them. */
#include <sched.h>
#include <sys/syscall.h>

#include "ktap.h"

struct desc {
	unsigned entry, base, limit;
	unsigned seg_32bit : 1, contents : 2, read_exec_only : 1,
		limit_in_pages : 1, seg_not_present : 1, useable : 1;
};

static struct desc desc_of(void *base, unsigned limit)
{
	return (struct desc){ .entry = -1, .base = (uintptr_t)base,
			      .limit = limit, .seg_32bit = 1, .useable = 1 };
}

static int set_area(struct desc *d)
{
	return syscall(SYS_set_thread_area, d);
}

static int get_area(struct desc *d)
{
	return syscall(SYS_get_thread_area, d);
}

/* The word at offset in the segment of that entry, through fs. */
static unsigned through_fs(unsigned entry, unsigned offset)
{
	unsigned value;

	__asm__ volatile("push %%fs; mov %w1, %%fs; mov %%fs:(%2), %0; pop %%fs"
			 : "=&r"(value) : "r"(entry * 8 + 3), "r"(offset));
	return value;
}

static unsigned data[4] = { 111, 222, 333, 444 };

TEST(free_entries_are_given_until_none_is_left)
{
	unsigned seen = 0;
	struct desc d;

	for (int i = 0; i < 4; i++) { /* the C library has taken one */
		d = desc_of(data, 0xfffff);
		if (set_area(&d) < 0)
			break;
		CHECK(d.entry >= 6 && d.entry <= 14);
		CHECK(!(seen & 1u << d.entry));
		seen |= 1u << d.entry;
	}
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(__builtin_popcount(seen), 2);
}

TEST(a_segment_reaches_its_memory)
{
	struct desc d = desc_of(data, 0xfffff);

	CHECK_OK(set_area(&d));
	CHECK_EQ(through_fs(d.entry, 0), 111);
	CHECK_EQ(through_fs(d.entry, 8), 333);
	d.base += 4;
	CHECK_OK(set_area(&d));
	CHECK_EQ(through_fs(d.entry, 0), 222);
}

TEST(what_is_set_can_be_read)
{
	struct desc d = desc_of(data, 0x12345), got;

	d.limit_in_pages = 1;
	CHECK_OK(set_area(&d));
	memset(&got, 0, sizeof(got));
	got.entry = d.entry;
	CHECK_OK(get_area(&got));
	CHECK_EQ(got.base, d.base);
	CHECK_EQ(got.limit, d.limit);
	CHECK_EQ(got.seg_32bit, 1);
	CHECK_EQ(got.limit_in_pages, 1);
	CHECK_EQ(got.read_exec_only, 0);
	CHECK_EQ(got.seg_not_present, 0);
	CHECK_EQ(got.useable, 1);
}

TEST(an_entry_can_be_cleared)
{
	struct desc d = desc_of(data, 0xfffff), none = { 0 }, again;

	CHECK_OK(set_area(&d));
	none.entry = d.entry;
	none.read_exec_only = 1;
	none.seg_not_present = 1;
	CHECK_OK(set_area(&none));
	again = desc_of(data, 0xfffff);
	CHECK_OK(set_area(&again));
	CHECK_EQ(again.entry, d.entry);
	none = (struct desc){ .entry = d.entry };
	CHECK_OK(set_area(&none));
	again = (struct desc){ .entry = d.entry };
	CHECK_OK(get_area(&again));
	CHECK_EQ(again.base, 0);
	CHECK_EQ(again.seg_not_present, 1);
	CHECK_EQ(again.read_exec_only, 1);
}

TEST(wrong_ones_are_refused)
{
	struct desc d = desc_of(data, 0xfffff);

	CHECK_ERRNO(set_area((void *)16), EFAULT);
	CHECK_ERRNO(get_area((void *)16), EFAULT);
	d.entry = 5;
	CHECK_ERRNO(set_area(&d), EINVAL);
	CHECK_ERRNO(get_area(&d), EINVAL);
	d.entry = 15;
	CHECK_ERRNO(set_area(&d), EINVAL);
	CHECK_ERRNO(get_area(&d), EINVAL);
	d = desc_of(data, 0xfffff);
	d.seg_32bit = 0;
	CHECK_ERRNO(set_area(&d), EINVAL);
	d = desc_of(data, 0xfffff);
	d.contents = 2; /* code */
	CHECK_ERRNO(set_area(&d), EINVAL);
	d = desc_of(data, 0xfffff);
	d.seg_not_present = 1;
	CHECK_ERRNO(set_area(&d), EINVAL);
}

static unsigned entry_used, child_data[1] = { 999 };
static char stack[16384] __attribute__((aligned(16)));

static int look(void *arg)
{
	int word = through_fs(entry_used, 0);
	struct desc d = desc_of(child_data, 0xfffff);

	(void)arg;
	if (word != 111)
		return 1;
	d.entry = entry_used;
	if (set_area(&d))
		return 2;
	sched_yield();
	return through_fs(entry_used, 0) == 999 ? 0 : 3;
}

TEST(children_inherit_and_change_only_theirs)
{
	struct desc d = desc_of(data, 0xfffff);
	pid_t p;

	CHECK_OK(set_area(&d));
	entry_used = d.entry;
	p = clone(look, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	CHECK_OK(p);
	CHECK_CHILD(p);
	CHECK_EQ(through_fs(d.entry, 0), 111);
	p = fork();
	if (p == 0)
		_exit(look(NULL));
	CHECK_CHILD(p);
	CHECK_EQ(through_fs(d.entry, 0), 111);
}

/* fs keeps its selector over switches, calls and handlers. */
static void nothing(int sig)
{
	(void)sig;
}

TEST(fs_is_kept)
{
	struct desc d = desc_of(data, 0xfffff);
	unsigned short fs;
	unsigned value;

	CHECK_OK(set_area(&d));
	signal(SIGUSR1, nothing);
	__asm__ volatile("mov %w0, %%fs" : : "r"(d.entry * 8 + 3));
	ktap_sleep_ms(5);
	sched_yield();
	raise(SIGUSR1);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	__asm__ volatile("mov %%fs, %w0; mov %%fs:8, %1"
			 : "=&r"(fs), "=r"(value));
	__asm__ volatile("mov %w0, %%fs" : : "r"(0));
	CHECK_EQ(fs, d.entry * 8 + 3);
	CHECK_EQ(value, 333);
}
