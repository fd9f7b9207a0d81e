/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * powercut.c - changes files below a folder, by seed, and tells a disk of its
 * own what it does: a line before each operation and one after it.
 *
 *	powercut FOLDER RECORDS SEED OPERATIONS WRITERS
 *
 * Each writer has a folder FOLDER/p<n> and a page of RECORDS. tests/rig/
 * powercut.py reads the lines, and checks after a cut what must be there.
 *
 * A file's content is the beginning of a stream that its version names.
 * Operations (names are a0 ... a9):
 *	create N V LEN	write, fsync, fsync of the folder
 *	append N V LEN	up to LEN, fsync (fdatasync if LEN is even)
 *	trunc N V LEN	fsync
 *	replace N V LEN	a new file "new", fsync, rename over N
 *	link N M, unlink N, mkdir N, rmdir N
 *	many N V COUNT	a folder with small files s<i>, then sync
 *	fewer N		all of that away again
 * "+" behind it: then fsync of the folder; "-": without.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMES = 10, PAGE = 4096, LARGEST = 90000, SMALL = 700, MANY = 40 };
enum kind { NONE, FILE_OF, FOLDER_OF, MANY_OF };

static struct {
	enum kind kind;
	unsigned version, length;
} have[NAMES];
static char line[PAGE];
static unsigned seed, serial, writer, version;
static int records, folder;

