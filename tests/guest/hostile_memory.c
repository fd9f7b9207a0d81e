/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 240 */
/* hostile_memory.c - bombs: processes, memory, descriptors, names. The machine
 * goes on, with as much free memory as before. Only for a guest: on a real
 * machine these would hurt. */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

static long mem_free(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &kb);
	fclose(f);
	CHECK(kb > 0);
	return kb;
}

/* Runs the deed three times; the first may fill caches. */
static void leaves_memory(void (*deed)(void), long slack_kb)
{
	long before, after;

	deed();
	before = mem_free();
	deed();
	deed();
	ktap_sleep_ms(50);
	after = mem_free();
	if (before - after > slack_kb)
		FAIL("%ld KB are gone", before - after);
}

static void fork_bomb(void)
{
	struct rlimit r = { 300, 300 };
	pid_t p = fork();

	if (p == 0) {
		setpgid(0, 0);
		CHECK_OK(setrlimit(RLIMIT_NPROC, &r));
		CHECK_OK(setgid(12345));
		CHECK_OK(setuid(12345));
		for (int i = 0; i < 2000; i++)
			fork();
		for (;;)
			pause();
	}
	ktap_sleep_ms(1500);
	kill(-p, SIGKILL);
	ktap_wait(p); /* first: until then the group has a zombie to signal */
	while (kill(-p, SIGKILL) == 0)
		ktap_sleep_ms(5);
}

TEST_WITHIN(fork_bomb_stops_at_the_limit, 60)
{
	leaves_memory(fork_bomb, 256);
}

TEST_WITHIN(process_limit_of_the_system, 120)
{
	pid_t p = fork();
	int status;

	if (p == 0) { /* as root, until something says no */
		int n = 0;

		while (n < 40000) {
			pid_t c = fork();

			if (c == 0) {
				for (;;)
					pause();
			}
			if (c < 0)
				break;
			n++;
		}
		CHECK(errno == EAGAIN || errno == ENOMEM);
		signal(SIGTERM, SIG_IGN);
		kill(0, SIGTERM);
		while (waitpid(-1, NULL, 0) > 0)
			;
		_exit(n > 50 ? 0 : 1);
	}
	setpgid(p, p);
	status = ktap_wait(p);
	CHECK(status == 0 || (WIFSIGNALED(status) &&
			      WTERMSIG(status) == SIGKILL));
	kill(-p, SIGKILL);
}

static void memory_bomb(void)
{
	int status;
	pid_t p = fork();

	if (p == 0) {
		for (;;) {
			char *m = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (m == MAP_FAILED)
				_exit(0);
			for (int i = 0; i < 1 << 22; i += 4096)
				m[i] = 1;
		}
	}
	status = ktap_wait(p);
	CHECK(status == 0 || (WIFSIGNALED(status) &&
			      WTERMSIG(status) == SIGKILL));
}

TEST_WITHIN(memory_bomb_ends_the_bomber, 60)
{
	leaves_memory(memory_bomb, 256);
}

static void mapping_bomb(void)
{
	pid_t p = fork();

	if (p == 0) {
		for (int i = 0; i < 200000; i++)
			if (mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			    MAP_FAILED)
				_exit(errno == ENOMEM ? 0 : 1);
		_exit(0);
	}
	CHECK_CHILD(p);
}

TEST_WITHIN(mapping_bomb_gets_enomem, 60)
{
	leaves_memory(mapping_bomb, 256);
}

static void file_bomb(void)
{
	static char block[65536];
	int fd;

	mkdir("/tmp/bomb", 0700);
	CHECK_OK(mount("none", "/tmp/bomb", "tmpfs", 0, "size=2m"));
	fd = open("/tmp/bomb/f", O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	CHECK_EQ(errno, ENOSPC);
	close(fd);
	CHECK_OK(umount2("/tmp/bomb", 0));
}

TEST(file_bomb_gets_enospc)
{
	leaves_memory(file_bomb, 128);
}

static void fd_bomb(void)
{
	pid_t p = fork();

	if (p == 0) {
		struct rlimit r = { 4096, 4096 };
		int n = 0, fd[2];

		CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
		while (pipe(fd) == 0)
			n++;
		CHECK_EQ(errno, EMFILE);
		_exit(n > 2000 ? 0 : 1);
	}
	CHECK_CHILD(p);
}

TEST(fd_bomb_gets_emfile)
{
	leaves_memory(fd_bomb, 256);
}

TEST(symlink_loops)
{
	char name[32], to[32];

	mkdir("/tmp/loops", 0700);
	CHECK_OK(chdir("/tmp/loops"));
	unlink("self");
	unlink("a");
	unlink("b");
	CHECK_OK(symlink("self", "self"));
	CHECK_OK(symlink("b", "a"));
	CHECK_OK(symlink("a", "b"));
	CHECK_ERRNO(open("self", O_RDONLY), ELOOP);
	CHECK_ERRNO(open("a", O_RDONLY), ELOOP);
	CHECK_ERRNO(chdir("a/b/c"), ELOOP);
	CHECK_ERRNO(open("self", O_RDONLY | O_NOFOLLOW), ELOOP);
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(to, sizeof(to), i ? "l%d" : "/", i - 1);
		unlink(name);
		CHECK_OK(symlink(to, name));
	}
	CHECK_OK(chdir("l39"));
	CHECK_OK(chdir("/tmp/loops"));
	CHECK_ERRNO(chdir("l44"), ELOOP);
}

static void deep_directories(void)
{
	CHECK_OK(chdir("/tmp"));
	for (int i = 0; i < 500; i++) {
		CHECK_OK(mkdir("d", 0700));
		CHECK_OK(chdir("d"));
	}
	for (int i = 0; i < 500; i++) {
		CHECK_OK(chdir(".."));
		CHECK_OK(rmdir("d"));
	}
}

TEST(deep_directories_come_and_go)
{
	leaves_memory(deep_directories, 256);
}

static void thread_stacks(void)
{
	/* clone with a stack that is not there: the child dies, nothing else */
	pid_t p = fork();

	if (p == 0) {
		syscall(SYS_clone, 0x100 | SIGCHLD, 0x10, 0, 0, 0);
		_exit(0);
	}
	ktap_wait(p);
}

TEST(clone_onto_a_bad_stack)
{
	leaves_memory(thread_stacks, 64);
}
