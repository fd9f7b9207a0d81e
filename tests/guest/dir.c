/* SPDX-License-Identifier: BSD-2-Clause */
/* dir.c - reading directories: entries, cookies, and changes meanwhile. */
#include <dirent.h>

#include "files.h"

struct entry64 {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
} __attribute__((packed));

struct entry32 {
	uint32_t ino, off;
	uint16_t len;
	char name[];
};

/* Makes n files 0, 1, ... in the folder. */
static void fill(const char *folder, int n)
{
	char name[64];

	CHECK_OK(mkdir(folder, 0755));
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%d", folder, i);
		put(name, "");
	}
}

/* Counts a folder's entries without the dots; each file must come once. */
static int count(const char *folder)
{
	static char seen[10000];
	struct dirent *d;
	int n = 0, dots = 0;
	DIR *dir = opendir(folder);

	CHECK(dir);
	memset(seen, 0, sizeof(seen));
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.') {
			dots++;
			continue;
		}
		CHECK(!seen[atoi(d->d_name)]);
		seen[atoi(d->d_name)] = 1;
		n++;
	}
	CHECK_EQ(dots, 2);
	closedir(dir);
	return n;
}

TEST(entries_and_their_types)
{
	int found = 0;
	struct dirent *d;
	struct stat st;
	DIR *dir;

	fresh();
	put("f", "");
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(symlink("f", "s"));
	CHECK_OK(mkfifo("p", 0600));
	CHECK_OK(mknod("u", S_IFSOCK | 0600, 0));
	dir = opendir(".");
	while ((d = readdir(dir))) {
		static const char names[] = "fdspu.";
		static const unsigned char types[] = { DT_REG, DT_DIR, DT_LNK,
						       DT_FIFO, DT_SOCK, DT_DIR };
		const char *at = strchr(names, d->d_name[0]);

		CHECK(at);
		CHECK_EQ(d->d_type, types[at - names]);
		CHECK_OK(lstat(d->d_name, &st));
		CHECK_EQ(d->d_ino, st.st_ino);
		found++;
	}
	CHECK_EQ(found, 7);
}

TEST(many_entries)
{
	fresh();
	CHECK_OK(mkdir("empty", 0700));
	CHECK_EQ(count("empty"), 0);
	fill("d", 3000);
	CHECK_EQ(count("d"), 3000);
}

TEST(buffers_of_any_size)
{
	char buf[4096];
	int fd, sum;

	fresh();
	fill("d", 100);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, 20), EINVAL);
	for (int size = 24; size <= 4096; size = size * 3 / 2) {
		int n;

		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		sum = 0;
		while ((n = syscall(SYS_getdents64, fd, buf, size)) > 0)
			for (int at = 0; at < n;) {
				struct entry64 *e = (void *)(buf + at);

				CHECK_EQ(e->len % 8, 0);
				CHECK(strlen(e->name) < e->len - 19u);
				at += e->len;
				sum++;
			}
		CHECK_EQ(n, 0);
		CHECK_EQ(sum, 102);
	}
	CHECK_EQ(syscall(SYS_getdents64, fd, buf, sizeof(buf)), 0);
}

