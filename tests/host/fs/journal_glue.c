/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal_glue.c - what the journal calls: threads, pages, a disk in memory.
 * Not linked with it but including it: thread_current is ours.
 */
#include "tests/host/fs/journal_glue.h"

#include "kernel/base/arch.h"

static struct thread *current;
#define thread_current() current

#include "kernel/proc/proc.h"

static struct thread threads[2], *current = &threads[0];

#include "kernel/fs/ext2/add.c"
#include "kernel/fs/ext2/transaction.c"
#include "kernel/fs/ext2/commit.c"
#include "kernel/fs/ext2/checkpoint.c"
#include "kernel/fs/ext2/io.c"
#include "kernel/fs/ext2/map.c"
#include "kernel/fs/ext2/recover.c"
#include "kernel/fs/ext2/open.c"

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void free(void *p);
size_t malloc_usable_size(void *p);

enum { IDLE_MAX = 200000, PENDING_MAX = 4096 };

struct glue_event *glue_events;
unsigned glue_event_count;
uint8_t *glue_disk;
int glue_fail_in;
void (*glue_switch)(void);
unsigned (*glue_random)(unsigned below);
int (*glue_pages)(void);
struct page *page_table;
uint32_t sched_lock_owner, page_count;
bool defer_busy;

static unsigned pieces, idle;
static uint64_t now_ns = 1000000000ull;
static struct sleep_queue *asleep_on[2];
static bool woken[2], thread_runs;
static void (*thread_entry)(void *);
static void *thread_arg;
static struct disk disk = { .name = "sim" };
static struct vm_object object;
static struct superblock sb = { .disk = &disk };
static struct journal *journal;
static uint32_t block_size;
static struct inode inode;
static struct journal_inode ordered;

/* --- memory ----------------------------------------------------------------- */

void *kmem_alloc(size_t n)
{
	pieces++;
	return malloc(n);
}

void *kmem_zalloc(size_t n)
{
	pieces++;
	return calloc(1, n);
}

void kmem_free(void *p)
{
	pieces -= p != NULL;
	free(p);
}

size_t kmem_size(const void *p)
{
	return malloc_usable_size((void *)p);
}

unsigned glue_pieces(void)
{
	return pieces;
}

void page_stats_get(struct page_stats *s)
{
	*s = (struct page_stats){ .total = 192 };	/* few blocks not at home */
}

/* --- threads ---------------------------------------------------------------- */

uint64_t arch_clock_ns(void)
{
	return now_ns;
}

int64_t inode_now(void)
{
	return (int64_t)now_ns;
}

void glue_thread_is(bool second)
{
	current = &threads[second];
}

bool glue_thread_ready(void)
{
	return thread_runs;
}

void glue_thread(void)
{
	thread_entry(thread_arg);
	thread_runs = false;
}

int thread_new_kernel(const char *name, void (*entry)(void *), void *arg,
		      struct thread **out)
{
	assert(name && !thread_runs);
	thread_entry = entry;
	thread_arg = arg;
	*out = &threads[1];
	return 0;
}

void sched_ready(struct thread *t)
{
	assert(t == &threads[1]);
	thread_runs = true;
}

static bool finish_one(void);

int sleep_on(struct sleep_queue *q, enum sleep_how how, uint64_t deadline)
{
	unsigned me = current == &threads[1];

	assert(how == SLEEP_DEEP);
	asleep_on[me] = q;
	woken[me] = false;
	while (!woken[me] && now_ns < deadline) {
		if (++idle > IDLE_MAX)
			panic("nobody wakes anybody");
		now_ns += 5000000;
		if (thread_runs && glue_random(3))
			glue_switch();
		else
			finish_one();
	}
	asleep_on[me] = NULL;
	return woken[me] ? 0 : -ETIMEDOUT;
}

void sleep_wake(struct sleep_queue *q)
{
	for (unsigned n = 0; n < 2; n++)
		if (asleep_on[n] == q)
			woken[n] = true;
}

/* --- the disk --------------------------------------------------------------- */

static struct disk_request *waiting[PENDING_MAX];
static unsigned waiting_count;

static void add_event(uint32_t sector, const void *data, uint32_t bytes)
{
	struct glue_event *e;

	glue_events = realloc(glue_events, (glue_event_count + 1) * sizeof(*e));
	e = &glue_events[glue_event_count++];
	*e = (struct glue_event){ sector, bytes, malloc(bytes + !bytes) };
	memcpy(e->data, data, bytes);
}

/* Any of those that wait is done, as it is now in memory. */
static bool finish_one(void)
{
	struct disk_request *r;
	uint32_t at;

	if (!waiting_count)
		return false;
	at = glue_random(waiting_count);
	r = waiting[at];
	waiting[at] = waiting[--waiting_count];
	at = (uint32_t)r->sector * DISK_SECTOR;
	if (glue_fail_in && --glue_fail_in == 0)
		r->error = -EIO;
	for (unsigned n = 0; n < r->piece_count && !r->error; n++) {
		memcpy(glue_disk + at, r->pieces[n].at, r->pieces[n].len);
		add_event(at / DISK_SECTOR, r->pieces[n].at, r->pieces[n].len);
		at += r->pieces[n].len;
	}
	idle = 0;
	r->done(r);
	return true;
}

void disk_submit(struct disk_request *r)
{
	assert(r->op == DISK_WRITE && r->done && waiting_count < PENDING_MAX);
	for (unsigned n = 0; n < r->piece_count; n++)
		assert(r->pieces[n].len == block_size);
	waiting[waiting_count++] = r;
}

