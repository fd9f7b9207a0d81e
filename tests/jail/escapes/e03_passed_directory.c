/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e03_passed_directory.c - a process that stands above sends its working
 * directory to one that is chrooted deeper.
 */
#include "escape.h"
#include "passing.h"

static int climb_from(int sock)
{
	int fd = fd_receive(sock);

	if (fd < 0 || fchdir(fd) < 0)
		return errno;
	return climb_out();
}

static int escape(void)
{
	struct gate ready = gate_new();
	int pair[2], fd = open(".", O_RDONLY | O_DIRECTORY);
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHECK_OK(mkdir("d", 0755));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(close(fd));
		CHECK_OK(chroot("d"));
		CHECK_OK(chdir("/"));
		gate_open(ready);
		e_shared->err = climb_from(pair[1]);
		_exit(0);
	}
	gate_wait(ready);
	CHECK_OK(fd_send(pair[0], fd));
	CHECK_CHILD(pid);
	return e_shared->err;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_refuse(HARDENED, escape, EPERM);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ENOENT);
}
