; SPDX-License-Identifier: BSD-2-Clause
; entry.asm - every way into the kernel and the one way out.
;
; Each entry builds a struct frame on the stack and calls C. While C runs, ds
; and es hold the flat user selector; they nearly always do on entry, so they
; are compared and not loaded (a load costs 25 ns under QEMU). fs and gs stay
; the user's. A selector that cannot be loaded on the way out becomes 0.
;
; Interrupts are off from the test of arch_return_work to the return.

%include "arch/i386/frame.inc"

extern trap_dispatch, irq_dispatch, double_fault_report
extern kernel_call, kernel_trap, kernel_return, arch_return_work
extern sysenter_return
global trap_stubs, irq_stubs, entry_int80, entry_sysenter, entry_sysenter_tf
global sysenter_argument, sysenter_fault, entry_double_fault
global arch_enter_user, segment_fixups, entry_clac_sites, entry_stac_sites

; Below error code and vector: the rest of struct frame.
%macro SAVE_REGISTERS 0
	push	gs
	push	fs
	push	es
	push	ds
	push	eax
	push	ebp
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
%endmacro

%macro FLAT_SEGMENTS 0
	cmp	word [esp + F_DS], USER_DATA
	jne	%%load
	cmp	word [esp + F_ES], USER_DATA
	je	%%flat
%%load:	mov	eax, USER_DATA
	mov	ds, eax
	mov	es, eax
%%flat:
%endmacro

section .rodata.clac progbits alloc noexec nowrite align=4
entry_clac_sites:
section .rodata.stac progbits alloc noexec nowrite align=4
entry_stac_sites:

section .text
align 16
entry_int80:
	push	eax
	push	VECTOR_SYSCALL
	SAVE_REGISTERS
	CLAC_HERE
	cld
	FLAT_SEGMENTS
	push	esp
	call	kernel_call
	add	esp, 4
	cli
	; fall through
leave_user:
	cmp	dword [arch_return_work], 0
	jne	.work
.restore:
	cmp	word [esp + F_DS], USER_DATA
	jne	.segments
	cmp	word [esp + F_ES], USER_DATA
	jne	.segments
.pop:	pop	ebx
	pop	ecx
	pop	edx
	pop	esi
	pop	edi
	pop	ebp
	pop	eax
	add	esp, F_EIP - F_DS
.iret:	iret
.work:	push	esp
	call	kernel_return
	add	esp, 4
	jmp	.restore
.segments:
	mov	es, [esp + F_ES]
.load_ds:
	mov	ds, [esp + F_DS]
	jmp	.pop
.zero_es:
	mov	dword [esp + F_ES], 0
	jmp	.segments
.zero_ds:
	mov	dword [esp + F_DS], 0
	jmp	.load_ds
; iret refused the user's cs or ss: a descriptor that set_thread_area took away
; while it was in use. The five words are still there: make them a trap of the
; user's, with selectors that can be loaded.
.bad_iret:
	push	0
	push	VECTOR_PROTECTION
	SAVE_REGISTERS
	cld
	FLAT_SEGMENTS
	mov	dword [esp + F_CS], USER_CODE
	mov	dword [esp + F_SS], USER_DATA
	push	esp
	call	trap_dispatch
	add	esp, 4
	cli
	jmp	leave_user

; void arch_enter_user(struct frame *f): the first way out of a new thread.
arch_enter_user:
	mov	esp, [esp + 4]
	cli
	jmp	leave_user

align 16
trap_common:
	SAVE_REGISTERS
	CLAC_HERE
	cld
	FLAT_SEGMENTS
	push	esp
	call	trap_dispatch
	add	esp, 4
leave:
	cli
	test	byte [esp + F_CS], 3
	jnz	leave_user
	jmp	leave_user.restore

align 16
irq_common:
	SAVE_REGISTERS
	CLAC_HERE
	cld
	FLAT_SEGMENTS
	push	esp
	call	irq_dispatch
	add	esp, 4
	jmp	leave

; sysenter by Linux's convention: the user pushed ecx, edx, ebp (the sixth
; argument) and set ebp = esp. It goes on at the place behind sysenter in the
; vDSO. Interrupts are off, esp is the top of the thread's kernel stack; ds is
; not known yet, so memory is reached through ss.
align 16
entry_sysenter:
	push	USER_DATA
	push	ebp
	pushfd
	or	dword [esp], EFLAGS_IF
sysenter_common:
	push	USER_CODE
	push	dword [ss:sysenter_return]
	push	eax
	push	VECTOR_SYSCALL
	push	gs
	push	fs
	push	es
	push	ds
	push	eax
	cmp	ebp, USER_TOP - 4
	ja	sysenter_fault
	STAC_HERE
