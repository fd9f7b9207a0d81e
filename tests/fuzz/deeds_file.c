/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_file.c - deeds on files: mappings, terminals, epoll, mounts, locks,
 * directories, pipes, /proc. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* --- mapped files ---------------------------------------------------------------- */

static int some_file(void)
{
	switch (below(4)) {
	case 0:
		return (int)syscall(SYS_memfd_create, "n", below(4));
	case 1:
		return open("/dev/zero", O_RDWR);
	default:
		return open(one_in(2) ? "a" : "b", O_RDWR | O_CREAT, 0666);
	}
}

static void touch(volatile unsigned char *m, uint32_t size)
{
	for (uint32_t k = below(12); k; k--) {
		if (one_in(3))
			(void)m[below(size)];
		else
			m[below(size)] = (unsigned char)k;
	}
}

static void deed_map(void)
{
	uint32_t size = (1 + below(12)) * PAGE;
	int fd = some_file(), flags = one_in(2) ? MAP_SHARED : MAP_PRIVATE;
	unsigned char *m;
	pid_t p;

	if (one_in(4) == 0 && ftruncate(fd, below(size + PAGE)) != 0)
		several_calls(1);
	m = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd,
		 (off_t)below(3) * PAGE);
	if (m == MAP_FAILED) {
		close(fd);
		return;
	}
	touch(m, size);
	p = child_make();
	if (one_in(3) && ftruncate(fd, below(size)) != 0)
		several_calls(1);
	touch(m, size);
	if (one_in(3))
		mprotect(m + below(3) * PAGE, PAGE, (int)below(8));
	if (one_in(3))
		madvise(m, size, (int)below(26));
	if (one_in(3) && write(fd, m, size) < 0)
		touch(m, size);
	if (one_in(3) && read(fd, m, size) < 0)
		touch(m, size);
	if (one_in(4))
		m = mremap(m, size, size + PAGE * below(6), one_in(4) ? 0 : 1);
	msync(m, size, (int)below(8));
	if (m != MAP_FAILED)
		touch(m, size);
	if (p == 0)
		child_exit();
	if (one_in(3))
		munmap(m + PAGE, PAGE);
	munmap(m, size + 6 * PAGE);
	close(fd);
	child_wait(p);
}

/* --- terminals ------------------------------------------------------------------ */

static void tty_call(int fd)
{
	static const uint32_t op[] = {
		TCGETS, TCSETS, TCSETSW, TCSETSF, TCSBRK, TCXONC, TCFLSH,
		TIOCEXCL, TIOCNXCL, TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, TIOCOUTQ,
		TIOCSTI, TIOCGWINSZ, TIOCSWINSZ, FIONREAD, TIOCPKT, FIONBIO,
		TIOCNOTTY, TIOCSETD, TIOCGETD, TIOCGSID, TIOCGPTN, TIOCSPTLCK,
		TIOCGPTLCK, TIOCGPKT, TCGETA, TCSETA, TIOCGSERIAL, 0x5432,
		0x541b, TIOCSIG, TIOCVHANGUP, 0x5441,
	};
	struct termios t;
	uint32_t what = op[below(sizeof(op) / sizeof(*op))];

	switch (below(4)) {
	case 0:		/* a setting, somewhat changed */
		if (ioctl(fd, TCGETS, &t) == 0) {
			t.c_lflag ^= one_in(2) ? 1u << below(16) : 0;
			t.c_iflag ^= one_in(2) ? 1u << below(16) : 0;
			t.c_oflag ^= one_in(4) ? 1u << below(16) : 0;
			t.c_cc[below(19)] = (cc_t)(one_in(2) ? below(8) : rnd());
			ioctl(fd, TCSETS + below(3), &t);
		}
		break;
	case 1:
		fill(&t, sizeof(t));
		ioctl(fd, what, &t);
		break;
	case 2:
		ioctl(fd, what, one_in(2) ? odd_number() : below(4));
		break;
	default:
		*(uint32_t *)(void *)arena = one_in(2) ? (uint32_t)getpid() : below(30);
		ioctl(fd, what, arena);
	}
}

static void tty_bytes(int fd)
{
	static const char keys[] = "abc\r\n\n\003\004\032\021\023\025\027\177\b\t"
				   "\026\033[A\377\0q";
	char text[300];
	uint32_t n = below(one_in(4) ? sizeof(text) : 20);

	for (uint32_t i = 0; i < n; i++)
		text[i] = keys[below(sizeof(keys))];
	if (one_in(2)) {
		if (write(fd, text, n) < 0)
			tty_call(fd);
	} else if (read(fd, text, sizeof(text)) < 0) {
		tty_call(fd);
	}
}

