/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * brig-agent.c - runs commands for the host that started this machine, and
 * sends back what they print, byte by byte, over the second serial line.
 *
 *   brig-agent once     run the command in /.brig/command, then power off
 *   brig-agent serve    do what the host asks, until the machine ends
 *
 * The line carries frames and nothing else: 0xb5, a type, the length of the
 * payload (16 bits, little endian), the payload. From the guest: H (hello),
 * 1 and 2 (output), E (wait status of the command, 32 bits), A (errno of a
 * file request). From the host, in serve: R (run the payload by /bin/sh -c),
 * K (kill the running command), O (create a file: octal mode, a space, path),
 * D (data for it), C (close it). tests/rig/channel.py is the other end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	FRAME_MAGIC = 0xb5,
	FRAME_HEADER = 4,
	FRAME_MAX = 4096, /* bytes of payload that we send at most */
	DRAIN_MAX = 32,	  /* frames: more than a full pipe holds */
};
#define LINE "/dev/ttyS1"
#define COMMAND_FILE "/.brig/command"
#define SEARCH_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int line;	   /* the serial line */
static int child_pipe[2];  /* gets a byte when a child has ended */
static int put_file = -1;  /* the file that D frames go to */

static void die(const char *what)
{
	fprintf(stderr, "brig-agent: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			die("write");
		p += done;
		n -= done;
	}
}

static void read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("read");
		p += got;
		n -= got;
	}
}

/* buf has FRAME_HEADER bytes of room before the n bytes of payload. */
static void frame_send(uint8_t *buf, char type, size_t n)
{
	buf[0] = FRAME_MAGIC;
	buf[1] = type;
	buf[2] = n & 0xff;
	buf[3] = n >> 8;
	write_all(line, buf, FRAME_HEADER + n);
}

static void frame_send_u32(char type, uint32_t v)
{
	uint8_t buf[FRAME_HEADER + 4];

	for (int i = 0; i < 4; i++)
		buf[FRAME_HEADER + i] = v >> (8 * i);
	frame_send(buf, type, 4);
}

/* The type of the next frame from the host; payload has a NUL behind it. */
static char frame_read(uint8_t *payload, size_t *n)
{
	uint8_t head[FRAME_HEADER];

	read_all(line, head, sizeof(head));
	if (head[0] != FRAME_MAGIC) {
		errno = EPROTO;
		die(LINE);
	}
	*n = head[2] | head[3] << 8;
	read_all(line, payload, *n);
	payload[*n] = '\0';
	return head[1];
}

static void line_open(void)
{
	struct termios t;

	line = open(LINE, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0 || tcgetattr(line, &t) < 0)
		die(LINE);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetspeed(&t, B115200);
	if (tcsetattr(line, TCSANOW, &t) < 0)
		die(LINE);
}

static void child_ended(int sig)
{
	int saved = errno;

	(void)sig;
	(void)!write(child_pipe[1], "", 1);
	errno = saved;
}

