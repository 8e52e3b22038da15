/*
 * Which packets to servers get an address of the director as their source.
 *
 * The server tells it, so that one rule serves any number of them; where a server is
 * another director's without masquerade, too, the director has to tell.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow/shape.h"
#include "lib/xalloc.h"

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

	if (d->mark != 0)
		buf_printf(&b, "-m mark --mark 0x%x " BY_IPVS, (unsigned)d->mark);
	else
		/* Without a length, as iptables-save has it: the audit compares. */
		buf_printf(&b, "-m ipvs --vproto %u --vaddr %s --vport %u ",
		    (unsigned)d->protocol, addr_text(&d->addr, addr), (unsigned)d->port);
	buf_str(&b, "-j MASQUERADE");
	plan_line(c, b.data, FLOW_NO_SET, NO_MARK);
}

static void masquerade_server(struct flow_chain *c, const struct director_conf *d,
    const struct server_conf *s, uint16_t port)
{
	static const uint8_t any[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct flow_member m = {
		.net = { { s->addr, shape_full_prefix(s->addr.family) } },
		.port = port,
	};
	bool known = addr_is_set(&d->addr);
	char *rule = xasprintf(BY_IPVS "-m set --match-set %c %s -j MASQUERADE",
	    FLOW_SET_HERE, port != 0 ? "dst,dst" : "dst");
	struct flow_line *l =
	    plan_line(c, rule, port != 0 ? FLOW_NET_PORT : FLOW_NET, NO_MARK);

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

void plan_masquerade(struct flow_table *t, const struct conf *conf)
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
		if (!d->masquerade || !plan_serves_family(d, t->family))
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
