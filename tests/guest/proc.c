/* SPDX-License-Identifier: BSD-2-Clause */
/* proc.c - what /proc tells of processes and of the machine. */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "files.h"

static char text[65536];

/* A whole file into text; its length. */
static int get(const char *name)
{
	int fd = open(name, O_RDONLY), n = 0, k;

	if (fd < 0)
		FAIL("%s: %s", name, strerror(errno));
	while ((k = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += k;
	if (k < 0)
		FAIL("%s: read: %s", name, strerror(errno));
	close(fd);
	text[n] = '\0';
	return n;
}

static int get_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return get(path);
}

/* What stands behind "Key:" in text, or NULL. */
static const char *value(const char *key)
{
	static char line[256];
	size_t n = strlen(key);

	for (const char *s = text; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, key, n) && s[n] == ':') {
			s += n + 1 + strspn(s + n + 1, " \t");
			snprintf(line, sizeof(line), "%.*s", (int)strcspn(s, "\n"), s);
			return line;
		}
	FAIL("no line %s in %s", key, text);
	return NULL;
}

/* Field number n (from 1) of /proc/PID/stat. */
static const char *stat_field(pid_t pid, int n)
{
	static char field[64];
	char *s;

	get_of(pid, "stat");
	s = strrchr(text, ')');
	CHECK(s && n >= 3);
	for (s += 2; n > 3; n--) {
		s = strchr(s, ' ');
		CHECK(s);
		s++;
	}
	snprintf(field, sizeof(field), "%.*s", (int)strcspn(s, " \n"), s);
	return field;
}

static const char *link_text(const char *name)
{
	static char to[PATH_MAX];
	ssize_t n = readlink(name, to, sizeof(to) - 1);

	if (n < 0)
		FAIL("readlink %s: %s", name, strerror(errno));
	to[n] = '\0';
	return to;
}

/* A child that waits until it is killed. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

TEST(self_is_oneself)
{
	char want[32];

	snprintf(want, sizeof(want), "%d", (int)getpid());
	CHECK(!strcmp(link_text("/proc/self"), want));
	snprintf(want, sizeof(want), "%d/task/%d", (int)getpid(), (int)getpid());
	CHECK(!strcmp(link_text("/proc/thread-self"), want));
	get("/proc/self/stat");
	CHECK_EQ(atoi(text), getpid());
	CHECK_EQ(stat_of("/proc/self/fd").st_uid, geteuid());
}

TEST(fields_of_stat)
{
	pid_t pid = sleeper();

	ktap_sleep_ms(50);
	get_of(pid, "stat");
	CHECK_EQ(atoi(text), pid);
	CHECK(strstr(text, " (proc) "));
	CHECK_EQ(text[strlen(text) - 1], '\n');
	int fields = 0;
	for (char *s = strrchr(text, ')'); s; s = strchr(s + 1, ' '))
		fields++;
	CHECK_EQ(fields, 51);
	CHECK(!strcmp(stat_field(pid, 3), "S"));
	CHECK_EQ(atoi(stat_field(pid, 4)), getpid());
	CHECK_EQ(atoi(stat_field(pid, 5)), getpgrp());
	CHECK_EQ(atoi(stat_field(pid, 6)), getsid(0));
	CHECK_EQ(atoi(stat_field(pid, 18)), 20);
	CHECK_EQ(atoi(stat_field(pid, 19)), 0);
	CHECK_EQ(atoi(stat_field(pid, 20)), 1);
	CHECK(atol(stat_field(pid, 23)) > 100000);
	if (on_brig()) /* Linux counts late */
		CHECK(atol(stat_field(pid, 24)) > 0);
	CHECK_EQ(atoi(stat_field(pid, 38)), SIGCHLD);
	CHECK_OK(setpriority(PRIO_PROCESS, pid, 7));
	CHECK_EQ(atoi(stat_field(pid, 18)), 27);
	CHECK_EQ(atoi(stat_field(pid, 19)), 7);
	kill(pid, SIGSTOP);
	ktap_sleep_ms(50);
	CHECK(!strcmp(stat_field(pid, 3), "T"));
	kill(pid, SIGKILL);
	ktap_sleep_ms(50);
	CHECK(!strcmp(stat_field(pid, 3), "Z"));
	CHECK_EQ(atol(stat_field(pid, 23)), 0);
	ktap_wait(pid);
	CHECK(!exists("/proc/999999"));
}

