/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls_core.h - the calls on processes, threads, signals, memory and timers,
 * for the table. One function per row; NAME64 is the time64 form of NAME.
 */
#ifndef KERNEL_SYS_CALLS_CORE_H
#define KERNEL_SYS_CALLS_CORE_H

#include "kernel/sys/sys.h"

/* table.c: rows of CALL_JAIL_BASE and on (FreeBSD's jail calls) */
extern const struct call call_jail_table[CALL_JAIL_COUNT];

/* exec.c */
int sys_execve(struct thread *me, const uint32_t *arg); /* 11 */
int sys_execveat(struct thread *me, const uint32_t *arg); /* 358 */

/* clone.c */
int sys_fork(struct thread *me, const uint32_t *arg); /* 2 */
int sys_vfork(struct thread *me, const uint32_t *arg); /* 190 */
int sys_clone(struct thread *me, const uint32_t *arg); /* 120 */
int sys_clone3(struct thread *me, const uint32_t *arg); /* 435 */
int sys_unshare(struct thread *me, const uint32_t *arg); /* 310 */

/* thread.c */
int sys_set_tid_address(struct thread *me, const uint32_t *arg); /* 258 */
int sys_set_thread_area(struct thread *me, const uint32_t *arg); /* 243 */
int sys_get_thread_area(struct thread *me, const uint32_t *arg); /* 244 */
int sys_set_robust_list(struct thread *me, const uint32_t *arg); /* 311 */
int sys_get_robust_list(struct thread *me, const uint32_t *arg); /* 312 */
int sys_membarrier(struct thread *me, const uint32_t *arg); /* 375 */
int sys_personality(struct thread *me, const uint32_t *arg); /* 136 */

/* rseq.c */
int sys_rseq(struct thread *me, const uint32_t *arg); /* 386 */

/* exit.c */
int sys_exit(struct thread *me, const uint32_t *arg); /* 1 */
int sys_exit_group(struct thread *me, const uint32_t *arg); /* 252 */

/* wait.c */
int sys_wait4(struct thread *me, const uint32_t *arg); /* 114 */
int sys_waitpid(struct thread *me, const uint32_t *arg); /* 7 */
int sys_waitid(struct thread *me, const uint32_t *arg); /* 284 */

/* session.c */
int sys_getpid(struct thread *me, const uint32_t *arg); /* 20 */
int sys_getppid(struct thread *me, const uint32_t *arg); /* 64 */
int sys_gettid(struct thread *me, const uint32_t *arg); /* 224 */
int sys_getpgid(struct thread *me, const uint32_t *arg); /* 132 */
int sys_getpgrp(struct thread *me, const uint32_t *arg); /* 65 */
int sys_getsid(struct thread *me, const uint32_t *arg); /* 147 */
int sys_setsid(struct thread *me, const uint32_t *arg); /* 66 */
int sys_setpgid(struct thread *me, const uint32_t *arg); /* 57 */

/* signal.c */
int sys_rt_sigaction(struct thread *me, const uint32_t *arg); /* 174 */
int sys_sigaction(struct thread *me, const uint32_t *arg); /* 67 */
int sys_signal(struct thread *me, const uint32_t *arg); /* 48 */
int sys_rt_sigprocmask(struct thread *me, const uint32_t *arg); /* 175 */
int sys_sigprocmask(struct thread *me, const uint32_t *arg); /* 126 */
int sys_sgetmask(struct thread *me, const uint32_t *arg); /* 68 */
int sys_ssetmask(struct thread *me, const uint32_t *arg); /* 69 */
int sys_rt_sigpending(struct thread *me, const uint32_t *arg); /* 176 */
int sys_sigpending(struct thread *me, const uint32_t *arg); /* 73 */
int sys_sigaltstack(struct thread *me, const uint32_t *arg); /* 186 */

