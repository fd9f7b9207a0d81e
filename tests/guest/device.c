/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c - the nodes of /dev that are no terminals. */
#include <poll.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "files.h"

TEST(null)
{
	int fd = open("/dev/null", O_RDWR);
	char c = 'x';

	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_EQ(write(fd, &c, 1), 1);
	CHECK_EQ(write(fd, (void *)16, 1000000), 1000000);
	CHECK_EQ(pread(fd, &c, 1, 1000), 0);
	CHECK_EQ(pwrite(fd, &c, 1, 1000), 1);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	CHECK_OK(close(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600)));
	CHECK_ERRNO((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV);
	CHECK_ERRNO(fsync(fd), EINVAL);
	CHECK_ERRNO(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
}

TEST(zero)
{
	static char buf[100000];
	int fd = open("/dev/zero", O_RDWR);
	char *map;

	memset(buf, 'x', sizeof(buf));
	CHECK_EQ(read(fd, buf, sizeof(buf)), sizeof(buf));
	for (unsigned i = 0; i < sizeof(buf); i++)
		CHECK(buf[i] == 0);
	CHECK_EQ(write(fd, buf, 10), 10);
	CHECK_EQ(lseek(fd, 5, SEEK_SET), 0);
	CHECK_ERRNO(read(fd, (void *)16, 10), EFAULT);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[5000], 0);
	map[5000] = 'p';
	CHECK_EQ(read(fd, buf, 1), 1);
	CHECK_EQ(buf[0], 0);
	/* Shared: memory that parent and child have in common. */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	pid_t pid = fork();
	if (pid == 0) {
		map[7] = 'c';
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_EQ(map[7], 'c');
}

TEST(full)
{
	int fd = open("/dev/full", O_RDWR);
	char buf[10] = "xxxxxxxxx";

	CHECK_EQ(read(fd, buf, 10), 10);
	CHECK(!memcmp(buf, "\0\0\0\0\0\0\0\0\0\0", 10));
	CHECK_ERRNO(write(fd, buf, 1), ENOSPC);
	CHECK_EQ(lseek(fd, 5, SEEK_SET), 0);
}

TEST(random_bytes)
{
	static const char *const names[] = { "/dev/urandom", "/dev/random" };
	unsigned char a[64], b[64];
	static unsigned char big[300000];
	long ones = 0;

	for (int i = 0; i < 2; i++) {
		int fd = open(names[i], O_RDONLY);

		CHECK_OK(fd);
		CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
		CHECK_EQ(read(fd, b, sizeof(b)), sizeof(b));
		CHECK(memcmp(a, b, sizeof(a)));
		CHECK_EQ(lseek(fd, 5, SEEK_SET), 0);
		CHECK_EQ(read(fd, big, sizeof(big)), sizeof(big));
		CHECK_EQ(read(fd, a, 0), 0);
	}
	for (unsigned i = 0; i < sizeof(big); i++)
		ones += __builtin_popcount(big[i]);
	CHECK(labs(ones - (long)sizeof(big) * 4) < 8000);
	CHECK_EQ(syscall(SYS_getrandom, a, sizeof(a), 0), sizeof(a));
	CHECK_EQ(syscall(SYS_getrandom, b, sizeof(b), 1), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)));
	CHECK_ERRNO(syscall(SYS_getrandom, a, 1, 0x100), EINVAL);
	CHECK_EQ(write(open("/dev/urandom", O_WRONLY), a, 10), 10);
}

TEST(children_do_not_share_random_bytes)
{
	int fd = open("/dev/urandom", O_RDONLY), p[2];
	char mine[32], its[32];

	CHECK_OK(pipe(p));
	if (fork() == 0) {
		CHECK_EQ(read(fd, mine, 32), 32);
		CHECK_EQ(write(p[1], mine, 32), 32);
		_exit(0);
	}
	CHECK_EQ(read(fd, mine, 32), 32);
	CHECK_EQ(read(p[0], its, 32), 32);
	CHECK(memcmp(mine, its, 32));
}

TEST(numbers_of_the_nodes)
{
	static const struct {
		const char *name;
		unsigned major, minor, mode;
	} nodes[] = {
		{ "/dev/null", 1, 3, 0666 },	{ "/dev/zero", 1, 5, 0666 },
		{ "/dev/full", 1, 7, 0666 },	{ "/dev/random", 1, 8, 0666 },
		{ "/dev/urandom", 1, 9, 0666 },	{ "/dev/tty", 5, 0, 0666 },
	};

	for (unsigned i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		struct stat st = stat_of(nodes[i].name);

		if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != nodes[i].major ||
		    minor(st.st_rdev) != nodes[i].minor ||
		    (st.st_mode & 0777) != nodes[i].mode)
			FAIL("%s: mode %o, %d:%d", nodes[i].name, st.st_mode,
			     major(st.st_rdev), minor(st.st_rdev));
	}
}

TEST(own_node_is_the_same_device)
{
	char c = 'x';

	need_root();
	fresh();
	CHECK_OK(mknod("z", S_IFCHR | 0600, makedev(1, 5)));
	CHECK_EQ(read(open("z", O_RDONLY), &c, 1), 1);
	CHECK_EQ(c, 0);
	CHECK_EQ(stat_of("z").st_size, 0);
	CHECK_OK(mknod("b", S_IFBLK | 0600, makedev(240, 1)));
	CHECK_ERRNO(open("b", O_RDONLY), ENXIO);
}

TEST(terminal_of_one_who_has_none)
{
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_OK(setsid());
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		_exit(0);
	}
	CHECK_CHILD(pid);
}

TEST(links_to_descriptors)
{
	char buf[8], name[64];
	int p[2];

	fresh();
	put("f", "text");
	CHECK_OK(pipe(p));
	CHECK_OK(dup2(open("f", O_RDONLY), 0));
	/* A file is opened anew, at its beginning. */
	CHECK_EQ(read(0, buf, 2), 2);
	CHECK_EQ(read(open("/dev/stdin", O_RDONLY), buf, 8), 4);
	snprintf(name, sizeof(name), "/dev/fd/%d", p[1]);
	CHECK_EQ(write(open(name, O_WRONLY), "x", 1), 1);
	CHECK_EQ(read(p[0], buf, 8), 1);
	CHECK_ERRNO(open("/dev/fd/999", O_RDONLY), ENOENT);
}