TEST(times_of_stat)
{
	struct sysinfo si;
	long long start;
	clock_t end;

	CHECK_OK(sysinfo(&si));
	start = atoll(stat_field(getpid(), 22));
	CHECK(start / 100 <= si.uptime + 1 && start / 100 >= (long)si.uptime - 20);
	end = clock() + CLOCKS_PER_SEC / 5;
	while (clock() < end)
		;
	CHECK(atol(stat_field(getpid(), 14)) + atol(stat_field(getpid(), 15)) >= 15);
}

TEST(lines_of_status)
{
	char want[64];
	pid_t pid = sleeper();

	get_of(pid, "status");
	CHECK(!strcmp(value("Name"), "proc"));
	CHECK(!strncmp(value("State"), "S (sleeping)", 12) ||
	      !strncmp(value("State"), "R (running)", 11));
	CHECK_EQ(atoi(value("Pid")), pid);
	CHECK_EQ(atoi(value("Tgid")), pid);
	CHECK_EQ(atoi(value("PPid")), getpid());
	snprintf(want, sizeof(want), "%d\t%d\t%d\t%d", getuid(), geteuid(), geteuid(),
		 geteuid());
	CHECK(!strcmp(value("Uid"), want));
	CHECK(strstr(value("VmSize"), " kB"));
	CHECK(atol(value("VmRSS")) > 0);
	CHECK(atol(value("VmPeak")) >= atol(value("VmSize")));
	CHECK_EQ(atoi(value("Threads")), 1);
	CHECK_EQ(strlen(value("SigIgn")), 16);
	CHECK(!strcmp(value("Umask"), "0022"));
	CHECK(atoi(value("FDSize")) > 0);
	value("voluntary_ctxt_switches");
	value("Groups");
	value("TracerPid");
	kill(pid, SIGKILL);
	ktap_sleep_ms(50);
	get_of(pid, "status");
	CHECK(!strcmp(value("State"), "Z (zombie)"));
	CHECK(!strstr(text, "VmSize"));
}

TEST(signals_in_status)
{
	sigset_t set;

	for (int i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, (void (*)(int))sleeper);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGTERM);
	get("/proc/self/status");
	CHECK(!strcmp(value("SigBlk"), "0000000000004001"));
	CHECK(!strcmp(value("SigIgn"), "0000000000000200"));
	CHECK(!strcmp(value("SigCgt"), "0000000000000800"));
	CHECK(!strcmp(value("ShdPnd"), "0000000000004000"));
	CHECK(!strcmp(value("SigPnd"), "0000000000000000"));
}

TEST(memory_in_statm)
{
	long size, resident, size2, resident2;
	char *map;

	get("/proc/self/statm");
	CHECK_EQ(sscanf(text, "%ld %ld", &size, &resident), 2);
	map = mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(map != MAP_FAILED);
	memset(map, 1, 50 * 4096);
	get("/proc/self/statm");
	CHECK_EQ(sscanf(text, "%ld %ld", &size2, &resident2), 2);
	CHECK_EQ(size2 - size, 100);
	if (on_brig()) /* Linux counts late */
		CHECK(resident2 - resident >= 50 && resident2 - resident < 55);
	int fields = 1;
	for (char *s = text; (s = strchr(s, ' ')); s++)
		fields++;
	CHECK_EQ(fields, 7);
}

TEST(lines_of_maps)
{
	unsigned long from, to, last = 0, me = (unsigned long)lines_of_maps;
	int text_seen = 0, stack_seen = 0, map_seen = 0, heap_seen = 0;
	char perms[8], *line, *rest, path[256];
	unsigned long long offset, ino;
	unsigned major, minor;
	void *map;
	int fd;

	CHECK_OK(syscall(SYS_brk, syscall(SYS_brk, 0) + 8192));
	fresh();
	put("a file", "text");
	CHECK_OK(truncate("a file", 20000));
	fd = open("a file", O_RDWR);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	get("/proc/self/maps");
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		path[0] = '\0';
		CHECK(sscanf(line, "%lx-%lx %4s %llx %x:%x %llu %255[^\n]", &from, &to,
			     perms, &offset, &major, &minor, &ino, path) >= 7);
		CHECK(from < to && from >= last);
		last = to;
		if (me >= from && me < to) {
			CHECK(!strcmp(perms, "r-xp"));
			CHECK(strstr(path, "/proc"));
			text_seen = 1;
		}
		if ((unsigned long)&line >= from && (unsigned long)&line < to) {
			CHECK(!strcmp(path, "[stack]"));
			stack_seen = 1;
		}
		if (from == (unsigned long)map) {
			CHECK_EQ(to - from, 8192);
			CHECK(!strcmp(perms, "rw-s"));
			CHECK_EQ(offset, 4096);
			CHECK_EQ(ino, stat_of("a file").st_ino);
			CHECK(strstr(path, "/a file"));
			map_seen = 1;
		}
		if (!strcmp(path, "[heap]"))
			heap_seen = 1;
	}
	CHECK(text_seen && stack_seen && map_seen && heap_seen);
	CHECK_OK(unlink("a file"));
	get("/proc/self/maps");
	CHECK(strstr(text, "/a file (deleted)\n"));
}

