/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.c - the devices of major 1 that hold nothing: null, zero, full, and
 * kmsg, a window on the kernel's log.
 *
 * Locks: the kernel lock.
 */
#include "kernel/dev/inner.h"

enum { ZERO_CHUNK = 256 * 1024 };

/* --- null, zero, full ------------------------------------------------ */

static int null_read(struct file *f, struct user_io *io, off64 *pos)
{
	(void)f;
	(void)io;
	(void)pos;
	return 0;
}

static int null_write(struct file *f, struct user_io *io, off64 *pos)
{
	int n = io->left;

	(void)f;
	(void)pos;
	io->left = 0;
	return n;
}

static int zero_read(struct file *f, struct user_io *io, off64 *pos)
{
	int total = 0;

	(void)f;
	(void)pos;
	while (io->left) {
		int n = user_io_zero(io, min_u32(io->left, ZERO_CHUNK));

		if (n < 0)
			return total ? total : n;
		total += n;
		if (io->left && !device_go_on())
			break;
	}
	return total;
}

static int full_write(struct file *f, struct user_io *io, off64 *pos)
{
	(void)f;
	(void)pos;
	return io->left ? -ENOSPC : 0;
}

/* Seeking succeeds and means nothing (lseek(2) on these returns 0). */
static int null_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	(void)offset;
	(void)whence;
	*out = f->pos = 0;
	return 0;
}

static int zero_open(struct inode *i, struct file *f)
{
	(void)i;
	f->private = NULL;
	return 0;
}

/* Private: plain anonymous memory. Shared: an object of its own for each
 * mapping; the file keeps the latest one until the mapping holds it. */
static int zero_map(struct file *f, struct vm_request *r)
{
	struct vm_object *o;
	int err;

	assert(!r->object && !r->owner);
	if (!(r->flags & VM_SHARED))
		return 0;
	err = vm_object_new(f->cred->prison, NULL, NULL, &o);
	if (err)
		return err;
	o->size_limit = UINT32_MAX;
	if (f->private)
		vm_object_drop(f->private);
	f->private = o;
	r->object = o;
	return 0;
}

static void zero_release(struct file *f)
{
	if (f->private)
		vm_object_drop(f->private);
}

/* --- kmsg ------------------------------------------------------------ */

enum {
	KMSG_LINE = 224,	/* longer lines come in pieces */
	KMSG_WRITE_MAX = 400,
	KMSG_POLL_MS = 200,
};
struct kmsg {
	uint64_t seq;		/* next byte of the log */
	uint64_t records;	/* lines given so far */
};

static struct sleep_queue kmsg_wait;
static struct timer kmsg_timer;
static uint64_t kmsg_told;	/* the log's end when waiters were last woken */

/* The log wakes nobody, since it is written in any context: while somebody
 * waits, look again and again. */
static void kmsg_look(void *arg)
{
	(void)arg;
	if (sleep_queue_idle(&kmsg_wait))
		return;
	if (kmsg_told != log_end()) {
		kmsg_told = log_end();
		sleep_wake(&kmsg_wait);
	}
	timer_set_ms(&kmsg_timer, KMSG_POLL_MS);
}

static void kmsg_look_later(void)
{
	if (!kmsg_timer.armed)
		timer_set_ms(&kmsg_timer, KMSG_POLL_MS);
}

static int kmsg_open(struct inode *i, struct file *f)
{
	struct kmsg *k;
	int err;

	(void)i;
	if ((f->flags & O_ACCMODE) != O_WRONLY) {
		err = priv_check(f->cred, PRIV_MSGBUF);
		if (err)
			return err;
	}
	k = kmem_zalloc(sizeof(*k));
	if (!k)
		return -ENOMEM;
	f->private = k;
	return 0;
}

static void kmsg_release(struct file *f)
{
	kmem_free(f->private);
}

/* One line of the log into to; its length, 0 when there is none yet. */
static unsigned next_line(struct kmsg *k, char *to, unsigned size)
{
	uint64_t seq = k->seq;
	unsigned n = log_read_seq(&seq, to, size), line = n;
	const char *end = memchr(to, '\n', n);

	if (end)
		line = end - to + 1;
	else if (n < size)
		return 0;	/* still being written */
	/* seq stands behind all that was read: come back to the line's end. */
	assert(line > 0 && line <= n && seq >= n);
	k->seq = seq - (n - line);
	return line;
}

static unsigned number_at(const char **p, const char *end)
{
	unsigned v = 0;

	assert(*p <= end);
	while (*p < end && **p >= '0' && **p <= '9')
		v = v * 10 + (unsigned)(*(*p)++ - '0');
	return v;
}

/*
 * A line of the log, "<6>[    1.234567] text", in the form that readers of
 * /dev/kmsg expect: "6,SEQUENCE,MICROSECONDS,-;text". Level and time may be
 * missing.
 */
