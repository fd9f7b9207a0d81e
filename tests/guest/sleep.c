/* SPDX-License-Identifier: BSD-2-Clause */
/* sleep.c - waiting with a deadline, when the event comes at the same time. */
#include "ktap.h"

static void nothing(int sig)
{
	(void)sig;
}

/*
 * Many sleepers are woken by one call, and each, once it runs, keeps the CPU
 * for a while: the deadlines of the last ones pass while they are awake, but
 * not yet running.
 */
TEST(woken_while_the_deadline_passes)
{
	enum { SLEEPERS = 60, ROUNDS = 40 };
	pid_t pid[SLEEPERS], group = 0;

	for (int i = 0; i < SLEEPERS; i++) {
		pid[i] = fork();
		CHECK_OK(pid[i]);
		if (pid[i] == 0) {
			signal(SIGUSR1, nothing);
			setpgid(0, group);
			for (;;) {
				struct timespec t = { 0, 3000000 };
				long long end = ktap_ms() + 1;

				nanosleep(&t, NULL);
				while (ktap_ms() < end)
					;
			}
		}
		setpgid(pid[i], group);
		if (!group)
			group = pid[0];
	}
	ktap_sleep_ms(50);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(kill(-group, SIGUSR1));
		ktap_sleep_ms(5);
	}
	CHECK_OK(kill(-group, SIGKILL));
	for (int i = 0; i < SLEEPERS; i++)
		ktap_wait(pid[i]);
}
