/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_show.c - /proc/net/tcp, as Linux writes it; of the reader's prison and
 * those below it. Locks: the kernel lock.
 */
#include "net/tcp.h"

enum { TIMER_NONE, TIMER_RESEND, TIMER_KEEP, TIMER_TIME_WAIT, TIMER_PROBE };

static unsigned timer_of(const struct tcp_sock *s, uint64_t *deadline)
{
	const struct timer *t = s->resend.armed ? &s->resend : &s->keep;

	*deadline = t->armed && s->state != TCP_LISTEN ? t->deadline : 0;
	if (!*deadline)
		return TIMER_NONE;
	if (t == &s->resend)
		return s->persist ? TIMER_PROBE : TIMER_RESEND;
	return s->state == TCP_TIME_WAIT ? TIMER_TIME_WAIT : TIMER_KEEP;
}

static void show(struct text *t, unsigned n, const struct tcp_sock *s)
{
	const struct inet_sock *i = &s->inet;
	const struct file *f = i->sock.file;
	uint64_t deadline, now = arch_clock_ns();
	unsigned kind = timer_of(s, &deadline);
	uint32_t rest = deadline > now ?	/* hundredths of a second */
		(uint32_t)div_u64(deadline - now, 10000000, NULL) : 0;
	bool listens = s->state == TCP_LISTEN;

	text_put(t, "%4u: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08X %08X "
		 "%5u %8u %llu %u %08x\n", n,
		 i->local, __builtin_bswap16(i->local_port), i->remote,
		 __builtin_bswap16(i->remote_port), s->state,
		 listens ? 0 : tcp_unacked(s),
		 listens ? s->ready_count : tcp_readable(s), kind, rest,
		 s->backoff, i->cred->euid, s->probes,
		 (unsigned long long)(f ? f->inode->ino : 0), 1, 0);
}

static int show_tcp(struct text *t, const struct cred *who)
{
	unsigned n = 0;

	text_put(t, "  sl  local_address rem_address   st tx_queue rx_queue tr "
		 "tm->when retrnsmt   uid  timeout inode\n");
	list_each(l, &tcp_all) {
		struct tcp_sock *s = list_entry(l, struct tcp_sock, all_link);

		if (prison_sees(who->prison, s->inet.sock.prison) &&
		    (s->state != TCP_CLOSED))
			show(t, n++, s);
	}
	return 0;
}

void tcp_show_init(void)
{
	static struct procfs_entry entry = {
		.directory = "net", .name = "tcp", .gate = PROC_GATE_ALL,
		.show = show_tcp,
	};

	procfs_register(&entry);
}
