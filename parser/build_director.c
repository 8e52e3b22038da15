/*
 * build_director: director and server nodes.
 *
 * A director is in the tree from its first word on, since its lines need a
 * home even when the rest of its first line is wrong; it is then marked bad.
 * A server is put in when its line is complete.
 */
#include "lib/arena.h"
#include "parser/build.h"
#include "parser/grammar.h"
#include "parser/value.h"

#define NAME_MAX_BYTES 63
#define PROTOCOL_KEYS "TCP", "UDP", "SCTP", "fwmark"

static struct director_draft *director_new(struct parse *p, const struct word *key)
{
	struct director_draft *d = arena_alloc(p->arena, sizeof *d);

	STAILQ_INIT(&d->conf.servers);
	d->conf.loc = key->loc;
	d->conf.protocol = IPPROTO_TCP;
	d->conf.balance = BALANCE_LEASTCONN;
	d->conf.mode = MODE_NAT;
	p->section = *key;
	p->director = d;
	return d;
}

void build_director_open(struct parse *p, const struct word *key, const struct word *name)
{
	struct director_draft *d = director_new(p, key);

	d->conf.loc = name->loc;
	d->bad = !value_name(p, name, NAME_MAX_BYTES, true, &d->conf.name);
	STAILQ_INSERT_TAIL(&p->conf->directors, &d->conf, entry);
	p->conf->n_directors++;
}

void build_director_scratch(struct parse *p, const struct word *key)
{
	director_new(p, key);
}

/* The one argument without a keyword: an address, or a keyword misspelt. */
void build_director_address(struct parse *p, const struct word *value)
{
	static const char *const keys[] = { PROTOCOL_KEYS };
	struct director_draft *d = p->director;

	if (p->prev.token == T_WORD && p->prev.loc.col != d->conf.loc.col &&
	    syntax_is_slip(&p->prev, keys, 4))
		return; /* the value of a misspelt keyword, which was told */
	if (d->addr_loc.line != 0 || syntax_is_slip(value, keys, 4)) {
		syntax_error(p, value, value->loc, keys, 4);
		d->bad = true;
		return;
	}
	d->addr_loc = value->loc;
	if (!value_endpoint(p, value, false, &d->conf.addr, &d->conf.port))
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
	d->conf.protocol = protocol;
}

void build_director_fwmark(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct director_draft *d = p->director;

	if (!build_argument(p, key) ||
	    !value_number(p, value, "a mark", 1, UINT32_MAX, &d->conf.fwmark))
		d->bad = true;
	d->fwmark_loc = key->loc;
}

void build_balance(struct parse *p, const struct word *key, enum balance b)
{
	p->director->conf.balance = b;
	p->director->balance_loc = key->loc;
}

void build_mode(struct parse *p, const struct word *key, enum mode m)
{
	p->director->conf.mode = m;
	p->director->mode_loc = key->loc;
}

void build_server_open(
    struct parse *p, const struct word *name, const struct word *address)
{
	struct server_draft *s = arena_alloc(p->arena, sizeof *s);

	p->server = s;
	p->check = NULL;
	s->conf.loc = name->loc;
	s->conf.weight = 1;
	s->addr_loc = address->loc;
	value_name(p, name, NAME_MAX_BYTES, true, &s->conf.name);
	value_endpoint(p, address, true, &s->conf.addr, &s->conf.port);
}

void build_server_weight(
    struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	if (build_argument(p, key) &&
	    value_number(p, value, "a weight", 0, UINT16_MAX, &n))
		p->server->conf.weight = (uint16_t)n;
}

void build_server_check(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		p->server->check_loc = key->loc;
}

void build_server_sorry(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		p->server->conf.sorry = true;
}

void build_server_close(struct parse *p)
{
	struct server_draft *s = p->server;

	s->check = p->check;
	p->server = NULL;
	STAILQ_INSERT_TAIL(&p->director->conf.servers, &s->conf, entry);
	p->director->conf.n_servers++;
	p->conf->n_servers++;
}
