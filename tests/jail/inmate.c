/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inmate.c - looks around in the process that a jail tool made, and says what
 * it finds, a line each: files, session, root, terminal. With a number as its
 * argument it also signals the process of that number.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERROR(call) ((call) < 0 ? strerrorname(errno) : "ok")

static const char *strerrorname(int error)
{
	static char other[16];

	switch (error) {
	case EPERM:
		return "EPERM";
	case ESRCH:
		return "ESRCH";
	case ENOTTY:
		return "ENOTTY";
	case EIO:
		return "EIO";
	}
	snprintf(other, sizeof(other), "%d", error);
	return other;
}

int main(int argc, char **argv)
{
	struct stat here, root, file;
	struct winsize size = { 0, 0, 0, 0 };
	int fd, pid = argc > 1 ? atoi(argv[1]) : 0;

	printf("files:");
	for (fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	}
	printf("\nsession: %s\n", getsid(0) == getpid() ? "own" : "another's");
	stat(".", &here);
	stat("/", &root);
	printf("cwd: %s\n", here.st_ino == root.st_ino && here.st_dev == root.st_dev ?
			    "root" : "elsewhere");
	for (fd = 0; fd < 3; fd++) {
		if (isatty(fd) && fstat(fd, &file) == 0)
			printf("tty %d: major %d\n", fd, (int)(file.st_rdev >> 8 & 0xfff));
	}
	fd = open("/dev/tty", O_RDWR);
	if (fd >= 0 || isatty(0)) {
		ioctl(0, TIOCGWINSZ, &size);
		printf("size: %dx%d\n", size.ws_col, size.ws_row);
		printf("front: %s\n", tcgetpgrp(0) == getpgrp() ? "yes" : "no");
	}
	if (pid) {
		printf("term: %s\n", ERROR(kill(pid, SIGTERM)));
		printf("cont: %s\n", ERROR(kill(pid, SIGCONT)));
		printf("sid: %s\n", ERROR(getsid(pid)));
		printf("pgrp: %s\n", ERROR(tcsetpgrp(0, pid)));
	}
	return 0;
}
