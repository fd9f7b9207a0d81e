/* SPDX-License-Identifier: BSD-2-Clause */
/* tty_pty.c - what only pseudo terminals have: masters, names, packets. */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "pty.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

TEST(locked_until_unlocked)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY), n, on = 1, off = 0;
	char name[32];

	CHECK_OK(fd);
	CHECK_OK(ioctl(fd, TIOCGPTN, &n));
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), EIO);
	CHECK_OK(ioctl(fd, TIOCGPTLCK, &n));
	CHECK_EQ(n, 1);
	CHECK_OK(ioctl(fd, TIOCSPTLCK, &off));
	CHECK_OK(open(name, O_RDWR | O_NOCTTY));
	CHECK_OK(ioctl(fd, TIOCSPTLCK, &on));
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), EIO);
	CHECK_OK(close(fd));
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), ENOENT);
}

TEST(a_slave_is_a_device)
{
	struct pty p = pty_new();
	struct stat named, open_one;
	int n;

	CHECK_OK(ioctl(p.master, TIOCGPTN, &n));
	CHECK_OK(stat(p.name, &named));
	CHECK_OK(fstat(p.slave, &open_one));
	CHECK(S_ISCHR(named.st_mode));
	CHECK_EQ(major(named.st_rdev), 136 + n / 256);
	CHECK_EQ(minor(named.st_rdev), n % 256);
	CHECK_EQ(named.st_uid, getuid());
	CHECK_EQ(named.st_ino, open_one.st_ino);
	CHECK_ERRNO(ioctl(p.slave, TIOCGPTN, &n), ENOTTY);
}

TEST(the_peer_without_its_name)
{
	int fd = pty_master(NULL), peer;
	char c;

	peer = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK_OK(peer);
	CHECK(isatty(peer));
	CHECK_EQ(fcntl(peer, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(peer, "p", 1), 1);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'p');
}

/* The line is down while nobody has the slave open, and comes back. */
TEST(closing_the_slave)
{
	struct pty p = pty_new();
	char text[8];

	PRINT(p, "last");
	CHECK_OK(close(p.slave));
	CHECK_EQ(pty_wait(p.master, POLLIN, PTY_LONG), POLLIN | POLLHUP);
	CHECK_EQ(read(p.master, text, sizeof(text)), 4);
	CHECK_EQ(pty_wait(p.master, POLLIN, 0), POLLHUP);
	CHECK_ERRNO(read(p.master, text, sizeof(text)), EIO);
	p.slave = open(p.name, O_RDWR | O_NOCTTY);
	CHECK_OK(p.slave);
	CHECK_EQ(pty_wait(p.master, POLLIN, 0), 0);
	PRINT(p, "again");
	SHOWS(p, "again");
}

/* Before the first open nothing has hung up. */
TEST(typing_before_anybody_listens)
{
	char name[32];
	struct pty p;

	p.master = pty_master(name);
	CHECK_EQ(pty_wait(p.master, POLLIN, 0), 0);
	TYPE(p, "early\n");
	SHOWS(p, "early\r\n");
	p.slave = open(name, O_RDWR | O_NOCTTY);
	CHECK_OK(p.slave);
	READS(p, "early\n");
}

TEST(a_master_read_is_woken_by_the_last_close)
{
	struct pty p = pty_new();
	pid_t pid = fork();
	char c;

	CHECK_OK(pid);
	if (pid == 0) {
		close(p.master);
		ktap_sleep_ms(PTY_SHORT);
		_exit(0);
	}
	CHECK_OK(close(p.slave));
	CHECK_ERRNO(read(p.master, &c, 1), EIO);
	CHECK_CHILD(pid);
}

