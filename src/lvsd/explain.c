/*
 * The kernel tells of all servers of a service or of none. Of many they come piece by
 * piece, between turns of the loop; then the answer is made at once.
 */
#include "lvsd/explain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/explain_server.h"
#include "lvsd/pieces.h"
#include "lvsd/service.h"

/* Who asks, while the kernel is asked. */
struct explanation {
	struct reply base;
	struct lvsd *l;
	char *director, *server;
	bool texts;
	struct pieces pieces;
	struct ipvs_table now; /* the service that S is in, and no other */
	uint64_t configuration;
};

/* The service that S is in, with what came of its servers; it is read from its beginning
 * when another configuration came in between. */
static struct ipvs_svc *service_of(struct explanation *e, const struct server_state *s)
{
	const struct director_conf *d = s->director->conf;
	struct ipvs_svc id;

	if (e->now.n > 0 && e->configuration == e->l->configuration)
		return &e->now.svcs[0];
	e->configuration = e->l->configuration;
	pieces_stop(&e->pieces);
	ipvs_table_fini(&e->now);
	service_id(d, service_family(d, s->conf), &id);
	return ipvs_table_append(&e->now, &id);
}

/* Reads SVC, or some more of it. */
static enum ipvs_more read_more(struct explanation *e, struct ipvs_svc *svc)
{
	const struct ipvs_svc *known = ipvs_table_find(&e->l->have, svc);
	bool large = known != NULL && known->n_dests > PIECES_LARGE;
	enum ipvs_more more;

	if (e->l->resync)
		return IPVS_FAILED;
	if (!large && !e->pieces.comes)
		return ipvs_read_dests(e->l->ipvs, svc) ? IPVS_ALL : IPVS_FAILED;
	if (!e->pieces.comes) {
		ipvs_svc_reserve(svc, known->n_dests);
		if (!pieces_begin(&e->pieces, e->l))
			return IPVS_FAILED;
	}
	more = pieces_dests(&e->pieces, svc, NULL);
	if (more == IPVS_ALL)
		ipvs_svc_sort(svc);
	return more;
}

static enum reply_next explanation_more(struct reply *r, struct buf *out)
{
	struct explanation *e = (struct explanation *)r;
	const struct server_state *s = state_find(e->l->state, e->director, e->server);
	enum ipvs_more more = IPVS_ALL;
	json_t *o;
	char *text;

	if (s != NULL)
		more = read_more(e, service_of(e, s));
	if (more == IPVS_MORE)
		return REPLY_MORE;
	o = s != NULL
		? explain_server(e->l, s, e->texts, more == IPVS_ALL ? &e->now : NULL)
		: request_refusal("there is no such server; name it as "
				  "director/server, as \"show status\" does");
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	buf_str(out, text);
	buf_str(out, "\n");
	free(text);
	return REPLY_END;
}

static void explanation_free(struct reply *r)
{
	struct explanation *e = (struct explanation *)r;

	pieces_fini(&e->pieces);
	ipvs_table_fini(&e->now);
	free(e->director);
	free(e->server);
	free(e);
}

static const struct reply_ops explanation_ops = { explanation_more, explanation_free };

void explain(struct request *r, struct answer *a)
{
	char *server = r->n == 2 ? r->words[1] : NULL, *director = NULL;
	struct explanation *e;

	if (server == NULL) {
		a->json = request_refusal("write: explain director/server");
		return;
	}
	director = strsep(&server, "/");
	e = xcalloc(1, sizeof *e);
	e->base.ops = &explanation_ops;
	e->l = r->l;
	e->director = xstrdup(director);
	e->server = xstrdup(server != NULL ? server : "");
	e->texts = r->may_change;
	a->reply = &e->base;
}
