/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lex.c - jail.conf as tokens: words, strings and signs.
 *
 * A word ends at a blank or a sign; a comment begins only where a word could
 * begin, so that a//b#c is one word. Variables are marked in words and in
 * strings with double quotes; what they stand for is known only per jail.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

/* In place: variables as they were written, nothing that is not printed. */
static void make_readable(char *text)
{
	char *to = text;
	int inside = 0;

	for (; *text; text++) {
		if (*text == MARK && text[1] == MARK) {
			*to++ = '?';
			text++;
		} else if (*text == MARK) {
			inside = !inside;
			if (inside)
				*to++ = '$';
		} else {
			*to++ = iscntrl((unsigned char)*text) ? '?' : *text;
		}
	}
	*to = '\0';
}

int lex_fail(struct lexer *lx, int line, const char *format, ...)
{
	char *error = lx->config->error;
	va_list args;
	int n;

	if (*error)
		return -1;
	n = snprintf(error, ERROR_MAX, "%s:%d: ", lx->file, line);
	if (n < 0 || n >= ERROR_MAX)
		return -1;
	va_start(args, format);
	vsnprintf(error + n, (size_t)(ERROR_MAX - n), format, args);
	va_end(args);
	make_readable(error);
	return -1;
}

int has_variable(const char *text)
{
	for (; *text; text++) {
		if (*text != MARK)
			continue;
		if (text[1] != MARK)
			return 1;
		text++;
	}
	return 0;
}

/* The text of a token while it grows. */
struct text {
	char *data;
	size_t len, size;
};

static void add(struct text *t, char c)
{
	if (t->len + 1 >= t->size) {
		size_t size = t->size ? 2 * t->size : 32;
		char *data = keep(size);

		if (t->len)
			memcpy(data, t->data, t->len);
		t->data = data;
		t->size = size;
	}
	t->data[t->len++] = c;
	t->data[t->len] = '\0';
}

static void add_literal(struct text *t, char c)
{
	if (c == MARK)
		add(t, MARK);
	add(t, c);
}

static int at_end(const struct lexer *lx)
{
	return lx->at >= lx->end;
}

static int peek(const struct lexer *lx, int ahead)
{
	return lx->end - lx->at > ahead ? (unsigned char)lx->at[ahead] : -1;
}

static int skip_comment(struct lexer *lx)
{
	int line = lx->line;

	for (lx->at += 2; !at_end(lx); lx->at++) {
		if (*lx->at == '\n')
			lx->line++;
		if (*lx->at == '*' && peek(lx, 1) == '/') {
			lx->at += 2;
			return 0;
		}
	}
	return lex_fail(lx, line, "the comment is never closed by */");
}

static int skip_blanks(struct lexer *lx)
{
	while (!at_end(lx)) {
		int c = peek(lx, 0);

		if (c == '#' || (c == '/' && peek(lx, 1) == '/')) {
			while (!at_end(lx) && *lx->at != '\n')
				lx->at++;
		} else if (c == '/' && peek(lx, 1) == '*') {
			if (skip_comment(lx) < 0)
				return -1;
		} else if (isspace(c)) {
			lx->line += c == '\n';
			lx->at++;
		} else {
			break;
		}
	}
	return 0;
}

