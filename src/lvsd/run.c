/*
 * Diff, apply, settle.
 *
 * After a run, what was done is what the kernel has; a service with a refused
 * operation is read again instead of being guessed at, unless it is too large for that.
 * Faults wait with a back-off, each director for itself.
 */
#include "lvsd/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/audit.h"
#include "lvsd/events.h"
#include "lvsd/own.h"
#include "lvsd/pace.h"
#include "lvsd/pieces.h"
#include "lvsd/statefile.h"

#define RETRY_FIRST_US (1 * 1000000ull)
#define RETRY_MAX_US (60 * 1000000ull)
#define TEXT_OPS 20 /* operations told one by one */
#define REREADS 16  /* services that are read again in a turn */

/* ---- refusals ---- */

struct director_state *run_director(const struct lvsd *l, uint32_t tag)
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
static void fail_director(
    const struct lvsd *l, struct director_state *d, const struct ipvs_op *op)
{
	struct buf text = { 0 };
	unsigned shift = d->fault.failures < 6 ? d->fault.failures : 6;
	uint64_t wait_us = RETRY_FIRST_US << shift;
	bool fresh = true;

	refusal_text(op, &text);
	if (d->fault.text != NULL && strcmp(d->fault.text, text.data) == 0)
		fresh = false;
	if (fresh)
		log_err("director %s failed: %s director=%s", d->conf->name, text.data,
		    d->conf->name);
	fault_set(&d->fault, text.data,
	    mono_us() + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US));
	if (fresh)
		events_fault(l, d);
	/* A mark director may have its other family's service all the same. */
	d->fault.no_service = op->cmd == IPVS_ADD_SVC && d->conf->mark == 0;
	buf_fini(&text);
}

/* The service of OP, which was refused, is not read again, as a turn has no time for it: it
 * is large, or there are many of them, N so far, of SERVERS. */
static bool is_told(const struct lvsd *l, const struct run *r, const struct ipvs_op *op,
    size_t n, size_t *servers)
{
	const struct ipvs_svc *have = ipvs_table_find(&l->have, op->svc);

	if (op->cmd == IPVS_DEL_SVC || have == NULL)
		return false;
	*servers += have->n_dests;
	return have->n_dests > PIECES_LARGE ||
	       (r->bounded && (n >= REREADS || *servers > PIECES_LARGE));
}

/*
 * Goes through the answers. A service whose first operation was refused fails
 * once; that its servers then had nowhere to go is no failure of its own.
 * Services with a refusal come into FAILED, or into r->told. True: the kernel is another
 * than we thought.
 */
static bool take_refusals(struct lvsd *l, struct run *r, const struct ipvs_ops *ops,
    bool last_round, struct ipvs_table *failed)
{
	size_t servers = 0;
	bool differs = false;

	for (size_t i = 0; i < ops->n; i++) {
		const struct ipvs_op *op = &ops->list[i];
		struct director_state *d = run_director(l, op->svc->tag);

		if (op->error == 0 || ipvs_table_find(failed, op->svc) != NULL ||
		    ipvs_table_find(&r->told, op->svc) != NULL)
			continue;
		own_add_id(
		    is_told(l, r, op, failed->n, &servers) ? &r->told : failed, op->svc);
		if (d == NULL)
			continue; /* a service that leaves: the tick comes again */
		d->fault.fresh = true;
		if (is_mismatch(op) && !last_round) {
			log_warnx("the kernel's table was changed by someone else; "
				  "mending director %s director=%s",
			    d->conf->name, d->conf->name);
			reconcile_mark(l, d);
			differs = true;
		} else if (d->fault.text == NULL ||
			   ipvs_table_find(&r->cut, op->svc) == NULL) {
			fail_director(l, d, op); /* once for all the turns it takes */
		}
	}
	return differs;
}

/* ---- one run ---- */

