/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * physmem.c - /dev/mem, all physical memory, and /dev/port, the machine's
 * ports: for the host's root, never for a prison.
 *
 * What may be done is decided at the open, by its mode and the securelevel.
 * Memory is copied by the routines for user memory: where the kernel may not
 * write, its own text above all, they fail instead of ending the kernel. A
 * page that is mapped is not held: it may be anybody's, and remains so.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum { CHUNK = 512 };

static int may_open(struct file *f, enum priv read, enum priv write)
{
	unsigned mode = f->flags & O_ACCMODE;
	int err = 0;

	if (mode != O_WRONLY)
		err = priv_check(f->cred, read);
	if (!err && mode != O_RDONLY)
		err = priv_check(f->cred, write);
	return err;
}

/* --- /dev/mem --------------------------------------------------------- */

static int mem_open(struct inode *i, struct file *f)
{
	(void)i;
	return may_open(f, PRIV_KMEM_READ, PRIV_KMEM_WRITE);
}

static int port_open(struct inode *i, struct file *f)
{
	(void)i;
	return may_open(f, PRIV_IO, PRIV_IO);
}

/* Bytes of one step at pos, all in one page; 0 at the end of memory, which is
 * that of the direct map. */
static uint32_t step(off64 pos, uint32_t left)
{
	uint64_t end = (uint64_t)page_count << PAGE_SHIFT;

	assert(end <= DIRECT_MAX);
	if (pos < 0 || (uint64_t)pos >= end)
		return 0;
	return min_u32(left, CHUNK - (uint32_t)pos % CHUNK);
}

static int mem_read(struct file *f, struct user_io *io, off64 *pos)
{
	uint8_t bytes[CHUNK];
	int total = 0, n;
	uint32_t part;

	(void)f;
	while ((part = step(*pos, io->left))) {
		/* a guard page of the kernel's: nothing is there to be read */
		if (arch_copy_in(bytes, (uint32_t)phys_to_virt(*pos), part))
			memset(bytes, 0, part);
		n = user_io_give(io, bytes, part);
		if (n < 0)
			return total ? total : n;
		total += n;
		*pos += n;
		if ((uint32_t)n < part || !device_go_on())
			break;
	}
	return total;
}

static int mem_write(struct file *f, struct user_io *io, off64 *pos)
{
	uint8_t bytes[CHUNK];
	int total = 0, n;
	uint32_t part;

	(void)f;
	if (io->left && !step(*pos, io->left))
		return -EFBIG;
	while ((part = step(*pos, io->left))) {
		n = user_io_take(io, bytes, part);
		if (n < 0)
			return total ? total : n;
		if (arch_copy_in(phys_to_virt(*pos), (uint32_t)bytes, n))
			return total ? total : -EFAULT;
		total += n;
		*pos += n;
		if ((uint32_t)n < part || !device_go_on())
			break;
	}
	return total;
}

/* Any place below 4 GB; it need not be memory. */
static int mem_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	off64 at = whence == SEEK_CUR ? f->pos + offset : offset;

	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	if (at < 0 || at > UINT32_MAX)
		return -EINVAL;
	*out = f->pos = at;
	return 0;
}

static int mem_fault(struct vm_map *m, uint32_t addr, uint32_t *pte)
{
	uint32_t page = m->object_page + ((addr - m->start) >> PAGE_SHIFT);

	*pte = page << PAGE_SHIFT | PTE_NOCACHE;
	return 0;
}

static void mem_describe(struct vm_map *m, char *name, size_t size,
			 uint32_t *dev, uint32_t *ino)
{
	(void)m;
	str_copy(name, "/dev/mem", size);
	*dev = *ino = 0;
}

static const struct vm_map_ops mem_map_ops = {
	.fault = mem_fault, .describe = mem_describe,
};

static int mem_map(struct file *f, struct vm_request *r)
{
	enum { PAGES_ALL = 1 << (32 - PAGE_SHIFT) };
	uint32_t pages = align_up(r->size, PAGE_SIZE) >> PAGE_SHIFT;

	(void)f;
	if (r->object_page >= PAGES_ALL || pages > PAGES_ALL - r->object_page)
		return -EINVAL;
	r->ops = &mem_map_ops;
	r->flags |= VM_DONT_EXPAND;
	return 0;
}

/* --- /dev/port ---------------------------------------------------------- */

static int port_read(struct file *f, struct user_io *io, off64 *pos)
{
	int total = 0;

	(void)f;
	while (io->left && *pos >= 0 && *pos < ARCH_PORTS) {
		uint8_t v = arch_inb((uint16_t)*pos);
		int n = user_io_give(io, &v, 1);

		if (n < 0)
			return total ? total : n;
		total++;
		++*pos;
	}
	return total;
}

static int port_write(struct file *f, struct user_io *io, off64 *pos)
{
	int total = 0;

	(void)f;
	while (io->left && *pos >= 0 && *pos < ARCH_PORTS) {
		uint8_t v;
		int n = user_io_take(io, &v, 1);

		if (n < 0)
			return total ? total : n;
		arch_outb((uint16_t)*pos, v);
		total++;
		++*pos;
	}
	return total;
}

/* --- registration -------------------------------------------------------- */

static const struct file_ops mem_ops = {
	.open = mem_open, .read = mem_read, .write = mem_write,
	.seek = mem_seek, .map = mem_map,
};
static const struct file_ops port_ops = {
	.open = port_open, .read = port_read, .write = port_write,
	.seek = mem_seek,
};

enum { MINOR_MEM = 1, MINOR_PORT = 4, GROUP_KMEM = 15 };

static struct dev devices[] = {
	{ .name = "mem", .number = MINOR_MEM, .mode = 0640, .ops = &mem_ops },
	{ .name = "port", .number = MINOR_PORT, .mode = 0640, .ops = &port_ops },
};

void physmem_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(devices); i++) {
		struct dev *d = &devices[i];

		d->number = abi_dev(MAJOR_MEM, d->number);
		d->gid = GROUP_KMEM;
		if (dev_register(d))
			panic("no memory for /dev/%s", d->name);
	}
}
