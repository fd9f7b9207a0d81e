/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * differ.c - random calls on a few sockets, the same for the same seed, and a
 * line for each that says what came of it. tests/rig/differ.py runs it on Linux
 * and on Brig and compares the lines.
 *
 *	differ [-v] FIRST LAST CALLS [KEEP,KEEP...]
 *
 * Each seed from FIRST to LAST is a process that makes CALLS calls, or of these
 * only those named by KEEP; it prints the sum of its lines, with -v the lines.
 * What depends on time or chance is not printed: ports and names that the kernel
 * chooses are E0, E1, ..., A0, ... in the order in which they are seen. A
 * socket never waits for long: it does not at all, or has time-outs.
 */
#include "differ.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

enum { LINE = 4096, CALLS_MAX = 4096, SETTLE_MS = 260, HURRY_MS = 3,
       STUCK_SECONDS = 2 };

struct slot slots[SLOTS];
unsigned port_first;

static int latest;
static uint64_t rnd_state;
static char line[LINE];
static unsigned line_length;
static uint32_t sum;
static volatile sig_atomic_t pipe_signals;

/* --- numbers ------------------------------------------------------------------ */

uint32_t rnd(void)
{
	uint64_t z = rnd_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z >> 32;
}

uint32_t below(uint32_t n)
{
	return rnd() % n;
}

int one_in(uint32_t n)
{
	return below(n) == 0;
}

/* --- the line ------------------------------------------------------------------- */

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_length += vsnprintf(line + line_length, LINE - line_length, fmt,
				 ap);
	va_end(ap);
	if (line_length >= LINE)
		line_length = LINE - 1;
}

long told(long result)
{
	if (result < 0)
		say(" = -%d", errno);
	else
		say(" = %ld", result);
	return result;
}

static uint32_t hash(uint32_t h, const char *p, long n)
{
	while (n-- > 0)
		h = (h ^ (unsigned char)*p++) * 16777619;
	return h;
}

void say_bytes(const char *from, long n)
{
	if (n > 0)
		say(" [%.2x.. %08x]", (unsigned char)*from, hash(0, from, n));
}

/* --- slots ---------------------------------------------------------------------- */

int slot_any(void)
{
	unsigned first = below(SLOTS);

	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[(first + i) % SLOTS].fd >= 0)
			return (first + i) % SLOTS;
	return -1;
}

void slot_close(int n)
{
	close(slots[n].fd);
	slots[n].fd = -1;
}

/* Not that which was filled last: it may be one of two that are made. */
int slot_free(void)
{
	int n = (latest + 1 + below(SLOTS - 1)) % SLOTS;

	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].fd < 0)
			return i;
	say("(close s%d) ", n);
	slot_close(n);
	return n;
}

int slot_put(int fd, int family, int type)
{
	int n = slot_free();

	slots[n] = (struct slot){ fd, family, type };
	latest = n;
	return n;
}

/* --- quiet ----------------------------------------------------------------------- */

static void nap(void)
{
	struct timespec t = { 0, 1000000 };

	nanosleep(&t, NULL);
}

/* Has the other end not yet acknowledged all that s has said? */
static bool is_busy(const struct slot *s)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof info;
	int left = 0;

	if (s->fd < 0 || s->family != AF_INET || s->type != SOCK_STREAM ||
	    getsockopt(s->fd, SOL_TCP, TCP_INFO, &info, &n))
		return false;
	switch (info.tcpi_state) {
	case TCP_SYN_SENT:
	case TCP_FIN_WAIT1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return true;
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		return !ioctl(s->fd, TIOCOUTQ, &left) && left;
	default:
		return false;
	}
}

/* An acknowledgment may wait for 40 ms, and what TCP_CORK holds for 200. */
void settle(void)
{
	static bool in_vain;	/* somebody does not get there at all */
	int most = in_vain ? HURRY_MS : SETTLE_MS;
	bool busy = true;

	for (int ms = 0; busy && ms < most; ms++) {
		nap();
		busy = false;
		for (unsigned i = 0; i < SLOTS; i++)
			busy |= is_busy(&slots[i]);
	}
	in_vain = busy;
}

