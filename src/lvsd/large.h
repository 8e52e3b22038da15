/*
 * large: a service of many servers, read over several turns until it is true.
 *
 * What operations do to it meanwhile is taken into account: a weight that changes comes
 * from the operation, and when servers come or go it is begun anew.
 */
#ifndef LVSD_LARGE_H
#define LVSD_LARGE_H

#include "lvsd/pieces.h"

/* How often it is read while servers come or go, until it is read at once. */
#define LARGE_TRIES 20

/* Zeroed: nothing is read. */
struct large {
	struct pieces pieces;
	struct ipvs_svc fresh; /* with what has come */
	unsigned tries;	       /* while servers came or went */
};

/* Begins to read SVC (identity, and about how many servers it has). False with errno: there
 * is no socket for it. */
bool large_begin(struct large *g, struct lvsd *l, const struct ipvs_svc *svc);
/* The next piece of it; HAVE, in L->have, is what we think of it. IPVS_ALL: g->fresh,
 * sorted, is what the kernel has; its servers may be taken over. IPVS_FAILED: the kernel
 * did not answer, as errno says. */
enum ipvs_more large_more(struct large *g, const struct ipvs_svc *have);
/* Whether SVC is being read. */
bool large_reads(const struct large *g, const struct ipvs_svc *svc);
/* Gives up what is being read. */
void large_stop(struct large *g);
void large_fini(struct large *g);

#endif
