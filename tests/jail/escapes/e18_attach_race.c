/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e18_attach_race.c - a host process enters the jail; until it has gone to
 * the new root it would still stand in a directory of the host, and an
 * inmate, who can see it already, could go through its links in /proc.
 *
 * On a chroot the inmate does not even need the moment.
 */
#include <sched.h>

#include "escape.h"

enum { ENTRIES = 200, STOPPED = -1 };

struct watch {
	volatile int pid; /* who enters now */
	volatile int rounds;
};

static struct watch *watch;

/* What the inmate finds through the links of who enters: 0 is the host's. */
static int look_through(int pid)
{
	char name[PATH_MAX + 64];
	int err;

	snprintf(name, sizeof(name), "/proc/%d/cwd/marker", pid);
	err = reads_at(AT_FDCWD, name);
	if (!err)
		return 0;
	snprintf(name, sizeof(name), "/proc/%d/root/%s", pid, e_marker + 1);
	return reads_at(AT_FDCWD, name);
}

static int escape(void)
{
	int err = ENOENT, pid;

	gate_open(e_out);
	while ((pid = watch->pid) != STOPPED && err)
		if (pid) {
			err = look_through(pid);
			watch->rounds++;
		}
	return err == ESRCH || err == EACCES ? ENOENT : err;
}

static void one_enters(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		watch->pid = getpid();
		sched_yield();
		CHECK_OK(enter());
		sched_yield();
		if (e_world == JAIL)
			CHECK(!exists("marker") && !exists("../marker"));
		_exit(0);
	}
	CHECK_CHILD(pid);
	watch->pid = 0;
}

static void many_enter(void)
{
	gate_wait(e_out);
	for (int i = 0; i < ENTRIES; i++)
		one_enters();
	watch->pid = STOPPED;
}

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
	watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(watch != MAP_FAILED);
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
	e_host = many_enter;
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
	must_refuse(JAIL, escape, ENOENT);
	CHECK(watch->rounds > 0);
}
