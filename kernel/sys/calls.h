/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.h - the calls on files, names, clocks, identity and limits, for the
 * table, by the file that defines them.
 */
#ifndef KERNEL_SYS_CALLS_H
#define KERNEL_SYS_CALLS_H

#include "kernel/base/base.h"

struct thread;

/* A 64-bit argument in two registers, low half first. */
static inline int64_t wide(const uint32_t *arg)
{
	return (int64_t)((uint64_t)arg[1] << 32 | arg[0]);
}

/* clock.c */
int sys_adjtimex(struct thread *me, const uint32_t *arg);
int sys_clock_adjtime(struct thread *me, const uint32_t *arg);
int sys_clock_adjtime64(struct thread *me, const uint32_t *arg);
int sys_clock_getres(struct thread *me, const uint32_t *arg);
int sys_clock_getres64(struct thread *me, const uint32_t *arg);
int sys_clock_gettime(struct thread *me, const uint32_t *arg);
int sys_clock_gettime64(struct thread *me, const uint32_t *arg);
int sys_clock_nanosleep(struct thread *me, const uint32_t *arg);
int sys_clock_nanosleep64(struct thread *me, const uint32_t *arg);
int sys_clock_settime(struct thread *me, const uint32_t *arg);
int sys_clock_settime64(struct thread *me, const uint32_t *arg);
int sys_gettimeofday(struct thread *me, const uint32_t *arg);
int sys_nanosleep(struct thread *me, const uint32_t *arg);
int sys_settimeofday(struct thread *me, const uint32_t *arg);
int sys_stime(struct thread *me, const uint32_t *arg);
int sys_time(struct thread *me, const uint32_t *arg);
int sys_times(struct thread *me, const uint32_t *arg);

/* jail.c */
int sys_jail(struct thread *me, const uint32_t *arg);
int sys_jail_attach(struct thread *me, const uint32_t *arg);
int sys_jail_attach_jd(struct thread *me, const uint32_t *arg);
int sys_jail_get(struct thread *me, const uint32_t *arg);
int sys_jail_remove(struct thread *me, const uint32_t *arg);
int sys_jail_remove_jd(struct thread *me, const uint32_t *arg);
int sys_jail_set(struct thread *me, const uint32_t *arg);

/* fd.c */
int sys_close(struct thread *me, const uint32_t *arg);
int sys_close_range(struct thread *me, const uint32_t *arg);
int sys_creat(struct thread *me, const uint32_t *arg);
int sys_dup(struct thread *me, const uint32_t *arg);
int sys_dup2(struct thread *me, const uint32_t *arg);
int sys_dup3(struct thread *me, const uint32_t *arg);
int sys_epoll_create(struct thread *me, const uint32_t *arg);
int sys_epoll_create1(struct thread *me, const uint32_t *arg);
int sys_eventfd(struct thread *me, const uint32_t *arg);
int sys_eventfd2(struct thread *me, const uint32_t *arg);
int sys_fadvise64(struct thread *me, const uint32_t *arg);
int sys_fadvise64_64(struct thread *me, const uint32_t *arg);
int sys_fallocate(struct thread *me, const uint32_t *arg);
int sys_fcntl64(struct thread *me, const uint32_t *arg);
int sys_fdatasync(struct thread *me, const uint32_t *arg);
int sys_flock(struct thread *me, const uint32_t *arg);
int sys_fsync(struct thread *me, const uint32_t *arg);
int sys_ftruncate(struct thread *me, const uint32_t *arg);
int sys_ftruncate64(struct thread *me, const uint32_t *arg);
int sys_ioctl(struct thread *me, const uint32_t *arg);
int sys_open(struct thread *me, const uint32_t *arg);
int sys_openat(struct thread *me, const uint32_t *arg);
int sys_pipe(struct thread *me, const uint32_t *arg);
int sys_pipe2(struct thread *me, const uint32_t *arg);
int sys_readahead(struct thread *me, const uint32_t *arg);
int sys_sync(struct thread *me, const uint32_t *arg);
int sys_sync_file_range(struct thread *me, const uint32_t *arg);
int sys_syncfs(struct thread *me, const uint32_t *arg);

