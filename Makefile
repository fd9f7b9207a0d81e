# Makefile - builds the kernel (a multiboot ELF), the ISO and the user land.
#
#   make              kernel and root file system   build/NAME/{brig.elf,root.cpio}
#   make kernel       the kernel alone
#   make disk         the root as an ext2 image     build/root/root.ext2
#   make iso          a bootable GRUB image         build/NAME/brig.iso
#   make room ROOM=kernel/fs    compile and seal one room
#   make lint         the rules of the house
#
# CC=clang, SAN=ub,ka (UBSan, KASAN), COV=1 (gcov), WERROR=1 choose a build; each
# has its own folder. BUSYBOX= and MUSL= name local copies (user/build.mk).

include rooms.mk

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN     ?=
COV     ?=
V       ?=
comma   := ,
NAME    := $(notdir $(CC))$(if $(SAN),-san-$(subst $(comma),-,$(SAN)))$(if $(COV),-cov)
B       := build/$(NAME)
Q       := $(if $(V),,@)
NM      ?= nm
OBJCOPY ?= objcopy
SANS    := $(subst $(comma), ,$(SAN))
IS_CLANG := $(findstring clang,$(CC))

CFLAGS := -m32 -march=i686 -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-common \
	-fno-stack-protector -fno-asynchronous-unwind-tables \
	-mno-sse -mno-mmx -mno-80387 -I. \
	-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
	-DBRIG_KASAN=$(if $(filter ka,$(SANS)),1,0) $(if $(WERROR),-Werror)
# gcc keeps the stack 4-aligned in a kernel without SSE: smaller, faster frames.
CFLAGS += $(if $(IS_CLANG),-mstack-alignment=4 -Wno-address-of-packed-member,\
	-mpreferred-stack-boundary=2)
CFLAGS += $(if $(filter ub,$(SANS)),-fsanitize=undefined -fno-sanitize=alignment)
CFLAGS += $(if $(filter ka,$(SANS)),-fsanitize=kernel-address $(if $(IS_CLANG),\
	-mllvm -asan-instrumentation-with-call-threshold=0 -mllvm -asan-globals=0 \
	-mllvm -asan-stack=0,--param asan-instrumentation-with-call-threshold=0 \
	--param asan-globals=0 --param asan-stack=0))
CFLAGS += $(if $(COV),-fprofile-arcs -ftest-coverage -fprofile-info-section)
ASFLAGS := -f elf32 -g -F dwarf -I.
LIBGCC  := $(shell gcc -m32 -print-libgcc-file-name 2>/dev/null)
GCOVLIB := $(if $(COV),$(shell gcc -m32 -print-file-name=libgcov.a 2>/dev/null))

# Files chosen by build, never by #if: NAME_off.c stands in for NAME.c.
variant_drop := $(if $(filter ub,$(SANS)),,kernel/base/ubsan.c) \
	$(if $(filter ka,$(SANS)),,kernel/mem/kasan.c) \
	$(if $(COV),kernel/base/gcov_off.c,kernel/base/gcov.c)

