/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink.c - AF_NETLINK, NETLINK_ROUTE (netlink(7)): its sockets. A request is
 * answered at once, into the queue of who sent it (netlink_request.c); what
 * groups are told comes there too (netlink_notify.c).
 *
 * Only the kernel is talked to: programs have no use for each other here.
 * Locks: the kernel lock.
 */
#include "net/netlink.h"

#include "net/option.h"

enum { GROUPS_END = 32 };
#define PORT_FIRST 0xfffff000u	/* and down: no process has such a number */

static struct list all = LIST_INIT(all);	/* struct netlink_sock */

static struct netlink_sock *netlink_of(struct sock *s)
{
	return container_of(s, struct netlink_sock, sock);
}

/* --- addresses -------------------------------------------------------------------- */

/* Ports are a prison's own: nobody else can tell that they are taken. */
static bool port_taken(const struct netlink_sock *s, uint32_t port)
{
	list_each(l, &all) {
		struct netlink_sock *o = list_entry(l, struct netlink_sock,
						    all_link);

		if (o->port == port && o->sock.prison == s->sock.prison)
			return true;
	}
	return false;
}

/* The process' number, else one that no process can have. */
static void port_choose(struct netlink_sock *s, int pid)
{
	uint32_t port = pid;

	assert(!s->port && pid > 0);
	while (port_taken(s, port))
		port = (int32_t)port < 0 ? port - 1 : PORT_FIRST;
	s->port = port;
}

static int name_read(const struct sock_name *n, struct abi_sockaddr_nl *a)
{
	if (n->len < sizeof *a)
		return -EINVAL;
	memcpy(a, n->bytes, sizeof *a);
	return a->family == AF_NETLINK ? 0 : -EINVAL;
}

static void name_fill(struct sock_name *n, uint32_t port, uint32_t groups)
{
	struct abi_sockaddr_nl a = { AF_NETLINK, 0, port, groups };

	memcpy(n->bytes, &a, sizeof a);
	n->len = sizeof a;
}

static int netlink_bind(struct sock *sock, const struct path_at *at,
			struct sock_name *n)
{
	struct netlink_sock *s = netlink_of(sock);
	struct abi_sockaddr_nl a;
	int err = name_read(n, &a);

	(void)at;
	if (err)
		return err;
	if (s->port && a.port != s->port)
		return -EINVAL;
	if (!s->port && a.port && port_taken(s, a.port))
		return -EADDRINUSE;
	if (!s->port && a.port)
		s->port = a.port;
	else if (!s->port)
		port_choose(s, thread_current()->proc->pid);
	assert(s->port);
	s->groups = a.groups;
	return 0;
}

/* Others than the kernel can be named, but nobody hears there. */
static int netlink_connect(struct sock *sock, const struct path_at *at,
			   struct sock_name *n, bool wait)
{
	struct netlink_sock *s = netlink_of(sock);
	struct abi_sockaddr_nl a = { 0 };
	bool undo = n->len >= sizeof n->family && n->family == AF_UNSPEC;
	int err = undo ? 0 : name_read(n, &a);

	(void)at;
	(void)wait;
	if (err)
		return err;
	if (!s->port && !undo)
		port_choose(s, thread_current()->proc->pid);
	s->peer = a.port;
	return 0;
}

static int netlink_name(struct sock *sock, bool peer, struct sock_name *out)
{
	struct netlink_sock *s = netlink_of(sock);

	name_fill(out, peer ? s->peer : s->port, peer ? 0 : s->groups);
	return 0;
}

/* --- sending ---------------------------------------------------------------------- */

/* Bytes sent. -EMSGSIZE, -ENODATA: none; -ECONNREFUSED: to another than the
 * kernel. */
static int netlink_send(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct netlink_sock *s = netlink_of(sock);
	struct abi_sockaddr_nl to = { .port = s->peer };
	uint32_t n = m->io->left;
	struct packet *k;
	int err = 0;

	(void)wait;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name && m->name->len)
		err = name_read(m->name, &to);
	if (err)
		return err;
	if (to.port || to.groups)
		return -ECONNREFUSED;
	if (!n || n > sock->send_limit)
		return n ? -EMSGSIZE : -ENODATA;
	if (!s->port)
		port_choose(s, m->me->proc->pid);
	err = packet_take(sock->prison, m, 0, &k);
	if (err)
		return err;
	netlink_handle(s, m->me->cred, k);
	assert(list_empty(&k->link));	/* answers are others */
	packet_free(k);
	return (int)n;
}

/* --- receiving --------------------------------------------------------------------- */

static int take(struct netlink_sock *s, const struct sock_msg *m,
		uint64_t deadline, struct packet **out)
{
	int err;

	while (packet_queue_empty(&s->queue)) {
		err = sock_take_error(&s->sock);
		if (!err && s->dump.kind)
			err = netlink_dump_more(s, m->me->cred,
						m->io->left);
		else if (!err)
			err = sock_wait(&s->queue.readers, deadline);
		if (err)
			return err;
	}
	return packet_queue_take(&s->queue, m->flags & MSG_PEEK, out);
}

static int control_give(const struct netlink_sock *s, struct sock_msg *m,
			uint32_t group)
{
	static const struct abi_ucred kernel;
	int err = 0;

	if (s->packet_info)
		err = sock_put_control(m, SOL_NETLINK, NETLINK_PKTINFO, &group,
				       sizeof group);
	if (!err && (s->sock.options & SOCK_OPTION_PASSCRED))
		err = sock_put_control(m, SOL_SOCKET, SCM_CREDENTIALS, &kernel,
				       sizeof kernel);
	return err;
}

