/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.c - the stack grows by itself, as far as it may; /proc/self/maps. */
#include <alloca.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { PAGE = 4096 };

struct line {
	unsigned long start, end, offset, inode;
	char rights[8], name[256];
};

/* The map that addr lies in, as /proc/self/maps has it. 0: none. */
static int line_of(const void *addr, struct line *l)
{
	unsigned long a = (unsigned long)addr;
	FILE *f = fopen("/proc/self/maps", "r");
	char text[512];
	int found = 0;

	CHECK(f != NULL);
	while (!found && fgets(text, sizeof(text), f)) {
		memset(l, 0, sizeof(*l));
		if (sscanf(text, "%lx-%lx %7s %lx %*s %lu %255[^\n]", &l->start,
			   &l->end, l->rights, &l->offset, &l->inode,
			   l->name) < 5)
			FAIL("a line: %s", text);
		found = a >= l->start && a < l->end;
	}
	fclose(f);
	return found;
}

static int deep(int kb)
{
	volatile char block[1024];

	block[0] = kb;
	return kb <= 0 ? 0 : deep(kb - 1) + block[0] - (char)kb;
}

TEST(the_stack_grows)
{
	char here;
	struct line before, after;

	CHECK(line_of(&here, &before));
	CHECK(strcmp(before.name, "[stack]") == 0);
	CHECK_EQ(deep(4000), 0);
	CHECK(line_of(&here, &after));
	CHECK(after.start < before.start - (3 << 20));
	CHECK_EQ(after.end, before.end);
}

TEST(a_large_frame_is_fine)
{
	volatile char *p = alloca(6 << 20);

	p[0] = 1;
	CHECK_EQ(p[0], 1);
}

TEST(calls_grow_the_stack_too)
{
	char *p = alloca(1 << 20);
	int fd = open("/dev/zero", O_RDONLY);

	CHECK_EQ(read(fd, p, 1), 1);
	CHECK_EQ(p[0], 0);
}

TEST(the_limit_ends_it)
{
	pid_t p = fork();

	if (p == 0) {
		deep(9000);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGSEGV);
}

