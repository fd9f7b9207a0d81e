/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c - printf into memory.
 *
 * One conversion at a time: parse its flags into a struct spec, make the bare
 * text (digits or a string), then put prefix, padding and text out in order.
 * Output past the end of the buffer is counted, not written. No floating
 * point, no %n.
 */
#include "kernel/base/base.h"

struct out {
	char *to;
	size_t size, n;	/* n: length so far, written or not */
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width, precision;	/* precision -1: none given */
	unsigned bytes;		/* of an integer argument */
	char conversion;
};

static void put(struct out *o, char c)
{
	if (o->n + 1 < o->size)
		o->to[o->n] = c;
	o->n++;
}

static void put_many(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

/* prefix, zeros, text; padded with blanks to the width. */
static void put_field(struct out *o, const struct spec *s, const char *prefix,
		      int zeros, const char *text, int n)
{
	int prefix_n = strlen(prefix);
	int pad = s->width - prefix_n - zeros - n;

	assert(zeros >= 0 && n >= 0 && prefix_n <= 2);
	if (!s->left)
		put_many(o, ' ', pad);
	for (int i = 0; i < prefix_n; i++)
		put(o, prefix[i]);
	put_many(o, '0', zeros);
	for (int i = 0; i < n; i++)
		put(o, text[i]);
	if (s->left)
		put_many(o, ' ', pad);
}

/* Digits of v at the end of buf[24]; returns where they begin. */
static char *digits_of(uint64_t v, unsigned base, bool upper, char *end)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	assert(base >= 8 && base <= 16);
	while (v >> 32) {
		uint32_t rem;

		v = div_u64(v, base, &rem);
		*--end = set[rem];
	}
	for (uint32_t w = (uint32_t)v; w; w /= base)
		*--end = set[w % base];
	return end;
}

static void put_integer(struct out *o, struct spec *s, uint64_t v,
			bool negative)
{
	char buf[24], *end = buf + sizeof(buf), *text;
	char kind = s->conversion;
	unsigned base = kind == 'o' ? 8 :
		(kind == 'x' || kind == 'X' || kind == 'p') ? 16 : 10;
	bool is_signed = kind == 'd' || kind == 'i';
	const char *prefix = "";
	int n, zeros;

	text = digits_of(v, base, kind == 'X', end);
	n = end - text;
	assert(n >= 0 && n <= (int)sizeof(buf));
	if (is_signed)
		prefix = negative ? "-" : s->plus ? "+" : s->space ? " " : "";
	else if (s->alternate && v && base == 16)
		prefix = kind == 'X' ? "0X" : "0x";
	zeros = (s->precision < 0 ? 1 : s->precision) - n;
	if (s->alternate && base == 8 && zeros < 1)
		zeros = 1;
	if (s->precision < 0 && s->zero && !s->left) {
		int fill = s->width - (int)strlen(prefix) - n;

		if (fill > zeros)
			zeros = fill;
	}
	if (zeros < 0)
		zeros = 0;
	put_field(o, s, prefix, zeros, text, n);
}

static const char *parse_number(const char *f, int *v)
{
	*v = 0;
	for (; *f >= '0' && *f <= '9'; f++) {
		if (*v < 100000)
			*v = *v * 10 + (*f - '0');
	}
	return f;
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '+')
			s->plus = true;
		else if (*f == ' ')
			s->space = true;
		else if (*f == '#')
			s->alternate = true;
		else
			return f;
	}
}

static const char *parse_size(const char *f, struct spec *s)
{
	s->bytes = 4;
	if (f[0] == 'h' && f[1] == 'h') {
		s->bytes = 1;
		return f + 2;
	}
	if (f[0] == 'l' && f[1] == 'l') {
		s->bytes = 8;
		return f + 2;
	}
	if (*f == 'h') {
		s->bytes = 2;
		return f + 1;
	}
	if (*f == 'j')
		s->bytes = 8;
	return *f == 'l' || *f == 'z' || *f == 't' || *f == 'j' ? f + 1 : f;
}

/* A va_list passed by pointer needs a struct around it to be portable. */
struct args {
	va_list ap;
};

static const char *parse_spec(const char *f, struct spec *s, struct args *a)
{
	*s = (struct spec){ .precision = -1 };
	f = parse_flags(f, s);
	if (*f == '*') {
		s->width = va_arg(a->ap, int);
		if (s->width < 0) {
			s->left = true;
			s->width = -s->width;
		}
		f++;
	} else {
		f = parse_number(f, &s->width);
	}
	if (*f == '.') {
		if (*++f == '*') {
			s->precision = va_arg(a->ap, int);
			f++;
		} else {
			f = parse_number(f, &s->precision);
		}
	}
	assert(s->width >= 0);
	f = parse_size(f, s);
	s->conversion = *f;
	return *f ? f + 1 : f;
}

static void convert_signed(struct out *o, struct spec *s, struct args *a)
{
	int64_t v;

	assert(s->bytes && s->bytes <= 8 && !(s->bytes & (s->bytes - 1)));
	if (s->bytes == 8)
		v = va_arg(a->ap, int64_t);
	else
		v = va_arg(a->ap, int);
	if (s->bytes == 2)
		v = (int16_t)v;
	else if (s->bytes == 1)
		v = (int8_t)v;
	put_integer(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

static void convert_unsigned(struct out *o, struct spec *s, struct args *a)
{
	uint64_t v;

	assert(s->bytes && s->bytes <= 8 && !(s->bytes & (s->bytes - 1)));
	if (s->bytes == 8)
		v = va_arg(a->ap, uint64_t);
	else
		v = va_arg(a->ap, unsigned);
	if (s->bytes == 2)
		v = (uint16_t)v;
	else if (s->bytes == 1)
		v = (uint8_t)v;
	put_integer(o, s, v, false);
}

static void convert(struct out *o, struct spec *s, struct args *a)
{
	const char *text;
	char c;

	switch (s->conversion) {
	case 'd':
	case 'i':
		convert_signed(o, s, a);
		break;
	case 'p':
		s->alternate = true;
		s->bytes = 4;
		/* fall through */
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		convert_unsigned(o, s, a);
		break;
	case 'c':
		c = (char)va_arg(a->ap, int);
		put_field(o, s, "", 0, &c, 1);
		break;
	case 's':
		text = va_arg(a->ap, const char *);
		if (!text)
			text = "(null)";
		put_field(o, s, "", 0, text, s->precision < 0 ?
			  strlen(text) : strnlen(text, s->precision));
		break;
	case '%':
		put(o, '%');
		break;
	default:	/* a mistake in the format shows itself in the text */
		put(o, '%');
		if (s->conversion)
			put(o, s->conversion);
		break;
	}
}

/* Writes at most size bytes, the NUL included (none when size is 0). Returns
 * the length that the whole text would have had. ISO C vsnprintf. */
int str_vformat(char *to, size_t size, const char *fmt, va_list ap)
{
	struct out o = { to, size, 0 };
	struct args a;
	struct spec s;

	va_copy(a.ap, ap);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &a);
		convert(&o, &s, &a);
	}
	va_end(a.ap);
	if (size)
		to[o.n < size ? o.n : size - 1] = 0;
	assert(o.n <= INT32_MAX);
	return o.n;
}

int str_format(char *to, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = str_vformat(to, size, fmt, ap);
	va_end(ap);
	return n;
}
