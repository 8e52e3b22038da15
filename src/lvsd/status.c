/*
 * One piece after the other: the daemon, each director with its servers, what
 * leaves, the end.
 *
 * A reload between two pieces puts another configuration in place. Half an answer
 * of each would be none, so that the answer then ends with "complete": false, and
 * the client asks again.
 */
#include "lvsd/status.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/put.h"
#include "lvsd/marking.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"
#include "lvsd/show.h"

#define SERVERS_A_PIECE 200
#define LEAVING_A_PIECE 1000

enum part { PART_DAEMON, PART_DIRECTORS, PART_LEAVING, PART_END };

struct status {
	struct reply base;
	struct lvsd *l;
	uint64_t configuration; /* that it tells of */
	const char *server;	/* the only one, of the configuration; NULL: all */
	bool whole;		/* of all directors, and what leaves */
	bool texts;
	bool answers; /* the kernel did so far */
	enum part part;
	size_t director, end; /* the next one, and behind the last */
	size_t at;	      /* its next server, or what leaves next */
	bool open;	      /* the array of something has an element */
	bool in_director;
	uint64_t now_us;       /* mono, of this piece */
	struct ipvs_table now; /* the services of the director, with connections */
	bool with_rates;
	struct ipvs_rates rates; /* of the director's servers */
};

/* ---- servers ---- */

static const char *server_health(const struct server_state *s)
{
	return s->probe == NO_PROBE ? "unchecked" : health_name(s->health.state);
}

/* How often P asks, and how the last time went. */
static void put_probe(const struct status *st, const struct probe_state *p, struct buf *b)
{
	const struct check_conf *check = p->probe.check;

	buf_str(b, "{\"method\":");
	put_quoted(b, conf_method_name(check->method));
	put_integer(b, "interval_ms", check->interval_ms);
	put_bool(b, "inhibit", check->inhibit);
	put_text(b, "reason", reason_name(p->reason));
	put_text(b, "means", reason_text(p->reason));
	put_integer(b, "code", p->code);
	put_integer(b, "duration_us", p->duration_us);
	put_text(b, "text", st->texts ? p->text : NULL);
	if (p->probe.started_us != 0)
		put_seconds(b, "age_s", st->now_us - p->probe.started_us);
	else
		put_null(b, "age_s");
}

static void put_check(
    const struct status *st, const struct server_state *s, struct buf *b)
{
	if (s->probe == NO_PROBE) {
		put_null(b, "check");
		return;
	}
	buf_str(b, ",\"check\":");
	put_probe(st, &st->l->state->probes[s->probe], b);
	buf_str(b, "}");
}

/* The same of its agent, and what that said: as words, null where it never did. */
static void put_agent(
    const struct status *st, const struct server_state *s, struct buf *b)
{
	const struct probe_state *p = agents_probe(s);
	const struct agent_verdict *v = agents_verdict(s);
	json_t *words;

	if (p == NULL) {
		put_null(b, "agent");
		return;
	}
	buf_str(b, ",\"agent\":");
	put_probe(st, p, b);
	words = agents_json(v);
	put_text(b, "admin", json_string_value(json_object_get(words, "admin")));
	put_text(b, "service", json_string_value(json_object_get(words, "service")));
	json_decref(words);
	if (v->weighed)
		put_integer(b, "percent", v->percent);
	else
		put_null(b, "percent");
	buf_str(b, "}");
}

/* What the kernel has of a server: weight and connections, or null. */
static void put_dest(struct buf *b, const struct ipvs_dest *dest)
{
	if (dest == NULL) {
		buf_str(b, ",\"table_weight\":null,\"active\":null,\"inactive\":null");
		return;
	}
	put_integer(b, "table_weight", dest->weight);
	put_integer(b, "active", dest->active);
	put_integer(b, "inactive", dest->inactive);
}

/* What goes through it; null without that it was asked for, or is there. */
static void put_rate(struct buf *b, const struct ipvs_rate *rate)
{
	if (rate == NULL) {
		put_null(b, "rate");
		return;
	}
	buf_printf(b, ",\"rate\":{\"conns\":%llu", (unsigned long long)rate->conns);
	put_integer(b, "in_bytes", (int64_t)rate->in_bytes);
	put_integer(b, "out_bytes", (int64_t)rate->out_bytes);
	put_integer(b, "conns_s", (int64_t)rate->conns_s);
	put_integer(b, "in_bytes_s", (int64_t)rate->in_bytes_s);
	put_integer(b, "out_bytes_s", (int64_t)rate->out_bytes_s);
	buf_str(b, "}");
}

