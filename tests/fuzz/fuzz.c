/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.c - a seeded system-call fuzzer that knows what arguments mean.
 *
 *   fuzz [-s seed] [-t seconds] [-w workers] [-n steps] [-d directory] [-v]
 *
 * The parent forks one worker after another, each in a session of its own with
 * few resources. A worker makes random calls whose arguments are drawn by kind
 * (values.c: descriptors it holds, names in its directory, structs with good
 * and bad pointers, flag words), and now and then a deed of several calls
 * (deeds.c). Worker n of seed s is the first of seed s + n: its name, which a
 * panic shows, is "f" and that number. After each worker everything it left
 * running is killed; what cannot be killed is a failure, and so is memory that
 * is missing at the end.
 *
 * What else is wrong shows on the console: a panic, UBSAN:, KASAN:. It renames,
 * removes and replaces whatever it can reach, devices too, so it refuses to
 * run on anything but Brig.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUDGE_US = 1000, NUDGES = 500, WORKER_MS = 800, DEPTH_MAX = 2,
       TRACE_FD = 60, CHILD_NUDGES = 20, PIDS_MAX = 64, PROGRAM_MS = 20, REAP_MS = 5000,
       WARM_UP = 5 /* a fifth of the time */ };

enum { EXIT_DONE = 40, EXIT_TIME = 41 };	/* of a worker */

sigjmp_buf *fault_jump;
static int verbose, depth;

/* --- calls ---------------------------------------------------------------------- */

static void trace(const char *name, const char *kinds, const uint32_t *a)
{
	dprintf(TRACE_FD, "%d %s(", (int)getpid(), name);
	for (int i = 0; kinds[i]; i++)
		if (kinds[i] == 'p' && a[i] > (uintptr_t)arena &&
		    a[i] < (uintptr_t)arena + ARENA_PAGES * PAGE)
			dprintf(TRACE_FD, " \"%.40s\"", (char *)(uintptr_t)a[i]);
		else
			dprintf(TRACE_FD, " %x", a[i]);
	dprintf(TRACE_FD, ")\n");
}

void one_call(void)
{
	const struct fuzz_call *c = &fuzz_calls[below(fuzz_call_count)];
	uint32_t a[6] = { 0 };

	for (int i = 0; c->kinds[i]; i++)
		a[i] = argument(c->kinds[i], c);
	if (verbose)
		trace(c->name, c->kinds, a);
	syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

void several_calls(unsigned n)
{
	while (n--)
		one_call();
}

static void fault(int sig)
{
	if (fault_jump)
		siglongjmp(*fault_jump, sig);
	_exit(0);
}

void guarded(void (*fn)(void))
{
	struct sigaction action = { .sa_handler = fault, .sa_flags = SA_NODEFER };
	sigjmp_buf here, *outer = fault_jump;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	fault_jump = &here;
	if (sigsetjmp(here, 1) == 0)
		fn();
	fault_jump = outer;
}

/* --- children ------------------------------------------------------------------- */

static int nudges;

/* A random mask must not keep the nudges away. */
static void nudge_unblock(void)
{
	static const uint32_t set[2] = { 1u << (SIGALRM - 1), 0 };

	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, set, NULL, 8);
}

/* A timer interrupts calls that would wait for ever; too many end the worker. */
static void nudge(int sig)
{
	(void)sig;
	if (++nudges > NUDGES)
		_exit(EXIT_TIME);
}

/* Also repairs what the worker did to its own timer. */
void nudging_start(void)
{
	struct sigaction action = { .sa_handler = nudge };
	struct itimerval every = { { 0, NUDGE_US }, { 0, NUDGE_US } };

	sigaction(SIGALRM, &action, NULL);
	nudge_unblock();
	setitimer(ITIMER_REAL, &every, NULL);
}

pid_t child_make(void)
{
	pid_t p;

	if (depth == DEPTH_MAX)
		return -1;
	p = fork();
	if (p == 0) {
		depth++;
		fault_jump = NULL;
		nudges = NUDGES - CHILD_NUDGES;
		nudging_start();
	}
	return p;
}

/* What is executed next has a few ms to live. */
void deadline_set(void)
{
	struct itimerval once = { { 0, 0 }, { 0, PROGRAM_MS * 1000 } };

	nudge_unblock();
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &once, NULL);
}

_Noreturn void child_exit(void)
{
	_exit(below(4));
}

