/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.h - an exec under way: exec.c, execfile.c, execstack.c.
 */
#ifndef KERNEL_SYS_EXEC_H
#define KERNEL_SYS_EXEC_H

#include "kernel/sys/core.h"
#include "kernel/sys/elf.h"
#include "kernel/sys/execargs.h"

enum { EXEC_RANDOM_USER = 16 /* for AT_RANDOM */, EXEC_RANDOM_SIZE = 24 };

struct exec {
	struct thread *me;
	const struct exec_name *name;
	struct exec_args *args;
	uint64_t space_limit;		/* RLIMIT_AS */
	struct file *file;		/* the program; writers kept out */
	bool unreadable;		/* its user may not read it */
	struct elf_image *image, *linker; /* linker: PT_INTERP, or NULL */
	struct elf_place at, linker_at;
	struct cred *cred;		/* the new one; NULL: the old stays */
	bool secure;			/* AT_SECURE: ids differ */
	bool set_id;			/* they differ from what they were */
	struct file_table *files;	/* copies of what was shared, or NULL */
	struct signal_actions *actions;
	struct vm *vm;			/* the new space until it is taken */
	uint8_t random[EXEC_RANDOM_SIZE];
	char start[ELF_START_SIZE + 1];	/* the file's first bytes */
};

/* execfile.c: fills file, start, unreadable; linker. Sleep. */
int exec_find(struct exec *x, const struct path_at *at) must_check;
int exec_find_linker(struct exec *x) must_check;
/* execstack.c */
uint32_t exec_stack_size(const struct exec *x); /* at most, without growth */
int exec_stack_write(struct exec *x) must_check; /* and the registers. Sleeps. */

#endif
