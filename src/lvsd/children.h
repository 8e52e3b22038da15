/*
 * children: starting, hearing and burying the checker process.
 *
 * The checker is forked from the daemon, so it knows the probes and their
 * health without being told; reports come back over a socket pair. First
 * start, reload and restart after its death are the same call. While there is
 * no checker the table stays as it is.
 */
#ifndef LVSD_CHILDREN_H
#define LVSD_CHILDREN_H

#include "lvsd/lvsd.h"

/*
 * Starts a checker for the probes of L->state, as a new generation, and lets
 * the running one go. False with errno when there can be none now; a later
 * try is scheduled then.
 */
bool checker_start(struct lvsd *l);
/* Lets the running checker go, for good. */
void checker_stop(struct lvsd *l);

/*
 * Asks the running checker to pause PROBE, to resume it or to check it now. Whoever
 * pauses sets probe.paused, too, as which the next checker begins: where there is
 * none now, or it has more orders waiting than the socket takes, another one starts
 * and no order is lost.
 */
void checker_order(struct lvsd *l, uint32_t probe, enum probe_what what);

/* What operators or agents say of the servers of PROBE changed: pauses it or, with its
 * health forgotten, resumes it and has it checked now. */
void checker_follow(struct lvsd *l, uint32_t probe);

/* In a child that lives on: inherited memory is a copy of its own as soon as the daemon
 * changes its side, so what only the daemon needs goes. */
void children_forget(struct lvsd *l);

#endif
