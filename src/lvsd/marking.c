/*
 * Marks from the record into the configuration; one attempt at a time at the rules.
 */
#include "lvsd/marking.h"

#include <stdlib.h>
#include <string.h>

#include "flow/flow.h"
#include "flow/marks.h"
#include "flow/plan.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/reconcile.h"

#define RETRY_FIRST_US (1 * 1000000ull)
#define RETRY_MAX_US (60 * 1000000ull)

struct marking {
	struct lvsd *l;
	struct marks marks;
	struct flow *flow; /* NULL: a dry run */
	unsigned failures; /* in a row */
	uint64_t retry_us; /* mono; 0: nothing failed */
};

/* ---- marks ---- */

static void read_marks(struct marks *marks, const json_t *record)
{
	const char *name;
	json_t *list = json_object_get(json_object_get(record, "marking"), "marks"), *o;

	json_object_foreach(list, name, o)
	{
		json_int_t mark = json_integer_value(o);

		if (mark > 0 && mark <= UINT32_MAX)
			marks_add(marks, name, (uint32_t)mark);
	}
}

struct marking *marking_new(struct lvsd *l, const json_t *record, bool is_here)
{
	struct marking *m = xcalloc(1, sizeof *m);
	const json_t *there =
	    json_object_get(json_object_get(record, "marking"), "there");

	m->l = l;
	read_marks(&m->marks, record);
	if (!l->options.dry_run)
		m->flow = flow_new(is_here && json_is_true(there));
	return m;
}

void marking_free(struct marking *m)
{
	if (m == NULL)
		return;
	marks_fini(&m->marks);
	flow_free(m->flow);
	free(m);
}

/* A service of ours has MARK, though its director may be gone. */
static bool is_used(uint32_t mark, void *arg)
{
	const struct lvsd *l = arg;

	for (int i = 0; i < 2; i++) {
		struct ipvs_svc id = { .fwmark = mark };

		id.addr.family = i == 0 ? AF_INET : AF_INET6;
		if (ipvs_table_find(&l->have, &id) != NULL)
			return true;
	}
	return false;
}

void marking_give(struct marking *m, struct conf *conf)
{
	if (!marks_give(&m->marks, conf, is_used, m->l))
		log_err("there are more directors without a mark than marks: %u",
		    (unsigned)(MARKS_LAST - MARKS_FIRST + 1));
}

/* ---- rules ---- */

void marking_prepare(struct marking *m, const struct conf *conf)
{
	if (m->flow != NULL)
		flow_prepare(m->flow, conf);
}

void marking_hold(struct marking *m)
{
	struct ipvs_table *have = &m->l->have;

	for (size_t i = 0; m->flow != NULL && i < have->n; i++)
		if (have->svcs[i].fwmark != 0)
			have->svcs[i].held = true;
}

static void release(struct marking *m)
{
	struct ipvs_table *have = &m->l->have;
	bool any = false;

	for (size_t i = 0; i < have->n; i++) {
		any = any || have->svcs[i].held;
		have->svcs[i].held = false;
	}
	if (any)
		reconcile_wake(m->l);
}

static void tell_faults(struct marking *m)
{
	const struct state *s = m->l->state;
	const char *told = NULL;

	for (size_t i = 0; i < s->n_directors; i++) {
		const struct director_conf *d = s->directors[i].conf;
		const char *why = marking_fault(m, d);

		if (why == NULL || why == told)
			continue;
		told = why;
		log_err(
		    "director %s failed, and those that need the same: %s director=%s",
		    d->name, why, d->name);
	}
}

/* What the service of MARK does over IPv4. Connections are counted after the weight
 * became 0, or not known: what was counted never grows. */
static enum flow_service is_served(uint32_t mark, void *arg)
{
	const struct lvsd *l = arg;
	struct ipvs_svc id = { .fwmark = mark, .addr.family = AF_INET };
	const struct ipvs_svc *svc = ipvs_table_find(&l->have, &id);
	enum flow_service service = FLOW_NOBODY;

	for (size_t i = 0; svc != NULL && i < svc->n_dests; i++) {
		const struct ipvs_dest *dest = &svc->dests[i];

		if (dest->weight > 0)
			return FLOW_SERVES;
		if (dest->active != 0 || dest->inactive != 0)
			service = FLOW_LEAVES;
	}
	return service;
}

static void fail(struct marking *m)
{
	unsigned shift = m->failures < 6 ? m->failures : 6;
	uint64_t wait_us = RETRY_FIRST_US << shift;

	if (m->failures++ == 0)
		tell_faults(m);
	m->retry_us = mono_us() + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US);
	reconcile_wake(m->l);
}

void marking_apply(struct marking *m)
{
	if (m->flow == NULL)
		return;
	if (flow_apply(m->flow, m->l->state->conf, is_served, m->l)) {
		if (m->failures > 0)
			log_info("the rules of flows are in the kernel now");
		m->failures = 0;
		m->retry_us = 0;
		release(m);
		marks_prune(&m->marks, m->l->state->conf, is_used, m->l);
		return;
	}
	fail(m);
}

void marking_follow(struct marking *m)
{
	/* What failed is done whole, in its time. */
	if (m == NULL || m->flow == NULL || m->failures > 0)
		return;
	if (!flow_follow(m->flow, is_served, m->l))
		fail(m);
}

bool marking_audit(struct marking *m, uint64_t budget_us)
{
	if (m == NULL || m->flow == NULL || m->failures > 0 ||
	    !flow_is_changed(m->flow, budget_us))
		return false;
	log_warnx("audit: someone else changed the rules or sets of flows; mending them");
	marking_apply(m);
	return true;
}

bool marking_tick(struct marking *m)
{
	if (m == NULL)
		return false;
	if (m->retry_us != 0 && mono_us() >= m->retry_us)
		marking_apply(m);
	return m->retry_us != 0;
}

void marking_clear(struct marking *m)
{
	if (m->flow != NULL && !flow_clear(m->flow))
		log_err("cannot take the rules of flows out of the kernel");
}

const char *marking_fault(const struct marking *m, const struct director_conf *d)
{
	if (m == NULL || m->failures == 0)
		return NULL;
	return flow_director_error(m->flow, m->l->state->conf, d);
}

/* ---- what is told ---- */

static bool needs_rules(const struct conf *conf)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (flow_needs(conf, d))
			return true;
	return false;
}

json_t *marking_record(const struct marking *m)
{
	const struct lvsd *l = m->l;
	json_t *marks = json_object();
	/* What is about to be made counts, as for services. */
	bool soon =
	    !l->cleared && (needs_rules(l->state->conf) ||
			       (l->pending.conf != NULL && needs_rules(l->pending.conf)));

	for (size_t i = 0; i < m->marks.n; i++)
		json_object_set_new(
		    marks, m->marks.list[i].name, json_integer(m->marks.list[i].mark));
	return json_pack("{s:o, s:b}", "marks", marks, "there",
	    (int)(m->flow != NULL && (flow_is_there(m->flow) || soon)));
}

json_t *marking_show(const struct marking *m)
{
	struct flow_figures f = { 0 };

	if (m->flow != NULL)
		flow_figures(m->flow, &f);
	return json_pack("{s:I, s:I, s:I, s:I}", "set_operations",
	    (json_int_t)f.set_operations, "rule_writes", (json_int_t)f.rule_writes,
	    "sets_us", (json_int_t)f.sets_us, "last_us", (json_int_t)f.last_us);
}
