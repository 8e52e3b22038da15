/*
 * build_flow: flows and their rules.
 *
 * A flow is in the tree from its first word on, like a director; one without a
 * director_name has a broken first line. A rule is put in when its line is
 * complete.
 */
#include <string.h>
#include <strings.h>

#include "lib/arena.h"
#include "parser/build.h"
#include "parser/validate.h"
#include "parser/value.h"

/* What ALOHA allows; it leaves room for a prefix in names of chains and sets. */
#define FLOW_NAME_MAX 27
#define DIRECTOR_NAME_MAX 63

static struct flow_conf *flow_new(struct parse *p, const struct word *key)
{
	struct flow_conf *f = arena_alloc(p->arena, sizeof *f);

	STAILQ_INIT(&f->rules);
	f->loc = key->loc;
	validate_section(p);
	p->section = key->loc;
	p->flow = f;
	return f;
}

void build_flow_open(struct parse *p, const struct word *key, const struct word *name)
{
	struct flow_conf *f = flow_new(p, key);

	f->loc = name->loc;
	value_name(p, name, FLOW_NAME_MAX, false, &f->name);
	STAILQ_INSERT_TAIL(&p->conf->flows, f, entry);
}

void build_flow_scratch(struct parse *p, const struct word *key)
{
	flow_new(p, key);
}

void build_flow_director(struct parse *p, const struct word *name)
{
	if (value_name(p, name, DIRECTOR_NAME_MAX, true, &p->flow->director_name))
		p->flow->director_loc = name->loc;
}

void build_rule_open(struct parse *p, const struct word *key, bool ignore)
{
	p->rule = arena_alloc(p->arena, sizeof *p->rule);
	p->rule->conf.loc = key->loc;
	p->rule->conf.ignore = ignore;
}

void build_rule_close(struct parse *p)
{
	STAILQ_INSERT_TAIL(&p->flow->rules, &p->rule->conf, entry);
}

/* Notes the condition KEY in *HAS and *AT; false when it is there already. */
static bool condition(struct parse *p, const struct word *key, const struct word *value,
    bool not, struct flow_has *has, struct loc *at)
{
	if (!build_argument(p, key))
		return false;
	*has = (struct flow_has){ .given = true, .negated = not };
	*at = value->loc;
	return true;
}

void build_rule_iface(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;
	struct loc at;

	if (condition(p, key, value, not, &r->has_iface, &at))
		value_text(p, value, "the name of an interface", IFACE_MAX, &r->iface);
}

/* Is W the word S, upper or lower case? */
static bool is_word(const struct word *w, const char *s)
{
	return strlen(s) == w->len && strncasecmp(w->text, s, w->len) == 0;
}

void build_rule_proto(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (!condition(p, key, value, not, &r->has_proto, &p->rule->proto_loc))
		return;
	if (is_word(value, "tcp"))
		r->proto = IPPROTO_TCP;
	else if (is_word(value, "udp"))
		r->proto = IPPROTO_UDP;
	else if (is_word(value, "icmp"))
		r->proto = IPPROTO_ICMP;
	else
		parse_error(p, value->loc, "\"%.*s\" is not a protocol: tcp, udp or icmp",
		    WORD_ARGS(*value));
}

void build_rule_src(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (condition(p, key, value, not, &r->has_src, &p->rule->src_loc))
		value_network(p, value, &r->src, &r->src_prefix);
}

void build_rule_dst(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (condition(p, key, value, not, &r->has_dst, &p->rule->dst_loc))
		value_network(p, value, &r->dst, &r->dst_prefix);
}

void build_rule_srcport(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (condition(p, key, value, not, &r->has_srcport, &p->rule->srcport_loc))
		value_ports(p, value, r->srcport);
}

void build_rule_dstport(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (condition(p, key, value, not, &r->has_dstport, &p->rule->dstport_loc))
		value_ports(p, value, r->dstport);
}

/* The names that iptables(8) has for the types of RFC 792, 950 and 1256. */
static const struct {
	const char *name;
	uint8_t type;
} icmp_types[] = {
	{ "echo-reply", 0 },
	{ "pong", 0 },
	{ "destination-unreachable", 3 },
	{ "source-quench", 4 },
	{ "redirect", 5 },
	{ "echo-request", 8 },
	{ "ping", 8 },
	{ "router-advertisement", 9 },
	{ "router-solicitation", 10 },
	{ "time-exceeded", 11 },
	{ "parameter-problem", 12 },
	{ "timestamp-request", 13 },
	{ "timestamp-reply", 14 },
	{ "address-mask-request", 17 },
	{ "address-mask-reply", 18 },
};

void build_rule_icmptype(
    struct parse *p, const struct word *key, const struct word *value, bool not )
{
	struct flow_rule *r = &p->rule->conf;

	if (!condition(p, key, value, not, &r->has_icmptype, &p->rule->icmptype_loc))
		return;
	for (size_t i = 0; i < sizeof icmp_types / sizeof icmp_types[0]; i++)
		if (is_word(value, icmp_types[i].name)) {
			r->icmptype = icmp_types[i].type;
			return;
		}
	value_icmptype(p, value, &r->icmptype);
}
