/* SPDX-License-Identifier: BSD-2-Clause */
/* abi/fs.h - numbers and structs of the file calls (Linux i386 ABI) */
#ifndef KERNEL_BASE_ABI_FS_H
#define KERNEL_BASE_ABI_FS_H

#include "kernel/base/base.h"

enum { PATH_MAX = 4096, NAME_MAX = 255, SYMLINK_MAX_FOLLOW = 40 };
enum { AT_FDCWD = -100 };

enum {	/* open */
	O_ACCMODE = 3, O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2,
	O_CREAT = 0100, O_EXCL = 0200, O_NOCTTY = 0400, O_TRUNC = 01000,
	O_APPEND = 02000, O_NONBLOCK = 04000, O_DSYNC = 010000,
	O_ASYNC = 020000, O_DIRECT = 040000, O_LARGEFILE = 0100000,
	O_DIRECTORY = 0200000, O_NOFOLLOW = 0400000, O_NOATIME = 01000000,
	O_CLOEXEC = 02000000, O_SYNC = 04010000, O_PATH = 010000000,
	O_TMPFILE = 020200000,
};
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4 };	/* preadv2 */
enum {	/* *at flags */
	AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200,
	AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800,
	AT_EMPTY_PATH = 0x1000,
};
enum {	/* st_mode */
	S_IFMT = 0170000, S_IFSOCK = 0140000, S_IFLNK = 0120000,
	S_IFREG = 0100000, S_IFBLK = 0060000, S_IFDIR = 0040000,
	S_IFCHR = 0020000, S_IFIFO = 0010000,
	S_ISUID = 04000, S_ISGID = 02000, S_ISVTX = 01000,
	S_IRWXU = 0700, S_IRWXG = 070, S_IRWXO = 07,
	S_IXUGO = 0111, S_IALLUGO = 07777,
};
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR)
#define S_ISLNK(m) (((m) & S_IFMT) == S_IFLNK)
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m) (((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)
enum { F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4 };
enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };
enum { DT_UNKNOWN, DT_FIFO = 1, DT_CHR = 2, DT_DIR = 4, DT_BLK = 6,
       DT_REG = 8, DT_LNK = 10, DT_SOCK = 12 };
enum { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2 };

enum {	/* fcntl */
	F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
	F_SETLKW, F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG, F_GETLK64,
	F_SETLK64, F_SETLKW64, F_SETOWN_EX, F_GETOWN_EX,
	F_OFD_GETLK = 36, F_OFD_SETLK, F_OFD_SETLKW,
	F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032,
	FD_CLOEXEC = 1,
};
enum { F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP };
struct abi_f_owner_ex { int32_t type, pid; };
enum { F_RDLCK, F_WRLCK, F_UNLCK };
enum { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };

struct abi_flock {
	int16_t type, whence;
	int32_t start, len, pid;
};
struct abi_flock64 {
	int16_t type, whence;
	int64_t start, len;
	int32_t pid;
} __attribute__((packed, aligned(4)));

enum {	/* poll */
	POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 0x10,
	POLLNVAL = 0x20, POLLRDNORM = 0x40, POLLRDBAND = 0x80,
	POLLWRNORM = 0x100, POLLWRBAND = 0x200, POLLRDHUP = 0x2000,
};
struct abi_pollfd {
	int32_t fd;
	int16_t events, revents;
};
enum {	/* epoll */
	EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3,
};
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
struct abi_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));
enum { EFD_SEMAPHORE = 1 };

struct abi_iovec {
	uint32_t base, len;
};
enum { IOV_MAX = 1024 };

struct abi_stat {	/* "new" 32-bit stat: 64 bytes */
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, blksize, blocks;
	uint32_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	uint32_t unused[2];
};
struct abi_stat64 {	/* 96 bytes */
	uint64_t dev;
	uint32_t pad0, ino32, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad1;
	int64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	uint64_t ino;
} __attribute__((packed));
struct abi_statx_time {
	int64_t sec;
	uint32_t ns;
	int32_t pad;
};
struct abi_statx {	/* 256 bytes */
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	struct abi_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint32_t dio_mem_align, dio_offset_align;
	uint64_t spare[12];
};
/* chattr(1); three of them stand in statx's attributes with the same bits */
enum { FS_IMMUTABLE_FL = 0x10, FS_APPEND_FL = 0x20, FS_NODUMP_FL = 0x40,
       FS_NOATIME_FL = 0x80 };
enum { STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000 };
struct abi_statfs {	/* 64 bytes */
	uint32_t type, bsize, blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
};
struct abi_statfs64 {	/* 84 bytes */
	uint32_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
} __attribute__((packed));

enum {	/* mount flags */
	MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8,
	MS_SYNCHRONOUS = 16, MS_REMOUNT = 32, MS_NOATIME = 1024,
	MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192, MS_REC = 16384,
	MS_SILENT = 32768, MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19,
	MS_SHARED = 1 << 20, MS_RELATIME = 1 << 21, MS_STRICTATIME = 1 << 24,
	MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4, UMOUNT_NOFOLLOW = 8,
};

/* utimensat */
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* dev_t as user land sees it: 12-bit major, 20-bit minor, glibc's packing */
static inline uint32_t abi_dev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}
static inline uint32_t abi_dev_major(uint32_t dev)
{
	return (dev >> 8) & 0xfff;
}
static inline uint32_t abi_dev_minor(uint32_t dev)
{
	return (dev & 0xff) | ((dev >> 12) & 0xfff00);
}

#endif
