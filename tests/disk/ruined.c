/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ruined.c - uses damaged images of ext2 as a mean user would: `ruined DISK KB
 * FIRST COUNT`. Images of KB each stand one behind the other on DISK; each is
 * copied to /dev/ram0, mounted, walked and read, changed, and unmounted. Errors
 * are fine, of any kind; what is not, the kernel says itself. A line for each
 * image says what came of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { DEPTH = 6, ENTRIES = 4000, NAMES = 200 };

static char buffer[65536];
static char *names[NAMES];
static int name_count, entries, errors;

static void note(long result)
{
	if (result < 0)
		errors++;
}

static void read_file(const char *path, off_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	off_t at = 0, hole;
	ssize_t n;

	note(fd);
	if (fd < 0)
		return;
	for (int pieces = 0; pieces < 40 && at < size; pieces++) {
		n = pread(fd, buffer, sizeof(buffer), at);
		note(n);
		at += pieces < 20 ? (off_t)sizeof(buffer) : size / 16 + 1;
	}
	hole = lseek(fd, 0, SEEK_HOLE);
	(void)hole;
	close(fd);
}

static void walk(const char *path, int depth)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	note(dir ? 0 : -1);
	if (!dir)
		return;
	while ((e = readdir(dir)) && entries++ < ENTRIES) {
		char name[4096];
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (lstat(name, &st)) {
			errors++;
			continue;
		}
		if (name_count < NAMES)
			names[name_count++] = strdup(name);
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			walk(name, depth + 1);
		else if (S_ISREG(st.st_mode))
			read_file(name, st.st_size);
		else if (S_ISLNK(st.st_mode))
			note(readlink(name, buffer, sizeof(buffer)));
	}
	closedir(dir);
}

static void write_file(const char *path, off_t at, int flags)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | flags, 0644);

	note(fd);
	if (fd < 0)
		return;
	memset(buffer, 'w', 20000);
	note(pwrite(fd, buffer, 20000, at));
	note(fsync(fd));
	note(ftruncate(fd, at / 2));
	close(fd);
}

static void map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK);
	char *p;

	if (fd < 0)
		return;
	note(ftruncate(fd, 300000));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED)
		munmap(p, 4096);
	close(fd);
}

static void change(const char *name, unsigned what, int n)
{
	char other[64];
	struct stat st;

	snprintf(other, sizeof(other), "/ruin/new%d", n);
	if (lstat(name, &st))
		return;
	switch (what % 8) {
	case 0:
		note(S_ISDIR(st.st_mode) ? rmdir(name) : unlink(name));
		break;
	case 1:
		note(rename(name, other));
		break;
	case 2:
		note(link(name, other));
		break;
	case 3:
		if (S_ISREG(st.st_mode))
			write_file(name, st.st_size, 0);
		break;
	case 4:
		if (S_ISREG(st.st_mode))
			note(truncate(name, 100));
		break;
	case 5:
		note(chmod(name, 0755));
		if (S_ISREG(st.st_mode))
			map_file(name);
		break;
	case 6:
		if (S_ISDIR(st.st_mode)) {
			snprintf(other, sizeof(other), "%s/x%d", name, n);
			write_file(other, 300000, O_CREAT);
		}
		break;
	default:
		note(mkdir(other, 0755));
		strcat(other, "/f");
		write_file(other, 0, O_CREAT);
	}
}

static void use(unsigned seed)
{
	struct statfs sf;

	name_count = entries = errors = 0;
	note(statfs("/ruin", &sf));
	walk("/ruin", 0);
	srand(seed);
	for (int n = 0; n < 60; n++) {
		if (!name_count)
			break;
		change(names[rand() % name_count], (unsigned)rand(), n);
	}
	for (int n = 0; n < 30; n++) {
		char name[64];

		snprintf(name, sizeof(name), "/ruin/made%d", n);
		write_file(name, n * 3000, O_CREAT);
		if (n % 3 == 0)
			note(unlink(name));
	}
	note(symlink(strcpy(buffer, "abc"), "/ruin/link"));
	sync();
	entries = 0;
	walk("/ruin", 0);
	while (name_count)
		free(names[--name_count]);
}

static int copy_image(int from, off_t at, off_t size)
{
	int to = open("/dev/ram0", O_WRONLY);
	off_t end = at + size;

	while (to >= 0 && at < end) {
		size_t want = end - at < (off_t)sizeof(buffer) ?
			      (size_t)(end - at) : sizeof(buffer);
		ssize_t n = pread(from, buffer, want, at);

		if (n <= 0 || write(to, buffer, n) != n)
			break;
		at += n;
	}
	if (to >= 0)
		close(to);
	return at == end ? 0 : -1;
}

int main(int argc, char **argv)
{
	int from = argc == 5 ? open(argv[1], O_RDONLY) : -1, left;
	off_t size = argc == 5 ? atoi(argv[2]) * 1024 : 0;
	int first = argc == 5 ? atoi(argv[3]) : 0;
	int count = argc == 5 ? atoi(argv[4]) : 0;

	if (from < 0) {
		fprintf(stderr, "usage: ruined DISK KB FIRST COUNT\n");
		return 1;
	}
	mkdir("/ruin", 0755);
	for (int n = 0; n < count; n++) {
		if (copy_image(from, n * size, size)) {
			printf("%d: not copied: %s\n", first + n, strerror(errno));
			return 1;
		}
		printf("%d: ", first + n);
		fflush(stdout);
		if (mount("/dev/ram0", "/ruin", "ext2", n % 5 == 4 ? MS_RDONLY : 0,
			  "errors=continue")) {
			printf("refused: %s\n", strerror(errno));
			continue;
		}
		use(first + n);
		left = umount("/ruin");
		if (left)
			printf("not unmounted: %s\n", strerror(errno));
		else
			printf("used, %d errors\n", errors);
		if (left)
			return 1;
	}
	printf("%d images\n", count);
	return 0;
}
