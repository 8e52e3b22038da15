/*
 * validate_director: one director and its servers.
 *
 * What the kernel would refuse or, worse, take and not do: an address and a
 * mark, a port that a mode cannot change, families that do not mix.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "parser/validate.h"
#include "parser/value.h"

#define PERSIST_TIMEOUT_S 360 /* as ipvsadm -p */

static const char *mode_name(enum mode m)
{
	static const char *const names[] = {
		[MODE_NAT] = "nat",
		[MODE_GATEWAY] = "gateway",
		[MODE_TUNNEL] = "tunnel",
	};

	return names[m];
}

static void judge_head(struct parse *p, const struct director_draft *d)
{
	const struct director_conf *c = &d->conf;

	if (d->bad)
		return;
	if (addr_is_set(&c->addr) && c->fwmark != 0)
		parse_error(
		    p, d->fwmark_loc, "a director has an address or a fwmark, not both");
	if (!addr_is_set(&c->addr) && d->protocol_loc.line != 0)
		parse_error(p, d->protocol_loc,
		    "a protocol is of use with an address only; none is given");
	if (addr_is_set(&c->addr) && addr_is_any(&c->addr))
		parse_error(p, d->addr_loc, "this is not the address of a service");
}

static void judge_balance(struct parse *p, const struct director_draft *d)
{
	const enum balance b = d->conf.balance;

	if (addr_is_set(&d->conf.addr) && (b == BALANCE_DEST || b == BALANCE_LOCALITY ||
					      b == BALANCE_LOCALITY_REPLICATION))
		parse_warning(p, d->balance_loc,
		    "this chooses by destination address, and the director has only one: "
		    "all clients will use the same server");
}

static void judge_onepacket(struct parse *p, const struct director_draft *d)
{
	const struct director_conf *c = &d->conf;

	if (!c->onepacket)
		return;
	if (addr_is_set(&c->addr) && c->protocol != IPPROTO_UDP)
		parse_error(p, d->onepacket_loc,
		    "onepacket is for UDP directors and for those without an address");
	else if (c->mode == MODE_NAT)
		parse_warning(p, d->onepacket_loc,
		    "answers do not find their way back with onepacket and mode nat");
}

static bool has_ipv6(const struct director_conf *c)
{
	const struct server_conf *s;

	if (addr_is_set(&c->addr))
		return c->addr.family == AF_INET6;
	STAILQ_FOREACH (s, &c->servers, entry)
		if (s->addr.family == AF_INET6)
			return true;
	return false;
}

static void complete_persistence(struct parse *p, struct director_draft *d)
{
	struct director_conf *c = &d->conf;
	const uint8_t bits = has_ipv6(c) ? 128 : 32;
	uint8_t prefix;
	bool dotted;

	if (c->persistent && c->persist_timeout_s == 0)
		c->persist_timeout_s = PERSIST_TIMEOUT_S;
	c->persist_prefix = bits;
	if (d->netmask == NULL)
		return;
	prefix = value_prefix(d->netmask, strlen(d->netmask), &dotted);
	if (!d->bad && (prefix == 0 || prefix > bits || (dotted && bits != 32)))
		parse_error(p, d->netmask_loc,
		    "\"%.64s\" is not a netmask: a number of bits from 1 to %u%s",
		    d->netmask, bits, bits == 32 ? ", or one such as 255.255.255.0" : "");
	c->persist_prefix = prefix;
}

/* The port that the kernel is given, which only mode nat leaves to the file. */
static void complete_port(
    struct parse *p, const struct director_draft *d, struct server_draft *s)
{
	const uint16_t port = d->conf.port;

	s->written_port = s->conf.port;
	if (d->conf.mode == MODE_NAT) {
		if (s->conf.port == 0)
			s->conf.port = port;
		return;
	}
	if (s->conf.port != 0 && s->conf.port != port && port != 0)
		parse_warning(p, s->addr_loc,
		    "mode %s cannot change the port: this server will be reached at "
		    "port %u, not %u",
		    mode_name(d->conf.mode), port, s->conf.port);
	else if (s->conf.port != port && port == 0)
		parse_warning(p, s->addr_loc,
		    "mode %s cannot change the port: port %u will be used for checks only",
		    mode_name(d->conf.mode), s->conf.port);
	s->conf.port = port;
}

static void judge_server(
    struct parse *p, const struct director_draft *d, struct server_draft *s)
{
	const struct addr *a = &s->conf.addr;

	if (!addr_is_set(a) || d->bad)
		return;
	if (addr_is_any(a))
		parse_error(p, s->addr_loc, "this is not the address of a server");
	if (addr_is_set(&d->conf.addr) && a->family != d->conf.addr.family &&
	    d->conf.mode != MODE_TUNNEL)
		parse_error(p, s->addr_loc,
		    "this address is IPv%c and the director's is IPv%c; only mode tunnel "
		    "can mix them",
		    a->family == AF_INET ? '4' : '6', a->family == AF_INET ? '6' : '4');
	complete_port(p, d, s);
}

static int by_name(const void *a, const void *b)
{
	const struct server_conf *s = a, *t = b;

	return strcmp(s->name, t->name);
}

static int by_address(const void *a, const void *b)
{
	const struct server_conf *s = a, *t = b;
	int r = addr_cmp(&s->addr, &t->addr);

	return r != 0 ? r : (s->port > t->port) - (s->port < t->port);
}

static void same_name(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc,
	    "a second server \"%s\" in this director; first given at line %u",
	    ((const struct server_conf *)again->node)->name, (unsigned)first.line);
}

static void same_address(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc,
	    "a second server with this address and port in this director; first given "
	    "at line %u",
	    (unsigned)first.line);
}

static void unique_servers(struct parse *p, const struct director_conf *c)
{
	struct twin *v = xcalloc(c->n_servers, sizeof *v);
	struct server_conf *s;
	size_t n = 0;

	STAILQ_FOREACH (s, &c->servers, entry)
		if (s->name != NULL)
			v[n++] = (struct twin){ s, s->loc };
	validate_twins(p, v, n, by_name, same_name);
	n = 0;
	STAILQ_FOREACH (s, &c->servers, entry)
		if (addr_is_set(&s->addr))
			v[n++] = (struct twin){ s, server_draft(s)->addr_loc };
	validate_twins(p, v, n, by_address, same_address);
	free(v);
}

void validate_director(struct parse *p, struct director_draft *d)
{
	struct server_conf *s;

	judge_head(p, d);
	judge_balance(p, d);
	judge_onepacket(p, d);
	complete_persistence(p, d);
	STAILQ_FOREACH (s, &d->conf.servers, entry)
		judge_server(p, d, server_draft(s));
	unique_servers(p, &d->conf);
}
