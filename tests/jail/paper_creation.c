/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_creation.c - items 1 to 10 of the paper: how a jail is made, and what
 * it means to be in one. FreeBSD 4.4's jail(8) form: path, hostname, address,
 * command.
 * oracle: no
 */
#include "jail_test.h"
#include "shell.h"

TEST(paper_01_four_arguments)
{
	WHAT("jail path hostname ip-number command");
	j_begin();
	NEED_TOOL("jail");
	CHECK_SHELL("jail %s a.example 192.168.100.2 /bin/sh -c 'echo hi'",
		    j_tree("a"));
	CHECK(says("hi\n"));
	CHECK(shell("jail %s a.example 192.168.100.2", j_path("a")) != 0);
	CHECK(*shell_output);
	CHECK(shell("jail %s a.example", j_path("a")) != 0);
	CHECK(shell("jail %s", j_path("a")) != 0);
	CHECK_EQ(j_count(), 0);
}

TEST(paper_02_command_of_the_jail)
{
	WHAT("the command is the jail's own program");
	j_begin();
	NEED_TOOL("jail");
	j_tree("a");
	put("a/bin/echo", "#!/bin/sh\n/bin/busybox echo from inside\n");
	CHECK_OK(chmod("a/bin/echo", 0755));
	CHECK_SHELL("jail %s a 192.168.100.2 /bin/echo hi", j_path("a"));
	CHECK(!strcmp(shell_output, "from inside\n"));
}

static void same_listing(const char *a, const char *b)
{
	static char first[sizeof(shell_output)];

	CHECK_SHELL("busybox ls -ia %s | grep -v ' [.][.]$'", a);
	strcpy(first, shell_output);
	CHECK_SHELL("busybox ls -ia %s | grep -v ' [.][.]$'", b);
	CHECK(!strcmp(first, shell_output));
}

TEST(paper_03_root_is_the_path)
{
	char cwd[PATH_MAX];
	struct stat top;
	int jid;

	WHAT("the root is the path; what is outside does not exist");
	j_begin();
	jid = j_simple("a", "");
	put("outside", "");
	top = stat_of("a");
	same_listing(j_path("a"), "a");
	IN_JAIL(jid, 0) {
		const char *outside = j_path("outside");

		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
		CHECK_EQ(stat_of("/").st_ino, top.st_ino);
		CHECK_EQ(stat_of("/").st_dev, top.st_dev);
		CHECK(exists("/inside") && exists("inside"));
		CHECK_ERRNO(access(outside, F_OK), ENOENT);
		CHECK_ERRNO(access(files_top, F_OK), ENOENT);
	}
}

TEST(paper_04_prison_of_a_process)
{
	char host[65], before[65], name[64] = "";
	pid_t pid;
	int jid;

	WHAT("a process carries its prison: hostname, number, name");
	j_begin();
	CHECK_OK(gethostname(before, sizeof(before)));
	jid = j_simple("a", "");
	pid = j_sitter(jid, 0);
	CHECK_EQ(j_of(pid, name, sizeof(name)), jid);
	CHECK(!strcmp(name, "a"));
	CHECK_EQ(j_of(getpid(), name, sizeof(name)), 0);
	CHECK(!strcmp(name, "-"));
	IN_JAIL(jid, 0) {
		CHECK_OK(gethostname(host, sizeof(host)));
		CHECK(!strcmp(host, "a.example"));
	}
	CHECK_OK(gethostname(host, sizeof(host)));
	CHECK(!strcmp(host, before));
	CHECK(!strcmp(j_text(jid, "host.hostname"), "a.example"));
	CHECK(!strcmp(j_text(jid, "path"), j_path("a")));
}

/* A daemon: detached by all means that there are. Tells its pid. */
static void detach(int out)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0) {
			pid = getpid();
			CHECK_EQ(write(out, &pid, sizeof(pid)), sizeof(pid));
			CHECK_OK(chdir("/"));
			execl("/bin/busybox", "sleep", "100", (char *)NULL);
			_exit(127);
		}
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(paper_05_children_inherit)
{
	int jid, fd[2];
	pid_t pid;

	WHAT("children inherit the prison, daemons too");
	j_begin();
	jid = j_simple("a", "");
	CHECK_OK(pipe(fd));
	IN_JAIL(jid, 0)
		detach(fd[1]);
	CHECK_EQ(read(fd[0], &pid, sizeof(pid)), sizeof(pid));
	CHECK_EQ(j_of(pid, NULL, 0), jid);
	ktap_sleep_ms(50); /* it may be between two programs */
	CHECK_EQ(j_of(pid, NULL, 0), jid);
	CHECK_OK(jail_remove(jid));
	while (kill(pid, 0) == 0) /* init has not reaped it yet */
		ktap_sleep_ms(10);
	CHECK_EQ(errno, ESRCH);
}

/* Calls that end or stop the caller, or wait for good. */
static int skipped_call(int n)
{
	static const short list[] = {
		SYS_exit,	SYS_exit_group,	  SYS_pause, SYS_fork,
		SYS_vfork,	SYS_clone,	  435 /* clone3 */,
		SYS_sigreturn,	SYS_rt_sigreturn, SYS_sigsuspend,
		SYS_rt_sigsuspend, SYS_kill,	  SYS_tkill, SYS_ptrace,
	};

	for (unsigned i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i] == n)
			return 1;
	return 0;
}

static void still_inside(pid_t victim, const char *marker, int n)
{
	if (kill(victim, 0) == 0 || errno != ESRCH)
		FAIL("call %d led out: a host process is there", n);
	if (access(marker, F_OK) == 0)
		FAIL("call %d led out: a host file is there", n);
}

