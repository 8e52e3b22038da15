/*
 * validate_flow: flows, their directors and their rules.
 *
 * A flow marks packets for one director without an address. A rule must be one
 * that a packet can fit: ports belong to tcp and udp, ICMP types to icmp.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "parser/validate.h"

/* Directors by name, in a table as in validate_twins(). */
struct directors {
	struct director_draft **table;
	size_t size;
};

static struct director_draft **find(const struct directors *all, const char *name)
{
	size_t at = validate_hash(0, name, strlen(name)) & (all->size - 1);

	while (all->table[at] != NULL && strcmp(all->table[at]->conf->name, name) != 0)
		at = (at + 1) & (all->size - 1);
	return &all->table[at];
}

static void index_directors(struct parse *p, struct directors *all)
{
	struct director_draft *d;

	all->size = 4;
	while (all->size < 2 * p->conf->n_directors)
		all->size *= 2;
	all->table = xcalloc(all->size, sizeof *all->table);
	STAILQ_FOREACH (d, &p->directors, entry)
		if (d->conf->name != NULL)
			*find(all, d->conf->name) = d;
}

static void find_director(
    struct parse *p, struct flow_conf *f, const struct directors *all)
{
	struct director_draft *found;

	if (f->director_name == NULL)
		return;
	found = *find(all, f->director_name);
	if (found == NULL) {
		parse_error(
		    p, f->director_loc, "there is no director \"%s\"", f->director_name);
		return;
	}
	f->director = found->conf;
	found->fed = true;
	if (addr_is_set(&f->director->addr))
		parse_error(p, f->director_loc,
		    "director \"%s\" has an address; a flow feeds one without",
		    f->director_name);
}

/* Does R say in so many words that its packets are of PROTO? */
static bool is_proto(const struct flow_rule *r, uint8_t proto)
{
	return r->has_proto.given && !r->has_proto.negated && r->proto == proto;
}

static void judge_proto(struct parse *p, const struct rule_draft *r)
{
	const struct flow_rule *c = &r->conf;
	const bool ports = is_proto(c, IPPROTO_TCP) || is_proto(c, IPPROTO_UDP);

	if (c->has_proto.given && c->proto == 0)
		return; /* has its error already */
	if (c->has_srcport.given && !ports)
		parse_error(p, r->srcport_loc, "srcport needs proto tcp or proto udp");
	if (c->has_dstport.given && !ports)
		parse_error(p, r->dstport_loc, "dstport needs proto tcp or proto udp");
	if (c->has_icmptype.given && !is_proto(c, IPPROTO_ICMP))
		parse_error(p, r->icmptype_loc, "icmptype needs proto icmp");
	if (!c->ignore && is_proto(c, IPPROTO_ICMP))
		parse_warning(p, r->proto_loc,
		    "IPVS balances no echo requests; of ICMP it takes only errors that "
		    "belong to a connection");
}

static bool has_condition(const struct flow_rule *r)
{
	return r->has_iface.given || r->has_proto.given || r->has_src.given ||
	       r->has_dst.given || r->has_srcport.given || r->has_dstport.given ||
	       r->has_icmptype.given;
}

static void judge_rule(struct parse *p, const struct rule_draft *r)
{
	const struct flow_rule *c = &r->conf;

	judge_proto(p, r);
	if (addr_is_set(&c->src) && addr_is_set(&c->dst) &&
	    c->src.family != c->dst.family)
		parse_error(p, r->dst_loc, "src and dst must both be IPv4 or both IPv6");
	if (!c->ignore && !has_condition(c))
		parse_warning(p, c->loc,
		    "a match without a condition takes every packet that arrives");
}

static uint32_t hash_name(const void *node)
{
	const struct flow_conf *f = node;

	return validate_hash(0, f->name, strlen(f->name));
}

static bool same_name(const void *a, const void *b)
{
	const struct flow_conf *f = a, *g = b;

	return strcmp(f->name, g->name) == 0;
}

static void report_name(struct parse *p, const struct twin *again, struct loc first)
{
	parse_error(p, again->loc, "a second flow \"%s\"; first given at %s",
	    ((const struct flow_conf *)again->node)->name,
	    parse_place(p, first, again->loc));
}

static void unique_flows(struct parse *p)
{
	struct twin *v;
	struct flow_conf *f;
	size_t n = 0;

	STAILQ_FOREACH (f, &p->conf->flows, entry)
		n++;
	v = xcalloc(n, sizeof *v);
	n = 0;
	STAILQ_FOREACH (f, &p->conf->flows, entry)
		if (f->name != NULL)
			v[n++] = (struct twin){ f, f->loc };
	validate_twins(p, v, n, hash_name, same_name, report_name);
	free(v);
}

static void judge_unfed(struct parse *p)
{
	const struct director_draft *d;

	STAILQ_FOREACH (d, &p->directors, entry)
		if (!addr_is_set(&d->conf->addr) && d->conf->fwmark == 0 && !d->fed &&
		    !d->bad && d->protocol_loc.line == 0)
			parse_warning(p, d->conf->loc,
			    "nothing feeds this director: it has no address and no "
			    "fwmark, and no flow names it");
}

void validate_flows(struct parse *p)
{
	struct directors all;
	struct flow_conf *f;
	struct flow_rule *r;

	if (!STAILQ_EMPTY(&p->conf->flows)) {
		index_directors(p, &all);
		STAILQ_FOREACH (f, &p->conf->flows, entry)
			find_director(p, f, &all);
		free(all.table);
	}
	STAILQ_FOREACH (f, &p->conf->flows, entry)
		STAILQ_FOREACH (r, &f->rules, entry)
			judge_rule(p, rule_draft(r));
	unique_flows(p);
	judge_unfed(p);
}
