/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.c - which jail's turn it is.
 *
 * A jail depends on those that its parameter depend names, and on the jail
 * it is inside of by its name (a.b on a). Each is worked on by a process of
 * its own; those that do not wait for each other work at the same time, as
 * far as -p allows.
 */
#include <assert.h>
#include <enter.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inner.h"

enum state { WAITING, WORKING, DONE, BROKEN };

struct node {
	struct entry *jail;
	enum state state;
	pid_t pid;
};

struct plan {
	struct node *nodes;
	int n, first, working, interrupted;
};

static int depends(const struct entry *jail, const struct entry *on)
{
	const struct setting *s = jail_param(jail, "depend");
	size_t len = strlen(on->name);
	int i;

	if (jail == on)
		return 0;
	if (!strncmp(jail->name, on->name, len) && jail->name[len] == '.')
		return 1;
	for (i = 0; s && i < s->nvalues; i++) {
		if (name_matches(s->values[i], on->name))
			return 1;
	}
	return 0;
}

/* Must a be done before b? */
static int is_before(const struct plan *plan, int a, int b)
{
	const struct entry *x = plan->nodes[a].jail, *y = plan->nodes[b].jail;

	return plan->first ? depends(y, x) : depends(x, y);
}

/* Those before it that are in this state; -1: none. */
static int find_before(const struct plan *plan, int i, enum state state)
{
	int k;

	for (k = 0; k < plan->n; k++) {
		if (plan->nodes[k].state == state && is_before(plan, k, i))
			return k;
	}
	return -1;
}

static int is_ready(const struct plan *plan, int i)
{
	return plan->nodes[i].state == WAITING &&
	       find_before(plan, i, WAITING) < 0 &&
	       find_before(plan, i, WORKING) < 0 &&
	       find_before(plan, i, BROKEN) < 0;
}

/* By going through it with nothing done: is there an order at all? */
static int check_circles(struct plan *plan)
{
	int i, left = plan->n, before;

	do {
		before = left;
		for (i = 0; i < plan->n; i++) {
			if (is_ready(plan, i)) {
				plan->nodes[i].state = DONE;
				left--;
			}
		}
	} while (left && left < before);
	for (i = 0; left && i < plan->n; i++) {
		if (plan->nodes[i].state == WAITING)
			return complain(
				plan->nodes[i].jail,
				"depends on itself by way of \"%s\"",
				plan->nodes[find_before(plan, i, WAITING)]
					.jail->name);
	}
	for (i = 0; i < plan->n; i++)
		plan->nodes[i].state = WAITING;
	return 0;
}

static void launch(struct plan *plan, struct node *node,
		   int (*work)(struct entry *))
{
	fflush(stdout);
	node->pid = fork();
	if (node->pid == 0) {
		int status = work(node->jail);

		fflush(stdout);
		_exit(status);
	}
	node->state = node->pid < 0 ? BROKEN : WORKING;
	if (node->pid < 0)
		complain(node->jail, "%s", strerror(errno));
	else
		plan->working++;
}

/* All whose turn it is, as far as the limit allows. */
static void launch_ready(struct plan *plan, int (*work)(struct entry *))
{
	int i;

	for (i = 0; i < plan->n && !plan->interrupted; i++) {
		if (options.limit && plan->working >= options.limit)
			break;
		if (is_ready(plan, i))
			launch(plan, &plan->nodes[i], work);
	}
}

/* Those that cannot have their turn any more. */
static void give_up(struct plan *plan)
{
	int i, on;

	for (i = 0; i < plan->n; i++) {
		if (plan->nodes[i].state != WAITING)
			continue;
		on = find_before(plan, i, BROKEN);
		if (on < 0)
			continue;
		plan->nodes[i].state = BROKEN;
		complain(plan->nodes[i].jail,
			 plan->first ? "not started, as it depends on \"%s\""
				     : "not removed, as \"%s\" depends on it",
			 plan->nodes[on].jail->name);
		i = -1; /* others may depend on this one */
	}
}

static void pass_on(struct plan *plan, int sig)
{
	int i;

	plan->interrupted = 1;
	for (i = 0; i < plan->n; i++) {
		if (plan->nodes[i].state == WORKING)
			kill(plan->nodes[i].pid, sig);
	}
}

/* Until one has ended; its status, or 0 after anything else. */
static int wait_for_one(struct plan *plan)
{
	sigset_t wanted;
	int status, sig, i;
	pid_t pid;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGHUP);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGQUIT);
	sigaddset(&wanted, SIGTERM);
	pid = waitpid(-1, &status, WNOHANG);
	if (pid <= 0) {
		if (sigwait(&wanted, &sig) == 0 && sig != SIGCHLD)
			pass_on(plan, sig);
		return 0;
	}
	status = enter_status(status);
	for (i = 0; i < plan->n; i++) {
		if (plan->nodes[i].pid == pid) {
			assert(plan->nodes[i].state == WORKING);
			plan->nodes[i].state = status ? BROKEN : DONE;
			plan->working--;
		}
	}
	return status;
}

int order_run(struct entry **jails, int n, int (*work)(struct entry *),
	      int first)
{
	struct plan plan = { .n = n, .first = first };
	int i, status = 0, one;

	plan.nodes = keep((size_t)n * sizeof(*plan.nodes));
	for (i = 0; i < n; i++)
		plan.nodes[i].jail = jails[i];
	if (check_circles(&plan) < 0)
		return FAILED;
	for (;;) {
		launch_ready(&plan, work);
		if (!plan.working)
			break;
		one = wait_for_one(&plan);
		if (one)
			status = n == 1 ? one : FAILED;
		give_up(&plan);
	}
	assert(plan.working == 0);
	for (i = 0; i < n; i++) {
		if (plan.nodes[i].state != DONE && !status)
			status = FAILED;
	}
	return status;
}

static void add(struct entry ***jails, int *n, struct entry *jail)
{
	struct entry **more = keep((size_t)(*n + 1) * sizeof(*more));

	memcpy(more, *jails, (size_t)*n * sizeof(*more));
	more[(*n)++] = jail;
	*jails = more;
}

static int is_listed(struct entry **jails, int n, const struct entry *jail)
{
	int i;

	for (i = 0; i < n && jails[i] != jail; i++)
		;
	return i < n;
}

/* A name in depend that no jail has, running or in the file. */
static int check_depend(struct entry *all, const struct entry *jail)
{
	const struct setting *s = jail_param(jail, "depend");
	const struct entry *other;
	int i;

	for (i = 0; s && i < s->nvalues; i++) {
		if (strchr(s->values[i], '*'))
			continue;
		for (other = all; other; other = other->next) {
			if (!strcmp(other->name, s->values[i]))
				break;
		}
		if (!other && jail_getid(s->values[i]) <= 0)
			return complain_at(jail, s,
					   "depend: there is no jail "
					   "\"%s\"",
					   s->values[i]);
		if (other == jail)
			return complain_at(jail, s, "depends on itself");
	}
	return 0;
}

int order_close(struct entry *all, struct entry ***jails, int *n, int first)
{
	struct entry *other;
	int i;

	for (i = 0; i < *n; i++) {
		struct entry *jail = (*jails)[i];

		if (first && check_depend(all, jail) < 0)
			return -1;
		for (other = all; other; other = other->next) {
			if (is_listed(*jails, *n, other) ||
			    !(first ? depends(jail, other)
				    : depends(other, jail)))
				continue;
			other->implied = other->depended = 1;
			add(jails, n, other);
		}
	}
	return 0;
}
