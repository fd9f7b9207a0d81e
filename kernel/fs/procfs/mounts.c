/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mounts.c - /proc/PID/mounts, mountinfo and mountstats.
 *
 * There is one tree of mounts; whoever asks sees the part that mount_visible
 * allows, named as mount_spell says. What a mount shows of the world outside
 * (a source that is a path, the top of a bind mount) is only for those who
 * can see who made it.
 */
#include "kernel/fs/procfs/inner.h"

enum { OPTIONS_MAX = 256 };

/* Blanks and backslashes as \ooo, as getmntent(3) wants them. */
static void put_escaped(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (strchr(" \t\n\\#", *s))
			text_put(t, "\\%03o", (unsigned)(uint8_t)*s);
		else
			text_write(t, s, 1);
	}
}

static const char *source_of(const struct mount *m, const struct cred *who)
{
	if (!m->source || !*m->source)
		return "none";
	if (m->source[0] == '/' && m->prison &&
	    !prison_sees(who->prison, m->prison))
		return "none";
	return m->source;
}

static void put_point(struct text *t, struct mount *m, const struct cred *who,
		      char *buf)
{
	const struct fs_context *fs = thread_current()->proc->fs;

	put_escaped(t, mount_spell(who, fs, m, buf, PATH_MAX));
}

/* 0 for one that the asker does not see. */
static int parent_id(const struct mount *m, const struct cred *who)
{
	const struct fs_context *fs = thread_current()->proc->fs;

	return m->parent && mount_visible(who, fs, m->parent) ? m->parent->id :
								 0;
}

/* The path of m's top within its file system; built from buf's end. */
static void put_top(struct text *t, const struct mount *m,
		    const struct cred *who, char *buf)
{
	char *at = buf + PATH_MAX - 1;

	*at = 0;
	if (m->prison && prison_sees(who->prison, m->prison)) {
		const struct dentry *d = m->root;

		for (; d->parent != d && at - buf > d->len; d = d->parent) {
			at -= d->len;
			memcpy(at, d->name, d->len);
			*--at = '/';
		}
	}
	put_escaped(t, *at ? at : "/");
}

static void put_mount_flags(struct text *t, const struct mount *m)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" },
		{ MS_NOEXEC, ",noexec" }, { MS_NOATIME, ",noatime" },
		{ MS_NODIRATIME, ",nodiratime" }, { MS_RELATIME, ",relatime" },
	};

	for (unsigned k = 0; k < ARRAY_LEN(names); k++)
		if (m->flags & names[k].flag)
			text_put(t, "%s", names[k].name);
}

static void put_super_options(struct text *t, struct superblock *sb, char *buf)
{
	if (sb->flags & MS_SYNCHRONOUS)
		text_put(t, ",sync");
	if (!sb->ops->show_options)
		return;
	buf[0] = 0;
	sb->ops->show_options(sb, buf, OPTIONS_MAX);
	text_put(t, "%s", buf);
}

static const char *access_word(uint32_t flags)
{
	return flags & MS_RDONLY ? "ro" : "rw";
}

typedef void (*put_mount)(struct text *t, struct mount *m,
			  const struct cred *who, char *buf);

static int each_mount(struct text *t, const struct cred *who, put_mount put)
{
	const struct fs_context *fs = thread_current()->proc->fs;
	struct mount *m = NULL;
	char *buf;

	if (!fs)
		return 0;
	buf = kmem_alloc(PATH_MAX);
	if (!buf)
		return -ENOMEM;
	while ((m = mount_next(who, fs, m)))
		put(t, m, who, buf);
	kmem_free(buf);
	return 0;
}

static void put_mounts_line(struct text *t, struct mount *m,
			    const struct cred *who, char *buf)
{
	put_escaped(t, source_of(m, who));
	text_put(t, " ");
	put_point(t, m, who, buf);
	text_put(t, " %s %s", mount_type_name(m),
		 access_word(m->flags | m->sb->flags));
	put_mount_flags(t, m);
	put_super_options(t, m->sb, buf);
	text_put(t, " 0 0\n");
}

static void put_info_line(struct text *t, struct mount *m,
			  const struct cred *who, char *buf)
{
	text_put(t, "%d %d %u:%u ", m->id, parent_id(m, who),
		 abi_dev_major(m->sb->dev), abi_dev_minor(m->sb->dev));
	put_top(t, m, who, buf);
	text_put(t, " ");
	put_point(t, m, who, buf);
	text_put(t, " %s", access_word(m->flags));
	put_mount_flags(t, m);
	text_put(t, " - %s ", mount_type_name(m));
	put_escaped(t, source_of(m, who));
	text_put(t, " %s", access_word(m->sb->flags));
	put_super_options(t, m->sb, buf);
	text_put(t, "\n");
}

static void put_stats_line(struct text *t, struct mount *m,
			   const struct cred *who, char *buf)
{
	text_put(t, "device ");
	put_escaped(t, source_of(m, who));
	text_put(t, " mounted on ");
	put_point(t, m, who, buf);
	text_put(t, " with fstype %s\n", mount_type_name(m));
}

int show_mounts(struct text *t, const struct pid_view *v)
{
	return each_mount(t, v->who, put_mounts_line);
}

int show_mountinfo(struct text *t, const struct pid_view *v)
{
	return each_mount(t, v->who, put_info_line);
}

int show_mountstats(struct text *t, const struct pid_view *v)
{
	return each_mount(t, v->who, put_stats_line);
}
