/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.c - requests: checked once, handed to the driver, told when done.
 *
 * What is wrong with a request is its error like any other: it is done later,
 * never within disk_submit, so that no submitter is surprised.
 *
 * For tests the host's root can make requests fail: /proc/sys/debug/disk_fail.
 *
 * Locks: the kernel lock.
 */
#include "kernel/fs/disk/inner.h"
#include "kernel/fs/knob.h"

enum { LOG_BURST = 8 };
#define LOG_WINDOW_NS (5 * (uint64_t)NS_PER_SEC)

static struct list finished = LIST_INIT(finished);	/* disk_done_later */
static struct defer finish;
static struct sleep_queue waiters;			/* key: the request */

/* --- figures -------------------------------------------------------------- */

static void account(struct disk *d, int change)
{
	struct disk_stats *s = &d->stats;
	uint64_t now = arch_clock_ns(), passed = now - s->changed_ns;

	if (s->in_flight) {
		s->busy_ns += passed;
		s->weighted_ns += passed * s->in_flight;
	}
	s->changed_ns = now;
	assert(change > 0 || s->in_flight > 0);
	s->in_flight += change;
}

static void count(struct disk *d, const struct disk_request *r)
{
	struct disk_stats *s = &d->stats;

	account(d, -1);
	s->requests[r->op]++;
	s->sectors[r->op] += r->count;
	s->ns[r->op] += s->changed_ns - r->started_ns;
}

/* --- done ----------------------------------------------------------------- */

/* A broken disk must not flood the log. */
static void log_failure(struct disk *d, const struct disk_request *r)
{
	static const char *const names[DISK_OPS] = {
		"read", "write", "flush", "discard",
	};
	uint64_t now = arch_clock_ns();

	if (now - d->errors_since_ns > LOG_WINDOW_NS) {
		d->errors_since_ns = now;
		d->errors_logged = 0;
	}
	if (d->errors_logged++ < LOG_BURST)
		log_print(LOG_ERROR, "%s: I/O error, sector %llu (%s of %llu)",
			  d->name, r->at, names[r->op], r->count);
}

void disk_done(struct disk_request *r, int error)
{
	struct disk *d = r->disk;

	assert(r->busy && error <= 0);
	r->error = error;
	r->busy = false;
	count(d, r);
	if (d->whole != d)
		count(d->whole, r);
	if (error == -EIO)
		log_failure(d->whole, r);
	if (r->done)
		r->done(r);
	else
		sleep_wake_key(&waiters, (uint32_t)r, UINT32_MAX);
}

static void finish_all(struct defer *unused)
{
	struct list now;

	(void)unused;
	list_init(&now);
	list_splice(&now, &finished);	/* what is done may submit again */
	while (!list_empty(&now)) {
		struct disk_request *r =
			list_entry(now.next, struct disk_request, link);

		list_remove(&r->link);
		disk_done(r, r->error);
	}
}

void disk_done_later(struct disk_request *r, int error)
{
	assert(r->busy);
	r->error = error;
	list_append(&finished, &r->link);
	defer_raise(&finish);
}

/* --- errors made to measure ----------------------------------------------- */

static struct {
	char name[DISK_NAME_MAX];	/* of the disk, whole; "": none */
	uint64_t skip;		/* requests that still go well */
	uint64_t fail;		/* and how many then do not */
} injected;

static bool must_fail(const struct disk *d)
{
	if (likely(!injected.fail) || strcmp(injected.name, d->whole->name))
		return false;
	if (injected.skip) {
		injected.skip--;
		return false;
	}
	injected.fail--;
	return true;
}

static int fail_show(struct text *t, const struct cred *who)
{
	(void)who;
	if (injected.fail)
		text_put(t, "%s %llu %llu\n", injected.name, injected.skip + 1,
			 injected.fail);
	return 0;
}

/* The next word of *at, cut out of it; NULL: no more. */
static char *next_word(char **at)
{
	char *word = *at, *end;

	while (*word == ' ')
		word++;
	end = strchr(word, ' ');
	*at = end ? end + 1 : word + strlen(word);
	if (end)
		*end = '\0';
	return *word ? word : NULL;
}

/* "vda 3": its third request from now on fails; "vda 3 5": and four more.
 * An empty line: none. */
