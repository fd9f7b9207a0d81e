/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - how long a file system on a disk takes: `disk FOLDER`. The same
 * program on Brig and on a Linux with Brig's root (BRIG_KERNEL), each with a
 * fresh copy of one image:
 *
 *	sh user/cc -O2 -s -o /tmp/disk tests/compare/disk.c
 *	./brig exec --mem 256 --disk IMAGE --add /tmp/disk:/disk -- \
 *		'mkdir /m && mount -t ext2 /dev/vda /m && /disk /m'
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 10000, CHUNK = 65536, CHUNKS = 1024, READS = 4000, PAGE = 4096 };

static char buffer[CHUNK];
static struct timespec began;

static void check(int right, const char *what)
{
	if (right)
		return;
	perror(what);
	exit(1);
}

static void begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &began);
}

static void end(const char *what)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%-28s %8.3f s\n", what, (double)(now.tv_sec - began.tv_sec) +
	       (double)(now.tv_nsec - began.tv_nsec) / 1e9);
	fflush(stdout);
}

/* Nothing of the disk is in memory any more. */
static void forget(void)
{
	int fd;

	sync();
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	check(fd >= 0 && write(fd, "3\n", 2) == 2, "drop_caches");
	close(fd);
}

static void one_large_file(void)
{
	int fd = open("large", O_CREAT | O_RDWR | O_TRUNC, 0644);

	check(fd >= 0, "large");
	begin();
	for (int n = 0; n < CHUNKS; n++)
		check(write(fd, buffer, CHUNK) == CHUNK, "write");
	check(!fsync(fd), "fsync");
	end("write 64 MB, fsync");
	forget();
	begin();
	for (int n = 0; n < CHUNKS; n++)
		check(pread(fd, buffer, CHUNK, (off_t)n * CHUNK) == CHUNK, "read");
	end("read 64 MB");
	forget();
	srand(1);
	begin();
	for (int n = 0; n < READS; n++)
		check(pread(fd, buffer, PAGE, (off_t)(rand() % (CHUNKS * 16)) * PAGE) == PAGE,
		      "pread");
	end("4000 random reads of 4 KB");
	close(fd);
	check(!unlink("large"), "unlink");
}

static void for_each(const char *what, int (*deed)(const char *name))
{
	char name[32];

	begin();
	for (int n = 0; n < FILES; n++) {
		snprintf(name, sizeof(name), "file%d", n);
		check(!deed(name), name);
	}
	end(what);
}

static int create(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_EXCL, 0644);

	return fd < 0 ? fd : close(fd);
}

static int look(const char *name)
{
	struct stat st;

	return stat(name, &st);
}

int main(int argc, char **argv)
{
	check(argc == 2 && !chdir(argv[1]), "disk FOLDER");
	memset(buffer, 7, sizeof(buffer));
	one_large_file();
	forget();
	check(!mkdir("files", 0755) && !chdir("files"), "files");
	for_each("create 10,000 files", create);
	for_each("stat 10,000 files", look);
	forget();
	for_each("stat 10,000 files, cold", look);
	for_each("delete 10,000 files", unlink);
	begin();
	sync();
	end("sync");
	return rmdir("../files");
}
