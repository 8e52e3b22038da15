/*
 * plan_case: what the tests of the plan share.
 *
 * A case is a small lvs.conf, some health, a table that was there before, and
 * the table that must come out, in ipvsadm's words.
 */
#ifndef LVSD_TESTS_PLAN_CASE_H
#define LVSD_TESTS_PLAN_CASE_H

#include "ipvs/ipvs.h"
#include "lvsd/plan.h"
#include "lvsd/state.h"

#define WEB "director web 10.9.9.1:80\n"
#define S1 "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -m -w "
#define S2 "-a -t 10.9.9.1:80 -r 10.2.0.12:80 -m -w "
#define SORRY "-a -t 10.9.9.1:80 -r 10.2.0.13:80 -m -w "
#define SVC "-A -t 10.9.9.1:80 -s wlc\n"

/* Every server that is checked is up. */
void plan_all_up(struct state *s);
struct server_state *plan_server(struct state *s, const char *name);
void plan_set_health(struct state *s, const char *name, bool up);
/* A check of the probe of NAME ended with REASON at NOW_US and leaves HEALTH. */
void plan_report_at(struct state *s, const char *name, enum reason reason,
    struct health health, uint64_t now_us);
void plan_report(
    struct state *s, const char *name, enum reason reason, struct health health);

void plan_expect_table(const struct ipvs_table *t, const char *want);
/*
 * Plans S over HAVE at NOW_US, expects WANT, and lets HAVE become it, as a kernel
 * that does what it is told and counts ACTIVE connections on everything.
 */
void plan_expect_at(struct state *s, struct ipvs_table *have, uint64_t now_us,
    uint32_t active, const char *want);
/* The same at a time when nothing has begun. */
void plan_expect(
    struct state *s, struct ipvs_table *have, uint32_t active, const char *want);

#endif
