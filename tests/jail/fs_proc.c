/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs_proc.c - what /proc, locks and shared memory tell an inmate of those
 * outside: nothing.
 *
 * oracle: no
 * seconds: 700
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "jail_test.h"

static int jail_with_proc(const char *name)
{
	char top[PATH_MAX];

	snprintf(top, sizeof(top), "%s", j_tree(name));
	j_mount("proc", top, "proc");
	j_mount("devfs", top, "dev");
	return j_make("name=%s; path=%s; persist", name, top);
}

/* Does a file, in the caller's /proc, have this text in it? */
static int says(const char *name, const char *text)
{
	static char buf[65536];
	int fd = open(name, O_RDONLY), n = 0;
	ssize_t got;

	CHECK_OK(fd);
	while ((got = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0)
		n += got;
	close(fd);
	buf[n] = '\0';
	for (int i = 0; i < n; i++)	/* cmdline has NULs */
		buf[i] = buf[i] ? buf[i] : ' ';
	return strstr(buf, text) != NULL;
}

static int link_says(const char *name, const char *text)
{
	char buf[PATH_MAX];
	ssize_t n = readlink(name, buf, sizeof(buf) - 1);

	CHECK_OK(n);
	buf[n] = '\0';
	if (!strcmp(buf, text))
		return 1;
	ktap_note("%s -> %s", name, buf);
	return 0;
}

TEST(inmates_only)
{
	int jid, other;
	pid_t host, sibling, mine;

	j_begin();
	jid = jail_with_proc("a");
	other = jail_with_proc("b");
	host = j_sitter(0, 0);
	sibling = j_sitter(other, 0);
	mine = j_sitter(jid, 0);
	IN_JAIL(jid, 0) {
		char name[64];
		struct dirent *e;
		DIR *d = opendir("/proc");
		int numbers = 0;

		while ((e = readdir(d)))
			numbers += e->d_name[0] >= '0' && e->d_name[0] <= '9';
		closedir(d);
		CHECK_EQ(numbers, 2);
		CHECK(j_listed(mine) && !j_listed(host) && !j_listed(sibling));
		CHECK(!exists("/proc/1"));
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "/proc/%d", i ? host : sibling);
			CHECK(!exists(name));
			strcat(name, "/root/inside");
			CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
		}
		snprintf(name, sizeof(name), "/proc/%d/status", mine);
		CHECK(says(name, "PPid:\t0\n"));
		CHECK(says("/proc/self/status", "PPid:\t0\n"));
		CHECK_EQ(getppid(), 0);
		snprintf(name, sizeof(name), "/proc/%d/stat", mine);
		CHECK(says(name, ") S 0 "));
	}
}

/* Links to what an entered process still has: they lead nowhere, and do not
 * say where they would. */
