/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.c - a fixed script of calls on the file system at FOLDER, for
 * test_faults.py: each step says "ok NAME", or "failed NAME: errno".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char piece[4096];

static int folder_sync(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY), bad = fd < 0 || fsync(fd);

	close(fd);
	return bad;
}

static int make_file(const char *name, unsigned blocks)
{
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644), bad = fd < 0;

	memset(piece, 'x', sizeof(piece));
	while (!bad && blocks--)
		bad = write(fd, piece, sizeof(piece)) != sizeof(piece);
	bad = bad || fsync(fd);
	close(fd);
	return bad;
}

static int read_all(const char *name)
{
	int fd = open(name, O_RDONLY), n = fd;

	while (n >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		;
	close(fd);
	return n < 0;
}

static int list(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *e;
	struct stat s;
	char path[300];
	int bad = !d;

	errno = d ? 0 : errno;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		bad |= lstat(path, &s);
	}
	if (d)
		closedir(d);
	return bad || errno;
}

static int unlink_many(void)
{
	char name[40];
	int bad = 0;

	for (int n = 0; n < 60; n += 2) {
		snprintf(name, sizeof(name), "many/f%d", n);
		bad |= unlink(name);
	}
	return bad | unlink("d/big");
}

static void step(const char *name, int bad)
{
	if (bad)
		printf("failed %s: %d\n", name, errno);
	else
		printf("ok %s\n", name);
	errno = 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1])) {
		fprintf(stderr, "faults FOLDER\n");
		return 1;
	}
	step("mkdir", mkdir("d", 0755) || folder_sync("."));
	step("one", make_file("d/one", 1) || folder_sync("d"));
	step("big", make_file("d/big", 60));
	step("mv", rename("d/one", "two") || folder_sync("."));
	step("kept", read_all("kept"));
	step("list", list("many"));
	step("unlink", unlink_many() || folder_sync("many"));
	step("truncate", truncate("kept", 5000) || folder_sync("."));
	return 0;
}
