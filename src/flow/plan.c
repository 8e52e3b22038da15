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

#include "lib/xalloc.h"

/* How many lines of a segment are tried for one that takes a member. */
#define LOOK_BACK 32
#define NO_MARK 0

static uint8_t full_prefix(uint8_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

/* Has D a service in FAMILY? As service_families() has it. */
static bool serves_family(const struct director_conf *d, uint8_t family)
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

static bool is_positive(const struct flow_has *has)
{
	return has->given && !has->negated;
}

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
	return is_positive(&r->has_src) || is_positive(&r->has_dst);
}

static bool fits_family(const struct flow_rule *r, uint8_t family)
{
	/* The numbers of ICMP types are those of IPv4, unless an address tells. */
	if (r->has_icmptype.given && family == AF_INET6 && !has_address(r))
		return false;
	return fits_address(&r->has_src, &r->src, r->src_prefix, family) &&
	       fits_address(&r->has_dst, &r->dst, r->dst_prefix, family);
}

/* ---- what a set holds of a rule ---- */

struct shape {
	enum flow_type type;
	bool src, dst, port; /* are in the set */
};

static struct shape shape_of(const struct flow_rule *r)
{
	struct shape s = {
		.src = is_positive(&r->has_src) && r->src_prefix > 0,
		.dst = is_positive(&r->has_dst) && r->dst_prefix > 0,
		.port = is_positive(&r->has_dstport) &&
			r->dstport[1] - r->dstport[0] < FLOW_SET_PORTS,
	};

	if (s.port)
		s.type = s.dst && !s.src ? FLOW_NET_PORT : FLOW_NET_PORT_NET;
	else if (s.src && s.dst)
		s.type = FLOW_NET_NET;
	else if (s.src || s.dst)
		s.type = FLOW_NET;
	return s;
}

static const char *directions(const struct shape *s)
{
	switch (s->type) {
	case FLOW_NET:
		return s->src ? "src" : "dst";
	case FLOW_NET_NET:
		return "src,dst";
	case FLOW_NET_PORT:
		return "dst,dst";
	default:
		return "src,dst,dst";
	}
}

static struct flow_net net_of(
    bool given, const struct addr *a, uint8_t prefix, uint8_t family)
{
	struct flow_net any = { .addr.family = family };

	return given ? (struct flow_net){ *a, prefix } : any;
}

static void add_members(
    struct flow_line *l, const struct shape *s, const struct flow_rule *r, uint8_t family)
{
	struct flow_net src = net_of(s->src, &r->src, r->src_prefix, family);
	struct flow_net dst = net_of(s->dst, &r->dst, r->dst_prefix, family);
	struct flow_member m = { .net = { src } };

	if (s->type == FLOW_NET_NET || s->type == FLOW_NET_PORT_NET)
		m.net[1] = dst;
	else if (s->dst)
		m.net[0] = dst;
	if (!s->port) {
		flow_line_add(l, &m);
		return;
	}
	m.protocol = r->proto;
	for (uint32_t port = r->dstport[0]; port <= r->dstport[1]; port++) {
		m.port = (uint16_t)port;
		flow_line_add(l, &m);
	}
}

/* ---- the rule of a line, in the order of iptables-save ---- */

static const char *not_of(const struct flow_has *has)
{
	return has->negated ? "! " : "";
}

static void say_not_address(struct buf *b, const char *option, const struct flow_has *has,
    const struct addr *a, uint8_t prefix, uint8_t family)
{
	char text[ADDR_TEXT_MAX];

	if (has->negated && a->family == family)
		buf_printf(
		    b, "! %s %s/%u ", option, addr_text(a, text), (unsigned)prefix);
}

/* An interface's name may hold anything but a slash, a colon and a blank. */
static void say_iface(struct buf *b, const struct flow_rule *r)
{
	if (!r->has_iface.given)
		return;
	buf_printf(b, "%s-i ", not_of(&r->has_iface));
	if (strpbrk(r->iface, "\"'\\#") == NULL) {
		buf_printf(b, "%s ", r->iface);
		return;
	}
	buf_str(b, "\"");
	for (const char *c = r->iface; *c != '\0'; c++)
		buf_printf(b, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	buf_str(b, "\" ");
}

static const char *protocol_name(uint8_t protocol, uint8_t family)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return family == AF_INET6 ? "ipv6-icmp" : "icmp";
	}
}

