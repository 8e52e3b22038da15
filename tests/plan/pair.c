/* One pair, and what must hold for it. */
#include "random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "lib/xalloc.h"

/* A configuration in force, and the table that it made. */
struct world {
	struct buf text;
	struct state *state;
	struct ipvs_table want;
};

/* BEFORE is NULL at a start. */
static struct world world_next(const struct world *before, const struct ipvs_table *have)
{
	struct world w = { 0 };

	random_conf(&w.text);
	w.state = call_state(w.text.data, before != NULL ? before->state : NULL, have);
	random_health(w.state);
	random_decisions(w.state, CALL_NOW_US);
	return w;
}

static void world_fini(struct world *w)
{
	buf_fini(&w->text);
	state_free(w->state);
	ipvs_table_fini(&w->want);
}

/* ---- helpers ---- */

static struct ipvs_table copy(const struct ipvs_table *t)
{
	struct ipvs_table c = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		struct ipvs_svc svc = t->svcs[i];

		svc.dests = NULL;
		svc.n_dests = svc.cap_dests = 0;
		for (size_t j = 0; j < t->svcs[i].n_dests; j++)
			ipvs_svc_append(&svc, &t->svcs[i].dests[j]);
		ipvs_table_append(&c, &svc);
	}
	return c;
}

static bool read_all(struct ipvs *h, struct ipvs_table *t)
{
	if (!ipvs_read_services(h, t))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (!ipvs_read_dests(h, &t->svcs[i]))
			return false;
	return true;
}

static bool has_weight(const struct ipvs_table *t, const struct ipvs_svc *id)
{
	const struct ipvs_svc *svc = ipvs_table_find(t, id);

	for (size_t i = 0; svc != NULL && i < svc->n_dests; i++)
		if (svc->dests[i].weight > 0)
			return true;
	return false;
}

static int line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same lines in the order of strcmp(), without blanks at their ends. */
static void sort_lines(struct buf *b)
{
	char *lines[1024], *text = xstrdup(b->data != NULL ? b->data : ""), *rest = text;
	size_t n = 0;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL && n < 1024) {
		line[strcspn(line, "\n")] = '\0';
		while (*line != '\0' && line[strlen(line) - 1] == ' ')
			line[strlen(line) - 1] = '\0';
		if (*line != '\0')
			lines[n++] = line;
	}
	qsort(lines, n, sizeof *lines, line_cmp);
	buf_fini(b);
	buf_str(b, "");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s\n", lines[i]);
	free(text);
}

/* The whole of T: ipvsadm -Sn, and the thresholds that it leaves out. */
static void whole_text(const struct ipvs_table *t, struct buf *b)
{
	buf_str(b, "");
	ipvs_table_text(t, b);
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->svcs[i].n_dests; j++) {
			const struct ipvs_dest *d = &t->svcs[i].dests[j];

			buf_printf(b, "thresholds %zu %zu %u %u\n", i, j,
			    (unsigned)d->u_thresh, (unsigned)d->l_thresh);
		}
}

/* ---- the promises ---- */

static bool broken(struct buf *why, const char *promise)
{
	buf_printf(why, "does not hold: %s\n", promise);
	return false;
}

static bool same_text(
    struct buf *got, struct buf *want, const char *promise, struct buf *why)
{
	bool same = strcmp(got->data, want->data) == 0;

	if (!same) {
		broken(why, promise);
		buf_printf(why, "got:\n%swanted:\n%s", got->data, want->data);
	}
	buf_fini(got);
	buf_fini(want);
	return same;
}

/* OPS, one by one, never leave a service bare, and delete nothing to stay. */
static bool steps_hold(const struct ipvs_table *have, const struct ipvs_table *want,
    const struct ipvs_ops *ops, struct buf *why)
{
	struct ipvs_table now = copy(have);
	bool good = true;

	for (size_t i = 0; good && i < ops->n; i++) {
		const struct ipvs_op *op = &ops->list[i];
		const struct ipvs_svc *stays = ipvs_table_find(want, op->svc);

		if (op->cmd == IPVS_DEL_SVC && stays != NULL)
			good = broken(why, "a service that stays is not deleted");
		if (op->cmd == IPVS_DEL_DEST && stays != NULL &&
		    ipvs_svc_find(stays, op->dest) != NULL)
			good = broken(why, "a server that stays is not deleted");
		if (ipvs_table_apply(&now, op) != 0)
			good = broken(why, "no operation is refused");
		for (size_t j = 0; good && j < have->n; j++)
			if (has_weight(have, &have->svcs[j]) &&
			    has_weight(want, &have->svcs[j]) &&
			    !has_weight(&now, &have->svcs[j]))
				good = broken(why, "a service with a server before and "
						   "after has one all the time");
		if (!good)
			buf_printf(why, "at operation %zu\n", i + 1);
	}
	ipvs_table_fini(&now);
	return good;
}

