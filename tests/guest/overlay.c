/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overlay.c - a writable folder over others: what is seen, what is copied up,
 * what is hidden, and that the lower folders stay as they are.
 */
#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "files.h"

static void make_tree(const char *top)
{
	char name[128];
	static const char *const folders[] = { "", "/d", "/d/e", "/full" };
	static const char *const files[] = { "/f", "/d/g", "/d/e/h", "/full/x" };

	for (int n = 0; n < 4; n++) {
		snprintf(name, sizeof(name), "%s%s", top, folders[n]);
		CHECK_OK(mkdir(name, 0755));
	}
	for (int n = 0; n < 4; n++) {
		snprintf(name, sizeof(name), "%s%s", top, files[n]);
		put(name, "low");
	}
}

static void mount_it(const char *options)
{
	CHECK_OK(mount("overlay", "m", "overlay", 0, options));
}

/* Folders low (with files), up, work, and the overlay at m, in a tmpfs. */
static void begin(void)
{
	need_root();
	if (!on_brig()) {
		if (unshare(CLONE_NEWNS) < 0)
			SKIP("unshare: %s", strerror(errno));
		CHECK_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	}
	fresh();
	CHECK_OK(mkdir("t", 0755));
	CHECK_OK(mount("t", "t", "tmpfs", 0, NULL));
	CHECK_OK(chdir("t"));
	make_tree("low");
	CHECK_OK(mkdir("up", 0755));
	CHECK_OK(mkdir("work", 0755));
	CHECK_OK(mkdir("m", 0755));
	if (mount("overlay", "m", "overlay", 0,
		  "lowerdir=low,upperdir=up,workdir=work") < 0) {
		CHECK(!on_brig());
		SKIP("mount: %s", strerror(errno));
	}
}

static void end(void)
{
	CHECK_OK(umount("m"));
	CHECK_OK(chdir("/"));
}

static void again(void)
{
	CHECK_OK(umount("m"));
	mount_it("lowerdir=low,upperdir=up,workdir=work");
}

/* The names of a folder, sorted, with blanks between. */
static const char *names_of(const char *folder)
{
	static char text[1024];
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);

	CHECK_OK(n);
	text[0] = '\0';
	for (int k = 0; k < n; k++)
		if (list[k]->d_name[0] != '.' || !strcmp(list[k]->d_name, ".hid")) {
			strcat(text, list[k]->d_name);
			strcat(text, " ");
		}
	return text;
}

#define CHECK_NAMES(folder, want)                                             \
	do {                                                                  \
		const char *got = names_of(folder);                           \
		if (strcmp(got, want))                                        \
			FAIL("%s:%d: %s holds %s", __FILE__, __LINE__, folder,\
			     got);                                            \
	} while (0)

TEST(lower_files_are_seen)
{
	begin();
	CHECK(holds("m/f", "low"));
	CHECK(holds("m/d/e/h", "low"));
	CHECK_NAMES("m", "d f full ");
	CHECK_NAMES("m/d", "e g ");
	CHECK_NAMES("up", "");
	CHECK_ERRNO(open("m/none", O_RDONLY), ENOENT);
	end();
}

TEST(writing_copies_up)
{
	int fd;

	begin();
	CHECK_OK(chmod("low/d/e", 0710));
	CHECK_OK(chown("low/d/e", ALICE, STAFF));
	CHECK_OK(chmod("low/d/e/h", 04751));
	fd = open("m/d/e/h", O_WRONLY | O_APPEND);
	CHECK_OK(fd);
	CHECK_EQ(write(fd, "er", 2), 2);
	CHECK_OK(close(fd));
	CHECK(holds("m/d/e/h", "lower"));
	CHECK(holds("low/d/e/h", "low"));
	CHECK(holds("up/d/e/h", "lower"));
	CHECK_EQ(mode_of("up/d/e"), 0710);
	CHECK_EQ(stat_of("up/d/e").st_uid, ALICE);
	CHECK_EQ(mode_of("up/d"), 0755);
	CHECK_NAMES("m/d", "e g ");
	CHECK_EQ(stat_of("m/d/e/h").st_size, 5);
	end();
}

