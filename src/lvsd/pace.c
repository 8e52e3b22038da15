/*
 * Dealt like cards, sent in slices.
 *
 * What an operation costs is not known before. The kernel walks through the servers of
 * the service to find one (ip_vs_ctl.c, ip_vs_lookup_dest), some schedulers do once more
 * (ip_vs_wrr.c, ip_vs_wrr_gcd_weight), and each addition walks through all that was
 * deleted in the last two minutes (ip_vs_ctl.c, ip_vs_trash_get_dest), or through one of
 * them, if that is it. So a turn begins with a slice that is short whatever they take,
 * and each next one is as long as those before allow.
 */
#include "lvsd/pace.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

#define SEND_US 2000  /* that the kernel may take in a turn */
#define DEAL 8	      /* operations of a service, then others have their turn */
#define DEAL_TAKES 2  /* of these, that take a server away from clients, if there are */
#define OTHERS_TURN 8 /* of so many turns that are cut one has what is not urgent first */
#define OP_STEPS 300  /* of an operation, beside the servers of its service */
#define GROWTH 4      /* times what the slice before had */
#define TRASH_US (180 * 1000000ull) /* how long the kernel may keep what was deleted */
#define TRASH_NS 50		    /* for an addition to go by one of these */

/* ---- the order ---- */

/* The operations of one service: [next, end) of a list. */
struct hand {
	size_t next, end;
	enum { WHOLE, URGENT, OTHER } standing;
};

/* Where all that a turn had time for was refused the whole is asked for, or that would be
 * in the way of what is not. One that is filled under another scheduler must not stay
 * so. */
static bool may_cut(const struct lvsd *l, const struct ipvs_svc *want, bool fills)
{
	const struct director_state *d = run_director(l, want->tag);

	return !fills && (d == NULL || !d->fault.stuck);
}

/* Of what is not known nothing is expected. */
static bool has_weight(const struct ipvs_dest *dest)
{
	return dest->weight > 0 && dest->weight != IPVS_WEIGHT_UNKNOWN;
}

static bool serves(const struct ipvs_svc *have)
{
	for (size_t i = 0; have != NULL && i < have->n_dests; i++)
		if (has_weight(&have->dests[i]))
			return true;
	return false;
}

static bool takes(const struct ipvs_op *op)
{
	return op->cmd == IPVS_DEL_DEST ||
	       (op->cmd == IPVS_SET_DEST && op->dest->weight == 0);
}

/* OP takes new clients from a server that had some. */
static bool takes_away(const struct ipvs_svc *have, const struct ipvs_op *op)
{
	const struct ipvs_dest *dest;

	if (!takes(op))
		return false;
	if (op->cmd == IPVS_DEL_DEST)
		return op->dest->weight > 0;
	dest = ipvs_svc_find(have, op->dest);
	return dest != NULL && dest->weight > 0;
}

/* Until the N operations at LIST are done, clients of HAVE are led where nobody answers. */
static bool is_urgent(const struct ipvs_svc *have, const struct ipvs_op *list, size_t n)
{
	bool urgent = !serves(have);

	for (size_t i = 0; i < n && !urgent; i++)
		urgent = takes_away(have, &list[i]);
	return urgent;
}

/* OP, behind all before it, changes a weight that serves into another that does. */
static bool only_adjusts(
    const struct ipvs_svc *have, const struct ipvs_op *op, size_t *from)
{
	const struct ipvs_dest *dest;

	if (have == NULL || op->cmd != IPVS_SET_DEST || op->dest->weight == 0)
		return false;
	dest = ipvs_svc_find_next(have, op->dest, from);
	return dest != NULL && has_weight(dest);
}

/* Weights that grow come anew all the time: they come last of the N operations at LIST,
 * or nothing else of the service would ever be its turn; and each time another one of
 * them first. Returns how many others there are. */
static size_t adjust_last(
    const struct ipvs_svc *have, struct ipvs_op *list, size_t n, size_t turn)
{
	struct ipvs_op *late = xcalloc(n, sizeof *late);
	size_t n_late = 0, kept = 0, from = 0;

	for (size_t i = 0; i < n; i++)
		if (only_adjusts(have, &list[i], &from))
			late[n_late++] = list[i];
		else
			list[kept++] = list[i];
	for (size_t i = 0; i < n_late; i++)
		list[kept + i] = late[(turn + i) % n_late];
	free(late);
	return kept;
}

/* Some server has clients all the time from HAVE to WANT, whatever comes to the others. */
static bool stays_served(const struct ipvs_svc *have, const struct ipvs_svc *want)
{
	size_t from = 0;

	for (size_t i = 0; have != NULL && i < have->n_dests; i++) {
		const struct ipvs_dest *then =
		    ipvs_svc_find_next(want, &have->dests[i], &from);

		if (has_weight(&have->dests[i]) && then != NULL && then->weight > 0)
			return true;
	}
	return false;
}

