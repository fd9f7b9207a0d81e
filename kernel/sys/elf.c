/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.c - reads ELF32 files and maps them.
 *
 * Everything that can be wrong with a file is found by elf_open, while exec
 * can still say so to its caller: after it, elf_map fails only for lack of
 * memory or of room. Nothing is copied: text and data are mapped through the
 * file's own map operation, so that all who run it share the page cache.
 */
#include "kernel/sys/elf.h"

enum { ET_EXEC = 2, ET_DYN = 3, EM_386 = 3, PT_LOAD = 1, PT_INTERP = 3,
       PF_X = 1, PF_W = 2, PF_R = 4, SEGMENTS_MAX = 65536 / ELF_SEGMENT_SIZE };

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

static int header_check(const struct elf_header *h)
{
	/* magic, 32 bits, little endian */
	static const uint8_t ident[6] = { 0x7f, 'E', 'L', 'F', 1, 1 };

	if (memcmp(h->ident, ident, sizeof(ident)) != 0 ||
	    (h->type != ET_EXEC && h->type != ET_DYN) ||
	    h->machine != EM_386 || h->phentsize != ELF_SEGMENT_SIZE ||
	    h->phnum == 0 || h->phnum > SEGMENTS_MAX)
		return -ENOEXEC;
	return 0;
}

/* Exactly n bytes from the file; fewer is not a program. */
static int read_exact(struct file *f, void *to, uint32_t n, uint32_t from)
{
	int got = file_read_kernel(f, to, n, from);

	if (got < 0)
		return got;
	assert((uint32_t)got <= n);
	return (uint32_t)got == n ? 0 : -ENOEXEC;
}

/* One PT_LOAD; *end: where the one before it ends. */
static int load_check(const struct elf_segment *s, off64 file_size, uint32_t *end)
{
	assert(*end <= USER_TOP);
	if (s->filesz > s->memsz || s->memsz > USER_TOP ||
	    s->vaddr > USER_TOP - s->memsz)
		return -EINVAL;
	if (((s->vaddr ^ s->offset) & PAGE_MASK) != 0 && s->filesz > 0)
		return -EINVAL;
	if ((off64)s->offset + s->filesz > file_size)
		return -ENOEXEC;	/* would be a SIGBUS later */
	if (s->vaddr < *end)
		return -ENOEXEC;	/* the standard wants them ascending */
	*end = s->vaddr + s->memsz;
	return 0;
}

static int loads_check(struct elf_image *e)
{
	uint32_t end = 0;
	bool any = false;
	int err;

	assert(e->count > 0 && e->count <= SEGMENTS_MAX);
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_segment *s = &e->segment[i];

		if (s->type != PT_LOAD || s->memsz == 0)
			continue;
		err = load_check(s, e->file->inode->size, &end);
		if (err)
			return err;
		if (!any)
			e->low = align_down(s->vaddr, PAGE_SIZE);
		any = true;
	}
	assert(end <= USER_TOP);
	e->high = align_up(end, PAGE_SIZE);
	if (!any)
		return -ENOEXEC;
	return !e->moves && e->low < USER_MIN ? -EINVAL : 0;
}

/* The name in the first PT_INTERP, if there is one. */
static int interpreter_read(struct elf_image *e)
{
	const struct elf_segment *s = e->segment, *end = s + e->count;
	int err;

	assert(!e->interpreter);
	while (s < end && s->type != PT_INTERP)
		s++;
	if (s == end)
		return 0;
	if (s->filesz < 2 || s->filesz > PATH_MAX)
		return -ENOEXEC;
	e->interpreter = kmem_alloc(s->filesz);
	if (!e->interpreter)
		return -ENOMEM;
	err = read_exact(e->file, e->interpreter, s->filesz, s->offset);
	if (!err && e->interpreter[s->filesz - 1] != '\0')
		err = -ENOEXEC;
	return err;
}

static int contents_read(struct elf_image *e, uint32_t at)
{
	uint32_t size = e->count * ELF_SEGMENT_SIZE;
	int err;

	e->segment = kmem_alloc(size);
	if (!e->segment)
		return -ENOMEM;
	err = read_exact(e->file, e->segment, size, at);
	if (!err)
		err = loads_check(e);
	return err ? err : interpreter_read(e);
}

/* Checks all of f that matters. Holds f. -ENOEXEC, -EINVAL, -ENOMEM. Sleeps. */
int elf_open(struct file *f, const uint8_t *start, struct elf_image **out)
{
	struct elf_header h;
	struct elf_image *e;
	int err;

	_Static_assert(sizeof(h) == 52, "ELF32 header");
	_Static_assert(sizeof(struct elf_segment) == ELF_SEGMENT_SIZE, "Phdr");
	memcpy(&h, start, sizeof(h));
	err = header_check(&h);
	if (err)
		return err;
	if (!f->ops->map)
		return -ENOEXEC;
	e = kmem_zalloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	file_hold(f);
	e->file = f;
	e->entry = h.entry;
	e->header_offset = h.phoff;
	e->count = h.phnum;
	e->moves = h.type == ET_DYN;
	err = contents_read(e, h.phoff);
	if (err)
		elf_close(e);
	else
		*out = e;
	return err;
}

