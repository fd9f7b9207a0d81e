/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.c - the journal of kernel/fs/ext2 on a disk that loses its power.
 *
 * The disk remembers every write and flush. A cut keeps what was flushed, and
 * of the rest any part, down to single sectors. The journal's thread is a
 * second context; who sleeps lets the other one run, or a request be done, as
 * the seed has it.
 *
 * What is checked needs no file system: blocks that are free in an ext2 that
 * mke2fs made are taken as "metadata" and "data". Operation number n changes
 * some of them and writes n to the first. After a cut the first block says
 * which operations are there; then exactly those are, and no fewer than a
 * commit had returned for. e2fsck replays the same cut, to the same blocks.
 *
 * JOURNAL_ROUNDS=N makes more of it, JOURNAL_SEED=N other ones.
 *
 * sources: tests/host/fs/journal_glue.c kernel/base/hash.c
 * seconds: 60
 */
#include "ktap.h"

#include <sys/stat.h>
#include <ucontext.h>

#include "tests/host/fs/journal_glue.h"

enum { REGION = 160, HISTORY = 400000, DURABLE = 4000, CUTS = 6, STACK = 1 << 20 };
enum how { HOW_NONE = 1, HOW_ADD = 2 };		/* enum journal_how */
enum kind { FREE, META, DATA };

struct change {
	uint32_t op, block;
	enum kind kind;
};
struct state {
	enum kind kind;
	uint32_t op;		/* whose content it has */
	bool dirty;		/* data that is not on the disk yet */
};

static uint32_t size, bytes, base, op, seed = 1;	/* bytes: of a block */
static struct state now[REGION];
static struct change *history;
static unsigned changes;
static struct { unsigned events; uint32_t op; } durable[DURABLE];
static unsigned durables;
static uint8_t *image;		/* as the disk was at the last open */
static char file[64];

static unsigned random_below(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return n ? (uint32_t)((uint64_t)(seed ^ seed >> 15) % n) : 0;
}

/* --- the second context ------------------------------------------------------- */

static ucontext_t contexts[2];
static int running;
static void *stack;

static void second(void)
{
	glue_thread();
	running = 0;
	glue_thread_is(false);
	setcontext(&contexts[0]);
}

static void begin_second(void)
{
	if (!stack)
		stack = malloc(STACK);
	getcontext(&contexts[1]);
	contexts[1].uc_stack.ss_sp = stack;
	contexts[1].uc_stack.ss_size = STACK;
	contexts[1].uc_link = NULL;
	makecontext(&contexts[1], second, 0);
}

static void switch_context(void)
{
	int from = running;

	running = !from;
	glue_thread_is(running);
	swapcontext(&contexts[from], &contexts[!from]);
}

/* --- the model ---------------------------------------------------------------- */

static void content(uint32_t block, uint32_t of, uint8_t *to)
{
	uint32_t *word = (uint32_t *)to, x = block * 2654435761u ^ of * 40503u;

	for (unsigned n = 0; n < bytes / 4; n++)
		word[n] = x = x * 1664525 + 1013904223;
	if (of % 8 == 3)
		word[0] = 0x98b33bc0; /* the journal's magic number */
	word[1] = of;
}

static void record(uint32_t block, enum kind kind)
{
	if (changes == HISTORY)
		FAIL("too much history");
	history[changes++] = (struct change){ op, block, kind };
	now[block] = (struct state){ kind, op, kind == DATA };
}

static int write_data(void)
{
	uint8_t what[4096];

	for (unsigned n = 0; n < REGION; n++) {
		if (now[n].kind != DATA || !now[n].dirty)
			continue;
		content(n, now[n].op, what);
		glue_write(base + n, what);
		now[n].dirty = false;
	}
	return 0;
}

static void change(uint32_t block, enum kind kind)
{
	uint8_t what[4096];

	if (kind == META) {
		content(block, op, what);
		glue_change(base + block, what);
	} else if (kind == DATA) {
		glue_order();
	} else if (now[block].kind == META) {
		glue_forget(base + block);
	} else {
		glue_freed(base + block);
	}
	record(block, kind);
}

/* The journal's thread, or the disk, gets on. */
static void elsewhere(void)
{
	if (glue_thread_ready() && random_below(4) == 0)
		switch_context();
	if (random_below(8) == 0)
		write_data();
	if (random_below(40) == 0)
		glue_commit_soon();
}

