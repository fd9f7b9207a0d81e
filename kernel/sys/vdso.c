/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vdso.c - the kernel's own user code, mapped into every program.
 *
 * One read-only map: the page of data that the clock keeps up to date, and
 * behind it the ELF image that reads it. All programs share the same pages.
 */
#include "kernel/sys/core.h"

static int vdso_fault(struct vm_map *m, uint32_t addr, uint32_t *pte)
{
	uint32_t offset = align_down(addr - m->start, PAGE_SIZE);
	uint32_t size;
	const uint8_t *image = arch_vdso_image(&size);

	assert(offset < vdso_size());
	if (offset == 0)
		*pte = arch_vdso_data_phys();
	else
		*pte = virt_to_phys(image + offset - PAGE_SIZE);
	return 0;
}

static void vdso_describe(struct vm_map *m, char *name, size_t size,
			  uint32_t *dev, uint32_t *ino)
{
	(void)m;
	str_copy(name, "[vdso]", size);
	*dev = *ino = 0;
}

static const struct vm_map_ops vdso_ops = {
	.fault = vdso_fault, .describe = vdso_describe,
};

/* Bytes that vdso_map needs. */
uint32_t vdso_size(void)
{
	uint32_t size;

	(void)arch_vdso_image(&size);
	return PAGE_SIZE + align_up(size, PAGE_SIZE);
}

/* Maps it at `at`; v->vdso becomes the address of the ELF image. */
int vdso_map(struct vm *v, uint32_t at)
{
	struct vm_request r = {
		.addr = at, .size = vdso_size(), .prot = PROT_READ | PROT_EXEC,
		.flags = VM_VDSO | VM_DONT_EXPAND, .fixed = true,
		.ops = &vdso_ops, .limit = RLIM_INFINITY,
	};
	uint32_t got;
	int err = vm_map(v, &r, &got);

	assert((at & PAGE_MASK) == 0 && !v->vdso);
	if (err)
		return err;
	v->vdso = at + PAGE_SIZE;
	/* Every program calls through its first page: not by a fault. */
	(void)!vm_populate(v, v->vdso, PAGE_SIZE);
	return 0;
}