/* ids.c */
int sys_capget(struct thread *me, const uint32_t *arg);
int sys_capset(struct thread *me, const uint32_t *arg);
int sys_getegid(struct thread *me, const uint32_t *arg);
int sys_getegid16(struct thread *me, const uint32_t *arg);
int sys_geteuid(struct thread *me, const uint32_t *arg);
int sys_geteuid16(struct thread *me, const uint32_t *arg);
int sys_getgid(struct thread *me, const uint32_t *arg);
int sys_getgid16(struct thread *me, const uint32_t *arg);
int sys_getgroups(struct thread *me, const uint32_t *arg);
int sys_getgroups16(struct thread *me, const uint32_t *arg);
int sys_getresgid(struct thread *me, const uint32_t *arg);
int sys_getresgid16(struct thread *me, const uint32_t *arg);
int sys_getresuid(struct thread *me, const uint32_t *arg);
int sys_getresuid16(struct thread *me, const uint32_t *arg);
int sys_getuid(struct thread *me, const uint32_t *arg);
int sys_getuid16(struct thread *me, const uint32_t *arg);
int sys_setfsgid(struct thread *me, const uint32_t *arg);
int sys_setfsuid(struct thread *me, const uint32_t *arg);
int sys_setgid(struct thread *me, const uint32_t *arg);
int sys_setgid16(struct thread *me, const uint32_t *arg);
int sys_setgroups(struct thread *me, const uint32_t *arg);
int sys_setgroups16(struct thread *me, const uint32_t *arg);
int sys_setregid(struct thread *me, const uint32_t *arg);
int sys_setregid16(struct thread *me, const uint32_t *arg);
int sys_setresgid(struct thread *me, const uint32_t *arg);
int sys_setresgid16(struct thread *me, const uint32_t *arg);
int sys_setresuid(struct thread *me, const uint32_t *arg);
int sys_setresuid16(struct thread *me, const uint32_t *arg);
int sys_setreuid(struct thread *me, const uint32_t *arg);
int sys_setreuid16(struct thread *me, const uint32_t *arg);
int sys_setuid(struct thread *me, const uint32_t *arg);
int sys_setuid16(struct thread *me, const uint32_t *arg);

/* info.c */
int sys_getcpu(struct thread *me, const uint32_t *arg);
int sys_getrandom(struct thread *me, const uint32_t *arg);
int sys_newuname(struct thread *me, const uint32_t *arg);
int sys_prctl(struct thread *me, const uint32_t *arg);
int sys_reboot(struct thread *me, const uint32_t *arg);
int sys_setdomainname(struct thread *me, const uint32_t *arg);
int sys_sethostname(struct thread *me, const uint32_t *arg);
int sys_sysinfo(struct thread *me, const uint32_t *arg);
int sys_syslog(struct thread *me, const uint32_t *arg);

/* limit.c */
int sys_getpriority(struct thread *me, const uint32_t *arg);
int sys_getrusage(struct thread *me, const uint32_t *arg);
int sys_nice(struct thread *me, const uint32_t *arg);
int sys_old_getrlimit(struct thread *me, const uint32_t *arg);
int sys_prlimit64(struct thread *me, const uint32_t *arg);
int sys_sched_get_priority_max(struct thread *me, const uint32_t *arg);
int sys_sched_get_priority_min(struct thread *me, const uint32_t *arg);
int sys_sched_getaffinity(struct thread *me, const uint32_t *arg);
int sys_sched_getparam(struct thread *me, const uint32_t *arg);
int sys_sched_getscheduler(struct thread *me, const uint32_t *arg);
int sys_sched_rr_get_interval(struct thread *me, const uint32_t *arg);
int sys_sched_rr_get_interval64(struct thread *me, const uint32_t *arg);
int sys_sched_setaffinity(struct thread *me, const uint32_t *arg);
int sys_sched_setparam(struct thread *me, const uint32_t *arg);
int sys_sched_setscheduler(struct thread *me, const uint32_t *arg);
int sys_sched_yield(struct thread *me, const uint32_t *arg);
int sys_setpriority(struct thread *me, const uint32_t *arg);
int sys_setrlimit(struct thread *me, const uint32_t *arg);
int sys_ugetrlimit(struct thread *me, const uint32_t *arg);

/* multiplex.c */
int sys_epoll_ctl(struct thread *me, const uint32_t *arg);
int sys_epoll_pwait(struct thread *me, const uint32_t *arg);
int sys_epoll_pwait2(struct thread *me, const uint32_t *arg);
int sys_epoll_wait(struct thread *me, const uint32_t *arg);
int sys_newselect(struct thread *me, const uint32_t *arg);
int sys_old_select(struct thread *me, const uint32_t *arg);
int sys_poll(struct thread *me, const uint32_t *arg);
int sys_ppoll(struct thread *me, const uint32_t *arg);
int sys_ppoll_time64(struct thread *me, const uint32_t *arg);
int sys_pselect6(struct thread *me, const uint32_t *arg);
int sys_pselect6_time64(struct thread *me, const uint32_t *arg);

