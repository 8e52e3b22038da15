/*
 * counts: the connections of everything, for who shows all of it.
 *
 * To ask the kernel about ten thousand services one by one takes longer than what it says
 * takes to be shown. So they come from its listing (ipvs/listing.h), between turns of the
 * loop. What that does not tell of as we know it, the service with all its servers and
 * their weights, is not taken from it: that is asked for over netlink, when it is its turn.
 */
#ifndef LVSD_COUNTS_H
#define LVSD_COUNTS_H

#include "ipvs/listing.h"
#include "lvsd/lvsd.h"

/* Zeroed: nothing is known. */
struct counts {
	struct lvsd *l;
	struct ipvs_listing listing;
	/* For each service of l->have: it was listed as it stands there. */
	bool *listed;
	/* That table, and the operations sent, when it began. */
	const struct ipvs_svc *svcs;
	size_t n;
	uint64_t ops;
};

/* Begins to read. False: it would not be faster, or there is no listing. */
bool counts_begin(struct counts *c, struct lvsd *l);
/* Reads a piece, and puts what it tells into l->have, of which it is what was counted
 * last. False: that was the last. */
bool counts_more(struct counts *c);
/* SVC of l->have has the connections that were counted since the beginning. False as soon
 * as the table was changed since then. */
bool counts_has(const struct counts *c, const struct ipvs_svc *svc);
void counts_fini(struct counts *c);

#endif
