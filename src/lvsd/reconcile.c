/*
 * One run of the road: diff, apply, settle.
 *
 * A run holds the services as they should be and the ids of those that go.
 * After it, what was done is what the kernel has; a service with a refused
 * operation is read again instead of being guessed at. Faults wait with a
 * back-off, each director for itself.
 */
#include "lvsd/own.h"
#include "lvsd/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/plan.h"
#include "lvsd/statefile.h"

#define RETRY_FIRST_US (1 * 1000000ull)
#define RETRY_MAX_US (60 * 1000000ull)
#define TICK_S 1.
#define TICK_SOON_S .05	    /* when the last one did not come through */
#define TICK_BUDGET_US 2000 /* for reading connections */
#define ROUNDS 3	    /* in one turn, when the kernel proved different */
#define TEXT_OPS 20	    /* operations, and directors, told one by one */

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
	if (!done && l->resyncs_failed++ == 0)
		log_err("cannot read the kernel's table: %s; trying on", strerror(errno));
	if (done && l->resyncs_failed > 0)
		log_info("the kernel answers again");
	if (done)
		l->resyncs_failed = 0;
	l->resync = !done;
	return done;
}

/* ---- refusals ---- */

static struct director_state *tagged_director(struct lvsd *l, uint32_t tag)
{
	return tag < l->state->n_directors ? &l->state->directors[tag] : NULL;
}

/* Our picture was wrong: someone else changed the table. Comparing anew with
 * what was read again mends that. */
static bool is_mismatch(const struct ipvs_op *op)
{
	switch (op->cmd) {
	case IPVS_ADD_SVC:
		return op->error == EEXIST;
	case IPVS_SET_SVC:
	case IPVS_DEL_SVC:
		return op->error == ESRCH;
	default:
		return op->error == EEXIST || op->error == ENOENT || op->error == ESRCH;
	}
}

/* What the refusal of OP means, for people. */
static void refusal_text(const struct ipvs_op *op, struct buf *b)
{
	bool sets_scheduler = op->cmd == IPVS_ADD_SVC || op->cmd == IPVS_SET_SVC;

	if (sets_scheduler && op->error == ENOENT) {
		buf_printf(b,
		    "this kernel has no scheduler \"%s\" (module ip_vs_%s); choose "
		    "another balance or install it",
		    op->svc->sched, op->svc->sched);
		return;
	}
	buf_str(b, "the kernel refused \"");
	ipvs_op_text(op, b);
	buf_printf(b, "\": %s", strerror(op->error));
}

/* D failed in the kernel, by OP; told once, tried again after a while. */
static void fail_director(struct director_state *d, const struct ipvs_op *op)
{
	struct buf text = { 0 };
	unsigned shift = d->fault.failures < 6 ? d->fault.failures : 6;
	uint64_t wait_us = RETRY_FIRST_US << shift;

	refusal_text(op, &text);
	if (d->fault.text == NULL || strcmp(d->fault.text, text.data) != 0)
		log_err("director %s failed: %s director=%s", d->conf->name, text.data,
		    d->conf->name);
	fault_set(&d->fault, text.data,
	    mono_us() + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US));
	/* A mark director may have its other family's service all the same. */
	d->fault.no_service = op->cmd == IPVS_ADD_SVC && d->conf->fwmark == 0;
	buf_fini(&text);
}

/*
 * Goes through the answers. A service whose first operation was refused fails
 * once; that its servers then had nowhere to go is no failure of its own.
 * Services with a refusal come into FAILED.
 */
static void take_refusals(struct lvsd *l, const struct ipvs_ops *ops, bool last_round,
    struct ipvs_table *failed)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct ipvs_op *op = &ops->list[i];
		struct director_state *d = tagged_director(l, op->svc->tag);

		if (op->error == 0 || ipvs_table_find(failed, op->svc) != NULL)
			continue;
		own_add_id(failed, op->svc);
		if (d == NULL)
			continue; /* a service that leaves: the tick comes again */
		d->fault.fresh = true;
		if (is_mismatch(op) && !last_round) {
			log_warnx("the kernel's table was changed by someone else; "
				  "mending director %s director=%s",
			    d->conf->name, d->conf->name);
			reconcile_mark(l, d);
		} else {
			fail_director(d, op);
		}
	}
}

/* ---- one run ---- */

/* What one run plans: services as they should be, and those that go. */
struct run {
	struct ipvs_table want, gone;
};

static void run_fini(struct run *r)
{
	ipvs_table_fini(&r->want);
	ipvs_table_fini(&r->gone);
}

