/* A director without its servers, in words, and member by member. */
#include "lvsd/status_director.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lvsd/marking.h"
#include "lvsd/put.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"

const char *status_fault(const struct lvsd *l, const struct director_state *d)
{
	return d->fault.text != NULL ? d->fault.text : marking_fault(l->marking, d->conf);
}

const char *status_director_word(const struct lvsd *l, const struct director_state *d)
{
	if (marking_fault(l->marking, d->conf) != NULL)
		return "failed";
	if (d->fault.text != NULL &&
	    (d->fault.no_service || service_unsupported(d->conf)))
		return "failed";
	switch (serving_who(d, AF_UNSPEC, &l->have, NULL)) {
	case SERVING_SERVERS:
		return "up";
	case SERVING_SORRY:
		return "sorry";
	case SERVING_PANIC:
		return "panic";
	case SERVING_NOBODY:
	case SERVING_NOT_YET:
		break;
	}
	return "down";
}

const char *status_service_text(const struct director_conf *d, char *buf)
{
	char addr[ADDR_TEXT_MAX];

	if (!addr_is_set(&d->addr))
		snprintf(buf, IPVS_SVC_NAME_MAX, d->mark != 0 ? "FWM %u" : "FWM -",
		    (unsigned)d->mark);
	else
		snprintf(buf, IPVS_SVC_NAME_MAX, "%s %s",
		    d->protocol == IPPROTO_UDP	  ? "UDP"
		    : d->protocol == IPPROTO_SCTP ? "SCTP"
						  : "TCP",
		    addr_port_text(&d->addr, d->port, addr));
	return buf;
}

/* "leastconn", or "kernel rr" for one by the kernel's name. BUF has 32 bytes. */
static const char *balance_text(const struct director_conf *d, char *buf)
{
	if (d->balance != BALANCE_KERNEL)
		return conf_balance_name(d->balance);
	snprintf(buf, 32, "kernel %s", d->kernel_sched->name);
	return buf;
}

/* How many of its servers could serve; BRIEF: what is as with most is left out. */
static void put_counts(struct buf *b, const struct director_state *d, bool brief)
{
	struct serving_count count;
	int64_t total = 0;

	for (size_t i = 0; i < d->n_servers; i++)
		total += !d->servers[i].conf->sorry;
	serving_count(d, &count);
	put_integer(b, "total", total);
	put_integer(b, "usable", (int64_t)count.usable);
	if (!brief)
		put_integer(b, "ready", (int64_t)count.ready);
	if (!brief || count.quorum != 1)
		put_integer(b, "quorum", (int64_t)count.quorum);
}

/* What it asks of the kernel. */
static void put_facts(struct buf *b, const struct director_state *d)
{
	const struct director_conf *conf = d->conf;
	struct ipvs_svc svc = { 0 };
	char vip[ADDR_TEXT_MAX];

	service_attrs(conf, &svc);
	put_integer(b, "mark", conf->mark);
	put_text(b, "vip", addr_is_set(&conf->addr) ? addr_text(&conf->addr, vip) : NULL);
	put_text(b, "scheduler", svc.sched);
	put_bool(b, "persistent", conf->persistent);
	put_bool(b, "masquerade", conf->masquerade);
}

void status_director(
    const struct lvsd *l, const struct director_state *d, bool brief, struct buf *b)
{
	const char *fault = status_fault(l, d);
	char service[IPVS_SVC_NAME_MAX], balance[32];

	buf_str(b, "\"name\":");
	put_quoted(b, d->conf->name);
	put_text(b, "service", status_service_text(d->conf, service));
	put_text(b, "balance", balance_text(d->conf, balance));
	put_text(b, "mode", conf_mode_name(d->conf->mode));
	put_text(b, "state", status_director_word(l, d));
	if (!brief || fault != NULL)
		put_text(b, "fault", fault);
	put_counts(b, d, brief);
	if (!brief)
		put_facts(b, d);
}
