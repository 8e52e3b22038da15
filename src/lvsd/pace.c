/*
 * What an operation costs the kernel grows with the servers of its service: it walks
 * through them to find one (ip_vs_ctl.c, ip_vs_lookup_dest), and some schedulers once more
 * (ip_vs_wrr.c, ip_vs_wrr_gcd_weight). So operations are counted in such steps, and the
 * time that the last ones took tells how many there may be.
 */
#include "lvsd/pace.h"

#include <stdlib.h>

#include "lib/xalloc.h"

#define SEND_US 2000	 /* that the kernel may take in a turn */
#define OP_STEPS 300	 /* of an operation, beside its servers */
#define PACE_FIRST 20000 /* steps in a turn, before anything is known */
#define PACE_MAX 2000000
#define PACE_MIN 1000 /* on a busy machine, too, there is some for others than a crowd */

/* Steps that a turn has for operations; of one service three quarters, so that a crowd of
 * servers does not keep the others waiting. */
static size_t pace_now(const struct lvsd *l)
{
	return l->pace != 0 ? l->pace : PACE_FIRST;
}

void pace_learn(struct lvsd *l, const struct run *r)
{
	uint64_t took_us = ipvs_stats(l->ipvs)->last_us;
	size_t now = pace_now(l), next;

	/* Several crowds have their turns in turn. */
	l->pace_at = r->cut.n > 0 ? l->pace_at + 1 : 0;
	/* Each addition is long when many were deleted (ip_vs_ctl.c, ip_vs_trash_get_dest). */
	if (r->steps == 0 || (r->cut.n == 0 && took_us <= SEND_US))
		return;
	next = took_us > 0 ? (size_t)(r->steps * (uint64_t)SEND_US / took_us) : PACE_MAX;
	next = next > 2 * now ? 2 * now : next < now / 4 ? now / 4 : next;
	l->pace = next < PACE_MIN ? PACE_MIN : next > PACE_MAX ? PACE_MAX : next;
}

/* Of one that is in trouble all is asked for, or what is refused would be in the way of
 * what is not. One that is filled under another scheduler must not stay so. */
static bool may_cut(const struct lvsd *l, const struct ipvs_svc *want, bool fills)
{
	const struct director_state *d = run_director(l, want->tag);

	return !fills && (d == NULL || d->fault.text == NULL);
}

/* OP changes a weight that serves into another that does. */
static bool only_adjusts(const struct ipvs_svc *have, const struct ipvs_op *op)
{
	const struct ipvs_dest *dest;

	if (have == NULL || op->cmd != IPVS_SET_DEST || op->dest->weight == 0)
		return false;
	dest = ipvs_svc_find(have, op->dest);
	return dest != NULL && dest->weight > 0;
}

/* Weights that grow come anew all the time: they come last of what is cut, or nothing
 * else of the service would ever be its turn; and each time another one of them first. */
static void adjust_last(
    const struct ipvs_svc *have, struct ipvs_ops *ops, size_t first, size_t turn)
{
	struct ipvs_op *late = xcalloc(ops->n - first, sizeof *late);
	size_t n = 0, kept = first;

	for (size_t i = first; i < ops->n; i++)
		if (only_adjusts(have, &ops->list[i]))
			late[n++] = ops->list[i];
		else
			ops->list[kept++] = ops->list[i];
	for (size_t i = 0; i < n; i++)
		ops->list[kept + i] = late[(turn + i) % n];
	free(late);
}

void pace_diff(const struct lvsd *l, struct run *r, const struct ipvs_svc *want,
    struct ipvs_ops *ops)
{
	const struct ipvs_svc *have = ipvs_table_find(&l->have, want);
	size_t first = ops->n, fills = ops->n_fills;
	size_t left = r->steps < pace_now(l) ? pace_now(l) - r->steps : 0;
	size_t share = pace_now(l) / 4 * 3, each = OP_STEPS + want->n_dests, room;

	if (have != NULL && have->n_dests > want->n_dests)
		each = OP_STEPS + have->n_dests;
	room = (left < share ? left : share) / each;
	if (room == 0 && first == 0)
		room = 1;
	ipvs_diff_svc(have, want, ops);
	if (ops->n - first > room && may_cut(l, want, ops->n_fills > fills)) {
		struct ipvs_svc id = *want;

		id.dests = NULL;
		id.n_dests = id.cap_dests = 0;
		ipvs_table_append(&r->cut, &id);
		adjust_last(have, ops, first, l->pace_at * room);
		ipvs_ops_cut(ops, first + room);
	}
	r->steps += (ops->n - first) * each;
}
