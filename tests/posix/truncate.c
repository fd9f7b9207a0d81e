/* SPDX-License-Identifier: BSD-2-Clause */
/* truncate.c - truncate and ftruncate. */
#include <sys/resource.h>

#include "posix.h"

static int call(const char *path)
{
	return truncate(path, 3);
}

TEST(truncate_bad_paths)
{
	bad_paths(call, PATH_FOLLOWS);
}

TEST(truncate_closed_folders)
{
	closed_folders(call, PATH_FOLLOWS, make_file);
}

TEST(truncate_read_only)
{
	read_only(call, make_file);
}

TEST(truncate_of_other_kinds)
{
	int fd[2];

	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(mknod("s", S_IFSOCK | 0600, 0));
	CHECK_ERRNO(truncate("d", 0), EISDIR);
	CHECK_ERRNO(truncate("p", 0), EINVAL);
	CHECK_ERRNO(truncate("s", 0), EINVAL);
	CHECK_ERRNO(truncate("f", -1), EINVAL);
	CHECK_ERRNO(ftruncate(-1, 0), EBADF);
	CHECK_ERRNO(ftruncate(open("f", O_RDONLY), 0), EINVAL);
	CHECK_ERRNO(ftruncate(open("f", O_RDWR), -1), EINVAL);
	CHECK_OK(pipe(fd));
	CHECK_ERRNO(ftruncate(fd[1], 0), EINVAL);
	CHECK(holds("f", "text"));
}

TEST(truncate_by_whom)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chmod("f", 0646));
	CHECK_OK(chown("f", ALICE, STAFF));
	if (fork() == 0) {
		become(BOB, STAFF);
		CHECK_ERRNO(truncate("f", 0), EACCES);
		_exit(0);
	}
	CHECK_CHILD(-1);
	become(BOB, GUESTS);
	CHECK_OK(truncate("f", 0));
}

TEST(truncate_sizes)
{
	static const off_t sizes[] = { 0, 1, 1023, 1024, 1025, 4095, 4096, 4097,
				       12 * 1024, 12 * 1024 + 1, 49152, 70000,
				       300000, 1100000 };
	static char data[4096];
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0644);
	CHECK_OK(fd);
	for (unsigned n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
		CHECK_OK(ftruncate(fd, 0));
		CHECK_EQ(pwrite(fd, "begin", 5, 0), 5);
		CHECK_OK(ftruncate(fd, sizes[n]));
		CHECK_EQ(stat_of("f").st_size, sizes[n]);
		CHECK_OK(ftruncate(fd, sizes[n] + 5000));
		memset(data, 1, sizeof(data));
		CHECK_EQ(pread(fd, data, sizeof(data), sizes[n] > 5 ? sizes[n] : 5),
			 sizeof(data));
		for (unsigned k = 0; k < sizeof(data); k++)
			CHECK_EQ(data[k], 0);
	}
}

/* What was cut off does not come back when the file grows. */
TEST(truncate_forgets)
{
	static char data[20000];
	int fd;

	fresh();
	fd = open("f", O_RDWR | O_CREAT, 0644);
	memset(data, 'x', sizeof(data));
	CHECK_EQ(write(fd, data, sizeof(data)), sizeof(data));
	CHECK_OK(ftruncate(fd, 5001));
	CHECK_OK(ftruncate(fd, sizeof(data)));
	CHECK_EQ(pread(fd, data, sizeof(data), 0), sizeof(data));
	for (int n = 0; n < (int)sizeof(data); n++)
		CHECK_EQ(data[n], n < 5001 ? 'x' : 0);
}

TEST(truncate_times)
{
	struct stat before, now;

	fresh();
	put("f", "text");
	before = stat_of("f");
	let_time_pass();
	CHECK_OK(truncate("f", 2));
	now = stat_of("f");
	CHECK(time_of(now.st_mtim) > time_of(before.st_mtim));
	CHECK(time_of(now.st_ctim) > time_of(before.st_ctim));
	let_time_pass();
	CHECK_ERRNO(truncate("f", -1), EINVAL);
	CHECK_EQ(time_of(stat_of("f").st_mtim), time_of(now.st_mtim));
}

TEST(truncate_takes_the_set_id_bits)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(chown("f", ALICE, STAFF));
	CHECK_OK(chmod("f", 06777));
	become(BOB, GUESTS);
	CHECK_OK(truncate("f", 0));
	CHECK_EQ(mode_of("f"), 0777);
}

TEST(truncate_beyond_the_limit)
{
	struct rlimit limit = { 8192, 8192 };

	fresh();
	put("f", "text");
	signal(SIGXFSZ, SIG_IGN);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
	CHECK_OK(truncate("f", 8192));
	CHECK_ERRNO(truncate("f", 8193), EFBIG);
	CHECK_EQ(stat_of("f").st_size, 8192);
}

TEST(truncate_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "text");
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(truncate("f", 0), EPERM);
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(truncate("f", 0), EPERM);
	CHECK(flags_set("f", 0));
	CHECK(holds("f", "text"));
}