/* An operator's decision: its word, until when connections are kept (null: until the
 * last one ends), and a weight. */
static void put_decision(const struct status *st, const struct decision *d, struct buf *b)
{
	put_text(b, "operator", decision_name(d->word));
	if (d->word != DECISION_READY && d->until_us != 0)
		put_seconds(b, "cut_in_s",
		    d->until_us > st->now_us ? d->until_us - st->now_us : 0);
	else
		put_null(b, "cut_in_s");
	if (d->has_weight)
		put_integer(b, "operator_weight", d->weight);
	else
		put_null(b, "operator_weight");
}

static void put_server(struct status *st, const struct server_state *s, struct buf *b)
{
	const struct ipvs_dest *dest = service_find(s, &st->now);
	char addr[ADDR_TEXT_MAX];

	buf_str(b, st->open ? ",{\"name\":" : "{\"name\":");
	st->open = true;
	put_quoted(b, s->conf->name);
	put_text(b, "address", addr_port_text(&s->conf->addr, s->conf->port, addr));
	put_integer(b, "weight", s->conf->weight);
	put_bool(b, "sorry", s->conf->sorry);
	put_text(b, "health", server_health(s));
	put_seconds(b, "since_s", st->now_us - s->since_us);
	put_dest(b, dest);
	if (st->with_rates)
		put_rate(b, dest != NULL ? ipvs_rates_find(&st->rates, dest) : NULL);
	put_decision(st, state_decision(s), b);
	put_check(st, s, b);
	put_agent(st, s, b);
	buf_str(b, "}");
}

/* ---- directors ---- */

const char *status_fault(const struct lvsd *l, const struct director_state *d)
{
	return d->fault.text != NULL ? d->fault.text : marking_fault(l->marking, d->conf);
}

const char *status_director_word(const struct lvsd *l, const struct director_state *d)
{
	if (marking_fault(l->marking, d->conf) != NULL)
		return "failed";
	if (d->fault.text != NULL &&
	    (d->fault.no_service || service_unsupported(d->conf)))
		return "failed";
	switch (serving_who(d, AF_UNSPEC, &l->have)) {
	case SERVING_SERVERS:
		return "up";
	case SERVING_SORRY:
		return "sorry";
	case SERVING_PANIC:
		return "panic";
	case SERVING_NOBODY:
	case SERVING_NOT_YET:
		break;
	}
	return "down";
}

const char *status_service_text(const struct director_conf *d, char *buf)
{
	char addr[ADDR_TEXT_MAX];

	if (!addr_is_set(&d->addr))
		snprintf(buf, IPVS_SVC_NAME_MAX, d->mark != 0 ? "FWM %u" : "FWM -",
		    (unsigned)d->mark);
	else
		snprintf(buf, IPVS_SVC_NAME_MAX, "%s %s",
		    d->protocol == IPPROTO_UDP	  ? "UDP"
		    : d->protocol == IPPROTO_SCTP ? "SCTP"
						  : "TCP",
		    addr_port_text(&d->addr, d->port, addr));
	return buf;
}

/* "leastconn", or "kernel rr" for one by the kernel's name. BUF has 32 bytes. */
static const char *balance_text(const struct director_conf *d, char *buf)
{
	if (d->balance != BALANCE_KERNEL)
		return conf_balance_name(d->balance);
	snprintf(buf, 32, "kernel %s", d->kernel_sched->name);
	return buf;
}

/* The director's services as the kernel has them now, with connections. Once it did
 * not answer it is not asked again: each question may take long. */
static void read_director(struct status *st, const struct director_state *d)
{
	struct lvsd *l = st->l;

	service_identities(d->conf, &st->now);
	ipvs_table_sort(&st->now);
	for (size_t i = 0; i < st->now.n; i++)
		if (st->answers && ipvs_table_find(&l->have, &st->now.svcs[i]) != NULL)
			st->answers =
			    ipvs_read_dests(l->ipvs, &st->now.svcs[i]) &&
			    (!st->with_rates ||
				ipvs_read_rates(l->ipvs, &st->now.svcs[i], &st->rates));
	ipvs_rates_sort(&st->rates);
}