static void deed_pty(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NONBLOCK | (one_in(2) ? O_NOCTTY : 0));
	int number = -1, unlock = 0, slave;
	char name[32];
	pid_t p;

	ioctl(master, TIOCSPTLCK, &unlock);
	ioctl(master, TIOCGPTN, &number);
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	slave = open(name, O_RDWR | O_NONBLOCK | (one_in(2) ? O_NOCTTY : 0));
	p = child_make();
	if (p == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		if (one_in(2))
			close(master);
		if (one_in(2) && child_make() == 0)
			setpgid(0, 0);
	}
	for (uint32_t k = 10 + below(20); k; k--) {
		int fd = one_in(2) ? master : slave;

		if (one_in(2))
			tty_call(fd);
		else
			tty_bytes(fd);
		if (one_in(10))
			close(one_in(2) ? master : slave);
	}
	if (p == 0)
		child_exit();
	if (one_in(2))
		several_calls(4);
	close(one_in(2) ? master : slave);
	child_wait(p);
	close(master);
	close(slave);
}

/* --- epoll ---------------------------------------------------------------------- */

static void deed_epoll(void)
{
	struct epoll_event out[8], e;
	int ep[4];

	for (int i = 0; i < 4; i++)
		ep[i] = epoll_create1(0);
	for (int i = 0; i < 24; i++) {
		int fd = one_in(2) ? ep[below(4)] : (int)descriptor();

		e.events = one_in(4) ? rnd() : (rnd() & 0x1f) |
			   (one_in(3) ? EPOLLET : 0) | (one_in(3) ? EPOLLONESHOT : 0);
		e.data.u64 = rnd();
		epoll_ctl(ep[below(4)], one_in(2) ? EPOLL_CTL_ADD :
			  (int)(1 + below(3)), fd, &e);
		if (one_in(4))
			epoll_wait(ep[below(4)], out, 8, (int)below(2));
		if (one_in(10))
			close((int)(3 + below(20)));
		if (one_in(10))
			dup((int)descriptor());
	}
	for (int i = 0; i < 4; i++)
		if (!one_in(6))
			close(ep[i]);
}

/* --- mounts, roots ---------------------------------------------------------------- */

static void deed_mount(void)
{
	static const char *const types[] = { "tmpfs", "proc", "devpts",
					     "devtmpfs", "ramfs", "none", "" };
	static const char *const data[] = { "", "size=64k", "mode=777,size=1m",
					    "size=-1", "mode=9", "x=y", "gid=5",
					    "nr_inodes=3", ",,," };
	const char *at = one_in(2) ? "mnt" : name_in_dir();

	for (uint32_t k = 1 + below(4); k; k--) {
		mount(one_in(2) ? "none" : name_in_dir(), at,
		      types[below(7)], one_in(3) ? rnd() & 0x4fff : below(64),
		      data[below(9)]);
		if (one_in(3))
			at = name_in_dir();
		several_calls(3);
		if (one_in(2))
			chdir(at);
		if (one_in(2))
			umount2(at, (int)(rnd() & 0xf));
	}
	while (one_in(3) == 0 && umount2(at, MNT_DETACH) == 0)
		;
}

static void deed_chroot(void)
{
	pid_t p = child_make();

	if (p == 0) {
		int fd = open(".", O_RDONLY);

		chroot(name_in_dir());
		if (one_in(2))
			chdir("/");
		several_calls(10);
		chdir("../../..");
		chroot(one_in(2) ? "." : "..");
		fchdir(fd);
		several_calls(10);
		child_exit();
	}
	child_wait(p);
}

/* --- locks ---------------------------------------------------------------------- */

static void lock_call(int fd)
{
	static const int op[] = { F_SETLK, F_SETLKW, F_GETLK, 36, 37, 38 };
	struct flock l = { .l_type = (short)below(3), .l_whence = (short)below(3),
			   .l_start = below(100), .l_len = below(60) };

	if (one_in(8))
		l.l_start = (off_t)odd_number() << below(33);
	if (one_in(8))
		l.l_len = -(off_t)below(200);
	if (one_in(5))
		flock(fd, (int)below(16));
	else
		fcntl(fd, op[below(6)], &l);
}

