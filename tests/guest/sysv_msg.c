/* SPDX-License-Identifier: BSD-2-Clause */
/* sysv_msg.c - System V message queues. Each test removes what it makes. */
#include <limits.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/syscall.h>

#include "ktap.h"

enum { TEXT = 8192 };
enum { IPC_MSGCTL = 14, IPC_64 = 0x100 };

struct message {
	long type;
	char text[TEXT + 1];
};

static int made = -1;

static int make(int mode)
{
	made = msgget(IPC_PRIVATE, IPC_CREAT | mode);
	CHECK_OK(made);
	return made;
}

static void unmake(void)
{
	msgctl(made, IPC_RMID, NULL);
}

static int put(int id, long type, const char *text, int flags)
{
	static struct message m;

	m.type = type;
	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text) + 1, flags);
}

/* The text of the next message of that type; its own type in *type. */
static const char *take(int id, long want, int flags, long *type)
{
	static struct message m;

	CHECK_OK(msgrcv(id, &m, TEXT, want, flags));
	if (type)
		*type = m.type;
	return m.text;
}

static struct msqid_ds state(int id)
{
	struct msqid_ds ds;

	CHECK_OK(msgctl(id, IPC_STAT, &ds));
	return ds;
}

TEST(first_in_first_out_by_type)
{
	int id = make(0600);
	long type;

	CHECK_OK(put(id, 3, "three", 0));
	CHECK_OK(put(id, 1, "one", 0));
	CHECK_OK(put(id, 2, "two", 0));
	CHECK_OK(put(id, 1, "uno", 0));
	CHECK_EQ(state(id).msg_qnum, 4);
	CHECK(!strcmp(take(id, 2, 0, NULL), "two"));
	CHECK(!strcmp(take(id, -2, 0, &type), "one"));
	CHECK_EQ(type, 1);
	CHECK(!strcmp(take(id, 3, MSG_EXCEPT, NULL), "uno"));
	CHECK(!strcmp(take(id, 0, 0, &type), "three"));
	CHECK_EQ(type, 3);
	CHECK_ERRNO(msgrcv(id, &(struct message){ 0 }, TEXT, 0, IPC_NOWAIT), ENOMSG);
	unmake();
}

TEST(lowest_type_first)
{
	int id = make(0600);

	CHECK_OK(put(id, 5, "five", 0));
	CHECK_OK(put(id, 4, "four", 0));
	CHECK_OK(put(id, 6, "six", 0));
	CHECK(!strcmp(take(id, -5, 0, NULL), "four"));
	CHECK(!strcmp(take(id, LONG_MIN, 0, NULL), "five"));
	CHECK(!strcmp(take(id, -LONG_MAX, 0, NULL), "six"));
	unmake();
}

TEST(sizes)
{
	static struct message m = { .type = 1 };
	int id = make(0600);

	CHECK_OK(msgsnd(id, &m, 0, 0));
	CHECK_EQ(msgrcv(id, &m, TEXT, 0, 0), 0);
	CHECK_ERRNO(msgsnd(id, &m, TEXT + 1, 0), EINVAL);
	memset(m.text, 'a', TEXT);
	CHECK_OK(msgsnd(id, &m, TEXT, 0));
	CHECK_ERRNO(msgrcv(id, &m, 10, 0, 0), E2BIG);
	CHECK_EQ(state(id).msg_qnum, 1);
	CHECK_EQ(msgrcv(id, &m, 10, 0, MSG_NOERROR), 10);
	CHECK_EQ(state(id).msg_qnum, 0);
	CHECK_EQ(state(id).__msg_cbytes, 0);
	unmake();
}

TEST(full_queue)
{
	static struct message m = { .type = 1 };
	int id = make(0600);
	pid_t pid;

	CHECK_OK(msgsnd(id, &m, TEXT, 0));
	CHECK_OK(msgsnd(id, &m, TEXT, 0));
	CHECK_ERRNO(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
	pid = fork();
	if (pid == 0) {
		m.type = 7;
		_exit(msgsnd(id, &m, TEXT, 0) ? 1 : 0);
	}
	ktap_sleep_ms(50);
	CHECK_EQ(state(id).msg_qnum, 2);
	CHECK_EQ(msgrcv(id, &m, TEXT, 0, 0), TEXT);
	CHECK_CHILD(pid);
	CHECK_EQ(msgrcv(id, &m, TEXT, 7, IPC_NOWAIT), TEXT);
	CHECK_EQ(state(id).msg_lspid, pid);
	CHECK_EQ(state(id).msg_lrpid, getpid());
	unmake();
}

TEST(the_right_receiver_gets_it)
{
	int id = make(0600);
	pid_t two = fork(), one;

	if (two == 0)
		_exit(strcmp(take(id, 2, 0, NULL), "to two") ? 1 : 0);
	one = fork();
	if (one == 0)
		_exit(strcmp(take(id, 1, 0, NULL), "to one") ? 1 : 0);
	ktap_sleep_ms(50);
	CHECK_OK(put(id, 1, "to one", 0));
	CHECK_CHILD(one);
	CHECK_OK(put(id, 2, "to two", 0));
	CHECK_CHILD(two);
	CHECK_EQ(state(id).msg_qnum, 0);
	unmake();
}

/* All that is sent arrives once, with many on both sides. */
TEST(many_senders_and_receivers)
{
	enum { SIDES = 3, EACH = 200 };
	int id = make(0600), fd[2], sum = 0, n;
	pid_t pid[2 * SIDES];

	CHECK_OK(pipe(fd));
	for (int i = 0; i < 2 * SIDES; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int k = 0; k < EACH; k++) {
			struct { long type; int n; char fill[500]; } m = { 1 + k % 3, k, "" };

			if (i < SIDES) {
				CHECK_OK(msgsnd(id, &m, sizeof(m) - sizeof(long), 0));
			} else {
				CHECK_OK(msgrcv(id, &m, sizeof(m) - sizeof(long), 0, 0));
				sum += m.n;
			}
		}
		(void)!write(fd[1], &sum, sizeof(sum));
		_exit(0);
	}
	for (int i = 0; i < 2 * SIDES; i++) {
		CHECK_CHILD(pid[i]);
		CHECK_EQ(read(fd[0], &n, sizeof(n)), sizeof(n));
		sum += n;
	}
	CHECK_EQ(sum, SIDES * EACH * (EACH - 1) / 2);
	CHECK_EQ(state(id).msg_qnum, 0);
	unmake();
}

