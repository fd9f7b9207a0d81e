/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 300 */
/* exhaust.c - with no memory left, calls fail and processes die, and that is
 * all. Only for a guest: a real machine with swap would suffer for long. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { PAGE = 4096, CHUNK = 1 << 20 };

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

/* Takes pages until fewer than `leave` KB are left, without dying of it. */
static void take_all_but(long leave)
{
	long kb = mem_free();

	for (; kb > leave; kb -= CHUNK / 1024) {
		char *m = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (m == MAP_FAILED)
			break;
		for (int i = 0; i < CHUNK; i += PAGE)
			m[i] = 1;
	}
}

/* deed with almost nothing left, in a child that may die of it. Afterwards
 * the machine has its memory back and still works. */
static void short_of_memory(void (*deed)(void), long leave)
{
	long before = mem_free(), after;
	pid_t p = fork();
	int status;

	CHECK_OK(p);
	if (p == 0) {
		setpgid(0, 0);
		take_all_but(leave);
		deed();
		_exit(0);
	}
	status = ktap_wait(p);
	kill(-p, SIGKILL);
	if (!WIFEXITED(status))
		CHECK_EQ(WTERMSIG(status), SIGKILL);
	else
		CHECK_EQ(WEXITSTATUS(status), 0);
	ktap_sleep_ms(50);
	p = fork();
	CHECK_OK(p);
	if (p == 0) {
		execl("/bin/true", "true", (char *)0);
		_exit(1);
	}
	CHECK_CHILD(p);
	after = mem_free();
	if (before - after > 512)
		FAIL("%ld KB are gone", before - after);
}

static void fork_until_it_fails(void)
{
	for (int i = 0; i < 3000; i++) {
		pid_t p = fork();

		if (p == 0)
			for (;;)
				pause();
		if (p < 0)
			CHECK(errno == ENOMEM || errno == EAGAIN);
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

TEST_WITHIN(forks, 60)
{
	short_of_memory(fork_until_it_fails, 2048);
}

static void *sleep_long(void *arg)
{
	pause();
	return arg;
}

static void threads_until_they_fail(void)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	for (int i = 0; i < 3000; i++)
		if (pthread_create(&t, &a, sleep_long, NULL))
			break;
}

TEST_WITHIN(threads, 60)
{
	short_of_memory(threads_until_they_fail, 2048);
}

static void execs(void)
{
	for (int i = 0; i < 300; i++) {
		pid_t p = fork();

		if (p == 0) {
			execl("/bin/true", "true", (char *)0);
			_exit(1);
		}
		if (p > 0)
			ktap_wait(p);
		mmap(NULL, PAGE * 2, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	}
}

TEST_WITHIN(programs, 60)
{
	short_of_memory(execs, 512);
}

static void maps(void)
{
	for (int i = 0; i < 100000; i++)
		if (mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
			CHECK_EQ(errno, ENOMEM);
			break;
		}
}

TEST_WITHIN(many_maps, 60)
{
	short_of_memory(maps, 512);
}

static void spread_page_tables(void)
{
	for (unsigned long at = 0x10000000; at < 0xa0000000; at += 4 << 20) {
		char *m = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (m == MAP_FAILED)
			break;
		m[0] = 1;
	}
}

TEST_WITHIN(page_tables, 60)
{
	short_of_memory(spread_page_tables, 512);
}

static void shared(void)
{
	char *m = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; m != MAP_FAILED && i < 64 << 20; i += PAGE)
		m[i] = 1;
}

TEST_WITHIN(shared_memory, 60)
{
	short_of_memory(shared, 1024);
}

/* A call that writes to memory that cannot be had. */
static void reads_into_nothing(void)
{
	char *m = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);

	while (read(fd, m, 32 << 20) > 0)
		m = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

TEST_WITHIN(calls_that_fill_memory, 60)
{
	short_of_memory(reads_into_nothing, 1024);
}

static void copies_on_write(void)
{
	enum { SIZE = 4 << 20 };
	char *m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < SIZE; i += PAGE)
		m[i] = 1;
	for (int n = 0; n < 8; n++)
		if (fork() == 0) {
			for (int i = 0; i < SIZE; i += PAGE)
				m[i] = 2;
			pause();
		}
	ktap_sleep_ms(300);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

TEST_WITHIN(copies_that_cannot_be_made, 60)
{
	short_of_memory(copies_on_write, 6144);
}

static void small_things(void)
{
	sigset_t all;
	timer_t id;
	int fd[2];

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 20000; i++) {
		if (i % 4 == 0)
			sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 });
		if (i % 4 == 1)
			timer_create(CLOCK_MONOTONIC, NULL, &id);
		if (i % 4 == 2 && pipe(fd) == 0)
			(void)!write(fd[1], "x", 1);
		if (i % 4 == 3)
			mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	}
}

TEST_WITHIN(small_objects, 60)
{
	short_of_memory(small_things, 256);
}

static void files(void)
{
	char name[32], block[PAGE] = "";

	mkdir("/tmp/exhaust", 0700);
	CHECK_OK(chdir("/tmp/exhaust"));
	for (int i = 0; i < 3000; i++) {
		int fd;

		snprintf(name, sizeof(name), "f%d", i);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		(void)!write(fd, block, sizeof(block));
		close(fd);
	}
}

static void remove_files(void)
{
	char name[48];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/tmp/exhaust/f%d", i);
		unlink(name);
	}
	rmdir("/tmp/exhaust");
}

TEST_WITHIN(files_in_memory, 60)
{
	long before = mem_free(), after;
	pid_t p = fork();

	if (p == 0) {
		take_all_but(2048);
		files();
		_exit(0);
	}
	ktap_wait(p);
	remove_files();
	ktap_sleep_ms(50);
	after = mem_free();
	if (before - after > 1024)
		FAIL("%ld KB are gone", before - after);
}
