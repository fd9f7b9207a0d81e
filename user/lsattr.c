/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lsattr.c - shows the flags that chattr sets.
 *
 *	lsattr [-d] [FILE...]
 *
 * A folder stands for what is in it, with -d for itself. The letters stand in
 * the places where e2fsprogs and BusyBox put them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed;

static void complain(const char *name)
{
	fprintf(stderr, "lsattr: %s: %s\n", name, strerror(errno));
	failed = 1;
}

static void show(const char *name)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int flags;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		complain(name);
	else
		printf("----%c%c%c%c-------------- %s\n",
		       flags & FS_IMMUTABLE_FL ? 'i' : '-',
		       flags & FS_APPEND_FL ? 'a' : '-',
		       flags & FS_NODUMP_FL ? 'd' : '-',
		       flags & FS_NOATIME_FL ? 'A' : '-', name);
	if (fd >= 0)
		close(fd);
}

static void show_folder(const char *name)
{
	struct dirent *e;
	char path[4096];
	struct stat st;
	DIR *d = opendir(name);

	if (!d) {
		complain(name);
		return;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		if (!lstat(path, &st) &&
		    (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			show(path);
	}
	closedir(d);
}

int main(int argc, char **argv)
{
	int at = 1, self = argc > 1 && !strcmp(argv[1], "-d");
	struct stat st;

	at += self;
	if (at < argc && argv[at][0] == '-') {
		fprintf(stderr, "lsattr: use: lsattr [-d] [FILE...]\n");
		return 1;
	}
	if (at == argc && self)
		show(".");
	else if (at == argc)
		show_folder(".");
	for (; at < argc; at++) {
		if (!self && !stat(argv[at], &st) && S_ISDIR(st.st_mode))
			show_folder(argv[at]);
		else
			show(argv[at]);
	}
	return failed;
}
