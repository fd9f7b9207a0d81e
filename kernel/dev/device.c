/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.c - which driver stands behind a device number, and who may open it.
 *
 * A node in any file system is only a number. dev_open is the one door from
 * the number to the driver: it asks the device list of the opener's prison,
 * and the lists of all prisons above it. The host needs no list; a prison
 * without one has no device.
 *
 * A list lives in prison->slot[PRISON_SLOT_DEVICES] as one string of names.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/disks.h"
#include "kernel/dev/inner.h"
#include "kernel/dev/nic.h"
#include "net/net.h"

enum { BUCKETS = 64 };

static struct list by_number[BUCKETS];	/* struct device_slot.hash_link */
static struct list in_order = LIST_INIT(in_order); /* dev.link */

struct device_slot {		/* one per registered device */
	struct list hash_link;
	struct dev *dev;
};

static struct list *bucket(uint32_t number)
{
	return &by_number[hash_u32(number) % BUCKETS];
}

static struct device_slot *find_slot(uint32_t number, bool block)
{
	list_each(l, bucket(number)) {
		struct device_slot *s =
			list_entry(l, struct device_slot, hash_link);

		if (s->dev->number == number && s->dev->block == block)
			return s;
	}
	return NULL;
}

struct dev *device_next(struct dev *prev)
{
	struct list *l = prev ? prev->link.next : in_order.next;

	return l == &in_order ? NULL : list_entry(l, struct dev, link);
}

struct dev *device_named(const char *name)
{
	struct dev *d = NULL;

