/*
 * The handle: one interface, two tables behind it (nl.c, mem.c), and the
 * counting that both share.
 */
#include "ipvs/handle.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mono.h"

void ipvs_close(struct ipvs *h)
{
	if (h != NULL)
		h->backend->close(h);
}

bool ipvs_read_services(struct ipvs *h, struct ipvs_table *t)
{
	h->stats.reads++;
	return h->backend->read_services(h, t);
}

bool ipvs_read_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	h->stats.reads++;
	return h->backend->read_service(h, svc, there);
}

enum ipvs_more ipvs_read_more(struct ipvs *h, struct ipvs_table *t, size_t *at)
{
	h->stats.reads += *at == 0;
	return h->backend->read_more(h, t, at);
}

enum ipvs_more ipvs_read_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	h->stats.reads += *at == 0;
	return h->backend->read_dests_more(h, svc, r, at);
}

bool ipvs_read_traffic(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	struct ipvs_svc fresh = *svc;

	fresh.dests = NULL;
	fresh.n_dests = fresh.cap_dests = 0;
	h->stats.reads++;
	if (!h->backend->read_dests(h, &fresh, r))
		return false;
	ipvs_svc_note(&fresh, svc);
	free(svc->dests);
	*svc = fresh;
	return true;
}

bool ipvs_read_dests(struct ipvs *h, struct ipvs_svc *svc)
{
	return ipvs_read_traffic(h, svc, NULL);
}

bool ipvs_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	uint64_t begun_us;
	bool done;

	if (ops->n == 0)
		return true;
	h->stats.ops += ops->n;
	begun_us = mono_us();
	done = h->backend->apply(h, ops);
	log_debug("kernel answered operations=%zu took_us=%llu", ops->n,
	    (unsigned long long)(mono_us() - begun_us));
	for (size_t i = 0; i < ops->n; i++)
		h->stats.ops_refused += ops->list[i].error != 0;
	return done;
}

bool ipvs_read_timeouts(struct ipvs *h, struct ipvs_timeouts *t)
{
	return h->backend->read_timeouts(h, t);
}

bool ipvs_set_timeouts(struct ipvs *h, const struct ipvs_timeouts *t)
{
	return h->backend->set_timeouts(h, t);
}

bool ipvs_read_sync(struct ipvs *h, struct ipvs_sync both[2])
{
	return h->backend->read_sync(h, both);
}

bool ipvs_set_sync(struct ipvs *h, const struct ipvs_sync *s)
{
	return h->backend->set_sync(h, s);
}

const struct ipvs_stats *ipvs_stats(const struct ipvs *h)
{
	return &h->stats;
}
