/* SPDX-License-Identifier: BSD-2-Clause */
/* credentials.c - user and group ids: who may become whom, and what follows. Root's
 * part of it needs root. */
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { A = 1001, B = 1002, C = 1003 };

static void need_root(void)
{
	if (geteuid() || getuid())
		SKIP("needs root");
}

#define IDS_ARE(r, e, s)                                                      \
	do {                                                                  \
		uid_t ids_r, ids_e, ids_s;                                    \
		CHECK_OK(getresuid(&ids_r, &ids_e, &ids_s));                  \
		CHECK_EQ(ids_r, (uid_t)(r));                                  \
		CHECK_EQ(ids_e, (uid_t)(e));                                  \
		CHECK_EQ(ids_s, (uid_t)(s));                                  \
	} while (0)

/* The C library's own change all threads; these are the bare calls. */
static long set_uid(uid_t u)
{
	return syscall(SYS_setuid32, u);
}

static long set_re(int r, int e)
{
	return syscall(SYS_setreuid32, r, e);
}

static long set_res(int r, int e, int s)
{
	return syscall(SYS_setresuid32, r, e, s);
}

/* Each line runs in a child that begins as r, e, s. */
static void as(int r, int e, int s, void (*f)(void))
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		CHECK_OK(set_res(r, e, s));
		f();
		_exit(0);
	}
	CHECK_CHILD(p);
}

static void setuid_user(void)
{
	CHECK_OK(set_uid(A)); /* real: only the effective one changes */
	IDS_ARE(A, A, C);
	CHECK_OK(set_uid(C));
	IDS_ARE(A, C, C);
	CHECK_ERRNO(set_uid(B), EPERM);
	CHECK_ERRNO(set_uid(0), EPERM);
	CHECK_ERRNO(set_uid(-1), EINVAL);
}

static void setuid_root(void)
{
	CHECK_OK(set_uid(B));
	IDS_ARE(B, B, B);
	CHECK_ERRNO(set_uid(0), EPERM);
}

TEST(setuid_rules)
{
	need_root();
	as(A, B, C, setuid_user);
	as(0, 0, 0, setuid_root);
	as(A, 0, A, setuid_root);
}

static void setreuid_user(void)
{
	CHECK_ERRNO(set_re(C, -1), EPERM); /* real: not the saved one */
	CHECK_OK(set_re(-1, C));
	IDS_ARE(A, C, C); /* effective set to other than real: saved follows */
	CHECK_OK(set_re(C, A)); /* swap */
	IDS_ARE(C, A, A);
	CHECK_OK(set_re(-1, -1));
	IDS_ARE(C, A, A);
	CHECK_ERRNO(set_re(-1, B), EPERM);
	CHECK_ERRNO(set_re(0, -1), EPERM);
}

static void setreuid_to_real(void)
{
	CHECK_OK(set_re(-1, A));
	IDS_ARE(A, A, C); /* effective set to real: saved stays */
}

TEST(setreuid_rules)
{
	need_root();
	as(A, B, C, setreuid_user);
	as(A, B, C, setreuid_to_real);
}

static void setresuid_user(void)
{
	CHECK_ERRNO(set_res(0, -1, -1), EPERM);
	CHECK_ERRNO(set_res(-1, 0, -1), EPERM);
	CHECK_ERRNO(set_res(-1, -1, 0), EPERM);
	CHECK_ERRNO(set_res(A, B, 7), EPERM);
	IDS_ARE(A, B, C); /* all or nothing */
	CHECK_OK(set_res(C, A, B));
	IDS_ARE(C, A, B);
	CHECK_OK(set_res(-1, B, -1));
	IDS_ARE(C, B, B);
}

TEST(setresuid_rules)
{
	need_root();
	as(A, B, C, setresuid_user);
}

static void group_calls(void)
{
	gid_t r, e, s;

	CHECK_ERRNO(setgid(A), EPERM);
	CHECK_ERRNO(setregid(A, A), EPERM);
	CHECK_ERRNO(setresgid(A, -1, -1), EPERM);
	CHECK_ERRNO(setgroups(0, NULL), EPERM);
	CHECK_OK(setresgid(-1, -1, -1));
	CHECK_OK(setresgid(21, 22, 20)); /* it began as 20, 21, 22 */
	CHECK_OK(getresgid(&r, &e, &s));
	CHECK(r == 21 && e == 22 && s == 20);
	CHECK_OK(setgid(20));
	CHECK_EQ(getegid(), 20);
	CHECK_EQ(getgid(), 21);
}

