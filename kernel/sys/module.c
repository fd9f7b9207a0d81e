/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - loading and unloading: init_module, finit_module, delete_module,
 * /proc/modules.
 *
 * A module is kernel from the moment its init returns 0. It lives in pages of
 * its own, next to each other; i386 pages are executable. While init or exit
 * runs, the module has its name but is not to be unloaded: they may sleep.
 *
 * Locks: the kernel lock.
 */
#include "kernel/sys/calls.h"
#include "kernel/sys/core.h"
#include "kernel/sys/module.h"

enum module_state { COMING, LIVE, GOING };

struct module {
	struct list link;
	struct module_entry entry;
	enum module_state state;
	uint32_t refs;		/* kernel_module_hold */
	uint32_t size;
	struct page *pages;
	unsigned order;
};

static struct list modules = LIST_INIT(modules);

static struct module *module_named(const char *name)
{
	list_each(l, &modules) {
		struct module *m = list_entry(l, struct module, link);

		if (!strcmp(m->entry.name, name))
			return m;
	}
	return NULL;
}

/* The module that an address lies in. It calls, so there is one. */
static struct module *module_of(const void *inside)
{
	list_each(l, &modules) {
		struct module *m = list_entry(l, struct module, link);
		uint32_t from = (uint32_t)page_address(m->pages);

		if ((uint32_t)inside - from < m->size)
			return m;
	}
	panic("%08x is in no module", (uint32_t)inside);
}

/* inside: anything of the module's own, which stays until it is dropped. */
void kernel_module_hold(const void *inside)
{
	module_of(inside)->refs++;
}

void kernel_module_drop(const void *inside)
{
	struct module *m = module_of(inside);

	assert(m->refs != 0);
	m->refs--;
}

/* --- loading ------------------------------------------------------------------ */

static void module_free(struct module *m)
{
	if (m->pages)
		page_free(m->pages, m->order);
	kmem_free(m);
}

static unsigned order_for(uint32_t size)
{
	unsigned order = 0;

	while ((uint32_t)PAGE_SIZE << order < size)
		order++;
	return order;
}

/* Places the parsed file into pages of m. */
static int module_place(struct module *m, const struct module_file *f)
{
	char unknown[MODULE_NAME_MAX] = "";
	int err;

	assert(f->memory_size > 0 && f->memory_size <= MODULE_MEMORY_MAX);
	m->size = f->memory_size;
	m->order = order_for(m->size);
	m->pages = page_alloc(m->order, PAGE_USER);
	if (!m->pages)
		return -ENOMEM;
	memset(page_address(m->pages), 0, (size_t)PAGE_SIZE << m->order);
	err = module_link(f, page_address(m->pages), module_export_find,
			  &m->entry, unknown);
	if (err == -ENOENT)
		log_print(LOG_WARN, "module: the kernel has no %s for it",
			  unknown);
	return err ? err : module_named(m->entry.name) ? -EEXIST : 0;
}

/* init's own errors, made to be such. */
static int module_start(struct module *m)
{
	int err;

	assert(m->entry.init && m->entry.name[0]);
	m->state = COMING;
	list_append(&modules, &m->link);
	err = m->entry.init();
	if (err) {
		list_remove(&m->link);
		return err < 0 && err >= -4095 ? err : -EINVAL;
	}
	m->state = LIVE;
	log_print(LOG_INFO, "module %s loaded at %08x, %u bytes",
		  m->entry.name, (uint32_t)page_address(m->pages), m->size);
	return 0;
}

/* bytes: the file, in kernel memory. Sleeps. */
static int load(const void *bytes, uint32_t size)
{
	struct module_file *f = kmem_alloc(sizeof(*f));
	struct module *m = kmem_zalloc(sizeof(*m));
	int err = f && m ? module_parse(f, bytes, size) : -ENOMEM;

	if (!err)
		err = module_place(m, f);
	if (!err)
		err = module_start(m);
	if (err && m)
		module_free(m);
	kmem_free(f);
	return err;
}

/* --- the calls ------------------------------------------------------------------- */

static int buffer_for(uint32_t size, void **out)
{
	if (size == 0 || size > MODULE_FILE_MAX)
		return -ENOEXEC;
	*out = kmem_alloc(size);
	return *out ? 0 : -ENOMEM;
}

/* init_module(image, size, parameters). Modules here have no parameters. */
int sys_init_module(struct thread *me, const uint32_t *arg)
{
	void *bytes;
	int err = priv_check(me->cred, PRIV_KLD_LOAD);

	if (!err)
		err = buffer_for(arg[1], &bytes);
	if (err)
		return err;
	err = user_copy_in(bytes, arg[0], arg[1]);
	if (!err)
		err = load(bytes, arg[1]);
	kmem_free(bytes);
	return err;
}

static int load_file(struct file *f)
{
	uint32_t size = f->inode->size > MODULE_FILE_MAX ? 0 : f->inode->size;
	void *bytes;
	int n, err = buffer_for(size, &bytes);

	if (err)
		return err;
	n = file_read_kernel(f, bytes, size, 0);
	err = n < 0 ? n : load(bytes, n);
	kmem_free(bytes);
	return err;
}

/* finit_module(fd, parameters, flags). */
int sys_finit_module(struct thread *me, const uint32_t *arg)
{
	struct file *f;
	int err = priv_check(me->cred, PRIV_KLD_LOAD);

	if (err)
		return err;
	if (arg[2])
		return -EINVAL;
	f = file_get(me->proc->files, arg[0], FILE_READ);
	if (!f)
		return -EBADF;
	err = S_ISREG(f->inode->mode) ? load_file(f) : -ENOEXEC;
	file_drop(f);
	return err;
}

/* delete_module(name, flags). It is never waited for: -EWOULDBLOCK while it is
 * in use, -EBUSY when it comes, goes, or has no way out. Sleeps. */
int sys_delete_module(struct thread *me, const uint32_t *arg)
{
	char name[MODULE_NAME_MAX];
	struct module *m;
	int err = priv_check(me->cred, PRIV_KLD_UNLOAD);

	if (err)
		return err;
	err = user_string_in(name, arg[0], sizeof(name));
	if (err < 0)
		return err == -ENAMETOOLONG ? -ENOENT : err;
	m = module_named(name);
	if (!m)
		return -ENOENT;
	if (m->state != LIVE || !m->entry.exit)
		return -EBUSY;
	if (m->refs)
		return -EAGAIN;
	m->state = GOING;
	m->entry.exit();
	assert(m->refs == 0);
	list_remove(&m->link);
	log_print(LOG_INFO, "module %s unloaded", name);
	module_free(m);
	return 0;
}

/* --- /proc/modules ------------------------------------------------------------------ */

/* As Linux: name, bytes, users, who uses it, state, where; the last for the
 * host's root only. */
static int show_modules(struct text *t, const struct cred *who)
{
	static const char *const state[] = { "Loading", "Live", "Unloading" };
	bool where = !who->prison->parent && priv_has(who, PRIV_KMEM_READ);

	list_each(l, &modules) {
		const struct module *m = list_entry(l, struct module, link);
		uint32_t at = (uint32_t)page_address(m->pages);

		text_put(t, "%s %u %u - %s 0x%08x\n", m->entry.name, m->size,
			 m->refs, state[m->state], where ? at : 0);
	}
	return 0;
}

static struct procfs_entry entry = {
	.directory = "", .name = "modules", .gate = PROC_GATE_ALL,
	.show = show_modules,
};

void modules_init(void)
{
	procfs_register(&entry);
}
