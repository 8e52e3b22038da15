/*
 * validate_options: what the lines of a director say together.
 *
 * A line may come from defaults; the remark then stands there, once for all
 * the directors that it is wrong for.
 */
#include <netinet/in.h>
#include <string.h>

#include "lib/arena.h"
#include "parser/validate.h"
#include "parser/value.h"

#define PERSIST_TIMEOUT_S 360 /* as ipvsadm -p */

static void judge_balance(struct parse *p, const struct director_conf *c)
{
	const enum balance b = c->balance;

	if (addr_is_set(&c->addr) && (b == BALANCE_DEST || b == BALANCE_LOCALITY ||
					 b == BALANCE_LOCALITY_REPLICATION))
		parse_warning(p, p->lines.balance_loc,
		    "this chooses by destination address, and the director has only one: "
		    "all clients will use the same server");
}

static void judge_tunnel(struct parse *p, const struct director_conf *c)
{
	if (c->mode != MODE_TUNNEL)
		return;
	if (c->tunnel_type == TUNNEL_GUE && c->tunnel_port == 0)
		parse_error(p, p->lines.tunnel_loc, "gue needs \"port N\"");
	if (c->tunnel_type != TUNNEL_GUE && c->tunnel_port != 0)
		parse_error(p, p->lines.tunnel_loc, "a port is for gue only");
	if (c->tunnel_type == TUNNEL_IPIP && c->tunnel_checksum != CHECKSUM_NONE)
		parse_error(p, p->lines.checksum_loc, "an ipip tunnel has no checksum");
	if (c->tunnel_type == TUNNEL_GRE && c->tunnel_checksum == CHECKSUM_REMOTE)
		parse_error(
		    p, p->lines.checksum_loc, "a remote checksum is for gue only");
}

static void judge_onepacket(struct parse *p, const struct director_conf *c)
{
	if (!c->onepacket)
		return;
	if (addr_is_set(&c->addr) && c->protocol != IPPROTO_UDP)
		parse_error(p, p->lines.onepacket_loc,
		    "onepacket is for UDP directors and for those without an address");
	else if (c->mode == MODE_NAT)
		parse_warning(p, p->lines.onepacket_loc,
		    "answers do not find their way back with onepacket and mode nat");
}

static void judge_sip(struct parse *p, const struct director_conf *c)
{
	if (!c->sip)
		return;
	if (!c->persistent)
		parse_error(p, p->lines.sip_loc,
		    "sip is a kind of persistence and needs \"option persistence\", too");
	if (addr_is_set(&c->addr) && c->protocol != IPPROTO_UDP)
		parse_error(p, p->lines.sip_loc,
		    "the kernel knows SIP over UDP only, and this director is not UDP");
}

/* Sorry servers do not count. */
static size_t count_servers(const struct director_conf *c)
{
	const struct server_conf *s;
	size_t n = 0;

	STAILQ_FOREACH (s, &c->servers, entry)
		n += !s->sorry;
	return n;
}

static void judge_quorum(struct parse *p, const struct director_conf *c)
{
	const size_t n = count_servers(c);

	if (c->panic_percent != 0)
		parse_error(p, p->lines.panic_loc,
		    "a director has a quorum or a panic, not both; quorum is given at "
		    "%s",
		    parse_place(p, p->lines.quorum_loc, p->lines.panic_loc));
	else if (!c->quorum_is_percent && c->quorum > n && n > 0)
		parse_warning(p, p->lines.quorum_loc,
		    "a quorum of %u can never be reached: the director has %zu server%s "
		    "that count%s",
		    (unsigned)c->quorum, n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

static void judge_service(struct parse *p, const struct director_conf *c)
{
	if (p->lines.quorum_loc.line != 0)
		judge_quorum(p, c);
	if (c->announce && !addr_is_set(&c->addr))
		parse_error(
		    p, p->lines.announce_loc, "this director has no address to announce");
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

static void complete_persistence(
    struct parse *p, const struct director_draft *d, struct director_conf *c)
{
	const uint8_t bits = has_ipv6(c) ? 128 : 32;
	const char *netmask = p->lines.netmask;
	uint8_t prefix;
	bool dotted;

	if (c->persistent && c->persist_timeout_s == 0)
		c->persist_timeout_s = PERSIST_TIMEOUT_S;
	c->persist_prefix = bits;
	if (netmask == NULL)
		return;
	prefix = value_prefix(netmask, strlen(netmask), &dotted);
	if (!d->bad && (prefix == 0 || prefix > bits || (dotted && bits != 32)))
		parse_error(p, p->lines.netmask_loc,
		    "\"%.64s\" is not a netmask: a number of bits from 1 to %u%s",
		    netmask, bits, bits == 32 ? ", or one such as 255.255.255.0" : "");
	c->persist_prefix = prefix;
}

void validate_options(struct parse *p, struct director_draft *d)
{
	struct director_conf *c = d->conf;

	complete_persistence(p, d, c);
	if (d->bad)
		return;
	judge_balance(p, c);
	judge_tunnel(p, c);
	judge_onepacket(p, c);
	judge_sip(p, c);
	judge_service(p, c);
}
