/*
 * validate: the global section, and what must be unique in the file.
 *
 * A director is judged when its section ends, so that little but the tree itself
 * must be kept of it.
 */
#include "parser/validate.h"

#include <string.h>

/* The directors are an array of pointers. */
static const struct director_conf *director_at(const void *element)
{
	return *(struct director_conf *const *)element;
}

static bool same_name(const void *a, const void *b)
{
	return strcmp(director_at(a)->name, director_at(b)->name) == 0;
}

static bool same_address(const void *a, const void *b)
{
	const struct director_conf *c = director_at(a), *d = director_at(b);

	return addr_cmp(&c->addr, &d->addr) == 0 && c->port == d->port &&
	       c->protocol == d->protocol;
}

static bool same_fwmark(const void *a, const void *b)
{
	return director_at(a)->fwmark == director_at(b)->fwmark;
}

/* Adds the last director to U; what was there already is told with its place. */
static const char *added_before(
    struct parse *p, struct unique *u, uint32_t hash, unique_same *same)
{
	const size_t last = p->n_directors - 1;
	const size_t first =
	    unique_add(u, p->directors, sizeof *p->directors, last, hash, same);

	if (first == SIZE_MAX)
		return NULL;
	return parse_place(p, p->directors[first]->loc, p->directors[last]->loc);
}

static uint32_t hash_name(const char *name)
{
	return unique_hash(0, name, strlen(name));
}

static uint32_t hash_address(const struct director_conf *c)
{
	const uint32_t seed = (uint32_t)c->port << 8 | c->protocol;

	return unique_hash(seed, c->addr.bytes, sizeof c->addr.bytes);
}

/* Is the director that has just been read one that was there before? */
static void judge_unique(struct parse *p, const struct director_draft *d)
{
	const struct director_conf *c = d->conf;
	const char *first;

	if (c->name != NULL &&
	    (first = added_before(p, &p->names, hash_name(c->name), same_name)) != NULL)
		parse_error(p, c->loc, "a second director \"%s\"; first given at %s",
		    c->name, first);
	if (addr_is_set(&c->addr) && (first = added_before(p, &p->addresses,
					  hash_address(c), same_address)) != NULL)
		parse_error(p, d->addr_loc,
		    "a second director with this address and protocol; first given at %s",
		    first);
	if (c->fwmark != 0 && (first = added_before(p, &p->fwmarks,
				   c->fwmark * 0x9e3779b9U, same_fwmark)) != NULL)
		parse_error(p, d->fwmark_loc,
		    "a second director with fwmark %u; first given at %s",
		    (unsigned)c->fwmark, first);
}

size_t validate_find_director(const struct parse *p, const char *name)
{
	const struct director_conf wanted = { .name = name }, *element = &wanted;

	return unique_find(&p->names, p->directors, sizeof *p->directors, &element,
	    hash_name(name), same_name);
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
	if (p->purpose == READ_RELOAD || p->purpose == READ_SENT)
		parse_error(p, (struct loc){ 0 },
		    "no director is given: a reload would take every service away; "
		    "\"empty yes\" under \"global\" says that it is meant");
	else
		parse_warning(p, (struct loc){ 0 }, "no director is given");
}

void validate_section(struct parse *p)
{
	if (p->into == &p->defaults_conf) {
		p->defaults = p->lines;
	} else if (p->director != NULL) {
		validate_director(p, p->director);
		judge_unique(p, p->director);
	}
	p->into = NULL;
	p->director = NULL;
	p->n_before = p->n_servers;
	p->n_servers = p->n_own_words = 0;
}

void validate(struct parse *p)
{
	const bool clean = p->diags->n_errors == 0;

	validate_global(p);
	validate_flows(p);
	if (p->conf->n_directors == 0 && !p->conf->empty && clean)
		no_director(p);
}