static void say_ports(struct buf *b, const char *option, const struct flow_has *has,
    const uint16_t range[2])
{
	buf_printf(b, "%s%s %u", not_of(has), option, (unsigned)range[0]);
	if (range[1] != range[0])
		buf_printf(b, ":%u", (unsigned)range[1]);
	buf_str(b, " ");
}

static void say_protocol(
    struct buf *b, const struct flow_rule *r, const struct shape *s, uint8_t family)
{
	const char *name = protocol_name(r->proto, family);
	bool dstport = r->has_dstport.given && !s->port;

	if (r->has_srcport.given || dstport || (r->has_proto.given && !s->port))
		buf_printf(b, "%s-p %s ", not_of(&r->has_proto), name);
	if (r->has_srcport.given || dstport)
		buf_printf(b, "-m %s ", name);
	if (r->has_srcport.given)
		say_ports(b, "--sport", &r->has_srcport, r->srcport);
	if (dstport)
		say_ports(b, "--dport", &r->has_dstport, r->dstport);
	if (r->has_icmptype.given && family == AF_INET6)
		buf_printf(b, "-m icmp6 %s--icmpv6-type %u ", not_of(&r->has_icmptype),
		    (unsigned)r->icmptype);
	else if (r->has_icmptype.given)
		buf_printf(b, "-m icmp %s--icmp-type %u ", not_of(&r->has_icmptype),
		    (unsigned)r->icmptype);
}

static char *rule_of(
    const struct flow_rule *r, const struct shape *s, uint32_t mark, uint8_t family)
{
	struct buf b = { 0 };

	say_not_address(&b, "-s", &r->has_src, &r->src, r->src_prefix, family);
	say_not_address(&b, "-d", &r->has_dst, &r->dst, r->dst_prefix, family);
	say_iface(&b, r);
	say_protocol(&b, r, s, family);
	if (s->type != FLOW_NO_SET)
		buf_printf(&b, "-m set --match-set %c %s ", FLOW_SET_HERE, directions(s));
	if (mark != NO_MARK)
		buf_printf(&b, "-g " FLOW_PREFIX "M-%08x", (unsigned)mark);
	else
		buf_str(&b, "-j RETURN");
	return b.data;
}

/* ---- segments ---- */

