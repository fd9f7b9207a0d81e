/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h - the contract between the kernel and the machine below it.
 *
 * First what the machine (arch/i386) gives, then the few up-calls that the
 * kernel owes the machine. Room 1 decides nothing: it makes the PC look so.
 */
#ifndef KERNEL_BASE_ARCH_H
#define KERNEL_BASE_ARCH_H

#include "arch/i386/machine.h"
#include "kernel/base/abi/signal.h"

/* --- boot: boot.asm, boot.c ------------------------------------------- */

struct arch_range {
	uint32_t start, end; /* physical, page aligned, end exclusive */
};
enum { ARCH_RANGES_MAX = 32, ARCH_MODULES_MAX = 16 };
struct arch_boot {
	struct arch_range ram[ARCH_RANGES_MAX]; /* usable: not kernel, module, ROM */
	unsigned ram_count;
	struct arch_range module[ARCH_MODULES_MAX]; /* exact bytes, not aligned */
	unsigned module_count;
	uint32_t ram_total; /* bytes of RAM found, the kernel's own included */
};
/* Copied out of the loader's memory before anything else runs. */
const struct arch_boot *arch_boot_info(void);
void arch_init(void); /* GDT, IDT, TSS, PIC, clock, CPU features: interrupts off */

struct arch_cpu_info {
	char vendor[13], model[49];
	uint32_t family, model_number, stepping, features, features_ecx;
	uint32_t tsc_khz;
	bool pse, pge, sep, fxsr, sse, tsc, smep, smap, cmov, cx8;
};
const struct arch_cpu_info *arch_cpu_info(void);

/* --- interrupts: irq.c -------------------------------------------------- */

/* Handlers run with interrupts off, on whatever stack: touch interrupt data,
 * acknowledge the device, defer_raise() the rest. Several may share a line.
 * -EBUSY: no such line. */
int arch_irq_register(unsigned irq, void (*handler)(void *),
		      void *arg) must_check;
uint32_t arch_irq_count(unsigned irq); /* for /proc/interrupts */
void arch_idle(void);	/* sti; hlt: called with interrupts off, returns so */

/* --- time: time.c ------------------------------------------------------- */

uint64_t arch_clock_ns(void);	/* monotonic since boot, never goes back */
void arch_timer_arm(uint64_t delta_ns); /* one kernel_timer() then (or sooner) */
int64_t arch_rtc_read(void);	/* seconds since 1970 by the battery clock */
uint64_t arch_boot_tsc(void);
/* Publishes wall time = arch_clock_ns() + offset to the vDSO. */
void arch_vdso_update(int64_t realtime_offset_ns);
const void *arch_vdso_image(uint32_t *size); /* page aligned ELF, in rodata */
uint32_t arch_vdso_sysenter_offset(void); /* __kernel_vsyscall in the image */
uint32_t arch_vdso_data_phys(void); /* page that user space maps below it, ro */
uint32_t arch_vdso_sigreturn_offset(bool rt); /* for struct arch_sigframe */

/* --- address spaces: paging.c ------------------------------------------ */

extern uint32_t arch_kernel_dir[1024]; /* the kernel's page directory */
void arch_dir_load(uint32_t dir_phys); /* CR3 */
uint32_t arch_dir_loaded(void);
void arch_tlb_flush(void);

/* --- threads: switch.asm, thread.c, fpu.c ------------------------------- */

struct arch_thread {
	uint32_t esp;		/* saved kernel stack pointer */
	uint32_t fs, gs;	/* saved selectors */
	uint64_t tls[3];	/* descriptors of GDT 6-8 */
	uint32_t vdso;		/* user address of the vDSO image; 0: none */
	struct arch_io *io;	/* ports that its programs may use; NULL: none */
	bool fpu_used;		/* has a state to keep (fpu below) */
	bool fpu_live;		/* the state is in the CPU now */
	uint8_t fpu[512] __attribute__((aligned(16)));
};
/* Ports for user mode; threads share it by reference. The bitmap is the CPU's:
 * a bit that is set refuses its port. Level 3: every port all the same. */
enum { ARCH_PORTS = 65536 };
struct arch_io {
	uint32_t refs;
	uint8_t level;		/* what iopl(2) was last given */
	uint8_t refused[ARCH_PORTS / 8];
};
/* The running thread's io is another, or says something else, than before. */
void arch_io_changed(void);
/* stack: lowest address of a KSTACK_SLOT. The new thread starts in
 * entry(arg) with interrupts off, when first switched to; never returns. */
void arch_thread_make(struct arch_thread *t, void *stack, struct thread *owner,
		      void (*entry)(void *), void *arg);
/* The code that calls this, on the boot stack, becomes thread owner. */
void arch_thread_adopt(struct arch_thread *t, struct thread *owner);
/* exec: where t's address space has the vDSO image, so that sysenter can come
 * back. t is current or never ran. Without it sysenter ends in SIGSEGV. */
void arch_vdso_place(struct arch_thread *t, uint32_t image);
struct frame *arch_user_frame(void *stack); /* where the user's frame lives */
/* Frame pointer with which a thread that does not run gave the CPU away. */
uint32_t arch_thread_callers(const struct arch_thread *t);
/* Gives the CPU to next: stack, TLS, fs/gs, FPU, TSS and sysenter stack. */
void arch_thread_switch(struct arch_thread *prev, struct arch_thread *next,
			void *next_stack);
/* Nonzero: the way out to user mode must call kernel_return first. Set by the
 * scheduler, by signals, by defer_raise and after every switch. */