static void die(const char *what)
{
	fprintf(stderr, "powercut: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static unsigned below(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* The stream of a version: byte i. The checker has the same. */
static void stream(unsigned of, unsigned from, unsigned n, char *to)
{
	for (unsigned i = from; i < from + n; i++)
		*to++ = (char)((i * 7 + (i >> 8) * 13 + of * 31 + (i >> 16)) & 0xff);
}

static void tell(const char *state, const char *format, va_list ap)
{
	int n = snprintf(line, sizeof(line), "%u %s ", serial, state);

	n += vsnprintf(line + n, sizeof(line) - n, format, ap);
	line[n++] = '\n';
	memset(line + n, 0, 512 - n);
	if (pwrite(records, line, 512, writer * PAGE) != 512 || fsync(records))
		die("records");
}

static void begin(const char *format, ...)
{
	va_list ap;

	serial++;
	va_start(ap, format);
	tell("begin", format, ap);
	va_end(ap);
}

static void done(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tell("done", format, ap);
	va_end(ap);
}

static void write_from(int fd, unsigned of, unsigned from, unsigned upto)
{
	static char piece[8192];

	while (from < upto) {
		unsigned n = upto - from, some = 1 + below(sizeof(piece));

		n = n < some ? n : some;
		stream(of, from, n, piece);
		if (pwrite(fd, piece, n, from) != (ssize_t)n)
			die("write");
		from += n;
	}
}

static void finish(int fd, int data_only)
{
	if (data_only ? fdatasync(fd) : fsync(fd))
		die("fsync");
	close(fd);
}

static int name_open(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd < 0)
		die(name);
	return fd;
}

static void folder_sync(int really)
{
	if (really && fsync(folder))
		die("fsync of the folder");
}

static void small_file(const char *in, unsigned i, int make)
{
	char name[40];

	snprintf(name, sizeof(name), "%s/s%u", in, i);
	if (make) {
		int fd = name_open(name, O_CREAT | O_EXCL | O_WRONLY);

		write_from(fd, version + i, 0, 1 + (version + i) * 37 % SMALL);
		close(fd);
	} else if (unlink(name)) {
		die(name);
	}
}

static void on_nothing(unsigned n, const char *name)
{
	unsigned other = below(NAMES), which = below(8);
	int flush = below(3) > 0;

	if (which < 4) {
		unsigned length = below(below(3) ? 5000 : LARGEST);
		int fd;

		begin("create %s %u %u", name, version, length);
		fd = name_open(name, O_CREAT | O_EXCL | O_WRONLY);
		write_from(fd, version, 0, length);
		finish(fd, 0);
		folder_sync(1);
		done("create");
		have[n].kind = FILE_OF;
		have[n].version = version;
		have[n].length = length;
	} else if (which == 4) {
		unsigned count = 1 + below(MANY);

		begin("many %s %u %u", name, version, count);
		if (mkdir(name, 0755))
			die(name);
		for (unsigned i = 0; i < count; i++)
			small_file(name, i, 1);
		sync();
		done("many");
		have[n].kind = MANY_OF;
		have[n].length = count;
		version += count;
	} else if (which == 5 && have[other].kind == FILE_OF) {
		char from[8];

		snprintf(from, sizeof(from), "a%u", other);
		begin("link %s %s %c", from, name, flush ? '+' : '-');
		if (link(from, name))
			die(name);
		folder_sync(flush);
		done("link");
		have[n] = have[other];
		/* one content, two names: neither is written in place again */
		have[n].length = have[other].length = ~0u;
	} else {
		begin("mkdir %s %c", name, flush ? '+' : '-');
		if (mkdir(name, 0755))
			die(name);
		folder_sync(flush);
		done("mkdir");
		have[n].kind = FOLDER_OF;
	}
}

static void replace(unsigned n, const char *name, int flush)
{
	unsigned length = below(9000);
	int fd;

	begin("replace %s %u %u %c", name, version, length, flush ? '+' : '-');
	fd = name_open("new", O_CREAT | O_TRUNC | O_WRONLY);
	write_from(fd, version, 0, length);
	finish(fd, 0);
	if (rename("new", name))
		die("rename");
	folder_sync(flush);
	done("replace");
	have[n].version = version;
	have[n].length = length;
}

static void on_file(unsigned n, const char *name)
{
	unsigned which = below(8), length = have[n].length;
	int flush = below(3) > 0, fd;

	if (which < 3 || (length == ~0u && which < 6)) {
		replace(n, name, flush);
	} else if (which < 5) {
		length += 1 + below(8000);
		begin("append %s %u %u", name, have[n].version, length);
		fd = name_open(name, O_WRONLY);
		write_from(fd, have[n].version, have[n].length, length);
		finish(fd, length % 2 == 0);
		done("append");
		have[n].length = length;
	} else if (which == 5) {
		length = below(length + 1);
		begin("trunc %s %u %u", name, have[n].version, length);
		fd = name_open(name, O_WRONLY);
		if (ftruncate(fd, length))
			die("truncate");
		finish(fd, 0);
		done("trunc");
		have[n].length = length;
	} else {
		begin("unlink %s %c", name, flush ? '+' : '-');
		if (unlink(name))
			die(name);
		folder_sync(flush);
		done("unlink");
		have[n].kind = NONE;
	}
}

static void on_folder(unsigned n, const char *name)
{
	int flush = below(3) > 0;

	if (have[n].kind == MANY_OF) {
		begin("fewer %s", name);
		for (unsigned i = 0; i < have[n].length; i++)
			small_file(name, i, 0);
		if (rmdir(name))
			die(name);
		folder_sync(1);
		done("fewer");
	} else {
		begin("rmdir %s %c", name, flush ? '+' : '-');
		if (rmdir(name))
			die(name);
		folder_sync(flush);
		done("rmdir");
	}
	have[n].kind = NONE;
}

static void work(const char *where, unsigned operations)
{
	char name[16];

	snprintf(name, sizeof(name), "p%u", writer);
	if (chdir(where) || mkdir(name, 0755) || chdir(name))
		die(name);
	folder = name_open(".", O_RDONLY | O_DIRECTORY);
	sync();
	begin("ready");
	done("ready");
	while (operations--) {
		unsigned n = below(NAMES);

		version += 1 + below(9);
		snprintf(name, sizeof(name), "a%u", n);
		if (have[n].kind == NONE)
			on_nothing(n, name);
		else if (have[n].kind == FILE_OF)
			on_file(n, name);
		else
			on_folder(n, name);
	}
}

int main(int argc, char **argv)
{
	unsigned writers;
	int bad = 0, status;

	if (argc != 6) {
		fprintf(stderr, "powercut FOLDER RECORDS SEED OPERATIONS WRITERS\n");
		return 1;
	}
	records = name_open(argv[2], O_WRONLY);
	writers = (unsigned)atoi(argv[5]);
	for (writer = 0; writer < writers; writer++) {
		if (fork() == 0) {
			seed = (unsigned)atoi(argv[3]) * 100 + writer;
			version = writer * 1000;
			work(argv[1], (unsigned)atoi(argv[4]));
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
