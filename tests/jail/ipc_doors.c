/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipc_doors.c - objects that processes share: System V's by key and number,
 * names in /dev/shm, locks, futexes, sockets; across the wall of a jail.
 *
 * What one had before it entered it keeps, by design (E38): whoever enters
 * decides what he brings. What can be named anew is the jail's own.
 * oracle: no
 */
#include <linux/futex.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "jail_test.h"
#include "passing.h"

enum { KEY = 0x4a41494c };

struct objects {
	int shm, sem, msg;
};

static struct objects make_objects(void)
{
	struct objects o;

	o.shm = shmget(KEY, 4096, IPC_CREAT | 0666);
	o.sem = semget(KEY, 1, IPC_CREAT | 0666);
	o.msg = msgget(KEY, IPC_CREAT | 0666);
	CHECK(o.shm >= 0 && o.sem >= 0 && o.msg >= 0);
	return o;
}

static void remove_objects(struct objects o)
{
	CHECK_OK(shmctl(o.shm, IPC_RMID, NULL));
	CHECK_OK(semctl(o.sem, 0, IPC_RMID));
	CHECK_OK(msgctl(o.msg, IPC_RMID, NULL));
}

/* What another world's objects are: EINVAL, as if there were none. */
static void not_there(struct objects o)
{
	struct shmid_ds ds;
	struct sembuf up = { 0, 1, 0 };
	long text[2] = { 1, 1 };

	CHECK_ERRNO((long)shmat(o.shm, NULL, 0), EINVAL);
	CHECK_ERRNO(shmctl(o.shm, IPC_STAT, &ds), EINVAL);
	CHECK_ERRNO(shmctl(o.shm, IPC_RMID, NULL), EINVAL);
	CHECK_ERRNO(semctl(o.sem, 0, GETVAL), EINVAL);
	CHECK_ERRNO(semop(o.sem, &up, 1), EINVAL);
	CHECK_ERRNO(semctl(o.sem, 0, IPC_RMID), EINVAL);
	CHECK_ERRNO(msgsnd(o.msg, text, 4, IPC_NOWAIT), EINVAL);
	CHECK_ERRNO(msgrcv(o.msg, text, 4, 0, IPC_NOWAIT), EINVAL);
	CHECK_ERRNO(msgctl(o.msg, IPC_RMID, NULL), EINVAL);
}

#define SYSV(mode) "sysvshm=" mode "; sysvsem=" mode "; sysvmsg=" mode

TEST(own_keys)
{
	struct objects host, own;
	int a;

	j_begin();
	host = make_objects();
	a = j_simple("a", SYSV("new"));
	IN_JAIL(a, 0) {
		CHECK_ERRNO(shmget(KEY, 4096, 0), ENOENT);
		CHECK_ERRNO(semget(KEY, 1, 0), ENOENT);
		CHECK_ERRNO(msgget(KEY, 0), ENOENT);
		not_there(host);
		own = make_objects();
		CHECK(own.shm != host.shm && own.msg != host.msg);
	}
	/* And they go with their jail. */
	CHECK_OK(jail_remove(a));
	CHECK_EQ(shmget(KEY, 4096, 0), host.shm);
	remove_objects(host);
	CHECK_ERRNO(shmget(KEY, 4096, 0), ENOENT);
}

TEST(siblings_and_host)
{
	struct objects *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int a, b;

	j_begin();
	a = j_simple("a", SYSV("new"));
	b = j_simple("b", SYSV("new"));
	IN_JAIL(a, 0)
		*own = make_objects();
	IN_JAIL(b, 0)
		not_there(*own);
	/* FreeBSD: the host reaches what is below it by its number. */
	CHECK_OK(shmctl(own->shm, IPC_RMID, NULL));
	CHECK_OK(semctl(own->sem, 0, IPC_RMID));
	CHECK_OK(msgctl(own->msg, IPC_RMID, NULL));
}

TEST(inherited)
{
	struct objects host;
	int a;

	j_begin();
	host = make_objects();
	a = j_simple("a", SYSV("inherit"));
	IN_JAIL(a, 0) {
		CHECK_EQ(shmget(KEY, 4096, 0), host.shm);
		CHECK_EQ(semget(KEY, 1, 0), host.sem);
		CHECK_OK((long)shmat(host.shm, NULL, 0));
	}
	remove_objects(host);
}

TEST(disabled)
{
	int a;

	j_begin();
	a = j_simple("a", SYSV("disable"));
	IN_JAIL(a, 0) {
		CHECK_ERRNO(shmget(IPC_PRIVATE, 4096, 0600), ENOSYS);
		CHECK_ERRNO(semget(IPC_PRIVATE, 1, 0600), ENOSYS);
		CHECK_ERRNO(msgget(IPC_PRIVATE, 0600), ENOSYS);
	}
	/* Nothing of it is the default. */
	a = j_simple("b", "");
	IN_JAIL(a, 0)
		CHECK_ERRNO(shmget(IPC_PRIVATE, 4096, 0600), ENOSYS);
	CHECK_OK(j_change(a, "allow.sysvipc"));
	IN_JAIL(a, 0) {
		int id = shmget(IPC_PRIVATE, 4096, 0600);

		CHECK_OK(id);
		CHECK_OK(shmctl(id, IPC_RMID, NULL));
	}
}

