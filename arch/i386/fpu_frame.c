/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fpu_frame.c - FPU state in signal frames: Linux i386's struct _fpstate.
 *
 * It begins with the 112 bytes of the old fnsave format; where the CPU has
 * fxsave, the 512 bytes of that follow and the magic in the first part says
 * so. Handlers may change either: on the way back the x87 part is taken from
 * the first, SSE from the second.
 */
#include "arch/i386/inner.h"

struct legacy {		/* fnsave */
	uint32_t control, status, tags, ip, cs_opcode, data, ds;
	uint8_t st[8][10];
	uint16_t status_copy, magic;
};
struct extended {	/* fxsave */
	uint16_t control, status;
	uint8_t tags, reserved;
	uint16_t opcode;
	uint32_t ip;
	uint16_t cs, reserved2;
	uint32_t data;
	uint16_t ds, reserved3;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[8][16];
	uint8_t rest[224];
};
struct fpstate {
	struct legacy old;
	struct extended fx;
};
_Static_assert(sizeof(struct legacy) == 112, "Linux ABI");
_Static_assert(sizeof(struct fpstate) == ARCH_FPSTATE_MAX, "Linux ABI");

enum {
	MAGIC_FXSR = 0, MAGIC_NONE = 0xffff,
	TAG_VALID = 0, TAG_ZERO = 1, TAG_SPECIAL = 2, TAG_EMPTY = 3,
	MXCSR_MASK_DEFAULT = 0xffbf,
};
#define HIGH_ONES 0xffff0000u

/* Register i of the CPU stands at stack place (i - top) & 7. */
static uint32_t tag_of(const uint8_t st[16])
{
	uint32_t low, high;
	uint16_t exponent;

	memcpy(&low, st, 4);
	memcpy(&high, st + 4, 4);
	memcpy(&exponent, st + 8, 2);
	exponent &= 0x7fff;
	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (exponent == 0)
		return low | high ? TAG_SPECIAL : TAG_ZERO;
	return high & 0x80000000u ? TAG_VALID : TAG_SPECIAL;
}

static uint32_t tags_from_extended(const struct extended *fx)
{
	unsigned top = fx->status >> 11 & 7;
	uint32_t tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint32_t tag = TAG_EMPTY;

		if (fx->tags & 1 << i)
			tag = tag_of(fx->st[(i - top) & 7]);
		tags |= tag << 2 * i;
	}
	return tags;
}

static void legacy_from_extended(struct legacy *old, const struct extended *fx)
{
	old->control = fx->control | HIGH_ONES;
	old->status = fx->status | HIGH_ONES;
	old->tags = tags_from_extended(fx) | HIGH_ONES;
	old->ip = fx->ip;
	old->cs_opcode = fx->cs | (uint32_t)fx->opcode << 16;
	old->data = fx->data;
	old->ds = fx->ds | HIGH_ONES;
	for (unsigned i = 0; i < 8; i++)
		memcpy(old->st[i], fx->st[i], 10);
	old->status_copy = fx->status;
	old->magic = MAGIC_FXSR;
}

static void extended_from_legacy(struct extended *fx, const struct legacy *old)
{
	fx->control = (uint16_t)old->control;
	fx->status = (uint16_t)old->status;
	fx->tags = 0;
	for (unsigned i = 0; i < 8; i++) {
		if ((old->tags >> 2 * i & 3) != TAG_EMPTY)
			fx->tags |= 1 << i;
	}
	fx->ip = old->ip;
	fx->cs = (uint16_t)old->cs_opcode;
	fx->opcode = old->cs_opcode >> 16 & 0x7ff;
	fx->data = old->data;
	fx->ds = (uint16_t)old->ds;
	for (unsigned i = 0; i < 8; i++)
		memcpy(fx->st[i], old->st[i], 10);
}

/* Bytes of an fpstate in a signal frame on this CPU. */
uint32_t arch_fpstate_size(void)
{
	return arch_cpu_info()->fxsr ? sizeof(struct fpstate) :
				       sizeof(struct legacy);
}

/* Writes t's state to `to` (arch_fpstate_size bytes); 0 if it has none. */
uint32_t fpu_frame_save(uint8_t *to, struct arch_thread *t)
{
	struct fpstate *s = (struct fpstate *)to;

	assert(t == thread_running);
	if (!t->fpu_used)
		return 0;
	fpu_sync(t);
	if (!arch_cpu_info()->fxsr) {
		memcpy(&s->old, t->fpu, sizeof(s->old) - 4);
		s->old.status_copy = (uint16_t)s->old.status;
		s->old.magic = MAGIC_NONE;
		return sizeof(s->old);
	}
	memcpy(&s->fx, t->fpu, sizeof(s->fx));
	legacy_from_extended(&s->old, &s->fx);
	return sizeof(*s);
}

/* Takes the state that a handler leaves behind. Bits that the CPU would
 * refuse are cleared. -EFAULT: n is too short. */
int arch_fpu_restore(struct arch_thread *t, const uint8_t *fpstate, uint32_t n)
{
	const struct fpstate *s = (const struct fpstate *)fpstate;
	struct extended *fx = (struct extended *)t->fpu;
	uint32_t mask;

	assert(t == thread_running);
	if (n < arch_fpstate_size())
		return -EFAULT;
	arch_fpu_forget(t);
	if (!arch_cpu_info()->fxsr) {
		memcpy(t->fpu, &s->old, sizeof(s->old) - 4);
		t->fpu_used = true;
		return 0;
	}
	if (s->old.magic == MAGIC_FXSR)
		memcpy(fx, &s->fx, sizeof(*fx));
	extended_from_legacy(fx, &s->old);
	mask = fx->mxcsr_mask ? fx->mxcsr_mask & MXCSR_MASK_DEFAULT :
				MXCSR_MASK_DEFAULT;
	fx->mxcsr &= mask;
	t->fpu_used = true;
	return 0;
}