/* path.c */
int sys_access(struct thread *me, const uint32_t *arg);
int sys_chdir(struct thread *me, const uint32_t *arg);
int sys_chmod(struct thread *me, const uint32_t *arg);
int sys_chown16(struct thread *me, const uint32_t *arg);
int sys_chown32(struct thread *me, const uint32_t *arg);
int sys_chroot(struct thread *me, const uint32_t *arg);
int sys_faccessat(struct thread *me, const uint32_t *arg);
int sys_faccessat2(struct thread *me, const uint32_t *arg);
int sys_fchdir(struct thread *me, const uint32_t *arg);
int sys_fchmod(struct thread *me, const uint32_t *arg);
int sys_fchmodat(struct thread *me, const uint32_t *arg);
int sys_fchown16(struct thread *me, const uint32_t *arg);
int sys_fchown32(struct thread *me, const uint32_t *arg);
int sys_fchownat(struct thread *me, const uint32_t *arg);
int sys_futimesat(struct thread *me, const uint32_t *arg);
int sys_getcwd(struct thread *me, const uint32_t *arg);
int sys_lchown16(struct thread *me, const uint32_t *arg);
int sys_lchown32(struct thread *me, const uint32_t *arg);
int sys_link(struct thread *me, const uint32_t *arg);
int sys_linkat(struct thread *me, const uint32_t *arg);
int sys_mkdir(struct thread *me, const uint32_t *arg);
int sys_mkdirat(struct thread *me, const uint32_t *arg);
int sys_mknod(struct thread *me, const uint32_t *arg);
int sys_mknodat(struct thread *me, const uint32_t *arg);
int sys_mount(struct thread *me, const uint32_t *arg);
int sys_readlink(struct thread *me, const uint32_t *arg);
int sys_readlinkat(struct thread *me, const uint32_t *arg);
int sys_rename(struct thread *me, const uint32_t *arg);
int sys_renameat(struct thread *me, const uint32_t *arg);
int sys_renameat2(struct thread *me, const uint32_t *arg);
int sys_rmdir(struct thread *me, const uint32_t *arg);
int sys_symlink(struct thread *me, const uint32_t *arg);
int sys_symlinkat(struct thread *me, const uint32_t *arg);
int sys_truncate(struct thread *me, const uint32_t *arg);
int sys_truncate64(struct thread *me, const uint32_t *arg);
int sys_umask(struct thread *me, const uint32_t *arg);
int sys_umount(struct thread *me, const uint32_t *arg);
int sys_umount2(struct thread *me, const uint32_t *arg);
int sys_unlink(struct thread *me, const uint32_t *arg);
int sys_unlinkat(struct thread *me, const uint32_t *arg);
int sys_utime(struct thread *me, const uint32_t *arg);
int sys_utimensat(struct thread *me, const uint32_t *arg);
int sys_utimensat_time64(struct thread *me, const uint32_t *arg);
int sys_utimes(struct thread *me, const uint32_t *arg);

/* ipc.c */
int sys_ioperm(struct thread *me, const uint32_t *arg);
int sys_iopl(struct thread *me, const uint32_t *arg);
int sys_ipc(struct thread *me, const uint32_t *arg);
int sys_msgctl(struct thread *me, const uint32_t *arg);
int sys_msgget(struct thread *me, const uint32_t *arg);
int sys_msgrcv(struct thread *me, const uint32_t *arg);
int sys_msgsnd(struct thread *me, const uint32_t *arg);
int sys_semctl(struct thread *me, const uint32_t *arg);
int sys_semget(struct thread *me, const uint32_t *arg);
int sys_semtimedop64(struct thread *me, const uint32_t *arg);
int sys_shmat(struct thread *me, const uint32_t *arg);
int sys_shmctl(struct thread *me, const uint32_t *arg);
int sys_shmdt(struct thread *me, const uint32_t *arg);
int sys_shmget(struct thread *me, const uint32_t *arg);