void child_wait(pid_t p)
{
	if (p > 0)	/* it may have been stopped: nudges count its time */
		for (int n = 0; waitpid(p, NULL, 0) < 0 && errno == EINTR; n++)
			if (n > 2 * CHILD_NUDGES)
				kill(p, SIGKILL);
}

/* --- one worker ---------------------------------------------------------------- */

static void limit(int what, rlim_t most)
{
	struct rlimit r = { most, most };

	setrlimit(what, &r);
}

static void furnish(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT };
	int fd[2], ep;

	mkdir("dir", 0777);
	mkdir("dir/sub", 0777);
	mkdir("mnt", 0777);
	symlink("dir", "link");
	symlink("loop", "loop");
	mkfifo("fifo", 0666);
	open("a", O_CREAT | O_RDWR, 0666);
	open("b", O_CREAT | O_RDWR, 0666);
	open("dir", O_RDONLY);
	ep = epoll_create1(0);
	if (pipe(fd) == 0 && pipe2(fd, O_NONBLOCK) == 0)
		epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &e);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd);
	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd);
	open("/dev/null", O_RDWR);
	open("/dev/zero", O_RDWR);
	open("/proc/self/stat", O_RDONLY);
	open("/proc/self", O_RDONLY);
	open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	open("fifo", O_RDWR | O_NONBLOCK);
	syscall(SYS_eventfd2, 0, O_NONBLOCK);
	syscall(SYS_memfd_create, "m", 0);
	open("dir/sub", O_PATH);
}

static void step(void)
{
	const struct deed *d;
	uint32_t n;

	if (!one_in(16)) {
		one_call();
		return;
	}
	n = below(proc_deed_count + file_deed_count + socket_deed_count +
		  inet_deed_count + jail_deed_count);
	if (n < proc_deed_count)
		d = &proc_deeds[n];
	else if ((n -= proc_deed_count) < file_deed_count)
		d = &file_deeds[n];
	else if ((n -= file_deed_count) < socket_deed_count)
		d = &socket_deeds[n];
	else if ((n -= socket_deed_count) < inet_deed_count)
		d = &inet_deeds[n];
	else
		d = &jail_deeds[n - inet_deed_count];
	if (verbose)
		trace(d->name, "", NULL);
	guarded(d->run);
	nudging_start();
}

static void worker(uint64_t seed, int steps, const char *dir)
{
	int null = open("/dev/null", O_RDWR);
	char name[16];

	rnd_state = seed * 0x2545f4914f6cdd1dull;
	snprintf(name, sizeof(name), "f%llu", (unsigned long long)seed);
	prctl(PR_SET_NAME, name);
	setsid();
	if (verbose)
		dup2(2, TRACE_FD);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	if (chdir(dir) != 0)
		_exit(2);
	arena_make();
	furnish();
	limit(RLIMIT_NOFILE, 64);
	limit(RLIMIT_AS, 48 << 20);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_CORE, 0);
	for (int s = 1; s <= 64; s++)
		signal(s, handler);
	nudging_start();
	/* what takes root, while it is certain that the worker still is root */
	for (unsigned k = one_in(3) ? 8 : 0; k; k--)
		guarded(jail_deeds[below(jail_deed_count)].run);
	for (unsigned k = one_in(3) ? 8 : 0; k; k--)
		guarded(inet_deeds[below(inet_deed_count)].run);
	if (one_in(3) && (setgid(1000) != 0 || setuid(1000) != 0))
		_exit(2);
	nudging_start();
	for (int i = 0; i < steps; i++) {
		nudge_unblock();
		if (i % 16 == 0)
			nudging_start();
		step();
	}
	_exit(EXIT_DONE);
}

/* --- the parent ------------------------------------------------------------------ */

static pid_t old_pids[PIDS_MAX];
static int old_count;

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* Calls fn for every process until it gives nonzero: the sum. */
static int each_process(int (*fn)(pid_t p))
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int sum = 0;

	if (!d)
		return 0;
	while ((e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			sum += fn(atoi(e->d_name));
	closedir(d);
	return sum;
}

static int remember(pid_t p)
{
	if (old_count < PIDS_MAX)
		old_pids[old_count++] = p;
	return 1;
}

static int kill_new(pid_t p)
{
	for (int i = 0; i < old_count; i++)
		if (old_pids[i] == p)
			return 0;
	kill(p, SIGKILL);
	return 1;
}

/* Whatever the worker left running; 0, or how many do not die. */
static int clean_up(void)
{
	long long end = now_ms() + REAP_MS;
	int left;

	while ((left = each_process(kill_new)) && now_ms() < end) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(500);
	}
	return left;
}

