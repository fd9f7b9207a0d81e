/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doors.c - every call that names a process, asked from inside a jail for one
 * of the host, of a sibling, of a jail below, and from the host for an inmate.
 *
 * What is outside does not exist: the answer is that of a number that nobody
 * has. What is below is there. The table "doors" shows all of it.
 * oracle: no
 */
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "jail_test.h"

/* 0, or the error. */
static int result_of(long r)
{
	return r == -1 ? errno : 0;
}

#define DOOR(name, call)                                                      \
	static int door_##name(pid_t pid)                                     \
	{                                                                     \
		errno = 0;                                                    \
		return result_of(call);                                       \
	}

static struct sched_param priority;
static unsigned long cpus = 1;
static struct timespec quantum;
static struct rlimit limit;
static siginfo_t info = { .si_code = SI_QUEUE };
static void *robust;
static size_t robust_size;
static uint32_t cap_header[2] = { 0x20080522 }, cap_data[6];
static timer_t timer;

DOOR(kill, kill(pid, 0))
DOOR(killpg, kill(-pid, 0))
DOOR(tkill, syscall(SYS_tkill, pid, 0))
DOOR(tgkill, syscall(SYS_tgkill, pid, pid, 0))
DOOR(rt_sigqueueinfo, syscall(SYS_rt_sigqueueinfo, pid, 0, &info))
DOOR(rt_tgsigqueueinfo, syscall(SYS_rt_tgsigqueueinfo, pid, pid, 0, &info))
DOOR(getpriority, (getpriority(PRIO_PROCESS, pid), errno ? -1 : 0))
DOOR(getpriority_group, (getpriority(PRIO_PGRP, pid), errno ? -1 : 0))
DOOR(setpriority, setpriority(PRIO_PROCESS, pid, 3))
DOOR(setpriority_group, setpriority(PRIO_PGRP, pid, 3))
DOOR(sched_getscheduler, syscall(SYS_sched_getscheduler, pid))
DOOR(sched_setscheduler,
     syscall(SYS_sched_setscheduler, pid, SCHED_OTHER, &priority))
DOOR(sched_getparam, syscall(SYS_sched_getparam, pid, &priority))
DOOR(sched_setparam, syscall(SYS_sched_setparam, pid, &priority))
DOOR(sched_rr_get_interval, syscall(SYS_sched_rr_get_interval, pid, &quantum))
DOOR(sched_getaffinity,
     syscall(SYS_sched_getaffinity, pid, sizeof(cpus), &cpus))
DOOR(sched_setaffinity,
     syscall(SYS_sched_setaffinity, pid, sizeof(cpus), &cpus))
DOOR(getpgid, getpgid(pid))
DOOR(getsid, getsid(pid))
DOOR(setpgid, setpgid(pid, pid))
DOOR(wait4, syscall(SYS_wait4, pid, NULL, WNOHANG, NULL))
DOOR(waitid, syscall(SYS_waitid, P_PID, pid, &info, WNOHANG | WEXITED, NULL))
DOOR(wait_group, syscall(SYS_wait4, -pid, NULL, WNOHANG, NULL))
DOOR(prlimit64, syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &limit))
DOOR(get_robust_list,
     syscall(SYS_get_robust_list, pid, &robust, &robust_size))
DOOR(capget, (cap_header[1] = pid, syscall(SYS_capget, cap_header, cap_data)))
DOOR(fcntl_setown, fcntl(0, F_SETOWN, pid))
DOOR(fcntl_setown_group, fcntl(0, F_SETOWN, -pid))

static int door_timer_create(pid_t pid)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID,
			      .sigev_signo = SIGUSR1 };

	e.sigev_notify_thread_id = pid;
	return result_of(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &timer));
}

static int door_proc(pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	return result_of(access(name, F_OK));
}

static int door_proc_list(pid_t pid)
{
	return j_listed(pid) ? 0 : ENOENT;
}

/* What root gets for a process outside, for one below, and (host) for an
 * inmate that is the caller's child. */
