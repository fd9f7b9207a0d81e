/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/ipc.h - System V shared memory, semaphores, messages (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_IPC_H
#define KERNEL_BASE_ABI_IPC_H

#include "kernel/base/base.h"

enum { IPC_PRIVATE = 0, IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO };
enum { IPC_64 = 0x100 };	/* or-ed to a command of ipc(2): the structs below */

/* ipc(2): the call in the low half of the first argument */
enum {
	IPCCALL_SEMOP = 1, IPCCALL_SEMGET, IPCCALL_SEMCTL, IPCCALL_SEMTIMEDOP,
	IPCCALL_MSGSND = 11, IPCCALL_MSGRCV, IPCCALL_MSGGET, IPCCALL_MSGCTL,
	IPCCALL_SHMAT = 21, IPCCALL_SHMDT, IPCCALL_SHMGET, IPCCALL_SHMCTL,
};

struct abi_ipc_perm {	/* 36 bytes */
	int32_t key;
	uint32_t uid, gid, cuid, cgid;
	uint16_t mode, pad1, seq, pad2;
	uint32_t unused[2];
};

enum { SHM_EXEC = 0100000, SHM_RDONLY = 010000, SHM_RND = 020000,
       SHM_REMAP = 040000, SHM_HUGETLB = 04000, SHM_NORESERVE = 010000,
       SHM_DEST = 01000, SHM_LOCKED = 02000 };
enum { SHM_LOCK = 11, SHM_UNLOCK, SHM_STAT, SHM_INFO, SHM_STAT_ANY };
struct abi_shmid_ds {	/* 84 bytes */
	struct abi_ipc_perm perm;
	uint32_t size;
	uint32_t atime, atime_high, dtime, dtime_high, ctime, ctime_high;
	int32_t cpid, lpid;
	uint32_t attached, unused[2];
};
struct abi_shminfo {	/* IPC_INFO */
	uint32_t shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};
struct abi_shm_info {	/* SHM_INFO */
	int32_t used_ids;
	uint32_t total, resident, swapped, swap_attempts, swap_successes;
};

enum { SEM_UNDO = 0x1000 };
enum { GETPID = 11, GETVAL, GETALL, GETNCNT, GETZCNT, SETVAL, SETALL, SEM_STAT,
       SEM_INFO, SEM_STAT_ANY };
struct abi_sembuf {
	uint16_t num;
	int16_t op, flags;
};
struct abi_semid_ds {	/* 64 bytes */
	struct abi_ipc_perm perm;
	uint32_t otime, otime_high, ctime, ctime_high;
	uint32_t count, unused[2];
};
struct abi_seminfo {
	int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz,
		semvmx, semaem;
};

enum { MSG_NOERROR = 010000, MSG_EXCEPT = 020000, MSG_COPY = 040000 };
enum { MSG_STAT = 11, MSG_INFO, MSG_STAT_ANY };
struct abi_msqid_ds {	/* 88 bytes */
	struct abi_ipc_perm perm;
	uint32_t stime, stime_high, rtime, rtime_high, ctime, ctime_high;
	uint32_t bytes, count, limit;
	int32_t lspid, lrpid;
	uint32_t unused[2];
};
struct abi_msginfo {
	int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
	uint16_t msgseg;
};

_Static_assert(sizeof(struct abi_ipc_perm) == 36, "Linux's struct ipc64_perm");
_Static_assert(sizeof(struct abi_shmid_ds) == 84, "Linux's struct shmid64_ds");
_Static_assert(sizeof(struct abi_semid_ds) == 64, "Linux's struct semid64_ds");
_Static_assert(sizeof(struct abi_msqid_ds) == 88, "Linux's struct msqid64_ds");

#endif
