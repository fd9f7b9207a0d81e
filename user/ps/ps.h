/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ps.h - one program with six names: ps, pgrep, pkill, killall, jtop and
 * sockstat. All read the same files of /proc, choose processes by the same lists, and are
 * one binary because a C library in each would cost more than their code.
 *
 * scan.c reads processes, choose.c selects them, columns.c says what can be
 * shown of one; ps.c, grep.c, killall.c, jtop.c, sockstat.c are the programs.
 */
#ifndef PS_H
#define PS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TICKS = 100, COMM_MAX = 64 };	/* times in /proc are hundredths */

struct task {
	int pid, tid, ppid, group, session, foreground;
	int nice, priority, threads, jid;
	unsigned uid, euid, suid, gid, egid, sgid, tty;
	char state;
	unsigned long vsz, rss;			/* KB */
	unsigned long long ticks, start;	/* used; since boot */
	unsigned cpu;				/* of one CPU, in thousandths */
	char comm[COMM_MAX];
	char *jail;				/* "-": the reader's own */
	char *args;				/* "": a kernel thread, a zombie */
};

struct tasks {
	struct task *at;
	size_t n, room;
};

enum { SCAN_ARGS = 1, SCAN_THREADS = 2 };

/* scan.c: every process that can be seen, in the order of /proc. Ends the
 * program when there is no /proc or no memory. */
void tasks_read(struct tasks *list, int what);
void tasks_free(struct tasks *list);
unsigned long long scan_uptime(void);	/* ticks */
unsigned long scan_memory(const char *name);	/* a line of meminfo, KB */
/* A file of /proc as a string; -1 when it is gone. */
ssize_t scan_file(const char *name, char *text, size_t size);

/* Inmates choose names: what could disturb a terminal becomes '?'. */
void scan_make_printable(char *text);

/* choose.c: a process is chosen if each list that was given holds it. */
struct list {
	int *at;
	size_t n;
	bool given;
};

struct choice {
	struct list jails, pids, parents, groups, sessions, ttys;
	struct list users, real_users, real_groups;
};

/* Each adds the words of text, apart by commas; a word that means nothing
 * ends the program with one line. */
void choose_numbers(struct list *list, const char *text);
void choose_jails(struct list *list, const char *text);
void choose_users(struct list *list, const char *text);
void choose_groups(struct list *list, const char *text);
void choose_ttys(struct list *list, const char *text);
bool choice_holds(const struct choice *c, const struct task *t);
bool list_holds(const struct list *list, int number);
/* Of a name or a number, with or without SIG; -1 if it is none. */
int signal_number(const char *text);
void signal_names_print(void);

/* columns.c */
struct column {
	const char *name, *header;
	int width;	/* at least; negative: text, to the left */
	void (*put)(char *out, size_t size, const struct task *t);
	int needs;	/* SCAN_ARGS, ... */
};

const struct column *column_find(const char *name, size_t len);
void columns_print(void);
const char *user_name(unsigned uid);
const char *tty_name(unsigned tty);	/* "-" for none */

/* main.c */
extern const char *program;
/* One line "program: ...", then the end, with status 1 or fail_status. */
void fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
extern int fail_status;
void *must(void *memory);
int terminal_width(void);	/* 0: no terminal */

int ps_main(int argc, char **argv);
int grep_main(int argc, char **argv);
int killall_main(int argc, char **argv);
int jtop_main(int argc, char **argv);
int sockstat_main(int argc, char **argv);

#endif