	while ((d = device_next(d)))
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

/* From now on d can be opened and has a node in every devfs. -EEXIST: number
 * or name is taken. -ENOMEM. */
int dev_register(struct dev *d)
{
	struct device_slot *s;

	if (find_slot(d->number, d->block) || device_named(d->name))
		return -EEXIST;
	assert(d->name[0] && d->name[0] != '/' && d->ops);
	s = kmem_alloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->dev = d;
	list_append(bucket(d->number), &s->hash_link);
	list_append(&in_order, &d->link);
	devfs_added(d);
	return 0;
}

/* No new opens; files that are open stay with the driver. Sleeps. */
void dev_unregister(struct dev *d)
{
	struct device_slot *s = find_slot(d->number, d->block);

	assert(s && s->dev == d);
	list_remove(&s->hash_link);
	list_remove(&d->link);
	kmem_free(s);
	devfs_removed(d);
}

bool device_go_on(void)
{
	if (signal_pending(thread_current()))
		return false;
	if (sched_cpu()->need_resched)
		sched_yield();
	return true;
}

/* --- device lists ---------------------------------------------------- */

/* Does the word of length n at w name the device? A star at its end stands
 * for any rest. */
static bool word_matches(const char *w, size_t n, const char *name)
{
	if (n && w[n - 1] == '*')
		return !strncmp(w, name, n - 1);
	return strlen(name) == n && !strncmp(w, name, n);
}

/* The next word at *at; its length, 0 at the end. */
static size_t next_word(const char **at)
{
	size_t n = 0;

	while (**at == ' ' || **at == ',')
		(*at)++;
	while ((*at)[n] && (*at)[n] != ' ' && (*at)[n] != ',')
		n++;
	return n;
}

static bool on_list(const char *list, const char *name)
{
	size_t n;

	for (; (n = next_word(&list)); list += n)
		if (word_matches(list, n, name))
			return true;
	return false;
}

bool device_listed(const struct prison *p, const char *name)
{
	assert(p);
	for (; p->parent; p = p->parent) {
		const char *list = p->slot[PRISON_SLOT_DEVICES];

		if (!list || !on_list(list, name))
			return false;
	}
	return true;
}

/* May this word stand on a list? */
static int check_word(const char *w, size_t n)
{
	struct dev *d = NULL;

	if (word_matches(w, n, "pts/0"))
		return n == 5 && w[4] == '*' ? 0 : -EPERM;
	while ((d = device_next(d)))
		if (strlen(d->name) == n && !strncmp(w, d->name, n))
			return d->jail_safe ? 0 : -EPERM;
	return -ENODEV;
}

int dev_list_check(const char *names)
{
	size_t n;

	for (const char *w = names; (n = next_word(&w)); w += n) {
		int err = check_word(w, n);

		if (err)
			return err;
	}
	return 0;
}

int dev_list_set(struct prison *p, const char *names)
{
	char *copy = NULL;
	int err;

	if (!p->parent)
		return -EPERM;	/* the host has all */
	if (names && *names) {
		err = dev_list_check(names);
		if (err)
			return err;
		copy = kmem_strdup(names);
		if (!copy)
			return -ENOMEM;
	}
	kmem_free(p->slot[PRISON_SLOT_DEVICES]);
	p->slot[PRISON_SLOT_DEVICES] = copy;
	return 0;
}

const char *dev_list_get(const struct prison *p)
{
	const char *list = p->slot[PRISON_SLOT_DEVICES];

	return list ? list : "";
}

/* FreeBSD's /etc/defaults/devfs.rules, as far as such devices exist. */
const char *dev_ruleset(int number)
{
	static const char *const rulesets[] = {
		[1] = "",
		[2] = "null zero full random urandom",
		[3] = "tty ptmx pts/*",
		[4] = "null zero full random urandom tty ptmx pts/*",
	};

	return number > 0 && number < (int)ARRAY_LEN(rulesets) ?
		       rulesets[number] : NULL;
}

static void prison_gone(struct prison *p)
{
	kmem_free(p->slot[PRISON_SLOT_DEVICES]);
	p->slot[PRISON_SLOT_DEVICES] = NULL;
}

/* A device that is not safe could not be put on the list: it is nothing that
 * the prison lacks. */
static void note_denied(const struct cred *who, const struct dev *d)
{
	if (d->jail_safe)
		prison_denied_device(who, d->name, -ENOENT);
	else
		prison_denied(who, "device", d->name, -ENOENT);
}

/* --- the door -------------------------------------------------------- */

static int open_slave(struct pty *pty, struct file *f)
{
	if (!pty)
		return -EIO;	/* its master is gone */
	return pty_visible(pty, f->cred) ? pty_open_slave(pty, f) : -ENOENT;
}

static int open_number(struct inode *i, struct file *f)
{
	struct device_slot *s = find_slot(i->rdev, S_ISBLK(i->mode));
	struct dev *d;

	if (!s)
		return -ENXIO;
	d = s->dev;
	if (!device_listed(f->cred->prison, d->name)) {
		note_denied(f->cred, d);
		return -ENOENT;
	}
	assert(d->ops && d->number == i->rdev);
	f->ops = d->ops;
	f->private = d;
	return d->ops->open ? d->ops->open(i, f) : 0;
}

/*
 * f->ops and f->private become the driver's. On an error both are as before,
 * so that nothing of the driver is called at the file's end. Sleeps.
 * -ENXIO no such device, -ENOENT not for the opener's prison, and the driver's.
 */
int dev_open(struct inode *i, struct file *f)
{
	const struct file_ops *ops = f->ops;
	void *private = f->private;
	struct pty *pty;
	bool ptmx;
	int err;

	assert(S_ISCHR(i->mode) || S_ISBLK(i->mode));
	if (devpts_node(i, &pty, &ptmx) && !ptmx)
		err = open_slave(pty, f);
	else
		err = open_number(i, f);
	if (err) {
		f->ops = ops;
		f->private = private;
	}
	assert(err || f->ops);
	return err;
}

bool device_shown(const struct inode *i, const struct prison *p)
{
	struct device_slot *s = find_slot(i->rdev, S_ISBLK(i->mode));

	return s && device_listed(p, s->dev->name);
}

/* In /dev and /dev/pts a device that a prison does not have is not there. A
 * node elsewhere is a file that somebody made: only opening it fails. */
static bool device_hidden(struct inode *i, const struct cred *who)
{
	struct device_slot *s;
	struct pty *pty;
	bool ptmx = false;

	assert(S_ISCHR(i->mode) || S_ISBLK(i->mode));
	if (devpts_node(i, &pty, &ptmx) && !ptmx)
		return pty && !pty_visible(pty, who);
	if (!(ptmx || devfs_has(i)) || device_shown(i, who->prison))
		return false;
	s = find_slot(i->rdev, S_ISBLK(i->mode));
	if (s)
		note_denied(who, s->dev);
	return true;
}

/* --- /proc/devices --------------------------------------------------- */

static const struct {
	unsigned major;
	const char *name;
} majors[] = {
	{ MAJOR_MEM, "mem" }, { MAJOR_TTY, "/dev/vc/0" }, { MAJOR_TTY, "tty" },
	{ MAJOR_TTY, "ttyS" }, { MAJOR_TTYAUX, "/dev/tty" },
	{ MAJOR_TTYAUX, "/dev/console" }, { MAJOR_TTYAUX, "/dev/ptmx" },
	{ MAJOR_PTS, "pts" },
};

/* Block drivers name their first device like the driver: one line for each. */
static int show_devices(struct text *t, const struct cred *who)
{
	struct dev *d = NULL;
	unsigned last = UINT32_MAX;

	(void)who;
	text_put(t, "Character devices:\n");
	for (unsigned i = 0; i < ARRAY_LEN(majors); i++)
		text_put(t, "%3u %s\n", majors[i].major, majors[i].name);
	text_put(t, "\nBlock devices:\n");
	while ((d = device_next(d))) {
		if (!d->block || abi_dev_major(d->number) == last)
			continue;
		last = abi_dev_major(d->number);
		text_put(t, "%3u %s\n", last, d->name);
	}
	return 0;
}

static struct procfs_entry devices_entry = {
	.directory = "", .name = "devices", .show = show_devices,
};

void device_init(void)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&by_number[i]);
	vfs_device_open = dev_open;
	vfs_device_hidden = device_hidden;
	procfs_register(&devices_entry);
	prison_on_death(prison_gone);
}

/* Everything that is a device, in order: what a later step needs is there. */
void dev_init(void)
{
	device_init();
	devfs_init();
	devpts_init();
	mem_init();
	physmem_init();
	random_init();
	net_random = random_get;
	tty_init();
	pty_init();
	serial_init();
	vga_init();
	keyboard_init();
	console_init();
	pci_init();
	block_init();
	ramdisk_init();
	virtio_blk_init();
	ata_init();
	virtio_net_init();
	ne2k_init();
}
