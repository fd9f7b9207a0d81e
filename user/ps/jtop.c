/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jtop.c - jails and their processes by what they use, again and again
 * (jtop(1) in user/man).
 *
 * A line for each jail, the reader's own first as jid 0, with the sums of its
 * processes; below it these. Both are sorted by the same key. The first
 * picture shows the use of the CPU since each process began, each later one
 * the use since the one before.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/jail.h>
#include <termios.h>
#include <unistd.h>

#include "ps.h"

enum { NAME_LEN = 256, LINE = 512, HEAD_LINES = 2 };

struct row {
	int jid;
	unsigned processes, running, cpu;
	unsigned long rss;
	unsigned long long ticks;
	char name[NAME_LEN], host[NAME_LEN];
};

struct picture {
	struct tasks tasks;
	struct row *rows;
	size_t n;
	unsigned long long when;
};

static struct choice choice;
static char key = 'c';
static bool batch, jails_only;
static int delay_ms = 2000, rounds;
static volatile sig_atomic_t ended;

static const char usage[] =
	"usage: jtop [-bP] [-d SECONDS] [-n ROUNDS] [-s cpu|mem|procs|jid]\n"
	"            [-J JAIL,...]\n";

static struct row *row_of(struct picture *p, int jid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->rows[i].jid == jid)
			return &p->rows[i];
	return NULL;
}

static struct row *row_add(struct picture *p, int jid, const char *name)
{
	struct row *row;

	p->rows = must(realloc(p->rows, (p->n + 1) * sizeof(*p->rows)));
	row = &p->rows[p->n++];
	memset(row, 0, sizeof(*row));
	row->jid = jid;
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

static struct iovec piece(void *at, size_t len)
{
	return (struct iovec){ at, len };
}

/* The jail after jid, also one without processes; its number, or -1. */
static int jail_after(int jid, struct row *row)
{
	static char lastjid[] = "lastjid", name[] = "name",
		    host[] = "host.hostname";
	struct iovec iov[] = {
		piece(lastjid, sizeof(lastjid)), piece(&jid, sizeof(jid)),
		piece(name, sizeof(name)), piece(row->name, NAME_LEN),
		piece(host, sizeof(host)), piece(row->host, NAME_LEN),
	};

	return jail_get(iov, 6, 0);
}

static void jails_read(struct picture *p)
{
	struct row row = { 0 };
	int jid = 0;

	gethostname(row_add(p, 0, "-")->host, NAME_LEN);
	while ((jid = jail_after(jid, &row)) > 0) {
		scan_make_printable(row.host);
		memcpy(row_add(p, jid, row.name)->host, row.host, NAME_LEN);
	}
}

static const struct task *find(const struct picture *p, const struct task *t)
{
	for (size_t i = 0; i < p->tasks.n; i++)
		if (p->tasks.at[i].pid == t->pid &&
		    p->tasks.at[i].start == t->start)
			return &p->tasks.at[i];
	return NULL;
}

/* What t has used of the CPU since the picture before, if there was one. */
static void measure(struct task *t, const struct picture *now,
		    const struct picture *before)
{
	const struct task *old = find(before, t);
	unsigned long long since = old ? old->ticks : 0;

	if (before->when && now->when > before->when && t->ticks >= since)
		t->cpu = (unsigned)((t->ticks - since) * 1000 /
				    (now->when - before->when));
}

static void sum_up(struct picture *p, const struct picture *before)
{
	for (size_t i = 0; i < p->tasks.n; i++) {
		struct task *t = &p->tasks.at[i];
		struct row *row = row_of(p, t->jid);

		measure(t, p, before);
		if (!row)
			row = row_add(p, t->jid, t->jail);
		row->processes++;
		row->running += t->state == 'R';
		row->cpu += t->cpu;
		row->rss += t->rss;
		row->ticks += t->ticks;
	}
}

static int more(unsigned long long a, unsigned long long b)
{
	return a == b ? 0 : a < b ? 1 : -1;
}

static int row_order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = 0;

	if (key == 'c')
		order = more(x->cpu, y->cpu);
	else if (key == 'm')
		order = more(x->rss, y->rss);
	else if (key == 'p')
		order = more(x->processes, y->processes);
	return order ? order : x->jid - y->jid;
}

static int task_order(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int order = 0;

	if (key == 'c')
		order = more(x->cpu, y->cpu);
	else if (key == 'm')
		order = more(x->rss, y->rss);
	return order ? order : x->pid - y->pid;
}

static void picture_take(struct picture *p, const struct picture *before)
{
	memset(p, 0, sizeof(*p));
	tasks_read(&p->tasks, SCAN_ARGS);
	p->when = scan_uptime();
	jails_read(p);
	sum_up(p, before);
	qsort(p->rows, p->n, sizeof(*p->rows), row_order);
	qsort(p->tasks.at, p->tasks.n, sizeof(*p->tasks.at), task_order);
}

static void picture_free(struct picture *p)
{
	tasks_free(&p->tasks);
	free(p->rows);
	memset(p, 0, sizeof(*p));
}

/* The place that lines go to, and how many fit. */
struct screen {
	int width, lines;	/* 0 and -1: no end */
};

__attribute__((format(printf, 2, 3)))
static void put_line(struct screen *s, const char *format, ...)
{
	char line[LINE];
	va_list args;

	if (!s->lines)
		return;
	s->lines -= s->lines > 0;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (batch)
		printf("%s\n", line);
	else
		printf("%.*s\033[K%s", s->width, line, s->lines ? "\n" : "");
}

