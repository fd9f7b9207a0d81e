/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipc.c - System V IPC: ipc(2), which has all of it in one call, and the same
 * calls with numbers of their own.
 *
 * Of the two layouts that ipc(2) knows for its structs only IPC_64, which every
 * C library of this century asks for, is here; the other gives EINVAL.
 */
#include "kernel/fs/ipc.h"

#include "kernel/sys/calls.h"
#include "kernel/sys/timespec.h"

/* What an info call gives: a struct for the user, and the highest index. */
static int give(uint32_t to, const void *from, size_t n, int result)
{
	return user_copy_out(to, from, n) ? -EFAULT : result;
}

/* --- shared memory ------------------------------------------------------ */

/* POSIX shmget(key, size, flags). */
int sys_shmget(struct thread *me, const uint32_t *arg)
{
	return ipc_shm_get(me->cred, arg[0], arg[1], arg[2]);
}

/* POSIX shmat(id, addr, flags): the address. Sleeps. */
int sys_shmat(struct thread *me, const uint32_t *arg)
{
	uint32_t at;
	int err = ipc_shm_attach(me, arg[0], arg[1], arg[2], &at);

	return err ? err : (int)at;
}

/* POSIX shmdt(addr). Sleeps. */
int sys_shmdt(struct thread *me, const uint32_t *arg)
{
	return ipc_shm_detach(me, arg[0]);
}

static int shm_stat(struct thread *me, enum ipc_by by, int id, uint32_t to)
{
	struct abi_shmid_ds ds;
	int err = ipc_shm_stat(me->cred, by, id, &ds);

	if (err < 0)
		return err;
	return give(to, &ds, sizeof(ds), by == IPC_BY_ID ? 0 : err);
}

static int shm_set(struct thread *me, int id, uint32_t from)
{
	struct abi_shmid_ds ds;
	int err = user_copy_in(&ds, from, sizeof(ds));

	return err ? err : ipc_shm_set(me->cred, id, &ds);
}

/* POSIX shmctl(id, cmd, struct). Sleeps. */
int sys_shmctl(struct thread *me, const uint32_t *arg)
{
	int id = arg[0], cmd = arg[1], highest;
	struct abi_shminfo limits;
	struct abi_shm_info usage;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		highest = ipc_shm_limits(me->cred, &limits);
		return give(arg[2], &limits, sizeof(limits), highest);
	case SHM_INFO:
		highest = ipc_shm_usage(me->cred, &usage);
		return give(arg[2], &usage, sizeof(usage), highest);
	case IPC_STAT:
		return shm_stat(me, IPC_BY_ID, id, arg[2]);
	case SHM_STAT:
		return shm_stat(me, IPC_BY_INDEX, id, arg[2]);
	case SHM_STAT_ANY:
		return shm_stat(me, IPC_BY_INDEX_ANY, id, arg[2]);
	case IPC_SET:
		return shm_set(me, id, arg[2]);
	case IPC_RMID:
		return ipc_shm_remove(me->cred, id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return ipc_shm_lock(me, id, cmd == SHM_LOCK);
	default:
		return -EINVAL;
	}
}

/* --- semaphores --------------------------------------------------------- */

/* POSIX semget(key, count, flags). */
int sys_semget(struct thread *me, const uint32_t *arg)
{
	return ipc_sem_get(me->cred, arg[0], arg[1], arg[2]);
}

/* Linux semtimedop(id, ops, n, timeout). Sleeps. */
static int sem_op(struct thread *me, const uint32_t *arg, bool wide)
{
	enum { FEW = 8 };
	struct abi_sembuf few[FEW], *op = few;
	uint32_t n = arg[2];
	uint64_t deadline;
	int err;

	if (n == 0 || (int)arg[0] < 0)
		return -EINVAL;
	if (n > IPC_SEMOPM)
		return -E2BIG;
	if (n > FEW)
		op = kmem_alloc(n * sizeof(*op));
	if (!op)
		return -ENOMEM;
	err = user_copy_in(op, arg[1], n * sizeof(*op));
	if (!err)
		err = sys_timeout_in(arg[3], wide, &deadline);
	if (!err)
		err = ipc_sem_op(me, arg[0], op, n, deadline);
	if (op != few)
		kmem_free(op);
	return err;
}

/* Linux semtimedop_time64(id, ops, n, timeout). Sleeps. */
int sys_semtimedop64(struct thread *me, const uint32_t *arg)
{
	return sem_op(me, arg, true);
}

static int sem_stat(struct thread *me, enum ipc_by by, int id, uint32_t to)
{
	struct abi_semid_ds ds;
	int err = ipc_sem_stat(me->cred, by, id, &ds);

	if (err < 0)
		return err;
	return give(to, &ds, sizeof(ds), by == IPC_BY_ID ? 0 : err);
}

