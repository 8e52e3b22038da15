/*
 * serving: who takes the traffic of a director.
 *
 * Which of its servers are usable, whether they are enough (quorum), when the sorry
 * servers step in and when there is a panic: behaviour.md, *A server*. Pure, as the
 * plan is, which asks here; so do the status page and the log.
 */
#ifndef LVSD_SERVING_H
#define LVSD_SERVING_H

#include "ipvs/ipvs.h"
#include "lvsd/state.h"

/* How a director stands. Sorry servers and those that an operator or their agent took
 * out are not counted: they are absent, not failed. */
struct serving_count {
	size_t ready, usable;
	size_t failed;	/* that are down, and would have weight */
	size_t quorum;	/* usable servers that it needs to be up, at least 1 */
	bool all_known; /* every checked one has a verdict */
};

/* Takes traffic as far as operator, health and weight go. */
bool serving_usable(const struct server_state *s);
void serving_count(const struct director_state *d, struct serving_count *c);
/* The weight S has while it takes traffic: the operator's, else the file's, its
 * agent's share of that, less during its slow start, but then at least 1. */
uint32_t serving_weight(const struct server_state *s, uint64_t now_us);
/* Who serves for D in the service of FAMILY (a mark director can have two;
 * AF_UNSPEC: in any), given the services of ours in HAVE. COUNTED becomes what
 * serving_count() counts, whatever the family; NULL: it is not asked for. */
enum serving serving_who(const struct director_state *d, uint8_t family,
    const struct ipvs_table *have, struct serving_count *counted);

#endif
