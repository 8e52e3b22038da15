/*
 * agents: what servers say of themselves, and what it means for them.
 *
 * The agent of a server is a probe of its own beside the one of its check; both hang
 * in the same list of the state. What it said last stands until it says something
 * else (check/agent.h). Of operator and agent the more restrictive word wins; a
 * server that says of itself that it is down is down, whatever its check found.
 * All but agents_report() is pure.
 */
#ifndef LVSD_AGENTS_H
#define LVSD_AGENTS_H

#include <jansson.h>

#include "lvsd/state.h"

struct lvsd;

/* The probe that asks the agent of S; NULL: it has none. */
struct probe_state *agents_probe(const struct server_state *s);
bool agents_is_agent(const struct probe_state *p);
/* What the agent of S said last; all zero where there is none. Never NULL. */
const struct agent_verdict *agents_verdict(const struct server_state *s);

/* Whether S may serve, as operator and agent have it. */
enum decision_word agents_word(const struct server_state *s);
/* The health of S as check and agent have it; up without either. */
enum health_state agents_health(const struct server_state *s);
/* WEIGHT times the agent's share: 0 only when one of them is 0, at most 65535. */
uint32_t agents_weight(const struct server_state *s, uint32_t weight);

/* All that the plan asks of operator, agent and check. */
struct standing {
	enum decision_word word;
	enum health_state health;
	uint32_t weight; /* the operator's, else the file's, in the agent's share */
};
/* Where S stands if somebody said something of it: an operator, or its agent. */
struct standing agents_standing_said(const struct server_state *s);
/* Where S stands. Inline, since a plan asks this of each server of a director whenever
 * one of them changes, and mostly nobody has said anything. */
static inline struct standing agents_standing(const struct server_state *s)
{
	if (s->decision != NULL || s->director->agents != NULL)
		return agents_standing_said(s);
	return (struct standing){
		.word = DECISION_READY,
		.health = s->probe == NO_PROBE ? HEALTH_UP : s->health.state,
		.weight = s->conf->weight,
	};
}

/* V as an object of what was said, {"admin": "drain", "service": "down", "percent": 50},
 * and back: what O does not say, or says in words that are none, stays unsaid. */
json_t *agents_json(const struct agent_verdict *v);
void agents_read(const json_t *o, struct agent_verdict *v);

/* Takes a validated report of an agent: tells what it says now of each of its servers,
 * whose directors become dirty and whose checks pause in its "maint". */
void agents_report(struct lvsd *l, const struct probe_report *r);

#endif