static int sem_set(struct thread *me, int id, uint32_t from)
{
	struct abi_semid_ds ds;
	int err = user_copy_in(&ds, from, sizeof(ds));

	return err ? err : ipc_sem_set(me->cred, id, &ds);
}

/* GETALL, SETALL. The set may be another one after the copy: then -EIDRM. */
static int sem_all(struct thread *me, int id, uint32_t user, bool set)
{
	uint16_t *value;
	size_t size;
	int count = ipc_sem_count(me->cred, id, set), err;

	if (count < 0)
		return count;
	size = count * sizeof(*value);
	assert(count > 0);
	value = kmem_alloc(size);
	if (!value)
		return -ENOMEM;
	if (set) {
		err = user_copy_in(value, user, size);
		if (!err)
			err = ipc_sem_set_all(me, id, value, count);
	} else {
		err = ipc_sem_get_all(me->cred, id, value, count);
		if (!err)
			err = user_copy_out(user, value, size);
	}
	kmem_free(value);
	return err;
}

/* POSIX semctl(id, number, cmd, value or pointer). Sleeps. */
int sys_semctl(struct thread *me, const uint32_t *arg)
{
	int id = arg[0], num = arg[1], cmd = arg[2], highest;
	struct abi_seminfo info;

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		highest = ipc_sem_limits(me->cred, cmd == SEM_INFO, &info);
		return give(arg[3], &info, sizeof(info), highest);
	case IPC_STAT:
		return sem_stat(me, IPC_BY_ID, id, arg[3]);
	case SEM_STAT:
		return sem_stat(me, IPC_BY_INDEX, id, arg[3]);
	case SEM_STAT_ANY:
		return sem_stat(me, IPC_BY_INDEX_ANY, id, arg[3]);
	case IPC_SET:
		return sem_set(me, id, arg[3]);
	case IPC_RMID:
		return ipc_sem_remove(me->cred, id);
	case GETALL:
	case SETALL:
		return sem_all(me, id, arg[3], cmd == SETALL);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return ipc_sem_query(me->cred, id, num, cmd);
	case SETVAL:
		return ipc_sem_set_value(me, id, num, arg[3]);
	default:
		return -EINVAL;
	}
}

/* --- messages ----------------------------------------------------------- */

/* POSIX msgget(key, flags). */
int sys_msgget(struct thread *me, const uint32_t *arg)
{
	return ipc_msg_get(me->cred, arg[0], arg[1]);
}

/* POSIX msgsnd(id, {type, text}, size, flags). Sleeps. */
int sys_msgsnd(struct thread *me, const uint32_t *arg)
{
	uint32_t size = arg[2], type;
	struct ipc_message *m;
	int err = user_get32(arg[1], &type);

	if (err)
		return err;
	if (size > IPC_MSGMAX || (int)arg[0] < 0 || (int)type < 1)
		return -EINVAL;
	err = ipc_message_new(me->cred->prison, size, &m);
	if (err)
		return err;
	m->type = type;
	assert(m->size == size);
	err = user_copy_in(m->text, arg[1] + sizeof(type), size);
	if (!err)
		err = ipc_msg_send(me, arg[0], m, arg[3]);
	if (err)
		ipc_message_free(m);
	return err;
}

/* POSIX msgrcv(id, {type, text}, size, type, flags): bytes. Sleeps. */
int sys_msgrcv(struct thread *me, const uint32_t *arg)
{
	struct ipc_message *m;
	uint32_t n;
	int err;

	if ((int)arg[0] < 0 || (int)arg[2] < 0)
		return -EINVAL;
	err = ipc_msg_receive(me, arg[0], arg[2], arg[3], arg[4], &m);
	if (err)
		return err;
	n = min_u32(m->size, arg[2]);
	assert(m->type > 0);
	err = user_put32(arg[1], m->type);
	if (!err)
		err = user_copy_out(arg[1] + sizeof(uint32_t), m->text, n);
	ipc_message_free(m);
	return err ? err : (int)n;
}

static int msg_stat(struct thread *me, enum ipc_by by, int id, uint32_t to)
{
	struct abi_msqid_ds ds;
	int err = ipc_msg_stat(me->cred, by, id, &ds);

	if (err < 0)
		return err;
	return give(to, &ds, sizeof(ds), by == IPC_BY_ID ? 0 : err);
}

static int msg_set(struct thread *me, int id, uint32_t from)
{
	struct abi_msqid_ds ds;
	int err = user_copy_in(&ds, from, sizeof(ds));

	return err ? err : ipc_msg_set(me->cred, id, &ds);
}

