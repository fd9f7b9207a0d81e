/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - a relocatable ELF object, checked, and its way into the kernel
 * (module_elf.c: pure, it only reads the file and writes the memory).
 *
 * A module is what `gcc -m32 -c` makes. It defines
 *
 *	const char module_name[] = "sample";
 *	int module_init(void);		0, or -E...: then it is not loaded
 *	void module_exit(void);		without it the module stays for good
 *
 * and uses nothing of the kernel but what module_export.c lists.
 */
#ifndef KERNEL_SYS_MODULE_H
#define KERNEL_SYS_MODULE_H

#include "kernel/base/base.h"

enum { MODULE_NAME_MAX = 56, MODULE_SECTIONS = 128, MODULE_MEMORY_MAX = 1 << 20,
       MODULE_FILE_MAX = 2 << 20 };

struct module_section {
	uint32_t name, type, flags, addr, offset, size, link, info, align,
		entry_size;
};
struct module_file {		/* an object file, all of whose headers are right */
	const uint8_t *bytes;
	uint32_t size;
	unsigned count;			/* of sections */
	struct module_section section[MODULE_SECTIONS];
	uint32_t place[MODULE_SECTIONS];	/* offset in memory; NOWHERE */
	uint32_t memory_size;
	unsigned symbols;		/* the table's section */
	uint32_t symbol_count;
};
struct module_entry {		/* what it came to */
	char name[MODULE_NAME_MAX];
	int (*init)(void);
	void (*exit)(void);		/* NULL: none */
};

/* -ENOEXEC: not such a file, or something in it is wrong. */
int module_parse(struct module_file *m, const void *bytes, uint32_t size) must_check;
/* Fills m->memory_size bytes at memory, which is zeroed and 16-aligned, for
 * running there. find: the address of a name that the kernel exports, 0: none.
 * -ENOENT: the module wants another name, which is put into unknown; -ENOEXEC. */
int module_link(const struct module_file *m, void *memory,
		uint32_t (*find)(const char *name), struct module_entry *out,
		char unknown[MODULE_NAME_MAX]) must_check;

/* module_export.c */
uint32_t module_export_find(const char *name);

#endif
