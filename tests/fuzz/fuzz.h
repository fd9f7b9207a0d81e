/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz.h - what the files of the fuzzer share: a table of calls (calls.c),
 * values for their arguments (values.c), deeds of several calls (deeds*.c). */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <setjmp.h>
#include <stdint.h>
#include <sys/types.h>

enum { PAGE = 4096, ARENA_PAGES = 8 };

/* One letter an argument: f descriptor, d directory descriptor, p path,
 * b buffer, c small buffer, z size, n small number, m mode, t timespec,
 * v iovec, V its count, s signal, P pid, u uid, q pollfds, Q their count,
 * k clock, w sixteen words, G size of a signal set, A sigaction, o half an
 * offset, a address, l length in pages, x flags within mask, y number up to
 * mask, r odd number. */
struct fuzz_call {
	const char *name;
	int number;
	const char *kinds;
	uint32_t mask;
};
extern const struct fuzz_call fuzz_calls[];
extern const unsigned fuzz_call_count;

/* values.c */
extern uint64_t rnd_state;
extern unsigned char *arena;	/* rw pages, then one read-only, then a hole */
uint32_t rnd(void);
uint32_t below(uint32_t n);
int one_in(uint32_t n);
void fill(void *p, uint32_t n);		/* with anything */
uint32_t odd_number(void);
uint32_t descriptor(void);
const char *name_in_dir(void);
void handler(int sig);
void arena_make(void);
uint32_t argument(char kind, const struct fuzz_call *c);

/* fuzz.c */
void one_call(void);
void several_calls(unsigned n);
/* A child: 0 in it, which must leave by child_exit; or -1. It dies by itself
 * when it takes long. */
pid_t child_make(void);
void deadline_set(void);
_Noreturn void child_exit(void);
void child_wait(pid_t p);
void nudging_start(void);
/* Runs fn; a fault in it ends it. */
void guarded(void (*fn)(void));
extern sigjmp_buf *fault_jump;

/* deeds.c, deeds_file.c, deeds_socket.c, deeds_inet.c, deeds_jail.c */
struct deed {
	const char *name;
	void (*run)(void);
};
extern const struct deed proc_deeds[], file_deeds[], socket_deeds[],
	inet_deeds[], jail_deeds[];
extern const unsigned proc_deed_count, file_deed_count, socket_deed_count,
	inet_deed_count, jail_deed_count;
void deed_ring(void);		/* deeds_packet.c */
void deed_async(void);
void jails_clear(void);		/* none is left that can be seen */

#endif
