/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.c - System V IPC in /proc: /proc/sysvipc, which ipcs(1) reads, and the
 * limits in /proc/sys/kernel. Each asker sees what its prison sees.
 */
#include "kernel/fs/sysv/inner.h"

static int show_shm(struct text *t, const struct cred *who)
{
	unsigned index = 0;
	struct ipc_object *o;

	text_put(t, "       key      shmid perms       size  cpid  lpid nattch   "
		    "uid   gid  cuid  cgid      atime      dtime      ctime"
		    "        rss       swap\n");
	while ((o = object_next(&shm_kind, who, &index))) {
		const struct shm *s = container_of(o, struct shm, base);

		text_put(t, "%10d %10d  %4o %10u %5u %5u  %5u %5u %5u %5u %5u "
			    "%10llu %10llu %10llu %10u %10u\n",
			 o->key, o->id, o->mode, s->size, s->cpid, s->lpid,
			 s->attached, o->uid, o->gid, o->cuid, o->cgid,
			 (unsigned long long)s->atime, (unsigned long long)s->dtime,
			 (unsigned long long)o->ctime,
			 s->object->page_count << PAGE_SHIFT, 0u);
	}
	return 0;
}

static int show_sem(struct text *t, const struct cred *who)
{
	unsigned index = 0;
	struct ipc_object *o;

	text_put(t, "       key      semid perms      nsems   uid   gid  cuid  "
		    "cgid      otime      ctime\n");
	while ((o = object_next(&sem_kind, who, &index))) {
		const struct sem_set *s = container_of(o, struct sem_set, base);

		text_put(t, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n",
			 o->key, o->id, o->mode, s->count, o->uid, o->gid,
			 o->cuid, o->cgid, (unsigned long long)s->otime,
			 (unsigned long long)o->ctime);
	}
	return 0;
}

static int show_msg(struct text *t, const struct cred *who)
{
	unsigned index = 0;
	struct ipc_object *o;

	text_put(t, "       key      msqid perms      cbytes       qnum lspid "
		    "lrpid   uid   gid  cuid  cgid      stime      rtime"
		    "      ctime\n");
	while ((o = object_next(&msg_kind, who, &index))) {
		const struct msg_queue *q = container_of(o, struct msg_queue, base);

		text_put(t, "%10d %10d  %4o  %10u %10u %5u %5u %5u %5u %5u %5u "
			    "%10llu %10llu %10llu\n",
			 o->key, o->id, o->mode, q->bytes, q->count, q->lspid,
			 q->lrpid, o->uid, o->gid, o->cuid, o->cgid,
			 (unsigned long long)q->stime, (unsigned long long)q->rtime,
			 (unsigned long long)o->ctime);
	}
	return 0;
}

static int show_shmmax(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%u\n", shm_max());
	return 0;
}

static int show_shmall(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%u\n", page_count);
	return 0;
}

static int show_shmmni(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%u\n", SHMMNI);
	return 0;
}

static int show_sem_limits(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\t%d\t%d\t%d\n", SEMMSL, SEMMNS, IPC_SEMOPM, SEMMNI);
	return 0;
}

static int show_msgmax(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\n", IPC_MSGMAX);
	return 0;
}

static int show_msgmnb(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\n", MSGMNB);
	return 0;
}

static int show_msgmni(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\n", MSGMNI);
	return 0;
}

static struct procfs_entry entries[] = {
	{ "sysvipc", "shm", PROC_GATE_ALL, .show = show_shm },
	{ "sysvipc", "sem", PROC_GATE_ALL, .show = show_sem },
	{ "sysvipc", "msg", PROC_GATE_ALL, .show = show_msg },
	{ "sys/kernel", "shmmax", PROC_GATE_ALL, .show = show_shmmax },
	{ "sys/kernel", "shmall", PROC_GATE_ALL, .show = show_shmall },
	{ "sys/kernel", "shmmni", PROC_GATE_ALL, .show = show_shmmni },
	{ "sys/kernel", "sem", PROC_GATE_ALL, .show = show_sem_limits },
	{ "sys/kernel", "msgmax", PROC_GATE_ALL, .show = show_msgmax },
	{ "sys/kernel", "msgmnb", PROC_GATE_ALL, .show = show_msgmnb },
	{ "sys/kernel", "msgmni", PROC_GATE_ALL, .show = show_msgmni },
};

void show_register(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(entries); i++)
		procfs_register(&entries[i]);
}
