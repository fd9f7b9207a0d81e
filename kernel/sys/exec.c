/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.c - a process becomes another program.
 *
 * First everything that may fail: the file is opened and checked, a new
 * address space is made and mapped beside the old one, copies are taken of
 * what was shared. Then the process lets go of the old program (commit), which
 * cannot fail. Last the new stack is written (execstack.c): only for lack of
 * memory can that go wrong, and then nobody is left to tell: the process dies.
 */
#include "kernel/sys/calls_core.h"
#include "kernel/sys/exec.h"

enum {	/* personality */
	ADDR_NO_RANDOMIZE = 0x40000,
	PER_CLEAR_ON_SETID = 0x740000, /* what would help an attacker */
};

/* --- who it runs as --- */

/* May the file's set-id bits count? */
static bool set_id_allowed(const struct exec *x)
{
	const struct proc *p = x->me->proc;

	return !(x->file->path.mount->flags & MS_NOSUID) && !p->no_new_privs &&
	       !p->ptrace && p->fs->refs == 1 &&
	       path_set_id_allowed(x->me->cred, &x->file->path);
}

/* x->cred: the new credential, or NULL when it is the old one. */
static int cred_make(struct exec *x)
{
	const struct cred *old = x->me->cred;
	const struct inode *i = x->file->inode;
	uint32_t euid = old->euid, egid = old->egid;
	struct cred *c;

	assert(!x->cred);
	if ((i->mode & (S_ISUID | S_ISGID)) && set_id_allowed(x)) {
		if (i->mode & S_ISUID)
			euid = i->uid;
		if ((i->mode & S_ISGID) && (i->mode & S_IXUGO & S_IRWXG))
			egid = i->gid;
	}
	x->secure = euid != old->uid || egid != old->gid;
	x->set_id = euid != old->euid || egid != old->egid;
	if (old->euid == euid && old->suid == euid && old->fsuid == euid &&
	    old->egid == egid && old->sgid == egid && old->fsgid == egid)
		return 0;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	c->euid = c->suid = c->fsuid = euid;
	c->egid = c->sgid = c->fsgid = egid;
	assert(c->prison == old->prison);
	x->cred = c;
	return 0;
}

/* Copies of what others would otherwise see change. */
static int unshare_all(struct exec *x)
{
	struct proc *p = x->me->proc;
	int err = 0;

	assert(!x->files && !x->actions);
	if (p->files->refs > 1)
		err = file_table_copy(p->files, &x->files);
	if (!err && p->actions->refs > 1)
		err = signal_actions_copy(p->actions, &x->actions);
	return err;
}

/* --- the new address space --- */

/* Random bytes for the program, and for where its parts go. */
static void random_fill(struct exec *x)
{
	random_get(x->random, sizeof(x->random));
	if (x->me->proc->personality & ADDR_NO_RANDOMIZE)
		memset(&x->random[EXEC_RANDOM_USER], 0,
		       sizeof(x->random) - EXEC_RANDOM_USER);
}

/* Pages to move by, below `pages`; which: one of the three places. */
static uint32_t random_pages(const struct exec *x, unsigned which, uint32_t pages)
{
	uint16_t r;

	assert((pages & (pages - 1)) == 0 && which < 3);
	memcpy(&r, &x->random[EXEC_RANDOM_USER + which * sizeof(r)], sizeof(r));
	return (r & (pages - 1)) << PAGE_SHIFT;
}

/*
 * From the top: a page left free, the vDSO, the stack with the room that it
 * may grow into, then whatever mmap places, downwards.
 */