/* kill.c */
int sys_kill(struct thread *me, const uint32_t *arg); /* 37 */
int sys_tkill(struct thread *me, const uint32_t *arg); /* 238 */
int sys_tgkill(struct thread *me, const uint32_t *arg); /* 270 */
int sys_rt_sigqueueinfo(struct thread *me, const uint32_t *arg); /* 178 */
int sys_rt_tgsigqueueinfo(struct thread *me, const uint32_t *arg); /* 335 */

/* sigwait.c */
int sys_rt_sigtimedwait(struct thread *me, const uint32_t *arg); /* 177 */
int sys_rt_sigtimedwait64(struct thread *me, const uint32_t *arg); /* 421 */
int sys_signalfd(struct thread *me, const uint32_t *arg); /* 321 */
int sys_signalfd4(struct thread *me, const uint32_t *arg); /* 327 */
int sys_rt_sigsuspend(struct thread *me, const uint32_t *arg); /* 179 */
int sys_sigsuspend(struct thread *me, const uint32_t *arg); /* 72 */
int sys_pause(struct thread *me, const uint32_t *arg); /* 29 */

/* sigreturn.c */
int sys_sigreturn(struct thread *me, const uint32_t *arg); /* 119 */
int sys_rt_sigreturn(struct thread *me, const uint32_t *arg); /* 173 */
int sys_restart_syscall(struct thread *me, const uint32_t *arg); /* 0 */

/* memory.c */
int sys_mmap(struct thread *me, const uint32_t *arg); /* 90 */
int sys_mmap2(struct thread *me, const uint32_t *arg); /* 192 */
int sys_munmap(struct thread *me, const uint32_t *arg); /* 91 */
int sys_mprotect(struct thread *me, const uint32_t *arg); /* 125 */
int sys_mremap(struct thread *me, const uint32_t *arg); /* 163 */
int sys_brk(struct thread *me, const uint32_t *arg); /* 45 */

/* advice.c */
int sys_msync(struct thread *me, const uint32_t *arg); /* 144 */
int sys_madvise(struct thread *me, const uint32_t *arg); /* 219 */
int sys_mincore(struct thread *me, const uint32_t *arg); /* 218 */
int sys_mlock(struct thread *me, const uint32_t *arg); /* 150 */
int sys_munlock(struct thread *me, const uint32_t *arg); /* 151 */
int sys_mlockall(struct thread *me, const uint32_t *arg); /* 152 */
int sys_munlockall(struct thread *me, const uint32_t *arg); /* 153 */
int sys_mlock2(struct thread *me, const uint32_t *arg); /* 376 */
int sys_memfd_create(struct thread *me, const uint32_t *arg); /* 356 */

/* futex.c */
int sys_futex(struct thread *me, const uint32_t *arg); /* 240 */
int sys_futex64(struct thread *me, const uint32_t *arg); /* 422 */

/* timers.c */
int sys_timer_create(struct thread *me, const uint32_t *arg); /* 259 */
int sys_timer_settime(struct thread *me, const uint32_t *arg); /* 260 */
int sys_timer_settime64(struct thread *me, const uint32_t *arg); /* 409 */
int sys_timer_gettime(struct thread *me, const uint32_t *arg); /* 261 */
int sys_timer_gettime64(struct thread *me, const uint32_t *arg); /* 408 */
int sys_timer_getoverrun(struct thread *me, const uint32_t *arg); /* 262 */
int sys_timer_delete(struct thread *me, const uint32_t *arg); /* 263 */
int sys_timerfd_create(struct thread *me, const uint32_t *arg); /* 322 */
int sys_timerfd_settime(struct thread *me, const uint32_t *arg); /* 325 */
int sys_timerfd_settime64(struct thread *me, const uint32_t *arg); /* 411 */
int sys_timerfd_gettime(struct thread *me, const uint32_t *arg); /* 326 */
int sys_timerfd_gettime64(struct thread *me, const uint32_t *arg); /* 410 */
int sys_setitimer(struct thread *me, const uint32_t *arg); /* 104 */
int sys_getitimer(struct thread *me, const uint32_t *arg); /* 105 */
int sys_alarm(struct thread *me, const uint32_t *arg); /* 27 */

#endif
