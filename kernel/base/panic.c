/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - the end after a broken invariant, and names for addresses.
 *
 * The symbol table is made by symtab.awk after the first link and stands in
 * .symtab_names: the first function's address, then for each function its
 * distance from the one before (16 bits) and its name, NUL-terminated. It is
 * searched from the front: only a dying kernel looks.
 */
#include "kernel/base/arch.h"

enum { FRAMES_MAX = 24, FUNCTION_MAX = 0x10000 };

extern const uint8_t panic_symtab_start[], panic_symtab_end[];

static void (*context_show)(void);
static unsigned depth;	/* panics within panics */

/* The function that addr is in and how far from its start. NULL: unknown. */
const char *panic_symbol(uint32_t addr, uint32_t *offset)
{
	const uint8_t *p = panic_symtab_start, *end = panic_symtab_end;
	const char *name = NULL;
	uint32_t at, found = 0;

	if (end - p < 4)
		return NULL;
	__builtin_memcpy(&at, p, 4);
	p += 4;
	while (end - p > 3) {
		at += p[0] | p[1] << 8;
		if (at > addr)
			break;
		found = at;
		name = (const char *)p + 2;
		p += 2 + strnlen(name, end - p - 3) + 1;
	}
	if (!name || !*name || addr - found >= FUNCTION_MAX)
		return NULL;
	if (offset)
		*offset = addr - found;
	return name;
}

static void print_caller(uint32_t addr)
{
	uint32_t offset;
	/* addr is where the call returns to: perhaps already the next function */
	const char *name = panic_symbol(addr - 1, &offset);

	if (name)
		log_print(LOG_ERROR, "  %08x %s+0x%x", addr, name, offset + 1);
	else
		log_print(LOG_ERROR, "  %08x ?", addr);
}

/* Follows the chain of saved frame pointers as far as it makes sense: upward,
 * within mapped kernel memory. Any value of ebp is safe. */
void panic_backtrace(uint32_t ebp)
{
	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		const uint32_t *frame = (const uint32_t *)ebp;

		if (ebp < KERNEL_BASE || (ebp & 3) || ebp > 0u - 8 ||
		    !arch_address_mapped(ebp) || !arch_address_mapped(ebp + 7))
			break;
		if (frame[1] < KERNEL_BASE)
			break;
		print_caller(frame[1]);
		if (frame[0] <= ebp)
			break;
		ebp = frame[0];
	}
}

/* An upper room adds what it knows: pid, jid. It is called once. */
void panic_context_set(void (*show)(void))
{
	assert(show && !context_show);
	context_show = show;
}

/* "panic=reboot" on the command line restarts the machine, "panic=halt" stops
 * it; as a rule a test harness is told through isa-debug-exit first. */
static _Noreturn void finish(void)
{
	char how[16];

	if (cmdline_value("panic", how, sizeof(how))) {
		if (!strcmp(how, "reboot"))
			arch_reboot();
		if (!strcmp(how, "halt"))
			arch_halt();
	}
	arch_debug_exit(PANIC_EXIT_CODE);
	arch_halt();
}

_Noreturn void panic(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	arch_irq_disable();
	if (depth || log_busy()) /* the sink itself may be what broke */
		log_sink_set(arch_early_write);
	if (depth++ > 1)
		finish();
	va_start(ap, fmt);
	str_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_print(LOG_ERROR, "panic: %s (cpu %u)", text, arch_cpu_number());
	if (depth == 1) {
		if (context_show)
			context_show();
		arch_panic_dump();
	}
	log_print(LOG_ERROR, "panic: end");
	finish();
}

_Noreturn void panic_assert(const char *expr, const char *file, int line)
{
	panic("assertion failed: %s, %s:%d", expr, file, line);
}