/* An operation; false: the journal is not there any more. */
static bool operate(void)
{
	unsigned n = 1 + random_below(8);

	if (glue_begin(1 + n))
		return false;
	op++;
	change(0, META);
	while (n--) {
		uint32_t block = 1 + random_below(REGION - 1);

		elsewhere();
		if (now[block].kind == FREE && glue_busy(base + block))
			continue;
		if (now[block].kind == FREE)
			change(block, random_below(2) ? META : DATA);
		else if (now[block].kind == DATA)
			change(block, FREE);
		else
			change(block, random_below(3) ? META : FREE);
	}
	return glue_end() == 0;
}

static bool sync_all(void)
{
	uint32_t upto = op;

	if (glue_commit(glue_sequence()))
		return false;
	if (durables == DURABLE)
		FAIL("too many commits");
	durable[durables].events = glue_event_count;
	durable[durables++].op = upto;
	return true;
}

/* The state after operation `upto`, which is the new present. */
static void rewind_to(uint32_t upto)
{
	memset(now, 0, sizeof(now));
	while (changes && history[changes - 1].op > upto)
		changes--;
	for (unsigned n = 0; n < changes; n++)
		now[history[n].block] = (struct state){
			history[n].kind, history[n].op, false };
}

static uint32_t stamp(const uint8_t *disk)
{
	return ((const uint32_t *)(disk + (size_t)base * bytes))[1];
}

/* Is the disk as it was after the operation that it names? */
static void verify(const uint8_t *disk, uint32_t at_least, const char *by)
{
	uint32_t upto = stamp(disk);
	struct state then[REGION] = { 0 };
	uint8_t what[4096];

	if (upto < at_least || upto > op)
		FAIL("%s: operation %u is the last, %u was durable, %u made",
		     by, upto, at_least, op);
	for (unsigned n = 0; n < changes && history[n].op <= upto; n++)
		then[history[n].block] = (struct state){
			history[n].kind, history[n].op, false };
	for (unsigned n = 0; n < REGION; n++) {
		if (then[n].kind == FREE)
			continue;
		content(n, then[n].op, what);
		if (memcmp(what, disk + (size_t)(base + n) * bytes, bytes))
			FAIL("%s: at %u: block %u is not the %s of %u (%u is there)",
			     by, upto, n, then[n].kind == META ? "metadata" :
			     "data", then[n].op, ((const uint32_t *)
			     (disk + (size_t)(base + n) * bytes))[1]);
	}
}

/* --- cuts --------------------------------------------------------------------- */

static void apply(uint8_t *disk, const struct glue_event *e, bool torn)
{
	for (uint32_t at = 0; at < e->bytes; at += 512)
		if (!torn || random_below(2))
			memcpy(disk + (size_t)e->sector * 512 + at, e->data + at, 512);
}

/* What the first `count` events may have left of disk. */
static void cut(uint8_t *disk, const struct glue_event *events, unsigned count)
{
	unsigned flushed = 0, style = random_below(4);

	for (unsigned n = 0; n < count; n++)
		if (!events[n].bytes)
			flushed = n;
	for (unsigned n = 0; n < flushed; n++)
		apply(disk, &events[n], false);
	for (unsigned n = flushed; n < count; n++)
		if (style == 0 || random_below(style + 1))
			apply(disk, &events[n], style == 3);
}

static int run(const char *format, const uint8_t *disk)
{
	char command[200];
	FILE *to = fopen(file, "r+");
	int status;

	CHECK(to);
	if (disk)
		CHECK_EQ(fwrite(disk, 1, size, to), size);
	fclose(to);
	snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin; %s %s "
		 ">%s.log 2>&1", format, file, file);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void slurp(uint8_t *to)
{
	FILE *from = fopen(file, "r");

	CHECK(from);
	CHECK_EQ(fread(to, 1, size, from), size);
	fclose(from);
}

static void check_by_e2fsck(const uint8_t *disk, uint32_t at_least)
{
	uint8_t *after = malloc(size);
	int status = run("e2fsck -p", disk);

	if (status != 0 && status != 1)
		FAIL("e2fsck -p: status %d, see %s", status, file);
	if (run("e2fsck -fn", NULL))
		FAIL("e2fsck -fn after -p, see %s", file);
	slurp(after);
	verify(after, at_least, "e2fsck");
	free(after);
}

/* The journal is opened on disk, perhaps cut while it is being replayed, and
 * then once more. disk is what it left. */
