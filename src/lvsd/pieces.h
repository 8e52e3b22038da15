/*
 * pieces: what the kernel has, read between turns of the loop.
 *
 * Ten thousand services, or the ten thousand servers of one, take longer to read than a
 * turn may. So they are read piece by piece, over a socket of its own, as operations go
 * out meanwhile; with a table in memory there is no other.
 */
#ifndef LVSD_PIECES_H
#define LVSD_PIECES_H

#include "lvsd/lvsd.h"

/* A service with more servers than that is worth it. */
#define PIECES_LARGE 1000

/* Zeroed: nothing is read. */
struct pieces {
	struct lvsd *l;
	struct ipvs *from; /* NULL: it is opened when it is needed */
	bool comes;	   /* something is being read */
	size_t at;
	/* The service that is watched, with those of its servers that operations
	 * changed meanwhile; and whether some came or went. */
	LIST_ENTRY(pieces) entry;
	struct ipvs_svc touched;
	bool watches, moved;
};

/* Begins to read anew; what was being read is given up. False with errno: there is no
 * socket for it. */
bool pieces_begin(struct pieces *p, struct lvsd *l);
/* The next piece of all services, or of the destinations of SVC, as ipvs_read_more() and
 * ipvs_read_dests_more() have it (RATES may be NULL); only one of both until its end. */
enum ipvs_more pieces_services(struct pieces *p, struct ipvs_table *t);
enum ipvs_more pieces_dests(
    struct pieces *p, struct ipvs_svc *svc, struct ipvs_rates *rates);
/* From now on P knows what operations do to SVC (identity), whose destinations it begins
 * to read. */
void pieces_watch(struct pieces *p, const struct ipvs_svc *svc);
/*
 * FRESH, sorted, was read by P, and HAVE, in L->have, is what we think of it. Servers that
 * operations changed meanwhile become as they are in HAVE, with unknown connections.
 * False: too many changed, or some came or went, so that any may be missing (ip_vs_ctl.c,
 * ip_vs_genl_dump_dests goes on by number).
 */
bool pieces_mend(struct pieces *p, struct ipvs_svc *fresh, const struct ipvs_svc *have);
/* OPS were sent: for all who watch. */
void pieces_note(struct lvsd *l, const struct ipvs_ops *ops);
/* Gives up what is being read. */
void pieces_stop(struct pieces *p);
void pieces_fini(struct pieces *p);

#endif