static int hex_value(int c)
{
	if (c < 0 || !isxdigit(c))
		return -1;
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* \x41 and \101, after the backslash. */
static int read_code(struct lexer *lx, struct text *t)
{
	int value = 0, digits = 0;

	if (*lx->at == 'x') {
		for (lx->at++; digits < 2 && hex_value(peek(lx, 0)) >= 0;
		     digits++)
			value = value * 16 +
				hex_value((unsigned char)*lx->at++);
		if (!digits)
			return lex_fail(lx, lx->line,
					"\\x needs a hexadecimal number");
	} else {
		for (; digits < 3 && peek(lx, 0) >= '0' && peek(lx, 0) <= '7';
		     digits++)
			value = value * 8 + *lx->at++ - '0';
	}
	if (value > 255)
		return lex_fail(lx, lx->line, "\\%o is more than a byte",
				value);
	if (!value)
		return lex_fail(lx, lx->line, "a string cannot hold a NUL");
	add_literal(t, (char)value);
	return 0;
}

static int read_escape(struct lexer *lx, struct text *t)
{
	static const char names[] = "abfnrtv", codes[] = "\a\b\f\n\r\t\v";
	const char *name;
	char c;

	lx->at++;
	if (at_end(lx))
		return lex_fail(lx, lx->line, "\\ at the end of the file");
	c = *lx->at;
	if (c == 'x' || (c >= '0' && c <= '7'))
		return read_code(lx, t);
	lx->at++;
	name = strchr(names, c);
	if (c == '\n')
		lx->line++;
	else
		add_literal(t, name ? codes[name - names] : c);
	return 0;
}

static int is_name_char(int c)
{
	return c >= 0 && (isalnum(c) || c == '_');
}

/* $name or ${name}; a $ before anything else is just a $. */
static int read_variable(struct lexer *lx, struct text *t)
{
	int braces = peek(lx, 1) == '{';
	const char *name = lx->at + 1 + braces;

	if (!braces && !is_name_char(peek(lx, 1))) {
		lx->at++;
		add_literal(t, '$');
		return 0;
	}
	lx->at = name;
	while (is_name_char(peek(lx, 0)) ||
	       (braces && !at_end(lx) && strchr(".-", *lx->at)))
		lx->at++;
	if (braces && peek(lx, 0) != '}')
		return lex_fail(lx, lx->line, "${ without the } after a name");
	if (lx->at == name)
		return lex_fail(lx, lx->line, "${} names no variable");
	add(t, MARK);
	for (; name < lx->at; name++)
		add(t, *name);
	add(t, MARK);
	lx->at += braces;
	return 0;
}

static int read_quoted(struct lexer *lx, struct text *t)
{
	char quote = *lx->at++;
	int line = lx->line, bad = 0;

	while (!bad && !at_end(lx) && *lx->at != quote) {
		if (*lx->at == '\\') {
			bad = read_escape(lx, t);
		} else if (*lx->at == '$' && quote == '"') {
			bad = read_variable(lx, t);
		} else {
			lx->line += *lx->at == '\n';
			add_literal(t, *lx->at++);
		}
	}
	if (bad)
		return -1;
	if (at_end(lx))
		return lex_fail(lx, line, "the string is never closed by %c",
				quote);
	lx->at++;
	return 0;
}

/* Does a word end here? */
static int is_sign(const struct lexer *lx)
{
	int c = peek(lx, 0);

	return c < 0 || isspace(c) || strchr("{};,=", c) ||
	       (c == '+' && peek(lx, 1) == '=');
}

static int read_word(struct lexer *lx, struct text *t)
{
	int bad = 0;

	while (!bad && !is_sign(lx)) {
		int c = *lx->at;

		if (c == '"' || c == '\'')
			return lex_fail(lx, lx->line,
					"a quote in the middle of a word");
		if (c == '\\') {
			bad = read_escape(lx, t);
		} else if (c == '$') {
			bad = read_variable(lx, t);
		} else {
			add_literal(t, *lx->at++);
		}
	}
	return bad;
}

static int lex_text(struct lexer *lx)
{
	struct text t = { NULL, 0, 0 };
	int bad;

	lx->kind = TOKEN_TEXT;
	lx->quoted = *lx->at == '"' || *lx->at == '\'';
	bad = lx->quoted ? read_quoted(lx, &t) : read_word(lx, &t);
	if (bad)
		return -1;
	if (!is_sign(lx) && !strchr("#/", *lx->at))
		return lex_fail(lx, lx->line,
				"something follows the string directly");
	lx->text = t.data ? t.data : "";
	lx->token_line = lx->line;
	return 0;
}

int lex_next(struct lexer *lx)
{
	if (skip_blanks(lx) < 0)
		return -1;
	lx->text = "";
	lx->quoted = 0;
	lx->token_line = lx->line;
	if (at_end(lx)) {
		lx->kind = TOKEN_END;
		return 0;
	}
	if (!is_sign(lx))
		return lex_text(lx);
	lx->kind = (unsigned char)*lx->at++;
	if (lx->kind == '+') {
		lx->kind = TOKEN_APPEND;
		lx->at++;
	}
	return 0;
}
