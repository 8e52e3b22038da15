/*
 * validate_director: one director and its servers.
 *
 * What the kernel would refuse or, worse, take and not do: an address and a
 * mark, a port that a mode cannot change, families that do not mix.
 */
#include <netinet/in.h>
#include <string.h>

#include "lib/xalloc.h"
#include "parser/validate.h"

static void judge_head(struct parse *p, const struct director_draft *d)
{
	const struct director_conf *c = d->conf;

	if (d->bad)
		return;
	if (addr_is_set(&c->addr) && c->fwmark != 0)
		parse_error(
		    p, d->fwmark_loc, "a director has an address or a fwmark, not both");
	if (c->fwmark == CONF_MARK_ASIDE)
		parse_error(p, d->fwmark_loc,
		    "this is the mark of datagrams that are refused; take another");
	if (!addr_is_set(&c->addr) && d->protocol_loc.line != 0)
		parse_error(p, d->protocol_loc,
		    "a protocol is of use with an address only; none is given");
	if (addr_is_set(&c->addr) && addr_is_any(&c->addr))
		parse_error(p, d->addr_loc, "this is not the address of a service");
	if (!addr_is_set(&c->addr) && c->fwmark == 0 && d->protocol_loc.line == 0) {
		p->unfed = xgrow(p->unfed, p->n_unfed, &p->cap_unfed, sizeof *p->unfed);
		p->unfed[p->n_unfed++] = p->n_directors - 1;
	}
}

/* The port that the kernel is given, which only mode nat leaves to the file. */
static void complete_port(
    struct parse *p, const struct director_conf *c, struct server_draft *s)
{
	const uint16_t port = c->port;

	s->written_port = s->conf->port;
	if (c->mode == MODE_NAT) {
		if (s->conf->port == 0)
			s->conf->port = port;
		return;
	}
	if (s->conf->port != 0 && s->conf->port != port && port != 0)
		parse_warning(p, s->addr_loc,
		    "mode %s cannot change the port: this server will be reached at "
		    "port %u, not %u",
		    conf_mode_name(c->mode), port, s->conf->port);
	else if (s->conf->port != port && port == 0)
		parse_warning(p, s->addr_loc,
		    "mode %s cannot change the port: port %u will be used for checks only",
		    conf_mode_name(c->mode), s->conf->port);
	s->conf->port = port;
}

/* The port that IPv6 address A, written without brackets, may end in; 0: none. */
static uint16_t tail_as_port(const struct addr *a)
{
	uint32_t port = 0;

	for (int i = 14; a->family == AF_INET6 && i < 16; i++)
		for (int shift = 4; shift >= 0; shift -= 4) {
			if ((a->bytes[i] >> shift & 15) > 9)
				return 0;
			port = port * 10 + (a->bytes[i] >> shift & 15);
		}
	return (uint16_t)port;
}

/* Is the port of a director missing, as its servers look? */
static void judge_port(struct parse *p, const struct director_draft *d)
{
	const struct director_conf *c = d->conf;
	const struct server_conf *s = STAILQ_FIRST(&c->servers);
	const uint16_t tail = tail_as_port(&c->addr);
	char text[ADDR_TEXT_MAX];
	uint16_t port;

	if (d->bad || !addr_is_set(&c->addr) || c->port != 0 || s == NULL)
		return;
	port = s->port != 0 ? s->port : tail_as_port(&s->addr);
	if (port != 0 && port == tail)
		parse_warning(p, d->addr_loc,
		    "this is an address without a port, and so every port of it; with "
		    "port %u the address before it stands in brackets, as in "
		    "[2001:db8::1]:%u",
		    port, port);
	else if (s->port != 0 && c->mode == MODE_NAT)
		parse_warning(p, d->addr_loc,
		    "without a port this is every port of the address, and port %u of the "
		    "servers gets it all; write %s for port %u alone",
		    port, addr_port_text(&c->addr, port, text), port);
}

static void judge_server(
    struct parse *p, const struct director_draft *d, struct server_draft *s)
{
	const struct director_conf *c = d->conf;
	const struct addr *a = &s->conf->addr;

	if (s->conf->maxconn != 0 && s->conf->minconn > s->conf->maxconn)
		parse_error(p, s->minconn_loc,
		    "minconn %u is above maxconn %u: a server that has reached maxconn "
		    "rests until it is down to minconn",
		    (unsigned)s->conf->minconn, (unsigned)s->conf->maxconn);
	if (s->minconn_loc.line != 0 && s->conf->maxconn == 0)
		parse_error(p, s->minconn_loc, "minconn is of use with maxconn only");
	if (!addr_is_set(a) || d->bad)
		return;
	if (addr_is_any(a))
		parse_error(p, s->addr_loc, "this is not the address of a server");
	if (addr_is_set(&c->addr) && a->family != c->addr.family &&
	    c->mode != MODE_TUNNEL)
		parse_error(p, s->addr_loc,
		    "this address is IPv%c and the director's is IPv%c; only mode tunnel "
		    "can mix them",
		    a->family == AF_INET ? '4' : '6', a->family == AF_INET ? '6' : '4');
	if (s->conf->port == 0 && c->port != 0 && tail_as_port(a) == c->port)
		parse_warning(p, s->addr_loc,
		    "this is an address without a port; with port %u the address before "
		    "it stands in brackets, as in [2001:db8::1]:%u",
		    c->port, c->port);
	complete_port(p, c, s);
}

/* The servers are an array of drafts. */
static bool same_name(const void *a, const void *b)
{
	const struct server_draft *s = a, *t = b;

	return strcmp(s->conf->name, t->conf->name) == 0;
}

static bool same_address(const void *a, const void *b)
{
	const struct server_conf *s = ((const struct server_draft *)a)->conf;
	const struct server_conf *t = ((const struct server_draft *)b)->conf;

	return addr_cmp(&s->addr, &t->addr) == 0 && s->port == t->port;
}

static void unique_names(struct parse *p)
{
	unique_clear(&p->in_director, p->n_servers);
	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_conf *c = p->servers[i].conf;
		size_t first;

		if (c->name == NULL)
			continue;
		first = unique_add(&p->in_director, p->servers, sizeof *p->servers, i,
		    unique_hash(0, c->name, strlen(c->name)), same_name);
		if (first != SIZE_MAX)
			parse_error(p, p->servers[i].name_loc,
			    "a second server \"%s\" in this director; first given at line "
			    "%u",
			    c->name, (unsigned)p->servers[first].name_loc.line);
	}
}

static void unique_addresses(struct parse *p)
{
	unique_clear(&p->in_director, p->n_servers);
	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_conf *c = p->servers[i].conf;
		size_t first;

		if (!addr_is_set(&c->addr))
			continue;
		first = unique_add(&p->in_director, p->servers, sizeof *p->servers, i,
		    unique_hash(c->port, c->addr.bytes, sizeof c->addr.bytes),
		    same_address);
		if (first != SIZE_MAX)
			parse_error(p, p->servers[i].addr_loc,
			    "a second server with this address and port in this director; "
			    "first given at line %u",
			    (unsigned)p->servers[first].name_loc.line);
	}
}

void validate_director(struct parse *p, struct director_draft *d)
{
	d->conf->mark = d->conf->fwmark;
	judge_head(p, d);
	judge_port(p, d);
	for (size_t i = 0; i < p->n_servers; i++)
		judge_server(p, d, &p->servers[i]);
	validate_options(p, d);
	validate_checks(p, d);
	if (p->n_servers < 2)
		return;
	unique_names(p);
	unique_addresses(p);
}
