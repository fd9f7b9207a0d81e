/* SPDX-License-Identifier: BSD-2-Clause */
/* posix_ipc.c - what a C library makes of files in /dev/shm and futexes. */
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ktap.h"

enum { PAGE = 4096 };

static const char *own_name(const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "/ktap-%s-%d", what, (int)getpid());
	return name;
}

TEST(shared_memory)
{
	const char *name = own_name("shm");
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), again;
	struct stat st;
	char *a, *b;
	pid_t pid;

	CHECK_OK(fd);
	CHECK_ERRNO(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	again = shm_open(name, O_RDONLY, 0);
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	CHECK_OK(fstat(again, &st));
	CHECK_EQ(st.st_size, 2 * PAGE);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	a = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, again, 0);
	CHECK(a != MAP_FAILED && b != MAP_FAILED);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, again, 0), EACCES);
	CHECK_OK(shm_unlink(name));
	CHECK_ERRNO(shm_open(name, O_RDWR, 0), ENOENT);
	pid = fork();
	if (pid == 0) {
		strcpy(a + PAGE, "from the child");
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK(!strcmp(b + PAGE, "from the child"));
}

TEST(named_semaphore)
{
	const char *name = own_name("sem");
	sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 0), *same;
	int value, status;
	pid_t pid;

	CHECK(s != SEM_FAILED);
	CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED);
	CHECK_EQ(errno, EEXIST);
	same = sem_open(name, 0);
	CHECK(same != SEM_FAILED);
	pid = fork();
	if (pid == 0) {
		sem_t *mine = sem_open(name, 0);

		_exit(mine == SEM_FAILED || sem_wait(mine) ? 1 : 0);
	}
	ktap_sleep_ms(20);
	CHECK_OK(sem_post(s));
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
	CHECK_OK(sem_getvalue(same, &value));
	CHECK_EQ(value, 0);
	CHECK_ERRNO(sem_trywait(same), EAGAIN);
	CHECK_OK(sem_unlink(name));
	CHECK(sem_open(name, 0) == SEM_FAILED);
	CHECK_EQ(errno, ENOENT);
	CHECK_OK(sem_close(s));
}

/* Between processes, in memory that both have mapped. */
TEST(semaphore_and_mutex_in_shared_memory)
{
	enum { WORKERS = 4, ROUNDS = 2000 };
	struct {
		sem_t sem;
		pthread_mutex_t lock;
		int by_sem, by_lock;
	} *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	pid_t pid[WORKERS];

	CHECK(m != MAP_FAILED);
	CHECK_OK(sem_init(&m->sem, 1, 1));
	CHECK_EQ(pthread_mutexattr_init(&attr), 0);
	CHECK_EQ(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_mutex_init(&m->lock, &attr), 0);
	for (int i = 0; i < WORKERS; i++) {
		pid[i] = fork();
		for (int k = 0; pid[i] == 0 && k < ROUNDS; k++) {
			CHECK_OK(sem_wait(&m->sem));
			m->by_sem++;
			CHECK_OK(sem_post(&m->sem));
			CHECK_EQ(pthread_mutex_lock(&m->lock), 0);
			m->by_lock++;
			CHECK_EQ(pthread_mutex_unlock(&m->lock), 0);
		}
		if (pid[i] == 0)
			_exit(0);
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK_CHILD(pid[i]);
	CHECK_EQ(m->by_sem, WORKERS * ROUNDS);
	CHECK_EQ(m->by_lock, WORKERS * ROUNDS);
}

TEST(timed_wait)
{
	struct timespec until;
	long long start = ktap_ms();
	sem_t s;

	CHECK_OK(sem_init(&s, 0, 0));
	CHECK_OK(clock_gettime(CLOCK_REALTIME, &until));
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	CHECK_ERRNO(sem_timedwait(&s, &until), ETIMEDOUT);
	CHECK(ktap_ms() - start >= 49);
}
