/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/signal.h - signals (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_SIGNAL_H
#define KERNEL_BASE_ABI_SIGNAL_H

#include "kernel/base/base.h"

enum {
	SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
	SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
	SIGSTKFLT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,
	SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR,
	SIGSYS, SIGRTMIN = 32, SIGNAL_MAX = 64,
};
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
enum { SIG_DFL = 0, SIG_IGN = 1 };
enum {	/* sa_flags */
	SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_SIGINFO = 4,
	SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000,
	SA_RESTART = 0x10000000, SA_NODEFER = 0x40000000,
};
#define SA_RESETHAND 0x80000000u
enum { SS_ONSTACK = 1, SS_DISABLE = 2, MINSIGSTKSZ = 2048 };
#define SS_AUTODISARM (1u << 31)

/* A set of signals: bit n-1 stands for signal n. */
typedef uint64_t sigset;
static inline sigset sig_bit(int sig)
{
	return (sigset)1 << (sig - 1);
}

struct abi_sigaction {	/* rt_sigaction */
	uint32_t handler, flags, restorer;
	uint32_t mask[2];
};
struct abi_old_sigaction {
	uint32_t handler, mask, flags, restorer;
};
struct abi_stack {
	uint32_t sp;
	int32_t flags;
	uint32_t size;
};

enum {	/* si_code */
	SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2,
	SI_MESGQ = -3, SI_ASYNCIO = -4, SI_SIGIO = -5, SI_TKILL = -6,
	CLD_EXITED = 1, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED,
	CLD_CONTINUED,
	SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2,
	FPE_INTDIV = 1, FPE_INTOVF = 2, FPE_FLTINV = 7,
	ILL_ILLOPN = 2, ILL_PRVOPC = 5, TRAP_BRKPT = 1, TRAP_TRACE = 2,
	POLL_IN = 1, POLL_OUT, POLL_MSG, POLL_ERR, POLL_PRI, POLL_HUP,
};
struct abi_siginfo {	/* 128 bytes */
	int32_t signo, err, code;
	union {
		struct { int32_t pid; uint32_t uid; uint32_t value; } kill;
		struct { int32_t timer; int32_t overrun; uint32_t value; } timer;
		struct {
			int32_t pid; uint32_t uid; int32_t status;
			int32_t utime, stime;
		} child;
		struct { uint32_t addr; } fault;
		struct { int32_t band, fd; } poll;
		uint8_t pad[116];
	};
};

struct abi_sigevent {	/* 64 bytes */
	uint32_t value;
	int32_t signo, notify, tid;
	uint8_t pad[48];
};
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };

#endif
