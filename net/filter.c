/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.c - classic BPF: a program of a user's that says how much of a packet
 * he wants to see (McCanne and Jacobson, USENIX 1993; Linux's bpf_load).
 *
 * A program is checked when it is loaded: known instructions, jumps forward and
 * within it, memory within bounds, a return at the end. So it ends, and needs
 * no checks but those of the packet's bounds when it runs.
 */
#include "net/datagram.h"

enum {	/* parts of an instruction's code */
	CLASS = 7, LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, RET = 6,
	MISC = 7, SIZE = 0x18, WORD = 0, HALF = 8, BYTE = 0x10,
	MODE = 0xe0, IMM = 0, ABS = 0x20, IND = 0x40, MEM = 0x60, LEN = 0x80,
	MSH = 0xa0, OPERATION = 0xf0, FROM_X = 8, RETURN_A = 0x10, TXA = 0x80,
};
enum { ADD = 0, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50,
       LSH = 0x60, RSH = 0x70, NEG = 0x80, MOD = 0x90, XOR = 0xa0 };
enum { JA = 0, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40 };
enum { CODE_MAX = 4096, CELLS = 16, WORD_BITS = 32 };

struct filter {
	unsigned n;
	struct abi_sock_filter code[];
};

/* --- loading ---------------------------------------------------------------------- */

/* One of Linux's extensions that there are here. */
static bool is_about(uint32_t at)
{
	return at == SKF_AD_PROTOCOL || at == SKF_AD_PKTTYPE ||
	       at == SKF_AD_IFINDEX;
}

static bool load_ok(const struct abi_sock_filter *c)
{
	bool x = (c->code & CLASS) == LDX;
	unsigned size = c->code & SIZE;

	switch (c->code & MODE) {
	case IMM:
	case LEN:
		return size == WORD;
	case MEM:
		return size == WORD && c->k < CELLS;
	case ABS:
		return !x && size <= BYTE &&
		       (c->k < SKF_AD_OFF || is_about(c->k));
	case IND:
		return !x && size <= BYTE;
	case MSH:
		return x && size == BYTE;
	default:
		return false;
	}
}

static bool alu_ok(const struct abi_sock_filter *c)
{
	unsigned op = c->code & OPERATION;

	if (c->code & FROM_X)
		return op <= XOR && op != NEG;
	if (op == DIV || op == MOD)
		return c->k != 0;
	if (op == LSH || op == RSH)
		return c->k < WORD_BITS;
	return op <= XOR;
}

/* at: how many instructions are behind it. */
static bool one_ok(const struct abi_sock_filter *c, unsigned behind)
{
	switch (c->code & CLASS) {
	case LD:
	case LDX:
		return c->code <= UINT8_MAX && load_ok(c);
	case ST:
	case STX:
		return c->code <= STX && c->k < CELLS;
	case ALU:
		return c->code <= UINT8_MAX && alu_ok(c);
	case JMP:
		if ((c->code & ~FROM_X) == (JMP | JA))
			return c->k < behind;
		return (c->code & OPERATION) <= JSET && c->code <= UINT8_MAX &&
		       c->yes < behind && c->no < behind;
	case RET:
		return c->code == RET || c->code == (RET | RETURN_A);
	default:
		return c->code == MISC || c->code == (MISC | TXA);
	}
}

static bool all_ok(const struct filter *f)
{
	assert(f->n > 0 && f->n <= CODE_MAX);
	for (unsigned n = 0; n < f->n; n++)
		if (!one_ok(&f->code[n], f->n - 1 - n))
			return false;
	return (f->code[f->n - 1].code & CLASS) == RET;
}

static uint32_t size_of(unsigned n)
{
	return sizeof(struct filter) + n * sizeof(struct abi_sock_filter);
}

int filter_load(struct prison *pays, uint32_t user, uint32_t len,
		struct filter **out)
{
	struct abi_sock_fprog p;
	struct filter *f;
	int err;

	if (len != sizeof p)
		return -EINVAL;
	if (user_copy_in(&p, user, sizeof p))
		return -EFAULT;
	if (!p.len || p.len > CODE_MAX)
		return -EINVAL;
	f = charged_alloc(pays, size_of(p.len));
	if (!f)
		return -ENOMEM;
	f->n = p.len;
	err = user_copy_in(f->code, p.code, p.len * sizeof f->code[0]);
	if (!err && !all_ok(f))
		err = -EINVAL;
	if (err)
		filter_free(pays, f);
	else
		*out = f;
	return err;
}

void filter_free(struct prison *pays, struct filter *f)
{
	if (f)
		charged_free(pays, f, size_of(f->n));
}

/* --- running ---------------------------------------------------------------------- */

struct state {
	const struct filter_packet *k;
	uint32_t a, x, cell[CELLS];
};

/* Linux's extensions: what is not in the packet, at places beyond any. */
static uint32_t about(const struct filter_packet *k, uint32_t at)
{
	assert(is_about(at));
	return at == SKF_AD_PROTOCOL ? k->protocol :
	       at == SKF_AD_PKTTYPE ? (uint32_t)k->kind : (uint32_t)k->device;
}

/* False: there are no such bytes in the packet, and it is not wanted. */
static bool fetch(const struct state *s, unsigned size, uint32_t at,
		  uint32_t *to)
{
	unsigned n = size == WORD ? 4 : size == HALF ? 2 : 1;
	const uint8_t *p;

	if (at > s->k->len || n > s->k->len - at)
		return false;
	p = s->k->data + at;
	*to = n == 4 ? net32(p) : n == 2 ? net16(p) : *p;
	return true;
}

static bool load(struct state *s, const struct abi_sock_filter *c,
		 uint32_t *to)
{
	uint8_t low = 0xf;

	switch (c->code & MODE) {
	case IMM:
		*to = c->k;
		return true;
	case LEN:
		*to = s->k->len;
		return true;
	case MEM:
		assert(c->k < CELLS);
		*to = s->cell[c->k];
		return true;
	case MSH:	/* the length of an IP header */
		if (!fetch(s, BYTE, c->k, to))
			return false;
		*to = (*to & low) * 4;
		return true;
	case IND:
		return c->k + s->x >= c->k &&
		       fetch(s, c->code & SIZE, c->k + s->x, to);
	default:
		if (c->k < SKF_AD_OFF)
			return fetch(s, c->code & SIZE, c->k, to);
		*to = about(s->k, c->k);
		return true;
	}
}

/* False: a division by zero. */
static bool compute(struct state *s, unsigned op, uint32_t v)
{
	if ((op == DIV || op == MOD) && !v)
		return false;
	switch (op) {
	case ADD: s->a += v; break;
	case SUB: s->a -= v; break;
	case MUL: s->a *= v; break;
	case DIV: s->a /= v; break;
	case MOD: s->a %= v; break;
	case OR: s->a |= v; break;
	case AND: s->a &= v; break;
	case XOR: s->a ^= v; break;
	case LSH: s->a = v < WORD_BITS ? s->a << v : 0; break;
	case RSH: s->a = v < WORD_BITS ? s->a >> v : 0; break;
	default: s->a = -s->a;
	}
	return true;
}

/* How many instructions to leave out. */
static uint32_t jump(const struct state *s, const struct abi_sock_filter *c)
{
	uint32_t v = c->code & FROM_X ? s->x : c->k;
	bool yes;

	assert((c->code & OPERATION) <= JSET);	/* one_ok */
	switch (c->code & OPERATION) {
	case JA:
		return c->k;
	case JEQ:
		yes = s->a == v;
		break;
	case JGT:
		yes = s->a > v;
		break;
	case JGE:
		yes = s->a >= v;
		break;
	default:
		yes = (s->a & v) != 0;
	}
	return yes ? c->yes : c->no;
}

uint32_t filter_run(const struct filter *f, const struct filter_packet *k)
{
	struct state s = { .k = k };

	for (unsigned n = 0;; n++) {
		const struct abi_sock_filter *c = &f->code[n];
		bool fine = true;

		assert(n < f->n && (c->code & ~FROM_X) <= UINT8_MAX);
		switch (c->code & CLASS) {
		case LD: fine = load(&s, c, &s.a); break;
		case LDX: fine = load(&s, c, &s.x); break;
		case ST: s.cell[c->k] = s.a; break;
		case STX: s.cell[c->k] = s.x; break;
		case ALU:
			fine = compute(&s, c->code & OPERATION,
				       c->code & FROM_X ? s.x : c->k);
			break;
		case JMP: n += jump(&s, c); break;
		case RET: return c->code & RETURN_A ? s.a : c->k;
		default:
			if (c->code & TXA)
				s.a = s.x;
			else
				s.x = s.a;
		}
		if (!fine)
			return 0;
	}
}
