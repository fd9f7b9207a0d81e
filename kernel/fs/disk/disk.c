/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - which disks there are, and who has them.
 *
 * A partition is a struct disk of its own, made and freed here; the whole
 * disk's belongs to its driver.
 *
 * Invariant: the list has each whole disk followed by its parts, in order of
 * their numbers; a disk with opened > 0 stays.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/disk/inner.h"

enum {
	MAJOR_EXTENDED = 259,	/* for partitions beyond their disk's numbers */
	MINOR_MAX = 1 << 20,
};

struct list disk_list = LIST_INIT(disk_list);
int (*disk_node_add)(struct disk *d);
void (*disk_node_remove)(struct disk *d);

struct disk *disk_next(struct disk *prev)
{
	struct list *l = prev ? prev->link.next : disk_list.next;

	return l == &disk_list ? NULL : list_entry(l, struct disk, link);
}

struct disk *disk_find(const char *name)
{
	struct disk *d = NULL;

	while ((d = disk_next(d)))
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

void disk_name(char name[DISK_NAME_MAX], const char *prefix, unsigned number)
{
	char letters[8];
	unsigned at = sizeof(letters) - 1;

	letters[at] = '\0';
	for (number++; number; number = (number - 1) / 26)
		letters[--at] = (char)('a' + (number - 1) % 26);
	str_format(name, DISK_NAME_MAX, "%s%s", prefix, letters + at);
}

/* --- coming and going ----------------------------------------------------- */

/* Behind the list's entry `after`. */
static int add(struct disk *d, struct list *after)
{
	int err;

	assert(d->sectors <= (uint64_t)UINT32_MAX * (PAGE_SIZE / DISK_SECTOR));
	if (disk_find(d->name))
		return -EEXIST;
	err = disk_pages_begin(d);
	if (err)
		return err;
	list_insert_after(after, &d->link);
	err = disk_node_add ? disk_node_add(d) : 0;
	if (err) {
		list_remove(&d->link);
		disk_pages_end(d);
	}
	return err;
}

/* Sleeps. */
static void take_away(struct disk *d)
{
	assert(!d->opened && !d->claimed && !d->parts_claimed);
	list_remove(&d->link);
	if (disk_node_remove)
		disk_node_remove(d);
	disk_pages_end(d);
}

int disk_register(struct disk *d)
{
	assert(d->ops && d->block_size >= DISK_SECTOR && d->minors > 0);
	assert(d->block_size <= PAGE_SIZE &&
	       !(d->block_size & (d->block_size - 1)));
	d->whole = d;
	d->first = d->part = d->opened = d->parts_claimed = 0;
	d->claimed = false;
	return add(d, disk_list.prev);
}

static struct disk *last_part(struct disk *d)
{
	struct disk *at = d, *next;

