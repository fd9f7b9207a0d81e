/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioport.c - ports and physical memory: ioperm, iopl, /dev/port, /dev/mem.
 * oracle: no
 */
#include <sched.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "ktap.h"

enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71, TEXT_PAGE = 0x100000 };

static int in_byte(int port)
{
	unsigned char v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"((unsigned short)port));
	return v;
}

static void out_byte(int port, int v)
{
	__asm__ volatile("outb %0, %1"
			 : : "a"((unsigned char)v), "Nd"((unsigned short)port));
}

/* What a child died of when it read the port; 0: it lived. */
static int signal_of_read(int port)
{
	int status;
	pid_t p = fork();

	if (p == 0) {
		in_byte(port);
		_exit(0);
	}
	CHECK_EQ(waitpid(p, &status, 0), p);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(ports_are_closed)
{
	CHECK_EQ(signal_of_read(CMOS_DATA), SIGSEGV);
	CHECK_EQ(signal_of_read(0), SIGSEGV);
	CHECK_EQ(signal_of_read(0xffff), SIGSEGV);
}

TEST(ioperm_opens_what_it_names)
{
	CHECK_OK(ioperm(CMOS_INDEX, 2, 1));
	out_byte(CMOS_INDEX, 0);
	CHECK(in_byte(CMOS_DATA) <= 0x59);	/* seconds, BCD */
	CHECK_EQ(signal_of_read(CMOS_DATA), 0);	/* fork inherits */
	CHECK_EQ(signal_of_read(CMOS_DATA + 1), SIGSEGV);
	CHECK_EQ(signal_of_read(CMOS_INDEX - 1), SIGSEGV);
	sched_yield();
	in_byte(CMOS_DATA);
	CHECK_OK(ioperm(CMOS_DATA, 1, 0));
	CHECK_EQ(signal_of_read(CMOS_DATA), SIGSEGV);
	CHECK_EQ(signal_of_read(CMOS_INDEX), 0);
}

TEST(ioperm_of_a_child_is_its_own)
{
	int status;
	pid_t p;

	CHECK_OK(ioperm(CMOS_INDEX, 2, 1));
	p = fork();
	if (p == 0) {
		if (ioperm(CMOS_INDEX, 2, 0))
			_exit(1);
		in_byte(CMOS_DATA);
		_exit(0);
	}
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	in_byte(CMOS_DATA);
}

TEST(ioperm_checks_its_range)
{
	CHECK_ERRNO(ioperm(0, 0, 1), EINVAL);
	CHECK_ERRNO(ioperm(65535, 2, 1), EINVAL);
	CHECK_ERRNO(ioperm(~0ul, 2, 1), EINVAL);
	CHECK_ERRNO(ioperm(65536, 1, 0), EINVAL);
	CHECK_OK(ioperm(65535, 1, 1));
	in_byte(65535);
	CHECK_OK(ioperm(0, 65536, 0));
	CHECK_EQ(signal_of_read(65535), SIGSEGV);
}

TEST(iopl_opens_all_but_interrupts)
{
	int status;
	pid_t p;

	CHECK_ERRNO(iopl(4), EINVAL);
	CHECK_OK(iopl(3));
	in_byte(0xffff);
	out_byte(CMOS_INDEX, 0);
	p = fork();
	if (p == 0) {
		__asm__ volatile("cli");
		_exit(0);
	}
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	CHECK_OK(iopl(0));
	CHECK_EQ(signal_of_read(CMOS_DATA), SIGSEGV);
}

TEST(ports_and_memory_are_roots)
{
	CHECK_OK(setuid(65534));
	CHECK_ERRNO(ioperm(CMOS_DATA, 1, 1), EPERM);
	CHECK_OK(ioperm(CMOS_DATA, 1, 0));
	CHECK_ERRNO(iopl(3), EPERM);
	CHECK_OK(iopl(0));
	CHECK_ERRNO(open("/dev/mem", O_RDONLY), EACCES);
	CHECK_ERRNO(open("/dev/port", O_RDONLY), EACCES);
	CHECK_ERRNO(syscall(SYS_swapon, "/etc/passwd", 0), EPERM);
	CHECK_ERRNO(syscall(SYS_swapoff, "/etc/passwd"), EPERM);
	CHECK_ERRNO(syscall(SYS_acct, NULL), EPERM);
	CHECK_ERRNO(syscall(SYS_quotactl, 0x80000200, "/", 0, 0), EPERM);
}

TEST(dev_port_reads_a_port)
{
	unsigned char v = 0;
	int fd = open("/dev/port", O_RDWR);

	CHECK_OK(fd);
	CHECK_EQ(pwrite(fd, &v, 1, CMOS_INDEX), 1);
	CHECK_EQ(pread(fd, &v, 1, CMOS_DATA), 1);
	CHECK(v <= 0x59);
	CHECK_EQ(pread(fd, &v, 1, 65536), 0);
}

/* A page of this process, found in physical memory by its content, which only
 * the page itself holds in one piece. */
static off_t find_page(int fd, const char *page)
{
	static char here[4096];

	for (off_t at = TEXT_PAGE; ; at += sizeof(here)) {
		if (pread(fd, here, sizeof(here), at) < (int)sizeof(here))
			return -1;
		if (!memcmp(here, page, 64) && !memcmp(here + 4000, page + 4000, 96))
			return at;
	}
}

static char *marked_page(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	srand(getpid());
	for (int i = 0; i < 4096; i++)
		page[i] = rand();
	return page;
}

TEST_WITHIN(dev_mem_is_physical_memory, 60)
{
	char *page = marked_page(), *seen;
	int fd = open("/dev/mem", O_RDWR);
	off_t at;

	CHECK_OK(fd);
	at = find_page(fd, page);
	CHECK(at > 0);
	CHECK_EQ(pwrite(fd, "written", 7, at), 7);
	CHECK(!memcmp(page, "written", 7));
	seen = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at - 4096);
	CHECK(seen != MAP_FAILED);
	CHECK_OK(munmap(seen, 4096));
	CHECK(!memcmp(seen + 4096, page, 4096));
	seen[4096 + 100] = page[100] + 1;
	CHECK(seen[4096 + 100] == page[100]);
	CHECK_OK(munmap(page, 4096));
	seen[4096] = 1;		/* a free page by now: nobody is hurt by holding it */
	CHECK_OK(munmap(seen + 4096, 4096));
}