TEST(removal_ends_the_wait)
{
	static struct message m = { .type = 1 };
	int id = make(0600);
	pid_t receiver = fork(), sender;

	if (receiver == 0)
		_exit(msgrcv(id, &m, TEXT, 9, 0) == -1 && errno == EIDRM ? 0 : 1);
	CHECK_OK(msgsnd(id, &m, TEXT, 0));
	CHECK_OK(msgsnd(id, &m, TEXT, 0));
	sender = fork();
	if (sender == 0)
		_exit(msgsnd(id, &m, TEXT, 0) == -1 && errno == EIDRM ? 0 : 1);
	ktap_sleep_ms(100);
	unmake();
	CHECK_CHILD(receiver);
	CHECK_CHILD(sender);
	CHECK_ERRNO(msgsnd(id, &m, 1, 0), EINVAL);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(signal_ends_the_wait)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	static struct message m;
	int id = make(0600);

	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	CHECK_ERRNO(msgrcv(id, &m, TEXT, 0, 0), EINTR);
	unmake();
}

TEST(bad_arguments)
{
	static struct message m = { .type = 1 };
	int id = make(0600);

	CHECK_ERRNO(msgsnd(id, (void *)1, 1, 0), EFAULT);
	CHECK_ERRNO(put(id, 0, "x", 0), EINVAL);
	CHECK_ERRNO(put(id, -1, "x", 0), EINVAL);
	CHECK_ERRNO(msgsnd(-1, &m, 1, 0), EINVAL);
	CHECK_ERRNO(msgrcv(-1, &m, 1, 0, 0), EINVAL);
	CHECK_ERRNO(msgrcv(id, &m, -1, 0, 0), EINVAL);
	CHECK_ERRNO(msgctl(id, 99, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_ipc, IPC_MSGCTL, id, IPC_STAT | IPC_64, 0, 1), EFAULT);
	CHECK_OK(put(id, 1, "lost", 0));
	CHECK_ERRNO(msgrcv(id, (void *)1, TEXT, 0, 0), EFAULT);
	unmake();
}

TEST(keys_and_modes)
{
	key_t key = 0x45000000 | (getpid() & 0xffffff);
	struct msqid_ds ds;
	pid_t pid;
	int id;

	CHECK_ERRNO(msgget(key, 0600), ENOENT);
	id = made = msgget(key, IPC_CREAT | IPC_EXCL | 0602);
	CHECK_OK(id);
	CHECK_EQ(msgget(key, 0), id);
	CHECK_ERRNO(msgget(key, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	pid = geteuid() == 0 ? fork() : -1;
	if (pid == 0) {
		CHECK_OK(setgid(12345));
		CHECK_OK(setuid(12345));
		CHECK_OK(put(id, 1, "hello", 0));
		CHECK_ERRNO(msgrcv(id, &(struct message){ 0 }, TEXT, 0, 0), EACCES);
		CHECK_ERRNO(msgctl(id, IPC_STAT, &ds), EACCES);
		CHECK_ERRNO(msgctl(id, IPC_RMID, NULL), EPERM);
		_exit(0);
	}
	if (pid > 0) {
		CHECK_CHILD(pid);
		CHECK(!strcmp(take(id, 0, 0, NULL), "hello"));
	}
	ds = state(id);
	ds.msg_qbytes = 10;
	CHECK_OK(msgctl(id, IPC_SET, &ds));
	CHECK_OK(put(id, 1, "123456789", 0));
	CHECK_ERRNO(put(id, 1, "", IPC_NOWAIT), EAGAIN);
	unmake();
}

TEST(state_and_lists)
{
	int id = make(0640), found = 0, n, perms, highest;
	FILE *f = fopen("/proc/sysvipc/msg", "r");
	struct msginfo info;
	struct msqid_ds ds;
	char line[256];

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %d %o", &n, &perms) == 2 && n == id)
			found = perms == 0640;
	CHECK(found);
	ds = state(id);
	CHECK_EQ(ds.msg_qbytes, 16384);
	CHECK_EQ(ds.msg_stime, 0);
	CHECK_EQ(ds.msg_rtime, 0);
	CHECK_OK(put(id, 1, "x", 0));
	CHECK(state(id).msg_stime >= ds.msg_ctime);
	highest = msgctl(0, MSG_INFO, (void *)&info);
	CHECK_OK(highest);
	CHECK(info.msgpool >= 1 && info.msgmap >= 1);
	for (int i = found = 0; i <= highest; i++)
		found |= msgctl(i, MSG_STAT, &ds) == id;
	CHECK(found);
	CHECK_OK(msgctl(0, IPC_INFO, (void *)&info));
	CHECK_EQ(info.msgmax, 8192);
	unmake();
}
