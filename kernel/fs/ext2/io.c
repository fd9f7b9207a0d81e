/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * io.c - the journal's writes: many at a time, neighbours as one request.
 *
 * All memory that a write takes is there from the start, so that a commit and
 * a checkpoint, which give memory back, never wait for any.
 *
 * Invariant: a slot is filling, busy or unused. Locks: the kernel lock; one
 * writer at a time (the journal's thread; without it, who opens or stops it).
 */
#include "kernel/fs/ext2/jbd.h"

void jio_init(struct jio *io)
{
	sleep_queue_init(&io->done);
}

static void slot_done(struct disk_request *r)
{
	struct jio_slot *s = container_of(r, struct jio_slot, request);
	struct jio *io = r->private;

	assert(s->busy && io->busy > 0);
	if (r->error && !io->error)
		io->error = r->error;
	s->busy = false;
	io->busy--;
	sleep_wake(&io->done);
}

static void submit(struct jio *io)
{
	struct jio_slot *s = io->filling;

	io->filling = NULL;
	if (!s)
		return;
	s->busy = true;
	io->busy++;
	disk_submit(&s->request);
}

static void wait(struct jio *io)
{
	/* No deadline and no signal: it can only be woken. */
	(void)!sleep_on(&io->done, SLEEP_DEEP, SLEEP_FOREVER);
}

static struct jio_slot *unused_slot(struct jio *io)
{
	for (;;) {
		for (unsigned n = 0; n < JIO_SLOTS; n++)
			if (!io->slot[n].busy)
				return &io->slot[n];
		wait(io);
	}
}

void jio_add(struct journal *j, uint32_t block, void *data)
{
	struct jio *io = j->io;
	struct jio_slot *s = io->filling;

	assert(block < j->disk_blocks);
	if (s && (s->next != block || s->request.piece_count == JIO_PIECES))
		submit(io);
	if (!io->filling) {
		s = unused_slot(io);
		memset(&s->request, 0, sizeof(s->request));
		s->request.disk = j->disk;
		s->request.op = DISK_WRITE;
		s->request.sector = (uint64_t)block * jbd_sectors(j);
		s->request.pieces = s->pieces;
		s->request.done = slot_done;
		s->request.private = io;
		io->filling = s;
	}
	s->pieces[s->request.piece_count++] = (struct disk_piece){
		.at = data, .len = j->block_size,
	};
	s->next = block + 1;
}

/* The first error of all writes since the last jio_finish, when none is left. */
int jio_finish(struct journal *j)
{
	struct jio *io = j->io;
	int err;

	submit(io);
	while (io->busy)
		wait(io);
	err = io->error;
	io->error = 0;
	return err;
}

int jio_write(struct journal *j, uint32_t block, void *data)
{
	jio_add(j, block, data);
	return jio_finish(j);
}

int jio_read(struct journal *j, uint32_t block, void *data)
{
	assert(block < j->disk_blocks);
	return disk_io(j->disk, DISK_READ, (uint64_t)block * jbd_sectors(j), data,
		       j->block_size);
}

/* Flushes have numbers, so that who wrote something can tell whether one was
 * begun after it. */
int jio_flush(struct journal *j)
{
	uint64_t number = ++j->flush_begun;
	int err = disk_flush(j->disk);

	if (!err && number > j->flush_done)
		j->flush_done = number;
	return err;
}
