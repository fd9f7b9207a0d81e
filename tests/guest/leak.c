/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no */
/* leak.c - things that come and go leave no memory behind. Only for a guest:
 * on a machine with other users free memory says nothing. */
#include <sys/mman.h>
#include <sys/stat.h>

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
	return kb;
}

/* A leak shows in every pass; caches that fill show only in the first ones. */
static void leaves_nothing(void (*deed)(void), int rounds)
{
	enum { PASSES = 5, SLACK_KB = 64 };
	long before, gone = 0;

	for (int pass = 0; pass < PASSES; pass++) {
		before = mem_free();
		for (int i = 0; i < rounds; i++)
			deed();
		gone = before - mem_free();
		if (pass > 0 && gone <= SLACK_KB)
			return;
	}
	FAIL("%ld KB are gone after %d rounds", gone, rounds);
}

static void run_program(void)
{
	pid_t p = fork();

	if (p == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK_CHILD(p);
}

TEST_WITHIN(processes, 60)
{
	leaves_nothing(run_program, 300);
}

static void look_at_proc(void)
{
	char name[64], text[512];
	int fd;
	pid_t p = fork();

	if (p == 0) {
		for (;;)
			pause();
	}
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)p);
	fd = open(name, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text)) > 0);
	close(fd);
	kill(p, SIGKILL);
	ktap_wait(p);
	CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
}

TEST(names_of_dead_processes)
{
	leaves_nothing(look_at_proc, 300);
}

static void make_files(void)
{
	int fd = open("/tmp/leak.f", O_CREAT | O_RDWR, 0600);
	char *m;

	CHECK(fd >= 0);
	CHECK_OK(ftruncate(fd, 65536));
	m = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(m != MAP_FAILED);
	memset(m, 1, 65536);
	munmap(m, 65536);
	close(fd);
	CHECK_OK(rename("/tmp/leak.f", "/tmp/leak.g"));
	CHECK_OK(unlink("/tmp/leak.g"));
	CHECK_OK(mkdir("/tmp/leak.d", 0700));
	CHECK_OK(symlink("x", "/tmp/leak.d/s"));
	CHECK_OK(unlink("/tmp/leak.d/s"));
	CHECK_OK(rmdir("/tmp/leak.d"));
}

TEST(files)
{
	leaves_nothing(make_files, 300);
}

static void make_pipes(void)
{
	int fd[2], other[2];
	char block[20000] = "";

	CHECK_OK(pipe(fd));
	CHECK_OK(pipe2(other, O_NONBLOCK));
	CHECK_EQ(write(fd[1], block, sizeof(block)), (long long)sizeof(block));
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		close(other[i]);
	}
}

TEST(pipes_with_bytes_in_them)
{
	leaves_nothing(make_pipes, 300);
}
