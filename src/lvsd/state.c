/*
 * Building the state: servers, then probes, then what was known before (carry.c);
 * and what changes in it afterwards.
 *
 * Equal checks are found by sorting; each probe then knows its servers and each
 * server its probe.
 */
#include "lvsd/state.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/carry.h"

/* ---- probes ---- */

struct candidate {
	struct probe probe;
	struct server_state *server;
};

static int candidate_cmp(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = probe_cmp(&x->probe, &y->probe);

	/* Servers of one probe stay in the order of the file. */
	return c != 0 ? c : (x->server > y->server) - (x->server < y->server);
}

/* What CHECK asks of S. */
static struct probe probe_of(const struct server_state *s, const struct check_conf *check)
{
	struct probe p = { .check = check, .addr = s->conf->addr };

	if (check->method == CHECK_ICMP || check->method == CHECK_ARP)
		return p;
	p.port = check->port != 0     ? check->port
		 : s->conf->port != 0 ? s->conf->port
				      : s->director->conf->port;
	return p;
}

/* Everything that has to be asked: checks and agents; returns how many there are. */
static size_t list_candidates(struct state *s, struct candidate *all)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_servers; i++) {
		struct server_state *server = &s->servers[i];
		const struct check_conf *check = server->conf->check;
		const struct agent_conf *agent = server->director->conf->agent;

		server->probe = NO_PROBE;
		if (check != NULL)
			all[n++] = (struct candidate){ probe_of(server, check), server };
		if (agent != NULL)
			all[n++] =
			    (struct candidate){ probe_of(server, agent->check), server };
	}
	return n;
}

static void note_probe(
    struct state *s, struct server_state *server, struct probe_state *p)
{
	struct director_state *d = server->director;

	if (p->probe.check->method == CHECK_AGENT)
		d->agents[server - d->servers] = p;
	else
		server->probe = (uint32_t)(p - s->probes);
}

/* Equal checks become one probe; each server learns which is its own. */
static void build_probes(struct state *s)
{
	struct candidate *all = xcalloc(s->n_servers + s->n_agents, sizeof *all);
	size_t n = list_candidates(s, all);

	if (n > 1)
		qsort(all, n, sizeof *all, candidate_cmp);
	s->probes = xcalloc(n, sizeof *s->probes);
	s->by_probe = xcalloc(n, sizeof(struct server_state *));
	for (size_t i = 0; i < n; i++) {
		struct probe_state *last = &s->probes[s->n_probes];

		if (i == 0 || probe_cmp(&all[i - 1].probe, &all[i].probe) != 0) {
			last = &s->probes[s->n_probes++];
			last->probe = all[i].probe;
			last->servers = s->by_probe + i;
		} else {
			last--;
		}
		s->by_probe[i] = all[i].server;
		last->n_servers++;
		note_probe(s, all[i].server, last);
	}
	free(all);
}

static int conf_addr_cmp(const struct server_conf *x, const struct server_conf *y)
{
	int c = addr_cmp(&x->addr, &y->addr);

	return c != 0 ? c : (x->port > y->port) - (x->port < y->port);
}

static int server_addr_cmp(const void *a, const void *b)
{
	const struct server_conf *x = (*(struct server_state *const *)a)->conf;
	const struct server_conf *y = (*(struct server_state *const *)b)->conf;

	return conf_addr_cmp(x, y);
}

/* Once here, not at each plan: tables are in this order. */
static void sort_servers(struct director_state *d)
{
	bool sorted = true;

	for (size_t i = 1; sorted && i < d->n_servers; i++)
		sorted = conf_addr_cmp(d->servers[i - 1].conf, d->servers[i].conf) <= 0;
	if (sorted)
		return;
	d->by_addr = xcalloc(d->n_servers, sizeof(struct server_state *));
	for (size_t i = 0; i < d->n_servers; i++)
		d->by_addr[i] = &d->servers[i];
	qsort(d->by_addr, d->n_servers, sizeof(struct server_state *), server_addr_cmp);
}

