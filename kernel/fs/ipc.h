/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipc.h - System V shared memory, semaphore sets and message queues, for
 * kernel/sys. The code is in kernel/fs/sysv.
 *
 * An object belongs to the prison of its maker. A key names objects of the
 * asker's own prison; an identifier, also those of the prisons below it. What
 * the asker does not see is -EINVAL. The modes decide who may use it
 * (-EACCES); to change or remove it takes its owner or maker (-EPERM).
 * PRIV_IPC_ADMIN overrides both.
 */
#ifndef KERNEL_FS_IPC_H
#define KERNEL_FS_IPC_H

#include "kernel/base/abi/ipc.h"
#include "kernel/vm/vm.h"

/* How the stat calls are told which object. */
enum ipc_by { IPC_BY_ID, IPC_BY_INDEX, IPC_BY_INDEX_ANY /* modes do not count */ };
/* What the info calls give: the highest index in use. */

void ipc_init(void);

/* --- shm.c -------------------------------------------------------------- */

int ipc_shm_get(const struct cred *who, int key, uint32_t size, int flags) must_check; /* id */
/* *at: the address. Sleeps. */
int ipc_shm_attach(struct thread *me, int id, uint32_t addr, int flags,
		   uint32_t *at) must_check;
int ipc_shm_detach(struct thread *me, uint32_t addr) must_check; /* Sleeps. */
int ipc_shm_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_shmid_ds *out) must_check; /* id */
int ipc_shm_set(const struct cred *who, int id, const struct abi_shmid_ds *to) must_check;
int ipc_shm_remove(const struct cred *who, int id) must_check;
int ipc_shm_lock(struct thread *me, int id, bool lock) must_check;
int ipc_shm_limits(const struct cred *who, struct abi_shminfo *out);
int ipc_shm_usage(const struct cred *who, struct abi_shm_info *out);

/* --- sem.c, semundo.c --------------------------------------------------- */

enum { IPC_SEMVMX = 32767, IPC_SEMOPM = 500 };
int ipc_sem_get(const struct cred *who, int key, int count, int flags) must_check; /* id */
/* All of op[0..n-1] or none, waiting for that until deadline. Sleeps. */
int ipc_sem_op(struct thread *me, int id, const struct abi_sembuf *op, unsigned n,
	       uint64_t deadline) must_check;
int ipc_sem_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_semid_ds *out) must_check; /* id */
int ipc_sem_set(const struct cred *who, int id, const struct abi_semid_ds *to) must_check;
int ipc_sem_remove(const struct cred *who, int id) must_check;
/* GETVAL, GETPID, GETNCNT, GETZCNT of semaphore num. */
int ipc_sem_query(const struct cred *who, int id, int num, int cmd) must_check;
int ipc_sem_set_value(struct thread *me, int id, int num, int value) must_check;
/* How many semaphores, for who may read or change them all. */
int ipc_sem_count(const struct cred *who, int id, bool change) must_check;
/* The values of a set of `count`; -EIDRM when it is not that set any more. */
int ipc_sem_get_all(const struct cred *who, int id, uint16_t *value, unsigned count) must_check;
int ipc_sem_set_all(struct thread *me, int id, const uint16_t *value, unsigned count) must_check;
int ipc_sem_limits(const struct cred *who, bool usage, struct abi_seminfo *out);
/* clone with CLONE_SYSVSEM: `to` takes part in from's list. */
int ipc_undo_share(struct proc *from, struct proc *to) must_check;
/* Exit, unshare: the last one to leave undoes what SEM_UNDO has noted. */
void ipc_undo_leave(struct proc *p);

/* --- msg.c -------------------------------------------------------------- */

enum { IPC_MSGMAX = 8192 };
struct ipc_message {
	struct list link;
	int32_t type;
	uint32_t size;
	struct prison *prison;	/* pays; held */
	char text[];
};
int ipc_message_new(struct prison *pays, uint32_t size, struct ipc_message **out) must_check;
void ipc_message_free(struct ipc_message *m);
int ipc_msg_get(const struct cred *who, int key, int flags) must_check; /* id */
/* Takes m over on success. Sleeps. */
int ipc_msg_send(struct thread *me, int id, struct ipc_message *m, int flags) must_check;
/* *out is the caller's to free. Sleeps. */
int ipc_msg_receive(struct thread *me, int id, uint32_t room, int type, int flags,
		    struct ipc_message **out) must_check;
int ipc_msg_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_msqid_ds *out) must_check; /* id */
int ipc_msg_set(const struct cred *who, int id, const struct abi_msqid_ds *to) must_check;
int ipc_msg_remove(const struct cred *who, int id) must_check;
int ipc_msg_limits(const struct cred *who, bool usage, struct abi_msginfo *out);

#endif