static void deed_locks(void)
{
	int fd = open("a", O_RDWR | O_CREAT, 0666);
	pid_t p = child_make();

	if (p == 0 && one_in(2))
		fd = open("a", O_RDWR);
	for (int i = 0; i < 15; i++) {
		lock_call(fd);
		if (one_in(8))
			close(dup(fd));
		if (one_in(8) && ftruncate(fd, below(5000)) != 0)
			break;
	}
	if (p == 0)
		child_exit();
	close(fd);
	child_wait(p);
}

/* --- directories ----------------------------------------------------------------- */

static void deed_dirs(void)
{
	char name[32], other[32], text[512];
	int fd;

	mkdir("d", 0777);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "d/%u", below(12));
		snprintf(other, sizeof(other), one_in(8) ? "%u" : "d/%u", below(12));
		switch (below(9)) {
		case 0: mkdir(name, 0777); break;
		case 1: close(open(name, O_CREAT | O_RDWR, 0666)); break;
		case 2: rename(name, other); break;
		case 3: unlink(name); break;
		case 4: rmdir(name); break;
		case 5: link(name, other); break;
		case 6: symlink(other, name); break;
		case 7: syscall(SYS_renameat2, AT_FDCWD, name, AT_FDCWD, other,
				1 + below(2)); break;
		default:
			syscall(SYS_getdents64, fd, text, below(sizeof(text)));
			if (one_in(3))
				lseek(fd, (off_t)below(20), SEEK_SET);
		}
	}
	if (one_in(2)) {
		chdir("d");
		rmdir("../d");
		several_calls(5);
		chdir("..");
	}
	close(fd);
}

/* --- pipes ---------------------------------------------------------------------- */

static void deed_pipes(void)
{
	static char block[70000];
	int fd[2], file = some_file();
	loff_t at = below(5000);
	pid_t p;

	if (pipe2(fd, one_in(2) ? O_NONBLOCK : 0) != 0)
		return;
	p = child_make();
	for (int i = 0; i < 12; i++) {
		switch (below(8)) {
		case 0: fcntl(fd[1], F_SETPIPE_SZ, one_in(4) ? odd_number() : below(200000)); break;
		case 1: sendfile(fd[1], file, NULL, below(20000)); break;
		case 2: sendfile(file, fd[0], NULL, below(20000)); break;
		case 3: splice(fd[0], NULL, file, &at, below(9000), SPLICE_F_NONBLOCK); break;
		case 4: if (write(fd[1], block, below(sizeof(block))) < 0) i++; break;
		case 5: if (read(fd[0], block, below(sizeof(block))) < 0) i++; break;
		case 6: close(open("fifo", (int)below(3) | O_NONBLOCK)); break;
		default: close(fd[below(2)]); break;
		}
	}
	if (p == 0)
		child_exit();
	close(fd[0]);
	close(fd[1]);
	close(file);
	child_wait(p);
}

/* --- /proc ---------------------------------------------------------------------- */

static void read_all(int dir, const char *name, int levels)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK);
	char text[3000];
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return;
	if (pread(fd, text, 1 + below(sizeof(text)), below(3) * 100) >= 0) {
		close(fd);
		return;
	}
	readlinkat(dir, name, text, sizeof(text));
	d = levels ? fdopendir(fd) : NULL;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			read_all(fd, e->d_name, levels - 1);
	if (d)
		closedir(d);
	else
		close(fd);
}

/* A process's own files, while it lives, dies, or is a zombie. */
static void deed_proc(void)
{
	pid_t p = child_make();
	char name[32];

	if (p == 0) {
		several_calls(below(20));
		child_exit();
	}
	if (one_in(8))
		snprintf(name, sizeof(name), "/proc/sys");
	else
		snprintf(name, sizeof(name), "/proc/%d", one_in(4) ? getpid() : p);
	read_all(AT_FDCWD, name, 2);
	child_wait(p);
	read_all(AT_FDCWD, name, 1);
}

const struct deed file_deeds[] = {
	{ "map", deed_map },	 { "pty", deed_pty },	  { "epoll", deed_epoll },
	{ "mount", deed_mount }, { "chroot", deed_chroot }, { "locks", deed_locks },
	{ "dirs", deed_dirs },	 { "pipes", deed_pipes }, { "proc", deed_proc },
};
const unsigned file_deed_count = sizeof(file_deeds) / sizeof(*file_deeds);
