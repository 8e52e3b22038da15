/*
 * Where nobody serves: lines whose sets hold everyone or nobody; and what of a plan depends
 * on whether the machine forwards.
 *
 * IPVS refuses with an ICMP error, which the kernel does not send from an address that
 * is none of its own (route.c, ip_route_output_key_hash_rcu). So for IPv4 a
 * connection is reset before it comes to IPVS. A datagram gets another mark, by which
 * it is routed as one that goes through (flow/route.h): the error is then sent
 * from an address of the interface (icmp.c, icmp_send).
 *
 * A machine that does not forward drops it there. So it is copied before (xt_TEE), and
 * the copy, which the machine sends itself, is what is refused, on its way out
 * (nf_dup_ipv4.c). IPVS sees that, too, and drops it while it remembers a connection of
 * its client to a server that is gone: so only where nothing is forwarded.
 */
#include <netinet/in.h>
#include <string.h>

#include "flow/marks.h"
#include "flow/plan.h"
#include "flow/shape.h"
#include "lib/xalloc.h"

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

bool flow_refuses(
    enum flow_chain_id c, const struct flow_line *l, enum flow_service service)
{
	if (l->type == FLOW_NO_SET || flow_is_kept(c, l))
		return false;
	return service == FLOW_NOBODY || service == FLOW_CLOSED ||
	       (c == FLOW_REFUSE && service == FLOW_LEAVES);
}

/* A line whose set says whether MARK is refused; RULE is taken over. */
static void add_refusal(struct flow_table *t, enum flow_chain_id c, char *rule,
    uint32_t mark, enum flow_service service)
{
	struct flow_line *l = flow_chain_add(&t->chain[c], rule, FLOW_NET);

	l->mark = mark;
	flow_refuse(l, flow_refuses(c, l, service));
}

/*
 * Datagrams of MARK. A server that takes no new clients keeps those it has: those are
 * spared before. Pieces of a datagram do not tell their port, so that needs packets that
 * are put together. To an address of this machine no copy is needed.
 */
static void add_aside(struct flow_table *t, uint32_t mark, enum flow_service service)
{
	struct flow_chain *c = &t->chain[FLOW_ASIDE];

	if (t->reassemble)
		flow_chain_add(c,
		    xasprintf("M-%08x -p udp -m set --match-set %c src,src,dst -j RETURN",
			(unsigned)mark, FLOW_SET_HERE),
		    FLOW_NET_PORT_NET)
		    ->mark = mark;
	add_refusal(t, FLOW_ASIDE,
	    xasprintf("M-%08x -p udp -m set --match-set %c src -j MARK "
		      "--set-xmark 0x%x/0xffffffff",
		(unsigned)mark, FLOW_SET_HERE, MARKS_ASIDE),
	    mark, service);
	flow_chain_add(c,
	    xasprintf("M-%08x " FLOW_LAST_RULE, (unsigned)mark, MARKS_ASIDE), FLOW_NO_SET)
	    ->mark = mark;
	flow_chain_add(c,
	    xasprintf("M-%08x " FLOW_COPY_RULE, (unsigned)mark, MARKS_ASIDE), FLOW_NO_SET)
	    ->mark = mark;
}

/* What got the other mark ends here. */
static void add_end(struct flow_table *t, enum flow_chain_id c)
{
	flow_chain_add(&t->chain[c],
	    xasprintf("-p udp -m mark --mark 0x%x -j REJECT --reject-with "
		      "icmp-port-unreachable",
		MARKS_ASIDE),
	    FLOW_NO_SET);
}

/* Rules stay, sets change. */
void plan_refusals(struct flow_table *t, flow_served_fn *served, void *arg)
{
	if (t->family != AF_INET || t->n_marks == 0)
		return;
	for (size_t i = 0; i < t->n_marks; i++) {
		uint32_t mark = t->marks[i];
		enum flow_service service =
		    served != NULL ? served(mark, arg) : FLOW_SERVES;

		add_aside(t, mark, service);
		add_refusal(t, FLOW_REFUSE,
		    xasprintf("-p tcp -m mark --mark 0x%x -m tcp --tcp-flags "
			      "FIN,SYN,RST,ACK SYN -m set --match-set %c src -j REJECT "
			      "--reject-with tcp-reset",
			(unsigned)mark, FLOW_SET_HERE),
		    mark, service);
	}
	add_end(t, FLOW_REFUSE);
	add_end(t, FLOW_COPY);
}

/*
 * What a router tells a server about packets that are too large for a way behind it comes
 * to the address that they came from, ours, and says nothing of flows: IPVS finds the
 * connection in it (ip_vs_core.c, ip_vs_in_icmp). A machine that forwards lets it come
 * by there; on another it would be lost, so it is led to IPVS by a mark, whichever.
 */
static const char *too_large(uint8_t family)
{
	return family == AF_INET ? "-p icmp -m icmp --icmp-type 3/4"
				 : "-p ipv6-icmp -m icmp6 --icmpv6-type 2";
}

void plan_too_large(struct flow_table *t)
{
	if (t->n_marks > 0)
		flow_chain_add(&t->chain[FLOW_MARK],
		    xasprintf("%s -m mark --mark 0x0 -m addrtype ! --dst-type LOCAL "
			      "-j " FLOW_PREFIX "M-%08x",
			too_large(t->family), (unsigned)t->marks[0]),
		    FLOW_NO_SET)
		    ->mark = t->marks[0];
}

static void without_too_large(struct flow_table *t)
{
	struct flow_chain *c = &t->chain[FLOW_MARK];
	const char *rule = too_large(t->family);

	if (c->n > 0 && strncmp(c->lines[c->n - 1].rule, rule, strlen(rule)) == 0)
		flow_chain_cut(c, c->n - 1);
}

void flow_fit(struct flow_table *t, const struct flow_machine *m)
{
	if (!m->still[0] || !m->copies)
		flow_without_copies(t);
	if (!m->still[t->family == AF_INET ? 0 : 1])
		without_too_large(t);
}

bool flow_copies(const struct flow_table *t)
{
	return t->chain[FLOW_COPY].n > 0;
}

void flow_without_copies(struct flow_table *t)
{
	flow_chain_drop(&t->chain[FLOW_ASIDE], FLOW_NO_SET);
	flow_chain_drop(&t->chain[FLOW_COPY], FLOW_NO_SET);
}
