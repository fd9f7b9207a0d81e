/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pty.h - for the tests of terminals: a pty pair, typing, and what comes out.
 *
 * On Linux typed bytes take a moment to pass the line discipline, so every
 * look at a result waits for it (LONG), and only "nothing comes" is a short
 * wait (SHORT): a slow machine cannot make a right kernel fail.
 */
#ifndef PTY_H
#define PTY_H

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "ktap.h"

enum { PTY_LONG = 10000, PTY_SHORT = 30, PTY_TEXT = 8192 };

struct pty {
	int master, slave;
	char name[32];
};

/* The master alone, unlocked. */
static inline int pty_master(char name[32])
{
	int zero = 0, number, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	CHECK_OK(fd);
	CHECK_OK(ioctl(fd, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(fd, TIOCGPTN, &number));
	if (name)
		snprintf(name, 32, "/dev/pts/%d", number);
	return fd;
}

static inline struct pty pty_new(void)
{
	struct pty p;

	p.master = pty_master(p.name);
	p.slave = open(p.name, O_RDWR | O_NOCTTY);
	CHECK_OK(p.slave);
	return p;
}

/* Changes modes: bits to clear, bits to set, of one of the four words. */
#define PTY_MODE(p, word, clear, set)                                         \
	do {                                                                  \
		struct termios pty_t;                                         \
		CHECK_OK(tcgetattr((p).slave, &pty_t));                       \
		pty_t.word = (pty_t.word & ~(clear)) | (set);                 \
		CHECK_OK(tcsetattr((p).slave, TCSANOW, &pty_t));              \
	} while (0)

static inline struct pty pty_raw(int min, int time)
{
	struct pty p = pty_new();
	struct termios t;

	CHECK_OK(tcgetattr(p.slave, &t));
	cfmakeraw(&t);
	t.c_cc[VMIN] = min;
	t.c_cc[VTIME] = time;
	CHECK_OK(tcsetattr(p.slave, TCSANOW, &t));
	return p;
}

static inline void pty_close(struct pty *p)
{
	CHECK_OK(close(p->slave));
	CHECK_OK(close(p->master));
}

static inline int pty_wait(int fd, int events, int ms)
{
	struct pollfd p = { fd, events, 0 };

	CHECK(poll(&p, 1, ms) >= 0);
	return p.revents;
}

static inline const char *pty_shown(const void *text, size_t n, char *to)
{
	const unsigned char *s = text;
	char *at = to;

	for (size_t i = 0; i < n && at < to + 900; i++)
		at += sprintf(at, s[i] > ' ' && s[i] < 0x7f ? "%c" : "\\x%02x",
			      s[i]);
	*at = '\0';
	return to;
}

static inline void pty_same(const char *file, int line, const char *what,
			    const void *got, size_t n, const void *want,
			    size_t size)
{
	char a[1024], b[1024];

	if (n != size || memcmp(got, want, n))
		FAIL("%s:%d: %s: %s, not %s", file, line, what,
		     pty_shown(got, n, a), pty_shown(want, size, b));
}

/* Reads until `size` bytes have come, and then no more of them. */
static inline void pty_expect(const char *file, int line, const char *what,
			      int fd, const void *want, size_t size)
{
	char got[PTY_TEXT];
	size_t n = 0;
	ssize_t r = 1;

	while (r > 0 && n < sizeof(got) &&
	       pty_wait(fd, POLLIN, n < size ? PTY_LONG : PTY_SHORT) & POLLIN) {
		r = read(fd, got + n, sizeof(got) - n);
		if (r > 0)
			n += r;
	}
	pty_same(file, line, what, got, n, want, size);
}

/* One read must give exactly this. */
static inline void pty_read(const char *file, int line, int fd,
			    const void *want, size_t size)
{
	char got[PTY_TEXT];
	ssize_t n = read(fd, got, sizeof(got));

	if (n < 0)
		FAIL("%s:%d: read: %s", file, line, strerror(errno));
	pty_same(file, line, "read", got, n, want, size);
}

/* Literals, with their NULs. */
#define TYPE(p, text)                                                         \
	CHECK_EQ(write((p).master, text, sizeof(text) - 1), sizeof(text) - 1)
#define PRINT(p, text)                                                        \
	CHECK_EQ(write((p).slave, text, sizeof(text) - 1), sizeof(text) - 1)
#define SHOWS(p, text)                                                        \
	pty_expect(__FILE__, __LINE__, "shown", (p).master, text,             \
		   sizeof(text) - 1)
#define READS(p, text)                                                        \
	pty_read(__FILE__, __LINE__, (p).slave, text, sizeof(text) - 1)
#define NOTHING(fd) CHECK_EQ(pty_wait(fd, POLLIN, PTY_SHORT), 0)

/* In a child that leads a session of its own; must end by _exit(0). */
static inline pid_t pty_session(void)
{
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0)
		CHECK_OK(setsid());
	return pid;
}

#endif
