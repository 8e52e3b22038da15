/*
 * history: what a status takes over from the one before it.
 *
 * A director or server is the same as before when it has the same name and stands at, or
 * soon after, the same place; in a file that was turned over, histories begin anew.
 */
#ifndef LVSD_LVSWEB_HISTORY_H
#define LVSD_LVSWEB_HISTORY_H

#include "lvsweb/status.h"

/* Gives S the histories of BEFORE (NULL: none), with a point more if it is time for one,
 * and the times of changes as BEFORE had them if they differ by rounding only. What is
 * allocated is A's. */
void history_go_on(struct status *s, const struct status *before, struct arena *a);

#endif
