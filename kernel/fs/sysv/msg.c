/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.c - System V message queues.
 *
 * Nobody wakes up in vain: a sender gives its message to the first receiver
 * that waits for such a one; a receiver that makes room puts the messages of
 * waiting senders into the queue, in the order they came. Who is woken has its
 * result already.
 *
 * Invariant: no waiting receiver wants a message that is in the queue, and no
 * waiting sender's message fits. Locks: the kernel lock; only waiting sleeps.
 */
#include "kernel/fs/sysv/inner.h"

struct msg_wait {
	struct list link;	/* queue->senders or ->receivers, or alone */
	struct thread *thread;
	struct ipc_message *message; /* a sender's, or what a receiver gets */
	int type, flags;	/* what a receiver wants */
	uint32_t room;		/* for so many bytes */
	int pid;
	bool done;
	int result;
};

static struct msg_queue *queue_of(struct ipc_object *o)
{
	return container_of(o, struct msg_queue, base);
}

/* --- messages ----------------------------------------------------------- */

/* Uninitialised text. pays: the sender's prison. -ENOMEM. */
int ipc_message_new(struct prison *pays, uint32_t size, struct ipc_message **out)
{
	struct ipc_message *m;

	assert(size <= IPC_MSGMAX);
	m = charged_alloc(pays, sizeof *m + size);
	if (!m)
		return -ENOMEM;
	list_init(&m->link);
	m->size = size;
	m->prison = pays;
	prison_hold(pays);
	*out = m;
	return 0;
}

void ipc_message_free(struct ipc_message *m)
{
	struct prison *p = m->prison;

	assert(list_empty(&m->link));
	charged_free(p, m, sizeof *m + m->size);
	prison_drop(p);
}

/* --- birth and death ---------------------------------------------------- */

static int queue_make(const struct cred *who, int key, int flags)
{
	struct msg_queue *q = charged_alloc(who->prison, sizeof *q);
	int err;

	if (!q)
		return -ENOMEM;
	memset(q, 0, sizeof *q);
	q->limit = MSGMNB;
	list_init(&q->messages);
	list_init(&q->senders);
	list_init(&q->receivers);
	err = object_enter(&msg_kind, &q->base, who, key, flags);
	if (err) {
		charged_free(who->prison, q, sizeof *q);
		return err;
	}
	return q->base.id;
}

static void wait_end(struct msg_wait *w, int result)
{
	assert(!w->done);
	list_remove(&w->link);
	w->done = true;
	w->result = result;
	sleep_unblock(w->thread);
}

static void end_waits(struct list *waits)
{
	struct list *l;

	while ((l = list_first(waits)))
		wait_end(list_entry(l, struct msg_wait, link), -EIDRM);
}

static void queue_free(struct msg_queue *q)
{
	struct prison *p = q->base.prison;
	struct list *l;

	end_waits(&q->senders);
	end_waits(&q->receivers);
	while ((l = list_first(&q->messages))) {
		list_remove(l);
		ipc_message_free(list_entry(l, struct ipc_message, link));
	}
	object_leave(&msg_kind, &q->base);
	charged_free(p, q, sizeof *q);
	prison_drop(p);
}

/* POSIX msgget. -ENOENT, -EEXIST, -EACCES, -ENOSPC, -ENOMEM. */
int ipc_msg_get(const struct cred *who, int key, int flags)
{
	struct ipc_object *o;
	int err = object_get(&msg_kind, who, key, flags, &o);

	if (err == -ENOENT && (key == IPC_PRIVATE || (flags & IPC_CREAT)))
		return queue_make(who, key, flags);
	if (!err)
		err = object_may(o, who, flags & IPC_MODE);
	return err ? err : o->id;
}

/* --- sending and receiving ---------------------------------------------- */

