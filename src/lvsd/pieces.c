/* What did not come to its end would be in the way of the next: then the socket goes. */
#include "lvsd/pieces.h"

static void close_own(struct pieces *p)
{
	if (p->from != NULL && p->from != p->l->ipvs)
		ipvs_close(p->from);
	p->from = NULL;
}

void pieces_stop(struct pieces *p)
{
	if (p->comes)
		close_own(p);
	p->comes = false;
}

void pieces_fini(struct pieces *p)
{
	close_own(p);
	p->comes = false;
}

bool pieces_begin(struct pieces *p, struct lvsd *l)
{
	p->l = l;
	pieces_stop(p);
	if (p->from == NULL)
		p->from = l->options.dry_run ? l->ipvs : ipvs_open_kernel();
	p->comes = p->from != NULL;
	p->at = 0;
	p->ops = ipvs_stats(l->ipvs)->ops;
	return p->comes;
}

static enum ipvs_more went(struct pieces *p, enum ipvs_more more)
{
	if (more == IPVS_ALL)
		p->comes = false;
	else if (more == IPVS_FAILED)
		pieces_stop(p);
	return more;
}

enum ipvs_more pieces_services(struct pieces *p, struct ipvs_table *t)
{
	return went(p, ipvs_read_more(p->from, t, &p->at));
}

enum ipvs_more pieces_dests(
    struct pieces *p, struct ipvs_svc *svc, struct ipvs_rates *rates)
{
	return went(p, ipvs_read_dests_more(p->from, svc, rates, &p->at));
}

bool pieces_undisturbed(const struct pieces *p)
{
	return ipvs_stats(p->l->ipvs)->ops == p->ops;
}