TEST(group_ids)
{
	need_root();
	CHECK_OK(setresgid(20, 21, 22));
	as(A, A, A, group_calls);
	CHECK_OK(setgid(5)); /* root changes all three */
	CHECK_OK(setregid(6, 7));
	CHECK_EQ(getgid(), 6);
	CHECK_EQ(getegid(), 7);
}

TEST(supplementary_groups)
{
	gid_t list[70], got[70];

	need_root();
	for (int i = 0; i < 70; i++)
		list[i] = 69 - i + 100;
	CHECK_OK(setgroups(70, list));
	CHECK_EQ(getgroups(0, NULL), 70);
	CHECK_ERRNO(getgroups(69, got), EINVAL);
	CHECK_ERRNO(getgroups(-1, got), EINVAL);
	CHECK_EQ(getgroups(70, got), 70);
	for (int i = 0; i < 70; i++) /* the kernel keeps them sorted */
		CHECK_EQ(got[i], (gid_t)(100 + i));
	CHECK_OK(setgroups(0, NULL));
	CHECK_EQ(getgroups(0, NULL), 0);
	CHECK_ERRNO(setgroups(65537, list), EINVAL);
	CHECK_ERRNO(syscall(SYS_setgroups32, 1, 16), EFAULT);
}

static char name[64];

static void may_read(void)
{
	CHECK_OK(open(name, O_RDONLY));
}

static void may_not_read(void)
{
	CHECK_ERRNO(open(name, O_RDONLY), EACCES);
}

TEST(files_ask_the_effective_ids)
{
	gid_t g = 300;
	int fd;

	need_root();
	snprintf(name, sizeof(name), "/tmp/credentials.%d", (int)getpid());
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0640);
	CHECK_OK(fd);
	CHECK_OK(fchown(fd, A, 300));
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setgid(7));
	as(B, A, B, may_read);
	as(A, B, A, may_not_read);
	as(B, B, B, may_not_read);
	CHECK_OK(setgroups(1, &g));
	as(B, B, B, may_read);
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(7, 300, 7));
	as(B, B, B, may_read);
	unlink(name);
}

static void access_and_open(void)
{
	CHECK_OK(open(name, O_RDONLY));
	CHECK_ERRNO(access(name, R_OK), EACCES); /* asks for the real id */
	CHECK_OK(faccessat(AT_FDCWD, name, R_OK, AT_EACCESS));
}

TEST(access_asks_the_real_id)
{
	int fd;

	need_root();
	snprintf(name, sizeof(name), "/tmp/credentials.%d", (int)getpid());
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
	CHECK_OK(fd);
	CHECK_OK(fchown(fd, A, 0));
	as(B, A, B, access_and_open);
	unlink(name);
}

static void fs_user(void)
{
	CHECK_EQ(setfsuid(B), A); /* gives the old one, also when it fails */
	CHECK_EQ(setfsuid(-1), A);
	CHECK_EQ(setfsuid(A), A);
}

TEST(fsuid_is_for_files_only)
{
	struct stat s;
	int fd;

	need_root();
	CHECK_EQ(setfsuid(A), 0);
	CHECK_EQ(setfsuid(-1), A);
	CHECK_EQ(geteuid(), 0);
	snprintf(name, sizeof(name), "/tmp/credentials.%d", (int)getpid());
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
	CHECK_OK(fd);
	CHECK_OK(fstat(fd, &s));
	CHECK_EQ(s.st_uid, A);
	unlink(name);
	CHECK_OK(set_res(0, 0, 0)); /* follows the effective id */
	CHECK_EQ(setfsuid(-1), 0);
	as(A, A, A, fs_user);
}

TEST(sixteen_bit_calls)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 100000, 70000, 0));
	CHECK_EQ(syscall(SYS_getuid), 65534);
	CHECK_EQ(syscall(SYS_geteuid), 65534);
	CHECK_EQ(getuid(), 100000);
}

/* --- signals ------------------------------------------------------------------------ */

static pid_t target;

static void may_kill(void)
{
	CHECK_OK(kill(target, 0));
	CHECK_OK(kill(target, SIGWINCH));
}

static void may_not_kill(void)
{
	CHECK_ERRNO(kill(target, 0), EPERM);
	CHECK_ERRNO(kill(target, SIGTERM), EPERM);
	CHECK_OK(kill(target, SIGCONT)); /* same session */
}

static void may_not_cont(void)
{
	CHECK_OK(setsid());
	CHECK_ERRNO(kill(target, SIGCONT), EPERM);
}

