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

/* FED tells of each director whether a flow names it. */
static void find_director(struct parse *p, struct flow_conf *f, bool *fed)
{
	size_t found;

	if (f->director_name == NULL)
		return;
	found = validate_find_director(p, f->director_name);
	if (found == SIZE_MAX) {
		parse_error(
		    p, f->director_loc, "there is no director \"%s\"", f->director_name);
		return;
	}
	f->director = p->directors[found];
	fed[found] = true;
	if (addr_is_set(&f->director->addr))
		parse_error(p, f->director_loc,
		    "director \"%s\" has an address; a flow feeds one without",
		    f->director_name);
}

/* ---- directors that keep what a flow covers ---- */

/* How many are looked at for a file; so long as it is short, that is all. */
#define COVERED_MAX 1000000

static int by_address(const void *a, const void *b)
{
	const struct director_conf *c = *(struct director_conf *const *)a;
	const struct director_conf *d = *(struct director_conf *const *)b;

	return addr_cmp(&c->addr, &d->addr);
}

static bool in_network(const struct addr *a, const struct addr *net, uint8_t prefix)
{
	struct addr masked = *a;

	for (unsigned i = 0; i < sizeof masked.bytes; i++)
		if (prefix < 8 * (i + 1))
			masked.bytes[i] &=
			    prefix <= 8 * i ? 0 : (uint8_t)(0xff00 >> (prefix - 8 * i));
	return addr_cmp(&masked, net) == 0;
}

static bool covers(const struct flow_rule *r, const struct director_conf *d)
{
	if (r->has_proto.given && (r->proto == d->protocol) == r->has_proto.negated)
		return false;
	if (r->has_dstport.given &&
	    (r->dstport[0] <= d->port && d->port <= r->dstport[1]) ==
		r->has_dstport.negated)
		return false;
	return r->has_icmptype.given == false;
}

/* Directors with address and port, in order of addresses. */
struct addressed {
	const struct director_conf **list;
	size_t n, left; /* to be looked at */
};

/* The first whose packets R covers, or NULL. Rules without an address tell nothing of
 * addresses and are left out. */
static const struct director_conf *first_covered(
    struct addressed *all, const struct flow_rule *r)
{
	size_t low = 0, high = all->n;

	if (r->ignore || !r->has_dst.given || r->has_dst.negated)
		return NULL;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (addr_cmp(&all->list[mid]->addr, &r->dst) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < all->n && all->left > 0; low++, all->left--) {
		if (!in_network(&all->list[low]->addr, &r->dst, r->dst_prefix))
			break;
		if (covers(r, all->list[low]))
			return all->list[low];
	}
	return NULL;
}

static void judge_covered(struct parse *p)
{
	struct addressed all = {
		.list = xcalloc(p->n_directors + 1, sizeof *all.list),
		.left = COVERED_MAX,
	};
	const struct director_conf *d;
	struct flow_conf *f;
	struct flow_rule *r;

	for (size_t i = 0; i < p->n_directors; i++)
		if (addr_is_set(&p->directors[i]->addr) && p->directors[i]->port != 0)
			all.list[all.n++] = p->directors[i];
	qsort(all.list, all.n, sizeof *all.list, by_address);
	STAILQ_FOREACH (f, &p->conf->flows, entry)
		STAILQ_FOREACH (r, &f->rules, entry) {
			if ((d = first_covered(&all, r)) == NULL)
				continue;
			parse_warning(p, rule_draft(r)->dst_loc,
			    "this covers the address of director \"%s\", whose packets "
			    "stay its own",
			    d->name);
			break; /* once a flow */
		}
	free(all.list);
}

/* ---- rules ---- */

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
	if (c->ignore || p->diags->n_errors > 0)
		return; /* a rule with an error may lack what it was to have */
	if (!has_condition(c))
		parse_warning(p, c->loc,
		    "a match without a condition takes every packet that arrives");
	else if (!c->has_dst.given || c->has_dst.negated || c->dst_prefix == 0)
		parse_warning(p, c->has_dst.given ? r->dst_loc : c->loc,
		    "this takes packets to every %saddress, those of this machine and "
		    "those that only pass through",
		    c->has_dst.negated ? "other " : "");
}

/* The flows are an array of pointers. */
static bool same_name(const void *a, const void *b)
{
	const struct flow_conf *f = *(struct flow_conf *const *)a;
	const struct flow_conf *g = *(struct flow_conf *const *)b;

	return strcmp(f->name, g->name) == 0;
}

static void unique_flows(struct parse *p)
{
	struct unique names = { 0 };
	const struct flow_conf **all = NULL;
	struct flow_conf *f;
	size_t n = 0, cap = 0, first;

	STAILQ_FOREACH (f, &p->conf->flows, entry) {
		if (f->name == NULL)
			continue;
		all = xgrow(all, n, &cap, sizeof *all);
		all[n] = f;
		first = unique_add(&names, all, sizeof *all, n,
		    unique_hash(0, f->name, strlen(f->name)), same_name);
		n++;
		if (first != SIZE_MAX)
			parse_error(p, f->loc, "a second flow \"%s\"; first given at %s",
			    f->name, parse_place(p, all[first]->loc, f->loc));
	}
	unique_fini(&names);
	free(all);
}

static void judge_unfed(struct parse *p, const bool *fed)
{
	for (size_t i = 0; i < p->n_unfed; i++)
		if (!fed[p->unfed[i]])
			parse_warning(p, p->directors[p->unfed[i]]->loc,
			    "nothing feeds this director: it has no address and no "
			    "fwmark, and no flow names it");
}

void validate_flows(struct parse *p)
{
	bool *fed = xcalloc(p->n_directors, sizeof *fed);
	struct flow_conf *f;
	struct flow_rule *r;

	STAILQ_FOREACH (f, &p->conf->flows, entry) {
		find_director(p, f, fed);
		STAILQ_FOREACH (r, &f->rules, entry)
			judge_rule(p, rule_draft(r));
	}
	unique_flows(p);
	judge_unfed(p, fed);
	if (!STAILQ_EMPTY(&p->conf->flows))
		judge_covered(p);
	free(fed);
}
