/*
 * Building the state: servers, then probes, then what was known before.
 *
 * Equal checks are found by sorting; each probe then knows its servers and each
 * server its probe. Carrying over goes by what a probe asks, then by names, then
 * by what the kernel has.
 */
#include "lvsd/state.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/plan.h"

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

/* What has to be asked of S, a server with a check. */
static struct probe probe_of(const struct server_state *s)
{
	const struct check_conf *check = s->conf->check;
	struct probe p = { .check = check, .addr = s->conf->addr };

	if (check->method == CHECK_ICMP || check->method == CHECK_ARP)
		return p;
	p.port = check->port != 0     ? check->port
		 : s->conf->port != 0 ? s->conf->port
				      : s->director->conf->port;
	return p;
}

/* Equal checks become one probe; each server learns which is its own. */
static void build_probes(struct state *s)
{
	struct candidate *all = xcalloc(s->n_servers, sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < s->n_servers; i++) {
		struct server_state *server = &s->servers[i];

		server->probe = NO_PROBE;
		if (server->conf->check != NULL)
			all[n++] = (struct candidate){ probe_of(server), server };
	}
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
		all[i].server->probe = (uint32_t)(last - s->probes);
	}
	free(all);
}

static int outcome_cmp(const void *key, const void *element)
{
	const struct probe_state *p = element;

	return probe_cmp_outcome(key, &p->probe);
}

/* The probe of OLD that asks the same question as P; NULL: none. They are
 * sorted by the question first (probe_cmp). */
static const struct probe_state *find_outcome(
    const struct state *old, const struct probe *p)
{
	return bsearch(p, old->probes, old->n_probes, sizeof *old->probes, outcome_cmp);
}

/* ---- carrying over ---- */

static int server_name_cmp(const void *a, const void *b)
{
	const struct server_state *const *x = a, *const *y = b;
	int c = strcmp((*x)->director->conf->name, (*y)->director->conf->name);

	return c != 0 ? c : strcmp((*x)->conf->name, (*y)->conf->name);
}

/* The servers of S by (director name, server name); n_servers of them. */
static struct server_state **index_servers(const struct state *s)
{
	struct server_state **index =
	    xcalloc(s->n_servers, sizeof(struct server_state *));

	for (size_t i = 0; i < s->n_servers; i++)
		index[i] = &s->servers[i];
	if (s->n_servers > 1)
		qsort(
		    index, s->n_servers, sizeof(struct server_state *), server_name_cmp);
	return index;
}

static void carry_probe(struct probe_state *to, const struct probe_state *from)
{
	const struct check_conf *check = to->probe.check;

	to->probe.health = health_refit(from->probe.health, check->rise, check->fall);
	to->probe.started_us = from->probe.started_us;
	to->reason = from->reason;
	to->code = from->code;
	to->duration_us = from->duration_us;
	to->text = from->text != NULL ? xstrdup(from->text) : NULL;
}

/* What the kernel's table tells of a server: up, down, or nothing. */
static struct health found_health(
    const struct server_state *s, const struct ipvs_table *have)
{
	const struct check_conf *check = s->conf->check;
	const struct ipvs_dest *dest = plan_find(s, have);

	if (dest == NULL)
		return health_unknown();
	return health_assumed(dest->weight > 0, check->rise, check->fall);
}

/* The health S starts with, when its probe is a new one. */
static void start_server(struct server_state *s, const struct server_state *before,
    const struct ipvs_table *have)
{
	const struct check_conf *check = s->conf->check;

	if (before != NULL && before->probe != NO_PROBE &&
	    before->health.state != HEALTH_UNKNOWN) {
		s->health = health_assumed(
		    before->health.state == HEALTH_UP, check->rise, check->fall);
		s->assumed = before->assumed;
		return;
	}
	s->health = found_health(s, have);
	s->assumed = s->health.state != HEALTH_UNKNOWN;
}

/* The slow start of S runs: its director is planned until it is over. */
static void state_slow(const struct server_state *s)
{
	struct director_state *d = s->director;
	uint64_t until_us = s->slow_from_us + d->conf->slowstart_ms * 1000ull;

	if (d->slow_until_us < until_us)
		d->slow_until_us = until_us;
}

/* The server of the same names in OLD, or NULL. */
static const struct server_state *find_before(const struct state *old,
    struct server_state **old_index, const struct server_state *s)
{
	struct server_state **found;

	if (old == NULL)
		return NULL;
	found = bsearch(&s, old_index, old->n_servers, sizeof(struct server_state *),
	    server_name_cmp);
	return found != NULL ? *found : NULL;
}

static void start_probe(struct probe_state *p, const struct state *old,
    struct server_state **old_index, const struct ipvs_table *have)
{
	const struct probe_state *same =
	    old != NULL ? find_outcome(old, &p->probe) : NULL;

	if (same != NULL)
		carry_probe(p, same);
	for (size_t i = 0; i < p->n_servers; i++) {
		struct server_state *s = p->servers[i];

		if (p->probe.health.state != HEALTH_UNKNOWN && same != NULL) {
			s->health = p->probe.health;
			s->assumed = same->servers[0]->assumed;
		} else {
			start_server(s, find_before(old, old_index, s), have);
		}
		/* Where its servers differ the one that is up has traffic to lose. */
		if (s->health.state > p->probe.health.state)
			p->probe.health = s->health;
	}
}

