/* SPDX-License-Identifier: BSD-2-Clause */
/* sysv_sem.c - System V semaphores. Each test removes what it makes. */
#include <sys/ipc.h>
#include <sys/sem.h>

#include "ktap.h"

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	void *info;
};

static int made = -1;

static int make(int count, int mode)
{
	made = semget(IPC_PRIVATE, count, IPC_CREAT | mode);
	CHECK_OK(made);
	return made;
}

static void unmake(void)
{
	semctl(made, 0, IPC_RMID);
}

static int op(int id, int num, int by, int flags)
{
	struct sembuf b = { num, by, flags };

	return semop(id, &b, 1);
}

static int value(int id, int num)
{
	return semctl(id, num, GETVAL);
}

/* Until so many wait for the semaphore. */
static void await(int id, int num, int cmd, int count)
{
	for (int i = 0; i < 1000 && semctl(id, num, cmd) != count; i++)
		ktap_sleep_ms(5);
	CHECK_EQ(semctl(id, num, cmd), count);
}

TEST(values)
{
	unsigned short all[3] = { 5, 6, 7 };
	int id = make(3, 0600);

	for (int i = 0; i < 3; i++)
		CHECK_EQ(value(id, i), 0);
	CHECK_OK(semctl(id, 1, SETVAL, (union semun){ .val = 9 }));
	CHECK_EQ(value(id, 1), 9);
	CHECK_OK(semctl(id, 0, SETALL, (union semun){ .array = all }));
	memset(all, 0, sizeof(all));
	CHECK_OK(semctl(id, 0, GETALL, (union semun){ .array = all }));
	CHECK(all[0] == 5 && all[1] == 6 && all[2] == 7);
	CHECK_OK(op(id, 2, -7, IPC_NOWAIT));
	CHECK_EQ(value(id, 2), 0);
	CHECK_EQ(semctl(id, 2, GETPID), getpid());
	CHECK_ERRNO(op(id, 2, -1, IPC_NOWAIT), EAGAIN);
	CHECK_OK(op(id, 2, 0, IPC_NOWAIT));
	CHECK_ERRNO(op(id, 0, 0, IPC_NOWAIT), EAGAIN);
	unmake();
}

TEST(all_or_none)
{
	struct sembuf b[3] = { { 0, 3, 0 }, { 1, 1, 0 }, { 2, -1, IPC_NOWAIT } };
	int id = make(3, 0600);

	CHECK_ERRNO(semop(id, b, 3), EAGAIN);
	CHECK_EQ(value(id, 0), 0);
	CHECK_EQ(value(id, 1), 0);
	CHECK_OK(op(id, 2, 1, 0));
	CHECK_OK(semop(id, b, 3));
	CHECK_EQ(value(id, 0), 3);
	CHECK_EQ(value(id, 1), 1);
	CHECK_EQ(value(id, 2), 0);
	/* the same semaphore more than once, in order */
	CHECK_OK(semop(id, (struct sembuf[]){ { 0, -3, 0 }, { 0, 0, 0 }, { 0, 5, 0 } }, 3));
	CHECK_EQ(value(id, 0), 5);
	unmake();
}

TEST(wakes_the_waiting)
{
	int id = make(2, 0600);
	pid_t down, zero;

	CHECK_OK(op(id, 1, 1, 0));
	down = fork();
	if (down == 0)
		_exit(op(id, 0, -2, 0) ? 1 : 0);
	zero = fork();
	if (zero == 0)
		_exit(op(id, 1, 0, 0) ? 1 : 0);
	await(id, 0, GETNCNT, 1);
	await(id, 1, GETZCNT, 1);
	CHECK_OK(op(id, 0, 1, 0));
	CHECK_EQ(semctl(id, 0, GETNCNT), 1);
	CHECK_OK(op(id, 0, 1, 0));
	CHECK_CHILD(down);
	CHECK_EQ(value(id, 0), 0);
	CHECK_OK(op(id, 1, -1, 0));
	CHECK_CHILD(zero);
	unmake();
}

