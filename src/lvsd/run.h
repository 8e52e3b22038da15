/*
 * run: one walk of the road, from what was planned to what the kernel has.
 *
 * Whoever plans (reconcile.c) fills in the services as they should be and the ids of
 * those that go; a run finds the difference, has it carried out, and takes the answers.
 */
#ifndef LVSD_RUN_H
#define LVSD_RUN_H

#include "lvsd/lvsd.h"
#include "lvsd/reconcile.h"

/*
 * A zeroed one is empty. WANT and GONE are sorted; run_fini() frees what they hold.
 *
 * A bounded run sends what a turn of the loop has time for. Of each service that is the
 * first of its operations, in their order, so that what is left is planned and sent the
 * same way in the next turns: CUT has those, without servers.
 *
 * A service with a refused operation is read again; but one of many servers, and more than
 * a few in a bounded run, would take longer than a turn may: TOLD has those, of which each
 * answer is taken for what it says.
 */
struct run {
	struct ipvs_table want, gone, cut, told;
	bool bounded;
};

void run_fini(struct run *r);

/* Appends what run_send() sends of R, which is not bounded, in its order. OPS points into R and
 * L->have. */
void run_diff(const struct lvsd *l, struct run *r, struct ipvs_ops *ops);

/*
 * Sends R and adds to COUNTS. Services of want move to what the kernel has (l->have).
 * Directors whose service was different in the kernel are dirty again afterwards,
 * unless this was the LAST_ROUND: then they fail, as those do whose operation was
 * refused for another reason; so are those of services in CUT. l->resync is set when it
 * is not known what was done. True: the kernel proved different.
 */
bool run_send(
    struct lvsd *l, struct run *r, bool last_round, struct reconcile_counts *counts);

/* The director whose service has this tag (plan.h), or NULL: it leaves. */
struct director_state *run_director(const struct lvsd *l, uint32_t tag);

#endif