/* --- one seed --------------------------------------------------------------------- */

static void on_signal(int sig)
{
	pipe_signals += sig == SIGPIPE;
}

static void signals_begin(void)
{
	struct sigaction a = { .sa_handler = on_signal };	/* no restart */
	struct itimerval t = { { STUCK_SECONDS, 0 }, { STUCK_SECONDS, 0 } };

	sigaction(SIGPIPE, &a, NULL);
	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

/* What poll says of all slots, behind each call. */
static void say_ready(void)
{
	struct pollfd p[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++)
		p[i] = (struct pollfd){ slots[i].fd, 0x7fff & ~POLLNVAL, 0 };
	poll(p, SLOTS, 0);
	say(" |");
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].fd >= 0)
			say(" s%u:%x", i, p[i].revents);
}

static const struct {
	const struct call *calls;
	const unsigned *count;
} tables[] = {
	{ name_calls, &name_call_count }, { data_calls, &data_call_count },
	{ option_calls, &option_call_count },
};

static const struct call *call_any(void)
{
	enum { TABLES = sizeof tables / sizeof *tables };
	unsigned all = 0, at;

	for (unsigned t = 0; t < TABLES; t++)
		for (unsigned i = 0; i < *tables[t].count; i++)
			all += tables[t].calls[i].weight;
	at = below(all);
	for (unsigned t = 0; t < TABLES; t++)
		for (unsigned i = 0; i < *tables[t].count; i++) {
			const struct call *c = &tables[t].calls[i];

			if (at < c->weight)
				return c;
			at -= c->weight;
		}
	abort();
}

static void one_call(unsigned seed, unsigned number, bool verbose)
{
	const struct call *c;

	rnd_state = (uint64_t)seed << 32 | number << 8;
	(void)rnd();
	line_length = 0;
	pipe_signals = 0;
	c = call_any();
	say("%u %s", number, c->name);
	c->run();
	if (pipe_signals)
		say(" SIGPIPE");
	settle();
	say_ready();
	if (verbose) {
		puts(line);
		fflush(stdout);
	}
	sum = hash(sum, line, line_length);
}

static void files_begin(void)
{
	static const char *const names[] = { "p0", "p1", "p2", "p3" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	close(open("file", O_CREAT | O_RDWR, 0600));
}

static void one_seed(unsigned seed, unsigned calls, const char *keep,
		     bool verbose)
{
	enum { BLOCKS = 2500, BLOCK = 8, FIRST_PORT = 10000 };

	/* others each time: those of before may be in TIME-WAIT */
	port_first = FIRST_PORT + getpid() % BLOCKS * BLOCK;
	for (unsigned i = 0; i < SLOTS; i++)
		slots[i].fd = -1;
	files_begin();
	signals_begin();
	for (unsigned i = 0; !keep && i < calls; i++)
		one_call(seed, i, verbose);
	while (keep && *keep) {
		one_call(seed, strtoul(keep, (char **)&keep, 10), verbose);
		keep += *keep == ',';
	}
	printf("seed %u: %08x\n", seed, sum);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	char folder[] = "/tmp/differ.XXXXXX";
	unsigned last;
	int status;

	argv += verbose;
	argc -= verbose;
	if (argc < 4 || !mkdtemp(folder) || chdir(folder))
		return 2;
	last = strtoul(argv[2], NULL, 10);
	for (unsigned s = strtoul(argv[1], NULL, 10); s <= last; s++) {
		pid_t p = fork();

		if (!p)
			one_seed(s, strtoul(argv[3], NULL, 10), argv[4],
				 verbose);
		if (p < 0 || waitpid(p, &status, 0) != p)
			return 1;
		if (status)
			printf("seed %u: ended with %x\n", s, status);
	}
	unlink("file");
	if (!chdir("/"))
		rmdir(folder);
	return 0;
}
