/*
 * The record in again: what was checked as a whole first (record_check), so that the readers
 * need no errors of their own and half a file never counts.
 */
#include "lvsd/record.h"

#include <stdio.h>
#include <string.h>

#include "lvsd/agents.h"
#include "lvsd/service.h"

/* ---- services ---- */

static uint64_t until_of(const json_t *o)
{
	json_int_t n = json_integer_value(json_object_get(o, "until_us"));

	return n < 0 ? IPVS_UNTIL_DRAINED : (uint64_t)n;
}

static bool is_port(const json_t *n)
{
	return json_is_integer(n) && json_integer_value(n) >= 0 &&
	       json_integer_value(n) <= UINT16_MAX;
}

/* O has no "until_us", or one that is an integer. */
static bool until_is_good(const json_t *o)
{
	const json_t *until = json_object_get(o, "until_us");

	return until == NULL || json_is_integer(until);
}

static bool read_endpoint(const json_t *o, struct addr *addr, uint16_t *port)
{
	const char *text = json_string_value(json_object_get(o, "address"));
	const json_t *n = json_object_get(o, "port");

	if (text == NULL || !addr_parse(addr, text, strlen(text)) || !is_port(n) ||
	    !until_is_good(o))
		return false;
	*port = (uint16_t)json_integer_value(n);
	return true;
}

static bool read_mark(const json_t *o, struct ipvs_svc *svc)
{
	const json_t *mark = json_object_get(o, "fwmark");
	const char *family = json_string_value(json_object_get(o, "family"));

	if (!json_is_integer(mark) || json_integer_value(mark) < 1 ||
	    json_integer_value(mark) > UINT32_MAX || family == NULL || !until_is_good(o))
		return false;
	svc->fwmark = (uint32_t)json_integer_value(mark);
	svc->addr.family = strcmp(family, "inet6") == 0 ? AF_INET6 : AF_INET;
	return true;
}

static bool read_service(const json_t *o, struct ipvs_svc *svc)
{
	const json_t *protocol = json_object_get(o, "protocol"), *e;
	size_t i;

	memset(svc, 0, sizeof *svc);
	if (!json_is_integer(protocol) || json_integer_value(protocol) < 0 ||
	    json_integer_value(protocol) > UINT8_MAX)
		return false;
	svc->protocol = (uint8_t)json_integer_value(protocol);
	if (json_object_get(o, "fwmark") != NULL
		? !read_mark(o, svc)
		: !read_endpoint(o, &svc->addr, &svc->port))
		return false;
	svc->until_us = until_of(o);
	svc->tag = PLAN_TAG_LEAVING;
	json_array_foreach (json_object_get(o, "leaving"), i, e) {
		struct ipvs_dest dest = { .until_us = until_of(e) };

		if (!read_endpoint(e, &dest.addr, &dest.port)) {
			ipvs_svc_fini(svc);
			return false;
		}
		ipvs_svc_append(svc, &dest);
	}
	ipvs_svc_sort(svc);
	return true;
}

void record_owned(const json_t *root, struct ipvs_table *owned)
{
	const json_t *o;
	struct ipvs_svc svc;
	size_t i;

	json_array_foreach (json_object_get(root, "services"), i, o)
		if (read_service(o, &svc))
			ipvs_table_append(owned, &svc);
	ipvs_table_sort(owned);
}

/* ---- settings ---- */

static void read_settings(const json_t *o, int64_t values[SETTINGS_MAX])
{
	for (int i = 0; i < SETTINGS_MAX; i++) {
		const json_t *n = json_object_get(o, settings_name(i));

		if (json_is_integer(n))
			values[i] = json_integer_value(n);
	}
}

void record_settings(const json_t *root, struct settings *settings)
{
	settings_init(settings);
	read_settings(json_object_get(root, "settings_before"), settings->original);
	read_settings(json_object_get(root, "settings_ours"), settings->ours);
}

/* ---- servers ---- */

static bool is_score(const json_t *n)
{
	return json_is_integer(n) && json_integer_value(n) >= 0 &&
	       json_integer_value(n) <= 2 * UINT16_MAX;
}

static bool server_is_good(const json_t *o)
{
	const json_t *weight = json_object_get(o, "weight");
	const json_t *word = json_object_get(o, "operator");
	const json_t *health = json_object_get(o, "health");
	bool has_since = json_is_integer(json_object_get(o, "since_us"));

	return json_is_object(o) && until_is_good(o) &&
	       (weight == NULL || is_port(weight)) &&
	       (word == NULL || json_is_string(word)) &&
	       (has_since || !json_is_true(json_object_get(o, "slow"))) &&
	       (health == NULL ||
		   (json_is_string(health) && is_score(json_object_get(o, "score")) &&
		       has_since));
}

