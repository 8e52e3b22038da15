/*
 * Comparing two tables: which operations turn one into the other.
 *
 * Pure: two sorted arrays in, a list of operations out. The order inside a
 * service is what keeps it serving: whatever brings weight comes before
 * whatever takes it away. The order over all services is for the kernel's
 * speed: what it deleted slows down what it adds.
 */
#include "ipvs/ipvs.h"

#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

/*
 * From how many servers on a new mh service is filled under rr. An addition to
 * mh takes 0.1 ms and two changes of the scheduler take two grace periods
 * (ip_vs_ctl.c, ip_vs_edit_service), which are some 10 ms each on a machine
 * with many CPUs.
 */
#define FILL_SERVERS 256

void ipvs_ops_fini(struct ipvs_ops *ops)
{
	for (size_t i = 0; i < ops->n_fills; i++)
		free(ops->fills[i]);
	free(ops->fills);
	free(ops->list);
	memset(ops, 0, sizeof *ops);
}

static void add(struct ipvs_ops *ops, enum ipvs_cmd cmd, const struct ipvs_svc *svc,
    const struct ipvs_dest *dest)
{
	ops->list = xgrow(ops->list, ops->n, &ops->cap, sizeof *ops->list);
	ops->list[ops->n++] = (struct ipvs_op){ .cmd = cmd, .svc = svc, .dest = dest };
	ops->count[cmd]++;
}

enum phase { BRINGS, TAKES, DELETES, N_PHASES };

static enum phase phase(const struct ipvs_op *op)
{
	if (op->cmd == IPVS_DEL_DEST || op->cmd == IPVS_DEL_SVC)
		return DELETES;
	return op->cmd == IPVS_SET_DEST && op->dest->weight == 0 ? TAKES : BRINGS;
}

/* Orders what stands in OPS from FIRST on. */
static void order(struct ipvs_ops *ops, size_t first)
{
	struct ipvs_op *list = ops->list + first, *ordered;
	size_t n = ops->n - first, place[N_PHASES + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		place[phase(&list[i]) + 1]++;
	for (int p = 0; p < N_PHASES; p++)
		if (place[p + 1] == n)
			return;
	for (int p = 0; p < N_PHASES; p++)
		place[p + 1] += place[p];
	ordered = xreallocarray(NULL, n, sizeof *ordered);
	for (size_t i = 0; i < n; i++)
		ordered[place[phase(&list[i])]++] = list[i];
	memcpy(list, ordered, n * sizeof *ordered);
	free(ordered);
}

/*
 * WANT as it is while its servers come, or NULL when that would gain nothing.
 * The service is added as it should be first, so that a scheduler that the kernel
 * does not have is refused as ever.
 */
static const struct ipvs_svc *fill_of(const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	struct ipvs_svc *fill;

	if (strcmp(want->sched, "mh") != 0 || want->n_dests < FILL_SERVERS)
		return NULL;
	fill = xmalloc(sizeof *fill);
	*fill = *want;
	fill->dests = NULL;
	fill->n_dests = fill->cap_dests = 0;
	strcpy(fill->sched, "rr");
	fill->flags &=
	    ~(uint32_t)(IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3);
	ops->fills =
	    xgrow(ops->fills, ops->n_fills, &ops->cap_fills, sizeof(struct ipvs_svc *));
	ops->fills[ops->n_fills++] = fill;
	return fill;
}

static void diff_new(const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	const struct ipvs_svc *fill = fill_of(want, ops);

	add(ops, IPVS_ADD_SVC, want, NULL);
	if (fill != NULL)
		add(ops, IPVS_SET_SVC, fill, NULL);
	for (size_t i = 0; i < want->n_dests; i++)
		add(ops, IPVS_ADD_DEST, want, &want->dests[i]);
	if (fill != NULL)
		add(ops, IPVS_SET_SVC, want, NULL);
}

/* One pass over both. */
static void diff_dests(
    const struct ipvs_svc *have, const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	const struct ipvs_dest *h = have->dests, *h_end = h + have->n_dests;
	const struct ipvs_dest *w = want->dests, *w_end = w + want->n_dests;

	while (h < h_end || w < w_end) {
		int c = h == h_end ? 1 : w == w_end ? -1 : ipvs_dest_cmp(h, w);

		if (c < 0)
			add(ops, IPVS_DEL_DEST, want, h);
		else if (c > 0)
			add(ops, IPVS_ADD_DEST, want, w);
		else if (!ipvs_dest_same(h, w))
			add(ops, IPVS_SET_DEST, want, w);
		h += c <= 0;
		w += c >= 0;
	}
}

void ipvs_diff_svc(
    const struct ipvs_svc *have, const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	size_t first;

	if (want == NULL && have != NULL)
		add(ops, IPVS_DEL_SVC, have, NULL);
	else if (have == NULL && want != NULL)
		diff_new(want, ops);
	if (have == NULL || want == NULL)
		return;
	first = ops->n;
	if (!ipvs_svc_same(have, want))
		add(ops, IPVS_SET_SVC, want, NULL);
	diff_dests(have, want, ops);
	order(ops, first);
}

void ipvs_ops_order(struct ipvs_ops *ops)
{
	order(ops, 0);
}

void ipvs_ops_cut(struct ipvs_ops *ops, size_t n)
{
	while (ops->n > n)
		ops->count[ops->list[--ops->n].cmd]--;
}

/* Whether the operations are on so many services that the kernel's chains count. */
static bool is_crowd(const struct ipvs_ops *ops)
{
	size_t services = ops->n > 0;

	for (size_t i = 1; i < ops->n && services < IPVS_CROWD; i++)
		services += ops->list[i].svc != ops->list[i - 1].svc;
	return services == IPVS_CROWD;
}

static unsigned rank(const struct ipvs_op *op)
{
	return phase(op) * IPVS_BUCKETS + ipvs_svc_bucket(op->svc);
}

uint32_t *ipvs_ops_by_chain(const struct ipvs_ops *ops)
{
	uint32_t place[N_PHASES * IPVS_BUCKETS + 1] = { 0 }, *turns;

	if (!is_crowd(ops))
		return NULL;
	for (size_t i = 0; i < ops->n; i++)
		place[rank(&ops->list[i]) + 1]++;
	for (size_t r = 0; r < N_PHASES * IPVS_BUCKETS; r++)
		place[r + 1] += place[r];
	turns = xreallocarray(NULL, ops->n, sizeof *turns);
	for (size_t i = 0; i < ops->n; i++)
		turns[place[rank(&ops->list[i])]++] = (uint32_t)i;
	return turns;
}

void ipvs_diff(
    const struct ipvs_table *have, const struct ipvs_table *want, struct ipvs_ops *ops)
{
	size_t i = 0;

	for (size_t j = 0; j < want->n; j++) {
		const struct ipvs_svc *w = &want->svcs[j];
		int c = 1;

		while (i < have->n && (c = ipvs_svc_cmp(&have->svcs[i], w)) < 0)
			i++;
		ipvs_diff_svc(i < have->n && c == 0 ? &have->svcs[i] : NULL, w, ops);
	}
	for (i = 0; i < have->n; i++)
		if (ipvs_table_find(want, &have->svcs[i]) == NULL)
			add(ops, IPVS_DEL_SVC, &have->svcs[i], NULL);
	ipvs_ops_order(ops);
}
