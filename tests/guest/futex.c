/* SPDX-License-Identifier: BSD-2-Clause */
/* futex.c - the futex call itself, its operations and their errors. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "ktap.h"

enum { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAKE_OP, WAIT_BITSET = 9,
       WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };

struct ts32 {
	long sec, nsec;
};

static volatile int word, other, woken;

static long futex(volatile int *at, int op, int val, const void *timeout,
		  volatile int *at2, int val3)
{
	return syscall(240, at, op, val, timeout, at2, val3);
}

static struct ts32 in_ms(clockid_t clock, int ms)
{
	struct timespec t;
	long long ns;

	clock_gettime(clock, &t);
	ns = t.tv_nsec + ms * 1000000LL;
	return (struct ts32){ t.tv_sec + ns / 1000000000, ns % 1000000000 };
}

struct waiter {
	volatile int *at;
	int op, val, bits;
	long result;
	int error;
	pthread_t thread;
};

static void *waiter_run(void *arg)
{
	struct waiter *w = arg;

	w->result = futex(w->at, w->op, w->val, NULL, NULL, w->bits);
	w->error = errno;
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* n threads asleep on *at. */
static void waiters_start(struct waiter *w, int n, volatile int *at, int op,
			  int bits)
{
	for (int i = 0; i < n; i++) {
		w[i] = (struct waiter){ .at = at, .op = op, .val = *at,
					.bits = bits };
		CHECK_EQ(pthread_create(&w[i].thread, NULL, waiter_run, &w[i]),
			 0);
	}
	ktap_sleep_ms(30);
	CHECK_EQ(woken, 0);
}

static void waiters_join(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		CHECK_EQ(w[i].result, 0);
	}
}

/* Wakes until all have gone; how many calls' results add up to n. */
static void wake_rest(volatile int *at, int n)
{
	int sum = 0;

	for (int i = 0; i < 1000 && sum < n; i++) {
		sum += futex(at, WAKE, 100, NULL, NULL, 0);
		if (sum < n)
			ktap_sleep_ms(2);
	}
	CHECK_EQ(sum, n);
}

TEST(other_value_is_eagain)
{
	CHECK_ERRNO(futex(&word, WAIT, 1, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, WAIT | PRIVATE, 1, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 1, NULL, NULL, -1), EAGAIN);
}

