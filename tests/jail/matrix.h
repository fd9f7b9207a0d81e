/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matrix.h - one deed, tried by six subjects.
 *
 *	MATRIX("VFS_CHROOT", EPERM, EPERM)
 *		TRY(chroot("."));
 *
 * The body runs once for each subject, in a process of its own, in the root
 * of the subject's world. What must come of it follows from reference.h; the
 * two numbers are what an ordinary user and what root in a jail get when they
 * may not. A deed undoes what it did: a user comes after root.
 *
 * Worlds: the host; jail j, which is allowed nothing; jail k, which is allowed
 * all there is; and k's child c, which is allowed nothing. In each are objects
 * of BOB, and a jail below with a process of ALICE, who is "the user".
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/sysmacros.h>

#include "jail_test.h"
#include "reference.h"

enum world { HOST, J, K, C, WORLDS };

static const struct subject {
	const char *name;
	enum world world;
	uid_t uid;
} subjects[] = {
	{ "host root", HOST, 0 },	{ "host user", HOST, ALICE },
	{ "jail root", J, 0 },		{ "jail user", J, ALICE },
	{ "jail root, allowed", K, 0 }, { "child-jail root", C, 0 },
};

enum { SUBJECTS = sizeof(subjects) / sizeof(*subjects) };

struct place {
	char top[PATH_MAX];
	int jid, sub; /* the jail, and the one below it */
	pid_t other, below; /* a process of BOB; one of ALICE in sub */
	int shm, msg; /* BOB's */
};

static struct place *places; /* shared with children */
static struct place *w;	     /* the subject's own, in a body */
static int tried;
static unsigned matrix_wrong;
static const char *matrix_knob; /* a knob that the host turns before */
static const char *matrix_value;

#define NOTHING                                                               \
	"ip4=inherit; allow.noset_hostname; allow.noreserved_ports; "         \
	"allow.nounprivileged_proc_debug; "
#define IPC "sysvmsg=new; sysvsem=new; sysvshm=new; "
#define ALL                                                                   \
	"ip4=inherit; enforce_statfs=1; host=new; allow.set_hostname; "       \
	"allow.raw_sockets; "                                                 \
	"allow.chflags; allow.mount; allow.quotas; allow.socket_af; "         \
	"allow.mlock; allow.reserved_ports; allow.read_msgbuf; "              \
	"allow.extattr; allow.adjtime; allow.settime; allow.routing; "        \
	"allow.mount.devfs; allow.mount.procfs; allow.mount.tmpfs; "          \
	"allow.mount.nullfs; "

#define TRY(call) (errno = 0, tried = (call) == -1 ? errno : 0)

/* A file in the world p, with an owner. */
static inline void plant(const struct place *p, const char *name, uid_t uid,
			 int mode, int is_dir)
{
	char at[PATH_MAX + 32];

	snprintf(at, sizeof(at), "%s/%s", p->top, name);
	if (is_dir)
		CHECK_OK(mkdir(at, 0755));
	else
		put(at, "text");
	CHECK_OK(chown(at, uid, STAFF));
	CHECK_OK(chmod(at, mode));
}

static inline void furnish(struct place *p)
{
	char at[PATH_MAX + 32];

	plant(p, "secret", BOB, 0600, 0);
	plant(p, "mine", ALICE, 0644, 0);
	plant(p, "suid", ALICE, 04755, 0);
	plant(p, "exe", BOB, 0100, 0);
	plant(p, "closed", 0, 0755, 1);
	plant(p, "closed/f", BOB, 0644, 0);
	plant(p, "sticky", 0, 01777, 1);
	plant(p, "sticky/theirs", BOB, 0644, 0);
	snprintf(at, sizeof(at), "%s/closed", p->top);
	CHECK_OK(chown(at, BOB, STAFF));
	CHECK_OK(chmod(at, 0700));
	snprintf(at, sizeof(at), "%s/memory", p->top);
	CHECK_OK(mknod(at, S_IFCHR | 0666, makedev(1, 1)));
	CHECK_OK(chmod(at, 0666));
	snprintf(at, sizeof(at), "%s/mine", p->top);
	CHECK_OK(chown(at, ALICE, GUESTS));
	j_mount("proc", p->top, "proc");
	j_mount("devtmpfs", p->top, "dev");
	j_mount("devpts", p->top, "dev/pts");
}

