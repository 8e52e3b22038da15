/*
 * Comparing two tables: which operations turn one into the other.
 *
 * Pure: two sorted arrays in, a list of operations out. The order inside a
 * service is what keeps it serving: whatever brings weight comes before
 * whatever takes it away.
 */
#include "ipvs/ipvs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

void ipvs_ops_fini(struct ipvs_ops *ops)
{
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

/* Additions and changes whose result has weight, or those whose has none. */
static void diff_wanted(const struct ipvs_svc *have, const struct ipvs_svc *want,
    bool with_weight, struct ipvs_ops *ops)
{
	size_t i = 0, n_have = have != NULL ? have->n_dests : 0;

	for (size_t j = 0; j < want->n_dests; j++) {
		const struct ipvs_dest *w = &want->dests[j];
		int c = 1;

		while (i < n_have && (c = ipvs_dest_cmp(&have->dests[i], w)) < 0)
			i++;
		if ((w->weight > 0) != with_weight)
			continue;
		if (i == n_have || c != 0)
			add(ops, IPVS_ADD_DEST, want, w);
		else if (!ipvs_dest_same(&have->dests[i], w))
			add(ops, IPVS_SET_DEST, want, w);
	}
}

static void diff_gone(
    const struct ipvs_svc *have, const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	size_t j = 0;

	for (size_t i = 0; i < have->n_dests; i++) {
		const struct ipvs_dest *h = &have->dests[i];
		int c = 1;

		while (j < want->n_dests && (c = ipvs_dest_cmp(&want->dests[j], h)) < 0)
			j++;
		if (j == want->n_dests || c != 0)
			add(ops, IPVS_DEL_DEST, want, h);
	}
}

void ipvs_diff_svc(
    const struct ipvs_svc *have, const struct ipvs_svc *want, struct ipvs_ops *ops)
{
	if (want == NULL) {
		if (have != NULL)
			add(ops, IPVS_DEL_SVC, have, NULL);
		return;
	}
	if (have == NULL)
		add(ops, IPVS_ADD_SVC, want, NULL);
	else if (!ipvs_svc_same(have, want))
		add(ops, IPVS_SET_SVC, want, NULL);
	diff_wanted(have, want, true, ops);
	diff_wanted(have, want, false, ops);
	if (have != NULL)
		diff_gone(have, want, ops);
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
}
