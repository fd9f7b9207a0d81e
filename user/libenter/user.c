/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - as whom, with what environment, and the exec itself.
 */
#include <enter.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By the group file alone: getgrouplist also asks a daemon, through files that
 * a small jail does not have. Who is in too many gets the first of them. */
static void find_groups(struct enter_user *user)
{
	struct group *group;
	char **member;

	user->groups[user->ngroups++] = user->gid;
	setgrent();
	while (user->ngroups < ENTER_GROUPS && (group = getgrent())) {
		if (group->gr_gid == user->gid)
			continue;
		for (member = group->gr_mem; *member; member++) {
			if (!strcmp(*member, user->name))
				break;
		}
		if (*member)
			user->groups[user->ngroups++] = group->gr_gid;
	}
	endgrent();
}

int enter_find_user(struct enter_user *user, const char *name)
{
	struct passwd *pw;
	int len;

	errno = 0;
	memset(user, 0, sizeof(*user));
	strcpy(user->home, "/");
	strcpy(user->shell, "/bin/sh");
	pw = name ? getpwnam(name) : getpwuid(geteuid());
	if (!pw) {
		errno = errno ? errno : ENOENT;
		return -1;
	}
	len = snprintf(user->name, sizeof(user->name), "%s", pw->pw_name);
	if (len >= ENTER_NAME || strlen(pw->pw_dir) >= sizeof(user->home) ||
	    strlen(pw->pw_shell) >= sizeof(user->shell)) {
		user->name[0] = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(user->home, pw->pw_dir);
	if (*pw->pw_shell)
		strcpy(user->shell, pw->pw_shell);
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	find_groups(user);
	return 0;
}

int enter_become(const struct enter_user *user)
{
	if (setgroups((size_t)user->ngroups, user->groups) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0)
		return -1;
	return setresuid(user->uid, user->uid, user->uid);
}

int enter_environment(const struct enter_user *user, int clean)
{
	const char *term = getenv("TERM");
	char *kept = term ? strdup(term) : NULL;
	int bad = term && !kept;

	if (clean) {
		bad |= clearenv();
		bad |= setenv("PATH", "/bin:/usr/bin", 1);
		if (kept)
			bad |= setenv("TERM", kept, 1);
	}
	free(kept);
	bad |= setenv("HOME", user->home, 1);
	bad |= setenv("SHELL", user->shell, 1);
	bad |= setenv("USER", user->name, 1);
	return bad ? -1 : 0;
}

int enter_exec(const char *who, char *const argv[])
{
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s: %s\n", who, argv[0],
		errno == ENOENT ? "not found" : strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