static int director_name_cmp(const void *a, const void *b)
{
	const struct director_state *const *x = a, *const *y = b;

	return strcmp((*x)->conf->name, (*y)->conf->name);
}

/* What goes by a director's name: who served, and a fault: what the kernel refused
 * it would refuse again, that was told, and waits. */
static void carry_director(struct director_state *d, const struct director_state *before)
{
	d->serving = before->serving;
	if (before->fault.text == NULL || !plan_same_services(before->conf, d->conf))
		return;
	d->fault = before->fault;
	d->fault.text = xstrdup(d->fault.text);
}

static void carry_directors(struct state *s, const struct state *old)
{
	const struct director_state **index =
	    xcalloc(old->n_directors, sizeof(const struct director_state *));

	for (size_t i = 0; i < old->n_directors; i++)
		index[i] = &old->directors[i];
	if (old->n_directors > 1)
		qsort(index, old->n_directors, sizeof(const struct director_state *),
		    director_name_cmp);
	for (size_t i = 0; i < s->n_directors; i++) {
		const struct director_state *d = &s->directors[i], **found;

		found = bsearch(&d, index, old->n_directors,
		    sizeof(const struct director_state *), director_name_cmp);
		if (found != NULL)
			carry_director(&s->directors[i], *found);
	}
	free(index);
}

/* What goes by the names: decisions; and a state that goes on goes on since when
 * it did. */
static void carry_server(struct server_state *s, const struct server_state *before)
{
	if (before == NULL)
		return;
	s->decision = before->decision;
	if (before->health.state != s->health.state ||
	    (before->probe == NO_PROBE) != (s->probe == NO_PROBE))
		return;
	s->since_us = before->since_us;
	s->slow_from_us = before->slow_from_us;
	if (s->slow_from_us != 0)
		state_slow(s);
}

struct state *state_build(struct conf *conf, const struct state *old,
    const struct ipvs_table *have, uint64_t now_us)
{
	struct state *s = xcalloc(1, sizeof *s);
	struct server_state **old_index = old != NULL ? index_servers(old) : NULL;
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
			.n_servers = dc->n_servers,
			.dirty = true,
		};
		STAILQ_FOREACH (sc, &dc->servers, entry)
			s->servers[s->n_servers++] = (struct server_state){
				.conf = sc,
				.director = d,
				.since_us = now_us,
			};
	}
	build_probes(s);
	for (size_t i = 0; i < s->n_probes; i++)
		start_probe(&s->probes[i], old, old_index, have);
	for (size_t i = 0; i < s->n_servers; i++)
		carry_server(&s->servers[i], find_before(old, old_index, &s->servers[i]));
	free(old_index);
	for (size_t i = 0; i < s->n_probes; i++)
		s->probes[i].probe.paused = state_rests(&s->probes[i]);
	if (old != NULL)
		carry_directors(s, old);
	return s;
}

void state_free(struct state *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_probes; i++)
		free(s->probes[i].text);
	for (size_t i = 0; i < s->n_directors; i++)
		free(s->directors[i].fault.text);
	free(s->probes);
	free(s->by_probe);
	free(s->servers);
	free(s->directors);
	conf_free(s->conf);
	free(s);
}

void state_refit_probes(struct state *s)
{
	for (size_t i = 0; i < s->n_probes; i++) {
		struct probe_state *p = &s->probes[i];

		for (size_t j = 0; j < p->n_servers; j++)
			if (p->servers[j]->health.state >= p->probe.health.state)
				p->probe.health = p->servers[j]->health;
		p->probe.paused = state_rests(p);
	}
}

bool state_rests(const struct probe_state *p)
{
	for (size_t i = 0; i < p->n_servers; i++)
		if (p->servers[i]->decision.word != DECISION_MAINT)
			return false;
	return true;
}

void state_forget(struct probe_state *p, uint64_t now_us)
{
	p->probe.health = health_unknown();
	p->reason = REASON_NONE;
	for (size_t i = 0; i < p->n_servers; i++) {
		p->servers[i]->health = health_unknown();
		p->servers[i]->assumed = false;
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

void state_report(struct state *s, const struct probe_report *r, uint64_t now_us,
    state_changed_fn *changed, void *arg)
{
	struct probe_state *p = &s->probes[r->probe];

	p->probe.health = (struct health){ (enum health_state)r->health, r->score };
	p->probe.started_us = r->started_us;
	p->reason = (enum reason)r->reason;
	p->code = r->code;
	p->duration_us = r->duration_us;
	free(p->text);
	p->text = r->text[0] != '\0' ? xstrdup(r->text) : NULL;
	for (size_t i = 0; i < p->n_servers; i++) {
		struct server_state *server = p->servers[i];
		enum health_state was = server->health.state;
		/* Successes that are still too few for up decide nothing. */
		bool spoken =
		    !reason_is_local(p->reason) &&
		    (p->reason != REASON_OK || p->probe.health.state == HEALTH_UP);

		server->health = p->probe.health;
		if (was == server->health.state && !(server->assumed && spoken))
			continue;
		server->assumed = server->assumed && !spoken;
		if (was != server->health.state)
			server->since_us = now_us;
		if (was == HEALTH_DOWN && server->health.state == HEALTH_UP &&
		    server->director->conf->slowstart_ms > 0) {
			server->slow_from_us = now_us;
			state_slow(server);
		}
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
	f->failures = copy != NULL ? f->failures + 1 : 0;
	f->retry_us = copy != NULL ? retry_us : 0;
}
