/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * denied.c - what prisons have refused: the last few hundred refusals of all
 * of them in one ring, and counts for each that has refused anything.
 *
 * Noted is what somebody outside a jail, being who he is, would have got: a
 * plain lack of rights is no refusal of the prison's. The ring is for reading,
 * the counts are exact: from them jail(8) learns what a jail would need.
 *
 * Invariant: an entry's prison exists; when it goes, its parent takes its
 * place, so that who could read the entry still can. Nothing is charged: the
 * ring is fixed, the counts are one small object for a prison.
 * Locks: the kernel lock.
 */
#include "jail/inner.h"
#include "kernel/base/arch.h"
#include "kernel/mem/mem.h"

enum { RING = 512, LOG_BURST = 10 };

static struct denial ring[RING];
static uint32_t ring_end;	/* number of the next entry */
static uint32_t log_left = LOG_BURST, log_hidden;
static uint64_t log_second;

static int nobody_asks(void)
{
	return 0;
}
int (*prison_asker_pid)(void) = nobody_asks;

/* --- the log: a few lines in a second ------------------------------------- */

static bool may_log(void)
{
	uint64_t second = div_u64(arch_clock_ns(), 1000000000, NULL);

	if (second != log_second) {
		if (log_hidden)
			log_print(LOG_INFO, "jail: %u more refusals",
				  log_hidden);
		log_second = second;
		log_left = LOG_BURST;
		log_hidden = 0;
	}
	if (log_left == 0) {
		log_hidden++;
		return false;
	}
	log_left--;
	return true;
}

static void put_log(const struct denial *e)
{
	if (may_log())
		log_print(LOG_INFO, "jail %d: pid %d uid %u refused %s %s: %d",
			  e->jid, e->pid, e->uid, e->what, e->target, -e->err);
}

/* --- the ring -------------------------------------------------------------- */

/* Blanks and what is not plain ASCII become '?', so that a line stays one. */
static void copy_word(char *to, const char *from, size_t size)
{
	str_copy(to, from && *from ? from : "-", size);
	for (; *to; to++)
		if (*to <= ' ' || *to > '~')
			*to = '?';
}

static void ring_add(const struct cred *who, const char *what,
		     const char *target, int err)
{
	struct denial *e = &ring[ring_end++ % RING];

	e->prison = who->prison;
	e->time_ns = arch_clock_ns();
	e->jid = who->prison->jid;
	e->pid = prison_asker_pid();
	e->uid = who->uid;
	e->err = err;
	copy_word(e->what, what, sizeof(e->what));
	copy_word(e->target, target, sizeof(e->target));
	put_log(e);
}

uint32_t prison_denied_lost(void)
{
	return ring_end > RING ? ring_end - RING : 0;
}

const struct denial *prison_denied_next(const struct prison *viewer, unsigned *at)
{
	while (*at < RING && *at < ring_end) {
		const struct denial *e =
			&ring[(prison_denied_lost() + (*at)++) % RING];

		if (prison_sees(viewer, e->prison))
			return e;
	}
	return NULL;
}

void prison_denied_forget(struct prison *p)
{
	assert(p->refs == 0 && p->parent);
	for (unsigned i = 0; i < RING && i < ring_end; i++)
		if (ring[i].prison == p)
			ring[i].prison = p->parent;
	kmem_free(p->denials);
	p->denials = NULL;
}

/* --- the counts ------------------------------------------------------------ */

/* NULL: no memory; then nothing is noted. */
static struct denials *counts_of(struct prison *p)
{
	if (!p->denials)
		p->denials = kmem_zalloc(sizeof(*p->denials));
	return p->denials;
}

static void count_other(struct denials *d, const char *what)
{
	for (unsigned i = 0; i < DENIED_KINDS; i++) {
		if (!d->other[i].what)
			d->other[i].what = what;
		if (!strcmp(d->other[i].what, what)) {
			d->other[i].count++;
			return;
		}
	}
}

void prison_denied_allow(const struct cred *who, uint32_t any, const char *what,
			 const char *target, int err)
{
	struct denials *d;

	assert(err < 0);
	if (!who->prison->parent)
		return;
	d = counts_of(who->prison);
	if (!d)
		return;
	count_other(d, what);
	if (!(d->wanted & any))
		d->wanted |= any & -any;
	ring_add(who, what, target, err);
}

void prison_denied(const struct cred *who, const char *what, const char *target,
		   int err)
{
	prison_denied_allow(who, 0, what, target, err);
}

void prison_denied_device(const struct cred *who, const char *name, int err)
{
	struct denials *d;

	prison_denied(who, "device", name, err);
	d = who->prison->denials;
	if (!d || strlen(name) >= DENIED_DEVICE_MAX)
		return;
	for (unsigned i = 0; i < d->device_count; i++)
		if (!strcmp(d->device[i], name))
			return;
	if (d->device_count < DENIED_DEVICES)
		str_copy(d->device[d->device_count++], name, DENIED_DEVICE_MAX);
}

/* From priv_check. by_rule: the table's row is the reason; else it is that
 * nobody is root there. */
void denied_priv(const struct cred *who, enum priv p, bool by_rule)
{
	char what[DENIED_WHAT_MAX];
	struct denials *d;

	if (!by_rule) {
		prison_denied_allow(who, ALLOW_SUSER, "allow.suser",
				    priv_name(p), -EPERM);
		return;
	}
	assert(who->prison->parent);
	d = counts_of(who->prison);
	if (!d)
		return;
	d->by_priv[p]++;
	str_format(what, sizeof(what), "PRIV_%s", priv_name(p));
	ring_add(who, what, NULL, -EPERM);
}
