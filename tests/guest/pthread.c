/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread.c - the C library's threads, which use clone, futex, TLS, tkill. */
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>

#include "ktap.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile int counter, ready;

#define CHECK_0(call) CHECK_EQ(call, 0)

static pthread_t start(void *(*entry)(void *), void *arg)
{
	pthread_t t;

	CHECK_0(pthread_create(&t, NULL, entry, arg));
	return t;
}

static void *join(pthread_t t)
{
	void *result;

	CHECK_0(pthread_join(t, &result));
	return result;
}

static void *give_back(void *arg)
{
	return arg;
}

TEST(join_gives_the_result)
{
	int here;

	CHECK(join(start(give_back, &here)) == &here);
}

static void *add_often(void *arg)
{
	int times = (intptr_t)arg;

	for (int i = 0; i < times; i++) {
		pthread_mutex_lock(&lock);
		counter = counter + 1;
		if (i % 64 == 0)
			sched_yield();
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

TEST(hundred_threads_share_a_mutex)
{
	pthread_t t[100];

	for (int i = 0; i < 100; i++)
		t[i] = start(add_often, (void *)200);
	for (int i = 0; i < 100; i++)
		join(t[i]);
	CHECK_EQ(counter, 100 * 200);
}

static void *wait_for_ready(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!ready)
		pthread_cond_wait(&cond, &lock);
	counter++;
	pthread_mutex_unlock(&lock);
	return arg;
}

TEST(broadcast_wakes_all)
{
	pthread_t t[20];

	for (int i = 0; i < 20; i++)
		t[i] = start(wait_for_ready, NULL);
	ktap_sleep_ms(20);
	pthread_mutex_lock(&lock);
	ready = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 20; i++)
		join(t[i]);
	CHECK_EQ(counter, 20);
}

TEST(signal_wakes_one_at_a_time)
{
	pthread_t t[5];

	for (int i = 0; i < 5; i++)
		t[i] = start(wait_for_ready, NULL);
	for (int i = 0; i < 5; i++) {
		pthread_mutex_lock(&lock);
		ready = 1;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&lock);
		ktap_sleep_ms(5);
	}
	pthread_cond_broadcast(&cond); /* for those not waiting in time */
	for (int i = 0; i < 5; i++)
		join(t[i]);
	CHECK_EQ(counter, 5);
}

TEST(timed_wait_ends)
{
	struct timespec t;
	long long before = ktap_ms();

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 40000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	CHECK_EQ(pthread_cond_timedwait(&cond, &lock, &t), ETIMEDOUT);
	CHECK(ktap_ms() - before >= 39);
	CHECK_EQ(pthread_mutex_timedlock(&lock, &t), ETIMEDOUT);
}

TEST(mutex_kinds)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;

	CHECK_0(pthread_mutexattr_init(&a));
	CHECK_0(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE));
	CHECK_0(pthread_mutex_init(&m, &a));
	CHECK_0(pthread_mutex_lock(&m));
	CHECK_0(pthread_mutex_lock(&m));
	CHECK_0(pthread_mutex_unlock(&m));
	CHECK_0(pthread_mutex_unlock(&m));
	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	CHECK_0(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK));
	CHECK_0(pthread_mutex_init(&m, &a));
	CHECK_0(pthread_mutex_lock(&m));
	CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);
	CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
	CHECK_0(pthread_mutex_unlock(&m));
}

static __thread int own = 7;
static __thread char own_large[10000];

static void *look_at_own(void *arg)
{
	CHECK_EQ(own, 7);
	CHECK_EQ(own_large[9999], 0);
	own = (intptr_t)arg;
	own_large[9999] = own;
	for (int i = 0; i < 20; i++) {
		sched_yield();
		CHECK_EQ(own, (intptr_t)arg);
	}
	return (void *)(intptr_t)own_large[9999];
}

TEST(each_has_its_own_variables)
{
	pthread_t t[10];

	own = 1;
	for (int i = 0; i < 10; i++)
		t[i] = start(look_at_own, (void *)(intptr_t)(100 + i));
	for (int i = 0; i < 10; i++)
		CHECK_EQ((intptr_t)join(t[i]), 100 + i);
	CHECK_EQ(own, 1);
}

static void *set_errno(void *arg)
{
	errno = 99;
	return arg;
}