/* Waits until somebody has done it. Sleeps. */
static int wait_for(struct list *waits, struct msg_wait *w)
{
	int err = 0;

	assert(w->thread == thread_current());
	list_append(waits, &w->link);
	w->thread->wake_pending = false;	/* from a wait of long ago */
	while (!w->done && !err)
		err = sleep_block(SLEEP_SIGNAL, SLEEP_FOREVER);
	if (w->done)
		return w->result;
	list_remove(&w->link);
	return -ERESTARTNOHAND;
}

static bool fits(const struct msg_queue *q, const struct ipc_message *m)
{
	return q->bytes + m->size <= q->limit && q->count + 1 <= q->limit;
}

static bool wants(int type, int flags, const struct ipc_message *m)
{
	if (type == 0)
		return true;
	if (type < 0)		/* INT_MIN has no positive counterpart */
		return m->type <= (type == INT32_MIN ? INT32_MAX : -type);
	return (flags & MSG_EXCEPT) ? m->type != type : m->type == type;
}

/* The first that is wanted; for a negative type, of the lowest one there. */
static struct ipc_message *pick(struct msg_queue *q, int type, int flags)
{
	struct ipc_message *best = NULL;

	list_each(l, &q->messages) {
		struct ipc_message *m = list_entry(l, struct ipc_message, link);

		if (!wants(type, flags, m))
			continue;
		if (type >= 0)
			return m;
		if (!best || m->type < best->type)
			best = m;
	}
	return best;
}

static bool too_big(const struct ipc_message *m, uint32_t room, int flags)
{
	return m->size > room && !(flags & MSG_NOERROR);
}

/* m has come: to the first who waits for it, or into the queue. */
static void deliver(struct msg_queue *q, struct ipc_message *m, int pid)
{
	assert(list_empty(&m->link));
	q->lspid = pid;
	q->stime = now_seconds();
	list_each_safe(l, &q->receivers) {
		struct msg_wait *w = list_entry(l, struct msg_wait, link);

		if (!wants(w->type, w->flags, m))
			continue;
		if (too_big(m, w->room, w->flags)) {
			wait_end(w, -E2BIG);
			continue;
		}
		w->message = m;
		q->lrpid = w->pid;
		q->rtime = now_seconds();
		wait_end(w, 0);
		return;
	}
	list_append(&q->messages, &m->link);
	q->bytes += m->size;
	q->count++;
}

/* There is more room: in with those that fit now. */
static void admit_senders(struct msg_queue *q)
{
	list_each_safe(l, &q->senders) {
		struct msg_wait *w = list_entry(l, struct msg_wait, link);

		if (!fits(q, w->message))
			continue;
		assert(!w->done);
		deliver(q, w->message, w->pid);
		wait_end(w, 0);
	}
}

/* POSIX msgsnd. -EINVAL, -EIDRM, -EACCES, -EAGAIN, -ERESTARTNOHAND. */
int ipc_msg_send(struct thread *me, int id, struct ipc_message *m, int flags)
{
	struct msg_wait w = { .thread = me, .message = m, .pid = me->proc->pid };
	struct ipc_object *o;
	int err = object_use(&msg_kind, me->cred, id, IPC_WRITE, &o);

	if (err)
		return err;
	if (fits(queue_of(o), m)) {
		deliver(queue_of(o), m, w.pid);
		return 0;
	}
	if (flags & IPC_NOWAIT)
		return -EAGAIN;
	return wait_for(&queue_of(o)->senders, &w);
}

/* MSG_COPY: the message of that place in the queue, which stays there. */
static int copy_at(struct thread *me, struct msg_queue *q, uint32_t room, int place,
		   int flags, struct ipc_message **out)
{
	struct ipc_message *m;
	int err;

	list_each(l, &q->messages) {
		if (place-- != 0)
			continue;
		m = list_entry(l, struct ipc_message, link);
		if (too_big(m, room, flags))
			return -E2BIG;
		err = ipc_message_new(me->cred->prison, m->size, out);
		if (err)
			return err;
		(*out)->type = m->type;
		memcpy((*out)->text, m->text, m->size);
		return 0;
	}
	return -ENOMSG;
}

