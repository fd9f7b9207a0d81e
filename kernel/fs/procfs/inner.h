/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to kernel/fs/procfs.
 *
 * An inode of procfs carries a node: which entry it is, and of which process.
 * It names the process by number and birth, and holds nothing, so that a
 * cached name keeps no dead process in memory. Each use finds the process
 * anew, through proc_find with the cred of who uses it.
 */
#ifndef KERNEL_FS_PROCFS_INNER_H
#define KERNEL_FS_PROCFS_INNER_H

#include "kernel/fs/inner.h"

struct entry_dir;
struct leaf;
struct pid_entry;

struct node {			/* inode->private; kmem */
	struct leaf *leaf;		/* registered file, or NULL */
	struct entry_dir *dir;		/* registered directory, or NULL */
	const struct pid_entry *entry;	/* of a process, or NULL */
	const char *link;		/* fixed symlink, or NULL */
	int pid;			/* 0: not of a process */
	int tid;			/* 0: the process as a whole */
	int fd;				/* in fd/ and fdinfo/, else -1 */
	uint64_t birth;			/* the process's start_ns */
};

/* --- text.c ------------------------------------------------------------- */

struct text_chunk;
struct text {
	struct text_chunk *first, *last;
	uint32_t size;		/* bytes written */
	int error;		/* -ENOMEM: not all is in it */
	struct prison *prison;	/* pays; kept alive by the open file */
};
void text_init(struct text *t, struct prison *pays);
void text_free(struct text *t);
/* Bytes from place `from` on into io; 0 at the end. Sleeps. */
int text_give(const struct text *t, uint32_t from, struct user_io *io);

/* --- super.c ------------------------------------------------------------ */

/* A new inode of name `name` in dir, owned by root; takes a copy of n. */
int node_make(struct inode *dir, const char *name, size_t len, uint32_t mode,
	      const struct node *n, struct inode **out) must_check;
static inline struct node *node_of(const struct inode *i)
{
	return i->private;
}
/* Every name in a directory has one number, whoever asks. */
uint64_t node_ino(const struct inode *dir, const char *name, size_t len);
int node_set_attr(struct inode *i, const struct attr_change *a);

/* Whoever walks a path or reads a directory now; nobody: sees nothing. */
static inline const struct cred *asker(void)
{
	return thread_current()->cred;
}

/* --- dir.c: reading directories ----------------------------------------- */

struct dir_out {
	struct file *f;
	dir_emit emit;
	void *ctx;
};
/* One name; false: no room. Moves f->pos to next. */
bool dir_put(struct dir_out *d, const char *name, unsigned type, off64 next);
bool dir_put_number(struct dir_out *d, int n, unsigned type, off64 next);
bool dir_put_dots(struct dir_out *d);	/* places 0 and 1 */
enum { DIR_FIRST = 2 };			/* the first place after the dots */
/* A decimal number without leading zeros, as a pid in a name; -1: none. */
int name_to_number(const char *name, size_t len);

/* --- file.c: files whose content is generated --------------------------- */

extern const struct inode_ops text_inode_ops;
extern const struct file_ops text_file_ops;

/* --- entry.c: what rooms registered ------------------------------------- */

extern struct entry_dir entry_root;
void entry_init(void);
/* Around each use of an entry. NULL: it was taken away, there is no end. */
struct procfs_entry *leaf_begin(struct leaf *leaf);
void leaf_end(struct leaf *leaf);
int entry_lookup(struct entry_dir *d, struct inode *dir, const char *name,
		 size_t len, struct inode **out) must_check;
bool entry_visible(const struct node *n, const struct cred *who);
/* From place DIR_FIRST on; the places after the last entry are `*next` on.
 * false: no room. */
bool entry_read_dir(struct entry_dir *d, struct dir_out *out, off64 *next);

/* --- pid.c: /proc/PID and /proc/PID/task/TID ---------------------------- */

