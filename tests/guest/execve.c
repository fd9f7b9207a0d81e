/* SPDX-License-Identifier: BSD-2-Clause */
/* execve.c - what a new program gets, what it keeps, and who may run it. The
 * program that is run is this one: a part is chosen by the environment. */
#include <elf.h>
#include <grp.h>
#include <link.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "ktap.h"

extern char **environ;
static char self[] = "/proc/self/exe";

/* --- what the copy of this program does --------------------------------------- */

#define WANT(e) do { if (!(e)) ko(#e, __LINE__); } while (0)

static void ko(const char *what, int line)
{
	dprintf(2, "in the program: line %d: %s\n", line, what);
	_exit(1);
}

static void part_auxv(void)
{
	const ElfW(Phdr) *ph = (void *)getauxval(AT_PHDR);
	const unsigned char *random = (void *)getauxval(AT_RANDOM);
	const char *name = (void *)getauxval(AT_EXECFN);
	int loads = 0, sum = 0;

	WANT(getauxval(AT_PAGESZ) == 4096);
	WANT(getauxval(AT_PHENT) == sizeof(ElfW(Phdr)));
	for (unsigned i = 0; i < getauxval(AT_PHNUM); i++)
		loads += ph[i].p_type == PT_LOAD;
	WANT(loads > 0);
	WANT(getauxval(AT_ENTRY) != 0);
	WANT(getauxval(AT_BASE) == 0); /* static */
	WANT(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
	WANT(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
	WANT(getauxval(AT_SECURE) == 0);
	WANT(getauxval(AT_CLKTCK) == 100);
	WANT(getauxval(AT_FLAGS) == 0);
	WANT(getauxval(AT_HWCAP) & 1); /* an FPU */
	WANT(strcmp((char *)getauxval(AT_PLATFORM), "i686") == 0);
	for (int i = 0; i < 16; i++)
		sum += random[i];
	WANT(sum != 0);
	WANT(strcmp(name, self) == 0);
	WANT(getauxval(AT_SYSINFO_EHDR) != 0);
	WANT(memcmp((void *)getauxval(AT_SYSINFO_EHDR), "\177ELF", 4) == 0);
	WANT(getauxval(AT_SYSINFO) - getauxval(AT_SYSINFO_EHDR) < 8192);
}

static void part_signals(void)
{
	struct sigaction a;
	sigset_t set;
	stack_t s;

	sigaction(SIGUSR1, NULL, &a);
	WANT(a.sa_handler == SIG_DFL && a.sa_flags == 0);
	sigaction(SIGUSR2, NULL, &a);
	WANT(a.sa_handler == SIG_IGN);
	sigaction(SIGCHLD, NULL, &a);
	WANT(a.sa_handler == SIG_IGN);
	sigprocmask(SIG_BLOCK, NULL, &set);
	WANT(sigismember(&set, SIGTERM) && !sigismember(&set, SIGHUP));
	WANT(sigaltstack(NULL, &s) == 0 && s.ss_flags == SS_DISABLE);
}

static void part_files(void)
{
	int fd = atoi(getenv("FD"));

	WANT(fcntl(fd, F_GETFD) == 0);
	WANT(fcntl(fd + 1, F_GETFD) == -1 && errno == EBADF);
}

static void part_kept(void)
{
	char cwd[64];
	struct itimerval t;
	struct rlimit r;

	WANT(getpid() == atoi(getenv("PID")));
	WANT(getppid() == atoi(getenv("PPID")));
	WANT(umask(0) == 0137);
	WANT(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0);
	WANT(getitimer(ITIMER_REAL, &t) == 0 && t.it_value.tv_sec > 50);
	WANT(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur == 77);
	WANT(getpriority(PRIO_PROCESS, 0) == 3);
	WANT(syscall(SYS_timer_gettime32, 0, &(long[4]){ 0 }) == -1);
}

static void part_secure(void)
{
	WANT(getuid() == 54321);
	WANT(geteuid() == (uid_t)atoi(getenv("EUID")));
	WANT(getauxval(AT_SECURE) == (unsigned long)atoi(getenv("SECURE")));
	WANT(getauxval(AT_EUID) == geteuid() && getauxval(AT_UID) == 54321);
	WANT(getegid() == (gid_t)atoi(getenv("EGID")));
	WANT(prctl(PR_GET_DUMPABLE) == !atoi(getenv("SECURE")));
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "auxv", part_auxv }, { "signals", part_signals },
	{ "files", part_files }, { "kept", part_kept },
	{ "secure", part_secure },
};

__attribute__((constructor)) static void maybe_part(void)
{
	const char *want = getenv("EXECVE_PART");

	for (unsigned i = 0; want && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(want, parts[i].name) == 0) {
			parts[i].run();
			_exit(0);
		}
}

/* --- the tests ------------------------------------------------------------------ */

/* This process becomes the part. */
static void become(const char *part)
{
	setenv("EXECVE_PART", part, 1);
	execl(self, "part", (char *)0);
	FAIL("exec: errno %d", errno);
}

static void runs(const char *part, void (*before)(void))
{
	pid_t p = fork();

	CHECK_OK(p);
	if (p == 0) {
		if (before)
			before();
		become(part);
	}
	CHECK_CHILD(p);
}

TEST(auxiliary_vector)
{
	runs("auxv", NULL);
}

static void nothing(int sig)
{
	(void)sig;
}

static void set_signals(void)
{
	static char stack[65536];
	stack_t s = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction a = { .sa_handler = nothing,
			       .sa_flags = SA_RESTART | SA_ONSTACK };
	sigset_t set;

	sigaltstack(&s, NULL);
	sigaction(SIGUSR1, &a, NULL);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

TEST(handlers_go_ignoring_and_mask_stay)
{
	runs("signals", set_signals);
}

static void set_files(void)
{
	char text[16];
	int fd = 100;

	CHECK_EQ(dup2(1, fd), fd);
	CHECK_EQ(dup3(1, fd + 1, O_CLOEXEC), fd + 1);
	snprintf(text, sizeof(text), "%d", fd);
	setenv("FD", text, 1);
}

TEST(close_on_exec)
{
	runs("files", set_files);
}

static void set_kept(void)
{
	struct itimerval t = { .it_value = { 60, 0 } };
	struct rlimit r = { 77, 77 };
	char text[16];
	timer_t id;

	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("PID", text, 1);
	snprintf(text, sizeof(text), "%d", (int)getppid());
	setenv("PPID", text, 1);
	umask(0137);
	CHECK_OK(chdir("/"));
	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 3));
	CHECK_OK(timer_create(CLOCK_MONOTONIC, NULL, &id)); /* this goes */
}