void elf_close(struct elf_image *e)
{
	if (!e)
		return;
	assert(e->file);
	kmem_free(e->interpreter);
	kmem_free(e->segment);
	file_drop(e->file);
	kmem_free(e);
}

static uint32_t prot_of(const struct elf_segment *s)
{
	return (s->flags & PF_R ? PROT_READ : 0) |
	       (s->flags & PF_W ? PROT_WRITE : 0) |
	       (s->flags & PF_X ? PROT_EXEC : 0);
}

/* One segment: pages of the file, then pages of zeroes. */
static int segment_map(const struct elf_image *e, const struct elf_segment *s,
		       struct vm *v, uint32_t bias, uint64_t limit)
{
	uint32_t start = align_down(s->vaddr, PAGE_SIZE);
	uint32_t file_end = align_up(s->vaddr + s->filesz, PAGE_SIZE);
	uint32_t end = align_up(s->vaddr + s->memsz, PAGE_SIZE), got;
	struct vm_request r = {
		.addr = start + bias, .prot = prot_of(s),
		.flags = VM_MAY_WRITE, .fixed = true, .limit = limit,
	};
	int err;

	assert(s->type == PT_LOAD && start < end && file_end <= end);
	if (s->filesz == 0)
		file_end = start;
	if (file_end > start) {
		r.size = file_end - start;
		r.object_page = s->offset >> PAGE_SHIFT;
		err = e->file->ops->map(e->file, &r);
		if (!err)
			err = vm_map(v, &r, &got);
		if (err)
			return err;
	}
	if (end <= file_end)
		return 0;
	r = (struct vm_request){
		.addr = file_end + bias, .size = end - file_end,
		.prot = prot_of(s), .flags = VM_MAY_WRITE, .fixed = true,
		.limit = limit,
	};
	return vm_map(v, &r, &got);
}

/* Notes what /proc and the auxiliary vector tell about the segment. */
static void place_note(const struct elf_image *e, const struct elf_segment *s,
		       struct elf_place *at)
{
	uint32_t start = s->vaddr + at->bias, end = start + s->filesz;

	if (at->code_start == 0 || start < at->code_start)
		at->code_start = start;
	if ((s->flags & PF_X) && end > at->code_end)
		at->code_end = end;
	if (start > at->data_start)
		at->data_start = start;
	if (end > at->data_end)
		at->data_end = end;
	if (start + s->memsz > at->end)
		at->end = start + s->memsz;
	if (e->header_offset >= s->offset &&
	    e->header_offset - s->offset < s->filesz)
		at->headers = start + e->header_offset - s->offset;
}

/* A free place for all segments together, wherever the map search finds it. */
static int room_find(struct vm *v, uint32_t size, uint64_t limit, uint32_t *at)
{
	struct vm_request r = { .size = size, .limit = limit };
	int err = vm_map(v, &r, at);

	return err ? err : vm_unmap(v, *at, size);
}

int elf_map(const struct elf_image *e, struct vm *v, uint32_t base,
	    uint64_t limit, struct elf_place *at)
{
	int err;

	assert(e->low < e->high);
	memset(at, 0, sizeof(*at));
	if (e->moves) {
		if (base == 0) {
			err = room_find(v, e->high - e->low, limit, &base);
			if (err)
				return err;
		}
		assert((base & PAGE_MASK) == 0);
		at->bias = base - e->low; /* wraps as it should */
	}
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_segment *s = &e->segment[i];

		if (s->type != PT_LOAD || s->memsz == 0)
			continue;
		err = segment_map(e, s, v, at->bias, limit);
		if (err)
			return err;
		place_note(e, s, at);
	}
	at->entry = e->entry + at->bias;
	return 0;
}

/* -EFAULT, -ENOMEM: a page could not be had. */
int elf_clear(const struct elf_image *e, uint32_t bias)
{
	assert((bias & PAGE_MASK) == 0);
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_segment *s = &e->segment[i];
		uint32_t from = s->vaddr + s->filesz + bias;
		uint32_t tail = -from & PAGE_MASK;
		int err;

		/* What the program cannot write keeps the file's bytes. */
		if (s->type != PT_LOAD || s->memsz == s->filesz ||
		    s->filesz == 0 || tail == 0 || !(s->flags & PF_W))
			continue;
		err = user_clear(from, tail);
		if (err)
			return err;
	}
	return 0;
}
