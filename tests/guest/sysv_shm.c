/* SPDX-License-Identifier: BSD-2-Clause */
/* sysv_shm.c - System V shared memory. Each test removes what it makes. */
#include <limits.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { PAGE = 4096 };
enum { IPC_SHMCTL = 24, IPC_64 = 0x100 };

static int made = -1;

static void unmake(void)
{
	if (made >= 0)
		shmctl(made, IPC_RMID, NULL);
}

/* A segment that goes when the test ends, as long as it ends by itself. */
static int make(size_t size, int mode)
{
	made = shmget(IPC_PRIVATE, size, IPC_CREAT | mode);
	CHECK_OK(made);
	return made;
}

static struct shmid_ds state(int id)
{
	struct shmid_ds ds;

	CHECK_OK(shmctl(id, IPC_STAT, &ds));
	return ds;
}

static char *attach(int id, const void *at, int flags)
{
	void *p = shmat(id, at, flags);

	CHECK(p != (void *)-1);
	return p;
}

TEST(what_one_writes_all_see)
{
	int id = make(3 * PAGE, 0600), status;
	char *a = attach(id, NULL, 0), *b = attach(id, NULL, 0);
	pid_t pid;

	strcpy(a + 2 * PAGE, "hello");
	CHECK(a != b && !strcmp(b + 2 * PAGE, "hello"));
	CHECK_EQ(state(id).shm_nattch, 2);
	pid = fork();
	if (pid == 0) {
		strcpy(b, "child");
		_exit(state(id).shm_nattch == 4 ? 0 : 1);
	}
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
	CHECK(!strcmp(a, "child"));
	CHECK_EQ(state(id).shm_nattch, 2);
	CHECK_OK(shmdt(a));
	CHECK_EQ(state(id).shm_nattch, 1);
	CHECK_ERRNO(shmdt(a), EINVAL);
	CHECK(!strcmp(b, "child"));
	unmake();
}

TEST(state_is_told)
{
	int id = make(5000, 0640);
	struct shmid_ds ds = state(id);
	time_t now = time(NULL);
	char *p;

	CHECK_EQ(ds.shm_segsz, 5000);
	CHECK_EQ(ds.shm_perm.mode & 0777, 0640);
	CHECK_EQ(ds.shm_perm.uid, geteuid());
	CHECK_EQ(ds.shm_perm.cuid, geteuid());
	CHECK_EQ(ds.shm_perm.gid, getegid());
	CHECK_EQ(ds.shm_cpid, getpid());
	CHECK_EQ(ds.shm_lpid, 0);
	CHECK_EQ(ds.shm_atime, 0);
	CHECK(ds.shm_ctime <= now + 1 && ds.shm_ctime >= now - 10);
	p = attach(id, NULL, 0);
	CHECK_EQ(state(id).shm_lpid, getpid());
	CHECK(state(id).shm_atime >= now - 10);
	CHECK_OK(shmdt(p));
	CHECK(state(id).shm_dtime >= now - 10);
	ds.shm_perm.mode = 0600;
	CHECK_OK(shmctl(id, IPC_SET, &ds));
	CHECK_EQ(state(id).shm_perm.mode & 0777, 0600);
	unmake();
}

TEST(removed_lives_until_the_last_detach)
{
	int id = make(PAGE, 0600);
	char *p = attach(id, NULL, 0), *q;

	strcpy(p, "still here");
	CHECK_OK(shmctl(id, IPC_RMID, NULL));
	CHECK(state(id).shm_perm.mode & SHM_DEST);
	q = attach(id, NULL, 0);
	CHECK(!strcmp(q, "still here"));
	CHECK_OK(shmdt(p));
	CHECK_OK(shmdt(q));
	CHECK_ERRNO(shmctl(id, IPC_STAT, &(struct shmid_ds){ 0 }), EINVAL);
	CHECK_ERRNO((long)shmat(id, NULL, 0), EINVAL);
}

