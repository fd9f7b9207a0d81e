/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal_glue.h - a journal on a disk in memory, for a program on the host.
 *
 * The program has two contexts, its own and the journal's thread; it gives
 * glue_switch to go from one to the other, and is told which requests the disk
 * got, in order of their completion, so that it can make any cut.
 */
#ifndef TESTS_HOST_JOURNAL_GLUE_H
#define TESTS_HOST_JOURNAL_GLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct glue_event {		/* a write that is done, or a flush: bytes 0 */
	uint32_t sector, bytes;
	uint8_t *data;
};
extern struct glue_event *glue_events;
extern unsigned glue_event_count;
extern uint8_t *glue_disk;	/* what the disk has, its cache included */
extern int glue_fail_in;	/* the n-th write from now on fails; 0: none */

/* Of the program. */
extern void (*glue_switch)(void);
extern unsigned (*glue_random)(unsigned below);
extern int (*glue_pages)(void);	/* the one inode's dirty pages are to be written */

void glue_insert(const uint8_t *image, size_t size, uint32_t block_size);
void glue_forget_events(void);
int glue_open(unsigned how, bool read_only);	/* 0 or -errno, as all of these */
int glue_start(void);
int glue_stop(void);
void glue_close(void);		/* after a cut too: all is forgotten */
bool glue_thread_ready(void);
void glue_thread(void);		/* the second context: returns when it ends */
void glue_thread_is(bool second);

int glue_begin(unsigned blocks);
void glue_change(uint32_t block, const void *content);
void glue_forget(uint32_t block);
void glue_freed(uint32_t block);
bool glue_busy(uint32_t block);
void glue_order(void);
int glue_end(void);
uint32_t glue_sequence(void);
int glue_commit(uint32_t sequence);
void glue_commit_soon(void);
int glue_write(uint32_t block, const void *content);	/* of data */
unsigned glue_pieces(void);	/* of memory, not freed */

#endif
