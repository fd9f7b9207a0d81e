/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stress.c - several processes change one tree at random, by seed: files, links,
 * folders that are moved into each other, maps, holes. What is left is for
 * e2fsck to judge; here only errors count that cannot come from the others.
 *
 *	stress FOLDER SEED SECONDS PROCESSES
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FOLDERS = 3, NAMES = 9, DEPTH = 3, PIECE = 20000, FAR = 3 << 20,
       PAGE = 4096 };

static unsigned seed;
static unsigned long steps, done;
static char piece[PIECE], one[200], two[200];

static unsigned below(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 9) % n;
}

static char *place(char *to)
{
	int at = 0;

	for (unsigned n = below(DEPTH + 1); n; n--)
		at += sprintf(to + at, "d%u/", below(FOLDERS));
	if (below(5))
		sprintf(to + at, "n%u", below(NAMES));
	else
		sprintf(to + at, "d%u", below(FOLDERS));
	return to;
}

/* What may come when others have been faster, and when the disk is full. */
static void judge(const char *what, long result)
{
	static const int allowed[] = {
		ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, EINVAL, ENOSPC, ELOOP,
		ENXIO, EMLINK, EPERM, EBUSY, EAGAIN,
	};

	steps++;
	done += result >= 0;
	if (result >= 0)
		return;
	for (unsigned n = 0; n < sizeof(allowed) / sizeof(allowed[0]); n++)
		if (errno == allowed[n])
			return;
	fprintf(stderr, "stress: %s %s %s: %s\n", what, one, two, strerror(errno));
	_exit(1);
}

static sigjmp_buf gone;

static void on_bus(int sig)
{
	siglongjmp(gone, sig);
}

/* Others may truncate it meanwhile. */
static void map_and_change(int fd, off_t size)
{
	unsigned from = below(size > PAGE ? (unsigned)size / PAGE : 1) * PAGE;
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, from);

	judge("mmap", p == MAP_FAILED ? -1 : 0);
	if (p == MAP_FAILED)
		return;
	if (sigsetjmp(gone, 1) == 0)
		memset(p + below(PAGE), 'm', 1);
	munmap(p, PAGE);
}

static void change_file(void)
{
	int fd = open(place(one), O_RDWR | O_CREAT | O_NONBLOCK, 0644);
	struct stat s;

	judge("open", fd);
	if (fd < 0 || fstat(fd, &s) || !S_ISREG(s.st_mode)) {
		close(fd);
		return;
	}
	switch (below(7)) {
	case 0:
		judge("pwrite", pwrite(fd, piece, 1 + below(PIECE), below(FAR)));
		break;
	case 1:
		judge("ftruncate", ftruncate(fd, below(below(2) ? FAR : 5000)));
		break;
	case 2:
		judge("fsync", fsync(fd));
		break;
	case 3:
		map_and_change(fd, s.st_size);
		break;
	case 4:	/* its name goes while it is open */
		unlink(one);
		judge("pwrite", pwrite(fd, piece, 1 + below(PIECE), 0));
		break;
	default:
		judge("seek", lseek(fd, 0, SEEK_END));
		judge("write", write(fd, piece, 1 + below(PIECE)));
	}
	close(fd);
}

static void look(void)
{
	DIR *d = opendir(below(2) ? "." : place(one));
	struct dirent *e;
	struct stat s;

	while (d && (e = readdir(d)))
		if (lstat(e->d_name, &s) && errno != ENOENT)
			judge("lstat", -1);
	if (d)
		closedir(d);
	if (readlink(place(one), two, sizeof(two) - 1) < 0)
		judge("readlink", -1);
}

static void link_with_text(void)
{
	char text[180];

	memset(text, 'l', sizeof(text));
	text[below(2) ? 8 : 150] = 0;
	judge("symlink", symlink(text, place(one)));
}

static void step(void)
{
	switch (below(14)) {
	case 0: case 1: case 2: case 3:
		change_file();
		break;
	case 4: case 5:
		judge("unlink", unlink(place(one)));
		break;
	case 6: case 7:
		judge("mkdir", mkdir(place(one), 0755));
		break;
	case 8:
		judge("rmdir", rmdir(place(one)));
		break;
	case 9: case 10:
		judge("rename", rename(place(one), place(two)));
		break;
	case 11:
		judge("link", link(place(one), place(two)));
		break;
	case 12:
		if (below(2))
			link_with_text();
		else
			judge("mkfifo", mkfifo(place(one), 0600));
		break;
	default:
		look();
		if (below(40) == 0)
			sync();
	}
}

static void worker(unsigned number, time_t end)
{
	signal(SIGBUS, on_bus);
	seed = seed * 31 + number;
	memset(piece, 'a' + (int)number, sizeof(piece));
	while (time(NULL) < end)
		for (int n = 0; n < 50; n++)
			step();
	printf("%u: %lu steps, %lu of them done\n", number, steps, done);
	fflush(stdout);
	_exit(done < 50);
}

int main(int argc, char **argv)
{
	int status, bad = 0;
	time_t end;

	if (argc != 5 || chdir(argv[1])) {
		fprintf(stderr, "stress FOLDER SEED SECONDS PROCESSES\n");
		return 1;
	}
	seed = (unsigned)atoi(argv[2]);
	end = time(NULL) + atoi(argv[3]);
	for (int n = 0; n < atoi(argv[4]); n++)
		if (fork() == 0)
			worker((unsigned)n, end);
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
