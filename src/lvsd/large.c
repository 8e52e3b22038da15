/* Begun anew a few times; then it is read at once, however long that holds the loop, or a
 * service whose servers always come and go would never be known. */
#include "lvsd/large.h"

#include <stdlib.h>

static void forget(struct large *g)
{
	free(g->fresh.dests);
	g->fresh.dests = NULL;
	g->fresh.n_dests = g->fresh.cap_dests = 0;
}

static bool begin(struct large *g, struct lvsd *l, size_t n_dests)
{
	forget(g);
	ipvs_svc_reserve(&g->fresh, n_dests);
	if (!pieces_begin(&g->pieces, l))
		return false;
	pieces_watch(&g->pieces, &g->fresh);
	return true;
}

bool large_begin(struct large *g, struct lvsd *l, const struct ipvs_svc *svc)
{
	forget(g);
	g->fresh = *svc;
	g->fresh.dests = NULL;
	g->fresh.n_dests = g->fresh.cap_dests = 0;
	g->tries = 0;
	return begin(g, l, svc->n_dests);
}

enum ipvs_more large_more(struct large *g, const struct ipvs_svc *have)
{
	struct lvsd *l = g->pieces.l;
	enum ipvs_more more = pieces_dests(&g->pieces, &g->fresh, NULL);

	if (more != IPVS_ALL)
		return more;
	ipvs_svc_sort(&g->fresh);
	if (pieces_mend(&g->pieces, &g->fresh, have))
		return IPVS_ALL;
	if (++g->tries < LARGE_TRIES)
		return begin(g, l, have->n_dests) ? IPVS_MORE : IPVS_FAILED;
	return ipvs_read_dests(l->ipvs, &g->fresh) ? IPVS_ALL : IPVS_FAILED;
}

bool large_reads(const struct large *g, const struct ipvs_svc *svc)
{
	return g->pieces.comes && ipvs_svc_cmp(&g->fresh, svc) == 0;
}

void large_stop(struct large *g)
{
	pieces_stop(&g->pieces);
	forget(g);
}

void large_fini(struct large *g)
{
	pieces_fini(&g->pieces);
	forget(g);
}
