/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail_test.h - jails for tests: make one, look at it, run code in it.
 *
 *	int jid = j_make("name=a; path=%s; persist", j_tree("a"));
 *
 *	IN_JAIL(jid, 0)
 *		CHECK_ERRNO(kill(victim, 0), ESRCH);
 *
 * Parameters are written "name=value; name; ...": a name alone is a boolean.
 * The body after IN_JAIL is run by a child that has entered the jail; a CHECK
 * that fails in it fails the test. Each test begins without jails: j_begin()
 * removes what another left, and what it mounted.
 */
#ifndef JAIL_TEST_H
#define JAIL_TEST_H

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/jail.h>

#include "files.h"

enum { J_PARAMS = 48 };

struct j_list {
	struct iovec v[2 * J_PARAMS];
	unsigned n;
	int numbers[J_PARAMS];
	struct in_addr addresses[8];
	char text[4096];
};

static char j_why[256]; /* what the last j_set or j_get said of its failure */

/* --- parameters --------------------------------------------------------- */

static inline int j_is(const char *name, const char *list)
{
	const char *at = strstr(list, name);
	size_t n = strlen(name);

	for (; at; at = strstr(at + 1, name))
		if ((at == list || at[-1] == ' ') &&
		    (at[n] == ' ' || !at[n]))
			return 1;
	return 0;
}

static inline void j_add(struct j_list *l, const char *name, const void *value,
			 size_t size)
{
	CHECK(l->n + 2 <= 2 * J_PARAMS);
	l->v[l->n].iov_base = (void *)name;
	l->v[l->n++].iov_len = strlen(name) + 1;
	l->v[l->n].iov_base = (void *)value;
	l->v[l->n++].iov_len = size;
}

static inline void j_add_addresses(struct j_list *l, const char *name,
				   char *value)
{
	char *one;
	int n = 0;

	while ((one = strsep(&value, ",")))
		CHECK_EQ(inet_pton(AF_INET, one, &l->addresses[n++]), 1);
	j_add(l, name, l->addresses, n * sizeof(*l->addresses));
}

static inline void j_add_word(struct j_list *l, char *name)
{
	int *number = &l->numbers[l->n / 2];
	char *value = strchr(name, '=');

	if (!value) {
		j_add(l, name, NULL, 0);
		return;
	}
	*value++ = '\0';
	if (j_is(name, "jid lastjid desc securelevel enforce_statfs osreldate "
		       "devfs_ruleset children.max host.hostid")) {
		*number = strtol(value, NULL, 0);
		j_add(l, name, number, sizeof(*number));
	} else if (j_is(name, "host ip4 vnet sysvmsg sysvsem sysvshm")) {
		*number = !strcmp(value, "new") ? JAIL_SYS_NEW :
			  !strcmp(value, "inherit") ? JAIL_SYS_INHERIT :
						      JAIL_SYS_DISABLE;
		j_add(l, name, number, sizeof(*number));
	} else if (!strcmp(name, "ip4.addr")) {
		j_add_addresses(l, name, value);
	} else {
		j_add(l, name, value, strlen(value) + 1);
	}
}

static inline void j_parse(struct j_list *l, const char *fmt, va_list ap)
{
	char *rest = l->text, *word;

	l->n = 0;
	CHECK(vsnprintf(l->text, sizeof(l->text), fmt, ap) <
	      (int)sizeof(l->text));
	while ((word = strsep(&rest, ";"))) {
		while (*word == ' ')
			word++;
		if (*word)
			j_add_word(l, word);
	}
	j_why[0] = '\0';
	j_add(l, "errmsg", j_why, sizeof(j_why));
}

/* --- calls -------------------------------------------------------------- */

/* jail_set: the jid, or -1. */
__attribute__((format(printf, 2, 3))) static inline int
j_set(int flags, const char *fmt, ...)
{
	struct j_list l;
	va_list ap;

	va_start(ap, fmt);
	j_parse(&l, fmt, ap);
	va_end(ap);
	return jail_set(l.v, l.n, flags);
}

/* A new jail; its jid. */
__attribute__((format(printf, 1, 2))) static inline int
j_make(const char *fmt, ...)
{
	struct j_list l;
	va_list ap;
	int jid;

	va_start(ap, fmt);
	j_parse(&l, fmt, ap);
	va_end(ap);
	jid = jail_set(l.v, l.n, JAIL_CREATE);
	if (jid <= 0)
		FAIL("jail_set: %d, errno %d (%s): %s", jid, errno,
		     strerror(errno), j_why);
	return jid;
}

static inline int j_change(int jid, const char *what)
{
	return j_set(JAIL_UPDATE, "jid=%d; %s", jid, what);
}