sysenter_argument:
	mov	ebp, [ebp]
	CLAC_HERE
	push	ebp
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
	test	dword [esp + F_EFLAGS], EFLAGS_NT | EFLAGS_AC | EFLAGS_TF
	jnz	.flags
.clean:	cld
	FLAT_SEGMENTS
	sti
	push	esp
	call	kernel_call
	add	esp, 4
	cli
	; sysexit only where it gives the same as iret: nobody has work, no
	; signal or exec changed the frame, no flag needs restoring
	cmp	dword [arch_return_work], 0
	jne	leave_user.work
	mov	edx, [esp + F_EIP]
	cmp	edx, [sysenter_return]
	jne	leave_user.restore
	test	dword [esp + F_EFLAGS], ~EFLAGS_PLAIN
	jnz	leave_user.restore
	cmp	dword [esp + F_ERROR], -1
	je	leave_user.restore
	cmp	word [esp + F_DS], USER_DATA
	jne	leave_user.restore
	cmp	word [esp + F_ES], USER_DATA
	jne	leave_user.restore
	pop	ebx
	mov	ecx, [esp + F_ESP - 4]
	add	esp, 8			; ecx, edx: the user pops them itself
	pop	esi
	pop	edi
	pop	ebp
	pop	eax
	sti				; takes effect behind sysexit
	sysexit
.flags:	; an int gate would have cleared these: NT would break iret
	push	2
	popfd
	jmp	.clean

; A single-stepped sysenter traps once at entry_sysenter; the debug trap comes
; back here, so that the user's frame keeps TF and leaves by iret.
entry_sysenter_tf:
	push	USER_DATA
	push	ebp
	pushfd
	or	dword [esp], EFLAGS_IF | EFLAGS_TF
	jmp	sysenter_common

; The sixth argument is not there to be read. The kernel lock is not held, so
; the fault cannot be served here: make it a page fault of the user's sysenter
; instruction, which is run again if the page comes.
sysenter_fault:
	push	ebp
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
	CLAC_HERE
	push	2
	popfd
	FLAT_SEGMENTS
	mov	cr2, ebp
	mov	dword [esp + F_VECTOR], VECTOR_PAGE
	mov	dword [esp + F_ERROR], 4	; FAULT_USER
	sub	dword [esp + F_EIP], 4		; sysenter, int 0x80: 2 bytes each
	push	esp
	call	kernel_trap
	add	esp, 4
	cli
	jmp	leave_user

; By task gate, with its own TSS and stack; never returns.
entry_double_fault:
	call	double_fault_report
	hlt

%macro TRAP 1			; no error code from the CPU
stub_%1:
	push	0
	push	%1
	jmp	trap_common
%endmacro
%macro TRAP_ERROR 1
stub_%1:
	push	%1
	jmp	trap_common
%endmacro

	TRAP 0
	TRAP 1
	TRAP 2
	TRAP 3
	TRAP 4
	TRAP 5
	TRAP 6
	TRAP 7
	TRAP 9
	TRAP_ERROR 10
	TRAP_ERROR 11
	TRAP_ERROR 12
	TRAP_ERROR 13
	TRAP_ERROR 14
	TRAP 16
	TRAP_ERROR 17
	TRAP 18
	TRAP 19

%assign vector 0x20
%rep 16
stub_irq_ %+ vector:
	push	0
	push	vector
	jmp	irq_common
%assign vector vector + 1
%endrep

section .rodata
align 4
; by vector; 0: never raised, its gate stays absent. 8 has a task gate.
trap_stubs:
	dd stub_0, stub_1, stub_2, stub_3, stub_4, stub_5, stub_6, stub_7
	dd 0, stub_9, stub_10, stub_11, stub_12, stub_13, stub_14, 0
	dd stub_16, stub_17, stub_18, stub_19
irq_stubs:
%assign vector 0x20
%rep 16
	dd stub_irq_ %+ vector
%assign vector vector + 1
%endrep

; Segment loads that may fault, and where to go on then.
extern segment_load_fs, segment_zero_fs, segment_load_gs, segment_zero_gs
segment_fixups:
	dd leave_user.iret, leave_user.bad_iret
	dd leave_user.segments, leave_user.zero_es
	dd leave_user.load_ds, leave_user.zero_ds
	dd segment_load_fs, segment_zero_fs
	dd segment_load_gs, segment_zero_gs
	dd 0, 0

section .rodata.clac
	dd 0
section .rodata.stac
	dd 0
section .note.GNU-stack
