/* The tables of both, aligned as a reload does it. */
#include "flow/change.h"

#include "flow/plan.h"
#include "flow/rules.h"

static void count_added(const struct flow_member *m, void *arg)
{
	(void)m;
	((struct flow_change *)arg)->added++;
}

static void count_removed(const struct flow_member *m, void *arg)
{
	(void)m;
	((struct flow_change *)arg)->removed++;
}

static void compare(
    struct flow_chain *have, struct flow_chain *want, struct flow_change *out)
{
	for (size_t i = 0; i < want->n; i++) {
		struct flow_line *l = &want->lines[i];

		flow_members_diff(l->old, l, count_added, count_removed, out);
		if (l->old != NULL)
			l->old->old = l->old; /* it stays */
	}
	for (size_t i = 0; i < have->n; i++)
		if (have->lines[i].old == NULL)
			out->removed += have->lines[i].n;
}

void flow_change(
    const struct conf *before, const struct conf *after, struct flow_change *out)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	*out = (struct flow_change){ 0 };
	for (int i = 0; i < 2; i++) {
		struct flow_table none = { .family = families[i] }, have, want;

		flow_plan(before, families[i], NULL, NULL, &have);
		flow_plan(after, families[i], NULL, NULL, &want);
		flow_align(&none, &have);
		flow_table_done(&have);
		flow_align(&have, &want);
		for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++) {
			out->rules = out->rules || !flow_rules_same(&have, &want, c);
			compare(&have.chain[c], &want.chain[c], out);
		}
		flow_table_fini(&have);
		flow_table_fini(&want);
	}
}
