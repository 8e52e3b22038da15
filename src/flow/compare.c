/*
 * Two chains are what they begin and end with in common, and what is between.
 */
#include "flow/compare.h"

#include <string.h>

#include "flow/rules.h"

/* ---- rules ---- */

static bool same(const struct flow_line *a, const struct flow_line *b)
{
	return strcmp(a->rule, b->rule) == 0 && strcmp(a->set, b->set) == 0;
}

/* The lines of a chain that are not yet accounted for. */
struct span {
	const struct flow_line *lines;
	size_t from, end;
};

static bool has(const struct span *s, const struct flow_line *l)
{
	for (size_t i = s->from; i < s->end; i++)
		if (same(&s->lines[i], l))
			return true;
	return false;
}

/* Tells of lines in A that are not in B; false when there are none. */
static bool tell_missing(const struct span *a, const struct span *b, const char *what,
    enum flow_chain_id c, struct buf *out)
{
	bool any = false;

	for (size_t i = a->from; i < a->end; i++) {
		if (has(b, &a->lines[i]))
			continue;
		buf_printf(out, "rule %s: ", what);
		flow_rules_line(&a->lines[i], c, out);
		any = true;
	}
	return any;
}

static void compare_lines(const struct flow_chain *have, const struct flow_chain *fresh,
    enum flow_chain_id c, struct buf *out)
{
	struct span h = { have->lines, 0, have->n }, f = { fresh->lines, 0, fresh->n };
	bool gone, added;

	while (h.from < h.end && f.from < f.end &&
	       same(&h.lines[h.from], &f.lines[f.from])) {
		h.from++;
		f.from++;
	}
	while (h.from < h.end && f.from < f.end &&
	       same(&h.lines[h.end - 1], &f.lines[f.end - 1])) {
		h.end--;
		f.end--;
	}
	gone = tell_missing(&h, &f, "gone", c, out);
	added = tell_missing(&f, &h, "added", c, out);
	if (!gone && !added && (h.from < h.end || f.from < f.end))
		buf_printf(out, "rules of %s in another order, or twice\n",
		    flow_rules_name(c) != NULL ? flow_rules_name(c) : "marks");
}

static void compare_marks(
    const struct flow_table *have, const struct flow_table *fresh, struct buf *out)
{
	if (have->n_marks != fresh->n_marks ||
	    (have->n_marks > 0 && memcmp(have->marks, fresh->marks,
				      have->n_marks * sizeof *have->marks) != 0))
		buf_printf(out, "%zu chains " FLOW_PREFIX "M-..., where %zu should be\n",
		    fresh->n_marks, have->n_marks);
	else if (fresh->chain[FLOW_MARK].strange)
		buf_str(out, "a chain of table mangle has other rules\n");
	if (have->reassemble != fresh->reassemble)
		buf_str(out, "chain " FLOW_PREFIX "DEFRAG of table mangle is gone\n");
	compare_lines(
	    &have->chain[FLOW_ASIDE], &fresh->chain[FLOW_ASIDE], FLOW_ASIDE, out);
}

void flow_compare_rules(const struct flow_table *have, const struct flow_table *fresh,
    enum flow_chain_id c, struct buf *out)
{
	const struct flow_chain *h = &have->chain[c], *f = &fresh->chain[c];
	const char *name = flow_rules_name(c);

	if (name == NULL || h->n == 0)
		return;
	if (!f->exists) {
		buf_printf(
		    out, "chain %s of table %s is gone\n", name, flow_rules_table(c));
		return;
	}
	for (int i = 0; flow_rules_hook(c, i) != NULL; i++)
		if (f->hooks[i] != 1)
			buf_printf(out, "%s is called %zu times from %s of table %s\n",
			    name, f->hooks[i], flow_rules_hook(c, i),
			    flow_rules_table(c));
	compare_lines(h, f, c, out);
	if (c == FLOW_MARK)
		compare_marks(have, fresh, out);
}

/* ---- members ---- */

struct difference {
	size_t gone, added;
	const struct flow_member *first_gone, *first_added;
};

static void count_gone(const struct flow_member *m, void *arg)
{
	struct difference *d = arg;

	if (d->gone++ == 0)
		d->first_gone = m;
}

static void count_added(const struct flow_member *m, void *arg)
{
	struct difference *d = arg;

	if (d->added++ == 0)
		d->first_added = m;
}

static void tell_members(struct buf *out, const char *what, size_t n,
    const struct flow_member *first, enum flow_type type)
{
	char text[FLOW_MEMBER_TEXT];

	if (n > 0)
		buf_printf(out, " %zu %s (%s%s)", n, what,
		    flow_member_text(first, type, text), n > 1 ? ", ..." : "");
}

void flow_compare_set(
    const struct flow_line *have, const struct flow_line *fresh, struct buf *out)
{
	struct difference d = { 0 };

	if (have->type != fresh->type) {
		buf_printf(out, "set %s is of another type\n", have->set);
		return;
	}
	flow_members_diff(have, fresh, count_added, count_gone, &d);
	if (d.gone + d.added == 0)
		return;
	buf_printf(out, "members of set %s:", have->set);
	tell_members(out, "gone", d.gone, d.first_gone, have->type);
	tell_members(out, "added", d.added, d.first_added, have->type);
	buf_str(out, "\n");
}

void flow_compare_kept(
    const struct flow_line *have, const struct flow_line *fresh, struct buf *out)
{
	if (fresh->n != have->kept)
		buf_printf(out, "members of set %s: %zu in place of %zu\n", have->set,
		    fresh->n, have->kept);
}
