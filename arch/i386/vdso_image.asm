; SPDX-License-Identifier: BSD-2-Clause
; vdso_image.asm - the vDSO's file as bytes: whole pages, since user programs
; see all of the last one. The Makefile defines VDSO, the file's name.

global vdso_image, vdso_image_end

section .rodata align=4096
vdso_image:
	incbin VDSO
	align 4096, db 0
vdso_image_end:

section .note.GNU-stack