TEST(limits_table)
{
	struct rlimit r = { 123456, 234567 };

	CHECK_OK(setrlimit(RLIMIT_FSIZE, &r));
	get("/proc/self/limits");
	CHECK(!strncmp(text, "Limit                     Soft Limit           "
			     "Hard Limit           Units     \n", 79));
	CHECK(strstr(text, "Max file size             123456               "
			   "234567               bytes     \n"));
	CHECK(strstr(text, "Max open files "));
	int lines = 0;
	for (char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	CHECK_EQ(lines, 17);
}

TEST(command_line_and_name)
{
	pid_t pid;
	int p[2], n;
	char c;

	CHECK_OK(pipe(p));
	pid = fork();
	if (pid == 0) {
		dup2(p[0], 0);
		close(p[1]);
		execl("/bin/sh", "sh", "-c", "read x; exit 0", "b c", NULL);
		_exit(9);
	}
	for (int i = 0; i < 200; i++) {
		n = get_of(pid, "cmdline");
		if (!memcmp(text, "sh", 3))
			break;
		ktap_sleep_ms(10);
	}
	CHECK_EQ(n, 3 + 3 + 15 + 4);
	CHECK(!memcmp(text, "sh\0-c\0read x; exit 0\0b c", n));
	get_of(pid, "environ");
	c = 0;
	CHECK_EQ(write(p[1], &c, 0), 0);
	CHECK_OK(close(p[1]));
	CHECK_OK(close(p[0]));
	CHECK_CHILD(pid);
}

TEST(name_may_be_changed)
{
	int fd = open("/proc/self/comm", O_RDWR);

	get("/proc/self/comm");
	CHECK(!strcmp(text, "proc\n"));
	CHECK_EQ(write(fd, "a much longer name", 18), 18);
	get("/proc/self/comm");
	CHECK(!strcmp(text, "a much longer n\n"));
	get("/proc/self/stat");
	CHECK(strstr(text, " (a much longer n) "));
}

TEST(links_of_a_process)
{
	char cwd[PATH_MAX], name[64];
	pid_t pid;

	fresh();
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(link_text("/proc/self/cwd"), cwd));
	CHECK(!strcmp(link_text("/proc/self/root"), "/"));
	CHECK(strstr(link_text("/proc/self/exe"), "/proc"));
	CHECK_EQ(stat("/proc/self/exe", &(struct stat){ 0 }), 0);
	pid = sleeper();
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chdir("d"));
	snprintf(name, sizeof(name), "/proc/%d/cwd", pid);
	CHECK(!strcmp(link_text(name), cwd));
	CHECK_OK(rmdir("../d"));
	strcat(cwd, "/d (deleted)");
	CHECK(!strcmp(link_text("/proc/self/cwd"), cwd));
	/* A way through another's place. */
	strcat(name, "/.");
	CHECK_OK(chdir(name));
	CHECK(!exists("d"));
}

