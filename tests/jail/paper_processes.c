/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_processes.c - items 24 to 30 of the paper: an inmate sees and reaches
 * inmates only. doors.c has every call of this kind; these are the paper's.
 * oracle: no
 */
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "jail_test.h"
#include "shell.h"

static int a, b;
static pid_t host, inmate, sibling;

static void three_processes(void)
{
	j_begin();
	a = j_simple("a", "");
	b = j_simple("b", "");
	j_mount("proc", j_path("a"), "proc");
	host = j_sitter(0, 0);
	inmate = j_sitter(a, 0);
	sibling = j_sitter(b, 0);
}

TEST(paper_24_sees_inmates_only)
{
	char name[32];

	WHAT("ps and /proc show inmates only");
	three_processes();
	CHECK_SHELL("cp $(command -v ps) %s/bin/ps", j_path("a"));
	IN_JAIL(a, 0) {
		CHECK(j_listed(inmate) && j_listed(getpid()));
		CHECK(!j_listed(host) && !j_listed(sibling) && !j_listed(1));
		CHECK_SHELL("ps ax -o pid | /bin/busybox tr -d ' '");
		snprintf(name, sizeof(name), "\n%d\n", (int)inmate);
		CHECK(says(name));
		snprintf(name, sizeof(name), "\n%d\n", (int)host);
		CHECK(!strstr(shell_output, name));
		snprintf(name, sizeof(name), "\n%d\n", (int)sibling);
		CHECK(!strstr(shell_output, name));
	}
}

TEST(paper_25_kill_by_known_pid)
{
	WHAT("kill of a known pid outside: ESRCH, and it lives");
	three_processes();
	IN_JAIL(a, 0) {
		CHECK_ERRNO(kill(host, 0), ESRCH);
		CHECK_ERRNO(kill(host, SIGKILL), ESRCH);
		CHECK_ERRNO(kill(sibling, SIGKILL), ESRCH);
		CHECK_ERRNO(kill(1, SIGKILL), ESRCH);
		CHECK_OK(kill(inmate, SIGKILL));
	}
	CHECK(j_lives(host) && j_lives(sibling));
	CHECK(WIFSIGNALED(ktap_wait(inmate)));
}

TEST(paper_26_kill_all)
{
	WHAT("kill(-1, 9) ends inmates only");
	three_processes();
	IN_JAIL(a, 0)
		CHECK_OK(kill(-1, SIGKILL));
	CHECK(WIFSIGNALED(ktap_wait(inmate)));
	CHECK(j_lives(host) && j_lives(sibling));
}

/* There is no ptrace here; what a debugger reads stands in /proc. */
TEST(paper_27_no_debugging)
{
	static const char *const files[] = { "mem", "environ", "maps", "auxv",
					     "root", "cwd", "exe", "fd" };
	char name[64];

	WHAT("no debugging of what is outside (no ptrace yet; /proc)");
	three_processes();
	IN_JAIL(a, 0)
		for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
			snprintf(name, sizeof(name), "/proc/%d/%s", (int)host,
				 files[i]);
			CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
		}
	CHECK_ERRNO(syscall(SYS_ptrace, 16, host, 0, 0), ENOSYS);
}

TEST(paper_28_no_scheduling)
{
	struct sched_param p = { 0 };

	WHAT("setpriority, getpriority, sched_*: ESRCH");
	three_processes();
	IN_JAIL(a, 0) {
		CHECK_ERRNO(setpriority(PRIO_PROCESS, host, 5), ESRCH);
		CHECK_ERRNO(getpriority(PRIO_PROCESS, sibling), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_setscheduler, host, SCHED_OTHER,
				    &p), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_getscheduler, sibling), ESRCH);
		CHECK_OK(setpriority(PRIO_PROCESS, inmate, 5));
	}
	CHECK_EQ(getpriority(PRIO_PROCESS, host), 0);
}

TEST(paper_29_no_waiting)
{
	WHAT("wait for a pid outside: ECHILD");
	three_processes();
	IN_JAIL(a, 0) {
		CHECK_ERRNO(waitpid(host, NULL, WNOHANG), ECHILD);
		CHECK_ERRNO(waitpid(sibling, NULL, WNOHANG), ECHILD);
		CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
	}
}

TEST(paper_30_no_ipc)
{
	int shm, sem, msg, memory;

	WHAT("SysV and POSIX IPC objects of the host are not there");
	three_processes();
	shm = shmget(IPC_PRIVATE, 4096, 0666);
	sem = semget(IPC_PRIVATE, 1, 0666);
	msg = msgget(IPC_PRIVATE, 0666);
	memory = open("/dev/shm/paper30", O_CREAT | O_RDWR, 0666);
	CHECK(shm >= 0 && sem >= 0 && msg >= 0);
	IN_JAIL(a, 0) {
		CHECK((long)shmat(shm, NULL, 0) == -1);
		CHECK(semctl(sem, 0, GETVAL) == -1);
		CHECK(msgrcv(msg, &shm, 0, 0, IPC_NOWAIT) == -1);
		CHECK(errno == EINVAL || errno == ENOSYS);
		CHECK_ERRNO(open("/dev/shm/paper30", O_RDWR), ENOENT);
	}
	CHECK_OK(shmctl(shm, IPC_RMID, NULL));
	CHECK_OK(semctl(sem, 0, IPC_RMID));
	CHECK_OK(msgctl(msg, IPC_RMID, NULL));
	if (memory >= 0)
		CHECK_OK(unlink("/dev/shm/paper30"));
}
