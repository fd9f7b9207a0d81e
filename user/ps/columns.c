/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.c - what ps can show of a process: one table of keywords, with the
 * names that FreeBSD, BusyBox and procps users type.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ps.h"

enum { NAMES = 32, NAME_MAX_LEN = 33, DAY = 24 * 60 * 60 };

/* Names of users and groups, as they were found in the files: these are read
 * once for each number, not once for each process. */
struct names {
	unsigned id[NAMES];
	char name[NAMES][NAME_MAX_LEN];
	unsigned n;
};

static const char *name_of(struct names *known, unsigned id,
			   const char *(*find)(unsigned id))
{
	const char *name;
	unsigned i;

	for (i = 0; i < known->n && i < NAMES; i++)
		if (known->id[i] == id)
			return known->name[i];
	i = known->n++ % NAMES;
	name = find(id);
	known->id[i] = id;
	if (name)
		snprintf(known->name[i], NAME_MAX_LEN, "%s", name);
	else
		snprintf(known->name[i], NAME_MAX_LEN, "%u", id);
	return known->name[i];
}

static const char *find_user(unsigned id)
{
	struct passwd *user = getpwuid(id);

	return user ? user->pw_name : NULL;
}

static const char *find_group(unsigned id)
{
	struct group *group = getgrgid(id);

	return group ? group->gr_name : NULL;
}

const char *user_name(unsigned id)
{
	static struct names users;

	return name_of(&users, id, find_user);
}

static const char *group_name(unsigned id)
{
	static struct names groups;

	return name_of(&groups, id, find_group);
}

/* Linux's numbers of terminals, in the form of /proc/PID/stat. */
const char *tty_name(unsigned tty)
{
	unsigned major = tty >> 8 & 0xfff;
	unsigned minor = (tty & 0xff) | (tty >> 12 & 0xfff00);
	static char name[24];

	if (!tty)
		return "-";
	if (major == 4)
		snprintf(name, sizeof(name), minor < 64 ? "tty%u" : "ttyS%u",
			 minor < 64 ? minor : minor - 64);
	else if (major == 5 && minor == 1)
		return "console";
	else if (major >= 136 && major < 144)
		snprintf(name, sizeof(name), "pts/%u",
			 (major - 136) * 256 + minor);
	else
		snprintf(name, sizeof(name), "%u,%u", major, minor);
	return name;
}

/* Columns of numbers and of names are all alike. */
#define NUMBER(function, format, value)                                   \
	static void function(char *out, size_t size, const struct task *t) \
	{                                                                  \
		snprintf(out, size, format, value);                        \
	}

NUMBER(put_pid, "%d", t->pid)
NUMBER(put_tid, "%d", t->tid)
NUMBER(put_ppid, "%d", t->ppid)
NUMBER(put_group_id, "%d", t->group)
NUMBER(put_session, "%d", t->session)
NUMBER(put_foreground, "%d", t->foreground)
NUMBER(put_nice, "%d", t->nice)
NUMBER(put_priority, "%d", t->priority)
NUMBER(put_threads, "%d", t->threads)
NUMBER(put_jid, "%d", t->jid)
NUMBER(put_jail, "%s", t->jail)
NUMBER(put_comm, "%s", t->comm)
NUMBER(put_uid, "%u", t->euid)
NUMBER(put_ruid, "%u", t->uid)
NUMBER(put_svuid, "%u", t->suid)
NUMBER(put_gid, "%u", t->egid)
NUMBER(put_rgid, "%u", t->gid)
NUMBER(put_svgid, "%u", t->sgid)
NUMBER(put_user, "%s", user_name(t->euid))
NUMBER(put_ruser, "%s", user_name(t->uid))
NUMBER(put_group, "%s", group_name(t->egid))
NUMBER(put_rgroup, "%s", group_name(t->gid))
NUMBER(put_vsz, "%lu", t->vsz)
NUMBER(put_rss, "%lu", t->rss)
NUMBER(put_tty, "%s", tty_name(t->tty))

