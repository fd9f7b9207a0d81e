/* SPDX-License-Identifier: BSD-2-Clause */
/* fifo.c - FIFOs and the finer rules of pipes. */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "files.h"

enum { SETPIPE_SZ = 1031, GETPIPE_SZ = 1032 };

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

TEST(fifo_carries_bytes)
{
	char buf[8] = "";
	pid_t pid;
	int fd;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	pid = fork();
	if (pid == 0) {
		fd = open("p", O_WRONLY);
		CHECK_EQ(write(fd, "text", 4), 4);
		_exit(0);
	}
	fd = open("p", O_RDONLY);
	CHECK_OK(fd);
	CHECK_EQ(read(fd, buf, 8), 4);
	CHECK_EQ(read(fd, buf, 8), 0);
	CHECK_CHILD(pid);
	CHECK_EQ(stat_of("p").st_size, 0);
}

TEST(fifo_open_rules)
{
	int rd, wr, both;
	char c;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	CHECK_ERRNO(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	rd = open("p", O_RDONLY | O_NONBLOCK);
	CHECK_OK(rd);
	CHECK_EQ(read(rd, &c, 1), 0);
	wr = open("p", O_WRONLY | O_NONBLOCK);
	CHECK_OK(wr);
	CHECK_ERRNO(read(rd, &c, 1), EAGAIN);
	CHECK_EQ(write(wr, "x", 1), 1);
	CHECK_EQ(read(rd, &c, 1), 1);
	CHECK_OK(close(wr));
	CHECK_EQ(read(rd, &c, 1), 0);
	CHECK_OK(close(rd));
	CHECK_ERRNO(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	both = open("p", O_RDWR);
	CHECK_OK(both);
	CHECK_EQ(write(both, "y", 1), 1);
	CHECK_EQ(read(both, &c, 1), 1);
	CHECK_ERRNO(open("p", O_RDONLY | O_DIRECTORY), ENOTDIR);
}

TEST(open_waits_for_the_other_end)
{
	int fd;
	pid_t pid;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	pid = fork();
	if (pid == 0) {
		ktap_sleep_ms(50);
		fd = open("p", O_RDONLY);
		_exit(fd < 0);
	}
	/* The reader may be gone again before this one wakes: still no error. */
	fd = open("p", O_WRONLY);
	CHECK_OK(fd);
	CHECK_CHILD(pid);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fd, "x", 1), EPIPE);
}

TEST(open_is_interrupted)
{
	struct sigaction sa = { .sa_handler = count_signal };

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	sigaction(SIGUSR1, &sa, NULL);
	if (fork() == 0) {
		ktap_sleep_ms(50);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_ERRNO(open("p", O_RDONLY), EINTR);
	CHECK_EQ(signals, 1);
}

TEST(what_a_fifo_holds_goes_with_its_last_end)
{
	int rd, wr;
	char c;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	rd = open("p", O_RDONLY | O_NONBLOCK);
	wr = open("p", O_WRONLY);
	CHECK_EQ(write(wr, "old", 3), 3);
	CHECK_OK(close(rd));
	CHECK_OK(close(wr));
	rd = open("p", O_RDONLY | O_NONBLOCK);
	CHECK_EQ(read(rd, &c, 1), 0);
}

TEST(two_names_one_fifo)
{
	int rd, wr;
	char c;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	CHECK_OK(link("p", "q"));
	rd = open("p", O_RDONLY | O_NONBLOCK);
	wr = open("q", O_WRONLY);
	CHECK_OK(unlink("p"));
	CHECK_OK(unlink("q"));
	CHECK_EQ(write(wr, "x", 1), 1);
	CHECK_EQ(read(rd, &c, 1), 1);
}

TEST(poll_of_a_fifo)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };
	int wr;
	char c;

	fresh();
	CHECK_OK(mkfifo("p", 0600));
	p.fd = open("p", O_RDONLY | O_NONBLOCK);
	/* Nobody has written yet: no end of file to tell. */
	CHECK_EQ(poll(&p, 1, 0), 0);
	wr = open("p", O_WRONLY);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(write(wr, "x", 1), 1);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_OK(close(wr));
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN | POLLHUP);
	CHECK_EQ(read(p.fd, &c, 1), 1);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLHUP);
	wr = open("p", O_WRONLY);
	CHECK_EQ(poll(&p, 1, 0), 0);
}

