/*
 * One piece after the other: the daemon with the totals, each director with its
 * servers, what leaves, the end.
 *
 * A reload between two pieces puts another configuration in place. Half an answer
 * of each would be none, so that the answer then ends with "complete": false, and
 * the client asks again.
 */
#include "lvsd/status.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/counts.h"
#include "lvsd/marking.h"
#include "lvsd/pieces.h"
#include "lvsd/put.h"
#include "lvsd/service.h"
#include "lvsd/show.h"
#include "lvsd/status_brief.h"
#include "lvsd/status_director.h"
#include "lvsd/status_server.h"
#include "lvsd/status_totals.h"

#define SERVERS_A_PIECE 200
#define DIRECTOR_SERVERS 10 /* a director costs as much as so many, for it is read */
#define LEAVING_A_PIECE 1000
#define ASKED_FIRST 64 /* directors, so that they are there before all are counted */

enum part { PART_TOTALS, PART_DAEMON, PART_DIRECTORS, PART_LEAVING, PART_END };

struct status {
	struct reply base;
	struct lvsd *l;
	enum status_kind kind;
	struct status_totals totals;
	struct status_view view;	 /* of the director whose turn it is */
	uint64_t configuration;		 /* that it tells of */
	const struct server_state *only; /* of this configuration; NULL: all */
	bool whole;			 /* of all directors, and what leaves */
	bool answers;			 /* the kernel did so far */
	enum part part;
	size_t director, end; /* the next one, and behind the last */
	size_t at;	      /* its next server, or what leaves next */
	size_t servers_end;   /* behind the last of its servers that is wanted */
	bool open;	      /* the array of something has an element */
	bool in_director;
	/* Its services, and the one that is read; true: all of them were. */
	struct pieces pieces;
	size_t service;
	bool is_read;
	struct counts counts;	/* of all directors but the first */
	bool counting, counted; /* they come; that has begun */
};

/* ---- directors ---- */

static void begin_director(
    struct status *st, const struct director_state *d, struct buf *b)
{
	struct ipvs_svc ids[SERVICE_FAMILIES];
	size_t n = service_identities(d->conf, ids);

	buf_str(b, st->open ? "," : "");
	buf_str(b, st->kind == STATUS_BRIEF ? "\n{" : "{");
	status_director(st->l, d, st->kind == STATUS_BRIEF, b);
	for (size_t i = 0; i < n; i++)
		ipvs_table_append(&st->view.now, &ids[i]);
	ipvs_table_sort(&st->view.now);
	st->in_director = true;
	st->is_read = false;
	st->service = 0;
}

/* The destinations of KNOWN, which were counted just now. */
static void take_counted(struct ipvs_svc *svc, const struct ipvs_svc *known)
{
	ipvs_svc_reserve(svc, known->n_dests);
	for (size_t i = 0; i < known->n_dests; i++)
		ipvs_svc_append(svc, &known->dests[i]);
}

/* Reads SVC, with connections; one of many servers piece by piece. False: there is more.
 * Once the kernel did not answer it is not asked again: each question may take long. */
static bool read_service(struct status *st, struct ipvs_svc *svc)
{
	const struct ipvs_svc *known = ipvs_table_find(&st->l->have, svc);
	struct ipvs_rates *rates = st->view.with_rates ? &st->view.rates : NULL;
	enum ipvs_more more = IPVS_FAILED;

	if (!st->answers || known == NULL) {
		pieces_stop(&st->pieces); /* it may have gone while it was read */
		return true;
	}
	if (counts_has(&st->counts, known)) {
		take_counted(svc, known);
		return true;
	}
	if (known->n_dests <= PIECES_LARGE && !st->pieces.comes) {
		st->answers = ipvs_read_traffic(st->l->ipvs, svc, rates);
		return true;
	}
	if (st->pieces.comes || pieces_begin(&st->pieces, st->l))
		more = pieces_dests(&st->pieces, svc, rates);
	st->answers = more != IPVS_FAILED;
	if (more == IPVS_ALL)
		ipvs_svc_sort(svc);
	return more != IPVS_MORE;
}