TEST(other_changes_copy_up)
{
	static const struct timespec t[2] = { { 5, 0 }, { 6, 0 } };

	begin();
	CHECK_OK(chmod("m/f", 0600));
	CHECK_EQ(mode_of("m/f"), 0600);
	CHECK_EQ(mode_of("low/f"), 0644);
	CHECK(holds("up/f", "low"));
	CHECK_OK(chown("m/d", ALICE, STAFF));
	CHECK_EQ(stat_of("m/d").st_uid, ALICE);
	CHECK_EQ(stat_of("low/d").st_uid, 0);
	CHECK_OK(utimensat(AT_FDCWD, "m/d/g", t, 0));
	CHECK_EQ(stat_of("m/d/g").st_mtime, 6);
	CHECK(stat_of("low/d/g").st_mtime != 6);
	CHECK_OK(truncate("m/d/e/h", 1));
	CHECK(holds("m/d/e/h", "l"));
	CHECK(holds("low/d/e/h", "low"));
	put("m/full/x", "new");
	CHECK(holds("m/full/x", "new"));
	CHECK(holds("low/full/x", "low"));
	again();
	CHECK_EQ(mode_of("m/f"), 0600);
	CHECK_EQ(stat_of("m/d").st_uid, ALICE);
	CHECK(holds("m/d/e/h", "l"));
	end();
}

TEST(reading_copies_nothing)
{
	char buf[4];
	int fd;

	begin();
	fd = open("m/f", O_RDONLY);
	CHECK_EQ(read(fd, buf, 4), 3);
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	CHECK_OK(close(fd));
	CHECK_OK(access("m/d/g", W_OK));
	CHECK(!exists("up/f") && !exists("up/d"));
	end();
}

TEST(a_reader_sees_the_copy)
{
	char buf[8];
	int r, w;

	begin();
	r = open("m/f", O_RDONLY);
	CHECK_EQ(read(r, buf, 1), 1);
	w = open("m/f", O_WRONLY);
	CHECK_EQ(pwrite(w, "LOW!", 4, 0), 4);
	CHECK_EQ(read(r, buf, 8), 3);
	CHECK(!memcmp(buf, "OW!", 3));
	CHECK_EQ(lseek(r, 0, SEEK_END), 4);
	CHECK_OK(close(r));
	CHECK_OK(close(w));
	end();
}

TEST(removing_leaves_a_whiteout)
{
	begin();
	CHECK_OK(unlink("m/f"));
	CHECK(!exists("m/f"));
	CHECK(exists("low/f"));
	CHECK_NAMES("m", "d full ");
	CHECK(S_ISCHR(stat_of("up/f").st_mode));
	again();
	CHECK(!exists("m/f"));
	CHECK_ERRNO(unlink("m/f"), ENOENT);
	put("m/f", "anew");
	CHECK(holds("m/f", "anew"));
	CHECK_NAMES("m", "d f full ");
	CHECK_OK(unlink("m/f"));
	CHECK(!exists("m/f"));
	CHECK_NAMES("m", "d full ");
	/* What only upper has goes without a trace. */
	put("m/own", "");
	CHECK_OK(unlink("m/own"));
	CHECK(!exists("up/own"));
	end();
}

TEST(folders_are_removed_when_empty)
{
	begin();
	CHECK_ERRNO(rmdir("m/full"), ENOTEMPTY);
	CHECK_OK(unlink("m/full/x"));
	CHECK_NAMES("m/full", "");
	CHECK_OK(rmdir("m/full"));
	CHECK(!exists("m/full"));
	CHECK(exists("low/full/x"));
	again();
	CHECK(!exists("m/full"));
	/* A new one in its place is empty, for good. */
	CHECK_OK(mkdir("m/full", 0700));
	CHECK_NAMES("m/full", "");
	CHECK(!exists("m/full/x"));
	again();
	CHECK_NAMES("m/full", "");
	CHECK_EQ(mode_of("m/full"), 0700);
	put("m/full/y", "");
	CHECK_NAMES("m/full", "y ");
	CHECK_ERRNO(rmdir("m/full"), ENOTEMPTY);
	CHECK_OK(unlink("m/full/y"));
	CHECK_OK(rmdir("m/full"));
	CHECK(!exists("m/full"));
	end();
}

TEST(renaming_files)
{
	begin();
	CHECK_OK(rename("m/f", "m/d/f2"));
	CHECK(holds("m/d/f2", "low"));
	CHECK(!exists("m/f"));
	CHECK(exists("low/f"));
	CHECK_NAMES("m", "d full ");
	CHECK_NAMES("m/d", "e f2 g ");
	CHECK_OK(rename("m/d/f2", "m/d/g"));	/* over a lower file */
	CHECK_NAMES("m/d", "e g ");
	CHECK(holds("m/d/g", "low"));
	CHECK(!exists("up/d/f2"));
	CHECK_OK(rename("m/d/g", "m/f"));	/* over a whiteout */
	CHECK_NAMES("m", "d f full ");
	CHECK_NAMES("m/d", "e ");
	again();
	CHECK_NAMES("m", "d f full ");
	CHECK_NAMES("m/d", "e ");
	end();
}

