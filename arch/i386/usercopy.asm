; SPDX-License-Identifier: BSD-2-Clause
; usercopy.asm - all instructions of the kernel that touch user memory.
;
; Any of them may fault. The page fault is served like the user's own; when it
; cannot be, arch_fixup sends the instruction to its partner in the table at
; the end, which makes the function return how much was not done.
;
; Whole blocks of 32 bytes are moved by plain loads and stores, which QEMU
; translates better than rep movs. A fault within a block goes on bytewise, so
; that the count is exact.
;
; QEMU finds a page by the low bits of its number in a table with one place for
; each value, 256 places or more as a rule. Where source and destination want the
; same, every access puts the other out, and the copy takes 10 times as long:
; there it goes by way of the stack, 128 bytes in and out again, which takes 1.6
; times as long.

%include "arch/i386/frame.inc"

global arch_copy_in, arch_copy_out, arch_clear_out, arch_string_in
global arch_user_cmpxchg, usercopy_start, usercopy_end, usercopy_fixups
global usercopy_stac_sites, usercopy_clac_sites

section .rodata.stac progbits alloc noexec nowrite align=4
usercopy_stac_sites:
section .rodata.clac progbits alloc noexec nowrite align=4
usercopy_clac_sites:

; Sets CF when edi and esi are less than a page apart, modulo 256 pages: then
; some or all of the copy meets such a place. Spoils eax.
%macro SAME_PLACE 0
	lea	eax, [edi + 4095]
	sub	eax, esi
	and	eax, 256 * 4096 - 1
	cmp	eax, 2 * 4096 - 1
%endmacro
APART_BLOCK equ 128

section .text
align 16
usercopy_start:

; uint32_t arch_copy_in(void *to, uint32_t user_from, uint32_t n)
; uint32_t arch_copy_out(uint32_t user_to, const void *from, uint32_t n)
arch_copy_in:
arch_copy_out:
	push	ebp
	mov	ebp, esp
	push	ebx
	push	esi
	push	edi
	mov	edi, [ebp + 8]
	mov	esi, [ebp + 12]
	mov	ecx, [ebp + 16]		; bytes left, all the time
	STAC_HERE
	sub	ecx, 32
	jb	copy_tail
	cmp	ecx, APART_BLOCK - 32
	jb	copy_block
	SAME_PLACE
	jb	copy_apart
copy_block:
%assign at 0
%rep 4
	mov	eax, [esi + at]
	mov	edx, [esi + at + 4]
	mov	[edi + at], eax
	mov	[edi + at + 4], edx
%assign at at + 8
%endrep
	add	esi, 32
	add	edi, 32
	sub	ecx, 32
	jae	copy_block
copy_tail:	add	ecx, 32 - 4
	js	copy_rest			; 0..31 bytes left, less 4
copy_word:
	mov	eax, [esi]
	mov	[edi], eax
	add	esi, 4
	add	edi, 4
	sub	ecx, 4
	jns	copy_word
copy_rest:	add	ecx, 4
	jz	copy_done
copy_byte:
	mov	al, [esi]
	mov	[edi], al
	inc	esi
	inc	edi
	dec	ecx
	jnz	copy_byte
copy_done:
	mov	eax, ecx
	CLAC_HERE
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret
; Blocks by way of the stack. A fault in the second half comes after some words
; have been stored, from the block's end downward: they are stored again bytewise.
copy_apart:
%assign at 0
%rep APART_BLOCK / 4
	push	dword [esi + at]
%assign at at + 4
%endrep
%rep APART_BLOCK / 4
%assign at at - 4
	pop	dword [edi + at]
%endrep
	add	esi, APART_BLOCK
	add	edi, APART_BLOCK
	sub	ecx, APART_BLOCK
	cmp	ecx, APART_BLOCK - 32
	jge	copy_apart
copy_apart_end:
	test	ecx, ecx
	jns	copy_block
	jmp	copy_tail