static void recover(uint8_t *disk, uint32_t at_least)
{
	glue_insert(disk, size, bytes);
	CHECK_EQ(glue_open(0, false), 0);
	if (random_below(3) == 0) {
		cut(disk, glue_events, random_below(glue_event_count + 1));
		glue_close();
		glue_insert(disk, size, bytes);
		CHECK_EQ(glue_open(0, false), 0);
	}
	memcpy(disk, glue_disk, size);
	verify(disk, at_least, "replay");
	glue_close();
}

/* Power fails at several moments of what has happened since the disk was as in
 * image. The last of them is where it goes on. */
static void cut_and_check(void)
{
	unsigned count = glue_event_count;
	struct glue_event *events = glue_events;
	uint8_t *disk = malloc(size);

	glue_events = NULL;
	glue_event_count = 0;
	glue_close();
	for (unsigned n = 0; n < CUTS; n++) {
		unsigned at = n ? random_below(count + 1) : count;
		uint32_t at_least = 0;

		if (n % 2)	/* the most that a flush leaves open */
			while (at < count && events[at].bytes)
				at++;
		for (unsigned d = 0; d < durables; d++)
			if (durable[d].events <= at)
				at_least = durable[d].op;
		memcpy(disk, image, size);
		cut(disk, events, at);
		if (random_below(8) == 0)
			check_by_e2fsck(disk, at_least);
		recover(disk, at_least);
	}
	memcpy(image, disk, size);
	free(disk);
	rewind_to(stamp(image));
	while (count)
		free(events[--count].data);
	free(events);
}

/* --- the tests ---------------------------------------------------------------- */

static void go_on(unsigned how)
{
	glue_insert(image, size, bytes);
	CHECK_EQ(glue_open(how, false), 0);
	begin_second();
	CHECK_EQ(glue_start(), 0);
	durables = 0;
	durable[durables].events = 0;
	durable[durables++].op = stamp(image);
}

static void make_disk(const char *mke2fs, uint32_t block, uint32_t megabytes)
{
	FILE *f;

	if (getenv("JOURNAL_SEED"))
		seed = (uint32_t)atoi(getenv("JOURNAL_SEED"));
	bytes = block;
	size = megabytes << 20;
	base = size / bytes - REGION;
	history = calloc(HISTORY, sizeof(*history));
	image = calloc(1, size);
	glue_switch = switch_context;
	glue_random = random_below;
	glue_pages = write_data;
	snprintf(file, sizeof(file), "/tmp/brig-journal-%d", (int)getpid());
	f = fopen(file, "w");
	CHECK(f);
	CHECK_EQ(ftruncate(fileno(f), size), 0);
	fclose(f);
	if (run("command -v mke2fs e2fsck; test -x", NULL) == 127)
		SKIP("no mke2fs");
	CHECK_EQ(run(mke2fs, NULL), 0);
	slurp(image);
	CHECK_EQ(stamp(image), 0);
}

static void tidy(void)
{
	char log[80];

	snprintf(log, sizeof(log), "%s.log", file);
	unlink(log);
	unlink(file);
	glue_forget_events();
	CHECK_EQ(glue_pieces(), 0);
}

static unsigned rounds(unsigned plain)
{
	return getenv("JOURNAL_ROUNDS") ? (unsigned)atoi(getenv("JOURNAL_ROUNDS")) :
					   plain;
}

static void clean_stop(void)
{
	CHECK_EQ(glue_stop(), 0);
	glue_close();
	if (run("e2fsck -fn", glue_disk))
		FAIL("e2fsck -fn after a clean stop, see %s", file);
	memcpy(image, glue_disk, size);
	verify(image, op, "stop");
}

static void cuts(const char *mke2fs, uint32_t block, uint32_t megabytes, unsigned plain)
{
	make_disk(mke2fs, block, megabytes);
	go_on(HOW_ADD);		/* a cut meanwhile has its own test */
	clean_stop();
	for (unsigned n = rounds(plain); n; n--) {
		unsigned ops = random_below(n % 8 ? 80 : 800);

		go_on(HOW_ADD);
		while (ops--) {
			CHECK(operate());
			if (random_below(12) == 0)
				CHECK(sync_all());
		}
		if (random_below(6))
			cut_and_check();
		else
			clean_stop();
	}
	tidy();
}

TEST_WITHIN(cuts_of_1k_blocks, 50)
{
	cuts("mke2fs -q -F -t ext3 -b 1024 -J size=1", 1024, 8, 30);
}

