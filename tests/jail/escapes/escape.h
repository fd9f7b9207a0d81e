/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape.h - one escape, tried in three worlds: on a plain chroot, on a
 * hardened chroot (FreeBSD's: security.chroot.hardened=1) and in a jail.
 *
 * An escape is a function that a root process runs inside. It gives 0 when it
 * is out, else the error that stopped it; what it got, or what else stopped
 * it, it tells by got(). The world around it has what there is to reach: a
 * file e_marker of the host, which holds MARKER, and a host process e_victim.
 * With e_raw the escape begins on the host and itself calls enter().
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "jail_test.h"

enum world { CHROOT, HARDENED, JAIL };

#define MARKER "the host's own"

struct e_shared {
	int err;
	char got[64];
};

static struct e_shared *e_shared;
static enum world e_world;
static char e_marker[PATH_MAX], e_root[PATH_MAX];
static pid_t e_victim;
static int e_jid;
static struct gate e_in, e_out; /* inmate waits on e_in, its host on e_out */
static const char *e_params = ""; /* what the jail is allowed */
static int e_raw;
static void (*e_setup)(void); /* what the host does before */
static void (*e_host)(void);  /* and what it does meanwhile */

/* What an escape has reached. */
__attribute__((format(printf, 1, 2))) static inline int got(const char *fmt,
							     ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e_shared->got, sizeof(e_shared->got), fmt, ap);
	va_end(ap);
	return 0;
}

/* Is the host's file here, below at or by its name from the root? */
static inline int reads_at(int dir, const char *name)
{
	char text[sizeof(MARKER)] = "";
	int fd = openat(dir, name, O_RDONLY);

	if (fd < 0)
		return errno;
	CHECK_OK(read(fd, text, sizeof(text) - 1));
	close(fd);
	return strcmp(text, MARKER) ? EIO : got("reads the host's file");
}

static inline int reads_marker(void)
{
	return reads_at(AT_FDCWD, e_marker);
}

/* Up as far as it goes, and that is the root: the end of most ways out. */
static inline int climb_out(void)
{
	for (int i = 0; i < 32; i++)
		if (chdir("..") < 0)
			return errno;
	if (chroot(".") < 0)
		return errno;
	return reads_marker();
}

static inline void world_make(enum world world)
{
	j_begin();
	put("marker", MARKER);
	snprintf(e_marker, sizeof(e_marker), "%s", j_path("marker"));
	snprintf(e_root, sizeof(e_root), "%s", j_tree("r"));
	e_in = gate_new();
	e_out = gate_new();
	e_victim = j_sitter(0, 0);
	e_shared = mmap(NULL, sizeof(*e_shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(e_shared != MAP_FAILED);
	e_shared->err = -1;
	e_world = world;
	if (world == HARDENED)
		CHECK_OK(j_write(J_HARDENED, "1\n"));
	if (world == JAIL)
		e_jid = j_make("name=r; path=%s; persist; %s", e_root,
			       e_params);
	if (e_setup)
		e_setup();
}

/* Enters the world, and nothing else: 0, or -1. */
static inline int enter(void)
{
	return e_world == JAIL ? jail_attach(e_jid) : chroot(e_root);
}

/* Runs the escape; 0 when it got out, else what stopped it. */
static inline int try_escape(enum world world, int (*escape)(void))
{
	pid_t pid;

	world_make(world);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		if (!e_raw) {
			CHECK_OK(enter());
			CHECK_OK(chdir("/"));
		}
		e_shared->err = escape();
		_exit(0);
	}
	if (e_host)
		e_host();
	CHECK_CHILD(pid);
	CHECK(e_shared->err != -1);
	return e_shared->err;
}

static inline void must_escape(enum world world, int (*escape)(void))
{
	int err = try_escape(world, escape);

	RESULT("%s", err ? j_error(err) : e_shared->got);
	if (err)
		FAIL("the escape should succeed here, and gives %s",
		     j_error(err));
}

static inline void must_refuse(enum world world, int (*escape)(void), int want)
{
	int err = try_escape(world, escape);

	if (err)
		RESULT("refused: %s", *e_shared->got ? e_shared->got :
						       j_error(err));
	else
		RESULT("ESCAPED: %s", e_shared->got);
	if (err != want)
		FAIL("the escape gives %s, not %s", j_error(err),
		     j_error(want));
}

#endif
