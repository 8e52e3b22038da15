/*
 * When the road is walked, and for whom: all directors after a start or a reload, the
 * dirty ones at the end of a turn, as many as a turn has time for.
 *
 * A kernel that did not answer is read as a whole before anything else is sent.
 */
#include "lvsd/reconcile.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/marking.h"
#include "lvsd/events.h"
#include "lvsd/own.h"
#include "lvsd/plan.h"
#include "lvsd/run.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"

#define ROUNDS 3	  /* in one turn, when the kernel proved different */
#define PLAN_SERVERS 4000 /* of the directors that are planned in one turn */
#define TEXT_DIRECTORS 20 /* told one by one */

void reconcile_wake(struct lvsd *l)
{
	if (!ev_is_active(&l->tick))
		ev_timer_again(l->loop, &l->tick);
}

void reconcile_mark(struct lvsd *l, struct director_state *d)
{
	d->dirty = true;
	l->dirty = true;
	if (d->slow_until_us != 0)
		reconcile_wake(l);
}

/* ---- a kernel that did not answer ---- */

/* After the kernel did not answer: reads everything that is ours. */
static bool resync(struct lvsd *l)
{
	struct ipvs_table ids = { 0 };
	bool done;

	for (size_t i = 0; i < l->have.n; i++)
		own_add_id(&ids, &l->have.svcs[i]);
	done = own_reread(l, &ids) && own_adopt(l, l->state->conf, NULL);
	ipvs_table_fini(&ids);
	if (!done && l->resyncs_failed++ == 0) {
		log_err("cannot read the kernel's table: %s; trying on", strerror(errno));
		events_note(l, "kernel", "it does not answer");
	}
	if (done && l->resyncs_failed > 0) {
		log_info("the kernel answers again");
		events_note(l, "kernel", "it answers again");
	}
	if (done)
		l->resyncs_failed = 0;
	l->resync = !done;
	return done;
}

/* ---- what to plan ---- */

/* Nothing of D is in the kernel, and it is not time to try again. */
static bool must_wait(const struct director_state *d, uint64_t now_us)
{
	return d->fault.text != NULL && d->fault.no_service && now_us < d->fault.retry_us;
}

static void say_serving(const struct director_state *d, const struct serving_count *c)
{
	const char *name = d->conf->name;

	switch (d->serving) {
	case SERVING_PANIC:
		log_err("director %s in panic: only %zu of %zu servers are usable; those "
			"that are down get traffic, too director=%s usable=%zu ready=%zu",
		    name, c->usable, c->ready, name, c->usable, c->ready);
		break;
	case SERVING_SORRY:
		log_warnx("director %s: the sorry server serves director=%s usable=%zu "
			  "quorum=%zu",
		    name, name, c->usable, c->quorum);
		break;
	case SERVING_NOBODY:
		log_err("director %s has no usable server director=%s", name, name);
		break;
	case SERVING_SERVERS:
		log_info("director %s is served by its servers director=%s usable=%zu",
		    name, name, c->usable);
		break;
	case SERVING_NOT_YET:
		break;
	}
}

/* The one place that tells who serves D NOW, by the count C, when that is someone else.
 * *TOLD counts those of a run: a line each for the first. */
static void tell_serving(const struct lvsd *l, struct director_state *d, enum serving now,
    const struct serving_count *c, size_t *told)
{
	enum serving was = d->serving;

	if (now == was)
		return;
	if (was == SERVING_NOT_YET && now == SERVING_NOBODY && !c->all_known)
		return;
	d->serving = now;
	/* That all is well at the start is no news. */
	if (was == SERVING_NOT_YET && now == SERVING_SERVERS)
		return;
	events_serving(l, d, was);
	if (++*told <= TEXT_DIRECTORS)
		say_serving(d, c);
}

static void tell_more(size_t told)
{
	if (told > TEXT_DIRECTORS)
		log_warnx("who serves changed for %zu more directors: see lvsctl status",
		    told - TEXT_DIRECTORS);
}

/* Those that are dirty in turn, as many as a turn has time for. */
static void plan_dirty(struct lvsd *l, struct run *r)
{
	size_t told = 0, servers = 0, n = l->state->n_directors, first = l->plan_at;
	uint64_t now_us = mono_us();

	l->dirty = false;
	for (size_t i = 0; i < n; i++) {
		size_t at = (first + i) % n;
		struct director_state *d = &l->state->directors[at];
		struct serving_count c;
		enum serving now;

		if (!d->dirty)
			continue;
		if (servers > 0 && servers + d->n_servers > PLAN_SERVERS) {
			l->dirty = true;
			l->plan_at = at;
			break;
		}
		servers += d->n_servers;
		d->dirty = d->fault.fresh = false;
		d->fault.waits = must_wait(d, now_us);
		now = plan_director(d, (uint32_t)at, &l->have, now_us, &r->want, &c);
		tell_serving(l, d, now, &c, &told);
	}
	tell_more(told);
	ipvs_table_sort(&r->want);
}

