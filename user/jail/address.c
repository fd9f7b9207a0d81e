/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address.c - ip4.addr: [interface|]address[/mask] [word ...], and the aliases
 * of network interfaces that it asks for, alone or by the parameter interface.
 * The words are ifconfig's, for the alias.
 *
 * An alias that we add has a label that says so (eth0:0a000214, the address in
 * hexadecimal). Only such a one is ever taken away, so that an address which
 * the host has for itself stays; and the kernel keeps it as long as a jail has
 * the address. So nothing needs to be remembered, and who is last takes it away.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inner.h"

struct alias {
	const char *interface; /* NULL: only the jail gets the address */
	struct in_addr addr, mask;
	const char *words; /* for ifconfig; "": none */
	struct alias *next;
};

/* "24" or "255.255.255.0"; a subnet of 0 bits would be the whole world. */
static int parse_mask(const char *text, struct in_addr *mask)
{
	unsigned bits, others;

	if (strlen(text) <= 2 && !text[strspn(text, "0123456789")]) {
		bits = (unsigned)atoi(text);
		if (bits < 1 || bits > 32)
			return -1;
		mask->s_addr = htonl(~0u << (32 - bits));
		return 0;
	}
	if (inet_pton(AF_INET, text, mask) != 1 || !mask->s_addr)
		return -1;
	others = ~ntohl(mask->s_addr);
	return others & (others + 1) ? -1 : 0;
}

/* text is changed. */
static int parse(const struct entry *jail, const struct setting *s, char *text,
		 struct alias *a)
{
	char *bar = strchr(text, '|'), *mask, *words;

	a->interface = jail_value(jail, "interface");
	if (a->interface && !*a->interface)
		a->interface = NULL;
	if (bar) {
		*bar = '\0';
		a->interface = text;
		text = bar + 1;
	}
	words = text + strcspn(text, " \t");
	if (*words)
		*words++ = '\0';
	a->words = words + strspn(words, " \t");
	mask = strchr(text, '/');
	if (mask)
		*mask++ = '\0';
	if (bar && !*a->interface)
		return complain_at(jail, s, "%s: |%s: which interface?",
				   s->name, text);
	if (inet_pton(AF_INET, text, &a->addr) != 1)
		return complain_at(jail, s,
				   "%s: \"%s\" is not an IPv4 address",
				   s->name, text);
	if (parse_mask(mask ? mask : "32", &a->mask) < 0)
		return complain_at(jail, s,
				   "%s: %s: \"%s\" is not a netmask, such as "
				   "24 or 255.255.255.0",
				   s->name, text, mask);
	return 0;
}

/* All of ip4.addr, in its order. */
static int parse_all(const struct entry *jail, struct alias **list)
{
	const struct setting *s = jail_param(jail, "ip4.addr");
	int i;

	*list = NULL;
	for (i = 0; s && i < s->nvalues; i++) {
		char *words = keep_text(s->values[i], strlen(s->values[i]));
		char *word;

		while ((word = strsep(&words, ","))) {
			word += strspn(word, " ");
			if (!*word)
				continue;
			*list = keep(sizeof(**list));
			if (parse(jail, s, word, *list) < 0)
				return -1;
			list = &(*list)->next;
		}
	}
	return 0;
}

const char *address_list(const struct entry *jail)
{
	const char *text = "";
	struct alias *list;

	if (parse_all(jail, &list) < 0)
		return NULL;
	for (; list; list = list->next)
		text = keep_format("%s%s%s", text, *text ? "," : "",
				   inet_ntoa(list->addr));
	return text;
}

/* --- aliases -------------------------------------------------------------------- */

/* Any socket does, and one of this family may everybody have. */
static int request(unsigned long command, struct ifreq *r)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int bad = fd < 0 || ioctl(fd, command, r) < 0, error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return bad ? -1 : 0;
}

/* What is asked about the alias of addr that is ours. */
static int label(struct ifreq *r, const char *interface, struct in_addr addr)
{
	int len;

	memset(r, 0, sizeof(*r));
	len = snprintf(r->ifr_name, sizeof(r->ifr_name), "%s:%08x", interface,
		       ntohl(addr.s_addr));
	errno = ENAMETOOLONG;
	return len < (int)sizeof(r->ifr_name) ? 0 : -1;
}

static void put(struct ifreq *r, struct in_addr addr)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = addr };

	memcpy(&r->ifr_addr, &in, sizeof(in));
}

static int remove_alias(const char *interface, struct in_addr addr)
{
	struct ifreq r;

	if (label(&r, interface, addr) < 0)
		return -1;
	return request(SIOCSIFFLAGS, &r); /* no longer up */
}

/* 1: it is new; 0: it was there. */
static int add_alias(const struct alias *a)
{
	struct ifreq r;
	int error;

	if (label(&r, a->interface, a->addr) < 0)
		return -1;
	if (request(SIOCGIFADDR, &r) == 0)
		return 0;
	put(&r, a->addr);
	if (request(SIOCSIFADDR, &r) < 0)
		return errno == EEXIST ? 0 : -1; /* it is another's */
	put(&r, a->mask);
	if (request(SIOCSIFNETMASK, &r) == 0)
		return 1;
	error = errno;
	remove_alias(a->interface, a->addr);
	errno = error;
	return -1;
}

