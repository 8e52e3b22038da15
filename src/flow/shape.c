/*
 * Addresses and few ports go into the set; "not", an interface, a source port and a long
 * range of ports stay in the rule.
 */
#include "flow/shape.h"

#include <netinet/in.h>
#include <string.h>

#include "flow/plan.h"

bool shape_is_positive(const struct flow_has *has)
{
	return has->given && !has->negated;
}

uint8_t shape_full_prefix(uint8_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

struct shape shape_of(const struct flow_rule *r)
{
	struct shape s = {
		.src = shape_is_positive(&r->has_src) && r->src_prefix > 0,
		.dst = shape_is_positive(&r->has_dst) && r->dst_prefix > 0,
		.port = shape_is_positive(&r->has_dstport) &&
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

void shape_add(
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

char *shape_rule(
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
