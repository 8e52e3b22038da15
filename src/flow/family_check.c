/*
 * Everything of a family once more as the kernel has it, beside what we left there:
 * rules and routes whole, of the sets as many as there is time for.
 */
#include <stdlib.h>
#include <string.h>

#include "flow/compare.h"
#include "flow/family.h"
#include "flow/route.h"
#include "flow/rules.h"
#include "lib/mono.h"

static bool check_rules(const struct family *fa, struct buf *out, struct buf *error)
{
	struct flow_table fresh = { .family = fa->number };
	bool done = true;

	for (enum flow_chain_id c = 0; done && c < FLOW_CHAINS; c++) {
		const char *table = flow_rules_table(c);
		struct buf text = { 0 };

		if (table == NULL || fa->have.chain[c].n == 0)
			continue;
		done =
		    family_iptables(fa, fa->flavour, "save", table, NULL, &text, error);
		if (done) {
			flow_rules_read(&fresh, c, text.data != NULL ? text.data : "");
			flow_compare_rules(&fa->have, &fresh, c, out);
		}
		buf_fini(&text);
	}
	flow_table_fini(&fresh);
	return done;
}

static void check_set(
    struct flow *f, const struct flow_line *l, bool is_kept, struct buf *out)
{
	struct flow_line fresh = { 0 };
	enum flow_type type;

	if (!set_read(f->sets, l->set, &type, &fresh))
		buf_printf(out, "set %s is gone: %s\n", l->set, set_error(f->sets));
	else if (is_kept && fresh.type == l->type)
		flow_compare_kept(l, &fresh, out);
	else
		flow_compare_set(l, &fresh, out);
	free(fresh.members);
}

/* The Nth line with a set of both families, and where it is, or NULL behind the last. */
static const struct flow_line *line_with_set(
    struct flow *f, size_t n, struct family **family, enum flow_chain_id *id)
{
	for (int i = 0; i < 2; i++)
		for (int c = 0; c < FLOW_CHAINS; c++) {
			const struct flow_chain *chain = &f->family[i].have.chain[c];

			*family = &f->family[i];
			*id = c;
			for (size_t j = 0; j < chain->n; j++)
				if (chain->lines[j].type != FLOW_NO_SET && n-- == 0)
					return &chain->lines[j];
		}
	return NULL;
}

void family_check_sets(struct flow *f, uint64_t budget_us, struct buf *out)
{
	uint64_t begun_us = mono_us();
	const struct flow_line *l;
	struct buf error = { 0 };
	enum flow_chain_id c;
	struct family *fa;

	if (budget_us == UINT64_MAX)
		f->looked_at = 0;
	while ((l = line_with_set(f, f->looked_at, &fa, &c)) != NULL) {
		f->looked_at++;
		if (fa->known && family_open_sets(f, &error))
			check_set(f, l, flow_is_kept(c, l), out);
		buf_fini(&error);
		if (mono_us() - begun_us > budget_us)
			return;
	}
	f->looked_at = 0;
}

bool family_check(const struct family *fa, struct buf *out, struct buf *error)
{
	struct route_mark *marks;
	bool done;
	size_t n;

	if (!fa->known || flow_table_is_empty(&fa->have))
		return true;
	marks = family_route_marks(&fa->have, &n);
	done = check_rules(fa, out, error) &&
	       (n == 0 || route_check(fa->number, marks, n, out, error));
	free(marks);
	return done;
}
