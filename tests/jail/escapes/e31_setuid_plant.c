/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e31_setuid_plant.c - root inside plants a set-user-id program in its tree, and an
 * ordinary user of the host runs it there.
 */
#include "escape.h"

static void copy_self(void)
{
	char name[PATH_MAX + 16], block[4096];
	int from = open("/proc/self/exe", O_RDONLY), to;
	ssize_t n;

	snprintf(name, sizeof(name), "%s/bin/plant", e_root);
	to = open(name, O_WRONLY | O_CREAT, 0755);
	CHECK_OK(to);
	while ((n = read(from, block, sizeof(block))) > 0)
		CHECK_EQ(write(to, block, n), n);
	CHECK_EQ(n, 0);
	close(from);
	close(to);
}

static void run_as_user(void)
{
	char name[PATH_MAX + 16];
	char *argv[] = { "plant", NULL }, *env[] = { "PLANT=1", NULL };
	pid_t pid;
	int status;

	gate_wait(e_out);
	snprintf(name, sizeof(name), "%s/bin/plant", e_root);
	pid = j_enter(0, ALICE);
	if (pid == 0) {
		execve(name, argv, env);
		_exit(errno);
	}
	status = ktap_wait(pid);
	if (WEXITSTATUS(status) == 7)
		got("a host user becomes root");
	else if (status == 0)
		got("set-user-id is ignored");
	else
		got("does not run: %s", j_error(WEXITSTATUS(status)));
	gate_open(e_in);
}

/* The planted program says who it is by its exit status, before all else. */
__attribute__((constructor)) static void prepare(void)
{
	if (getenv("PLANT"))
		_exit(geteuid() == 0 ? 7 : 0);
	e_setup = copy_self;
	e_host = run_as_user;
}

static int escape(void)
{
	CHECK_OK(chown("/bin/plant", 0, 0));
	CHECK_OK(chmod("/bin/plant", 04755));
	gate_open(e_out);
	gate_wait(e_in);
	return strcmp(e_shared->got, "a host user becomes root") ? EPERM : 0;
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
	must_refuse(JAIL, escape, EPERM);
}
