/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c - jails as JSON, in the form that FreeBSD's jls --libxo json has:
 * numbers as numbers, booleans as true and false, addresses as a list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

void json_begin(void)
{
	fputs("{\"__version\": \"2\", \"jail-information\": {\"jail\": [",
	      stdout);
}

void json_end(void)
{
	fputs("]}}\n", stdout);
}

static void put_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_list(char *list)
{
	char *save = NULL, *word;
	bool first = true;

	putchar('[');
	for (word = strtok_r(list, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (!first)
			putchar(',');
		first = false;
		put_string(word);
	}
	putchar(']');
}

static void put(const char *key, struct jailparam *jp, bool first)
{
	char *value = value_of(jp);

	if (!first)
		putchar(',');
	put_string(key);
	putchar(':');
	if (jp->jp_ctltype == JP_IN_ADDR)
		put_list(value);
	else if (jp->jp_ctltype == JP_STRING || jp->jp_flags & JP_JAILSYS)
		put_string(value);
	else
		fputs(*value ? value : "null", stdout);
	free(value);
}

/* One word: the first address, or the state. */
static void put_word(const char *key, const char *word)
{
	printf(",\"%s\":", key);
	put_string(word);
}

static void put_summary(const struct look *look, struct asked *a)
{
	char *addresses = value_of(&a->jp[P_ADDRESS]);
	char *dying = value_of(&a->jp[P_DYING]);

	put("jid", &a->jp[P_JID], true);
	if (!look->verbose) {
		addresses[strcspn(addresses, ",")] = '\0';
		put_word("ipv4", addresses);
	}
	put("hostname", &a->jp[P_HOSTNAME], false);
	put("path", &a->jp[P_PATH], false);
	if (look->verbose || look->names)
		put("name", &a->jp[P_NAME], false);
	if (look->verbose) {
		put_word("state", strcmp(dying, "true") ? "ACTIVE" : "DYING");
		put("cpusetid", &a->jp[P_CPUSET], false);
		put("ipv4_addrs", &a->jp[P_ADDRESS], false);
	}
	free(addresses);
	free(dying);
}

void json_jail(const struct look *look, struct asked *a, bool first)
{
	fputs(first ? "{" : ",{", stdout);
	if (look->table)
		put_summary(look, a);
	for (unsigned i = FIXED; i < a->n && !look->table; i++)
		put(a->jp[i].jp_name, &a->jp[i], i == FIXED);
	putchar('}');
}