TEST(bad_arguments)
{
	struct ts32 bad = { 0, 1000000000 }, negative = { -1, 0 };
	volatile int *odd = (volatile int *)((char *)&word + 1);

	CHECK_ERRNO(futex(odd, WAIT, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(odd, WAKE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((int *)16, WAIT, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex((int *)16, WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_EQ(futex((int *)16, WAKE | PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO(futex(&word, WAIT, 0, &bad, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, WAIT, 0, &negative, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, WAIT, 0, (void *)16, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO(futex(&word, WAKE | REALTIME, 0, NULL, NULL, 0), ENOSYS);
}

TEST(relative_timeout)
{
	struct ts32 t = { 0, 40000000 }, none = { 0, 0 };
	long long before = ktap_ms();

	CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK(ktap_ms() - before >= 39);
	CHECK_ERRNO(futex(&word, WAIT, 0, &none, NULL, 0), ETIMEDOUT);
}

TEST(absolute_timeouts_by_both_clocks)
{
	struct ts32 t = in_ms(CLOCK_MONOTONIC, 40), past = { 1, 0 };
	long long before = ktap_ms();

	CHECK_ERRNO(futex(&word, WAIT_BITSET, 0, &t, NULL, -1), ETIMEDOUT);
	CHECK(ktap_ms() - before >= 39);
	t = in_ms(CLOCK_REALTIME, 40);
	before = ktap_ms();
	CHECK_ERRNO(futex(&word, WAIT_BITSET | REALTIME, 0, &t, NULL, -1),
		    ETIMEDOUT);
	CHECK(ktap_ms() - before >= 38);
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 0, &past, NULL, -1), ETIMEDOUT);
	CHECK_ERRNO(futex(&word, WAIT_BITSET | REALTIME, 0, &past, NULL, -1),
		    ETIMEDOUT);
}

TEST(wide_timeouts)
{
	long long t[2] = { 0, 30000000 }, before = ktap_ms();

	CHECK_ERRNO(syscall(422, &word, WAIT, 0, t, NULL, 0), ETIMEDOUT);
	CHECK(ktap_ms() - before >= 29);
	t[0] = 1LL << 40; /* years: must sleep until woken */
	t[1] = 0;
	alarm(0);
	if (fork() == 0) {
		alarm(1);
		syscall(422, &word, WAIT, 0, t, NULL, 0);
		_exit(1);
	}
	CHECK_EQ(ktap_wait(-1), SIGALRM);
}

TEST(wake_counts)
{
	struct waiter w[5];

	CHECK_EQ(futex(&word, WAKE, 1, NULL, NULL, 0), 0);
	waiters_start(w, 5, &word, WAIT, 0);
	CHECK_EQ(futex(&word, WAKE, 2, NULL, NULL, 0), 2);
	wake_rest(&word, 3);
	waiters_join(w, 5);
	CHECK_EQ(woken, 5);
}

TEST(private_and_shared_are_one_for_private_memory)
{
	struct waiter w[2];

	/* the kernel may keep them apart; what must work is like with like */
	waiters_start(w, 1, &word, WAIT | PRIVATE, 0);
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
	waiters_join(w, 1);
}

TEST(bitsets_choose)
{
	struct waiter a[2], b[1];

	waiters_start(a, 2, &word, WAIT_BITSET, 1);
	waiters_start(b, 1, &word, WAIT_BITSET, 2);
	CHECK_EQ(futex(&word, WAKE_BITSET, 9, NULL, NULL, 4), 0);
	CHECK_EQ(futex(&word, WAKE_BITSET, 9, NULL, NULL, 2), 1);
	waiters_join(b, 1);
	CHECK_EQ(futex(&word, WAKE_BITSET, 9, NULL, NULL, -1), 2);
	waiters_join(a, 2);
}

TEST(requeue_moves)
{
	struct waiter w[5];

	waiters_start(w, 5, &word, WAIT, 0);
	CHECK_EQ(futex(&word, REQUEUE, 1, (void *)2, &other, 0), 3);
	ktap_sleep_ms(10);
	CHECK_EQ(woken, 1);
	CHECK_EQ(futex(&other, WAKE, 9, NULL, NULL, 0), 2);
	CHECK_EQ(futex(&word, WAKE, 9, NULL, NULL, 0), 2);
	waiters_join(w, 5);
}

TEST(cmp_requeue_compares)
{
	struct waiter w[3];

	waiters_start(w, 3, &word, WAIT, 0);
	CHECK_ERRNO(futex(&word, CMP_REQUEUE, 1, (void *)9, &other, 5), EAGAIN);
	CHECK_EQ(woken, 0);
	CHECK_EQ(futex(&word, CMP_REQUEUE, 0, (void *)9, &other, 0), 3);
	CHECK_EQ(futex(&word, WAKE, 9, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&other, WAKE, 9, NULL, NULL, 0), 3);
	waiters_join(w, 3);
	CHECK_ERRNO(futex(&word, CMP_REQUEUE, -1, (void *)1, &other, 0), EINVAL);
	CHECK_ERRNO(futex(&word, CMP_REQUEUE, 1, (void *)-1, &other, 0), EINVAL);
}

static int op(int what, int arg, int cmp, int cmp_arg)
{
	return what << 28 | cmp << 24 | (arg & 0xfff) << 12 | (cmp_arg & 0xfff);
}

TEST(wake_op_changes_and_compares)
{
	static const struct {
		int code, before, after, wakes;
	} all[] = {
		{ 0, 5, 3, 1 },		/* SET 3, EQ 5 */
		{ 1, 5, 8, 1 },		/* ADD */
		{ 2, 5, 7, 1 },		/* OR */
		{ 3, 5, 4, 1 },		/* ANDN */
		{ 4, 5, 6, 1 },		/* XOR */
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		other = all[i].before;
		CHECK_EQ(futex(&word, WAKE_OP, 1, (void *)1, &other,
			       op(all[i].code, 3, 0, 5)), 0);
		CHECK_EQ(other, all[i].after);
	}
	other = 0;
	futex(&word, WAKE_OP, 1, (void *)1, &other, op(8, 4, 0, 0));
	CHECK_EQ(other, 16); /* SET 1 << 4 */
	other = 10;
	futex(&word, WAKE_OP, 1, (void *)1, &other, op(1, -3, 0, 0));
	CHECK_EQ(other, 7);
	CHECK_ERRNO(futex(&word, WAKE_OP, 1, (void *)1, &other, op(5, 0, 0, 0)),
		    ENOSYS);
	CHECK_ERRNO(futex(&word, WAKE_OP, 1, (void *)1, &other, op(0, 0, 6, 0)),
		    ENOSYS);
	CHECK_ERRNO(futex(&word, WAKE_OP, 1, (void *)1, (int *)16,
			  op(0, 0, 0, 0)), EFAULT);
}

TEST(wake_op_wakes_both)
{
	struct waiter a[2], b[2];

	other = 0;
	waiters_start(a, 2, &word, WAIT, 0);
	waiters_start(b, 2, &other, WAIT, 0);
	/* the old value is 0, not below 0: only the first word */
	CHECK_EQ(futex(&word, WAKE_OP, 1, (void *)9, &other, op(0, 0, 2, 0)), 1);
	/* 0 <= 0: both */
	CHECK_EQ(futex(&word, WAKE_OP, 9, (void *)9, &other, op(0, 1, 3, 0)), 3);
	waiters_join(a, 2);
	waiters_join(b, 2);
}

static void nothing(int sig)
{
	(void)sig;
}

static void alarm_soon(int flags)
{
	struct sigaction a = { .sa_handler = nothing, .sa_flags = flags };
	struct itimerval t = { .it_value = { 0, 30000 } };

	CHECK_OK(sigaction(SIGALRM, &a, NULL));
	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
}

TEST(handlers_interrupt_or_restart)
{
	struct ts32 t = { 0, 200000000 };

	alarm_soon(0);
	CHECK_ERRNO(futex(&word, WAIT, 0, NULL, NULL, 0), EINTR);
	alarm_soon(0);
	CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), EINTR);
	/* a wait with a time-out ends even with SA_RESTART */
	alarm_soon(SA_RESTART);
	CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), EINTR);
}

TEST(untimed_wait_restarts)
{
	int *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t p;

	CHECK(at != MAP_FAILED);
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(120);
		*at = 1;
		while (futex(at, WAKE, 1, NULL, NULL, 0) == 0)
			ktap_sleep_ms(2);
		_exit(0);
	}
	alarm_soon(SA_RESTART);
	CHECK_EQ(futex(at, WAIT, 0, NULL, NULL, 0), 0);
	CHECK_CHILD(p);
}

TEST(stopped_sleeper_keeps_its_deadline)
{
	struct ts32 t = { 0, 150000000 };
	int status;
	pid_t p = fork();

	if (p == 0) {
		long long before = ktap_ms();

		CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), ETIMEDOUT);
		CHECK(ktap_ms() - before >= 149);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		ktap_sleep_ms(15);
		kill(p, SIGSTOP);
		CHECK_EQ(waitpid(p, &status, WUNTRACED), p);
		kill(p, SIGCONT);
	}
	CHECK_CHILD(p);
}

