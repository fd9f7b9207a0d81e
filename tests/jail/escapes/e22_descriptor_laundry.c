/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e22_descriptor_laundry.c - ways to make a directory's descriptor forget
 * where it may not lead: opened again through /proc, sent to oneself, copied,
 * kept over exec's and fork's; then the host moves what it means away.
 */
#include "escape.h"
#include "passing.h"

static void move_away(void)
{
	char from[PATH_MAX + 4];

	gate_wait(e_out);
	snprintf(from, sizeof(from), "%s/d", e_root);
	CHECK_OK(rename(from, "moved"));
	gate_open(e_in);
}

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
}

static int again(int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, O_RDONLY | O_DIRECTORY);
}

static int through_socket(int fd)
{
	int pair[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHECK_OK(fd_send(pair[0], fd));
	return fd_receive(pair[1]);
}

static int leads_out(int fd)
{
	int up;

	if (fd < 0)
		return errno;
	if (!reads_at(fd, "../marker") || !reads_at(fd, "../../marker"))
		return 0;
	up = openat(fd, "..", O_RDONLY | O_DIRECTORY);
	if (up >= 0 && !reads_at(up, "marker"))
		return 0;
	if (renameat(fd, "../marker", AT_FDCWD, "/mine") == 0)
		return got("takes the host's file");
	return fchdir(fd) < 0 ? errno : climb_out();
}

static int escape(void)
{
	int fd, way[4], err = ENOENT;

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	fd = open("d/e", O_RDONLY | O_DIRECTORY);
	CHECK_OK(fd);
	way[0] = dup(fd);
	way[1] = again(fd);
	way[2] = through_socket(fd);
	gate_open(e_out);
	gate_wait(e_in);
	way[3] = again(way[2]);
	for (int i = 0; i < 4 && err; i++)
		err = leads_out(way[i]);
	return err;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
	e_host = move_away;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_refuse(HARDENED, escape, ENOENT);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ENOENT);
}
