/*
 * validate: the global section, and what must be unique in the file.
 *
 * Duplicates are found by hashes, so that a file of any size is judged in time
 * linear in it.
 */
#include "parser/validate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

/*
 * Twins are found by a table of hashes: each entry holds the number of a twin,
 * plus one, and is the first free place behind that of its hash.
 */
void validate_twins(struct parse *p, const struct twin *v, size_t n,
    uint32_t (*hash)(const void *node), bool (*same)(const void *a, const void *b),
    void (*report)(struct parse *p, const struct twin *again, struct loc first))
{
	size_t size = 4;
	uint32_t *table;

	if (n < 2)
		return;
	while (size < 2 * n)
		size *= 2;
	table = xcalloc(size, sizeof *table);
	for (size_t i = 0; i < n; i++) {
		size_t at = hash(v[i].node) & (size - 1);

		while (table[at] != 0 && !same(v[table[at] - 1].node, v[i].node))
			at = (at + 1) & (size - 1);
		if (table[at] != 0)
			report(p, &v[i], v[table[at] - 1].loc);
		else
			table[at] = (uint32_t)i + 1;
	}
	free(table);
}

/* FNV-1a, begun at H, and mixed so that its low bits depend on all others. */
uint32_t validate_hash(uint32_t h, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 16777619U;
	return h ^ h >> 15;
}

static uint32_t hash_name(const void *node)
{
	const struct director_draft *d = node;

	return validate_hash(0, d->conf->name, strlen(d->conf->name));
}

static bool same_name(const void *a, const void *b)
{
	const struct director_draft *d = a, *e = b;

	return strcmp(d->conf->name, e->conf->name) == 0;
}

static void report_name(struct parse *p, const struct twin *again, struct loc first)
{
	const struct director_draft *d = again->node;

	parse_error(p, again->loc, "a second director \"%s\"; first given at %s",
	    d->conf->name, parse_place(p, first, again->loc));
}

static uint32_t hash_address(const void *node)
{
	const struct director_conf *c = ((const struct director_draft *)node)->conf;
	uint32_t seed = (uint32_t)c->port << 8 | c->protocol;

	return validate_hash(seed * 16777619U, c->addr.bytes, sizeof c->addr.bytes);
}

static bool same_address(const void *a, const void *b)
{
	const struct director_conf *c = ((const struct director_draft *)a)->conf;
	const struct director_conf *d = ((const struct director_draft *)b)->conf;

	return addr_cmp(&c->addr, &d->addr) == 0 && c->port == d->port &&
	       c->protocol == d->protocol;
}

static void report_address(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc,
	    "a second director with this address and protocol; first given at %s",
	    parse_place(p, first, again->loc));
}

static uint32_t hash_fwmark(const void *node)
{
	const struct director_draft *d = node;

	return validate_hash(0, &d->conf->fwmark, sizeof d->conf->fwmark);
}

static bool same_fwmark(const void *a, const void *b)
{
	const struct director_draft *d = a, *e = b;

	return d->conf->fwmark == e->conf->fwmark;
}

static void report_fwmark(struct parse *p, const struct twin *again, struct loc first)
{
	const struct director_draft *d = again->node;

	parse_error(p, again->loc, "a second director with fwmark %u; first given at %s",
	    (unsigned)d->conf->fwmark, parse_place(p, first, again->loc));
}

static void unique_directors(struct parse *p)
{
	struct twin *v = xcalloc(p->conf->n_directors, sizeof *v);
	struct director_draft *d;
	size_t n = 0;

	STAILQ_FOREACH (d, &p->directors, entry)
		if (addr_is_set(&d->conf->addr))
			v[n++] = (struct twin){ d, d->addr_loc };
	validate_twins(p, v, n, hash_address, same_address, report_address);
	n = 0;
	STAILQ_FOREACH (d, &p->directors, entry)
		if (d->conf->fwmark != 0)
			v[n++] = (struct twin){ d, d->fwmark_loc };
	validate_twins(p, v, n, hash_fwmark, same_fwmark, report_fwmark);
	n = 0;
	STAILQ_FOREACH (d, &p->directors, entry)
		if (d->conf->name != NULL)
			v[n++] = (struct twin){ d, d->conf->loc };
	validate_twins(p, v, n, hash_name, same_name, report_name);
	free(v);
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
		    "no director is given: a reload would take every service away; "
		    "\"empty yes\" under \"global\" says that it is meant");
	else
		parse_warning(p, (struct loc){ 0 }, "no director is given");
}

void validate_section(struct parse *p)
{
	if (p->into == &p->defaults_conf)
		p->defaults = p->lines;
	else if (p->director != NULL)
		validate_director(p, p->director);
	p->into = NULL;
	p->director = NULL;
	p->n_servers = 0;
}

void validate(struct parse *p)
{
	const bool clean = p->diags->n_errors == 0;

	validate_global(p);
	unique_directors(p);
	validate_flows(p);
	if (p->conf->n_directors == 0 && !p->conf->empty && clean)
		no_director(p);
}