TEST(packets)
{
	struct pty p = pty_new();
	int on = 1, off = 0;
	char text[16];

	CHECK_OK(ioctl(p.master, TIOCPKT, &on));
	PRINT(p, "abc");
	SHOWS(p, "\0abc");
	CHECK_OK(tcflow(p.slave, TCOOFF));
	CHECK_EQ(pty_wait(p.master, POLLPRI, PTY_LONG), POLLPRI);
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_STOP);
	CHECK_OK(tcflow(p.slave, TCOON));
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_START);
	CHECK_OK(tcflush(p.slave, TCIFLUSH));
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_FLUSHREAD);
	CHECK_OK(tcflush(p.slave, TCOFLUSH));
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_FLUSHWRITE);
	PTY_MODE(p, c_iflag, IXON, 0);
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_NOSTOP);
	PTY_MODE(p, c_iflag, 0, IXON);
	CHECK_EQ(read(p.master, text, sizeof(text)), 1);
	CHECK_EQ(text[0], TIOCPKT_DOSTOP);
	CHECK_OK(ioctl(p.master, TIOCPKT, &off));
	PRINT(p, "d");
	SHOWS(p, "d");
}

TEST(a_signal_by_the_master)
{
	struct pty p = pty_new();
	pid_t pid = pty_session();
	int status;

	if (pid == 0) {
		CHECK_OK(ioctl(p.slave, TIOCSCTTY, 0));
		PRINT(p, "go");
		for (;;)
			pause();
	}
	SHOWS(p, "go");
	CHECK_ERRNO(ioctl(p.master, 0x40045436, SIGKILL + 64), EINVAL);
	CHECK_OK(ioctl(p.master, 0x40045436, SIGINT));	/* TIOCSIG */
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGINT);
}

TEST(modes_through_the_master)
{
	struct pty p = pty_new();
	struct termios t;

	CHECK_OK(tcgetattr(p.master, &t));
	CHECK(t.c_lflag & ECHO);
	t.c_lflag &= ~ECHO;
	CHECK_OK(tcsetattr(p.master, TCSANOW, &t));
	CHECK_OK(tcgetattr(p.slave, &t));
	CHECK(!(t.c_lflag & ECHO));
}

TEST(exclusive)
{
	struct pty p = pty_new();
	pid_t pid;

	CHECK_OK(ioctl(p.slave, TIOCEXCL, 0));
	CHECK_OK(open(p.name, O_RDWR | O_NOCTTY));	/* root may */
	CHECK_OK(chmod(p.name, 0666));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_OK(setuid(1000));
		CHECK_ERRNO(open(p.name, O_RDWR | O_NOCTTY), EBUSY);
		CHECK_OK(ioctl(p.slave, TIOCNXCL, 0));
		CHECK_OK(open(p.name, O_RDWR | O_NOCTTY));
		_exit(0);
	}
	CHECK_CHILD(pid);
}

/* Numbers are the lowest free ones, and come back. */
TEST(many)
{
	enum { MANY = 300 };
	static int master[MANY];
	char name[32], again[32];
	int slave;

	for (int i = 0; i < MANY; i++)
		master[i] = pty_master(name);
	slave = open(name, O_RDWR | O_NOCTTY);
	CHECK_OK(slave);
	CHECK(isatty(slave));
	CHECK_OK(close(slave));
	CHECK_OK(close(master[MANY - 1]));
	CHECK_ERRNO(access(name, F_OK), ENOENT);
	master[MANY - 1] = pty_master(again);
	CHECK(!strcmp(name, again));
	for (int i = 0; i < MANY; i++)
		CHECK_OK(close(master[i]));
}

/* The number of a pty stays taken while its slave is open somewhere. */
TEST(a_number_in_use_is_not_given_again)
{
	struct pty p = pty_new(), q;

	CHECK_OK(close(p.master));
	q = pty_new();
	CHECK(strcmp(p.name, q.name));
}

TEST(a_window_without_size_takes_any)
{
	struct pty p = pty_new();
	struct winsize w = { 65535, 65535, 1, 2 }, v;

	CHECK_OK(ioctl(p.slave, TIOCSWINSZ, &w));
	CHECK_OK(ioctl(p.master, TIOCGWINSZ, &v));
	CHECK(!memcmp(&w, &v, sizeof(w)));
	CHECK_ERRNO(ioctl(p.slave, TIOCSWINSZ, (char *)8), EFAULT);
}
