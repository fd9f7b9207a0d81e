/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.c - jail.conf's statements, from tokens to blocks of settings.
 *
 *	name;  name = value, ...;  name += value, ...;  $name = value, ...;
 *	jail { statements }        .include "pattern";
 *
 * Nothing is looked up here: a name may be any. The first error ends it.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inner.h"

enum { DEPTH_MAX = 8, NAME_MAX_LEN = 255, FILE_MAX_LEN = 1 << 20 };

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->end = &config->first;
}

static struct block *add_block(struct config *config, const char *name)
{
	struct block *block = keep(sizeof(*block));

	block->name = name;
	block->end = &block->first;
	*config->end = block;
	config->end = &block->next;
	return block;
}

/* The token in words, for a message. */
static const char *show(const struct lexer *lx)
{
	switch (lx->kind) {
	case TOKEN_END:
		return "the end of the file";
	case TOKEN_TEXT:
		return *lx->text ? lx->text : "\"\"";
	case TOKEN_APPEND:
		return "+=";
	default:
		return keep_format("%c", lx->kind);
	}
}

/* The ; that ends a statement begun by name. A missing one is missing where
 * the last word stands, not where the next one does. */
static int want_end(struct lexer *lx, int line, const char *after)
{
	if (lx->kind == ';')
		return 0;
	return lex_fail(lx, line, "; is missing after %s", after);
}

/* What follows = or +=, with its ; */
static int parse_values(struct lexer *lx, struct setting *s)
{
	int line = lx->token_line, room = 0;
	const char *after = show(lx);

	do {
		if (lex_next(lx) < 0)
			return -1;
		if (lx->kind != TOKEN_TEXT)
			return lex_fail(lx, line, "a value is missing after %s",
					after);
		if (s->nvalues == room) {
			char **values =
				keep((size_t)(room + 8) * sizeof(*values));

			if (room)
				memcpy(values, s->values,
				       (size_t)room * sizeof(*values));
			s->values = values;
			room += 8;
		}
		s->values[s->nvalues++] = (char *)lx->text;
		line = lx->token_line;
		after = show(lx);
		if (lex_next(lx) < 0)
			return -1;
		if (lx->kind == ',') {
			line = lx->token_line;
			after = ",";
		}
	} while (lx->kind == ',');
	return want_end(lx, line, after);
}

/* MARK x MARK as a name is the definition of a variable: "$x". */
static const char *variable_name(const char *text)
{
	size_t len = strlen(text);

	if (len < 3 || text[0] != MARK ||
	    strchr(text + 1, MARK) != text + len - 1)
		return NULL;
	return keep_format("$%.*s", (int)len - 2, text + 1);
}

static int check_param_name(struct lexer *lx, const char *name, int line)
{
	size_t len = strlen(name), i;

	if (!len)
		return lex_fail(lx, line, "the name is empty");
	if (has_variable(name))
		return lex_fail(lx, line,
				"%s: a variable cannot stand in a name",
				name);
	for (i = 0; i < len; i++) {
		if (isspace((unsigned char)name[i]) ||
		    iscntrl((unsigned char)name[i]))
			return lex_fail(lx, line, "\"%s\" is no name",
					name);
	}
	if (name[0] == '.' || name[len - 1] == '.')
		return lex_fail(lx, line,
				"\"%s\": a name does not %s with a dot", name,
				name[0] == '.' ? "begin" : "end");
	return 0;
}

static int check_jail_name(struct lexer *lx, const char *name, int line)
{
	size_t len = strlen(name);
	const char *star = strchr(name, '*');

	if (!len)
		return lex_fail(lx, line, "the name of the jail is empty");
	if (has_variable(name))
		return lex_fail(lx, line,
				"the name of a jail cannot be a variable");
	if (len > NAME_MAX_LEN)
		return lex_fail(lx, line, "the name of the jail is too long");
	if (star && (star[1] || (star != name && star[-1] != '.')))
		return lex_fail(lx, line,
				"\"%s\": a * is alone, or last after a dot",
				name);
	if (name[0] == '.' || name[len - 1] == '.' || strstr(name, ".."))
		return lex_fail(lx, line, "\"%s\": a part of the name is empty",
				name);
	for (; *name; name++) {
		if (isspace((unsigned char)*name) ||
		    iscntrl((unsigned char)*name) || *name == '/')
			return lex_fail(
				lx, line,
				"the name of a jail holds no blank or /");
	}
	return 0;
}

static void add_setting(struct block *block, struct setting *s)
{
	*block->end = s;
	block->end = &s->next;
}

/* A statement other than a jail, which began with the word name. */
static int parse_setting(struct lexer *lx, struct block *block,
			 const char *name, int line)
{
	struct setting *s = keep(sizeof(*s));
	const char *variable = variable_name(name);

	s->file = lx->file;
	s->line = line;
	s->name = variable ? variable : name;
	s->append = lx->kind == TOKEN_APPEND;
	add_setting(block, s);
	if (lx->kind == '=' || s->append)
		return parse_values(lx, s);
	if (variable && lx->kind == ';')
		return lex_fail(lx, line, "%s needs a value", variable);
	if (lx->kind == TOKEN_TEXT)
		return lex_fail(lx, line, "= or ; is missing after %s",
				s->name);
	if (lx->kind != ';' && lx->kind != '}' && lx->kind != TOKEN_END)
		return lex_fail(lx, lx->token_line, "%s cannot follow %s",
				show(lx), s->name);
	return want_end(lx, line, s->name);
}