static struct decision read_decision(const json_t *o, bool this_boot)
{
	struct decision d = { .word = DECISION_READY };
	const char *word = json_string_value(json_object_get(o, "operator"));
	const json_t *weight = json_object_get(o, "weight");

	if (word != NULL && strcmp(word, "drain") == 0)
		d.word = DECISION_DRAIN;
	else if (word != NULL && strcmp(word, "maint") == 0)
		d.word = DECISION_MAINT;
	d.until_us = until_of(o);
	if (!this_boot && d.until_us != 0)
		d.until_us = 1; /* no connection is older than the boot */
	d.has_weight = weight != NULL;
	d.weight = (uint16_t)json_integer_value(weight);
	return d;
}

static void read_health(
    const json_t *o, struct server_state *s, const struct ipvs_table *have)
{
	const char *health = json_string_value(json_object_get(o, "health"));
	const struct ipvs_dest *dest = service_find(s, have);
	bool slow = json_is_true(json_object_get(o, "slow"));
	bool checked = s->probe != NO_PROBE;
	/* One that only its agent took out was up, and begins slowly, too. */
	bool up = checked ? health != NULL && strcmp(health, "up") == 0 : slow;
	bool in_kernel = dest != NULL && dest->weight > 0;
	struct health h = {
		.state = up ? HEALTH_UP : HEALTH_DOWN,
		.score = (int32_t)json_integer_value(json_object_get(o, "score")),
	};

	if ((checked ? health == NULL : !slow) || up != in_kernel)
		return;
	if (checked) {
		s->health = health_refit(h, s->conf->check->rise, s->conf->check->fall);
		s->assumed = true;
	}
	s->since_us = (uint64_t)json_integer_value(json_object_get(o, "since_us"));
	s->slow = up && slow;
	if (s->slow)
		state_slow(s);
}

static void read_agent(const json_t *o, const struct server_state *s)
{
	struct probe_state *agent = agents_probe(s);

	if (o != NULL && agent != NULL)
		agents_read(o, &agent->probe.agent);
}

void record_servers(
    const json_t *root, bool this_boot, struct state *s, const struct ipvs_table *have)
{
	const json_t *all = json_object_get(root, "servers");

	for (size_t i = 0; i < s->n_directors; i++) {
		struct director_state *d = &s->directors[i];
		const json_t *servers = json_object_get(all, d->conf->name);

		for (size_t j = 0; servers != NULL && j < d->n_servers; j++) {
			struct server_state *server = &d->servers[j];
			const json_t *o = json_object_get(servers, server->conf->name);
			struct decision decision;

			if (o == NULL)
				continue;
			decision = read_decision(o, this_boot);
			state_decide(server, &decision);
			if (!this_boot)
				continue;
			read_health(o, server, have);
			read_agent(json_object_get(o, "agent"), server);
		}
	}
	state_refit_probes(s);
}

/* ---- the whole ---- */

static bool services_are_good(const json_t *services)
{
	const json_t *o;
	struct ipvs_svc svc;
	size_t i;

	json_array_foreach (services, i, o) {
		if (!read_service(o, &svc))
			return false;
		ipvs_svc_fini(&svc);
	}
	return json_is_array(services);
}

static bool servers_are_good(json_t *all)
{
	const char *name;
	json_t *servers, *o;

	json_object_foreach(all, name, servers)
	{
		const char *server;

		if (!json_is_object(servers))
			return false;
		json_object_foreach(
		    servers, server, o) if (!server_is_good(o)) return false;
	}
	return json_is_object(all);
}

bool record_check(const json_t *root, char *error, size_t size)
{
	const json_t *version = json_object_get(root, "lvsd_state");
	const json_t *settings = json_object_get(root, "settings_before");

	if (!json_is_integer(version)) {
		snprintf(error, size, "it is no state of lvsd");
		return false;
	}
	if (json_integer_value(version) > RECORD_VERSION) {
		snprintf(error, size,
		    "it was written by a newer lvsd (format %lld, this one reads %d)",
		    (long long)json_integer_value(version), RECORD_VERSION);
		return false;
	}
	if (json_is_string(json_object_get(root, "boot")) &&
	    json_is_integer(json_object_get(root, "netns")) && json_is_object(settings) &&
	    services_are_good(json_object_get(root, "services")) &&
	    servers_are_good(json_object_get(root, "servers")))
		return true;
	snprintf(error, size, "it is damaged: a part is missing or of the wrong kind");
	return false;
}

bool record_is_this_boot(const json_t *root, const struct record_origin *o)
{
	const char *boot = json_string_value(json_object_get(root, "boot"));

	return o->boot[0] != '\0' && strcmp(boot, o->boot) == 0;
}

bool record_is_here(const json_t *root, const struct record_origin *o)
{
	return record_is_this_boot(root, o) &&
	       (uint64_t)json_integer_value(json_object_get(root, "netns")) == o->netns;
}