/* jail_get of the jail that fmt names: its jid, or -1. */
__attribute__((format(printf, 1, 2))) static inline int
j_find(const char *fmt, ...)
{
	struct j_list l;
	va_list ap;

	va_start(ap, fmt);
	j_parse(&l, fmt, ap);
	va_end(ap);
	return jail_get(l.v, l.n, 0);
}

/* One parameter of a jail: bytes of it, or -1. */
static inline ssize_t j_get(int jid, const char *name, void *to, size_t size)
{
	struct iovec v[4] = {
		{ "jid", 4 }, { &jid, sizeof(jid) },
		{ (void *)name, strlen(name) + 1 }, { to, size },
	};

	return jail_get(v, 4, 0) < 0 ? -1 : (ssize_t)v[3].iov_len;
}

static inline int j_int(int jid, const char *name)
{
	int value = -1;

	if (j_get(jid, name, &value, sizeof(value)) < 0)
		FAIL("jail_get %s of %d: %s", name, jid, strerror(errno));
	return value;
}

/* Good until the next call. */
static inline const char *j_text(int jid, const char *name)
{
	static char value[1024];

	*value = '\0'; /* a name would be looked for */
	if (j_get(jid, name, value, sizeof(value)) < 0)
		FAIL("jail_get %s of %d: %s", name, jid, strerror(errno));
	return value;
}

static inline int j_alive(int jid)
{
	return j_find("jid=%d", jid) == jid;
}

/* How many jails the caller sees. */
static inline int j_count(void)
{
	int jid = 0, n = 0;

	while ((jid = j_find("lastjid=%d", jid)) > 0)
		n++;
	return n;
}

/* --- the beginning and the end ------------------------------------------ */

static inline void j_remove_all(void)
{
	int jid;

	while ((jid = j_find("lastjid=0")) > 0)
		if (jail_remove(jid) < 0)
			break;
}

/* Undoes mounts below the folders of this program, the last one first. */
static inline void j_unmount_all(void)
{
	char text[16384], *place[128], *line, *rest = text;
	int fd = open("/proc/mounts", O_RDONLY), n = 0;
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[size > 0 ? size : 0] = '\0';
	while ((line = strsep(&rest, "\n")) && n < 128) {
		strsep(&line, " ");
		if (line && !strncmp(line, files_top, strlen(files_top)))
			place[n++] = strsep(&line, " ");
	}
	while (n > 0)
		umount2(place[--n], MNT_DETACH);
}

static inline int j_write(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY), err;

	if (fd < 0)
		return -1;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

#define J_BSD "/proc/sys/security/bsd/"
#define J_HARDENED "/proc/sys/security/chroot/hardened"

/* Also the knobs that tests turn. */
static inline void j_clean(void)
{
	j_remove_all();
	j_unmount_all();
	(void)!j_write(J_HARDENED, "0\n");
	(void)!j_write(J_BSD "see_other_uids", "1\n");
	(void)!j_write(J_BSD "see_other_gids", "1\n");
	(void)!j_write(J_BSD "see_jail_proc", "1\n");
	(void)!j_write(J_BSD "hardlink_check_uid", "0\n");
}

/* The first line of a test. */
static inline void j_begin(void)
{
	need_root();
	j_clean();
	fresh();
}

__attribute__((destructor)) static void j_end(void)
{
	if (getpid() == files_owner)
		j_clean();
}

/* --- trees -------------------------------------------------------------- */

/* A name of a file of the test, from the root. */
__attribute__((format(printf, 1, 2))) static inline const char *
j_path(const char *fmt, ...)
{
	static char names[16][PATH_MAX];
	static unsigned next;
	char *name = names[next++ % 16];
	va_list ap;
	int n = snprintf(name, PATH_MAX, "%s/", files_now);

	va_start(ap, fmt);
	vsnprintf(name + n, PATH_MAX - n, fmt, ap);
	va_end(ap);
	return name;
}

/* A root for a jail in the folder of the test: bin with BusyBox, dev, etc,
 * mnt, proc, tmp, and a file "inside". Its name from the root. */
static inline const char *j_tree(const char *name)
{
	static const char *const folders[] = { "bin", "dev", "etc", "mnt",
					       "proc", "tmp" };
	const char *top = j_path("%s", name);
	char at[PATH_MAX];

	CHECK_OK(mkdir(top, 0755));
	for (unsigned i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(at, sizeof(at), "%s/%s", top, folders[i]);
		CHECK_OK(mkdir(at, 0755));
	}
	CHECK_OK(chmod(at, 01777)); /* tmp */
	snprintf(at, sizeof(at), "%s/inside", top);
	put(at, name);
	snprintf(at, sizeof(at), "%s/etc/passwd", top);
	put(at, "root:x:0:0:root:/:/bin/sh\n");
	snprintf(at, sizeof(at), "%s/bin/busybox", top);
	CHECK_OK(link("/bin/busybox", at));
	snprintf(at, sizeof(at), "%s/bin/sh", top);
	CHECK_OK(symlink("busybox", at));
	return top;
}

