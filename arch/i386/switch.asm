; SPDX-License-Identifier: BSD-2-Clause
; switch.asm - changing the stack from one thread to the next, and loading fs
; and gs with selectors that may be bad.

global stack_switch, thread_begin, segment_fs, segment_gs
global segment_load_fs, segment_zero_fs, segment_load_gs, segment_zero_gs

section .text
; void stack_switch(uint32_t *save_esp, uint32_t next_esp)
align 16
stack_switch:
	mov	eax, [esp + 4]
	mov	edx, [esp + 8]
	push	ebp
	push	ebx
	push	esi
	push	edi
	mov	[eax], esp
	mov	esp, edx
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret

; Where the first switch to a thread arrives: ebx = entry, esi = its argument
; (arch_thread_make put them on the stack).
thread_begin:
	push	esi
	call	ebx
	ud2

; void segment_fs(uint32_t selector), segment_gs: a bad one becomes 0.
segment_fs:
	mov	eax, [esp + 4]
segment_load_fs:
	mov	fs, eax
	ret
segment_zero_fs:
	xor	eax, eax
	jmp	segment_load_fs

segment_gs:
	mov	eax, [esp + 4]
segment_load_gs:
	mov	gs, eax
	ret
segment_zero_gs:
	xor	eax, eax
	jmp	segment_load_gs

section .note.GNU-stack
