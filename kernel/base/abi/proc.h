/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/proc.h - processes, limits, scheduling, time (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_PROC_H
#define KERNEL_BASE_ABI_PROC_H

#include "kernel/base/base.h"

enum {
	CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400,
	CLONE_SIGHAND = 0x800, CLONE_PIDFD = 0x1000, CLONE_PTRACE = 0x2000,
	CLONE_VFORK = 0x4000, CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000,
	CLONE_NEWNS = 0x20000, CLONE_SYSVSEM = 0x40000,
	CLONE_SETTLS = 0x80000, CLONE_PARENT_SETTID = 0x100000,
	CLONE_CHILD_CLEARTID = 0x200000, CLONE_DETACHED = 0x400000,
	CLONE_UNTRACED = 0x800000, CLONE_CHILD_SETTID = 0x1000000,
	CLONE_NEWCGROUP = 0x2000000, CLONE_NEWUTS = 0x4000000,
	CLONE_NEWIPC = 0x8000000, CLONE_NEWUSER = 0x10000000,
	CLONE_NEWPID = 0x20000000, CLONE_NEWNET = 0x40000000,
};
#define CLONE_IO 0x80000000u

struct abi_clone_args {	/* 88 bytes; the first 64 are version 0 */
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack,
		stack_size, tls, set_tid, set_tid_size, cgroup;
};

enum { WNOHANG = 1, WUNTRACED = 2, WSTOPPED = 2, WEXITED = 4, WCONTINUED = 8,
       WNOWAIT = 0x1000000, WNOTHREAD = 0x20000000, WALL = 0x40000000 };
#define WCLONE 0x80000000u
enum { P_ALL, P_PID, P_PGID, P_PIDFD };

enum {
	RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE,
	RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS,
	RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE,
	RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_COUNT,
};
#define RLIM_INFINITY (~0ull)
struct abi_rlimit { uint32_t cur, max; };
struct abi_rlimit64 { uint64_t cur, max; };

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };
enum { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE = 5,
       SCHED_RESET_ON_FORK = 0x40000000 };

struct abi_timeval { int32_t sec, usec; };
struct abi_timespec { int32_t sec, nsec; };
struct abi_timespec64 { int64_t sec; int32_t nsec, pad; };
struct abi_itimerval { struct abi_timeval interval, value; };
struct abi_itimerspec { struct abi_timespec interval, value; };
struct abi_itimerspec64 { struct abi_timespec64 interval, value; };
struct abi_tms { int32_t utime, stime, cutime, cstime; };
struct abi_rusage {	/* 72 bytes */
	struct abi_timeval utime, stime;
	int32_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock,
		oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};
struct abi_sysinfo {	/* 64 bytes */
	int32_t uptime;
	uint32_t loads[3], totalram, freeram, sharedram, bufferram, totalswap,
		freeswap;
	uint16_t procs, pad;
	uint32_t totalhigh, freehigh, mem_unit;
	uint8_t fill[8];
};
struct abi_utsname {	/* 390 bytes */
	char sysname[65], nodename[65], release[65], version[65], machine[65],
		domainname[65];
};
enum { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
       CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
       CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME };
enum { TIMER_ABSTIME = 1 };
enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
enum { USER_HZ = 100 };

enum {
	FUTEX_WAIT, FUTEX_WAKE, FUTEX_FD, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
	FUTEX_WAKE_OP, FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI,
	FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET,
	FUTEX_PRIVATE_FLAG = 128, FUTEX_CLOCK_REALTIME = 256,
};
#define FUTEX_BITSET_ANY 0xffffffffu
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

struct abi_user_desc {	/* 16 bytes */
	uint32_t entry_number, base_addr, limit;
	uint32_t seg_32bit : 1, contents : 2, read_exec_only : 1,
		limit_in_pages : 1, seg_not_present : 1, useable : 1;
};

enum {	/* auxv */
	AT_NULL, AT_IGNORE, AT_EXECFD, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ,
	AT_BASE, AT_FLAGS, AT_ENTRY, AT_NOTELF, AT_UID, AT_EUID, AT_GID,
	AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK, AT_SECURE = 23,
	AT_RANDOM = 25, AT_HWCAP2 = 26, AT_EXECFN = 31, AT_SYSINFO = 32,
	AT_SYSINFO_EHDR = 33, AT_MINSIGSTKSZ = 51,
};

enum {	/* mmap */
	PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4,
	PROT_GROWSDOWN = 0x01000000, PROT_GROWSUP = 0x02000000,
	MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3,
	MAP_TYPE = 15, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20,
	MAP_GROWSDOWN = 0x100, MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000,
	MAP_LOCKED = 0x2000, MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000,
	MAP_NONBLOCK = 0x10000, MAP_STACK = 0x20000,
	MAP_FIXED_NOREPLACE = 0x100000,
	MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4,
	MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4,
	MADV_NORMAL = 0, MADV_DONTNEED = 4, MADV_FREE = 8,
};

#endif