static inline void j_mount(const char *type, const char *top, const char *at)
{
	char place[2 * PATH_MAX];

	snprintf(place, sizeof(place), "%s/%s", top, at);
	CHECK_OK(mount(type, place, type, 0, NULL));
}

/* A jail with a tree of the same name, kept without a process, and more
 * parameters. */
static inline int j_simple(const char *name, const char *more)
{
	return j_make("name=%s; path=%s; host.hostname=%s.example; persist; %s",
		      name, j_tree(name), name, more);
}

/* --- processes ---------------------------------------------------------- */

/* What a body runs as: a child of ours that entered jid (0: the host) and
 * became uid. 0 in the child. */
static inline pid_t j_enter(int jid, uid_t uid)
{
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid)
		return pid;
	if (jid > 0)
		CHECK_OK(jail_attach(jid));
	if (uid)
		become(uid, uid);
	return 0;
}

static inline pid_t j_leave(pid_t pid)
{
	if (pid == 0)
		_exit(0);
	CHECK_CHILD(pid);
	return -1;
}

#define IN_JAIL(jid, uid)                                                     \
	for (pid_t j_pid = j_enter(jid, uid); j_pid >= 0;                     \
	     j_pid = j_leave(j_pid))                                          \
		if (j_pid == 0)
#define AS_USER(uid) IN_JAIL(0, uid)

/* One process tells another that it is so far. */
struct gate {
	int fd[2];
};

static inline struct gate gate_new(void)
{
	struct gate g;

	CHECK_OK(pipe(g.fd));
	return g;
}

static inline void gate_open(struct gate g)
{
	CHECK_EQ(write(g.fd[1], "x", 1), 1);
}

static inline void gate_wait(struct gate g)
{
	char c;

	CHECK_EQ(read(g.fd[0], &c, 1), 1);
}

/* A process that has entered jid as uid and waits there for its end, which is
 * the test's at the latest. In a process group of its own, so that it can be a
 * target. */
static inline pid_t j_sitter(int jid, uid_t uid)
{
	struct gate g = gate_new();
	pid_t pid = j_enter(jid, uid);

	if (pid == 0) {
		CHECK_OK(setpgid(0, 0));
		if (!jid)
			CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
		gate_open(g);
		for (;;)
			pause();
	}
	gate_wait(g);
	close(g.fd[0]);
	close(g.fd[1]);
	return pid;
}

/* Is this child of ours alive? */
static inline int j_lives(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

/* Ends a child whatever state it is in. */
static inline void j_end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	ktap_wait(pid);
}

/* Is the process listed in the caller's /proc? */
static inline int j_listed(pid_t pid)
{
	char name[16];
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int found = 0;

	CHECK(dir != NULL);
	snprintf(name, sizeof(name), "%d", (int)pid);
	while (!found && (e = readdir(dir)))
		found = !strcmp(e->d_name, name);
	closedir(dir);
	return found;
}

/* The jail of a process as /proc says it to the caller: its number, and its
 * name into the buffer. */
static inline int j_of(pid_t pid, char *jail, size_t size)
{
	char name[32], line[PATH_MAX];
	int jid = -1;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Jid:", 4))
			jid = atoi(line + 4);
		if (!strncmp(line, "Jail:", 5) && jail)
			snprintf(jail, size, "%s", line + 5 +
						   strspn(line + 5, " \t"));
	}
	fclose(f);
	if (jail && strchr(jail, '\n'))
		*strchr(jail, '\n') = '\0';
	return jid;
}

/* --- what goes into the tables of tests/test_jail.py -------------------- */

#define WHAT(text) ktap_note("what: " text)
#define RESULT(...) ktap_note("result: " __VA_ARGS__)

/* A short name of an error number. */
static inline const char *j_error(int err)
{
	static const char *const names[] = {
		[0] = "ok",	    [EPERM] = "EPERM",	  [ENOENT] = "ENOENT",
		[ESRCH] = "ESRCH",  [EBADF] = "EBADF",	  [ECHILD] = "ECHILD",
		[EAGAIN] = "EAGAIN", [EACCES] = "EACCES", [EEXIST] = "EEXIST",
		[ENXIO] = "ENXIO",  [EINVAL] = "EINVAL",  [ENOSYS] = "ENOSYS",
		[ENOTTY] = "ENOTTY", [EXDEV] = "EXDEV",	  [EBUSY] = "EBUSY",
		[ETXTBSY] = "ETXTBSY", [EROFS] = "EROFS", [ENODEV] = "ENODEV",
		[EIO] = "EIO",
	};
	static char number[16];

	if ((unsigned)err < sizeof(names) / sizeof(*names) && names[err])
		return names[err];
	snprintf(number, sizeof(number), "errno %d", err);
	return number;
}

#endif
