/*
 * flow/plan: which rules and sets a configuration asks for. Pure.
 *
 * The order is the order of precedence: directors with address and port (their
 * packets are not touched: IPVS looks marks up first), directors with an address and
 * every port, then the flows as they stand in the file. The first rule that fits a
 * packet decides.
 */
#ifndef LVSD_FLOW_PLAN_H
#define LVSD_FLOW_PLAN_H

#include "flow/table.h"
#include "parser/conf.h"

/*
 * Port ranges up to this many ports become members of a set, one a port, as ipset
 * does; longer ones stand in the rule, which then is one for each range.
 */
#define FLOW_SET_PORTS 64

/* Rules of ours lead packets to D, or masquerade what it sends. */
bool flow_needs(const struct conf *conf, const struct director_conf *d);

/* What the service of a mark does for its clients. */
enum flow_service {
	FLOW_SERVES, /* takes new connections */
	FLOW_LEAVES, /* keeps those that there are */
	FLOW_CLOSED, /* the same, and they are all in the set of its clients */
	FLOW_NOBODY, /* there are none */
};
typedef enum flow_service flow_served_fn(uint32_t mark, void *arg);

/*
 * Are the packets that L means, a line of FLOW_ASIDE or FLOW_REFUSE, refused when its
 * mark has SERVICE? A datagram does not tell whether it begins something.
 */
bool flow_refuses(
    enum flow_chain_id c, const struct flow_line *l, enum flow_service service);
/* L, one of these, refuses everyone, or nobody. */
void flow_refuse(struct flow_line *l, bool everyone);

/*
 * The rule that copies refused datagrams (mark 0x%x) to addresses that are none of this
 * machine. The copy goes nowhere, but it needs a route to go: any that is not local, so
 * the way is that to an address which no interface has (RFC 7600).
 */
#define FLOW_COPY_TO "192.0.0.8"
#define FLOW_COPIED "-m mark --mark 0x%x -m addrtype --dst-type UNICAST -j "
#define FLOW_COPY_RULE FLOW_COPIED "TEE --gateway " FLOW_COPY_TO
/* The rule before it: a copy that leaves all the same, where somebody emptied OUTPUT, must
 * not come back to be copied again. TEE takes one more away (nf_dup_ipv4.c). */
#define FLOW_LAST_RULE FLOW_COPIED "TTL --ttl-set 1"

/* Makes WANT, which is empty, what CONF asks for in FAMILY. Every director's mark is
 * known; SERVED (may be NULL: all are) tells who is refused. Names of sets are not
 * given yet: flow_align(). */
void flow_plan(const struct conf *conf, uint8_t family, flow_served_fn *served, void *arg,
    struct flow_table *want);
/* T copies datagrams that are refused, as every plan with marks of IPv4 does; and the
 * same without it. */
bool flow_copies(const struct flow_table *t);
void flow_without_copies(struct flow_table *t);

/* The machine that a plan is for. */
struct flow_machine {
	bool still[2]; /* it forwards nothing of IPv4, of IPv6 */
	bool copies;   /* it can copy packets */
};

/* Takes out of T what M has no use for, or cannot do. */
void flow_fit(struct flow_table *t, const struct flow_machine *m);

/*
 * Calls EACH for the IPv4 networks of CONF (prefix 0: all) whose datagrams rules lead to
 * D, as long as it returns true.
 */
typedef bool flow_datagrams_fn(
    const struct director_conf *d, const struct flow_net *to, void *arg);
void flow_datagrams(const struct conf *conf, flow_datagrams_fn *each, void *arg);

#endif
