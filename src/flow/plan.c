/*
 * From statements to lines.
 *
 * Every statement is a struct flow_rule: what a director with an address claims can be
 * said in the words of a flow. Neighbours with the same outcome are one segment,
 * whose rules may come in any order; those of a segment that differ only in what a
 * set can hold become one line with that set. What a set cannot hold ("not", an
 * interface, a source port, a long range) stays in the rule.
 */
#include "flow/plan.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow/shape.h"
#include "lib/xalloc.h"

/* How many lines of a segment are tried for one that takes a member. */
#define LOOK_BACK 32

bool plan_serves_family(const struct director_conf *d, uint8_t family)
{
	const struct server_conf *s;

	if (addr_is_set(&d->addr))
		return d->addr.family == family;
	STAILQ_FOREACH (s, &d->servers, entry)
		if (s->addr.family == family)
			return true;
	return family == AF_INET && STAILQ_EMPTY(&d->servers);
}

/* ---- does a rule mean packets of this family? ---- */

/* An address that is of the other family, or one that every packet has. */
static bool fits_address(
    const struct flow_has *has, const struct addr *a, uint8_t prefix, uint8_t family)
{
	if (!has->given)
		return true;
	if (has->negated)
		return a->family != family || prefix > 0;
	return a->family == family;
}

static bool has_address(const struct flow_rule *r)
{
	return shape_is_positive(&r->has_src) || shape_is_positive(&r->has_dst);
}

static bool fits_family(const struct flow_rule *r, uint8_t family)
{
	/* The numbers of ICMP types are those of IPv4, unless an address tells. */
	if (r->has_icmptype.given && family == AF_INET6 && !has_address(r))
		return false;
	return fits_address(&r->has_src, &r->src, r->src_prefix, family) &&
	       fits_address(&r->has_dst, &r->dst, r->dst_prefix, family);
}

/* ---- segments ---- */

struct flow_line *plan_line(
    struct flow_chain *c, char *rule, enum flow_type type, uint32_t mark)
{
	struct flow_line *l;

	for (size_t i = c->n; i > 0 && c->n - i < LOOK_BACK; i--) {
		l = &c->lines[i - 1];
		if (l->mark != mark)
			break;
		if (l->type == type && strcmp(l->rule, rule) == 0) {
			free(rule);
			return l;
		}
	}
	l = flow_chain_add(c, rule, type);
	l->mark = mark;
	return l;
}

/* Packets that fit R get MARK, or are left alone. */
static void add_rule(struct flow_table *t, const struct flow_rule *r, uint32_t mark)
{
	struct shape s = shape_of(r);
	struct flow_line *l;

	if (!fits_family(r, t->family))
		return;
	if (t->family == AF_INET && (r->has_dstport.given || r->has_srcport.given))
		t->reassemble = true;
	if (mark != NO_MARK)
		flow_table_mark(t, mark);
	l = plan_line(
	    &t->chain[FLOW_MARK], shape_rule(r, &s, mark, t->family), s.type, mark);
	if (s.type != FLOW_NO_SET)
		shape_add(l, &s, r, t->family);
}

/* ---- directors with an address ---- */

static bool is_mark_director(const struct director_conf *d)
{
	return d->mark != 0;
}

/* What D claims by its address, as a rule. */
static struct flow_rule claim(const struct director_conf *d)
{
	struct flow_rule r = {
		.has_proto.given = true,
		.proto = d->protocol,
		.has_dst.given = true,
		.dst = d->addr,
		.dst_prefix = shape_full_prefix(d->addr.family),
		.has_dstport.given = d->port != 0,
		.dstport = { d->port, d->port },
	};

	return r;
}

static void add_addressed(struct flow_table *t, const struct conf *conf)
{
	const struct director_conf *d;
	struct flow_rule r;

	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (!addr_is_set(&d->addr) || d->port == 0)
			continue;
		r = claim(d);
		add_rule(t, &r, NO_MARK);
	}
	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (!addr_is_set(&d->addr) || d->port != 0 || is_mark_director(d))
			continue;
		r = claim(d);
		add_rule(t, &r, NO_MARK);
	}
	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (!addr_is_set(&d->addr) || !is_mark_director(d))
			continue;
		r = claim(d);
		add_rule(t, &r, d->mark);
	}
}

/* ---- flows ---- */

static bool takes_icmpv6(const struct flow_rule *r)
{
	return !r->ignore && fits_family(r, AF_INET6) &&
	       (!r->has_proto.given || r->has_proto.negated || r->proto == IPPROTO_ICMP);
}

/* Router and neighbour discovery, without which no packet finds its way (RFC 4861). */
static void spare_discovery(struct flow_table *t, const struct conf *conf)
{
	const struct flow_conf *f;
	const struct flow_rule *r;
	bool taken = false;

	STAILQ_FOREACH (f, &conf->flows, entry)
		STAILQ_FOREACH (r, &f->rules, entry)
			taken = taken || takes_icmpv6(r);
	for (int type = 133; taken && t->family == AF_INET6 && type <= 137; type++)
		plan_line(&t->chain[FLOW_MARK],
		    xasprintf("-p ipv6-icmp -m icmp6 --icmpv6-type %d -j RETURN", type),
		    FLOW_NO_SET, NO_MARK);
}

static void add_flows(struct flow_table *t, const struct conf *conf)
{
	const struct flow_conf *f;
	const struct flow_rule *r;

	STAILQ_FOREACH (f, &conf->flows, entry)
		STAILQ_FOREACH (r, &f->rules, entry)
			if (r->ignore)
				add_rule(t, r, NO_MARK);
			else if (plan_serves_family(f->director, t->family))
				add_rule(t, r, f->director->mark);
}

bool flow_needs(const struct conf *conf, const struct director_conf *d)
{
	const struct flow_conf *f;

	if (d->masquerade)
		return true;
	if (addr_is_set(&d->addr))
		return d->mark != 0;
	STAILQ_FOREACH (f, &conf->flows, entry)
		if (f->director == d)
			return true;
	return false;
}

void flow_plan(const struct conf *conf, uint8_t family, flow_served_fn *served, void *arg,
    struct flow_table *want)
{
	*want = (struct flow_table){ .family = family };
	spare_discovery(want, conf);
	add_addressed(want, conf);
	add_flows(want, conf);
	if (want->n_marks == 0) { /* nothing to spare them from */
		flow_table_fini(want);
		want->reassemble = false;
	}
	plan_too_large(want);
	plan_masquerade(want, conf);
	plan_refusals(want, served, arg);
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < want->chain[c].n; i++)
			flow_line_sort(&want->chain[c].lines[i]);
}
