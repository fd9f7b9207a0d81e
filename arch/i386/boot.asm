; SPDX-License-Identifier: BSD-2-Clause
; boot.asm - from the loader to C.
;
; A multiboot 1 loader enters arch_start with paging off, eax = its magic, ebx =
; the physical address of its information. The first 8 MB are mapped at 0 and
; at KERNEL_BASE, the jump goes up, and the map at 0 is taken away again.
;
; The boot stack is a kernel stack slot like every thread's: it has a guard
; page (paging.c unmaps it) and the thread in its last word. The second slot
; ends in the double fault stack; the page directory and the first two page
; tables fill the rest of it.

%include "arch/i386/frame.inc"

DEBUG_EXIT	equ 0xf4
PANIC_EXIT_CODE	equ 0x7d	; as base.h has it

MAGIC_HEADER	equ 0x1badb002
MAGIC_LOADER	equ 0x2badb002
; modules on page boundaries, tell about memory (v86 gives a map only then)
HEADER_FLAGS	equ 3
COM1		equ 0x3f8
CR0_PG		equ 0x80000000
TABLE_ENTRIES	equ 2048	; two tables: 8 MB

extern arch_boot, kernel_main
global arch_start, arch_kernel_dir, boot_tables, boot_slot, double_fault_top

section .multiboot progbits alloc noexec nowrite align=4
	dd MAGIC_HEADER, HEADER_FLAGS, -(MAGIC_HEADER + HEADER_FLAGS)

section .text.start progbits alloc exec nowrite align=16
arch_start:
	cli
	cld
	mov	esp, boot_slot + KSTACK_SLOT - KSTACK_TOP_PAD - KERNEL_BASE
	mov	esi, no_loader - KERNEL_BASE
	cmp	eax, MAGIC_LOADER
	jne	refuse
	call	check_cpu

	; the page tables: physical page i at entry i, present and writable
	mov	edi, boot_tables - KERNEL_BASE
	mov	eax, 3
	mov	ecx, TABLE_ENTRIES
.fill:	stosd
	add	eax, 4096
	loop	.fill
	mov	edi, arch_kernel_dir - KERNEL_BASE
	mov	eax, boot_tables - KERNEL_BASE + 3
	mov	[edi], eax
	mov	[edi + (KERNEL_BASE >> 20)], eax
	add	eax, 4096
	mov	[edi + 4], eax
	mov	[edi + (KERNEL_BASE >> 20) + 4], eax
	mov	cr3, edi
	mov	eax, cr0
	or	eax, CR0_PG
	mov	cr0, eax
	mov	eax, above
	jmp	eax
above:
	mov	esp, boot_slot + KSTACK_SLOT - KSTACK_TOP_PAD
	xor	eax, eax
	mov	[arch_kernel_dir], eax
	mov	[arch_kernel_dir + 4], eax
	mov	eax, cr3
	mov	cr3, eax
	xor	ebp, ebp		; the end of every backtrace
	push	ebx
	call	arch_boot
	add	esp, 4
	call	kernel_main
.end:	cli
	hlt
	jmp	.end

; The kernel is compiled for the i686: it needs cpuid, cmov and the TSC's age.
check_cpu:
	push	ebx
	mov	esi, old_cpu - KERNEL_BASE
	pushfd
	pop	eax
	mov	ecx, eax
	xor	eax, 1 << 21		; the ID flag can be changed: cpuid
	push	eax
	popfd
	pushfd
	pop	eax
	cmp	eax, ecx
	je	refuse
	mov	eax, 1
	cpuid
	test	edx, 1 << 15		; cmov
	jz	refuse
	pop	ebx
	ret

; Says the line at esi on COM1 and stops; QEMU ends if it has isa-debug-exit.
refuse:
	mov	dx, COM1 + 5
	in	al, dx
	test	al, 0x20
	jz	refuse
	mov	dx, COM1
	lodsb
	test	al, al
	jz	.stop
	out	dx, al
	jmp	refuse
.stop:	mov	al, PANIC_EXIT_CODE
	out	DEBUG_EXIT, al
	cli
	hlt
	jmp	.stop

no_loader: db "brig: not started by a multiboot loader", 13, 10, 0
old_cpu:   db "brig: this needs an i686 with cmov", 13, 10, 0

section .bss align=16384
boot_slot:	resb KSTACK_SLOT
arch_kernel_dir: resb 4096
boot_tables:	resb 8192
		resb 4096 - KSTACK_TOP_PAD
double_fault_top: resb KSTACK_TOP_PAD

section .note.GNU-stack
