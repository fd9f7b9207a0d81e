/* SPDX-License-Identifier: BSD-2-Clause */
/* fork.c - children: their birth, their memory, their end. */
#include "ktap.h"

TEST(child_status_arrives)
{
	int status;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0)
		_exit(42);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 42);
	CHECK_ERRNO(waitpid(pid, &status, 0), ECHILD);
}

TEST(memory_is_copied)
{
	static volatile int value = 1;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_EQ(value, 1);
		value = 2;
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(value, 1);
}

TEST(parent_is_known)
{
	pid_t me = getpid(), pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_EQ(getppid(), me);
		CHECK(getpid() != me);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(orphan_goes_to_init)
{
	int fd[2];
	char c = 0;
	pid_t pid;

	CHECK_OK(pipe(fd));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			while (getppid() == parent)
				ktap_sleep_ms(1);
			(void)!write(fd[1], "o", 1);
		}
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(read(fd[0], &c, 1), 1);
	CHECK_EQ(c, 'o');
}

TEST(descriptors_share_one_offset)
{
	char name[] = "/tmp/fork.XXXXXX";
	int fd = mkstemp(name);
	pid_t pid;

	CHECK_OK(fd);
	CHECK_OK(unlink(name));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_EQ(write(fd, "12345", 5), 5);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5);
}

TEST(hundred_children_at_once)
{
	pid_t pid[100];
	int seen = 0;

	for (int i = 0; i < 100; i++) {
		pid[i] = fork();
		CHECK_OK(pid[i]);
		if (pid[i] == 0)
			_exit(i);
	}
	for (int i = 0; i < 100; i++) {
		int status = ktap_wait(pid[i]);

		CHECK(WIFEXITED(status));
		seen += WEXITSTATUS(status) == i;
	}
	CHECK_EQ(seen, 100);
}
