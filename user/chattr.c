/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chattr.c - changes the flags that a file has beside its modes.
 *
 *	chattr [-R] +-=[iadA] FILE...
 *
 * i: nobody may change it; a: it only grows; d: backups leave it out;
 * A: no access times. i and a are root's, and while the securelevel is over 0
 * nobody's to take away. BusyBox has this program, Debian's build of it not.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct {
	char letter;
	int flag;
} letters[] = {
	{ 'i', FS_IMMUTABLE_FL }, { 'a', FS_APPEND_FL },
	{ 'd', FS_NODUMP_FL }, { 'A', FS_NOATIME_FL },
};
static char deed;	/* + - = */
static int flags;	/* what to add, take away, or have */
static int failed;

static int usage(void)
{
	fprintf(stderr, "chattr: use: chattr [-R] +-=[iadA] FILE...\n");
	return 1;
}

static int read_deed(const char *word)
{
	if (!*word || !strchr("+-=", *word))
		return -1;
	deed = *word++;
	for (; *word; word++) {
		unsigned i = 0, n = sizeof(letters) / sizeof(*letters);

		while (i < n && letters[i].letter != *word)
			i++;
		if (i == n)
			return -1;
		flags |= letters[i].flag;
	}
	return 0;
}

static int change(const char *name)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int now, err;

	if (fd < 0)
		return -1;
	err = ioctl(fd, FS_IOC_GETFLAGS, &now);
	if (!err) {
		now = deed == '+' ? now | flags : deed == '-' ? now & ~flags :
								flags;
		err = ioctl(fd, FS_IOC_SETFLAGS, &now);
	}
	close(fd);
	return err;
}

static int visit(const char *name, const struct stat *st, int type,
		 struct FTW *place)
{
	(void)place;
	if (type != FTW_NS && !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;	/* others have no flags */
	if (change(name) < 0) {
		fprintf(stderr, "chattr: %s: %s\n", name, strerror(errno));
		failed = 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int at = 1, all = argc > 1 && !strcmp(argv[1], "-R");

	at += all;
	if (at + 1 >= argc || read_deed(argv[at]) < 0)
		return usage();
	while (++at < argc) {
		if (all && !nftw(argv[at], visit, 16, FTW_PHYS))
			continue;
		if (!all && !change(argv[at]))
			continue;
		fprintf(stderr, "chattr: %s: %s\n", argv[at], strerror(errno));
		failed = 1;
	}
	return failed;
}
