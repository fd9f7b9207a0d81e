; SPDX-License-Identifier: BSD-2-Clause
; entry.asm - the vDSO's code that C cannot write: how to call the kernel, and
; how to come back from a signal handler that names no restorer.

global __kernel_vsyscall:function
global __kernel_sigreturn:function
global __kernel_rt_sigreturn:function

SIGRETURN	equ 119
RT_SIGRETURN	equ 173
LANDING		equ 9	; VDSO_LANDING in arch/i386/vdso.h

section .text
; Number and arguments are in registers, as for int 0x80. sysenter keeps
; neither eip nor esp: the kernel knows the landing place, ebp tells the stack.
; A call that must be restarted goes back to the int 0x80, all registers whole.
; The kernel overwrites this with `int 0x80; ret` on a CPU without sysenter.
align 16
__kernel_vsyscall:
	push	ecx
	push	edx
	push	ebp
	mov	ebp, esp
	sysenter
	int	0x80
landing:
	pop	ebp
	pop	edx
	pop	ecx
	ret
%if landing - __kernel_vsyscall != LANDING
%error "the kernel returns elsewhere"
%endif

; Unwinders know a signal frame by these very bytes.
align 16
	nop
__kernel_sigreturn:
	pop	eax
	mov	eax, SIGRETURN
	int	0x80

align 16
	nop
__kernel_rt_sigreturn:
	mov	eax, RT_SIGRETURN
	int	0x80

section .note.GNU-stack