static inline void people(struct place *p, const char *name)
{
	char parent[64] = "";

	if (p->jid)
		snprintf(parent, sizeof(parent), "%s.", name);
	p->sub = j_make("name=%ss; path=%s/tmp; persist", parent, p->top);
	p->other = j_sitter(p->jid, BOB);
	p->below = j_sitter(p->sub, ALICE);
	IN_JAIL(p->jid, BOB) {
		p->shm = shmget(IPC_PRIVATE, 4096, 0600);
		p->msg = msgget(IPC_PRIVATE, 0600);
		CHECK(p->shm >= 0 && p->msg >= 0);
	}
}

static inline void matrix_worlds(void)
{
	static const char *const name[] = { "h", "j", "k", "k.c" };

	j_begin();
	places = mmap(NULL, WORLDS * sizeof(*places), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(places != MAP_FAILED);
	for (int i = 0; i < WORLDS; i++) {
		snprintf(places[i].top, PATH_MAX, "%s",
			 j_tree(i == C ? "k/c" : name[i]));
		furnish(&places[i]);
	}
	places[J].jid = j_make("name=j; path=%s; persist; children.max=2; "
			       NOTHING IPC, places[J].top);
	places[K].jid = j_make("name=k; path=%s; persist; children.max=9; "
			       ALL IPC, places[K].top);
	places[C].jid = j_make("name=k.c; path=%s; persist; children.max=2; "
			       NOTHING IPC, places[C].top);
	for (int i = 0; i < WORLDS; i++)
		people(&places[i], name[i]);
}

/* What FreeBSD's root in a jail needs; what differs here comes first. */
static inline const char *needs(const char *priv)
{
	const unsigned n = sizeof(differs) / sizeof(*differs);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(differs[i].name, priv))
			return differs[i].needs;
	for (unsigned i = 0; i < sizeof(freebsd) / sizeof(*freebsd); i++)
		if (!strcmp(freebsd[i].name, priv))
			return freebsd[i].needs;
	return NULL;
}

static inline int may(const struct subject *s, const char *need)
{
	if (s->uid)
		return 0;
	if (s->world == HOST || !strcmp(need, "yes"))
		return 1;
	return s->world == K && !strncmp(need, "allow.", 6);
}

/* In the child: 1. In the parent: 0, when the child has ended. */
static inline int matrix_begin(const struct subject *s, const char *priv,
			       int user, int jail)
{
	const char *need = needs(priv);
	int want = 0, got, status;
	pid_t pid;

	CHECK(need != NULL);
	if (s == subjects)
		matrix_worlds();
	if (s == subjects && matrix_knob)
		CHECK_OK(j_write(matrix_knob, matrix_value));
	if (!may(s, need)) /* what is not there is not there for users either */
		want = s->uid && (s->world == HOST || jail != ENOENT) ? user :
									jail;
	w = &places[s->world];
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		if (w->jid)
			CHECK_OK(jail_attach(w->jid));
		else
			CHECK_OK(chdir(w->top));
		if (s->uid)
			become(s->uid, STAFF);
		return 1;
	}
	status = ktap_wait(pid);
	got = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	if (got == KTAP_FAILED)
		_exit(KTAP_FAILED);
	RESULT("privileges|PRIV_%s|%s|%s", priv, s->name, j_error(got));
	if (got != want) {
		ktap_note("%s, %s: %s, not %s", priv, s->name,
			  j_error(got), j_error(want));
		matrix_wrong++;
	}
	return 0;
}

static inline void matrix_next(const struct subject **s)
{
	if (getpid() != getpgrp()) /* a subject, not the test */
		_exit(tried);
	if (++*s == subjects + SUBJECTS && matrix_wrong)
		FAIL("%u of %d subjects got what they must not", matrix_wrong,
		     SUBJECTS);
}

#define MATRIX(priv, user, jail)                                              \
	for (const struct subject *s = subjects; s < subjects + SUBJECTS;     \
	     matrix_next(&s))                                                 \
		if (matrix_begin(s, priv, user, jail))

#endif
