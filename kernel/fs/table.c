/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - a process's descriptors: small numbers for open files.
 *
 * The arrays grow by doubling, up to the limit that the caller brings (its
 * RLIMIT_NOFILE). The lowest free number is found from a hint below which
 * nothing is free, so open and close cost the same however many are open.
 *
 * Invariant: file[n] == NULL exactly for free n; no free n < first_free.
 * Locks: the kernel lock; closing may sleep, after the slot is empty.
 */
#include "kernel/fs/inner.h"

enum {
	SLOTS_MIN = 32,
	SLOTS_MAX = 1 << 20,	/* as Linux's fs.nr_open */
};

/* file[] and cloexec[] in one piece. */
static int slots_alloc(unsigned n, struct file ***file, uint8_t **cloexec)
{
	struct file **p = kmem_alloc(n * (sizeof(*p) + 1));

	if (!p)
		return -ENOMEM;
	*file = p;
	*cloexec = (uint8_t *)(p + n);
	return 0;
}

static int table_alloc(unsigned size, struct file_table **out)
{
	struct file_table *t = kmem_alloc(sizeof(*t));

	assert(size > 0 && size <= SLOTS_MAX);
	if (!t)
		return -ENOMEM;
	if (slots_alloc(size, &t->file, &t->cloexec)) {
		kmem_free(t);
		return -ENOMEM;
	}
	t->refs = 1;
	t->size = size;
	t->open = 0;
	t->first_free = 0;
	memset(t->file, 0, size * sizeof(*t->file));
	*out = t;
	return 0;
}

int file_table_new(struct file_table **out)
{
	return table_alloc(SLOTS_MIN, out);
}

/* For fork: the same files under the same numbers. */
int file_table_copy(const struct file_table *t, struct file_table **out)
{
	struct file_table *copy;
	unsigned size = SLOTS_MIN, end = t->size, left = t->open;
	int err;

	assert(t->refs > 0 && t->open <= t->size);
	while (end > 0 && !t->file[end - 1])
		end--;
	while (size < end)
		size *= 2;
	err = table_alloc(size, &copy);
	if (err)
		return err;
	for (unsigned n = 0; left; n++) {
		struct file *f = t->file[n];

		assert(n < end);
		if (!f)
			continue;
		file_hold(f);
		copy->file[n] = f;
		left--;
	}
	memcpy(copy->cloexec, t->cloexec, end);
	assert(end <= copy->size);
	copy->open = t->open;
	copy->first_free = t->first_free;
	*out = copy;
	return 0;
}

void file_table_hold(struct file_table *t)
{
	assert(t->refs > 0);
	t->refs++;
}

static void let_go(struct file_table *t, struct file *f)
{
	assert(f->refs > 0 && f->ops);
	if (f->ops->flush)
		f->ops->flush(f, t);
	if (!list_empty(&f->inode->locks))
		lock_release_owner(f->inode, t);
	file_drop(f);
}

static struct file *slot_clear(struct file_table *t, unsigned fd)
{
	struct file *f = t->file[fd];

	assert(f && t->open > 0 && fd < t->size);
	t->file[fd] = NULL;
	t->open--;
	if (fd < t->first_free)
		t->first_free = fd;
	return f;
}

static void slot_set(struct file_table *t, unsigned fd, struct file *f,
		     bool cloexec)
{
	assert(!t->file[fd]);
	assert(fd < t->size && f->refs > 0);
	t->file[fd] = f;
	t->cloexec[fd] = cloexec;
	t->open++;
	if (fd == t->first_free)
		t->first_free = fd + 1;
}

/* Sleeps. */
void file_table_drop(struct file_table *t)
{
	assert(t->refs > 0);
	if (--t->refs)
		return;
	for (unsigned fd = 0; t->open; fd++)
		if (t->file[fd])
			let_go(t, slot_clear(t, fd));
	kmem_free(t->file);
	kmem_free(t);
}

