/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_stream.c - AF_UNIX streams: bytes, ends, limits, flags. seconds: 60 */
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "unix.h"

static int s[2];

static void pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
}

TEST(bytes_both_ways)
{
	char buf[16] = "";

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_EQ(send(s[0], "def", 3, 0), 3);
	CHECK_EQ(read(s[1], buf, 2), 2);
	CHECK_EQ(recv(s[1], buf + 2, 14, 0), 4);
	CHECK(!memcmp(buf, "abcdef", 6));
	CHECK_EQ(write(s[1], "back", 4), 4);
	CHECK_EQ(read(s[0], buf, 16), 4);
	CHECK(!memcmp(buf, "back", 4));
}

TEST(kinds_of_sockets)
{
	CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 2), EPROTONOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, 11, 0), EINVAL);
	CHECK_ERRNO(socket(1000, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
	CHECK_OK(socket(AF_UNIX, SOCK_STREAM, 1));
	CHECK_OK(socket(AF_UNIX, SOCK_RAW, 0));
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)1), EFAULT);
}

TEST(flags_of_the_descriptors)
{
	struct stat st;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    0, s));
	CHECK_EQ(fcntl(s[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(s[1], F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_OK(fstat(s[0], &st));
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_ERRNO(lseek(s[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(pread(s[0], &st, 1, 0), ESPIPE);
	CHECK_ERRNO(ftruncate(s[0], 0), EINVAL);
}

TEST(end_after_close)
{
	char c;

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_OK(close(s[0]));
	CHECK_EQ(read(s[1], &c, 1), 1);
	CHECK_EQ(read(s[1], &c, 1), 0);
	CHECK_EQ(read(s[1], &c, 1), 0);
	CHECK_ERRNO(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}

/* What the other has not read when it closes is lost, and one is told. */
TEST(reset_when_bytes_are_lost)
{
	char c;

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_OK(close(s[1]));
	CHECK_EQ(unix_events(s[0], POLLIN), POLLIN | POLLERR | POLLHUP);
	CHECK_ERRNO(read(s[0], &c, 1), ECONNRESET);
	CHECK_EQ(read(s[0], &c, 1), 0);
	CHECK_EQ(unix_option(s[0], SO_ERROR), 0);
}

TEST(sigpipe)
{
	pid_t pid = fork();
	int status;

	CHECK_OK(pid);
	if (pid == 0) {
		pair(SOCK_STREAM);
		close(s[1]);
		(void)!write(s[0], "x", 1);
		_exit(2);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGPIPE);
}

TEST(shutdown_halves)
{
	char c;

	signal(SIGPIPE, SIG_IGN);
	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "a", 1), 1);
	CHECK_OK(shutdown(s[0], SHUT_WR));
	CHECK_ERRNO(write(s[0], "b", 1), EPIPE);
	CHECK_EQ(read(s[1], &c, 1), 1);
	CHECK_EQ(read(s[1], &c, 1), 0);
	CHECK_EQ(write(s[1], "c", 1), 1);
	CHECK_EQ(read(s[0], &c, 1), 1);
	CHECK_OK(shutdown(s[0], SHUT_RD));
	CHECK_EQ(read(s[0], &c, 1), 0);
	CHECK_ERRNO(write(s[1], "d", 1), EPIPE);
	CHECK_ERRNO(shutdown(s[0], 3), EINVAL);
	CHECK_OK(shutdown(socket(AF_UNIX, SOCK_STREAM, 0), SHUT_RDWR));
}

TEST(peek_leaves_the_bytes)
{
	char buf[8] = "";

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_EQ(write(s[0], "de", 2), 2);
	CHECK_EQ(recv(s[1], buf, 2, MSG_PEEK), 2);
	CHECK(!memcmp(buf, "ab", 2));
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK), 5);
	CHECK(!memcmp(buf, "abcde", 5));
	CHECK_EQ(read(s[1], buf, 4), 4);
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK), 1);
	CHECK_EQ(read(s[1], buf, 8), 1);
	CHECK_EQ(buf[0], 'e');
}

TEST(dontwait_and_nonblock)
{
	char buf[8];

	pair(SOCK_STREAM);
	CHECK_ERRNO(recv(s[0], buf, 8, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(read(s[0], buf, 8), EAGAIN);
	CHECK_EQ(read(s[0], buf, 0), 0);
}

TEST(waitall_waits_for_all)
{
	char buf[10];
	pid_t pid;

	pair(SOCK_STREAM);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		for (int i = 0; i < 5; i++) {
			CHECK_EQ(write(s[0], "ab", 2), 2);
			ktap_sleep_ms(20);
		}
		_exit(0);
	}
	CHECK_EQ(recv(s[1], buf, 10, MSG_WAITALL), 10);
	CHECK(!memcmp(buf, "ababababab", 10));
	CHECK_CHILD(pid);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_OK(close(s[0]));
	CHECK_EQ(recv(s[1], buf, 10, MSG_WAITALL), 3);
}

TEST(low_mark)
{
	char buf[10];
	pid_t pid;

	pair(SOCK_STREAM);
	unix_set(s[1], SO_RCVLOWAT, 3);
	CHECK_EQ(unix_option(s[1], SO_RCVLOWAT), 3);
	CHECK_EQ(write(s[0], "a", 1), 1);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		ktap_sleep_ms(50);
		CHECK_EQ(write(s[0], "bc", 2), 2);
		_exit(0);
	}
	CHECK_EQ(read(s[1], buf, 10), 3);
	CHECK_CHILD(pid);
}

TEST(full_buffer)
{
	static char buf[65536];
	long sent = 0, got = 0;
	ssize_t n;

	pair(SOCK_STREAM);
	CHECK_OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
	while ((n = write(s[0], buf, sizeof(buf))) > 0)
		sent += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(sent >= 65536);
	CHECK_EQ(unix_events(s[0], POLLOUT), 0);
	CHECK_EQ(unix_events(s[1], POLLIN | POLLOUT), POLLIN | POLLOUT);
	while ((n = recv(s[1], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		got += n;
	CHECK_EQ(got, sent);
	CHECK_EQ(unix_events(s[0], POLLOUT), POLLOUT);
}

TEST(small_buffer)
{
	static char buf[65536];
	int n;

	pair(SOCK_STREAM);
	unix_set(s[0], SO_SNDBUF, 1);
	CHECK_EQ(unix_option(s[0], SO_SNDBUF), 4608);
	CHECK_OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
	n = write(s[0], buf, sizeof(buf));
	CHECK(n > 0 && n < 10000);
	CHECK_ERRNO(write(s[0], buf, 1), EAGAIN);
}

TEST(counts_by_ioctl)
{
	char buf[10];
	int n = -1;

	pair(SOCK_STREAM);
	CHECK_OK(ioctl(s[1], FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_EQ(write(s[0], "abc", 3), 3);
	CHECK_EQ(write(s[0], "def", 3), 3);
	CHECK_EQ(read(s[1], buf, 2), 2);
	CHECK_OK(ioctl(s[1], FIONREAD, &n));
	CHECK_EQ(n, 4);
	CHECK_OK(ioctl(s[0], TIOCOUTQ, &n));
	CHECK(n > 0);
	CHECK_EQ(read(s[1], buf, 10), 4);
	CHECK_OK(ioctl(s[0], TIOCOUTQ, &n));
	CHECK_EQ(n, 0);
	CHECK_ERRNO(ioctl(s[0], 0x5401, buf), ENOTTY);
}

TEST(vectors)
{
	char a[4] = "", b[8] = "";
	struct iovec out[2] = { { "abc", 3 }, { "defgh", 5 } };
	struct iovec in[2] = { { a, 2 }, { b, 8 } };

	pair(SOCK_STREAM);
	CHECK_EQ(writev(s[0], out, 2), 8);
	CHECK_EQ(readv(s[1], in, 2), 8);
	CHECK(!memcmp(a, "ab", 2) && !memcmp(b, "cdefgh", 6));
	CHECK_EQ(write(s[0], "", 0), 0);
	CHECK_ERRNO(recv(s[1], a, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(write(s[0], "x", 1), 1);
	CHECK_ERRNO(read(s[1], (void *)1, 1), EFAULT);
	CHECK_EQ(read(s[1], a, 1), 1);
	CHECK_ERRNO(write(s[0], (void *)1, 1), EFAULT);
}

TEST(sendfile_to_a_socket)
{
	char buf[32] = "";
	int f = open("/tmp/unix_sendfile", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 2;

	CHECK_OK(f);
	CHECK_EQ(write(f, "0123456789", 10), 10);
	pair(SOCK_STREAM);
	CHECK_EQ(sendfile(s[0], f, &at, 5), 5);
	CHECK_EQ(at, 7);
	CHECK_EQ(read(s[1], buf, 32), 5);
	CHECK(!memcmp(buf, "23456", 5));
	CHECK_OK(unlink("/tmp/unix_sendfile"));
}

TEST(not_connected)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char c;

	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(fd);
	CHECK_ERRNO(write(fd, "x", 1), ENOTCONN);
	CHECK_ERRNO(read(fd, &c, 1), EINVAL);
	CHECK_EQ(unix_events(fd, POLLIN | POLLOUT), POLLOUT | POLLHUP);
	CHECK_ERRNO(unix_sendto(fd, "x", "/tmp/nowhere"), EOPNOTSUPP);
	pair(SOCK_STREAM);
	CHECK_ERRNO(unix_sendto(s[0], "x", "/tmp/nowhere"), EISCONN);
	CHECK_ERRNO(recv(0, &c, 1, 0), ENOTSOCK);
	CHECK_ERRNO(recv(99, &c, 1, 0), EBADF);
}

TEST(poll_of_ends)
{
	pair(SOCK_STREAM);
	CHECK_EQ(unix_events(s[0], POLLIN | POLLOUT | POLLRDHUP), POLLOUT);
	CHECK_OK(shutdown(s[1], SHUT_WR));
	CHECK_EQ(unix_events(s[0], POLLIN | POLLOUT | POLLRDHUP),
		 POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(unix_events(s[1], POLLIN | POLLOUT | POLLRDHUP), POLLOUT);
	CHECK_OK(close(s[1]));
	CHECK_EQ(unix_events(s[0], POLLIN | POLLOUT | POLLRDHUP),
		 POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

TEST(signal_ends_a_wait)
{
	struct sigaction act = { .sa_handler = (void (*)(int))ktap_ms };
	char c;

	sigaction(SIGALRM, &act, NULL);
	pair(SOCK_STREAM);
	alarm(1);
	CHECK_ERRNO(read(s[0], &c, 1), EINTR);
}

TEST(time_outs)
{
	struct timeval t = { 0, 100000 };
	static char buf[4096];
	long long begin = ktap_ms();

	pair(SOCK_STREAM);
	CHECK_OK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_OK(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
	CHECK_ERRNO(read(s[0], buf, 1), EAGAIN);
	CHECK(ktap_ms() - begin >= 95);
	begin = ktap_ms();
	while (write(s[0], buf, sizeof(buf)) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK(ktap_ms() - begin >= 95);
}

/* Two processes, megabytes both ways, in pieces of all sizes. */
static void pump(int fd, int seed, int total)
{
	static unsigned char buf[70000];
	int done = 0;

	while (done < total) {
		int n = 1 + (done * 7919u + seed) % sizeof(buf);

		if (n > total - done)
			n = total - done;
		for (int i = 0; i < n; i++)
			buf[i] = (done + i) * 31 + (done + i) / 1000;
		for (int at = 0, k; at < n; at += k) {
			k = write(fd, buf + at, n - at);
			CHECK(k > 0);
		}
		done += n;
	}
}

static void drain(int fd, int seed, int total)
{
	static unsigned char buf[70000];
	int done = 0;

	while (done < total) {
		int n = read(fd, buf, 1 + (done * 104729u + seed) %
					sizeof(buf));

		CHECK(n > 0);
		for (int i = 0; i < n; i++)
			CHECK_EQ(buf[i], (unsigned char)((done + i) * 31 +
							 (done + i) / 1000));
		done += n;
	}
}

TEST_WITHIN(megabytes, 60)
{
	enum { TOTAL = 3 << 20 };
	pid_t writer, other;

	pair(SOCK_STREAM);
	writer = fork();
	CHECK_OK(writer);
	if (writer == 0) {
		pump(s[0], 5, TOTAL);
		_exit(0);
	}
	other = fork();
	CHECK_OK(other);
	if (other == 0) {
		drain(s[0], 11, TOTAL);
		_exit(0);
	}
	drain(s[1], 3, TOTAL);
	pump(s[1], 9, TOTAL);
	CHECK_CHILD(writer);
	CHECK_CHILD(other);
}

/* Several readers of one socket: each byte once. */
TEST(readers_share)
{
	enum { READERS = 4, BYTES = 40000 };
	int counts[2];
	pid_t pid[READERS];
	long sum = 0;

	pair(SOCK_STREAM);
	CHECK_OK(pipe(counts));
	for (int i = 0; i < READERS; i++) {
		pid[i] = fork();
		CHECK_OK(pid[i]);
		if (pid[i] == 0) {
			char buf[100];
			int n, mine = 0;

			close(s[0]);
			while ((n = read(s[1], buf, sizeof(buf))) > 0)
				mine += n;
			CHECK_EQ(write(counts[1], &mine, sizeof(mine)),
				 sizeof(mine));
			_exit(0);
		}
	}
	for (int i = 0; i < BYTES / 40; i++)
		CHECK_EQ(write(s[0], "0123456789012345678901234567890123456789",
			       40), 40);
	CHECK_OK(close(s[0]));
	for (int i = 0; i < READERS; i++) {
		int n;

		CHECK_EQ(read(counts[0], &n, sizeof(n)), sizeof(n));
		sum += n;
		CHECK_CHILD(pid[i]);
	}
	CHECK_EQ(sum, BYTES);
}

/* A process that is held up by a full buffer goes on, or is told of the end. */
TEST(blocked_writer)
{
	static char buf[1 << 20];
	pid_t pid;
	int n;

	pair(SOCK_STREAM);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(s[1]);
		CHECK_EQ(write(s[0], buf, sizeof(buf)), sizeof(buf));
		n = write(s[0], buf, sizeof(buf));
		CHECK(n > 0 && n < (int)sizeof(buf));
		_exit(0);
	}
	CHECK_OK(close(s[0]));
	CHECK_EQ(recv(s[1], buf, sizeof(buf), MSG_WAITALL), sizeof(buf));
	ktap_sleep_ms(100);
	CHECK_OK(close(s[1]));
	CHECK_CHILD(pid);
}

/* A look waits for the first byte, and not for more. */
TEST(who_left_bytes_is_written_to)
{
	char c;

	pair(SOCK_STREAM);
	CHECK_EQ(write(s[0], "a", 1), 1);
	close(s[1]);
	CHECK_ERRNO(send(s[0], "b", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERRNO(read(s[0], &c, 1), ECONNRESET);
	CHECK_EQ(read(s[0], &c, 1), 0);
}

TEST(peek_does_not_wait_for_all)
{
	char buf[8] = "";
	pid_t pid;

	pair(SOCK_STREAM);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		ktap_sleep_ms(30);
		CHECK_EQ(write(s[0], "ab", 2), 2);
		_exit(0);
	}
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK | MSG_WAITALL), 2);
	CHECK_EQ(write(s[0], "cd", 2), 2);
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK | MSG_WAITALL), 4);
	CHECK(!memcmp(buf, "abcd", 4));
	CHECK_CHILD(pid);
}

TEST(no_time_at_all)
{
	struct timeval t = { -1, 0 };
	char c;

	pair(SOCK_STREAM);
	CHECK_OK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	CHECK_ERRNO(read(s[0], &c, 1), EAGAIN);
}

/* A stream tells whose bytes they are, if that one has a name. */
TEST(name_of_the_sender)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_sa", 2), c, a;
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char b;

	c = unix_client(SOCK_STREAM, "/tmp/unix_sa");
	a = accept(l, NULL, NULL);
	CHECK_OK(a);
	CHECK_EQ(write(a, "x", 1), 1);
	CHECK_EQ(recvfrom(c, &b, 1, 0, (struct sockaddr *)&from, &len), 1);
	CHECK(!strcmp(from.sun_path, "/tmp/unix_sa"));
	CHECK_EQ(write(c, "x", 1), 1);
	len = sizeof(from);
	CHECK_EQ(recvfrom(a, &b, 1, 0, (struct sockaddr *)&from, &len), 1);
	CHECK_EQ(len, 0);
	CHECK_OK(unlink("/tmp/unix_sa"));
}
