/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp_glue.c - the program above TCP, and what TCP asks of the rooms below */
#include "tests/host/net/tcp_glue.h"

#include "net/datagram.h"
#include "net/option.h"
#include "net/tcp.h"

unsigned inet_addr(const char *text);
void *calloc(size_t n, size_t size);

uint32_t sched_lock_owner = 1;	/* the only processor's */
bool defer_busy;

/* --- what the rooms below give --------------------------------------------------- */

uint64_t sock_deadline(bool wait, uint64_t timeout)
{
	(void)wait;
	(void)timeout;
	return 0;
}

int sock_wait(struct sleep_queue *q, uint64_t deadline)
{
	assert(q && !deadline);
	return -EAGAIN;
}

int sock_take_error(struct sock *s)
{
	int err = s->error;

	s->error = 0;
	return -err;
}

void sock_attach(struct sock *s, struct file *f)
{
	s->file = f;
}

const struct sock_option inet_option_table[] = { { 0 } };

int option_take_text(const struct option_call *c, char *to, uint32_t size)
{
	return c && to && size ? 0 : -EFAULT;
}

int option_give(const struct option_call *c, const void *value, uint32_t n)
{
	return c && value && n ? 0 : -EFAULT;
}

const struct abi_cmsghdr *sock_control_next(const struct sock_msg *m,
					    const struct abi_cmsghdr *prev)
{
	(void)prev;
	assert(!m->control_len);
	return NULL;
}

void sock_urgent(const struct sock *s)
{
	assert(s->ops);
}

void sleep_wake(struct sleep_queue *q)
{
	assert(sleep_queue_idle(q));
}

void sleep_lock_wait(struct sleep_lock *l)
{
	panic("somebody holds %p", (void *)l);
}

void sleep_lock_pass(struct sleep_lock *l)
{
	panic("somebody waits for %p", (void *)l);
}

void text_put(struct text *t, const char *fmt, ...)
{
	assert(t && fmt);
}

static uint8_t *place;	/* the program's memory */

int user_io_take(struct user_io *io, void *to, uint32_t n)
{
	memcpy(to, place, n);
	place += n;
	io->left -= n;
	return (int)n;
}

int user_io_give(struct user_io *io, const void *from, uint32_t n)
{
	memcpy(place, from, n);
	place += n;
	io->left -= n;
	return (int)n;
}

int user_io_skip(struct user_io *io, uint32_t n)
{
	io->left -= n;
	return (int)n;
}

uint32_t arch_copy_in(void *to, uint32_t from, uint32_t n)
{
	return to && from ? n : 0;
}

int user_get32(uint32_t from, uint32_t *v)
{
	*v = from;
	return 0;
}

int user_put32(uint32_t to, uint32_t v)
{
	return to || v ? 0 : -EFAULT;
}

/* A kernel stack has its thread at the top (arch/i386/machine.h). */
static uint8_t stack[KSTACK_SLOT] __attribute__((aligned(KSTACK_SLOT)));
static struct {
	struct sock *s;
	struct sock_msg *m;
	int (*fn)(struct sock *s, struct sock_msg *m, bool wait);
	int result;
} call;

static void call_body(void)
{
	call.result = call.fn(call.s, call.m, false);
}

static int on_kernel_stack(int (*fn)(struct sock *, struct sock_msg *, bool),
			   struct tcp_sock *s, struct sock_msg *m)
{
	uint8_t *top = stack + sizeof stack - 16;

	call.s = &s->inet.sock;
	call.m = m;
	call.fn = fn;
	stack[sizeof stack - 4] = 1;
	__asm__ volatile("mov %%esp, %%ebx\n\tmov %0, %%esp\n\tcall *%1\n\t"
			 "mov %%ebx, %%esp"
			 : "+S"(top) : "D"(call_body)
			 : "eax", "ebx", "ecx", "edx", "memory", "cc");
	return call.result;
}

/* --- the program -------------------------------------------------------------------- */

static const struct sock_ops *ops_of(const struct tcp_sock *s)
{
	return s->inet.sock.ops;
}

struct tcp_sock *tcp_glue_new(void)
{
	static struct cred who = { .refs = 1 };
	struct inet_sock *s;