TEST(small_writes_are_atomic)
{
	enum { WRITERS = 4, EACH = 100 };
	char buf[PIPE_BUF];
	int fd[2], n;

	CHECK_OK(pipe(fd));
	for (int w = 0; w < WRITERS; w++)
		if (fork() == 0) {
			memset(buf, 'a' + w, sizeof(buf));
			for (int i = 0; i < EACH; i++)
				CHECK_EQ(write(fd[1], buf, PIPE_BUF - w), PIPE_BUF - w);
			_exit(0);
		}
	CHECK_OK(close(fd[1]));
	for (int pieces = 0; pieces < WRITERS * EACH; pieces++) {
		int size;

		CHECK_EQ(read(fd[0], buf, 1), 1);
		size = PIPE_BUF - (buf[0] - 'a');
		for (int have = 1; have < size; have += n) {
			n = read(fd[0], buf + have, size - have);
			CHECK(n > 0);
		}
		for (int i = 1; i < size; i++)
			CHECK(buf[i] == buf[0]);
	}
	CHECK_EQ(read(fd[0], buf, 1), 0);
}

TEST(small_write_needs_room_for_all)
{
	static char buf[65536];
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	CHECK_EQ(write(fd[1], buf, 65536), 65536);
	CHECK_ERRNO(write(fd[1], buf, 1), EAGAIN);
	CHECK_EQ(read(fd[0], buf, 4096), 4096);
	CHECK_EQ(write(fd[1], buf, 4096), 4096);
	CHECK_ERRNO(write(fd[1], buf, 4096), EAGAIN);
	CHECK_EQ(read(fd[0], buf, 4000), 4000);
	CHECK_ERRNO(write(fd[1], buf, 4096), EAGAIN);
	CHECK_EQ(read(fd[0], buf, 96), 96);
	CHECK_EQ(write(fd[1], buf, 8192), 4096);
}

TEST(large_write_blocks_until_read)
{
	static char buf[200000];
	int fd[2], total = 0, n;
	pid_t pid;

	CHECK_OK(pipe(fd));
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		CHECK_EQ(write(fd[1], buf, sizeof(buf)), sizeof(buf));
		_exit(0);
	}
	CHECK_OK(close(fd[1]));
	while ((n = read(fd[0], buf, 7777)) > 0)
		total += n;
	CHECK_EQ(total, 200000);
	CHECK_CHILD(pid);
}

TEST(interrupted_write_tells_what_it_wrote)
{
	struct sigaction sa = { .sa_handler = count_signal };
	static char buf[100000];
	int fd[2];

	sigaction(SIGUSR1, &sa, NULL);
	CHECK_OK(pipe(fd));
	if (fork() == 0) {
		ktap_sleep_ms(100);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), 65536);
	CHECK_EQ(signals, 1);
}

TEST(interrupted_calls_and_restart)
{
	struct sigaction sa = { .sa_handler = count_signal };
	int fd[2];
	char c;

	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &sa, NULL);
	CHECK_OK(pipe(fd));
	if (fork() == 0) {
		ktap_sleep_ms(50);
		kill(getppid(), SIGUSR1);
		ktap_sleep_ms(50);
		kill(getppid(), SIGUSR2);
		ktap_sleep_ms(50);
		(void)!write(fd[1], "x", 1);
		_exit(0);
	}
	CHECK_ERRNO(read(fd[0], &c, 1), EINTR);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(signals, 2);
}

TEST(last_reader_leaves_while_writing)
{
	static char buf[100000];
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(pipe(fd));
	if (fork() == 0) {
		close(fd[1]);
		ktap_sleep_ms(50);
		_exit(0);
	}
	CHECK_OK(close(fd[0]));
	/* What was taken is told; the next call tells the rest. */
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), 65536);
	CHECK_ERRNO(write(fd[1], buf, 1), EPIPE);
}

TEST(size_of_a_pipe)
{
	static char buf[200000];
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	CHECK_EQ(fcntl(fd[0], GETPIPE_SZ), 65536);
	CHECK_EQ(fcntl(fd[0], SETPIPE_SZ, 100000), 131072);
	CHECK_EQ(fcntl(fd[1], GETPIPE_SZ), 131072);
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), 131072);
	CHECK_ERRNO(fcntl(fd[1], SETPIPE_SZ, 4096), EBUSY);
	CHECK_EQ(read(fd[0], buf, 131072 - 4000), 131072 - 4000);
	CHECK_EQ(fcntl(fd[1], SETPIPE_SZ, 1), 4096);
	CHECK_EQ(read(fd[0], buf, 5000), 4000);
	CHECK_EQ(write(fd[1], buf, sizeof(buf)), 4096);
	CHECK_ERRNO(fcntl(open("/dev/null", O_RDONLY), GETPIPE_SZ), EBADF);
}

