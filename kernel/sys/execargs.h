/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execargs.h - argument strings of an exec, on their way (execargs.c).
 */
#ifndef KERNEL_SYS_EXECARGS_H
#define KERNEL_SYS_EXECARGS_H

#include "kernel/vm/vm.h"

enum { EXEC_HEAD_SIZE = 8192, EXEC_STRING_MAX = 131072 };
struct exec_args {
	struct list pages;	/* struct page.link */
	uint32_t used;		/* bytes in them */
	uint32_t limit;		/* bytes allowed, pointers included */
	uint32_t argc, envc;	/* strings in the pages */
	uint32_t first_size;	/* bytes of argv[0] */
	bool first_dropped;	/* a script took its place */
	char *head;		/* NULL, or filled from its end */
	uint32_t head_start, head_count;
};
void exec_args_init(struct exec_args *a, uint64_t stack_limit);
void exec_args_drop(struct exec_args *a);
/* count: &a->argc, and after these &a->envc. */
int exec_args_user(struct exec_args *a, uint32_t user, uint32_t *count) must_check;
int exec_args_kernel(struct exec_args *a, const char *s, uint32_t *count) must_check;
int exec_args_script(struct exec_args *a, const char *interpreter,
		     const char *option, const char *script) must_check;
uint32_t exec_args_size(const struct exec_args *a);
uint32_t exec_args_argc(const struct exec_args *a);
int exec_args_write(const struct exec_args *a, uint32_t to) must_check;

/* Words for user memory, gathered so that there are few copies. */
enum { WORD_OUT_MAX = 64 };
struct word_out {
	uint32_t at;		/* where word[0] goes */
	unsigned count;
	uint32_t word[WORD_OUT_MAX];
};
int word_put(struct word_out *w, uint32_t v) must_check;
int word_flush(struct word_out *w) must_check;
int exec_args_pointers(const struct exec_args *a, uint32_t to,
		       struct word_out *w, uint32_t *env) must_check;

#endif