TEST(what_a_process_keeps)
{
	runs("kept", set_kept);
}

TEST(environment_and_arguments_arrive)
{
	static char *argv[] = { "sh", "-c",
		"test \"$A\" = 'one  two' && test $# = 2 && test \"$2\" = '' && "
		"test \"$1\" = 'x y'", "name", "x y", "", NULL };
	static char *envp[] = { "A=one  two", "B", NULL };
	pid_t p = fork();

	if (p == 0) {
		execve("/bin/sh", argv, envp);
		_exit(99);
	}
	CHECK_CHILD(p);
}

TEST(errors)
{
	char *argv[] = { "x", NULL }, name[300];

	CHECK_ERRNO(execve("/no/such/file", argv, environ), ENOENT);
	CHECK_ERRNO(execve("", argv, environ), ENOENT);
	CHECK_ERRNO(execve("/bin/sh/x", argv, environ), ENOTDIR);
	CHECK_ERRNO(execve("/tmp", argv, environ), EACCES);
	CHECK_ERRNO(execve("/dev/null", argv, environ), EACCES);
	CHECK_ERRNO(syscall(SYS_execve, 16, argv, environ), EFAULT);
	CHECK_ERRNO(syscall(SYS_execve, "/bin/sh", 16, environ), EFAULT);
	CHECK_ERRNO(syscall(SYS_execve, "/bin/sh", argv, 16), EFAULT);
	argv[0] = (char *)16;
	CHECK_ERRNO(syscall(SYS_execve, "/bin/sh", argv, environ), EFAULT);
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[299] = 0;
	CHECK_ERRNO(execve(name, (char *[]){ "x", NULL }, environ), ENAMETOOLONG);
}

/* A file with that content and mode, to be run. */
static void file_is(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);

	CHECK_OK(fd);
	CHECK_EQ(write(fd, text, strlen(text)), (long)strlen(text));
	CHECK_OK(fchmod(fd, mode));
	close(fd);
}