static void put_cpu(char *out, size_t size, const struct task *t)
{
	snprintf(out, size, "%u.%u", t->cpu / 10, t->cpu % 10);
}

static void put_share(char *out, size_t size, const struct task *t)
{
	static unsigned long total;
	unsigned long part;

	if (!total)
		total = scan_memory("MemTotal");
	part = total ? (unsigned long)(t->rss * 1000ull / total) : 0;
	snprintf(out, size, "%lu.%lu", part / 10, part % 10);
}

/* The letter of /proc, then: < N nice, s leads its session, J in a jail below
 * the reader's own, + in the foreground of its terminal. */
static void put_state(char *out, size_t size, const struct task *t)
{
	snprintf(out, size, "%c%s%s%s%s", t->state,
		 t->nice < 0 ? "<" : t->nice > 0 ? "N" : "",
		 t->session == t->pid ? "s" : "", t->jid ? "J" : "",
		 t->tty && t->foreground == t->group ? "+" : "");
}

static void put_time(char *out, size_t size, const struct task *t)
{
	snprintf(out, size, "%llu:%02llu.%02llu", t->ticks / (60 * TICKS),
		 t->ticks / TICKS % 60, t->ticks % TICKS);
}

static unsigned long long age(const struct task *t)
{
	unsigned long long now = scan_uptime();

	return now > t->start ? (now - t->start) / TICKS : 0;
}

static void put_age(char *out, size_t size, const struct task *t)
{
	unsigned long long s = age(t);

	if (s >= DAY)
		snprintf(out, size, "%llu-%02llu:%02llu:%02llu", s / DAY,
			 s / 3600 % 24, s / 60 % 60, s % 60);
	else if (s >= 3600)
		snprintf(out, size, "%02llu:%02llu:%02llu", s / 3600,
			 s / 60 % 60, s % 60);
	else
		snprintf(out, size, "%02llu:%02llu", s / 60, s % 60);
}

NUMBER(put_age_seconds, "%llu", age(t))

static void put_date(char *out, size_t size, const struct task *t,
		     const char *format)
{
	time_t when = time(NULL) - (time_t)age(t);

	strftime(out, size, format, localtime(&when));
}

static void put_start(char *out, size_t size, const struct task *t)
{
	put_date(out, size, t, age(t) < DAY ? "%H:%M" : "%d%b%y");
}

static void put_long_start(char *out, size_t size, const struct task *t)
{
	put_date(out, size, t, "%a %b %e %H:%M:%S %Y");
}

/* The function of the kernel that it sleeps in. */
static void put_wait(char *out, size_t size, const struct task *t)
{
	char name[64], text[64];

	snprintf(name, sizeof(name), "/proc/%d/wchan", t->pid);
	if (scan_file(name, text, sizeof(text)) <= 0 || !strcmp(text, "0"))
		strcpy(text, "-");
	snprintf(out, size, "%s", text);
}

/* As BusyBox: a program that is not called by its file's name gets that in
 * braces, and one without words (a kernel thread, a zombie) in brackets. */
static void put_args(char *out, size_t size, const struct task *t)
{
	const char *word = t->args, *base, *slash;
	size_t len = strcspn(word, " ");

	if (!*word) {
		snprintf(out, size, "[%s]", t->comm);
		return;
	}
	base = word + (*word == '-');
	for (slash = base; slash < word + len; slash++)
		if (*slash == '/')
			base = slash + 1;
	if (strncmp(base, t->comm, strlen(t->comm)))
		snprintf(out, size, "{%s} %s", t->comm, word);
	else
		snprintf(out, size, "%s", word);
}

