/*
 * Out and in again, part by part: services, settings, servers.
 *
 * What comes in was checked as a whole first (record_check), so that the readers
 * need no errors of their own and half a file never counts.
 */
#include "lvsd/record.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/own.h"
#include "lvsd/put.h"
#include "lvsd/service.h"

static uint64_t netns_id(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof cookie;
	struct stat ns;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = 0;
	if (fd >= 0)
		close(fd);
	if (cookie == 0 && stat("/proc/self/ns/net", &ns) == 0)
		cookie = (uint64_t)ns.st_ino;
	return cookie;
}

void record_origin(struct record_origin *o, bool dry_run)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, o->boot, sizeof o->boot - 1) : 0;

	if (fd >= 0)
		close(fd);
	o->boot[len > 0 ? len : 0] = '\0';
	o->boot[strcspn(o->boot, "\n")] = '\0';
	o->netns = dry_run ? 0 : netns_id();
}

/* IPVS_UNTIL_DRAINED is -1: JSON's integers end before it. */
static void put_until(struct buf *b, uint64_t until_us)
{
	put_integer(
	    b, "until_us", until_us == IPVS_UNTIL_DRAINED ? -1 : (int64_t)until_us);
}

static uint64_t until_of(const json_t *o)
{
	json_int_t n = json_integer_value(json_object_get(o, "until_us"));

	return n < 0 ? IPVS_UNTIL_DRAINED : (uint64_t)n;
}

/* ---- pieces ---- */

#define PIECE_BYTES (64 * 1024)
#define PIECE_US 500
#define LOOK 64 /* servers and services between two looks at the clock */

struct record {
	const struct owned *owned;
	const struct buf *text; /* that comes behind the first piece; NULL: none */
	enum { TEXT, SERVICES, SERVERS, WHOLE } part;
	size_t at;     /* in the text, the services, or the directors */
	size_t server; /* of the director */
	bool named;    /* the name of the director is there */
	bool any;      /* and that of one before */
	struct buf said;
	/* Of the piece that is made. */
	unsigned looks;
	uint64_t until_us;
};

/* The piece in B has all that it may have. */
static bool is_full(struct record *r, const struct buf *b)
{
	if (b->len >= PIECE_BYTES)
		return true;
	return ++r->looks % LOOK == 0 && mono_us() >= r->until_us;
}

/* Some more of the text. True: there is no more. */
static bool more_text(struct record *r, struct buf *b)
{
	size_t rest = r->text->len - r->at;

	if (rest > PIECE_BYTES) {
		buf_add(b, r->text->data + r->at, PIECE_BYTES);
		r->at += PIECE_BYTES;
		return false;
	}
	buf_add(b, r->text->data + r->at, rest);
	buf_str(b, "}");
	return true;
}

/* ---- services ---- */

/* Begins an object. */
static void put_endpoint(struct buf *b, const struct addr *addr, uint16_t port)
{
	char text[ADDR_TEXT_MAX];

	buf_str(b, "{\"address\":");
	put_quoted(b, addr_text(addr, text));
	put_integer(b, "port", port);
}

static void put_leaving(struct buf *b, const struct ipvs_svc *svc)
{
	size_t n = 0;

	for (size_t i = 0; i < svc->n_dests; i++) {
		const struct ipvs_dest *d = &svc->dests[i];

		if (d->until_us == 0)
			continue;
		buf_str(b, n++ == 0 ? ",\"leaving\":[" : ",");
		put_endpoint(b, &d->addr, d->port);
		put_until(b, d->until_us);
		buf_str(b, "}");
	}
	if (n > 0)
		buf_str(b, "]");
}

static void put_service(struct buf *b, const struct ipvs_svc *svc)
{
	if (svc->fwmark != 0)
		buf_printf(b, "{\"fwmark\":%u,\"family\":\"%s\"", svc->fwmark,
		    svc->addr.family == AF_INET6 ? "inet6" : "inet");
	else
		put_endpoint(b, &svc->addr, svc->port);
	put_integer(b, "protocol", svc->protocol);
	if (svc->until_us != 0)
		put_until(b, svc->until_us);
	put_leaving(b, svc);
	buf_str(b, "}");
}