static void own_folder(void)
{
	static char name[] = "/tmp/execve.XXXXXX";

	CHECK(mkdtemp(name) != NULL);
	CHECK_OK(chmod(name, 0755));
	CHECK_OK(chdir(name));
}

static void clean_up(void)
{
	char cwd[64];

	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK(strncmp(cwd, "/tmp/execve.", 12) == 0);
	unlink("a");
	unlink("b");
	unlink("c");
	CHECK_OK(chdir("/"));
	rmdir(cwd);
}

TEST(files_that_are_no_programs)
{
	char *argv[] = { "x", NULL };

	own_folder();
	file_is("a", "hello\n", 0755);
	CHECK_ERRNO(execve("./a", argv, environ), ENOEXEC);
	file_is("a", "", 0755);
	CHECK_ERRNO(execve("./a", argv, environ), ENOEXEC);
	file_is("a", "#!/bin/sh\n", 0644);
	CHECK_ERRNO(execve("./a", argv, environ), EACCES);
	file_is("a", "#!/no/such/thing\n", 0755);
	CHECK_ERRNO(execve("./a", argv, environ), ENOENT);
	file_is("a", "#!\n", 0755);
	CHECK_ERRNO(execve("./a", argv, environ), ENOEXEC);
	file_is("a", "#!./a\n", 0755);
	CHECK_ERRNO(execve("./a", argv, environ), ELOOP);
	clean_up();
}

static int run_a(const char *argument)
{
	pid_t p = fork();

	if (p == 0) {
		execl("./a", "zero", argument, (char *)0);
		_exit(99);
	}
	return WEXITSTATUS(ktap_wait(p));
}

TEST(scripts_name_their_interpreter)
{
	own_folder();
	file_is("a", "#!/bin/sh\ntest \"$0\" = ./a && test \"$1\" = arg\n", 0755);
	CHECK_EQ(run_a("arg"), 0);
	file_is("a", "#! \t /bin/sh  -e \nfalse\nexit 0\n", 0755);
	CHECK_EQ(run_a(""), 1);
	/* one that is a script itself */
	file_is("b", "#!/bin/sh\ntest \"$0 $1\" = './b ./a'\n", 0755);
	file_is("a", "#!./b\nnothing\n", 0755);
	CHECK_EQ(run_a(""), 0);
	clean_up();
}

