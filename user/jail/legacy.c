/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * legacy.c - jail path hostname ip command ...: the form of the paper.
 *
 * The child makes the jail and is its first process, so that the jail ends
 * with its last one. Foreign addresses are diverted to the jail's own
 * (ip4.foreign): the call's version 0 says so. A name, a securelevel or more
 * addresses (-h) need the newer call.
 */
#include <arpa/inet.h>
#include <enter.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inner.h"

struct old_jail {
	struct entry *jail; /* its common options */
	const char *path, *hostname, *ip;
	char **command;
	struct in_addr address;
	struct enter_user user;
	const char *user_name;
};

static int make_by_version_0(const struct old_jail *old)
{
	struct jail_v0 v0 = {.version = 0,
			     .path = (char *)old->path,
			     .hostname = (char *)old->hostname,
			     .ip_number = ntohl(old->address.s_addr)};
	int jid = jail((struct jail *)&v0);

	return jid < 0 ? complain(old->jail, "%s: %s", old->path,
				  strerror(errno))
		       : jid;
}

static int make_by_params(const struct old_jail *old)
{
	const char *given[][2] = {
		{ "path", old->path },
		{ "host.hostname", old->hostname },
		{ "ip4.addr", old->ip },
		{ "ip4.foreign", "divert" },
		{ "name", jail_value(old->jail, "name") },
		{ "securelevel", jail_value(old->jail, "securelevel") },
	};
	struct jailparam jp[6];
	unsigned i, n = 0;
	int jid = -1;

	for (i = 0; i < 6; i++) {
		if (!given[i][1])
			continue;
		if (jailparam_init(&jp[n], given[i][0]) < 0)
			goto out;
		n++;
		if (jailparam_import(&jp[n - 1], given[i][1]) < 0)
			goto out;
	}
	jid = jailparam_set(jp, n, JAIL_CREATE | JAIL_ATTACH);
out:
	if (jid < 0)
		complain(old->jail, "%s", jail_errmsg);
	jailparam_free(jp, n);
	return jid;
}

static int tell(const struct old_jail *old, int jid)
{
	const char *line = keep_format("%d\t%s\t%s\t%s\t%s\n", jid, old->path,
				       old->hostname, old->ip, old->command[0]);

	if (options.print_jid)
		printf("%d\n", jid);
	if (fflush(stdout) == EOF)
		return complain(old->jail, "-i: %s", strerror(errno));
	if (options.jid_file >= 0 && write(ENTER_KEPT, line, strlen(line)) < 0)
		return complain(old->jail, "-J: %s", strerror(errno));
	close(ENTER_KEPT);
	return 0;
}

/* In the child. */
static int go(void *arg)
{
	struct old_jail *old = arg;
	int clean = jail_is_on(old->jail, "exec.clean");
	int by_params = jail_param(old->jail, "name") ||
			jail_param(old->jail, "securelevel") ||
			jail_is_on(old->jail, "ip_hostname");
	int jid = by_params ? make_by_params(old) : make_by_version_0(old);

	if (jid < 0 || tell(old, jid) < 0)
		return FAILED;
	if (old->user_name && !old->user.name[0] &&
	    enter_find_user(&old->user, old->user_name) < 0) {
		complain(old->jail, "%s: no such user in the jail",
			 old->user_name);
		return FAILED;
	}
	if ((old->user_name && enter_become(&old->user) < 0) ||
	    (clean && enter_environment(&old->user, 1) < 0) || chdir("/") < 0) {
		complain(old->jail, "%s", strerror(errno));
		return FAILED;
	}
	return enter_exec("jail", old->command);
}

static int check(struct old_jail *old)
{
	struct stat info;
	char *real;

	if (!*old->path)
		return complain(old->jail, "path is empty");
	if (!*old->hostname)
		return complain(old->jail, "hostname is empty");
	if (inet_pton(AF_INET, old->ip, &old->address) != 1 &&
	    (*old->ip || !jail_is_on(old->jail, "ip_hostname")))
		return complain(old->jail, "ip \"%s\" is not an IPv4 address",
				old->ip);
	if (jail_is_on(old->jail, "ip_hostname")) {
		old->ip = hostname_addresses(old->jail, old->hostname, old->ip);
		if (!old->ip)
			return -1;
	}
	real = realpath(old->path, NULL);
	if (!real || stat(real, &info) < 0)
		return complain(old->jail, "path %s: %s", old->path,
				strerror(errno));
	if (!S_ISDIR(info.st_mode))
		return complain(old->jail, "path %s is not a directory",
				old->path);
	old->path = keep_text(real, strlen(real));
	free(real);
	if (old->user_name &&
	    !jail_is_on(old->jail, "exec.system_jail_user"))
		return 0;
	if (enter_find_user(&old->user, old->user_name) < 0 && old->user_name)
		return complain(old->jail, "%s: no such user", old->user_name);
	return 0;
}

int legacy(int argc, char **argv)
{
	struct old_jail old = { .jail = jail_new("") };
	struct enter_run run = {.child = go,
				.arg = &old,
				.keep = options.jid_file,
				.output = -1};
	const struct setting *s;
	int status;

	if (argc < 4) {
		fputs("jail: usage: jail path hostname ip command ... | jail "
		      "-c param=value ... | jail -r jail ... (man jail)\n",
		      stderr);
		return FAILED;
	}
	old.jail->unnamed = 1;
	for (s = options.common; s; s = s->next)
		jail_apply(old.jail, s);
	old.path = argv[0];
	old.hostname = argv[1];
	old.ip = argv[2];
	old.command = argv + 3;
	old.user_name = jail_value(old.jail, "exec.jail_user");
	if (check(&old) < 0)
		return FAILED;
	status = enter_run(&run);
	if (status < 0) {
		complain(old.jail, "cannot run: %s", enter_error());
		return FAILED;
	}
	return enter_status(status);
}
