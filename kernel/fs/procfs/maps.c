/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maps.c - /proc/PID/maps and smaps: the address space, one map per line.
 *
 * Nothing here sleeps, so that the walk over the maps is one step.
 */
#include "kernel/fs/procfs/inner.h"

enum { NAME_COLUMN = 49, CHUNK_PAGES = 256, KB_PER_PAGE = PAGE_SIZE / 1024 };

/* Which file it is that a prison cannot reach is not for it to know. */
static void hide_outside(const struct vm_map *m, const struct cred *who,
			 char *name, uint32_t *dev, uint32_t *ino)
{
	const struct file *f = file_mapped(m);

	if (!f || file_kind(f) || path_in_prison(who, &f->path))
		return;
	str_copy(name, "(unreachable)", PATH_MAX);
	*dev = *ino = 0;
}

static void map_name(struct vm_map *m, char *name, size_t size, uint32_t *dev,
		     uint32_t *ino)
{
	*dev = *ino = 0;
	name[0] = 0;
	if (m->flags & VM_VDSO)
		str_copy(name, m->end > m->vm->vdso ? "[vdso]" : "[vvar]", size);
	else if (m->ops && m->ops->describe)
		m->ops->describe(m, name, size, dev, ino);
	else if (m->flags & VM_HEAP)
		str_copy(name, "[heap]", size);
	else if (m->flags & VM_STACK)
		str_copy(name, "[stack]", size);
}

/* name: PATH_MAX bytes of scratch. */
static void put_map(struct text *t, struct vm_map *m, const struct cred *who,
		    char *name)
{
	unsigned long long offset = (unsigned long long)m->object_page << PAGE_SHIFT;
	char line[80];
	uint32_t dev, ino;
	int n;

	map_name(m, name, PATH_MAX, &dev, &ino);
	hide_outside(m, who, name, &dev, &ino);
	n = str_format(line, sizeof line,
		       "%08x-%08x %c%c%c%c %08llx %02x:%02x %u ", m->start,
		       m->end, m->prot & PROT_READ ? 'r' : '-',
		       m->prot & PROT_WRITE ? 'w' : '-',
		       m->prot & PROT_EXEC ? 'x' : '-',
		       m->flags & VM_SHARED ? 's' : 'p', m->object ? offset : 0,
		       abi_dev_major(dev), abi_dev_minor(dev), ino);
	text_write(t, line, n);
	for (; name[0] && n < NAME_COLUMN; n++)
		text_write(t, " ", 1);
	text_put(t, "%s\n", name);
}

/* Pages of m that are in memory. */
static uint32_t map_resident(struct vm_map *m, uint8_t *scratch)
{
	uint32_t count = 0;

	for (uint32_t at = m->start; at < m->end;) {
		uint32_t pages = min_u32((m->end - at) >> PAGE_SHIFT, CHUNK_PAGES);

		if (vm_resident_map(m->vm, at, pages, scratch))
			break;
		for (uint32_t k = 0; k < pages; k++)
			count += scratch[k] & 1;
		at += pages << PAGE_SHIFT;
	}
	return count;
}

static void put_kb(struct text *t, const char *name, uint32_t kb)
{
	char label[32];

	str_format(label, sizeof label, "%s:", name);
	text_put(t, "%-16s%8u kB\n", label, kb);
}

static void put_usage(struct text *t, struct vm_map *m, uint32_t resident)
{
	uint32_t kb = resident * KB_PER_PAGE;
	bool shared = m->flags & VM_SHARED, write = m->prot & PROT_WRITE;

	put_kb(t, "Size", (m->end - m->start) / 1024);
	put_kb(t, "KernelPageSize", KB_PER_PAGE);
	put_kb(t, "MMUPageSize", KB_PER_PAGE);
	put_kb(t, "Rss", kb);
	put_kb(t, "Pss", kb);
	put_kb(t, "Shared_Clean", shared && !write ? kb : 0);
	put_kb(t, "Shared_Dirty", shared && write ? kb : 0);
	put_kb(t, "Private_Clean", !shared && !write ? kb : 0);
	put_kb(t, "Private_Dirty", !shared && write ? kb : 0);
	put_kb(t, "Referenced", kb);
	put_kb(t, "Anonymous", m->object ? 0 : kb);
	put_kb(t, "AnonHugePages", 0);
	put_kb(t, "Swap", 0);
	put_kb(t, "SwapPss", 0);
	put_kb(t, "Locked", m->flags & VM_LOCKED ? kb : 0);
	text_put(t, "VmFlags:%s%s%s%s%s%s%s\n", m->prot & PROT_READ ? " rd" : "",
		 write ? " wr" : "", m->prot & PROT_EXEC ? " ex" : "",
		 shared ? " sh" : "", m->flags & VM_STACK ? " gd" : "",
		 m->flags & VM_LOCKED ? " lo" : "",
		 m->flags & VM_DONT_FORK ? " dc" : "");
}

int show_maps(struct text *t, const struct pid_view *v)
{
	struct vm *vm = v->p->vm;
	char *name;

	if (!vm)
		return 0;
	name = kmem_alloc(PATH_MAX);
	if (!name)
		return -ENOMEM;
	for (struct vm_map *m = vm_first(vm); m; m = vm_next(m))
		put_map(t, m, v->who, name);
	kmem_free(name);
	return 0;
}

int show_smaps(struct text *t, const struct pid_view *v)
{
	struct vm *vm = v->p->vm;
	uint8_t *scratch;
	char *name;

	if (!vm)
		return 0;
	name = kmem_alloc(PATH_MAX + CHUNK_PAGES);
	if (!name)
		return -ENOMEM;
	scratch = (uint8_t *)name + PATH_MAX;
	for (struct vm_map *m = vm_first(vm); m; m = vm_next(m)) {
		put_map(t, m, v->who, name);
		put_usage(t, m, map_resident(m, scratch));
	}
	kmem_free(name);
	return 0;
}