/* A server that dies does not wait for all that come back: of each deal a few of the N
 * operations at LIST take servers away, in their order. */
static void take_between(struct ipvs_op *list, size_t n)
{
	struct ipvs_op *all = xcalloc(n, sizeof *all);
	size_t next[2] = { 0 }; /* of those that do not take, and of those that do */

	memcpy(all, list, n * sizeof *all);
	for (size_t i = 0; i < n; i++) {
		bool turn = i % DEAL < DEAL_TAKES;

		for (int k = 0; k < 2; k++)
			while (next[k] < n && takes(&all[next[k]]) != k)
				next[k]++;
		if (next[turn] == n)
			turn = !turn;
		list[i] = all[next[turn]++];
	}
	free(all);
}

/* Appends to OPS what WANT needs. */
static struct hand make_hand(
    const struct lvsd *l, const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	const struct ipvs_svc *have = ipvs_table_find(&l->have, want);
	struct hand h = { .next = ops->n, .standing = WHOLE };
	size_t fills = ops->n_fills, n;

	ipvs_diff_svc(have, want, ops);
	h.end = ops->n;
	n = h.end - h.next;
	if (n == 0 || !may_cut(l, want, ops->n_fills > fills))
		return h;
	h.standing = is_urgent(have, ops->list + h.next, n) ? URGENT : OTHER;
	if (n > DEAL)
		n = adjust_last(have, ops->list + h.next, n, l->pace.at);
	if (n > DEAL && stays_served(have, want))
		take_between(ops->list + h.next, n);
	return h;
}

/* Copies up to N operations of H, which are in FROM, to TO. Returns how many. */
static size_t deal(
    struct hand *h, size_t n, const struct ipvs_op *from, struct ipvs_op *to)
{
	if (n > h->end - h->next)
		n = h->end - h->next;
	memcpy(to, from + h->next, n * sizeof *to);
	h->next += n;
	return n;
}

/* Orders OPS, which the N hands at HANDS have; of those that may be cut the urgent ones
 * are first, or the OTHERS. Returns how many come before these. */
static size_t deal_out(struct ipvs_ops *ops, struct hand *hands, size_t n, bool others)
{
	struct ipvs_op *dealt = xreallocarray(NULL, ops->n, sizeof *dealt);
	struct hand **turns = xreallocarray(NULL, n, sizeof *turns);
	size_t at = 0, n_turns = 0, whole;

	for (size_t i = 0; i < n; i++)
		if (hands[i].standing == WHOLE)
			at += deal(&hands[i], ops->n, ops->list, dealt + at);
	whole = at;
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < n; i++)
			if (hands[i].standing == (again == others ? URGENT : OTHER))
				turns[n_turns++] = &hands[i];
	while (n_turns > 0) {
		size_t kept = 0;

		for (size_t i = 0; i < n_turns; i++) {
			at += deal(turns[i], DEAL, ops->list, dealt + at);
			if (turns[i]->next < turns[i]->end)
				turns[kept++] = turns[i];
		}
		n_turns = kept;
	}
	free(turns);
	free(ops->list);
	ops->list = dealt;
	ops->cap = ops->n;
	return whole;
}

/* Makes OPS, in their order. Several crowds have their turns in turn. What goes does not
 * wait: it is no more than was seen to be over in this turn. */
static size_t make_ops(const struct lvsd *l, const struct run *r, struct ipvs_ops *ops)
{
	size_t n = r->want.n, whole = 0;
	struct hand *hands = xcalloc(n + r->gone.n + 1, sizeof *hands);

	for (size_t i = 0; i < n; i++)
		hands[i] = make_hand(l, &r->want.svcs[(l->pace.at + i) % n], ops);
	for (size_t i = 0; i < r->gone.n; i++) {
		hands[n + i].next = ops->n;
		ipvs_diff_svc(&r->gone.svcs[i], NULL, ops);
		hands[n + i].end = ops->n;
		hands[n + i].standing = WHOLE;
	}
	if (ops->n > 0)
		whole = deal_out(ops, hands, n + r->gone.n,
		    l->pace.cut % OTHERS_TURN == OTHERS_TURN - 1);
	free(hands);
	return whole;
}

/* ---- slices ---- */

/* What the next slice may have. Additions are counted by themselves: they may take a
 * hundred times what others do. */
struct slice {
	size_t adds, steps;
};

static struct slice count(const struct lvsd *l, const struct ipvs_op *op)
{
	const struct ipvs_svc *have = ipvs_table_find(&l->have, op->svc);
	size_t servers = op->svc->n_dests;

	/* Those that go are there until they have gone. */
	if (have != NULL && have->n_dests > servers)
		servers = have->n_dests;
	return (struct slice){ op->cmd == IPVS_ADD_DEST, OP_STEPS + servers };
}