/* rw.c */
int sys_copy_file_range(struct thread *me, const uint32_t *arg);
int sys_llseek(struct thread *me, const uint32_t *arg);
int sys_lseek(struct thread *me, const uint32_t *arg);
int sys_pread64(struct thread *me, const uint32_t *arg);
int sys_preadv(struct thread *me, const uint32_t *arg);
int sys_preadv2(struct thread *me, const uint32_t *arg);
int sys_pwrite64(struct thread *me, const uint32_t *arg);
int sys_pwritev(struct thread *me, const uint32_t *arg);
int sys_pwritev2(struct thread *me, const uint32_t *arg);
int sys_read(struct thread *me, const uint32_t *arg);
int sys_readv(struct thread *me, const uint32_t *arg);
int sys_sendfile(struct thread *me, const uint32_t *arg);
int sys_sendfile64(struct thread *me, const uint32_t *arg);
int sys_write(struct thread *me, const uint32_t *arg);
int sys_writev(struct thread *me, const uint32_t *arg);

/* socket.c */
int sys_accept4(struct thread *me, const uint32_t *arg);
int sys_bind(struct thread *me, const uint32_t *arg);
int sys_connect(struct thread *me, const uint32_t *arg);
int sys_getpeername(struct thread *me, const uint32_t *arg);
int sys_getsockname(struct thread *me, const uint32_t *arg);
int sys_getsockopt(struct thread *me, const uint32_t *arg);
int sys_listen(struct thread *me, const uint32_t *arg);
int sys_setsockopt(struct thread *me, const uint32_t *arg);
int sys_shutdown(struct thread *me, const uint32_t *arg);
int sys_socket(struct thread *me, const uint32_t *arg);
int sys_socketcall(struct thread *me, const uint32_t *arg);
int sys_socketpair(struct thread *me, const uint32_t *arg);

/* sockmsg.c */
int sys_recvfrom(struct thread *me, const uint32_t *arg);
int sys_recvmmsg(struct thread *me, const uint32_t *arg);
int sys_recvmmsg64(struct thread *me, const uint32_t *arg);
int sys_recvmsg(struct thread *me, const uint32_t *arg);
int sys_sendmmsg(struct thread *me, const uint32_t *arg);
int sys_sendmsg(struct thread *me, const uint32_t *arg);
int sys_sendto(struct thread *me, const uint32_t *arg);

/* stat.c */
int sys_flistxattr(struct thread *me, const uint32_t *arg);
int sys_fstat(struct thread *me, const uint32_t *arg);
int sys_fstat64(struct thread *me, const uint32_t *arg);
int sys_fstatat64(struct thread *me, const uint32_t *arg);
int sys_fstatfs(struct thread *me, const uint32_t *arg);
int sys_fstatfs64(struct thread *me, const uint32_t *arg);
int sys_getdents(struct thread *me, const uint32_t *arg);
int sys_getdents64(struct thread *me, const uint32_t *arg);
int sys_listxattr(struct thread *me, const uint32_t *arg);
int sys_llistxattr(struct thread *me, const uint32_t *arg);
int sys_lstat(struct thread *me, const uint32_t *arg);
int sys_lstat64(struct thread *me, const uint32_t *arg);
int sys_stat(struct thread *me, const uint32_t *arg);
int sys_stat64(struct thread *me, const uint32_t *arg);
int sys_statfs(struct thread *me, const uint32_t *arg);
int sys_statfs64(struct thread *me, const uint32_t *arg);
int sys_statx(struct thread *me, const uint32_t *arg);
int sys_acct(struct thread *me, const uint32_t *arg);
int sys_swapon(struct thread *me, const uint32_t *arg);
int sys_swapoff(struct thread *me, const uint32_t *arg);
int sys_quotactl(struct thread *me, const uint32_t *arg);
int sys_quotactl_fd(struct thread *me, const uint32_t *arg);
int sys_init_module(struct thread *me, const uint32_t *arg);
int sys_delete_module(struct thread *me, const uint32_t *arg);
int sys_finit_module(struct thread *me, const uint32_t *arg);
int sys_xattr_fd(struct thread *me, const uint32_t *arg);
int sys_xattr_link(struct thread *me, const uint32_t *arg);
int sys_xattr_path(struct thread *me, const uint32_t *arg);
int sys_setxattr_path(struct thread *me, const uint32_t *arg);
int sys_setxattr_link(struct thread *me, const uint32_t *arg);
int sys_setxattr_fd(struct thread *me, const uint32_t *arg);

#endif
