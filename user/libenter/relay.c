/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay.c - a terminal for the child, and the bytes between it and ours.
 *
 * Our terminal is raw meanwhile: keys like ^C and ^Z go through as they are
 * and mean something to the child's terminal. When we run in the background
 * we leave the keyboard to whoever has it, until we are continued with it.
 * Keys are only taken when the last ones are gone: neither side can fill up
 * the other and wait for ever.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "inner.h"

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return; /* nobody looks any more */
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

/* Is the keyboard ours? */
static int is_in_front(const struct relay *r)
{
	return r->keys_from >= 0 && tcgetpgrp(r->keys_from) == getpgrp();
}

/* The child's terminal is to be as ours is; but while another has ours, its
 * modes are that one's. */
static void copy_modes(const struct relay *r)
{
	struct termios mode;

	if ((r->keys_from >= 0 && !is_in_front(r)) ||
	    tcgetattr(r->screen, &mode) < 0)
		return;
	/* Only a screen that is raw meanwhile needs lines made ready. */
	if (r->keys_from < 0)
		mode.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(r->slave, TCSANOW, &mode);
}

int relay_open(struct relay *r, const int is_tty[3])
{
	int unlock = 0;

	r->screen = is_tty[1] ? 1 : is_tty[2] ? 2 : 0;
	r->keys_from = is_tty[0] ? 0 : -1;
	r->control = is_tty[0];
	r->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->master < 0)
		return -1;
	if (ioctl(r->master, TIOCSPTLCK, &unlock) < 0)
		return -1;
	r->slave = ioctl(r->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->slave < 0)
		return -1;
	copy_modes(r);
	relay_resize(r);
	return fcntl(r->master, F_SETFL, O_NONBLOCK);
}

void relay_become_slave(struct relay *r, const int is_tty[3])
{
	int fd;

	if (r->control)
		ioctl(r->slave, TIOCSCTTY, 0);
	for (fd = 0; fd < 3; fd++) {
		if (is_tty[fd])
			dup2(r->slave, fd);
	}
}

void relay_resize(struct relay *r)
{
	struct winsize size;

	if (r->master >= 0 && ioctl(r->screen, TIOCGWINSZ, &size) == 0)
		ioctl(r->master, TIOCSWINSZ, &size);
}

void relay_take_keys(struct relay *r)
{
	struct termios mode;

	r->is_raw = 0;
	if (!is_in_front(r))
		return;
	if (!r->saved) {
		r->saved = malloc(sizeof(*r->saved));
		if (!r->saved || tcgetattr(r->keys_from, r->saved) < 0) {
			r->keys_from = -1;
			return;
		}
	}
	mode = *r->saved;
	cfmakeraw(&mode);
	r->is_raw = tcsetattr(r->keys_from, TCSADRAIN, &mode) == 0;
}

void relay_start(struct relay *r)
{
	close(r->slave);
	r->slave = -1;
	relay_take_keys(r);
}

/* From the child to the screen; 0 when the child's side is closed. */
static int show(struct relay *r)
{
	char data[1024];
	ssize_t n = read(r->master, data, sizeof(data));

	if (n > 0)
		write_all(r->screen, data, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void hang_up(struct relay *r)
{
	close(r->master);
	r->master = -1;
}

static void take_keys(struct relay *r)
{
	ssize_t n = read(r->keys_from, r->keys, sizeof(r->keys));

	if (n > 0) {
		r->keys_at = 0;
		r->keys_end = (unsigned)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		/* Our terminal is gone: so is the child's. */
		r->keys_from = -1;
		hang_up(r);
	}
}

static void give_keys(struct relay *r)
{
	ssize_t n = write(r->master, r->keys + r->keys_at,
			  r->keys_end - r->keys_at);

	assert(r->keys_at < r->keys_end);
	if (n > 0)
		r->keys_at += (unsigned)n;
}

unsigned relay_step(struct relay *r, int msec, int *fatal)
{
	int have_keys = r->keys_at < r->keys_end;
	struct pollfd fds[2] = {
		{ r->master, (short)(POLLIN | (have_keys ? POLLOUT : 0)), 0 },
		{ r->is_raw && !have_keys ? r->keys_from : -1, POLLIN, 0 },
	};
	unsigned bits = signals_wait(fds, 2, msec, fatal);

	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR) && !show(r)) {
		hang_up(r);
		return bits;
	}
	if (fds[0].revents & POLLOUT)
		give_keys(r);
	if (fds[1].revents)
		take_keys(r);
	return bits;
}

void relay_end(struct relay *r)
{
	struct pollfd left = { r->master, POLLIN, 0 };

	while (r->master >= 0 && poll(&left, 1, 0) > 0 &&
	       left.revents & POLLIN && show(r))
		;
	if (r->is_raw)
		tcsetattr(r->keys_from < 0 ? r->screen : r->keys_from,
			  TCSADRAIN, r->saved);
	free(r->saved);
	if (r->master >= 0)
		hang_up(r);
	if (r->slave >= 0)
		close(r->slave);
}