TEST(links_to_outside)
{
	int jid, file;

	j_begin();
	jid = jail_with_proc("a");
	put("secret", "text");
	file = open("secret", O_RDWR);
	CHECK_OK(dup2(file, 9));
	IN_JAIL(jid, 0) {
		char c;

		CHECK(link_says("/proc/self/exe", "(unreachable)"));
		CHECK_ERRNO(open("/proc/self/exe", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/proc/self/exe", O_WRONLY), ENOENT);
		CHECK_ERRNO(execl("/proc/self/exe", "x", NULL), ENOENT);
		CHECK(link_says("/proc/self/fd/9", "(unreachable)"));
		CHECK_ERRNO(open("/proc/self/fd/9", O_PATH), ENOENT);
		CHECK_ERRNO(truncate("/proc/self/fd/9", 0), ENOENT);
		CHECK_ERRNO(chmod("/proc/self/fd/9", 0777), ENOENT);
		CHECK_ERRNO(rename("/proc/self/fd/9", "/x"), EXDEV);
		CHECK(link_says("/proc/self/root", "/"));
		CHECK(link_says("/proc/self/cwd", "/"));
		CHECK(!says("/proc/self/maps", "/tests/"));
		CHECK(!says("/proc/self/smaps", "/tests/"));
		CHECK(says("/proc/self/maps", " 00:00 0          (unreachable)"));
		CHECK_EQ(pread(9, &c, 1, 0), 1);	/* but it is open */
	}
	CHECK(holds("secret", "text"));
}

/* What runs in the jail cannot be written while it runs (E35). */
TEST(own_program_is_busy)
{
	int jid;

	j_begin();
	jid = jail_with_proc("a");
	CHECK_OK(unlink("a/bin/busybox"));
	CHECK_EQ(system("cp /bin/busybox a/bin/busybox"), 0);
	IN_JAIL(jid, 0) {
		pid_t pid = fork();
		char name[64];

		if (pid == 0) {
			execl("/bin/busybox", "sleep", "10", NULL);
			_exit(1);
		}
		snprintf(name, sizeof(name), "/proc/%d/exe", pid);
		for (int i = 0; i < 100; i++) {
			char buf[64];

			if (readlink(name, buf, sizeof(buf)) == 12)
				break;
			ktap_sleep_ms(10);
		}
		CHECK(link_says(name, "/bin/busybox"));
		CHECK_ERRNO(open(name, O_WRONLY), ETXTBSY);
		CHECK_ERRNO(truncate(name, 0), ETXTBSY);
		kill(pid, SIGKILL);
		ktap_wait(pid);
		CHECK_OK(open("/bin/busybox", O_WRONLY));
	}
}

/* E26: every file of /proc, as an inmate reads it, beside what the host is. */
TEST(no_file_tells_of_the_host)
{
	static const char *const gone[] = {
		"cmdline", "interrupts", "slabinfo", "sysrq-trigger", "devices",
		"bus", "kmsg", "kcore", "ioports",
	};
	char path[PATH_MAX], mark[64];
	int jid;
	pid_t pid;

	j_begin();
	jid = jail_with_proc("a");
	snprintf(mark, sizeof(mark), "%s", files_top);
	pid = j_sitter(0, 0);
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("hostname-of-a-source", j_path("m"), "tmpfs", 0, NULL));
	IN_JAIL(jid, 0) {
		char name[64];
		struct dirent *e;
		DIR *d;

		for (unsigned i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
			snprintf(path, sizeof(path), "/proc/%s", gone[i]);
			CHECK(!exists(path));
		}
		snprintf(name, sizeof(name), "%d", pid);
		d = opendir("/proc");
		while ((e = readdir(d))) {
			snprintf(path, sizeof(path), "/proc/%s", e->d_name);
			if (!S_ISREG(stat_of(path).st_mode))
				continue;
			CHECK(!says(path, mark));
			CHECK(!says(path, "hostname-of-a-source"));
		}
		closedir(d);
		d = opendir("/proc/self");
		while ((e = readdir(d))) {
			snprintf(path, sizeof(path), "/proc/self/%s", e->d_name);
			if (!S_ISREG(stat_of(path).st_mode))
				continue;
			CHECK(!says(path, mark));
			CHECK(!says(path, "hostname-of-a-source"));
		}
		closedir(d);
	}
}

/* E41: a folder of /proc is of that process, not of that number. */
TEST_WITHIN(number_is_used_again, 600)
{
	int jid, dir, pid_max = 0;
	char name[64];
	pid_t pid, next;
	FILE *f = fopen("/proc/sys/kernel/pid_max", "r");

	CHECK(f && fscanf(f, "%d", &pid_max) == 1);
	fclose(f);
	j_begin();
	jid = jail_with_proc("a");
	do {	/* the lowest are not given again */
		pid = fork();
		if (pid == 0)
			_exit(0);
		ktap_wait(pid);
	} while (pid < 400);
	pid = j_sitter(jid, 0);
	snprintf(name, sizeof(name), "/proc/%d", pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	CHECK_OK(faccessat(dir, "status", F_OK, 0));
	j_end_child(pid);
	CHECK_ERRNO(openat(dir, "status", O_RDONLY), ENOENT);
	for (int i = 0; i < pid_max; i++) {
		next = fork();
		if (next == 0 && getpid() == pid)
			execlp("sleep", "sleep", "60", NULL);
		if (next == 0)
			_exit(0);
		if (next == pid)
			break;
		ktap_wait(next);
	}
	CHECK_EQ(next, pid);
	CHECK(exists(name));
	CHECK_ERRNO(openat(dir, "status", O_RDONLY), ENOENT);
	CHECK_ERRNO(openat(dir, "root", O_PATH | O_NOFOLLOW), ENOENT);
	CHECK_EQ(syscall(SYS_getdents64, dir, (char[256]){ 0 }, 256), -1);
}

/* What the jail refused is told to the host, and what it would have taken. */
TEST(refusals_are_noted)
{
	int jid;

	j_begin();
	jid = jail_with_proc("noted");
	CHECK_OK(j_change(jid, "devices=null; allow.mount; enforce_statfs=1"));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(open("/dev/urandom", O_RDONLY), ENOENT);
		CHECK_ERRNO(open("/dev/mem", O_RDONLY), ENOENT);
		CHECK_ERRNO(mount("x", "/mnt", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(mount("x", "/", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(umount("/proc"), EPERM);
		CHECK_ERRNO(open("/proc/self/exe", O_RDONLY), ENOENT);
	}
	CHECK(says("/proc/jail/denied", " device urandom "));
	CHECK(says("/proc/jail/denied", " device mem "));
	CHECK(says("/proc/jail/denied", " mount tmpfs "));
	CHECK(says("/proc/jail/denied", " path proc-link "));
	CHECK(says("/proc/jail/learn", "noted allow.mount.tmpfs"));
	CHECK(says("/proc/jail/learn", "noted devices+=urandom"));
	CHECK(!says("/proc/jail/learn", "devices+=mem"));
	CHECK(says("/proc/jail/counters", "noted mount 3"));
}

/* --- locks ---------------------------------------------------------------- */

TEST(locks_of_outsiders)
{
	struct flock l = { .l_type = F_WRLCK }, seen = l;
	int jid, fd;

	j_begin();
	jid = jail_with_proc("a");
	put("a/shared", "text");
	fd = open("a/shared", O_RDWR);
	CHECK_OK(fcntl(fd, F_SETLK, &l));
	IN_JAIL(jid, 0) {
		int own = open("/shared", O_RDWR);

		/* It is in the way, and of nobody. */
		CHECK_OK(fcntl(own, F_GETLK, &seen));
		CHECK_EQ(seen.l_type, F_WRLCK);
		CHECK_EQ(seen.l_pid, 0);
		seen = l;
		CHECK_OK(fcntl(fd, F_GETLK, &seen));
		CHECK_EQ(seen.l_pid, 0);
		CHECK_ERRNO(fcntl(own, F_SETLK, &l), EAGAIN);
		CHECK(!says("/proc/locks", "POSIX"));
		l.l_start = 100;
		l.l_len = 1;
		CHECK(l.l_type == F_WRLCK);
	}
	l.l_type = F_UNLCK;
	l.l_start = l.l_len = 0;
	CHECK_OK(fcntl(fd, F_SETLK, &l));
	/* Through a descriptor of the host a lock is still the inmate's. */
	l.l_type = F_WRLCK;
	IN_JAIL(jid, 0) {
		CHECK_OK(fcntl(fd, F_SETLK, &l));
		CHECK(says("/proc/locks", "POSIX"));
	}
}

/* E40: signals of a descriptor go to nobody outside. */
TEST(owners_of_descriptors)
{
	int jid, fd[2];
	pid_t host, mine;

	j_begin();
	jid = jail_with_proc("a");
	host = j_sitter(0, 0);
	mine = j_sitter(jid, 0);
	CHECK_OK(pipe(fd));
	CHECK_OK(fcntl(fd[0], F_SETOWN, host));
	CHECK_EQ(fcntl(fd[0], F_GETOWN), host);
	IN_JAIL(jid, 0) {
		CHECK_EQ(fcntl(fd[0], F_GETOWN), 0);
		CHECK_ERRNO(fcntl(fd[0], F_SETOWN, host), ESRCH);
		CHECK_ERRNO(fcntl(fd[0], F_SETOWN, -host), ESRCH);
		CHECK_ERRNO(fcntl(fd[0], F_SETOWN, 1), ESRCH);
		CHECK_OK(fcntl(fd[0], F_SETOWN, mine));
		CHECK_OK(fcntl(fd[0], F_SETOWN, -mine));
		CHECK_OK(fcntl(fd[0], F_SETOWN, 0));
	}
}

/* --- POSIX shared memory --------------------------------------------------- */

TEST(shared_memory_by_name)
{
	int jid, other, fd;

	j_begin();
	jid = jail_with_proc("a");
	other = jail_with_proc("b");
	fd = shm_open("/test", O_RDWR | O_CREAT, 0666);
	CHECK_OK(fd);
	CHECK_OK(ftruncate(fd, 4096));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(shm_open("/test", O_RDWR, 0), ENOENT);
		fd = shm_open("/test", O_RDWR | O_CREAT | O_EXCL, 0666);
		CHECK_OK(fd);
		CHECK_EQ(write(fd, "a", 1), 1);
	}
	IN_JAIL(other, 0)
		CHECK_ERRNO(shm_open("/test", O_RDWR, 0), ENOENT);
	CHECK_EQ(read(fd, (char[1]){ 1 }, 1), 1);
	CHECK(holds("a/dev/shm/test", "a"));
	CHECK_OK(shm_unlink("/test"));
}

/* --- flags ------------------------------------------------------------------ */

static int set_flags(const char *name, int flags)
{
	int fd = open(name, O_RDONLY), err;

	CHECK_OK(fd);
	err = ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? errno : 0;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

TEST(system_flags)
{
	int jid;

	j_begin();
	jid = jail_with_proc("a");
	put("a/f", "");
	put("a/g", "");
	CHECK_OK(set_flags("a/g", FS_IMMUTABLE_FL));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(set_flags("/f", FS_IMMUTABLE_FL), EPERM);
		CHECK_ERRNO(set_flags("/f", FS_APPEND_FL), EPERM);
		CHECK_OK(set_flags("/f", FS_NODUMP_FL));
		CHECK_ERRNO(set_flags("/g", 0), EPERM);
		CHECK_ERRNO(unlink("/g"), EPERM);
	}
	CHECK_OK(j_change(jid, "allow.chflags"));
	IN_JAIL(jid, 0) {
		CHECK_OK(set_flags("/f", FS_IMMUTABLE_FL));
		CHECK_ERRNO(unlink("/f"), EPERM);
		CHECK_OK(set_flags("/f", 0));
		CHECK_OK(set_flags("/g", 0));
		CHECK_OK(set_flags("/g", FS_APPEND_FL));
	}
	IN_JAIL(jid, ALICE)
		CHECK_ERRNO(set_flags("/f", FS_IMMUTABLE_FL), EPERM);
	CHECK_OK(j_change(jid, "securelevel=1"));
	IN_JAIL(jid, 0) {
		CHECK_ERRNO(set_flags("/g", 0), EPERM);
		CHECK_OK(set_flags("/f", FS_IMMUTABLE_FL));
		CHECK_ERRNO(set_flags("/f", 0), EPERM);
	}
	CHECK_OK(set_flags("a/f", 0));
	CHECK_OK(set_flags("a/g", 0));
}
