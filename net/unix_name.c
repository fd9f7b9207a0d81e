/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_name.c - addresses of AF_UNIX: names in the file system, and abstract
 * ones.
 *
 * A path is a path: it is walked for who asks, so that what a prison cannot
 * see it cannot reach, and the node's mode says who may connect. An abstract
 * name (its first byte is 0) lies in no directory; it belongs to the prison of
 * its maker, and nobody else finds it.
 *
 * Invariant: the tree holds the abstract names that are bound; inode->socket
 * is the socket that holds the inode by its path. Locks: the kernel lock.
 */
#include "net/unix.h"

enum {
	FAMILY_SIZE = sizeof(uint16_t),
	AUTO_DIGITS = 5, AUTO_MASK = 0xfffff,	/* "\0" and five hex digits */
};

static struct tree abstract;

/* --- names as values ------------------------------------------------------ */

/* path: the len - FAMILY_SIZE bytes behind the family. */
static int name_new(const struct cred *who, const char *path, uint32_t len,
		    struct unix_name **out)
{
	struct unix_name *n = charged_alloc(who->prison,
					    sizeof *n + len - FAMILY_SIZE);

	if (!n)
		return -ENOMEM;
	memset(n, 0, sizeof *n);
	n->refs = 1;
	n->prison = who->prison;
	prison_hold(n->prison);
	n->len = len;
	memcpy(n->path, path, len - FAMILY_SIZE);
	*out = n;
	return 0;
}

void unix_name_drop(struct unix_name *n)
{
	struct prison *prison = n->prison;

	assert(n->refs > 0);
	if (--n->refs)
		return;
	assert(!n->bound);
	charged_free(prison, n, sizeof *n + n->len - FAMILY_SIZE);
	prison_drop(prison);
}

void unix_name_copy(const struct unix_sock *s, struct sock_name *out)
{
	out->len = 0;
	if (!s->name)
		return;
	assert(s->name->refs > 0 && s->name->len <= SOCKADDR_MAX);
	out->len = s->name->len;
	out->family = AF_UNIX;
	memcpy(out->bytes + FAMILY_SIZE, s->name->path, out->len - FAMILY_SIZE);
}

/* --- the abstract ones ---------------------------------------------------- */

/* Each type of socket has names of its own, as on Linux. */
static int name_compare(const struct unix_name *a, const struct prison *prison,
			int type, const char *path, uint32_t len)
{
	if (a->prison != prison)
		return a->prison < prison ? -1 : 1;
	if (a->type != type)
		return a->type < type ? -1 : 1;
	if (a->len != len)
		return a->len < len ? -1 : 1;
	return memcmp(a->path, path, len - FAMILY_SIZE);
}

static bool name_less(const struct tree_node *a, const struct tree_node *b)
{
	const struct unix_name *y = tree_entry(b, struct unix_name, node);

	return name_compare(tree_entry(a, struct unix_name, node), y->prison,
			    y->type, y->path, y->len) < 0;
}

static struct unix_name *abstract_find(const struct prison *prison, int type,
				       const char *path, uint32_t len)
{
	struct tree_node *at = abstract.root;

	while (at) {
		struct unix_name *n = tree_entry(at, struct unix_name, node);
		int c = name_compare(n, prison, type, path, len);

		if (c == 0)
			return n;
		at = c < 0 ? at->right : at->left;
	}
	return NULL;
}

static int abstract_bind(struct unix_sock *s, const struct cred *who,
			 const char *path, uint32_t len)
{
	struct unix_name *n;
	int err;

	assert(!s->dead && len > FAMILY_SIZE);
	if (s->name)
		return -EINVAL;
	if (abstract_find(who->prison, s->sock.type, path, len))
		return -EADDRINUSE;
	err = name_new(who, path, len, &n);
	if (err)
		return err;
	n->type = s->sock.type;
	n->bound = s;
	s->name = n;
	tree_add(&abstract, &n->node, name_less);
	return 0;
}

/* A name that nobody has in who's prison. No deed where s has one already.
 * -ENOSPC, -ENOMEM. */
