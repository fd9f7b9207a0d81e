/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module_export.c - what the kernel lets modules use: these names and no other.
 * A module has no prototype of its own: it includes the rooms' headers.
 */
#include "kernel/fs/knob.h"
#include "kernel/sys/core.h"
#include "kernel/sys/module.h"

#define EXPORT(name) { #name, (uint32_t)name }

static const struct {
	const char *name;
	uint32_t address;
} exports[] = {
	/* base */
	EXPORT(log_print), EXPORT(panic_assert), EXPORT(str_format),
	EXPORT(str_copy), EXPORT(str_to_u64), EXPORT(strlen), EXPORT(strcmp),
	EXPORT(strncmp), EXPORT(strchr), EXPORT(memcpy), EXPORT(memmove),
	EXPORT(memset), EXPORT(memcmp), EXPORT(arch_clock_ns),
	/* memory, users' too */
	EXPORT(kmem_alloc), EXPORT(kmem_zalloc), EXPORT(kmem_free),
	EXPORT(user_io_take), EXPORT(user_io_give), EXPORT(user_io_zero),
	/* who */
	EXPORT(priv_check), EXPORT(prison_sees), EXPORT(prison_denied),
	/* files: /proc, /dev */
	EXPORT(procfs_register), EXPORT(procfs_unregister),
	EXPORT(procfs_knob_add), EXPORT(text_put), EXPORT(text_write),
	EXPORT(dev_register), EXPORT(dev_unregister),
	/* a module that is in use says so */
	EXPORT(kernel_module_hold), EXPORT(kernel_module_drop),
};

uint32_t module_export_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(exports); i++)
		if (!strcmp(exports[i].name, name))
			return exports[i].address;
	return 0;
}