static void copy_self(const char *name, mode_t mode)
{
	int in = open(self, O_RDONLY), out;
	char block[4096];
	ssize_t n;

	out = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	CHECK(in >= 0 && out >= 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		CHECK_EQ(write(out, block, n), n);
	CHECK_OK(fchmod(out, mode));
	close(in);
	close(out);
}

TEST(a_file_open_for_writing_is_busy)
{
	char *argv[] = { "x", NULL };
	int fd;

	own_folder();
	copy_self("a", 0755);
	fd = open("a", O_WRONLY);
	CHECK_OK(fd);
	CHECK_ERRNO(execve("./a", argv, environ), ETXTBSY);
	close(fd);
	setenv("EXECVE_PART", "files", 1);
	set_files();
	CHECK_EQ(run_a(""), 0);
	clean_up();
}

TEST(a_running_program_cannot_be_written)
{
	CHECK_ERRNO(open(self, O_WRONLY), ETXTBSY);
	CHECK_ERRNO(open(self, O_RDWR), ETXTBSY);
	CHECK_ERRNO(truncate(self, 0), ETXTBSY);
	CHECK_OK(open(self, O_RDONLY));
}

TEST(execveat_runs_a_descriptor)
{
	char *argv[] = { "part", NULL };
	int fd = open(self, O_RDONLY | O_CLOEXEC);
	pid_t p;

	CHECK_OK(fd);
	p = fork();
	if (p == 0) {
		set_files();
		setenv("EXECVE_PART", "files", 1);
		syscall(358, fd, "", argv, environ, AT_EMPTY_PATH);
		_exit(99);
	}
	CHECK_CHILD(p);
	CHECK_ERRNO(syscall(358, fd, "", argv, environ, 0), ENOENT);
	CHECK_ERRNO(syscall(358, fd, "x", argv, environ, 0), ENOTDIR);
	CHECK_ERRNO(syscall(358, -1, "", argv, environ, AT_EMPTY_PATH), EBADF);
	CHECK_ERRNO(syscall(358, fd, "", argv, environ, 0x9000), EINVAL);
}

TEST(argv_may_be_empty)
{
	pid_t p = fork();

	if (p == 0) {
		setenv("EXECVE_PART", "files", 1);
		set_files();
		execve(self, (char *[]){ NULL }, environ);
		_exit(99);
	}
	CHECK_CHILD(p);
}

/* --- set-id programs ------------------------------------------------------------- */

static const char *egid = "54321";

/* An ordinary user runs ./a, which must find itself with that euid. */
static void run_as_user(int euid, int secure)
{
	char text[16];
	pid_t p = fork();

	if (p == 0) {
		CHECK_OK(setgroups(0, NULL));
		CHECK_OK(setgid(54321));
		CHECK_OK(setuid(54321));
		snprintf(text, sizeof(text), "%d", euid);
		setenv("EUID", text, 1);
		setenv("EGID", egid, 1);
		setenv("SECURE", secure ? "1" : "0", 1);
		setenv("EXECVE_PART", "secure", 1);
		execl("./a", "a", (char *)0);
		FAIL("exec: errno %d", errno);
	}
	CHECK_CHILD(p);
}

TEST(set_uid_programs)
{
	if (geteuid())
		SKIP("only root can make one");
	own_folder();
	copy_self("a", 0755);
	run_as_user(54321, 0);
	CHECK_OK(chmod("a", 04755));
	run_as_user(0, 1);
	CHECK_OK(chown("a", 777, 888)); /* takes the bits away */
	run_as_user(54321, 0);
	CHECK_OK(chmod("a", 04755));
	run_as_user(777, 1);
	CHECK_OK(chmod("a", 06755));
	egid = "888";
	run_as_user(777, 1);
	CHECK_OK(chmod("a", 02745)); /* no group execute: no set-gid */
	egid = "54321";
	run_as_user(54321, 0);
	clean_up();
}

TEST(no_new_privs_stops_set_uid)
{
	pid_t p;

	if (geteuid())
		SKIP("only root can make a set-uid program");
	own_folder();
	copy_self("a", 04755);
	p = fork();
	if (p == 0) {
		CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		run_as_user(54321, 0);
		_exit(0);
	}
	CHECK_CHILD(p);
	clean_up();
}

TEST(writing_takes_the_set_uid_bit)
{
	struct stat s;
	pid_t p;

	if (geteuid())
		SKIP("needs root");
	own_folder();
	copy_self("a", 06777);
	p = fork();
	if (p == 0) {
		int fd;

		CHECK_OK(setgroups(0, NULL));
		CHECK_OK(setgid(54321));
		CHECK_OK(setuid(54321));
		fd = open("a", O_WRONLY);
		CHECK_OK(fd);
		CHECK_EQ(write(fd, "\177", 1), 1);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_OK(stat("a", &s));
	CHECK_EQ(s.st_mode & 07777, 0777);
	clean_up();
}

TEST(unreadable_programs_run)
{
	pid_t p;

	if (geteuid())
		SKIP("needs root");
	own_folder();
	copy_self("a", 0711);
	p = fork();
	if (p == 0) {
		CHECK_OK(setgroups(0, NULL));
		CHECK_OK(setgid(54321));
		CHECK_OK(setuid(54321));
		CHECK_ERRNO(open("a", O_RDONLY), EACCES);
		set_files();
		setenv("EXECVE_PART", "files", 1);
		_exit(run_a(""));
	}
	CHECK_CHILD(p);
	clean_up();
}

TEST(execute_permission_is_needed)
{
	char *argv[] = { "a", NULL };
	pid_t p;

	own_folder();
	copy_self("a", 0644);
	CHECK_ERRNO(execve("./a", argv, environ), EACCES); /* root too */
	if (geteuid() == 0) {
		CHECK_OK(chmod("a", 0744));
		p = fork();
		if (p == 0) {
			CHECK_OK(setgroups(0, NULL));
			CHECK_OK(setgid(54321));
			CHECK_OK(setuid(54321));
			CHECK_ERRNO(execve("./a", argv, environ), EACCES);
			_exit(0);
		}
		CHECK_CHILD(p);
	}
	clean_up();
}

TEST(memory_of_the_old_program_is_gone)
{
	pid_t p = fork();

	if (p == 0) {
		CHECK(mmap((void *)0x20000000, 4096, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		      MAP_FAILED);
		execl("/bin/grep", "grep", "-q", "^20000000", "/proc/self/maps",
		      (char *)0);
		_exit(99);
	}
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 1);
}
