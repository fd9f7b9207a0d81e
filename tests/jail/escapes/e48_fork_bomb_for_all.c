/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e48_fork_bomb_for_all.c - what is inside takes all processes that there
 * are: an ordinary user of the host can start nothing any more. The machine
 * has few for this test.
 */
#include <sched.h>

#include "escape.h"

#define MAXPROC "/proc/sys/kern/maxproc"

static char before[32];
static int bomb_stack[256];
static struct gate go;
static pid_t user;

/* Of the host; tells by its exit status whether it could start a process. */
static void make_user(void)
{
	pid_t pid;

	go = gate_new();
	user = j_enter(0, ALICE);
	if (user)
		return;
	gate_wait(go);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	_exit(pid < 0 ? errno : 0);
}

/* Processes of the machine; those of tests before may wait to be reaped. */
static int processes(void)
{
	char text[512] = "", *at;
	int fd = open("/proc/jail/usage", O_RDONLY);

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strstr(text, "maxproc=");
	CHECK(at != NULL);
	return atoi(at + 8);
}

static void few_processes(void)
{
	int fd = open(MAXPROC, O_RDONLY);

	while (processes() > 100)
		ktap_sleep_ms(10);
	make_user();
	CHECK(read(fd, before, sizeof(before) - 1) > 0);
	close(fd);
	CHECK_OK(j_write(MAXPROC, "300\n"));
	if (e_world == JAIL)
		CHECK_OK(j_change(e_jid, "limit.maxproc=50"));
}

static void user_tries(void)
{
	gate_wait(e_out);
	gate_open(go);
	e_shared->err = ktap_wait(user) ? 0 : EAGAIN;
	if (!e_shared->err)
		got("a host user starts nothing");
	CHECK_OK(j_write(MAXPROC, before));
	gate_open(e_in);
}

/* They share all their memory: only processes run out. */
static int bomb(void *unused)
{
	for (;;)
		pause();
	return unused != NULL;
}

static int escape(void)
{
	pid_t pid[400];
	int n = 0;

	while (n < 400 && (pid[n] = clone(bomb, bomb_stack + 256,
					  CLONE_VM | SIGCHLD, NULL)) > 0)
		n++;
	gate_open(e_out);
	gate_wait(e_in);
	while (n > 0)
		j_end_child(pid[--n]);
	return e_shared->err;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = few_processes;
	e_host = user_tries;
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
	must_refuse(JAIL, escape, EAGAIN);
}