int disk_io(struct disk *d, enum disk_op op, uint64_t sector, void *buf,
	    uint32_t bytes)
{
	assert(d == &disk && op == DISK_READ && sector + bytes / DISK_SECTOR <=
	       d->sectors);
	memcpy(buf, glue_disk + sector * DISK_SECTOR, bytes);
	return 0;
}

int disk_flush(struct disk *d)
{
	assert(d == &disk);
	if (thread_runs && glue_random(2))	/* as long as it takes */
		glue_switch();
	add_event(0, "", 0);
	return 0;
}

/* --- its cache -------------------------------------------------------------- */

struct cached {
	struct page page;
	uint8_t content[PAGE_SIZE];
};
static struct cached **cached;
static uint32_t cached_count;

static struct cached *cached_get(uint32_t index)
{
	struct cached *c = cached[index];

	if (!c) {
		c = cached[index] = calloc(1, sizeof(*c));
		c->page.refs = 1;
		c->page.index = index;
		memcpy(c->content, glue_disk + index * PAGE_SIZE, PAGE_SIZE);
	}
	return c;
}

int disk_block_get(struct disk *d, uint64_t number, uint32_t size,
		   struct block *b)
{
	uint64_t at = number * size;
	struct cached *c;

	if (at / DISK_SECTOR >= d->sectors)
		return -EIO;
	c = cached_get((uint32_t)(at / PAGE_SIZE));
	c->page.refs++;
	*b = (struct block){ &c->page, c->content + at % PAGE_SIZE, number, size };
	return 0;
}

int disk_block_fresh(struct disk *d, uint64_t number, uint32_t size,
		     struct block *b)
{
	int err = disk_block_get(d, number, size, b);

	if (!err)
		memset(b->data, 0, size);
	return err;
}

/* Memory is short: what only the cache holds goes, sooner or later. */
void disk_block_put(struct block *b)
{
	struct cached *c = container_of(b->page, struct cached, page);
	uint32_t index = c->page.index;

	assert(c->page.refs > 0);
	if (--c->page.refs == 0) {
		free(c);
	} else if (c->page.refs == 1 && cached[index] == c && !glue_random(2)) {
		cached[index] = NULL;
		free(c);
	}
}

void vm_object_truncate(struct vm_object *o, uint32_t first, uint32_t tail)
{
	assert(o == &object && !first && !tail);
	for (uint32_t n = 0; n < cached_count; n++) {
		struct cached *c = cached[n];

		cached[n] = NULL;
		if (c && --c->page.refs == 0)
			free(c);
	}
}

/* --- for the program -------------------------------------------------------- */

void glue_forget_events(void)
{
	while (glue_event_count)
		free(glue_events[--glue_event_count].data);
}

void glue_insert(const uint8_t *image, size_t size, uint32_t bytes)
{
	free(glue_disk);
	glue_disk = malloc(size);
	memcpy(glue_disk, image, size);
	block_size = bytes;
	vm_object_truncate(&object, 0, 0);
	free(cached);
	cached_count = size / PAGE_SIZE;
	cached = calloc(cached_count, sizeof(*cached));
	glue_forget_events();
}

int cache_write_inode_pages(struct inode *i, bool wait)
{
	assert(i == &inode);
	return wait ? 0 : glue_pages();
}

int glue_open(unsigned how, bool read_only)
{
	disk.sectors = (uint64_t)cached_count * PAGE_SIZE / DISK_SECTOR;
	disk.object = &object;
	disk.read_only = read_only;
	sb.flags = 0;
	journal_inode_init(&ordered, &inode);
	idle = 0;
	return journal_open(&sb, how, &journal);
}

int glue_start(void)
{
	return journal_start(journal);
}

int glue_stop(void)
{
	return journal_stop(journal);
}

/* As after a cut: nothing is written any more, nobody waits. */
void glue_close(void)
{
	if (journal) {
		list_each_safe(l, &journal->handles) {
			list_remove(l);
			kmem_free(list_entry(l, struct handle, link));
		}
		if (journal->running)
			journal->running->handles = 0;
		for (unsigned n = 0; n < 2; n++)
			if (!list_empty(&ordered.link[n]))
				list_remove(&ordered.link[n]);
		journal->started = false;
		journal->thread = NULL;
	}
	thread_runs = false;
	waiting_count = 0;
	journal_close(journal);
	journal = NULL;
	vm_object_truncate(&object, 0, 0);
}

int glue_begin(unsigned blocks)
{
	return journal_begin(journal, blocks);
}

void glue_change(uint32_t number, const void *content)
{
	struct block b;
	int err = disk_block_get(&disk, number, block_size, &b);

	assert(!err);
	journal_dirty(journal, &b);
	memcpy(b.data, content, block_size);
	disk_block_put(&b);
}

void glue_forget(uint32_t block)
{
	journal_forget(journal, block);
}

void glue_freed(uint32_t block)
{
	journal_freed(journal, block, 1);
}

bool glue_busy(uint32_t block)
{
	return journal_block_busy(journal, block);
}

void glue_order(void)
{
	journal_order(journal, &ordered);
}

int glue_end(void)
{
	return journal_end(journal);
}

uint32_t glue_sequence(void)
{
	return journal_sequence(journal);
}

int glue_commit(uint32_t sequence)
{
	return journal_commit(journal, sequence);
}

void glue_commit_soon(void)
{
	journal_commit_soon(journal);
}

int glue_write(uint32_t block, const void *content)
{
	memcpy(glue_disk + block * block_size, content, block_size);
	add_event(block * (block_size / DISK_SECTOR), content, block_size);
	return 0;
}
