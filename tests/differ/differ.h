/* SPDX-License-Identifier: BSD-2-Clause */
/* differ.h - what the files of the differential tester share: a few sockets in
 * slots, numbers that follow from the seed, and the line that a call prints. */
#ifndef TESTS_DIFFER_DIFFER_H
#define TESTS_DIFFER_DIFFER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SLOTS = 6, PORTS = 4, NAME_ROOM = 256 };

struct slot {
	int fd;			/* -1: free */
	int family, type;
};
extern struct slot slots[SLOTS];
extern unsigned port_first;	/* of PORTS, which only this seed uses */

/* A call: it prints what it does by say() and what came of it by told(). */
struct call {
	const char *name;
	unsigned weight;
	void (*run)(void);
};
extern const struct call name_calls[], data_calls[], option_calls[];
extern const unsigned name_call_count, data_call_count, option_call_count;

/* differ.c. rnd() follows from the seed and the number of the call alone, so
 * that a call stays what it is when others are left out. */
uint32_t rnd(void);
uint32_t below(uint32_t n);
int one_in(uint32_t n);
#define PICK(table) (table)[below(sizeof(table) / sizeof *(table))]
__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);
long told(long result);		/* a number, or the error; gives it back */
void say_bytes(const char *from, long n);
int slot_any(void);		/* one in use, or -1 */
int slot_free(void);		/* closes one if there is none */
int slot_put(int fd, int family, int type);
void slot_close(int n);
void settle(void);		/* until what is under way has arrived */

/* address.c. Prints the address that it makes; gives its length. */
struct address {
	struct sockaddr_storage a;
	char room[NAME_ROOM];
	socklen_t len;
};
void address_any(struct address *to, int family);
void address_fixed(struct address *to, int family, unsigned which);
void say_address(const void *a, socklen_t len, socklen_t room);

/* control.c */
void control_any(struct msghdr *m, int family);
void control_say(struct msghdr *m);

#endif