static int space_lay_out(struct exec *x)
{
	enum { ROOM_LEAST = 128 << 20, ROOM_MOST = 1 << 30, STACK_FIRST = 33,
	       GUARD = 1 << 20, SPREAD = 256 };
	uint64_t limit = x->me->proc->limit[RLIMIT_STACK].cur;
	uint32_t room = limit < ROOM_LEAST ? ROOM_LEAST :
			limit > ROOM_MOST ? ROOM_MOST : limit;
	uint32_t top = USER_TOP - PAGE_SIZE - vdso_size(), got;
	struct vm_request r = {
		.prot = PROT_READ | PROT_WRITE | PROT_EXEC, .fixed = true,
		.flags = VM_STACK | VM_MAY_WRITE, .limit = x->space_limit,
	};
	int err = vdso_map(x->vm, top);

	if (err)
		return err;
	top -= PAGE_SIZE + random_pages(x, 0, SPREAD);
	r.size = align_up(exec_stack_size(x), PAGE_SIZE) +
		 STACK_FIRST * PAGE_SIZE;
	r.addr = top - r.size;
	x->vm->stack_top = top;
	x->vm->stack_limit = limit > ROOM_MOST ? ROOM_MOST : limit;
	x->vm->mmap_top = top - align_up(room, PAGE_SIZE) - GUARD -
			  random_pages(x, 1, SPREAD);
	assert(r.addr < top && x->vm->mmap_top < r.addr);
	return vm_map(x->vm, &r, &got);
}

static int space_make(struct exec *x)
{
	enum { PIE_BASE = 0x56555000, SPREAD = 256 };
	const struct cred *payer = x->cred ? x->cred : x->me->cred;
	uint32_t base = 0;
	int err = vm_new(payer->prison, &x->vm);

	assert(x->image);
	if (!err)
		err = space_lay_out(x);
	if (err)
		return err;
	if (x->image->interpreter) /* else it is a linker itself: anywhere */
		base = PIE_BASE + random_pages(x, 2, SPREAD);
	err = elf_map(x->image, x->vm, base, x->space_limit, &x->at);
	if (!err && x->linker)
		err = elf_map(x->linker, x->vm, 0, x->space_limit, &x->linker_at);
	x->vm->code_start = x->at.code_start;
	x->vm->code_end = x->at.code_end;
	x->vm->data_start = x->at.data_start;
	x->vm->data_end = x->at.data_end;
	x->vm->brk_start = x->vm->brk_end = align_up(x->at.end, PAGE_SIZE);
	return err;
}

/* --- the point of no return --- */

static void swap_space(struct exec *x)
{
	struct thread *me = x->me;
	struct vm *old = me->vm;

	assert(x->vm && x->vm->refs == 1);
	if (old) {
		leave_memory(me);
		note_peak(me->proc, old);
		vfork_done(me->proc);
	}
	me->vm = me->proc->vm = x->vm;
	vm_switch(x->vm);
	x->vm = NULL;
	if (old)
		vm_drop(old);
}

static void swap_identity(struct exec *x)
{
	struct proc *p = x->me->proc;
	const char *name = x->name->shown, *base = strrchr(name, '/');
	struct file *old = p->exe;

	assert(x->file && x->file->inode->writers < 0);
	p->exe = x->file;
	x->file = NULL;
	if (old)
		exe_drop(old);
	proc_set_comm(p, base ? base + 1 : name);
	p->dumpable = !x->secure && !x->unreadable;
	p->keep_caps = false;
	p->set_id = x->secure;
	if (x->set_id) {
		p->death_signal = 0;
		p->personality &= ~PER_CLEAR_ON_SETID;
	}
	if (x->cred) {
		proc_set_cred(p, x->cred);
		x->cred = NULL;
	}
}

static void swap_shared(struct exec *x)
{
	struct proc *p = x->me->proc;
	struct file_table *old = p->files;

	if (x->actions) {
		signal_actions_drop(p->actions);
		p->actions = x->actions;
		x->actions = NULL;
	}
	signal_actions_exec(p->actions);
	if (x->files) {
		p->files = x->files;
		x->files = NULL;
		file_table_drop(old);
	}
	assert(p->files->refs == 1 && p->actions->refs == 1);
	file_table_exec(p->files);
}

/* Lets go of the old program. Cannot fail. Sleeps. */
static void commit(struct exec *x)
{
	struct thread *me = x->me;

	assert(me->proc->thread_count == 1 && me->tid == me->proc->pid);
	assert(x->vm && x->image && me == thread_current());
	swap_space(x);
	swap_identity(x);
	swap_shared(x);
	timer_posix_clear(me->proc);
	me->altstack = (struct abi_stack){ 0, SS_DISABLE, 0 };
	me->restart = NULL;
	me->proc->exit_signal = SIGCHLD;
	me->proc->executed = true;
}