static const char *size_of(unsigned long kb, char text[16])
{
	if (kb < 10000)
		snprintf(text, 16, "%luK", kb);
	else
		snprintf(text, 16, "%luM", kb / 1024);
	return text;
}

static void put_head(struct screen *s, const struct picture *p)
{
	unsigned long total = scan_memory("MemTotal");
	unsigned long used = total - scan_memory("MemAvailable");
	unsigned long long up = p->when / TICKS;
	char a[16], b[16];

	put_line(s, "jtop: up %llu:%02llu:%02llu, %zu jails, %zu processes, "
		    "memory %s of %s%s", up / 3600, up / 60 % 60, up % 60,
		 p->n - 1, p->tasks.n, size_of(used, a), size_of(total, b),
		 batch ? "" : "; keys: q c m p j P");
	put_line(s, "  JID   PID USER     S PROCS  %%CPU    RSS     TIME NAME");
}

static void put_task(struct screen *s, const struct task *t)
{
	char rss[16];

	put_line(s, "%5d %5d %-8.8s %c     - %3u.%u %6s %5llu:%02llu %s%s%s",
		 t->jid, t->pid, user_name(t->euid), t->state, t->cpu / 10,
		 t->cpu % 10, size_of(t->rss, rss), t->ticks / (60 * TICKS),
		 t->ticks / TICKS % 60, *t->args ? "" : "[",
		 *t->args ? t->args : t->comm, *t->args ? "" : "]");
}

static void put_row(struct screen *s, const struct row *row)
{
	char rss[16];

	if (!batch)
		fputs("\033[1m", stdout);
	put_line(s, "%5d     - -        - %5u %3u.%u %6s %5llu:%02llu %s (%s)",
		 row->jid, row->processes, row->cpu / 10, row->cpu % 10,
		 size_of(row->rss, rss), row->ticks / (60 * TICKS),
		 row->ticks / TICKS % 60, row->name, row->host);
	if (!batch)
		fputs("\033[m", stdout);
}

static void draw(const struct picture *p)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct screen s = { .lines = -1 };

	if (!batch) {
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
		s.width = size.ws_col ? size.ws_col : 80;
		s.lines = size.ws_row > HEAD_LINES ? size.ws_row : 24;
		fputs("\033[H", stdout);
	}
	put_head(&s, p);
	for (size_t r = 0; r < p->n; r++) {
		const struct row *row = &p->rows[r];

		if (choice.jails.given && !list_holds(&choice.jails, row->jid))
			continue;
		put_row(&s, row);
		for (size_t i = 0; i < p->tasks.n && !jails_only; i++)
			if (p->tasks.at[i].jid == row->jid)
				put_task(&s, &p->tasks.at[i]);
	}
	fputs(batch ? "\n" : "\033[J", stdout);
	fflush(stdout);
}

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static struct termios saved;

static void terminal_raw(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved) || !isatty(STDOUT_FILENO))
		fail("no terminal: jtop -b writes lines");
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	fputs("\033[H\033[2J", stdout);
}

/* Until the next picture is due; the keys struck meanwhile. */
static void wait_for_key(void)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	char c;

	if (batch) {
		poll(NULL, 0, delay_ms);
		return;
	}
	if (poll(&in, 1, delay_ms) <= 0)
		return;
	if (read(STDIN_FILENO, &c, 1) != 1)
		ended = 1;	/* the line is gone */
	else if (c == 'q' || c == 'Q')
		ended = 1;
	else if (strchr("cmpj", c))
		key = c;
	else if (c == 'P')
		jails_only = !jails_only;
}

/* Seconds, with a point if need be, as milliseconds; -1 if it is none. */
static int milliseconds(const char *text)
{
	char *end;
	long ms = strtol(text, &end, 10) * 1000;

	if (end == text || ms < 0 || ms > 86400000)
		return -1;
	if (*end == '.')
		for (int unit = 100; *++end >= '0' && *end <= '9'; unit /= 10)
			ms += (*end - '0') * unit;
	return *end ? -1 : (int)ms;
}

static void option(int c)
{
	char *end = "";

	switch (c) {
	case 'b':
		batch = true;
		break;
	case 'P':
		jails_only = true;
		break;
	case 'd':
		delay_ms = milliseconds(optarg);
		break;
	case 'n':
		rounds = (int)strtol(optarg, &end, 10);
		break;
	case 's':
		key = *optarg;
		break;
	case 'J':
		choose_jails(&choice.jails, optarg);
		break;
	default:
		fputs(usage, stderr);
		exit(1);
	}
	if (*end || delay_ms < 0 || rounds < 0 || !strchr("cmpj", key))
		fail("-%c cannot be '%s'", c, optarg);
}

int jtop_main(int argc, char **argv)
{
	struct picture before = { 0 }, now;
	int c;

	while ((c = getopt(argc, argv, "bPd:n:s:J:")) != -1)
		option(c);
	if (optind < argc) {
		fputs(usage, stderr);
		return 1;
	}
	if (!batch)
		terminal_raw();
	for (int round = 0; !ended; round++) {
		picture_take(&now, &before);
		draw(&now);
		picture_free(&before);
		before = now;
		if (rounds && round + 1 >= rounds)
			break;
		wait_for_key();
	}
	if (!batch) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
		putchar('\n');
	}
	return 0;
}