TEST(errno_is_a_threads_own)
{
	errno = 5;
	join(start(set_errno, NULL));
	CHECK_EQ(errno, 5);
}

static pthread_key_t key;

static void count_down(void *value)
{
	counter += (intptr_t)value;
}

static void *use_key(void *arg)
{
	pthread_setspecific(key, arg);
	return NULL;
}

TEST(keys_have_destructors)
{
	CHECK_0(pthread_key_create(&key, count_down));
	join(start(use_key, (void *)11));
	CHECK_EQ(counter, 11);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void only_once(void)
{
	ktap_sleep_ms(10);
	counter++;
}

static void *call_once(void *arg)
{
	pthread_once(&once, only_once);
	CHECK_EQ(counter, 1);
	return arg;
}

TEST(once_is_once)
{
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		t[i] = start(call_once, NULL);
	for (int i = 0; i < 8; i++)
		join(t[i]);
}

static void cleanup(void *arg)
{
	*(int *)arg = 1;
}

static void *sleep_in_pause(void *arg)
{
	pthread_cleanup_push(cleanup, arg);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

TEST(cancel_ends_a_blocked_thread)
{
	int cleaned = 0;
	pthread_t t = start(sleep_in_pause, &cleaned);

	ktap_sleep_ms(20);
	CHECK_0(pthread_cancel(t));
	CHECK(join(t) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

static void *spin_cancelled(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	ready = 1;
	for (;;)
		counter++;
	return arg;
}

TEST(cancel_ends_a_running_thread)
{
	pthread_t t = start(spin_cancelled, NULL);

	while (!ready)
		sched_yield();
	CHECK_0(pthread_cancel(t));
	CHECK(join(t) == PTHREAD_CANCELED);
}

static void unlock(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

static void *wait_on_cond(void *arg)
{
	pthread_mutex_lock(&lock);
	pthread_cleanup_push(unlock, &lock);
	for (;;)
		pthread_cond_wait(&cond, &lock);
	pthread_cleanup_pop(1);
	return arg;
}

TEST(cancel_in_cond_wait_has_the_lock)
{
	pthread_t t = start(wait_on_cond, NULL);

	ktap_sleep_ms(20);
	CHECK_0(pthread_cancel(t));
	CHECK(join(t) == PTHREAD_CANCELED);
	CHECK_0(pthread_mutex_trylock(&lock));
}

static void *count_and_post(void *sem)
{
	pthread_mutex_lock(&lock);
	counter++;
	pthread_mutex_unlock(&lock);
	sem_post(sem);
	return NULL;
}

TEST(detached_threads_come_and_go)
{
	pthread_attr_t a;
	pthread_t t;
	sem_t sem;

	CHECK_0(sem_init(&sem, 0, 0));
	CHECK_0(pthread_attr_init(&a));
	CHECK_0(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED));
	for (int i = 0; i < 500; i++) {
		CHECK_0(pthread_create(&t, &a, count_and_post, &sem));
		sem_wait(&sem);
	}
	CHECK_EQ(counter, 500);
}

TEST(semaphores_between_processes)
{
	sem_t *sem = sem_open("/ktap-sem", O_CREAT | O_EXCL, 0600, 0);
	pid_t p;

	if (sem == SEM_FAILED)
		SKIP("no /dev/shm");
	sem_unlink("/ktap-sem");
	p = fork();
	if (p == 0) {
		ktap_sleep_ms(20);
		sem_post(sem);
		_exit(0);
	}
	CHECK_0(sem_wait(sem));
	CHECK_CHILD(p);
}

static pthread_barrier_t barrier;

static void *meet(void *arg)
{
	for (int i = 0; i < 50; i++) {
		__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&barrier);
		CHECK_EQ(counter % 6, 0);
		pthread_barrier_wait(&barrier);
	}
	return arg;
}

TEST(barriers)
{
	pthread_t t[6];

	CHECK_0(pthread_barrier_init(&barrier, NULL, 6));
	for (int i = 0; i < 6; i++)
		t[i] = start(meet, NULL);
	for (int i = 0; i < 6; i++)
		join(t[i]);
	CHECK_EQ(counter, 300);
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static volatile int first, second;

static void *write_pairs(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_wrlock(&rw);
		first++;
		sched_yield();
		second++;
		pthread_rwlock_unlock(&rw);
	}
	return arg;
}

static void *read_pairs(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_rdlock(&rw);
		CHECK_EQ(first, second);
		pthread_rwlock_unlock(&rw);
		sched_yield();
	}
	return arg;
}

TEST(readers_and_writers)
{
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		t[i] = start(i < 3 ? write_pairs : read_pairs, NULL);
	for (int i = 0; i < 8; i++)
		join(t[i]);
	CHECK_EQ(first, 900);
}

static volatile pid_t caught_by;

static void note_thread(int sig)
{
	(void)sig;
	caught_by = syscall(SYS_gettid);
}

static void *tell_tid(void *arg)
{
	*(volatile pid_t *)arg = syscall(SYS_gettid);
	while (!caught_by)
		ktap_sleep_ms(1);
	return NULL;
}

TEST(pthread_kill_reaches_its_thread)
{
	volatile pid_t tid = 0;
	pthread_t t;

	signal(SIGUSR1, note_thread);
	t = start(tell_tid, (void *)&tid);
	while (!tid)
		sched_yield();
	CHECK_0(pthread_kill(t, SIGUSR1));
	join(t);
	CHECK_EQ(caught_by, tid);
	CHECK(tid != getpid());
}

TEST(process_signal_goes_to_who_does_not_block_it)
{
	volatile pid_t tid = 0;
	sigset_t set;
	pthread_t t;

	signal(SIGUSR1, note_thread);
	t = start(tell_tid, (void *)&tid);
	while (!tid)
		sched_yield();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	CHECK_OK(kill(getpid(), SIGUSR1));
	join(t);
	CHECK_EQ(caught_by, tid);
}

static void *wait_for_child(void *arg)
{
	CHECK_CHILD(*(pid_t *)arg);
	return NULL;
}

TEST(threads_wait_for_each_others_children)
{
	pid_t p = fork();

	if (p == 0)
		_exit(0);
	join(start(wait_for_child, &p));
	CHECK_ERRNO(waitpid(p, NULL, 0), ECHILD);
}

static void *exec_true(void *arg)
{
	execl("/bin/true", "true", (char *)0);
	return arg;
}

static void *spin(void *arg)
{
	for (;;)
		counter++;
	return arg;
}

/* The thread that calls exec becomes the process, whatever the others do. */
TEST(exec_from_a_thread)
{
	pid_t p = fork();

	if (p == 0) {
		start(spin, NULL);
		start(sleep_in_pause, &(int){ 0 });
		start(exec_true, NULL);
		pause();
		_exit(1);
	}
	CHECK_CHILD(p);
}

static void *exit_process(void *arg)
{
	_exit((intptr_t)arg);
}

TEST(exit_group_from_a_thread)
{
	pid_t p = fork();

	if (p == 0) {
		start(spin, NULL);
		start(exit_process, (void *)12);
		pause();
	}
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 12);
}

static void *outlive(void *arg)
{
	ktap_sleep_ms(50);
	_exit((intptr_t)arg);
}

TEST(first_thread_may_leave_first)
{
	pid_t p = fork();
	siginfo_t info = { 0 };

	if (p == 0) {
		start(outlive, (void *)21);
		syscall(SYS_exit, 3);
	}
	ktap_sleep_ms(10);
	CHECK_OK(waitid(P_PID, p, &info, WEXITED | WNOHANG | WNOWAIT));
	CHECK(info.si_pid == 0 || info.si_status == 21);
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), 21);
}

static void *fault(void *arg)
{
	*(volatile int *)arg = 1;
	return arg;
}

TEST(fault_in_a_thread_ends_all)
{
	pid_t p = fork();

	if (p == 0) {
		start(fault, (void *)16);
		pause();
	}
	CHECK_EQ(WTERMSIG(ktap_wait(p)), SIGSEGV);
}

static void *fork_here(void *arg)
{
	pid_t p = fork();

	if (p == 0) {
		CHECK_EQ(getpid(), syscall(SYS_gettid));
		_exit((intptr_t)arg);
	}
	CHECK_EQ(WEXITSTATUS(ktap_wait(p)), (intptr_t)arg);
	return NULL;
}

TEST(fork_in_threads)
{
	pthread_t t[10];

	for (int i = 0; i < 10; i++)
		t[i] = start(fork_here, (void *)(intptr_t)i);
	for (int i = 0; i < 10; i++)
		join(t[i]);
}