static void on_plan_on(struct ev_loop *loop, struct ev_idle *w, int events)
{
	const struct lvsd *l = w->data;

	(void)events;
	/* The turn that ends now goes on with it, by itself. */
	if (!l->dirty || l->resync)
		ev_idle_stop(loop, w);
}

/* What is still dirty has its next turn at once. */
static void plan_on(struct lvsd *l)
{
	if (ev_is_active(&l->plan_on))
		return;
	ev_idle_init(&l->plan_on, on_plan_on);
	/* As events have, or it would wait for a loop without any. */
	ev_set_priority(&l->plan_on, EV_MAXPRI);
	l->plan_on.data = l;
	ev_idle_start(l->loop, &l->plan_on);
}

static void run_dirty(struct lvsd *l, struct reconcile_counts *counts)
{
	bool differs = true;

	for (int round = 1; l->dirty && differs && round <= ROUNDS; round++) {
		struct run r = { .bounded = true };
		bool all;

		plan_dirty(l, &r);
		all = !l->dirty;
		differs = run_send(l, &r, round == ROUNDS, counts);
		/* What there was no time for has its first round in the next turn, or it
		 * would fail for what it meets in the last one. */
		differs = differs && all && r.cut.n == 0;
		run_fini(&r);
	}
	if (l->dirty && !l->resync)
		plan_on(l);
	marking_follow(l->marking);
}

/* What each director starts with: no longer dirty, in or out of the plan. */
static void prepare_directors(struct lvsd *l, uint64_t now_us)
{
	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];
		const char *why = service_unsupported(d->conf);

		d->dirty = d->fault.fresh = false;
		if (why != NULL && d->fault.text == NULL) {
			log_err("director %s failed: %s director=%s", d->conf->name, why,
			    d->conf->name);
			fault_set(&d->fault, why, UINT64_MAX);
			d->fault.no_service = true;
		}
		d->fault.waits = must_wait(d, now_us);
		if (d->slow_until_us != 0)
			reconcile_wake(l);
	}
	l->dirty = false;
}

void reconcile_plan(struct lvsd *l, struct run *r)
{
	uint64_t now_us = mono_us();
	size_t told = 0;

	prepare_directors(l, now_us);
	plan_all(l->state, &l->have, now_us, &r->want);
	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];
		struct serving_count c;
		enum serving now = serving_who(d, AF_UNSPEC, &l->have, &c);

		tell_serving(l, d, now, &c, &told);
	}
	tell_more(told);
	for (size_t i = 0; i < l->have.n; i++)
		if (ipvs_table_find(&r->want, &l->have.svcs[i]) == NULL)
			own_add_id(&r->gone, &l->have.svcs[i]);
	for (size_t i = 0; i < r->gone.n; i++)
		r->gone.svcs[i].tag = PLAN_TAG_LEAVING; /* a director of before */
}

void reconcile_all(struct lvsd *l, struct reconcile_counts *counts)
{
	struct run r = { 0 };

	if (l->resync && !resync(l)) {
		reconcile_wake(l);
		return;
	}
	reconcile_plan(l, &r);
	run_send(l, &r, false, counts);
	run_fini(&r);
	run_dirty(l, counts);
}

void reconcile_dirty(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };

	if (l->dirty && !l->resync)
		run_dirty(l, &counts);
	if (counts.n_ops > 0)
		log_debug("table changed operations=%zu", counts.n_ops);
	buf_fini(&counts.text);
}

void reconcile_clear(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };
	struct run r = { 0 };

	/* What the kernel did without our hearing of it goes, too. */
	if (l->resync)
		resync(l);
	for (size_t i = 0; i < l->have.n; i++)
		own_add_id(&r.gone, &l->have.svcs[i]);
	run_send(l, &r, true, &counts);
	l->cleared = true;
	run_fini(&r);
	buf_fini(&counts.text);
}

size_t reconcile_failed(const struct lvsd *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->state->n_directors; i++)
		n += l->state->directors[i].fault.text != NULL ||
		     marking_fault(l->marking, l->state->directors[i].conf) != NULL;
	return n;
}