/* ifconfig says itself what is wrong. */
static int add_words(const struct alias *a)
{
	char *words = keep_text(a->words, strlen(a->words)), *word;
	char **argv = keep((strlen(words) + 3) * sizeof(*argv));
	struct ifreq r;
	int n = 0, status;
	pid_t pid;

	if (!*words)
		return 0;
	if (label(&r, a->interface, a->addr) < 0)
		return -1;
	argv[n++] = keep_text("ifconfig", strlen("ifconfig"));
	argv[n++] = r.ifr_name;
	while ((word = strsep(&words, " \t")))
		if (*word)
			argv[n++] = word;
	argv[n] = NULL;
	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	errno = EINVAL;
	return pid > 0 && !status ? 0 : -1;
}

static int check_interface(const struct entry *jail, const struct setting *s,
			   const char *name)
{
	if (!name || !*name)
		return 0;
	if (!strchr(name, ':') && if_nametoindex(name))
		return 0;
	return complain_at(jail, s,
			   "%s: there is no network interface %s (ifconfig -a "
			   "lists those there are)",
			   s->name, name);
}

int check_interfaces(const struct entry *jail)
{
	struct alias *list;

	if (check_interface(jail, jail_param(jail, "interface"),
			    jail_value(jail, "interface")) < 0 ||
	    parse_all(jail, &list) < 0)
		return -1;
	for (; list; list = list->next) {
		const struct setting *s = jail_param(jail, "ip4.addr");

		if (check_interface(jail, s, list->interface) < 0)
			return -1;
		if (*list->words && !list->interface)
			return complain_at(jail, s,
					   "%s: %s %s: the words are for an "
					   "interface, and none is named",
					   s->name, inet_ntoa(list->addr),
					   list->words);
	}
	return 0;
}

int make_addresses(struct entry *jail)
{
	struct alias *list, *a, *next;
	int done;

	if (parse_all(jail, &list) < 0)
		return -1;
	for (a = list; a; a = next) {
		next = a->next;
		if (!a->interface)
			continue;
		done = add_alias(a);
		if (done < 0)
			return complain_at(jail, jail_param(jail, "ip4.addr"),
					   "ip4.addr: %s cannot be added to "
					   "interface %s: %s",
					   inet_ntoa(a->addr), a->interface,
					   errno == EPERM
						   ? "only the host's root may"
						   : strerror(errno));
		if (!done)
			continue;
		note_step(jail, "add %s to %s", inet_ntoa(a->addr),
			  a->interface);
		a->next = jail->aliases;
		jail->aliases = a;
		if (add_words(a) < 0)
			return complain_at(jail, jail_param(jail, "ip4.addr"),
					   "ip4.addr: %s: \"%s\": %s",
					   inet_ntoa(a->addr), a->words,
					   errno == EINVAL
						   ? "ifconfig failed"
						   : strerror(errno));
	}
	return 0;
}

/* One that somebody still uses stays, and so does one that is not ours. */
static int remove_one(struct entry *jail, const char *interface,
		      struct in_addr addr)
{
	if (remove_alias(interface, addr) == 0) {
		note_step(jail, "remove %s from %s", inet_ntoa(addr),
			  interface);
		return 0;
	}
	if (errno == EBUSY || errno == EADDRNOTAVAIL || errno == ENAMETOOLONG ||
	    errno == EPERM) /* a jail's root has none of his own */
		return 0;
	return complain(jail, "%s cannot be removed from interface %s: %s",
			inet_ntoa(addr), interface, strerror(errno));
}

int undo_addresses(struct entry *jail)
{
	int bad = 0;

	for (; jail->aliases; jail->aliases = jail->aliases->next)
		bad |= remove_one(jail, jail->aliases->interface,
				  jail->aliases->addr);
	return bad;
}

void see_addresses(struct entry *jail)
{
	struct jailparam now[2] = { 0 };
	char number[16], *text = NULL;

	snprintf(number, sizeof(number), "%d", jail->jid);
	if (jailparam_init(&now[0], "jid") == 0 &&
	    jailparam_import(&now[0], number) == 0 &&
	    jailparam_init(&now[1], "ip4.addr") == 0 &&
	    jailparam_get(now, 2, 0) >= 0)
		text = jailparam_export(&now[1]);
	jail->had = text ? keep_text(text, strlen(text)) : NULL;
	free(text);
	jailparam_free(now, 2);
}

/* On every interface: who made the jail may have named another one. */
static int remove_everywhere(struct entry *jail, const char *text)
{
	FILE *file = fopen("/proc/net/dev", "re");
	char line[256], *colon, *words, *word;
	struct in_addr addr;
	int bad = 0;

	while (file && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (!colon)
			continue; /* the heading */
		*colon = '\0';
		words = keep_text(text, strlen(text));
		while ((word = strsep(&words, ",")))
			if (inet_pton(AF_INET, word, &addr) == 1)
				bad |= remove_one(jail,
						  line + strspn(line, " "),
						  addr);
	}
	if (file)
		fclose(file);
	return bad;
}

int remove_addresses(struct entry *jail)
{
	const char *wanted = address_list(jail);
	int bad = jail->had ? remove_everywhere(jail, jail->had) : 0;

	return bad | (wanted ? remove_everywhere(jail, wanted) : -1);
}