/* The director's services as the kernel has them now. False: there is more. */
static bool read_director(struct status *st, struct buf *b)
{
	const struct director_state *d = &st->l->state->directors[st->director];
	struct ipvs_table *now = &st->view.now;

	while (st->service < now->n) {
		if (!read_service(st, &now->svcs[st->service]))
			return false;
		st->service++;
	}
	ipvs_rates_sort(&st->view.rates);
	if (st->kind != STATUS_BRIEF)
		put_bool(b, "answers", st->answers);
	buf_str(b, ",\"servers\":[");
	st->is_read = true;
	st->open = false;
	st->at = st->only != NULL ? (size_t)(st->only - d->servers) : 0;
	st->servers_end = st->only != NULL ? st->at + 1 : d->n_servers;
	return true;
}

static void end_director(struct status *st, struct buf *b)
{
	if (!st->in_director)
		return;
	buf_str(b, st->is_read ? "]}" : ",\"servers\":[]}");
	pieces_stop(&st->pieces);
	ipvs_table_fini(&st->view.now);
	ipvs_rates_fini(&st->view.rates);
	st->in_director = false;
	st->open = true;
}

static void put_server(struct status *st, const struct server_state *s, struct buf *b)
{
	if (st->open)
		buf_str(b, ",");
	st->open = true;
	status_server(&st->view, s, b);
}

/* True: first the connections of the directors to come are counted. */
static bool is_counting(struct status *st)
{
	if (!st->counted && st->whole && !st->view.with_rates &&
	    st->director >= ASKED_FIRST) {
		st->counted = true;
		st->counting = counts_begin(&st->counts, st->l);
	}
	if (st->counting)
		st->counting = counts_more(&st->counts);
	return st->counting;
}

static void end_directors(struct status *st, struct buf *b)
{
	buf_str(b, st->kind == STATUS_BRIEF ? "\n],\"leaving\":[" : "],\"leaving\":[");
	st->part = PART_LEAVING;
	st->open = false;
	st->at = st->whole ? 0 : st->l->have.n;
}

/* At most N servers of the director whose turn it is. Returns what is left of N. */
static size_t some_servers(struct status *st, size_t n, struct buf *b)
{
	const struct server_state *servers =
	    st->l->state->directors[st->director].servers;
	size_t end = st->servers_end - st->at < n ? st->servers_end : st->at + n;

	n -= end - st->at;
	if (st->kind == STATUS_BRIEF && st->at < end) {
		buf_str(b, st->open ? "," : "");
		st->open = true;
		status_brief(&st->view, &servers[st->at], end - st->at, b);
		st->at = end;
	}
	for (; st->at < end; st->at++)
		put_server(st, &servers[st->at], b);
	if (st->at == st->servers_end) {
		end_director(st, b);
		st->director++;
	}
	return n;
}

static void more_directors(struct status *st, struct buf *b)
{
	size_t n = SERVERS_A_PIECE;

	while (n > 0 && st->director < st->end) {
		if (!st->in_director) {
			if (is_counting(st))
				return;
			begin_director(st, &st->l->state->directors[st->director], b);
			n -= n < DIRECTOR_SERVERS ? n : DIRECTOR_SERVERS;
		}
		if (!st->is_read && !read_director(st, b))
			return;
		n = some_servers(st, n, b);
	}
	if (n > 0)
		end_directors(st, b);
}

/* How many servers of SVC the file no longer has: a note stands with each of them, and
 * none with those that an operator took out. */
static size_t count_leaving(const struct ipvs_svc *svc)
{
	size_t n = 0;

	if (svc->tag == PLAN_TAG_LEAVING || svc->lingering == 0)
		return svc->lingering;
	for (size_t i = 0; i < svc->n_dests; i++)
		n += svc->dests[i].until_us != 0;
	return n;
}