TEST(renaming_folders)
{
	begin();
	CHECK_ERRNO(rename("m/d", "m/d2"), EXDEV);
	CHECK_OK(mkdir("m/own", 0755));
	put("m/own/o", "");
	CHECK_ERRNO(rename("m/own", "m/full"), ENOTEMPTY);
	CHECK_OK(unlink("m/full/x"));
	CHECK_OK(rename("m/own", "m/full"));	/* over one that is below too */
	CHECK_NAMES("m/full", "o ");
	CHECK_NAMES("m", "d f full ");
	CHECK_OK(rename("m/full", "m/moved"));
	CHECK_NAMES("m", "d f moved ");
	CHECK_NAMES("m/moved", "o ");
	again();
	CHECK_NAMES("m", "d f moved ");
	CHECK_OK(rename("m/moved", "m/full"));	/* over its whiteout */
	again();
	CHECK_NAMES("m", "d f full ");
	CHECK_NAMES("m/full", "o ");
	end();
}

TEST(exchanging)
{
	begin();
	put("m/own", "own");
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "m/own", AT_FDCWD, "m/f", 2));
	CHECK(holds("m/own", "low"));
	CHECK(holds("m/f", "own"));
	CHECK(holds("low/f", "low"));
	CHECK_OK(mkdir("m/x", 0755));
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "m/x", AT_FDCWD, "m/f", 2));
	CHECK(holds("m/x", "own"));
	CHECK(S_ISDIR(stat_of("m/f").st_mode));
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "m/d", AT_FDCWD, "m/x", 2),
		    EXDEV);
	end();
}

TEST(linking)
{
	begin();
	CHECK_OK(link("m/f", "m/d/second"));
	CHECK_EQ(stat_of("m/f").st_ino, stat_of("m/d/second").st_ino);
	CHECK_EQ(stat_of("m/f").st_nlink, 2);
	put("m/f", "both");
	CHECK(holds("m/d/second", "both"));
	CHECK_EQ(stat_of("low/f").st_nlink, 1);
	CHECK_OK(unlink("m/d/g"));
	CHECK_OK(link("m/f", "m/d/g"));		/* over a whiteout */
	CHECK(holds("m/d/g", "both"));
	CHECK_EQ(stat_of("m/f").st_nlink, 3);
	CHECK_OK(unlink("m/f"));
	CHECK_EQ(stat_of("m/d/g").st_nlink, 2);
	CHECK(!exists("m/f"));
	end();
}

TEST(an_open_file_outlives_its_name)
{
	struct stat st;
	char buf[8];
	int fd;

	begin();
	fd = open("m/f", O_RDONLY);
	CHECK_OK(unlink("m/f"));
	CHECK_EQ(pread(fd, buf, 8, 0), 3);
	CHECK_OK(fstat(fd, &st));
	if (on_brig())		/* Linux tells what it was below */
		CHECK_EQ(st.st_nlink, 0);
	CHECK_OK(close(fd));
	fd = open("m/d/g", O_RDONLY);
	CHECK_OK(unlink("m/d/g"));
	CHECK_OK(fchmod(fd, 0600));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(pread(fd, buf, 8, 0), 3);
	CHECK(!exists("m/d/g"));
	CHECK_EQ(mode_of("low/d/g"), 0644);
	CHECK_OK(close(fd));
	end();
}

TEST(mapping)
{
	char *p, *q;
	int fd;

	begin();
	fd = open("m/f", O_RDWR);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	p[0] = 'L';
	CHECK(holds("m/f", "Low"));
	CHECK(holds("low/f", "low"));
	q = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("m/d/g", O_RDONLY), 0);
	CHECK(q != MAP_FAILED && !memcmp(q, "low", 3));
	if (on_brig()) {	/* the mapping tells the overlay's name */
		char text[4096] = "";
		int maps = open("/proc/self/maps", O_RDONLY);
		ssize_t n = read(maps, text, sizeof(text) - 1);

		CHECK(n > 0);
		CHECK(strstr(text, "/t/m/f\n") && !strstr(text, "/t/up/f"));
	}
	CHECK_OK(munmap(p, 4096));
	CHECK_OK(munmap(q, 4096));
	_exit(0);
}

TEST(a_program_from_below)
{
	begin();
	if (fork() == 0) {
		execl("/bin/cp", "cp", on_brig() ? "/bin/busybox" : "/bin/true",
		      "low/true", NULL);
		_exit(1);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chmod("low/true", 0755));
	if (fork() == 0) {
		execl("m/true", "true", NULL);
		_exit(1);
	}
	CHECK_CHILD(-1);
	CHECK(!exists("up/true"));
	end();
}