static void signals_set_up(void)
{
	struct sigaction a = { .sa_handler = child_ended,
			       .sa_flags = SA_RESTART };

	if (pipe(child_pipe) < 0)
		die("pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(child_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(child_pipe[i], F_SETFL, O_NONBLOCK);
	}
	sigaction(SIGCHLD, &a, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

/*
 * What rc started in the background ignores SIGINT and SIGQUIT, and so does
 * what that starts; a command begins with nothing ignored or blocked.
 */
static void signals_default(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: becomes the command, as a login shell of root would see it. */
static void command_exec(const char *command, int out, int err)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	char *envp[] = { "HOME=/root",	  "USER=root",	"LOGNAME=root",
			 "SHELL=/bin/sh", "TERM=dumb",	"PWD=/root",
			 "PATH=" SEARCH_PATH, NULL };
	int null = open("/dev/null", O_RDONLY);

	signals_default();
	setsid();
	umask(022);
	if (chdir("/root") < 0 || null < 0 || dup2(null, 0) < 0 ||
	    dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	if (null > 2)
		close(null);
	execve("/bin/sh", argv, envp);
	fprintf(stderr, "/bin/sh: %s\n", strerror(errno));
	_exit(127);
}

/* Sends what the pipe holds now. False once its other end is closed. */
static int output_pass(int fd, char type)
{
	static uint8_t buf[FRAME_HEADER + FRAME_MAX];
	ssize_t n = read(fd, buf + FRAME_HEADER, FRAME_MAX);

	if (n > 0)
		frame_send(buf, type, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * Sends what is left, without waiting for those who keep a pipe open, and no
 * more than the pipe can have held when the command ended.
 */
static void output_drain(struct pollfd *pipes)
{
	for (int i = 0; i < 2; i++) {
		struct pollfd *p = &pipes[i];

		for (int n = 0; n < DRAIN_MAX && p->fd >= 0; n++)
			if (poll(p, 1, 0) <= 0 || !output_pass(p->fd, '1' + i))
				break;
	}
}

/* While a command runs, the host may only ask for its end. */
static void kill_on_request(pid_t child)
{
	static uint8_t payload[65536];
	size_t n;

	if (frame_read(payload, &n) == 'K')
		kill(-child, SIGKILL);
}

/* Passes on the output until the child has ended; its wait status. */
static int command_follow(pid_t child, int out, int err, int serve)
{
	struct pollfd p[4] = { { out, POLLIN, 0 }, { err, POLLIN, 0 },
			       { child_pipe[0], POLLIN, 0 },
			       { serve ? line : -1, POLLIN, 0 } };
	char junk[16];
	int status;

	for (;;) {
		if (poll(p, 4, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p[i].revents && !output_pass(p[i].fd, '1' + i))
				p[i].fd = -1;
		if (p[3].revents)
			kill_on_request(child);
		if (!p[2].revents)
			continue;
		while (read(child_pipe[0], junk, sizeof(junk)) > 0)
			;
		if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	output_drain(p);
	return status;
}

static void command_run(const char *command, int serve)
{
	int out[2], err[2], status;
	pid_t child;

	if (pipe(out) < 0 || pipe(err) < 0)
		die("pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(out[i], F_SETFD, FD_CLOEXEC);
		fcntl(err[i], F_SETFD, FD_CLOEXEC);
	}
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		command_exec(command, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	status = command_follow(child, out[0], err[0], serve);
	close(out[0]);
	close(err[0]);
	frame_send_u32('E', status);
}

/* A whole file in memory, with a NUL behind it. */
static char *file_read(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat s;
	char *text;

	if (fd < 0 || fstat(fd, &s) < 0)
		die(name);
	text = malloc(s.st_size + 1);
	if (!text)
		die(name);
	read_all(fd, (uint8_t *)text, s.st_size);
	text[s.st_size] = '\0';
	close(fd);
	return text;
}

static void file_request(char type, const char *payload, size_t n)
{
	int err = 0;
	char *end;
	unsigned mode;

	if (type == 'O') {
		mode = strtoul(payload, &end, 8);
		put_file = open(end + 1, O_WRONLY | O_CREAT | O_TRUNC |
				O_CLOEXEC, mode);
		if (put_file < 0 || fchmod(put_file, mode) < 0)
			err = errno;
	} else if (type == 'D') {
		if (write(put_file, payload, n) != (ssize_t)n)
			err = errno ? errno : ENOSPC;
	} else if (close(put_file) < 0) {
		err = errno;
	}
	frame_send_u32('A', err);
}

static void serve(void)
{
	static uint8_t payload[65536];
	size_t n;

	for (;;) {
		char type = frame_read(payload, &n);

		errno = 0;
		if (type == 'R')
			command_run((char *)payload, 1);
		else if (strchr("ODC", type))
			file_request(type, (char *)payload, n);
		/* K for a command that has ended meanwhile: nothing to do */
	}
}

int main(int argc, char **argv)
{
	uint8_t hello[FRAME_HEADER];
	int once = argc == 2 && !strcmp(argv[1], "once");

	if (argc != 2 || (!once && strcmp(argv[1], "serve"))) {
		fprintf(stderr, "usage: brig-agent once|serve\n");
		return 2;
	}
	line_open();
	signals_set_up();
	frame_send(hello, 'H', 0);
	if (!once)
		serve();
	command_run(file_read(COMMAND_FILE), 0);
	tcdrain(line);
	sync();
	reboot(RB_POWER_OFF);
	die("reboot");
}