TEST(exit_and_exec_detach)
{
	int id = make(PAGE, 0600);
	pid_t pid = fork();

	if (pid == 0) {
		attach(id, NULL, 0);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(state(id).shm_nattch, 0);
	pid = fork();
	if (pid == 0) {
		attach(id, NULL, 0);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(state(id).shm_nattch, 0);
	unmake();
}

TEST(keys)
{
	key_t key = 0x42000000 | (getpid() & 0xffffff);
	int id;

	CHECK_ERRNO(shmget(key, PAGE, 0600), ENOENT);
	id = made = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
	CHECK_OK(id);
	CHECK_EQ(shmget(key, PAGE, 0600), id);
	CHECK_EQ(shmget(key, 0, 0), id);
	CHECK_EQ(shmget(key, PAGE, IPC_CREAT | 0600), id);
	CHECK_ERRNO(shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	CHECK_ERRNO(shmget(key, 2 * PAGE, 0600), EINVAL);
	attach(id, NULL, 0);
	unmake();
	/* the key is free though the segment is not */
	CHECK_ERRNO(shmget(key, PAGE, 0600), ENOENT);
	made = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
	CHECK_OK(made);
	CHECK(made != id);
	unmake();
}

TEST(bad_arguments)
{
	int id = make(PAGE, 0600);
	char *p = attach(id, NULL, 0);

	CHECK_ERRNO(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO((long)shmat(-1, NULL, 0), EINVAL);
	CHECK_ERRNO((long)shmat(id, p + 1, 0), EINVAL);
	CHECK_ERRNO((long)shmat(id, p, 0), EINVAL);
	CHECK_ERRNO((long)shmat(id, NULL, SHM_REMAP), EINVAL);
	CHECK_ERRNO(shmdt(p + 1), EINVAL);
	CHECK_ERRNO(shmdt(p + PAGE), EINVAL);
	CHECK_ERRNO(shmctl(id, 99, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_ipc, IPC_SHMCTL, id, IPC_STAT | IPC_64, 0, 1), EFAULT);
	CHECK_ERRNO(syscall(SYS_ipc, IPC_SHMCTL, id, IPC_SET | IPC_64, 0, 1), EFAULT);
	CHECK_ERRNO(shmctl(INT_MAX, IPC_RMID, NULL), EINVAL);
	unmake();
}

TEST(where_it_is_attached)
{
	int id = make(2 * PAGE, 0600);
	char *room = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p;

	CHECK(room != MAP_FAILED);
	CHECK_ERRNO((long)shmat(id, room, 0), EINVAL);
	p = attach(id, room, SHM_REMAP);
	CHECK(p == room);
	CHECK_OK(shmdt(p));
	CHECK_OK(munmap(room + 2 * PAGE, 6 * PAGE));
	p = attach(id, room + 17, SHM_RND);
	CHECK(p == room);
	p[2 * PAGE - 1] = 'x';
	unmake();
}

TEST(detach_takes_what_is_left)
{
	int id = make(4 * PAGE, 0600);
	char *p = attach(id, NULL, 0);

	CHECK_OK(munmap(p, PAGE));
	CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));
	CHECK_OK(shmdt(p));
	CHECK_EQ(state(id).shm_nattch, 0);
	CHECK_ERRNO(msync(p + 3 * PAGE, PAGE, MS_ASYNC), ENOMEM);
	unmake();
}

/* What is asked of any memory can be asked of it. */
TEST(is_memory_like_any_other)
{
	int id = make(2 * PAGE, 0600);
	char *p = attach(id, NULL, 0), *q, line[256];
	unsigned char there[2];
	FILE *maps = fopen("/proc/self/maps", "r");
	bool seen = false;

	p[0] = 'a';
	CHECK_OK(msync(p, 2 * PAGE, MS_SYNC));
	CHECK_OK(mincore(p, 2 * PAGE, there));
	CHECK_OK(madvise(p, 2 * PAGE, MADV_DONTNEED));
	CHECK_EQ(p[0], 'a');
	CHECK_OK(mlock(p, 2 * PAGE));
	CHECK_OK(munlock(p, 2 * PAGE));
	while (maps && fgets(line, sizeof(line), maps))
		seen |= strstr(line, "/SYSV00000000") != NULL;
	CHECK(seen);
	q = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	CHECK_EQ(q[0], 'a');
	CHECK_OK(shmdt(q));
	CHECK_EQ(state(id).shm_nattch, 0);
	unmake();
}

TEST(read_only_stays_so)
{
	int id = make(PAGE, 0600), status;
	char *p = attach(id, NULL, SHM_RDONLY);
	pid_t pid;

	CHECK_EQ(p[0], 0);
	CHECK_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	pid = fork();
	if (pid == 0) {
		p[0] = 1;
		_exit(0);
	}
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	unmake();
}

/* Somebody else: the mode decides, and only owners and root may change it. */
TEST(others_go_by_the_mode)
{
	key_t key = 0x43000000 | (getpid() & 0xffffff);
	struct shmid_ds ds;
	pid_t pid;
	int id;

	if (geteuid() != 0)
		SKIP("needs root");
	id = made = shmget(key, PAGE, IPC_CREAT | 0604);
	CHECK_OK(id);
	pid = fork();
	if (pid == 0) {
		CHECK_OK(setgid(12345));
		CHECK_OK(setuid(12345));
		CHECK_ERRNO((long)shmat(id, NULL, 0), EACCES);
		CHECK_ERRNO(shmget(key, PAGE, 0666), EACCES);
		CHECK_OK(shmget(key, PAGE, 0444));
		attach(id, NULL, SHM_RDONLY);
		CHECK_OK(shmctl(id, IPC_STAT, &ds));
		CHECK_ERRNO(shmctl(id, IPC_SET, &ds), EPERM);
		CHECK_ERRNO(shmctl(id, IPC_RMID, NULL), EPERM);
		CHECK_ERRNO(shmctl(id, SHM_LOCK, NULL), EPERM);
		_exit(0);
	}
	CHECK_CHILD(pid);
	ds = state(id);
	ds.shm_perm.uid = 12345;
	ds.shm_perm.mode = 0;
	CHECK_OK(shmctl(id, IPC_SET, &ds));
	CHECK_OK(shmctl(id, SHM_LOCK, NULL));
	CHECK(state(id).shm_perm.mode & SHM_LOCKED);
	CHECK_OK(shmctl(id, SHM_UNLOCK, NULL));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(setuid(12345));
		CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EACCES);
		CHECK_OK(shmctl(id, IPC_RMID, NULL));
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL);
}

