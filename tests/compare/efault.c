/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efault.c - every system call with every pointer argument bad, in six ways.
 *
 * Prints one line a case: "call argument kind result". The same program runs
 * on Linux, and tests/test_compare.py compares the two outputs. Each case runs
 * in a child of its own, which has a fresh set of files in a directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, FILE_FD = 10, DIR_FD = 11, READ_FD = 12, WRITE_FD = 13,
       EPOLL_FD = 14, NULL_FD = 15 };

/* Arguments that are made when the case runs. */
enum { TOKEN = 0x7fff0000, PATH_A, PATH_EXE, PATH_NEW, PATH_DIR, BUF, IOV, TS, SIG8,
       POLLFD, TOKEN_END };

struct row {
	const char *name;
	int nr;
	unsigned pointers;	/* bit i: argument i is one */
	uint32_t arg[6];
};
#define P0 1
#define P1 2
#define P2 4
#define P3 8
#define P4 16

static const struct row rows[] = {
	{ "read", 3, P1, { FILE_FD, BUF, 64 } },
	{ "read_pipe", 3, P1, { READ_FD, BUF, 64 } },
	{ "read_zero", 3, P1, { NULL_FD, BUF, 64 } },
	{ "write", 4, P1, { FILE_FD, BUF, 64 } },
	{ "write_pipe", 4, P1, { WRITE_FD, BUF, 64 } },
	{ "open", 5, P0, { PATH_A, 0, 0 } },
	{ "waitpid", 7, P1, { -1, BUF, 1 } },
	{ "creat", 8, P0, { PATH_NEW, 0600 } },
	{ "link", 9, P0 | P1, { PATH_A, PATH_NEW } },
	{ "unlink", 10, P0, { PATH_A } },
	{ "execve", 11, P0 | P1 | P2, { PATH_EXE, 0, 0 } },
	{ "chdir", 12, P0, { PATH_DIR } },
	{ "time", 13, P0, { BUF } },
	{ "mknod", 14, P0, { PATH_NEW, S_IFIFO | 0600, 0 } },
	{ "chmod", 15, P0, { PATH_A, 0600 } },
	{ "lchown", 16, P0, { PATH_A, -1, -1 } },
	{ "utime", 30, P0 | P1, { PATH_A, BUF } },
	{ "access", 33, P0, { PATH_A, 4 } },
	{ "rename", 38, P0 | P1, { PATH_A, PATH_NEW } },
	{ "mkdir", 39, P0, { PATH_NEW, 0700 } },
	{ "rmdir", 40, P0, { PATH_DIR } },
	{ "pipe", 42, P0, { BUF } },
	{ "times", 43, P0, { BUF } },
	{ "ioctl_fionread", 54, P2, { READ_FD, 0x541b, BUF } },
	{ "ioctl_fionbio", 54, P2, { READ_FD, 0x5421, BUF } },
	{ "fcntl_getlk", 55, P2, { FILE_FD, 5, BUF } },
	{ "chroot", 61, P0, { PATH_DIR } },
	{ "sigaction", 67, P1 | P2, { 10, BUF, BUF } },
	{ "sigpending", 73, P0, { BUF } },
	{ "getrlimit", 76, P1, { 7, BUF } },
	{ "getrusage", 77, P1, { 0, BUF } },
	{ "gettimeofday", 78, P0 | P1, { BUF, BUF } },
	{ "symlink", 83, P0 | P1, { PATH_A, PATH_NEW } },
	{ "readlink", 85, P0 | P1, { PATH_A, BUF, 64 } },
	{ "mmap_old", 90, P0, { BUF } },
	{ "truncate", 92, P0, { PATH_A, 5 } },
	{ "statfs", 99, P0 | P1, { PATH_A, BUF } },
	{ "fstatfs", 100, P1, { FILE_FD, BUF } },
	{ "socketcall", 102, P1, { 1, BUF } },
	{ "setitimer", 104, P1 | P2, { 0, BUF, BUF } },
	{ "getitimer", 105, P1, { 0, BUF } },
	{ "stat", 106, P0 | P1, { PATH_A, BUF } },
	{ "lstat", 107, P0 | P1, { PATH_A, BUF } },
	{ "fstat", 108, P1, { FILE_FD, BUF } },
	{ "wait4", 114, P1 | P3, { -1, BUF, 1, BUF } },
	{ "sysinfo", 116, P0, { BUF } },
	{ "uname", 122, P0, { BUF } },
	{ "sigprocmask", 126, P1 | P2, { 0, BUF, BUF } },
	{ "llseek", 140, P3, { FILE_FD, 0, 0, BUF, 0 } },
	{ "getdents", 141, P1, { DIR_FD, BUF, 512 } },
	{ "select", 142, P1 | P2 | P3 | P4, { 0, 0, 0, 0, TS } },
	{ "readv", 145, P1, { FILE_FD, IOV, 2 } },
	{ "writev", 146, P1, { FILE_FD, IOV, 2 } },
	{ "sched_getparam", 155, P1, { 0, BUF } },
	{ "rr_get_interval", 161, P1, { 0, BUF } },
	{ "nanosleep", 162, P0, { TS, 0 } },
	{ "poll", 168, P0, { POLLFD, 1, 0 } },
	{ "rt_sigaction", 174, P1 | P2, { 10, BUF, BUF, 8 } },
	{ "rt_sigprocmask", 175, P1 | P2, { 0, SIG8, BUF, 8 } },
	{ "rt_sigpending", 176, P0, { BUF, 8 } },
	{ "rt_sigtimedwait", 177, P0 | P2, { SIG8, 0, TS, 8 } },
	{ "pread64", 180, P1, { FILE_FD, BUF, 64, 0, 0 } },
	{ "pwrite64", 181, P1, { FILE_FD, BUF, 64, 0, 0 } },
	{ "getcwd", 183, P0, { BUF, 64 } },
	{ "capget", 184, P0, { BUF, 0 } },
	{ "sigaltstack", 186, P1, { 0, BUF } },
	{ "sendfile", 187, P2, { WRITE_FD, FILE_FD, BUF, 8 } },
	{ "ugetrlimit", 191, P1, { 7, BUF } },
	{ "truncate64", 193, P0, { PATH_A, 5, 0 } },
	{ "stat64", 195, P0 | P1, { PATH_A, BUF } },
	{ "lstat64", 196, P0 | P1, { PATH_A, BUF } },
	{ "fstat64", 197, P1, { FILE_FD, BUF } },
	{ "chown32", 212, P0, { PATH_A, -1, -1 } },
	{ "getgroups32", 205, P1, { 64, BUF } },
	{ "getresuid32", 209, P0 | P1 | P2, { BUF, BUF, BUF } },
	{ "getresgid32", 211, P0 | P1 | P2, { BUF, BUF, BUF } },
	{ "mincore", 218, P2, { 0x08048000, 4096, BUF } },
	{ "getdents64", 220, P1, { DIR_FD, BUF, 512 } },
	{ "fcntl_getlk64", 221, P2, { FILE_FD, 12, BUF } },
	{ "listxattr", 232, P0, { PATH_A, BUF, 64 } },
	{ "sendfile64", 239, P2, { WRITE_FD, FILE_FD, BUF, 8 } },
	{ "futex_wait", 240, P0, { BUF, 0, 99, 0 } },
	{ "futex_wake", 240, P0, { BUF, 1, 1, 0 } },
	{ "sched_getaffinity", 242, P2, { 0, 128, BUF } },
	{ "set_thread_area", 243, P0, { BUF } },
	{ "get_thread_area", 244, P0, { BUF } },
	{ "epoll_ctl", 255, P3, { EPOLL_FD, 1, READ_FD, BUF } },
	{ "epoll_wait", 256, P1, { EPOLL_FD, BUF, 4, 0 } },
	{ "timer_create", 259, P2, { 1, 0, BUF } },
	{ "clock_gettime", 265, P1, { 1, BUF } },
	{ "clock_getres", 266, P1, { 1, BUF } },
	{ "clock_nanosleep", 267, P2, { 1, 0, TS, 0 } },
	{ "statfs64", 268, P0 | P2, { PATH_A, 84, BUF } },
	{ "fstatfs64", 269, P2, { FILE_FD, 84, BUF } },
	{ "utimes", 271, P0, { PATH_A, 0 } },
	{ "waitid", 284, P2, { 0, 0, BUF, 5 } },
	{ "openat", 295, P1, { -100, PATH_A, 0, 0 } },
	{ "mkdirat", 296, P1, { -100, PATH_NEW, 0700 } },
	{ "mknodat", 297, P1, { -100, PATH_NEW, S_IFIFO | 0600, 0 } },
	{ "fchownat", 298, P1, { -100, PATH_A, -1, -1, 0 } },
	{ "fstatat64", 300, P1 | P2, { -100, PATH_A, BUF, 0 } },
	{ "unlinkat", 301, P1, { -100, PATH_A, 0 } },
	{ "renameat", 302, P1 | P3, { -100, PATH_A, -100, PATH_NEW } },
	{ "linkat", 303, P1 | P3, { -100, PATH_A, -100, PATH_NEW, 0 } },
	{ "symlinkat", 304, P0 | P2, { PATH_A, -100, PATH_NEW } },
	{ "readlinkat", 305, P1 | P2, { -100, PATH_A, BUF, 64 } },
	{ "fchmodat", 306, P1, { -100, PATH_A, 0600 } },
	{ "faccessat", 307, P1, { -100, PATH_A, 4 } },
	{ "pselect6", 308, P1 | P2 | P3 | P4, { 0, 0, 0, 0, TS, 0 } },
	{ "ppoll", 309, P0 | P2, { POLLFD, 1, TS, 0, 8 } },
	{ "set_robust_list", 311, P0, { BUF, 12 } },
	{ "get_robust_list", 312, P1 | P2, { 0, BUF, BUF } },
	{ "getcpu", 318, P0 | P1, { BUF, BUF, 0 } },
	{ "pipe2", 331, P0, { BUF, 0 } },
	{ "preadv", 333, P1, { FILE_FD, IOV, 2, 0, 0 } },
	{ "prlimit64", 340, P3, { 0, 7, 0, BUF } },
	{ "renameat2", 353, P1 | P3, { -100, PATH_A, -100, PATH_NEW, 0 } },
	{ "getrandom", 355, P0, { BUF, 64, 0 } },
	{ "memfd_create", 356, P0, { PATH_A, 0 } },
	{ "copy_file_range", 377, P1, { FILE_FD, BUF, FILE_FD, 0, 0, 0 } },
	{ "statx", 383, P1 | P4, { -100, PATH_A, 0, 0x7ff, BUF } },
	{ "clock_gettime64", 403, P1, { 1, BUF } },
	{ "clock_nanosleep64", 407, P2, { 1, 0, TS, 0 } },
	{ "utimensat64", 412, P1, { -100, PATH_A, 0, 0 } },
	{ "ppoll64", 414, P0 | P2, { POLLFD, 1, TS, 0, 8 } },
	{ "clone3", 435, P0, { BUF, 88 } },
	{ "faccessat2", 439, P1, { -100, PATH_A, 4, 0 } },
};

