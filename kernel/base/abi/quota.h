/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quota.h - quotactl(2) as Linux has it on i386, and a record of a quota file
 * in its oldest format (QFMT_VFS_OLD), which is an array by user or group.
 */
#ifndef KERNEL_BASE_ABI_QUOTA_H
#define KERNEL_BASE_ABI_QUOTA_H

#include "kernel/base/base.h"

enum { QUOTA_USER, QUOTA_GROUP, QUOTA_TYPES };
enum {	/* command = Q_* << 8 | type */
	Q_SYNC = 0x800001, Q_QUOTAON, Q_QUOTAOFF, Q_GETFMT, Q_GETINFO,
	Q_SETINFO, Q_GETQUOTA, Q_SETQUOTA, Q_GETNEXTQUOTA,
};
enum { QFMT_VFS_OLD = 1, QUOTA_BLOCK = 1024 };
enum {
	QIF_BLIMITS = 1, QIF_SPACE = 2, QIF_ILIMITS = 4, QIF_INODES = 8,
	QIF_BTIME = 16, QIF_ITIME = 32, QIF_ALL = 63,
};
struct abi_dqblk {
	uint64_t bhard, bsoft;		/* QUOTA_BLOCKs; 0: no limit */
	uint64_t space;			/* bytes */
	uint64_t ihard, isoft, inodes;
	uint64_t btime, itime;		/* s since 1970: when grace ends; 0: not begun */
	uint32_t valid;			/* QIF_* */
	uint32_t id;			/* only of Q_GETNEXTQUOTA */
};
enum { ABI_DQBLK_SIZE = 68, ABI_NEXTDQBLK_SIZE = 72 };
enum { IIF_BGRACE = 1, IIF_IGRACE = 2, IIF_FLAGS = 4, IIF_ALL = 7 };
struct abi_dqinfo {
	uint64_t bgrace, igrace;	/* s */
	uint32_t flags, valid;
};
struct abi_quota_record {		/* at id * sizeof in the file */
	uint32_t bhard, bsoft, blocks;
	uint32_t ihard, isoft, inodes;
	uint32_t btime, itime;		/* of id 0: the grace, in s */
};

#endif
