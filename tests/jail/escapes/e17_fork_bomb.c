/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e17_fork_bomb.c - a fork storm while its jail is removed. When jail_remove
 * comes back nobody of it is left, and name and number are free.
 *
 * The bombs hold a pipe's end: the host sees by its end of file, without
 * waiting, that all of them are gone. E17_ROUNDS says how many times; the
 * number of the issue, 1000, is tests/README.md's command.
 * seconds: 600
 */
#include "escape.h"

enum { ROUNDS = 100, BREADTH = 3, STORM_US = 10000 };

static volatile unsigned *born; /* about: nobody waits for another here */

/* Each process makes more of its kind until the table is full. */
static void bomb(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			++*born;

		if (pid < 0)
			usleep(1000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* How many jails' worth of survivors there are: 0 or 1. */
static int round_of(const char *tree, int jid)
{
	struct gate g = gate_new();
	int n = j_make("jid=%d; name=bomb; path=%s; persist", jid, tree);
	char c;

	CHECK_EQ(n, jid);
	for (int i = 0; i < BREADTH; i++) {
		pid_t pid = fork();

		CHECK_OK(pid);
		if (pid == 0) {
			CHECK_OK(jail_attach(jid));
			gate_open(g);
			bomb();
		}
	}
	for (int i = 0; i < BREADTH; i++)
		gate_wait(g);
	usleep(STORM_US);
	CHECK_OK(jail_remove(jid));
	CHECK_OK(close(g.fd[1]));
	CHECK_OK(fcntl(g.fd[0], F_SETFL, O_NONBLOCK));
	while (read(g.fd[0], &c, 1) > 0)
		;
	n = read(g.fd[0], &c, 1) != 0;
	CHECK_OK(close(g.fd[0]));
	CHECK_ERRNO(j_find("jid=%d", jid), ENOENT);
	CHECK_ERRNO(j_find("name=bomb"), ENOENT);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return n;
}

TEST_WITHIN(in_jail, 600)
{
	int rounds = getenv("E17_ROUNDS") ? atoi(getenv("E17_ROUNDS")) : ROUNDS;
	int survivors = 0;
	long long from = ktap_ms();
	const char *tree;

	j_begin();
	tree = j_tree("r");
	born = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < rounds; i++)
		survivors += round_of(tree, 77);
	ktap_note("%d rounds in %lld ms, %u processes", rounds,
		  ktap_ms() - from, *born);
	CHECK(*born > (unsigned)rounds);
	RESULT("refused: %d survivors of %d storms", survivors, rounds);
	CHECK_EQ(survivors, 0);
}

/* A chroot has nothing that ends all who live in it. */
TEST(on_chroot)
{
	char name[PATH_MAX];
	pid_t pid;

	j_begin();
	snprintf(name, sizeof(name), "%s", j_tree("r"));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(chroot(name));
		pid = fork();
		if (pid == 0) {
			setsid();
			kill(getppid(), SIGKILL);
			for (;;)
				pause();
		}
		pause();
	}
	CHECK(WIFSIGNALED(ktap_wait(pid)));
	RESULT("lives on: nothing names them all");
}
