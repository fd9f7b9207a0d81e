/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * learn.c - what a jail would have needed: jls --learn.
 *
 * The kernel keeps count of what each jail was refused, and says in
 * /proc/jail/learn which parameters would have made each of these a yes. The
 * answer is a command that sets them, for somebody to look at first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

#define LEARN "/proc/jail/learn"
#define DEVICES "devices+="

struct need {
	char *words, *devices;
};

static void append(char **list, const char *word)
{
	char *grown;

	if (asprintf(&grown, "%s%s%s", *list ? *list : "", *list ? " " : "",
		     word) < 0)
		fail("%s", strerror(ENOMEM));
	free(*list);
	*list = grown;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	for (; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') &&
		    (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* Devices that the jail has by now are no need any more. */
static void add_device(struct need *need, const char *now, const char *word)
{
	if (!has_word(now, word))
		append(&need->devices, word);
}

static void read_needs(const char *name, const char *devices,
		       struct need *need)
{
	FILE *file = fopen(LEARN, "re");
	size_t size = 0, len = strlen(name);
	char *line = NULL, *word;

	if (!file)
		fail(LEARN ": %s", strerror(errno));
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, len) || line[len] != ' ')
			continue;
		word = line + len + 1;
		if (!strncmp(word, DEVICES, strlen(DEVICES)))
			add_device(need, devices, word + strlen(DEVICES));
		else
			append(&need->words, word);
	}
	free(line);
	fclose(file);
}

/* The devices that the jail has now. */
static char *devices_of(const char *name)
{
	static char key[] = "name", devices[] = "devices";
	struct jailparam jp[2];
	char *list;

	if (jailparam_init(&jp[0], key) < 0 ||
	    jailparam_import(&jp[0], name) < 0 ||
	    jailparam_init(&jp[1], devices) < 0 || jailparam_get(jp, 2, 0) < 0)
		fail("%s", jail_errmsg);
	list = value_of(&jp[1]);
	jailparam_free(jp, 2);
	return list;
}

int learn(const char *jail)
{
	struct need need = { NULL, NULL };
	int jid = jail_getid(jail);
	char *name = jid > 0 ? jail_getname(jid) : NULL, *devices;

	if (!name)
		fail("jail '%s' not found", jail);
	devices = devices_of(name);
	read_needs(name, devices, &need);
	if (!need.words && !need.devices)
		fprintf(stderr, "jls: jail '%s' was refused nothing that a "
			"parameter allows\n", name);
	else
		printf("jail -m name=%s", name);
	if (need.words)
		printf(" %s", need.words);
	if (need.devices)
		printf(" devices=\"%s %s\"", devices, need.devices);
	if (need.words || need.devices)
		putchar('\n');
	free(need.words);
	free(need.devices);
	free(devices);
	free(name);
	return 0;
}
