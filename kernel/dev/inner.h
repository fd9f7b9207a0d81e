/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to room 8: what its files say to each other.
 *
 * A terminal is three layers: struct tty_driver (serial.c, vt.c, pty.c) moves
 * bytes, ldisc.c edits lines, tty.c is the file. Sessions are tty_session.c.
 */
#ifndef KERNEL_DEV_INNER_H
#define KERNEL_DEV_INNER_H

#include "kernel/dev/dev.h"
#include "kernel/dev/ring.h"
#include "kernel/dev/termios.h"
#include "kernel/dev/vt.h"

enum { MAJOR_MEM = 1, MAJOR_TTY = 4, MAJOR_TTYAUX = 5, MAJOR_PTS = 136 };
enum { MINOR_SERIAL = 64 };
#define NS_PER_MS 1000000ull

/* --- device.c -------------------------------------------------------- */

void device_init(void);
struct dev *device_next(struct dev *prev);	/* in order of registration */
struct dev *device_named(const char *name);	/* NULL: none */
/* Is a device of this name on p's list, and on that of all above it? */
bool device_listed(const struct prison *p, const char *name);
bool device_shown(const struct inode *i, const struct prison *p);
/* In a long transfer: lets others run; false: a signal waits, stop. Sleeps. */
bool device_go_on(void);

/* --- devfs.c, devpts.c ----------------------------------------------- */

struct pty;
struct pts_mount;
void devfs_init(void);
bool devfs_has(const struct inode *i);	/* a file of any /dev */
void devfs_added(struct dev *d);
void devfs_removed(struct dev *d);

void devpts_init(void);
/* The node's pty if i is one of a devpts; *ptmx: it is the multiplexer. */
bool devpts_node(const struct inode *i, struct pty **pty, bool *ptmx);
/* The devpts that a ptmx node at f stands for; held. -ENODEV. Sleeps. */
int devpts_of(struct file *f, struct pts_mount **out) must_check;
/* A free number and a node for it. -ENOSPC, -ENOMEM. Sleeps. */
int devpts_add(struct pts_mount *m, const struct cred *who, struct pty *p,
	       unsigned *index) must_check;
void devpts_put(struct pts_mount *m);
void devpts_hide(struct pts_mount *m, unsigned index);	/* Sleeps. */
void devpts_free(struct pts_mount *m, unsigned index);	/* and drops m */

/* --- mem.c, random.c, blake2s.c, chacha.c ---------------------------- */

void mem_init(void);
void physmem_init(void);
void random_init(void);

enum { BLAKE2S_SIZE = 32, BLAKE2S_BLOCK = 64 };
struct blake2s {
	uint32_t h[8], t[2];
	uint8_t block[BLAKE2S_BLOCK];
	unsigned used;
};
void blake2s_init(struct blake2s *b, const uint8_t *key, size_t key_size);
void blake2s_add(struct blake2s *b, const void *p, size_t n);
void blake2s_end(struct blake2s *b, uint8_t out[BLAKE2S_SIZE]);

enum { CHACHA_KEY = 32, CHACHA_BLOCK = 64 };
struct chacha {
	uint32_t state[16];
};
void chacha_init(struct chacha *c, const uint8_t key[CHACHA_KEY]); /* nonce 0 */
void chacha_block(struct chacha *c, uint8_t out[CHACHA_BLOCK]); /* and step */

/* --- tty ------------------------------------------------------------- */

