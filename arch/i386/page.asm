; SPDX-License-Identifier: BSD-2-Clause
; page.asm - clearing and copying whole pages, by plain stores: QEMU translates
; them to twice the speed of rep stos. Two pages that QEMU keeps in the same place
; of its table (usercopy.asm tells of it) are copied by way of the stack.

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
	mov	eax, edi
	sub	eax, esi
	test	eax, 256 * 4096 - 1
	jz	.apart
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
.done:	pop	edi
	pop	esi
	ret
.apart:
	mov	ecx, 4096 / 128
.apart_block:
%assign at 0
%rep 128 / 4
	push	dword [esi + at]
%assign at at + 4
%endrep
%rep 128 / 4
%assign at at - 4
	pop	dword [edi + at]
%endrep
	add	esi, 128
	add	edi, 128
	dec	ecx
	jnz	.apart_block
	jmp	.done

section .note.GNU-stack
