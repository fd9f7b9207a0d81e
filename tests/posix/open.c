/* SPDX-License-Identifier: BSD-2-Clause */
/* open.c - open, openat, creat: paths, flags, permission. */
#include <sys/socket.h>
#include <sys/un.h>

#include "posix.h"

static int close_it(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int call_read(const char *path)
{
	return close_it(open(path, O_RDONLY | O_NONBLOCK));
}

static int call_write(const char *path)
{
	return close_it(open(path, O_WRONLY));
}

static int call_create(const char *path)
{
	return close_it(open(path, O_WRONLY | O_CREAT, 0644));
}

static int call_exclusive(const char *path)
{
	return close_it(open(path, O_RDWR | O_CREAT | O_EXCL, 0644));
}

static int call_truncate(const char *path)
{
	return close_it(open(path, O_RDONLY | O_TRUNC));
}

TEST(open_bad_paths)
{
	bad_paths(call_read, PATH_FOLLOWS);
	bad_paths(call_write, PATH_FOLLOWS);
	bad_paths(call_exclusive, PATH_MAKES);
	/* Follows a link to nothing and makes what it names. */
	bad_paths(call_create, PATH_MAKES);
	CHECK_ERRNO(call_create("loop"), ELOOP);
}

TEST(open_closed_folders)
{
	closed_folders(call_read, PATH_FOLLOWS, make_file);
	closed_folders(call_write, PATH_FOLLOWS, make_file);
	closed_folders(call_exclusive, PATH_MAKES | PATH_PARENT, NULL);
	closed_folders(call_create, PATH_MAKES | PATH_PARENT, NULL);
}

TEST(open_read_only)
{
	read_only(call_write, make_file);
	read_only(call_truncate, make_file);
	read_only(call_exclusive, NULL);
	read_only(call_create, NULL);
}

TEST(open_of_a_folder)
{
	fresh();
	CHECK_OK(mkdir("d", 0777));
	put("f", "");
	CHECK_ERRNO(open("d", O_WRONLY), EISDIR);
	CHECK_ERRNO(open("d", O_RDWR), EISDIR);
	CHECK_ERRNO(open("d", O_RDONLY | O_TRUNC), EISDIR);
	CHECK_ERRNO(open("d", O_RDONLY | O_CREAT, 0644), EISDIR);
	CHECK_ERRNO(open("d", O_WRONLY | O_CREAT, 0644), EISDIR);
	CHECK_ERRNO(open("new/", O_WRONLY | O_CREAT, 0644), EISDIR);
	CHECK_ERRNO(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("f/", O_RDONLY), ENOTDIR);
	CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	CHECK_OK(open("d/", O_RDONLY));
}

TEST(open_exclusive)
{
	static const char *const names[] = { "f", "d", "p", "l", "dangling" };

	fresh();
	put("f", "text");
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkfifo("p", 0644));
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(symlink("none", "dangling"));
	for (int n = 0; n < 5; n++)
		CHECK_ERRNO(open(names[n], O_RDWR | O_CREAT | O_EXCL, 0644),
			    EEXIST);
	CHECK(!exists("none"));
	CHECK(holds("f", "text"));
	CHECK_OK(open("dangling", O_RDWR | O_CREAT, 0644));
	CHECK(exists("none"));
}