static unsigned ended, out_of_time, hung, died;	/* how workers end */

static int reap(pid_t worker_pid)
{
	long long end = now_ms() + WORKER_MS;
	int status = 0;

	while (waitpid(worker_pid, &status, WNOHANG) == 0) {
		if (now_ms() > end)
			kill(worker_pid, SIGKILL);
		usleep(500);
	}
	if (WIFSIGNALED(status))
		(*(now_ms() > end ? &hung : &died))++;
	else
		(*(WEXITSTATUS(status) == EXIT_DONE ? &ended : &out_of_time))++;
	return clean_up();
}

/* --- mounts: a worker may mount on "..", and on what it finds by it -------------- */

static int mounts_file = -1, mounts_known;

/* The mount points as they stand in /proc/self/mounts, by age; the last one
 * into `last`. How many there are. */
static int mounts_read(char *last, size_t size)
{
	static char text[65536];
	ssize_t n = pread(mounts_file, text, sizeof(text) - 1, 0);
	char *line, *rest = text, *at;
	int count = 0;

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")) && *line) {
		at = strchr(line, ' ');
		snprintf(last, size, "%.*s", at ? (int)strcspn(at + 1, " ") : 0,
			 at ? at + 1 : "");
		count++;
	}
	return count;
}

/* "a\040b" is "a b". */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 3;
		}
	}
	*to = '\0';
}

/* Those that are newer than ours go, the youngest first. */
static void mounts_clear(void)
{
	char point[4200];

	while (mounts_read(point, sizeof(point)) > mounts_known) {
		unescape(point);
		if (umount2(point, MNT_DETACH) != 0)
			break;
	}
}

/* Every worker gets an empty directory on a mount of its own. */
static int fresh_directory(const char *dir)
{
	mounts_clear();
	mkdir(dir, 0777);
	return mount("fuzz", dir, "tmpfs", 0, "size=4m,mode=777");
}

static long free_kb(void)
{
	char text[256] = "";
	int fd = open("/proc/meminfo", O_RDONLY);
	const char *at;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	at = strstr(text, "MemFree:");
	return at ? atol(at + 8) : -1;
}

static int run_worker(uint64_t seed, int steps, const char *dir)
{
	pid_t p;
	int left;

	if (fresh_directory(dir) != 0) {
		printf("fuzz: %s: %s\n", dir, strerror(errno));
		return 1;
	}
	fflush(stdout);
	p = fork();
	if (p == 0)
		worker(seed, steps, dir);
	if (p < 0) {
		printf("fuzz: fork: %s\n", strerror(errno));
		return 1;
	}
	left = reap(p);
	jails_clear();
	if (left)
		printf("fuzz: seed %llu: %d processes cannot be killed\n",
		       (unsigned long long)seed, left);
	return left;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, workers = UINT64_MAX, count = 0;
	const char *dir = "/tmp/fuzz";
	int seconds = 10, steps = 400, bad = 0, option;
	long long start = now_ms();
	struct utsname system;
	long before = -1;

	if (uname(&system) != 0 || !strstr(system.release, "brig")) {
		fprintf(stderr, "fuzz: this is not Brig: it would do harm\n");
		return 1;
	}
	while ((option = getopt(argc, argv, "s:t:w:n:d:v")) != -1) {
		switch (option) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 't': seconds = atoi(optarg); break;
		case 'w': workers = strtoull(optarg, NULL, 0); break;
		case 'n': steps = atoi(optarg); break;
		case 'd': dir = optarg; break;
		case 'v': verbose = 1; break;
		default: return 2;
		}
	}
	mounts_file = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
	mounts_known = mounts_read((char[8]){ 0 }, 8);
	each_process(remember);
	for (; !bad && count < workers; count++) {
		long long passed = now_ms() - start;

		if (passed > seconds * 1000ll)
			break;
		bad = run_worker(seed + count, steps, dir);
		if (before < 0 && passed > seconds * 1000ll / WARM_UP) {
			mounts_clear();
			before = free_kb();
		}
	}
	mounts_clear();
	printf("fuzz: %u workers did all, %u ran out of time, %u hung, %u "
	       "died of signals\n", ended, out_of_time, hung, died);
	printf("fuzz: seed %llu: %llu workers of %d steps, free before %ld "
	       "after %ld KB\n", (unsigned long long)seed,
	       (unsigned long long)count, steps, before, free_kb());
	return bad != 0;
}