TEST(shared_memory_between_processes)
{
	volatile int *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t p = fork();

	CHECK(at != MAP_FAILED);
	if (p == 0) {
		while (*at == 0)
			futex(at, WAIT, 0, NULL, NULL, 0);
		_exit(0);
	}
	ktap_sleep_ms(20);
	*at = 1;
	futex(at, WAKE, 1, NULL, NULL, 0);
	CHECK_CHILD(p);
}

/* One page mapped twice, through a file: the same word at two addresses. */
TEST(one_word_two_addresses)
{
	struct waiter w[1];
	char name[] = "/tmp/futex.XXXXXX";
	int fd = mkstemp(name);
	volatile int *a, *b;

	CHECK_OK(fd);
	unlink(name);
	CHECK_OK(ftruncate(fd, 8192));
	a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	b = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(a != MAP_FAILED && b != MAP_FAILED && a != b);
	waiters_start(w, 1, a + 3, WAIT, 0);
	CHECK_EQ(futex(b + 1024 + 2, WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(b + 1024 + 3, WAKE, 1, NULL, NULL, 0), 1);
	waiters_join(w, 1);
}

/* After fork the child's copy is another word. */
TEST(private_memory_is_not_shared_by_fork)
{
	struct waiter w[1];
	pid_t p;

	waiters_start(w, 1, &word, WAIT, 0);
	p = fork();
	if (p == 0) {
		CHECK_EQ(futex(&word, WAKE, 9, NULL, NULL, 0), 0);
		_exit(0);
	}
	CHECK_CHILD(p);
	wake_rest(&word, 1);
	waiters_join(w, 1);
}

TEST(killed_sleepers_leave_no_trace)
{
	for (int i = 0; i < 50; i++) {
		pid_t p = fork();

		if (p == 0) {
			futex(&word, WAIT, 0, NULL, NULL, 0);
			_exit(1);
		}
		if (i & 1)
			sched_yield();
		kill(p, SIGKILL);
		CHECK_EQ(ktap_wait(p), SIGKILL);
	}
	CHECK_EQ(futex(&word, WAKE, 9, NULL, NULL, 0), 0);
}