/* The line of the segment at the end of C that has RULE already, or a new one. */
static struct flow_line *line_for(
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
	l = line_for(&t->chain[FLOW_MARK], rule_of(r, &s, mark, t->family), s.type, mark);
	if (s.type != FLOW_NO_SET)
		add_members(l, &s, r, t->family);
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
		.dst_prefix = full_prefix(d->addr.family),
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
		line_for(&t->chain[FLOW_MARK],
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
			else if (serves_family(f->director, t->family))
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

/* ---- masquerade ---- */

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Servers of nat directors whose clients' addresses stay, sorted. */
struct plain {
	struct addr *list;
	size_t n, cap;
};

static void find_plain(struct plain *p, const struct conf *conf)
{
	const struct director_conf *d;
	const struct server_conf *s;

	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (d->mode != MODE_NAT || d->masquerade)
			continue;
		STAILQ_FOREACH (s, &d->servers, entry) {
			p->list = xgrow(p->list, p->n, &p->cap, sizeof *p->list);
			p->list[p->n++] = s->addr;
		}
	}
	if (p->n > 0)
		qsort(p->list, p->n, sizeof *p->list, by_addr);
}

/* A server of D serves another director without masquerade, too. */
static bool is_shared(const struct director_conf *d, const struct plain *p)
{
	const struct server_conf *s;

	STAILQ_FOREACH (s, &d->servers, entry)
		if (p->n > 0 &&
		    bsearch(&s->addr, p->list, p->n, sizeof *p->list, by_addr) != NULL)
			return true;
	return false;
}

#define BY_IPVS "-m ipvs --vmethod MASQ "

/* By the director, for one whose servers alone do not tell. */
static void masquerade_director(struct flow_chain *c, const struct director_conf *d)
{
	char addr[ADDR_TEXT_MAX];
	struct buf b = { 0 };

	if (is_mark_director(d))
		buf_printf(&b, "-m mark --mark 0x%x " BY_IPVS, (unsigned)d->mark);
	else
		buf_printf(&b, "-m ipvs --vproto %u --vaddr %s/%u --vport %u ",
		    (unsigned)d->protocol, addr_text(&d->addr, addr),
		    (unsigned)full_prefix(d->addr.family), (unsigned)d->port);
	buf_str(&b, "-j MASQUERADE");
	line_for(c, b.data, FLOW_NO_SET, NO_MARK);
}

static void masquerade_server(struct flow_chain *c, const struct director_conf *d,
    const struct server_conf *s, uint16_t port)
{
	static const uint8_t any[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct flow_member m = {
		.net = { { s->addr, full_prefix(s->addr.family) } },
		.port = port,
	};
	bool known = addr_is_set(&d->addr);
	char *rule = xasprintf(BY_IPVS "-m set --match-set %c %s -j MASQUERADE",
	    FLOW_SET_HERE, port != 0 ? "dst,dst" : "dst");
	struct flow_line *l =
	    line_for(c, rule, port != 0 ? FLOW_NET_PORT : FLOW_NET, NO_MARK);

	if (port == 0) {
		flow_line_add(l, &m);
		return;
	}
	for (size_t i = 0; i < sizeof any; i++) {
		m.protocol = any[i];
		if (!known || d->protocol == any[i])
			flow_line_add(l, &m);
	}
}

static void add_masquerade(struct flow_table *t, const struct conf *conf)
{
	struct flow_chain *c = &t->chain[FLOW_MASQUERADE];
	struct plain plain = { 0 };
	const struct director_conf *d;
	const struct server_conf *s;
	bool any = false;

	STAILQ_FOREACH (d, &conf->directors, entry)
		any = any || d->masquerade;
	if (any)
		find_plain(&plain, conf);
	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (!d->masquerade || !serves_family(d, t->family))
			continue;
		if (is_shared(d, &plain)) {
			masquerade_director(c, d);
			continue;
		}
		STAILQ_FOREACH (s, &d->servers, entry)
			if (s->addr.family == t->family)
				masquerade_server(
				    c, d, s, s->port != 0 ? s->port : d->port);
	}
	free(plain.list);
}

/* ---- where nobody serves ---- */

void flow_refuse(struct flow_line *l, bool everyone)
{
	/* A set of this type cannot hold all addresses as one. */
	struct flow_member m = { .net[0] = { .addr.family = AF_INET, .prefix = 1 } };

	l->n = 0;
	if (!everyone)
		return;
	flow_line_add(l, &m);
	m.net[0].addr.bytes[0] = 0x80;
	flow_line_add(l, &m);
}

/*
 * IPVS refuses with an ICMP error, which the kernel does not send from an address that
 * is none of its own (route.c, ip_route_output_key_hash_rcu); so for IPv4 a
 * connection is reset before it comes to IPVS. The rules stay, their sets change.
 */
static void add_refusals(struct flow_table *t, flow_served_fn *served, void *arg)
{
	struct flow_chain *c = &t->chain[FLOW_REFUSE];

	for (size_t i = 0; t->family == AF_INET && i < t->n_marks; i++) {
		uint32_t mark = t->marks[i];
		struct flow_line *l = flow_chain_add(c,
		    xasprintf("-p tcp -m mark --mark 0x%x -m tcp --tcp-flags "
			      "FIN,SYN,RST,ACK SYN -m set --match-set %c src -j REJECT "
			      "--reject-with tcp-reset",
			(unsigned)mark, FLOW_SET_HERE),
		    FLOW_NET);

		l->mark = mark;
		flow_refuse(l, served != NULL && !served(mark, arg));
	}
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
	add_masquerade(want, conf);
	add_refusals(want, served, arg);
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < want->chain[c].n; i++)
			flow_line_sort(&want->chain[c].lines[i]);
}
