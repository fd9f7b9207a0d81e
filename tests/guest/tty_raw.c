/* SPDX-License-Identifier: BSD-2-Clause */
/* tty_raw.c - a terminal without lines: VMIN, VTIME, output modes, queues. */
#include "pty.h"

TEST(bytes_pass_unchanged)
{
	struct pty p = pty_raw(1, 0);
	unsigned char all[256], got[256];
	size_t n = 0;

	for (int i = 0; i < 256; i++)
		all[i] = i;
	CHECK_EQ(write(p.master, all, 256), 256);
	while (n < 256) {
		ssize_t r = read(p.slave, got + n, 256 - n);

		CHECK(r > 0);
		n += r;
	}
	CHECK(!memcmp(all, got, 256));
	NOTHING(p.master);
	CHECK_EQ(write(p.slave, all, 256), 256);
	pty_expect(__FILE__, __LINE__, "shown", p.master, all, 256);
}

TEST(min_waits_for_that_many)
{
	struct pty p = pty_raw(3, 0);
	char c[8];

	TYPE(p, "ab");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_SHORT), 0);
	TYPE(p, "cd");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_EQ(read(p.slave, c, sizeof(c)), 4);
	CHECK(!memcmp(c, "abcd", 4));
	/* One who wants less than that gets it at once. */
	TYPE(p, "e");
	CHECK_EQ(read(p.slave, c, 1), 1);
	CHECK_EQ(c[0], 'e');
}

TEST(min_0_time_0_never_waits)
{
	struct pty p = pty_raw(0, 0);
	char c[4];

	CHECK_EQ(read(p.slave, c, sizeof(c)), 0);
	TYPE(p, "xy");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_EQ(read(p.slave, c, 1), 1);
	CHECK_EQ(read(p.slave, c, sizeof(c)), 1);
	CHECK_EQ(read(p.slave, c, sizeof(c)), 0);
}

TEST(time_alone_limits_the_wait)
{
	struct pty p = pty_raw(0, 2);
	long long start = ktap_ms();
	char c[4];

	CHECK_EQ(read(p.slave, c, sizeof(c)), 0);
	CHECK(ktap_ms() - start >= 150);
	TYPE(p, "x");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_EQ(read(p.slave, c, sizeof(c)), 1);
}

TEST(time_between_bytes)
{
	struct pty p = pty_raw(5, 2);
	char c[8];
	pid_t pid;

	/* The first byte is waited for without end. */
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		ktap_sleep_ms(400);
		TYPE(p, "abc");
		_exit(0);
	}
	CHECK_EQ(read(p.slave, c, sizeof(c)), 3);
	CHECK_CHILD(pid);
	TYPE(p, "vwxyz12");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_EQ(read(p.slave, c, 5), 5);
	CHECK_EQ(read(p.slave, c, 2), 2);
}