static const struct door {
	const char *name;
	int (*call)(pid_t pid);
	int outside, below, child;
} doors[] = {
	{ "kill", door_kill, ESRCH, 0, 0 },
	{ "killpg", door_killpg, ESRCH, 0, 0 },
	{ "tkill", door_tkill, ESRCH, 0, 0 },
	{ "tgkill", door_tgkill, ESRCH, 0, 0 },
	{ "rt_sigqueueinfo", door_rt_sigqueueinfo, ESRCH, 0, 0 },
	{ "rt_tgsigqueueinfo", door_rt_tgsigqueueinfo, ESRCH, 0, 0 },
	{ "getpriority", door_getpriority, ESRCH, 0, 0 },
	{ "getpriority PGRP", door_getpriority_group, ESRCH, 0, 0 },
	{ "setpriority", door_setpriority, ESRCH, 0, 0 },
	{ "setpriority PGRP", door_setpriority_group, ESRCH, 0, 0 },
	{ "sched_getscheduler", door_sched_getscheduler, ESRCH, 0, 0 },
	{ "sched_setscheduler", door_sched_setscheduler, ESRCH, 0, 0 },
	{ "sched_getparam", door_sched_getparam, ESRCH, 0, 0 },
	{ "sched_setparam", door_sched_setparam, ESRCH, 0, 0 },
	{ "sched_rr_get_interval", door_sched_rr_get_interval, ESRCH, 0, 0 },
	{ "sched_getaffinity", door_sched_getaffinity, ESRCH, 0, 0 },
	{ "sched_setaffinity", door_sched_setaffinity, ESRCH, 0, 0 },
	{ "getpgid", door_getpgid, ESRCH, 0, 0 },
	{ "getsid", door_getsid, ESRCH, 0, 0 },
	{ "setpgid", door_setpgid, ESRCH, ESRCH, 0 },
	{ "wait4", door_wait4, ECHILD, ECHILD, 0 },
	{ "wait4 group", door_wait_group, ECHILD, ECHILD, 0 },
	{ "waitid", door_waitid, ECHILD, ECHILD, 0 },
	{ "prlimit64", door_prlimit64, ESRCH, 0, 0 },
	{ "get_robust_list", door_get_robust_list, ESRCH, 0, 0 },
	{ "capget", door_capget, ESRCH, 0, 0 },
	{ "fcntl F_SETOWN", door_fcntl_setown, ESRCH, 0, 0 },
	{ "fcntl F_SETOWN group", door_fcntl_setown_group, ESRCH, 0, 0 },
	{ "timer_create", door_timer_create, EINVAL, EINVAL, EINVAL },
	{ "/proc/PID", door_proc, ENOENT, 0, 0 },
	{ "/proc", door_proc_list, ENOENT, 0, 0 },
};

enum { COUNT = sizeof(doors) / sizeof(*doors) };
enum seen { OUTSIDE, BELOW, CHILD };

static int want_of(const struct door *d, enum seen seen)
{
	return seen == OUTSIDE ? d->outside :
	       seen == BELOW   ? d->below :
				 d->child;
}

/* Tries all doors; says what each gave, then fails if one was wrong. */
static void try_doors(const char *column, pid_t pid, enum seen seen)
{
	const struct door *wrong = NULL;
	int got, what = 0;

	for (const struct door *d = doors; d < doors + COUNT; d++) {
		got = d->call(pid);
		RESULT("doors|%s|%s|%s", d->name, column, j_error(got));
		if (got != want_of(d, seen) && !wrong) {
			wrong = d;
			what = got;
		}
	}
	if (wrong)
		FAIL("%s gives %s, not %s", wrong->name, j_error(what),
		     j_error(want_of(wrong, seen)));
}

static int with_proc(const char *name, const char *more)
{
	int jid = j_simple(name, more);

	j_mount("proc", j_path("%s", name), "proc");
	return jid;
}

TEST(jail_to_host)
{
	pid_t victim;
	int jid;

	j_begin();
	jid = with_proc("a", "");
	victim = j_sitter(0, 0);
	IN_JAIL(jid, 0)
		try_doors("jail to host", victim, OUTSIDE);
	CHECK(j_lives(victim));
	CHECK_EQ(getpriority(PRIO_PROCESS, victim), 0);
}

TEST(jail_to_sibling)
{
	pid_t victim;
	int a, b;

	j_begin();
	a = with_proc("a", "");
	b = j_simple("b", "");
	victim = j_sitter(b, 0);
	IN_JAIL(a, 0)
		try_doors("to sibling", victim, OUTSIDE);
	CHECK(j_lives(victim));
}

/* From a jail to the jail that it is in. */
TEST(jail_to_its_parent)
{
	pid_t victim;
	int a, b;

	j_begin();
	a = j_simple("a", "children.max=5");
	b = j_make("name=a.b; path=%s; persist", j_tree("a/b"));
	j_mount("proc", j_path("a/b"), "proc");
	victim = j_sitter(a, 0);
	IN_JAIL(b, 0)
		try_doors("to parent", victim, OUTSIDE);
	CHECK(j_lives(victim));
}

TEST(jail_to_jail_below)
{
	pid_t victim;
	int a, b;

	j_begin();
	a = with_proc("a", "children.max=5");
	b = j_make("name=a.b; path=%s; persist", j_path("a/tmp"));
	victim = j_sitter(b, 0);
	IN_JAIL(a, 0)
		try_doors("to jail below", victim, BELOW);
	CHECK(j_lives(victim));
}

TEST(host_to_inmate)
{
	pid_t victim;

	j_begin();
	victim = j_sitter(j_simple("a", ""), 0);
	try_doors("host to inmate", victim, CHILD);
}

/* The same user on both sides: what is outside is not there for him either. */
TEST(user_to_host)
{
	pid_t victim;
	int jid;

	j_begin();
	jid = with_proc("a", "");
	victim = j_sitter(0, ALICE);
	IN_JAIL(jid, ALICE)
		try_doors("user to host", victim, OUTSIDE);
}

