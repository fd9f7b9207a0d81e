/* SPDX-License-Identifier: BSD-2-Clause */
/* futex_owner.c - locks that know their owner: robust lists and PI. */
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { LOCK_PI = 6, UNLOCK_PI = 7, TRYLOCK_PI = 8,
       WAITERS = (int)0x80000000, OWNER_DIED = 0x40000000 };

struct entry {
	struct entry *next;
	volatile int word;
};
struct head {
	struct entry *first;
	long offset;
	struct entry *pending;
};

static struct shared {
	struct head head;
	struct entry entry[4];
	volatile int pi;
} *m;

static void share(void)
{
	m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		 -1, 0);
	CHECK((void *)m != MAP_FAILED);
	m->head.first = (struct entry *)&m->head;
	m->head.offset = offsetof(struct entry, word);
}

static long futex(volatile int *at, int op, int val, const void *timeout)
{
	return syscall(240, at, op, val, timeout, NULL, 0);
}

static int tid(void)
{
	return syscall(SYS_gettid);
}

static void list_is(struct entry *first, struct entry *pending)
{
	m->head.first = first;
	m->head.pending = pending;
	CHECK_OK(syscall(SYS_set_robust_list, &m->head, sizeof(m->head)));
}

TEST(robust_list_is_kept)
{
	struct head *h;
	size_t size;

	share();
	CHECK_ERRNO(syscall(SYS_set_robust_list, &m->head, 8), EINVAL);
	list_is((struct entry *)&m->head, NULL);
	CHECK_OK(syscall(SYS_get_robust_list, 0, &h, &size));
	CHECK(h == &m->head);
	CHECK_EQ(size, sizeof(m->head));
	CHECK_OK(syscall(SYS_get_robust_list, getpid(), &h, &size));
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0x7ffffff, &h, &size), ESRCH);
}

TEST(death_marks_all_on_the_list)
{
	pid_t p;

	share();
	p = fork();
	if (p == 0) {
		m->entry[0].next = &m->entry[1];
		m->entry[1].next = &m->entry[2];
		m->entry[2].next = (struct entry *)&m->head;
		m->entry[0].word = tid();
		m->entry[1].word = tid() | WAITERS;
		m->entry[2].word = 12345; /* somebody else's */
		m->entry[3].word = tid(); /* pending */
		list_is(&m->entry[0], &m->entry[3]);
		kill(getpid(), SIGKILL);
	}
	CHECK_EQ(ktap_wait(p), SIGKILL);
	CHECK_EQ(m->entry[0].word, OWNER_DIED);
	CHECK_EQ(m->entry[1].word, OWNER_DIED | WAITERS);
	CHECK_EQ(m->entry[2].word, 12345);
	CHECK_EQ(m->entry[3].word, OWNER_DIED);
}

TEST(death_wakes_a_waiter)
{
	pid_t p, waiter;

	share();
	p = fork();
	if (p == 0) {
		m->entry[0].next = (struct entry *)&m->head;
		m->entry[0].word = tid() | WAITERS;
		list_is(&m->entry[0], NULL);
		ktap_sleep_ms(100);
		_exit(0);
	}
	while (!m->entry[0].word)
		ktap_sleep_ms(1);
	waiter = fork();
	if (waiter == 0) {
		int seen = m->entry[0].word;

		while (!(m->entry[0].word & OWNER_DIED))
			futex(&m->entry[0].word, 0, seen, NULL);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_CHILD(waiter);
}

TEST(exec_releases_too)
{
	pid_t p;

	share();
	p = fork();
	if (p == 0) {
		m->entry[0].next = (struct entry *)&m->head;
		m->entry[0].word = tid();
		list_is(&m->entry[0], NULL);
		execl("/bin/true", "true", (char *)0);
		_exit(1);
	}
	CHECK_CHILD(p);
	CHECK_EQ(m->entry[0].word, OWNER_DIED);
}

TEST(broken_lists_are_survived)
{
	static const uintptr_t bad[] = { 0, 1, 16, 0xfffffffc, 0xc0000000 };
	pid_t p;

	share();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		p = fork();
		if (p == 0) {
			list_is((struct entry *)bad[i], (struct entry *)bad[i]);
			_exit(0);
		}
		CHECK_CHILD(p);
		p = fork();
		if (p == 0) {
			syscall(SYS_set_robust_list, bad[i], 12);
			_exit(0);
		}
		CHECK_CHILD(p);
		p = fork();
		if (p == 0) {
			m->head.offset = (long)bad[i];
			m->entry[0].next = &m->entry[0]; /* a circle */
			list_is(&m->entry[0], NULL);
			_exit(0);
		}
		CHECK_CHILD(p);
	}
}

