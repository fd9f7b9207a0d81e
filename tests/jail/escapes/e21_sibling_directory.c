/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e21_sibling_directory.c - two worlds share a directory with a socket in it;
 * one sends the other a descriptor of its root, and with that one climbs.
 */
#include "escape.h"
#include "passing.h"

static char other_root[PATH_MAX];
static int other;

static int at_socket(int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un name = { AF_UNIX, "/mnt/s" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_OK(s);
	CHECK_OK(call(s, (struct sockaddr *)&name, sizeof(name)));
	return s;
}

/* Another world that sees the same directory. */
static void make_sibling(void)
{
	char at[PATH_MAX + 8];

	CHECK_OK(mkdir("shared", 0777));
	snprintf(other_root, sizeof(other_root), "%s", j_tree("other"));
	snprintf(at, sizeof(at), "%s/mnt", other_root);
	CHECK_OK(mount("shared", at, NULL, MS_BIND, NULL));
	snprintf(at, sizeof(at), "%s/mnt", e_root);
	CHECK_OK(mount("shared", at, NULL, MS_BIND, NULL));
	if (e_world == JAIL)
		other = j_make("name=other; path=%s; persist", other_root);
}

static void sibling_sends(void)
{
	pid_t pid;

	gate_wait(e_out);
	pid = j_enter(other, 0);
	if (pid == 0) {
		int s;

		if (e_world != JAIL)
			CHECK_OK(chroot(other_root));
		s = at_socket(connect);
		CHECK_OK(fd_send(s, open("/", O_RDONLY | O_DIRECTORY)));
		_exit(0);
	}
	CHECK_CHILD(pid);
}

static int escape(void)
{
	int s = at_socket(bind), fd, err;

	CHECK_OK(listen(s, 1));
	gate_open(e_out);
	s = accept(s, NULL, NULL);
	CHECK_OK(s);
	fd = fd_receive(s);
	if (fd < 0)
		return errno;
	err = reads_at(fd, "../marker");
	return err && fchdir(fd) == 0 ? climb_out() : err;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = make_sibling;
	e_host = sibling_sends;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, EPERM);
}