TEST(open_no_follow)
{
	fresh();
	put("f", "");
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(symlink("d", "to_d"));
	put("d/f", "");
	CHECK_ERRNO(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(open("l", O_RDONLY | O_NOFOLLOW | O_CREAT, 0644), ELOOP);
	CHECK_OK(open("to_d/f", O_RDONLY | O_NOFOLLOW));
	CHECK_OK(open("f", O_RDONLY | O_NOFOLLOW));
	CHECK_ERRNO(open("to_d", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
}

/* Modes 0..7 for the owner, the group and the others, by each of them. */
TEST(open_permission_by_class)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		int shift;
	} who[] = { { ALICE, GUESTS, 6 }, { BOB, STAFF, 3 }, { BOB, GUESTS, 0 } };
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	static const int needs[] = { 4, 2, 6 };

	need_root();
	fresh();
	put("f", "");
	CHECK_OK(chown("f", ALICE, STAFF));
	for (int bits = 0; bits < 8; bits++)
		for (int w = 0; w < 3; w++) {
			CHECK_OK(chmod("f", bits << who[w].shift));
			if (fork() == 0) {
				become(who[w].uid, who[w].gid);
				for (int n = 0; n < 3; n++)
					if ((bits & needs[n]) == needs[n])
						CHECK_OK(open("f", flags[n]));
					else
						CHECK_ERRNO(open("f", flags[n]),
							    EACCES);
				if (!(bits & 2))
					CHECK_ERRNO(open("f", O_RDONLY | O_TRUNC),
						    EACCES);
				_exit(0);
			}
			CHECK_CHILD(-1);
		}
	CHECK_OK(chmod("f", 0));
	CHECK_OK(open("f", O_RDWR));	/* root may */
}

TEST(open_creates)
{
	struct stat folder, made;

	need_root();
	fresh();
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(chmod("d", 0777));
	folder = stat_of("d");
	let_time_pass();
	if (fork() == 0) {
		int fd;

		become(ALICE, STAFF);
		umask(0027);
		/* The mode of a new file does not bind its first opener. */
		fd = open("d/f", O_RDWR | O_CREAT, 0444);
		CHECK_OK(fd);
		CHECK_EQ(write(fd, "x", 1), 1);
		_exit(0);
	}
	CHECK_CHILD(-1);
	made = stat_of("d/f");
	CHECK_EQ(made.st_mode, S_IFREG | 0440);
	CHECK(made.st_uid == ALICE && made.st_gid == STAFF);
	CHECK_EQ(made.st_size, 1);
	CHECK(time_of(made.st_ctim) > time_of(folder.st_ctim));
	CHECK(time_of(stat_of("d").st_mtim) > time_of(folder.st_mtim));
	CHECK(time_of(stat_of("d").st_ctim) > time_of(folder.st_ctim));
}

TEST(open_of_what_exists_leaves_the_folder)
{
	struct stat folder;

	fresh();
	CHECK_OK(mkdir("d", 0777));
	put("d/f", "text");
	folder = stat_of("d");
	let_time_pass();
	CHECK_OK(open("d/f", O_RDWR | O_CREAT, 0600));
	CHECK_EQ(time_of(stat_of("d").st_mtim), time_of(folder.st_mtim));
	CHECK(holds("d/f", "text"));
	CHECK_EQ(mode_of("d/f"), 0644);
}

TEST(open_truncates)
{
	struct stat before, now;

	fresh();
	put("f", "text");
	before = stat_of("f");
	let_time_pass();
	CHECK_OK(open("f", O_WRONLY | O_TRUNC));
	now = stat_of("f");
	CHECK_EQ(now.st_size, 0);
	CHECK(time_of(now.st_mtim) > time_of(before.st_mtim));
	CHECK(time_of(now.st_ctim) > time_of(before.st_ctim));
}

TEST(open_of_other_kinds)
{
	struct sockaddr_un name = { AF_UNIX, "s" };
	int fd;

	need_root();
	fresh();
	CHECK_OK(mkfifo("p", 0666));
	CHECK_ERRNO(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_OK(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	CHECK_ERRNO(open("s", O_RDONLY), ENXIO);
	CHECK_ERRNO(open("s", O_RDWR), ENXIO);
	CHECK_OK(mknod("none", S_IFCHR | 0600, 0xfe00fe));
	fd = open("none", O_RDONLY);
	CHECK(fd < 0 && (errno == ENXIO || errno == ENODEV));
}

TEST(open_running_program)
{
	pid_t pid;
	int fd, hold[2];
	char c;

	fresh();
	CHECK_OK(pipe(hold));
	if (fork() == 0) {
		execl("/bin/cp", "cp", on_brig() ? "/bin/busybox" : "/bin/sleep",
		      "sleep", NULL);
		_exit(1);
	}
	CHECK_CHILD(-1);
	CHECK_OK(chmod("sleep", 0755));
	pid = fork();
	if (pid == 0) {
		close(hold[0]);
		fcntl(hold[1], F_SETFD, FD_CLOEXEC);
		execl("./sleep", "sleep", "100", NULL);
		_exit(1);
	}
	close(hold[1]);
	CHECK_EQ(read(hold[0], &c, 1), 0);	/* closed: it runs */
	CHECK_ERRNO(open("sleep", O_WRONLY), ETXTBSY);
	CHECK_ERRNO(open("sleep", O_RDWR), ETXTBSY);
	CHECK_OK(open("sleep", O_RDONLY));
	CHECK_OK(kill(pid, SIGKILL));
	waitpid(pid, NULL, 0);
	fd = open("sleep", O_RDWR);
	CHECK_OK(fd);
	CHECK_ERRNO(execl("./sleep", "sleep", "0", NULL), ETXTBSY);
}

TEST(open_too_many)
{
	int fd, last = -1;

	fresh();
	put("f", "");
	while ((fd = open("f", O_RDONLY)) >= 0)
		last = fd;
	CHECK_EQ(errno, EMFILE);
	CHECK(last > 10);
	CHECK_ERRNO(open("new", O_WRONLY | O_CREAT, 0600), EMFILE);
	CHECK_OK(close(last));
	CHECK(!exists("new"));
}

TEST(open_immutable_and_append_only)
{
	need_root();
	fresh();
	put("f", "text");
	CHECK_OK(mkdir("d", 0755));
	if (!flags_set("f", FS_IMMUTABLE_FL))
		SKIP("no flags here");
	CHECK_ERRNO(open("f", O_WRONLY), EPERM);
	CHECK_ERRNO(open("f", O_RDONLY | O_TRUNC), EPERM);
	CHECK_OK(open("f", O_RDONLY));
	CHECK(flags_set("f", FS_APPEND_FL));
	CHECK_ERRNO(open("f", O_WRONLY), EPERM);
	CHECK_ERRNO(open("f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	CHECK_OK(open("f", O_WRONLY | O_APPEND));
	CHECK(flags_set("f", 0));
	CHECK(flags_set("d", FS_IMMUTABLE_FL));
	CHECK_ERRNO(open("d/f", O_WRONLY | O_CREAT, 0600), EPERM);
	CHECK(flags_set("d", 0));
}

TEST(openat_descriptors)
{
	int d, f;

	fresh();
	CHECK_OK(mkdir("d", 0755));
	put("d/f", "text");
	d = open("d", O_RDONLY);
	f = open("d/f", O_RDONLY);
	CHECK_OK(openat(d, "f", O_RDONLY));
	CHECK_ERRNO(openat(f, "f", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(openat(999, "f", O_RDONLY), EBADF);
	CHECK_ERRNO(openat(d, "", O_RDONLY), ENOENT);
	CHECK_OK(openat(999, "/", O_RDONLY));
	CHECK_OK(unlink("d/f"));
	CHECK_OK(rmdir("d"));
	CHECK_ERRNO(openat(d, "f", O_RDONLY), ENOENT);
	CHECK_ERRNO(openat(d, "g", O_WRONLY | O_CREAT, 0600), ENOENT);
}

TEST(open_noatime_by_whom)
{
	need_root();
	fresh();
	put("f", "");
	CHECK_OK(open("f", O_RDONLY | O_NOATIME));
	become(ALICE, STAFF);
	CHECK_ERRNO(open("f", O_RDONLY | O_NOATIME), EPERM);
}