/* The word that a statement begins with has been read. */
static int parse_statement(struct lexer *lx, struct block *block)
{
	const char *name = lx->text;
	int line = lx->token_line;

	if (!variable_name(name) && check_param_name(lx, name, line) < 0)
		return -1;
	if (lex_next(lx) < 0)
		return -1;
	if (lx->kind == '{')
		return lex_fail(lx, line, "%s { inside of another jail", name);
	return parse_setting(lx, block, name, line);
}

static int parse_jail(struct lexer *lx, const char *name, int line)
{
	struct block *block = add_block(lx->config, name);

	if (check_jail_name(lx, name, line) < 0)
		return -1;
	for (;;) {
		if (lex_next(lx) < 0)
			return -1;
		if (lx->kind == '}')
			return 0;
		if (lx->kind == TOKEN_END)
			return lex_fail(lx, line, "%s { is never closed by }",
					name);
		if (lx->kind == ';')
			continue;
		if (lx->kind != TOKEN_TEXT)
			return lex_fail(lx, lx->token_line,
					"%s without a name before it",
					show(lx));
		if (!lx->quoted && !strcmp(lx->text, ".include"))
			return lex_fail(lx, lx->token_line,
					".include stands outside of jails");
		if (parse_statement(lx, block) < 0)
			return -1;
	}
}

/* All of the file, in *out; -1 with errno. */
static int slurp(const char *name, char **out, size_t *len)
{
	FILE *file = fopen(name, "re");
	struct stat info;
	int error = 0;

	if (!file)
		return -1;
	if (fstat(fileno(file), &info) < 0)
		error = errno;
	else if (S_ISDIR(info.st_mode))
		error = EISDIR;
	if (!error) {
		*out = keep(FILE_MAX_LEN);
		*len = fread(*out, 1, FILE_MAX_LEN, file);
		if (ferror(file))
			error = errno;
		else if (*len == FILE_MAX_LEN)
			error = EFBIG;
	}
	fclose(file);
	errno = error;
	return error ? -1 : 0;
}

static int include_file(struct lexer *lx, int line, const char *name, int depth)
{
	char *text;
	size_t len;

	if (slurp(name, &text, &len) < 0)
		return lex_fail(lx, line, ".include %s: %s", name,
				strerror(errno));
	return config_parse(lx->config, keep_text(name, strlen(name)), text,
			    len, depth + 1);
}

/* .include "pattern"; a name without a folder is looked for beside us. */
static int parse_include(struct lexer *lx, int depth)
{
	const char *slash = strrchr(lx->file, '/'), *pattern;
	int line = lx->token_line, bad = 0;
	glob_t found;
	size_t i;

	if (lex_next(lx) < 0)
		return -1;
	if (lx->kind != TOKEN_TEXT || !*lx->text)
		return lex_fail(lx, line, ".include names no file");
	if (has_variable(lx->text))
		return lex_fail(lx, line, ".include cannot use variables");
	pattern = lx->text;
	if (*pattern != '/' && slash)
		pattern = keep_format("%.*s/%s", (int)(slash - lx->file),
				      lx->file, pattern);
	if (lex_next(lx) < 0 || want_end(lx, line, ".include") < 0)
		return -1;
	if (depth >= DEPTH_MAX)
		return lex_fail(lx, line, ".include goes deeper than %d files",
				DEPTH_MAX);
	if (!strpbrk(pattern, "*?["))
		return include_file(lx, line, pattern, depth);
	switch (glob(pattern, 0, NULL, &found)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		return 0; /* a folder for more, with nothing in it yet */
	default:
		return lex_fail(lx, line, ".include %s: cannot be read",
				pattern);
	}
	for (i = 0; !bad && i < found.gl_pathc; i++)
		bad = include_file(lx, line, found.gl_pathv[i], depth);
	globfree(&found);
	return bad;
}

/* A statement outside of jails; global takes what is for all of them. */
static int parse_top(struct lexer *lx, struct block **global, int depth)
{
	const char *name = lx->text;
	int line = lx->token_line, quoted = lx->quoted;

	if (!quoted && !strcmp(name, ".include")) {
		*global = NULL;
		return parse_include(lx, depth);
	}
	if (lex_next(lx) < 0)
		return -1;
	if (lx->kind == '{') {
		*global = NULL;
		return parse_jail(lx, name, line);
	}
	if (!*global)
		*global = add_block(lx->config, NULL);
	if (!variable_name(name) && check_param_name(lx, name, line) < 0)
		return -1;
	return parse_setting(lx, *global, name, line);
}

int config_parse(struct config *config, const char *file, const char *text,
		 size_t len, int depth)
{
	struct lexer lx = {.config = config,
			   .file = file,
			   .at = text,
			   .end = text + len,
			   .line = 1};
	const char *nul = memchr(text, '\0', len), *c;
	struct block *global = NULL;

	if (nul) {
		for (c = text; c < nul; c++)
			lx.line += *c == '\n';
		return lex_fail(&lx, lx.line, "a NUL byte: this is no text");
	}
	for (;;) {
		if (lex_next(&lx) < 0)
			return -1;
		if (lx.kind == TOKEN_END)
			return 0;
		if (lx.kind == ';')
			continue;
		if (lx.kind == '}')
			return lex_fail(&lx, lx.token_line, "} without a {");
		if (lx.kind != TOKEN_TEXT)
			return lex_fail(&lx, lx.token_line,
					"%s without a name before it",
					show(&lx));
		if (parse_top(&lx, &global, depth) < 0)
			return -1;
	}
}

int config_read(struct config *config, const char *file)
{
	char *text;
	size_t len;

	if (!strcmp(file, "-"))
		file = "/dev/stdin";
	if (slurp(file, &text, &len) < 0) {
		snprintf(config->error, sizeof(config->error), "%s: %s", file,
			 strerror(errno));
		return -1;
	}
	return config_parse(config, file, text, len, 0);
}
