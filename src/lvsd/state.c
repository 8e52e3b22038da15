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

/*
 * Finds servers of OLD by their names. Most reloads change little, so the one
 * behind the last that was found is looked at first, and the index is made only
 * when it is another.
 */
struct lookup {
	const struct state *old; /* NULL: there are none */
	struct server_state **index;
	size_t next;
};

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

/* The server of the same names before, or NULL. */
static const struct server_state *find_before(
    struct lookup *l, const struct server_state *s)
{
	const struct server_state *next = NULL;
	struct server_state **found;

	if (l->old == NULL)
		return NULL;
	if (l->next < l->old->n_servers)
		next = &l->old->servers[l->next];
	if (next != NULL && server_name_cmp(&s, &next) == 0) {
		l->next++;
		return next;
	}
	if (l->index == NULL)
		l->index = index_servers(l->old);
	found = bsearch(&s, l->index, l->old->n_servers, sizeof(struct server_state *),
	    server_name_cmp);
	if (found == NULL)
		return NULL;
	l->next = (size_t)(*found - l->old->servers) + 1;
	return *found;
}

static void start_probe(
    struct probe_state *p, struct lookup *l, const struct ipvs_table *have)
{
	const struct probe_state *same =
	    l->old != NULL ? find_outcome(l->old, &p->probe) : NULL;

	if (same != NULL)
		carry_probe(p, same);
	for (size_t i = 0; i < p->n_servers; i++) {
		struct server_state *s = p->servers[i];

		if (p->probe.health.state != HEALTH_UNKNOWN && same != NULL) {
			s->health = p->probe.health;
			s->assumed = same->servers[0]->assumed;
		} else {
			start_server(s, find_before(l, s), have);
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

/* What the kernel refused it would refuse again: that was told, and waits. */
static void carry_faults(struct state *s, const struct state *old)
{
	struct director_state **failed =
	    xcalloc(old->n_directors, sizeof(struct director_state *));
	size_t n = 0;

	for (size_t i = 0; i < old->n_directors; i++)
		if (old->directors[i].fault.text != NULL)
			failed[n++] = &old->directors[i];
	if (n > 1)
		qsort(failed, n, sizeof(struct director_state *), director_name_cmp);
	for (size_t i = 0; n > 0 && i < s->n_directors; i++) {
		struct director_state *d = &s->directors[i], **found;

		found = bsearch(
		    &d, failed, n, sizeof(struct director_state *), director_name_cmp);
		if (found == NULL || !plan_same_services((*found)->conf, d->conf))
			continue;
		d->fault = (*found)->fault;
		d->fault.text = xstrdup(d->fault.text);
	}
	free(failed);
}

/* A state that goes on goes on since when it did. */
static void keep_since(struct server_state *s, const struct server_state *before)
{
	if (before != NULL && before->health.state == s->health.state &&
	    (before->probe == NO_PROBE) == (s->probe == NO_PROBE))
		s->since_us = before->since_us;
}

static int server_addr_cmp(const void *a, const void *b)
{
	const struct server_conf *x = (*(struct server_state *const *)a)->conf;
	const struct server_conf *y = (*(struct server_state *const *)b)->conf;
	int c = addr_cmp(&x->addr, &y->addr);

	return c != 0 ? c : (x->port > y->port) - (x->port < y->port);
}

/* Once here, not at each plan: tables are in this order. */
static void sort_servers(struct director_state *d)
{
	bool sorted = true;

	for (size_t i = 0; i < d->n_servers; i++) {
		d->by_addr[i] = &d->servers[i];
		sorted = sorted && (i == 0 || server_addr_cmp(&d->by_addr[i - 1],
						  &d->by_addr[i]) <= 0);
	}
	if (!sorted)
		qsort(d->by_addr, d->n_servers, sizeof(struct server_state *),
		    server_addr_cmp);
}

struct state *state_build(struct conf *conf, const struct state *old,
    const struct ipvs_table *have, uint64_t now_us)
{
	struct state *s = xcalloc(1, sizeof *s);
	struct lookup lookup = { .old = old };
	const struct director_conf *dc;
	const struct server_conf *sc;

	s->conf = conf;
	s->directors = xcalloc(conf->n_directors, sizeof *s->directors);
	s->servers = xcalloc(conf->n_servers, sizeof *s->servers);
	s->by_addr = xcalloc(conf->n_servers, sizeof(struct server_state *));
	STAILQ_FOREACH (dc, &conf->directors, entry) {
		struct director_state *d = &s->directors[s->n_directors++];

		*d = (struct director_state){
			.conf = dc,
			.servers = s->servers + s->n_servers,
			.by_addr = s->by_addr + s->n_servers,
			.n_servers = dc->n_servers,
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
	build_probes(s);
	for (size_t i = 0; i < s->n_probes; i++)
		start_probe(&s->probes[i], &lookup, have);
	lookup.next = 0;
	for (size_t i = 0; i < s->n_servers; i++)
		keep_since(&s->servers[i], find_before(&lookup, &s->servers[i]));
	free(lookup.index);
	if (old != NULL)
		carry_faults(s, old);
	return s;
}

void state_forget(struct state *s)
{
	for (size_t i = 0; i < s->n_probes; i++)
		free(s->probes[i].text);
	for (size_t i = 0; i < s->n_directors; i++)
		free(s->directors[i].fault.text);
	free(s->probes);
	free(s->by_probe);
	free(s->by_addr);
	free(s->servers);
	free(s->directors);
	*s = (struct state){ .conf = s->conf };
}

void state_free(struct state *s)
{
	if (s == NULL)
		return;
	state_forget(s);
	conf_free(s->conf);
	free(s);
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
		changed(server, was, arg);
	}
}

void fault_set(struct fault *f, const char *text, uint64_t retry_us)
{
	char *copy = text != NULL ? xstrdup(text) : NULL;

	free(f->text);
	f->text = copy;
	f->failures = copy != NULL ? f->failures + 1 : 0;
	f->retry_us = copy != NULL ? retry_us : 0;
}
