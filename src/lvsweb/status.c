/* A status is one arena, the answer's text, and the tree of the answer's small part. */
#include "lvsweb/status.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsweb/cut.h"
#include "lvsweb/hash.h"
#include "lvsweb/history.h"
#include "lvsweb/status_read.h"

/* A clock on the wall that is slewed by this much between two answers is the same. */
#define SAME_CLOCK_US 500000

/* What is private of a status; the public part comes first, so that one is the other. */
struct held_status {
	struct status public;
	atomic_int holders;
	struct arena *arena;
	json_t *rest;
	size_t room; /* of the directors */
	const char *wrong;
};

const char *standing_name(enum standing s)
{
	static const char *const names[STANDING_MAX] = {
		[STANDING_DOWN] = "down",
		[STANDING_UNKNOWN] = "unknown",
		[STANDING_MAINT] = "maint",
		[STANDING_DRAIN] = "drain",
		[STANDING_DRAINED] = "drained",
		[STANDING_UP] = "up",
		[STANDING_UNCHECKED] = "unchecked",
	};

	return names[s];
}

bool status_director_is_up(const struct web_director *d)
{
	return strcmp(d->state, "up") == 0 && d->fault == NULL;
}

/* ---- making ---- */

static void add_rates(struct web_rates *sum, const struct web_rates *r)
{
	sum->conns += r->conns;
	sum->in_bytes += r->in_bytes;
	sum->out_bytes += r->out_bytes;
	sum->conns_s += r->conns_s;
	sum->in_bytes_s += r->in_bytes_s;
	sum->out_bytes_s += r->out_bytes_s;
}

static void sum_director(struct status *s, struct web_director *d)
{
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct web_server *server = &d->servers[i];

		s->standings[server->standing]++;
		d->active += server->active;
		d->inactive += server->inactive;
		d->has_rates |= server->has_rates;
		add_rates(&d->rates, &server->rates);
	}
	s->n_servers += d->n_servers;
	s->active += d->active;
	s->inactive += d->inactive;
	s->has_rates |= d->has_rates;
	add_rates(&s->rates, &d->rates);
}

static uint64_t hash_director(uint64_t hash, const struct web_director *d)
{
	hash = hash_text(hash_text(hash, d->name), d->state);
	hash = hash_text(hash, d->fault != NULL ? d->fault : "");
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct web_server *s = &d->servers[i];

		hash = hash_text(hash_text(hash, s->name), s->operator_says);
		hash = hash_text(hash_text(hash, s->agent_admin), s->agent_service);
		hash = hash_bytes(hash, &s->standing, sizeof s->standing);
		hash = hash_bytes(hash, &s->operator_weight, sizeof s->operator_weight);
	}
	return hash;
}

static uint64_t hash_daemon(uint64_t hash, const json_t *daemon)
{
	const json_t *reload = json_object_get(daemon, "reload");
	const double numbers[] = { status_number(daemon, "pid", 0),
		status_number(reload, "count", 0),
		status_number(json_object_get(daemon, "checker"), "pid", 0) };

	hash = hash_text(hash, status_text(reload, "error"));
	return hash_bytes(hash, numbers, sizeof numbers);
}

/* struct cut_taker */
static bool take(void *data, const char *key, const char *text, size_t len)
{
	struct held_status *h = data;
	struct status *s = &h->public;
	json_t *o;

	if (strcmp(key, "directors") != 0)
		return true;
	o = json_loadb(text, len, 0, NULL);
	if (o == NULL) {
		h->wrong = "a director in lvsd's answer cannot be read";
		return false;
	}
	s->directors =
	    xgrow(s->directors, s->n_directors, &h->room, sizeof *s->directors);
	status_read_director(h->arena, o, s->taken_us, &s->directors[s->n_directors]);
	s->shape = hash_director(s->shape, &s->directors[s->n_directors]);
	sum_director(s, &s->directors[s->n_directors++]);
	json_decref(o);
	return true;
}

static void read_rest(struct held_status *h, const struct buf *rest)
{
	const json_t *complete;

	h->rest = json_loadb(rest->data, rest->len, 0, NULL);
	complete = json_object_get(h->rest, "complete");
	if (h->rest == NULL)
		h->wrong = "lvsd's answer cannot be read";
	else if (!json_is_true(json_object_get(h->rest, "ok")))
		h->wrong = status_text(h->rest, "error");
	else if (json_is_false(complete))
		h->wrong = "lvsd was reloaded while it answered";
	h->public.daemon = h->rest;
	h->public.shape = hash_daemon(h->public.shape, h->rest);
}

struct status *status_new(
    struct buf *raw, const struct status *before, char *error, size_t size)
{
	struct held_status *h = xcalloc(1, sizeof *h);
	struct cut_taker taker = { .take = take, .data = h };
	struct status *s = &h->public;
	struct timespec wall;
	struct buf rest = { 0 };

	atomic_init(&h->holders, 1);
	h->arena = arena_new();
	clock_gettime(CLOCK_REALTIME, &wall);
	s->shape = HASH_START;
	s->taken_us = mono_us();
	s->taken = wall.tv_sec;
	s->number = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000;
	s->real_us =
	    (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - (int64_t)s->taken_us;
	/* A moment keeps its second, or its row would be told of again. */
	if (before != NULL && llabs(s->real_us - before->real_us) < SAME_CLOCK_US)
		s->real_us = before->real_us;
	if (before != NULL && s->number <= before->number)
		s->number = before->number + 1;
	if (cut(raw->data, raw->len, &taker, &rest))
		read_rest(h, &rest);
	buf_fini(&rest);
	if (h->wrong != NULL) {
		snprintf(error, size, "%s", h->wrong);
		status_release(s);
		return NULL;
	}
	s->raw = *raw;
	*raw = (struct buf){ 0 };
	history_go_on(s, before, h->arena);
	return s;
}

void status_take_changes(struct status *s, const struct buf *events)
{
	struct held_status *h = (struct held_status *)s;

	s->n_changes = changes_read(h->arena, events->data, events->len, s->changes);
}

void status_keep_changes(struct status *s, const struct status *before)
{
	struct held_status *h = (struct held_status *)s;

	s->n_changes = before->n_changes;
	for (size_t i = 0; i < s->n_changes; i++) {
		const struct change *c = &before->changes[i];

		s->changes[i] = (struct change){ .at = c->at,
			.who = arena_printf(h->arena, "%s", c->who),
			.what = arena_printf(h->arena, "%s", c->what),
			.is = arena_printf(h->arena, "%s", c->is) };
	}
}

/* ---- holding ---- */

struct status *status_hold(struct status *s)
{
	if (s != NULL)
		atomic_fetch_add(&((struct held_status *)s)->holders, 1);
	return s;
}

void status_release(struct status *s)
{
	struct held_status *h = (struct held_status *)s;

	if (h == NULL || atomic_fetch_sub(&h->holders, 1) > 1)
		return;
	json_decref(h->rest);
	buf_fini(&s->raw);
	free(s->directors);
	arena_free(h->arena);
	free(h);
}
