/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inet_show.c - /proc/net/tcp, udp and raw: a line for each socket of the
 * reader's prison and of those below it, in his stack, in Linux's format.
 *
 * Names are the same in all; a transport fills in numbers.
 * Locks: the kernel lock; text_put does not sleep.
 */
#include "net/inet.h"

static uint16_t port_of(const struct inet_sock *s)
{
	return s->ports ? __builtin_bswap16(s->local_port) :
			  (uint16_t)s->sock.protocol;
}

static void show_line(struct text *t, const struct inet_sock *s,
		      const struct inet_line *l)
{
	const struct file *f = s->sock.file;

	text_put(t, "%08X:%04X %08X:%04X %02X %08X:%08X %02X:%08X %08X %5u "
		 "%8u %llu %d %08x", s->local, port_of(s), s->remote,
		 __builtin_bswap16(s->remote_port), l->state, l->to_send,
		 l->to_read, l->timer, l->due, l->resends, s->cred->euid,
		 l->probes, (unsigned long long)(f ? f->inode->ino : 0),
		 l->refs, 0);
}

int inet_show(struct text *t, const struct cred *who, const void *transport)
{
	const struct inet_transport *of = transport;
	unsigned row = 0;

	text_put(t, "%*s  local_address rem_address   st tx_queue rx_queue tr "
		 "tm->when retrnsmt   uid  timeout inode%s\n", of->width,
		 "sl", of->drops ? " ref pointer drops" : "");
	list_each(l, &of->all) {
		const struct inet_sock *s = list_entry(l, struct inet_sock,
						       all_link);
		struct inet_line line = { .refs = 1 };

		assert(s->transport == of);
		if (!prison_sees(who->prison, s->sock.prison) ||
		    net_vnet(who->prison) != s->vnet || !of->line(s, &line))
			continue;
		text_put(t, "%*u: ", of->width, row++);
		show_line(t, s, &line);
		text_put(t, of->drops ? " %u\n" : "\n", line.drops);
	}
	return 0;
}