/* Sleeps. */
void file_table_exec(struct file_table *t)
{
	assert(t->refs == 1);
	for (unsigned fd = 0; fd < t->size; fd++)
		if (t->file[fd] && t->cloexec[fd])
			let_go(t, slot_clear(t, fd));
}

struct file *file_get(struct file_table *t, int fd, unsigned want)
{
	struct file *f;
	unsigned may;

	if (unlikely((unsigned)fd >= t->size))
		return NULL;
	f = t->file[fd];
	if (unlikely(!f))
		return NULL;
	/* O_RDONLY, O_WRONLY, O_RDWR + 1 are the bits FILE_READ, FILE_WRITE. */
	may = (f->flags + 1) & O_ACCMODE;
	if (unlikely(f->flags & O_PATH)) {
		if (!(want & FILE_PATH))
			return NULL;
		may = 0;
	}
	if (unlikely(want & ~may & (FILE_READ | FILE_WRITE)))
		return NULL;
	f->refs++;
	return f;
}

/* At least `need` slots. */
static int grow(struct file_table *t, unsigned need)
{
	unsigned size = t->size;
	struct file **file;
	uint8_t *cloexec;

	assert(need > size);
	if (need > SLOTS_MAX)
		return -EMFILE;
	while (size < need)
		size *= 2;
	if (slots_alloc(size, &file, &cloexec))
		return -ENOMEM;
	memcpy(file, t->file, t->size * sizeof(*file));
	memset(file + t->size, 0, (size - t->size) * sizeof(*file));
	memcpy(cloexec, t->cloexec, t->size);
	kmem_free(t->file);
	t->file = file;
	t->cloexec = cloexec;
	t->size = size;
	return 0;
}

static unsigned lowest_free(const struct file_table *t, unsigned from)
{
	unsigned fd = max_u32(from, t->first_free);

	assert(t->refs > 0 && t->open <= t->size);
	while (fd < t->size && t->file[fd])
		fd++;
	return fd;
}

int file_room(const struct file_table *t, uint64_t limit)
{
	unsigned fd = lowest_free(t, 0);

	return fd < limit && fd < SLOTS_MAX ? 0 : -EMFILE;
}

int file_install(struct file_table *t, struct file *f, int from, bool cloexec,
		 uint64_t limit)
{
	unsigned fd = lowest_free(t, from);

	assert(from >= 0);
	if (fd >= limit)
		return -EMFILE;
	if (fd >= t->size) {
		int err = grow(t, fd + 1);

		if (err)
			return err;
	}
	if ((unsigned)from <= t->first_free)
		t->first_free = fd;	/* all below were seen to be taken */
	slot_set(t, fd, f, cloexec);
	return fd;
}

/* dup2: closes what fd was before. -EBADF: fd is no possible number. Sleeps. */
int file_install_at(struct file_table *t, struct file *f, int fd, bool cloexec,
		    uint64_t limit)
{
	struct file *old = NULL;

	if (fd < 0 || (unsigned)fd >= limit || fd >= SLOTS_MAX)
		return -EBADF;
	if ((unsigned)fd >= t->size) {
		int err = grow(t, fd + 1);

		if (err)
			return err;
	}
	if (t->file[fd])
		old = slot_clear(t, fd);
	slot_set(t, fd, f, cloexec);
	if (old)
		let_go(t, old);
	return fd;
}

/* Sleeps. -EBADF. */
int file_close(struct file_table *t, int fd)
{
	if ((unsigned)fd >= t->size || !t->file[fd])
		return -EBADF;
	let_go(t, slot_clear(t, fd));
	return 0;
}

bool file_cloexec(const struct file_table *t, int fd)
{
	return (unsigned)fd < t->size && t->file[fd] && t->cloexec[fd];
}

void file_set_cloexec(struct file_table *t, int fd, bool on)
{
	if ((unsigned)fd < t->size)
		t->cloexec[fd] = on;
}
