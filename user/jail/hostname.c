/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostname.c - ip_hostname, -h: the addresses that a jail's host name has, by
 * /etc/hosts or by the name server of /etc/resolv.conf, are the jail's too.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "inner.h"

/* Is word one of the comma list? */
static int holds(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	while ((at = strstr(at, word))) {
		if ((at == list || at[-1] == ',' || at[-1] == '|' ||
		     at[-1] == ' ') &&
		    !strchr("0123456789.", at[len] ? at[len] : ','))
			return 1;
		at += len;
	}
	return 0;
}

const char *hostname_addresses(const struct entry *jail, const char *hostname,
			       const char *have)
{
	struct addrinfo want = { .ai_family = AF_INET,
				 .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *a;
	const char *text = have;
	int error;

	if (!hostname || !*hostname) {
		complain(jail, "ip_hostname: there is no host.hostname");
		return NULL;
	}
	error = getaddrinfo(hostname, NULL, &want, &list);
	if (error) {
		complain(jail, "ip_hostname: %s: %s", hostname,
			 gai_strerror(error));
		return NULL;
	}
	for (a = list; a; a = a->ai_next) {
		const struct sockaddr_in *in = (const void *)a->ai_addr;
		const char *one = inet_ntoa(in->sin_addr);

		if (!holds(text, one))
			text = keep_format("%s%s%s", text, *text ? "," : "",
					   one);
	}
	freeaddrinfo(list);
	return text;
}

int add_hostname_addresses(struct entry *jail)
{
	const struct setting *have = jail_param(jail, "ip4.addr");
	struct setting s = { .name = "ip4.addr", .nvalues = 1, .file = "-" };
	const char *text = "";
	char **values;
	int i;

	if (!jail_is_on(jail, "ip_hostname") || jail->resolved)
		return 0;
	for (i = 0; have && i < have->nvalues; i++)
		text = keep_format("%s%s%s", text, *text ? "," : "",
				   have->values[i]);
	text = hostname_addresses(jail, jail_value(jail, "host.hostname"),
				  text);
	if (!text)
		return -1;
	values = keep(sizeof(*values));
	values[0] = keep_text(text, strlen(text));
	s.values = values;
	jail_apply(jail, &s);
	jail->resolved = 1;
	return 0;
}
