/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c - what the three kinds of System V IPC share: identifiers, keys,
 * owners and modes (POSIX XSI IPC; Linux sysvipc(7)).
 *
 * Objects lie in spaces. A prison has a space of its own, that of its parent,
 * or none (prison_ipc_space). A key is looked up in the asker's space only, so
 * that nobody can lie in wait with it for a program of another prison.
 * Identifiers are the kernel's; what is in no space at or below the asker's has
 * none there. A space ends with its prison, and all that is in it.
 *
 * Locks: the kernel lock; nothing here sleeps.
 */
#include "kernel/fs/sysv/inner.h"

enum { INDEX_MASK = (1 << IPC_INDEX_BITS) - 1, FIRST_PLACES = 16 };

struct ipc_kind shm_kind = { .what = PRISON_IPC_SHM, .limit = SHMMNI,
			     .end = shm_end };
struct ipc_kind sem_kind = { .what = PRISON_IPC_SEM, .limit = SEMMNI,
			     .end = sem_end };
struct ipc_kind msg_kind = { .what = PRISON_IPC_MSG, .limit = MSGMNI,
			     .end = msg_end };

static void space_gone(struct ipc_kind *k, const struct prison *space)
{
	for (unsigned i = 0; i < k->size; i++)
		if (k->place[i] && k->place[i]->space == space)
			k->end(k->place[i]);
}

static void prison_gone(struct prison *p)
{
	space_gone(&shm_kind, p);
	space_gone(&sem_kind, p);
	space_gone(&msg_kind, p);
}

void ipc_init(void)
{
	prison_on_death(prison_gone);
	show_register();
}

int64_t now_seconds(void)
{
	uint32_t rest;

	return div_u64(inode_now(), NS_PER_SEC, &rest);
}

/* --- keys --------------------------------------------------------------- */

static int key_compare(const struct prison *p, int key, const struct ipc_object *o)
{
	if (p != o->space)
		return p < o->space ? -1 : 1;
	return key < o->key ? -1 : key > o->key;
}

