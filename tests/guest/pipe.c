/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe.c - pipes: bytes, ends, limits. */
#include <limits.h>
#include <poll.h>

#include "ktap.h"

TEST(bytes_arrive_in_order)
{
	char buf[8] = "";
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(write(fd[1], "abc", 3), 3);
	CHECK_EQ(write(fd[1], "def", 3), 3);
	CHECK_EQ(read(fd[0], buf, 2), 2);
	CHECK_EQ(read(fd[0], buf + 2, sizeof(buf) - 2), 4);
	CHECK(!memcmp(buf, "abcdef", 6));
}

TEST(end_of_file_after_last_writer)
{
	char c;
	int fd[2];

	CHECK_OK(pipe(fd));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_OK(close(fd[1]));
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(read(fd[0], &c, 1), 0);
}

TEST(no_reader_is_sigpipe)
{
	int fd[2], status;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		if (pipe(fd) < 0 || close(fd[0]) < 0)
			_exit(1);
		(void)!write(fd[1], "x", 1);
		_exit(2);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(pipe(fd));
	CHECK_OK(close(fd[0]));
	CHECK_ERRNO(write(fd[1], "x", 1), EPIPE);
}

TEST(non_blocking_ends)
{
	static char buf[PIPE_BUF];
	long held = 0;
	int fd[2];

	CHECK_OK(pipe2(fd, O_NONBLOCK));
	CHECK_ERRNO(read(fd[0], buf, 1), EAGAIN);
	while (write(fd[1], buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		held += sizeof(buf);
	CHECK_EQ(errno, EAGAIN);
	CHECK(held >= PIPE_BUF);
}

TEST(megabytes_through_a_fork)
{
	static unsigned char buf[3000];
	unsigned long sum = 0;
	ssize_t n;
	int fd[2];
	pid_t pid;

	CHECK_OK(pipe(fd));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		close(fd[0]);
		for (int i = 0; i < 1000; i++) {
			memset(buf, i, sizeof(buf));
			CHECK_EQ(write(fd[1], buf, sizeof(buf)), sizeof(buf));
		}
		_exit(0);
	}
	CHECK_OK(close(fd[1]));
	while ((n = read(fd[0], buf, 2048)) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum += buf[i];
	CHECK_EQ(n, 0);
	CHECK_CHILD(pid);
	for (int i = 0; i < 1000; i++)
		sum -= (i & 0xff) * sizeof(buf);
	CHECK_EQ(sum, 0);
}

TEST(poll_sees_both_ends)
{
	struct pollfd p[2];
	int fd[2];

	CHECK_OK(pipe(fd));
	p[0] = (struct pollfd){ fd[0], POLLIN, 0 };
	p[1] = (struct pollfd){ fd[1], POLLOUT, 0 };
	CHECK_EQ(poll(p, 2, 0), 1);
	CHECK_EQ(p[1].revents, POLLOUT);
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_EQ(poll(p, 1, 1000), 1);
	CHECK_EQ(p[0].revents, POLLIN);
	CHECK_OK(close(fd[1]));
	CHECK_EQ(poll(p, 1, 1000), 1);
	CHECK_EQ(p[0].revents, POLLIN | POLLHUP);
}

/* What a shell's <(command) is: the end is opened again, by name, perhaps
 * after the writer has gone. */
TEST(end_opened_again_by_proc)
{
	char name[64], c;
	int fd[2], again;

	CHECK_OK(pipe(fd));
	CHECK_EQ(write(fd[1], "x", 1), 1);
	CHECK_OK(close(fd[1]));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd[0]);
	again = open(name, O_RDONLY);
	CHECK_OK(again);
	CHECK_EQ(read(again, &c, 1), 1);
	CHECK_EQ(read(again, &c, 1), 0);
	CHECK_OK(pipe(fd));
	CHECK_OK(close(fd[0]));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd[1]);
	CHECK_OK(open(name, O_WRONLY));
	CHECK_OK(open(name, O_WRONLY | O_NONBLOCK));
}
