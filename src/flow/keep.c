/*
 * Sets of clients that are kept (flow_is_kept()): who is in one is not refused, though
 * nobody new is served.
 */
#include <stdlib.h>

#include "flow/family.h"

/* The line with the set of MARK, or NULL. Lines stand in the order of their marks, of
 * which it is the first. */
static struct flow_line *line_of(const struct flow *f, uint32_t mark)
{
	const struct flow_chain *c = &f->family[0].have.chain[FLOW_ASIDE];
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->lines[middle].mark < mark)
			low = middle + 1;
		else
			high = middle;
	}
	return f->family[0].known && low < c->n && c->lines[low].mark == mark &&
		       flow_is_kept(FLOW_ASIDE, &c->lines[low])
		   ? &c->lines[low]
		   : NULL;
}

bool flow_can_keep(const struct flow *f, uint32_t mark)
{
	return f->family[0].have.reassemble && line_of(f, mark) != NULL;
}

bool flow_keep(
    struct flow *f, uint32_t mark, const struct flow_line *clients, struct buf *error)
{
	const struct flow_line *l = line_of(f, mark);
	bool done;

	f->sets = NULL; /* the socket is the daemon's */
	if (l == NULL || !family_open_sets(f, error))
		return false;
	/* What another left there who did not come to the end goes first. */
	done = set_flush(f->sets, l->set);
	for (size_t i = 0; i < clients->n && done; i++)
		set_add(f->sets, l->set, l->type, &clients->members[i]);
	done = (done && set_commit(f->sets)) || family_set_failed(f, error);
	set_close(f->sets);
	f->sets = NULL;
	return done;
}

void flow_kept(struct flow *f, uint32_t mark, size_t n)
{
	struct flow_line *l = line_of(f, mark);

	if (l == NULL)
		return;
	l->kept = n;
	if (n != FLOW_KEPT_UNKNOWN)
		f->figures.set_operations += n + 1;
}

bool flow_keep_nobody(struct flow *f, uint32_t mark)
{
	struct flow_line *l = line_of(f, mark);
	struct buf error = { 0 };

	if (l == NULL || l->kept == 0)
		return true;
	l->kept = 0;
	if (family_open_sets(f, &error) && set_flush(f->sets, l->set))
		return true;
	if (error.len == 0)
		family_set_failed(f, &error);
	family_fail(f, &f->family[0], error.data);
	buf_fini(&error);
	return false;
}