/* A chain: each one's operation lets the next go on. */
TEST(one_wake_leads_to_the_next)
{
	enum { LINKS = 10 };
	int id = make(LINKS + 1, 0600);
	pid_t pid[LINKS];

	for (int i = 0; i < LINKS; i++) {
		struct sembuf b[2] = { { i, -1, 0 }, { i + 1, 1, 0 } };

		pid[i] = fork();
		if (pid[i] == 0)
			_exit(semop(id, b, 2) ? 1 : 0);
		await(id, i, GETNCNT, 1);
	}
	CHECK_OK(op(id, 0, 1, 0));
	CHECK_OK(op(id, LINKS, -1, 0));
	for (int i = 0; i < LINKS; i++)
		CHECK_CHILD(pid[i]);
	unmake();
}

TEST(mutual_exclusion)
{
	enum { WORKERS = 4, ROUNDS = 300 };
	int id = make(1, 0600), fd[2];
	pid_t pid[WORKERS];
	int n = 0;

	CHECK_OK(pipe(fd));
	CHECK_EQ(write(fd[1], &n, sizeof(n)), sizeof(n));
	CHECK_OK(op(id, 0, 1, 0));
	for (int i = 0; i < WORKERS; i++) {
		pid[i] = fork();
		for (int k = 0; pid[i] == 0 && k < ROUNDS; k++) {
			CHECK_OK(op(id, 0, -1, SEM_UNDO));
			CHECK_EQ(read(fd[0], &n, sizeof(n)), sizeof(n));
			n++;
			CHECK_EQ(write(fd[1], &n, sizeof(n)), sizeof(n));
			CHECK_OK(op(id, 0, 1, SEM_UNDO));
		}
		if (pid[i] == 0)
			_exit(0);
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK_CHILD(pid[i]);
	CHECK_EQ(read(fd[0], &n, sizeof(n)), sizeof(n));
	CHECK_EQ(n, WORKERS * ROUNDS);
	CHECK_EQ(value(id, 0), 1);
	unmake();
}

TEST(undo_at_exit)
{
	int id = make(2, 0600);
	pid_t pid, waiter;

	CHECK_OK(op(id, 0, 2, 0));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(op(id, 0, -1, SEM_UNDO));
		CHECK_OK(op(id, 0, -1, SEM_UNDO));
		CHECK_OK(op(id, 1, 3, SEM_UNDO));
		CHECK_OK(op(id, 1, 4, 0));
		pause();
	}
	await(id, 1, GETVAL, 7);
	waiter = fork();
	if (waiter == 0)
		_exit(op(id, 0, -1, 0) ? 1 : 0);
	await(id, 0, GETNCNT, 1);
	CHECK_OK(kill(pid, SIGKILL));
	ktap_wait(pid);
	CHECK_CHILD(waiter);
	CHECK_EQ(value(id, 0), 1);
	CHECK_EQ(value(id, 1), 4);
	/* SETVAL forgets what was to be undone */
	pid = fork();
	if (pid == 0) {
		CHECK_OK(op(id, 0, 5, SEM_UNDO));
		CHECK_OK(semctl(id, 0, SETVAL, (union semun){ .val = 2 }));
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(value(id, 0), 2);
	unmake();
}

TEST(undo_stops_at_zero)
{
	int id = make(1, 0600);
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_OK(op(id, 0, 5, SEM_UNDO));
		CHECK_OK(op(id, 0, -3, 0));
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(value(id, 0), 0);
	unmake();
}

TEST(removal_ends_the_wait)
{
	int id = make(1, 0600);
	pid_t pid = fork();

	if (pid == 0)
		_exit(op(id, 0, -1, SEM_UNDO) == -1 && errno == EIDRM ? 0 : 1);
	await(id, 0, GETNCNT, 1);
	unmake();
	CHECK_CHILD(pid);
	CHECK_ERRNO(op(id, 0, 1, 0), EINVAL);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(signal_and_time_end_the_wait)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct timespec ms50 = { 0, 50000000 }, bad = { 0, 1000000000 };
	struct sembuf b = { 0, -1, 0 };
	int id = make(1, 0600);
	long long start = ktap_ms();

	CHECK_ERRNO(semtimedop(id, &b, 1, &ms50), EAGAIN);
	CHECK(ktap_ms() - start >= 50);
	CHECK_ERRNO(semtimedop(id, &b, 1, &bad), EINVAL);
	CHECK_EQ(semctl(id, 0, GETNCNT), 0);
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	CHECK_ERRNO(semop(id, &b, 1), EINTR);
	CHECK_EQ(semctl(id, 0, GETNCNT), 0);
	unmake();
}

TEST(bad_arguments)
{
	struct sembuf many[501] = { { 0, 0, 0 } };
	int id = make(2, 0600);

	CHECK_ERRNO(semget(IPC_PRIVATE, 0, 0600), EINVAL);
	CHECK_ERRNO(semget(IPC_PRIVATE, -1, 0600), EINVAL);
	CHECK_ERRNO(semget(IPC_PRIVATE, 32001, 0600), EINVAL);
	CHECK_ERRNO(semop(id, many, 0), EINVAL);
	CHECK_ERRNO(semop(id, many, 501), E2BIG);
	CHECK_OK(semop(id, many, 500));
	CHECK_ERRNO(semop(-1, many, 1), EINVAL);
	CHECK_ERRNO(semop(id, (void *)1, 1), EFAULT);
	CHECK_ERRNO(op(id, 2, 1, 0), EFBIG);
	CHECK_ERRNO(semctl(id, 2, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(id, -1, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(id, 0, SETVAL, (union semun){ .val = 32768 }), ERANGE);
	CHECK_ERRNO(semctl(id, 0, SETVAL, (union semun){ .val = -1 }), ERANGE);
	CHECK_OK(semctl(id, 0, SETVAL, (union semun){ .val = 32767 }));
	CHECK_ERRNO(op(id, 0, 1, 0), ERANGE);
	CHECK_ERRNO(semctl(id, 0, GETALL, (union semun){ .array = (void *)1 }), EFAULT);
	CHECK_ERRNO(semctl(id, 0, 99), EINVAL);
	unmake();
}

TEST(keys_and_modes)
{
	key_t key = 0x44000000 | (getpid() & 0xffffff);
	pid_t pid;
	int id;

	CHECK_ERRNO(semget(key, 1, 0600), ENOENT);
	id = made = semget(key, 2, IPC_CREAT | IPC_EXCL | 0604);
	CHECK_OK(id);
	CHECK_EQ(semget(key, 0, 0), id);
	CHECK_ERRNO(semget(key, 3, 0), EINVAL);
	CHECK_ERRNO(semget(key, 2, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	pid = geteuid() == 0 ? fork() : -1;
	if (pid == 0) {
		CHECK_OK(setgid(12345));
		CHECK_OK(setuid(12345));
		CHECK_EQ(value(id, 0), 0);
		CHECK_OK(op(id, 0, 0, 0));
		CHECK_ERRNO(op(id, 0, 1, 0), EACCES);
		CHECK_ERRNO(semctl(id, 0, SETVAL, (union semun){ .val = 1 }), EACCES);
		CHECK_ERRNO(semctl(id, 0, IPC_RMID), EPERM);
		_exit(0);
	}
	if (pid > 0)
		CHECK_CHILD(pid);
	unmake();
}

TEST(state_and_lists)
{
	int id = make(4, 0640), found = 0, n, perms, count, highest;
	FILE *f = fopen("/proc/sysvipc/sem", "r");
	struct semid_ds ds;
	struct seminfo info;
	char line[256];

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %d %o %d", &n, &perms, &count) == 3 && n == id)
			found = perms == 0640 && count == 4;
	CHECK(found);
	CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){ .buf = &ds }));
	CHECK_EQ(ds.sem_nsems, 4);
	CHECK_EQ(ds.sem_otime, 0);
	CHECK_OK(op(id, 0, 1, 0));
	CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){ .buf = &ds }));
	CHECK(ds.sem_otime >= ds.sem_ctime);
	highest = semctl(0, 0, SEM_INFO, (union semun){ .info = &info });
	CHECK_OK(highest);
	CHECK(info.semusz >= 1 && info.semaem >= 4);
	for (int i = found = 0; i <= highest; i++)
		found |= semctl(i, 0, SEM_STAT, (union semun){ .buf = &ds }) == id;
	CHECK(found);
	CHECK_OK(semctl(0, 0, IPC_INFO, (union semun){ .info = &info }));
	CHECK_EQ(info.semvmx, 32767);
	CHECK_EQ(info.semopm, 500);
	unmake();
}