static int fail_store(const struct cred *who, const char *line)
{
	char text[64], *at = text, *name, *first, *more;
	uint64_t n = 0, fail = 1;

	(void)who;
	if (str_copy(text, line, sizeof(text)) >= sizeof(text))
		return -EINVAL;
	name = next_word(&at);
	first = next_word(&at);
	more = next_word(&at);
	if (!name) {
		injected.fail = 0;
		return 0;
	}
	if (!first || str_to_u64(first, 10, &n) || !n ||
	    (more && str_to_u64(more, 10, &fail)) || next_word(&at))
		return -EINVAL;
	if (!disk_find(name))
		return -ENODEV;
	str_copy(injected.name, name, sizeof(injected.name));
	injected.skip = n - 1;
	injected.fail = fail;
	return 0;
}

static struct procfs_knob fail_knob = {
	.directory = "sys/debug", .name = "disk_fail", .write = PRIV_IO,
	.show = fail_show, .store = fail_store,
};

void request_init(void)
{
	finish.fn = finish_all;
	sleep_queue_init(&waiters);
	procfs_knob_add(&fail_knob);
}

/* --- submitting ----------------------------------------------------------- */

static bool pieces_fit(const struct disk *d, const struct disk_request *r)
{
	uint32_t mask = d->block_size - 1;

	for (unsigned i = 0; i < r->piece_count; i++) {
		const struct disk_piece *p = &r->pieces[i];
		uint32_t at = (uint32_t)p->at;

		assert(at >= KERNEL_BASE && at < VMAP_BASE && !(at & 3));
		if (!p->len || (p->len & mask))
			return false;
	}
	return true;
}

/* 0, or why d cannot do it at all. */
static int check(const struct disk *d, struct disk_request *r)
{
	uint32_t mask = d->block_size / DISK_SECTOR - 1;

	if (r->op == DISK_FLUSH) {
		r->sector = r->count = 0;
		return 0;
	}
	if (r->op != DISK_DISCARD) {
		r->count = 0;
		for (unsigned i = 0; i < r->piece_count; i++)
			r->count += r->pieces[i].len / DISK_SECTOR;
	}
	if (r->op != DISK_READ && (d->read_only || d->whole->read_only))
		return -EROFS;
	if (r->op == DISK_DISCARD && !d->whole->discard_max)
		return -EOPNOTSUPP;
	if (!r->count || r->sector > d->sectors ||
	    r->count > d->sectors - r->sector)
		return -EIO;
	if (((r->sector | r->count) & mask) || !pieces_fit(d, r))
		return -EIO;
	return 0;
}

void disk_submit(struct disk_request *r)
{
	struct disk *d = r->disk;
	int err;

	assert(sched_locked() && !r->busy && d->opened);
	err = check(d, r);
	r->busy = true;
	r->error = 0;
	r->at = d->first + r->sector;
	r->next_piece = r->parts = 0;
	r->next_byte = 0;
	r->started_ns = arch_clock_ns();
	account(d, 1);
	if (d->whole != d)
		account(d->whole, 1);
	if (!err && must_fail(d))
		err = -EIO;
	if (err || (r->op == DISK_FLUSH && !d->whole->caches))
		disk_done_later(r, err);
	else
		d->whole->ops->submit(d->whole, r);
}

int disk_wait(struct disk_request *r)
{
	assert(!r->done);
	while (r->busy)
		/* No deadline and no signal: it can only be woken. */
		(void)!sleep_on_key(&waiters, (uint32_t)r, SLEEP_DEEP,
				    SLEEP_FOREVER);
	return r->error;
}

static int submit_and_wait(struct disk_request *r)
{
	disk_submit(r);
	return disk_wait(r);
}

int disk_io(struct disk *d, enum disk_op op, uint64_t sector, void *buf,
	    uint32_t bytes)
{
	struct disk_piece piece = { buf, bytes };
	struct disk_request r = {
		.disk = d, .op = op, .sector = sector, .pieces = &piece,
		.piece_count = 1,
	};

	assert(op == DISK_READ || op == DISK_WRITE);
	return submit_and_wait(&r);
}

int disk_flush(struct disk *d)
{
	struct disk_request r = { .disk = d, .op = DISK_FLUSH };

	return submit_and_wait(&r);
}

int disk_discard(struct disk *d, uint64_t sector, uint64_t count)
{
	struct disk_request r = { .disk = d, .op = DISK_DISCARD };
	int err = 0;

	while (!err && count) {
		uint64_t most = d->whole->discard_max;

		r.sector = sector;
		r.count = most && most < count ? most : count;
		sector += r.count;
		count -= r.count;
		err = submit_and_wait(&r);
	}
	return err;
}