/* NULL: none, and *link (below *parent) is where it would be. */
static struct ipc_object *key_find(struct ipc_kind *k, const struct prison *p, int key,
				   struct tree_node **parent, struct tree_node ***link)
{
	*parent = NULL;
	*link = &k->keys.root;
	while (**link) {
		struct ipc_object *o = tree_entry(**link, struct ipc_object, by_key);
		int side = key_compare(p, key, o);

		if (side == 0)
			return o;
		*parent = **link;
		*link = side < 0 ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

static void key_enter(struct ipc_kind *k, struct ipc_object *o)
{
	struct tree_node *parent, **link;

	assert(o->space && prison_sees(o->space, o->prison));
	if (o->key == IPC_PRIVATE)
		return;
	if (key_find(k, o->space, o->key, &parent, &link))
		panic("a key of System V IPC is there twice");
	tree_insert(&k->keys, &o->by_key, parent, link);
}

void object_hide(struct ipc_kind *k, struct ipc_object *o)
{
	if (o->key != IPC_PRIVATE)
		tree_remove(&k->keys, &o->by_key);
	o->key = IPC_PRIVATE;
}

int object_get(struct ipc_kind *k, const struct cred *who, int key, int flags,
	       struct ipc_object **out)
{
	const struct prison *space = prison_ipc_space(who->prison, k->what);
	struct tree_node *parent, **link;

	if (!space) {
		prison_denied_allow(who, ALLOW_SYSVIPC, "sysv", NULL, -ENOSYS);
		return -ENOSYS;
	}
	if (key == IPC_PRIVATE)
		return -ENOENT;
	*out = key_find(k, space, key, &parent, &link);
	if (!*out)
		return -ENOENT;
	if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		return -EEXIST;
	return 0;
}

/* --- identifiers -------------------------------------------------------- */

/* Room for one more; *index is where. */
static int place_find(struct ipc_kind *k, unsigned *index)
{
	unsigned size = k->size ? 2 * k->size : FIRST_PLACES;
	struct ipc_object **more;

	assert(k->used <= k->size && k->first_free <= k->size);
	if (k->used >= k->limit)
		return -ENOSPC;
	while (k->first_free < k->size && k->place[k->first_free])
		k->first_free++;
	*index = k->first_free;
	if (k->first_free < k->size)
		return 0;
	more = kmem_zalloc(size * sizeof *more);
	if (!more)
		return -ENOMEM;
	if (k->size)
		memcpy(more, k->place, k->size * sizeof *more);
	kmem_free(k->place);
	k->place = more;
	k->size = size;
	return 0;
}

int object_enter(struct ipc_kind *k, struct ipc_object *o, const struct cred *who,
		 int key, int mode)
{
	unsigned index;
	int err = place_find(k, &index);

	if (err)
		return err;
	assert(index <= INDEX_MASK && !k->place[index]);
	o->id = (int)(k->serial & 0xffffu) << IPC_INDEX_BITS | (int)index;
	o->key = key;
	o->mode = mode & IPC_MODE;
	o->uid = o->cuid = who->euid;
	o->gid = o->cgid = who->egid;
	o->ctime = now_seconds();
	o->prison = who->prison;
	prison_hold(o->prison);
	o->space = prison_ipc_space(o->prison, k->what);
	assert(o->space);	/* object_get found it, and nothing slept */
	k->place[index] = o;
	k->used++;
	key_enter(k, o);
	return 0;
}

void object_leave(struct ipc_kind *k, struct ipc_object *o)
{
	unsigned index = o->id & INDEX_MASK;

	assert(k->place[index] == o);
	assert(k->used > 0);
	object_hide(k, o);
	k->place[index] = NULL;
	k->used--;
	k->serial++;
	if (index < k->first_free)
		k->first_free = index;
}

static struct ipc_object *object_at(struct ipc_kind *k, const struct cred *who,
				    unsigned index)
{
	const struct prison *space = prison_ipc_space(who->prison, k->what);
	struct ipc_object *o = index < k->size ? k->place[index] : NULL;

	assert(!o || ((unsigned)o->id & INDEX_MASK) == index);
	return o && space && prison_sees(space, o->space) ? o : NULL;
}

/* Somebody named an object that is there, but not for him. */
static void note_foreign(const struct ipc_kind *k, const struct cred *who, int id)
{
	unsigned index = id & INDEX_MASK;
	char number[12];

	if (id < 0 || index >= k->size || !k->place[index] ||
	    k->place[index]->id != id)
		return;
	str_format(number, sizeof(number), "%d", id);
	prison_denied(who, "sysv", number, -EINVAL);
}

int object_find(struct ipc_kind *k, const struct cred *who, int id,
		struct ipc_object **out)
{
	struct ipc_object *o = NULL;

	if (!prison_ipc_space(who->prison, k->what))
		return -ENOSYS;
	if (id >= 0)
		o = object_at(k, who, id & INDEX_MASK);
	if (!o) {
		note_foreign(k, who, id);
		return -EINVAL;
	}
	*out = o;
	return o->id == id ? 0 : -EIDRM;
}

struct ipc_object *object_next(struct ipc_kind *k, const struct cred *who,
			       unsigned *index)
{
	while (*index < k->size) {
		struct ipc_object *o = object_at(k, who, (*index)++);

		if (o)
			return o;
	}
	return NULL;
}

/* How many who sees; *highest is the last index used, 0 if none. */
unsigned object_count(struct ipc_kind *k, const struct cred *who, int *highest)
{
	unsigned n = 0, index = 0;
	struct ipc_object *o;

	*highest = 0;
	while ((o = object_next(k, who, &index))) {
		*highest = o->id & INDEX_MASK;
		n++;
	}
	return n;
}

/* --- who may ------------------------------------------------------------ */

/* want: the bits of one class of users, given for any or all of them. */
int object_may(const struct ipc_object *o, const struct cred *who, uint32_t want)
{
	uint32_t granted = o->mode;

	want = (want >> 6 | want >> 3 | want) & 7;
	if (who->euid == o->cuid || who->euid == o->uid)
		granted >>= 6;
	else if (cred_in_group(who, o->cgid) || cred_in_group(who, o->gid))
		granted >>= 3;
	want &= ~granted;
	if ((want & 4) && priv_check(who, PRIV_IPC_READ))
		return -EACCES;
	return (want & 3) && priv_check(who, PRIV_IPC_WRITE) ? -EACCES : 0;
}

int object_use(struct ipc_kind *k, const struct cred *who, int id, uint32_t want,
	       struct ipc_object **out)
{
	int err = object_find(k, who, id, out);

	return err ? err : object_may(*out, who, want);
}

int object_own(struct ipc_kind *k, const struct cred *who, int id,
	       struct ipc_object **out)
{
	int err = object_find(k, who, id, out);

	if (err || who->euid == (*out)->cuid || who->euid == (*out)->uid)
		return err;
	return priv_check(who, PRIV_IPC_ADMIN);
}

int object_stat(struct ipc_kind *k, const struct cred *who, enum ipc_by by, int id,
		struct ipc_object **out)
{
	if (by == IPC_BY_ID)
		return object_use(k, who, id, IPC_READ, out);
	*out = id >= 0 ? object_at(k, who, id) : NULL;
	if (!*out)
		return -EINVAL;
	return by == IPC_BY_INDEX ? object_may(*out, who, IPC_READ) : 0;
}

void object_perm_get(const struct ipc_object *o, struct abi_ipc_perm *out)
{
	*out = (struct abi_ipc_perm){
		.key = o->key, .uid = o->uid, .gid = o->gid, .cuid = o->cuid,
		.cgid = o->cgid, .mode = o->mode,
		.seq = (uint32_t)o->id >> IPC_INDEX_BITS,
	};
}

/* IPC_SET. -EINVAL: no such user or group. */
int object_perm_set(struct ipc_object *o, const struct abi_ipc_perm *to)
{
	if (to->uid == UINT32_MAX || to->gid == UINT32_MAX)
		return -EINVAL;
	o->uid = to->uid;
	o->gid = to->gid;
	o->mode = (o->mode & ~IPC_MODE) | (to->mode & IPC_MODE);
	o->ctime = now_seconds();
	return 0;
}