void run_fini(struct run *r)
{
	ipvs_table_fini(&r->want);
	ipvs_table_fini(&r->gone);
	ipvs_table_fini(&r->cut);
	ipvs_table_fini(&r->told);
}

void run_diff(const struct lvsd *l, struct run *r, struct ipvs_ops *ops)
{
	for (size_t i = 0; i < r->want.n; i++) {
		const struct ipvs_svc *want = &r->want.svcs[i];

		ipvs_diff_svc(ipvs_table_find(&l->have, want), want, ops);
	}
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
	struct director_state *d = run_director(l, svc->tag);

	/* A mark director has a service for each family: one is enough to fail. */
	if (d == NULL || d->fault.text == NULL || d->fault.fresh)
		return;
	log_info(
	    "director %s is in the kernel now director=%s", d->conf->name, d->conf->name);
	fault_set(&d->fault, NULL, 0);
	events_fault(l, d);
}

/* If SVC was sent as a whole, its next run may be cut again. */
static void sent_whole(
    const struct lvsd *l, const struct run *r, const struct ipvs_svc *svc)
{
	struct director_state *d = run_director(l, svc->tag);

	if (d != NULL && ipvs_table_find(&r->cut, svc) == NULL)
		d->fault.stuck = false;
}

/* WANT was cut, or refused in part: until when its servers may stay holds all the same, or
 * each retry would give them their time anew. It is among the first N of what the kernel
 * has: what came anew stands behind them. */
static void keep_notes(struct lvsd *l, size_t n, const struct ipvs_svc *want)
{
	const struct ipvs_table sorted = { .svcs = l->have.svcs, .n = n };
	struct ipvs_svc *have = ipvs_table_find(&sorted, want);

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

/* SVC becomes what was done, operation by operation. */
static bool is_by_op(
    const struct run *r, const struct ipvs_table *failed, const struct ipvs_svc *svc)
{
	return (ipvs_table_find(&r->cut, svc) != NULL ||
		   ipvs_table_find(&r->told, svc) != NULL) &&
	       ipvs_table_find(failed, svc) == NULL;
}

/* What OP added may be one that the kernel had kept, with old connections. */
static void count_unknown(struct lvsd *l, const struct ipvs_op *op)
{
	const struct ipvs_svc *svc = ipvs_table_find(&l->have, op->svc);
	struct ipvs_dest *dest = svc != NULL ? ipvs_svc_find(svc, op->dest) : NULL;

	if (dest != NULL)
		dest->active = dest->inactive = IPVS_CONNS_UNKNOWN;
}

/* What the kernel answered to OP, of a server: it is done, or the server is not there, or it
 * is there, but how is not known. */
static void settle_op(struct lvsd *l, const struct ipvs_op *op)
{
	struct ipvs_op done = *op;
	struct ipvs_dest there;

	if (op->dest == NULL && op->error != 0)
		return;
	if (op->error == ENOENT) {
		done.cmd = IPVS_DEL_DEST;
	} else if (op->error == EEXIST) {
		there = *op->dest;
		there.weight = IPVS_WEIGHT_UNKNOWN;
		done.dest = &there;
	} else if (op->error != 0) {
		return;
	}
	ipvs_table_apply(&l->have, &done);
	if (op->cmd == IPVS_ADD_DEST)
		count_unknown(l, op);
}

/* What OPS did of services of which it counts one by one becomes what the kernel has.
 * Deletions point into that: they come first, and the last of them before the others;
 * services that were not there at all go last. */
static void settle_ops(struct lvsd *l, const struct run *r,
    const struct ipvs_table *failed, const struct ipvs_ops *ops)
{
	for (size_t i = ops->n; i-- > 0;)
		if (ops->list[i].cmd == IPVS_DEL_DEST &&
		    is_by_op(r, failed, ops->list[i].svc))
			settle_op(l, &ops->list[i]);
	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].cmd != IPVS_DEL_DEST &&
		    is_by_op(r, failed, ops->list[i].svc))
			settle_op(l, &ops->list[i]);
	for (size_t i = 0; r->told.n > 0 && i < ops->n; i++) {
		struct ipvs_svc *have = ipvs_table_find(&l->have, ops->list[i].svc);

		if (ops->list[i].error == ESRCH && have != NULL &&
		    ipvs_table_find(&r->told, have) != NULL)
			ipvs_table_remove(&l->have, have);
	}
}