TEST(dev_mem_private_and_forked)
{
	char *page = marked_page(), *seen;
	int fd = open("/dev/mem", O_RDONLY), status;
	off_t at = find_page(fd, page);
	pid_t p;

	CHECK(at > 0);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at) ==
	      MAP_FAILED && errno == EACCES);
	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, at);
	CHECK(seen != MAP_FAILED);
	CHECK(seen[5] == page[5]);
	p = fork();
	if (p == 0) {
		seen[5]++;
		_exit(seen[5] == page[5]);
	}
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK_EQ(status, 0);
	seen[5]++;
	CHECK(seen[5] != page[5] && seen[6] == page[6]);
}

TEST(dev_mem_keeps_the_kernel_whole)
{
	char bytes[16];
	int fd = open("/dev/mem", O_RDWR);

	CHECK_OK(fd);
	CHECK_EQ(pread(fd, bytes, 16, TEXT_PAGE), 16);
	CHECK_ERRNO(pwrite(fd, bytes, 16, TEXT_PAGE), EFAULT); /* its text */
	CHECK_EQ(pread(fd, bytes, 16, 0xfffff000), 0);
	CHECK_ERRNO(pwrite(fd, bytes, 16, 0xfffff000), EFBIG);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK(mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0xfffff000) == MAP_FAILED);
	CHECK_EQ(pread(fd, (void *)0x10, 16, TEXT_PAGE), -1);
}

/* jail_set(2) of Brig: makes a jail at / and enters it. */
static long enter_jail(const char *name)
{
	enum { SYS_JAIL_SET = 1507, JAIL_CREATE = 1, JAIL_ATTACH = 4 };
	struct iovec v[] = {
		{ "path", 5 }, { "/", 2 },
		{ "name", 5 }, { (void *)name, strlen(name) + 1 },
	};

	return syscall(SYS_JAIL_SET, v, 4, JAIL_CREATE | JAIL_ATTACH);
}

TEST(a_jail_takes_the_ports_away)
{
	CHECK_OK(iopl(3));
	CHECK_OK(ioperm(CMOS_INDEX, 2, 1));
	CHECK_EQ(signal_of_read(CMOS_DATA), 0);
	CHECK_OK(enter_jail("ports"));
	CHECK_EQ(signal_of_read(CMOS_DATA), SIGSEGV);
	CHECK_EQ(signal_of_read(0x3f8), SIGSEGV);
	CHECK_ERRNO(iopl(3), EPERM);
	CHECK_ERRNO(iopl(1), EPERM);
	CHECK_ERRNO(ioperm(CMOS_DATA, 1, 1), EPERM);
	CHECK_OK(iopl(0));
	CHECK(open("/dev/mem", O_RDONLY) < 0 && (errno == ENOENT || errno == ENXIO));
	CHECK(open("/dev/port", O_RDONLY) < 0 && (errno == ENOENT || errno == ENXIO));
}

TEST(a_jail_has_not_the_machine)
{
	CHECK_OK(enter_jail("machine"));
	CHECK_ERRNO(syscall(SYS_init_module, "x", 1, ""), EPERM);
	CHECK_ERRNO(syscall(SYS_finit_module, 0, "", 0), EPERM);
	CHECK_ERRNO(syscall(SYS_delete_module, "sample", 0), EPERM);
	CHECK_ERRNO(syscall(SYS_swapon, "/x", 0), EPERM);
	CHECK_ERRNO(syscall(SYS_swapoff, "/x"), EPERM);
	CHECK_ERRNO(syscall(SYS_acct, NULL), EPERM);
	CHECK_ERRNO(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x1234567, 0), EPERM);
	CHECK_ERRNO(syscall(SYS_quotactl, 0x80000200, "/", 0, 0), EPERM);
	CHECK_ERRNO(syscall(SYS_quotactl, 0x80000700, "/", 0, 0), EPERM);
}