/* Room for the agents of all servers of the directors that ask them. */
static void place_agents(struct state *s)
{
	struct probe_state **at;

	for (size_t i = 0; i < s->n_directors; i++)
		if (s->directors[i].conf->agent != NULL)
			s->n_agents += s->directors[i].n_servers;
	if (s->n_agents > 0)
		s->agents = xcalloc(s->n_agents, sizeof(struct probe_state *));
	at = s->agents;
	for (size_t i = 0; i < s->n_directors; i++) {
		struct director_state *d = &s->directors[i];

		if (d->conf->agent == NULL)
			continue;
		d->agents = at;
		at += d->n_servers;
	}
}

struct state *state_build(struct conf *conf, const struct state *old,
    const struct ipvs_table *have, uint64_t now_us)
{
	struct state *s = xcalloc(1, sizeof *s);
	const struct director_conf *dc;
	const struct server_conf *sc;

	s->conf = conf;
	s->directors = xcalloc(conf->n_directors, sizeof *s->directors);
	s->servers = xcalloc(conf->n_servers, sizeof *s->servers);
	STAILQ_FOREACH (dc, &conf->directors, entry) {
		struct director_state *d = &s->directors[s->n_directors++];

		*d = (struct director_state){
			.conf = dc,
			.servers = s->servers + s->n_servers,
			.n_servers = (uint32_t)dc->n_servers,
			.dirty = true,
		};
		STAILQ_FOREACH (sc, &dc->servers, entry)
			s->servers[s->n_servers++] = (struct server_state){
				.conf = sc,
				.director = d,
				.since_us = now_us,
			};
		sort_servers(d);
	}
	place_agents(s);
	build_probes(s);
	carry_over(s, old, have, now_us);
	for (size_t i = 0; i < s->n_probes; i++)
		s->probes[i].probe.paused = state_rests(&s->probes[i]);
	return s;
}

const struct decision *state_decision(const struct server_state *s)
{
	static const struct decision none = { .word = DECISION_READY };

	return s->decision != NULL ? s->decision : &none;
}

void state_decide(struct server_state *s, const struct decision *d)
{
	struct decision *copy = NULL;

	/* D may be what S has. */
	if (d->word != DECISION_READY || d->has_weight) {
		copy = xmalloc(sizeof *copy);
		*copy = *d;
	}
	free(s->decision);
	s->decision = copy;
}

uint64_t state_slow_end(const struct server_state *s)
{
	return s->since_us + s->director->conf->slowstart_ms * 1000ull;
}

void state_slow(const struct server_state *s)
{
	struct director_state *d = s->director;
	uint64_t until_us = state_slow_end(s);

	if (d->slow_until_us < until_us)
		d->slow_until_us = until_us;
}

static void director_fini(struct director_state *d)
{
	free(d->fault.text);
	free(d->by_addr);
}

void state_strip(struct state *s)
{
	for (size_t i = 0; i < s->n_probes; i++)
		free(s->probes[i].text);
	for (size_t i = 0; i < s->n_directors; i++)
		director_fini(&s->directors[i]);
	for (size_t i = 0; i < s->n_servers; i++)
		free(s->servers[i].decision);
	free(s->probes);
	free(s->by_probe);
	free(s->agents);
	free(s->servers);
	free(s->directors);
	*s = (struct state){ .conf = s->conf };
}

void state_free(struct state *s)
{
	if (s == NULL)
		return;
	state_strip(s);
	conf_free(s->conf);
	free(s);
}

void state_refit_probes(struct state *s)
{
	for (size_t i = 0; i < s->n_probes; i++) {
		struct probe_state *p = &s->probes[i];

		for (size_t j = 0; j < p->n_servers && !agents_is_agent(p); j++)
			if (p->servers[j]->health.state >= p->probe.health.state)
				p->probe.health = p->servers[j]->health;
		p->probe.paused = state_rests(p);
	}
}