	while ((next = disk_next(at)) && next->whole == d)
		at = next;
	return at;
}

/* A free number of the major that is there for those who have none. */
static uint32_t extended_number(void)
{
	for (uint32_t minor = 0; minor < MINOR_MAX; minor++) {
		struct disk *d = NULL;

		while ((d = disk_next(d)))
			if (d->number == abi_dev(MAJOR_EXTENDED, minor))
				break;
		if (!d)
			return abi_dev(MAJOR_EXTENDED, minor);
	}
	return 0;
}

int disk_add_part(struct disk *d, unsigned n, uint64_t first, uint64_t count)
{
	struct disk *p = kmem_zalloc(sizeof(*p));
	size_t len = strlen(d->name);
	bool digit = d->name[len - 1] >= '0' && d->name[len - 1] <= '9';
	int err;

	assert(d->whole == d && n > 0 && count > 0);
	assert(first < d->sectors && count <= d->sectors - first);
	if (!p)
		return -ENOMEM;
	str_format(p->name, sizeof(p->name), "%s%s%u", d->name,
		   digit ? "p" : "", n);
	p->whole = d;
	p->part = n;
	p->first = first;
	p->sectors = count;
	p->block_size = d->block_size;
	p->read_only = d->read_only;
	p->always_read_only = d->always_read_only;
	p->max_pieces = d->max_pieces;
	p->max_sectors = d->max_sectors;
	p->number = n < d->minors ?
			    abi_dev(abi_dev_major(d->number),
				    abi_dev_minor(d->number) + n) :
			    extended_number();
	err = add(p, &last_part(d)->link);
	if (err)
		kmem_free(p);
	return err;
}

static bool parts_open(struct disk *d)
{
	struct disk *p = d;

	while ((p = disk_next(p)) && p->whole == d)
		if (p->opened)
			return true;
	return false;
}

int disk_remove_parts(struct disk *d)
{
	struct disk *p;

	assert(d->whole == d);
	if (parts_open(d))
		return -EBUSY;
	while ((p = disk_next(d)) && p->whole == d) {
		take_away(p);
		kmem_free(p);
	}
	return 0;
}

int disk_unregister(struct disk *d)
{
	int err;

	assert(d->whole == d);
	if (d->opened || d->scanning)
		return -EBUSY;
	err = disk_remove_parts(d);
	if (!err)
		take_away(d);
	return err;
}

void disk_resized(struct disk *d, uint64_t sectors)
{
	log_print(LOG_INFO, "%s: %llu sectors now, %llu before", d->name,
		  sectors, d->sectors);
	assert(d->whole == d);
	d->sectors = sectors;
	d->inode->size = (off64)disk_bytes(d);
	d->object->size_limit =
		(uint32_t)((disk_bytes(d) + PAGE_MASK) >> PAGE_SHIFT);
}

/* --- who has it ----------------------------------------------------------- */

int disk_hold(struct disk *d, bool exclusive)
{
	assert(d->whole);
	if (exclusive) {
		if (d->claimed || d->whole->claimed || d->parts_claimed)
			return -EBUSY;
		d->claimed = true;
		if (d->whole != d)
			d->whole->parts_claimed++;
	}
	d->opened++;
	return 0;
}

void disk_release(struct disk *d, bool exclusive)
{
	assert(d->opened > 0);
	if (exclusive) {
		assert(d->claimed);
		d->claimed = false;
		if (d->whole != d)
			d->whole->parts_claimed--;
	}
	if (--d->opened == 0)
		disk_pages_forget(d);
}

/* What the block node is that source names; held. */
static int open_node(const struct cred *who, const char *source, bool write,
		     struct disk **out)
{
	struct proc *p = thread_current()->proc;
	struct path_at at = { who, p->fs, AT_FDCWD, p->files };
	struct file *f;
	struct path path;
	int err = path_walk(&at, source, WALK_FOLLOW, &path, NULL);

	if (err)
		return err;
	err = -ENOTBLK;
	if (S_ISBLK(path.dentry->inode->mode))
		err = path_open_at(&path, who, write ? O_RDWR : O_RDONLY, &f);
	path_drop(&path);
	if (err)
		return err;
	*out = disk_of_file(f);
	err = *out ? disk_hold(*out, false) : -ENOTBLK;
	file_drop(f);
	return err;
}

/* At boot, before there is a tree of names. */
static int open_named(const char *source, struct disk **out)
{
	static const char dev[] = "/dev/";

	if (!strncmp(source, dev, sizeof(dev) - 1))
		source += sizeof(dev) - 1;
	*out = disk_find(source);
	return *out ? disk_hold(*out, false) : -ENXIO;
}

int disk_open(const struct cred *who, const char *source, bool write,
	      struct disk **out)
{
	int err = thread_current()->proc->fs ?
			  open_node(who, source, write, out) :
			  open_named(source, out);

	if (err)
		return err;
	if (write && ((*out)->read_only || (*out)->whole->read_only)) {
		disk_release(*out, false);
		return -EACCES;
	}
	return 0;
}

void disk_init(void)
{
	request_init();
	pages_init();
	show_init();
}