static const struct column columns[] = {
	{ "%cpu", "%CPU", 4, put_cpu, 0 },
	{ "%mem", "%MEM", 4, put_share, 0 },
	{ "args", "COMMAND", -16, put_args, SCAN_ARGS },
	{ "comm", "COMMAND", -16, put_comm, 0 },
	{ "egid", "EGID", 5, put_gid, 0 },
	{ "egroup", "EGROUP", -8, put_group, 0 },
	{ "etime", "ELAPSED", 7, put_age, 0 },
	{ "etimes", "ELAPSED", 7, put_age_seconds, 0 },
	{ "euid", "EUID", 5, put_uid, 0 },
	{ "euser", "EUSER", -8, put_user, 0 },
	{ "gid", "GID", 5, put_gid, 0 },
	{ "group", "GROUP", -8, put_group, 0 },
	{ "jail", "JAIL", -8, put_jail, 0 },
	{ "jid", "JID", 3, put_jid, 0 },
	{ "lstart", "STARTED", -24, put_long_start, 0 },
	{ "nice", "NI", 3, put_nice, 0 },
	{ "nlwp", "NLWP", 4, put_threads, 0 },
	{ "pgid", "PGID", 5, put_group_id, 0 },
	{ "pid", "PID", 5, put_pid, 0 },
	{ "ppid", "PPID", 5, put_ppid, 0 },
	{ "pri", "PRI", 3, put_priority, 0 },
	{ "rgid", "RGID", 5, put_rgid, 0 },
	{ "rgroup", "RGROUP", -8, put_rgroup, 0 },
	{ "rss", "RSS", 5, put_rss, 0 },
	{ "ruid", "RUID", 5, put_ruid, 0 },
	{ "ruser", "RUSER", -8, put_ruser, 0 },
	{ "sid", "SID", 5, put_session, 0 },
	{ "start", "START", -7, put_start, 0 },
	{ "stat", "STAT", -4, put_state, 0 },
	{ "svgid", "SVGID", 5, put_svgid, 0 },
	{ "svuid", "SVUID", 5, put_svuid, 0 },
	{ "tid", "TID", 5, put_tid, 0 },
	{ "time", "TIME", 7, put_time, 0 },
	{ "tpgid", "TPGID", 5, put_foreground, 0 },
	{ "tty", "TT", -5, put_tty, 0 },
	{ "uid", "UID", 5, put_uid, 0 },
	{ "user", "USER", -8, put_user, 0 },
	{ "vsz", "VSZ", 5, put_vsz, 0 },
	{ "wchan", "WCHAN", -8, put_wait, 0 },
};

static const struct {
	const char *name, *means;
} aliases[] = {
	{ "command", "args" }, { "cmd", "args" },     { "pcpu", "%cpu" },
	{ "pmem", "%mem" },    { "ucomm", "comm" },   { "ni", "nice" },
	{ "pgrp", "pgid" },    { "sess", "sid" },     { "session", "sid" },
	{ "state", "stat" },   { "s", "stat" },	      { "stime", "start" },
	{ "tt", "tty" },       { "tname", "tty" },    { "lwp", "tid" },
	{ "cputime", "time" }, { "vsize", "vsz" },    { "rssize", "rss" },
	{ "mwchan", "wchan" }, { "uname", "user" },   { "suid", "svuid" },
	{ "sgid", "svgid" },   { "thcount", "nlwp" },
};

enum {
	COLUMNS = sizeof(columns) / sizeof(*columns),
	ALIASES = sizeof(aliases) / sizeof(*aliases)
};

const struct column *column_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ALIASES; i++) {
		if (strlen(aliases[i].name) != len ||
		    memcmp(aliases[i].name, name, len))
			continue;
		name = aliases[i].means;
		len = strlen(name);
		break;
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (strlen(columns[i].name) == len &&
		    !memcmp(columns[i].name, name, len))
			return &columns[i];
	return NULL;
}

void columns_print(void)
{
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%s%c", columns[i].name, i % 8 == 7 ? '\n' : ' ');
	for (size_t i = 0; i < ALIASES; i++)
		printf("%s%c", aliases[i].name,
		       (COLUMNS + i) % 8 == 7 ? '\n' : ' ');
	putchar('\n');
}
