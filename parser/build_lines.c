/*
 * build_lines: the lines of a director that are not about checks.
 *
 * They stand in a director or under defaults: p->into is whose they are. A
 * line takes the place of the same line of defaults with all it said.
 */
#include <string.h>

#include "lib/arena.h"
#include "parser/build.h"
#include "parser/value.h"

#define SCHED_NAME_MAX 15 /* IP_VS_SCHEDNAME_MAXLEN, without the NUL */
#define DUMMY_IFACE "lvsd0"

void build_balance(struct parse *p, const struct word *key, enum balance b)
{
	p->into->balance = b;
	p->into->hash_port = false;
	p->into->kernel_sched = NULL;
	p->lines.balance_loc = key->loc;
}

void build_balance_kernel(struct parse *p, const struct word *name)
{
	struct kernel_sched *k = arena_alloc(p->arena, sizeof *k);

	k->name = "";
	value_name(p, name, SCHED_NAME_MAX, false, &k->name);
	p->kernel_sched = k;
	p->into->kernel_sched = k;
}

void build_balance_flag(struct parse *p, const struct word *key, unsigned flag)
{
	if (build_argument(p, key))
		p->kernel_sched->flags[flag] = true;
}

void build_mode(struct parse *p, const struct word *key, enum mode m)
{
	p->into->mode = m;
	p->into->masquerade = false;
	p->into->tunnel_type = TUNNEL_IPIP;
	p->into->tunnel_port = 0;
	p->into->tunnel_checksum = CHECKSUM_NONE;
	p->lines.mode_loc = p->lines.tunnel_loc = key->loc;
	p->lines.tunnel_type_loc.line = 0;
}

void build_mode_masquerade(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		p->into->masquerade = true;
}

void build_tunnel_type(struct parse *p, const struct word *key, enum tunnel_type type)
{
	if (p->lines.tunnel_type_loc.line != 0) {
		parse_error(p, key->loc,
		    "a second kind of tunnel; the first was given at column %u",
		    (unsigned)p->lines.tunnel_type_loc.col);
		return;
	}
	p->lines.tunnel_type_loc = p->lines.tunnel_loc = key->loc;
	p->into->tunnel_type = type;
}

void build_tunnel_port(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	if (!build_argument(p, key) ||
	    !value_number(p, value, "a port", 1, UINT16_MAX, &n))
		return;
	p->into->tunnel_port = (uint16_t)n;
	p->lines.tunnel_loc = key->loc;
}

void build_tunnel_checksum(
    struct parse *p, const struct word *key, enum tunnel_checksum checksum)
{
	if (!build_argument(p, key))
		return;
	p->into->tunnel_checksum = checksum;
	p->lines.checksum_loc = key->loc;
}

void build_option_persistence(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->into->persistent = true;
	p->into->persist_timeout_s = 0;
	p->lines.netmask = NULL;
}

void build_persistence_timeout(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_seconds(p, value, &p->into->persist_timeout_s);
}

void build_persistence_netmask(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (!build_argument(p, key))
		return;
	p->lines.netmask = arena_strndup(p->scratch, value->text, value->len);
	p->lines.netmask_loc = value->loc;
}

void build_option_onepacket(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->into->onepacket = true;
	p->lines.onepacket_loc = key->loc;
}

void build_option_sip(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->into->sip = true;
	p->lines.sip_loc = key->loc;
}

void build_option_slowstart(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_statement(p, key))
		value_time(p, value, &p->into->slowstart_ms);
}

/* Takes a "%" off the end of W; true when there was one. */
static bool take_percent(struct word *w)
{
	if (w->len == 0 || w->text[w->len - 1] != '%')
		return false;
	w->len--;
	return true;
}

void build_option_quorum(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct word w = *value;
	bool percent = take_percent(&w);

	if (!build_statement(p, key) ||
	    !value_number(p, &w, percent ? "a percentage" : "a number of servers", 1,
		percent ? 100 : UINT16_MAX, &p->into->quorum))
		return;
	p->into->quorum_is_percent = percent;
	p->lines.quorum_loc = key->loc;
}

void build_option_panic(struct parse *p, const struct word *key, const struct word *value)
{
	struct word w = *value;
	uint32_t n;

	if (!build_statement(p, key))
		return;
	if (!take_percent(&w)) {
		parse_error(p, w.loc, "\"%.*s\" is not a percentage; write it as 30%%",
		    WORD_ARGS(w));
		return;
	}
	if (!value_number(p, &w, "a percentage", 1, 100, &n))
		return;
	p->into->panic_percent = (uint8_t)n;
	p->lines.panic_loc = key->loc;
}

void build_option_announce(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->into->announce = true;
	p->into->announce_iface = DUMMY_IFACE;
	p->lines.announce_loc = key->loc;
}

void build_announce_interface(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(p, value, "the name of an interface", IFACE_MAX,
		    &p->into->announce_iface);
}

void build_option_drain(struct parse *p, const struct word *key, const struct word *value)
{
	if (!build_statement(p, key))
		return;
	p->into->drain_never = value->len == 5 && memcmp(value->text, "never", 5) == 0;
	p->into->drain_ms = 0;
	if (p->into->drain_never)
		return;
	value_time_or_zero(p, value, &p->into->drain_ms);
}

void build_option_agent(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->lines.agent = arena_alloc(p->arena, sizeof *p->lines.agent);
	p->into->agent = p->lines.agent;
}

void build_agent_port(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	if (build_argument(p, key) && value_number(p, value, "a port", 1, UINT16_MAX, &n))
		p->lines.agent->port = (uint16_t)n;
}

void build_agent_interval(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_time(p, value, &p->lines.agent->interval_ms);
}

void build_agent_close(struct parse *p, const struct word *key)
{
	if (p->lines.agent->port == 0)
		parse_error(
		    p, key->loc, "agentcheck needs \"port N\": where the agent listens");
}
