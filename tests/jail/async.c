/* SPDX-License-Identifier: BSD-2-Clause */
/* async.c - O_ASYNC and F_SETOWN across the walls: the signal of a file goes to
 * the prison of who named its owner, and to no other.
 * oracle: no
 */
#include "jail_test.h"

static int next(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	return sigtimedwait(&s, NULL, &t) == SIGIO;
}

static void block(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	CHECK_OK(sigprocmask(SIG_BLOCK, &s, NULL));
}

static void byte_out(int fd)
{
	CHECK_EQ(write(fd, "x", 1), 1);
}

static void byte_in(int fd)
{
	char c;

	CHECK_EQ(read(fd, &c, 1), 1);
}

/* The group is of both prisons: the inmate who names it reaches inmates. */
TEST(a_group_of_two_prisons)
{
	int jid, p[2];

	j_begin();
	jid = j_simple("a", "");
	block();
	CHECK_OK(setpgid(0, 0));
	CHECK_OK(pipe(p));
	IN_JAIL(jid, 0) {
		CHECK_OK(fcntl(p[0], F_SETOWN, -getpgrp()));
		CHECK_OK(fcntl(p[0], F_SETFL, O_ASYNC));
		byte_out(p[1]);
		CHECK(next(5000));
	}
	CHECK(!next(0));
	CHECK_OK(fcntl(p[0], F_SETOWN, getpid()));	/* the host's own word */
	byte_out(p[1]);
	CHECK(next(5000));
}

/* Named on the host, then it entered: it is not the one that was meant. */
TEST(who_has_entered_since_is_not_reached)
{
	int jid, p[2], go[2], there[2];
	pid_t child;

	j_begin();
	jid = j_simple("a", "");
	block();
	CHECK_OK(pipe(p));
	CHECK_OK(pipe(go));
	CHECK_OK(pipe(there));
	child = fork();
	if (!child) {
		CHECK(next(5000));
		CHECK_OK(jail_attach(jid));
		byte_out(there[1]);
		byte_in(go[0]);
		CHECK(!next(0));
		_exit(0);
	}
	CHECK_OK(fcntl(p[0], F_SETOWN, child));
	CHECK_OK(fcntl(p[0], F_SETFL, O_ASYNC));
	byte_out(p[1]);
	byte_in(there[0]);
	byte_out(p[1]);
	byte_out(go[1]);
	CHECK_CHILD(child);
}

/* An inmate that was given the other end is heard by who asked for it. */
TEST(a_pipe_out_of_a_jail_tells_the_host)
{
	int jid, p[2];

	j_begin();
	jid = j_simple("a", "");
	block();
	CHECK_OK(pipe(p));
	CHECK_OK(fcntl(p[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(p[0], F_SETFL, O_ASYNC));
	IN_JAIL(jid, 0) {
		byte_out(p[1]);
		CHECK_EQ(fcntl(p[0], F_GETOWN), 0);	/* whom it does not see */
		CHECK(!next(0));
	}
	CHECK(next(5000));
}