/* What does not fit into the program's buffer is lost, as with datagrams. */
static int netlink_receive(struct sock *sock, struct sock_msg *m, bool wait)
{
	struct netlink_sock *s = netlink_of(sock);
	struct packet *k;
	uint32_t group;
	int n, err;

	if (m->flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;
	err = take(s, m, sock_deadline(wait, sock->receive_timeout), &k);
	if (err)
		return err;
	group = k->seq;
	assert(group <= GROUPS_END);
	if (m->name)
		name_fill(m->name, 0, group ? 1u << (group - 1) : 0);
	n = packet_give(k, m);
	err = n < 0 ? n : control_give(s, m, group);
	packet_free(k);
	return err ? err : n;
}

static unsigned netlink_poll(struct sock *sock, struct poller *p)
{
	struct netlink_sock *s = netlink_of(sock);

	return packet_queue_poll(&s->queue, sock, p) |
	       (s->dump.kind ? POLLIN | POLLRDNORM : 0);
}

/* --- options ------------------------------------------------------------------------ */

static int group_take(struct option_call *c)
{
	struct netlink_sock *s = netlink_of(c->sock);
	uint32_t v;
	int err = option_take(c, &v, sizeof v);

	if (err)
		return err;
	if (!v || v > GROUPS_END)
		return -EINVAL;
	if (c->row->name == NETLINK_ADD_MEMBERSHIP)
		s->groups |= 1u << (v - 1);
	else
		s->groups &= ~(1u << (v - 1));
	return 0;
}

#define AT(number, member) .level = SOL_NETLINK, .name = number, \
	OPTION_AT(netlink_sock, sock, member)

static const struct sock_option netlink_option_table[] = {
	{ AT(NETLINK_PKTINFO, packet_info) },
	{ AT(NETLINK_NO_ENOBUFS, no_overrun) },
	{ AT(NETLINK_CAP_ACK, short_errors) },
	{ AT(NETLINK_LIST_MEMBERSHIPS, groups), .rule = OPTION_READ },
	{ .level = SOL_NETLINK, .name = NETLINK_ADD_MEMBERSHIP,
	  .rule = OPTION_WRITE, .take = group_take },
	{ .level = SOL_NETLINK, .name = NETLINK_DROP_MEMBERSHIP,
	  .rule = OPTION_WRITE, .take = group_take },
	{ 0 },
};

/* --- birth and death ----------------------------------------------------------------- */

static void netlink_release(struct sock *sock)
{
	struct netlink_sock *s = netlink_of(sock);

	assert(sleep_queue_idle(&s->queue.readers));
	assert(s->cred->prison == sock->prison && !list_empty(&s->all_link));
	list_remove(&s->all_link);
	packet_queue_clear(&s->queue);
	cred_drop(s->cred);
	sock_free(sock, sizeof *s);
}

static const struct sock_ops netlink_ops = {
	.bind = netlink_bind,
	.connect = netlink_connect,
	.name = netlink_name,
	.send = netlink_send,
	.receive = netlink_receive,
	.poll = netlink_poll,
	.options = { netlink_option_table },
	.release = netlink_release,
};

static int netlink_make(const struct cred *who, int type, int protocol,
			struct sock **out)
{
	struct netlink_sock *s;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE)
		return -EPROTONOSUPPORT;
	s = sock_alloc(who, sizeof *s);
	if (!s)
		return -ENOMEM;
	sock_begin(&s->sock, who, AF_NETLINK, type, &netlink_ops);
	s->cred = cred_hold(who);
	packet_queue_init(&s->queue);
	list_init(&s->all_link);
	list_append(&all, &s->all_link);
	*out = &s->sock;
	return 0;
}

struct netlink_sock *netlink_next(const struct netlink_sock *prev)
{
	struct list *l = prev ? prev->all_link.next : all.next;

	return l == &all ? NULL :
		list_entry(l, struct netlink_sock, all_link);
}

/* As on Linux, but nobody learns of addresses in the kernel. */
static int show_netlink(struct text *t, const struct cred *who)
{
	text_put(t, "sk               Eth Pid        Groups   Rmem     Wmem"
		 "     Dump  Locks    Drops    Inode\n");
	list_each(l, &all) {
		struct netlink_sock *s = list_entry(l, struct netlink_sock,
						    all_link);
		const struct file *f = s->sock.file;

		if (prison_sees(who->prison, s->sock.prison))
			text_put(t, "%08x %-3d %-10u %08x %-8d %-8d %-5d %-8d "
				 "%-8u %-8llu\n", 0, s->sock.protocol, s->port,
				 s->groups, (int)s->queue.bytes, 0,
				 s->dump.kind != NULL, 2, 0, (unsigned long long)
				 (f ? f->inode->ino : 0));
	}
	return 0;
}

void netlink_init(void)
{
	static struct sock_family family = { AF_NETLINK, netlink_make, { 0 } };
	static struct procfs_entry entry = {
		.directory = "net", .name = "netlink", .gate = PROC_GATE_ALL,
		.show = show_netlink,
	};

	procfs_register(&entry);

	sock_family_register(&family);
	netlink_notify_init();
}