# Sources of a room: its folder, without rooms nested in it and the vDSO,
# which is a user program.
room_src = $(filter-out $(variant_drop) arch/i386/vdso/% \
	$(foreach r,$(filter-out $(1),$(filter $(1)/%,$(ROOMS))),$(r)/%), \
	$(sort $(wildcard $(1)/*.c $(1)/*.asm $(1)/*/*.c $(1)/*/*.asm)))
room_obj = $(addprefix $(B)/,$(addsuffix .o,$(call room_src,$(1))))
SEALED := $(foreach r,$(ROOMS),$(if $(call room_src,$(r)),$(B)/rooms/$(subst /,-,$(r)).o))

.PHONY: all kernel room iso lint clean
all: kernel root
kernel: $(B)/brig.elf

include user/build.mk

# Instrumenting what implements the instrumentation would never end.
$(B)/kernel/base/ubsan.c.o $(B)/kernel/mem/kasan.c.o $(B)/kernel/base/gcov.c.o: \
	CFLAGS := $(filter-out -fsanitize% -fprofile-arcs -ftest-coverage,$(CFLAGS))

$(B)/%.c.o: %.c Makefile rooms.mk
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC  $<")
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/%.asm.o: %.asm Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "  ASM $<")
	$(Q)nasm $(ASFLAGS) -MD $(@:.o=.d) -MP $< -o $@

# The user program inside the kernel: clock reading without a system call.
VDSO := $(B)/arch/i386/vdso/vdso.so
$(VDSO): $(wildcard arch/i386/vdso/*) arch/i386/vdso.h Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "  VDSO")
	$(Q)nasm -f elf32 -I. arch/i386/vdso/entry.asm -o $(@D)/entry.o
	$(Q)gcc -m32 -march=i686 -O2 -fPIC -ffreestanding -fno-stack-protector \
		-fno-asynchronous-unwind-tables -mno-sse -mno-mmx -I. -Wall -Wextra \
		-c arch/i386/vdso/clock.c -o $(@D)/clock.o
	$(Q)ld -m elf_i386 -shared -s -z noexecstack --no-undefined \
		-soname linux-gate.so.1 --hash-style=both \
		-z max-page-size=4096 -T arch/i386/vdso/vdso.ld -o $@ $(@D)/entry.o $(@D)/clock.o
$(B)/arch/i386/vdso_image.asm.o: $(VDSO)
$(B)/arch/i386/vdso_image.asm.o: ASFLAGS += -DVDSO='"$(VDSO)"'

# One room: all its objects become one, and only its prefixes stay visible.
define room_rule
$(B)/rooms/$(subst /,-,$(1)).o: $(call room_obj,$(1)) rooms.mk
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  ROOM $(1)")
	$$(Q)ld -m elf_i386 -r -o $$@.open $(call room_obj,$(1))
	$$(Q)$$(OBJCOPY) -w $(foreach k,$(KEEP_$(1)),--keep-global-symbol='$(k)') $$@.open $$@
-include $(patsubst %.o,%.d,$(call room_obj,$(1)))
endef
$(foreach r,$(ROOMS),$(if $(call room_src,$(r)),$(eval $(call room_rule,$(r)))))

ROOM ?= kernel/base
room: $(B)/rooms/$(subst /,-,$(ROOM)).o

LINK := ld -m elf_i386 -T linker.ld -z noexecstack --no-warn-rwx-segments

# Linked twice: the second time with the table of function names, which stands
# last, so that nothing moves.
$(B)/brig.elf: $(SEALED) linker.ld kernel/base/symtab.awk
	$(if $(V),,@echo "  LD  $@")
	@echo 'section .symtab_names' > $(B)/sym0.asm
	$(Q)nasm -f elf32 $(B)/sym0.asm -o $(B)/sym0.o
	$(Q)$(LINK) -o $@.1 $(SEALED) $(B)/sym0.o $(LIBGCC) $(GCOVLIB)
	$(Q)$(NM) -n $@.1 | awk -f kernel/base/symtab.awk > $(B)/sym1.asm
	$(Q)nasm -f elf32 $(B)/sym1.asm -o $(B)/sym1.o
	$(Q)$(LINK) -o $@.2 $(SEALED) $(B)/sym1.o $(LIBGCC) $(GCOVLIB)
	$(Q)mv $@.2 $@

iso: $(B)/brig.iso
$(B)/brig.iso: $(B)/brig.elf $(ROOT_CPIO) arch/i386/grub.cfg
	@rm -rf $(B)/iso && mkdir -p $(B)/iso/boot/grub
	$(Q)cp $(B)/brig.elf $(B)/iso/boot/brig.elf
	$(Q)strip -g $(B)/iso/boot/brig.elf
	$(Q)cp $(ROOT_CPIO) $(B)/iso/boot/root.cpio
	$(Q)cp arch/i386/grub.cfg $(B)/iso/boot/grub/grub.cfg
	$(Q)grub-mkrescue -o $@ $(B)/iso >$(B)/iso.log 2>&1 || { cat $(B)/iso.log; exit 1; }

lint:
	$(Q)/usr/bin/python3 tests/lint.py

clean:
	rm -rf build

