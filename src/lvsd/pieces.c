/* What did not come to its end would be in the way of the next: then the socket goes. */
#include "lvsd/pieces.h"

#include <stdlib.h>
#include <string.h>

#define TOUCHED_MAX 65536 /* changes of weights meanwhile */

static void close_own(struct pieces *p)
{
	if (p->from != NULL && p->from != p->l->ipvs)
		ipvs_close(p->from);
	p->from = NULL;
}

static void stop_watching(struct pieces *p)
{
	if (p->watches)
		LIST_REMOVE(p, entry);
	free(p->touched.dests);
	memset(&p->touched, 0, sizeof p->touched);
	p->watches = p->moved = false;
}

void pieces_stop(struct pieces *p)
{
	stop_watching(p);
	if (p->comes)
		close_own(p);
	p->comes = false;
}

void pieces_fini(struct pieces *p)
{
	stop_watching(p);
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

void pieces_watch(struct pieces *p, const struct ipvs_svc *svc)
{
	stop_watching(p);
	p->touched = *svc;
	p->touched.dests = NULL;
	p->touched.n_dests = p->touched.cap_dests = 0;
	p->watches = true;
	LIST_INSERT_HEAD(&p->l->reading, p, entry);
}

static void note(struct pieces *p, const struct ipvs_op *op)
{
	if (p->moved || ipvs_svc_cmp(&p->touched, op->svc) != 0)
		return;
	if (op->cmd == IPVS_SET_DEST && p->touched.n_dests < TOUCHED_MAX)
		ipvs_svc_append(&p->touched, op->dest);
	else if (op->cmd != IPVS_SET_SVC)
		p->moved = true;
}

void pieces_note(struct lvsd *l, const struct ipvs_ops *ops)
{
	struct pieces *p;

	LIST_FOREACH (p, &l->reading, entry)
		for (size_t i = 0; i < ops->n; i++)
			note(p, &ops->list[i]);
}

bool pieces_mend(struct pieces *p, struct ipvs_svc *fresh, const struct ipvs_svc *have)
{
	size_t at_have = 0, at_fresh = 0;
	bool whole = p->watches && !p->moved;

	ipvs_svc_sort(&p->touched);
	for (size_t i = 0; whole && i < p->touched.n_dests; i++) {
		const struct ipvs_dest *id = &p->touched.dests[i];
		const struct ipvs_dest *known = ipvs_svc_find_next(have, id, &at_have);
		struct ipvs_dest *read = ipvs_svc_find_next(fresh, id, &at_fresh);

		if (known == NULL || read == NULL)
			continue; /* refused: it is not as we think */
		*read = *known;
		read->active = read->inactive = IPVS_CONNS_UNKNOWN;
	}
	stop_watching(p);
	return whole;
}