int unix_autobind(struct unix_sock *s, const struct cred *who)
{
	static uint32_t next;
	char path[1 + AUTO_DIGITS + 1] = "";
	int err = -EADDRINUSE;

	if (s->name)
		return 0;
	for (uint32_t tries = 0; tries <= AUTO_MASK && err == -EADDRINUSE;
	     tries++) {
		str_format(path + 1, AUTO_DIGITS + 1, "%05x",
			   next++ & AUTO_MASK);
		err = abstract_bind(s, who, path,
				    FAMILY_SIZE + 1 + AUTO_DIGITS);
	}
	return err == -EADDRINUSE ? -ENOSPC : err;
}

/* --- paths ---------------------------------------------------------------- */

/* The node is made with the socket's own mode (fchmod) less the umask. */
static int path_bind(struct unix_sock *s, const struct path_at *at,
		     const char *path)
{
	struct unix_name *n;
	struct path p;
	int err = path_create_socket(at, path, s->sock.file->inode->mode, &p);

	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	err = -EINVAL;		/* it has a name; what a path lacks comes first */
	if (!s->name)
		err = name_new(at->who, path, FAMILY_SIZE + strlen(path) + 1,
			       &n);
	if (err) {
		path_drop(&p);
		if (path_unlink(at, path, false))
			log_print(LOG_DEBUG, "unix: a node stays: %s", path);
		return err;
	}
	assert(!p.dentry->inode->socket && !s->path.mount);
	n->bound = s;
	s->name = n;
	s->path = p;
	p.dentry->inode->socket = s;
	return 0;
}

/* bind(2). -EINVAL, -EADDRINUSE, -ENOMEM, and of path_create. */
int unix_bind(struct sock *sock, const struct path_at *at, struct sock_name *n)
{
	struct unix_sock *s = unix_of(sock);
	const char *path = n->bytes + FAMILY_SIZE;

	if (n->len < FAMILY_SIZE || n->family != AF_UNIX ||
	    n->len > sizeof(struct abi_sockaddr_un))
		return -EINVAL;
	if (n->len == FAMILY_SIZE)
		return unix_autobind(s, at->who);
	if (!*path)
		return abstract_bind(s, at->who, path, n->len);
	n->bytes[n->len] = 0;
	return path_bind(s, at, path);
}

/* Nobody finds s by its name any more; others may still be told it. Sleeps. */
void unix_unbind(struct unix_sock *s)
{
	struct unix_name *n = s->name;
	struct path p = s->path;

	if (!n || n->bound != s)
		return;		/* none, or its listener's */
	n->bound = NULL;
	if (!p.mount) {
		tree_remove(&abstract, &n->node);
		return;
	}
	assert(p.dentry->inode->socket == s);
	p.dentry->inode->socket = NULL;
	s->path = (struct path){ NULL, NULL };
	path_drop(&p);
}

/* --- looking up ------------------------------------------------------------- */

static int path_find(const struct path_at *at, const char *name,
		     struct unix_sock **out)
{
	struct path p;
	struct inode *i;
	int err = path_walk(at, name, WALK_FOLLOW, &p, NULL);

	if (err)
		return err;
	i = p.dentry->inode;
	err = inode_permission(i, at->who, W_OK);
	if (!err && (!S_ISSOCK(i->mode) || !i->socket))
		err = -ECONNREFUSED;
	if (!err) {
		*out = i->socket;
		unix_hold(*out);
		inode_touch_read(i, p.mount);
	}
	path_drop(&p);
	return err;
}

int unix_name_check(const struct sock_name *n)
{
	return n->len <= FAMILY_SIZE || n->family != AF_UNIX ||
	       n->len > sizeof(struct abi_sockaddr_un) ? -EINVAL : 0;
}

int unix_find(const struct path_at *at, const struct sock_name *name, int type,
	      struct unix_sock **out)
{
	const char *path = name->bytes + FAMILY_SIZE;
	struct unix_sock *s;
	struct unix_name *n;
	int err = unix_name_check(name);

	if (err)
		return err;
	if (*path) {
		err = path_find(at, path, &s);
		if (err)
			return err;
	} else {
		n = abstract_find(at->who->prison, type, path, name->len);
		if (!n)
			return -ECONNREFUSED;
		s = n->bound;
		unix_hold(s);
	}
	if (s->sock.type != type) {
		unix_drop(s);
		return -EPROTOTYPE;
	}
	*out = s;
	return 0;
}