TEST(links_of_descriptors)
{
	char name[64], want[PATH_MAX];
	struct stat st;
	int fd, p[2];

	fresh();
	CHECK(getcwd(want, sizeof(want) - 20));
	strcat(want, "/f");
	fd = open("f", O_RDWR | O_CREAT, 0600);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK(!strcmp(link_text(name), want));
	CHECK_EQ(stat_of(name).st_mode, S_IFLNK | 0700);
	CHECK_EQ(stat_of(name).st_size, 64);
	CHECK_OK(rename("f", "g"));
	want[strlen(want) - 1] = 'g';
	CHECK(!strcmp(link_text(name), want));
	CHECK_OK(unlink("g"));
	strcat(want, " (deleted)");
	CHECK(!strcmp(link_text(name), want));
	CHECK_OK(stat(name, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_OK(pipe(p));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[1]);
	CHECK(!strncmp(link_text(name), "pipe:[", 6));
	CHECK_EQ(stat_of(name).st_mode, S_IFLNK | 0300);
	CHECK_ERRNO(readlink("/proc/self/fd/999", want, 1), ENOENT);
	CHECK_ERRNO(open("/proc/self/fd/new", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(unlink(name), EPERM);
}

TEST(info_of_descriptors)
{
	char name[64];
	int fd;

	fresh();
	put("f", "12345");
	fd = open("f", O_RDWR | O_APPEND | O_CLOEXEC);
	CHECK_EQ(lseek(fd, 3, SEEK_SET), 3);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	get(name);
	CHECK_EQ(atoi(value("pos")), 3);
	CHECK_EQ(strtol(value("flags"), NULL, 8) & ~0100000,
		 O_RDWR | O_APPEND | O_CLOEXEC);
	CHECK(atoi(value("mnt_id")) > 0);
}

TEST(list_of_descriptors)
{
	int fd = open("/dev/null", O_RDONLY), seen = 0, n = 0;
	struct dirent *d;
	DIR *dir;

	CHECK_OK(dup2(fd, 77));
	dir = opendir("/proc/self/fd");
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.') {
			n++;
			seen |= atoi(d->d_name) == 77;
			CHECK_EQ(d->d_type, DT_LNK);
		}
	CHECK(seen && n >= 3);
}

TEST(list_of_processes)
{
	pid_t pid = sleeper();
	int me = 0, child = 0, first = 0, last = 0;
	struct dirent *d;
	DIR *dir = opendir("/proc");

	while ((d = readdir(dir))) {
		int n = atoi(d->d_name);

		if (n <= 0)
			continue;
		CHECK(n > last);
		last = n;
		CHECK_EQ(d->d_type, DT_DIR);
		me |= n == getpid();
		child |= n == pid;
		first |= n == 1;
	}
	CHECK(me && child && first);
}

TEST(gone_processes)
{
	char name[64], buf[64];
	int stat_fd, dir, cmdline;
	pid_t pid = sleeper();

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	stat_fd = open(name, O_RDONLY);
	snprintf(name, sizeof(name), "/proc/%d/cmdline", pid);
	cmdline = open(name, O_RDONLY);
	snprintf(name, sizeof(name), "/proc/%d", pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	CHECK(stat_fd >= 0 && dir >= 0 && cmdline >= 0);
	kill(pid, SIGKILL);
	ktap_wait(pid);
	CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
	CHECK_ERRNO(read(stat_fd, buf, sizeof(buf)), ESRCH);
	CHECK_EQ(openat(dir, "stat", O_RDONLY), -1);
	CHECK(errno == ENOENT || errno == ESRCH);
	CHECK_ERRNO(syscall(SYS_getdents64, dir, buf, sizeof(buf)), ENOENT);
	CHECK(read(cmdline, buf, sizeof(buf)) <= 0);
}

TEST(zombies_tell_little)
{
	char name[64];
	pid_t pid = sleeper();

	kill(pid, SIGKILL);
	ktap_sleep_ms(50);
	CHECK_EQ(get_of(pid, "cmdline"), 0);
	CHECK_EQ(get_of(pid, "maps"), 0);
	get_of(pid, "comm");
	CHECK(!strcmp(text, "proc\n"));
	get_of(pid, "statm");
	CHECK(!strcmp(text, "0 0 0 0 0 0 0\n"));
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	CHECK_ERRNO(readlink(name, text, 10), ENOENT);
	snprintf(name, sizeof(name), "/proc/%d/cwd", pid);
	CHECK_ERRNO(readlink(name, text, 10), ENOENT);
}

TEST(what_others_may_not_see)
{
	char name[64];
	pid_t pid;

	need_root();
	pid = sleeper();
	become(ALICE, STAFF);
	get_of(pid, "stat");
	get_of(pid, "status");
	get_of(pid, "cmdline");
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	CHECK_ERRNO(readlink(name, text, 10), EACCES);
	snprintf(name, sizeof(name), "/proc/%d/cwd", pid);
	CHECK_ERRNO(readlink(name, text, 10), EACCES);
	snprintf(name, sizeof(name), "/proc/%d/fd", pid);
	CHECK_ERRNO(open(name, O_RDONLY), EACCES);
	snprintf(name, sizeof(name), "/proc/%d/environ", pid);
	CHECK_ERRNO(open(name, O_RDONLY), EACCES);
}

TEST(reading_in_small_pieces)
{
	char whole[4096], c;
	int fd = open("/proc/self/limits", O_RDONLY), n;

	n = get("/proc/self/limits");
	memcpy(whole, text, n);
	for (int i = 0; i < n; i++) {
		CHECK_EQ(read(fd, &c, 1), 1);
		CHECK_EQ(c, whole[i]);
	}
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, whole[10]);
	CHECK_EQ(pread(fd, &c, 1, 20), 1);
	CHECK_EQ(c, whole[20]);
	CHECK_EQ(stat_of("/proc/self/limits").st_size, 0);
}
