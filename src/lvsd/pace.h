/*
 * pace: how much a turn of the loop sends.
 *
 * A few operations take the kernel some microseconds; ten thousand on one service take
 * seconds, and nothing else is done meanwhile. So a bounded run (run.h) has the
 * operations that a turn has time for.
 */
#ifndef LVSD_PACE_H
#define LVSD_PACE_H

#include "lvsd/run.h"

/* Appends to OPS what WANT, a service of R, needs, as far as R has time for it; the first
 * operation of all is always there. One that is cut comes into r->cut. */
void pace_diff(const struct lvsd *l, struct run *r, const struct ipvs_svc *want,
    struct ipvs_ops *ops);
/* What R sent was just answered: that tells how much the next may send. */
void pace_learn(struct lvsd *l, const struct run *r);

#endif
