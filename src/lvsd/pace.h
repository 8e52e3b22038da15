/*
 * pace: how much a turn of the loop sends.
 *
 * A few operations take the kernel some microseconds; ten thousand on one service take
 * seconds, and nothing else is done meanwhile. So the operations of a bounded run
 * (run.h) go out a few at a time, and the clock tells when it is enough.
 */
#ifndef LVSD_PACE_H
#define LVSD_PACE_H

#include "lvsd/run.h"

/*
 * Makes the operations that R, a bounded run, needs, and sends as many as a turn has time
 * for: OPS, empty before, has those that were sent, with their answers, and r->cut the
 * services that have more to come. Those of a service are in their order; a few of
 * each in turn, first those whose clients are led where nobody answers, but not in each
 * turn, or others might never have theirs. False with errno as ipvs_apply().
 */
bool pace_send(struct lvsd *l, struct run *r, struct ipvs_ops *ops);
/* OPS, of any run, were sent, and are not yet in l->have: what was deleted makes additions
 * long. */
void pace_note(struct lvsd *l, const struct ipvs_ops *ops);

#endif