/* PRIO_USER names a user, and users are the same everywhere: only one's own
 * jail may feel it. */
TEST(priority_by_user)
{
	pid_t host, inmate, sibling;
	int a;

	j_begin();
	a = j_simple("a", "");
	sibling = j_sitter(j_simple("b", ""), ALICE);
	host = j_sitter(0, ALICE);
	inmate = j_sitter(a, ALICE);
	IN_JAIL(a, 0) {
		CHECK_OK(setpriority(PRIO_USER, ALICE, 7));
		CHECK_EQ(getpriority(PRIO_USER, ALICE), 7);
		CHECK_ERRNO(setpriority(PRIO_USER, BOB, 7), ESRCH);
	}
	CHECK_EQ(getpriority(PRIO_PROCESS, inmate), 7);
	CHECK_EQ(getpriority(PRIO_PROCESS, host), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, sibling), 0);
}

TEST(kill_all)
{
	pid_t host, inmate, below, sibling;
	int a;

	j_begin();
	a = j_simple("a", "children.max=5");
	below = j_sitter(j_make("name=a.b; path=%s; persist", j_path("a/tmp")), 0);
	sibling = j_sitter(j_simple("b", ""), 0);
	host = j_sitter(0, 0);
	inmate = j_sitter(a, 0);
	IN_JAIL(a, 0)
		CHECK_OK(kill(-1, SIGKILL));
	CHECK(WIFSIGNALED(ktap_wait(inmate)));
	CHECK(WIFSIGNALED(ktap_wait(below)));
	CHECK(j_lives(sibling) && j_lives(host));
	/* Nobody is left to be told. */
	IN_JAIL(a, 0)
		CHECK_ERRNO(kill(-1, 0), ESRCH);
}

/* A process of a jail that is below, and of the same user: he may look, but
 * neither signal nor reschedule, unless the jail allows it. */
TEST(user_tampers_below)
{
	pid_t victim;
	int a;

	j_begin();
	a = j_simple("a", "");
	victim = j_sitter(a, ALICE);
	AS_USER(ALICE) {
		CHECK(j_listed(victim));
		CHECK_OK(getpgid(victim));
		CHECK_ERRNO(kill(victim, 0), EPERM);
		CHECK_ERRNO(kill(victim, SIGCONT), EPERM);
		CHECK_ERRNO(setpriority(PRIO_PROCESS, victim, 5), EPERM);
	}
	CHECK_OK(j_change(a, "allow.unprivileged_parent_tampering"));
	AS_USER(ALICE) {
		CHECK_OK(kill(victim, 0));
		CHECK_OK(setpriority(PRIO_PROCESS, victim, 5));
	}
	AS_USER(BOB)
		CHECK_ERRNO(kill(victim, 0), EPERM);
}

TEST(user_looks_into_below)
{
	char name[64];
	pid_t victim;

	j_begin();
	victim = j_sitter(j_simple("a", ""), ALICE);
	snprintf(name, sizeof(name), "/proc/%d/environ", (int)victim);
	AS_USER(ALICE)
		CHECK_ERRNO(open(name, O_RDONLY), EACCES);
	CHECK_OK(open(name, O_RDONLY));
}

/* The one exception of job control, SIGCONT within a session, ends at the
 * wall of a jail. */
TEST(sigcont_in_a_session)
{
	pid_t pid, parent = getpid();
	int jid;

	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, ALICE) {
		CHECK_ERRNO(kill(parent, SIGCONT), ESRCH);
		CHECK_ERRNO(kill(parent, 0), ESRCH);
	}
	pid = j_sitter(0, BOB);
	AS_USER(ALICE)
		CHECK_OK(kill(pid, SIGCONT));
	IN_JAIL(jid, ALICE)
		CHECK_ERRNO(kill(pid, SIGCONT), ESRCH);
}

/* Numbers of processes that a caller cannot see are not told to it. */
TEST(numbers_of_outsiders)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	siginfo_t got;
	sigset_t set;
	struct gate inside;
	int jid, fd;
	pid_t pid;

	j_begin();
	jid = j_simple("a", "");
	put("a/lock", "");
	fd = open("a/lock", O_RDWR);
	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_EQ(fcntl(fd, F_GETOWN), getpid());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	inside = gate_new();
	pid = j_enter(jid, 0);
	if (pid == 0) {
		gate_open(inside);
		CHECK_EQ(getppid(), 0);
		CHECK_OK(sigwaitinfo(&set, &got));
		CHECK_EQ(got.si_pid, 0);
		CHECK_OK(fcntl(fd, F_GETLK, &lock));
		CHECK_EQ(lock.l_type, F_WRLCK);
		CHECK_EQ(lock.l_pid, 0);
		CHECK_EQ(fcntl(fd, F_GETOWN), 0);
		_exit(0);
	}
	gate_wait(inside);
	CHECK_OK(kill(pid, SIGUSR1));
	CHECK_CHILD(pid);
}
