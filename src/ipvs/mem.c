/*
 * The table in memory: what --dry-run and the tests have in place of a kernel.
 *
 * It answers as the kernel does, refusals included. It says nothing of what a
 * kernel does with packets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/handle.h"
#include "lib/xalloc.h"

#define PIECE 256 /* services, or destinations */

struct mem {
	struct ipvs base;
	struct ipvs_table table;
	struct ipvs_timeouts timeouts;
	struct ipvs_sync sync[2];
};

static void copy_dests(struct ipvs_svc *to, const struct ipvs_svc *from)
{
	free(to->dests);
	to->dests = NULL;
	to->n_dests = to->cap_dests = from->n_dests;
	if (from->n_dests == 0)
		return;
	to->dests = xreallocarray(NULL, from->n_dests, sizeof *to->dests);
	memcpy(to->dests, from->dests, from->n_dests * sizeof *to->dests);
	for (size_t i = 0; i < to->n_dests; i++) {
		to->dests[i].active = to->dests[i].inactive = 0;
		to->dests[i].until_us = 0;
	}
}

static enum ipvs_more mem_read_more(struct ipvs *h, struct ipvs_table *t, size_t *at)
{
	const struct mem *m = (const struct mem *)h;

	for (size_t n = 0; *at < m->table.n && n < PIECE; n++) {
		struct ipvs_svc svc = m->table.svcs[(*at)++];

		svc.dests = NULL;
		svc.n_dests = svc.cap_dests = svc.lingering = 0;
		svc.until_us = 0;
		ipvs_table_append(t, &svc);
	}
	return *at < m->table.n ? IPVS_MORE : IPVS_ALL;
}

static bool mem_read_services(struct ipvs *h, struct ipvs_table *t)
{
	size_t at = 0;

	while (mem_read_more(h, t, &at) == IPVS_MORE)
		continue;
	return true;
}

static bool mem_read_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	const struct mem *m = (const struct mem *)h;
	const struct ipvs_svc *found = ipvs_table_find(&m->table, svc);

	*there = found != NULL;
	if (found == NULL)
		return true;
	*svc = *found;
	svc->dests = NULL;
	svc->n_dests = svc->cap_dests = svc->lingering = 0;
	svc->until_us = 0;
	return true;
}

static bool mem_read_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	const struct mem *m = (const struct mem *)h;
	const struct ipvs_svc *found = ipvs_table_find(&m->table, svc);

	(void)r;
	copy_dests(svc, found != NULL ? found : &(struct ipvs_svc){ 0 });
	return true;
}

static enum ipvs_more mem_read_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	const struct mem *m = (const struct mem *)h;
	const struct ipvs_svc *found = ipvs_table_find(&m->table, svc);
	size_t end = found != NULL ? found->n_dests : 0;

	(void)r;
	for (size_t n = 0; *at < end && n < PIECE; n++) {
		struct ipvs_dest dest = found->dests[(*at)++];

		dest.active = dest.inactive = 0;
		dest.until_us = 0;
		ipvs_svc_append(svc, &dest);
	}
	return *at < end ? IPVS_MORE : IPVS_ALL;
}

static bool mem_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct mem *m = (struct mem *)h;

	for (size_t i = 0; i < ops->n; i++)
		ops->list[i].error = ipvs_table_apply(&m->table, &ops->list[i]);
	return true;
}

static bool mem_read_timeouts(struct ipvs *h, struct ipvs_timeouts *t)
{
	*t = ((const struct mem *)h)->timeouts;
	return true;
}

static bool mem_set_timeouts(struct ipvs *h, const struct ipvs_timeouts *t)
{
	struct ipvs_timeouts *mine = &((struct mem *)h)->timeouts;

	mine->tcp_s = t->tcp_s != 0 ? t->tcp_s : mine->tcp_s;
	mine->tcpfin_s = t->tcpfin_s != 0 ? t->tcpfin_s : mine->tcpfin_s;
	mine->udp_s = t->udp_s != 0 ? t->udp_s : mine->udp_s;
	return true;
}

static bool mem_read_sync(struct ipvs *h, struct ipvs_sync both[2])
{
	memcpy(both, ((const struct mem *)h)->sync, 2 * sizeof *both);
	return true;
}

static bool mem_set_sync(struct ipvs *h, const struct ipvs_sync *s)
{
	struct ipvs_sync *mine = &((struct mem *)h)->sync[s->master ? 0 : 1];

	if (mine->on == s->on) {
		errno = s->on ? EEXIST : ESRCH;
		return false;
	}
	*mine = *s;
	return true;
}

static void mem_close(struct ipvs *h)
{
	struct mem *m = (struct mem *)h;

	ipvs_table_fini(&m->table);
	free(m);
}

static const struct ipvs_backend mem_backend = {
	.read_services = mem_read_services,
	.read_service = mem_read_service,
	.read_more = mem_read_more,
	.read_dests_more = mem_read_dests_more,
	.read_dests = mem_read_dests,
	.apply = mem_apply,
	.read_timeouts = mem_read_timeouts,
	.set_timeouts = mem_set_timeouts,
	.read_sync = mem_read_sync,
	.set_sync = mem_set_sync,
	.close = mem_close,
};

struct ipvs *ipvs_open_memory(void)
{
	struct mem *m = xcalloc(1, sizeof *m);

	m->base.backend = &mem_backend;
	/* as a kernel starts (ip_vs_proto_tcp.c, ip_vs_proto_udp.c) */
	m->timeouts = (struct ipvs_timeouts){ 900, 120, 300 };
	return &m->base;
}
