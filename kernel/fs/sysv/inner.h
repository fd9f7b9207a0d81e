/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to kernel/fs/sysv: what shm, sem and msg have in common.
 *
 * An identifier is an index into the kind's table and a serial number of that
 * place, so that an old one does not name a new object.
 */
#ifndef KERNEL_FS_SYSV_INNER_H
#define KERNEL_FS_SYSV_INNER_H

#include "kernel/fs/charge.h"
#include "kernel/fs/inner.h"
#include "kernel/fs/ipc.h"

struct ipc_object {		/* the first member of each kind's struct */
	int id, key;		/* key IPC_PRIVATE: found by nobody */
	uint32_t mode, uid, gid, cuid, cgid;
	int64_t ctime;		/* seconds since 1970 */
	struct prison *prison;	/* of the maker; pays; held */
	struct prison *space;	/* whose keys: that one or one above */
	struct tree_node by_key;
};
struct ipc_kind {
	enum prison_ipc what;
	void (*end)(struct ipc_object *o); /* its space is gone */
	unsigned limit;		/* objects: at most 1 << IPC_INDEX_BITS */
	unsigned size, used, first_free; /* places; no free one below */
	uint16_t serial;
	struct ipc_object **place;
	struct tree keys;	/* by space, then key */
};
enum { IPC_INDEX_BITS = 15, IPC_MODE = 0777 };
enum { IPC_READ = 0444, IPC_WRITE = 0222, IPC_EXEC = 0111 };

int64_t now_seconds(void);
/* The object of that key in who's space: -ENOENT, and make one; 0, and *out is
 * it; -ENOSYS: who's prison has no such objects; else an error. flags: of the
 * get call. */
int object_get(struct ipc_kind *k, const struct cred *who, int key, int flags,
	       struct ipc_object **out) must_check;
/* Enters o, which who makes: -ENOSPC, -ENOMEM. */
int object_enter(struct ipc_kind *k, struct ipc_object *o, const struct cred *who,
		 int key, int mode) must_check;
void object_leave(struct ipc_kind *k, struct ipc_object *o);
void object_hide(struct ipc_kind *k, struct ipc_object *o); /* its key is free */
/* The door: -EINVAL, -EIDRM, -ENOSYS. */
int object_find(struct ipc_kind *k, const struct cred *who, int id,
		struct ipc_object **out) must_check;
/* object_find and the modes: -EACCES. want: IPC_READ, IPC_WRITE. */
int object_use(struct ipc_kind *k, const struct cred *who, int id, uint32_t want,
	       struct ipc_object **out) must_check;
/* object_find and who may change it: -EPERM. */
int object_own(struct ipc_kind *k, const struct cred *who, int id,
	       struct ipc_object **out) must_check;
int object_stat(struct ipc_kind *k, const struct cred *who, enum ipc_by by, int id,
		struct ipc_object **out) must_check;
int object_may(const struct ipc_object *o, const struct cred *who, uint32_t want) must_check;
void object_perm_get(const struct ipc_object *o, struct abi_ipc_perm *out);
int object_perm_set(struct ipc_object *o, const struct abi_ipc_perm *to) must_check;
/* The next one that who sees, from *index on; *index is put behind it. */
struct ipc_object *object_next(struct ipc_kind *k, const struct cred *who,
			       unsigned *index);
unsigned object_count(struct ipc_kind *k, const struct cred *who, int *highest);

extern struct ipc_kind shm_kind, sem_kind, msg_kind;
enum { SHMMNI = 4096, SEMMNI = 32000, MSGMNI = 32000, SEMMSL = 32000,
       SEMMNS = SEMMSL * SEMMNI, MSGMNB = 16384 };
void shm_end(struct ipc_object *o);
void sem_end(struct ipc_object *o);
void msg_end(struct ipc_object *o);
uint32_t shm_max(void);		/* bytes in a segment */
void show_register(void);	/* /proc/sysvipc, /proc/sys/kernel */

/* --- shm ---------------------------------------------------------------- */

struct shm {
	struct ipc_object base;
	struct vm_object *object;
	uint32_t size;		/* bytes asked for */
	int64_t atime, dtime;
	int cpid, lpid;
	unsigned attached;	/* maps, and attachings under way */
};

/* --- sem ---------------------------------------------------------------- */

struct sem {
	int value, pid;
	struct list lack, nonzero; /* sem_wait: it is too low; it is not 0 */
	struct list changed;	/* on sem_set.changed, or alone */
};
struct sem_set {
	struct ipc_object base;
	unsigned count;
	int64_t otime;
	struct list undos;	/* sem_undo.of_set */
	struct list changed;	/* sem.changed: those to look at again */
	struct sem sem[];
};
struct sem_undo {		/* what one process has to undo in one set */
	struct list of_set, of_list;
	struct sem_set *set;
	struct prison *prison;	/* pays; held */
	int16_t adjust[];
};
/* The process's entry for the set, made if need be. -ENOMEM. */
int undo_find(struct thread *me, struct sem_set *set, struct sem_undo **out) must_check;
void undo_forget(struct sem_undo *u);
/* Adds to a value, as far as it goes, and lets go on whoever can. */
void sem_adjust(struct sem_set *set, unsigned num, int by);
void sem_settle(struct sem_set *set);

/* --- msg ---------------------------------------------------------------- */

struct msg_queue {
	struct ipc_object base;
	int64_t stime, rtime;
	uint32_t bytes, count, limit;
	int lspid, lrpid;
	struct list messages;	/* ipc_message */
	struct list senders, receivers;
};

#endif
