/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jailconf.c - the parser of jail.conf under the sanitizers: files that are
 * nearly right, files that are noise, and files made from known values.
 *
 * sources: user/jail/keep.c user/jail/lex.c user/jail/parse.c user/jail/assemble.c
 * JAILCONF_ROUNDS says how often (the suite takes a second or two).
 */
#include "ktap.h"

#include "user/jail/inner.h"

struct options options;

/* Of the parameters here, these are booleans. */
int param_is_bool(const char *name)
{
	return !strcmp(name, "persist") || !strcmp(name, "exec.clean");
}

const char *param_negated(const char *name)
{
	return !strcmp(name, "nopersist") ? "persist" : NULL;
}

static const char *const seeds[] = {
	"exec.start = \"/bin/sh /etc/rc\";\nexec.clean;\n"
	"path = \"/var/jail/$name\";\nfoo {\n\thost.hostname = \"foo.com\";\n"
	"\tip4.addr = 10.1.1.1, 10.1.1.2;\n\tip4.addr += 10.1.1.3;\n}\n",
	"bar { exec.start = ''; path = /; nopersist; // a comment\n}\n",
	"$a = x, \"y z\"; * { $b = \"${a}$a\"; } foo.* { meta.k = $b; }\n"
	"foo.bar { depend = $a; } /* c */ foo { # d\n}\n",
	"a{b=\"\\x41\\101\\n\\\n\";c='\\'$x';d=e\\ f//g#h;}.include \"/dev/null\";",
	"$x=$y;$y=\"$x$x\";z{path=\"${x}\";}",
	"12 { name = n; } 12 { += ; }",
};

enum { SEEDS = sizeof(seeds) / sizeof(*seeds), TEXT_MAX = 600 };

static unsigned state = 1;

static unsigned next(unsigned below)
{
	state = state * 1103515245u + 12345u;
	return (state >> 8) % below;
}

static unsigned rounds(void)
{
	const char *text = getenv("JAILCONF_ROUNDS");

	return text ? (unsigned)atoi(text) : 20000;
}

/* An error names the file and a line of it, and gives a reason. */
static void check_error(const char *error, const char *text, size_t len)
{
	int line = 0, lines = 1, at = 0;
	size_t i;

	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (strncmp(error, "file:", 5) && !strncmp(error, "/", 1))
		return; /* in an included one */
	CHECK_EQ(sscanf(error, "file:%d: %n", &line, &at), 1);
	CHECK(at > 0 && error[at]);
	CHECK(line >= 1 && line <= lines);
	CHECK(!strchr(error, '\n'));
}

/* From text to jails, all of it; the text may end anywhere. */
static void digest(const char *text, size_t len)
{
	char *exact = malloc(len); /* so that reading on is seen */
	struct config config;
	struct entry *jail;
	int bad;

	memcpy(exact, text, len);
	config_init(&config);
	bad = config_parse(&config, "file", exact, len, 0);
	for (jail = bad ? NULL : config_jails(&config); jail && !bad;
	     jail = jail->next) {
		const struct setting *s;

		bad = jail_assemble(&config, jail);
		for (s = bad ? NULL : jail->params; s; s = s->next)
			CHECK(s->name[0] != '$');
	}
	CHECK_EQ(bad, config.error[0] ? -1 : 0);
	if (bad)
		check_error(config.error, text, len);
	free(exact);
	keep_nothing();
}

TEST(every_beginning_of_the_seeds)
{
	size_t i, len;

	for (i = 0; i < SEEDS; i++) {
		for (len = 0; len <= strlen(seeds[i]); len++)
			digest(seeds[i], len);
	}
}

TEST_WITHIN(seeds_with_mistakes, 100)
{
	static const char signs[] = "{};,=+\"'\\$*./#\n \1\0x0";
	char text[TEXT_MAX];
	unsigned n, k;

	for (n = rounds(); n; n--) {
		const char *seed = seeds[next(SEEDS)];
		size_t len = strlen(seed);

		memcpy(text, seed, len);
		for (k = next(5) + 1; k; k--) {
			size_t at = next((unsigned)len + 1);

			switch (next(3)) {
			case 0:
				text[at] = signs[next(sizeof(signs))];
				len += at == len;
				break;
			case 1:
				memmove(text + at + 1, text + at, len - at);
				text[at] = signs[next(sizeof(signs))];
				len++;
				break;
			default:
				if (at == len)
					break;
				len--;
				memmove(text + at, text + at + 1, len - at);
			}
		}
		digest(text, len);
	}
}

TEST_WITHIN(noise, 100)
{
	static const char signs[] = "ab$.{};,=+=\"'\\#/* \n{}$1x";
	char text[TEXT_MAX];
	unsigned n, i;

	for (n = rounds(); n; n--) {
		unsigned len = next(60), any = next(4) == 0;

		for (i = 0; i < len; i++)
			text[i] = any ? (char)next(256) :
					signs[next(sizeof(signs) - 1)];
		digest(text, len);
	}
}

/* value as jail.conf would have it, in one of the ways there are. */
static char *write_value(char *at, const char *value)
{
	unsigned way = next(4);

	if (way < 2)
		*at++ = way ? '"' : '\'';
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (way == 3)
			at += sprintf(at, next(2) ? "\\%03o" : "\\x%02x", c);
		else if (c == '\n' && way == 2)
			at += sprintf(at, "\\n");
		else if (strchr("\"'\\$", c) ||
			 (way == 2 && strchr(" \t{};,=+#/", c)))
			at += sprintf(at, "\\%c", c);
		else
			*at++ = (char)c;
	}
	if (way < 2)
		*at++ = way ? '"' : '\'';
	return at;
}

TEST_WITHIN(values_as_they_were_written, 100)
{
	static const char signs[] = "ab\"'\\$ {};,=+#/*\n\1\2\377";
	char text[4 * TEXT_MAX], value[20];
	struct config config;
	struct entry *jail;
	unsigned n, i;

	for (n = rounds(); n; n--) {
		unsigned len = 1 + next(sizeof(value) - 1);
		char *at = text;

		for (i = 0; i < len; i++)
			value[i] = signs[next(sizeof(signs) - 1)];
		value[len] = '\0';
		at += sprintf(at, "j { v = ");
		at = write_value(at, value);
		at += sprintf(at, "; w = \"<$v>\"; }");
		config_init(&config);
		CHECK_EQ(config_parse(&config, "file", text, (size_t)(at - text), 0),
			 0);
		jail = config_jails(&config);
		CHECK(jail && !jail->next);
		CHECK_EQ(jail_assemble(&config, jail), 0);
		CHECK(!strcmp(jail_param(jail, "v")->values[0], value));
		CHECK(!strncmp(jail_param(jail, "w")->values[0] + 1, value, len));
		keep_nothing();
	}
}
