/* SPDX-License-Identifier: BSD-2-Clause */
/* procsys.c - what /proc tells of the machine, and what may be written. */
#include <mntent.h>
#include <sys/mount.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "files.h"

static char text[65536];

static int get(const char *name)
{
	int fd = open(name, O_RDONLY), n = 0, k;

	if (fd < 0)
		FAIL("%s: %s", name, strerror(errno));
	while ((k = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += k;
	CHECK(k == 0);
	close(fd);
	text[n] = '\0';
	return n;
}

static long memory(const char *key)
{
	char *s = strstr(text, key);

	CHECK(s);
	return strtol(s + strlen(key), NULL, 10);
}

TEST(meminfo)
{
	struct sysinfo si;
	long total, available;

	get("/proc/meminfo");
	CHECK_OK(sysinfo(&si));
	total = memory("MemTotal:");
	available = memory("\nMemAvailable:");
	CHECK_EQ(total, (long)((unsigned long long)si.totalram * si.mem_unit / 1024));
	CHECK(memory("\nMemFree:") <= total && available <= total);
	CHECK(memory("\nCached:") >= memory("\nShmem:"));
	memory("\nBuffers:");
	memory("\nSwapTotal:");
	memory("\nSwapFree:");
	memory("\nSReclaimable:");
	CHECK(!strncmp(text, "MemTotal:       ", 16));
	CHECK_EQ(strcspn(text, "\n"), 27);
}

TEST(files_in_memory_are_not_available)
{
	static char block[1 << 20];
	long free_before, available, shmem, cached;
	int fd;

	if (!on_brig())
		SKIP("others use memory here too");
	fresh();
	get("/proc/meminfo");
	free_before = memory("\nMemFree:");
	available = memory("\nMemAvailable:");
	shmem = memory("\nShmem:");
	cached = memory("\nCached:");
	fd = open("f", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
	get("/proc/meminfo");
	CHECK(free_before - memory("\nMemFree:") >= 8192);
	CHECK(available - memory("\nMemAvailable:") >= 8192);
	CHECK(memory("\nShmem:") - shmem >= 8192);
	CHECK(memory("\nCached:") - cached >= 8192);
}

TEST(stat_of_the_machine)
{
	unsigned long long user, nice, sys, idle, rest[6];
	long btime;
	char *s;

	get("/proc/stat");
	CHECK_EQ(sscanf(text, "cpu  %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu\n",
			&user, &nice, &sys, &idle, rest, rest + 1, rest + 2, rest + 3,
			rest + 4, rest + 5), 10);
	CHECK(strstr(text, "\ncpu0 "));
	CHECK(strstr(text, "\nintr ") && strstr(text, "\nctxt "));
	CHECK(strstr(text, "\nprocs_running ") && strstr(text, "\nprocs_blocked "));
	s = strstr(text, "\nbtime ");
	CHECK(s);
	btime = atol(s + 7);
	get("/proc/uptime");
	double up = atof(text);
	CHECK(labs(time(NULL) - (long)up - btime) <= 2);
	s = strstr(text, " ");
	CHECK(s && atof(s) >= 0);
	s = strchr(text, '.');
	CHECK(s && s[3] == ' ');
}

TEST(forks_are_counted)
{
	long before, after;

	get("/proc/stat");
	before = atol(strstr(text, "\nprocesses ") + 11);
	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			_exit(0);
	get("/proc/stat");
	after = atol(strstr(text, "\nprocesses ") + 11);
	CHECK(after - before >= 5);
}

TEST(loadavg)
{
	float a, b, c;
	int running, all, last;

	get("/proc/loadavg");
	CHECK_EQ(sscanf(text, "%f %f %f %d/%d %d\n", &a, &b, &c, &running, &all, &last),
		 6);
	CHECK(running >= 1 && all >= running && last > 0);
}

TEST(version_and_uname)
{
	struct utsname u;
	char want[256];

	CHECK_OK(uname(&u));
	get("/proc/version");
	snprintf(want, sizeof(want), "Linux version %s ", u.release);
	CHECK(!strncmp(text, want, strlen(want)));
	get("/proc/sys/kernel/osrelease");
	CHECK(!strncmp(text, u.release, strlen(u.release)));
	get("/proc/sys/kernel/ostype");
	CHECK(!strcmp(text, "Linux\n"));
	get("/proc/sys/kernel/hostname");
	CHECK(!strncmp(text, u.nodename, strlen(u.nodename)));
}

TEST(mounts_parse)
{
	struct mntent *m;
	int root = 0, proc = 0, n = 0;
	FILE *f = setmntent("/proc/self/mounts", "r");

	CHECK(f);
	while ((m = getmntent(f))) {
		n++;
		root |= !strcmp(m->mnt_dir, "/");
		proc |= !strcmp(m->mnt_dir, "/proc") && !strcmp(m->mnt_type, "proc");
		CHECK(hasmntopt(m, "rw") || hasmntopt(m, "ro"));
	}
	CHECK(root && proc && n >= 2);
	CHECK(!strncmp("self/mounts", (readlink("/proc/mounts", text, 100), text), 11));
	get("/proc/self/mountinfo");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		int id, parent, major, minor;
		char from[1024], at[1024], *dash = strstr(line, " - ");

		CHECK_EQ(sscanf(line, "%d %d %d:%d %1023s %1023s", &id, &parent, &major,
				&minor, from, at), 6);
		CHECK(dash && from[0] == '/' && at[0] == '/');
		n--;
	}
	CHECK_EQ(n, 0);
}

TEST(odd_names_in_mounts)
{
	if (!on_brig())
		SKIP("mounts");
	fresh();
	CHECK_OK(mkdir("a b\tc\\d\n", 0755));
	CHECK_OK(mount("so urce", "a b\tc\\d\n", "tmpfs", 0, NULL));
	get("/proc/mounts");
	CHECK(strstr(text, "so\\040urce /tmp/") &&
	      strstr(text, "/a\\040b\\011c\\134d\\012 tmpfs "));
	CHECK_OK(umount("a b\tc\\d\n"));
}

TEST(host_name_is_written)
{
	struct utsname u;
	char old[65], long_name[80];
	int fd;

	if (!on_brig())
		SKIP("changes the machine");
	CHECK_OK(gethostname(old, sizeof(old)));
	fd = open("/proc/sys/kernel/hostname", O_RDWR);
	CHECK_EQ(write(fd, "new-name\n", 9), 9);
	CHECK_OK(uname(&u));
	CHECK(!strcmp(u.nodename, "new-name"));
	get("/proc/sys/kernel/hostname");
	CHECK(!strcmp(text, "new-name\n"));
	CHECK_OK(close(fd));
	CHECK_OK(sethostname("other", 5));
	get("/proc/sys/kernel/hostname");
	CHECK(!strcmp(text, "other\n"));
	memset(long_name, 'x', sizeof(long_name));
	CHECK_ERRNO(sethostname(long_name, 65), EINVAL);
	CHECK_ERRNO(sethostname(long_name, -1), EINVAL);
	CHECK_OK(sethostname(long_name, 64));
	CHECK_OK(uname(&u));
	CHECK_EQ(strlen(u.nodename), 64);
	CHECK_OK(sethostname(old, strlen(old)));
	become(ALICE, STAFF);
	CHECK_ERRNO(open("/proc/sys/kernel/hostname", O_WRONLY), EACCES);
	CHECK_ERRNO(sethostname("evil", 4), EPERM);
}

TEST(numbers_in_sys)
{
	static const char *const names[] = {
		"kernel/pid_max", "kernel/threads-max", "kernel/ngroups_max",
		"kernel/overflowuid", "kernel/cap_last_cap", "fs/file-max",
		"fs/nr_open", "fs/pipe-max-size", "vm/overcommit_memory",
	};
	char path[64];

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", names[i]);
		get(path);
		CHECK(text[0] >= '0' && text[0] <= '9');
		CHECK(text[strlen(text) - 1] == '\n');
	}
	get("/proc/sys/fs/file-nr");
	CHECK_EQ(sscanf(text, "%*d\t%*d\t%*d%n", &(int){ 0 }), 0);
	get("/proc/sys/kernel/random/boot_id");
	CHECK_EQ(strlen(text), 37);
	get("/proc/sys/kernel/random/uuid");
	CHECK_EQ(strlen(text), 37);
	CHECK(text[8] == '-' && text[14] == '4');
}

TEST(tables_of_names)
{
	get("/proc/filesystems");
	CHECK(strstr(text, "nodev\ttmpfs\n") && strstr(text, "nodev\tproc\n"));
	get("/proc/devices");
	CHECK(strstr(text, "Character devices:\n") && strstr(text, "  1 mem\n"));
	CHECK(strstr(text, "\nBlock devices:\n"));
	get("/proc/cpuinfo");
	CHECK(!strncmp(text, "processor\t: 0\n", 14));
	CHECK(strstr(text, "\nmodel name\t: ") && strstr(text, "\nflags\t\t: "));
	get("/proc/cmdline");
	CHECK(strchr(text, '\n'));
	get("/proc/interrupts");
	CHECK(strstr(text, "CPU0"));
}

TEST(proc_is_no_place_for_files)
{
	CHECK_ERRNO(open("/proc/new", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERRNO(mkdir("/proc/new", 0700), ENOENT);
	CHECK_ERRNO(mkdir("/proc/self/new", 0700), ENOENT);
	CHECK_ERRNO(unlink("/proc/version"), EPERM);
	CHECK_ERRNO(rmdir("/proc/sys"), EPERM);
	CHECK_EQ(rename("/proc/version", "/proc/x"), -1);
	CHECK_ERRNO(symlink("x", "/proc/s"), ENOENT);
	CHECK_ERRNO(open("/proc/version/x", O_RDONLY), ENOTDIR);
}