TEST_WITHIN(cuts_of_4k_blocks, 50)
{
	cuts("mke2fs -q -F -t ext3 -b 4096 -J size=4", 4096, 24, 15);
}

TEST_WITHIN(cuts_with_a_journal_of_ours, 50)
{
	cuts("mke2fs -q -F -t ext2 -b 1024", 1024, 8, 10);
}

TEST(a_journal_is_added_once_and_e2fsck_likes_it)
{
	for (unsigned block = 1024; block <= 4096; block *= 2) {
		char mke2fs[60];

		snprintf(mke2fs, sizeof(mke2fs), "mke2fs -q -F -t ext2 -b %u", block);
		make_disk(mke2fs, block, 24 * block / 1024);
		glue_insert(image, size, bytes);
		CHECK_EQ(glue_open(HOW_ADD, false), 0);
		CHECK(glue_event_count > 4);
		glue_close();
		CHECK_EQ(run("e2fsck -fn", glue_disk), 0);
		CHECK_EQ(run("dumpe2fs -h", NULL), 0);
		memcpy(image, glue_disk, size);
		glue_insert(image, size, bytes);
		CHECK_EQ(glue_open(HOW_ADD, false), 0);
		CHECK_EQ(glue_event_count, 0);
		glue_close();
		tidy();
	}
}

TEST(a_cut_while_one_is_added_leaves_what_e2fsck_repairs)
{
	make_disk("mke2fs -q -F -t ext2 -b 1024", 1024, 8);
	for (unsigned n = 0; n < 12; n++) {
		uint8_t *disk = malloc(size);

		glue_insert(image, size, bytes);
		CHECK_EQ(glue_open(HOW_ADD, false), 0);
		glue_close();
		memcpy(disk, image, size);
		cut(disk, glue_events, random_below(glue_event_count + 1));
		check_by_e2fsck(disk, 0);
		free(disk);
	}
	tidy();
}

TEST(without_a_journal_what_is_committed_is_at_home)
{
	make_disk("mke2fs -q -F -t ext2 -b 1024", 1024, 8);
	go_on(HOW_NONE);
	for (unsigned n = 0; n < 2000; n++) {
		CHECK(operate());
		if (random_below(40) == 0) {
			CHECK(sync_all());
			verify(glue_disk, op, "commit");
		}
	}
	clean_stop();
	tidy();
}

TEST_WITHIN(an_error_ends_it_and_loses_nothing, 50)
{
	make_disk("mke2fs -q -F -t ext3 -b 1024 -J size=1", 1024, 8);
	for (unsigned n = 1; n <= rounds(30); n++) {
		bool whole = true;

		go_on(HOW_ADD);
		glue_fail_in = n % 2 ? n : random_below(400);
		for (unsigned ops = 0; ops < 60 && whole; ops++) {
			whole = operate();
			if (whole && random_below(4) == 0)
				whole = sync_all();
		}
		if (!whole) {
			CHECK_EQ(glue_begin(1), -EIO);
			CHECK_EQ(glue_stop(), -EIO);
		}
		glue_fail_in = 0;
		cut_and_check();
	}
	tidy();
}

/* Whatever the journal says: an answer, in bounded time, and no bad access. */
TEST_WITHIN(a_hostile_journal_is_refused_or_replayed, 50)
{
	unsigned opened = 0;
	uint8_t *bad;

	make_disk("mke2fs -q -F -t ext3 -b 1024 -J size=1", 1024, 8);
	go_on(HOW_ADD);
	for (unsigned n = 0; n < 200; n++)
		CHECK(operate() && (n % 25 || sync_all()));
	CHECK(sync_all());
	memcpy(image, glue_disk, size);
	glue_close();
	bad = malloc(size);
	for (unsigned n = 0; n < rounds(200); n++) {
		memcpy(bad, image, size);
		for (unsigned m = 1 + random_below(6); m; m--) {
			/* what begins with the magic number, mostly */
			size_t at = random_below(size / bytes) * (size_t)bytes;

			while (random_below(20000) && memcmp(bad + at, "\xc0\x3b\x39\x98", 4))
				at = (at + bytes) % size;
			at += random_below(random_below(2) ? 64 : bytes);
			bad[at] = random_below(2) ? 0xff : random_below(256);
		}
		glue_insert(bad, size, bytes);
		if (glue_open(0, random_below(8) == 0) == 0)
			opened++;
		glue_close();
	}
	CHECK(opened);
	free(bad);
	tidy();
}
