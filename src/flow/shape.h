/*
 * flow/shape: what of a rule its set holds, and what stands in the rule. Pure; for the
 * planner's files alone.
 */
#ifndef LVSD_FLOW_SHAPE_H
#define LVSD_FLOW_SHAPE_H

#include "flow/plan.h"
#include "flow/table.h"
#include "parser/conf.h"

#define NO_MARK 0

struct shape {
	enum flow_type type;
	bool src, dst, port; /* are in the set */
};

struct shape shape_of(const struct flow_rule *r);
/* Adds what the set of L, which has shape S, holds of R. */
void shape_add(struct flow_line *l, const struct shape *s, const struct flow_rule *r,
    uint8_t family);
/* The rule of a line for packets that fit R, in the order of iptables-save; MARK is what
 * they get. The caller owns the result. */
char *shape_rule(
    const struct flow_rule *r, const struct shape *s, uint32_t mark, uint8_t family);

/* The condition is there, and not the opposite of it. */
bool shape_is_positive(const struct flow_has *has);
/* The prefix length of one address. */
uint8_t shape_full_prefix(uint8_t family);

/* ---- plan.c, masquerade.c and refuse.c, for each other ---- */

/* Has D a service in FAMILY? As service_families() has it. */
bool plan_serves_family(const struct director_conf *d, uint8_t family);
/* The line of the segment at the end of C that has RULE (taken over) already, or a new
 * one. */
struct flow_line *plan_line(
    struct flow_chain *c, char *rule, enum flow_type type, uint32_t mark);
/* Adds the chain for directors of CONF that masquerade. */
void plan_masquerade(struct flow_table *t, const struct conf *conf);
/* Adds what leads routers' words about packets that are too large to IPVS; last. */
void plan_too_large(struct flow_table *t);
/* Adds what refuses clients of the marks of T. */
void plan_refusals(struct flow_table *t, flow_served_fn *served, void *arg);

#endif
