/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mount.c - what is mounted below a jail's root before it is made, and taken
 * away after it is gone, in the opposite order.
 *
 * A mount is made on the folder we stand in, not on a path: between looking
 * and mounting nobody can put a symbolic link in the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "inner.h"

#define PTS "nosuid,gid=5,mode=620,ptmxmode=666"

struct mounted {
	const char *source, *target, *type, *options;
	const char *rel; /* target from the root; "" is the root itself */
	struct mounted *next;
};

static const struct {
	const char *name;
	unsigned long set, clear;
} mount_options[] = {
	{ "ro", MS_RDONLY, 0 },     { "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 }, { "nodev", MS_NODEV, 0 },
	{ "noexec", MS_NOEXEC, 0 }, { "noatime", MS_NOATIME, 0 },
	{ "bind", MS_BIND, 0 },     { "late", 0, 0 },
	{ "noauto", 0, 0 },         { "defaults", 0, 0 },
};

enum { OPTIONS = sizeof(mount_options) / sizeof(*mount_options) };

/* FreeBSD's names of file systems that have others here. */
static const char *type_here(const char *type)
{
	if (!strcmp(type, "devfs"))
		return "devtmpfs";
	if (!strcmp(type, "procfs"))
		return "proc";
	return type;
}

/* "\040" in a field of fstab is a blank. */
static void decode(char *field)
{
	char *to = field;

	for (; *field; field++) {
		if (field[0] == '\\' && strspn(field + 1, "01234567") >= 3) {
			*to++ = (char)(64 * (field[1] - '0') +
				       8 * (field[2] - '0') + field[3] - '0');
			field += 3;
		} else {
			*to++ = *field;
		}
	}
	*to = '\0';
}

/* A line of fstab(5) to the end of list; blank lines and comments are not. */
static int add_line(struct entry *jail, const struct setting *s,
		    const char *line, struct mounted **list)
{
	struct mounted *m = keep(sizeof(*m));
	char *words = keep_text(line, strlen(line)), *word;
	char *fields[4] = { NULL, NULL, NULL, "rw" };
	int n = 0;

	words[strcspn(words, "#\n")] = '\0';
	while ((word = strsep(&words, " \t"))) {
		if (!*word || n >= 4)
			continue;
		decode(word);
		fields[n++] = word;
	}
	if (n == 0)
		return 0;
	if (n < 3)
		return complain_at(jail, s,
				   "%s: \"%s\" is not \"source folder "
				   "type options\"",
				   s->name, line);
	m->source = fields[0];
	m->target = fields[1];
	m->type = type_here(fields[2]);
	m->options = fields[3];
	m->rel = path_below(jail, m->target);
	if (!m->rel)
		return complain_at(jail, s,
				   "%s: %s does not lie below the "
				   "path of the jail",
				   s->name, m->target);
	while (*list)
		list = &(*list)->next;
	*list = m;
	return 0;
}

static int add_file(struct entry *jail, const struct setting *s,
		    struct mounted **list)
{
	FILE *file = fopen(s->values[0], "re");
	char *line = NULL;
	size_t size = 0;
	int bad = 0;

	if (!file)
		return complain_at(jail, s, "mount.fstab %s: %s", s->values[0],
				   strerror(errno));
	while (!bad && getline(&line, &size, file) > 0)
		bad = add_line(jail, s, line, list);
	free(line);
	fclose(file);
	return bad;
}

/* mount.devfs and the like: type at root/folder. */
static int add_standard(struct entry *jail, const char *name, const char *type,
			const char *folder, const char *more,
			struct mounted **list)
{
	const char *root = strcmp(jail->root, "/") ? jail->root : "";

	if (!jail_is_on(jail, name))
		return 0;
	return add_line(jail, jail_param(jail, name),
			keep_format("%s %s/%s %s %s", type, root, folder, type,
				    more),
			list);
}

/* All that the parameters name, in order. */
static int wanted_mounts(struct entry *jail, struct mounted **list)
{
	const struct setting *s = jail_param(jail, "mount");
	const struct setting *fstab = jail_param(jail, "mount.fstab");
	int i;

	*list = NULL;
	for (i = 0; s && i < s->nvalues; i++) {
		if (add_line(jail, s, s->values[i], list) < 0)
			return -1;
	}
	if (fstab && fstab->nvalues && add_file(jail, fstab, list) < 0)
		return -1;
	if (add_standard(jail, "mount.devfs", "devfs", "dev", "nosuid", list) < 0 ||
	    add_standard(jail, "mount.devfs", "devpts", "dev/pts", PTS, list) < 0)
		return -1;
	return add_standard(jail, "mount.procfs", "procfs", "proc", "nosuid", list);
}

int check_mounts(struct entry *jail)
{
	struct mounted *list;

	return wanted_mounts(jail, &list);
}

/* Options into flags; those that are the file system's own are given. */
static const char *split_options(const char *text, unsigned long *flags)
{
	char *words = keep_text(text, strlen(text)), *word;
	const char *rest = "";
	int i;

	*flags = 0;
	while ((word = strsep(&words, ","))) {
		for (i = 0; i < OPTIONS; i++) {
			if (!strcmp(mount_options[i].name, word))
				break;
		}
		if (i == OPTIONS) {
			rest = keep_format("%s%s%s", rest, *rest ? "," : "",
					   word);
			continue;
		}
		*flags |= mount_options[i].set;
		*flags &= ~mount_options[i].clear;
	}
	return rest;
}

static int mount_complain(struct entry *jail, const struct mounted *m,
			  const char *deed)
{
	return complain(jail, "%s %s: %s", deed, m->target,
			errno == ELOOP    ? "goes through a symbolic link"
			: errno == EINVAL ? "makes no sense here"
			: errno == ENODEV ? "unknown type of file system"
					  : strerror(errno));
}

static int make_mount(struct entry *jail, struct mounted *m)
{
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = open_beneath(jail, m->rel), bad = fd < 0;
	unsigned long flags;
	const char *rest = split_options(m->options, &flags);

	note_step(jail, "mount %s on %s", m->type, m->target);
	if (!bad)
		bad = fchdir(fd) < 0 ||
		      mount(m->source, ".", m->type, flags, rest) < 0;
	if (bad)
		mount_complain(jail, m, "mount");
	if (fd >= 0)
		close(fd);
	if (home >= 0) {
		bad |= fchdir(home) < 0;
		close(home);
	}
	return bad ? -1 : 0;
}

int make_mounts(struct entry *jail)
{
	struct mounted *list, *m, *next;

	if (wanted_mounts(jail, &list) < 0)
		return -1;
	for (m = list; m; m = next) {
		next = m->next;
		if (make_mount(jail, m) < 0)
			return -1;
		m->next = jail->mounted;
		jail->mounted = m;
	}
	return 0;
}

/* From the folder above it, by a name that is not followed. */
static int remove_mount(struct entry *jail, const struct mounted *m)
{
	const char *slash = strrchr(m->rel, '/');
	const char *folder =
		slash ? keep_text(m->rel, (size_t)(slash - m->rel)) : "";
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, bad;

	note_step(jail, "umount %s", m->target);
	if (!*m->rel) {
		fd = -1;
		bad = umount2(jail->root, UMOUNT_NOFOLLOW) < 0;
	} else {
		fd = open_beneath(jail, folder);
		bad = fd < 0 || fchdir(fd) < 0 ||
		      umount2(slash ? slash + 1 : m->rel, UMOUNT_NOFOLLOW) < 0;
	}
	if (bad && errno == EINVAL)
		bad = 0; /* somebody has taken it away already */
	if (bad)
		mount_complain(jail, m, "umount");
	if (fd >= 0)
		close(fd);
	if (home >= 0) {
		bad |= fchdir(home) < 0;
		close(home);
	}
	return bad ? -1 : 0;
}

int undo_mounts(struct entry *jail)
{
	int bad = 0;

	for (; jail->mounted; jail->mounted = jail->mounted->next)
		bad |= remove_mount(jail, jail->mounted);
	return bad;
}

int remove_mounts(struct entry *jail)
{
	struct mounted *list, *m, *next;

	if (wanted_mounts(jail, &list) < 0)
		return -1;
	jail->mounted = NULL;
	for (m = list; m; m = next) {
		next = m->next;
		m->next = jail->mounted;
		jail->mounted = m;
	}
	return undo_mounts(jail);
}