	who.prison = prison_host();
	if (inet_sock_new(&tcp_transport, &who, IPPROTO_TCP, &s))
		return NULL;
	s->sock.receive_low = 1;
	return tcp_of(&s->sock);
}

int tcp_glue_listen(struct tcp_sock *s, unsigned port, unsigned backlog)
{
	int err = inet_bind_port(s->inet.ports, &s->inet,
				 __builtin_bswap16(port));

	return err ? err : tcp_listen(&s->inet.sock, NULL, backlog);
}

struct tcp_sock *tcp_glue_accept(struct tcp_sock *s)
{
	struct tcp_sock *c;

	if (stream_line_wait(&s->inet.sock, false))
		return NULL;
	c = tcp_of(stream_line_first(&s->inet.sock));
	stream_line_leave(&s->inet.sock, &c->inet.sock);
	ops_of(s)->accepted(&s->inet.sock, &c->inet.sock);
	return c;
}

static int connect_to(struct sock *s, struct sock_msg *m, bool wait)
{
	return s->ops->connect(s, NULL, m->name, wait);
}

int tcp_glue_connect(struct tcp_sock *s, const char *addr, unsigned port)
{
	struct sock_name n;
	struct sock_msg m = { .name = &n };
	int err;

	inet_name_fill(&n, inet_addr(addr), __builtin_bswap16(port));
	err = on_kernel_stack(connect_to, s, &m);
	glue_settle();
	return err;
}

unsigned tcp_glue_port(const struct tcp_sock *s)
{
	return __builtin_bswap16(s->inet.local_port);
}

int tcp_glue_write(struct tcp_sock *s, const void *from, unsigned n)
{
	struct user_io io = { .left = n };
	struct sock_msg m = { .io = &io };
	int done;

	place = (uint8_t *)(uintptr_t)from;
	done = on_kernel_stack(ops_of(s)->send, s, &m);
	glue_settle();
	return done;
}

int tcp_glue_read(struct tcp_sock *s, void *to, unsigned n)
{
	struct user_io io = { .left = n };
	struct sock_msg m = { .io = &io };
	int done;

	place = to;
	done = on_kernel_stack(tcp_receive, s, &m);
	glue_settle();
	return done;
}

void tcp_glue_end_write(struct tcp_sock *s)
{
	(void)!ops_of(s)->shutdown(&s->inet.sock, SHUT_WR);
	glue_settle();
}

void tcp_glue_close(struct tcp_sock *s)
{
	ops_of(s)->release(&s->inet.sock);
	glue_settle();
}

int tcp_glue_state(const struct tcp_sock *s)
{
	return s->state;
}

int tcp_glue_error(struct tcp_sock *s)
{
	return -sock_take_error(&s->inet.sock);
}

unsigned tcp_glue_cwnd(const struct tcp_sock *s)
{
	return s->cc.cwnd;
}

unsigned tcp_glue_count(void)
{
	unsigned n = 0;

	list_each(l, &tcp_transport.all)
		n++;
	return n;
}

void tcp_glue_nodelay(struct tcp_sock *s)
{
	s->opt.nodelay = true;
}

void tcp_glue_keepalive(struct tcp_sock *s, unsigned idle_ms)
{
	s->inet.sock.options |= SOCK_OPTION_KEEPALIVE;
	s->opt.keep_idle = s->opt.keep_interval = idle_ms / 1000;
	s->opt.keep_count = 2;
	tcp_keep_arm(s);
}

void tcp_glue_by_device(struct tcp_sock *s)
{
	s->inet.device = netif_find(net_vnet_host(), "eth0")->index;
}

void tcp_glue_defer(struct tcp_sock *s, unsigned seconds)
{
	s->opt.defer_accept = (int32_t)seconds;
}

void tcp_glue_user_timeout(struct tcp_sock *s, unsigned ms)
{
	s->opt.user_timeout = ms;
}

void tcp_glue_reno(struct tcp_sock *s)
{
	s->opt.control = &congestion_reno;
}

void tcp_glue_cutting(bool on)
{
	struct netif *i = netif_find(net_vnet_host(), "eth0");

	i->offload = on ? NETIF_OFFLOAD_CHECKSUM | NETIF_OFFLOAD_TCP4 : 0;
}

unsigned tcp_glue_ssthresh(const struct tcp_sock *s)
{
	return s->cc.ssthresh;
}