/* Every call there is, with numbers and with pointers to them. */
TEST_WITHIN(paper_05_no_call_leads_out, 120)
{
	static long block[1024];
	const char *marker;
	pid_t victim, pid;
	int jid;

	WHAT("no system call leads back to the host");
	j_begin();
	jid = j_simple("a", "");
	put("marker", "");
	marker = j_path("marker");
	victim = j_sitter(0, 0);
	for (int n = 0; n < 1600; n++) {
		if (skipped_call(n) || (n > 480 && n < 1000))
			continue;
		pid = j_enter(jid, 0);
		if (pid == 0) {
			alarm(1);
			syscall(n, 0, 0, 0, 0, 0, 0);
			syscall(n, block, block, block, block, block, block);
			syscall(n, "/", 1, 1, 1, 1, 1);
			still_inside(victim, marker, n);
			_exit(0);
		}
		int status = ktap_wait(pid);

		if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_FAILED)
			_exit(KTAP_FAILED);
		if (!j_alive(jid))
			jid = j_make("name=a; path=%s; persist", j_path("a"));
	}
	CHECK(j_lives(victim));
}

/* The set-user-id program of the next test is this program itself. */
__attribute__((constructor)) static void as_setuid_program(void)
{
	char *victim = getenv("VICTIM");

	if (!victim)
		return;
	if (geteuid() != 0)
		_exit(2);
	_exit(kill(atoi(victim), 0) == -1 && errno == ESRCH ? 0 : 3);
}

TEST(paper_06_exec_keeps_prison)
{
	char victim[32];
	char *argv[] = { "plant", NULL }, *env[] = { victim, NULL };
	int jid;

	WHAT("exec, of a set-user-id program too, keeps the prison");
	j_begin();
	jid = j_simple("a", "");
	CHECK_SHELL("cat /proc/%d/exe > a/bin/plant && chmod 4755 a/bin/plant",
		    (int)getpid());
	snprintf(victim, sizeof(victim), "VICTIM=%d", (int)j_sitter(0, 0));
	IN_JAIL(jid, ALICE) {
		execve("/bin/plant", argv, env);
		FAIL("exec: %s", strerror(errno));
	}
}

TEST(paper_07_host_is_exempt)
{
	char name[65];
	pid_t pid;

	WHAT("the host's root may do all that a jail may not");
	j_begin();
	pid = j_sitter(j_simple("a", ""), 0);
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("tmpfs", "m", "tmpfs", 0, NULL));
	CHECK_OK(umount("m"));
	CHECK_OK(mknod("node", S_IFCHR | 0600, 0x103));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK_OK(sethostname(name, strlen(name)));
	CHECK_OK(setpriority(0, 0, -1));
	CHECK_OK(kill(pid, 0));
	CHECK_OK(kill(1, 0));
}

TEST(paper_08_host_rules_jails)
{
	char name[64];
	pid_t pid;
	int jid, fd;

	WHAT("the host's root sees, reads and kills what is in jails");
	j_begin();
	jid = j_simple("a", "");
	pid = j_sitter(jid, ALICE);
	CHECK(j_listed(pid));
	snprintf(name, sizeof(name), "/proc/%d/environ", (int)pid);
	fd = open(name, O_RDONLY);
	CHECK_OK(fd);
	CHECK_OK(read(fd, name, sizeof(name)));
	snprintf(name, sizeof(name), "/proc/%d/root/inside", (int)pid);
	CHECK(holds(name, "a"));
	IN_JAIL(jid, 0) {
		put("/tmp/f", "mine");
		CHECK_OK(chmod("/tmp/f", 0600));
	}
	CHECK(holds("a/tmp/f", "mine"));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WIFSIGNALED(ktap_wait(pid)));
}

TEST(paper_09_no_jail_in_a_jail)
{
	struct jail old = { .version = JAIL_API_VERSION, .path = "/",
			    .hostname = "b", .jailname = "b" };
	int jid;

	WHAT("jailed root makes no jail");
	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(jail(&old), EPERM);
		CHECK_ERRNO(j_set(JAIL_CREATE, "name=b; path=/; persist"),
			    EPERM);
		CHECK_ERRNO(j_set(JAIL_CREATE | JAIL_ATTACH, "path=/"), EPERM);
	}
	CHECK_EQ(j_count(), 1);
	CHECK_ERRNO(j_set(JAIL_UPDATE, "name=b; persist"), ENOENT);
}

TEST(paper_10_versions_and_end)
{
	struct jail bad = { .version = 7, .path = "/", .hostname = "x" };
	struct jail_v0 old;
	char root[PATH_MAX];
	pid_t pid;
	int jid;

	WHAT("version 0 and 2 only; gone with its last process");
	j_begin();
	snprintf(root, sizeof(root), "%s", j_tree("a"));
	CHECK_ERRNO(jail(&bad), EINVAL);
	bad.version = 1;
	CHECK_ERRNO(jail(&bad), EINVAL);
	old = (struct jail_v0){ 0, root, "old.example", 0x0a000214 };
	struct gate in = gate_new(), out = gate_new();
	pid = fork();
	if (pid == 0) {
		CHECK(jail((struct jail *)&old) > 0);
		CHECK(exists("/inside"));
		gate_open(in);
		gate_wait(out);
		_exit(0);
	}
	gate_wait(in);
	CHECK_EQ(j_count(), 1);
	jid = j_of(pid, NULL, 0);
	CHECK(jid > 0);
	CHECK(!strcmp(j_text(jid, "host.hostname"), "old.example"));
	gate_open(out);
	CHECK_CHILD(pid);
	CHECK_EQ(j_count(), 0);
}