/* Some more services. True: those were the last. */
static bool more_services(struct record *r, const struct ipvs_table *have, struct buf *b)
{
	for (; r->at < r->owned->n; r->at++) {
		const struct ipvs_svc *known;
		struct ipvs_svc svc;

		if (is_full(r, b))
			return false;
		own_identity(r->owned, r->at, &svc);
		known = ipvs_table_find(have, &svc);
		buf_str(b, r->at > 0 ? ",\n" : "\n");
		put_service(b, known != NULL ? known : &svc);
	}
	return true;
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

static json_t *make_settings(const int64_t values[SETTINGS_MAX])
{
	json_t *o = json_object();

	for (int i = 0; i < SETTINGS_MAX; i++)
		if (values[i] != SETTING_UNTOUCHED)
			json_object_set_new(
			    o, settings_name(i), json_integer((json_int_t)values[i]));
	return o;
}

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

static void put_decision(struct buf *b, const struct decision *d)
{
	if (d->word != DECISION_READY)
		put_text(b, "operator", decision_name(d->word));
	if (d->until_us != 0)
		put_until(b, d->until_us);
	if (d->has_weight)
		put_integer(b, "weight", d->weight);
}

static void put_agent(struct buf *b, const struct agent_verdict *v)
{
	json_t *o = agents_json(v);

	if (json_object_size(o) > 0)
		put_json(b, "agent", o);
	json_decref(o);
}

/* What there is to say of S: its members, each with a comma before it. */
static void put_server(struct buf *b, const struct server_state *s)
{
	bool checked = s->probe != NO_PROBE && s->health.state != HEALTH_UNKNOWN;

	put_decision(b, state_decision(s));
	if (checked) {
		put_text(b, "health", health_name(s->health.state));
		put_integer(b, "score", s->health.score);
	}
	if (checked || s->slow)
		put_integer(b, "since_us", (int64_t)s->since_us);
	if (s->slow)
		put_bool(b, "slow", true);
	if (agents_probe(s) != NULL)
		put_agent(b, agents_verdict(s));
}

/* A member for S of D, if there is something to say of it. */
static void put_named(struct record *r, const struct director_state *d,
    const struct server_state *s, struct buf *b)
{
	r->said.len = 0;
	put_server(&r->said, s);
	if (r->said.len == 0)
		return;
	if (r->named) {
		buf_str(b, ",");
	} else {
		buf_str(b, r->any ? ",\n" : "\n");
		put_quoted(b, d->conf->name);
		buf_str(b, ":{");
	}
	r->named = r->any = true;
	put_quoted(b, s->conf->name);
	buf_str(b, ":{");
	buf_add(b, r->said.data + 1, r->said.len - 1); /* without the first comma */
	buf_str(b, "}");
}

/* Some more servers. True: those were the last. */
static bool more_servers(struct record *r, const struct state *s, struct buf *b)
{
	for (; r->at < s->n_directors; r->at++, r->server = 0) {
		const struct director_state *d = &s->directors[r->at];

		for (; r->server < d->n_servers; r->server++) {
			if (is_full(r, b))
				return false;
			put_named(r, d, &d->servers[r->server], b);
		}
		if (r->named)
			buf_str(b, "}");
		r->named = false;
	}
	return true;
}

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

static void put_settings(
    struct buf *b, const char *key, const int64_t values[SETTINGS_MAX])
{
	json_t *o = make_settings(values);

	put_json(b, key, o);
	json_decref(o);
}

struct record *record_new(const struct record_origin *o, const struct owned *owned,
    const struct settings *settings, const struct record_more *more, struct buf *b)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->owned = owned;
	r->text = more->text;
	r->part = r->text != NULL ? TEXT : SERVICES;
	buf_printf(b, "{\"lvsd_state\":%d", RECORD_VERSION);
	put_text(b, "boot", o->boot);
	put_integer(b, "netns", (int64_t)o->netns);
	put_settings(b, "settings_before", settings->original);
	put_settings(b, "settings_ours", settings->ours);
	if (more->members.len > 0)
		buf_add(b, more->members.data, more->members.len);
	if (r->part == SERVICES)
		buf_str(b, ",\n\"services\":[");
	return r;
}

/* Some more of the part. True: it is whole. */
static bool more_of_part(
    struct record *r, const struct ipvs_table *have, const struct state *s, struct buf *b)
{
	switch (r->part) {
	case TEXT:
		return more_text(r, b);
	case SERVICES:
		return more_services(r, have, b);
	case SERVERS:
		return more_servers(r, s, b);
	case WHOLE:
		break;
	}
	return false;
}

bool record_next(
    struct record *r, const struct ipvs_table *have, const struct state *s, struct buf *b)
{
	static const char *const ends[] = {
		[TEXT] = ",\n\"services\":[",
		[SERVICES] = "],\n\"servers\":{",
		[SERVERS] = "}}\n",
	};

	r->until_us = mono_us() + PIECE_US;
	while (r->part != WHOLE && more_of_part(r, have, s, b)) {
		buf_str(b, ends[r->part++]);
		r->at = 0;
	}
	return r->part != WHOLE;
}

void record_free(struct record *r)
{
	if (r == NULL)
		return;
	buf_fini(&r->said);
	free(r);
}

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
