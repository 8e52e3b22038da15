/* The table stays as it is while C is used, or C knows nothing any more: it tells by the
 * operations that were sent, and by where the table is. */
#include "lvsd/counts.h"

#include <stdlib.h>

#include "lib/xalloc.h"
#include "lvsd/pieces.h"

/* The kernel begins each of its pages at the first service: of more it would be slower
 * than to be asked about each. Of fewer neither takes long. */
#define SERVICES_MIN 200
#define SERVICES_MAX 20000

/* A service is listed in one go, however many servers it has. */
static bool is_worth(const struct lvsd *l)
{
	const struct ipvs_table *have = &l->have;

	if (l->options.dry_run || have->n < SERVICES_MIN || have->n > SERVICES_MAX)
		return false;
	for (size_t i = 0; i < have->n; i++)
		if (have->svcs[i].n_dests > PIECES_LARGE)
			return false;
	return true;
}

bool counts_begin(struct counts *c, struct lvsd *l)
{
	*c = (struct counts){ .l = l };
	if (!is_worth(l) || !ipvs_listing_open(&c->listing))
		return false;
	c->svcs = l->have.svcs;
	c->n = l->have.n;
	c->ops = ipvs_stats(l->ipvs)->ops;
	c->listed = xcalloc(c->n, sizeof *c->listed);
	return true;
}

static bool is_same_table(const struct counts *c)
{
	return c->listed != NULL && c->svcs == c->l->have.svcs && c->n == c->l->have.n &&
	       c->ops == ipvs_stats(c->l->ipvs)->ops;
}

/* That of LISTED in HAVE. The mark of two families could be either's. */
static struct ipvs_svc *known_as(
    const struct ipvs_table *have, const struct ipvs_svc *listed)
{
	struct ipvs_svc id = *listed, *v4, *v6;

	if (listed->fwmark == 0)
		return ipvs_table_find(have, listed);
	id.addr.family = AF_INET;
	v4 = ipvs_table_find(have, &id);
	id.addr.family = AF_INET6;
	v6 = ipvs_table_find(have, &id);
	return v4 == NULL ? v6 : v6 == NULL ? v4 : NULL;
}

static void take_service(void *arg, const struct ipvs_svc *listed)
{
	struct counts *c = arg;
	const struct ipvs_table *have = &c->l->have;
	struct ipvs_svc *svc = known_as(have, listed);

	if (svc == NULL || svc->n_dests != listed->n_dests)
		return;
	for (size_t i = 0; i < listed->n_dests; i++) {
		const struct ipvs_dest *from = &listed->dests[i];
		struct ipvs_dest *to = ipvs_svc_find(svc, from);

		if (to == NULL || to->weight != from->weight)
			return;
		to->active = from->active;
		to->inactive = from->inactive;
	}
	c->listed[svc - have->svcs] = true;
}

bool counts_more(struct counts *c)
{
	if (is_same_table(c) &&
	    ipvs_listing_more(&c->listing, take_service, c) == IPVS_MORE)
		return true;
	ipvs_listing_close(&c->listing);
	return false;
}

bool counts_has(const struct counts *c, const struct ipvs_svc *svc)
{
	return is_same_table(c) && c->listed[svc - c->svcs];
}

void counts_fini(struct counts *c)
{
	ipvs_listing_close(&c->listing);
	free(c->listed);
	*c = (struct counts){ 0 };
}
