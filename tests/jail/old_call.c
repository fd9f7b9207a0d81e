/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * old_call.c - a jail of the four-argument jail(2) follows the sysctls of the
 * paper as long as it lives, whatever it has made meanwhile.
 * oracle: no
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "jail_test.h"

#define KNOB "/proc/sys/jail/"

/* What the inmate finds when the host says so through the pipe: errno or 0. */
static int ask(int to, int from, char what)
{
	char answer;

	CHECK_EQ(write(to, &what, 1), 1);
	CHECK_EQ(read(from, &answer, 1), 1);
	return answer;
}

static int try(char what)
{
	static int id = -1;

	switch (what) {
	case 'n': /* a new segment */
		id = shmget(IPC_PRIVATE, 4096, 0600);
		return id < 0 ? errno : 0;
	case 'u': /* the use of the last one */
		return shmctl(id, IPC_STAT, &(struct shmid_ds){ 0 }) ? errno : 0;
	case 'h':
		return sethostname("mine", 4) ? errno : 0;
	default:
		return EINVAL;
	}
}

static void inmate(int from, int to)
{
	struct jail_v0 j = { .version = 0, .path = (char *)"/",
			     .hostname = (char *)"old", .ip_number = 0x0a090909 };
	char what, answer;

	if (jail((struct jail *)&j) < 0)
		_exit(1);
	while (read(from, &what, 1) == 1) {
		answer = try(what);
		if (write(to, &answer, 1) != 1)
			break;
	}
	_exit(0);
}

static pid_t inmate_start(int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	CHECK_OK(pipe(in));
	CHECK_OK(pipe(out));
	pid = fork();
	if (pid == 0) {
		close(in[1]);
		close(out[0]);
		inmate(in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

TEST(sysv_objects_follow_the_sysctl)
{
	int to, from, status;
	pid_t pid;

	j_begin();
	CHECK_OK(j_write(KNOB "sysvipc_allowed", "0"));
	pid = inmate_start(&to, &from);
	CHECK_EQ(ask(to, from, 'n'), ENOSYS);
	CHECK_OK(j_write(KNOB "sysvipc_allowed", "1"));
	CHECK_EQ(ask(to, from, 'n'), 0);
	CHECK_EQ(ask(to, from, 'u'), 0);
	CHECK_OK(j_write(KNOB "sysvipc_allowed", "0"));
	CHECK_EQ(ask(to, from, 'u'), ENOSYS);
	CHECK_EQ(ask(to, from, 'n'), ENOSYS);
	close(to);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(j_count(), 0);
}

TEST(the_host_name_follows_the_sysctl)
{
	int to, from, status;
	pid_t pid;

	j_begin();
	pid = inmate_start(&to, &from);
	CHECK_EQ(ask(to, from, 'h'), 0);
	CHECK_OK(j_write(KNOB "set_hostname_allowed", "0"));
	CHECK_EQ(ask(to, from, 'h'), EPERM);
	CHECK_OK(j_write(KNOB "set_hostname_allowed", "1"));
	CHECK_EQ(ask(to, from, 'h'), 0);
	close(to);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST(a_new_call_does_not_follow)
{
	int jid;

	j_begin();
	jid = j_make("name=fixed; path=/; persist");
	CHECK(jid > 0);
	CHECK_OK(j_write(KNOB "set_hostname_allowed", "0"));
	CHECK_EQ(j_int(jid, "allow.set_hostname"), 1);
	CHECK_OK(j_write(KNOB "set_hostname_allowed", "1"));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(j_write(KNOB "set_hostname_allowed", "0"), EPERM);
		CHECK(holds(KNOB "set_hostname_allowed", "1\n"));
	}
}