bool state_rests(const struct probe_state *p)
{
	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_state *s = p->servers[i];
		enum decision_word word =
		    agents_is_agent(p) ? state_decision(s)->word : agents_word(s);

		if (word != DECISION_MAINT)
			return false;
	}
	return true;
}

void state_forget(struct probe_state *p, uint64_t now_us)
{
	p->probe.health = health_unknown();
	p->reason = REASON_NONE;
	if (agents_is_agent(p))
		return;
	for (size_t i = 0; i < p->n_servers; i++) {
		p->servers[i]->health = health_unknown();
		p->servers[i]->assumed = p->servers[i]->slow = false;
		p->servers[i]->since_us = now_us;
	}
}

bool state_same_probes(const struct state *a, const struct state *b)
{
	if (a->n_probes != b->n_probes)
		return false;
	for (size_t i = 0; i < a->n_probes; i++)
		if (probe_cmp(&a->probes[i].probe, &b->probes[i].probe) != 0)
			return false;
	return true;
}

void state_take(struct probe_state *p, const struct probe_report *r)
{
	p->probe.health = (struct health){ (enum health_state)r->health, r->score };
	p->probe.started_us = r->started_us;
	p->reason = (enum reason)r->reason;
	p->code = r->code;
	p->duration_us = r->duration_us;
	free(p->text);
	p->text = r->text[0] != '\0' ? xstrdup(r->text) : NULL;
}

void state_turned(
    struct server_state *s, enum health_state was, enum health_state now, uint64_t now_us)
{
	s->since_us = now_us;
	s->slow =
	    was == HEALTH_DOWN && now == HEALTH_UP && s->director->conf->slowstart_ms > 0;
	if (s->slow)
		state_slow(s);
}

void state_report(struct state *s, const struct probe_report *r, uint64_t now_us,
    state_changed_fn *changed, void *arg)
{
	struct probe_state *p = &s->probes[r->probe];

	state_take(p, r);
	for (size_t i = 0; i < p->n_servers; i++) {
		struct server_state *server = p->servers[i];
		enum health_state was = server->health.state;
		/* The first verdict after a start is no return. */
		enum health_state was_found = server->assumed ? HEALTH_UNKNOWN : was;
		/* Successes that are still too few for up decide nothing. */
		bool spoken =
		    !reason_is_local(p->reason) &&
		    (p->reason != REASON_OK || p->probe.health.state == HEALTH_UP);

		server->health = p->probe.health;
		if (was == server->health.state && !(server->assumed && spoken))
			continue;
		server->assumed = server->assumed && !spoken;
		if (was != server->health.state)
			state_turned(server, was_found, server->health.state, now_us);
		else if (server->slow)
			state_slow(server);
		changed(server, was, arg);
	}
}

struct server_state *state_find(
    const struct state *s, const char *director, const char *server)
{
	for (size_t i = 0; i < s->n_directors; i++) {
		const struct director_state *d = &s->directors[i];

		if (strcmp(d->conf->name, director) != 0)
			continue;
		for (size_t j = 0; j < d->n_servers; j++)
			if (strcmp(d->servers[j].conf->name, server) == 0)
				return &d->servers[j];
	}
	return NULL;
}

const char *decision_name(enum decision_word w)
{
	switch (w) {
	case DECISION_READY:
		return "ready";
	case DECISION_DRAIN:
		return "drain";
	case DECISION_MAINT:
		return "maint";
	}
	return "?";
}

void fault_set(struct fault *f, const char *text, uint64_t retry_us)
{
	char *copy = text != NULL ? xstrdup(text) : NULL;

	free(f->text);
	f->text = copy;
	f->failures = copy == NULL		? 0
		      : f->failures < UINT8_MAX ? f->failures + 1
						: UINT8_MAX;
	f->retry_us = copy != NULL ? retry_us : 0;
}