TEST(not_to_block)
{
	struct pty p = pty_raw(1, 0);
	char c[4];

	CHECK_OK(fcntl(p.slave, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_OK(fcntl(p.master, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_ERRNO(read(p.slave, c, 1), EAGAIN);
	CHECK_ERRNO(read(p.master, c, 1), EAGAIN);
	TYPE(p, "a");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_EQ(read(p.slave, c, 4), 1);
}

/* Both queues fill, say so, and lose nothing. */
TEST(full_queues)
{
	struct pty p = pty_raw(1, 0);
	static char block[1000], got[4000];
	long in = 0, back = 0;
	ssize_t n;

	CHECK_OK(fcntl(p.slave, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_OK(fcntl(p.master, F_SETFL, O_RDWR | O_NONBLOCK));
	while ((n = write(p.slave, block, sizeof(block))) > 0)
		in += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(in >= 4000);
	while (pty_wait(p.master, POLLIN, PTY_SHORT) & POLLIN) {
		n = read(p.master, got, sizeof(got));
		CHECK(n > 0);
		back += n;
	}
	CHECK_EQ(back, in);
	CHECK_EQ(pty_wait(p.slave, POLLOUT, PTY_LONG), POLLOUT);
	for (in = back = 0; (n = write(p.master, block, sizeof(block))) > 0;)
		in += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(in >= 4000);
	while (pty_wait(p.slave, POLLIN, PTY_SHORT) & POLLIN) {
		n = read(p.slave, got, sizeof(got));
		CHECK(n > 0);
		back += n;
	}
	CHECK_EQ(back, in);
	CHECK_EQ(pty_wait(p.master, POLLOUT, PTY_LONG), POLLOUT);
}

TEST_WITHIN(much_output_in_order, 60)
{
	enum { TOTAL = 300000 };
	struct pty p = pty_raw(1, 0);
	static unsigned char block[3000];
	long at = 0;
	ssize_t n;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		close(p.master);
		while (at < TOTAL) {
			for (size_t i = 0; i < sizeof(block); i++)
				block[i] = (at + i) * 31 >> 3;
			n = write(p.slave, block, sizeof(block));
			CHECK_EQ(n, sizeof(block));
			at += n;
		}
		_exit(0);
	}
	close(p.slave);
	while ((n = read(p.master, block, 1234)) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (block[i] != (unsigned char)(at * 31 >> 3))
				FAIL("byte %ld is wrong", at);
	CHECK_EQ(errno, EIO);
	CHECK_EQ(at, TOTAL);
	CHECK_CHILD(pid);
}

TEST(output_modes)
{
	struct pty p = pty_new();

	PRINT(p, "a\nb");
	SHOWS(p, "a\r\nb");
	PTY_MODE(p, c_oflag, ONLCR, 0);
	PRINT(p, "a\nb");
	SHOWS(p, "a\nb");
	PTY_MODE(p, c_oflag, 0, OCRNL);
	PRINT(p, "a\rb");
	SHOWS(p, "a\nb");
	PTY_MODE(p, c_oflag, OCRNL, ONOCR | ONLCR);
	PRINT(p, "\n\ra\rb");
	SHOWS(p, "\r\na\rb");
	PTY_MODE(p, c_oflag, ONOCR, OLCUC);
	PRINT(p, "low Up1\n");
	SHOWS(p, "LOW UP1\r\n");
	PTY_MODE(p, c_oflag, OLCUC, XTABS);
	PRINT(p, "a\tbc\tlonger than 8\t.\n");
	SHOWS(p, "a       bc      longer than 8   .\r\n");
	PRINT(p, "12345\b\b\t.\n");
	SHOWS(p, "12345\b\b     .\r\n");
	PTY_MODE(p, c_oflag, OPOST, 0);
	PRINT(p, "a\n\tb");
	SHOWS(p, "a\n\tb");
}

TEST(columns_and_utf8)
{
	struct pty p = pty_new();

	PTY_MODE(p, c_oflag, 0, XTABS);
	PTY_MODE(p, c_iflag, 0, IUTF8);
	PRINT(p, "\xc3\xa9\xe2\x82\xac\tx\n");
	SHOWS(p, "\xc3\xa9\xe2\x82\xac      x\r\n");
}

TEST(raw_echo)
{
	struct pty p = pty_raw(1, 0);

	PTY_MODE(p, c_lflag, 0, ECHO | ECHOCTL);
	TYPE(p, "a\3\n");
	SHOWS(p, "a^C^J");
	READS(p, "a\3\n");
	PTY_MODE(p, c_iflag, 0, ICRNL);
	TYPE(p, "b\r");
	SHOWS(p, "b\n");
	READS(p, "b\n");
}

TEST(parity_marks)
{
	struct pty p = pty_raw(1, 0);

	PTY_MODE(p, c_iflag, 0, PARMRK);
	TYPE(p, "a\xff" "b");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	READS(p, "a\xff\xff" "b");
	PTY_MODE(p, c_iflag, 0, ISTRIP);
	TYPE(p, "\xff");
	READS(p, "\x7f");
}

TEST(flushes)
{
	struct pty p = pty_raw(1, 0);
	int n;

	TYPE(p, "abc");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_OK(tcflush(p.slave, TCIFLUSH));
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), 0);
	CHECK_ERRNO(tcflush(p.slave, 3), EINVAL);
	TYPE(p, "def");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_OK(ioctl(p.slave, FIONREAD, &n));
	CHECK_EQ(n, 3);
	CHECK_OK(tcflush(p.slave, TCOFLUSH));
	READS(p, "def");
	/* TCSAFLUSH forgets too, TCSADRAIN does not. */
	struct termios t;
	CHECK_OK(tcgetattr(p.slave, &t));
	TYPE(p, "gh");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_OK(tcsetattr(p.slave, TCSADRAIN, &t));
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), POLLIN);
	CHECK_OK(tcsetattr(p.slave, TCSAFLUSH, &t));
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), 0);
}

TEST(drain_and_break)
{
	struct pty p = pty_raw(1, 0);

	PRINT(p, "abc");
	CHECK_OK(tcdrain(p.slave));
	SHOWS(p, "abc");
	CHECK_OK(tcsendbreak(p.slave, 0));
	CHECK_OK(ioctl(p.slave, TCSBRK, 1));
}

TEST(typed_by_a_program)
{
	struct pty p = pty_new();

	CHECK_OK(ioctl(p.slave, TIOCSTI, "a"));
	CHECK_OK(ioctl(p.slave, TIOCSTI, "\n"));
	SHOWS(p, "a\r\n");
	READS(p, "a\n");
	CHECK_ERRNO(ioctl(p.slave, TIOCSTI, (char *)8), EFAULT);
}

/* Who is not root may not type into a terminal that is not his own. */
TEST(typing_needs_a_privilege)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();

	if (pid == 0) {
		CHECK_OK(setuid(1000));
		CHECK_ERRNO(ioctl(p.slave, TIOCSTI, "a"), EPERM);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(names_and_numbers)
{
	struct pty p = pty_new();
	char link[32], to[64] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", p.slave);
	CHECK_EQ(readlink(link, to, sizeof(to)), strlen(p.name));
	CHECK(!strcmp(to, p.name));
	CHECK(!strcmp(ttyname(p.slave), p.name));
	CHECK(isatty(p.slave));
	CHECK(isatty(p.master));
	CHECK_ERRNO(lseek(p.slave, 0, SEEK_CUR), ESPIPE);
	CHECK_ERRNO(ioctl(p.slave, 0x5499, 0), ENOTTY);
	CHECK_ERRNO(ioctl(p.slave, TCGETS, (char *)8), EFAULT);
	CHECK_ERRNO(ioctl(p.slave, TIOCMGET, to), ENOTTY);
}