/* Returns how many of the N operations at LIST fit into MAX, at least one; they are
 * counted in HAD. */
static size_t take_slice(const struct lvsd *l, const struct ipvs_op *list, size_t n,
    const struct slice *max, struct slice *had)
{
	size_t taken = 0;

	*had = (struct slice){ 0 };
	for (; taken < n; taken++) {
		struct slice one = count(l, &list[taken]);

		if (taken > 0 && (had->adds + one.adds > max->adds ||
				     had->steps + one.steps > max->steps))
			break;
		had->adds += one.adds;
		had->steps += one.steps;
	}
	return taken;
}

/* When HAD took TOOK_US, and LEFT_US are left. */
static size_t next_max(size_t max, size_t had, uint64_t took_us, uint64_t left_us)
{
	uint64_t fit = had * left_us / (took_us + 1);

	if (had == 0)
		return max;
	return fit < GROWTH * max ? (size_t)fit : GROWTH * max;
}

static uint64_t left_of(uint64_t begun_us)
{
	uint64_t took_us = mono_us() - begun_us;

	return took_us < SEND_US ? SEND_US - took_us : 0;
}

/* How many additions at once are no more than LEFT_US, even if each goes by all that the
 * kernel keeps. */
static size_t max_adds(const struct pace *p, uint64_t left_us)
{
	size_t kept = p->deleted + p->deleted_before;
	uint64_t n = left_us * 1000 / (kept * TRASH_NS + 1);

	return n > 0 ? (size_t)n : 1;
}

/* Sends OPS, but for those from WHOLE on that there is no time for. *SENT are. The first
 * slice goes out however long what is before it takes: it may come again each turn. */
static bool send_slices(
    struct lvsd *l, const struct ipvs_ops *ops, size_t whole, size_t *sent)
{
	struct slice max = { 4, 20000 }, had;
	struct ipvs_ops part = { .list = ops->list, .n = whole };
	uint64_t begun_us = mono_us(), left_us, before_us;
	bool done = ipvs_apply(l->ipvs, &part);

	*sent = whole;
	left_us = left_of(begun_us);
	while (done && *sent < ops->n && (left_us > 0 || *sent == whole)) {
		size_t adds = max_adds(&l->pace, left_us);

		max.adds = max.adds < adds ? max.adds : adds;
		part.list = ops->list + *sent;
		part.n = take_slice(l, part.list, ops->n - *sent, &max, &had);
		done = ipvs_apply(l->ipvs, &part);
		*sent += part.n;
		before_us = left_us;
		left_us = left_of(begun_us);
		max.adds = next_max(max.adds, had.adds, before_us - left_us, left_us);
		max.steps = next_max(max.steps, had.steps, before_us - left_us, left_us);
	}
	return done;
}

/* The services of what was not sent, N operations at LIST, come into r->cut. */
static void note_cut(struct run *r, const struct ipvs_op *list, size_t n)
{
	bool *cut = xcalloc(r->want.n + 1, sizeof *cut);

	for (size_t i = 0; i < n; i++)
		cut[list[i].svc - r->want.svcs] = true;
	for (size_t i = 0; i < r->want.n; i++) {
		struct ipvs_svc id = r->want.svcs[i];

		id.dests = NULL;
		id.n_dests = id.cap_dests = 0;
		if (cut[i])
			ipvs_table_append(&r->cut, &id);
	}
	free(cut);
}

bool pace_send(struct lvsd *l, struct run *r, struct ipvs_ops *ops)
{
	size_t whole = make_ops(l, r, ops), sent;
	bool done = send_slices(l, ops, whole, &sent);

	if (sent < ops->n) {
		note_cut(r, ops->list + sent, ops->n - sent);
		ipvs_ops_cut(ops, sent);
		l->pace.at += sent;
		l->pace.cut++;
	}
	return done;
}

/* How many servers go with OP. */
static size_t deletes(const struct lvsd *l, const struct ipvs_op *op)
{
	const struct ipvs_svc *svc;

	if (op->cmd != IPVS_DEL_SVC)
		return op->cmd == IPVS_DEL_DEST;
	svc = ipvs_table_find(&l->have, op->svc);
	return svc != NULL ? svc->n_dests : 0;
}

void pace_note(struct lvsd *l, const struct ipvs_ops *ops)
{
	struct pace *p = &l->pace;
	uint64_t now_us = mono_us();

	if (now_us - p->since_us > TRASH_US) {
		p->deleted_before = now_us - p->since_us < 2 * TRASH_US ? p->deleted : 0;
		p->deleted = 0;
		p->since_us = now_us;
	}
	for (size_t i = 0; i < ops->n; i++)
		p->deleted += deletes(l, &ops->list[i]);
}