static unsigned char *page;	/* two pages rw, one read-only, one hole */

static uint32_t place(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static uint32_t make(uint32_t token)
{
	static unsigned char room[16][512];
	static unsigned used;
	unsigned char *r = room[used++ % 16];

	memset(r, 0, 512);
	switch (token) {
	case PATH_A: return place(strcpy((char *)r, "a"));
	case PATH_EXE: return place(strcpy((char *)r, "exe"));
	case PATH_NEW: return place(strcpy((char *)r, "new"));
	case PATH_DIR: return place(strcpy((char *)r, "dir"));
	case IOV:
		((uint32_t *)r)[0] = place(r + 64);
		((uint32_t *)r)[1] = 8;
		return place(r);
	case POLLFD:
		((int *)r)[0] = FILE_FD;
		return place(r);
	case BUF: case TS: case SIG8:
		return place(r);
	default:
		return token;
	}
}

static const struct kind {
	const char *name;
	uint32_t fixed;
} kinds[] = { { "null", 0 }, { "one", 1 }, { "kernel", 0xfffff000 },
	      { "unmapped", 0 }, { "readonly", 0 }, { "crossing", 0 } };
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static uint32_t bad(int kind)
{
	switch (kind) {
	case 3: return place(page + 3 * PAGE);
	case 4: return place(page + 2 * PAGE);
	case 5: return place(page + 3 * PAGE - 3);
	default: return kinds[kind].fixed;
	}
}

static void prepare(void)
{
	int fd[2], f;

	f = open("a", O_CREAT | O_RDWR | O_TRUNC, 0700);
	if (write(f, "0123456789abcdefghijklmnopqrstuvwxyz", 36) != 36)
		_exit(90);
	lseek(f, 0, SEEK_SET);
	dup2(f, FILE_FD);
	close(open("exe", O_CREAT | O_WRONLY, 0700));
	mkdir("dir", 0700);
	dup2(open("dir", O_RDONLY), DIR_FD);
	if (pipe(fd) != 0)
		_exit(91);
	dup2(fd[0], READ_FD);
	dup2(fd[1], WRITE_FD);
	if (write(WRITE_FD, "pipe content", 12) != 12)
		_exit(92);
	dup2(epoll_create1(0), EPOLL_FD);
	dup2(open("/dev/zero", O_RDWR), NULL_FD);
	for (f = 3; f < FILE_FD; f++)
		close(f);
}

/* The result, or the signal that ended the child as 1000 + signal. */
static int run(const struct row *r, int which, int kind)
{
	static const struct itimerval limit = { { 0, 0 }, { 0, 300000 } };
	int status, channel[2], result = 9999;
	pid_t p;

	if (pipe(channel) != 0)
		return 9998;
	p = fork();
	if (p == 0) {
		uint32_t a[6];
		int out = dup2(channel[1], 30);

		prepare();
		setitimer(ITIMER_REAL, &limit, NULL);
		for (int i = 0; i < 6; i++)
			a[i] = make(r->arg[i]);
		a[which] = bad(kind);
		result = (int)syscall(r->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (result < 0)
			result = -errno;
		if (write(out, &result, sizeof(result)) != sizeof(result))
			_exit(93);
		_exit(0);
	}
	close(channel[1]);
	waitpid(p, &status, 0);
	if (WIFSIGNALED(status))
		result = 1000 + WTERMSIG(status);
	else if (read(channel[0], &result, sizeof(result)) != sizeof(result))
		result = 9999;
	close(channel[0]);
	return result;
}

/* Times and numbers of processes differ: only the sign counts there. */
static const char *show(const struct row *r, int result, char *to)
{
	int varies = r->nr == 13 || r->nr == 43 || r->nr == 435 || r->nr == 102;

	if (result > 0 && result < 1000000000 && !varies)
		sprintf(to, "%d", result);
	else if (result > 0)
		strcpy(to, "positive");
	else
		sprintf(to, "%d", result);
	return to;
}

int main(int argc, char **argv)
{
	char text[32];

	if (argc != 2 || mkdir(argv[1], 0700) != 0 || chdir(argv[1]) != 0)
		return 2;
	umask(0);
	page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 2 * PAGE, PAGE, PROT_READ);
	munmap(page + 3 * PAGE, PAGE);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int which = 0; which < 6; which++)
			for (int kind = 0; kind < KINDS; kind++)
				if (rows[i].pointers >> which & 1) {
					printf("%s %d %s %s\n", rows[i].name,
					       which, kinds[kind].name,
					       show(&rows[i],
						    run(&rows[i], which, kind),
						    text));
					fflush(stdout);
				}
	printf("end\n");
	return 0;
}
