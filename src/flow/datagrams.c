/*
 * Where a configuration takes datagrams: what lvsctl doctor has to look at, for refusing
 * them takes a kernel that forwards, or can copy them (refuse.c).
 */
#include <netinet/in.h>

#include "flow/plan.h"
#include "flow/shape.h"

static bool takes_datagrams(const struct flow_rule *r)
{
	if (r->ignore || (shape_is_positive(&r->has_dst) && r->dst.family != AF_INET))
		return false;
	return !r->has_proto.given || r->has_proto.negated != (r->proto == IPPROTO_UDP);
}

/* What R says of destinations: "not" is everywhere else. */
static struct flow_net destination(const struct flow_rule *r)
{
	struct flow_net anywhere = { .addr.family = AF_INET };

	if (!shape_is_positive(&r->has_dst))
		return anywhere;
	return (struct flow_net){ .addr = r->dst, .prefix = r->dst_prefix };
}

/* What rules lead to D of its own address. */
static bool has_every_port(const struct director_conf *d)
{
	return d->mark != 0 && d->addr.family == AF_INET && d->protocol == IPPROTO_UDP;
}

void flow_datagrams(const struct conf *conf, flow_datagrams_fn *each, void *arg)
{
	const struct director_conf *d;
	const struct flow_conf *f;
	const struct flow_rule *r;
	struct flow_net net;
	bool more = true;

	STAILQ_FOREACH (d, &conf->directors, entry) {
		net = (struct flow_net){ d->addr, shape_full_prefix(AF_INET) };
		if (more && has_every_port(d))
			more = each(d, &net, arg);
	}
	STAILQ_FOREACH (f, &conf->flows, entry) {
		if (!plan_serves_family(f->director, AF_INET))
			continue;
		STAILQ_FOREACH (r, &f->rules, entry) {
			net = destination(r);
			if (more && takes_datagrams(r))
				more = each(f->director, &net, arg);
		}
	}
}
