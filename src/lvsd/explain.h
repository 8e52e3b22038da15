/*
 * explain: why a server is in its state, for whoever reads it at 3 a.m.
 *
 * All that the plan looks at, what it makes of it, what the kernel has, and what
 * changed before.
 */
#ifndef LVSD_EXPLAIN_H
#define LVSD_EXPLAIN_H

#include "lvsd/request.h"

/* "explain director/server" */
void explain(struct request *r, struct answer *a);

#endif
