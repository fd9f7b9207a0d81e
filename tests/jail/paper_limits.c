/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_limits.c - items 62 to 66 of the paper: the weaknesses that it lists,
 * each of which should be gone. What is not is a test that says so and is
 * skipped: the table shows it.
 * oracle: no
 */
#include "jail_test.h"
#include "shell.h"

TEST(paper_62_not_portable)
{
	WHAT("weakness: not portable");
	j_begin();
	CHECK_SHELL("uname -m");
	CHECK(says("i686\n"));
	SKIP("still one machine, i386; what is its own is in arch/");
}

TEST(paper_63_unproven)
{
	char line[256];
	int rows = 0;
	FILE *f;

	WHAT("weakness: unproven code; now one table, which prints itself");
	j_begin();
	f = fopen("/proc/jail/policy", "r");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		rows += !strncmp(line, "PRIV_", 5);
	CHECK(rows > 60);
	f = fopen("/proc/jail/params", "r");
	CHECK(f != NULL);
	for (rows = 0; fgets(line, sizeof(line), f);)
		rows += strchr(line, '\t') != NULL;
	CHECK(rows > 40);
	CHECK_OK(access("/proc/jail/denied", R_OK));
	CHECK_OK(access("/proc/jail/counters", R_OK));
}

TEST(paper_64_tools)
{
	static const char *const tools[] = { "jail", "jls", "jexec", "jtop",
					     "mkjail", "killall", "pkill" };

	WHAT("weakness: no tools; now jail, jls, jexec, jtop, ps -J, ...");
	j_begin();
	for (unsigned i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (shell("command -v %s", tools[i]))
			SKIP("no %s", tools[i]);
	j_simple("a", "");
	CHECK_SHELL("jls -q name");
	CHECK(says("a\n"));
	CHECK_SHELL("jexec a /bin/busybox echo from inside");
	CHECK(says("from inside\n"));
	CHECK_SHELL("jail -r a");
	CHECK_EQ(j_count(), 0);
}

TEST(paper_65_ps_tells_jails_apart)
{
	char name[32];
	pid_t mine, other;
	int a;

	WHAT("weakness: ps does not tell jails apart; now ps -J");
	j_begin();
	a = j_simple("a", "");
	mine = j_sitter(a, 0);
	other = j_sitter(j_simple("b", ""), 0);
	if (shell("ps -J a"))
		SKIP("ps has no -J");
	CHECK_SHELL("ps -J a -o pid | tr -d ' '");
	snprintf(name, sizeof(name), "\n%d\n", (int)mine);
	CHECK(says(name));
	snprintf(name, sizeof(name), "\n%d\n", (int)other);
	CHECK(!strstr(shell_output, name));
	CHECK_SHELL("ps -J %d -o jid,pid", a);
	CHECK(strstr(shell_output, "JID"));
	CHECK_SHELL("pkill -j a busybox; pkill -KILL -j a . || true");
	CHECK(j_lives(other));
}

/* Each ends with what the limit said: the errno of the first refusal. */
static int bomb_of_forks(void)
{
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		if (pid == 0)
			pause();
		if (pid < 0)
			return errno;
	}
	return 0;
}

static int bomb_of_files(void)
{
	for (int i = 0; i < 200; i++)
		if (open("/", O_RDONLY) < 0)
			return errno;
	return 0;
}

static int bomb_of_memory(void)
{
	enum { MB = 1 << 20 };

	for (int i = 0; i < 64; i++) {
		char *more = mmap(NULL, MB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			return errno;
		memset(more, 1, MB);
	}
	return 0;
}

/* A process in jid lets its bomb go off: its wait status. */
static int bomb(int jid, int (*go)(void))
{
	pid_t pid = j_enter(jid, 0);
	int status;

	if (pid == 0)
		_exit(go());
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

TEST(paper_66_limits)
{
	int a, b, status;

	WHAT("weakness: no limits of a jail; now limit.*");
	j_begin();
	a = j_simple("a", "limit.maxproc=20; limit.openfiles=60; "
			  "limit.memoryuse=16m");
	b = j_simple("b", "");
	CHECK(!strcmp(j_text(a, "limit.maxproc"), "20"));
	CHECK(!strcmp(j_text(a, "limit.memoryuse"), "16777216"));
	CHECK(!strcmp(j_text(a, "limit.nthr"), "unlimited"));
	status = bomb(a, bomb_of_files);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == ENFILE);
	status = bomb(a, bomb_of_memory);
	CHECK(WIFSIGNALED(status)); /* no page for it, and nobody else pays */
	status = bomb(a, bomb_of_forks);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EAGAIN);
	/* full as that jail is, the sibling and the host miss nothing */
	CHECK_EQ(bomb(b, bomb_of_files), 0);
	CHECK_EQ(bomb(0, bomb_of_files), 0);
	CHECK_EQ(bomb(b, bomb_of_memory), 0);
	CHECK_ERRNO(j_change(a, "limit.maxproc=many"), EINVAL);
	CHECK_OK(j_change(a, "limit.maxproc=unlimited"));
	CHECK_EQ(bomb(a, bomb_of_forks), 0);
	CHECK_OK(jail_remove(a));
}
