/*
 * carry: what a new state takes along from the old one.
 *
 * Health goes by what a check asks, then by the names of director and server, then
 * by what the kernel shows; decisions, slow starts and faults go by names.
 */
#ifndef LVSD_CARRY_H
#define LVSD_CARRY_H

#include "lvsd/state.h"

/* Fills S, whose servers and probes are there, as state_build() says. OLD may be
 * NULL. */
void carry_over(struct state *s, const struct state *old, const struct ipvs_table *have,
    uint64_t now_us);

#endif