/* POSIX msgrcv: -EINVAL, -EIDRM, -EACCES, -ENOMSG, -E2BIG, -ERESTARTNOHAND. */
int ipc_msg_receive(struct thread *me, int id, uint32_t room, int type, int flags,
		    struct ipc_message **out)
{
	struct msg_wait w = { .thread = me, .type = type, .flags = flags,
			      .room = room, .pid = me->proc->pid };
	struct ipc_object *o;
	struct msg_queue *q;
	int err;

	if ((flags & MSG_COPY) && ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT)))
		return -EINVAL;
	err = object_use(&msg_kind, me->cred, id, IPC_READ, &o);
	if (err)
		return err;
	q = queue_of(o);
	if (flags & MSG_COPY)
		return copy_at(me, q, room, type, flags, out);
	*out = pick(q, type, flags);
	if (*out) {
		if (too_big(*out, room, flags))
			return -E2BIG;
		list_remove(&(*out)->link);
		assert(q->count > 0 && q->bytes >= (*out)->size);
		q->bytes -= (*out)->size;
		q->count--;
		q->lrpid = w.pid;
		q->rtime = now_seconds();
		admit_senders(q);
		return 0;
	}
	if (flags & IPC_NOWAIT)
		return -ENOMSG;
	err = wait_for(&q->receivers, &w);
	*out = w.message;
	return err;
}

/* --- control ------------------------------------------------------------ */

int ipc_msg_stat(const struct cred *who, enum ipc_by by, int id,
		 struct abi_msqid_ds *out)
{
	struct ipc_object *o;
	int err = object_stat(&msg_kind, who, by, id, &o);
	const struct msg_queue *q;

	if (err)
		return err;
	q = queue_of(o);
	*out = (struct abi_msqid_ds){
		.stime = (uint32_t)q->stime, .stime_high = q->stime >> 32,
		.rtime = (uint32_t)q->rtime, .rtime_high = q->rtime >> 32,
		.ctime = (uint32_t)o->ctime, .ctime_high = o->ctime >> 32,
		.bytes = q->bytes, .count = q->count, .limit = q->limit,
		.lspid = q->lspid, .lrpid = q->lrpid,
	};
	object_perm_get(o, &out->perm);
	return o->id;
}

/* A limit above the system's takes privilege. */
int ipc_msg_set(const struct cred *who, int id, const struct abi_msqid_ds *to)
{
	struct ipc_object *o;
	int err = object_own(&msg_kind, who, id, &o);

	if (!err && to->limit > MSGMNB)
		err = priv_check(who, PRIV_IPC_MSGSIZE);
	if (!err)
		err = object_perm_set(o, &to->perm);
	if (err)
		return err;
	queue_of(o)->limit = to->limit;
	admit_senders(queue_of(o));
	return 0;
}

void msg_end(struct ipc_object *o)
{
	queue_free(queue_of(o));
}

int ipc_msg_remove(const struct cred *who, int id)
{
	struct ipc_object *o;
	int err = object_own(&msg_kind, who, id, &o);

	if (!err)
		msg_end(o);
	return err;
}

int ipc_msg_limits(const struct cred *who, bool usage, struct abi_msginfo *out)
{
	unsigned index = 0, messages = 0, bytes = 0, queues;
	struct ipc_object *o;
	int highest;

	*out = (struct abi_msginfo){
		.msgmax = IPC_MSGMAX, .msgmnb = MSGMNB, .msgmni = MSGMNI,
		.msgpool = MSGMNI * (MSGMNB / 1024), .msgmap = MSGMNB,
		.msgssz = 16, .msgtql = MSGMNB, .msgseg = UINT16_MAX,
	};
	queues = object_count(&msg_kind, who, &highest);
	if (usage) {
		while ((o = object_next(&msg_kind, who, &index))) {
			messages += queue_of(o)->count;
			bytes += queue_of(o)->bytes;
		}
		out->msgpool = queues;
		out->msgmap = messages;
		out->msgtql = bytes;
	}
	return highest;
}
