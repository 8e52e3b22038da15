/*
 * What nobody tells of has to be looked at: connections that end, weights that grow, and
 * what the kernel refused.
 *
 * A service of many servers is read piece by piece (pieces.h), over as many ticks as that
 * takes.
 */
#include "lvsd/tick.h"

#include <stdlib.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/large.h"
#include "lvsd/marking.h"
#include "lvsd/own.h"
#include "lvsd/plan.h"
#include "lvsd/reconcile.h"
#include "lvsd/run.h"

#define TICK_S 1.
#define TICK_SOON_S .025 /* when the last one did not come through */
#define BUDGET_US 1000	 /* for reading connections */

struct tick {
	struct large large; /* the one that is being read */
};

/* ---- a service of many servers ---- */

/* Reads SVC, in L->have, as far as it comes before UNTIL_US. */
static enum ipvs_more read_large(struct lvsd *l, struct ipvs_svc *svc, uint64_t until_us)
{
	struct tick *t = l->ticks;
	enum ipvs_more more;

	if (t == NULL)
		t = l->ticks = xcalloc(1, sizeof *t);
	if (!large_reads(&t->large, svc) && !large_begin(&t->large, l, svc))
		return IPVS_FAILED;
	do
		more = large_more(&t->large, svc);
	while (more == IPVS_MORE && mono_us() < until_us);
	if (more == IPVS_ALL) {
		ipvs_svc_note(&t->large.fresh, svc);
		ipvs_svc_take(svc, &t->large.fresh);
	}
	return more;
}

void tick_free(struct tick *t)
{
	if (t != NULL)
		large_fini(&t->large);
	free(t);
}

/* ---- what lingers ---- */

/* Reads the connections of one service that lingers, as far as they come before UNTIL_US.
 * Its director is planned again by being dirty; without one it comes into R. */
static enum ipvs_more look_at_lingering(
    struct lvsd *l, struct ipvs_svc *svc, uint64_t until_us, struct run *r)
{
	struct director_state *d = run_director(l, svc->tag);
	size_t n_want = r->want.n;
	enum ipvs_more more;

	if (svc->n_dests > PIECES_LARGE)
		more = read_large(l, svc, until_us);
	else
		more = ipvs_read_dests(l->ipvs, svc) ? IPVS_ALL : IPVS_FAILED;
	if (more != IPVS_ALL)
		return more;
	if (d != NULL) {
		reconcile_mark(l, d);
		return more;
	}
	plan_leaving(svc, mono_us(), &r->want);
	if (r->want.n == n_want)
		own_add_id(&r->gone, svc);
	return more;
}

/* What lingers is looked at in turn, for BUDGET_US; the rest has to wait for the
 * next tick, which comes soon then (*ALL false). */
static bool tick_lingering(struct lvsd *l, struct run *r, bool *all)
{
	uint64_t until_us = mono_us() + BUDGET_US;
	enum ipvs_more more = IPVS_ALL;
	bool any = false;

	*all = true;
	for (size_t i = 0; i < l->have.n; i++) {
		size_t at = (l->tick_at + i) % l->have.n;
		struct ipvs_svc *svc = &l->have.svcs[at];

		if (svc->lingering == 0)
			continue;
		if (any && mono_us() > until_us)
			more = IPVS_MORE;
		else
			more = look_at_lingering(l, svc, until_us, r);
		any = true;
		if (more == IPVS_ALL)
			continue;
		l->resync = more == IPVS_FAILED;
		l->tick_at = at;
		*all = false;
		break;
	}
	/* What is still being read lingers no more. */
	if (*all && l->ticks != NULL)
		large_stop(&l->ticks->large);
	return any;
}

/* Weights that grow: their directors are planned again. */
static bool tick_slow(struct lvsd *l)
{
	uint64_t now_us = mono_us();
	bool any = false;

	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];

		if (d->slow_until_us == 0)
			continue;
		any = true;
		if (now_us >= d->slow_until_us)
			d->slow_until_us = 0;
		reconcile_mark(l, d);
	}
	return any;
}

static bool tick_faults(struct lvsd *l)
{
	uint64_t now_us = mono_us();
	bool any = false;

	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];

		if (d->fault.text == NULL || d->fault.retry_us == UINT64_MAX)
			continue;
		any = true;
		if (now_us >= d->fault.retry_us)
			reconcile_mark(l, d);
	}
	return any;
}

void tick_now(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };
	struct run r = { .bounded = true };
	bool busy = l->resync, all = true;

	if (l->resync) {
		reconcile_all(l, &counts);
	} else {
		busy = tick_lingering(l, &r, &all);
		busy = tick_slow(l) || busy;
		busy = tick_faults(l) || busy;
		busy = marking_tick(l->marking) || busy;
		ipvs_table_sort(&r.want);
		run_send(l, &r, true, &counts);
		all = all && r.cut.n == 0;
	}
	run_fini(&r);
	buf_fini(&counts.text);
	l->tick.repeat = all ? TICK_S : TICK_SOON_S;
	if (busy || l->resync)
		ev_timer_again(l->loop, &l->tick);
	else
		ev_timer_stop(l->loop, &l->tick);
}
