/*
 * build_director: the first line of a director, and of defaults.
 *
 * A director is in the tree from its first word on, since its lines need a
 * home even when the rest of its first line is wrong; it is then marked bad.
 * It begins as a copy of what the last defaults section said.
 */
#include <string.h>

#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/grammar.h"
#include "parser/validate.h"
#include "parser/value.h"

#define NAME_MAX_BYTES 63
#define PROTOCOL_KEYS "TCP", "UDP", "SCTP", "fwmark"

static struct director_conf *director_new(struct parse *p, const struct word *key)
{
	struct director_conf *c;

	validate_section(p);
	c = arena_dup(p->arena, &p->defaults_conf, sizeof *c);
	STAILQ_INIT(&c->servers);
	c->loc = key->loc;
	p->section = key->loc;
	p->into = c;
	p->lines = p->defaults;
	p->lines.default_line = p->defaults.check_line;
	p->lines.check_line = NULL;
	return c;
}

void build_director_open(struct parse *p, const struct word *key, const struct word *name)
{
	struct director_conf *c = director_new(p, key);
	struct director_draft *d = &p->draft;

	c->loc = name->loc;
	*d = (struct director_draft){ .conf = c };
	d->bad = !value_name(p, name, NAME_MAX_BYTES, true, &c->name);
	p->director = d;
	p->directors =
	    xgrow(p->directors, p->n_directors, &p->cap_directors, sizeof *p->directors);
	p->directors[p->n_directors++] = c;
	STAILQ_INSERT_TAIL(&p->conf->directors, c, entry);
	p->conf->n_directors++;
}

void build_director_scratch(struct parse *p, const struct word *key)
{
	director_new(p, key);
}

void build_defaults_open(struct parse *p, const struct word *key)
{
	validate_section(p);
	p->section = key->loc;
	p->into = &p->defaults_conf;
	build_defaults_init(p->into);
	p->inherited_check = NULL;
	p->lines = (struct director_lines){ 0 };
}

void build_defaults_init(struct director_conf *c)
{
	*c = (struct director_conf){
		.protocol = IPPROTO_TCP,
		.balance = BALANCE_LEASTCONN,
		.mode = MODE_NAT,
		.drain_never = true,
		.quorum = 1,
	};
}

/* Can W be none of KEYS misspelt, but an address? Every director asks. */
static bool looks_like_address(const struct word *w)
{
	return w->len > 0 && ((w->text[0] >= '0' && w->text[0] <= '9') ||
				 memchr(w->text, ':', w->len) != NULL);
}

/* The one argument without a keyword: an address, or a keyword misspelt. */
void build_director_address(struct parse *p, const struct word *value)
{
	static const char *const keys[] = { PROTOCOL_KEYS };
	struct director_draft *d = p->director;

	if (p->in->prev->token == T_WORD && p->in->prev->loc.col != d->conf->loc.col &&
	    syntax_is_slip(p->in->prev, keys, 4))
		return; /* the value of a misspelt keyword, which was told */
	if (d->addr_loc.line != 0 ||
	    (!looks_like_address(value) && syntax_is_slip(value, keys, 4))) {
		if (d->addr_loc.line == 0 || !answer_port(p, value))
			syntax_error(p, value, value->loc, keys, 4);
		d->bad = true;
		return;
	}
	d->addr_loc = value->loc;
	if (!value_endpoint(p, value, false, &d->conf->addr, &d->conf->port))
		d->bad = true;
}

void build_director_protocol(struct parse *p, const struct word *key, uint8_t protocol)
{
	struct director_draft *d = p->director;

	if (d->protocol_loc.line != 0) {
		parse_error(p, key->loc,
		    "a second protocol; the first was given at column %u",
		    (unsigned)d->protocol_loc.col);
		d->bad = true;
		return;
	}
	d->protocol_loc = key->loc;
	d->conf->protocol = protocol;
}

void build_director_fwmark(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct director_draft *d = p->director;

	if (!build_argument(p, key) ||
	    !value_number(p, value, "a mark", 1, UINT32_MAX, &d->conf->fwmark))
		d->bad = true;
	d->fwmark_loc = key->loc;
}
