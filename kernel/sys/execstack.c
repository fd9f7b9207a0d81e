/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execstack.c - the first stack of a program, as the i386 ABI wants it.
 *
 *   stack_top  0, the name it was run by, environment strings, argument strings
 *              "i686", 16 random bytes
 *              auxiliary vector, envp[] 0, argv[] 0
 *   esp        argc
 */
#include "kernel/sys/exec.h"

static const char platform[] = "i686";
struct layout {		/* user addresses */
	uint32_t name, strings, platform, random, sp;
};
struct identity_block {	/* at layout.random, in this order */
	uint8_t random[EXEC_RANDOM_USER];
	char platform[16];
};

/* Fills v->auxv, in Linux's order. */
static void auxv_fill(const struct exec *x, struct vm *v, const struct layout *l)
{
	const struct cred *c = x->me->proc->cred;
	const uint32_t pairs[][2] = {
		{ AT_SYSINFO, v->vdso + arch_vdso_sysenter_offset() },
		{ AT_SYSINFO_EHDR, v->vdso },
		{ AT_MINSIGSTKSZ, ARCH_SIGFRAME_MAX },
		{ AT_HWCAP, arch_cpu_info()->features },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, USER_HZ },
		{ AT_PHDR, x->at.headers },
		{ AT_PHENT, ELF_SEGMENT_SIZE },
		{ AT_PHNUM, x->image->count },
		{ AT_BASE, x->linker ? x->linker_at.bias : 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, x->at.entry },
		{ AT_UID, c->uid }, { AT_EUID, c->euid },
		{ AT_GID, c->gid }, { AT_EGID, c->egid },
		{ AT_SECURE, x->secure },
		{ AT_RANDOM, l->random },
		{ AT_HWCAP2, 0 },
		{ AT_EXECFN, l->name },
		{ AT_PLATFORM, l->platform },
		{ AT_NULL, 0 },
	};

	assert(v->vdso && l->sp % 16 == 0);
	_Static_assert(sizeof(pairs) <= sizeof(v->auxv), "auxv too long");
	memcpy(v->auxv, pairs, sizeof(pairs));
	v->auxv_count = sizeof(pairs) / sizeof(pairs[0][0]);
}

/* Words between esp and the identity block: argc, the arrays, auxv. */
static uint32_t words_of(const struct exec *x)
{
	uint32_t arrays = exec_args_argc(x->args) + 1 + x->args->envc + 1;

	return 1 + arrays + ARRAY_LEN(((struct vm *)0)->auxv);
}

/* Room for everything, alignment included. */
uint32_t exec_stack_size(const struct exec *x)
{
	enum { ALIGNMENTS = 64 };

	return sizeof(uint32_t) + strlen(x->name->shown) + 1 +
	       exec_args_size(x->args) + sizeof(struct identity_block) +
	       words_of(x) * sizeof(uint32_t) + ALIGNMENTS;
}

static struct layout lay_out(const struct exec *x, uint32_t top)
{
	struct layout l;

	l.name = top - sizeof(uint32_t) - (strlen(x->name->shown) + 1);
	l.strings = l.name - exec_args_size(x->args);
	l.random = align_down(l.strings, 16) - sizeof(struct identity_block);
	l.platform = l.random + offsetof(struct identity_block, platform);
	l.sp = align_down(l.random - words_of(x) * sizeof(uint32_t), 16);
	assert(l.sp < l.random && l.random < l.strings && l.strings <= l.name);
	return l;
}

/* argc, argv, envp, auxv: everything from sp upwards. */
static int words_write(const struct exec *x, struct vm *v, const struct layout *l)
{
	struct word_out w = { .at = l->sp };
	int err = word_put(&w, exec_args_argc(x->args));

	v->arg_start = l->strings;
	v->env_end = l->name;
	if (!err)
		err = exec_args_pointers(x->args, l->strings, &w, &v->arg_end);
	v->env_start = v->arg_end;
	for (unsigned i = 0; !err && i < v->auxv_count; i++)
		err = word_put(&w, v->auxv[i]);
	assert(err || w.at + w.count * sizeof(w.word[0]) <= l->random);
	return err ? err : word_flush(&w);
}

/* Fills the stack of the space that is now loaded, clears what the program
 * expects to be zero, and sets the registers. */
int exec_stack_write(struct exec *x)
{
	struct thread *me = x->me;
	struct layout l = lay_out(x, me->vm->stack_top);
	struct identity_block id = { 0 };
	uint32_t page = align_down(l.sp, PAGE_SIZE);
	int err = elf_clear(x->image, x->at.bias);

	assert(me == thread_current() && me->vm->refs == 1);
	/* Dearer by faults; what cannot be had shows below. */
	(void)!vm_populate(me->vm, page, me->vm->stack_top - page);

	if (!err && x->linker)
		err = elf_clear(x->linker, x->linker_at.bias);
	if (!err)
		err = exec_args_write(x->args, l.strings);
	if (!err)
		err = user_copy_out(l.name, x->name->shown,
				    strlen(x->name->shown) + 1);
	memcpy(id.random, x->random, sizeof(id.random));
	memcpy(id.platform, platform, sizeof(platform));
	if (!err)
		err = user_copy_out(l.random, &id, sizeof(id));
	auxv_fill(x, me->vm, &l);
	if (!err)
		err = words_write(x, me->vm, &l);
	arch_thread_exec(&me->arch, me->frame,
			 x->linker ? x->linker_at.entry : x->at.entry, l.sp);
	arch_vdso_place(&me->arch, me->vm->vdso);
	return err;
}