TEST(the_old_call_agrees)
{
	char buf[4096], wide[8192];
	int fd, n, m, at, to;

	fresh();
	fill("d", 50);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	m = syscall(SYS_getdents64, fd, wide, sizeof(wide));
	CHECK(m > 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	n = syscall(SYS_getdents, fd, buf, sizeof(buf));
	CHECK(n > 0);
	for (at = to = 0; at < n;) {
		struct entry32 *e = (void *)(buf + at);
		struct entry64 *w = (void *)(wide + to);

		CHECK(!strcmp(e->name, w->name));
		CHECK_EQ(buf[at + e->len - 1], w->type);
		at += e->len;
		to += w->len;
	}
	CHECK_EQ(to, m);
}

TEST(cookies_lead_back)
{
	char buf[4096], name[40][16];
	long long cookie[40];
	int fd, n, k = 0;

	fresh();
	fill("d", 30);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	for (int at = 0; at < n; k++) {
		struct entry64 *e = (void *)(buf + at);

		cookie[k] = e->off;
		strcpy(name[k], e->name);
		at += e->len;
	}
	CHECK_EQ(k, 32);
	for (int i = 0; i < k - 1; i++) {
		struct entry64 *e = (void *)buf;

		CHECK_EQ(lseek(fd, cookie[i], SEEK_SET), cookie[i]);
		CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
		CHECK(!strcmp(e->name, name[i + 1]));
	}
	/* Removing others does not move the place. */
	CHECK_EQ(lseek(fd, cookie[10], SEEK_SET), cookie[10]);
	for (int i = 0; i < k; i++)
		if (i != 11 && name[i][0] != '.') {
			char path[32];

			snprintf(path, sizeof(path), "d/%s", name[i]);
			CHECK_OK(unlink(path));
		}
	if (name[11][0] != '.') {
		struct entry64 *e = (void *)buf;

		CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
		CHECK(!strcmp(e->name, name[11]));
	}
}

TEST(removing_while_reading)
{
	int seen = 0;
	struct dirent *d;
	DIR *dir;

	fresh();
	fill("d", 1000);
	dir = opendir("d");
	CHECK_OK(chdir("d"));
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		CHECK_OK(unlink(d->d_name));
		seen++;
	}
	CHECK_EQ(seen, 1000);
	CHECK_OK(rmdir("../d"));
}

TEST(others_come_and_go_while_reading)
{
	static char seen[400];
	struct dirent *d;
	char name[32];
	int k = 0;
	DIR *dir;

	fresh();
	fill("d", 400);
	dir = opendir("d");
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' || d->d_name[0] == 'n')
			continue;
		CHECK(!seen[atoi(d->d_name)]);
		seen[atoi(d->d_name)] = 1;
		snprintf(name, sizeof(name), "d/n%d", k);
		put(name, "");
		snprintf(name, sizeof(name), "d/n%d", k - 5);
		if (k++ >= 5)
			CHECK_OK(unlink(name));
		CHECK(k < 5000);
	}
	for (int i = 0; i < 400; i++)
		CHECK(seen[i]);
}

TEST(telldir_and_seekdir)
{
	char first[256], again[256];
	struct dirent *d;
	long at;
	DIR *dir;

	fresh();
	fill("d", 100);
	dir = opendir("d");
	for (int i = 0; i < 50; i++)
		CHECK(readdir(dir));
	at = telldir(dir);
	d = readdir(dir);
	strcpy(first, d->d_name);
	while (readdir(dir))
		;
	seekdir(dir, at);
	d = readdir(dir);
	CHECK(d);
	strcpy(again, d->d_name);
	CHECK(!strcmp(first, again));
	rewinddir(dir);
	d = readdir(dir);
	CHECK(d);
	/* A rewound directory shows what came later. */
	put("d/later", "");
	rewinddir(dir);
	while ((d = readdir(dir)) && strcmp(d->d_name, "later"))
		;
	CHECK(d);
}

TEST(shared_position)
{
	char buf[512];
	int fd, n, sum = 0;
	pid_t pid;

	fresh();
	fill("d", 60);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	pid = fork();
	if (pid == 0) {
		CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
		_exit(0);
	}
	CHECK_CHILD(pid);
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (int at = 0; at < n; sum++)
			at += ((struct entry64 *)(buf + at))->len;
	CHECK(sum > 0 && sum < 62);
}

TEST(not_a_directory)
{
	char buf[256];
	int fd;

	fresh();
	put("f", "");
	fd = open("f", O_RDONLY);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_getdents, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_getdents64, 999, buf, sizeof(buf)), EBADF);
	fd = open(".", O_RDONLY);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, (void *)16, 256), EFAULT);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
}

TEST(dot_and_dotdot_have_numbers)
{
	struct stat here, up;
	struct dirent *d;
	DIR *dir;

	fresh();
	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("a/b", 0700));
	CHECK_OK(rename("a/b", "b"));
	CHECK_OK(stat("b", &here));
	CHECK_OK(stat(".", &up));
	dir = opendir("b");
	while ((d = readdir(dir)))
		CHECK_EQ(d->d_ino, d->d_name[1] ? up.st_ino : here.st_ino);
}
