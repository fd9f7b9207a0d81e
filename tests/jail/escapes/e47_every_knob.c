/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e47_every_knob.c - root inside writes every file below /proc/sys: only those
 * that are a jail's own may take it, and the host's value stays.
 */
#include "escape.h"

static unsigned tries, taken;
static char last_taken[PATH_MAX];

static void mount_proc(void)
{
	j_mount("proc", e_root, "proc");
}

static int is_own(const char *name)
{
	static const char *const own[] = {
		"kern/hostname", "kern/domainname", "kern/hostuuid",
		"kern/hostid", "kern/securelevel", "kernel/hostname",
		"kernel/domainname", "security/bsd/suser_enabled",
		"security/bsd/unprivileged_proc_debug",
	};

	for (unsigned i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strstr(name, own[i]))
			return 1;
	return 0;
}

/* Writes back what is there already: harmless wherever it is taken. */
static int write_back(const char *name, const struct stat *st, int type,
		      struct FTW *f)
{
	char text[512];
	int fd;
	ssize_t n;

	(void)st;
	(void)f;
	if (type != FTW_F)
		return 0;
	fd = open(name, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0)
		return 0;
	tries++;
	fd = open(name, O_WRONLY);
	if (fd >= 0 && write(fd, text, n) == n && !is_own(name)) {
		taken++;
		snprintf(last_taken, sizeof(last_taken), "%s", name);
	}
	close(fd);
	return 0;
}

static int escape(void)
{
	CHECK_OK(nftw("/proc/sys", write_back, 8, FTW_PHYS));
	CHECK(tries > 30);
	if (taken)
		return got("writes %u knobs: %.30s", taken, last_taken + 10);
	if (j_write(J_HARDENED, "1\n") < 0)
		return errno;
	return got("turns a knob of the host");
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = mount_proc;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
}

TEST(in_jail)
{
	char host[65], now[65];

	CHECK_OK(gethostname(host, sizeof(host)));
	must_refuse(JAIL, escape, EPERM);
	CHECK_OK(gethostname(now, sizeof(now)));
	CHECK(!strcmp(host, now));
}