static unsigned format_record(struct kmsg *k, const char *line, unsigned n,
			      char *to, unsigned size)
{
	const char *p = line, *end = line + n;
	unsigned level = LOG_INFO, sec = 0, usec = 0;
	int len;

	if (n > 3 && p[0] == '<' && p[2] == '>') {
		level = (unsigned)(p[1] - '0') & 7;
		p += 3;
	}
	if (p < end && *p == '[') {
		const char *q = p + 1;

		while (q < end && *q == ' ')
			q++;
		sec = number_at(&q, end);
		if (q < end && *q == '.') {
			q++;
			usec = number_at(&q, end);
		}
		if (q + 1 < end && q[0] == ']' && q[1] == ' ')
			p = q + 2;
	}
	len = str_format(to, size, "%u,%llu,%llu,-;%.*s", level, k->records++,
			 (uint64_t)sec * 1000000 + usec, (int)(end - p), p);
	assert(len >= 0);
	return min_u32(len, size - 1);
}

/* One record for each read, as Linux. -EINVAL: the buffer is too small. */
static int kmsg_read(struct file *f, struct user_io *io, off64 *pos)
{
	char line[KMSG_LINE], record[KMSG_LINE + 48];
	struct kmsg *k = f->private;
	unsigned n;

	(void)pos;
	while (!(n = next_line(k, line, sizeof(line)))) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		kmsg_look_later();
		if (sleep_on(&kmsg_wait, SLEEP_SIGNAL, SLEEP_FOREVER))
			return -ERESTARTSYS;
	}
	n = format_record(k, line, n, record, sizeof(record));
	if (n > io->left)
		return -EINVAL;
	return user_io_give(io, record, n);
}

/* "<N>text" gives text the level N; the facility above it is dropped. */
static int kmsg_write(struct file *f, struct user_io *io, off64 *pos)
{
	char text[KMSG_WRITE_MAX];
	const char *p = text;
	unsigned level = LOG_INFO;
	int n;

	(void)f;
	(void)pos;
	if (io->left >= sizeof(text))
		return -EINVAL;
	n = user_io_take(io, text, io->left);
	if (n < 0)
		return n;
	text[n] = '\0';
	if (n > 2 && text[0] == '<') {
		const char *q = text + 1;
		unsigned v = number_at(&q, text + n);

		if (*q == '>' && q > text + 1) {
			level = v & 7;
			p = q + 1;
		}
	}
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	log_print((enum log_level)level, "%s", p);
	return n;
}

/* SEEK_SET: the oldest line; SEEK_END: only what comes from now on. */
static int kmsg_seek(struct file *f, off64 offset, int whence, off64 *out)
{
	struct kmsg *k = f->private;

	if (offset)
		return -ESPIPE;
	if (whence == SEEK_SET)
		k->seq = 0;
	else if (whence == SEEK_END)
		k->seq = log_end();
	else if (whence != SEEK_DATA)
		return -EINVAL;
	*out = 0;
	return 0;
}

static unsigned kmsg_poll(struct file *f, struct poller *p)
{
	struct kmsg *k = f->private;

	poll_wait(p, &kmsg_wait);
	kmsg_look_later();
	return POLLOUT | POLLWRNORM |
	       (k->seq < log_end() ? POLLIN | POLLRDNORM : 0);
}

/* --- registration ---------------------------------------------------- */

static const struct file_ops null_ops = {
	.read = null_read, .write = null_write, .seek = null_seek,
};
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = null_seek,
	.open = zero_open, .map = zero_map, .release = zero_release,
};
static const struct file_ops full_ops = {
	.read = zero_read, .write = full_write, .seek = null_seek,
};
static const struct file_ops kmsg_ops = {
	.read = kmsg_read, .write = kmsg_write, .seek = kmsg_seek,
	.poll = kmsg_poll, .open = kmsg_open, .release = kmsg_release,
};

static struct dev devices[] = {
	{ .name = "null", .number = 3, .mode = 0666, .jail_safe = true,
	  .ops = &null_ops },
	{ .name = "zero", .number = 5, .mode = 0666, .jail_safe = true,
	  .ops = &zero_ops },
	{ .name = "full", .number = 7, .mode = 0666, .jail_safe = true,
	  .ops = &full_ops },
	{ .name = "kmsg", .number = 11, .mode = 0644, .ops = &kmsg_ops },
};

void mem_init(void)
{
	sleep_queue_init(&kmsg_wait);
	timer_init(&kmsg_timer, kmsg_look, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(devices); i++) {
		struct dev *d = &devices[i];

		d->number = abi_dev(MAJOR_MEM, d->number);
		if (dev_register(d))
			panic("mem: no memory for /dev/%s", d->name);
	}
}