static void run_diff(const struct lvsd *l, const struct run *r, struct ipvs_ops *ops)
{
	for (size_t i = 0; i < r->want.n; i++)
		ipvs_diff_svc(
		    ipvs_table_find(&l->have, &r->want.svcs[i]), &r->want.svcs[i], ops);
	for (size_t i = 0; i < r->gone.n; i++)
		ipvs_diff_svc(&r->gone.svcs[i], NULL, ops);
	ipvs_ops_order(ops);
}

static void tell(struct reconcile_counts *counts, const struct ipvs_ops *ops)
{
	for (size_t i = 0; i < ops->n; i++) {
		if (counts->n_ops++ < TEXT_OPS) {
			ipvs_op_text(&ops->list[i], &counts->text);
			buf_str(&counts->text, "\n");
		}
	}
}

static void clear_fault(struct lvsd *l, const struct ipvs_svc *svc)
{
	struct director_state *d = tagged_director(l, svc->tag);

	/* A mark director has a service for each family: one is enough to fail. */
	if (d == NULL || d->fault.text == NULL || d->fault.fresh)
		return;
	log_info(
	    "director %s is in the kernel now director=%s", d->conf->name, d->conf->name);
	fault_set(&d->fault, NULL, 0);
}

/* WANT was refused in part: until when its servers may stay holds all the same, or
 * each retry would give them their time anew. */
static void keep_notes(struct lvsd *l, const struct ipvs_svc *want)
{
	struct ipvs_svc *have = ipvs_table_find(&l->have, want);

	if (have != NULL)
		ipvs_svc_note(have, want);
}

/* The service SVC is in the kernel now: it replaces the one that is among the first N of
 * what it has, or comes behind all, to be sorted later. */
static void settle_service(struct lvsd *l, size_t n, struct ipvs_svc *svc)
{
	const struct ipvs_table sorted = { .svcs = l->have.svcs, .n = n };
	struct ipvs_svc *known = ipvs_table_find(&sorted, svc);

	if (known == NULL) {
		ipvs_table_append(&l->have, svc);
		return;
	}
	ipvs_svc_fini(known);
	*known = *svc;
	memset(svc, 0, sizeof *svc);
}

/* What was done becomes what the kernel has; services in FAILED are read. */
static void settle(struct lvsd *l, struct run *r, const struct ipvs_table *failed)
{
	size_t n = l->have.n;
	bool lingers = false;

	for (size_t i = 0; i < r->want.n; i++) {
		struct ipvs_svc *svc = &r->want.svcs[i];

		lingers = lingers || svc->lingering > 0;
		if (ipvs_table_find(failed, svc) != NULL) {
			keep_notes(l, svc);
			continue;
		}
		clear_fault(l, svc);
		settle_service(l, n, svc);
	}
	if (l->have.n > n)
		ipvs_table_sort(&l->have);
	if (r->gone.n > 0) {
		ipvs_table_subtract(&r->gone, failed);
		ipvs_table_subtract(&l->have, &r->gone);
		statefile_touch(l->statefile); /* they are not ours any more */
	}
	if (!own_reread(l, failed))
		l->resync = true;
	if (lingers || failed->n > 0)
		reconcile_wake(l);
}

/* Sends one run. Directors whose service was different in the kernel are dirty
 * again afterwards, unless this was the LAST_ROUND. */
static void run_send(
    struct lvsd *l, struct run *r, bool last_round, struct reconcile_counts *counts)
{
	struct ipvs_ops ops = { 0 };
	struct ipvs_table failed = { 0 };

	run_diff(l, r, &ops);
	if (ipvs_apply(l->ipvs, &ops)) {
		take_refusals(l, &ops, last_round, &failed);
		tell(counts, &ops);
		settle(l, r, &failed);
	} else {
		log_err(
		    "the kernel did not take %zu operations: %s", ops.n, strerror(errno));
		l->resync = true;
	}
	if (l->resync)
		reconcile_wake(l);
	ipvs_table_fini(&failed);
	ipvs_ops_fini(&ops);
}

/* ---- what to plan ---- */

/* Nothing of D is in the kernel, and it is not time to try again. */
static bool must_wait(const struct director_state *d, uint64_t now_us)
{
	return d->fault.text != NULL && d->fault.no_service && now_us < d->fault.retry_us;
}

static void say_serving(const struct director_state *d, const struct plan_count *c)
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

/* The one place that tells who serves D now, when that is someone else. *TOLD counts
 * those of a run: a line each for the first. */