/* Services and servers that stay only until their connections end. */
static void more_leaving(struct status *st, struct buf *b)
{
	const struct ipvs_table *have = &st->l->have;
	char name[IPVS_SVC_NAME_MAX];
	size_t end = st->at + LEAVING_A_PIECE;

	for (; st->at < have->n && st->at < end; st->at++) {
		const struct ipvs_svc *svc = &have->svcs[st->at];

		size_t n = count_leaving(svc);

		if (n == 0)
			continue;
		buf_str(b, st->open ? ",{\"service\":" : "{\"service\":");
		st->open = true;
		put_quoted(b, ipvs_svc_name(svc, name));
		put_integer(b, "servers", (int64_t)n);
		buf_str(b, "}");
	}
	if (st->at >= have->n) {
		/* False: some servers were not found in the table for want of it. */
		buf_str(b, "]");
		put_bool(b, "table_read", st->answers);
		buf_str(b, ",\"complete\":true}\n");
		st->part = PART_END;
	}
}

static void begin(struct status *st, struct buf *b)
{
	json_t *o = show_daemon(st->l);
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	/* It goes on behind its last member. */
	buf_add(b, text, strlen(text) - 1);
	free(text);
	if (st->whole)
		status_totals_put(&st->totals, b);
	buf_str(b, ",\"directors\":[");
	st->part = PART_DIRECTORS;
}

/* A reload came in between. */
static enum reply_next cut_short(struct status *st, struct buf *b)
{
	if (st->part < PART_DIRECTORS)
		begin(st, b);
	end_director(st, b);
	if (st->kind == STATUS_BRIEF && st->part == PART_DIRECTORS)
		buf_str(b, "\n");
	buf_str(b, "],\"complete\":false}\n");
	return REPLY_END;
}

static enum reply_next status_more(struct reply *r, struct buf *b)
{
	struct status *st = (struct status *)r;

	st->view.now_us = mono_us();
	if (st->configuration != st->l->configuration)
		return cut_short(st, b);
	if (st->part == PART_TOTALS)
		st->part =
		    status_totals_more(&st->totals, st->l) ? PART_TOTALS : PART_DAEMON;
	else if (st->part == PART_DAEMON)
		begin(st, b);
	else if (st->part == PART_DIRECTORS)
		more_directors(st, b);
	else
		more_leaving(st, b);
	return st->part == PART_END ? REPLY_END : REPLY_MORE;
}

static void status_free(struct reply *r)
{
	struct status *st = (struct status *)r;

	pieces_fini(&st->pieces);
	counts_fini(&st->counts);
	ipvs_table_fini(&st->view.now);
	ipvs_rates_fini(&st->view.rates);
	free(st);
}

static const struct reply_ops status_ops = { status_more, status_free };

struct reply *status_reply(struct lvsd *l, const char *director, const char *server,
    bool texts, enum status_kind kind)
{
	const struct state *state = l->state;
	const struct server_state *found = NULL;
	struct status *st;
	size_t first = 0;

	while (director != NULL && first < state->n_directors &&
	       strcmp(state->directors[first].conf->name, director) != 0)
		first++;
	if (server != NULL)
		found = state_find(state, director, server);
	if (director != NULL &&
	    (first == state->n_directors || (server != NULL && found == NULL)))
		return NULL;
	st = xcalloc(1, sizeof *st);
	st->base.ops = &status_ops;
	st->l = l;
	st->view.l = l;
	st->configuration = l->configuration;
	st->whole = director == NULL;
	st->part = st->whole ? PART_TOTALS : PART_DAEMON;
	st->view.texts = texts;
	st->kind = kind;
	st->view.with_rates = kind == STATUS_RATES;
	st->answers = !l->resync;
	st->director = first;
	st->end = director != NULL ? first + 1 : state->n_directors;
	st->only = found;
	return &st->base;
}