TEST(bytes_waiting)
{
	int fd[2], n = -1;
	char buf[8];

	CHECK_OK(pipe(fd));
	CHECK_OK(ioctl(fd[0], FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_EQ(write(fd[1], "12345", 5), 5);
	CHECK_OK(ioctl(fd[0], FIONREAD, &n));
	CHECK_EQ(n, 5);
	CHECK_EQ(read(fd[0], buf, 2), 2);
	CHECK_OK(ioctl(fd[1], FIONREAD, &n));
	CHECK_EQ(n, 3);
	CHECK_ERRNO(ioctl(fd[0], TIOCGWINSZ, buf), ENOTTY);
}

TEST(ends_know_their_direction)
{
	int fd[2];
	char c;

	CHECK_OK(pipe2(fd, O_CLOEXEC));
	CHECK_EQ(fcntl(fd[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd[0], F_GETFL), O_RDONLY);
	CHECK_EQ(fcntl(fd[1], F_GETFL), O_WRONLY);
	CHECK_ERRNO(write(fd[0], "x", 1), EBADF);
	CHECK_ERRNO(read(fd[1], &c, 1), EBADF);
	CHECK_EQ(write(fd[1], "x", 0), 0);
	CHECK_EQ(read(fd[0], &c, 0), 0);
	CHECK_ERRNO(pipe2(fd, O_APPEND), EINVAL);
	CHECK_ERRNO(syscall(SYS_pipe, 16), EFAULT);
}

TEST(nonblock_may_be_switched)
{
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	CHECK_OK(fcntl(fd[0], F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(read(fd[0], &c, 1), EAGAIN);
	CHECK_EQ(fcntl(fd[1], F_GETFL), O_WRONLY);
	int on = 0;
	CHECK_OK(ioctl(fd[0], FIONBIO, &on));
	CHECK_EQ(fcntl(fd[0], F_GETFL), O_RDONLY);
}

TEST(pipe_reopened_by_its_link)
{
	char name[64], text[64], want[64];
	struct stat st;
	int fd[2], again;
	char c;

	CHECK_OK(pipe(fd));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd[0]);
	memset(text, 0, sizeof(text));
	CHECK(readlink(name, text, sizeof(text)) > 0);
	CHECK_OK(fstat(fd[0], &st));
	snprintf(want, sizeof(want), "pipe:[%llu]", (unsigned long long)st.st_ino);
	CHECK(!strcmp(text, want));
	again = open(name, O_WRONLY);
	CHECK_OK(again);
	CHECK_EQ(write(again, "x", 1), 1);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_OK(stat(name, &st));
	CHECK(S_ISFIFO(st.st_mode));
}

TEST(readers_share_the_bytes)
{
	enum { READERS = 3, TOTAL = 30000 };
	int fd[2], back[2], sum = 0, n;
	char buf[256];

	CHECK_OK(pipe(fd));
	CHECK_OK(pipe(back));
	for (int r = 0; r < READERS; r++)
		if (fork() == 0) {
			int mine = 0;

			close(fd[1]);
			while ((n = read(fd[0], buf, sizeof(buf))) > 0)
				mine += n;
			(void)!write(back[1], &mine, sizeof(mine));
			_exit(0);
		}
	CHECK_OK(close(fd[0]));
	for (int i = 0; i < TOTAL / 100; i++)
		CHECK_EQ(write(fd[1], buf, 100), 100);
	CHECK_OK(close(fd[1]));
	for (int r = 0; r < READERS; r++) {
		CHECK_EQ(read(back[0], &n, sizeof(n)), sizeof(n));
		sum += n;
	}
	CHECK_EQ(sum, TOTAL);
}

TEST(vectors_through_a_pipe)
{
	struct iovec v[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
	char a[3], b[3];
	struct iovec r[2] = { { a, 3 }, { b, 3 } };
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(writev(fd[1], v, 3), 5);
	CHECK_EQ(readv(fd[0], r, 2), 5);
	CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "de", 2));
}
