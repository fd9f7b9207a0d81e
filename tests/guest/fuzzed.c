/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzzed.c - what the fuzzer found, one test for each that can be had without
 * chance. What only a sanitizer sees is there too: a report fails the run. */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "ktap.h"

/* A copy of this program that runs and waits; its name. */
static pid_t run_copy(const char *name)
{
	char text[4096];
	ssize_t n;
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(name, O_CREAT | O_EXCL | O_WRONLY, 0700);
	int ready[2];
	pid_t p;

	CHECK(from >= 0 && to >= 0 && pipe(ready) == 0);
	while ((n = read(from, text, sizeof(text))) > 0)
		CHECK_EQ(write(to, text, n), n);
	close(to);
	close(from);
	p = fork();
	if (p == 0) {
		dup2(ready[1], 100);
		setenv("FUZZED_WAIT", "1", 1);
		execl(name, name, NULL);
		_exit(1);
	}
	CHECK_EQ(read(ready[0], text, 1), 1);
	return p;
}

/* The copy says that it runs, and stays. */
__attribute__((constructor)) static void wait_here(void)
{
	if (!getenv("FUZZED_WAIT"))
		return;
	(void)!write(100, "x", 1);
	for (;;)
		pause();
}

/* O_TRUNC alone changes a file as much as writing to it does. */
TEST(running_program_is_not_truncated)
{
	char dir[] = "/tmp/fuzzed.XXXXXX", name[64];
	pid_t p;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(name, sizeof(name), "%s/copy", dir);
	p = run_copy(name);
	CHECK_ERRNO(open(name, O_RDONLY | O_TRUNC), ETXTBSY);
	CHECK_ERRNO(open(name, O_WRONLY), ETXTBSY);
	CHECK_ERRNO(truncate(name, 0), ETXTBSY);
	kill(p, SIGKILL);
	ktap_wait(p);
	CHECK_OK(open(name, O_RDONLY | O_TRUNC));
	CHECK_OK(unlink(name));
	CHECK_OK(rmdir(dir));
}

/* A time beyond what the kernel can keep is no overflow. */
TEST(times_far_away)
{
	char name[] = "/tmp/fuzzed.XXXXXX";
	long long t[4] = { INT64_MAX, 0, INT64_MIN, 999999999 };
	int fd = mkstemp(name);

	CHECK(fd >= 0);
	CHECK_OK(syscall(412, -100, name, t, 0)); /* utimensat_time64 */
	t[1] = 1000000000;
	CHECK_ERRNO(syscall(412, -100, name, t, 0), EINVAL);
	CHECK_OK(unlink(name));
}

/* A call may give any number, INT_MAX too: no mistake for a restart. */
TEST(results_of_any_size)
{
	char name[] = "/tmp/fuzzed.XXXXXX";
	int fd = mkstemp(name);

	CHECK(fd >= 0);
	CHECK_EQ(syscall(SYS_lseek, fd, INT32_MAX, SEEK_SET), INT32_MAX);
	CHECK_OK(unlink(name));
}