TEST(robust_mutex_is_recovered)
{
	pthread_mutexattr_t a;
	pthread_mutex_t *lock;
	pid_t p;

	share();
	lock = (pthread_mutex_t *)(m + 1);
	CHECK_EQ(pthread_mutexattr_init(&a), 0);
	CHECK_EQ(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
	CHECK_EQ(pthread_mutex_init(lock, &a), 0);
	p = fork();
	if (p == 0) {
		pthread_mutex_lock(lock);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(pthread_mutex_lock(lock), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(lock), 0);
	CHECK_EQ(pthread_mutex_unlock(lock), 0);
	CHECK_EQ(pthread_mutex_lock(lock), 0);
	CHECK_EQ(pthread_mutex_unlock(lock), 0);
	/* again, and nobody makes it consistent */
	p = fork();
	if (p == 0) {
		pthread_mutex_lock(lock);
		_exit(0);
	}
	CHECK_CHILD(p);
	CHECK_EQ(pthread_mutex_lock(lock), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_unlock(lock), 0);
	CHECK_EQ(pthread_mutex_lock(lock), ENOTRECOVERABLE);
}

TEST(pi_lock_and_unlock)
{
	share();
	CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
	CHECK_EQ(m->pi, tid());
	CHECK_ERRNO(futex(&m->pi, LOCK_PI, 0, NULL), EDEADLK);
	CHECK_ERRNO(futex(&m->pi, TRYLOCK_PI, 0, NULL), EDEADLK);
	CHECK_OK(futex(&m->pi, UNLOCK_PI, 0, NULL));
	CHECK_EQ(m->pi, 0);
	CHECK_ERRNO(futex(&m->pi, UNLOCK_PI, 0, NULL), EPERM);
	CHECK_OK(futex(&m->pi, TRYLOCK_PI, 0, NULL));
	CHECK_OK(futex(&m->pi, UNLOCK_PI, 0, NULL));
}

TEST(pi_lock_of_nobody_is_esrch)
{
	pid_t p;

	share();
	p = fork();
	if (p == 0)
		_exit(0);
	CHECK_CHILD(p);
	m->pi = p; /* is no more */
	CHECK_ERRNO(futex(&m->pi, LOCK_PI, 0, NULL), ESRCH);
}

TEST(pi_lock_times_out_by_the_wall_clock)
{
	struct timespec now;
	struct { long sec, nsec; } t;
	pid_t p;

	share();
	p = fork();
	if (p == 0) {
		futex(&m->pi, LOCK_PI, 0, NULL);
		for (;;)
			pause();
	}
	while (!m->pi)
		ktap_sleep_ms(1);
	CHECK_ERRNO(futex(&m->pi, TRYLOCK_PI, 0, NULL), EAGAIN);
	clock_gettime(CLOCK_REALTIME, &now);
	t.sec = now.tv_sec;
	t.nsec = now.tv_nsec + 40000000;
	if (t.nsec >= 1000000000) {
		t.sec++;
		t.nsec -= 1000000000;
	}
	CHECK_ERRNO(futex(&m->pi, LOCK_PI, 0, &t), ETIMEDOUT);
	kill(p, SIGKILL);
	ktap_wait(p);
}

TEST(pi_lock_is_handed_over)
{
	pid_t p[4];

	share();
	CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
	for (int i = 0; i < 4; i++) {
		p[i] = fork();
		if (p[i] == 0) {
			CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
			CHECK_EQ(m->pi & 0x3fffffff, tid());
			m->entry[0].word++;
			CHECK_OK(futex(&m->pi, UNLOCK_PI, 0, NULL));
			_exit(0);
		}
	}
	ktap_sleep_ms(30);
	CHECK_EQ(m->pi, tid() | WAITERS);
	CHECK_EQ(m->entry[0].word, 0);
	CHECK_OK(futex(&m->pi, UNLOCK_PI, 0, NULL));
	for (int i = 0; i < 4; i++)
		CHECK_CHILD(p[i]);
	CHECK_EQ(m->entry[0].word, 4);
	CHECK_EQ(m->pi & 0x3fffffff, 0);
}

TEST(pi_lock_of_a_dead_owner)
{
	pid_t p;

	share();
	p = fork();
	if (p == 0) {
		CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
		ktap_sleep_ms(60);
		_exit(0);
	}
	while (!m->pi)
		ktap_sleep_ms(1);
	CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
	CHECK_EQ(m->pi & 0x3fffffff, tid());
	CHECK(m->pi & OWNER_DIED);
	CHECK_CHILD(p);
}

TEST(pi_waiters_can_be_killed)
{
	pid_t p;

	share();
	CHECK_OK(futex(&m->pi, LOCK_PI, 0, NULL));
	p = fork();
	if (p == 0) {
		futex(&m->pi, LOCK_PI, 0, NULL);
		_exit(1);
	}
	while (!(m->pi & WAITERS))
		ktap_sleep_ms(1);
	kill(p, SIGKILL);
	CHECK_EQ(ktap_wait(p), SIGKILL);
	CHECK_OK(futex(&m->pi, UNLOCK_PI, 0, NULL));
	CHECK_EQ(m->pi & 0x3fffffff, 0);
}
