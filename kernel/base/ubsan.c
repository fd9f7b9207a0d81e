/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ubsan.c - what -fsanitize=undefined calls (gcc 12 and clang 14).
 *
 * Each report is one line "UBSAN: kind file:line" with a backtrace, and the
 * kernel goes on: a test run counts the lines. Every data block that the
 * compiler passes begins with the place in the source, but for the few that
 * are named below. The same place reports once: the compiler's copy of its
 * line is set to 0 then.
 */
#include "kernel/base/base.h"

struct place {
	const char *file;
	uint32_t line, column;
};

unsigned __ubsan_reports; /* read by gdb and by tests */

static void report(struct place *at, const char *kind)
{
	uint32_t line = at->line;

	if (!line)
		return;
	at->line = 0;
	__ubsan_reports++;
	log_print(LOG_ERROR, "UBSAN: %s %s:%u:%u", kind, at->file, line,
		  at->column);
	panic_backtrace((uint32_t)__builtin_frame_address(0));
}

void __ubsan_handle_add_overflow(void *data, void *a, void *b);
void __ubsan_handle_sub_overflow(void *data, void *a, void *b);
void __ubsan_handle_mul_overflow(void *data, void *a, void *b);
void __ubsan_handle_negate_overflow(void *data, void *a);
void __ubsan_handle_divrem_overflow(void *data, void *a, void *b);
void __ubsan_handle_shift_out_of_bounds(void *data, void *a, void *b);
void __ubsan_handle_out_of_bounds(void *data, void *index);
void __ubsan_handle_type_mismatch_v1(void *data, void *pointer);
void __ubsan_handle_pointer_overflow(void *data, void *base, void *result);
void __ubsan_handle_load_invalid_value(void *data, void *value);
void __ubsan_handle_vla_bound_not_positive(void *data, void *bound);
void __ubsan_handle_builtin_unreachable(void *data);
void __ubsan_handle_missing_return(void *data);
void __ubsan_handle_invalid_builtin(void *data);
void __ubsan_handle_nonnull_arg(void *data);
void __ubsan_handle_nonnull_return_v1(void *data, struct place *at);
void __ubsan_handle_nullability_arg(void *data);
void __ubsan_handle_nullability_return_v1(void *data, struct place *at);
void __ubsan_handle_float_cast_overflow(void *data, void *from);
void __ubsan_handle_alignment_assumption(void *data, void *pointer,
					 void *align, void *offset);
void __ubsan_handle_function_type_mismatch(void *data, void *function);
void __ubsan_handle_implicit_conversion(void *data, void *from, void *to);

void __ubsan_handle_add_overflow(void *data, void *a, void *b)
{
	(void)a, (void)b;
	report(data, "add-overflow");
}

void __ubsan_handle_sub_overflow(void *data, void *a, void *b)
{
	(void)a, (void)b;
	report(data, "sub-overflow");
}

void __ubsan_handle_mul_overflow(void *data, void *a, void *b)
{
	(void)a, (void)b;
	report(data, "mul-overflow");
}

void __ubsan_handle_negate_overflow(void *data, void *a)
{
	(void)a;
	report(data, "negate-overflow");
}

void __ubsan_handle_divrem_overflow(void *data, void *a, void *b)
{
	(void)a, (void)b;
	report(data, "division");
}

void __ubsan_handle_shift_out_of_bounds(void *data, void *a, void *b)
{
	(void)a, (void)b;
	report(data, "shift-out-of-bounds");
}

void __ubsan_handle_out_of_bounds(void *data, void *index)
{
	(void)index;
	report(data, "index-out-of-bounds");
}

void __ubsan_handle_type_mismatch_v1(void *data, void *pointer)
{
	report(data, pointer ? "type-mismatch" : "null-pointer");
}

void __ubsan_handle_pointer_overflow(void *data, void *base, void *result)
{
	(void)base, (void)result;
	report(data, "pointer-overflow");
}

void __ubsan_handle_load_invalid_value(void *data, void *value)
{
	(void)value;
	report(data, "invalid-value");
}

void __ubsan_handle_vla_bound_not_positive(void *data, void *bound)
{
	(void)bound;
	report(data, "vla-bound");
}

/* These two cannot go on: there is no code behind them. */
void __ubsan_handle_builtin_unreachable(void *data)
{
	report(data, "unreachable");
	panic("unreachable code was reached");
}

void __ubsan_handle_missing_return(void *data)
{
	report(data, "missing-return");
	panic("a function ended without its value");
}

void __ubsan_handle_invalid_builtin(void *data)
{
	report(data, "invalid-builtin");
}

void __ubsan_handle_nonnull_arg(void *data)
{
	report(data, "null-argument");
}

void __ubsan_handle_nonnull_return_v1(void *data, struct place *at)
{
	(void)data;
	report(at, "null-return");
}

void __ubsan_handle_nullability_arg(void *data)
{
	report(data, "null-argument");
}

void __ubsan_handle_nullability_return_v1(void *data, struct place *at)
{
	(void)data;
	report(at, "null-return");
}

void __ubsan_handle_float_cast_overflow(void *data, void *from)
{
	(void)from;
	report(data, "float-cast");
}

void __ubsan_handle_alignment_assumption(void *data, void *pointer,
					 void *align, void *offset)
{
	(void)pointer, (void)align, (void)offset;
	report(data, "alignment-assumption");
}

void __ubsan_handle_function_type_mismatch(void *data, void *function)
{
	(void)function;
	report(data, "function-type");
}

void __ubsan_handle_implicit_conversion(void *data, void *from, void *to)
{
	(void)from, (void)to;
	report(data, "implicit-conversion");
}