TEST(listed_in_proc)
{
	int id = make(12345, 0640), found = 0, n, perms, nattch;
	FILE *f = fopen("/proc/sysvipc/shm", "r");
	char line[256];
	unsigned size;

	CHECK(f);
	CHECK(fgets(line, sizeof(line), f));
	CHECK(strstr(line, "shmid perms"));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %d %o %u %*d %*d %d", &n, &perms, &size,
			   &nattch) == 4 && n == id)
			found = perms == 0640 && size == 12345 && nattch == 0;
	CHECK(found);
	unmake();
}

/* ipcs without /proc goes by index. */
TEST(listed_by_index)
{
	int id = make(PAGE, 0600), found = 0, highest;
	struct shm_info info;
	struct shmid_ds ds;
	struct shminfo limits;

	highest = shmctl(0, SHM_INFO, (void *)&info);
	CHECK_OK(highest);
	CHECK(info.used_ids >= 1 && info.shm_tot >= 1);
	for (int i = 0; i <= highest; i++)
		found |= shmctl(i, SHM_STAT, &ds) == id;
	CHECK(found);
	CHECK_ERRNO(shmctl(highest + 1, SHM_STAT, &ds), EINVAL);
	CHECK_OK(shmctl(0, IPC_INFO, (void *)&limits));
	CHECK_EQ(limits.shmmin, 1);
	CHECK_EQ(limits.shmmni, 4096);
	unmake();
}

/* What was used is given back, also when the maker is killed. */
TEST(many_segments)
{
	enum { MANY = 300 };
	int id[MANY];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			id[i] = shmget(IPC_PRIVATE, PAGE, 0600);
			CHECK_OK(id[i]);
			for (int k = 0; k < i; k += 50)
				CHECK(id[k] != id[i]);
		}
		for (int i = 0; i < MANY; i++)
			CHECK_OK(shmctl(id[i], IPC_RMID, NULL));
	}
	CHECK_ERRNO(shmctl(id[0], IPC_RMID, NULL), EINVAL);
}
