/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e19_mount_on_root.c - a jail that may mount puts a file system on its own
 * root and takes it off again, while another of its processes looks for `..`.
 */
#include "escape.h"

enum { ROUNDS = 300 };

/* The other process. */
static void look_up(struct stat root)
{
	for (;;) {
		struct stat now;

		if (stat("..", &now) == 0 && now.st_dev == root.st_dev &&
		    now.st_ino != root.st_ino)
			_exit(1);
		if (access("../marker", F_OK) == 0)
			_exit(1);
	}
}

static int escape(void)
{
	struct stat root = stat_of("/");
	pid_t pid = fork();
	int err = 0;

	if (pid == 0)
		look_up(root);
	for (int i = 0; i < ROUNDS && !err; i++)
		if (mount("tmpfs", "/", "tmpfs", 0, NULL) == 0)
			CHECK_OK(umount("/"));
		else
			err = errno;
	if (!j_lives(pid))
		return got("sees the host's directory");
	j_end_child(pid);
	return err ? err : EIO;
}

TEST(in_jail)
{
	e_params = "enforce_statfs=1; allow.mount; allow.mount.tmpfs";
	must_refuse(JAIL, escape, EPERM);
}
