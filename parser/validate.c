/*
 * validate: the global section, and what must be unique in the file.
 *
 * Duplicates are found by sorting and looking at neighbours, so that a file of
 * any size is judged in n log n.
 */
#include "parser/validate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static int loc_cmp(const struct loc *a, const struct loc *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->col > b->col) - (a->col < b->col);
}

struct order {
	int (*cmp)(const void *a, const void *b);
};

static int twin_cmp(const void *va, const void *vb, void *order)
{
	const struct twin *a = va, *b = vb;
	int r = ((struct order *)order)->cmp(a->node, b->node);

	return r != 0 ? r : loc_cmp(&a->loc, &b->loc);
}

void validate_twins(struct parse *p, struct twin *v, size_t n,
    int (*cmp)(const void *a, const void *b),
    void (*report)(struct parse *p, const struct twin *again, struct loc first))
{
	struct order order = { cmp };
	size_t first = 0;

	qsort_r(v, n, sizeof *v, twin_cmp, &order);
	for (size_t i = 1; i < n; i++) {
		if (cmp(v[first].node, v[i].node) == 0)
			report(p, &v[i], v[first].loc);
		else
			first = i;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct director_conf *d = a, *e = b;

	return strcmp(d->name, e->name);
}

static int by_address(const void *a, const void *b)
{
	const struct director_conf *d = a, *e = b;
	int r = addr_cmp(&d->addr, &e->addr);

	if (r != 0)
		return r;
	if (d->port != e->port)
		return d->port < e->port ? -1 : 1;
	return (d->protocol > e->protocol) - (d->protocol < e->protocol);
}

static int by_fwmark(const void *a, const void *b)
{
	const struct director_conf *d = a, *e = b;

	return (d->fwmark > e->fwmark) - (d->fwmark < e->fwmark);
}

static void same_name(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc, "a second director \"%s\"; first given at line %u",
	    ((const struct director_conf *)again->node)->name, (unsigned)first.line);
}

static void same_address(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc,
	    "a second director with this address and protocol; first given at line %u",
	    (unsigned)first.line);
}

static void same_fwmark(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc,
	    "a second director with fwmark %u; first given at line %u",
	    (unsigned)((const struct director_conf *)again->node)->fwmark,
	    (unsigned)first.line);
}

/* Judges the directors together; V has room for all of them, and is left
 * sorted by name. Returns how many have a name. */
static size_t unique_directors(struct parse *p, struct twin *v)
{
	struct director_conf *d;
	size_t n = 0;

	STAILQ_FOREACH (d, &p->conf->directors, entry)
		if (addr_is_set(&d->addr))
			v[n++] = (struct twin){ d, director_draft(d)->addr_loc };
	validate_twins(p, v, n, by_address, same_address);
	n = 0;
	STAILQ_FOREACH (d, &p->conf->directors, entry)
		if (d->fwmark != 0)
			v[n++] = (struct twin){ d, director_draft(d)->fwmark_loc };
	validate_twins(p, v, n, by_fwmark, same_fwmark);
	n = 0;
	STAILQ_FOREACH (d, &p->conf->directors, entry)
		if (d->name != NULL)
			v[n++] = (struct twin){ d, d->loc };
	validate_twins(p, v, n, by_name, same_name);
	return n;
}

static void validate_global(struct parse *p)
{
	struct conf *c = p->conf;

	if (c->control.path == NULL)
		c->control.path = RUNDIR "/control.sock";
	if (c->status.path == NULL)
		c->status.path = RUNDIR "/status.sock";
	if (c->state == NULL)
		c->state = STATEDIR "/state";
	if (strcmp(c->control.path, c->status.path) == 0)
		parse_error(p, p->status_at.line != 0 ? p->status_at : p->control_at,
		    "control and status cannot be the same socket");
}

static void no_director(struct parse *p)
{
	if (p->purpose == READ_RELOAD)
		parse_error(p, (struct loc){ 0 },
		    "no director is given: a reload would take every service away");
	else
		parse_warning(p, (struct loc){ 0 }, "no director is given");
}

void validate(struct parse *p)
{
	const bool clean = p->diags->n_errors == 0;
	struct twin *v = xcalloc(p->conf->n_directors, sizeof *v);
	struct director_conf *d;
	size_t n;

	validate_global(p);
	STAILQ_FOREACH (d, &p->conf->directors, entry) {
		validate_director(p, director_draft(d));
		validate_checks(p, director_draft(d));
	}
	n = unique_directors(p, v);
	validate_flows(p, v, n);
	if (p->conf->n_directors == 0 && clean)
		no_director(p);
	free(v);
}
