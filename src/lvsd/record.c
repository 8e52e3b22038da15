/*
 * The record out, piece by piece: its head, services, servers. record_read.c reads it.
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