struct pid_view {		/* a process, as one asker sees it */
	const struct cred *who;
	struct proc *p;		/* held */
	struct thread *t;	/* held; NULL: the process as a whole */
};
/* -ESRCH when it is gone, or not in view. */
int view_open(struct inode *i, const struct cred *who, struct pid_view *v) must_check;
void view_close(struct pid_view *v);	/* Sleeps. */
bool view_private(const struct pid_view *v); /* may see what is not for all */
struct thread *view_thread(const struct pid_view *v); /* that stands for it */
/* Fresh owner into i, for who asks about v. */
void view_own(struct inode *i, const struct pid_view *v);

enum { IN_PROC = 1, IN_TASK = 2, IN_BOTH = 3 };
struct pid_entry {
	const char *name;
	uint32_t mode;		/* with the type */
	uint8_t where;		/* IN_* */
	bool private;		/* only for who may debug it: -EACCES */
	int (*show)(struct text *t, const struct pid_view *v);
	int (*store)(const struct pid_view *v, const char *text, size_t n);
	int (*link)(const struct pid_view *v, struct path *out); /* held */
	const struct inode_ops *iops;	/* of a directory */
	const struct file_ops *fops;
};
int pid_lookup(struct inode *dir, const char *name, size_t len, struct inode **out) must_check;
bool pid_revalidate(struct inode *dir, struct dentry *d);

/* --- link.c ------------------------------------------------------------- */

extern const struct inode_ops link_inode_ops;		/* exe, cwd, root */
extern const struct inode_ops plain_link_inode_ops;	/* mounts */
extern const struct inode_ops self_inode_ops, thread_self_inode_ops;
int link_exe(const struct pid_view *v, struct path *out);
int link_cwd(const struct pid_view *v, struct path *out);
int link_root(const struct pid_view *v, struct path *out);
/* The name of p as the asker sees it, without NUL: its length. */
int path_spell(const struct path *p, char *to, size_t size);

/* --- fd.c, pid.c -------------------------------------------------------- */

extern const struct inode_ops fd_dir_inode_ops, fdinfo_dir_inode_ops,
	task_dir_inode_ops;
extern const struct file_ops fd_dir_file_ops, task_dir_file_ops;

/* --- stat.c status.c maps.c mounts.c: content --------------------------- */

int show_stat(struct text *t, const struct pid_view *v);
int show_statm(struct text *t, const struct pid_view *v);
int show_status(struct text *t, const struct pid_view *v);
void put_comm(struct text *t, const char *comm);
char view_state(const struct pid_view *v, const char **name);
int show_cmdline(struct text *t, const struct pid_view *v);
int show_environ(struct text *t, const struct pid_view *v);
int show_auxv(struct text *t, const struct pid_view *v);
int show_comm(struct text *t, const struct pid_view *v);
int store_comm(const struct pid_view *v, const char *text, size_t n);
int show_limits(struct text *t, const struct pid_view *v);
int show_io(struct text *t, const struct pid_view *v);
int show_zero(struct text *t, const struct pid_view *v);
int show_loginuid(struct text *t, const struct pid_view *v);
int show_wchan(struct text *t, const struct pid_view *v);
int show_maps(struct text *t, const struct pid_view *v);
int show_smaps(struct text *t, const struct pid_view *v);
int show_mounts(struct text *t, const struct pid_view *v);
int show_mountinfo(struct text *t, const struct pid_view *v);
int show_mountstats(struct text *t, const struct pid_view *v);

/* --- system.c, cpu.c, sysctl.c, jail.c: registered by procfs_init ------- */

void jail_register(void);
void system_register(void);
void cpu_register(void);
void sysctl_register(void);
static inline bool from_host(const struct cred *who)
{
	return who->prison == prison_host();
}
/* A prison is not told of more threads than it has. */
static inline uint32_t runnable_seen(const struct cred *who)
{
	uint32_t all = sched_runnable();

	return from_host(who) ? all :
	       min_u32(all, (uint32_t)who->prison->used[RACCT_THREAD]);
}

#endif