/* Everything that can fail and be told. What is shared is copied last: until
 * the other threads are gone, one of them may begin to share it. */
static int prepare(struct exec *x, const struct path_at *at)
{
	int err = exec_find(x, at);

	if (!err)
		err = elf_open(x->file, (uint8_t *)x->start, &x->image);
	if (!err && x->image->interpreter)
		err = exec_find_linker(x);
	if (!err)
		err = cred_make(x);
	if (!err) {
		random_fill(x);
		err = space_make(x);
	}
	if (!err)
		err = proc_single_thread(x->me);
	return err ? err : unshare_all(x);
}

static void release(struct exec *x)
{
	if (x->file)
		exe_drop(x->file);
	elf_close(x->image);
	elf_close(x->linker);
	if (x->cred)
		cred_drop(x->cred);
	if (x->actions)
		signal_actions_drop(x->actions);
	if (x->files)
		file_table_drop(x->files);
	if (x->vm)
		vm_drop(x->vm);
	kmem_free(x);
}

int exec_program(struct thread *me, const struct path_at *at,
		 const struct exec_name *name, struct exec_args *args)
{
	struct exec *x = kmem_zalloc(sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->me = me;
	x->name = name;
	x->args = args;
	x->space_limit = me->proc->limit[RLIMIT_AS].cur;
	assert(args->argc > 0);
	err = prepare(x, at);
	if (!err) {
		commit(x);
		if (exec_stack_write(x) != 0)
			proc_exit_group(me->proc, SIGKILL);
	}
	release(x);
	return err;
}

/* --- the calls --- */

static int args_in(struct exec_args *a, uint32_t argv, uint32_t envp)
{
	int err = exec_args_user(a, argv, &a->argc);

	/* Nobody expects argc to be 0: Linux 5.18 gives an empty argv[0]. */
	if (!err && a->argc == 0)
		err = exec_args_kernel(a, "", &a->argc);
	return err ? err : exec_args_user(a, envp, &a->envc);
}

static int exec_user(struct thread *me, const struct path_at *at,
		     const struct exec_name *name, uint32_t argv, uint32_t envp)
{
	struct exec_args a;
	int err;

	exec_args_init(&a, me->proc->limit[RLIMIT_STACK].cur);
	err = args_in(&a, argv, envp);
	if (!err)
		err = exec_program(me, at, name, &a);
	exec_args_drop(&a);
	return err;
}

/* POSIX execve(path, argv, envp). Sleeps. */
int sys_execve(struct thread *me, const uint32_t *arg)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct exec_name name = { .walk = WALK_FOLLOW };
	char *path;
	int err = sys_path_in(arg[0], &path);

	if (err)
		return err;
	name.path = name.shown = path;
	err = exec_user(me, &at, &name, arg[1], arg[2]);
	kmem_free(path);
	return err;
}

/* What a program run through a descriptor is called: /dev/fd/N[/path]. */
static int fd_name(int fd, const char *path, char **out)
{
	enum { PREFIX_MAX = 24 };
	size_t size = PREFIX_MAX + strlen(path);

	assert(path);
	*out = kmem_alloc(size);
	if (!*out)
		return -ENOMEM;
	str_format(*out, size, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", fd, path);
	return 0;
}

/* Linux: execveat(dirfd, path, argv, envp, flags). Sleeps. */
int sys_execveat(struct thread *me, const uint32_t *arg)
{
	int fd = arg[0], err;
	uint32_t flags = arg[4];
	struct path_at at = sys_at(me, fd);
	struct exec_name name = { 0 };
	char *path, *shown = NULL;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!(flags & AT_SYMLINK_NOFOLLOW))
		name.walk |= WALK_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		name.walk |= WALK_EMPTY;
	err = sys_path_in(arg[1], &path);
	if (err)
		return err;
	name.path = name.shown = path;
	if (fd != AT_FDCWD && path[0] != '/') {
		err = fd_name(fd, path, &shown);
		name.shown = shown;
		name.hidden = file_cloexec(me->proc->files, fd);
	}
	if (!err)
		err = exec_user(me, &at, &name, arg[2], arg[3]);
	kmem_free(shown);
	kmem_free(path);
	return err;
}
