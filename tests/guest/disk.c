/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - what a disk's file answers to calls, right and wrong; on a disk of
 * memory.
 * oracle: no
 */
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "files.h"

enum { SIZE = 1 << 20, PAGE = 4096 };

static int open_disk(int flags)
{
	int fd = open("/dev/ram0", flags);

	CHECK(fd >= 0);
	return fd;
}

TEST(its_node)
{
	struct stat s;

	CHECK_OK(stat("/dev/ram0", &s));
	CHECK_EQ(s.st_mode, S_IFBLK | 0660);
	CHECK_EQ(s.st_uid, 0);
	CHECK_EQ(s.st_gid, 6);
	CHECK_EQ(s.st_rdev, makedev(1, 0));
	CHECK_OK(mknod("other", S_IFBLK | 0600, makedev(1, 0)));
	CHECK_OK(close(open("other", O_RDONLY)));
	CHECK_OK(mknod("none", S_IFBLK | 0600, makedev(1, 77)));
	CHECK_ERRNO(open("none", O_RDONLY), ENXIO);
	CHECK_OK(mknod("char", S_IFCHR | 0600, makedev(1, 0)));
	CHECK_ERRNO(open("char", O_RDONLY), ENXIO);
}

TEST(seeks)
{
	int fd = open_disk(O_RDONLY);

	CHECK_EQ(lseek(fd, 0, SEEK_END), SIZE);
	CHECK_EQ(lseek(fd, -10, SEEK_END), SIZE - 10);
	CHECK_EQ(lseek(fd, 3, SEEK_CUR), SIZE - 7);
	CHECK_ERRNO(lseek(fd, -SIZE, SEEK_CUR), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, 77), EINVAL);
	CHECK_EQ(lseek(fd, SIZE + 5, SEEK_SET), SIZE + 5);
	CHECK_EQ(read(fd, &fd, 1), 0);
}

TEST(asks)
{
	int fd = open_disk(O_RDWR), value = -1;
	unsigned long sectors = 0, block = 0;
	struct hd_geometry g;
	uint64_t bytes = 0;
	unsigned short rotates = 9;

	CHECK_OK(ioctl(fd, BLKGETSIZE, &sectors));
	CHECK_EQ(sectors, SIZE / 512);
	CHECK_OK(ioctl(fd, BLKGETSIZE64, &bytes));
	CHECK_EQ(bytes, SIZE);
	CHECK_OK(ioctl(fd, BLKSSZGET, &value));
	CHECK_EQ(value, 512);
	CHECK_OK(ioctl(fd, BLKBSZGET, &block));
	CHECK_EQ(block, PAGE);
	CHECK_OK(ioctl(fd, BLKROGET, &value));
	CHECK_EQ(value, 0);
	CHECK_OK(ioctl(fd, BLKROTATIONAL, &rotates));
	CHECK_EQ(rotates, 0);
	CHECK_OK(ioctl(fd, HDIO_GETGEO, &g));
	CHECK(g.heads && g.sectors && g.start == 0);
	CHECK_ERRNO(ioctl(fd, BLKGETSIZE64, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, HDIO_GETGEO, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, BLKROSET, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, BLKDISCARD, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, 0x12ff, &value), ENOTTY);
	CHECK_ERRNO(ioctl(fd, TCGETS, &value), ENOTTY);
}

TEST(discards_where_it_can)
{
	uint64_t range[2] = { 0, PAGE };
	int fd = open_disk(O_RDWR);

	CHECK_ERRNO(ioctl(fd, BLKDISCARD, range), EOPNOTSUPP);
	range[0] = 1;
	CHECK_ERRNO(ioctl(fd, BLKDISCARD, range), EINVAL);
	range[0] = SIZE;
	CHECK_ERRNO(ioctl(fd, BLKDISCARD, range), EINVAL);
	range[0] = 512, range[1] = -512;
	CHECK_ERRNO(ioctl(fd, BLKDISCARD, range), EINVAL);
	CHECK_ERRNO(ioctl(open_disk(O_RDONLY), BLKDISCARD, range), EBADF);
}

TEST(read_only_for_all)
{
	int fd = open_disk(O_RDWR), on = 1, off = 0;

	CHECK_OK(ioctl(fd, BLKROSET, &on));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_OK(ioctl(fd, BLKROGET, &off));
	CHECK_EQ(off, 1);
	off = 0;
	CHECK_OK(ioctl(fd, BLKROSET, &off));
	CHECK_EQ(write(fd, "x", 1), 1);
}

/* Who may open it may not change it for others. */
TEST(administers_by_privilege)
{
	int fd = open_disk(O_RDWR), on = 1;
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(setuid(1000));
		CHECK_ERRNO(ioctl(fd, BLKROSET, &on), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKRRPART, 0), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKFLSBUF, 0), EACCES);
		CHECK_OK(ioctl(fd, BLKROGET, &on));
		CHECK_ERRNO(open("/dev/ram0", O_RDONLY), EACCES);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(two_files_are_one_content)
{
	int a = open_disk(O_RDWR), b = open_disk(O_RDWR);
	char text[6] = "";
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, b,
			 PAGE);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(pwrite(a, "hello", 5, 2 * PAGE - 2), 5);
	CHECK(!memcmp(map + PAGE - 2, "hello", 5));
	memcpy(map + 100, "there", 5);
	CHECK_EQ(pread(a, text, 5, PAGE + 100), 5);
	CHECK(!strcmp(text, "there"));
	CHECK_OK(msync(map, 2 * PAGE, MS_SYNC));
	CHECK_OK(munmap(map, 2 * PAGE));
	CHECK_OK(ioctl(a, BLKFLSBUF, 0));
	CHECK_EQ(pread(a, text, 5, PAGE + 100), 5);
	CHECK(!strcmp(text, "there"));
	CHECK_OK(fsync(a));
}

TEST(its_end)
{
	static char buf[2 * PAGE];
	int fd = open_disk(O_RDWR);

	CHECK_EQ(pread(fd, buf, sizeof(buf), SIZE - 100), 100);
	CHECK_EQ(pread(fd, buf, sizeof(buf), SIZE), 0);
	CHECK_EQ(pwrite(fd, buf, sizeof(buf), SIZE - 100), 100);
	CHECK_ERRNO(pwrite(fd, buf, 1, SIZE), ENOSPC);
	CHECK_ERRNO(pwrite(fd, (void *)16, 100, 0), EFAULT);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	CHECK_OK(close(open("/dev/ram0", O_RDWR | O_TRUNC | O_CREAT, 0600)));
	CHECK_EQ(lseek(fd, 0, SEEK_END), SIZE);
}