extern volatile uint32_t arch_return_work;
_Noreturn void arch_enter_user(struct frame *f);
void arch_thread_fork(struct arch_thread *to, struct arch_thread *from);
void arch_thread_exec(struct arch_thread *t, struct frame *f, uint32_t eip,
		      uint32_t esp); /* fresh registers, no TLS, no FPU state */
void arch_frame_save_segments(struct frame *f); /* fill fs, gs from the CPU */
bool arch_tls_set(struct arch_thread *t, int slot, uint32_t base,
		  uint32_t limit, uint32_t flags); /* Linux user_desc flag bits */
void arch_tls_get(const struct arch_thread *t, int slot, uint32_t *base,
		  uint32_t *limit, uint32_t *flags);
void arch_tls_reload(const struct arch_thread *t); /* t is current */

/* --- user memory: usercopy.asm ------------------------------------------ */

/* Addresses are checked by the caller against USER_TOP. They may fault (and
 * so sleep); all return the number of bytes NOT done. */
uint32_t arch_copy_in(void *to, uint32_t user_from, uint32_t n);
uint32_t arch_copy_out(uint32_t user_to, const void *from, uint32_t n);
uint32_t arch_clear_out(uint32_t user_to, uint32_t n);
/* Copies up to n bytes of a string, the NUL included. Returns its length
 * without NUL, n if there was none within n, or -1 on a fault. */
int32_t arch_string_in(char *to, uint32_t user_from, uint32_t n);
/* Atomic exchange if equal; 0, or -1 on a fault. *old gets what was there. */
int arch_user_cmpxchg(uint32_t user_addr, uint32_t expect, uint32_t set,
		      uint32_t *old);
/* Is f->eip in one of the above? If not, a fault there is a kernel bug. */
bool arch_fixup_covers(const struct frame *f);
void arch_fixup(struct frame *f);	/* makes the one it is in fail */

/* --- pages -------------------------------------------------------------- */

void arch_page_zero(void *page);
void arch_page_copy(void *to, const void *from);

/* --- signal frames: sigframe.c (pure: buffers in, buffers out) ---------- */

enum { ARCH_SIGFRAME_MAX = 1280 };
struct arch_sigframe {
	int sig;
	const struct abi_siginfo *info;
	const struct abi_sigaction *action;
	sigset mask;		/* to come back to */
	struct abi_stack altstack;
	uint32_t fault_addr, trap, error; /* of the fault, else 0 */
	uint32_t sp;		/* stack to build on */
	uint32_t vsyscall_sigreturn, vsyscall_rt_sigreturn; /* without SA_RESTORER */
};
/* Fills buf with the frame Linux would build; returns its user address. */
uint32_t arch_sigframe_build(uint8_t buf[ARCH_SIGFRAME_MAX], uint32_t *len,
			     const struct arch_sigframe *s, struct frame *f,
			     struct arch_thread *t);
/* Makes f enter the handler whose frame was copied to addr. */
void arch_sigframe_enter(struct frame *f, const struct arch_sigframe *s,
			 uint32_t addr);
/* Undoes it from the bytes at the user's esp. Selectors and flags that would
 * give power are refused or masked. addr: where buf was read from. */
uint32_t arch_sigframe_address(const struct frame *f, bool rt); /* start to read */
uint32_t arch_sigframe_read_size(bool rt); /* fixed part; fpstate apart */
int arch_sigframe_restore(const uint8_t *buf, bool rt, struct frame *f,
			  struct arch_thread *t, sigset *mask,
			  struct abi_stack *altstack, uint32_t *fpstate_addr);
enum { ARCH_FPSTATE_MAX = 624 };
uint32_t arch_fpstate_size(void); /* bytes to read at *fpstate_addr */
int arch_fpu_restore(struct arch_thread *t, const uint8_t *fpstate, uint32_t n);
void arch_fpu_forget(struct arch_thread *t); /* *fpstate_addr was 0 */

/* --- console, power, debugging ------------------------------------------ */

void arch_early_write(const char *s, size_t n); /* COM1, polled */
_Noreturn void arch_power_off(void);
_Noreturn void arch_reboot(void);
void arch_debug_exit(uint8_t code); /* isa-debug-exit; returns when there is none */
/* Bytes for who watches from outside: QEMU's isa-debugcon. */
void arch_debug_write(const void *p, size_t n);
_Noreturn void arch_halt(void);
void arch_panic_dump(void);	/* control registers, backtrace from here */
void arch_frame_dump(const struct frame *f);
bool arch_address_mapped(uint32_t va); /* by the loaded page tables */

/* --- per CPU ------------------------------------------------------------- */

enum { CPU_MAX = 8 };
/* Only the first CPU is started: see arch/i386/README.md. */
static inline unsigned arch_cpu_number(void)
{
	return 0;
}
unsigned arch_cpu_found(void);	/* how many the machine has (MP/ACPI tables) */

/* ==== what the kernel owes the machine (defined in kernel/sys) =========== */

void kernel_main(void);			/* from boot.asm, on the boot stack */
void kernel_call(struct frame *f);	/* a system call; result into f->eax */
void kernel_trap(struct frame *f);	/* any CPU exception */
/* The armed time has come; f is what it interrupted. Interrupts off. */
void kernel_timer(struct frame *f);
/* On the way out to user mode when arch_return_work is set, with interrupts
 * off; returns so. */
void kernel_return(struct frame *f);

#endif