enum {
	LDISC_SIZE = 4096,	/* bytes of input; a canonical line's limit */
	LDISC_RESERVE = 3,	/* what one PARMRK character may take */
	ECHO_SIZE = 1024,
};
struct ldisc {			/* n_tty: line editing and its input */
	uint8_t *buf;		/* LDISC_SIZE bytes, NULL while closed */
	uint8_t *mark;		/* one bit each: a line ends here */
	uint32_t head, tail;	/* count up; tail <= lines <= head */
	uint32_t lines;		/* ICANON: end of the last complete line */
	unsigned marks;		/* bits set in mark: all between tail and head */
	struct ring echo;	/* echoes that the driver had no room for */
	unsigned column;	/* of the cursor */
	unsigned shown_column;	/* before what waits in echo */
	unsigned line_column;	/* where the line being edited began */
	bool literal;		/* VLNEXT was typed */
	bool erasing;		/* inside \.../ of ECHOPRT */
	bool throttled;		/* the driver was left with bytes */
	bool sent_stop;		/* IXOFF: VSTOP was sent */
};

struct tty;
struct tty_driver {		/* none of these sleeps */
	const char *name;
	/* Bytes taken, at most what room says. */
	unsigned (*write)(struct tty *t, const uint8_t *p, unsigned n);
	unsigned (*room)(struct tty *t);
	unsigned (*pending)(struct tty *t);	/* taken but not yet out */
	void (*unthrottle)(struct tty *t);	/* there is room for input again */
	void (*flow)(struct tty *t);		/* t->stopped changed */
	void (*flush)(struct tty *t);		/* forget what is pending */
	void (*input_flushed)(struct tty *t);
	void (*set_termios)(struct tty *t, const struct abi_termios2 *old);
	void (*opened)(struct tty *t);		/* each open */
	void (*closed)(struct tty *t);		/* the last close */
	void (*free)(struct tty *t);		/* the last reference */
	int (*modem_get)(struct tty *t);	/* TIOCM_* */
	void (*modem_set)(struct tty *t, unsigned bits);
	void (*send_break)(struct tty *t, bool on);
};
struct tty {
	uint32_t refs;		/* files, the session, the driver */
	const struct tty_driver *driver;	/* [I] */
	void *port;		/* [I] the driver's */
	uint32_t number;	/* [I] device number */
	struct abi_termios2 termios;
	struct abi_winsize winsize;
	struct proc_session *session;	/* held; its tty is this */
	struct proc_group *group;	/* foreground; held */
	unsigned opens;
	uint32_t hangups;	/* a handle of an older count is dead */
	bool exclusive;
	bool stopped;		/* output, by VSTOP or TCOOFF */
	bool stopped_by_call;	/* TCOOFF: only TCOON starts it again */
	bool dead;		/* a pty without its master */
	bool reading, writing;	/* somebody is in read or write */
	uint8_t *chunk;		/* the writer's piece of user data */
	struct ldisc ld;
	struct sleep_queue read_wait, write_wait, turn_wait;
};
struct tty_handle {		/* file->private of an open terminal */
	struct tty *tty;
	uint32_t hangups;
	bool console;		/* opened as /dev/console: survives a hangup */
};

void tty_init(void);
void tty_setup(struct tty *t, const struct tty_driver *d, void *port,
	       uint32_t number);
void tty_hold(struct tty *t);
void tty_drop(struct tty *t);
int tty_open(struct tty *t, struct file *f, bool console) must_check;
extern const struct file_ops tty_file_ops;
void tty_register_driver(const char *driver, const char *node, unsigned major,
			 unsigned first, unsigned last, const char *kind);
bool tty_handle_dead(const struct tty_handle *h);
bool tty_may_write(struct tty *t);
void tty_wake_writers(struct tty *t);	/* the driver has room again */
void tty_set_stopped(struct tty *t, bool stopped);
/* All output is out, or a signal (-ERESTARTSYS). Sleeps. */
int tty_drain(struct tty *t) must_check;
/* master: the file is the other side of the pty whose slave t is. Sleeps. */
int tty_ioctl_on(struct tty *t, struct thread *me, struct file *f, bool master,
		 uint32_t cmd, uint32_t arg) must_check;
uint32_t tty_baud(const struct abi_termios2 *t);

