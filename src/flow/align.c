/*
 * Which set goes on serving which rule.
 *
 * First the lines that both tables begin with, then those that both end with, then
 * what is left in order: equal rules in between are matched one after the other. The
 * order of what is matched is the same in both, so one table can be changed into
 * the other by adding, replacing the rules, and deleting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/table.h"

static bool same(const struct flow_line *a, const struct flow_line *b)
{
	return a->type == b->type && strcmp(a->rule, b->rule) == 0 &&
	       (a->type == FLOW_NO_SET || (a->set[0] != '\0' || b->set[0] != '\0'));
}

static void match(struct flow_line *have, struct flow_line *want)
{
	want->old = have;
	memcpy(want->set, have->set, sizeof want->set);
}

static void align_chain(const struct flow_chain *have, struct flow_chain *want)
{
	size_t from = 0, have_end = have->n, want_end = want->n, at;

	while (from < have_end && from < want_end &&
	       same(&have->lines[from], &want->lines[from])) {
		match(&have->lines[from], &want->lines[from]);
		from++;
	}
	while (from < have_end && from < want_end &&
	       same(&have->lines[have_end - 1], &want->lines[want_end - 1]))
		match(&have->lines[--have_end], &want->lines[--want_end]);
	at = from;
	for (size_t i = from; i < want_end; i++) {
		size_t j = at;

		while (j < have_end && !same(&have->lines[j], &want->lines[i]))
			j++;
		if (j == have_end)
			continue;
		match(&have->lines[j], &want->lines[i]);
		at = j + 1;
	}
}

/* The number at the end of a set's name, 0 when it has none. */
static unsigned long number_of(const char *set)
{
	const char *dash = strrchr(set, '-');

	return dash != NULL ? strtoul(dash + 1, NULL, 10) : 0;
}

static unsigned long highest_number(const struct flow_table *t)
{
	unsigned long highest = 0;

	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++) {
			unsigned long n = number_of(t->chain[c].lines[i].set);

			highest = n > highest ? n : highest;
		}
	for (size_t i = 0; i < t->n_orphans; i++) {
		unsigned long n = number_of(t->orphans[i]);

		highest = n > highest ? n : highest;
	}
	return highest;
}

void flow_align(const struct flow_table *have, struct flow_table *want)
{
	unsigned long number = highest_number(have);

	for (int c = 0; c < FLOW_CHAINS; c++) {
		struct flow_chain *chain = &want->chain[c];

		align_chain(&have->chain[c], chain);
		for (size_t i = 0; i < chain->n; i++) {
			struct flow_line *l = &chain->lines[i];

			/* Who fills a set of clients may be late: no other has its name. */
			if (l->type != FLOW_NO_SET && l->old == NULL)
				snprintf(l->set, FLOW_SET_NAME, FLOW_PREFIX "%c-%s%lu",
				    want->family == AF_INET6 ? '6' : '4',
				    flow_is_kept(c, l) ? "KEPT-" : "", ++number);
		}
	}
}
