/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - private to room jail: what its files tell each other.
 */
#ifndef JAIL_INNER_H
#define JAIL_INNER_H

#include "jail/jail.h"

/* denied.c: priv_check refused, because of the prison */
void denied_priv(const struct cred *who, enum priv p, bool by_rule);

/* address.c: what the parent does not have any more goes */
void address_clamp(struct prison *p);
void address_init(void);

#endif
