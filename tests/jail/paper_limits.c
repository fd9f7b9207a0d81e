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

TEST(paper_66_limits)
{
	int number;

	WHAT("weakness: no limits of a jail");
	j_begin();
	j_simple("a", "");
	if (j_get(j_find("name=a"), "limit.maxproc", &number, sizeof(number)) <
	    0)
		SKIP("no parameter sets them yet; only counters are kept");
}
