/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.h - an ELF file, checked, and its way into an address space (elf.c).
 */
#ifndef KERNEL_SYS_ELF_H
#define KERNEL_SYS_ELF_H

#include "kernel/fs/fs.h"

struct elf_segment {		/* a program header */
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
struct elf_image {
	struct file *file;	/* held */
	uint32_t entry, header_offset;
	unsigned count;
	struct elf_segment *segment;
	char *interpreter;	/* NULL: none */
	bool moves;		/* ET_DYN: goes anywhere */
	uint32_t low, high;	/* pages that its segments span, before bias */
};
struct elf_place {		/* where it went */
	uint32_t bias, entry, headers, end;
	uint32_t code_start, code_end, data_start, data_end;
};
enum { ELF_START_SIZE = 256, ELF_SEGMENT_SIZE = 32 };

/* start: the file's first ELF_START_SIZE bytes, zeroes behind its end. */
int elf_open(struct file *f, const uint8_t *start, struct elf_image **out) must_check;
void elf_close(struct elf_image *e);	/* NULL is fine. Sleeps. */
/* Maps e into v, which need not be loaded; base: for one that moves, where its
 * first page goes, 0: anywhere. limit: RLIMIT_AS. Sleeps. */
int elf_map(const struct elf_image *e, struct vm *v, uint32_t base,
	    uint64_t limit, struct elf_place *at) must_check;
/* Once v is loaded: zeroes what lies behind the file's bytes. Sleeps. */
int elf_clear(const struct elf_image *e, uint32_t bias) must_check;

#endif
