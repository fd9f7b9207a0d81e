/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execfile.c - which file an exec runs: through scripts to a program, and to
 * the dynamic linker that it asks for.
 *
 * The program's file is kept from being written while it runs: its inode's
 * `writers` count goes below zero, once for each process that runs it.
 */
#include "kernel/sys/exec.h"

enum { SCRIPT_DEPTH = 5 };

/* Opens p to run it: who may execute need not be able to read. */
static int open_unread(struct exec *x, const struct path *p, struct file **out)
{
	struct cred *c = cred_copy(x->me->cred);
	int err;

	if (!c)
		return -ENOMEM;
	c->fsuid = 0;
	err = path_open_at(p, c, O_RDONLY | O_LARGEFILE, out);
	cred_drop(c);
	x->unreadable = true;
	return err;
}

static int may_run(const struct path *p, const struct cred *who)
{
	struct inode *i = p->dentry->inode;

	assert(i);
	if (S_ISLNK(i->mode)) /* was told not to follow it */
		return -ELOOP;
	if (!S_ISREG(i->mode) || (p->mount->flags & MS_NOEXEC))
		return -EACCES;
	return inode_permission(i, who, X_OK);
}

/* The file that `name` names, open and with writers kept out. Sleeps. */
static int program_open(struct exec *x, const struct path_at *at,
			const char *name, unsigned walk, struct file **out)
{
	struct path p;
	struct file *f;
	int err = path_walk(at, name, walk, &p, NULL);

	if (err)
		return err;
	err = may_run(&p, x->me->cred);
	if (!err && inode_permission(p.dentry->inode, x->me->cred, R_OK) != 0)
		err = open_unread(x, &p, &f);
	else if (!err)
		err = path_open_at(&p, x->me->cred, O_RDONLY | O_LARGEFILE, &f);
	path_drop(&p);
	if (err)
		return err;
	err = inode_running_begin(f->inode);
	if (err)
		file_drop(f);
	else
		*out = f;
	return err;
}

/* Another process runs what one runs already. */
void exe_hold(struct file *exe)
{
	int err = inode_running_begin(exe->inode);

	assert(!err);
	assert(exe->inode->writers < 0);
	file_hold(exe);
}

void exe_drop(struct file *exe)
{
	assert(exe->inode->writers < 0);
	inode_running_end(exe->inode);
	file_drop(exe);
}

/* Reads the beginning of x->file; what is not there is zero. */
static int start_read(struct exec *x)
{
	int got;

	memset(x->start, 0, sizeof(x->start));
	got = file_read_kernel(x->file, x->start, ELF_START_SIZE, 0);
	return got < 0 ? got : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Splits "#! interpreter option" in place. *option: NULL when there is none.
 * -ENOEXEC: no name, or a name that may go on behind what was read.
 */
static int script_parse(char *line, const char **interpreter, const char **option)
{
	char *p = line + 2, *end = memchr(line, '\n', ELF_START_SIZE);
	bool cut = !end && !memchr(line, 0, ELF_START_SIZE);

	assert(line[0] == '#' && line[1] == '!');
	if (end)
		*end = '\0';
	line[ELF_START_SIZE] = '\0';
	for (end = line + strlen(line); end > p && is_blank(end[-1]);)
		*--end = '\0';
	while (is_blank(*p))
		p++;
	*interpreter = p;
	while (*p && !is_blank(*p))
		p++;
	if (p == *interpreter || (cut && !*p))
		return -ENOEXEC;
	if (*p)
		*p++ = '\0';
	while (is_blank(*p))
		p++;
	*option = *p ? p : NULL;
	return 0;
}

/* x->file is a script called name: its interpreter takes its place. */
static int script_follow(struct exec *x, const char *name)
{
	const char *interpreter, *option;
	struct path_at at = sys_at(x->me, AT_FDCWD);
	int err = script_parse(x->start, &interpreter, &option);

	if (err)
		return err;
	if (x->name->hidden) /* its descriptor closes: who could open it again? */
		return -ENOENT;
	err = exec_args_script(x->args, interpreter, option, name);
	if (err)
		return err;
	assert(x->file);
	exe_drop(x->file);
	x->file = NULL;
	x->unreadable = false;
	return program_open(x, &at, interpreter, WALK_FOLLOW, &x->file);
}

/* Opens the program, through as many scripts as need be. */
int exec_find(struct exec *x, const struct path_at *at)
{
	const char *name = x->name->shown;
	int err = program_open(x, at, x->name->path, x->name->walk, &x->file);

	for (unsigned depth = 0;; depth++) {
		if (!err)
			err = start_read(x);
		if (err || x->start[0] != '#' || x->start[1] != '!')
			return err;
		if (depth == SCRIPT_DEPTH)
			return -ELOOP;
		assert(x->file);
		err = script_follow(x, name);
		name = x->args->head + x->args->head_start; /* interpreter */
	}
}

/* The dynamic linker that the program asks for. */
int exec_find_linker(struct exec *x)
{
	struct path_at at = sys_at(x->me, AT_FDCWD);
	bool unreadable = x->unreadable;
	uint8_t *start;
	struct file *f;
	int err = program_open(x, &at, x->image->interpreter, WALK_FOLLOW, &f);

	assert(x->image->interpreter && !x->linker);
	x->unreadable |= unreadable;
	if (err)
		return err;
	start = kmem_zalloc(ELF_START_SIZE);
	err = start ? file_read_kernel(f, start, ELF_START_SIZE, 0) : -ENOMEM;
	if (err >= 0)
		err = elf_open(f, start, &x->linker);
	if (err == -ENOEXEC)
		err = -ELIBBAD;
	kmem_free(start);
	exe_drop(f); /* only the program itself is kept from writers */
	return err;
}
