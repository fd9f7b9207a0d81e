/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e23_directory_from_host.c - an ordinary user of the host sends a directory
 * of the host to an inmate. FreeBSD leaves that to the administrator; here
 * it is refused to the receiver.
 */
#include "escape.h"
#include "passing.h"

static int pair[2];

static void make_pair(void)
{
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static void user_sends(void)
{
	AS_USER(ALICE)
		CHECK_OK(fd_send(pair[0], open(".", O_RDONLY | O_DIRECTORY)));
}

static int escape(void)
{
	int fd = fd_receive(pair[1]);

	return fd < 0 ? errno : reads_at(fd, "marker");
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = make_pair;
	e_host = user_sends;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, EPERM);
}
