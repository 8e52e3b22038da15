/*
 * build_server: the servers of a director.
 *
 * A server is put into the tree when its line is complete; its draft serves
 * until the section ends.
 */
#include <string.h>

#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/value.h"

#define NAME_MAX_BYTES 63

/* The same name at the same place of the director before, or NULL: it can be shared, for
 * it is good, and many directors have the same servers. */
static const char *name_before(const struct parse *p, const struct word *name)
{
	const char *before =
	    p->n_servers < p->n_before ? p->servers[p->n_servers].conf->name : NULL;

	return before != NULL && strncmp(before, name->text, name->len) == 0 &&
		       before[name->len] == '\0'
		   ? before
		   : NULL;
}

void build_server_open(
    struct parse *p, const struct word *name, const struct word *address)
{
	struct server_conf *c = arena_alloc(p->arena, sizeof *c);
	const char *shared = name_before(p, name);

	if (p->into == &p->defaults_conf)
		parse_error(
		    p, p->in->words[0].loc, "a server belongs in a director section");
	p->servers = xgrow(p->servers, p->n_servers, &p->cap_servers, sizeof *p->servers);
	p->server = &p->servers[p->n_servers];
	*p->server = (struct server_draft){
		.conf = c,
		.name_loc = name->loc,
		.addr_loc = address->loc,
	};
	p->check = NULL;
	c->weight = 1;
	if (value_is_address(name) && !value_is_address(address)) {
		parse_error(p, name->loc,
		    "a server has a name before its address: server NAME %.*s",
		    WORD_ARGS(*name));
		return;
	}
	c->name = shared;
	if (shared == NULL)
		value_name(p, name, NAME_MAX_BYTES, true, &c->name);
	value_endpoint(p, address, true, &c->addr, &c->port);
}

void build_server_weight(
    struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	if (build_argument(p, key) &&
	    value_number(p, value, "a weight", 0, UINT16_MAX, &n))
		p->server->conf->weight = (uint16_t)n;
}

void build_server_maxconn(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_number(p, value, "a number of connections", 1, UINT32_MAX,
		    &p->server->conf->maxconn);
}

void build_server_minconn(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key) && value_number(p, value, "a number of connections", 1,
					  UINT32_MAX, &p->server->conf->minconn))
		p->server->minconn_loc = value->loc;
}

void build_server_check(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		p->server->check_loc = key->loc;
}

void build_server_sorry(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		p->server->conf->sorry = true;
}

void build_server_close(struct parse *p)
{
	struct server_conf *c = p->server->conf;

	p->server = NULL;
	if (p->director == NULL)
		return;
	p->n_servers++;
	STAILQ_INSERT_TAIL(&p->director->conf->servers, c, entry);
	p->director->conf->n_servers++;
	p->conf->n_servers++;
}