/* How many of its servers could serve, and what it asks of the kernel. */
static void put_facts(struct buf *b, const struct director_state *d)
{
	const struct director_conf *conf = d->conf;
	struct serving_count count;
	struct ipvs_svc svc = { 0 };
	char vip[ADDR_TEXT_MAX];
	int64_t total = 0;

	for (size_t i = 0; i < d->n_servers; i++)
		total += !d->servers[i].conf->sorry;
	serving_count(d, &count);
	service_attrs(conf, &svc);
	put_integer(b, "total", total);
	put_integer(b, "ready", (int64_t)count.ready);
	put_integer(b, "usable", (int64_t)count.usable);
	put_integer(b, "quorum", (int64_t)count.quorum);
	put_text(b, "vip", addr_is_set(&conf->addr) ? addr_text(&conf->addr, vip) : NULL);
	put_text(b, "scheduler", svc.sched);
	put_bool(b, "persistent", conf->persistent);
	put_bool(b, "masquerade", conf->masquerade);
}

static void begin_director(
    struct status *st, const struct director_state *d, struct buf *b)
{
	char service[IPVS_SVC_NAME_MAX], balance[32];

	buf_str(b, st->open ? ",{\"name\":" : "{\"name\":");
	put_quoted(b, d->conf->name);
	put_text(b, "service", status_service_text(d->conf, service));
	put_text(b, "balance", balance_text(d->conf, balance));
	put_text(b, "mode", conf_mode_name(d->conf->mode));
	put_text(b, "state", status_director_word(st->l, d));
	put_integer(b, "mark", d->conf->mark);
	put_text(b, "fault", status_fault(st->l, d));
	put_facts(b, d);
	buf_str(b, ",\"servers\":[");
	read_director(st, d);
	st->in_director = true;
	st->open = false;
	st->at = 0;
}

static void end_director(struct status *st, struct buf *b)
{
	if (!st->in_director)
		return;
	buf_str(b, "]}");
	ipvs_table_fini(&st->now);
	ipvs_rates_fini(&st->rates);
	st->in_director = false;
	st->open = true;
}

/* Some servers of the director whose turn it is. */
static void more_directors(struct status *st, struct buf *b)
{
	const struct director_state *d;

	if (st->director >= st->end) {
		buf_str(b, "],\"leaving\":[");
		st->part = PART_LEAVING;
		st->open = false;
		st->at = st->whole ? 0 : st->l->have.n;
		return;
	}
	d = &st->l->state->directors[st->director];
	if (!st->in_director)
		begin_director(st, d, b);
	for (size_t n = 0; st->at < d->n_servers && n < SERVERS_A_PIECE; st->at++, n++)
		if (st->server == NULL ||
		    strcmp(st->server, d->servers[st->at].conf->name) == 0)
			put_server(st, &d->servers[st->at], b);
	if (st->at == d->n_servers) {
		end_director(st, b);
		st->director++;
	}
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
		buf_str(b, "],\"complete\":true}\n");
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
	buf_str(b, ",\"directors\":[");
	st->part = PART_DIRECTORS;
}

static enum reply_next status_more(struct reply *r, struct buf *b)
{
	struct status *st = (struct status *)r;

	st->now_us = mono_us();
	if (st->part != PART_DAEMON && st->configuration != st->l->configuration) {
		end_director(st, b);
		buf_str(b, "],\"complete\":false}\n");
		return REPLY_END;
	}
	if (st->part == PART_DAEMON)
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

	ipvs_table_fini(&st->now);
	ipvs_rates_fini(&st->rates);
	free(st);
}

static const struct reply_ops status_ops = { status_more, status_free };

struct reply *status_reply(
    struct lvsd *l, const char *director, const char *server, bool texts, bool rates)
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
	st->configuration = l->configuration;
	st->whole = director == NULL;
	st->texts = texts;
	st->with_rates = rates;
	st->answers = !l->resync;
	st->director = first;
	st->end = director != NULL ? first + 1 : state->n_directors;
	st->server = found != NULL ? found->conf->name : NULL;
	return &st->base;
}