/* H has WANT, by our own reading and by the judge's. */
static bool has_table(
    struct ipvs *h, const struct ipvs_table *want, judge_fn *judge, struct buf *why)
{
	struct buf a = { 0 }, b = { 0 };
	struct ipvs_table now = { 0 };
	bool good = read_all(h, &now) || broken(why, "the table can be read");

	if (good) {
		whole_text(&now, &a);
		whole_text(want, &b);
		good = same_text(&a, &b, "the table is the one that was planned", why);
	}
	if (good && judge != NULL) {
		judge(&a);
		sort_lines(&a);
		ipvs_table_text(want, &b);
		sort_lines(&b);
		good = same_text(&a, &b, "ipvsadm sees the same", why);
	}
	ipvs_table_fini(&now);
	return good;
}

/* Another difference of what H has to WANT is empty. */
static bool is_settled(struct ipvs *h, const struct ipvs_table *want, struct buf *why)
{
	struct ipvs_table now = { 0 };
	struct ipvs_ops ops = { 0 };
	bool good = read_all(h, &now) || broken(why, "the table can be read");

	if (good)
		ipvs_diff(&now, want, &ops);
	if (ops.n > 0)
		good = broken(why, "a second time there is nothing to do");
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&now);
	return good;
}

/* Takes H from HAVE, which it has, to WANT. */
static bool go(struct ipvs *h, const struct ipvs_table *have,
    const struct ipvs_table *want, judge_fn *judge, struct buf *why)
{
	struct ipvs_ops ops = { 0 };
	bool good;

	ipvs_diff(have, want, &ops);
	good = steps_hold(have, want, &ops, why);
	if (good && !ipvs_apply(h, &ops))
		good = broken(why, "the operations are answered");
	for (size_t i = 0; good && i < ops.n; i++)
		if (ops.list[i].error != 0) {
			buf_printf(why, "%s: ", strerror(ops.list[i].error));
			good = broken(why, "no operation is refused by the kernel");
		}
	good = good && has_table(h, want, judge, why) && is_settled(h, want, why);
	for (size_t i = 0; !good && i < ops.n; i++) {
		ipvs_op_text(&ops.list[i], why);
		buf_printf(why, "  -> %d\n", ops.list[i].error);
	}
	ipvs_ops_fini(&ops);
	return good;
}

/* Some servers have connections, so some must stay for them. */
static void random_connections(struct ipvs_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->svcs[i].n_dests; j++) {
			t->svcs[i].dests[j].active = pick(2);
			t->svcs[i].dests[j].inactive = pick(2);
		}
}

/* The plan over what it asked for asks for the same: while connections last,
 * nothing moves by itself. */
static bool plan_settles(const struct world *w, struct buf *why)
{
	struct ipvs_table have = copy(&w->want), again = { 0 };
	struct buf a = { 0 }, b = { 0 };

	for (size_t i = 0; i < have.n; i++)
		for (size_t j = 0; j < have.svcs[i].n_dests; j++)
			have.svcs[i].dests[j].active = 1;
	call_plan(w->state, &have, &again);
	whole_text(&again, &a);
	whole_text(&w->want, &b);
	ipvs_table_fini(&have);
	ipvs_table_fini(&again);
	return same_text(&a, &b, "planned again it is the same", why);
}

bool pair_check(struct ipvs *h, unsigned seed, judge_fn *judge, struct buf *why)
{
	struct ipvs_table have = { 0 }, none = { 0 };
	struct world a, b = { 0 };
	bool good;

	srandom(seed);
	a = world_next(NULL, &none);
	call_plan(a.state, &none, &a.want);
	good = go(h, &none, &a.want, judge, why);
	if (good && read_all(h, &have)) {
		random_connections(&have);
		b = world_next(&a, &have);
		call_plan(b.state, &have, &b.want);
		good = go(h, &have, &b.want, judge, why) && plan_settles(&b, why) &&
		       go(h, &b.want, &none, judge, why);
	}
	if (!good)
		buf_printf(why, "seed %u\n---- before\n%s---- after\n%s", seed,
		    a.text.data, b.text.data != NULL ? b.text.data : "");
	world_fini(&a);
	world_fini(&b);
	ipvs_table_fini(&have);
	return good;
}

unsigned pair_first_seed(void)
{
	const char *given = getenv("LVSD_SEED");

	return given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
}

unsigned pair_number(unsigned pairs)
{
	const char *given = getenv("LVSD_PAIRS");

	return given != NULL ? (unsigned)strtoul(given, NULL, 10) : pairs;
}
