/*
 * tick: what is looked at once a second, while there is any of it.
 *
 * Servers that leave when their last connection ends, weights that grow, directors that
 * the kernel refused, a kernel that did not answer. reconcile_wake() starts the timer.
 */
#ifndef LVSD_TICK_H
#define LVSD_TICK_H

#include "lvsd/lvsd.h"

/* The timer's. Stops it when nothing has to be looked at. */
void tick_now(struct lvsd *l);
/* What a tick leaves for the next; NULL is allowed. */
void tick_free(struct tick *t);

#endif
