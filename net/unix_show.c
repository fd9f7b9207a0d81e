/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_show.c - /proc/net/unix: the AF_UNIX sockets of the asker's prison and
 * of those below it, in Linux's format.
 *
 * An embryo has no inode. Locks: the kernel lock; text_put does not sleep.
 */
#include "net/unix.h"

enum { SHOW_LISTENING = 0x10000 };
enum { SHOW_UNCONNECTED = 1, SHOW_CONNECTING, SHOW_CONNECTED, SHOW_LEAVING };

static unsigned state_of(const struct unix_sock *s)
{
	if (!s->sock.file)
		return s->embryo ? SHOW_CONNECTING : SHOW_LEAVING;
	return s->state == UNIX_CONNECTED ? SHOW_CONNECTED : SHOW_UNCONNECTED;
}

/* An abstract name begins with @, and its other zero bytes are shown so too. */
static void put_name(struct text *t, const struct unix_name *n)
{
	uint32_t len = n->len - sizeof(uint16_t);

	if (n->path[0])
		len--;		/* the NUL at its end */
	text_put(t, " ");
	for (uint32_t i = 0; i < len; i++)
		text_put(t, "%c", n->path[i] ? n->path[i] : '@');
}

static int show_unix(struct text *t, const struct cred *who)
{
	text_put(t, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	list_each(l, &unix_all) {
		struct unix_sock *s = list_entry(l, struct unix_sock, all_link);
		bool listens = s->state == UNIX_LISTENING;

		if (!prison_sees(who->prison, s->sock.prison))
			continue;
		text_put(t, "%08x: %08X %08X %08X %04X %02X %5llu", 0, s->refs,
			 0, listens ? SHOW_LISTENING : 0, s->sock.type,
			 state_of(s), (unsigned long long)
			 (s->sock.file ? s->sock.file->inode->ino : 0));
		if (s->name)
			put_name(t, s->name);
		text_put(t, "\n");
	}
	return 0;
}

void unix_show_init(void)
{
	static struct procfs_entry entry = {
		.directory = "net", .name = "unix", .gate = PROC_GATE_ALL,
		.show = show_unix,
	};

	procfs_register(&entry);
}
