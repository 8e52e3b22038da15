/*
 * call: the project's own plan, called in one place for all tests here.
 */
#ifndef LVSD_TESTS_PLAN_CALL_H
#define LVSD_TESTS_PLAN_CALL_H

#include "ipvs/ipvs.h"
#include "lvsd/state.h"

#define CALL_NOW_US 1000000 /* when every plan is made */

/* The configuration TEXT. One with errors ends the process: it is a mistake of the
 * test. */
struct conf *call_conf(const char *text);

/* The state that the file TEXT makes after BEFORE (NULL: at a start), over HAVE.
 */
struct state *call_state(
    const char *text, const struct state *before, const struct ipvs_table *have);

/* The check of the probe with index PROBE says up or down. */
void call_report(struct state *s, uint32_t probe, bool up);

void call_plan(
    const struct state *s, const struct ipvs_table *have, struct ipvs_table *want);

#endif
