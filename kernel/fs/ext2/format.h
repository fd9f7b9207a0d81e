/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.h - ext2 as it lies on a disk, revision 1. Little-endian, as the
 * machine is. Names and places are those of the ext2 documentation; what of
 * it is read from a disk is not to be believed before it is checked.
 */
#ifndef KERNEL_FS_EXT2_FORMAT_H
#define KERNEL_FS_EXT2_FORMAT_H

#include "kernel/base/base.h"

enum {
	EXT2_MAGIC = 0xef53,
	EXT2_SUPER_AT = 1024,		/* byte of the disk */
	EXT2_BLOCK_MIN = 1024, EXT2_BLOCK_MAX = 4096,
	EXT2_BAD_INO = 1, EXT2_ROOT_INO = 2, EXT2_JOURNAL_INO = 8,
	EXT2_OLD_FIRST_INO = 11,	/* of revision 0 */
	EXT2_OLD_INODE_SIZE = 128,
	EXT2_DIRECT = 12,		/* places in block[] */
	EXT2_IND = 12, EXT2_DIND = 13, EXT2_TIND = 14, EXT2_BLOCKS = 15,
	EXT2_FAST_LINK = EXT2_BLOCKS * 4, /* a symlink shorter than this lies in block[] */
	EXT2_NAME_MAX = 255,
	EXT2_DIR_HEAD = 8,		/* bytes of an entry before its name */
};
enum ext2_state { EXT2_VALID = 1, EXT2_ERROR = 2 };
enum ext2_on_error { EXT2_GO_ON = 1, EXT2_READ_ONLY = 2, EXT2_PANIC = 3 };
enum ext2_compat {
	EXT2_COMPAT_DIR_PREALLOC = 1, EXT2_COMPAT_IMAGIC = 2,
	EXT2_COMPAT_HAS_JOURNAL = 4, EXT2_COMPAT_EXT_ATTR = 8,
	EXT2_COMPAT_RESIZE_INODE = 0x10, EXT2_COMPAT_DIR_INDEX = 0x20,
};
enum ext2_incompat {
	EXT2_INCOMPAT_COMPRESSION = 1, EXT2_INCOMPAT_FILETYPE = 2,
	EXT2_INCOMPAT_RECOVER = 4,	/* the journal must be replayed */
	EXT2_INCOMPAT_JOURNAL_DEV = 8, EXT2_INCOMPAT_META_BG = 0x10,
	EXT2_INCOMPAT_EXTENTS = 0x40, EXT2_INCOMPAT_64BIT = 0x80,
	EXT2_INCOMPAT_MMP = 0x100, EXT2_INCOMPAT_FLEX_BG = 0x200,
};
enum ext2_ro_compat {
	EXT2_RO_SPARSE_SUPER = 1, EXT2_RO_LARGE_FILE = 2, EXT2_RO_BTREE_DIR = 4,
	EXT2_RO_HUGE_FILE = 8, EXT2_RO_GDT_CSUM = 0x10, EXT2_RO_DIR_NLINK = 0x20,
	EXT2_RO_EXTRA_ISIZE = 0x40, EXT2_RO_QUOTA = 0x100,
	EXT2_RO_METADATA_CSUM = 0x400,
};

struct ext2_disk_super {
	uint32_t inodes_count;
	uint32_t blocks_count;
	uint32_t r_blocks_count;
	uint32_t free_blocks_count;
	uint32_t free_inodes_count;
	uint32_t first_data_block;
	uint32_t log_block_size;	/* 1024 << it */
	uint32_t log_frag_size;
	uint32_t blocks_per_group;
	uint32_t frags_per_group;
	uint32_t inodes_per_group;
	uint32_t mtime;			/* last mount, seconds since 1970 */
	uint32_t wtime;			/* last write */
	uint16_t mnt_count;
	uint16_t max_mnt_count;
	uint16_t magic;
	uint16_t state;			/* enum ext2_state */
	uint16_t errors;		/* enum ext2_on_error */
	uint16_t minor_rev_level;
	uint32_t lastcheck;
	uint32_t checkinterval;
	uint32_t creator_os;
	uint32_t rev_level;
	uint16_t def_resuid, def_resgid;
	/* from revision 1 on */
	uint32_t first_ino;
	uint16_t inode_size;
	uint16_t block_group_nr;
	uint32_t feature_compat, feature_incompat, feature_ro_compat;
	uint8_t uuid[16];
	char volume_name[16];
	char last_mounted[64];
	uint32_t algorithm_usage_bitmap;
	uint8_t prealloc_blocks, prealloc_dir_blocks;
	uint16_t reserved_gdt_blocks;
	uint8_t journal_uuid[16];
	uint32_t journal_inum;
	uint32_t journal_dev;
	uint32_t last_orphan;
	uint32_t hash_seed[4];
	uint8_t def_hash_version;
	uint8_t jnl_backup_type;	/* 1: jnl_blocks is a copy of the inode's */
	uint16_t desc_size;
	uint32_t default_mount_opts;
	uint32_t first_meta_bg;
	uint32_t mkfs_time;
	uint32_t jnl_blocks[17];	/* block[], size_high, size */
	uint8_t rest[688];
} __attribute__((packed));
_Static_assert(sizeof(struct ext2_disk_super) == 1024, "ext2_disk_super");

struct ext2_disk_group {
	uint32_t block_bitmap, inode_bitmap, inode_table; /* block numbers */
	uint16_t free_blocks_count, free_inodes_count, used_dirs_count;
	uint16_t flags;
	uint8_t rest[12];
} __attribute__((packed));
_Static_assert(sizeof(struct ext2_disk_group) == 32, "ext2_disk_group");

struct ext2_disk_inode {
	uint16_t mode, uid;
	uint32_t size;
	uint32_t atime, ctime, mtime, dtime;
	uint16_t gid, links_count;
	uint32_t blocks;		/* 512 bytes each, indirect ones too */
	uint32_t flags;
	uint32_t version;
	uint32_t block[EXT2_BLOCKS];
	uint32_t generation;
	uint32_t file_acl;		/* block of extended attributes */
	uint32_t size_high;		/* of a regular file; else dir_acl */
	uint32_t faddr;
	uint16_t blocks_high, file_acl_high, uid_high, gid_high;
	uint16_t checksum_low;
	uint16_t set_id_depth;		/* Brig's: of the inode. Others keep it as 0 */
	/* from 128 on, in inodes of 256 bytes and more, if extra_isize reaches */
	uint16_t extra_isize, checksum_high;
	uint32_t ctime_extra, mtime_extra, atime_extra; /* ns << 2 | epoch */
	uint32_t crtime, crtime_extra;
} __attribute__((packed));
_Static_assert(sizeof(struct ext2_disk_inode) == 152, "ext2_disk_inode");

struct ext2_disk_entry {
	uint32_t inode;			/* 0: unused */
	uint16_t rec_len;
	uint8_t name_len;
	uint8_t file_type;		/* enum ext2_file_type, with filetype */
	char name[];
} __attribute__((packed));
enum ext2_file_type { EXT2_FT_UNKNOWN, EXT2_FT_REG, EXT2_FT_DIR, EXT2_FT_CHR,
		      EXT2_FT_BLK, EXT2_FT_FIFO, EXT2_FT_SOCK, EXT2_FT_LNK };

#endif