static void tell_serving(const struct lvsd *l, struct director_state *d, size_t *told)
{
	enum plan_serving was = d->serving, now = plan_serving(d, AF_UNSPEC, &l->have);
	struct plan_count c;

	if (now == was)
		return;
	plan_count(d, &c);
	if (was == SERVING_NOT_YET && now == SERVING_NOBODY && !c.all_known)
		return;
	d->serving = now;
	/* That all is well at the start is no news. */
	if (was == SERVING_NOT_YET && now == SERVING_SERVERS)
		return;
	if (++*told <= TEXT_OPS)
		say_serving(d, &c);
}

static void tell_more(size_t told)
{
	if (told > TEXT_OPS)
		log_warnx("who serves changed for %zu more directors: see lvsctl status",
		    told - TEXT_OPS);
}

static void plan_dirty(struct lvsd *l, struct run *r)
{
	uint64_t now_us = mono_us();
	size_t told = 0;

	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];

		if (!d->dirty)
			continue;
		d->dirty = d->fault.fresh = false;
		d->fault.waits = must_wait(d, now_us);
		plan_director(d, (uint32_t)i, &l->have, now_us, &r->want);
		tell_serving(l, d, &told);
	}
	tell_more(told);
	ipvs_table_sort(&r->want);
	l->dirty = false;
}

static void run_dirty(struct lvsd *l, struct reconcile_counts *counts)
{
	for (int round = 1; l->dirty && round <= ROUNDS; round++) {
		struct run r = { 0 };

		plan_dirty(l, &r);
		run_send(l, &r, round == ROUNDS, counts);
		run_fini(&r);
	}
}

void reconcile_all(struct lvsd *l, struct reconcile_counts *counts)
{
	struct run r = { 0 };
	uint64_t now_us = mono_us();
	size_t told = 0;

	if (l->resync && !resync(l)) {
		reconcile_wake(l);
		return;
	}
	for (size_t i = 0; i < l->state->n_directors; i++) {
		struct director_state *d = &l->state->directors[i];
		const char *why = plan_unsupported(d->conf);

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
	plan_all(l->state, &l->have, now_us, &r.want);
	for (size_t i = 0; i < l->state->n_directors; i++)
		tell_serving(l, &l->state->directors[i], &told);
	tell_more(told);
	for (size_t i = 0; i < l->have.n; i++)
		if (ipvs_table_find(&r.want, &l->have.svcs[i]) == NULL)
			own_add_id(&r.gone, &l->have.svcs[i]);
	for (size_t i = 0; i < r.gone.n; i++)
		r.gone.svcs[i].tag = PLAN_TAG_LEAVING; /* it was a director's of before */
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
		n += l->state->directors[i].fault.text != NULL;
	return n;
}

/* ---- the tick ---- */

/* Reads the connections of one service that lingers. Its director is planned again by
 * being dirty; without one it comes into R. */
static void look_at_lingering(struct lvsd *l, struct ipvs_svc *svc, struct run *r)
{
	struct director_state *d = tagged_director(l, svc->tag);
	size_t n_want = r->want.n;

	if (!ipvs_read_dests(l->ipvs, svc)) {
		l->resync = true;
		return;
	}
	if (d != NULL) {
		reconcile_mark(l, d);
		return;
	}
	plan_leaving(svc, mono_us(), &r->want);
	if (r->want.n == n_want)
		own_add_id(&r->gone, svc);
}

/* What lingers is looked at in turn, for TICK_BUDGET_US; the rest has to wait for the
 * next tick, which comes soon then (*ALL false). */
static bool tick_lingering(struct lvsd *l, struct run *r, bool *all)
{
	uint64_t begun_us = mono_us();
	bool any = false;

	*all = true;
	for (size_t i = 0; i < l->have.n && !l->resync; i++) {
		struct ipvs_svc *svc = &l->have.svcs[(l->tick_at + i) % l->have.n];

		if (svc->lingering == 0)
			continue;
		any = true;
		if (mono_us() - begun_us > TICK_BUDGET_US) {
			l->tick_at = (l->tick_at + i) % l->have.n;
			*all = false;
			return true;
		}
		look_at_lingering(l, svc, r);
	}
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

void reconcile_tick(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };
	struct run r = { 0 };
	bool busy = l->resync, all = true;

	if (l->resync) {
		reconcile_all(l, &counts);
	} else {
		busy = tick_lingering(l, &r, &all);
		busy = tick_slow(l) || busy;
		busy = tick_faults(l) || busy;
		ipvs_table_sort(&r.want);
		run_send(l, &r, true, &counts);
	}
	run_fini(&r);
	buf_fini(&counts.text);
	l->tick.repeat = all ? TICK_S : TICK_SOON_S;
	if (busy || l->resync)
		ev_timer_again(l->loop, &l->tick);
	else
		ev_timer_stop(l->loop, &l->tick);
}
