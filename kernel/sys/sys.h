/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.h - private to room 10, the top: system calls. No room includes it.
 *
 * A call has four steps: copy in, resolve, ask, act. Its arguments stand in
 * arg[0..5]; me->cred is the credential it works with from begin to end.
 */
#ifndef KERNEL_SYS_SYS_H
#define KERNEL_SYS_SYS_H

#include "kernel/dev/dev.h"
#include "net/net.h"

/* What a call may touch, decided before it runs. Zero: refused to everyone. */
enum gate_kind {
	GATE_CLOSED = 0,
	GATE_SELF,	/* acts on the caller only */
	GATE_FILE,	/* on descriptors the caller holds */
	GATE_PATH,	/* names resolved by path_walk */
	GATE_PROC,	/* processes found by proc_find */
	GATE_NET,	/* sockets and addresses */
	GATE_IPC,	/* System V objects found by object_find */
	GATE_JAIL,	/* prisons found by prison_find */
	GATE_SYSTEM,	/* machine-wide state: the deed asks priv_check */
};
struct call {
	const char *name;
	int (*run)(struct thread *me, const uint32_t *arg);
	uint8_t args;
	uint8_t gate;	/* enum gate_kind */
};
enum { CALL_COUNT = 512, CALL_JAIL_BASE = 1000, CALL_JAIL_COUNT = 1024 };
extern const struct call call_table[CALL_COUNT];

/* Helpers used all over the calls. */
static inline struct path_at sys_at(struct thread *me, int dirfd)
{
	return (struct path_at){ me->cred, me->proc->fs, dirfd, me->proc->files };
}
/* fd.c: the lowest free descriptor for a new file, which is dropped on
 * failure. -EMFILE, -ENOMEM. */
int sys_install(struct thread *me, struct file *f, bool cloexec) must_check;
/* A path from user memory in a kmem buffer: free it with kmem_free. */
int sys_path_in(uint32_t user, char **out) must_check;

#endif
