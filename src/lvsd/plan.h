/*
 * plan: the table that should be, as a pure function.
 *
 * wanted = plan(configuration, health, decisions, what the kernel has, now). It
 * reads no clock, no descriptor and writes no log: the same input gives the same
 * table at start, after a check result, at a reload, in a retry. The rules are
 * those of behaviour.md, *A server*; lvs.conf(5) tells them to the user.
 *
 * What the kernel has matters in two places only: servers that nobody wants
 * any more keep their connections (weight 0 until the last one is gone), and
 * what was found there at the start is left as it is until a check has spoken.
 */
#ifndef LVSD_PLAN_H
#define LVSD_PLAN_H

#include "ipvs/ipvs.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"
#include "lvsd/state.h"

/*
 * Appends the services of D to WANT (one; a mark director has one for each
 * family of its servers; none when it is unsupported or waits for a retry).
 * Their tag is TAG. WANT has to be sorted afterwards. Returns who serves in any of
 * them, and COUNTED (NULL: not asked for) as serving_who() does.
 */
enum serving plan_director(const struct director_state *d, uint32_t tag,
    const struct ipvs_table *have, uint64_t now_us, struct ipvs_table *want,
    struct serving_count *counted);

/*
 * Appends what SVC, a service whose director is gone, should still be: its
 * servers at weight 0 while they have connections, until SVC->until_us at most
 * (0: no end). Nothing when none has.
 */
void plan_leaving(const struct ipvs_svc *svc, uint64_t now_us, struct ipvs_table *want);
/* Until when what a reload removed from D at NOW_US may keep its connections; as
 * ipvs_dest.until_us. */
uint64_t plan_drain_until(const struct director_conf *d, uint64_t now_us);

/* The whole table: every director, and what leaves. Sorted. The tag of a
 * director's services is its index in S. */
void plan_all(const struct state *s, const struct ipvs_table *have, uint64_t now_us,
    struct ipvs_table *want);

#endif