/* POSIX msgctl(id, cmd, struct). Sleeps. */
int sys_msgctl(struct thread *me, const uint32_t *arg)
{
	int id = arg[0], cmd = arg[1], highest;
	struct abi_msginfo info;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		highest = ipc_msg_limits(me->cred, cmd == MSG_INFO, &info);
		return give(arg[2], &info, sizeof(info), highest);
	case IPC_STAT:
		return msg_stat(me, IPC_BY_ID, id, arg[2]);
	case MSG_STAT:
		return msg_stat(me, IPC_BY_INDEX, id, arg[2]);
	case MSG_STAT_ANY:
		return msg_stat(me, IPC_BY_INDEX_ANY, id, arg[2]);
	case IPC_SET:
		return msg_set(me, id, arg[2]);
	case IPC_RMID:
		return ipc_msg_remove(me->cred, id);
	default:
		return -EINVAL;
	}
}

/* --- all in one --------------------------------------------------------- */

/* A control command of ipc(2), with IPC_64 taken off. The old layout differs
 * only in what the stat and set commands copy. */
static int control_command(uint32_t cmd, int stat, int stat_any)
{
	int bare = cmd & ~(uint32_t)IPC_64;

	if (!(cmd & IPC_64) && (bare == IPC_STAT || bare == IPC_SET ||
				bare == stat || bare == stat_any))
		return -1;
	return bare;
}

static int ipc_sem(struct thread *me, unsigned call, const uint32_t *arg)
{
	uint32_t op[4] = { arg[1], arg[4], arg[2], 0 };
	uint32_t control[4] = { arg[1], arg[2], 0, 0 };
	int err;

	switch (call) {
	case IPCCALL_SEMTIMEDOP:
		op[3] = arg[5];
		return sem_op(me, op, false);
	case IPCCALL_SEMOP:
		return sem_op(me, op, false);
	case IPCCALL_SEMGET:
		return sys_semget(me, &arg[1]);
	default:
		if (arg[4] == 0)
			return -EINVAL;
		err = user_get32(arg[4], &control[3]);
		if (err)
			return err;
		control[2] = control_command(arg[3], SEM_STAT, SEM_STAT_ANY);
		return sys_semctl(me, control);
	}
}

static int ipc_msg(struct thread *me, unsigned call, unsigned version,
		   const uint32_t *arg)
{
	uint32_t message[5] = { arg[1], arg[4], arg[2], arg[5], arg[3] };
	uint32_t control[3] = { arg[1], 0, arg[4] };
	uint32_t old[2];	/* version 0: the buffer and the type, in memory */
	int err;

	switch (call) {
	case IPCCALL_MSGSND:
		message[3] = arg[3];
		return sys_msgsnd(me, message);
	case IPCCALL_MSGRCV:
		if (version == 0) {
			if (arg[4] == 0)
				return -EINVAL;
			err = user_copy_in(old, arg[4], sizeof(old));
			if (err)
				return err;
			message[1] = old[0];
			message[3] = old[1];
		}
		return sys_msgrcv(me, message);
	case IPCCALL_MSGGET:
		return sys_msgget(me, &arg[1]);
	default:
		control[1] = control_command(arg[2], MSG_STAT, MSG_STAT_ANY);
		return sys_msgctl(me, control);
	}
}

static int ipc_shm(struct thread *me, unsigned call, unsigned version,
		   const uint32_t *arg)
{
	uint32_t control[3] = { arg[1], 0, arg[4] };
	uint32_t at;
	int err;

	switch (call) {
	case IPCCALL_SHMAT:
		if (version == 1)
			return -EINVAL;
		err = ipc_shm_attach(me, arg[1], arg[4], arg[2], &at);
		return err ? err : user_put32(arg[3], at);
	case IPCCALL_SHMDT:
		return sys_shmdt(me, &arg[4]);
	case IPCCALL_SHMGET:
		return sys_shmget(me, &arg[1]);
	default:
		control[1] = control_command(arg[2], SHM_STAT, SHM_STAT_ANY);
		return sys_shmctl(me, control);
	}
}

/* Linux: ipc(call | version << 16, first, second, third, pointer, fifth). */
int sys_ipc(struct thread *me, const uint32_t *arg)
{
	unsigned call = arg[0] & 0xffff, version = arg[0] >> 16;

	switch (call) {
	case IPCCALL_SEMOP ... IPCCALL_SEMTIMEDOP:
		return ipc_sem(me, call, arg);
	case IPCCALL_MSGSND ... IPCCALL_MSGCTL:
		return ipc_msg(me, call, version, arg);
	case IPCCALL_SHMAT ... IPCCALL_SHMCTL:
		return ipc_shm(me, call, version, arg);
	default:
		return -ENOSYS;
	}
}