TEST(it_does_not_grow_into_another_map)
{
	char here;
	struct line l;
	char *guard;
	pid_t p;

	CHECK(line_of(&here, &l));
	guard = mmap((void *)(l.start - (2 << 20)), PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(guard != MAP_FAILED);
	CHECK_EQ(deep(500), 0);
	p = fork();
	if (p == 0) { /* 1 MB above the map is the end */
		deep(1500);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(p), SIGSEGV);
}

TEST(nothing_is_placed_close_below_it)
{
	char here;
	struct line l;

	CHECK(line_of(&here, &l));
	for (int i = 0; i < 200; i++) {
		char *m = mmap((void *)(l.start - PAGE), PAGE, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		CHECK(m != MAP_FAILED);
		CHECK(m > &here || m < (char *)l.start - (1 << 20));
	}
}

TEST(growsdown_maps_grow)
{
	char *m = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *s;
	pid_t p;

	CHECK(m != MAP_FAILED);
	CHECK_OK(munmap(m, 64 * PAGE));
	s = mmap(m + 62 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(s == m + 62 * PAGE);
	p = fork();
	if (p == 0) {
		s[0] = 1;
		_exit(0);
	}
	CHECK_CHILD(p);
}

/* --- /proc/self/maps ------------------------------------------------------------ */

TEST(maps_tell_the_truth)
{
	char *m = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct line l;

	CHECK_OK(mprotect(m + PAGE, PAGE, PROT_READ));
	CHECK_OK(mprotect(m + 2 * PAGE, PAGE, PROT_NONE));
	CHECK_OK(mprotect(m + 3 * PAGE, PAGE, PROT_READ | PROT_EXEC));
	CHECK(line_of(m + PAGE, &l));
	CHECK(l.start == (unsigned long)m + PAGE && l.end == l.start + PAGE);
	CHECK(strcmp(l.rights, "r--p") == 0);
	CHECK(line_of(m + 2 * PAGE, &l) && strcmp(l.rights, "---p") == 0);
	CHECK(line_of(m + 3 * PAGE, &l) && strcmp(l.rights, "r-xp") == 0);
	CHECK(line_of(m + 4 * PAGE, &l) && strcmp(l.rights, "rw-p") == 0);
}

TEST(maps_name_files)
{
	char name[] = "/tmp/stack.XXXXXX";
	int fd = mkstemp(name);
	struct line l;
	char *m;

	CHECK_OK(fd);
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	CHECK(line_of(m, &l));
	CHECK(strcmp(l.name, name) == 0);
	CHECK_EQ(l.offset, 2 * PAGE);
	CHECK(l.inode != 0);
	CHECK(strcmp(l.rights, "r--s") == 0);
	unlink(name);
	CHECK(line_of(m, &l));
	CHECK(strstr(l.name, " (deleted)") != NULL);
}

TEST(maps_name_the_known_ones)
{
	struct line l;

	CHECK(line_of((void *)getauxval(AT_SYSINFO_EHDR), &l));
	CHECK(strcmp(l.name, "[vdso]") == 0);
	CHECK(strcmp(l.rights, "r-xp") == 0);
	CHECK(line_of((void *)deep, &l));
	CHECK(l.rights[2] == 'x');
	CHECK(strstr(l.name, "stack") != NULL); /* this program */
	CHECK(syscall(SYS_brk, syscall(SYS_brk, 0) + 2 * PAGE) > 0);
	CHECK(line_of((void *)(syscall(SYS_brk, 0) - 1), &l));
	CHECK(strcmp(l.name, "[heap]") == 0);
}

TEST(maps_are_in_order_and_do_not_overlap)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end, last = 0;
	char text[512];

	CHECK(f != NULL);
	while (fgets(text, sizeof(text), f)) {
		CHECK_EQ(sscanf(text, "%lx-%lx ", &start, &end), 2);
		CHECK(start >= last && end > start);
		CHECK(start % PAGE == 0 && end % PAGE == 0);
		last = end;
	}
	CHECK(last != 0);
}

TEST(long_maps_are_read_whole)
{
	enum { N = 3000 };
	char *m = mmap(NULL, N * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	FILE *f;
	char text[512];
	int n = 0;

	CHECK(m != MAP_FAILED);
	for (int i = 0; i < N; i += 2)
		CHECK_OK(mprotect(m + i * PAGE, PAGE, PROT_NONE));
	f = fopen("/proc/self/maps", "r");
	CHECK(f != NULL);
	while (fgets(text, sizeof(text), f))
		n += strtoul(text, NULL, 16) >= (unsigned long)m &&
		     strtoul(text, NULL, 16) < (unsigned long)m + N * PAGE;
	CHECK_EQ(n, N);
}

static long status_kb(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	char text[256];
	long kb = -1;

	while (f && fgets(text, sizeof(text), f))
		if (strncmp(text, name, strlen(name)) == 0)
			kb = strtol(text + strlen(name) + 1, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

TEST(sizes_in_status)
{
	long size = status_kb("VmSize"), rss = status_kb("VmRSS"), peak;
	char *m = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	CHECK_EQ(status_kb("VmSize") - size, 8192);
	memset(m, 1, 4 << 20);
	CHECK(status_kb("VmRSS") - rss >= 4000);
	CHECK_OK(mlock(m, 40960));
	CHECK_EQ(status_kb("VmLck"), 40);
	CHECK_OK(munmap(m, 8 << 20));
	CHECK_EQ(status_kb("VmLck"), 0);
	CHECK_EQ(status_kb("VmSize"), size);
	CHECK(status_kb("VmRSS") - rss < 1000);
	peak = status_kb("VmHWM");
	CHECK(peak >= rss + 3000);
}
