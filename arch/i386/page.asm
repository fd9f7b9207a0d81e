; SPDX-License-Identifier: BSD-2-Clause
; page.asm - clearing and copying whole pages, by plain stores: QEMU translates
; them to twice the speed of rep stos.

global arch_page_zero, arch_page_copy

section .text
; void arch_page_zero(void *page)
align 16
arch_page_zero:
	mov	edx, [esp + 4]
	xor	eax, eax
	mov	ecx, 4096 / 64
.block:
%assign at 0
%rep 16
	mov	[edx + at], eax
%assign at at + 4
%endrep
	add	edx, 64
	dec	ecx
	jnz	.block
	ret

; void arch_page_copy(void *to, const void *from)
align 16
arch_page_copy:
	push	esi
	push	edi
	mov	edi, [esp + 12]
	mov	esi, [esp + 16]
	mov	ecx, 4096 / 64
.block:
%assign at 0
%rep 8
	mov	eax, [esi + at]
	mov	edx, [esi + at + 4]
	mov	[edi + at], eax
	mov	[edi + at + 4], edx
%assign at at + 8
%endrep
	add	esi, 64
	add	edi, 64
	dec	ecx
	jnz	.block
	pop	edi
	pop	esi
	ret

section .note.GNU-stack