/* tty_session.c */
void tty_acquire_at_open(struct tty *t, const struct file *f);
int tty_check_background(struct tty *t, int sig) must_check;
void tty_hangup(struct tty *t);
void tty_signal(struct tty *t, int sig);	/* the foreground group */
int tty_session_ioctl(struct tty *t, struct thread *me, struct file *f,
		      bool master, uint32_t cmd, uint32_t arg) must_check;

/* ldisc.c, ldisc_out.c, ldisc_read.c */
int ldisc_open(struct ldisc *ld) must_check;
void ldisc_close(struct ldisc *ld);
/* Input from the driver; returns how many it took. It takes less only when
 * readers must come first: driver->unthrottle says when to go on. */
unsigned ldisc_receive(struct tty *t, const uint8_t *p, unsigned n);
enum ldisc_error { LDISC_BREAK, LDISC_PARITY };
void ldisc_receive_error(struct tty *t, enum ldisc_error what, uint8_t c);
bool ldisc_takes_input(const struct tty *t);
void ldisc_termios_changed(struct tty *t, const struct abi_termios2 *old);
void ldisc_flush_input(struct tty *t);
bool ldisc_readable(const struct tty *t, bool poll);
unsigned ldisc_input_size(const struct tty *t);	/* FIONREAD */
void ldisc_consumed(struct tty *t);	/* lets a throttled driver go on */
int ldisc_read(struct tty *t, struct file *f, struct user_io *io) must_check;
unsigned ldisc_take_line(struct ldisc *ld, uint8_t *to, unsigned n, bool *end);
unsigned ldisc_take_raw(struct ldisc *ld, uint8_t *to, unsigned n);
unsigned ldisc_write(struct tty *t, const uint8_t *p, unsigned n);
void ldisc_echo_byte(struct tty *t, uint8_t c);	/* as it is, post-processed */
void ldisc_echo_char(struct tty *t, uint8_t c);	/* with ECHOCTL */
void ldisc_echo_flush(struct tty *t);
void ldisc_echo_forget(struct tty *t);

static inline uint8_t ldisc_at(const struct ldisc *ld, uint32_t i)
{
	return ld->buf[i % LDISC_SIZE];
}
static inline bool ldisc_marked(const struct ldisc *ld, uint32_t i)
{
	i %= LDISC_SIZE;
	return ld->mark[i / 8] & (1u << (i % 8));
}
static inline void ldisc_mark(struct ldisc *ld, uint32_t i)
{
	i %= LDISC_SIZE;
	assert(ld->marks < LDISC_SIZE);
	ld->mark[i / 8] |= (uint8_t)(1u << (i % 8));
	ld->marks++;
}
static inline void ldisc_unmark(struct ldisc *ld, uint32_t i)
{
	i %= LDISC_SIZE;
	assert(ld->marks > 0);
	ld->mark[i / 8] &= (uint8_t)~(1u << (i % 8));
	ld->marks--;
}
static inline bool ldisc_continues(const struct tty *t, uint8_t c)
{
	return (t->termios.iflag & IUTF8) && (c & 0xc0) == 0x80;
}
static inline bool ldisc_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* --- pty.c ----------------------------------------------------------- */

void pty_init(void);
int pty_open_master(struct inode *i, struct file *f) must_check;
int pty_open_slave(struct pty *p, struct file *f) must_check;
bool pty_visible(const struct pty *p, const struct cred *who);

/* --- consoles -------------------------------------------------------- */

void serial_init(void);
struct tty *serial_tty(unsigned port);	/* NULL: no such port */
void serial_log(unsigned port, const char *text, size_t n);
void serial_flush(unsigned port);	/* polled, any context */

void vga_init(void);
struct tty *vga_tty(void);		/* NULL: no VGA */
bool vga_app_cursor(void);
void vga_scroll_back(int lines);	/* > 0: to the past; 0: to the present */
void vga_log(const char *text, size_t n);
void vga_flush(void);

void keyboard_init(void);
void keyboard_input(struct tty *t, const char *text, unsigned n);

void console_init(void);

#endif