/* The lists of /proc/sysvipc show one's own. */
TEST(lists)
{
	struct objects host;
	char line[256];
	int a, lines = 0;
	FILE *f;

	j_begin();
	host = make_objects();
	a = j_simple("a", SYSV("new"));
	j_mount("proc", j_path("a"), "proc");
	IN_JAIL(a, 0) {
		f = fopen("/proc/sysvipc/shm", "r");
		CHECK(f != NULL);
		while (fgets(line, sizeof(line), f))
			lines++;
		CHECK_EQ(lines, 1);
	}
	remove_objects(host);
}

/* What was attached before stays: a page is a page. */
TEST(attached_before)
{
	int a, id;
	char *page, *shared;

	j_begin();
	a = j_simple("a", "");
	id = shmget(IPC_PRIVATE, 4096, 0600);
	page = shmat(id, NULL, 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK((long)page != -1 && shared != MAP_FAILED);
	IN_JAIL(a, 0) {
		*page = *shared = 'x';
		CHECK(shmat(id, NULL, 0) == (void *)-1);
		CHECK_OK(shmdt(page));
	}
	CHECK(*page == 'x' && *shared == 'x');
	CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(posix_names)
{
	int a, b;

	j_begin();
	a = j_simple("a", "");
	b = j_simple("b", "");
	CHECK_OK(open("/dev/shm/host", O_CREAT | O_RDWR, 0666));
	j_mount("devtmpfs", j_path("a"), "dev");
	IN_JAIL(a, 0) {
		CHECK_ERRNO(open("/dev/shm/host", O_RDWR), ENOENT);
		(void)!mkdir("/dev/shm", 01777);
	}
	IN_JAIL(b, 0)
		CHECK_ERRNO(open("/dev/shm/host", O_RDWR), ENOENT);
	CHECK_OK(unlink("/dev/shm/host"));
}

/* A page that both have is a place where both may wait: they agreed. */
TEST(futex_on_a_shared_page)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec limit = { 5, 0 };
	pid_t pid;

	j_begin();
	pid = j_enter(j_simple("a", ""), 0);
	if (pid == 0) {
		ktap_sleep_ms(30);
		*word = 1;
		CHECK_EQ(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0),
			 1);
		_exit(0);
	}
	CHECK_OK(syscall(SYS_futex, word, FUTEX_WAIT, 0, &limit, NULL, 0));
	CHECK_CHILD(pid);
}

TEST(locks_hold_across)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int a, fd;

	j_begin();
	a = j_simple("a", "");
	put("a/f", "");
	fd = open("a/f", O_RDWR);
	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	IN_JAIL(a, 0) {
		int own = open("/f", O_RDWR);

		CHECK_ERRNO(fcntl(own, F_SETLK, &lock), EAGAIN);
		CHECK_OK(fcntl(own, F_GETLK, &lock));
		CHECK_EQ(lock.l_pid, 0);
		CHECK_OK(flock(own, LOCK_EX | LOCK_NB));
	}
}

static void abstract(struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ AF_UNIX, "" };
	memcpy(name->sun_path + 1, "jail-test", 9);
}

/* Abstract names, which no file stands for, are a jail's own too. */
TEST(abstract_socket_names)
{
	struct sockaddr_un name;
	int a, s = socket(AF_UNIX, SOCK_STREAM, 0);

	j_begin();
	CHECK_OK(s);
	abstract(&name);
	if (bind(s, (struct sockaddr *)&name, 2 + 10) < 0)
		SKIP("no abstract names");
	CHECK_OK(listen(s, 1));
	a = j_simple("a", "");
	IN_JAIL(a, 0) {
		s = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK_ERRNO(connect(s, (struct sockaddr *)&name, 2 + 10),
			    ECONNREFUSED);
		CHECK_OK(bind(s, (struct sockaddr *)&name, 2 + 10));
	}
}

/* The number of a peer that cannot be seen is not told. */
TEST(peer_of_a_socket)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int a, pair[2];

	j_begin();
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	a = j_simple("a", "");
	CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
	CHECK_EQ(peer.pid, getpid());
	IN_JAIL(a, 0) {
		CHECK_OK(getsockopt(pair[1], SOL_SOCKET, SO_PEERCRED, &peer,
				    &size));
		CHECK_EQ(peer.pid, 0);
	}
}

/* A file of one's own may be sent out and in; only directories, devices and
 * the like may not come in from outside. */
TEST(files_may_be_sent)
{
	int a, pair[2], fd;
	char text[8] = "";

	j_begin();
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	a = j_simple("a", "");
	put("log", "text");
	CHECK_OK(fd_send(pair[0], open("log", O_RDONLY)));
	IN_JAIL(a, 0) {
		fd = fd_receive(pair[1]);
		CHECK_OK(fd);
		CHECK_EQ(read(fd, text, 4), 4);
		CHECK_OK(fd_send(pair[1], open("/", O_RDONLY | O_DIRECTORY)));
	}
	fd = fd_receive(pair[0]); /* the host may have it */
	CHECK_OK(fd);
	CHECK_OK(faccessat(fd, "inside", F_OK, 0));
}