TEST(several_lower_folders)
{
	begin();
	CHECK_OK(umount("m"));
	CHECK_OK(mkdir("top", 0755));
	CHECK_OK(mkdir("top/d", 0755));
	put("top/d/g", "top");
	put("top/d/t", "top");
	CHECK_OK(mknod("top/f", S_IFCHR | 0600, 0));	/* hides low/f */
	mount_it("lowerdir=top:low,upperdir=up,workdir=work");
	CHECK_NAMES("m", "d full ");
	CHECK_NAMES("m/d", "e g t ");
	CHECK(holds("m/d/g", "top"));
	CHECK(!exists("m/f"));
	CHECK_OK(unlink("m/d/g"));
	CHECK(!exists("m/d/g"));
	put("m/f", "new");
	CHECK(holds("m/f", "new"));
	end();
}

TEST(read_only_without_upper)
{
	begin();
	CHECK_OK(umount("m"));
	CHECK_OK(mkdir("top", 0755));
	put("top/t", "top");
	mount_it("lowerdir=top:low");
	CHECK_NAMES("m", "d f full t ");
	CHECK_ERRNO(open("m/f", O_WRONLY), EROFS);
	CHECK_ERRNO(open("m/new", O_WRONLY | O_CREAT, 0600), EROFS);
	CHECK_ERRNO(unlink("m/f"), EROFS);
	CHECK_ERRNO(mkdir("m/e", 0700), EROFS);
	CHECK_ERRNO(chmod("m/f", 0600), EROFS);
	CHECK_ERRNO(rename("m/f", "m/g"), EROFS);
	end();
}

TEST(options)
{
	static const char *const bad[] = {
		"", "upperdir=up,workdir=work", "lowerdir=f,upperdir=up",
		"lowerdir=low,upperdir=low,workdir=work", "nonsense=1",
		"lowerdir=low,upperdir=up,workdir=up",
	};

	begin();
	CHECK_OK(umount("m"));
	for (unsigned n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		CHECK_EQ(mount("overlay", "m", "overlay", 0, bad[n]), -1);
		CHECK(errno == EINVAL || errno == ENOENT || errno == ELOOP);
	}
	CHECK_ERRNO(mount("overlay", "m", "overlay", 0,
			  "lowerdir=none,upperdir=up,workdir=work"), ENOENT);
	if (on_brig()) {
		CHECK_OK(mkdir("low/in", 0755));
		CHECK_ERRNO(mount("overlay", "m", "overlay", 0,
				  "lowerdir=low,upperdir=low/in"), EINVAL);
		mount_it("lowerdir=low,upperdir=up");
		CHECK_OK(mkdir("n", 0755));
		CHECK_ERRNO(mount("overlay", "n", "overlay", 0,
				  "lowerdir=low,upperdir=up"), EBUSY);
		CHECK_NAMES("m", "d f full in ");
		CHECK_ERRNO(open("m/.wh..wh.work", O_RDONLY), ENOENT);
		CHECK_ERRNO(mkdir("m/.wh..wh.opq", 0700), EPERM);
		CHECK_OK(umount("m"));
	}
	CHECK_OK(chdir("/"));
}

TEST(statfs_and_busy)
{
	struct statfs s;
	int fd;

	begin();
	CHECK_OK(statfs("m", &s));
	CHECK_EQ(s.f_type, 0x794c7630);
	fd = open("m/f", O_RDONLY);
	CHECK_ERRNO(umount("m"), EBUSY);
	CHECK_OK(close(fd));
	end();
}

/* A long listing, read in pieces, while names come and go. */
TEST(listing_in_pieces)
{
	char name[32];
	struct dirent *e;
	int seen[300] = { 0 }, n;
	DIR *d;

	begin();
	for (n = 0; n < 300; n++) {
		snprintf(name, sizeof(name), "%s/n%d", n % 2 ? "low/full" : "m/full", n);
		put(name, "");
	}
	d = opendir("m/full");
	while ((e = readdir(d)))
		if (e->d_name[0] == 'n') {
			n = atoi(e->d_name + 1);
			seen[n]++;
			snprintf(name, sizeof(name), "m/full/n%d", n);
			CHECK_OK(unlink(name));
		}
	closedir(d);
	for (n = 0; n < 300; n++)
		CHECK_EQ(seen[n], 1);
	CHECK_NAMES("m/full", "x ");
	again();
	CHECK_NAMES("m/full", "x ");
	end();
}
