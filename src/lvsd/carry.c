/*
 * First who was who, then what each takes along.
 *
 * Directors and servers mostly stand in a new file in the order of the old one, so
 * a name is looked for behind the last one that was found, and only where that
 * fails in a sorted index, which is made then.
 */
#include "lvsd/carry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/service.h"

/* ---- who was who ---- */

/* The I-th name of some things. */
typedef const char *name_fn(const void *things, size_t i);

struct name {
	const char *text;
	size_t i;
};

struct names {
	name_fn *name;
	const void *things;
	size_t n, next;
	struct name *index; /* by name; NULL until it is needed */
};

static const char *director_name(const void *things, size_t i)
{
	return ((const struct director_state *)things)[i].conf->name;
}

static const char *server_name(const void *things, size_t i)
{
	return ((const struct server_state *)things)[i].conf->name;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* The number of the thing with the name TEXT, or SIZE_MAX. */
static size_t find_name(struct names *names, const char *text)
{
	const struct name key = { .text = text }, *found;

	if (names->next < names->n &&
	    strcmp(names->name(names->things, names->next), text) == 0)
		return names->next++;
	if (names->index == NULL) {
		names->index = xcalloc(names->n, sizeof *names->index);
		for (size_t i = 0; i < names->n; i++)
			names->index[i] =
			    (struct name){ names->name(names->things, i), i };
		if (names->n > 1)
			qsort(names->index, names->n, sizeof *names->index, name_cmp);
	}
	found = bsearch(&key, names->index, names->n, sizeof *names->index, name_cmp);
	if (found == NULL)
		return SIZE_MAX;
	names->next = found->i + 1;
	return found->i;
}

/* Who was who: NULL for who is new. */
struct pairs {
	const struct director_state **directors; /* in the order of the new state's */
	const struct server_state **servers;
};

static void pair_servers(const struct state *s, const struct director_state *d,
    const struct director_state *before, struct pairs *pairs)
{
	struct names names = { server_name, before->servers, before->n_servers, 0, NULL };

	for (size_t i = 0; i < d->n_servers; i++) {
		size_t found = find_name(&names, d->servers[i].conf->name);

		if (found != SIZE_MAX)
			pairs->servers[&d->servers[i] - s->servers] =
			    &before->servers[found];
	}
	free(names.index);
}

static void pairs_init(
    struct pairs *pairs, const struct state *s, const struct state *old)
{
	struct names names = { director_name, NULL, 0, 0, NULL };

	pairs->directors = xcalloc(s->n_directors, sizeof(const struct director_state *));
	pairs->servers = xcalloc(s->n_servers, sizeof(const struct server_state *));
	if (old != NULL) {
		names.things = old->directors;
		names.n = old->n_directors;
	}
	for (size_t i = 0; i < s->n_directors; i++) {
		size_t found = find_name(&names, s->directors[i].conf->name);

		if (found == SIZE_MAX)
			continue;
		pairs->directors[i] = &old->directors[found];
		pair_servers(s, &s->directors[i], &old->directors[found], pairs);
	}
	free(names.index);
}

static void pairs_fini(struct pairs *pairs)
{
	free(pairs->directors);
	free(pairs->servers);
}

/* ---- what each takes along ---- */

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
	const struct ipvs_dest *dest = service_find(s, have);

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

/* What an agent said stands; where another is asked now, until that one speaks. */
static void start_agent(struct probe_state *p, const struct probe_state *same,
    const struct state *s, const struct pairs *pairs)
{
	if (same != NULL) {
		carry_probe(p, same);
		p->probe.agent = same->probe.agent;
		return;
	}
	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_state *before =
		    pairs->servers[p->servers[i] - s->servers];

		if (before == NULL || agents_probe(before) == NULL)
			continue;
		p->probe.agent = *agents_verdict(before);
		return;
	}
}

static void start_probe(struct probe_state *p, const struct state *s,
    const struct state *old, const struct pairs *pairs, const struct ipvs_table *have)
{
	const struct probe_state *same =
	    old != NULL ? find_outcome(old, &p->probe) : NULL;

	if (agents_is_agent(p)) {
		start_agent(p, same, s, pairs);
		return;
	}
	if (same != NULL)
		carry_probe(p, same);
	for (size_t i = 0; i < p->n_servers; i++) {
		struct server_state *server = p->servers[i];

		if (p->probe.health.state != HEALTH_UNKNOWN && same != NULL) {
			server->health = p->probe.health;
			server->assumed = same->servers[0]->assumed;
		} else {
			start_server(server, pairs->servers[server - s->servers], have);
		}
		/* Where its servers differ the one that is up has traffic to lose. */
		if (server->health.state > p->probe.health.state)
			p->probe.health = server->health;
	}
}

/* What goes by the names: decisions; and a state that goes on goes on since when
 * it did. */
static void carry_server(
    struct server_state *s, const struct server_state *before, uint64_t now_us)
{
	if (before == NULL)
		return;
	state_decide(s, state_decision(before));
	if (before->health.state != s->health.state ||
	    (before->probe == NO_PROBE) != (s->probe == NO_PROBE))
		return;
	s->since_us = before->since_us;
	/* One that is over does not begin again with another time. */
	s->slow = before->slow && now_us < state_slow_end(before);
	if (s->slow)
		state_slow(s);
}

/* What goes by a director's name: who served, and a fault: what the kernel refused
 * it would refuse again, that was told, and waits. */
static void carry_director(struct director_state *d, const struct director_state *before)
{
	d->serving = before->serving;
	if (before->fault.text == NULL || !service_same(before->conf, d->conf))
		return;
	d->fault = before->fault;
	d->fault.text = xstrdup(d->fault.text);
}

void carry_over(struct state *s, const struct state *old, const struct ipvs_table *have,
    uint64_t now_us)
{
	struct pairs pairs;

	pairs_init(&pairs, s, old);
	for (size_t i = 0; i < s->n_probes; i++)
		start_probe(&s->probes[i], s, old, &pairs, have);
	for (size_t i = 0; i < s->n_servers; i++)
		carry_server(&s->servers[i], pairs.servers[i], now_us);
	for (size_t i = 0; i < s->n_directors; i++)
		if (pairs.directors[i] != NULL)
			carry_director(&s->directors[i], pairs.directors[i]);
	pairs_fini(&pairs);
}