copy_apart_fault:
	lea	esp, [ebp - 12]			; drop what was pushed
copy_block_fault:
	add	ecx, 32
	jmp	copy_byte
copy_word_fault:
	add	ecx, 4
	jmp	copy_byte

; uint32_t arch_clear_out(uint32_t user_to, uint32_t n)
arch_clear_out:
	push	ebp
	mov	ebp, esp
	push	edi
	mov	edi, [ebp + 8]
	mov	ecx, [ebp + 12]
	xor	eax, eax
	STAC_HERE
	sub	ecx, 32
	jb	clear_tail
clear_block:
%assign at 0
%rep 8
	mov	[edi + at], eax
%assign at at + 4
%endrep
	add	edi, 32
	sub	ecx, 32
	jae	clear_block
clear_tail:	add	ecx, 32
	jz	clear_done
clear_byte:
	mov	[edi], al
	inc	edi
	dec	ecx
	jnz	clear_byte
clear_done:
	mov	eax, ecx
	CLAC_HERE
	pop	edi
	pop	ebp
	ret
clear_block_fault:
	add	ecx, 32
	jmp	clear_byte

; int32_t arch_string_in(char *to, uint32_t user_from, uint32_t n)
; Four bytes at a time where the source is aligned: such a load never touches
; a page that the string does not reach.
arch_string_in:
	push	ebp
	mov	ebp, esp
	push	ebx
	push	esi
	push	edi
	mov	edi, [ebp + 8]
	mov	esi, [ebp + 12]
	mov	ecx, [ebp + 16]
	STAC_HERE
string_to_next:	test	esi, 3
	jnz	string_to_byte
string_to_word:	cmp	ecx, 4
	jb	string_to_byte
string_word:
	mov	eax, [esi]
	lea	edx, [eax - 0x01010101]
	mov	ebx, eax
	not	ebx
	and	edx, ebx
	test	edx, 0x80808080		; one of the four is 0
	jnz	string_to_byte
	mov	[edi], eax
	add	esi, 4
	add	edi, 4
	sub	ecx, 4
	jmp	string_to_word
string_to_byte:	test	ecx, ecx
	jz	string_to_out
string_byte:
	mov	al, [esi]
	mov	[edi], al
	test	al, al
	jz	string_to_out
	inc	esi
	inc	edi
	dec	ecx
	jmp	string_to_next
string_to_out:	mov	eax, esi
	sub	eax, [ebp + 12]
string_done:
	CLAC_HERE
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret
string_fault:
	mov	eax, -1
	jmp	string_done

; int arch_user_cmpxchg(uint32_t addr, uint32_t expect, uint32_t set,
;			uint32_t *old)
arch_user_cmpxchg:
	push	ebx
	mov	ecx, [esp + 8]
	mov	eax, [esp + 12]
	mov	edx, [esp + 16]
	mov	ebx, [esp + 20]
	STAC_HERE
exchange:
	lock cmpxchg [ecx], edx
	CLAC_HERE
	mov	[ebx], eax
	xor	eax, eax
	pop	ebx
	ret
exchange_fault:
	CLAC_HERE
	mov	eax, -1
	pop	ebx
	ret
usercopy_end:

section .rodata
align 4
; from (first address, one past the last) -> where to go on
usercopy_fixups:
	dd copy_block, copy_word, copy_block_fault
	dd copy_word, copy_byte, copy_word_fault
	dd copy_byte, copy_done, copy_done
	dd copy_apart, copy_apart_end, copy_apart_fault
	dd clear_block, clear_byte, clear_block_fault
	dd clear_byte, clear_done, clear_done
	dd string_word, string_done, string_fault
	dd exchange, exchange_fault, exchange_fault
	dd 0, 0, 0

section .rodata.stac
	dd 0
section .rodata.clac
	dd 0
section .note.GNU-stack
