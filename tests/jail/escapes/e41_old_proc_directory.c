/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e41_old_proc_directory.c - the directory /proc/PID of an inmate is kept
 * open; he ends, and the number goes to a process of the host.
 */
#include "escape.h"

enum { TRIES = 70000 };

static volatile int *shared; /* [0] the number, [1] whether it was got */

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
}

/* On the host: processes until one has the number, which then stays. */
static void take_number(void)
{
	pid_t pid;

	gate_wait(e_out);
	for (int i = 0; i < TRIES && !shared[1]; i++) {
		pid = vfork();
		if (pid == 0) {
			if (getpid() == shared[0])
				shared[1] = 1;
			_exit(0);
		}
		CHECK_OK(pid);
		if (pid != shared[0])
			ktap_wait(pid); /* else it stays, as a zombie */
	}
	gate_open(e_in);
}

/* The first numbers, of the boot, are not handed out again. */
static pid_t late_number(void)
{
	for (;;) {
		pid_t pid = fork();

		CHECK_OK(pid);
		if (pid == 0)
			for (;;)
				pause();
		if (pid > 1000)
			return pid;
		j_end_child(pid);
	}
}

static int escape(void)
{
	char name[32], text[16];
	pid_t pid = late_number();
	int dir, err = ENOENT, fd;

	snprintf(name, sizeof(name), "/proc/%d", (int)pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	CHECK_OK(dir);
	fd = openat(dir, "stat", O_RDONLY);
	CHECK_OK(fd);
	j_end_child(pid);
	shared[0] = pid;
	gate_open(e_out);
	gate_wait(e_in);
	CHECK(shared[1]);
	if (openat(dir, "status", O_RDONLY) >= 0)
		return got("reads about a host process");
	err = errno;
	if (read(fd, text, sizeof(text)) >= 0)
		return got("reads about a host process");
	return err == ESRCH ? ENOENT : err;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
	e_host = take_number;
}

TEST_WITHIN(in_jail, 60)
{
	must_refuse(JAIL, escape, ENOENT);
}
