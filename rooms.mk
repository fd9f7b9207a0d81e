# rooms.mk - the rooms, bottom to top, and the prefixes that each may export.
#
# A room includes only rooms above it in this list (tests/lint.py), and every
# symbol of a room whose name does not begin with one of its prefixes is made
# local when the room is linked (Makefile: objcopy --keep-global-symbol).

ROOMS := kernel/base arch/i386 kernel/mem jail kernel/proc kernel/vm \
	kernel/fs net kernel/dev jail/admin kernel/sys

KEEP_kernel/base := list_* tree_* range_* str* mem* log_* hash_* div_* cmdline_* \
	panic panic_* __ubsan_* gcov_* __gcov_* abort mmap64
KEEP_arch/i386   := arch_*
KEEP_kernel/mem  := page_* kmem_* __asan_*
KEEP_jail        := prison_* cred_* priv_* racct_*
KEEP_kernel/proc := proc_* thread_* sched_* sleep_* signal_* timer_* defer_*
KEEP_kernel/vm   := vm_* user_*
KEEP_kernel/fs   := path_* file_* vfs_* inode_* dentry_* mount_* poll_* \
	epoll_* eventfd_* ipc_* pipe_* lock_* tmpfs_* initramfs_* procfs_* \
	signalfd_* timerfd_* text_* quota_* disk_* cache_*
KEEP_net         := net_* sock_* tcp_* netif_* packet_*
KEEP_kernel/dev  := dev_* tty_* random_* pci_*
KEEP_jail/admin  := jailsys_*
KEEP_kernel/sys  := sys_* kernel_*