/* Something of OPS was done to SVC. */
static bool was_done(const struct ipvs_ops *ops, const struct ipvs_svc *svc)
{
	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].error == 0 && ipvs_svc_cmp(ops->list[i].svc, svc) == 0)
			return true;
	return false;
}

/* The rest is planned again: that of a director in the next turn, that of one that leaves
 * by the tick. */
static void settle_by_op(struct lvsd *l, const struct run *r,
    const struct ipvs_table *failed, const struct ipvs_ops *ops)
{
	if (r->cut.n + r->told.n > 0)
		settle_ops(l, r, failed, ops);
	for (size_t i = 0; i < r->cut.n; i++) {
		struct director_state *d = run_director(l, r->cut.svcs[i].tag);

		if (d == NULL)
			continue;
		reconcile_mark(l, d);
		if (d->fault.fresh && d->fault.text != NULL)
			d->fault.stuck = !was_done(ops, &r->cut.svcs[i]);
	}
}

/* What was done becomes what the kernel has; services in FAILED are read. */
static void settle(struct lvsd *l, struct run *r, const struct ipvs_table *failed,
    const struct ipvs_ops *ops)
{
	size_t n = l->have.n;
	bool lingers = false, is_first = n == 0 && failed->n == 0 && r->cut.n == 0;

	for (size_t i = 0; i < r->want.n; i++) {
		struct ipvs_svc *svc = &r->want.svcs[i];

		lingers = lingers || svc->lingering > 0;
		sent_whole(l, r, svc);
		if (ipvs_table_find(failed, svc) != NULL || is_by_op(r, failed, svc)) {
			keep_notes(l, n, svc);
			continue;
		}
		clear_fault(l, svc);
		if (!is_first)
			settle_service(l, n, svc);
	}
	if (is_first) {
		ipvs_table_fini(&l->have);
		l->have = r->want;
		r->want = (struct ipvs_table){ 0 };
	}
	if (l->have.n > n)
		ipvs_table_sort(&l->have);
	settle_by_op(l, r, failed, ops);
	if (r->gone.n > 0) {
		ipvs_table_subtract(&r->gone, failed);
		ipvs_table_subtract(&l->have, &r->gone);
		statefile_touch(l->statefile); /* they are not ours any more */
	}
	if (!own_reread(l, failed))
		l->resync = true;
	if (r->told.n > 0)
		audit_soon(l->audit); /* there may be more than was told */
	if (lingers || failed->n + r->told.n > 0)
		reconcile_wake(l);
}

static bool send_ops(struct lvsd *l, struct run *r, struct ipvs_ops *ops)
{
	if (r->bounded)
		return pace_send(l, r, ops);
	run_diff(l, r, ops);
	return ipvs_apply(l->ipvs, ops);
}

bool run_send(
    struct lvsd *l, struct run *r, bool last_round, struct reconcile_counts *counts)
{
	struct ipvs_ops ops = { 0 };
	struct ipvs_table failed = { 0 };
	bool differs = false, done;

	done = send_ops(l, r, &ops);
	pieces_note(l, &ops);
	if (done) {
		pace_note(l, &ops);
		differs = take_refusals(l, r, &ops, last_round, &failed);
		tell(counts, &ops);
		settle(l, r, &failed, &ops);
	} else {
		log_err(
		    "the kernel did not take %zu operations: %s", ops.n, strerror(errno));
		l->resync = true;
	}
	if (l->resync)
		reconcile_wake(l);
	ipvs_table_fini(&failed);
	ipvs_ops_fini(&ops);
	return differs;
}
