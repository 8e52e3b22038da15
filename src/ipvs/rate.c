/* Rates of destinations, found as the destinations are. */
#include <stdlib.h>

#include "ipvs/ipvs.h"

static int rate_cmp(const void *a, const void *b)
{
	const struct ipvs_rate *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	return c != 0 ? c : (x->port > y->port) - (x->port < y->port);
}

void ipvs_rates_sort(struct ipvs_rates *r)
{
	if (r->n > 0)
		qsort(r->list, r->n, sizeof *r->list, rate_cmp);
}

const struct ipvs_rate *ipvs_rates_find(
    const struct ipvs_rates *r, const struct ipvs_dest *dest)
{
	struct ipvs_rate key = { .addr = dest->addr, .port = dest->port };

	return r->n > 0 ? bsearch(&key, r->list, r->n, sizeof *r->list, rate_cmp) : NULL;
}

void ipvs_rates_fini(struct ipvs_rates *r)
{
	free(r->list);
	*r = (struct ipvs_rates){ 0 };
}
