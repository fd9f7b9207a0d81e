/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e43_orphans.c - an inmate's parent ends: his new one is the host's process
 * 1, whose number he must not learn, and who must take care of him.
 */
#include "escape.h"

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
}

static int escape(void)
{
	char text[64];
	int seen[2], fd;
	pid_t pid, parent;

	CHECK_OK(pipe(seen));
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0) {
			ktap_sleep_ms(50);
			parent = getppid();
			CHECK_EQ(write(seen[1], &parent, 4), 4);
			fd = open("/proc/self/stat", O_RDONLY);
			CHECK(read(fd, text, sizeof(text)) > 0);
			parent = atoi(strrchr(text, ')') + 4);
			CHECK_EQ(write(seen[1], &parent, 4), 4);
			_exit(0);
		}
		_exit(0);
	}
	CHECK_CHILD(pid);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(read(seen[0], &parent, 4), 4);
		if (parent)
			return got("learns of process %d", (int)parent);
	}
	CHECK_ERRNO(kill(1, 0), ESRCH);
	return ESRCH;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, ESRCH);
}