/* A process with these three ids. */
static void target_is(int r, int e, int s)
{
	int fd[2];
	char c;

	CHECK_OK(pipe(fd));
	target = fork();
	if (target == 0) {
		CHECK_OK(set_res(r, e, s));
		(void)!write(fd[1], "x", 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(fd[0], &c, 1), 1);
}

TEST(who_may_signal_whom)
{
	need_root();
	target_is(A, B, C);
	as(A, 9, 9, may_kill);
	as(9, A, 9, may_kill);
	as(C, 9, 9, may_kill);
	as(9, C, 9, may_kill);
	as(B, B, B, may_not_kill); /* its effective id does not count */
	as(9, 9, A, may_not_kill); /* nor does our saved one */
	as(9, 9, 9, may_not_cont);
	as(9, 0, 9, may_kill);
	kill(target, SIGKILL);
	ktap_wait(target);
}

static void kill_group(void)
{
	CHECK_OK(setgid(A));
	CHECK_OK(set_uid(A));
	/* two in the group, one of them ours: no error */
	CHECK_OK(kill(-target, SIGWINCH));
}

static void kill_group_of_others(void)
{
	CHECK_OK(set_uid(9));
	CHECK_ERRNO(kill(-target, SIGWINCH), EPERM);
}

TEST(a_group_with_strangers)
{
	pid_t first;

	need_root();
	target_is(B, B, B);
	first = target;
	CHECK_OK(setpgid(first, first));
	target_is(A, A, A);
	CHECK_OK(setpgid(target, first));
	target = first;
	as(0, 0, 0, kill_group_of_others);
	as(0, 0, 0, kill_group);
	kill(-first, SIGKILL);
	ktap_wait(-first);
	ktap_wait(-first);
}

/* --- no_new_privs, dumpable ---------------------------------------------------------- */

/* setpriv(1) does not go on without it. */
TEST(keep_capabilities_is_noted)
{
	CHECK_EQ(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0), EINVAL);
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	CHECK_EQ(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
}

/* getgroups and setgroups of 16 bits: 80 and 81. */
TEST(groups_of_old)
{
	uint16_t few[3] = { 7, 5, 6 }, got[3] = { 0 };
	gid_t wide[2] = { 5, 70000 };

	need_root();
	CHECK_OK(syscall(81, 3, few));
	CHECK_EQ(syscall(80, 0, NULL), 3);
	CHECK_EQ(syscall(80, 3, got), 3);
	CHECK(got[0] == 5 && got[1] == 6 && got[2] == 7);
	CHECK_ERRNO(syscall(80, 2, got), EINVAL);
	CHECK_ERRNO(syscall(80, 3, 16), EFAULT);
	CHECK_ERRNO(syscall(81, 3, 16), EFAULT);
	CHECK_ERRNO(syscall(81, 100000, few), EINVAL);
	CHECK_OK(setgroups(2, wide));
	CHECK_EQ(syscall(80, 3, got), 2);
	CHECK_EQ(got[1], 65534);
}

TEST(no_new_privs_stays)
{
	pid_t p;

	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	p = fork();
	if (p == 0)
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1);
	CHECK_CHILD(p);
}

static void dumpable_after_change(void)
{
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_OK(set_res(-1, A, -1));
	CHECK(prctl(PR_GET_DUMPABLE) != 1);
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

TEST(changing_ids_takes_dumpable)
{
	need_root();
	dumpable_after_change();
}

TEST(parent_death_signal)
{
	int fd[2], sig = 0;
	char c = 0;
	pid_t p;

	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
	CHECK_EQ(sig, SIGUSR1);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	CHECK_OK(pipe(fd));
	p = fork();
	if (p == 0) {
		CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
		CHECK_EQ(sig, 0); /* not inherited */
		p = fork();
		if (p == 0) {
			sigset_t set;

			sigemptyset(&set);
			sigaddset(&set, SIGUSR1);
			sigprocmask(SIG_BLOCK, &set, NULL);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			(void)!write(fd[1], "r", 1);
			sigwait(&set, &sig);
			(void)!write(fd[1], "d", 1);
			_exit(0);
		}
		(void)!read(fd[0], &c, 1);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(c, 'd');
}

TEST(the_name_can_be_set)
{
	char got[17] = "";

	CHECK_OK(prctl(PR_SET_NAME, "a name that is too long"));
	CHECK_OK(prctl(PR_GET_NAME, got));
	CHECK(strcmp(got, "a name that is ") == 0);
}
