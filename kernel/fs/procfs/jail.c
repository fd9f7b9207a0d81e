/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.c - /proc/jail: what prisons let whom do, and what they refused.
 *
 * Everybody may read the policy. Of refusals a reader sees those of its own
 * prison and of those below, by the numbers and names that it knows them by.
 */
#include "kernel/fs/procfs/inner.h"

/* Every privilege: who has it, and whether in a jail. */
static int show_policy(struct text *t, const struct cred *who)
{
	(void)who;
	for (int p = PRIV_NONE; p < PRIV_COUNT; p++)
		text_put(t, "PRIV_%-21s %s\n", priv_name(p), priv_rule(p));
	return 0;
}

static const char *error_name(int err, char number[12])
{
	static const struct { int err; const char *name; } known[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { ESRCH, "ESRCH" },
		{ EACCES, "EACCES" }, { EINVAL, "EINVAL" }, { ENXIO, "ENXIO" },
		{ ENODEV, "ENODEV" }, { EBADF, "EBADF" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" }, { ENOSYS, "ENOSYS" },
		{ EADDRNOTAVAIL, "EADDRNOTAVAIL" }, { EXDEV, "EXDEV" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].err == err)
			return known[i].name;
	str_format(number, 12, "%d", err);
	return number;
}

/* The last refusals, oldest first. */
static int show_denied(struct text *t, const struct cred *who)
{
	const struct denial *e;
	unsigned at = 0;
	char number[12];
	uint32_t us;

	text_put(t, "# time jid pid uid what target errno; older lost: %u\n",
		 who->prison->parent ? 0 : prison_denied_lost());
	while ((e = prison_denied_next(who->prison, &at))) {
		uint32_t s = (uint32_t)div_u64(div_u64(e->time_ns, 1000, NULL),
					       1000000, &us);

		text_put(t, "%u.%06u %d %d %u %s %s %s\n", s, us,
			 e->prison == who->prison ? 0 : e->jid, e->pid, e->uid,
			 e->what, e->target, error_name(-e->err, number));
	}
	return 0;
}

/* Calls put for each prison that the reader sees and that refused something:
 * itself first. */
static void each_prison(struct text *t, const struct cred *who,
			void (*put)(struct text *t, const struct prison *p,
				    const char *name))
{
	struct prison *p = who->prison;
	char name[PRISON_NAME_MAX];
	int jid = 0;

	do {
		if (!p->denials)
			continue;
		prison_name(who->prison, p, name, sizeof(name));
		put(t, p, name);
	} while ((p = prison_next(who->prison, jid, false)) && (jid = p->jid));
}

static void put_counters(struct text *t, const struct prison *p,
			 const char *name)
{
	const struct denials *d = p->denials;

	for (int i = 0; i < PRIV_COUNT; i++)
		if (d->by_priv[i])
			text_put(t, "%s PRIV_%s %u\n", name,
				 priv_name(i), d->by_priv[i]);
	for (int i = 0; i < DENIED_KINDS && d->other[i].what; i++)
		text_put(t, "%s %s %u\n", name, d->other[i].what,
			 d->other[i].count);
}

/* How often each prison refused what. */
static int show_counters(struct text *t, const struct cred *who)
{
	each_prison(t, who, put_counters);
	return 0;
}

static void put_learned(struct text *t, const struct prison *p,
			const char *name)
{
	bool mounts;
	uint32_t need = prison_learned(p->denials, &mounts) & ~p->allow;

	for (unsigned i = 0; i < ALLOW_COUNT; i++)
		if (need & 1u << i)
			text_put(t, "%s allow.%s\n", name, prison_allow_name(i));
	if (mounts && p->enforce_statfs == 2)
		text_put(t, "%s enforce_statfs=1\n", name);
	for (unsigned i = 0; i < p->denials->device_count; i++)
		text_put(t, "%s devices+=%s\n", name, p->denials->device[i]);
}

/* The parameters by which what was refused would not have been. */
static int show_learn(struct text *t, const struct cred *who)
{
	each_prison(t, who, put_learned);
	return 0;
}

static struct procfs_entry entries[] = {
	{ "jail", "policy", PROC_GATE_ALL, .show = show_policy },
	{ "jail", "denied", PROC_GATE_ALL, .show = show_denied },
	{ "jail", "counters", PROC_GATE_ALL, .show = show_counters },
	{ "jail", "learn", PROC_GATE_ALL, .show = show_learn },
};

void jail_register(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(entries); k++)
		procfs_register(&entries[k]);
}
