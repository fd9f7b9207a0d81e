/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan.c - processes as /proc shows them.
 *
 * /proc/PID/stat, status and cmdline are read as they are on Linux; Brig's
 * lines Jid and Jail of status are 0 and "-" where there are none. A process
 * that ends while it is looked at is left out.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ps.h"

enum { TEXT = 4096, PAGE_KB = 4 };

ssize_t scan_file(const char *name, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

unsigned long long scan_uptime(void)
{
	unsigned long long seconds;
	char text[64], *end;

	if (scan_file("/proc/uptime", text, sizeof(text)) <= 0)
		return 0;
	seconds = strtoull(text, &end, 10);
	return seconds * TICKS + (*end ? strtoul(end + 1, NULL, 10) : 0);
}

/* What follows a name at the beginning of a line, or NULL. */
static const char *line_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && text[len] == ':')
			return text + len + 1 + strspn(text + len + 1, " \t");
	}
	return NULL;
}

unsigned long scan_memory(const char *name)
{
	char text[TEXT];
	const char *value;

	if (scan_file("/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	value = line_of(text, name);
	return value ? strtoul(value, NULL, 10) : 0;
}

void scan_make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/* stat: pid (name) state, then numbers, from the fourth field on. The name
 * may hold anything, but not the last bracket. */
static bool read_stat(struct task *t, char *text)
{
	long long field[25] = { 0 };
	char *open = strchr(text, '('), *close = strrchr(text, ')'), *at;

	if (!open || !close || close < open || close[1] != ' ')
		return false;
	*close = '\0';
	snprintf(t->comm, sizeof(t->comm), "%s", open + 1);
	scan_make_printable(t->comm);
	t->state = close[2];
	at = close + 3;
	for (int i = 4; i < 25; i++)
		field[i] = strtoll(at, &at, 10);
	t->ppid = (int)field[4];
	t->group = (int)field[5];
	t->session = (int)field[6];
	t->tty = (unsigned)field[7];
	t->foreground = (int)field[8];
	t->ticks = (unsigned long long)(field[14] + field[15]);
	t->priority = (int)field[18];
	t->nice = (int)field[19];
	t->threads = (int)field[20];
	t->start = (unsigned long long)field[22];
	t->vsz = (unsigned long)(field[23] / 1024);
	t->rss = (unsigned long)field[24] * PAGE_KB;
	return true;
}

/* The first three of the numbers of a line: real, effective, saved. */
static void read_ids(const char *text, const char *name, unsigned *real,
		     unsigned *effective, unsigned *saved)
{
	const char *value = line_of(text, name);
	char *end;

	if (!value)
		return;
	*real = (unsigned)strtoul(value, &end, 10);
	*effective = (unsigned)strtoul(end, &end, 10);
	*saved = (unsigned)strtoul(end, &end, 10);
}

static void read_status(struct task *t, const char *text)
{
	const char *value;

	read_ids(text, "Uid", &t->uid, &t->euid, &t->suid);
	read_ids(text, "Gid", &t->gid, &t->egid, &t->sgid);
	value = line_of(text, "Jid");
	t->jid = value ? atoi(value) : 0;
	value = line_of(text, "Jail");
	t->jail = value ? strndup(value, strcspn(value, "\n")) : strdup("-");
	must(t->jail);
}

/* The words with blanks between. */
static char *read_args(const char *name)
{
	char text[TEXT];
	ssize_t len = scan_file(name, text, sizeof(text));

	while (len > 0 && !text[len - 1])
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	text[len > 0 ? len : 0] = '\0';
	scan_make_printable(text);
	return must(strdup(text));
}

/* "/proc/12" or "/proc/12/task/13" */
static bool read_task(struct task *t, const char *place, int what)
{
	char name[96], text[TEXT];

	snprintf(name, sizeof(name), "%s/stat", place);
	if (scan_file(name, text, sizeof(text)) <= 0 || !read_stat(t, text))
		return false;
	snprintf(name, sizeof(name), "%s/status", place);
	if (scan_file(name, text, sizeof(text)) <= 0)
		return false;
	read_status(t, text);
	if (what & SCAN_ARGS) {
		snprintf(name, sizeof(name), "%s/cmdline", place);
		t->args = read_args(name);
	}
	return true;
}

static void add(struct tasks *list, const char *place, int pid, int tid,
		int what)
{
	struct task *t;

	if (list->n == list->room) {
		list->room = list->room * 2 + 64;
		list->at = must(realloc(list->at,
					list->room * sizeof(*list->at)));
	}
	t = &list->at[list->n];
	memset(t, 0, sizeof(*t));
	t->pid = pid;
	t->tid = tid;
	if (read_task(t, place, what))
		list->n++;
}

static void each_number(const char *place, int pid, struct tasks *list,
			int what)
{
	char name[64];
	DIR *dir = opendir(place);
	struct dirent *entry;

	if (!dir && !pid)
		fail("%s is not mounted (mount -t proc proc %s)", place, place);
	while (dir && (entry = readdir(dir))) {
		int number = atoi(entry->d_name);

		if (number <= 0)
			continue;
		snprintf(name, sizeof(name), "%s/%d", place, number);
		if (!pid && (what & SCAN_THREADS)) {
			strcat(name, "/task");
			each_number(name, number, list, what);
		} else {
			add(list, name, pid ? pid : number, number, what);
		}
	}
	if (dir)
		closedir(dir);
}

void tasks_read(struct tasks *list, int what)
{
	unsigned long long now;

	memset(list, 0, sizeof(*list));
	each_number("/proc", 0, list, what);
	if (!list->n)
		fail("/proc shows no process (mount -t proc proc /proc)");
	now = scan_uptime();
	for (size_t i = 0; i < list->n; i++) {
		struct task *t = &list->at[i];

		if (now > t->start)
			t->cpu = (unsigned)(t->ticks * 1000 / (now - t->start));
	}
}

void tasks_free(struct tasks *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->at[i].jail);
		free(list->at[i].args);
	}
	free(list->at);
	memset(list, 0, sizeof(*list));
}
